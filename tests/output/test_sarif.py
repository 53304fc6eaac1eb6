"""SARIF: valid by its schema, within code scanning's limits, and no silent loss."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from probanda.collect.sarif import SarifCollector
from probanda.model.location import Location
from probanda.model.outcome import Outcome, Severity
from probanda.output import sarif
from probanda.output.interface import SourceTree
from reports import (
    CHECK,
    DECISION,
    FINDING,
    PASSED,
    catalogue,
    decision,
    report,
    undecided,
    waived,
    waiver,
)

SOURCE = SourceTree(
    folder="services/api",
    commit="c" * 40,
    address="https://example.org/acme/shop.git",
    branch="topic",
)
FULL = report(
    DECISION,
    replace(decision(waived("geo"), undecided(id="other")), gate="release"),
    catalogue=catalogue(waiver()),
    pages={CHECK.policy: "# Licences\n\nWhat it forbids."},
    source=SOURCE,
)


def runs(given_report) -> list[dict]:
    return json.loads(sarif.render(given_report))["runs"]


def only(given_report) -> dict:
    (run,) = runs(given_report)
    return run


def finding(**changes):
    return decision(replace(CHECK, findings=(replace(FINDING, **changes),)))


@pytest.mark.parametrize(
    "given_report",
    [
        FULL,
        report(),
        report(decision()),
        report(decision(PASSED), catalogue=catalogue()),
        report(decision(undecided(Outcome.SKIPPED))),
        report(*(replace(DECISION, gate=f"gate-{number}") for number in range(25))),
    ],
    ids=["full", "no gate", "empty gate", "pass", "skipped", "many gates"],
)
def test_a_log_is_valid_by_the_schema(sarif_schema, given_report):
    log = json.loads(sarif.render(given_report))

    errors = [error.message for error in Draft7Validator(sarif_schema).iter_errors(log)]

    assert errors == []


def test_the_schema_would_refuse_a_wrong_log(sarif_schema):
    log = json.loads(sarif.render(FULL))
    del log["runs"][0]["tool"]

    assert [error.message for error in Draft7Validator(sarif_schema).iter_errors(log)]


def test_what_is_written_our_own_collector_reads():
    data = SarifCollector().read(sarif.render(FULL).encode(), source="x.sarif", options={}).data

    assert [run["successful"] for run in data["runs"]] == [True, False]
    assert (data["counts"]["open"], data["counts"]["suppressed"]) == (1, 1)
    (result,) = data["runs"][0]["results"]
    assert result["ruleId"] == "supply-chain/license-allowlist/denied-license"
    assert FINDING.fingerprint in str(result["fingerprints"])


def test_every_rule_of_the_policy_has_its_id_texts_and_severity():
    rules = runs(FULL)[0]["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == [
        "supply-chain/license-allowlist/denied-license",
        "supply-chain/license-allowlist/flaky",
    ]
    assert rules[0]["fullDescription"] == {"text": "It is denied."}
    assert rules[0]["help"]["text"] == "replace it It is denied."
    assert rules[0]["help"]["markdown"].endswith("# Licences\n\nWhat it forbids.")
    assert rules[0]["defaultConfiguration"] == {"level": "error"}
    assert rules[0]["properties"]["security-severity"] == "9.5"
    assert rules[1]["defaultConfiguration"] == {"level": "note"}


def test_only_a_rule_that_declares_a_resource_has_a_help_uri():
    denied, flaky = runs(FULL)[0]["tool"]["driver"]["rules"]

    assert "helpUri" not in denied
    assert flaky["helpUri"] == "https://example.org/f"


def test_severity_becomes_level_and_score():
    seen = {
        severity: only(report(finding(severity=severity)))["results"][0] for severity in Severity
    }

    assert {severity.value: result["level"] for severity, result in seen.items()} == {
        "low": "note",
        "medium": "warning",
        "high": "error",
        "critical": "error",
    }
    scores = [float(result["properties"]["security-severity"]) for result in seen.values()]
    assert scores == sorted(scores)


def test_the_fingerprint_is_the_identity_also_where_lines_move():
    first, moved = (
        only(report(finding(location=Location("sbom.json", line), message=f"line {line}")))
        for line in (3, 30)
    )

    prints = first["results"][0]["partialFingerprints"]
    assert prints == moved["results"][0]["partialFingerprints"]
    assert prints["probanda/v1"] == FINDING.fingerprint


def test_a_place_is_relative_to_the_top_of_the_repository():
    (place,) = runs(FULL)[0]["results"][0]["locations"]

    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "services/api/sbom.json", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 5},
    }


def test_without_a_line_it_is_the_artifact_as_a_whole():
    (place,) = only(report(finding(location=None)))["results"][0]["locations"]

    assert place["physicalLocation"]["artifactLocation"]["uri"] == "sbom.json"
    assert place["message"]["text"] == "the file as a whole"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../../x", "a/../../x", "https://evil.example/x", "C:\\x", "a\\..\\b"]
)
def test_a_path_that_leads_out_of_the_project_is_no_place(path):
    run = only(report(finding(location=Location(path, 1)), source=SOURCE))

    (place,) = run["results"][0]["locations"]
    uri = place["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "services/api/sbom.json"


def test_a_name_is_encoded_as_a_uri_demands():
    run = only(report(finding(location=Location("a b/ü%?#.json", 1))))

    (place,) = run["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/%C3%BC%25%3F%23.json"


def test_controls_are_taxa_of_rules_and_results():
    run = runs(FULL)[0]

    (taxonomy,) = run["taxonomies"]
    assert [taxon["id"] for taxon in taxonomy["taxa"]] == ["CC8.1"]
    assert run["tool"]["driver"]["supportedTaxonomies"] == [{"name": "soc2", "index": 0}]
    (relation,) = run["tool"]["driver"]["rules"][0]["relationships"]
    assert relation["target"] == run["results"][0]["taxa"][0]


def test_a_waived_finding_is_suppressed_with_its_justification():
    (result,) = runs(FULL)[1]["results"]

    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    for part in ("It is replaced next month.", "ada@example.org", "SEC-1", "2026-12-01T00:00:00Z"):
        assert part in suppression["justification"]


def test_an_approvers_word_is_a_suppression_too():
    (result,) = only(report(decision(waived("approver:ada"))))["results"]

    assert result["suppressions"][0]["justification"] == "approved by ada"


@pytest.mark.parametrize("outcome", [Outcome.ERROR, Outcome.NOT_EVALUATED])
def test_what_could_not_be_decided_makes_the_run_unsuccessful(outcome):
    run = only(report(decision(undecided(outcome)), catalogue=catalogue()))

    (invocation,) = run["invocations"]
    (notice,) = invocation["toolExecutionNotifications"]
    assert invocation["executionSuccessful"] is False
    assert (notice["level"], notice["descriptor"]["id"]) == ("error", outcome.value)
    assert notice["message"]["text"] == "licenses: no file 'sbom.json' (make it)"
    place = notice["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "gates/pull-request.yaml"
    assert place["region"]["startLine"] == 11


def test_a_skipped_check_is_a_note():
    (invocation,) = only(report(decision(undecided(Outcome.SKIPPED))))["invocations"]

    assert invocation["executionSuccessful"] is True
    assert invocation["toolExecutionNotifications"][0]["level"] == "note"


@pytest.mark.parametrize("given_report", [report(), report(decision())], ids=["run", "gate"])
def test_nothing_checked_is_no_success(given_report):
    (invocation,) = only(given_report)["invocations"]

    assert invocation["executionSuccessful"] is False
    assert "nothing has passed" in invocation["toolExecutionNotifications"][0]["message"]["text"]


def test_the_commit_stands_in_it_where_repository_and_commit_are_known():
    (provenance,) = runs(FULL)[0]["versionControlProvenance"]

    assert provenance["revisionId"] == "c" * 40
    assert provenance["repositoryUri"] == "https://example.org/acme/shop.git"
    assert "versionControlProvenance" not in only(report(DECISION))


def test_the_least_severe_results_are_left_out_and_that_is_said():
    low = tuple(
        replace(FINDING, key=f"k{number}", severity=Severity.LOW)
        for number in range(sarif.MAX_RESULTS)
    )
    run = only(report(decision(replace(CHECK, findings=(*low, FINDING)))))

    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert len(run["results"]) == sarif.MAX_RESULTS
    assert run["results"][0]["properties"]["key"] == FINDING.key
    assert "25000 of 25001 results" in notice["message"]["text"]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_gates_beyond_the_limit_of_runs_are_named():
    given_report = report(*(replace(DECISION, gate=f"gate-{number}") for number in range(22)))

    invocation = runs(given_report)[-1]["invocations"][0]
    assert len(runs(given_report)) == 20
    assert "gate-20, gate-21" in invocation["toolExecutionNotifications"][-1]["message"]["text"]
    assert invocation["executionSuccessful"] is False


@given(st.text(max_size=80))
@settings(deadline=None)
def test_a_message_holds_no_link_and_no_control_character(text):
    run = only(report(finding(message=f"{text}[click](https://evil.example)")))

    said = run["results"][0]["message"]["text"]
    assert "](" not in said
    assert said.isprintable()


def test_the_same_report_gives_the_same_bytes():
    assert sarif.render(FULL) == sarif.render(FULL)


def test_several_results_of_one_fingerprint_are_told_apart():
    findings = (FINDING, replace(FINDING, message="again"))

    run = only(report(decision(replace(CHECK, findings=findings))))

    assert [
        result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]
    ] == [
        f"{FINDING.fingerprint}:1",
        f"{FINDING.fingerprint}:2",
    ]
