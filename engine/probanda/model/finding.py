"""A finding: one reason why something may not pass."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from probanda.model.location import Location
from probanda.model.outcome import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation reported by a policy.

    Attributes:
        policy: policy id, `<area>/<slug>`.
        rule: rule id, unique within the policy; kebab-case.
        message: what is wrong, for a person.
        key: what it is wrong *about* (a package, a test, a dataset); stable under line moves.
        tenant: whose finding it is.
        severity: see `Severity`.
        remediation: the smallest change that would pass; may be empty.
        location: where, when known.
    """

    policy: str
    rule: str
    message: str
    key: str
    tenant: str
    severity: Severity = Severity.HIGH
    remediation: str = ""
    location: Location | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 over (policy id, rule, key, tenant): the identity that waivers name.

        The message and location are left out on purpose: both move.
        """
        parts = json.dumps([self.policy, self.rule, self.key, self.tenant], ensure_ascii=False)
        return hashlib.sha256(parts.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The form in which decisions record it."""
        document: dict[str, Any] = {
            "fingerprint": self.fingerprint,
            "policy": self.policy,
            "rule": self.rule,
            "key": self.key,
            "message": self.message,
            "severity": self.severity.value,
        }
        if self.remediation:
            document["remediation"] = self.remediation
        if self.location is not None:
            document["location"] = self.location.to_json()
        return document


def order(finding: Finding) -> tuple[str, str, str, str]:
    """The canonical order of a check's findings.

    The place counts too: two findings may differ in nothing else, and a set has no order.
    """
    return finding.rule, finding.key, finding.message, str(finding.location)
