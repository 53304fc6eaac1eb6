"""An explanation as text: what decided first, then what failed, with a caret and values.

Rules:

- Every line comes from the policy's text or from a bounded value; control characters are made
  visible. Without values, types and sizes stand in their place.
- The same explanation gives the same bytes.

Example:
    print(render(policy.explain("a/b/allow", {}), values=False))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from probanda.rego.explain.model import Binding, Definition, Evaluation, Explanation, Expression

MAX_LINES: Final = 400
# Rules within rules that are shown, and expressions of a body that held.
_DEPTH: Final = 16
_HELD: Final = 8
_WIDTH: Final = 100
_TAB: Final = "    "


def render(explanation: Explanation, *, values: bool = True) -> str:
    """The text, ending in a newline."""
    lines = list(_Renderer(values=values).explanation(explanation))
    if len(lines) > MAX_LINES:
        lines = [
            *lines[:MAX_LINES],
            f"… {len(lines) - MAX_LINES} more lines; --explain json has all",
        ]
    return "\n".join(map(_clean, lines)) + "\n"


class _Renderer:
    def __init__(self, *, values: bool) -> None:
        self._values = values
        self._seen: set[str] = set()

    def explanation(self, explanation: Explanation) -> Iterator[str]:
        """All of it."""
        if explanation.error_code:
            said = explanation.error if self._values else explanation.error_code
            yield f"{explanation.entrypoint} could not be evaluated: {said}"
            yield ""
        elif explanation.query:
            count = len(explanation.value)
            answers = "answer" if count == 1 else "answers"
            yield f"{explanation.entrypoint} has {count or 'no'} {answers}"
            yield ""
        elif len(explanation.rules) != 1:
            said = "undefined"
            if explanation.shown is not None:
                said = explanation.shown.text(values=self._values or explanation.is_verdict)
            yield f"{explanation.entrypoint} is {said}"
            yield ""
        for rule in explanation.rules:
            yield from self._evaluation(rule, 0)
        # A query that only names a rule says no more than the rule does.
        if len(explanation.query) == 1 and _only_names(explanation.query[0]):
            for call in explanation.query[0].calls:
                yield from self._evaluation(call, 0)
            return
        for expression in explanation.query:
            yield from self._expression(expression, 0)
            if not expression.reason:
                for call in expression.calls:
                    yield from self._evaluation(call, 1)
        if explanation.dropped:
            yield ""
            yield f"({explanation.dropped} more evaluations of rules and functions are not shown)"

    # --- rules ---------------------------------------------------------------------------

    def _evaluation(self, rule: Evaluation, depth: int) -> Iterator[str]:
        pad = "  " * depth
        name = rule.name
        if rule.arguments:
            given = ", ".join(f"{each.name} = {self._value(each)}" for each in rule.arguments)
            name += f"({given})"
        said = "undefined"
        if rule.value is not None:
            # What was asked for is the decision itself, and told in any case.
            verdict = not depth and rule.value.type == "boolean"
            said = rule.value.text(values=self._values or verdict)
        title = f"  — {rule.title}" if rule.title else ""
        yield f"{pad}{name} is {said}{title}"
        key = repr((rule.path, rule.arguments, rule.value))
        if key in self._seen:
            yield f"{pad}  (see above)"
            return
        self._seen.add(key)
        order = {"succeeded": 0, "failed": 1, "skipped": 2}
        ordered = sorted(rule.definitions, key=lambda each: order[each.status])
        for definition in ordered:
            yield from self._definition(definition, depth, rule.title)

    def _definition(self, definition: Definition, depth: int, told: str) -> Iterator[str]:
        pad = "  " * depth
        mark = {"succeeded": "✓", "failed": "✗", "skipped": "-"}[definition.status]
        where = f"{definition.location}  " if definition.location is not None else ""
        text = _shorten(definition.text.removesuffix("{").strip())
        if definition.status == "skipped":
            yield f"{pad}{mark} {where}{text}  ({definition.reason})"
            return
        title = f"  — {definition.title}" if definition.title not in {"", told} else ""
        stands = "  (the default stands: no other definition gave a value)"
        tail = stands if definition.kind == "default" else title
        if definition.status == "succeeded" and definition.results > 1:
            tail += f"  ({definition.results} times)"
        yield f"{pad}{mark} {where}{text}{tail}".rstrip()
        if definition.failure is not None:
            yield from self._expression(definition.failure, depth + 1)
        elif definition.status == "succeeded" and definition.kind != "default":
            yield from self._held(definition, depth + 1)

    def _held(self, definition: Definition, depth: int) -> Iterator[str]:
        """The expressions that held, on which values."""
        pad = "  " * depth
        for expression in definition.expressions[:_HELD]:
            row = f"{expression.location.line:>4} │ " if expression.location is not None else ""
            yield f"{pad}{row}{_shorten(expression.text)}{self._because(expression)}"

    def _because(self, expression: Expression) -> str:
        if expression.tried > 1:
            return f"   held for {expression.held} of {expression.tried}"
        shown = [
            f"{each.name} = {self._value(each)}" for each in next(iter(expression.samples), ())
        ]
        return f"   ({', '.join(shown)})" if shown and len(", ".join(shown)) <= _WIDTH else ""

    # --- expressions ---------------------------------------------------------------------

    def _expression(self, expression: Expression, depth: int) -> Iterator[str]:
        pad = "  " * depth
        yield from self._source(expression, pad)
        if expression.reason:
            tries = (
                f" ({expression.held} of {expression.tried} held)" if expression.tried > 1 else ""
            )
            yield f"{pad}     = {expression.reason}{tries}"
        if self._values:
            if expression.detail:
                yield f"{pad}     = {expression.detail}"
            if expression.near:
                whole = expression.reason.partition(" is undefined")[0].rpartition(".")[0]
                yield f"{pad}     = {whole} has: {', '.join(expression.near)}"
        yield from self._samples(expression, pad)
        if expression.reason and depth < _DEPTH:
            yield from self._within(expression, depth + 2)

    def _samples(self, expression: Expression, pad: str) -> Iterator[str]:
        """The values: one a line of the first attempt, one line for each further one."""
        first = next(iter(expression.samples), ())
        for binding in first:
            yield f"{pad}       {binding.name} = {self._value(binding)}"
        for sample in expression.samples[1:]:
            changed = [each for each in sample if each not in first]
            text = ", ".join(f"{each.name} = {self._value(each)}" for each in changed)
            yield f"{pad}       and with {_shorten(text)}" if text else f"{pad}       and again"

    def _within(self, expression: Expression, depth: int) -> Iterator[str]:
        """What lies behind an expression that failed."""
        for nested in expression.nested:
            if nested.held < nested.tried or nested.negated:
                yield from self._expression(nested, depth)
        for call in expression.calls:
            yield from self._evaluation(call, depth)

    def _source(self, expression: Expression, pad: str) -> Iterator[str]:
        where = expression.location
        if not expression.line or where is None:
            place = f"{where}: " if where is not None else ""
            yield f"{pad}{place}{expression.text}"
            return
        start, end = expression.mark
        before = expression.line[: start - 1].replace("\t", _TAB)
        marked = expression.line[start - 1 : end - 1].replace("\t", _TAB)
        after = expression.line[end - 1 :].replace("\t", _TAB)
        indent = len(before) - len(before.lstrip())
        yield f"{pad}{where.line:>4} │ {(before + marked + after)[indent:]}"
        yield f"{pad}     │ {' ' * (len(before) - indent)}{'^' * max(1, len(marked))}"

    def _value(self, binding: Binding) -> str:
        return binding.value.text(values=self._values)


def _only_names(expression: Expression) -> bool:
    about = expression.reason.removesuffix(" is false").removesuffix(" is undefined")
    return bool(expression.calls) and about in {"", expression.text}


def _shorten(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _clean(line: str) -> str:
    """Control characters made visible."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in line
    )
