"""Documents into domain types.

Rules:

- One function per kind. The form is known to be right; nothing is looked up here.
- Nothing of pydantic leaves this package.

Example:

    gate = convert_gate(source)
"""

from __future__ import annotations

from probanda.content import documents, people_documents, statements
from probanda.content.catalogue import BUILTIN
from probanda.content.documents import FactEntry, Model
from probanda.content.source import Source
from probanda.content.statements import ContractSpec, RawContract
from probanda.model.baseline import Baseline, KnownFinding
from probanda.model.clarification import Clarification
from probanda.model.contract import Contract, ServiceLevel
from probanda.model.control import Automation, Control, ExpectedEvidence, Frequency
from probanda.model.gate import MAX_FILES, Check, FactSource, Gate, MissingArtifact, Runs
from probanda.model.location import Location
from probanda.model.outcome import Mode
from probanda.model.project import Approver, Project, WaiverRules
from probanda.model.waiver import Waiver


def convert_project(source: Source[documents.Project], keys: dict[str, str]) -> Project:
    """The project; `keys` has each approver's public key (PEM) by name."""
    spec = source.document.spec
    return Project(
        name=source.document.metadata.name,
        tenant=spec.tenant,
        approvers=tuple(Approver(entry.name, keys.get(entry.name, "")) for entry in spec.approvers),
        trust=spec.trust,
        digest=source.digest,
        waivers=WaiverRules(spec.waivers.max_days, spec.waivers.unused == "fail")
        if spec.waivers
        else WaiverRules(),
        location=source.at(),
    )


def convert_gate(source: Source[documents.Gate]) -> Gate:
    """The gate with its checks."""
    metadata, spec = source.document.metadata, source.document.spec
    return Gate(
        name=metadata.name,
        title=metadata.title,
        owner=metadata.owner,
        mode=Mode(spec.mode),
        runs=Runs(spec.runs),
        checks=tuple(
            Check(
                id=entry.id,
                policy=entry.policy,
                facts=tuple(
                    _fact(name, fact, source.at("spec", "checks", index, "facts", name, key=True))
                    for name, fact in entry.facts.items()
                ),
                parameters=entry.parameters,
                controls=entry.controls,
                when_paths=entry.when.paths if entry.when else (),
                optional=entry.optional,
                location=source.at("spec", "checks", index),
            )
            for index, entry in enumerate(spec.checks)
        ),
        request_schema=spec.request.schema_ if spec.request else None,
        digest=source.digest,
        location=source.at(),
    )


def _fact(name: str, entry: FactEntry, location: Location) -> FactSource:
    return FactSource(
        name=name,
        collector=entry.from_,
        path=entry.path or "",
        ref=entry.ref or "",
        missing=MissingArtifact(entry.missing),
        max_age=entry.max_age,
        options=entry.options,
        location=location,
        max_files=entry.max_files or MAX_FILES,
    )


def convert_control(source: Source[documents.Control]) -> Control:
    """The control. A built-in one names built-in policies, so it gets their prefix."""
    metadata, spec = source.document.metadata, source.document.spec
    framework, _, criterion = metadata.name.partition("/")
    return Control(
        id=metadata.name,
        framework=framework,
        criterion=criterion,
        title=metadata.title,
        statement=spec.statement,
        owner=spec.owner,
        frequency=Frequency(spec.frequency),
        automation=Automation(spec.automation),
        evidence=tuple(
            ExpectedEvidence(
                title=entry.title,
                collector=entry.collector or "",
                policy=qualified(entry.policy or "", builtin=source.builtin),
                population=entry.population or "",
                review=entry.review or "",
                query=entry.query or "",
                artifact=entry.artifact or "",
            )
            for entry in spec.evidence
        ),
        digest=source.digest,
        location=source.at(),
        topics=spec.topics,
    )


def qualified(entrypoint: str, *, builtin: bool) -> str:
    """An entry point as the catalogue knows it, from a document that may be built in."""
    if builtin and entrypoint and not entrypoint.startswith(BUILTIN):
        return f"{BUILTIN}{entrypoint}"
    return entrypoint


def contract_spec(document: Model) -> ContractSpec:
    """The terms, from our form or the raw one.

    Raises:
        TypeError: neither.
    """
    if isinstance(document, RawContract):
        return document
    if isinstance(document, statements.Contract):
        return document.spec
    raise TypeError(f"not a contract: {type(document).__name__}")


def convert_contract(source: Source[Model]) -> Contract:
    """The terms of a dataset."""
    spec = contract_spec(source.document)
    return Contract(
        dataset_id=spec.dataset_id,
        version=spec.version,
        tenant_id=spec.tenant_id,
        license=spec.license,
        purposes=spec.purpose,
        retention=spec.retention,
        service_level=ServiceLevel(
            ingest_latency_ms=spec.sla.ingest_latency_ms,
            completeness_pct=spec.sla.completeness_pct,
            deduplicated=spec.sla.dedupe,
        ),
        digest=source.digest,
        location=source.at(),
    )


def convert_waiver(source: Source[statements.Waiver], signature: str = "") -> Waiver:
    """The waiver with the signature that lies beside it, unverified."""
    metadata, spec = source.document.metadata, source.document.spec
    return Waiver(
        name=metadata.name,
        fingerprints=spec.fingerprints,
        owner=metadata.owner,
        approver=spec.approver,
        ticket=spec.ticket,
        reason=spec.reason,
        expires=spec.expires,
        created=spec.created,
        gates=spec.gates or (),
        checks=spec.checks or (),
        payload=source.data,
        signature=signature,
        location=source.at(),
    )


def convert_baseline(source: Source[people_documents.Baseline], signature: str = "") -> Baseline:
    """The baseline with the signature that lies beside it, unverified."""
    metadata, spec = source.document.metadata, source.document.spec
    return Baseline(
        gate=metadata.name,
        tenant=spec.tenant,
        findings=tuple(
            KnownFinding(
                fingerprint=entry.fingerprint,
                policy=entry.policy,
                rule=entry.rule,
                key=entry.key,
                path=entry.path or "",
                count=entry.count,
            )
            for entry in spec.findings
        ),
        owner=metadata.owner,
        approver=spec.approver,
        ticket=spec.ticket,
        reason=spec.reason,
        expires=spec.expires,
        created=spec.created,
        payload=source.data,
        signature=signature,
        location=source.at(),
    )


def convert_clarification(
    source: Source[statements.Clarification], signature: str
) -> Clarification:
    """The clarification with the signature that lies beside it, unverified."""
    spec = source.document.spec
    return Clarification(
        name=source.document.metadata.name,
        purl=spec.purl,
        license=spec.license,
        evidence=spec.evidence,
        author=spec.author,
        payload=source.data,
        signature=signature,
        location=source.at(),
    )
