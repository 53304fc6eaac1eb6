"""JUnit XML: one suite a gate, one case a check.

Rules:

- `fail` is a failure in every mode; the suite's properties and the failure's text say what the
  gate makes of it. `error` and `notEvaluated` are errors, never skipped. `skipped` has its
  reason. `waived` passes and lists what was excused.
- A gate without checks, and a run without gates, is a case with an error: zero tests would be
  green in many a viewer.
- No time is stated: how long a gate took is no part of its decision.
- Characters that XML cannot hold are shown as escapes.

Example:
    print(render(RunReport(run.decisions, exit_code=1)))
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from probanda.model.decision import CheckResult, Decision
from probanda.model.finding import Finding
from probanda.model.outcome import Mode, Outcome
from probanda.output.interface import RunReport
from probanda.output.places import check_place
from probanda.output.safe_text import clean, cut
from probanda.output.summary import EMPTY_GATE, NO_GATE, changes, replay

# Findings told per check, and characters of each text; the JSON output holds everything.
SHOWN_FINDINGS = 1_000
MAX_TEXT = 2_000

_KINDS = {
    Outcome.FAIL: "failure",
    Outcome.ERROR: "error",
    Outcome.NOT_EVALUATED: "error",
    Outcome.SKIPPED: "skipped",
}
_LENIENT = {Mode.WARN: " (reported, not enforced)", Mode.SHADOW: " (recorded, not enforced)"}


def render(report: RunReport) -> str:
    """The XML of a run, ending in a newline."""
    root = Element("testsuites", {"name": "probanda"})
    for decision in report.decisions:
        _suite(root, decision, report)
    if not report.decisions:
        suite = SubElement(root, "testsuite", {"name": "probanda"})
        _nothing(suite, "probanda", NO_GATE)
    for element in (root, *root):
        _count(element)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _suite(root: Element, decision: Decision, report: RunReport) -> None:
    attributes = {"name": decision.gate, "timestamp": decision.as_of}
    suite = SubElement(root, "testsuite", attributes)
    properties = SubElement(suite, "properties")
    stated = {
        "title": decision.title,
        "mode": decision.mode.value,
        "outcome": decision.outcome.value,
        "exitCode": str(decision.exit_code),
        "tenant": decision.tenant,
        "judgingCommit": decision.content.base_commit,
        "replay": replay(decision, report),
    }
    for name, value in stated.items():
        if value:
            SubElement(properties, "property", {"name": name, "value": _text(value)})
    for check in decision.checks:
        _case(suite, check, decision, report)
    if not decision.checks:
        _nothing(suite, decision.gate, EMPTY_GATE)


def _case(suite: Element, check: CheckResult, decision: Decision, report: RunReport) -> None:
    attributes = {"classname": f"probanda.{decision.gate}", "name": check.id}
    if (place := check_place(check, decision, report)) is not None:
        attributes |= {"file": _text(place.path), "line": str(place.line)}
    case = SubElement(suite, "testcase", attributes)
    if (kind := _KINDS.get(check.outcome)) is not None:
        said = check.reason or _headline(check.findings)
        said += _LENIENT.get(decision.mode, "") if check.outcome is Outcome.FAIL else ""
        told = SubElement(case, kind, {"message": _text(said)})
        if check.outcome is not Outcome.SKIPPED:
            told.set("type", check.outcome.value)
        if lines := [*_lines(check, decision, report)]:
            told.text = "\n" + "\n".join(lines) + "\n"
    if check.waived:
        SubElement(case, "system-out").text = "\n" + "\n".join(_waived(check)) + "\n"


def _nothing(suite: Element, name: str, why: str) -> None:
    case = SubElement(suite, "testcase", {"classname": f"probanda.{name}", "name": "(nothing)"})
    SubElement(case, "error", {"message": why, "type": Outcome.NOT_EVALUATED.value})


def _headline(findings: tuple[Finding, ...]) -> str:
    first, more = findings[0], len(findings) - 1
    return f"{first.rule}: {first.message}" + (f" (and {more} more)" if more else "")


def _lines(check: CheckResult, decision: Decision, report: RunReport) -> Iterator[str]:
    """What a failed or undecided check has to say, below its headline."""
    if check.hint:
        yield f"hint: {_text(check.hint)}"
    for finding in check.findings[:SHOWN_FINDINGS]:
        yield f"{finding.rule} ({finding.severity.value}) {_text(finding.key)}"
        yield f"  why: {_text(finding.message)}"
        for change in changes(finding, check, decision, report):
            yield f"  {change.kind}: {change.command or _text(change.text)}"
        if finding.location is not None:
            yield f"  where: {_text(str(finding.location))}"
    if (hidden := len(check.findings) - SHOWN_FINDINGS) > 0:
        yield f"… and {hidden} more; --output json holds all"


def _waived(check: CheckResult) -> Iterator[str]:
    for waived in check.waived[:SHOWN_FINDINGS]:
        finding = waived.finding
        yield f"waived by {_text(waived.by)}: {finding.rule} {_text(finding.key)}"
    if (hidden := len(check.waived) - SHOWN_FINDINGS) > 0:
        yield f"… and {hidden} more; --output json holds all"


def _count(element: Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for attribute, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(attribute, str(sum(case.find(kind) is not None for case in cases)))


def _text(text: str) -> str:
    return cut(clean(text), MAX_TEXT)
