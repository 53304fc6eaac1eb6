"""What documents say about each other."""

from __future__ import annotations

import pytest

GATE = "gates/pull-request.yaml"
STORE = "gates/store.yaml"
POLICY = "policies/supply-chain/license-allowlist/policy.yaml"
REGO = "policies/supply-chain/license-allowlist/license-allowlist.rego"
RESIDENCY = "policies/residency/dataset/policy.yaml"
CONTROL = "controls/soc2/cc8.1.yaml"
PROJECT = "probanda.yaml"
WAIVER = "evidence/waivers/left-pad.yaml"
BASELINE = "evidence/baselines/pull-request.yaml"
ROSTER = "evidence/roster.yaml"
CLARIFICATION = "evidence/clarifications/example.yaml"
ORDERS = "contracts/orders/contract.yaml"


# (file, old, new, what the only error says, the text that it points at, hint or None)
CASES = [
    # a gate and its policy
    (GATE, "allowlist/findings", "allowlist/finding", "no entry point 'finding'",
     "supply-chain/license-all",
     "did you mean 'findings'?"),
    (GATE, "license-allowlist/", "licence-allowlist/", "no policy 'supply-chain/licence-allowlist'",
     "supply-chain/licence-all", "did you mean 'supply-chain/license-allowlist/findings'?"),
    (GATE, "        sbom:", "        sboms:", "reads no fact 'sboms'", "sboms:",
     "did you mean 'sbom'?"),
    (GATE, "sbom: {from: cyclonedx, path: .probanda/sbom.cdx.json, maxAge: 1h}\n", "", "'sbom'",
     "facts:", "add 'sbom: {from: cyclonedx, …}'"),
    (GATE, "base: {from: cyclonedx", "base: {from: junit", "from 'cyclonedx', not from 'junit'",
     "junit", "write 'from: cyclonedx'"),
    (GATE, "controls: [soc2/CC8.1]", "controls: [soc2/CC8.2]", "no control 'soc2/CC8.2'",
     "soc2/CC8.2",
     "did you mean 'soc2/CC8.1'?"),
    (GATE, "controls: [soc2/CC8.1]", "controls: [soc2/CC8.1, soc2/CC8.1]", "listed twice",
     "soc2/CC8.1",
     None),
    # parameters
    (GATE, "parameters: {deny", "parameters: {dony: [], deny", "'dony' of policy", "dony:",
     "did you mean 'deny'?"),
    (GATE, "{deny: [NO, LicenseRef-Restricted-TOS]}", "{}", "parameter 'deny' of policy", "{",
     None),
    (GATE, "deny: [NO, ", "deny: [1.10, ", "must be of type string", "1.10", "quote it"),
    (GATE, "parameters: {", "parameters: {level: hihg, ", "must be one of 'high', 'low'", "hihg",
     "did you mean 'high'?"),
    (GATE, "parameters: {", "parameters: {name: b, ", "does not match", "b", None),
    (GATE, "deny: [NO, ", "deny: [.inf, ", "infinity", ".inf", "quote it if it is text"),
    # collectors
    (GATE, "sbom: {from: cyclonedx", "sbom: {from: cyclondx", "no collector 'cyclondx'", "cyclondx",
     "did you mean 'cyclonedx'?"),
    (GATE, "maxAge: 1h", "options: {a: 1}", "option 'a' of 'cyclonedx' is unknown", "a:", None),
    (GATE, ", path: .probanda/sbom.cdx.json", "", "needs a path", "sbom:", None),
    # form of a gate
    (GATE, "missing: empty", "missing: emtpy", "must be one of 'empty', 'notEvaluated'", "emtpy",
     "did you mean 'empty'?"),
    (GATE, "ref: base", "ref: head", "must be one of 'base'", "head", None),
    (GATE, "maxAge: 1h", "maxAge: 1 hour", "a duration such as", "1", None),
    (GATE, "path: sbom.cdx.json", "path: ../sbom.json", "must stay inside the project",
     "../sbom.json",
     "remove the '..'"),
    (GATE, "path: sbom.cdx.json", "path: /etc/passwd", "must be relative", "/etc/passwd", None),
    (GATE, 'paths: ["pyproject.toml"]', "paths: []", "must not be empty", "[", None),
    (GATE, "      policy:", "      contract: orders@2\n      policy:", "unknown field 'contract'",
     "contract:", "checks of data against a contract are not part of this version"),
    (GATE, "name: pull-request", "name: Pull Request", "lower-case words", "Pull", None),
    (GATE, "owner: security", "owner: null", "is empty", "null", None),
    (GATE, "owner: security", 'owner: "a\\u001b[2J"', "control character", "\"a\\u001b[2J\"",
     "remove it"),
    (GATE, "owner: security", 'owner: "a\\u202eb"', "bidirectional", "\"a\\u202eb\"", "remove it"),
    (GATE, "owner: security", "owner: [a]", "must be text, not a list", "[a", None),
    (GATE, "probanda/v1", "probanda/v2", "must be one of 'probanda/v1'", "probanda/v2", None),
    (GATE, "runs: ci", "runs: ci\n  request: {schema: {}}", "a CI gate has no request", "request:",
     "remove it"),
    (GATE, "      when:", "      optional: yes\n      when:", "must be true or false", "yes", None),
    # runtime gates
    (STORE, "#/$defs/dataset", "#/$defs/dataste", "leads nowhere", "\"#/$defs/dataste\"", None),
    (STORE, "#/$defs/dataset", "https://example.org/x", "in the same schema",
     "\"https://example.org/x\"",
     "use '#/$defs/…'"),
    (STORE, "type: object\n", "type: objekt\n", "is not valid JSON Schema", "objekt", None),
    (STORE, "name: store", "name: pull-request", "another Gate is called 'pull-request'",
     "pull-request",
     None),
    # policies
    (POLICY, "name: supply-chain/license-allowlist", "name: supply-chain/other",
     "the name must be the folder's", "supply-chain/other",
     "write 'name: supply-chain/license-allowlist', or rename the folder"),
    (POLICY, "rule: findings", "rule: finding", "no rule 'finding'", "finding",
     "did you mean 'findings'?"),
    (POLICY, "collector: cyclonedx}, base", "collector: cyclonex}, base",
     "no collector 'cyclonex'", "cyclonex", None),
    (POLICY, '"^a"', '"^(a"', "not a valid regular expression", "\"^(a\"", None),
    (POLICY, "controls: [soc2/CC8.1]", "controls: [soc2/CC9.9]", "no control", "soc2/CC9.9", None),
    (POLICY, "  parameters:\n",
     "  parameters:\n    $schema: http://json-schema.org/draft-07/schema\n",
     "must be JSON Schema 2020-12", "http://json-schema.org/d", None),
    (REGO, "package probanda.supply_chain.license_allowlist", "package probanda.other",
     "where policy.yaml declares", None, "write 'package probanda.supply_chain.license_allowlist'"),
    (REGO, "severity: high", "severity: huge", "severity", "#", None),
    (REGO, "# METADATA\n", "# not metadata\n", "no '# METADATA' declares a rule", None, None),
    (RESIDENCY, "rule: allow_store", "rule: allow_stor", "no rule 'allow_stor'", "allow_stor",
     "did you mean 'allow_store'?"),
    (RESIDENCY, "request.dataset", "requests.dataset", "a dotted path that begins with",
     "requests.dataset",
     None),
    # controls
    (CONTROL, "name: soc2/CC8.1", "name: soc2/CC8.10", "the name must be the file's",
     "soc2/CC8.10", None),
    (CONTROL, ", review: that the board met", "", "needs a review", "{title:", None),
    (CONTROL, "automation: hybrid", "automation: automated", "only a person provides", "{title:",
     None),
    (CONTROL, "allowlist/findings", "allowlist/nothing", "no entry point 'nothing'",
     "supply-chain/license-all",
     "it has 'findings'"),
    (CONTROL, "collector: cyclonedx", "collector: cyclonedxx", "no collector", "cyclonedxx",
     "did you mean 'cyclonedx'?"),
    # contracts
    (ORDERS, "license: Open-Data-OK", "license: Open-Data", "must be one of", "Open-Data",
     "did you mean 'Open-Data-OK'?"),
    (ORDERS, "completenessPct: 99.5", "completenessPct: 101", "at most 100", "101", None),
    (ORDERS, "completenessPct: 99.5", "completenessPct: high", "must be a number", "high", None),
    (ORDERS, "name: orders", "name: order", "the name must be the folder's", "order", None),
    (ORDERS, "datasetId: orders\n  version: 1.10", "datasetId: clicks\n  version: 1",
     "same dataset and version", None, None),
    ("contracts/clicks/contract.json", '"version": "1"', '"version": 1', "must be text", "1",
     "quote it"),
    ("contracts/clicks/contract.json", '"tenantId": "acme", ', "", "missing field 'tenantId'",
     "{\"datasetId\":", None),
    # waivers
    (WAIVER, "[pull-request]", "[pull-requests]", "there is no gate", "pull-requests",
     "did you mean 'pull-request'?"),
    (WAIVER, "[new-licenses]", "[new-license]", "no such gate has a check", "new-license]",
     "did you mean 'new-licenses'?"),
    (WAIVER, "[pull-request]", "[store]", "no such gate has a check", "new-licenses", None),
    (WAIVER, "[new-licenses]", "[]", "must not be empty", "[]", None),
    (WAIVER, "  expires: 2026-12-01\n", "", "missing field 'expires' in spec", "spec:", None),
    (WAIVER, "2026-12-01", "2026-12-01T00:00:00", "must be a date such as", "2026-12-01T00:00:00",
     None),
    (WAIVER, "2026-12-01", "2026-02-30", "must be a date such as", "2026-02-30", None),
    (WAIVER, "1]", "2g]", "64 lower-case hexadecimal digits", "111111111111111111111111", None),
    (WAIVER, "[" + "1" * 64 + "]", "[]", "must not be empty", "[", None),
    # baselines
    (BASELINE, "name: pull-request", "name: store", "the name must be the file's", "store", None),
    (BASELINE, "key: x", "key: y", "not the fingerprint of the policy", None, None),
    (BASELINE, "rule: denied", "rule: denied-too", "not the fingerprint of", None, None),
    (BASELINE, "tenant: acme", "tenant: globex", "not the fingerprint of the policy", None, None),
    (BASELINE, "count: 2", "count: 0", "must be at least 1", "0", None),
    (BASELINE, "  expires: 2026-12-01\n", "", "missing field 'expires' in spec", "spec:", None),
    # the roster
    (ROSTER, "path: evidence/trust/approvers/ada", "path: evidence/trust/approvers/eda",
     "no such file", "evidence/trust/approvers/eda.pub.pem", None),
    (ROSTER, "{path: evidence/trust/approvers/ada.pub.pem}", "{}", "either 'path' or", "{}", None),
    (ROSTER, "{path: evidence/trust/approvers/ada.pub.pem}", "{fingerprint: " + "a" * 64 + "}",
     "no key has this fingerprint", "a" * 64, None),
    (ROSTER, "leaves: 2028", "leaves: 2026", "nobody leaves before they join", "2026-01-01", None),
    (ROSTER, "until: 2027-01-04", "until: 2026-12-20", "ends after it begins", "2026-12-20", None),
    (ROSTER, "name: grace", "name: ADA", "'ADA' belongs to another person already", "ADA", None),
    (ROSTER, "grace@example.org", "Ada@Example.org", "the address 'Ada@Example.org' belongs",
     "Ada@Example.org", None),
    (ROSTER, "grace@example.org", "grace", "an e-mail address", "grace", None),
    (ROSTER, "name: grace", "name: grace\n      logins: {gitea: [ADA-ci]}",
     "the login 'ADA-ci' belongs to another person already, at evidence/roster.yaml:7:32",
     "ADA-ci", None),
    (ROSTER, "name: grace", "name: grace\n      keys: [{path: keys/ada.pem}]",
     "belongs to another person already, at evidence/roster.yaml:9:14", "{path", None),
    ("evidence/trust/approvers/ada.pub.pem", "PUBLIC", "PRIVATE", "no public key", None, None),
    ("evidence/trust/approvers/ada.pub.pem", "MC", "M C*", "no public key", None, None),
    # clarifications
    (CLARIFICATION, "author: ada@", "author: eda@", "is no approver", "eda@example.org",
     "did you mean 'ada@example.org'?"),
    (CLARIFICATION, "author: ada@example.org", "author: grace", "has no public key", "grace",
     "add 'publicKey' in probanda.yaml"),
    (CLARIFICATION, "example@1.2.3", "example", "a package URL with a version", "pkg:pypi/example",
     None),
    (CLARIFICATION, "MIT OR", "MIT | OR", "an SPDX licence expression", "MIT", None),
    # the project
    (PROJECT, "{name: grace}", "{name: ada@example.org}", "is there twice", "ada@example.org",
     None),
    (PROJECT, "publicKey: keys/ada.pem", "publicKey: keys/eda.pem", "no such file", "keys/eda.pem",
     None),
    (PROJECT, "evidence/trust/root.json", "evidence/trust/rot.json", "no such file",
     "evidence/trust/rot.json", None),
    ("keys/ada.pem", "PUBLIC", "PRIVATE", "is no public key", None, None),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[3])
