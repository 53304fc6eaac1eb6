"""Decisions as text: why it is blocked, what to change, and where.

Rules:

- One line per check; below it every finding with `why`, `fix`, `where` and the
  fingerprint that a waiver would name.
- Never colour alone: each outcome has a word and a mark.
- Control characters of artifacts never reach the terminal.

Example:
    print(render([decision], colour=sys.stdout.isatty()))
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from probanda.model.decision import CheckResult, Decision
from probanda.model.finding import Finding
from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS, EXIT_UNDECIDED, Mode, Outcome

if TYPE_CHECKING:
    from probanda.rego.explain import Explanation

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

VERDICTS = {EXIT_PASS: "PASSED", EXIT_BLOCKED: "BLOCKED", EXIT_UNDECIDED: "UNDECIDED"}


def render(
    decisions: Sequence[Decision],
    *,
    exit_code: int,
    colour: bool = False,
    explanations: Mapping[str, Mapping[str, Explanation]] | None = None,
) -> str:
    """The text of a run, ending in a newline; `explanations` by gate and check."""
    paint = _Paint(colour)
    lines: list[str] = []
    for decision in decisions:
        why = (explanations or {}).get(decision.gate, {})
        lines += [*_decision(decision, paint, why), ""]
    if not decisions:
        lines.append("no gate ran: nothing was checked, so nothing has passed")
    lines.append(_verdict(decisions, exit_code, paint))
    return "\n".join(lines) + "\n"


class _Paint:
    def __init__(self, colour: bool) -> None:  # noqa: FBT001  # private, one caller
        self.colour = colour

    def __call__(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def _decision(
    decision: Decision, paint: _Paint, explanations: Mapping[str, Explanation]
) -> Iterator[str]:
    yield paint(f"{decision.gate}", "1") + f"  {clean(decision.title)}"
    judged = decision.content.base or "the working tree itself"
    yield paint(
        f"  {decision.mode.value} · judged by {judged} · as of {decision.as_of}"
        f" · tenant {clean(decision.tenant)}",
        "2",
    )
    width = max((len(check.id) for check in decision.checks), default=0)
    for check in decision.checks:
        yield from _check(check, width, paint)
        if check.id in explanations:
            yield from _explanation(explanations[check.id])
    if decision.waivers.expired:
        yield f"  expired waivers: {', '.join(map(clean, decision.waivers.expired))}"
    for invalid in decision.waivers.invalid:
        yield f"  {clean(invalid.name)} excuses nothing: {clean(invalid.reason)}"
    for stale in decision.waivers.stale[:SHOWN_FINDINGS]:
        line = f"  {clean(stale.baseline)} lists {stale.gone} gone: {stale.rule} {clean(stale.key)}"
        yield paint(line, "2")
    if decision.waivers.unused:
        yield paint(f"  unused waivers: {', '.join(map(clean, decision.waivers.unused))}", "2")


def _check(check: CheckResult, width: int, paint: _Paint) -> Iterator[str]:
    mark, code = MARKS[check.outcome]
    word = paint(f"{mark} {check.id.ljust(width)}  {check.outcome.value}", code)
    controls = paint("  " + " ".join(check.controls), "2") if check.controls else ""
    yield f"  {word}{controls}"
    if check.reason:
        yield f"      why    {clean(check.reason)}"
    if check.hint:
        yield f"      hint   {clean(check.hint)}"
    for finding in check.findings[:SHOWN_FINDINGS]:
        yield from _finding(finding, check, paint)
    hidden = len(check.findings) - SHOWN_FINDINGS
    if hidden > 0:
        yield f"      … and {hidden} more; --format json shows all"
    for waived in check.waived[:SHOWN_FINDINGS]:
        finding = waived.finding
        yield paint(f"      waived by {clean(waived.by)}: {finding.rule} {clean(finding.key)}", "2")


def _explanation(explanation: Explanation) -> Iterator[str]:
    from probanda.rego.explain import render as render_explanation

    for line in render_explanation(explanation).splitlines():
        yield f"        {line}".rstrip()


def _finding(finding: Finding, check: CheckResult, paint: _Paint) -> Iterator[str]:
    yield paint(f"      {finding.rule}", "1") + f" ({finding.severity.value})  {clean(finding.key)}"
    yield f"        why    {clean(finding.message)}"
    if finding.remediation:
        yield f"        fix    {clean(finding.remediation)}"
    where = str(finding.location) if finding.location else _sources(check)
    if where:
        yield f"        where  {clean(where)}"
    yield paint(f"        id     {finding.fingerprint}", "2")


def _sources(check: CheckResult) -> str:
    return ", ".join(str(fact["source"]) for fact in check.facts if "source" in fact)


def _verdict(decisions: Sequence[Decision], exit_code: int, paint: _Paint) -> str:
    checks = [check for decision in decisions for check in decision.checks]
    findings = sum(len(check.findings) for check in checks)
    counts = [
        f"{sum(check.outcome is outcome for check in checks)} {outcome.value}"
        for outcome in Outcome
        if any(check.outcome is outcome for check in checks)
    ]
    tail = f"{', '.join(counts) or 'no checks'}"
    if findings:
        tail += f"; {findings} open finding{'s' if findings > 1 else ''}"
    if exit_code == EXIT_PASS and any(
        decision.mode is not Mode.ENFORCE and decision.outcome is Outcome.FAIL
        for decision in decisions
    ):
        tail += "; reported, not enforced"
    code = "32" if exit_code == EXIT_PASS else "31"
    return f"{paint(VERDICTS.get(exit_code, 'ERROR'), '1;' + code)}  {tail} (exit {exit_code})"


def clean(text: str) -> str:
    """`text` with control characters (escape sequences, line ends) made visible."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
