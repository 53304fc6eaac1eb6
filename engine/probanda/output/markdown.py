"""A run as Markdown: the page of a job, and the one comment on a change.

Rules:

- The verdict comes first, then the checks, then each finding with the changes that let it
  pass, what changed since an earlier decision, waivers that end soon, and the replay.
- The first line is a comment by which a poster finds the comment to update.
- Nothing of an artifact becomes markup: see `markdown_text`.
- It fits into a comment: findings that do not fit are counted, never dropped in silence.

Example:
    print(render(RunReport(run.decisions, exit_code=1, catalogue=run.catalogue)))
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta

from probanda.model.decision import CheckResult, Decision
from probanda.model.finding import Finding
from probanda.model.instant import format_instant, parse_instant
from probanda.model.outcome import EXIT_PASS, Mode, Outcome
from probanda.model.waiver import Waiver
from probanda.output.difference import Difference, Item, compare
from probanda.output.interface import RunReport
from probanda.output.markdown_text import cell, code, fenced, prose
from probanda.output.places import where
from probanda.output.summary import EMPTY_GATE, NO_GATE, changes, replay, verdict

MARKER = "<!-- probanda: one comment, updated -->"
# GitHub's limit of a comment's body, in characters; GitLab's is larger.
MAX_COMMENT = 65_536
# Rows of each list beside the findings.
SHOWN = 20
SHOWN_CHECKS = 200
SOON = timedelta(days=30)

_MARKS = {
    Outcome.PASS: "✅",
    Outcome.FAIL: "❌",
    Outcome.WAIVED: "☑️",
    Outcome.SKIPPED: "⏭️",
    Outcome.ERROR: "⚠️",
    Outcome.NOT_EVALUATED: "❓",
}
_LENIENT = {Mode.WARN: "reported, not enforced", Mode.SHADOW: "recorded, not enforced"}


def render(report: RunReport) -> str:
    """The Markdown of a run, at most `MAX_COMMENT` characters, ending in a newline."""
    found = verdict(report)
    mark = "✅" if report.exit_code == EXIT_PASS else "❌"
    head = [MARKER, f"## {mark} {found.word} · {found.tail}", ""]
    head += [*_checks(report)]
    tail = [*_differences(report), *_ending_waivers(report), *_replays(report)]
    room = MAX_COMMENT - len("\n".join([*head, *tail])) - 1_000
    body = _fitting(_findings(report), room)
    text = "\n".join([*head, *body, *tail]) + "\n"
    return text if len(text) <= MAX_COMMENT else _shortest(report)


def _shortest(report: RunReport) -> str:
    """What is left where even the tables do not fit."""
    found = verdict(report)
    said = "Too long for a comment: the job's log and `--output json` have everything."
    return f"{MARKER}\n## {found.word} · {found.tail}\n\n{said}\n"


def _checks(report: RunReport) -> Iterator[str]:
    if not report.decisions:
        yield NO_GATE
        return
    yield from ("| gate | check | outcome | controls | findings |", "|---|---|---|---|---|")
    rows = [(decision, check) for decision in report.decisions for check in decision.checks]
    for decision, check in rows[:SHOWN_CHECKS]:
        outcome = f"{_MARKS[check.outcome]} {check.outcome.value}"
        if check.outcome is Outcome.FAIL and decision.mode in _LENIENT:
            outcome += f" ({_LENIENT[decision.mode]})"
        counts = [str(len(check.findings))] if check.findings else []
        counts += [f"{len(check.waived)} waived"] if check.waived else []
        cells = (
            code(decision.gate),
            code(check.id),
            outcome,
            " ".join(code(name) for name in check.controls[:SHOWN]) or "–",
            ", ".join(counts) or "–",
        )
        yield "| " + " | ".join(map(cell, cells)) + " |"
    for decision in report.decisions:
        if not decision.checks:
            yield f"| {code(decision.gate)} | – | ❓ {EMPTY_GATE} | – | – |"
    if (hidden := len(rows) - SHOWN_CHECKS) > 0:
        yield f"\n… and {hidden} more checks"
    yield ""


def _findings(report: RunReport) -> Iterator[list[str]]:
    """Blocks of lines that belong together: each undecided check, each finding."""
    for decision in report.decisions:
        for check in decision.checks:
            title = f"### {code(f'{decision.gate} / {check.id}')} {check.outcome.value}"
            if check.outcome in {Outcome.ERROR, Outcome.NOT_EVALUATED}:
                lines = [title, "", f"- **why** {code(check.reason)}"]
                yield [*lines, *([f"- **hint** {code(check.hint)}"] if check.hint else []), ""]
            for position, finding in enumerate(check.findings):
                heading = [title, ""] if not position else []
                yield [*heading, *_finding(finding, check, decision, report), ""]


def _finding(
    finding: Finding, check: CheckResult, decision: Decision, report: RunReport
) -> Iterator[str]:
    yield f"**{code(finding.rule)}** ({finding.severity.value}) {code(finding.key)}"
    yield f"- **why** {code(finding.message)}"
    for change in changes(finding, check, decision, report):
        if change.command:
            yield f"- **or** {code(change.command)}: {change.text}"
        elif change.kind == "fix":
            yield f"- **fix** {_fix(finding, check, report)}"
        else:
            yield f"- **{change.kind}** {code(change.text)}"
    if (place := where(finding, check, decision, report)) is not None:
        yield f"- **where** {code(str(place))}"


def _fix(finding: Finding, check: CheckResult, report: RunReport) -> str:
    """The remediation; prose only if the content that judged says the same."""
    policy = report.policy(check)
    rule = policy.rules.get(finding.rule) if policy is not None else None
    if rule is not None and rule.remediation == finding.remediation:
        return prose(finding.remediation)
    return code(finding.remediation)


def _fitting(blocks: Iterator[list[str]], room: int) -> Iterator[str]:
    """As many blocks as fit into `room` characters, and how many did not."""
    hidden = 0
    for block in blocks:
        size = len("\n".join(block)) + 1
        if hidden or size > room:
            hidden += 1
            continue
        room -= size
        yield from block
    if hidden:
        them = "it" if hidden == 1 else "them"
        yield f"**… and {hidden} more that do not fit here**; the job's log and JSON have {them}."
        yield ""


def _differences(report: RunReport) -> Iterator[str]:
    if report.earlier is None:
        return
    for decision in report.decisions:
        earlier = report.earlier.get(decision.gate)
        if earlier is None:
            yield f"### {code(decision.gate)}: no earlier decision to compare with"
            yield ""
            continue
        yield f"### {code(decision.gate)} since {code(earlier.as_of)}"
        yield ""
        yield from _difference(compare(earlier, decision))
        yield ""


def _difference(found: Difference) -> Iterator[str]:
    groups = (
        ("new", found.new),
        ("fixed", found.fixed),
        ("waived now", found.waived),
        ("not judged any more", found.unjudged),
    )
    counts = [f"{len(items)} {name}" for name, items in groups if items]
    yield f"{', '.join([*counts, f'{len(found.unchanged)} unchanged'])}"
    yield ""
    for what, before, now in found.outcomes[:SHOWN]:
        yield f"- {prose(what)}: {before or 'not there'} → {now or 'not there'}"
    for name, items in groups:
        yield from _items(name, items)
    for note in found.notes:
        yield f"- note: {prose(note)}"


def _items(name: str, items: tuple[Item, ...]) -> Iterator[str]:
    for item in items[:SHOWN]:
        what = f"{code(item.check)} {code(item.finding.rule)} {code(item.finding.key, limit=200)}"
        yield f"- **{name}** {what}"
    if (hidden := len(items) - SHOWN) > 0:
        yield f"- … and {hidden} more {name}"


def _ending_waivers(report: RunReport) -> Iterator[str]:
    """Waivers in use that end within `SOON` of the decision's clock, the first to end first."""
    if report.catalogue is None or not report.decisions:
        return
    as_of = parse_instant(report.decisions[0].as_of)
    used = {name for decision in report.decisions for name in decision.waivers.used}
    ending = sorted(
        (waiver.expires, name, waiver)
        for name, waiver in report.catalogue.waivers.items()
        if name in used and waiver.expires - as_of <= SOON
    )
    if not ending:
        return
    yield "### Waivers that end soon"
    yield ""
    for _, _, waiver in ending[:SHOWN]:
        yield _ending(waiver, (waiver.expires - as_of) // timedelta(days=1))
    if (hidden := len(ending) - SHOWN) > 0:
        yield f"- … and {hidden} more"
    yield ""


def _ending(waiver: Waiver, days: int) -> str:
    when = format_instant(waiver.expires.astimezone(UTC))
    left = f"{days} day{'' if days == 1 else 's'} left"
    return (
        f"- {code(waiver.name)} ends {when} ({left}); owner {code(waiver.owner)},"
        f" ticket {code(waiver.ticket)}"
    )


def _replays(report: RunReport) -> Iterator[str]:
    commands = [replay(decision, report) for decision in report.decisions[:SHOWN]]
    if not commands:
        return
    yield "### Replay it locally"
    yield ""
    if report.source.commit:
        yield f"On commit {code(report.source.commit)}, with the artifacts of this job in place:"
    else:
        yield "With the artifacts of this job in place:"
    yield ""
    yield from fenced("\n".join(commands), "sh")
