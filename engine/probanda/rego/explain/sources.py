"""Which piece of source a place of the plan is: its expression, its rule, its title.

Rules:

- A place belongs to the innermost statement of a body around it; places outside of every body
  belong to a rule's head.
- A policy that was loaded as a plan has no source: places stand for themselves.

Example:
    sources.literal("p.rego", 8, 2)      # the ast.Literal there
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final, Literal

from probanda.rego import ast
from probanda.rego.resolve.program import Path, Program, ResolvedRule
from probanda.rego.unparse import unparse

QUERY: Final = "<query>"
_Start = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Branch:
    """A rule, an `else` branch or a default."""

    rule: ResolvedRule
    kind: Literal["rule", "else", "default"]


class Sources:
    """The modules of a policy, and a query.

    Args:
        program: `None` for a policy that was loaded as a plan.
        query: its text and syntax tree, parsed with the path `QUERY`.
    """

    def __init__(self, program: Program | None, query: tuple[str, ast.Body] | None = None) -> None:
        self.program = program
        self._lines: dict[str, list[str]] = {}
        self._regions: dict[str, list[tuple[_Start, list[ast.Literal]]]] = {}
        modules = program.modules if program else ()
        self._packages = {module.package for module in modules}
        for module in modules:
            self._lines[module.path] = module.source.split("\n")
            regions = [(_start(rule.span), list(_literals(rule))) for rule in module.rules]
            self._regions[module.path] = sorted(regions, key=lambda region: region[0])
        if query is not None:
            self._lines[QUERY] = query[0].split("\n")
            self._regions[QUERY] = [
                ((0, 0), [each for item in query[1] for each in _literals(item)])
            ]

    def line(self, path: str, row: int) -> str:
        """A line of source; empty where there is none."""
        lines = self._lines.get(path, [])
        return lines[row - 1].rstrip("\r") if 0 < row <= len(lines) else ""

    def literal(self, path: str, row: int, column: int) -> ast.Literal | None:
        """The innermost statement of a body at a place."""
        regions = self._regions.get(path, [])
        index = bisect_right(regions, (row, column), key=lambda region: region[0])
        found: ast.Literal | None = None
        for literal in regions[index - 1][1] if index else ():
            if _within(literal.span, row, column) and (
                found is None or _start(literal.span) >= _start(found.span)
            ):
                found = literal
        return found

    def branch(self, group: Path, path: str, row: int, column: int) -> Branch | None:
        """The rule, `else` branch or default of a group at a place: the innermost."""
        found: Branch | None = None
        for branch in self._branches(group):
            span = branch.rule.span
            if branch.rule.module_path == path and _within(span, row, column):
                inner = found is None or _start(span) >= _start(found.rule.span)
                found = branch if inner else found
        return found

    def _branches(self, path: Path) -> Iterator[Branch]:
        group = self.program.groups.get(path) if self.program else None
        if group is None:
            return
        for rule in group.rules:
            yield Branch(rule, "rule")
            branch = rule.otherwise
            while branch is not None:
                yield Branch(branch, "else")
                branch = branch.otherwise
        for default in (group.default, *group.key_defaults):
            if default is not None:
                yield Branch(default, "default")

    def title(self, group: Path) -> str:
        """The METADATA title of a group: of the document, else of its first titled rule."""
        blocks = self.program.annotations.get(group, ()) if self.program else ()
        ordered = sorted(blocks, key=lambda block: block.scope != "document")
        return next((title for block in ordered if (title := _title(block))), "")

    def short(self, path: Path, seen_from: Path) -> str:
        """What a rule is called from within another: by its name alone in the same package."""
        package = self._package(path)
        if package and package == self._package(seen_from):
            return dotted(path[len(package) :], "")
        return dotted(path)

    def _package(self, path: Path) -> Path:
        found = [path[:size] for size in range(1, len(path)) if path[:size] in self._packages]
        return found[-1] if found else ()


def title_of(rule: ResolvedRule) -> str:
    """The METADATA title of a rule."""
    return next((title for block in rule.annotations if (title := _title(block))), "")


def _title(block: ast.Annotations) -> str:
    title = block.values.get("title")
    return title.strip() if isinstance(title, str) else ""


def dotted(path: Path, start: str = "data") -> str:
    """A path as a reference writes it."""
    terms = tuple(ast.String(part) for part in path)
    if start:
        return unparse(ast.Ref(ast.Var(start), terms))
    return unparse(ast.Ref(ast.Var(path[0]), terms[1:])) if path else ""


def _start(span: ast.Span) -> _Start:
    return span.row, span.column


def _within(span: ast.Span, row: int, column: int) -> bool:
    return _start(span) <= (row, column) < (span.end_row, span.end_column)


def _literals(node: ast.Node) -> Iterator[ast.Literal]:
    """Every statement of a body at or below a node."""
    pending: list[object] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, tuple):
            pending.extend(item)
        elif isinstance(item, ast.Node):
            if isinstance(item, ast.Literal):
                yield item
            pending.extend(getattr(item, each.name) for each in fields(item) if each.name != "span")


def terms_of(literal: ast.Literal) -> Iterator[ast.Node]:
    """Every node of a statement, outermost first."""
    pending: deque[object] = deque([literal])
    while pending:
        item = pending.popleft()
        if isinstance(item, tuple):
            pending.extend(item)
        elif isinstance(item, ast.Node):
            yield item
            pending.extend(getattr(item, each.name) for each in fields(item) if each.name != "span")
