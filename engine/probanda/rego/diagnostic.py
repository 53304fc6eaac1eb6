"""What is wrong with a module, and where: errors as a good compiler shows them.

Example:
    raise RegoErrors([Diagnostic("rego_parse_error", "unexpected '}'", span, hint="…")], sources)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from probanda.errors import PolicyError
from probanda.model.location import Location
from probanda.rego.ast import Span

# How much of a line is shown, and how much of that before the place.
_WIDTH, _BEFORE = 200, 120


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning.

    Attributes:
        code: OPA's: `rego_parse_error`, `rego_type_error`, `rego_unsafe_var_error`,
            `rego_recursion_error`, `rego_compile_error`.
        message: as OPA words it where it has the same error; lower case.
        span: where.
        hint: what to write instead; may be empty.
        warning: reported, not refused.
    """

    code: str
    message: str
    span: Span
    hint: str = ""
    warning: bool = False

    def render(self, source: str = "") -> str:
        """`path:row:column: code: message`, the line, a caret under the place, the hint."""
        place = f"{self.span.path}:{self.span.row}:{self.span.column}"
        lines = [f"{place}: {self.code}: {self.message}"]
        rows = source.split("\n")  # not `splitlines`: the lexer counts line feeds only
        if 0 < self.span.row <= len(rows):
            # Of a very long line, what is around the place.
            first = max(0, self.span.column - _BEFORE)
            text = rows[self.span.row - 1].removesuffix("\r")[first : first + _WIDTH]
            width = 1
            if self.span.end_row == self.span.row:
                width = max(1, self.span.end_column - self.span.column)
            before = text[: max(0, self.span.column - 1 - first)]
            pad = "".join("\t" if char == "\t" else " " for char in before)
            lines += [f"    {text}", f"    {pad}{'^' * min(width, max(1, len(text) - len(pad)))}"]
        if self.hint:
            lines.append(f"    hint: {self.hint}")
        return "\n".join(lines)


class RegoErrors(PolicyError):  # noqa: N818  # several at once
    """All errors of one compilation; `code`, `message` and `location` are the first's."""

    def __init__(
        self, diagnostics: Sequence[Diagnostic], sources: Mapping[str, str] | None = None
    ) -> None:
        first = diagnostics[0]
        super().__init__(
            first.message,
            code=first.code,
            location=Location(first.span.path, first.span.row, first.span.column),
            hint=first.hint or None,
        )
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        self.sources: Mapping[str, str] = sources or {}

    def __str__(self) -> str:
        return "\n".join(
            item.render(self.sources.get(item.span.path, "")) for item in self.diagnostics
        )
