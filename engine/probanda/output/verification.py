"""A verification report as text or JSON: numbered steps in plain English.

Example:
    print(render(report, colour=True))
"""

from __future__ import annotations

from itertools import groupby

from probanda.canonical import pretty
from probanda.evidence.report import Report, Step, StepOutcome
from probanda.output.text import clean

_MARKS = {
    StepOutcome.GOOD: ("✓", "32"),
    StepOutcome.BAD: ("✗", "31"),
    StepOutcome.UNKNOWN: ("?", "33"),
    StepOutcome.SKIPPED: ("-", "2"),
    StepOutcome.NOTE: ("i", "36"),
}
_VERDICTS = {0: ("GOOD", "32"), 1: ("BAD", "31"), 3: ("UNKNOWN", "33")}


def render(report: Report, *, colour: bool = False) -> str:
    """The text of a report, ending in a newline."""

    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    lines = [paint(clean(str(report.path)), "1")]
    for _, group in groupby(report.steps, key=_together):
        first, *more = group
        mark, code = _MARKS[first.outcome]
        number, title, spec = f"{first.number:>2}", first.title, f"  [{first.spec}]"
        if more:
            number, title, spec = f"{number}–{more[-1].number}", "not looked at", ""
        lines.append(f"  {paint(mark, code)} {number}  {title}")
        lines.append(paint(f"        {clean(first.detail)}{spec}", "2"))
    if report.unsafe_demo:
        lines.append(
            paint("  UNSAFE DEMO: its keys lie unprotected on disk; believe nothing it says", "33")
        )
    word, code = _VERDICTS[report.exit_code]
    lines.append(f"{paint(word, '1;' + code)}  {clean(report.summary)} (exit {report.exit_code})")
    return "\n".join(lines) + "\n"


def _together(step: Step) -> tuple[str, int]:
    """Steps that were skipped for one reason are one thing to know."""
    return (step.detail, 0) if step.outcome is StepOutcome.SKIPPED else ("", step.number)


def render_json(report: Report) -> str:
    """The report as JSON, keys sorted, ending in a newline."""
    return pretty(
        {
            "path": str(report.path),
            "verdict": report.verdict.value,
            "exitCode": report.exit_code,
            "summary": report.summary,
            "signer": None
            if report.signer is None
            else {
                "identity": report.signer.identity,
                "issuer": report.signer.issuer,
                "fingerprint": report.signer.fingerprint,
                "issuerKeyId": report.signer.issuer_key_id,
            },
            "signedAt": report.signed_at,
            "trustedBy": report.trusted_by,
            "anchored": report.anchored,
            "unsafeDemo": report.unsafe_demo,
            "manifestSha256": report.manifest_sha256,
            "steps": [step.to_json() for step in report.steps],
        }
    )
