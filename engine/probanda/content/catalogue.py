"""The catalogue: everything that a project says, by name.

Rules:

- Names are looked up in the project; `builtin:` looks in what probanda ships.
- `files` lists what *judges*: who changes one of these files changes what passes.
  Approvers' keys are among them: they decide whose signature counts. Built-in
  content is not; the engine's version stands for it.

Example:

    policy, entrypoint = catalogue.entrypoint("builtin:supply-chain/license-allowlist/findings")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from probanda.canonical import tree_digest
from probanda.content.complaints import nearest
from probanda.errors import ContentError
from probanda.model.baseline import Baseline
from probanda.model.clarification import Clarification
from probanda.model.contract import Contract
from probanda.model.control import Control
from probanda.model.control_map import ControlMap, IdentifierList
from probanda.model.gate import Gate
from probanda.model.policy import Entrypoint, Policy
from probanda.model.project import Project
from probanda.model.roster import Roster
from probanda.model.waiver import Waiver

BUILTIN = "builtin:"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A project, loaded and checked.

    Attributes:
        project: `probanda.yaml`.
        gates: by name.
        policies: by id; what probanda ships has the prefix `builtin:`.
        controls: by id; built-in ones too, without prefix.
        identifiers, maps: by name; built-in ones too. Empty unless they were asked for.
        contracts: by the name of their folder.
        waivers: by name.
        clarifications: by name.
        baselines: by gate.
        roster: who is who; empty where the project has none.
        files: SHA-256 of every judging document, by path.
        warnings: what is well formed and probably not meant, each with its place.
        provides_builtin: the project is probanda's own source: `builtin:` means itself.
    """

    project: Project
    gates: Mapping[str, Gate]
    policies: Mapping[str, Policy]
    controls: Mapping[str, Control]
    contracts: Mapping[str, Contract]
    waivers: Mapping[str, Waiver]
    clarifications: Mapping[str, Clarification]
    files: Mapping[str, str]
    baselines: Mapping[str, Baseline] = field(default_factory=dict)
    roster: Roster = field(default_factory=Roster)
    identifiers: Mapping[str, IdentifierList] = field(default_factory=dict)
    maps: Mapping[str, ControlMap] = field(default_factory=dict)
    warnings: tuple[ContentError, ...] = ()
    provides_builtin: bool = False

    @property
    def digest(self) -> str:
        """One SHA-256 over `files`."""
        return tree_digest(self.files)

    def entrypoint(self, name: str) -> tuple[Policy, Entrypoint]:
        """The policy and entry point behind `[builtin:]<area>/<slug>/<entrypoint>`.

        Raises:
            ContentError: there is none of that name; the hint has the nearest one.
        """
        return find_entrypoint(name, self.policies, provides_builtin=self.provides_builtin)


def find_entrypoint(
    name: str, policies: Mapping[str, Policy], *, provides_builtin: bool
) -> tuple[Policy, Entrypoint]:
    """See `Catalogue.entrypoint`."""
    policy_id, _, entry = name.rpartition("/")
    own = policy_id.removeprefix(BUILTIN) if provides_builtin else policy_id
    policy = policies.get(own)
    if policy is not None and entry in policy.entrypoints:
        return policy, policy.entrypoints[entry]
    if policy is not None:
        offered = ", ".join(f"'{other}'" for other in sorted(policy.entrypoints))
        hint = nearest(entry, policy.entrypoints) or f"it has {offered}"
        raise ContentError(f"policy '{policy_id}' has no entry point '{entry}'", hint=hint)
    known = [f"{key}/{other}" for key, found in policies.items() for other in found.entrypoints]
    shipped = f"{BUILTIN}{name}"
    hint = f"did you mean '{shipped}'?" if shipped in known else nearest(name, known)
    raise ContentError(f"no policy '{policy_id}'", hint=hint or None)
