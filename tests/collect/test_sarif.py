"""SARIF files: of real tools, the standard's defaults, and broken ones."""

from __future__ import annotations

import json

import pytest

from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["sarif"]


def reading(document):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return COLLECTOR.read(data, source="scan.sarif", options={})


def read(document):
    return reading(document).data


def sarif(*runs, **more):
    return {"version": "2.1.0", "runs": list(runs), **more}


def run(*results, rules=(), extensions=(), **more):
    driver = {"name": "tool", "version": "1", "rules": list(rules)}
    return {
        "tool": {"driver": driver, "extensions": list(extensions)},
        "results": list(results),
        **more,
    }


def result(rule="R1", /, **more):
    return {"ruleId": rule, "message": {"text": "found"}, **more}


def only(document):
    (one,) = read(document)["runs"][0]["results"]
    return one


def level(given, **more):
    return only(sarif(run(given, **more)))["level"]


def configured(identity, name):
    return {"id": identity, "defaultConfiguration": {"level": name}}


def test_the_file_of_a_real_scanner_is_read(vectors):
    found = reading((vectors / "materials" / "checkmarx.sarif").read_bytes())
    assert found.producer == "Checkmarx One 1.0"
    assert found.data["counts"] == {
        "runs": 1, "results": 3, "open": 3, "error": 2, "warning": 1, "note": 0, "none": 0,
        "suppressed": 0,
    }  # fmt: skip
    (only_run,) = found.data["runs"]
    assert [one["securitySeverity"] for one in only_run["results"]] == ["9.0", "7.0", "8.0"]
    assert only_run["results"][2]["locations"] == [
        {"uri": "handler.go", "uriBaseId": "", "line": 42, "column": 0}
    ]
    assert len(only_run["rules"]) == 3


def test_a_real_file_with_raw_line_feeds_in_strings_is_refused_with_its_line(vectors):
    with pytest.raises(ParseError, match="control character") as caught:
        reading((vectors / "materials" / "report-control-chars.sarif").read_bytes())
    assert caught.value.location.line == 35


def test_other_files_of_others_are_refused(vectors):
    materials = vectors / "materials"
    for name in ("ghas-code-scan-wrong.json", "gl-sonarqube-report.json", "trufflehog-report.json",
                 "sbom.cyclonedx-1.5.json", "empty_array.json"):  # fmt: skip
        with pytest.raises((CollectError, ParseError)):
            reading((materials / name).read_bytes())


# levels, section 3.27.10


def test_a_stated_level_counts():
    for name in ("none", "note", "warning", "error"):
        assert level(result(level=name), rules=[configured("R1", "error")]) == name


def test_a_result_without_a_level_has_that_of_its_rule_else_warning():
    assert level(result()) == "warning"
    assert level(result(), rules=[{"id": "R1"}]) == "warning"
    assert level(result(), rules=[configured("R2", "error")]) == "warning"
    assert level(result(), rules=[configured("R1", "error")]) == "error"
    assert level(result(ruleIndex=1), rules=[{"id": "R0"}, configured("R1", "note")]) == "note"
    nameless = {"message": {"text": "x"}, "ruleIndex": 0}
    assert level(nameless, rules=[configured("R1", "error")]) == "error"


def test_a_result_of_another_kind_than_fail_has_level_none():
    for kind in ("pass", "open", "review", "informational", "notApplicable"):
        assert level(result(kind=kind), rules=[configured("R1", "error")]) == "none"


def test_the_id_of_a_result_may_go_on_after_that_of_its_rule():
    rules = [configured("CA1000", "error")]
    assert level(result("CA1000/1/x"), rules=rules) == "error"
    assert level(result("CA1000/1", ruleIndex=0), rules=rules) == "error"
    assert level(result("CA10001"), rules=rules) == "warning"


