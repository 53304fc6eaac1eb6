"""Cobertura's and JaCoCo's XML, counted line by line.

Rules, beside those of `from: coverage`:

- Cobertura: totals and rates are compared with either way of counting that tools use, by
  class or by file. A rate is compared in the digits that it has. Lines of a method count
  where their class does not list them. `timestamp` is in milliseconds, or seconds since some
  tools write those.
- JaCoCo: counters `LINE` and `BRANCH` of files, packages and the report must agree with the
  lines. A package compiled without debug information has no files; its counters then count
  under the package's name. The oldest session's end is when the report was made.

Example:

    >>> read_jacoco(parse_xml(data, path="jacoco.xml", doctype="report"), "jacoco.xml", check=True)
    Report(files=(FileCoverage(path='app/Main.java', lines=(3, 13), branches=(1, 4)),), …)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import NoReturn
from xml.etree.ElementTree import Element

from probanda.collect.formats.covered import FileCoverage, LineCount, Report, file_coverage
from probanda.errors import CollectError
from probanda.model.instant import format_instant
from probanda.model.location import Location

_COUNT = re.compile(r"[0-9]{1,15}", re.ASCII)
# Go and .NET write hits as floats once they are many.
_HITS = re.compile(r"[0-9]{1,15}(?:\.0+)?", re.ASCII)
_RATE = re.compile(r"(?P<whole>[01])(?:\.(?P<digits>[0-9]{1,30}))?", re.ASCII)
_CONDITION = re.compile(r"[0-9.]{1,20}%\s*\(\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*\)", re.ASCII)
# Milliseconds passed this number in 1973; seconds will in the year 5138.
_MILLISECONDS = 10**11
_HINT = "it is cut off, was edited, or counts other things (option `stated: ignore`)"

Counts = tuple[int, int]


def read_cobertura(root: Element, source: str, *, check: bool) -> Report:
    """A report whose root is `coverage`."""
    files: dict[str, dict[int, LineCount]] = {}
    by_class: list[FileCoverage] = []
    for one in root.iter("class"):
        path = _attribute(one, "filename", source).replace("\\", "/")
        own = _class_lines(one, path, source)
        by_class.append(file_coverage(path, own))
        merged = files.setdefault(path, {})
        for number, line in own.items():
            merged.setdefault(number, LineCount()).add(covered=line.covered, branches=line.branches)
    if root.find("packages") is None:
        _refuse(source, "no Cobertura report: it lists no packages")
    result = tuple(file_coverage(path, lines) for path, lines in sorted(files.items()))
    if check:
        sums = [FileCoverage.sum(result), FileCoverage.sum(by_class)]
        _check(root, "lines", "line-rate", [one.lines for one in sums], source)
        _check(root, "branches", "branch-rate", [one.branches for one in sums], source)
    return Report(result, produced_at=_moment(root.get("timestamp", "")))


def _class_lines(one: Element, path: str, source: str) -> dict[int, LineCount]:
    """Lines of a class by number."""
    lines: dict[int, LineCount] = {}
    for line in one.iterfind("lines/line"):
        number, covered, branches = _line(line, path, source)
        lines.setdefault(number, LineCount()).add(covered=covered, branches=branches)
    listed = frozenset(lines)
    for line in one.iterfind("methods/method/lines/line"):
        number, covered, branches = _line(line, path, source)
        if number not in listed:
            lines.setdefault(number, LineCount()).add(covered=covered, branches=branches)
    return lines


def _line(line: Element, path: str, source: str) -> tuple[int, bool, Counts]:
    """Number, whether it was run, and branches of a line."""
    number = _count(line, "number", source)
    hits = _attribute(line, "hits", source)
    if not _HITS.fullmatch(hits):
        _refuse(source, f"{path[:200]}:{number} has hits that are no number")
    if line.get("branch", "false").lower() != "true":
        return number, float(hits) > 0, (0, 0)
    condition = _CONDITION.fullmatch(line.get("condition-coverage", ""))
    if condition is None or int(condition[1]) > int(condition[2]):
        _refuse(source, f"{path[:200]}:{number} has a branch without its condition-coverage")
    return number, float(hits) > 0, (int(condition[1]), int(condition[2]))


def _check(root: Element, what: str, rate: str, counted: list[Counts], source: str) -> None:
    """Totals and rate that the root states, against either way of counting."""
    names = (f"{what}-covered", f"{what}-valid")
    stated = [_count(root, name, source) if root.get(name) else None for name in names]
    for index, name in enumerate(names):
        if stated[index] is not None and all(stated[index] != one[index] for one in counted):
            _refuse(
                source,
                f"it states {name}={stated[index]}, its lines show {counted[0][index]}",
                hint=_HINT,
            )
    text = root.get(rate, "")
    if text and not any(_is_rate(text, one, rate, source) for one in counted):
        shown = "/".join(str(number) for number in counted[0])
        _refuse(source, f"it states {rate}={text[:30]}, its lines show {shown}", hint=_HINT)


def _is_rate(text: str, counted: Counts, rate: str, source: str) -> bool:
    """Whether the stated rate is the counted one, in the digits that it has, at least two."""
    match = _RATE.fullmatch(text)
    if match is None:
        _refuse(source, f"{rate} is no number from 0 to 1")
    if not counted[1]:
        return True
    digits = max(2, len(match["digits"] or ""))
    return abs(Fraction(text) - Fraction(*counted)) <= Fraction(1, 10 ** min(digits, 9))


def read_jacoco(root: Element, source: str, *, check: bool) -> Report:
    """A report whose root is `report`."""
    tags = {child.tag for child in root} - {"sessioninfo", "group", "package", "counter"}
    if tags or root.get("name") is None:
        _refuse(source, "no JaCoCo report: it has no name, or holds other elements")
    files: dict[str, FileCoverage] = {}
    for prefix, package in _packages(root, ""):
        own = list(_package_files(package, prefix, source, check=check))
        if check:
            _check_counters(package, own, source)
        for one in own:
            if one.path in files:
                _refuse(source, f"file {one.path[:200]!r} is there twice")
            files[one.path] = one
    result = tuple(files.values())
    if check:
        _check_counters(root, list(result), source)
    dumps = [_attribute(one, "dump", source) for one in root.iter("sessioninfo")]
    times = [_moment(text) for text in dumps]
    return Report(result, produced_at=min(times) if times and all(times) else "")


def _packages(holder: Element, prefix: str) -> Iterator[tuple[str, Element]]:
    """Packages, and the groups that they are in as a prefix; the parser bounds the depth."""
    for package in holder.findall("package"):
        yield prefix, package
    for group in holder.findall("group"):
        yield from _packages(group, f"{prefix}{group.get('name', '')}/")


def _package_files(
    package: Element, prefix: str, source: str, *, check: bool
) -> Iterator[FileCoverage]:
    name = f"{prefix}{package.get('name', '')}"
    found = package.findall("sourcefile")
    for file in found:
        path = f"{name}/{_attribute(file, 'name', source)}"
        lines: dict[int, LineCount] = {}
        for line in file.findall("line"):
            number = _count(line, "nr", source)
            if number in lines:
                _refuse(source, f"{path[:200]}:{number} is there twice")
            missed, covered = (_count(line, key, source) for key in ("mb", "cb"))
            lines[number] = LineCount(_count(line, "ci", source) > 0, (covered, missed + covered))
        coverage = file_coverage(path, lines)
        if check:
            _check_counters(file, [coverage], source)
        yield coverage
    if not found:
        stated = _counters(package, source)
        yield FileCoverage(name, stated.get("LINE", (0, 0)), stated.get("BRANCH", (0, 0)))


def _counters(holder: Element, source: str) -> Mapping[str, Counts]:
    """Covered and in all, by type."""
    found: dict[str, Counts] = {}
    for counter in holder.findall("counter"):
        missed, covered = (_count(counter, key, source) for key in ("missed", "covered"))
        found[_attribute(counter, "type", source)] = (covered, missed + covered)
    return found


def _check_counters(holder: Element, files: list[FileCoverage], source: str) -> None:
    """Counters of a file, package or report against its lines; JaCoCo leaves out zeros."""
    stated, total = _counters(holder, source), FileCoverage.sum(files)
    for kind, counted in (("LINE", total.lines), ("BRANCH", total.branches)):
        claim = stated.get(kind, (0, 0))
        if claim != counted:
            place = f"{holder.tag} {holder.get('name', '')[:200]!r}"
            _refuse(
                source,
                f"{place} states {claim[0]} of {claim[1]} for {kind}, "
                f"its lines show {counted[0]} of {counted[1]}",
                hint=_HINT,
            )


def _moment(text: str) -> str:
    """An instant from seconds or milliseconds since 1970; empty for anything else."""
    if not _COUNT.fullmatch(text):
        return ""
    seconds = int(text) // 1000 if int(text) >= _MILLISECONDS else int(text)
    try:
        return format_instant(datetime.fromtimestamp(seconds, UTC)) if seconds else ""
    except (OverflowError, ValueError):
        return ""


def _attribute(element: Element, key: str, source: str) -> str:
    text = element.get(key, "")
    if not text:
        _refuse(source, f"a {element.tag} has no {key}")
    return text


def _count(element: Element, key: str, source: str) -> int:
    text = _attribute(element, key, source)
    if not _COUNT.fullmatch(text):
        _refuse(source, f"a {element.tag} has a {key} that is no count")
    return int(text)


def _refuse(source: str, reason: str, *, hint: str | None = None) -> NoReturn:
    raise CollectError(reason, location=Location(source), hint=hint)
