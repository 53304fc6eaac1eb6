"""A policy compiled by regopy: prepare an entry point, call it with input and data.

Rules:

- `compile` refuses what cannot be decided soundly; a `Policy` that exists has
  passed every check of `source` and `preflight`.
- Every failure is a `PolicyError`: an engine that crashes, hangs or is killed
  never takes the caller with it, and never becomes *undefined*. The next call
  starts a new worker.
- One call at a time; threads may share a policy. What its child may see and how long it may
  take is `worker`'s; several policies may share a child, one after the other.

Example:

    with compile({"p.rego": text}, ["a/b/allow"]) as policy:
        allow = policy.prepare("a/b/allow")
        allow({"user": "ada"}, {})  # True, False, … or UNDEFINED
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from types import TracebackType
from typing import Any, Final, Self

from probanda.errors import PolicyError
from probanda.model.location import Location
from probanda.rego.opinions import regopy_source as source
from probanda.rego.opinions.child_session import child_session
from probanda.rego.opinions.interface import Engine
from probanda.rego.opinions.regopy_values import decode, encode, refusal
from probanda.rego.opinions.worker import COMPILE_SECONDS, Client
from probanda.rego.values import UNDEFINED

# Name and version of the engine, for decisions.
ENGINE: Final = f"regopy {version('regopy')}"
DEFAULT_SECONDS: Final = 10.0
MAX_MODULES: Final = 1_000

_WORKER: Final = "probanda.rego.opinions.regopy_worker"

Evaluate = Callable[[Any, Any], Any]


def compile(  # noqa: A001  # the interface's word, as in re.compile
    modules: Mapping[str, str],
    entrypoints: Sequence[str] | None = None,
    *,
    seconds: float = DEFAULT_SECONDS,
    client: Client | None = None,
) -> Policy:
    """Compile Rego v1 modules (path → text).

    Args:
        modules: by path; the paths appear in errors.
        entrypoints: `package/path/rule`; without, every rule that takes no arguments.
        seconds: for one evaluation.
        client: a child that several policies share, one after the other; the caller closes it.

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
    policy = Policy(sources, wanted, seconds, client)
    policy.warm()
    return policy


class Policy:
    """A compiled policy; make one with `compile`, and close it or use it in a `with`."""

    def __init__(
        self,
        sources: Sequence[source.Source],
        entrypoints: Sequence[str],
        seconds: float,
        client: Client | None,
    ) -> None:
        self._sources = tuple(sources)
        self._entrypoints = tuple(entrypoints)
        self._seconds = seconds
        self._lock = threading.Lock()
        self._client = Client(_WORKER) if client is None else client
        self._shared = client is not None
        # What the child holds is compared with it; an id could be given out twice.
        self._token = object()
        self._closed = False
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
                self._release()
                raise PolicyError(
                    f"this engine cannot apply {reason}, which a string of the policy holds",
                    code="rego_compile_error",
                )

    def close(self) -> None:
        """End the worker. Later calls raise `PolicyError`."""
        with self._lock:
            self._closed = True
            self._release()

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
            self._ready(base.text)
            if reason := refusal(self._builtins, encoded, base):
                raise PolicyError(f"this engine cannot apply {reason}")
            message = {"do": "evaluate", "entrypoint": entrypoint, "input": encoded.text}
            answer = self._ask(message, self._seconds)
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

    def _ready(self, data: str) -> None:
        """Make the child hold this policy over `data`; the lock is held."""
        if self._closed:
            raise PolicyError("the policy is closed")
        if self._client.loaded == (self._token, data):
            return
        message = {
            "do": "compile",
            "modules": [each.text for each in self._sources],
            "entrypoints": self._entrypoints,
            "data": data,
        }
        self._client.loaded = None
        answer = self._ask(message, COMPILE_SECONDS)
        self._client.loaded = (self._token, data)
        self._builtins = tuple(answer["builtins"])

    def _ask(self, message: dict[str, Any], seconds: float) -> dict[str, Any]:
        """One round trip; the lock is held.

        Raises:
            PolicyError: the engine refuses, or the child is gone.
        """
        answer = self._client.ask(message, seconds)
        if (refused := answer.get("error")) is not None:
            if message["do"] == "compile" and not self._shared:
                self._client.close()
            raise self._error(refused)
        return answer

    def _error(self, refusal: Mapping[str, Any]) -> PolicyError:
        index = refusal["module"]
        where = None if index is None else Location(self._sources[index].path, refusal["line"])
        return PolicyError(
            refusal["message"], code=refusal["code"], location=where, hint=refusal["hint"]
        )

    def _release(self) -> None:
        if not self._shared:
            self._client.close()


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


REGOPY: Final = Engine(
    name="regopy",
    strict=True,
    exact=False,
    # A dependency of the package itself.
    absence=lambda: "",
    version=lambda: ENGINE,
    session=child_session(compile, _WORKER),
)
