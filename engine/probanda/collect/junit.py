"""JUnit XML, the dialects of pytest, Surefire, Gradle, gtest and others.

Data: `{tests, counts, duplicates}`. A test is `{id, classname, name, file, status,
message, flaky, seconds}`, sorted by id; status is `passed`, `failed`, `error` or `skipped`;
`seconds` is decimal text, absent where the report does not say how long the test took.

Rules:

- There is no standard, so counts are taken from the test cases. Where a report states
  counts that its test cases do not bear out, it is cut off or edited: refused.
  Tolerance exists only where tools are known to differ, and only beside errors:
  pytest counts a test twice when its teardown fails, and Ant's errors of a suite
  belong to no test.
- An error or failure of a suite itself is a test case named `(suite)`.
- Several test cases with one id are one test with the worst status, and are listed in
  `duplicates`.
- A test that Surefire ran again and that then passed is `passed` and `flaky`; how strict
  to be is a policy's matter.
- No test cases at all is a report with zero tests; whether that passes is not decided here.
- A time without a zone is not an instant: `produced_at` stays empty unless every stated
  time has one; the oldest counts.

Example:

    >>> JunitCollector().read(data, source="junit.xml", options={}).data["counts"]["failed"]
    0
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree.ElementTree import Element

from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.errors import CollectError
from probanda.model.instant import format_instant, parse_instant
from probanda.parse.xml import parse_xml

# Worst last.
_STATUSES = ("passed", "skipped", "failed", "error")
_MAX_MESSAGE = 200
_MAX_SECONDS = 1_000_000_000

# Surefire's `rerun…` stand beside a failure that stayed; `flaky…` beside a test that passed.
_CHILDREN = {
    "skipped": "skipped",
    "failure": "failed",
    "rerunFailure": "failed",
    "error": "error",
    "rerunError": "error",
}
# gtest and CTest say in an attribute what others say in an element.
_ATTRIBUTE = {
    "notrun": "skipped",
    "disabled": "skipped",
    "skipped": "skipped",
    "ignored": "skipped",
    "fail": "failed",
    "failed": "failed",
    "failure": "failed",
    "error": "error",
}
_SUITE_TAGS = frozenset({"testsuites", "testsuite"})


@dataclass(frozen=True, slots=True)
class _Case:
    """One test case as written."""

    classname: str
    name: str
    file: str
    status: str
    message: str
    flaky: bool
    elements: frozenset[str]
    in_suite: bool = False
    seconds: str = ""

    @property
    def id(self) -> str:
        return f"{self.classname}.{self.name}" if self.classname else self.name


class JunitCollector:
    """`from: junit`."""

    name = "junit"
    media_type = "application/xml"
    timestamped = True
    max_bytes = 64 << 20
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {
        "tests": [],
        "counts": {"tests": 0, "passed": 0, "failed": 0, "errors": 0, "skipped": 0},
        "duplicates": [],
    }

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """Tests and their outcomes.

        Raises:
            ParseError: not XML, or XML with a document type.
            CollectError: not a JUnit report, or one that contradicts itself.
        """
        root = parse_xml(data, path=source)
        if root.tag not in _SUITE_TAGS:
            raise CollectError(f"{source} is no JUnit report: its root is {root.tag[:80]!r}")
        cases = _read_suite(root, source)
        written = sum(1 for _ in root.iter("testcase"))
        if written != sum(not case.in_suite for case in cases):
            raise CollectError(f"{source} has test cases outside of test suites")
        tests, duplicates = _merge(cases)
        statuses = Counter(test["status"] for test in tests)
        value = {
            "tests": tests,
            "counts": {
                "tests": len(tests),
                "passed": statuses["passed"],
                "failed": statuses["failed"],
                "errors": statuses["error"],
                "skipped": statuses["skipped"],
            },
            "duplicates": duplicates,
        }
        return Reading(value, self.media_type, produced_at=_produced_at(root))


def _read_suite(suite: Element, source: str) -> list[_Case]:
    """Test cases of a suite and those inside it; its stated counts are checked."""
    own = [_read_case(case, suite, source) for case in suite.findall("testcase")]
    own += list(_suite_errors(suite))
    inner = [case for tag in sorted(_SUITE_TAGS) for one in suite.findall(tag)
             for case in _read_suite(one, source)]  # fmt: skip
    # Some tools count a suite's own test cases, most those of inner suites as well.
    problems = [_disagreement(suite, cases, source) for cases in (own + inner, own)]
    if all(problems):
        raise CollectError(problems[0], hint="the report is cut off or was edited: run again")
    return own + inner


def _read_case(case: Element, suite: Element, source: str) -> _Case:
    """One test case; the worst of what it says about itself is its status."""
    name = case.get("name", "")
    if not name:
        raise CollectError(f"{source} has a test case without a name")
    marks = [child for child in case if child.tag in _CHILDREN]
    words = [case.get(key, "").lower() for key in ("status", "result")]
    stated = max((_ATTRIBUTE.get(word, "passed") for word in words), key=_STATUSES.index)
    status = max([stated, *(_CHILDREN[mark.tag] for mark in marks)], key=_STATUSES.index)
    message = next((_message(mark) for mark in marks if _CHILDREN[mark.tag] == status), "")
    elements = {_CHILDREN[mark.tag] for mark in marks} | ({stated} - {"passed"})
    return _Case(
        classname=case.get("classname", ""),
        name=name,
        file=case.get("file") or suite.get("file") or "",
        status=status,
        message=message,
        flaky=any(child.tag in {"flakyFailure", "flakyError"} for child in case),
        elements=frozenset(elements),
        seconds=_seconds(case.get("time", "")),
    )


def _suite_errors(suite: Element) -> Iterator[_Case]:
    """Errors and failures that belong to a suite rather than to a test case."""
    for mark in suite:
        if mark.tag in {"error", "failure"}:
            status = _CHILDREN[mark.tag]
            yield _Case(
                classname=suite.get("name", ""),
                name="(suite)",
                file=suite.get("file") or "",
                status=status,
                message=_message(mark),
                flaky=False,
                elements=frozenset({status}),
                in_suite=True,
            )


def _disagreement(suite: Element, cases: list[_Case], source: str) -> str:
    """In which stated count the suite and its test cases differ; empty when in none."""
    failures = sum("failed" in case.elements for case in cases)
    errors = sum("error" in case.elements for case in cases)
    skipped = sum(case.status == "skipped" for case in cases)
    found = {"tests": len(cases), "failures": failures, "errors": errors, "skipped": skipped}
    stated = {key: _count(suite, key, source) for key in (*found, "disabled")}
    if stated["disabled"] is not None:
        stated["skipped"] = stated["disabled"] + (stated["skipped"] or 0)
    place = f"{source}: suite {suite.get('name', suite.tag)[:80]!r}"
    for key, number in found.items():
        claim = stated[key]
        # Tools differ on whether a suite's own error counts; pytest counts twice, or once
        # for two test cases, only where there is an error.
        tolerance = sum(case.in_suite for case in cases) + (errors if key == "tests" else 0)
        if claim is not None and abs(claim - number) > tolerance:
            return f"{place} states {key}={claim}, its test cases show {number}"
    return ""


def _count(suite: Element, key: str, source: str) -> int | None:
    """A stated count."""
    text = suite.get(key)
    if text is None and key == "skipped":
        text = suite.get("skip")  # nose, xUnit
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise CollectError(f"{source}: {key}={text[:20]!r} is no count")
    return int(text)


def _merge(cases: list[_Case]) -> tuple[list[dict[str, Any]], list[str]]:
    """Tests by id, worst status first come, and the ids that occur more than once."""
    worst: dict[str, _Case] = {}
    times: Counter[str] = Counter()
    for case in cases:
        times[case.id] += 1
        known = worst.get(case.id)
        if known is None or _STATUSES.index(case.status) > _STATUSES.index(known.status):
            worst[case.id] = case
    tests = [
        {
            "id": identity,
            "classname": case.classname,
            "name": case.name,
            "file": case.file,
            "status": case.status,
            "message": case.message,
            "flaky": case.flaky,
            **({"seconds": case.seconds} if case.seconds else {}),
        }
        for identity, case in sorted(worst.items())
    ]
    return tests, sorted(identity for identity, number in times.items() if number > 1)


def _seconds(text: str) -> str:
    """A stated time as plain decimal text; empty where it is none. Surefire writes `1,234.5`."""
    try:
        number = Decimal(text.strip().replace(",", ""))
    except InvalidOperation:
        return ""
    if not (number.is_finite() and 0 <= number < _MAX_SECONDS):
        return ""
    return format(round(number, 9).normalize(), "f")


def _message(mark: Element) -> str:
    """First line of the message, or of the text."""
    text = (mark.get("message") or "").strip() or "".join(mark.itertext()).strip()
    line = text.partition("\n")[0].strip()
    return line if len(line) <= _MAX_MESSAGE else line[: _MAX_MESSAGE - 1] + "…"


def _produced_at(root: Element) -> str:
    """The oldest stated time, when all have a zone."""
    stated = [suite.get("timestamp", "") for suite in root.iter() if suite.tag in _SUITE_TAGS]
    try:
        moments = [parse_instant(text) for text in stated if text]
    except ValueError:
        return ""
    return format_instant(min(moments)) if moments else ""
