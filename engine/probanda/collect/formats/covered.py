"""Lines and branches of a file, and totals that a report states of them.

Example:

    >>> FileCoverage("a.py", lines=(8, 10), branches=(0, 0)).counts()["lines"]
    {'covered': 8, 'total': 10}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """What is covered of a file.

    Attributes:
        path: as the report states it, with `/`.
        lines: covered and in all.
        branches: covered and in all.
    """

    path: str
    lines: tuple[int, int]
    branches: tuple[int, int]

    def counts(self) -> dict[str, Any]:
        """Lines and branches as plain values."""
        return {
            "lines": {"covered": self.lines[0], "total": self.lines[1]},
            "branches": {"covered": self.branches[0], "total": self.branches[1]},
        }

    @classmethod
    def sum(cls, files: Iterable[FileCoverage]) -> FileCoverage:
        """All of them together."""
        lines, branches = (0, 0), (0, 0)
        for one in files:
            lines = (lines[0] + one.lines[0], lines[1] + one.lines[1])
            branches = (branches[0] + one.branches[0], branches[1] + one.branches[1])
        return cls("", lines, branches)


@dataclass(frozen=True, slots=True)
class Report:
    """A coverage report.

    Attributes:
        files: each once.
        producer: tool and version; may be empty.
        produced_at: RFC 3339 UTC instant; may be empty.
    """

    files: tuple[FileCoverage, ...]
    producer: str = ""
    produced_at: str = ""


@dataclass
class LineCount:
    """One line, met once or several times: covered where it was covered once.

    Attributes:
        covered: whether it was run.
        branches: covered and in all; those of several classes on one line add up.
    """

    covered: bool = False
    branches: tuple[int, int] = (0, 0)

    def add(self, *, covered: bool, branches: tuple[int, int]) -> None:
        """Meet the line again."""
        self.covered = self.covered or covered
        self.branches = (self.branches[0] + branches[0], self.branches[1] + branches[1])


def file_coverage(path: str, lines: Mapping[int, LineCount]) -> FileCoverage:
    """A file's coverage from its lines."""
    return FileCoverage(
        path,
        (sum(one.covered for one in lines.values()), len(lines)),
        (
            sum(one.branches[0] for one in lines.values()),
            sum(one.branches[1] for one in lines.values()),
        ),
    )
