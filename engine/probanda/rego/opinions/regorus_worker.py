"""The child process in which regorus lives.

Rules:

- A panic arrives in Python as a `PanicException`, which is a `BaseException`: it is reported by
  name, and the parent ends this process.
- The engine does not say which kind of error it met; its texts tell a conflict from a built-in's
  error, and what it lacks from both.

Example: see `regorus`, the only client; `serving` has the messages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.rego.opinions.serving import serve

MEMORY_BYTES: Final = 4 << 30
# `--> m0:2:7\n  |\n2 | p := …\n  | ^\nerror: divide by zero`; what follows is more of the same.
_MESSAGE: Final = re.compile(r"^error: (.*)$", re.MULTILINE)
_CONFLICT: Final = re.compile(r"must not produce multiple outputs")
# It checks while it evaluates: what OPA accepts at compile time (an order of expressions to find, a
# pattern, what iterates in an argument) or takes for undefined (`some x in null`) ends it.
_UNSUPPORTED: Final = re.compile(
    r"could not find function|not supported|recursion detected|is unsafe|before definition"
    r"|duplicated definition|destructuring pattern|item cannot be indexed|^unexpected"
    r"|not scheduled|^not an object$|^not a valid ref$"
    r"|`some \.\. in collection` expects|cannot determine|rule conflicts with the following",
    re.MULTILINE,
)


class Engine:
    """One policy in regorus."""

    def __init__(self) -> None:
        self._engine: Any = None

    def compile(self, modules: list[str], entrypoints: list[str], data: str) -> dict[str, Any]:  # noqa: ARG002  # it is asked by name later
        """Read the modules; nothing is checked before a rule is asked.

        Raises:
            PolicyError: the engine refuses them.
        """
        import regorus

        self._engine = engine = regorus.Engine()
        engine.set_gather_prints(True)
        for index, text in enumerate(modules):
            _guarded(partial(engine.add_policy, f"m{index}", text), "engine_refusal")
        _guarded(partial(engine.add_data_json, data), "engine_refusal")
        return {}

    def evaluate(self, entrypoint: str, text: str) -> dict[str, Any]:
        """The answer for one input (JSON text).

        Raises:
            PolicyError: the evaluation ended in an error.
        """
        engine, query = self._engine, "data." + entrypoint.replace("/", ".")
        _guarded(partial(engine.set_input_json, text), "engine_refusal")
        answer = json.loads(_guarded(partial(engine.eval_query_as_json, query), None))
        # Undefined is `{}`: the query has no result.
        if not answer.get("result"):
            return {"undefined": True}
        return {"value": json.dumps(answer["result"][0]["expressions"][0]["value"])}


def _guarded(call: Callable[[], Any], code: str | None) -> Any:
    """What `call` returns; its failures as `PolicyError` with `code`, or one that fits its text."""
    try:
        return call()
    except RuntimeError as error:
        found = _MESSAGE.search(str(error))
        message = found[1] if found else str(error).partition("\n")[0]
        raise PolicyError(message, code=code or _code(message)) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise PolicyError(f"it panicked: {error}", code="engine_panic") from error


def _code(message: str) -> str:
    if _UNSUPPORTED.search(message):
        return "engine_unsupported"
    return "eval_conflict_error" if _CONFLICT.search(message) else "eval_builtin_error"


def main() -> None:
    """Serve until the parent closes the pipe."""
    serve(Engine(), memory_bytes=MEMORY_BYTES)


if __name__ == "__main__":
    main()
