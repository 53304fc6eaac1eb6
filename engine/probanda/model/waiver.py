"""A waiver: an approved, expiring exception to findings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from probanda.model.location import Location


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception to named fingerprints; it always expires.

    Attributes:
        name: unique in the project.
        fingerprints: full SHA-256 fingerprints of the findings it covers; never empty.
        owner: who asked for it and answers for it.
        approver: who approved it; never the owner.
        ticket: reference to the discussion.
        reason: why the exception is acceptable.
        expires: first instant (UTC) at which it no longer holds.
        location: where it is written.
    """

    name: str
    fingerprints: tuple[str, ...]
    owner: str
    approver: str
    ticket: str
    reason: str
    expires: datetime
    location: Location | None = None

    def holds(self, fingerprint: str, as_of: datetime) -> bool:
        """Whether it covers `fingerprint` at `as_of` (both aware, UTC)."""
        return fingerprint in self.fingerprints and as_of < self.expires
