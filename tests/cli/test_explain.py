"""`probanda explain`: all that a project says about one thing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def explain(probanda):
    return lambda *arguments: probanda("explain", *arguments, "--project", ROOT)


@pytest.mark.parametrize("spelling", ["CC8.1", "cc_8_1", "soc2/CC8.1", "cc8.1"])
def test_a_control_is_explained_in_whatever_spelling_it_is_asked_for(explain, spelling):
    result = explain(spelling)

    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("soc2/CC8.1  Changes are authorised, tested and tracked\n")
    assert result.out == explain("soc2/CC8.1").out


def test_a_controls_page_has_owner_evidence_supporters_and_relations(explain):
    out = explain("CC8.1").out

    assert "Nothing reaches the default branch but by a recorded change." in out
    assert "  owner       engineering-lead\n" in out
    assert "judged by   change/required-tests/findings, reading junit" in out
    assert "attaches    the merges drawn" in out
    assert "  policy  supply-chain/license-allowlist\n" in out
    assert "  gate    pull-request/tests  change/required-tests/findings\n" in out
    assert "nist-sp-800-53-r5  superset-of  CM-3, CM-4\n" in out
    assert "no gate" not in out


def test_a_control_that_no_gate_feeds_is_called_a_gap(explain):
    assert "A control that no gate feeds is a gap in every pack." in explain("CC3.2").out
    by_people = explain("CC1.1").out
    assert "no gate: evidence comes from people alone" in by_people
    assert "is a gap" not in by_people


def test_a_criterion_that_has_nothing_in_common_with_a_publication_says_so(explain):
    assert "nist-csf-2  no-relationship  with any of it\n" in explain("P2.1").out


def test_a_policys_page_has_its_owner_entry_points_rules_controls_and_cases(explain):
    out = explain("supply-chain/license-allowlist").out

    assert "  owner     security\n" in out
    assert "supply-chain/license-allowlist/findings  findings\n" in out
    assert "fact sbom, from cyclonedx\n" in out
    assert "denied-license (critical)" in out
    assert "fix    Remove or replace the component" in out
    assert "controls  soc2/CC6.8, soc2/CC8.1" in out
    assert "checks    pull-request/licenses" in out
    cases = len(list((ROOT / "policies/supply-chain/license-allowlist/cases").glob("*.yaml")))
    assert f"Cases ({cases})" in out
    assert f"… and {cases - 12} more; --json shows all" in out


def test_a_gates_page_has_its_checks_with_what_they_read_and_support(explain):
    out = explain("pull-request").out

    assert "  mode   enforce\n" in out
    assert "  tests  change/required-tests/findings\n" in out
    assert "    reads     tests: junit .probanda/junit.xml\n" in out
    assert "    supports  soc2/CC8.1, soc2/CC4.1\n" in out


def test_a_collectors_page_has_who_reads_through_it(explain):
    out = explain("junit").out

    assert "media type       application/xml\n" in out
    assert "policies         change/required-tests\n" in out
    assert "checks           pull-request/tests\n" in out


def test_a_contract_is_explained(explain):
    assert "retention  standard-365d" in explain("ci-evidence").out


@pytest.mark.parametrize(
    "name", ["CC6.1", "contracts/terms", "pull-request", "json", "ci-evidence"]
)
def test_the_same_stands_in_one_json_document(explain, name):
    result = explain(name, "--json")

    assert result.code == 0
    document = json.loads(result.out)
    assert document["kind"] in {"control", "policy", "gate", "collector", "contract"}
    assert explain(name).out.split()[0] == document.get("id", document.get("name"))


def test_built_in_content_is_explained_in_a_project_that_has_none_of_its_own(probanda, words):
    words.waiver("one", "1" * 64, expires="2027-01-01")

    policy = probanda("explain", "contracts/terms", "--project", words.root)
    waiver = probanda("explain", "one", "--project", words.root)
    cited = probanda("explain", "CC8.1", "--project", words.root)

    assert policy.out.startswith("builtin:contracts/terms  ")
    assert "Cases (0)" not in policy.out
    assert "expires       2027-01-01T00:00:00Z\n" in waiver.out
    assert "  gate    pr/words  demo/words/findings\n" in cited.out


def test_a_misplaced_citation_is_shown_as_one(probanda, words):
    words.gate(
        "pr",
        {
            "id": "change-management",
            "facts": {"words": {"from": "json", "path": "words.json"}},
            "policy": "demo/words/findings",
            "controls": ["CC2.1"],
        },
    )

    out = probanda("explain", "CC2.1", "--project", words.root).out

    assert "MISPLACED: it is about another control" in out
    assert "A control that no gate feeds is a gap" in out


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("CC6.11", "there is nothing called 'CC6.11'", "did you mean 'soc2/CC6.1'?"),
        ("zzz", "there is nothing called 'zzz'", "see `probanda list controls`"),
        ("", "there is nothing called ''", "see `probanda list controls`"),
    ],
)
def test_an_unknown_name_is_a_usage_error(explain, text, message, hint):
    result = explain(text)

    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert hint in result.err
