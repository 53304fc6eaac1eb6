"""The documents as people write them: one pydantic model per kind.

Rules:

- Frozen, camelCase in the file, unknown fields refused. v1 only grows.
- Only the *form* is checked here; what one document says about another is
  checked in `crosscheck.py`.
- The docstring below a field is its description in the published JSON Schema.

Example:

    Gate.model_validate(unwrap(load_yaml(data, path="gates/pull-request.yaml")))
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from probanda.content.fields import (
    CollectorName,
    ControlId,
    Duration,
    EntrypointName,
    FactName,
    Fingerprint,
    Flag,
    InputPath,
    Instant,
    JsonObject,
    LicenseExpression,
    Line,
    Number,
    PolicyName,
    Purl,
    RegoPackage,
    RegoRule,
    RelativePath,
    Slug,
    Text,
    UniqueControls,
    unique,
)

ApiVersion = Annotated[Literal["probanda/v1"], BeforeValidator(lambda value: _word(value))]


def _word(value: object) -> object:
    """The text of a scalar for a `Literal`; anything else stays and is refused there."""
    return getattr(value, "text", value)


class Model(BaseModel):
    """What all parts of a document share."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        use_attribute_docstrings=True,
    )


class Named(Model):
    """Metadata of a document that has nothing but a name."""

    name: Slug
    """Unique among the documents of its kind."""


class ApproverEntry(Model):
    """A person who may approve changes of judging content and sign clarifications."""

    name: Line
    """The person's login or e-mail, as `--approved-by` and documents spell it."""
    public_key: RelativePath | None = None
    """Path of the person's public key (PEM); needed to sign clarifications."""


class ProjectSpec(Model):
    """What holds for the whole project."""

    tenant: Line
    """The default tenant: whose data, decisions and evidence these are."""
    approvers: tuple[ApproverEntry, ...] = ()
    """Who may approve changes of judging content."""
    trust: tuple[RelativePath, ...] = ()
    """Paths of trusted-root files."""
    extends: Annotated[tuple[Line, ...], AfterValidator(unique)] = ()
    """Names of built-in policies and controls that this project replaces by its own."""


class Project(Model):
    """`probanda.yaml`: the folder that holds it is the project's root."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Project"], BeforeValidator(_word)]
    """What this document is."""
    metadata: Named
    """The project's name."""
    spec: ProjectSpec
    """What holds for the whole project."""


class GateMetadata(Model):
    """Name, title and owner of a gate."""

    name: Slug
    """Unique in the project."""
    title: Line
    """One line for people."""
    owner: Line
    """Role or team that answers for the gate."""


class When(Model):
    """When a check applies."""

    paths: Annotated[tuple[RelativePath, ...], Field(min_length=1)]
    """Glob patterns; the check applies if a changed path matches one of them."""


class FactEntry(Model):
    """Where a check takes one fact from."""

    from_: Annotated[CollectorName, Field(alias="from")]
    """The collector that reads the artifact."""
    path: RelativePath | None = None
    """Path of the artifact, relative to the project's root."""
    ref: Annotated[Literal["base"], BeforeValidator(_word)] | None = None
    """`base`: read the artifact from the base revision instead of the working tree."""
    missing: Annotated[Literal["notEvaluated", "empty"], BeforeValidator(_word)] = "notEvaluated"
    """What an absent artifact means: undecided (which blocks), or an empty fact."""
    max_age: Duration | None = None
    """The oldest acceptable artifact, by the time that the artifact itself states."""
    options: JsonObject = {}
    """Options of the collector."""


class CheckEntry(Model):
    """Facts, one policy entry point, parameters, and the controls that it supports."""

    id: Slug
    """Unique in the gate."""
    when: When | None = None
    """When the check applies; always, if left out."""
    optional: Flag = False
    """Missing facts skip the check; honoured only from the base revision."""
    facts: dict[FactName, FactEntry] = {}
    """The facts that the policy reads, by the policy's names for them."""
    policy: EntrypointName
    """`[builtin:]<area>/<slug>/<entrypoint>`."""
    parameters: JsonObject = {}
    """Parameters of the policy; its parameter schema says which."""
    controls: UniqueControls = ()
    """The controls that this check supports."""


class Request(Model):
    """What a runtime gate is asked."""

    schema_: Annotated[JsonObject, Field(alias="schema")]
    """JSON Schema (2020-12) of the request."""


class GateSpec(Model):
    """When and how strictly the gate checks, and what."""

    runs: Annotated[Literal["ci", "runtime"], BeforeValidator(_word)]
    """Where the gate runs."""
    mode: Annotated[Literal["enforce", "warn", "shadow"], BeforeValidator(_word)]
    """How strictly findings are taken."""
    request: Request | None = None
    """For runtime gates: what they are asked."""
    checks: Annotated[tuple[CheckEntry, ...], Field(min_length=1)]
    """The checks, in this order."""


class Gate(Model):
    """A named list of checks with a mode."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Gate"], BeforeValidator(_word)]
    """What this document is."""
    metadata: GateMetadata
    """Name, title and owner."""
    spec: GateSpec
    """When and how strictly the gate checks, and what."""


class PolicyMetadata(Model):
    """Name, title and owner of a policy."""

    name: PolicyName
    """`<area>/<slug>`, the policy's folder below `policies/`."""
    title: Line
    """One line for people."""
    owner: Line
    """Role or team that answers for the policy."""


