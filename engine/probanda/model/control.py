"""A control: what an auditor wants to see proved."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from probanda.model.location import Location


class Automation(Enum):
    """How a control's evidence comes about."""

    AUTOMATED = "automated"
    MANUAL = "manual"
    HYBRID = "hybrid"


class Frequency(Enum):
    """How often a control operates."""

    PER_CHANGE = "per-change"
    CONTINUOUS = "continuous"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    ANNUALLY = "annually"


@dataclass(frozen=True, slots=True)
class ExpectedEvidence:
    """One kind of evidence that a control expects.

    Attributes:
        title: what it is.
        collector: the collector that reads it; empty when a person provides it.
        query: what is read there: which records, which fields, and what must hold.
        policy: the policy entry point that judges it. Empty while the control names none: then
            any check counts that names the control and reads through `collector`.
        population: the full set from which an auditor would sample.
        review: what a reviewer looks at; for manual evidence never empty.
        artifact: what a reviewer attaches.
    """

    title: str
    collector: str = ""
    policy: str = ""
    population: str = ""
    review: str = ""
    query: str = ""
    artifact: str = ""

    @property
    def automated(self) -> bool:
        """Whether a gate can show it, rather than a person alone."""
        return bool(self.policy or self.collector)


@dataclass(frozen=True, slots=True)
class Control:
    """One criterion of a framework, in our own words.

    Attributes:
        id: `<framework>/<criterion>`, such as `soc2/CC8.1`.
        framework: `soc2`.
        criterion: the framework's own identifier, `CC8.1`.
        title: own short title.
        statement: own paraphrase; never the framework publisher's text.
        owner: role that answers for it.
        frequency: how often it operates.
        automation: see `Automation`.
        evidence: never empty.
        topics: what its checks are about, in the words of their names; see `model.topic`.
        digest: SHA-256 of the document's bytes.
        location: where it is written.
    """

    id: str
    framework: str
    criterion: str
    title: str
    statement: str
    owner: str
    frequency: Frequency
    automation: Automation
    evidence: tuple[ExpectedEvidence, ...]
    digest: str
    location: Location | None = None
    topics: tuple[str, ...] = ()