def test_one_wrong_word_is_one_error_with_its_place(workshop, case):
    path, old, new, words, at, hint = case
    if "publicKey" in old:  # or the clarification would miss its author's key as well
        del workshop.files[CLARIFICATION], workshop.files[f"{CLARIFICATION}.sig.json"]
    error = workshop.bend(path, old, new).error()
    assert words in error.message
    if at is not None:
        assert error.location.path == path
        line = workshop.files[path].split("\n")[error.location.line - 1]
        assert line[max(error.location.column - 1, 0) :].startswith(at)
    if hint is not None:
        assert error.hint == hint


def test_a_runtime_gate_declares_its_request(workshop):
    text = workshop.files[STORE]
    start, end = text.index("  request:"), text.index("  checks:")
    workshop.files[STORE] = text[:start] + text[end:]
    assert workshop.error().message == "a runtime gate declares its request"


def test_a_runtime_check_has_no_facts_and_its_policy_reads_none(workshop):
    workshop.bend(STORE, "residency/dataset/store", "supply-chain/license-allowlist/findings")
    messages = [error.message for error in workshop.errors()]
    assert any("which no runtime gate has" in message for message in messages)
    workshop.files[STORE] = workshop.files[STORE].replace(
        "policy: supply-chain/license-allowlist/findings",
        "facts: {sbom: {from: cyclonedx, path: x}}, policy: residency/dataset/store",
    )
    messages = [error.message for error in workshop.errors()]
    assert "check 'residency' has facts, but its gate runs at run time" in messages


