"""Project, gate, policy and control as people write them: one pydantic model per kind.

Rules:

- Frozen, camelCase in the file, unknown fields refused. v1 only grows.
- Only the *form* is checked here; what one document says about another is
  checked in `crosscheck.py`. Contracts, waivers and clarifications are in
  `statements.py`, rosters and baselines in `people_documents.py`.
- The docstring below a field is its description in the published JSON Schema.

Example:

    Gate.model_validate(unwrap(load_yaml(data, path="gates/pull-request.yaml")))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from probanda.content.descriptions import field_descriptions
from probanda.content.fields import (
    CollectorName,
    ControlName,
    Duration,
    EntrypointName,
    FactName,
    Flag,
    InputPath,
    JsonObject,
    Line,
    PolicyName,
    RegoPackage,
    RegoRule,
    RelativePath,
    Slug,
    SlugKey,
    Text,
    UniqueControls,
    WholeNumber,
    unique,
    word,
)

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema

ApiVersion = Annotated[Literal["probanda/v1"], BeforeValidator(word)]


class Model(BaseModel):
    """What all parts of a document share."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        defer_build=True,  # most runs see a few kinds; a model is built when one is first read
    )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The model's JSON Schema, each field described by the docstring below it."""
        found = handler(schema)
        properties = handler.resolve_ref_schema(found)["properties"]
        for name, text in field_descriptions(cls).items():
            properties[cls.model_fields[name].alias or name].setdefault("description", text)
        return found


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


class WaiversEntry(Model):
    """What holds for every waiver and baseline."""

    max_days: Annotated[WholeNumber, Field(ge=1, le=366)] = 90
    """Longest time from creation to expiry, in days."""
    unused: Annotated[Literal["report", "fail"], BeforeValidator(word)] = "report"
    """What one that nothing needs any more is: reported, or a finding."""


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
    waivers: WaiversEntry | None = None
    """What holds for every waiver and baseline."""


class Project(Model):
    """`probanda.yaml`: the folder that holds it is the project's root."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Project"], BeforeValidator(word)]
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
    """Path of the artifact, relative to the project's root; or a pattern with `*`, `**`, `?`:
    then the check is made once for each file that matches."""
    ref: Annotated[Literal["base"], BeforeValidator(word)] | None = None
    """`base`: read the artifact from the base revision instead of the working tree."""
    missing: Annotated[Literal["notEvaluated", "empty"], BeforeValidator(word)] = "notEvaluated"
    """What an absent artifact means: undecided (which blocks), or an empty fact."""
    max_age: Duration | None = None
    """The oldest acceptable artifact, by the time that the artifact itself states."""
    options: JsonObject = {}
    """Options of the collector."""
    max_files: Annotated[WholeNumber, Field(ge=1, le=50_000)] | None = None
    """How many files a pattern may match; 20,000, if left out."""


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

    runs: Annotated[Literal["ci", "runtime"], BeforeValidator(word)]
    """Where the gate runs."""
    mode: Annotated[Literal["enforce", "warn", "shadow"], BeforeValidator(word)]
    """How strictly findings are taken."""
    request: Request | None = None
    """For runtime gates: what they are asked."""
    checks: Annotated[tuple[CheckEntry, ...], Field(min_length=1)]
    """The checks, in this order."""


class Gate(Model):
    """A named list of checks with a mode."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Gate"], BeforeValidator(word)]
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

    kind: Annotated[Literal["findings", "allow"], BeforeValidator(word)]
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
    alternatives: tuple[CollectorName, ...] = ()
    """Other collectors whose facts have the same shape."""


class PolicySpec(Model):
    """What the policy needs and offers."""

    package: RegoPackage
    """The Rego package of every module in the folder."""
    rego: Annotated[Literal["v0", "v1"], BeforeValidator(word)] = "v1"
    """The syntax of the modules; `v0` for those written before OPA 1.0."""
    entrypoints: Annotated[dict[SlugKey, EntrypointEntry], Field(min_length=1)]
    """Entry points by name."""
    facts: dict[FactName, PolicyFactEntry] = {}
    """The facts that the policy reads, by name."""
    any_facts: Flag = False
    """Reads whatever other facts a check gives it too, under the check's names."""
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
    kind: Annotated[Literal["Policy"], BeforeValidator(word)]
    """What this document is."""
    metadata: PolicyMetadata
    """Name, title and owner."""
    spec: PolicySpec
    """What the policy needs and offers."""


class ControlMetadata(Model):
    """Name and title of a control."""

    name: ControlName
    """`<framework>/<criterion>`."""
    title: Line
    """Own short title."""


class EvidenceEntry(Model):
    """One kind of evidence that a control expects."""

    title: Line
    """What it is."""
    collector: CollectorName | None = None
    """The collector that reads it; without one, a person provides it."""
    query: Text | None = None
    """What is read there: which records, which fields, and what must hold."""
    policy: EntrypointName | None = None
    """The policy entry point that judges it; without one, any check that names the control
    and reads through the collector does."""
    population: Text | None = None
    """The full set from which an auditor would sample."""
    review: Text | None = None
    """What a reviewer looks at; required where neither collector nor policy is given."""
    artifact: Line | None = None
    """What a reviewer attaches."""


class ControlSpec(Model):
    """What an auditor wants to see proved."""

    statement: Text
    """The criterion in our own words, never the publisher's text."""
    owner: Line
    """Role that answers for it."""
    frequency: Annotated[
        Literal["per-change", "continuous", "daily", "weekly", "monthly", "quarterly", "annually"],
        BeforeValidator(word),
    ]
    """How often the control operates."""
    automation: Annotated[Literal["automated", "manual", "hybrid"], BeforeValidator(word)]
    """How its evidence comes about."""
    topics: Annotated[
        tuple[Slug, ...], AfterValidator(unique), Field(json_schema_extra={"uniqueItems": True})
    ] = ()
    """What its checks are about; a check about another control's topics is misplaced here."""
    evidence: Annotated[tuple[EvidenceEntry, ...], Field(min_length=1)]
    """What proves it."""


class Control(Model):
    """One criterion of a framework."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["Control"], BeforeValidator(word)]
    """What this document is."""
    metadata: ControlMetadata
    """Name and title."""
    spec: ControlSpec
    """What an auditor wants to see proved."""
