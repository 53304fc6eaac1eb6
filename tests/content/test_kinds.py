"""The published JSON Schemas, and the schema of the raw contract."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from probanda.content import KINDS, json_schema
from probanda.content.rooms import classify
from probanda.parse.json import load_json
from probanda.parse.yaml import load_yaml, to_plain

ROOT = Path(__file__).resolve().parents[2]


def documents_of(root):
    """(kind, path) of every document of a kind below a checkout's rooms."""
    for path in sorted(root.glob("*/**/*.yaml")) + sorted(root.glob("probanda.yaml")):
        name = path.relative_to(root).as_posix()
        place = classify(name)
        kind = "Project" if name == "probanda.yaml" else place.kind if place else ""
        if kind in KINDS:
            yield kind, path


@pytest.mark.parametrize("kind", KINDS)
def test_each_schema_is_valid_and_has_an_identity(kind):
    schema = json_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:probanda:schema:{kind.lower()}:v1"
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == kind
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_and_part_is_described(kind):
    schema = json_schema(kind)
    parts = schema.get("$defs", {})
    for part in [schema, *parts.values()]:
        assert part["title"]
        assert part["description"]
        for name, field in part["properties"].items():
            target = parts.get(field.get("$ref", "").removeprefix("#/$defs/"), {})
            assert {**target, **field}.get("description"), f"{part['title']}.{name}"


@pytest.mark.parametrize("kind", KINDS)
def test_optional_fields_are_left_out_never_null(kind):
    text = json.dumps(json_schema(kind))
    assert '"null"' not in text
    assert '"default": null' not in text


def test_the_documents_of_the_small_project_are_valid_under_their_schemas(workshop):
    seen = set()
    for path, text in workshop.files.items():
        place = classify(path)
        kind = "Project" if path == "probanda.yaml" else place.kind if place else ""
        if kind in KINDS and path.endswith(".yaml"):
            # A generic validator resolves scalars: what is text has to be quoted for it.
            quoted = text.replace("version: 1.10", 'version: "1.10"').replace("1" * 64, "a" * 64)
            value = to_plain(load_yaml(quoted.encode(), path=path))
            jsonschema.validate(value, json_schema(kind))
            seen.add(kind)
    assert seen == set(KINDS)


def test_our_own_documents_are_valid_under_their_schemas():
    for kind, path in documents_of(ROOT):
        value = to_plain(load_yaml(path.read_bytes(), path=str(path)))
        jsonschema.validate(value, json_schema(kind))


@pytest.mark.parametrize(
    ("kind", "path", "old", "new"),
    [
        ("Gate", "gates/store.yaml", "mode: enforce", "mode: strict"),
        ("Gate", "gates/store.yaml", "  checks:", "  check:"),
        ("Gate", "gates/store.yaml", "{id: residency", "{id: Residency"),
        ("Gate", "gates/store.yaml", "{id: residency", "{when: null, id: residency"),
        ("Gate", "gates/pull-request.yaml", "maxAge: 1h", "maxAge: 1y"),
        ("Waiver", "evidence/waivers/left-pad.yaml", "  expires: 2026-12-01\n", ""),
        ("Policy", "policies/residency/dataset/policy.yaml", "request.dataset", "env.dataset"),
    ],
)
def test_the_schemas_refuse_what_the_loader_refuses(workshop, kind, path, old, new):
    text = workshop.bend(path, old, new).files[path]
    value = to_plain(load_yaml(text.encode(), path=path))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, json_schema(kind))
    assert all(error.location.path == path for error in workshop.errors())


def test_an_unknown_kind_has_no_schema():
    with pytest.raises(KeyError):
        json_schema("Nothing")


def test_the_schema_of_raw_contracts_takes_and_refuses_them(workshop):
    path = ROOT / "contracts/schema/ig.contract.v1.json"
    schema = load_json(path.read_bytes(), path="ig.contract.v1.json")
    assert schema["$id"] == "ig.contract.v1"
    jsonschema.Draft202012Validator.check_schema(schema)
    contract = json.loads(workshop.files["contracts/clicks/contract.json"])
    jsonschema.validate(contract, schema)
    assert workshop.load().contracts["clicks"].license == contract["license"]
    for change in ({"license": "MIT"}, {"retention": "forever"}, {"sla": []}, {"version": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**contract, **change}, schema)
        workshop.files["contracts/clicks/contract.json"] = json.dumps({**contract, **change})
        assert workshop.error().location.path == "contracts/clicks/contract.json"


def test_the_raw_contract_and_ours_know_the_same_words():
    schema = json.loads((ROOT / "contracts/schema/ig.contract.v1.json").read_text())
    ours = json_schema("Contract")["$defs"]["ContractSpec"]
    assert set(schema["required"]) == set(ours["required"])
    for field in ("license", "retention"):
        assert schema["properties"][field]["enum"] == ours["properties"][field]["enum"]