class EntrypointEntry(Model):
    """One callable name of a policy."""

    kind: Annotated[Literal["findings", "allow"], BeforeValidator(_word)]
    """`findings`: a set of finding objects. `allow`: exactly `true` passes."""
    rule: RegoRule
    """The Rego rule behind it."""
    input: dict[FactName, InputPath] = {}
    """Adapter: key of the Rego input to a dotted path into the standard input."""


class PolicyFactEntry(Model):
    """A fact that the policy reads."""

    collector: CollectorName
    """The collector that must have made it."""
    optional: Flag = False
    """A check may leave it out."""


class PolicySpec(Model):
    """What the policy needs and offers."""

    package: RegoPackage
    """The Rego package of every module in the folder."""
    entrypoints: Annotated[dict[Slug, EntrypointEntry], Field(min_length=1)]
    """Entry points by name."""
    facts: dict[FactName, PolicyFactEntry] = {}
    """The facts that the policy reads, by name."""
    parameters: JsonObject | None = None
    """JSON Schema (2020-12) of the parameters; without it, there are none."""
    request: JsonObject | None = None
    """JSON Schema (2020-12) of the run-time request."""
    controls: UniqueControls = ()
    """The controls that the policy supports."""


class Policy(Model):
    """`policy.yaml`: what the Rego beside it needs, and what it is called."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Policy"], BeforeValidator(_word)]
    """What this document is."""
    metadata: PolicyMetadata
    """Name, title and owner."""
    spec: PolicySpec
    """What the policy needs and offers."""


class ControlMetadata(Model):
    """Name and title of a control."""

    name: ControlId
    """`<framework>/<criterion>`."""
    title: Line
    """Own short title."""


class EvidenceEntry(Model):
    """One kind of evidence that a control expects."""

    title: Line
    """What it is."""
    collector: CollectorName | None = None
    """The collector that reads it; without one, a person provides it."""
    policy: EntrypointName | None = None
    """The policy entry point that judges it; without one, a person does."""
    population: Text | None = None
    """The full set from which an auditor would sample."""
    review: Text | None = None
    """What a reviewer looks at; required where neither collector nor policy is given."""


class ControlSpec(Model):
    """What an auditor wants to see proved."""

    statement: Text
    """The criterion in our own words, never the publisher's text."""
    owner: Line
    """Role that answers for it."""
    frequency: Annotated[
        Literal[
            "per-change", "continuous", "daily", "weekly", "monthly", "quarterly", "annually"
        ],
        BeforeValidator(_word),
    ]
    """How often the control operates."""
    automation: Annotated[Literal["automated", "manual", "hybrid"], BeforeValidator(_word)]
    """How its evidence comes about."""
    evidence: Annotated[tuple[EvidenceEntry, ...], Field(min_length=1)]
    """What proves it."""


class Control(Model):
    """One criterion of a framework."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Control"], BeforeValidator(_word)]
    """What this document is."""
    metadata: ControlMetadata
    """Name and title."""
    spec: ControlSpec
    """What an auditor wants to see proved."""


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
        BeforeValidator(_word),
    ]
    """Licence class."""
    purpose: Annotated[tuple[Line, ...], AfterValidator(unique)]
    """What the data may be used for."""
    retention: Annotated[
        Literal["ephemeral-7d", "short-30d", "standard-365d", "long-1825d", "legal-hold"],
        BeforeValidator(_word),
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
    kind: Annotated[Literal["Contract"], BeforeValidator(_word)]
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
    approver: Line
    """Who approved it; never the owner."""
    ticket: Line
    """Reference to the discussion."""
    reason: Text
    """Why the exception is acceptable."""
    expires: Instant
    """First instant at which it no longer holds."""


class Waiver(Model):
    """An approved, expiring exception to findings."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Waiver"], BeforeValidator(_word)]
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
    kind: Annotated[Literal["Clarification"], BeforeValidator(_word)]
    """What this document is."""
    metadata: Named
    """The clarification's name."""
    spec: ClarificationSpec
    """What was found out."""


MODELS: dict[str, type[Model]] = {
    "Project": Project,
    "Gate": Gate,
    "Policy": Policy,
    "Control": Control,
    "Contract": Contract,
    "Waiver": Waiver,
    "Clarification": Clarification,
}
KINDS: tuple[str, ...] = tuple(MODELS)


def json_schema(kind: str) -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of a kind.

    Raises:
        KeyError: not one of `KINDS`.
    """
    schema = MODELS[kind].model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:probanda:schema:{kind.lower()}:v1",
        **_without_null(schema),
    }


def _without_null(schema: Any) -> Any:
    """Optional fields are left out, never null: the loader refuses null, so the schema does."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _without_null(value) for key, value in schema.items()}
    if plain.get("default", ...) is None:
        del plain["default"]
    choices = plain.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        del plain["anyOf"]
        (choice,) = [entry for entry in choices if entry != {"type": "null"}]
        plain = {**choice, **plain}
    return plain


__all__ = ["KINDS", "MODELS", "RawContract", "json_schema"]