def test_a_ci_check_needs_a_fact(workshop):
    workshop.bend(STORE, "runs: runtime", "runs: ci")
    messages = [error.message for error in workshop.errors()]
    assert "check 'residency' has no facts" in messages


def test_an_entry_point_that_reads_the_request_is_no_use_in_ci(workshop):
    workshop.bend(GATE, "supply-chain/license-allowlist/findings", "residency/dataset/store")
    messages = [error.message for error in workshop.errors()]
    assert any("reads 'request.dataset'" in message for message in messages)


def test_max_age_needs_artifacts_that_state_their_time(workshop):
    workshop.bend(POLICY, "base: {collector: cyclonedx", "base: {collector: json")
    workshop.bend(GATE, "base: {from: cyclonedx", "base: {from: json, maxAge: 1d")
    error = workshop.error()
    assert "do not say when they were made" in error.message
    assert str(error.location) == f"{GATE}:12:28"


def test_a_policy_may_take_a_fact_from_alternatives_with_the_same_shape(workshop):
    workshop.bend(
        POLICY, "base: {collector: cyclonedx", "base: {collector: cyclonedx, alternatives: [spdx]"
    )
    workshop.bend(GATE, "base: {from: cyclonedx", "base: {from: spdx")
    assert workshop.load().policies["supply-chain/license-allowlist"].facts["base"].collectors == (
        "cyclonedx",
        "spdx",
    )
    workshop.bend(GATE, "base: {from: spdx", "base: {from: junit")
    error = workshop.error()
    assert "reads 'base' from 'cyclonedx' or 'spdx', not from 'junit'" in error.message
    assert error.hint == "write 'from: cyclonedx'"


