r"""Annotations of a GitHub job: workflow commands on stdout.

Rules:

- What blocks is an error, what is reported a warning, what is recorded or excused says
  nothing or a notice. Undecided checks block in `enforce` and `warn`, so they are errors there.
- GitHub keeps ten annotations of a kind per step, silently (docs.github.com, "Workflow
  commands", limits): beyond that the last of a kind counts the others.
- One command a line; `%`, line ends, and in properties `:` and `,` are encoded as the
  runner decodes them (actions/toolkit, `command.ts`).

Example:
    ::error file=sbom.cdx.json,line=1,title=denied-license · pull-request/licenses::why
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probanda.model.decision import CheckResult, Decision
from probanda.model.finding import Finding
from probanda.model.location import Location
from probanda.model.outcome import EXIT_PASS, Mode
from probanda.output.interface import RunReport
from probanda.output.places import check_place, where
from probanda.output.safe_text import clean, cut
from probanda.output.summary import EMPTY_GATE, NO_GATE, UNDECIDED, verdict

MAX_PER_LEVEL = 10
# GitHub cuts longer texts of an annotation at 64 KB; a title at 255 characters.
MAX_MESSAGE = 4_000
MAX_TITLE = 255

_LEVEL = {Mode.ENFORCE: "error", Mode.WARN: "warning", Mode.SHADOW: "notice"}
_LEVELS = ("error", "warning", "notice")


@dataclass(frozen=True, slots=True)
class _Annotation:
    level: str
    title: str
    message: str
    place: Location | None = None


def render(report: RunReport) -> str:
    """The workflow commands of a run, one a line, the verdict first."""
    found = verdict(report)
    level = "notice" if report.exit_code == EXIT_PASS else "error"
    said = f"{found.word}  {found.tail} (exit {report.exit_code})"
    annotations = [_Annotation(level, "probanda", said), *_annotations(report)]
    lines = [
        _command(each)
        for level in _LEVELS
        for each in _bounded([each for each in annotations if each.level == level])
    ]
    return "\n".join(lines) + "\n"


def _annotations(report: RunReport) -> Iterator[_Annotation]:
    if not report.decisions:
        yield _Annotation("error", "probanda", NO_GATE)
    for decision in report.decisions:
        undecided = "notice" if decision.mode is Mode.SHADOW else "error"
        if not decision.checks:
            yield _Annotation(undecided, decision.gate, EMPTY_GATE)
        for check in decision.checks:
            if check.outcome in UNDECIDED:
                said = check.reason + (f"\nhint: {check.hint}" if check.hint else "")
                title = f"{check.outcome.value} · {decision.gate}/{check.id}"
                place = check_place(check, decision, report)
                yield _Annotation(undecided, title, said, place)
            for finding in check.findings:
                yield _annotation(finding, check, decision, report)


def _annotation(
    finding: Finding, check: CheckResult, decision: Decision, report: RunReport
) -> _Annotation:
    lines = [finding.message, *([f"fix: {finding.remediation}"] if finding.remediation else [])]
    return _Annotation(
        _LEVEL[decision.mode],
        f"{finding.rule} · {decision.gate}/{check.id}",
        "\n".join([*map(clean, lines), f"id: {finding.fingerprint}"]),
        where(finding, check, decision, report),
    )


def _bounded(annotations: list[_Annotation]) -> Iterator[_Annotation]:
    if len(annotations) <= MAX_PER_LEVEL:
        yield from annotations
        return
    yield from annotations[: MAX_PER_LEVEL - 1]
    hidden = len(annotations) - (MAX_PER_LEVEL - 1)
    level = annotations[0].level
    said = f"and {hidden} more; GitHub keeps {MAX_PER_LEVEL} of a kind. The job's log has all"
    yield _Annotation(level, "probanda", said)


def _command(annotation: _Annotation) -> str:
    properties = {}
    if annotation.place is not None:
        properties["file"] = clean(annotation.place.path)
        properties["line"] = str(annotation.place.line or 1)
        if annotation.place.column:
            properties["col"] = str(annotation.place.column)
    properties["title"] = cut(clean(annotation.title), MAX_TITLE)
    stated = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    lines = [clean(line) for line in annotation.message.split("\n")]
    return f"::{annotation.level} {stated}::{_data(cut(chr(10).join(lines), MAX_MESSAGE))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
