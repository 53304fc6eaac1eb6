"""A baseline: the findings that a gate already had when it was adopted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from probanda.model.finding import Finding
from probanda.model.location import Location

# Begins `WaivedFinding.by` where a baseline excuses; no waiver's name has a colon.
BASELINE_PREFIX = "baseline:"


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """Findings of one fingerprint in one file.

    Attributes:
        fingerprint: of each of them.
        policy, rule, key: what it was made of, besides the baseline's tenant.
        path: the file that they are in, where they say; the same rule in another is new.
        count: how many a check may have; one more is new.
    """

    fingerprint: str
    policy: str
    rule: str
    key: str
    path: str = ""
    count: int = 1

    @property
    def identity(self) -> tuple[str, str]:
        """What findings are matched by."""
        return self.fingerprint, self.path


def identity_of(finding: Finding) -> tuple[str, str]:
    """What `finding` is matched by."""
    return finding.fingerprint, finding.location.path if finding.location else ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """An approved, signed, expiring list of known findings of one gate.

    Attributes:
        gate: the gate in which it counts; there is one baseline for each.
        tenant: whose findings they are.
        findings: see `KnownFinding`.
        owner, approver, ticket, reason, expires, created, payload, signature, location: as
            `Waiver` has them.
    """

    gate: str
    tenant: str
    findings: tuple[KnownFinding, ...]
    owner: str
    approver: str
    ticket: str
    reason: str
    expires: datetime
    created: datetime | None = None
    payload: bytes = b""
    signature: str = ""
    location: Location | None = None

    @property
    def id(self) -> str:
        """How decisions call it."""
        return BASELINE_PREFIX + self.gate

    def counts_in(self, gate: str, _check: str = "") -> bool:
        """Whether it speaks of a gate; then it speaks of all its checks."""
        return gate == self.gate