def test_a_policy_of_any_facts_takes_what_the_gate_gives_it_and_still_needs_its_own(workshop):
    workshop.bend(POLICY, "  facts:", "  anyFacts: true\n  facts:")
    workshop.bend(
        GATE, "        sbom:", "        results: {from: junit, path: a.xml}\n        sbom:"
    )
    assert workshop.load().policies["supply-chain/license-allowlist"].any_facts
    workshop.bend(GATE, "        sbom:", "        sboms:")
    assert "fact 'sbom' is missing" in workshop.error().message


def test_the_collector_of_any_fact_must_exist(workshop):
    workshop.bend(POLICY, "  facts:", "  anyFacts: true\n  facts:")
    workshop.bend(
        GATE, "        sbom:", "        results: {from: junt, path: a.xml}\n        sbom:"
    )
    assert workshop.error().message == "no collector 'junt'"


@pytest.mark.parametrize("other", ["spdxx", "clarifications"])
def test_alternatives_are_collectors_that_exist(workshop, other):
    workshop.bend(
        POLICY,
        "base: {collector: cyclonedx",
        f"base: {{collector: cyclonedx, alternatives: [spdx, {other}]",
    )
    error = workshop.error()
    assert error.message == f"no collector '{other}'"
    assert str(error.location).startswith(f"{POLICY}:")


