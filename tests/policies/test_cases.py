"""Every policy folder: its cases, its Rego tests, and what ties them together."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from probanda import rego
from probanda.parse.yaml import load_yaml, to_plain
from probanda.rego.annotations import declared_rules, read_annotations
from probanda.rego.testing import Suite

POLICIES = Path(__file__).resolve().parents[2] / "policies"
FOLDERS = {
    folder.relative_to(POLICIES).as_posix(): folder
    for folder in sorted(path.parent for path in POLICIES.glob("*/*/policy.yaml"))
}
CASES = [(name, case) for name in FOLDERS for case in sorted((FOLDERS[name] / "cases").iterdir())]
IDS = [f"{name}/{case.stem}" for name, case in CASES]
MISSING = object()


def load(path: Path) -> Any:
    return to_plain(load_yaml(path.read_bytes(), path=path.name))


@cache
def spec(name: str) -> Any:
    return load(FOLDERS[name] / "policy.yaml")["spec"]


@cache
def compiled(name: str) -> rego.Policy:
    """The policy without its tests, as a gate compiles it."""
    modules = {
        path.name: path.read_text()
        for path in FOLDERS[name].glob("*.rego")
        if not path.stem.endswith("_test")
    }
    return rego.compile(modules, [path_of(name, entry) for entry in spec(name)["entrypoints"]])


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    compiled.cache_clear()


def path_of(name: str, entry: str) -> str:
    return f"{spec(name)['package'].replace('.', '/')}/{spec(name)['entrypoints'][entry]['rule']}"


def pick(value: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(value, list) and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            return MISSING
    return value


def put(value: Any, path: str, new: Any) -> Any:
    """A copy of `value` with `new` at `path`, or without what is there."""
    value = copy.deepcopy(value)
    *front, last = path.split(".")
    node = pick(value, ".".join(front)) if front else value
    if isinstance(node, list):
        node[int(last)] = new
    elif new is MISSING:
        node.pop(last, None)
    else:
        node[last] = new
    return value


def rules_found(name: str, case: Any) -> list[str]:
    """Ids of the rules that a case breaks; an `allow` that is not true breaks its entry point."""
    entry = spec(name)["entrypoints"][case["entrypoint"]]
    context = {"asOf": "2026-11-20T00:00:00Z", "tenant": "acme", **case["input"]}
    if "input" in entry:
        picked = {key: pick(context, path) for key, path in entry["input"].items()}
        given = {key: value for key, value in picked.items() if value is not MISSING}
    else:
        context = {"evidence": {}, **context}
        given = {key: context[key] for key in ("facts", "evidence", "parameters", "asOf", "tenant")}
    # As a gate asks: an error of a built-in is no answer.
    decide = compiled(name).prepare(path_of(name, case["entrypoint"]), strict_builtin_errors=True)
    answer = decide(given, {})
    if entry["kind"] == "allow":
        assert isinstance(answer, bool)
        return [] if answer else [case["entrypoint"]]
    assert isinstance(answer, list)
    for finding in answer:
        assert set(finding) == {"rule", "message", "key"}
        assert all(isinstance(value, str) and value for value in finding.values())
    return sorted({finding["rule"] for finding in answer})


def metadata(name: str) -> dict[str, Any]:
    path = next(p for p in FOLDERS[name].glob("*.rego") if not p.stem.endswith("_test"))
    found = read_annotations(path.read_text(), path=path.name)
    return dict(declared_rules(found, path=path.name))


def test_there_are_policies_to_test():
    assert len(FOLDERS) >= 7


@pytest.mark.parametrize(("name", "path"), CASES, ids=IDS)
def test_the_case_ends_as_it_says(name, path):
    case = load(path)

    found = rules_found(name, case)

    assert found == sorted(case["rules"])
    assert case["expect"] == ("fail" if found else "pass")


@pytest.mark.parametrize(("name", "path"), CASES, ids=IDS)
def test_a_failing_case_differs_from_a_passing_one_in_one_field(name, path):
    case = load(path)
    if "twin" not in case:
        assert case["expect"] == "pass", "a failing case names its twin"
        return
    twin = load(path.with_name(f"{case['twin']}.yaml"))

    assert twin["expect"] == "pass"
    assert case["entrypoint"] == twin["entrypoint"]
    # As text: in Python 1 == True.
    assert json.dumps(case["input"]) != json.dumps(twin["input"])
    mended = put(case["input"], case["changed"], pick(twin["input"], case["changed"]))
    assert json.dumps(mended, sort_keys=True) == json.dumps(twin["input"], sort_keys=True)


@pytest.mark.parametrize("name", FOLDERS)
def test_every_entry_point_has_a_passing_and_a_failing_case(name):
    seen = {
        (case["entrypoint"], case["expect"])
        for case in (load(path) for path in (FOLDERS[name] / "cases").iterdir())
    }

    for entry in spec(name)["entrypoints"]:
        assert {(entry, "pass"), (entry, "fail")} <= seen


@pytest.mark.parametrize("name", FOLDERS)
def test_every_rule_is_described_and_broken_by_some_case(name):
    broken = set()
    for path in (FOLDERS[name] / "cases").iterdir():
        broken |= set(load(path)["rules"])

    described = metadata(name)

    assert broken == set(described)
    for rule in described.values():
        assert rule.remediation, f"{rule.id} says nobody how to pass"


@pytest.mark.parametrize("name", FOLDERS)
def test_an_allow_rule_carries_the_id_of_its_entry_point(name):
    for entry, described in spec(name)["entrypoints"].items():
        if described["kind"] == "allow":
            assert entry in metadata(name)


@pytest.mark.parametrize("name", FOLDERS)
def test_parameters_and_request_are_schemas(name):
    from jsonschema import Draft202012Validator

    for key in ("parameters", "request"):
        if key in spec(name):
            Draft202012Validator.check_schema(spec(name)[key])
    assert spec(name)["parameters"]["additionalProperties"] is False


@pytest.mark.parametrize("name", FOLDERS)
def test_a_passing_case_fits_the_parameter_schema(name):
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(spec(name)["parameters"])
    for path in (FOLDERS[name] / "cases").iterdir():
        case = load(path)
        if case["expect"] == "pass":
            validator.validate(case["input"]["parameters"])


@pytest.mark.parametrize("name", FOLDERS)
def test_the_page_names_every_rule_parameter_and_control(name):
    page = (FOLDERS[name] / "README.md").read_text()

    for word in [*metadata(name), *spec(name)["parameters"].get("properties", {})]:
        assert f"`{word}`" in page
    for control in spec(name)["controls"]:
        assert control in page


@pytest.mark.parametrize("name", FOLDERS)
def test_the_rego_tests_hold(name):
    suite = Suite.compile({path.name: path.read_text() for path in FOLDERS[name].glob("*.rego")})
    assert suite.tests

    results = suite.run()

    assert {each.test.name: each.status for each in results} == dict.fromkeys(
        (test.name for test in suite.tests), "pass"
    )