def test_the_invocation_of_a_result_overrides_the_level_of_its_rule():
    override = {"descriptor": {"index": 0}, "configuration": {"level": "error"}}
    invocations = [
        {"executionSuccessful": True},
        {"executionSuccessful": True, "ruleConfigurationOverrides": [override]},
    ]
    more = {"rules": [configured("R1", "note")], "invocations": invocations}
    assert level(result(provenance={"invocationIndex": 1}), **more) == "error"
    assert level(result(provenance={"invocationIndex": 0}), **more) == "note"
    assert level(result(), **more) == "note"
    override["descriptor"] = {"id": "R1"}
    assert level(result(provenance={"invocationIndex": 1}), **more) == "error"
    override["descriptor"] = {"id": "R1", "toolComponent": {"index": 0}}
    extension = {"name": "plugin", "rules": [{"id": "R1"}]}
    more["extensions"] = [extension]
    assert level(result(provenance={"invocationIndex": 1}), **more) == "note"


def test_a_rule_may_be_that_of_an_extension():
    plugin = {"name": "plugin", "guid": "00000000-0000-4000-8000-000000000000",
              "rules": [configured("P1", "error")]}  # fmt: skip
    for component in ({"index": 0}, {"name": "plugin"}, {"guid": plugin["guid"]}):
        given = {"message": {"text": "x"}, "rule": {"index": 0, "toolComponent": component}}
        found = only(sarif(run(given, extensions=[plugin])))
        assert (found["ruleId"], found["level"]) == ("P1", "error")


# suppressions, sections 3.27.23 and 3.35.3


@pytest.mark.parametrize(
    ("statuses", "suppressed"),
    [
        ([], False), ([None], True), (["accepted"], True), (["underReview"], False),
        (["rejected"], False), (["accepted", "rejected"], False), ([None, "underReview"], False),
        (["accepted", None], True),
    ],
)  # fmt: skip
def test_a_result_is_suppressed_when_every_suppression_is_accepted(statuses, suppressed):
    suppressions = [
        {"kind": "external", **({"status": status} if status else {})} for status in statuses
    ]
    found = read(sarif(run(result(suppressions=suppressions, level="error"))))
    assert found["runs"][0]["results"][0]["suppressed"] is suppressed
    assert found["counts"]["error"] == (not suppressed)
    assert found["counts"]["suppressed"] == suppressed


def test_only_what_stands_is_counted_by_level():
    found = read(
        sarif(
            run(
                result(level="error"),
                result(level="error", baselineState="absent"),
                result(level="error", baselineState="new"),
                result(kind="pass"),
                result(kind="review"),
                result(level="note", suppressions=[{"kind": "inSource"}]),
            )
        )
    )
    assert found["counts"] == {
        "runs": 1, "results": 6, "open": 3, "error": 2, "warning": 0, "note": 0, "none": 1,
        "suppressed": 1,
    }  # fmt: skip


# what else a policy reads


def test_nothing_found_is_not_the_same_as_not_looked():
    looked = run()
    not_looked = run()
    del not_looked["results"]
    failed = run(invocations=[{"executionSuccessful": True}, {"executionSuccessful": False}])
    runs = read(sarif(looked, not_looked, failed))["runs"]
    assert [one["computed"] for one in runs] == [True, False, True]
    assert [one["successful"] for one in runs] == [None, None, False]
    assert read(sarif())["counts"] == COLLECTOR.empty["counts"]


def test_messages_come_from_the_rule_and_have_their_arguments():
    rule = {"id": "R1", "messageStrings": {"m": {"text": "{0} in {1}, {2}\nmore"}}}
    given = result(message={"id": "m", "arguments": ["a", "b"]})
    assert only(sarif(run(given, rules=[rule])))["message"] == "a in b, {2}"
    assert len(only(sarif(run(result(message={"text": "x" * 500}))))["message"]) == 200


def test_a_location_may_be_named_by_its_artifact():
    place = {"physicalLocation": {"artifactLocation": {"index": 1}, "region": {"startLine": 3}}}
    artifacts = [{}, {"location": {"uri": "src/a.py", "uriBaseId": "ROOT"}}]
    assert only(sarif(run(result(locations=[place, {}]), artifacts=artifacts)))["locations"] == [
        {"uri": "src/a.py", "uriBaseId": "ROOT", "line": 3, "column": 0},
        {"uri": "", "uriBaseId": "", "line": 0, "column": 0},
    ]


def test_fingerprints_are_kept():
    given = result(fingerprints={"a/v1": "1"}, partialFingerprints={"b/v1": "2"})
    assert only(sarif(run(given)))["fingerprints"] == {"a/v1": "1", "b/v1": "2"}


