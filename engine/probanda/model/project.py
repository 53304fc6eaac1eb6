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
class Project:
    """`probanda.yaml`.

    Attributes:
        name: of the project.
        tenant: the default tenant.
        approvers: see `Approver`.
        trust: project-relative paths of trusted-root files.
        digest: SHA-256 of the document's bytes.
        location: where it is written.
    """

    name: str
    tenant: str
    approvers: tuple[Approver, ...]
    trust: tuple[str, ...]
    digest: str
    location: Location | None = None
