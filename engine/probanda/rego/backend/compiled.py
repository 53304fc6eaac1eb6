"""A compiled plan: Python source, constants, and how to run it.

Rules:

- The source is compiled with empty `__builtins__`; it reaches `runtime.NAMESPACE`, the
  built-ins that the plan calls, and its constants, nothing else.
- A compiled plan never changes after it is made: threads share it. It pickles as source and
  constants; the code object is made again on load.
- Input and data are plain JSON values as `values` has them; they are read, never changed.
  Results may share parts with them: `evaluate_json` copies.
- What goes wrong is a `PolicyError`; a hostile plan can make no other exception.

Example:
    compiled.evaluate_json("a/allow", {"user": "x"}, {}, Context())   # [{"result": True}]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import CodeType
from typing import Any

from probanda.errors import PolicyError
from probanda.model.location import Location
from probanda.rego.backend.context import Context
from probanda.rego.backend.output import to_output
from probanda.rego.backend.runtime import NAMESPACE, SLICE
from probanda.rego.builtins import Builtin
from probanda.rego.values import key

# What code made from a hostile plan may run into besides PolicyError.
_BREAKAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Source:
    """What a compiled plan is made from.

    Attributes:
        text: Python.
        constants: the values of `C0`, `C1`, …
        entries: the plans' names, in the order of `p0`, `p1`, …
        builtins: the built-ins behind `b0`, `b1`, …
        files: names of the policy's files.
        places: (index into files, row, column) by the numbers in the text.
    """

    text: str
    constants: tuple[Any, ...]
    entries: tuple[str, ...]
    builtins: tuple[Builtin, ...]
    files: tuple[str, ...]
    places: tuple[tuple[int, int, int], ...]


class CompiledPlan:
    """A plan, ready to be evaluated."""

    def __init__(self, source: Source) -> None:
        self.source = source
        scope: dict[str, Any] = dict(NAMESPACE)
        scope.update((f"C{index}", value) for index, value in enumerate(source.constants))
        scope.update((f"b{index}", each.function) for index, each in enumerate(source.builtins))
        exec(code(source.text), scope)  # noqa: S102  # text of our own making, see `emitter`
        self._entries: dict[str, Callable[..., None]] = {
            name: scope[f"p{index}"] for index, name in enumerate(source.entries)
        }

    def __reduce__(self) -> tuple[type[CompiledPlan], tuple[Source]]:
        return CompiledPlan, (self.source,)

    @property
    def entries(self) -> tuple[str, ...]:
        """The names of the plans."""
        return self.source.entries

    def location(self, place: int) -> Location | None:
        """The place in the policy that a number in the text stands for."""
        file, row, column = self.source.places[place]
        if not 0 <= file < len(self.source.files):
            return None
        return Location(self.source.files[file], row, column)

    def evaluate(self, plan: str, input: Any, data: Any, context: Context) -> list[Any]:  # noqa: A002  # Rego's word
        """The results of a plan, as Rego values; `input` may be `UNDEFINED`.

        Raises:
            PolicyError: there is no such plan; a conflict; a built-in failed (strict); a limit.
        """
        run = self._entries.get(plan)
        if run is None:
            raise PolicyError(f"no plan is named {plan[:80]!r}")
        steps = min(SLICE, context.max_steps)
        results: list[Any] = []
        try:
            run(input, data, {}, [steps, context, self, context.max_steps - steps], results)
        except (RecursionError, MemoryError) as error:
            raise PolicyError(
                f"eval_cancel_error: the evaluation needs too much memory ({type(error).__name__})",
                code="eval_cancel_error",
            ) from error
        except _BREAKAGE as error:
            raise PolicyError(
                f"eval_internal_error: {type(error).__name__}: {str(error)[:200]}",
                code="eval_internal_error",
            ) from error
        return results if len(results) < 2 else _distinct(results)

    def evaluate_json(self, plan: str, input: Any, data: Any, context: Context) -> list[Any]:  # noqa: A002  # Rego's word
        """The same as plain JSON, copied, within `context.max_output`."""
        return to_output(self.evaluate(plan, input, data, context), context)


def _distinct(results: Iterable[Any]) -> list[Any]:
    """The results without repetitions, as OPA's result set has them."""
    try:
        return list({key(result): result for result in results}.values())
    except RecursionError as error:
        raise PolicyError(
            "eval_cancel_error: a result is nested too deeply", code="eval_cancel_error"
        ) from error


def code(text: str) -> CodeType:
    """The code object of generated source.

    Raises:
        PolicyError: CPython finds it too large or too deep.
    """
    try:
        return compile(text, "<rego>", "exec", dont_inherit=True)
    except (SyntaxError, MemoryError, RecursionError, OverflowError) as error:
        raise PolicyError(f"plan: too large for one module ({error})", code="plan_error") from error