def test_a_repository_fact_takes_no_path(workshop):
    workshop.bend(POLICY, "base: {collector: cyclonedx", "base: {collector: git")
    workshop.bend(GATE, "base: {from: cyclonedx", "base: {from: git")
    assert [error.message for error in workshop.errors()] == [
        "a 'git' fact takes no path",
        "a 'git' fact takes no ref",
    ]


def test_check_ids_are_unique_in_a_gate(workshop):
    workshop.files[STORE] += "    - {id: residency, policy: residency/dataset/store}\n"
    assert workshop.error().message == "check 'residency' is there twice"


def test_an_empty_gate_is_an_error(workshop):
    text = workshop.files[STORE]
    workshop.files[STORE] = text[: text.index("  checks:")] + "  checks: []\n"
    assert workshop.error().message == "spec.checks must not be empty"


def test_a_clarification_must_be_signed(workshop):
    del workshop.files[f"{CLARIFICATION}.sig.json"]
    assert "not signed" in workshop.error().message


def test_a_signature_without_its_document_is_an_error(workshop):
    del workshop.files[CLARIFICATION]
    assert "without the document" in workshop.error().message


def test_two_clarifications_of_one_package_are_an_error(workshop):
    other = "evidence/clarifications/other.yaml"
    workshop.files[other] = workshop.files[CLARIFICATION].replace("name: example", "name: other")
    workshop.files[f"{other}.sig.json"] = "{}"
    assert "the same package is clarified in" in workshop.error().message


def test_rego_without_a_policy_is_an_error(workshop):
    workshop.files["policies/area/slug/x.rego"] = "package x"
    assert workshop.error().hint == "write policies/area/slug/policy.yaml"


def test_a_policy_without_rego_is_an_error(workshop):
    del workshop.files["policies/residency/dataset/dataset.rego"]
    assert workshop.error().message == "no Rego file beside the policy"


def test_an_allow_entry_point_needs_metadata_with_its_name(workshop):
    workshop.bend("policies/residency/dataset/dataset.rego", "id: store", "id: stored")
    assert "the entry point 'store'" in workshop.error().message


def test_a_rule_id_is_declared_once(workshop):
    workshop.files["policies/residency/dataset/more.rego"] = workshop.files[
        "policies/residency/dataset/dataset.rego"
    ]
    assert "declared in several modules" in workshop.error().message


def test_two_forms_of_one_contract_are_an_error(workshop):
    workshop.files["contracts/orders/contract.json"] = workshop.files[
        "contracts/clicks/contract.json"
    ].replace("clicks", "orders")
    assert "both contract.yaml and contract.json" in workshop.error().message


def test_a_schema_that_refers_to_itself_without_end_is_an_error_not_a_crash(workshop):
    workshop.bend(POLICY, "  parameters:\n", "  parameters:\n    $ref: '#'\n")
    assert "without end" in workshop.error().message


