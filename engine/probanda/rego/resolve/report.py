"""What the resolver has to say about the modules, gathered until the end.

Rules:

- Errors are raised all at once, in the order of the compiler's stages and then of the files;
  the first one is therefore the one that OPA shows.
- A name in a message is the one that was written: `x`, not `x#1`; `_`, not `$3`.

Example:
    report.error(Stage.SAFETY, "rego_unsafe_var_error", "var x is unsafe", span)
    report.raise_errors(sources)
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from probanda.rego.ast import Span
from probanda.rego.diagnostic import Diagnostic, RegoErrors

COMPILE: Final = "rego_compile_error"
TYPE: Final = "rego_type_error"
UNSAFE: Final = "rego_unsafe_var_error"
RECURSION: Final = "rego_recursion_error"
PARSE: Final = "rego_parse_error"


class Stage(IntEnum):
    """The stages of the compiler, in order."""

    MODULES = 0
    NAMES = 1
    CONFLICTS = 2
    FUNCTIONS = 3
    SAFETY = 4
    RECURSION = 5
    TYPES = 6


class Report:
    """Errors and warnings so far."""

    def __init__(self) -> None:
        self._errors: dict[tuple[Stage, Span, str], Diagnostic] = {}
        self._warnings: dict[tuple[Span, str], Diagnostic] = {}

    def error(self, stage: Stage, code: str, message: str, span: Span, hint: str = "") -> None:
        """Add an error; the same one at the same place counts once."""
        key = (stage, span, message)
        self._errors.setdefault(key, Diagnostic(code, message, span, hint))

    def warn(self, message: str, span: Span, hint: str = "", code: str = COMPILE) -> None:
        """Add a warning."""
        key = (span, message)
        self._warnings.setdefault(key, Diagnostic(code, message, span, hint, warning=True))

    @property
    def count(self) -> int:
        """How many errors there are."""
        return len(self._errors)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """Warnings in the order of the files."""
        return tuple(
            sorted(self._warnings.values(), key=lambda item: (_place(item.span), item.message))
        )

    def messages(self) -> list[str]:
        """The errors' messages as they were added."""
        return [item.message for item in self._errors.values()]

    def raise_errors(self, sources: Mapping[str, str]) -> None:
        """Raise what was gathered.

        Raises:
            RegoErrors: there was an error.
        """
        if not self._errors:
            return
        items = sorted(
            self._errors.items(), key=lambda item: (item[0][0], _place(item[0][1]), item[0][2])
        )
        raise RegoErrors([diagnostic for _, diagnostic in items], sources)


def _place(span: Span) -> tuple[str, int, int]:
    return span.path, span.row, span.column
