"""A compiled policy: prepare an entry point, call it with input and data.

Rules:

- `compile` refuses what cannot be decided soundly; a `Policy` that exists has
  passed every check of `source` and `preflight`.
- Every failure is a `PolicyError`: an engine that crashes, hangs or is killed
  never takes the caller with it, and never becomes *undefined*. The next call
  starts a new worker.
- One worker per policy, one call at a time; threads may share a policy.
- The worker sees a scrubbed environment, no network credentials, and a clock
  that ends it.

Example:

    with compile({"p.rego": text}, ["a/b/allow"]) as policy:
        allow = policy.prepare("a/b/allow")
        allow({"user": "ada"}, {})  # True, False, … or UNDEFINED
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from probanda.errors import PolicyError
from probanda.model.location import Location
from probanda.rego.opinions import regopy_source as source
from probanda.rego.opinions.regopy_protocol import EndOfStreamError, read_frame, write_frame
from probanda.rego.opinions.regopy_values import decode, encode, refusal
from probanda.rego.values import UNDEFINED

# Name and version of the engine, for decisions.
ENGINE: Final = f"regopy {version('regopy')}"
DEFAULT_SECONDS: Final = 10.0
# Compiling 5,000 lines takes 1.2–2 s on an idle core.
COMPILE_SECONDS: Final = 60.0
MAX_MODULES: Final = 1_000

# `-I` keeps the current folder, PYTHONPATH and the user's site out; what the parent can import
# is then handed over, so that the child runs the same code wherever probanda comes from.
_BOOT: Final = (
    "import sys; sys.path[:0] = sys.argv[1:];"
    " from probanda.rego.opinions.regopy_worker import main; main()"
)
_KEPT_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")

Evaluate = Callable[[Any, Any], Any]


def compile(  # noqa: A001  # the interface's word, as in re.compile
    modules: Mapping[str, str],
    entrypoints: Sequence[str] | None = None,
    *,
    seconds: float = DEFAULT_SECONDS,
) -> Policy:
    """Compile Rego v1 modules (path → text).

    Args:
        modules: by path; the paths appear in errors.
        entrypoints: `package/path/rule`; without, every rule that takes no arguments.
        seconds: for one evaluation.

    Raises:
        PolicyError: with OPA's code where it has one.
    """
    if not 0 < len(modules) <= MAX_MODULES:
        raise PolicyError(f"a policy has 1 to {MAX_MODULES} modules, not {len(modules)}")
    sources = [source.scan(text, path=path) for path, text in modules.items()]
    source.check_names(sources, modules.values())
    known = {
        f"{each.package.replace('.', '/')}/{rule.name}": None
        for each in sources
        for rule in each.rules
        if not rule.function
    }
    wanted = list(known if entrypoints is None else dict.fromkeys(entrypoints))
    if not wanted:
        raise PolicyError("a policy needs an entry point", code="rego_compile_error")
    for entrypoint in wanted:
        if entrypoint not in known:
            raise PolicyError(f"undefined entry point {entrypoint}", code="rego_compile_error")
    policy = Policy(sources, wanted, seconds)
    policy.warm()
    return policy


class Policy:
    """A compiled policy; make one with `compile`, and close it or use it in a `with`."""

    def __init__(
        self, sources: Sequence[source.Source], entrypoints: Sequence[str], seconds: float
    ) -> None:
        self._sources = tuple(sources)
        self._entrypoints = tuple(entrypoints)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._closed = False
        self._data = ""
        self._builtins: tuple[str, ...] = ()

    @property
    def entrypoints(self) -> tuple[str, ...]:
        """What `prepare` accepts."""
        return self._entrypoints

    def prepare(self, entrypoint: str) -> Evaluate:
        """A function of (input, data) that returns a JSON value or `UNDEFINED`.

        Sets come back as sorted lists. The function raises `PolicyError`.

        Raises:
            PolicyError: the entry point is none of the policy's.
        """
        if entrypoint not in self._entrypoints:
            raise PolicyError(f"undefined entry point {entrypoint}", code="rego_compile_error")

        def evaluate(input: Any, data: Any = None) -> Any:  # noqa: A002  # Rego's word
            return self._evaluate(entrypoint, input, data)

        return evaluate

    def warm(self) -> None:
        """Start the worker and compile now rather than at the first call.

        Raises:
            PolicyError: the engine or the preflight refuses the policy.
        """
        with self._lock:
            self._ready("{}")
            if reason := refusal(self._builtins, *(each.literals for each in self._sources)):
                self._drop()
                raise PolicyError(
                    f"this engine cannot apply {reason}, which a string of the policy holds",
                    code="rego_compile_error",
                )

    def close(self) -> None:
        """End the worker. Later calls raise `PolicyError`."""
        with self._lock:
            self._closed = True
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _evaluate(self, entrypoint: str, value: Any, data: Any) -> Any:
        self._check_data(data)
        encoded, base = encode(value), encode({} if data is None else data)
        with self._lock:
            worker = self._ready(base.text)
            if reason := refusal(self._builtins, encoded, base):
                raise PolicyError(f"this engine cannot apply {reason}", code="eval_builtin_error")
            message = {"do": "evaluate", "entrypoint": entrypoint, "input": encoded.text}
            answer = self._ask(worker, message, self._seconds)
        if "undefined" in answer:
            return UNDEFINED
        return decode(_one(answer["value"]))

    def _check_data(self, data: Any) -> None:
        """Refuse data in the place of a package: rules and data would be merged there."""
        if data is None:
            return
        if not isinstance(data, Mapping):
            raise PolicyError("data is an object", code="rego_compile_error")
        for each in self._sources:
            node: Any = data
            for part in each.package.split("."):
                if not isinstance(node, Mapping):
                    break
                if part not in node:
                    break
                node = node[part]
            else:
                raise PolicyError(
                    f"data holds a value at {each.package}, where rules are",
                    code="rego_compile_error",
                )

    def _ready(self, data: str) -> _Worker:
        """The worker, compiled over `data`; the lock is held."""
        if self._closed:
            raise PolicyError("the policy is closed")
        if self._worker is not None and self._data == data:
            return self._worker
        if self._worker is None:
            self._worker = _Worker()
            weakref.finalize(self, self._worker.end)
        message = {
            "do": "compile",
            "modules": [each.text for each in self._sources],
            "entrypoints": self._entrypoints,
            "data": data,
        }
        self._data = ""
        answer = self._ask(self._worker, message, COMPILE_SECONDS)
        self._data = data
        self._builtins = tuple(answer["builtins"])
        return self._worker

    def _ask(self, worker: _Worker, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """One round trip; the lock is held. Whatever goes wrong costs the worker its life."""
        try:
            answer = worker.ask(message, seconds)
        except TimeoutError as error:
            self._drop()
            raise PolicyError(
                f"the policy took longer than {seconds:g} s", code="eval_cancel_error"
            ) from error
        except (EndOfStreamError, ValueError, RecursionError) as error:
            ending = worker.ending()
            self._drop()
            raise PolicyError(f"the policy engine {ending}", code="eval_internal_error") from error
        except BaseException:
            # An interrupt between question and answer would leave the next caller a stale answer.
            self._drop()
            raise
        if (refusal := answer.get("error")) is not None:
            if message["do"] == "compile":
                self._drop()
            raise self._error(refusal)
        return answer

    def _error(self, refusal: Mapping[str, Any]) -> PolicyError:
        index = refusal["module"]
        where = None if index is None else Location(self._sources[index].path, refusal["line"])
        return PolicyError(
            refusal["message"], code=refusal["code"], location=where, hint=refusal["hint"]
        )

    def _drop(self) -> None:
        if self._worker is not None:
            self._worker.end()
            self._worker = None


class _Worker:
    """The child process and its two pipes."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        paths = [path for path in sys.path if Path(path).is_absolute()]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._requests.fileno(), False)
        os.set_blocking(self._answers.fileno(), False)

    @property
    def pid(self) -> int:
        """Process id, for tests that end it."""
        return self._process.pid

    def ask(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """One round trip.

        Raises:
            TimeoutError, EndOfStreamError, ValueError: as in `protocol`.
        """
        deadline = time.monotonic() + seconds
        write_frame(self._requests.fileno(), {**message, "seconds": seconds}, deadline=deadline)
        answer = read_frame(self._answers.fileno(), deadline=deadline)
        if not isinstance(answer, dict):
            raise ValueError("not a message")  # noqa: TRY004  # a broken protocol, not a type
        return answer

    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def ending(self) -> str:
        """How the process ended, in words."""
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "broke its protocol"
        return (
            f"ended with {signal.Signals(-code).name}"
            if code < 0
            else f"ended with exit code {code}"
        )

    def end(self) -> None:
        """Kill and reap; safe to call twice."""
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self._answers):
            stream.close()


def _one(text: str) -> Any:
    """The only value of `{"expressions": [value]}`.

    Raises:
        PolicyError: it is not that, or not JSON.
    """
    try:
        values = json.loads(text)["expressions"]
    except (ValueError, RecursionError) as error:
        raise PolicyError(
            "the policy's result cannot be read", code="eval_internal_error"
        ) from error
    if len(values) != 1:
        raise PolicyError(f"{len(values)} results instead of one", code="eval_internal_error")
    return values[0]
