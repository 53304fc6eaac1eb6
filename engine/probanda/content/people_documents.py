"""Roster and baseline as people write them: one pydantic model per kind.

Rules: as in `documents.py`. That no two people share an identity, and that a fingerprint is that
of what stands beside it, is checked in `people.py` and `baselines.py`.

Example:

    Roster.model_validate(unwrap(load_yaml(data, path="evidence/roster.yaml")))
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from probanda.content.documents import ApiVersion, Model
from probanda.content.fields import (
    Email,
    Fingerprint,
    Instant,
    Line,
    Login,
    PolicyName,
    RelativePath,
    Slug,
    SlugKey,
    Text,
    WholeNumber,
    unique,
    word,
)

UniqueLogins = Annotated[tuple[Login, ...], AfterValidator(unique)]


class OwnedMetadata(Model):
    """Name and owner of a document."""

    name: Slug
    """Unique among the documents of its kind."""
    owner: Line
    """Who answers for it."""


class KeyEntry(Model):
    """A public key: one of the two fields."""

    path: RelativePath | None = None
    """Path of the key's file (PEM)."""
    fingerprint: Fingerprint | None = None
    """SHA-256 of the key (SubjectPublicKeyInfo); its file is below `evidence/trust/approvers/`."""


class AbsenceEntry(Model):
    """A time away."""

    from_: Annotated[Instant, Field(alias="from")]
    """First instant of it."""
    until: Instant
    """First instant after it."""


class PersonEntry(Model):
    """One person and everything that they are known by."""

    name: Line
    """Unique on the roster; owners and approvers may be called so."""
    logins: Annotated[dict[SlugKey, UniqueLogins], Field(default_factory=dict)]
    """Forge, such as `github`, to the logins there."""
    emails: Annotated[tuple[Email, ...], AfterValidator(unique)] = ()
    """E-mail addresses."""
    keys: tuple[KeyEntry, ...] = ()
    """Keys that the person signs with."""
    roles: Annotated[tuple[Line, ...], AfterValidator(unique)] = ()
    """Owner roles of gates and controls."""
    joins: Instant | None = None
    """First instant of membership."""
    leaves: Instant | None = None
    """First instant at which the person is no longer a member."""
    absences: tuple[AbsenceEntry, ...] = ()
    """Times in which nothing is approved in this person's name."""


class RosterSpec(Model):
    """Who is who."""

    people: Annotated[tuple[PersonEntry, ...], Field(min_length=1)]
    """Everybody whose approval may count."""


class Roster(Model):
    """Which logins, addresses and keys are one person."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Roster"], BeforeValidator(word)]
    """What this document is."""
    metadata: OwnedMetadata
    """Name and owner."""
    spec: RosterSpec
    """Who is who."""


class KnownFindingEntry(Model):
    """A finding that was there when the gate was adopted."""

    fingerprint: Fingerprint
    """SHA-256 over policy, rule, key and the baseline's tenant."""
    policy: PolicyName
    """The policy that found it."""
    rule: Slug
    """The rule that it breaks."""
    key: Line
    """What it is about."""
    path: Line | None = None
    """The file that it is in; the same rule and key in another file is a new finding."""
    count: Annotated[WholeNumber, Field(ge=1)] = 1
    """How many there are; one more is a new finding."""


class BaselineSpec(Model):
    """Which findings are known, approved by whom, why and until when."""

    tenant: Line
    """Whose findings they are."""
    approver: Line
    """Who approves and signs it; never the owner."""
    ticket: Line
    """Reference to the plan for mending them."""
    reason: Text
    """Why they are acceptable until then."""
    created: Instant
    """When it was written."""
    expires: Instant
    """First instant at which it no longer holds."""
    findings: Annotated[tuple[KnownFindingEntry, ...], Field(min_length=1)]
    """The findings."""


class Baseline(Model):
    """The findings that a gate already had when it was adopted."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Baseline"], BeforeValidator(word)]
    """What this document is."""
    metadata: OwnedMetadata
    """The gate's name, and who answers for mending what is listed."""
    spec: BaselineSpec
    """What is known, and until when."""
