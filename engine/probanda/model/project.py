"""The project: the folder that holds the rooms."""

from __future__ import annotations

from dataclasses import dataclass

from probanda.model.location import Location


@dataclass(frozen=True, slots=True)
class Approver:
    """A person who may approve changes of judging content and sign clarifications.

    Attributes:
        name: the person's login or e-mail, as `--approved-by` and documents spell it.
        public_key: PEM SubjectPublicKeyInfo, or empty when the person signs nothing.
    """

    name: str
    public_key: str = ""


@dataclass(frozen=True, slots=True)
class WaiverRules:
    """What holds for every waiver and baseline of a project.

    Attributes:
        max_days: longest time from creation to expiry.
        fail_on_unused: one that nothing needs any more is a finding.
    """

    max_days: int = 90
    fail_on_unused: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """`probanda.yaml`.

    Attributes:
        name: of the project.
        tenant: the default tenant.
        approvers: see `Approver`.
        trust: project-relative paths of trusted-root files.
        digest: SHA-256 of the document's bytes.
        waivers: see `WaiverRules`.
        location: where it is written.
    """

    name: str
    tenant: str
    approvers: tuple[Approver, ...]
    trust: tuple[str, ...]
    digest: str
    waivers: WaiverRules = WaiverRules()
    location: Location | None = None
