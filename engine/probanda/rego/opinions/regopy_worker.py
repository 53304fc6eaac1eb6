"""The child process in which the engine lives: `python -m probanda.rego.opinions.regopy_worker`.

Rules:

- regopy aborts or segfaults on some inputs, so it never runs in the caller's process.
- Strict built-in errors; an error is never *undefined*.
- A fresh bundle for every `data`: regopy's plan depends on it.
- Compilation is answered with the built-ins that the policy calls (`builtins`).

Example: see `regopy`, the only client; `serving` has the messages.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.rego.opinions.regopy_preflight import check
from probanda.rego.opinions.serving import serve

# regopy prints `(error 2:m0|17|1` (module, byte offset, length) and `(errormsg 15:Invalid …)`.
_PLACE: Final = re.compile(r"\(error \d+:m(\d+)\|(\d+)\|")
_MESSAGE: Final = re.compile(r"\(errormsg \d+:(.*?)\)\s*\(errorast", re.DOTALL)


class Engine:
    """One compiled policy in regopy."""

    def __init__(self) -> None:
        self._modules: list[str] = []
        self._entrypoints: list[str] = []
        self._interpreter: Any = None
        self._bundle: Any = None

    def compile(self, modules: list[str], entrypoints: list[str], data: str) -> dict[str, Any]:
        """Build the bundle over `data` (JSON text); `builtins`: names of those that it calls.

        Raises:
            PolicyError: the engine or the preflight refuses it.
        """
        from regopy import Interpreter
        from regopy.rego_shared import RegoError

        interpreter = Interpreter()
        interpreter.strict_built_in_errors = True
        try:
            interpreter.add_data_json(data)
            for index, text in enumerate(modules):
                interpreter.add_module(f"m{index}", text)
            bundle = interpreter.build(None, entrypoints)
            # Asking a bundle that is not ok is a segmentation fault.
            if not bundle.ok():
                raise PolicyError("the engine cannot build it", code="rego_compile_error")
            with tempfile.TemporaryDirectory(prefix="probanda-") as folder:
                interpreter.save_bundle(folder, bundle)
                plan = json.loads((Path(folder) / "plan.json").read_bytes())
        except RegoError as error:
            raise _parse_error(str(error), modules) from error
        builtins = check(plan, is_builtin=interpreter.is_builtin)
        planned = {entry["name"] for entry in plan["plans"]["plans"]}
        if missing := sorted(set(entrypoints) - planned):
            raise PolicyError(f"no plan for {missing[0]}", code="rego_compile_error")
        self._interpreter, self._bundle = interpreter, bundle
        return {"builtins": sorted(builtins)}

    def evaluate(self, entrypoint: str, text: str) -> dict[str, Any]:
        """The answer for one input (JSON text).

        Raises:
            PolicyError: the evaluation ended in an error.
        """
        from regopy import rego_shared

        self._interpreter.set_input_term(text)
        # Not `Interpreter.query_bundle_entrypoint`: its Output parses before one can look.
        output = rego_shared.rego_bundle_query_entrypoint(
            self._interpreter._impl,  # noqa: SLF001  # regopy exports no entry-point query
            self._bundle._impl,  # noqa: SLF001  # nor anything around it
            entrypoint,
        )
        try:
            if not rego_shared.rego_output_ok(output):
                raise _evaluation_error(rego_shared.rego_output_node(output))
            answer = rego_shared.rego_output_string(output)
        finally:
            rego_shared.rego_free_output(output)
        if answer == "undefined":
            return {"undefined": True}
        # An error that escaped `ok` is printed as an s-expression.
        if not answer.startswith('{"expressions":['):
            found = _MESSAGE.search(answer)
            raise PolicyError(
                found[1] if found else "the engine failed", code="eval_internal_error"
            )
        return {"value": answer}


def _parse_error(text: str, modules: list[str]) -> PolicyError:
    place, message = _PLACE.search(text), _MESSAGE.search(text)
    error = PolicyError(message[1] if message else "malformed", code="rego_parse_error")
    if place and int(place[1]) < len(modules):
        before = modules[int(place[1])].encode()[: int(place[2])]
        error.__notes__ = [place[1], str(before.count(b"\n") + 1)]
    return error


def _evaluation_error(node: Any) -> PolicyError:
    """The first error of an error sequence: its children are message, tree, code."""
    from regopy import rego_shared

    while rego_shared.rego_node_size(node) == 1:
        node = rego_shared.rego_node_get(node, 0)
    parts = [rego_shared.rego_node_get(node, i) for i in range(rego_shared.rego_node_size(node))]
    texts = [
        rego_shared.rego_node_value(part) for part in parts if not rego_shared.rego_node_size(part)
    ]
    message = texts[0] if texts else "the engine failed"
    code = texts[-1] if len(texts) > 1 else "eval_internal_error"
    return PolicyError(message, code=code)


def main() -> None:
    """Serve until the parent closes the pipe."""
    serve(Engine())


if __name__ == "__main__":
    main()
