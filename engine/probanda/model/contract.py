"""A data contract's terms: what was promised about a dataset."""

from __future__ import annotations

from dataclasses import dataclass

from probanda.model.location import Location

# The enumerations of the `ig.contract.v1` schema.
LICENSES = ("MIT-OK", "Open-Data-OK", "Restricted-TOS", "Proprietary-Client", "Embargoed")
RETENTION_CLASSES = ("ephemeral-7d", "short-30d", "standard-365d", "long-1825d", "legal-hold")


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """What the producer promises.

    Attributes:
        ingest_latency_ms: upper bound, milliseconds.
        completeness_pct: lower bound, percent 0–100.
        deduplicated: whether duplicates are removed.
    """

    ingest_latency_ms: float | None = None
    completeness_pct: float | None = None
    deduplicated: bool | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """The terms of one version of one dataset.

    Attributes:
        dataset_id: the dataset.
        version: of the contract.
        tenant_id: whose dataset it is.
        license: one of `LICENSES`.
        purposes: what the data may be used for; may be empty in a document, which
            `contracts/terms` refuses.
        retention: one of `RETENTION_CLASSES`.
        service_level: see `ServiceLevel`.
        digest: SHA-256 of the document's bytes.
        location: where it is written.
    """

    dataset_id: str
    version: str
    tenant_id: str
    license: str
    purposes: tuple[str, ...]
    retention: str
    service_level: ServiceLevel
    digest: str
    location: Location | None = None
