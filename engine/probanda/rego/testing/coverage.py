"""Which expressions were evaluated, and which were never true.

Rules:

- The resolved modules are evaluated with probes between their expressions: one before each
  (evaluated), one after (true), one at the end of a rule (it gave a value). A probe is always
  true, so what is evaluated means what it meant.
- An expression is what an author wrote: parts that the compiler takes out belong to it. `some x`
  evaluates nothing and is left out.
- Shape and counting are OPA's (`opa test --coverage`): ranges, and lines that a range touches. We
  add `never_true`: what was evaluated and never held.

Where OPA counts otherwise: its rule index skips rules that cannot match, which it then reports as
not covered; it does not report a `some … in` that was not reached; where a rule has no body it
reports the head twice.

Source: OPA `v1/cover`.

Example:
    Coverage(sites, probes).to_json()["files"]["p.rego"]["coverage"]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from probanda.rego import ast
from probanda.rego.recursion import room
from probanda.rego.resolve.program import Program, ResolvedRule
from probanda.rego.testing.discover import MARK
from probanda.rego.testing.trees import FRAMES, parts, rewritten_body

_KINDS: Final = 2  # evaluated, true


@dataclass(frozen=True, slots=True)
class Sites:
    """Expressions and heads by number, and the files that they are in.

    Attributes:
        spans: of each site.
        heads: numbers of those that are heads of rules.
        files: in order; one without rules is in it too.
    """

    spans: tuple[ast.Span, ...]
    heads: frozenset[int]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """Ranges of one file, sorted."""

    covered: tuple[ast.Span, ...]
    not_covered: tuple[ast.Span, ...]
    never_true: tuple[ast.Span, ...]

    @property
    def covered_lines(self) -> int:
        """How many lines a covered range touches."""
        return len(_rows(self.covered))

    @property
    def not_covered_lines(self) -> int:
        """How many lines a range touches that was not covered."""
        return len(_rows(self.not_covered))

    @property
    def percent(self) -> float:
        """0 where there is nothing to cover, as OPA has it."""
        return _percent(self.covered_lines, self.not_covered_lines)

    def to_json(self) -> dict[str, Any]:
        """As OPA writes it, and `never_true`."""
        document: dict[str, Any] = {}
        for name in ("covered", "not_covered", "never_true"):
            if spans := getattr(self, name):
                document[name] = [_range(span) for span in spans]
        return document | {
            "covered_lines": self.covered_lines,
            "not_covered_lines": self.not_covered_lines,
            "coverage": self.percent,
        }


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the evaluations of a suite came to."""

    sites: Sites
    probes: frozenset[int]

    def files(self) -> dict[str, FileCoverage]:
        """By file."""
        found: dict[str, tuple[set[ast.Span], set[ast.Span], set[ast.Span]]] = {
            path: (set(), set(), set()) for path in self.sites.files
        }
        for number, span in enumerate(self.sites.spans):
            covered, missing, never = found[span.path]
            seen, held = (_KINDS * number + kind in self.probes for kind in range(_KINDS))
            if number in self.sites.heads:
                (covered if held else missing).add(span)
                continue
            (covered if seen else missing).add(span)
            if seen and not held:
                never.add(span)
        return {
            path: FileCoverage(*(tuple(sorted(spans)) for spans in three))
            for path, three in found.items()
        }

    def percent(self, paths: Iterable[str] | None = None) -> float:
        """Covered lines of those of `paths` (default: all) that say anything."""
        files = self.files()
        chosen = [files[path] for path in (files if paths is None else paths)]
        return _percent(
            sum(each.covered_lines for each in chosen),
            sum(each.not_covered_lines for each in chosen),
        )

    def to_json(self) -> dict[str, Any]:
        """As OPA writes it."""
        files = self.files()
        return {
            "files": {path: each.to_json() for path, each in files.items()},
            "covered_lines": sum(each.covered_lines for each in files.values()),
            "not_covered_lines": sum(each.not_covered_lines for each in files.values()),
            "coverage": self.percent(),
        }


