"""A place in a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a text file.

    Attributes:
        path: POSIX path, relative to the project where possible.
        line: 1-based; 0 when only the file is known.
        column: 1-based; 0 when only the line is known.
    """

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.path
        if not self.column:
            return f"{self.path}:{self.line}"
        return f"{self.path}:{self.line}:{self.column}"

    def to_json(self) -> dict[str, object]:
        """`{path, line?, column?}`."""
        document: dict[str, object] = {"path": self.path}
        if self.line:
            document["line"] = self.line
        if self.column:
            document["column"] = self.column
        return document
