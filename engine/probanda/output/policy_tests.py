"""Results of policy tests: text, JSON, JUnit XML; coverage as text and as OPA's JSON.

Rules:

- Text shows what did not pass, with its explanation, and one line of counts for each suite.
- JSON holds every result; of tests in the shape of `opa test --format json`.
- JUnit: a suite for each policy; failures, errors and skips are told apart.

Example:
    print(render_text([report]))
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from probanda.gates.policy_tests import CaseOutcome, TestReport, policy_coverage
from probanda.output.text import clean
from probanda.rego.ast import Span
from probanda.rego.explain import render as render_explanation
from probanda.rego.testing import TestResult

_WORDS = {"pass": "passed", "fail": "failed", "error": "errors", "skip": "skipped"}
_INDENT = "    "


def render_text(reports: Sequence[TestReport]) -> str:
    """For people."""
    lines: list[str] = []
    for report in reports:
        for test in report.tests:
            lines += _test_lines(test)
        for case in report.cases:
            lines += _case_lines(case)
        lines.append(_summary(report))
        if not report.ran:
            lines.append("nothing ran, so nothing has passed")
    lines += coverage_lines(reports)
    return "\n".join(lines) + "\n"


def _test_lines(result: TestResult) -> Iterator[str]:
    if result.passed and not result.output:
        return
    where = result.test.location
    yield f"{result.status.upper()} {clean(result.test.name)}  {where.path}:{where.line}"
    if result.message:
        yield from _indented(result.message)
    for case in result.cases:
        if case.status != "pass":
            yield from case.lines(_INDENT)
    if result.output:
        yield f"{_INDENT}printed:"
        yield from _indented(result.output, _INDENT * 2)
    if result.explanation is not None:
        yield from _indented(render_explanation(result.explanation))


def _case_lines(case: CaseOutcome) -> Iterator[str]:
    if case.status != "pass":
        yield f"{case.status.upper()} {clean(case.path)}  {clean(case.title)}"
        yield from _indented(case.message)


def _indented(text: str, indent: str = _INDENT) -> Iterator[str]:
    for line in text.splitlines():
        yield f"{indent}{clean(line)}" if line else ""


def _summary(report: TestReport) -> str:
    name = f"{report.name}: " if report.name else ""
    cases = f" and {len(report.cases)} case(s)" if report.cases else ""
    counts = [f"{report.count(status)} {word}" for status, word in _WORDS.items()]
    told = [
        text
        for text, status in zip(counts, _WORDS, strict=True)
        if status == "pass" or report.count(status)
    ]
    return f"{name}{len(report.tests)} test(s){cases}: {', '.join(told)}"


# --- coverage --------------------------------------------------------------------------------


def coverage_lines(reports: Sequence[TestReport]) -> Iterator[str]:
    """What was not covered, file by file, and the total; nothing where nobody asked."""
    if not any(report.coverage for report in reports):
        return
    for report in reports:
        files = {} if report.coverage is None else report.coverage.files()
        for path, each in files.items():
            missing, never = _ranges(each.not_covered), _ranges(each.never_true)
            notes = [
                *([f"not covered: {missing}"] if missing else []),
                *([f"never true: {never}"] if never else []),
            ]
            if notes and not path.endswith("_test.rego"):
                yield f"{clean(path)}: {each.percent:.1f}%; {'; '.join(notes)}"
    yield f"coverage of the policies: {policy_coverage(reports):.1f}% of lines"


def _ranges(spans: Iterable[Span]) -> str:
    """Lines, neighbours together: `3, 5-7`."""
    rows = sorted(
        {row for each in spans for row in range(each.row, (each.end_row or each.row) + 1)}
    )
    found: list[list[int]] = []
    for row in rows:
        if found and row == found[-1][1] + 1:
            found[-1][1] = row
        else:
            found.append([row, row])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


# --- documents -------------------------------------------------------------------------------


def to_json(reports: Sequence[TestReport], *, exit_code: int) -> dict[str, Any]:
    """Everything; `coverage` is what `opa test --coverage` prints."""
    document: dict[str, Any] = {
        "suites": [
            {
                "name": report.name,
                "tests": [test.to_json() for test in report.tests],
                "cases": [_case_json(case) for case in report.cases],
            }
            for report in reports
        ],
        "counts": {
            word: sum(report.count(status) for report in reports) for status, word in _WORDS.items()
        },
        "exitCode": exit_code,
    }
    if any(report.coverage for report in reports):
        document["coverage"] = coverage_json(reports)
    return document


def coverage_json(reports: Sequence[TestReport]) -> dict[str, Any]:
    """The coverage of all suites as one document in OPA's shape."""
    parts = [report.coverage.to_json() for report in reports if report.coverage is not None]
    covered, missing = (
        sum(part[name] for part in parts) for name in ("covered_lines", "not_covered_lines")
    )
    return {
        "files": {path: each for part in parts for path, each in part["files"].items()},
        "covered_lines": covered,
        "not_covered_lines": missing,
        "coverage": 100.0 * covered / (covered + missing) if covered + missing else 0.0,
    }


def _case_json(case: CaseOutcome) -> dict[str, str]:
    document = {"path": case.path, "title": case.title, "status": case.status}
    return document | ({"message": case.message} if case.message else {})


def render_junit(reports: Sequence[TestReport]) -> str:
    """JUnit XML, as CI systems read it; without times, which differ from run to run."""
    root = ET.Element("testsuites", name="probanda rego test")
    for report in reports:
        counts = {
            "tests": str(len(report.tests) + len(report.cases)),
            "failures": str(report.count("fail")),
            "errors": str(report.count("error")),
            "skipped": str(report.count("skip")),
        }
        suite = ET.SubElement(root, "testsuite", {"name": report.name or "rego", **counts})
        for test in report.tests:
            where = test.test.location
            package = ".".join(("data", *test.test.package))
            message = "\n".join(_test_lines(test)) if not test.passed else ""
            element = _testcase(suite, package, test.test.title, test.status, message)
            element.set("file", where.path)
            element.set("line", str(where.line))
            if test.output:
                ET.SubElement(element, "system-out").text = _xml(test.output)
        for case in report.cases:
            element = _testcase(suite, report.name, case.path, case.status, case.message)
            element.set("file", _xml(case.path))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _testcase(
    suite: ET.Element, classname: str, name: str, status: str, message: str
) -> ET.Element:
    element = ET.SubElement(suite, "testcase", classname=_xml(classname), name=_xml(name))
    if status == "skip":
        ET.SubElement(element, "skipped")
    elif status != "pass":
        kind = "failure" if status == "fail" else "error"
        first = message.splitlines()[0] if message else status
        ET.SubElement(element, kind, message=_xml(first)).text = _xml(message)
    return element


def _xml(text: str) -> str:
    """Text without what XML 1.0 cannot hold."""
    return "\n".join(clean(line) for line in text.splitlines())
