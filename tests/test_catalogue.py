"""Every unit of the catalogue is complete, and what refers to each other agrees.

The tables are walked, never listed here: a collector, policy, control, gate, predicate or command
that is added without its test, page or cases fails.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from probanda.cli import COMMANDS
from probanda.collect import COLLECTORS
from probanda.content import WorkingTree, load
from probanda.parse.yaml import load_yaml, to_plain

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = load(WorkingTree(ROOT))
EXAMPLES = sorted(path.parent for path in ROOT.glob("examples/*/probanda.yaml"))
PREDICATES = sorted(path for path in ROOT.glob("evidence/predicates/*/*") if path.is_dir())
PACKAGE = ROOT / "engine" / "probanda"


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_tables_are_not_empty():
    assert COLLECTORS
    assert COMMANDS
    assert CATALOGUE.policies
    assert CATALOGUE.controls
    assert CATALOGUE.gates
    assert EXAMPLES
    assert PREDICATES


@pytest.mark.parametrize("name", COLLECTORS)
def test_a_collector_has_its_tests(name):
    module = type(COLLECTORS[name]).__module__.rsplit(".", 1)[1]
    own = ROOT / "tests" / "collect" / f"test_{module}.py"
    shared = text(ROOT / "tests" / "collect" / "test_collect.py")

    # Those that hand on what a parser says are tested where all of them are.
    assert own.is_file() or f'"{name}"' in shared.replace("COLLECTORS) ==", "")


@pytest.mark.parametrize("name", COLLECTORS)
def test_a_collector_stands_in_the_documentation_with_its_options(name):
    (row,) = [
        line
        for line in text(ROOT / "docs" / "content.md").splitlines()
        if line.startswith(f"| `{name}` |")
    ]
    options = COLLECTORS[name].options_schema.get("properties", {})

    assert [option for option in options if f"`{option}`" not in row.split("|")[3]] == []


def test_the_table_of_collectors_has_every_file_of_its_folder():
    interfaces = {
        "interface",
        "files",
        "licenses",
        "license_names",
        "json_node",
        "matching",
        "record",
        "rows",
    }
    interfaces |= {"openlineage_facets", "table_database", "table_text", "matching"}
    modules = {path.stem for path in (PACKAGE / "collect").glob("*.py")} - {"__init__"}
    used = {type(each).__module__.rsplit(".", 1)[1] for each in COLLECTORS.values()}

    assert modules - interfaces == used


@pytest.mark.parametrize("name", CATALOGUE.policies)
def test_a_policy_has_a_page_tests_and_cases_that_pass_and_fail(name):
    folder = ROOT / "policies" / name
    slug = folder.name
    cases = [
        to_plain(load_yaml(path.read_bytes(), path=path.name))
        for path in folder.glob("cases/*.yaml")
    ]
    verdicts = Counter((case.get("entrypoint", "findings"), case["expect"]) for case in cases)

    assert (folder / "README.md").is_file()
    assert (folder / f"{slug}.rego").is_file()
    assert "test_" in text(folder / f"{slug}_test.rego")
    for entry in CATALOGUE.policies[name].entrypoints:
        assert verdicts[entry, "pass"] >= 1, f"{entry}: no case that passes"
        assert verdicts[entry, "fail"] >= 1, f"{entry}: no case that fails"


@pytest.mark.parametrize("name", CATALOGUE.policies)
def test_a_policy_is_listed_on_the_page_of_its_room(name):
    assert f"[`{name}`]({name})" in text(ROOT / "policies" / "README.md")


@pytest.mark.parametrize("name", CATALOGUE.policies)
def test_the_controls_on_a_policys_page_are_those_of_its_document(name):
    (line,) = [
        line
        for line in text(ROOT / "policies" / name / "README.md").splitlines()
        if line.startswith("**Controls.** ")
    ]

    assert line.removeprefix("**Controls.** ").split(", ") == list(
        CATALOGUE.policies[name].controls
    )


def cited() -> set[tuple[str, str]]:
    """(control, policy) wherever a control expects evidence that a policy judges."""
    return {
        (control.id, item.policy.rpartition("/")[0])
        for control in CATALOGUE.controls.values()
        for item in control.evidence
        if item.policy
    }


def supported() -> set[tuple[str, str]]:
    """(control, policy) wherever a policy says that it supports a control."""
    return {(control, each.id) for each in CATALOGUE.policies.values() for control in each.controls}


def test_a_policy_supports_controls_that_exist():
    assert {control for control, _ in supported()} <= set(CATALOGUE.controls)
    assert [each.id for each in CATALOGUE.policies.values() if not each.controls] == []


def test_controls_and_policies_name_each_other():
    assert cited() - supported() == set(), "the control names the policy, the policy not it"
    # A control without a policy of its own takes any that reads through its collectors.
    read = {
        (control.id, policy.id)
        for control in CATALOGUE.controls.values()
        for policy in CATALOGUE.policies.values()
        for item in control.evidence
        if not item.policy and item.collector in {fact.collector for fact in policy.facts.values()}
    }
    assert supported() - cited() - read == set(), "the policy names the control, the control not it"


@pytest.mark.parametrize("name", CATALOGUE.controls)
def test_evidence_of_a_control_is_read_by_a_gate_or_looked_at_by_a_person(name):
    for item in CATALOGUE.controls[name].evidence:
        assert (item.query and item.population) if item.automated else item.review


@pytest.mark.parametrize("folder", [ROOT, *EXAMPLES], ids=lambda path: path.name)
def test_a_gate_has_checks_with_controls_that_their_policy_supports(folder):
    catalogue = load(WorkingTree(folder))

    assert catalogue.gates
    for gate in catalogue.gates.values():
        assert gate.checks, f"{gate.name} is empty"
        assert len({check.id for check in gate.checks}) == len(gate.checks)
        for check in gate.checks:
            policy, _ = catalogue.entrypoint(check.policy)
            assert check.controls
            assert set(check.controls) <= set(policy.controls), f"{gate.name}/{check.id}"


def test_names_are_unique_whatever_their_case():
    names = [
        *(("Control", name) for name in CATALOGUE.controls),
        *(("Policy", name) for name in CATALOGUE.policies),
        *(("Gate", name) for name in CATALOGUE.gates),
    ]
    twice = [name for name, count in Counter((k, n.lower()) for k, n in names).items() if count > 1]

    assert twice == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_has_its_module_and_its_test(name):
    module = COMMANDS[name][0]

    assert (PACKAGE / "cli" / f"{module}.py").is_file()
    assert (ROOT / "tests" / "cli" / f"test_{module}.py").is_file()


def test_every_module_of_the_command_line_that_holds_a_command_is_in_the_table():
    modules = {path.stem for path in (PACKAGE / "cli").glob("[!_]*.py")}
    holders = {name for name in modules if "\ndef command(" in text(PACKAGE / "cli" / f"{name}.py")}

    assert holders == {module for module, _ in COMMANDS.values()}


@pytest.mark.parametrize("folder", PREDICATES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_predicate_has_a_schema_an_example_that_fits_it_and_a_page(folder):
    schema = json.loads(text(folder / "schema.json"))
    example = json.loads(text(folder / "example.json"))
    kind = f"{folder.parent.name}:{folder.name}"
    predicate = example["predicate"] if "_type" in example else example

    assert text(folder / "README.md").startswith("# ")
    Draft202012Validator.check_schema(schema)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(predicate)] == []
    assert example.get("predicateType", kind).endswith(kind)