def _rows(spans: Iterable[ast.Span]) -> set[int]:
    return {row for span in spans for row in range(span.row, (span.end_row or span.row) + 1)}


def _percent(covered: int, missing: int) -> float:
    return 100.0 * covered / (covered + missing) if covered + missing else 0.0


def _range(span: ast.Span) -> dict[str, Any]:
    return {
        "start": {"row": span.row, "col": span.column},
        "end": {"row": span.end_row or span.row, "col": span.end_column or span.column},
    }


def with_probes(program: Program, modules: Sequence[ast.Module]) -> tuple[Program, Sites]:
    """The program with probes, and what they stand for.

    Args:
        program: resolved from `modules` (whose tests may have got other names).
        modules: as parsed.
    """
    with room(FRAMES):
        work = _Probes(modules)
        groups = {
            path: replace(
                group,
                rules=tuple(work.rule(rule) for rule in group.rules),
                default=None if group.default is None else work.rule(group.default),
                key_defaults=tuple(work.rule(rule) for rule in group.key_defaults),
            )
            for path, group in program.groups.items()
        }
        return replace(program, groups=groups), work.sites()


class _Probes:
    """Puts them in."""

    def __init__(self, modules: Sequence[ast.Module]) -> None:
        self._numbers: dict[ast.Span, int] = {}
        self._heads: dict[ast.Span, ast.Span] = {}  # rule → its head
        self._files = tuple(sorted(module.path for module in modules))
        for module in modules:
            for _, node in parts(module):
                if isinstance(node, ast.Rule):
                    self._heads[node.span] = node.head.span if node.head.span.row else node.span
                elif _is_counted(node):
                    self._numbers.setdefault(node.span, len(self._numbers))
        self._rules = {span: number for number, span in enumerate(self._heads)}

    def sites(self) -> Sites:
        """What the numbers stand for: expressions, then heads."""
        count = len(self._numbers)
        heads = tuple(self._heads.values())
        numbers = frozenset(range(count, count + len(heads)))
        return Sites((*self._numbers, *heads), numbers, self._files)

    def rule(self, rule: ResolvedRule) -> ResolvedRule:
        """A rule and its `else` branches with probes."""
        body = rewritten_body(rule.body, self._probed)
        head = self._rules.get(rule.span)
        if head is not None:
            body = (*body, _probe(_KINDS * (len(self._numbers) + head) + 1, rule.span))
        otherwise = None if rule.otherwise is None else self.rule(rule.otherwise)
        return replace(rule, body=body, otherwise=otherwise)

    def _probed(self, literal: ast.Literal) -> list[ast.Literal]:
        number = None if _is_mark(literal) else self._number(literal.span)
        if number is None:
            return [literal]
        before = _probe(_KINDS * number, literal.span)
        if literal.span not in self._numbers:
            return [before, literal]
        return [before, literal, _probe(_KINDS * number + 1, literal.span)]

    def _number(self, span: ast.Span) -> int | None:
        """The expression that a literal is, or is a part of: the smallest around it."""
        if span in self._numbers:
            return self._numbers[span]
        around = [each for each in self._numbers if _holds(each, span)]
        return self._numbers[max(around, key=lambda each: each[1:3])] if around else None


def _is_counted(node: ast.Node) -> bool:
    return (
        isinstance(node, ast.Literal)
        and node.span.row > 0
        and not isinstance(node.expression, ast.SomeDecl)
    )


def _is_mark(literal: ast.Literal) -> bool:
    return isinstance(literal.expression, ast.Call) and literal.expression.operator == MARK


def _probe(number: int, span: ast.Span) -> ast.Literal:
    call = ast.Call(MARK, (ast.Number(str(number), span=span),), span=span)
    return ast.Literal(call, span=span)


def _holds(outer: ast.Span, inner: ast.Span) -> bool:
    return (
        outer.path == inner.path
        and (outer.row, outer.column) <= (inner.row, inner.column)
        and (inner.end_row, inner.end_column) <= (outer.end_row, outer.end_column)
    )
