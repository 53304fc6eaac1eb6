"""A waiver: an approved, signed, expiring exception to findings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from probanda.model.location import Location


@dataclass(frozen=True, slots=True)
class Waiver:
    """An exception to named fingerprints. Whether it holds is said by `probanda.exceptions`.

    Attributes:
        name: unique in the project.
        fingerprints: full SHA-256 fingerprints of the findings it covers; never empty.
        owner: who asked for it and answers for it.
        approver: who approved it, and signed it.
        ticket: reference to the discussion.
        reason: why the exception is acceptable.
        expires: first instant (UTC) at which it no longer holds.
        created: when it was written; `None` where the document does not say.
        gates: the gates in which it counts; empty: in all.
        checks: the checks in which it counts; empty: in all.
        payload: the exact bytes of the document, which its approver signs.
        signature: the envelope beside it, unverified; empty where there is none.
        location: where it is written.
    """

    name: str
    fingerprints: tuple[str, ...]
    owner: str
    approver: str
    ticket: str
    reason: str
    expires: datetime
    created: datetime | None = None
    gates: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    payload: bytes = b""
    signature: str = ""
    location: Location | None = None

    @property
    def id(self) -> str:
        """How decisions call it."""
        return self.name

    def counts_in(self, gate: str, check: str = "") -> bool:
        """Whether it speaks of a gate, and of a check there if one is given."""
        in_gate = not self.gates or gate in self.gates
        return in_gate and (not check or not self.checks or check in self.checks)
