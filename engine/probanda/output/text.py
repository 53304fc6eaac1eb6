"""Decisions as text: why it is blocked, what to change, where, and how to see it again.

Rules:

- One line per check; below it every finding with `why`, `fix`, `where` and the command that
  would waive it. A rule's `fix` is said once a check.
- Never colour alone: each outcome has a word and a mark.
- Control characters of artifacts never reach the terminal.
- Lines are broken only for a reader who has a width, and what somebody copies (paths,
  fingerprints, commands) never is.

Example:
    print(render(RunReport([decision], exit_code=1, colour=sys.stdout.isatty())))
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from probanda.model.decision import CheckResult, Decision
from probanda.model.finding import Finding
from probanda.model.outcome import EXIT_PASS, Outcome
from probanda.output.interface import RunReport
from probanda.output.safe_text import clean
from probanda.output.summary import NO_GATE, changes, replay, verdict

if TYPE_CHECKING:
    from probanda.rego.explain import Explanation

__all__ = ["MARKS", "clean", "render"]

MARKS = {
    Outcome.PASS: ("✓", "32"),
    Outcome.FAIL: ("✗", "31"),
    Outcome.WAIVED: ("~", "33"),
    Outcome.SKIPPED: ("-", "2"),
    Outcome.ERROR: ("!", "31"),
    Outcome.NOT_EVALUATED: ("?", "31"),
}

# Findings shown per check; the JSON output always holds all of them.
SHOWN_FINDINGS = 20

# Files shown per check and outcome, of a check that is made for each of many.
SHOWN_FILES = 10

# A sentence in a narrower column reads worse than one that the terminal breaks.
MIN_WIDTH = 50


def render(report: RunReport) -> str:
    """The text of a run, ending in a newline."""
    writer = _Writer(report)
    lines: list[str] = []
    for decision in report.decisions:
        lines += [*writer.decision(decision), ""]
    if not report.decisions:
        lines.append(NO_GATE)
    lines.append(writer.verdict())
    return "\n".join(lines) + "\n"


class _Writer:
    """The lines of one report."""

    def __init__(self, report: RunReport) -> None:
        self.report = report

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.report.colour else text

    def labelled(self, indent: int, label: str, text: str) -> Iterator[str]:
        """`label` and a sentence beside it, broken where the reader has a width."""
        first = " " * indent + label.ljust(7)
        lines, room = [clean(text)], self.report.width - len(first)
        if room >= MIN_WIDTH:
            lines = textwrap.wrap(
                lines[0], room, break_long_words=False, break_on_hyphens=False
            ) or [""]
        yield first + lines[0]
        yield from (" " * len(first) + line for line in lines[1:])

    def decision(self, decision: Decision) -> Iterator[str]:
        yield self.paint(f"{decision.gate}", "1") + f"  {clean(decision.title)}"
        judged = decision.content.base or "the working tree itself"
        yield self.paint(
            f"  {decision.mode.value} · judged by {judged} · as of {decision.as_of}"
            f" · tenant {clean(decision.tenant)}",
            "2",
        )
        explanations: Mapping[str, Explanation] = self.report.explanations.get(decision.gate, {})
        width = max((len(check.id) for check in decision.checks), default=0)
        for check in decision.checks:
            yield from self.check(check, decision, width)
            if check.files:
                cached = self.report.cached.get(decision.gate, {})
                yield from _files(check, cached.get(check.id, 0))
            if check.id in explanations:
                yield from _explanation(explanations[check.id])
        if decision.waivers.expired:
            yield f"  expired waivers: {', '.join(map(clean, decision.waivers.expired))}"
        for invalid in decision.waivers.invalid:
            yield f"  {clean(invalid.name)} excuses nothing: {clean(invalid.reason)}"
        for stale in decision.waivers.stale[:SHOWN_FINDINGS]:
            gone = f"{stale.gone} gone: {stale.rule} {clean(stale.key)}"
            yield self.paint(f"  {clean(stale.baseline)} lists {gone}", "2")
        if decision.waivers.unused:
            unused = ", ".join(map(clean, decision.waivers.unused))
            yield self.paint(f"  unused waivers: {unused}", "2")
        if decision.outcome not in {Outcome.PASS, Outcome.WAIVED, Outcome.SKIPPED}:
            yield self.paint(f"  again: {clean(replay(decision, self.report))}", "2")

    def check(self, check: CheckResult, decision: Decision, width: int) -> Iterator[str]:
        mark, code = MARKS[check.outcome]
        word = self.paint(f"{mark} {check.id.ljust(width)}  {check.outcome.value}", code)
        controls = self.paint("  " + " ".join(check.controls), "2") if check.controls else ""
        yield f"  {word}{controls}"
        if check.reason:
            yield from self.labelled(6, "why", check.reason)
        if check.hint:
            yield from self.labelled(6, "hint", check.hint)
        said: set[str] = set()
        for finding in check.findings[:SHOWN_FINDINGS]:
            yield from self.finding(finding, check, decision, said)
        hidden = len(check.findings) - SHOWN_FINDINGS
        if hidden > 0:
            yield f"      … and {hidden} more; --output json shows all"
        for waived in check.waived[:SHOWN_FINDINGS]:
            finding = waived.finding
            what = f"{finding.rule} {clean(finding.key)}"
            yield self.paint(f"      waived by {clean(waived.by)}: {what}", "2")
        if len(check.waived) > SHOWN_FINDINGS:
            yield self.paint(f"      … and {len(check.waived) - SHOWN_FINDINGS} more waived", "2")

    def finding(
        self, finding: Finding, check: CheckResult, decision: Decision, said: set[str]
    ) -> Iterator[str]:
        title = self.paint(f"      {finding.rule}", "1")
        yield f"{title} ({finding.severity.value})  {clean(finding.key)}"
        yield from self.labelled(8, "why", finding.message)
        known = list(changes(finding, check, decision, self.report))
        for change in known:
            if not change.command and change.text not in said:
                yield from self.labelled(8, change.kind, change.text)
                said.add(change.text)
        where = str(finding.location) if finding.location else _sources(check)
        if where:
            yield f"        {'where'.ljust(7)}{clean(where)}"
        for change in known:
            if change.command:
                yield self.paint(f"        {'or'.ljust(7)}{clean(change.command)}", "2")

    def verdict(self) -> str:
        found = verdict(self.report)
        code = "32" if self.report.exit_code == EXIT_PASS else "31"
        word = self.paint(found.word, f"1;{code}")
        return f"{word}  {found.tail} (exit {self.report.exit_code})"


def _files(check: CheckResult, cached: int) -> Iterator[str]:
    """How many of a check's many files ended how, and the first of those that did not pass."""
    by_outcome: dict[str, list[Mapping[str, object]]] = {}
    for file in check.files:
        by_outcome.setdefault(str(file["outcome"]), []).append(file)
    counts = ", ".join(
        f"{len(by_outcome[outcome.value]):,} {outcome.value}"
        for outcome in Outcome
        if outcome.value in by_outcome
    )
    tail = f" ({cached:,} from the cache)" if cached else ""
    yield f"      files  {len(check.files):,}: {counts}{tail}"
    for outcome in (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_EVALUATED):
        found = by_outcome.get(outcome.value, [])
        for file in found[:SHOWN_FILES]:
            why = f": {clean(str(file['reason']))}" if "reason" in file else ""
            yield f"        {outcome.value}  {clean(str(file['source']))}{why}"
        if len(found) > SHOWN_FILES:
            yield f"        … and {len(found) - SHOWN_FILES:,} more with {outcome.value}"


def _explanation(explanation: Explanation) -> Iterator[str]:
    from probanda.rego.explain import render as render_explanation

    for line in render_explanation(explanation).splitlines():
        yield f"        {line}".rstrip()


def _sources(check: CheckResult) -> str:
    return ", ".join(str(fact["source"]) for fact in check.facts if "source" in fact)
