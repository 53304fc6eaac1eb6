"""Who supports a control: policies that say so, and checks of gates that cite it.

Rules:

- Derived from what policies and gates say, never written into a control.
- A misplaced citation (see `model.topic`) is listed as what it is, and supports nothing.

Example:

    support(catalogue, "soc2/CC8.1").checks   # (Citation("pull-request", "tests", …), …)
"""

from __future__ import annotations

from dataclasses import dataclass

from probanda.content.catalogue import Catalogue
from probanda.model.topic import fitting


@dataclass(frozen=True, slots=True)
class Citation:
    """A check that cites a control; `misplaced` where it belongs elsewhere."""

    gate: str
    check: str
    policy: str
    misplaced: bool


@dataclass(frozen=True, slots=True)
class Support:
    """Ids of policies that name a control, and checks that cite it, both sorted."""

    policies: tuple[str, ...]
    checks: tuple[Citation, ...]

    @property
    def fed(self) -> bool:
        """Whether any gate feeds the control; where none does it is a gap in every pack."""
        return any(not each.misplaced for each in self.checks)


def support(catalogue: Catalogue, control_id: str) -> Support:
    """What supports a control of the catalogue."""
    control, peers = catalogue.controls[control_id], tuple(catalogue.controls.values())
    policies = [name for name, each in catalogue.policies.items() if control_id in each.controls]
    checks = [
        Citation(
            gate.name,
            check.id,
            check.policy,
            bool(fitting(control, peers, policy=check.policy, check=check.id)),
        )
        for gate in catalogue.gates.values()
        for check in gate.checks
        if control_id in check.controls
    ]
    return Support(
        tuple(sorted(policies)), tuple(sorted(checks, key=lambda one: (one.gate, one.check)))
    )
