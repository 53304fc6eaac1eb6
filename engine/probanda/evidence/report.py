"""What a verification found, step by step.

Rules:

- A step is good, bad, unknown (it could not be decided) or skipped (an earlier step
  left nothing to look at). Only good steps, and at least one, make a good report.
- Bad beats unknown: exit 1. Unknown or skipped alone: exit 3.

Example:

    report = verify_bundle(path, trust=trust)
    print(report.verdict.value, report.exit_code)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS, EXIT_UNDECIDED

UNSAFE_WARNING = (
    "UNSAFE-DEMO: a demonstration cell signed this; anyone may hold its keys, "
    "so the signature proves nothing"
)


class StepOutcome(Enum):
    """What came of one step."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"
    NOTE = "note"  # says something, decides nothing


class Verdict(Enum):
    """What came of all steps."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step.

    Attributes:
        number: from 1.
        title: what was to be shown.
        spec: the specification that demands it.
        outcome: see `StepOutcome`.
        detail: one sentence for people.
    """

    number: int
    title: str
    spec: str
    outcome: StepOutcome
    detail: str

    def to_json(self) -> dict[str, Any]:
        """`{number, title, spec, outcome, detail}`."""
        return {
            "number": self.number,
            "title": self.title,
            "spec": self.spec,
            "outcome": self.outcome.value,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, as the certificate says.

    Attributes:
        identity: the certificate's subject alternative name.
        issuer: distinguished name of the authority that issued the certificate.
        fingerprint: SHA-256 of the certificate's SubjectPublicKeyInfo, hexadecimal.
        issuer_key_id: the issuer's key identifier (RFC 5280 §4.2.1.1), hexadecimal; it is
            the same for all bundles of one cell.
    """

    identity: str
    issuer: str
    fingerprint: str
    issuer_key_id: str


@dataclass(frozen=True, slots=True)
class Report:
    """The whole finding.

    Attributes:
        path: the bundle.
        steps: in order.
        verdict: see `Verdict`.
        signer: see `Signer`; `None` when no certificate could be read.
        signed_at: RFC 3339 UTC time of the timestamp; empty when there is none to believe.
        trusted_by: the trust file that vouches for the signer; empty when none does.
        anchored: whether an authority in other custody than the cell vouches for the time.
        unsafe_demo: whether the signer is a demonstration cell.
        manifest_sha256: the bundle's identity; empty when there is no manifest.
        bundle_name: as the manifest states it.
    """

    path: Path
    steps: tuple[Step, ...]
    verdict: Verdict
    signer: Signer | None = None
    signed_at: str = ""
    trusted_by: str = ""
    anchored: bool = False
    unsafe_demo: bool = False
    manifest_sha256: str = ""
    bundle_name: str = ""

    @property
    def exit_code(self) -> int:
        """0 good and trusted, 1 checked and bad, 3 could not check or unknown signer."""
        return {
            Verdict.GOOD: EXIT_PASS,
            Verdict.BAD: EXIT_BLOCKED,
            Verdict.UNKNOWN: EXIT_UNDECIDED,
        }[self.verdict]

    @property
    def fingerprint(self) -> str:
        """The signer's; empty when unknown."""
        return self.signer.fingerprint if self.signer else ""

    @property
    def summary(self) -> str:
        """One line for people."""
        if self.verdict is Verdict.GOOD and self.signer:
            return f"good: signed by {self.signer.identity}, trusted by {self.trusted_by}"
        first = next(
            (step for step in self.steps if step.outcome.value == self.verdict.value), None
        )
        if self.verdict is Verdict.UNKNOWN and self.signer and not self.trusted_by:
            return "intact, signer unknown"
        detail = f"step {first.number}, {first.detail}" if first else "nothing was checked"
        return f"{self.verdict.value}: {detail}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader must not miss, whatever the verdict."""
        if not self.unsafe_demo:
            return ()
        return (UNSAFE_WARNING,)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        document: dict[str, Any] = {
            "path": str(self.path),
            "verdict": self.verdict.value,
            "exitCode": self.exit_code,
            "summary": self.summary,
            "trustedBy": self.trusted_by,
            "anchored": self.anchored,
            "unsafeDemo": self.unsafe_demo,
            "signedAt": self.signed_at,
            "bundle": self.bundle_name,
            "manifestSha256": self.manifest_sha256,
            "warnings": list(self.warnings),
            "steps": [step.to_json() for step in self.steps],
        }
        if self.signer is not None:
            document["signer"] = {
                "identity": self.signer.identity,
                "issuer": self.signer.issuer,
                "issuerKeyId": self.signer.issuer_key_id,
                "spkiSha256": self.signer.fingerprint,
            }
        return document


def judge(steps: Sequence[Step], *, trusted: bool) -> Verdict:
    """The verdict over `steps`; without trust never good."""
    outcomes = {step.outcome for step in steps}
    if StepOutcome.BAD in outcomes:
        return Verdict.BAD
    if not trusted or outcomes & {StepOutcome.UNKNOWN, StepOutcome.SKIPPED}:
        return Verdict.UNKNOWN
    return Verdict.GOOD if StepOutcome.GOOD in outcomes else Verdict.UNKNOWN
