"""Contract, waiver and clarification as people write them: one pydantic model per kind.

Rules: as in `documents.py`. A raw `ig.contract.v1` JSON document is a kind of its own:
it has neither `apiVersion` nor `kind`, and fields that its schema does not name stand.

Example:

    Waiver.model_validate(unwrap(load_yaml(data, path="evidence/waivers/one.yaml")))
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from probanda.content.documents import ApiVersion, Model, Named
from probanda.content.fields import (
    Fingerprint,
    Flag,
    Instant,
    LicenseExpression,
    Line,
    Number,
    Purl,
    Slug,
    Text,
    unique,
    word,
)


class ServiceLevelEntry(Model):
    """What the producer promises."""

    ingest_latency_ms: Annotated[Number, Field(ge=0)] | None = None
    """Upper bound of the ingest latency, in milliseconds."""
    completeness_pct: Annotated[Number, Field(ge=0, le=100)] | None = None
    """Lower bound of completeness, in percent."""
    dedupe: Flag | None = None
    """Whether duplicates are removed."""


class ContractSpec(Model):
    """The terms of one version of one dataset."""

    dataset_id: Line
    """The dataset."""
    version: Line
    """Version of the contract."""
    tenant_id: Line
    """Whose dataset it is."""
    license: Annotated[
        Literal["MIT-OK", "Open-Data-OK", "Restricted-TOS", "Proprietary-Client", "Embargoed"],
        BeforeValidator(word),
    ]
    """Licence class."""
    purpose: Annotated[tuple[Line, ...], AfterValidator(unique)]
    """What the data may be used for."""
    retention: Annotated[
        Literal["ephemeral-7d", "short-30d", "standard-365d", "long-1825d", "legal-hold"],
        BeforeValidator(word),
    ]
    """Retention class."""
    sla: ServiceLevelEntry
    """What the producer promises."""


class RawServiceLevel(ServiceLevelEntry):
    """As `sla` of `ig.contract.v1`, which is open."""

    model_config = ConfigDict(extra="ignore")


class RawContract(ContractSpec):
    """An `ig.contract.v1` JSON document, as it is; its schema lets other fields stand."""

    model_config = ConfigDict(extra="ignore")

    sla: RawServiceLevel
    """What the producer promises."""


class Contract(Model):
    """The terms of a dataset: what was promised."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Contract"], BeforeValidator(word)]
    """What this document is."""
    metadata: Named
    """The contract's name: its folder below `contracts/`."""
    spec: ContractSpec
    """The terms."""


class WaiverMetadata(Model):
    """Name and owner of a waiver."""

    name: Slug
    """Unique in the project."""
    owner: Line
    """Who asked for it and answers for it."""


class WaiverSpec(Model):
    """Which findings are excused, by whom, why and until when."""

    fingerprints: Annotated[
        tuple[Fingerprint, ...],
        Field(min_length=1, json_schema_extra={"uniqueItems": True}),
        AfterValidator(unique),
    ]
    """Full fingerprints of the findings."""
    gates: Annotated[tuple[Slug, ...], Field(min_length=1), AfterValidator(unique)] | None = None
    """The gates in which it counts; without it, all."""
    checks: Annotated[tuple[Slug, ...], Field(min_length=1), AfterValidator(unique)] | None = None
    """The checks in which it counts; without it, all."""
    approver: Line
    """Who approves and signs it: another person than the owner."""
    ticket: Line
    """Reference to the discussion."""
    reason: Text
    """Why the exception is acceptable."""
    created: Instant | None = None
    """When it was written; a waiver that does not say so excuses nothing."""
    expires: Instant
    """First instant at which it no longer holds."""


class Waiver(Model):
    """An approved, expiring exception to findings."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Waiver"], BeforeValidator(word)]
    """What this document is."""
    metadata: WaiverMetadata
    """Name and owner."""
    spec: WaiverSpec
    """What is excused."""


class ClarificationSpec(Model):
    """What a named person found out about one version of one package."""

    purl: Purl
    """Package URL with version."""
    license: LicenseExpression
    """SPDX licence expression."""
    evidence: Text
    """Where the licence was read."""
    author: Line
    """Who signed it: a name of the project's approvers."""


class Clarification(Model):
    """A signed statement about a package that states no licence id itself."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Clarification"], BeforeValidator(word)]
    """What this document is."""
    metadata: Named
    """The clarification's name."""
    spec: ClarificationSpec
    """What was found out."""
