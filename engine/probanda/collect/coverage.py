"""Coverage of lines and branches: Cobertura XML, JaCoCo XML, and coverage.py's JSON.

Data: `{format, files, fileCount, lines, branches}`. A file is `{path, lines, branches}`, sorted
by path; `lines` and `branches` are `{covered, total}`, of a file and of all files. Numbers of
things only: a policy compares `covered * 100 >= total * 80` exactly, where a rate would have been
rounded by somebody else.

Rules:

- Every number is counted from the lines of the report. Totals and rates that it states must
  agree with that: else it is cut off, edited, or counts something other than lines, and is
  refused. The option `stated: ignore` is for tools that do the latter.
- A line of several classes of one file is one line, covered where any of them covers it.
- No lines at all is a report with zero lines; whether that passes is not decided here. A tool
  that counts no branches reports zero of zero.
- What kind of report it is, is seen from its text.

Example:

    >>> CoverageCollector().read(data, source="coverage.xml", options={}).data["lines"]
    {'covered': 812, 'total': 900}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from probanda.collect.formats.coverage_json import read_coverage_json
from probanda.collect.formats.coverage_xml import read_cobertura, read_jacoco
from probanda.collect.formats.covered import FileCoverage
from probanda.collect.interface import Reading
from probanda.collect.json_node import read_node
from probanda.errors import CollectError
from probanda.model.location import Location
from probanda.parse.xml import parse_xml

_HINT = "Cobertura XML, JaCoCo XML, or the JSON of `coverage json`"


class CoverageCollector:
    """`from: coverage`."""

    name = "coverage"
    media_type = "application/xml"
    timestamped = True
    max_bytes = 64 << 20
    options_schema: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"stated": {"enum": ["check", "ignore"]}},
    }
    empty: Mapping[str, Any] = {
        "format": "",
        "files": [],
        "fileCount": 0,
        "lines": {"covered": 0, "total": 0},
        "branches": {"covered": 0, "total": 0},
    }

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:
        """Files and their coverage.

        Raises:
            ParseError: neither XML nor JSON.
            CollectError: no coverage report, or one that contradicts itself.
        """
        check = options.get("stated", "check") == "check"
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            found = read_coverage_json(read_node(data, source=source), check=check)
            value = _value("coverage.py", found.files)
            return Reading(value, "application/json", found.producer, found.produced_at)
        named = {"coverage": ("cobertura", read_cobertura), "report": ("jacoco", read_jacoco)}
        # A document type declaration is accepted for either root, and ignored.
        doctype = "report" if b"<report" in data[:4096] else "coverage"
        root = parse_xml(data, path=source, doctype=doctype)
        if root.tag not in named:
            where = Location(source)
            raise CollectError(
                f"no coverage report: its root is {root.tag[:80]!r}", location=where, hint=_HINT
            )
        word, reader = named[root.tag]
        found = reader(root, source, check=check)
        return Reading(_value(word, found.files), self.media_type, "", found.produced_at)


def _value(word: str, files: Iterable[FileCoverage]) -> dict[str, Any]:
    """The fact's data."""
    ordered = sorted(files, key=lambda one: one.path)
    total = FileCoverage.sum(ordered)
    return {
        "format": word,
        "files": [{"path": one.path, **one.counts()} for one in ordered],
        "fileCount": len(ordered),
        **total.counts(),
    }