def test_the_run_that_ended_first_says_when_the_log_was_made():
    early, late = (
        {"executionSuccessful": True, "endTimeUtc": f"2026-01-0{day}T00:00:00Z"} for day in (1, 2)
    )
    assert reading(sarif(run(invocations=[early, late]))).produced_at == "2026-01-02T00:00:00Z"
    both = sarif(run(invocations=[late]), run(invocations=[early]))
    assert reading(both).produced_at == "2026-01-01T00:00:00Z"
    assert reading(sarif(run(invocations=[late]), run())).produced_at == ""


def test_the_data_do_not_depend_on_the_order_of_results():
    results = [result(f"R{number}", message={"text": str(number % 2)}) for number in range(9)]
    assert read(sarif(run(*results))) == read(sarif(run(*results[::-1])))


def test_tens_of_thousands_of_results_and_rules_are_read():
    rules = [configured(f"R{number}", "note") for number in range(2000)]
    results = [result(f"R{number % 2000}/x") for number in range(40_000)]
    assert read(sarif(run(*results, rules=rules)))["counts"]["note"] == 40_000


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "must be an object"),
        ({}, "not SARIF 2.1.0"),
        ({"version": "2.0.0", "runs": []}, "not SARIF 2.1.0"),
        ({"version": 2.1, "runs": []}, "not SARIF 2.1.0"),
        ({"version": "2.1.0"}, r"\$\.runs is missing"),
        ({"version": "2.1.0", "runs": None}, r"\$\.runs must be a list"),
        (sarif({"results": []}), r"\$\.runs\[0\]\.tool is missing"),
        (sarif({"tool": {}}), "driver is missing"),
        (sarif({"tool": {"driver": {}}}), "name is missing"),
        (sarif(run(results=None)), "results must be a list"),
        (sarif(run(results={})), "results must be a list"),
        (sarif(run("x")), r"results\[0\] must be an object"),
        (sarif(run({"ruleId": "R1"})), "message is missing"),
        (sarif(run(result(level="critical"))), "level is an unknown word"),
        (sarif(run(result(kind="bad"))), "kind is an unknown word"),
        (sarif(run(result(level=None))), "level must be text"),
        (sarif(run(result(baselineState="old"))), "baselineState is an unknown word"),
        (sarif(run(result(suppressions=[{}]))), "kind is missing"),
        (sarif(run(result(suppressions=[{"kind": "external", "status": "ok"}]))), "unknown word"),
        (sarif(run(result(ruleIndex=0))), "beyond the list of rules"),
        (sarif(run(result(ruleIndex=-2))), "from 0"),
        (sarif(run(result("R2", ruleIndex=0), rules=[{"id": "R1"}])), "one rule by id and another"),
        (sarif(run(result(rule={"index": 0, "toolComponent": {"index": 0}}))), "extensions"),
        (sarif(run(result(rule={"toolComponent": {"name": "x"}}))), "no tool component"),
        (sarif(run(result(provenance={"invocationIndex": 0}), rules=[{"id": "R1"}])),
         "beyond the list of invocations"),
        (sarif(run(invocations=[{}])), "executionSuccessful is missing"),
        (sarif(run(rules=[{}])), "id is missing"),
        (sarif(run(rules=[{"id": "a", "properties": {"security-severity": "11"}}])), "severity"),
        (sarif(run(result(properties={"security-severity": "high"}))), "severity"),
        (sarif(run(externalPropertyFileReferences={"results": [{}]})), "other files"),
        (sarif(inlineExternalProperties=[{}]), "not read"),
        (sarif(run(result(locations=[{"physicalLocation": {"region": {"startLine": -1}}}]))),
         "from 0"),
    ],
)  # fmt: skip
def test_what_is_not_as_the_standard_says_is_refused_with_its_place(document, reason):
    with pytest.raises(CollectError, match=reason) as caught:
        read(document)
    assert str(caught.value).startswith("scan.sarif:1:")


@pytest.mark.parametrize(
    "data",
    [b"", b'{"version": "2.1.0", "runs": [', b'{"version": "2.1.0", "version": "2.1.0"}',
     b'{"version": "2.1.0", "runs": NaN}', b"\xff", b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_strict_json_is_refused(data):
    with pytest.raises(ParseError):
        reading(data)
