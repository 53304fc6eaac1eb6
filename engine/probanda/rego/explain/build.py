"""From what the probes noted to an explanation.

Rules:

- A call below another is told where its expression stands; the same rule twice is told once and
  named where it is met again (rules are evaluated once, so they look the same).
- Nothing is evaluated here, and values are made small before they are kept.

Example:
    Builder(sites, sources, recorder).evaluations()
"""

from __future__ import annotations

from probanda.model.location import Location
from probanda.rego import ast
from probanda.rego.explain.model import Binding, Definition, Evaluation, Expression
from probanda.rego.explain.probes import ABSENT, Attempt, Frame, Record, Recorder
from probanda.rego.explain.reasons import Reason, failed_check, reason
from probanda.rego.explain.shown import show
from probanda.rego.explain.sites import Definition as Site
from probanda.rego.explain.sites import Function, Place, Segment, Sites
from probanda.rego.explain.sources import Branch, Sources, dotted, terms_of, title_of
from probanda.rego.unparse import unparse
from probanda.rego.values import UNDEFINED

# Calls within calls that are told; below it they are left out.
MAX_DEPTH = 12
# Blanks and the like by which a piece of source may be longer than its canonical text.
_SPARE = 40


class Builder:
    """The state of it."""

    def __init__(self, sites: Sites, sources: Sources, recorder: Recorder) -> None:
        self._sites = sites
        self._sources = sources
        self._recorder = recorder
        self._children: dict[int, list[Segment]] = {}
        self._bodies: dict[int, list[Segment]] = {}
        for segment in sites.segments:
            if segment.parent is not None:
                self._children.setdefault(segment.parent.number, []).append(segment)
            else:
                self._bodies.setdefault(segment.definition, []).append(segment)

    def rules(self) -> tuple[Evaluation, ...]:
        """What the plan itself called."""
        root = self._recorder.root
        frames = [frame for record in root.records.values() for frame in record.children]
        return tuple(self._evaluation(frame, (), MAX_DEPTH) for frame in frames)

    def query(self) -> tuple[Expression, ...]:
        """The expressions of a query."""
        root = self._recorder.root
        found = [
            self._expressions(root, site, (), MAX_DEPTH)
            for site in self._sites.functions[-1].definitions
        ]
        return tuple(each for expressions in found for each in expressions)

    # --- rules ---------------------------------------------------------------------------

    def _evaluation(self, frame: Frame, caller: tuple[str, ...], depth: int) -> Evaluation:
        function = self._sites.functions[frame.function]
        definitions = self._definitions(frame, function, depth)
        arguments = zip(function.parameters, frame.arguments, strict=False)
        return Evaluation(
            path=dotted(function.path),
            name=self._sources.short(function.path, caller),
            title=self._sources.title(function.path),
            arguments=tuple(
                Binding(name or f"argument {number}", show(value))
                for number, (name, value) in enumerate(arguments, start=1)
            ),
            value=None if frame.value is UNDEFINED else show(frame.value),
            definitions=definitions,
        )

    def _definitions(self, frame: Frame, function: Function, depth: int) -> tuple[Definition, ...]:
        made = []
        decided = False
        for site in function.definitions:
            results = frame.ended.get(site.number, 0)
            branch = self._branch(function, site)
            made.append(
                Definition(
                    kind=site.kind,
                    status=(
                        "succeeded"
                        if results
                        else "failed"
                        if site.number in frame.begun
                        else "skipped"
                    ),
                    reason="" if site.number in frame.begun else _skipped(site, decided=decided),
                    location=self._location(site, branch),
                    text=self._head(branch),
                    title=title_of(branch.rule) if branch is not None else "",
                    results=results,
                    values=tuple(
                        show(value)
                        for values in frame.values.get(site.number, ())
                        for value in values
                    ),
                    expressions=self._expressions(frame, site, function.path, depth),
                )
            )
            decided = decided or results > 0
        return tuple(made)

    def _branch(self, function: Function, site: Site) -> Branch | None:
        path, row, column = self._at(site.place)
        return self._sources.branch(function.path, path, row, column)

    def _location(self, site: Site, branch: Branch | None) -> Location | None:
        if branch is not None:
            span = branch.rule.span
            return Location(span.path, span.row, span.column)
        return self._where(site.place)

    def _head(self, branch: Branch | None) -> str:
        if branch is None:
            return ""
        span = branch.rule.span
        line = self._sources.line(span.path, span.row)
        end = span.end_column - 1 if span.end_row == span.row else len(line)
        return line[span.column - 1 : end].strip()

    # --- expressions ---------------------------------------------------------------------

    def _expressions(
        self, frame: Frame, site: Site, path: tuple[str, ...], depth: int
    ) -> tuple[Expression, ...]:
        found = [
            self._expression(frame, segment, frame.records[segment.number], path, depth)
            for segment in self._bodies.get(site.number, ())
            if segment.number in frame.records
        ]
        return tuple(each for each in found if each is not None)

    def _expression(
        self, frame: Frame, segment: Segment, record: Record, path: tuple[str, ...], depth: int
    ) -> Expression | None:
        literal = self._sources.literal(*self._at(segment.place))
        why = Reason("")
        if record.samples:
            head = literal is None and self._sources.program is not None
            why = reason(segment, record.samples[0], frame, literal, head=head)
        elif literal is None and not record.children:
            return None  # a rule's head that held
        attempts = record.samples or ([record.through] if record.through is not None else [])
        nested = [
            self._expression(frame, each, frame.records[each.number], path, depth)
            for each in self._children.get(segment.number, ())
            if each.number in frame.records
        ]
        calls = (
            [self._evaluation(each, path, depth - 1) for each in record.children] if depth else []
        )
        line, mark, text = self._text(segment, literal, record, why)
        return Expression(
            text=text,
            location=self._location_of(segment, literal),
            mark=mark,
            line=line,
            negated=segment.negated,
            tried=record.passed + record.failed,
            held=record.passed,
            reason=why.text,
            detail=why.detail,
            near=why.near,
            samples=tuple(_bindings(segment, each, why) for each in attempts),
            nested=tuple(each for each in nested if each is not None),
            calls=tuple(calls),
        )

    def _text(
        self, segment: Segment, literal: ast.Literal | None, record: Record, why: Reason
    ) -> tuple[str, tuple[int, int], str]:
        """The line to show, the columns to mark on it, and the expression's own text."""
        path, row, column = self._at(segment.place)
        if literal is None:
            line = self._sources.line(path, row)
            if line:
                return line, (column, len(line.rstrip()) + 1), line[column - 1 :].strip()
            return "", (0, 0), why.about or _plan_text(segment, record)
        span = literal.span
        line = self._sources.line(path, span.row)
        end = span.end_column if span.end_row == span.row else len(line) + 1
        text = line[span.column - 1 : end - 1].strip()
        node = next((each for each in terms_of(literal) if _is(each, why.about)), None)
        if node is not None and node.span.row:
            line = self._sources.line(path, node.span.row)
            last = node.span.end_column if node.span.end_row == node.span.row else len(line) + 1
            return line, (node.span.column, last), text
        return line, (span.column, end), text

    # --- places --------------------------------------------------------------------------

    def _at(self, place: Place) -> tuple[str, int, int]:
        file, row, column = place
        return (self._sites.files[file] if file >= 0 else "", row, column)

    def _where(self, place: Place) -> Location | None:
        path, row, column = self._at(place)
        return Location(path, row, column) if path else None

    def _location_of(self, segment: Segment, literal: ast.Literal | None) -> Location | None:
        if literal is None:
            return self._where(segment.place)
        return Location(literal.span.path, literal.span.row, literal.span.column)


