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
from probanda.rego.backend.runtime import NAMESPACE, started
from probanda.rego.backend.unit import Answer
from probanda.rego.builtins import Builtin
from probanda.rego.recursion import deeply
from probanda.rego.values import UNDEFINED, key

# What code made from a hostile plan may run into besides PolicyError.
_BREAKAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
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
        answers: of the entries, how their one result is found.
    """

    text: str
    constants: tuple[Any, ...]
    entries: tuple[str, ...]
    builtins: tuple[Builtin, ...]
    files: tuple[str, ...]
    places: tuple[tuple[int, int, int], ...]
    answers: tuple[Answer, ...]


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
        self._rules: dict[str, tuple[Answer, Callable[..., Any]]] = {
            name: (answer, scope[f"f{answer.function}"])
            for name, answer in zip(source.entries, source.answers, strict=True)
            if answer.function >= 0
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

        def evaluate() -> list[Any]:
            results: list[Any] = []
            run(input, data, {}, started(context, self), results)
            return results if len(results) < 2 else _distinct(results)

        try:
            return _with_room(evaluate)
        except _BREAKAGE as error:
            raise _failure(error) from error

    def evaluate_json(self, plan: str, input: Any, data: Any, context: Context) -> list[Any]:  # noqa: A002  # Rego's word
        """The same as plain JSON, copied, within `context.max_output`."""
        return to_output(self.evaluate(plan, input, data, context), context)

    def answer(self, plan: str, context: Context) -> Callable[..., Any]:
        """A callable `(input, data=None) → plain JSON value | UNDEFINED` for one plan.

        It does the least that an evaluation takes: the value comes from the rule itself, and
        only where steps are counted or results kept is there a state for each call.

        Raises:
            PolicyError: there is no such plan.
        """
        if plan not in self._entries:
            raise PolicyError(f"no plan is named {plan[:80]!r}")
        found = self._rules.get(plan)
        if found is None:
            return self._whole(plan, context)
        how, run = found
        if how.counted:
            return self._counted(plan, run, context)
        return self._bounded(plan, how, run, context)

    def _bounded(
        self, plan: str, how: Answer, run: Callable[..., Any], context: Context
    ) -> Callable[..., Any]:
        # Nobody writes to the state, nor to a memo that remembers nothing.
        state, empty = started(context, self), dict[str, Any]()
        remembers = how.remembers

        def decide(input: Any = UNDEFINED, data: Any = None) -> Any:  # noqa: A002  # Rego's word
            try:
                memo = {} if remembers else empty
                value = run(input, empty if data is None else data, memo, state)
            except RecursionError:
                return self._whole(plan, context)(input, data)
            except _BREAKAGE as error:
                raise _failure(error) from error
            if value is True or value is False or value is UNDEFINED:
                return value
            return to_output([value], context)[0]

        return decide

    def _counted(self, plan: str, run: Callable[..., Any], context: Context) -> Callable[..., Any]:
        steps, _, _, rest, deadline = started(context, self)

        def decide(input: Any = UNDEFINED, data: Any = None) -> Any:  # noqa: A002  # Rego's word
            state = [steps, context, self, rest, deadline]
            try:
                value = run(input, {} if data is None else data, {}, state)
            except RecursionError:
                return self._whole(plan, context)(input, data)
            except _BREAKAGE as error:
                raise _failure(error) from error
            if value is True or value is False or value is UNDEFINED:
                return value
            return to_output([value], context)[0]

        return decide

    def _whole(self, plan: str, context: Context) -> Callable[..., Any]:
        def decide(input: Any = UNDEFINED, data: Any = None) -> Any:  # noqa: A002  # Rego's word
            found = self.evaluate(plan, input, {} if data is None else data, context)
            return to_output([found[0]["result"]], context)[0] if found else UNDEFINED

        return decide


def _failure(error: BaseException) -> PolicyError:
    """What code made from a plan ran into, as the error that callers know."""
    name = type(error).__name__
    if isinstance(error, RecursionError | MemoryError):
        return PolicyError(
            f"eval_cancel_error: the evaluation needs too much memory ({name})",
            code="eval_cancel_error",
        )
    return PolicyError(
        f"eval_internal_error: {name}: {str(error)[:200]}", code="eval_internal_error"
    )


def _with_room(evaluate: Callable[[], list[Any]]) -> list[Any]:
    """The results, with more room where Python's usual depth is too little."""
    try:
        return evaluate()
    except RecursionError:
        # Evaluation changes nothing, so it may begin again.
        return deeply(evaluate)


def _distinct(results: Iterable[Any]) -> list[Any]:
    """The results without repetitions, as OPA's result set has them."""
    return list({key(result): result for result in results}.values())


def code(text: str) -> CodeType:
    """The code object of generated source.

    Raises:
        PolicyError: CPython finds it too large or too deep.
    """
    try:
        return compile(text, "<rego>", "exec", dont_inherit=True)
    except (SyntaxError, MemoryError, RecursionError, OverflowError) as error:
        raise PolicyError(f"plan: too large for one module ({error})", code="plan_error") from error
