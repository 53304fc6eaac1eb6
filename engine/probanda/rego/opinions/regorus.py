"""A policy compiled by regorus (the wheel `celine-regorus`): prepare an entry point, call it.

Rules:

- JSON text goes in and out: `set_input` of a dictionary turns `False` into a number there.
- Integers beyond 64 bits are refused, since the engine rounds them to decimals.
- What it does not support (a built-in that it lacks, above all) is `engine_unsupported`, a panic
  `engine_panic`; both are no opinion, and a panic costs the child its life.

Example:

    with REGORUS.session(10.0) as session:
        session.answers({"p.rego": text}, [Question("a/b/allow", {"user": "ada"})])
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.rego.opinions.child_session import child_session
from probanda.rego.opinions.interface import Engine, unrepeatable
from probanda.rego.opinions.worker import COMPILE_SECONDS, Client
from probanda.rego.values import UNDEFINED

PANIC: Final = "engine_panic"
_WORKER: Final = "probanda.rego.opinions.regorus_worker"
_DISTRIBUTION: Final = "celine-regorus"
_LARGEST: Final = 2**63
# Nesting that no fact of ours approaches; serde_json ends at 128.
_MAX_DEPTH: Final = 100


def compile(  # noqa: A001  # the interface's word, as in re.compile
    modules: Mapping[str, str],
    entrypoints: Sequence[str],
    *,
    seconds: float,
    client: Client,
) -> Policy:
    """Compile Rego v1 modules (path → text) in the child of `client`.

    Raises:
        PolicyError: the engine refuses them.
    """
    if impure := unrepeatable(modules):
        raise PolicyError(f"{impure} answers differently every time")
    policy = Policy(modules, entrypoints, seconds, client)
    policy.load("{}")
    return policy


class Policy:
    """A policy in a child; make one with `compile`."""

    def __init__(
        self,
        modules: Mapping[str, str],
        entrypoints: Sequence[str],
        seconds: float,
        client: Client,
    ) -> None:
        self._modules = list(modules.values())
        self._entrypoints = tuple(entrypoints)
        self._seconds = seconds
        self._client = client
        # What the child holds is compared with it; an id could be given out twice.
        self._token = object()

    def load(self, data: str) -> None:
        """Make the child hold this policy over `data` (JSON text).

        Raises:
            PolicyError: the engine refuses it.
        """
        if self._client.loaded == (self._token, data):
            return
        self._client.loaded = None
        message = {
            "do": "compile",
            "modules": self._modules,
            "entrypoints": self._entrypoints,
            "data": data,
        }
        self._ask(message, COMPILE_SECONDS)
        self._client.loaded = (self._token, data)

    def prepare(self, entrypoint: str) -> Callable[[Any, Any], Any]:
        """A function of (input, data) that returns a JSON value or `UNDEFINED`."""

        def evaluate(input: Any, data: Any = None) -> Any:  # noqa: A002  # Rego's word
            given, base = _text(input), _text({} if data is None else data)
            self.load(base)
            message = {"do": "evaluate", "entrypoint": entrypoint, "input": given}
            answer = self._ask(message, self._seconds)
            return UNDEFINED if "undefined" in answer else _value(answer["value"])

        return evaluate

    def _ask(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        answer = self._client.ask(message, seconds)
        if (refused := answer.get("error")) is None:
            return answer
        if refused["code"] == PANIC:
            self._client.close()
        raise PolicyError(refused["message"], code=refused["code"])


def _text(value: Any) -> str:
    """The JSON text of a value.

    Raises:
        PolicyError: it is not JSON, or the engine would change it.
    """
    pending = [(value, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > _MAX_DEPTH:
            raise PolicyError(f"a value is nested deeper than {_MAX_DEPTH} levels")
        if isinstance(node, Mapping):
            pending += [(item, depth + 1) for item in node.values()]
        elif isinstance(node, list):
            pending += [(item, depth + 1) for item in node]
        elif isinstance(node, int) and abs(node) >= _LARGEST:
            raise PolicyError("this engine rounds integers beyond 64 bits")
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError) as error:
        raise PolicyError(f"a value is not JSON: {error}") from error
    return text


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError("the result cannot be read", code="eval_internal_error") from error


def _version() -> str | None:
    try:
        return version(_DISTRIBUTION)
    except PackageNotFoundError:
        return None


def _absence() -> str:
    return "" if _version() else "the extra `regorus` is not installed"


REGORUS: Final = Engine(
    name="regorus",
    strict=True,
    exact=False,
    absence=_absence,
    version=lambda: f"regorus {_version()}",
    session=child_session(compile, _WORKER),
)
