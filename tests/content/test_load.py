"""Loading a whole project."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from probanda.canonical import sha256_hex
from probanda.content import KINDS, load
from probanda.errors import ContentError, MultipleContentError
from probanda.model.gate import MissingArtifact, Runs
from probanda.model.outcome import Mode, Severity
from probanda.model.policy import EntrypointKind, PolicyFact


def test_a_right_project_becomes_a_catalogue(workshop):
    catalogue = workshop.load()
    assert catalogue.project.tenant == "acme"
    assert [a.public_key for a in catalogue.project.approvers] == [workshop.pem, ""]
    gate = catalogue.gates["pull-request"]
    assert (gate.mode, gate.runs, gate.owner) == (Mode.ENFORCE, Runs.CI, "security")
    (check,) = gate.checks
    assert check.parameters == {"deny": ["NO", "LicenseRef-Restricted-TOS"]}
    sbom, base = check.facts
    assert (sbom.collector, sbom.max_age) == ("cyclonedx", timedelta(hours=1))
    assert (base.ref, base.missing) == ("base", MissingArtifact.EMPTY)
    assert str(sbom.location) == "gates/pull-request.yaml:11:9"
    assert catalogue.gates["store"].request_schema is not None
    assert catalogue.controls["soc2/CC8.1"].statement.endswith("before they go live.")
    assert catalogue.waivers["left-pad"].expires == datetime(2026, 12, 1, tzinfo=UTC)
    clarification = catalogue.clarifications["example"]
    assert clarification.signature == '{"signatures": []}'
    assert (
        sha256_hex(clarification.payload) == catalogue.files["evidence/clarifications/example.yaml"]
    )


def test_a_policy_is_put_together_from_its_folder(workshop):
    policy, entrypoint = workshop.load().entrypoint("supply-chain/license-allowlist/findings")
    assert entrypoint.kind is EntrypointKind.FINDINGS
    assert entrypoint.rego_path == "probanda/supply_chain/license_allowlist/findings"
    assert policy.facts == {
        "sbom": PolicyFact("cyclonedx"),
        "base": PolicyFact("cyclonedx", optional=True),
    }
    assert policy.rules["denied"].severity is Severity.HIGH
    assert policy.rules["denied"].remediation == "Replace the package."
    folder = "policies/supply-chain/license-allowlist"
    assert set(policy.files) == {f"{folder}/policy.yaml", f"{folder}/license-allowlist.rego"}
    assert set(policy.test_modules) == {f"{folder}/license-allowlist_test.rego"}


def test_text_fields_are_never_resolved(workshop):
    contract = workshop.load().contracts["orders"]
    assert (contract.version, contract.tenant_id) == ("1.10", "NO")
    assert contract.service_level.completeness_pct == 99.5


def test_a_raw_contract_loads_as_it_is(workshop):
    contract = workshop.load().contracts["clicks"]
    assert (contract.dataset_id, contract.retention, contract.purposes) == (
        "clicks",
        "legal-hold",
        (),
    )


def test_files_lists_what_judges_and_nothing_else(workshop):
    catalogue = workshop.load()
    assert set(catalogue.files) == {
        "probanda.yaml",
        "keys/ada.pem",
        "gates/pull-request.yaml",
        "gates/store.yaml",
        "policies/supply-chain/license-allowlist/policy.yaml",
        "policies/supply-chain/license-allowlist/license-allowlist.rego",
        "policies/residency/dataset/policy.yaml",
        "policies/residency/dataset/dataset.rego",
        "controls/soc2/cc8.1.yaml",
        "evidence/waivers/left-pad.yaml",
        "evidence/baselines/pull-request.yaml",
        "evidence/roster.yaml",
        "evidence/trust/approvers/ada.pub.pem",
        "evidence/clarifications/example.yaml",
        "evidence/clarifications/example.yaml.sig.json",
    }
    for path, digest in catalogue.files.items():
        assert digest == sha256_hex(workshop.tree().read(path))


@pytest.mark.parametrize(
    ("path", "judges"),
    [
        ("keys/ada.pem", True),
        ("policies/residency/dataset/dataset.rego", True),
        ("evidence/clarifications/example.yaml.sig.json", True),
        ("policies/supply-chain/license-allowlist/license-allowlist_test.rego", False),
        ("policies/supply-chain/license-allowlist/README.md", False),
        ("contracts/clicks/contract.json", False),
    ],
)
def test_the_digest_moves_exactly_with_what_judges(workshop, path, judges):
    before = workshop.load().digest
    workshop.files[path] += "\n"
    assert (workshop.load().digest != before) is judges


def test_all_errors_come_at_once_in_the_order_of_files_and_lines(workshop):
    workshop.bend("gates/pull-request.yaml", "policy: supply", "polcy: supply")
    workshop.bend("gates/pull-request.yaml", "mode: enforce", "mode: enfroce")
    workshop.bend("controls/soc2/cc8.1.yaml", "per-change", "per-chance")
    workshop.bend("evidence/waivers/left-pad.yaml", "2026-12-01", "soon")
    workshop.bend("probanda.yaml", "tenant: acme", "tennant: acme")
    workshop.files["gates/late.yml"] = "x: 1"
    errors = workshop.errors()
    assert [str(error) for error in errors] == [
        (
            "controls/soc2/cc8.1.yaml:9:14: spec.frequency must be one of 'annually', "
            "'continuous', 'daily', 'monthly', 'per-change', 'quarterly', 'weekly'"
        ),
        (
            "evidence/waivers/left-pad.yaml:12:12: spec.expires must be a date such as 2026-11-20 "
            "or an instant such as 2026-11-20T18:44:00Z"
        ),
        "gates/late.yml: a file that probanda does not know",
        "gates/pull-request.yaml:6:9: spec.mode must be one of 'enforce', 'shadow', 'warn'",
        "gates/pull-request.yaml:8:7: missing field 'policy' in spec.checks[0]",
        "gates/pull-request.yaml:13:7: unknown field 'polcy' in spec.checks[0]",
        "probanda.yaml:4:1: missing field 'tenant' in spec",
        "probanda.yaml:5:3: unknown field 'tennant' in spec",
    ]
    assert [error.hint for error in errors] == [
        "did you mean 'per-change'?",
        None,
        "rename it to gates/late.yaml",
        "did you mean 'enforce'?",
        None,
        "did you mean 'policy'?",
        None,
        "did you mean 'tenant'?",
    ]


def test_a_project_without_probanda_yaml_is_an_error(workshop):
    del workshop.files["probanda.yaml"]
    assert str(workshop.errors()[0]) == "probanda.yaml: no such file"


def test_the_label_of_a_tree_stands_in_its_errors(workshop):
    workshop.bend("gates/store.yaml", "mode: enforce", "mode: x")
    with pytest.raises(MultipleContentError) as caught:
        load(workshop.tree("origin/main"), builtin=False)
    assert str(caught.value.errors[0].location) == "origin/main:gates/store.yaml:6:9"


@pytest.mark.parametrize(
    "path",
    [
        "gates/extra.json",
        "gates/deep/gate.yaml",
        "gates/Pull Request.yaml",
        "policies/lonely.rego",
        "policies/area/slug/data.json",
        "policies/area/slug/lib/x.rego",
        "controls/cc1.yaml",
        "contracts/orders/contract.yml",
        "contracts/orders/other.yaml",
        "evidence/stray.yaml",
        "evidence/waivers/one.json",
        "evidence/clarifications/one.sig",
    ],
)
def test_a_file_that_no_rule_takes_is_an_error(workshop, path):
    workshop.files[path] = "x: 1"
    error = workshop.error()
    assert str(error) == f"{path}: a file that probanda does not know"
    assert error.hint


@pytest.mark.parametrize(
    "path",
    [
        "gates/README.md",
        "gates/ci/github/action.yml",
        "evidence/predicates/x/v1/schema.json",
        "evidence/packs/index.html.j2",
        "evidence/bundles/release.yaml",
        "contracts/blueprints/batch/contract.yaml",
        "policies/residency/dataset/tests/deep/x.rego",
        "policies/residency/README.md",
    ],
)
def test_folders_without_documents_are_left_alone(workshop, path):
    workshop.files[path] = "x: 1"
    assert workshop.load().project.name == "demo"


def test_a_document_in_the_wrong_room_is_one_error(workshop):
    workshop.files["gates/wrong.yaml"] = workshop.files["controls/soc2/cc8.1.yaml"]
    error = workshop.error()
    assert error.message == "a document of kind 'Control', where files are of kind 'Gate'"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "must be a Gate document"),
        ("just text", "must be a Gate document"),
        ("a: 1", "missing field 'kind'"),
        ("a: 1\na: 2", "duplicate key"),
        ("a: [", "not valid YAML"),
        (b"\xff", "not valid UTF-8"),
        ("a: &a [*a]", "refers to itself"),
        ("x" * (1 << 20) + "x", "larger than the limit"),
        ("[" * 100, "nested deeper"),
    ],
)
def test_what_is_no_document_is_one_content_error(workshop, text, words):
    workshop.files["gates/wrong.yaml"] = text
    assert words in workshop.error().message


def test_nobody_is_blamed_for_a_broken_document_but_itself(workshop):
    workshop.bend("policies/residency/dataset/policy.yaml", "kind: allow", "kind: alow")
    workshop.bend("controls/soc2/cc8.1.yaml", "owner: security", "owner: ~")
    assert [error.location.path for error in workshop.errors()] == [
        "controls/soc2/cc8.1.yaml",
        "policies/residency/dataset/policy.yaml",
    ]


# --- built-in content -------------------------------------------------------------------


def shipped(workshop, *prefixes):
    tree = workshop.tree("builtin")
    tree.contents = {
        path: text for path, text in tree.contents.items() if path.startswith(prefixes)
    }
    return tree


def test_built_in_policies_have_a_prefix_and_their_own_namespace(workshop):
    tree = shipped(workshop, "policies/supply-chain", "controls/")
    for path in tree.contents:
        del workshop.files[path]
    workshop.bend("gates/pull-request.yaml", "policy: supply", "policy: builtin:supply")
    catalogue = workshop.load(tree)
    name = "builtin:supply-chain/license-allowlist/findings"
    policy, _ = catalogue.entrypoint(name)
    assert policy.builtin
    assert policy.id == "supply-chain/license-allowlist"
    assert catalogue.controls["soc2/CC8.1"].evidence[0].policy == name
    assert not any("license-allowlist" in path for path in catalogue.files)
    with pytest.raises(ContentError, match="no policy") as caught:
        catalogue.entrypoint(name.removeprefix("builtin:"))
    assert caught.value.hint == f"did you mean '{name}'?"


def test_a_name_that_is_built_in_needs_extends(workshop):
    tree = shipped(workshop, "policies/supply-chain", "controls/")
    messages = [error.message for error in workshop.errors(tree)]
    assert messages == [
        "a Control called 'soc2/CC8.1' is built in",
        "a Policy called 'supply-chain/license-allowlist' is built in",
    ]
    workshop.bend(
        "probanda.yaml",
        "tenant: acme",
        "tenant: acme\n  extends: [soc2/CC8.1, supply-chain/license-allowlist]",
    )
    workshop.bend("controls/soc2/cc8.1.yaml", "Changes are authorised}", "Ours}")
    catalogue = workshop.load(tree)
    assert catalogue.controls["soc2/CC8.1"].title == "Ours"
    assert not catalogue.entrypoint("supply-chain/license-allowlist/findings")[0].builtin


def test_extending_what_is_not_built_in_is_an_error(workshop):
    tree = shipped(workshop, "policies/residency")
    del workshop.files["policies/residency/dataset/policy.yaml"]
    del workshop.files["policies/residency/dataset/dataset.rego"]
    workshop.bend("gates/store.yaml", "policy: residency", "policy: builtin:residency")
    workshop.bend("probanda.yaml", "tenant: acme", "tenant: acme\n  extends: [residency/datset]")
    error = workshop.error(tree)
    assert error.message == "nothing called 'residency/datset' is built in"
    assert error.hint == "did you mean 'residency/dataset'?"


def test_the_source_of_the_built_ins_loads_them_once(workshop):
    workshop.files["pyproject.toml"] = '[project]\nname = "probanda"\n'
    catalogue = workshop.load(shipped(workshop, "policies/", "controls/"))
    assert catalogue.provides_builtin
    own = catalogue.entrypoint("residency/dataset/store")
    assert catalogue.entrypoint("builtin:residency/dataset/store") == own


def test_every_kind_is_in_the_small_project(workshop):
    texts = [text for text in workshop.files.values() if isinstance(text, str)]
    for kind in KINDS:
        assert any(f"kind: {kind}\n" in text for text in texts)
