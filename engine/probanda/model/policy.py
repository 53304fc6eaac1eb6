"""A policy: a folder with Rego, what it needs, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from probanda.model.location import Location
from probanda.model.outcome import Severity

# Facts that no collector reads and no gate names: the host states them, from judging content.
HOST_FACTS = frozenset({"clarifications", "roster"})


class EntrypointKind(Enum):
    """What the rule behind an entry point yields."""

    FINDINGS = "findings"  # a set of finding objects
    ALLOW = "allow"  # exactly `true` passes; anything else is one finding


@dataclass(frozen=True, slots=True)
class Rule:
    """What the Rego `# METADATA` block above a rule says about it.

    `reference` is the first address of its `related_resources`; empty when it has none.
    """

    id: str
    title: str
    severity: Severity
    remediation: str = ""
    description: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Entrypoint:
    """One callable name of a policy.

    Attributes:
        name: last part of `<area>/<slug>/<name>`.
        kind: see `EntrypointKind`.
        rego_path: `package/path/rule`, OPA's spelling of an entry point.
        input: adapter: top-level key of the Rego input → dotted path into
            `{facts, request, verified, parameters, asOf, tenant}`. Empty: the
            standard input `{facts, evidence, parameters, asOf, tenant}`.
    """

    name: str
    kind: EntrypointKind
    rego_path: str
    input: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicyFact:
    """A fact that a policy reads.

    Attributes:
        collector: the one that makes it.
        optional: whether a check may leave it out.
        alternatives: other collectors whose facts have the same shape.
    """

    collector: str
    optional: bool = False
    alternatives: tuple[str, ...] = ()

    @property
    def collectors(self) -> tuple[str, ...]:
        """Every collector that may have made it."""
        return (self.collector, *self.alternatives)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy folder, loaded.

    Attributes:
        id: `<area>/<slug>`.
        title: one line for people.
        owner: role or team that answers for it.
        package: Rego package, dotted.
        entrypoints: by name.
        rules: by rule id, from Rego metadata.
        facts: what the policy reads, by the policy's names for it.
        any_facts: whether it also reads whatever other facts a check gives it.
        parameters_schema: JSON Schema (2020-12) of the parameters.
        request_schema: JSON Schema of the run-time request, when it has one.
        controls: ids of the controls it supports.
        modules: Rego sources by project-relative path, tests left out.
        test_modules: the `_test.rego` sources.
        files: every file of the folder that decides: path → SHA-256.
        digest: one SHA-256 over `files`.
        builtin: shipped with probanda rather than found in the project.
        location: of its `policy.yaml`.
        rego_version: of the modules' syntax: 1, or 0.
    """

    id: str
    title: str
    package: str
    entrypoints: Mapping[str, Entrypoint]
    rules: Mapping[str, Rule]
    facts: Mapping[str, PolicyFact]
    parameters_schema: Mapping[str, Any]
    request_schema: Mapping[str, Any] | None
    controls: tuple[str, ...]
    modules: Mapping[str, str]
    test_modules: Mapping[str, str]
    files: Mapping[str, str]
    digest: str
    builtin: bool = False
    location: Location | None = None
    rego_version: int = 1
    owner: str = ""
    any_facts: bool = False
