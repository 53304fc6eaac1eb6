"""One thing of the catalogue as a document for programs: all that the project says about it.

Rules:

- Who supports a control is derived from policies and gates (`content.support`).
- Nothing is judged: whether evidence exists, a pack says.

Example:
    describe(Found("control", "soc2/CC6.1"), catalogue, tree, shipped)["owner"]
"""

from __future__ import annotations

from typing import Any

from probanda.collect import COLLECTORS
from probanda.content import Catalogue, Tree
from probanda.content.cases import read_cases
from probanda.content.catalogue import BUILTIN
from probanda.content.lookup import Found
from probanda.content.support import support
from probanda.model.control import ExpectedEvidence
from probanda.model.gate import FactSource
from probanda.output.listing import rows

Description = dict[str, Any]


def describe(found: Found, catalogue: Catalogue, tree: Tree, shipped: Tree) -> Description:
    """The description of a thing; `tree` is the project's, `shipped` holds what is built in.

    Raises:
        ContentError, ParseError: a case of a policy is malformed.
    """
    if found.kind == "control":
        return _control(found.name, catalogue)
    if found.kind == "policy":
        own = catalogue.policies[found.name]
        return _policy(found.name, catalogue, shipped if own.builtin else tree)
    if found.kind == "gate":
        return _gate(found.name, catalogue)
    if found.kind == "collector":
        return _collector(found.name, catalogue)
    plural = {"contract": "contracts", "waiver": "waivers"}[found.kind]
    (row,) = [row for row in rows(plural, catalogue) if row["name"] == found.name]
    return {"kind": found.kind, **row}


def _control(name: str, catalogue: Catalogue) -> Description:
    control, supporters = catalogue.controls[name], support(catalogue, name)
    return {
        "kind": "control",
        "id": name,
        "title": control.title,
        "statement": control.statement.strip(),
        "owner": control.owner,
        "frequency": control.frequency.value,
        "automation": control.automation.value,
        "topics": list(control.topics),
        "evidence": [_evidence(item) for item in control.evidence],
        "policies": list(supporters.policies),
        "checks": [
            {
                "gate": each.gate,
                "check": each.check,
                "policy": each.policy,
                "misplaced": each.misplaced,
            }
            for each in supporters.checks
        ],
        "fed": supporters.fed,
        "relations": [
            {
                "target": each.target,
                "relation": related.relation.value,
                "ids": list(related.targets),
                "strength": related.strength,
            }
            for _, each in sorted(catalogue.maps.items())
            for related in each.of(name)
        ],
    }


def _evidence(item: ExpectedEvidence) -> Description:
    fields = {
        "title": item.title,
        "collector": item.collector,
        "query": item.query.strip(),
        "policy": item.policy,
        "population": item.population.strip(),
        "review": item.review.strip(),
        "artifact": item.artifact,
    }
    return {key: value for key, value in fields.items() if value}


def _policy(name: str, catalogue: Catalogue, tree: Tree) -> Description:
    policy = catalogue.policies[name]
    folder = name.removeprefix(BUILTIN)
    parameters = policy.parameters_schema.get("properties", {})
    return {
        "kind": "policy",
        "id": name,
        "title": policy.title,
        "owner": policy.owner,
        "package": policy.package,
        "builtin": policy.builtin,
        "entrypoints": [
            {"name": f"{name}/{each.name}", "kind": each.kind.value, "rego": each.rego_path}
            for _, each in sorted(policy.entrypoints.items())
        ],
        "facts": [
            {"name": fact, "collector": each.collector, "optional": each.optional}
            for fact, each in policy.facts.items()
        ],
        "parameters": [
            {"name": key, "description": str(schema.get("description", ""))}
            for key, schema in parameters.items()
            if isinstance(schema, dict)
        ],
        "rules": [
            {
                "id": rule.id,
                "title": rule.title,
                "severity": rule.severity.value,
                "remediation": rule.remediation,
                "description": rule.description,
            }
            for _, rule in sorted(policy.rules.items())
        ],
        "controls": list(policy.controls),
        "checks": _checks_of_policy(name, catalogue),
        "cases": [
            {
                "name": case.name,
                "title": case.title,
                "entrypoint": case.entrypoint,
                "expect": case.expect,
            }
            for case in read_cases(tree, folder)
        ],
    }


def _checks_of_policy(name: str, catalogue: Catalogue) -> list[str]:
    """`gate/check` of every check that this policy judges."""
    return sorted(
        f"{gate.name}/{check.id}"
        for gate in catalogue.gates.values()
        for check in gate.checks
        if catalogue.entrypoint(check.policy)[0] is catalogue.policies[name]
    )


def _gate(name: str, catalogue: Catalogue) -> Description:
    gate = catalogue.gates[name]
    return {
        "kind": "gate",
        "id": name,
        "title": gate.title,
        "owner": gate.owner,
        "runs": gate.runs.value,
        "mode": gate.mode.value,
        "checks": [
            {
                "id": check.id,
                "policy": check.policy,
                "facts": [_fact(fact) for fact in check.facts],
                "controls": list(check.controls),
                "when": list(check.when_paths),
                "optional": check.optional,
                "parameters": dict(check.parameters),
            }
            for check in gate.checks
        ],
    }


def _fact(fact: FactSource) -> Description:
    place = f"base:{fact.path}" if fact.ref else fact.path
    return {"name": fact.name, "collector": fact.collector, "source": place}


def _collector(name: str, catalogue: Catalogue) -> Description:
    (row,) = [row for row in rows("collectors", catalogue) if row["name"] == name]
    return {
        "kind": "collector",
        "id": name,
        **{key: value for key, value in row.items() if key != "name"},
        "empty": COLLECTORS[name].empty,
        "policies": sorted(
            policy_id
            for policy_id, policy in catalogue.policies.items()
            if name in {fact.collector for fact in policy.facts.values()}
        ),
        "checks": sorted(
            f"{gate.name}/{check.id}"
            for gate in catalogue.gates.values()
            for check in gate.checks
            if name in {fact.collector for fact in check.facts}
        ),
        "controls": sorted(
            control.id
            for control in catalogue.controls.values()
            if name in {item.collector for item in control.evidence}
        ),
    }