def _skipped(site: Site, *, decided: bool) -> str:
    if site.kind == "default":
        return "not needed: another definition gave a value"
    if decided:
        return "not tried: an earlier one had decided"
    return "not tried"


def _is(node: ast.Node, text: str) -> bool:
    """Whether a node reads so; larger ones, which cannot, are not printed to find out."""
    if not text or not isinstance(node, ast.Ref | ast.Call | ast.Var):
        return False
    span = node.span
    if span.end_row != span.row or span.end_column - span.column > len(text) + _SPARE:
        return False
    return unparse(node) == text


def _plan_text(segment: Segment, record: Record) -> str:
    """What a segment of a plan without source is about."""
    check = failed_check(segment, record.samples[0]) if record.samples else None
    check = check or next(iter(reversed(segment.checks)), None)
    if check is None:
        return "expression"
    marks = {"equal": "==", "unequal": "!="}
    if check.kind in marks:
        return f"{check.subject} {marks[check.kind]} {check.other}"
    return (check.other if check.kind == "lookup" else check.subject) or "expression"


def _bindings(segment: Segment, attempt: Attempt, why: Reason) -> tuple[Binding, ...]:
    """The values of an attempt that tell something, by their names."""
    found = {
        text: value
        for text, value in zip(segment.slots, attempt.values, strict=False)
        if text and value is not ABSENT and value is not UNDEFINED
    }
    if why.said:
        found.pop(why.about, None)
    # What is shown in parts, and the object whose keys are listed, unless it is a loop's item.
    left_out = {
        name
        for name in found
        if any(_lies_in(other, name) for other in found)
        or (_lies_in(why.about, name) and not why.said and not name.isidentifier())
    }
    return tuple(
        Binding(name, show(value)) for name, value in found.items() if name not in left_out
    )


def _lies_in(name: str, whole: str) -> bool:
    return name.startswith((f"{whole}.", f"{whole}["))