def test_parameters_without_a_schema_are_refused(workshop):
    workshop.bend(STORE, "store, controls", "store, parameters: {a: 1}, controls")
    assert workshop.error().message == "parameter 'a' of policy 'residency/dataset' is unknown"


@pytest.mark.parametrize("spelling", ["soc2/cc8.1", "CC8.1", "cc_8_1", "cc8.1", "soc2_cc_8_1"])
def test_a_control_has_one_spelling_in_the_catalogue_however_it_is_written(workshop, spelling):
    workshop.bend(GATE, "controls: [soc2/CC8.1]", f"controls: [{spelling}]")
    workshop.bend(POLICY, "controls: [soc2/CC8.1]", f"controls: [{spelling}]")
    workshop.bend(CONTROL, "name: soc2/CC8.1", f"name: {spelling}")

    catalogue = workshop.load()

    assert list(catalogue.controls) == ["soc2/CC8.1"]
    assert catalogue.gates["pull-request"].checks[0].controls == ("soc2/CC8.1",)
    assert catalogue.policies["supply-chain/license-allowlist"].controls == ("soc2/CC8.1",)


def test_two_spellings_of_one_control_are_the_same_control_listed_twice(workshop):
    workshop.bend(GATE, "controls: [soc2/CC8.1]", "controls: [cc_8_1, CC8.1]")
    assert "'soc2/CC8.1' is listed twice" in workshop.error().message


OWN = "controls/own/op-1.yaml"


def own_control(workshop, framework="own"):
    text = workshop.files[CONTROL].replace("soc2/CC8.1", f"{framework}/OP-1")
    workshop.files[f"controls/{framework}/op-1.yaml"] = text


def test_an_unknown_control_is_answered_with_the_nearest_of_any_framework(workshop):
    own_control(workshop)
    workshop.bend(GATE, "controls: [soc2/CC8.1]", "controls: [op-1]")
    error = workshop.error()
    assert (error.message, error.hint) == ("no control 'op-1'", "did you mean 'own/OP-1'?")


def test_a_criterion_that_two_frameworks_have_is_ambiguous_without_its_framework(workshop):
    own_control(workshop)
    own_control(workshop, "other")
    workshop.bend(GATE, "controls: [soc2/CC8.1]", "controls: [OP-1]")
    error = workshop.error()
    assert error.message == "'OP-1' may be 'other/OP-1' or 'own/OP-1'"
    assert error.hint == "write its framework too"


def test_a_bare_soc_2_criterion_that_another_framework_has_as_well_is_ambiguous(workshop):
    text = workshop.files[CONTROL].replace("soc2/CC8.1", "own/CC8.1")
    workshop.files["controls/own/cc8.1.yaml"] = text
    workshop.bend(GATE, "controls: [soc2/CC8.1]", "controls: [CC8.1]")
    assert workshop.error().message == "'CC8.1' may be 'own/CC8.1' or 'soc2/CC8.1'"


def test_extends_takes_any_spelling_of_a_control(workshop):
    shipped = workshop.tree("builtin")
    kept = shipped.contents[CONTROL].splitlines(keepends=True)
    by_people = [line for line in kept if "policy:" not in line and "population:" not in line]
    shipped.contents = {CONTROL: "".join(by_people)}
    assert workshop.error(shipped).message == "a Control called 'soc2/CC8.1' is built in"

    workshop.bend(PROJECT, "tenant: acme", "tenant: acme\n  extends: [cc_8_1]")

    assert workshop.load(shipped).controls["soc2/CC8.1"].location.path == CONTROL


def test_facts_of_the_host_are_not_for_gates_to_state(workshop):
    workshop.bend(POLICY, "facts: {sbom", "facts: {known: {collector: clarifications}, sbom")
    assert workshop.load().policies["supply-chain/license-allowlist"].facts["known"]
    workshop.bend(GATE, "        sbom:", "        known: {from: file, path: x}\n        sbom:")
    error = workshop.error()
    assert error.message == "the host itself states 'known', after checking signatures"
    assert str(error.location) == f"{GATE}:11:9"
