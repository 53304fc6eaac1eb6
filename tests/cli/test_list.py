"""`probanda list`: what a project has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from probanda.output.listing import LISTED

ROOT = Path(__file__).resolve().parents[2]


def test_all_criteria_are_listed_in_the_order_of_reports_with_owners_and_the_gates_that_feed_them(
    probanda,
):
    result = probanda("list", "controls", "--project", ROOT)

    assert (result.code, result.err) == (0, "")
    head, *lines = result.out.splitlines()
    assert head.split() == ["id", "owner", "frequency", "automation", "gates", "title"]
    assert len(lines) == 61
    assert [line.split()[0] for line in lines][:2] == ["soc2/CC1.1", "soc2/CC1.2"]
    (change,) = [line for line in lines if line.startswith("soc2/CC8.1 ")]
    assert change.split()[1:5] == ["engineering-lead", "per-change", "hybrid", "pull-request"]
    (risk,) = [line for line in lines if line.startswith("soc2/CC3.2 ")]
    assert risk.split()[4] == "–"


@pytest.mark.parametrize("kind", LISTED)
def test_every_kind_has_a_table_and_a_document_with_the_same_things(probanda, words, kind):
    words.waiver("one", "1" * 64, expires="2027-01-01")
    words.write(
        "contracts/orders/contract.json",
        {
            "datasetId": "orders",
            "version": "1",
            "tenantId": "acme",
            "license": "MIT-OK",
            "purpose": ["analytics"],
            "retention": "short-30d",
            "sla": {},
        },
    )

    table = probanda("list", kind, "--project", words.root)
    document = probanda("list", kind, "--json", "--project", words.root)

    assert (table.code, document.code) == (0, 0)
    rows = json.loads(document.out)[kind]
    assert rows
    named = [row.get("id") or row["name"] for row in rows]
    assert [line.split()[0] for line in table.out.splitlines()[1:]] == named


def test_a_kind_without_things_says_so(probanda, words):
    assert probanda("list", "waivers", "--project", words.root).out == "no waivers\n"
    assert json.loads(probanda("list", "waivers", "--json", "--project", words.root).out) == {
        "waivers": []
    }


def test_an_unknown_kind_is_answered_with_the_nearest_and_all(probanda, words):
    result = probanda("list", "contrls", "--project", words.root)

    assert (result.code, result.out) == (2, "")
    assert "error: there is no list of 'contrls'" in result.err
    assert "did you mean 'controls'? kinds: controls, policies" in result.err


def test_a_misplaced_citation_feeds_no_control(probanda, words):
    words.gate(
        "pr",
        {
            "id": "change-management",
            "facts": {"words": {"from": "json", "path": "words.json"}},
            "policy": "demo/words/findings",
            "controls": ["CC2.1", "CC8.1"],
        },
    )

    rows = json.loads(probanda("list", "controls", "--json", "--project", words.root).out)

    gates = {row["id"]: row["gates"] for row in rows["controls"]}
    assert (gates["soc2/CC2.1"], gates["soc2/CC8.1"]) == ([], ["pr"])


def test_text_that_would_write_to_the_terminal_is_spelled_out(probanda, words):
    text = json.loads((words.root / "gates/pr.yaml").read_text())
    text["metadata"]["title"] = "fine\u200bprint"
    words.write("gates/pr.yaml", text)

    assert "fine\\u200bprint" in probanda("list", "gates", "--project", words.root).out
