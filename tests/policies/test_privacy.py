"""The privacy policies over artifacts, by the snippets of their pages."""

from __future__ import annotations

import csv
from collections import defaultdict

import pytest

from projects import Project, document
from snippets import run_snippet, snippets

K = "privacy/k-threshold"


def visits(*rows):
    return "age,region,person,note\n" + "".join(f"{row},-\n" for row in rows)


FIVE = [f"30-39,north,p{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("rows", "ended"),
    [
        (FIVE, ("pass", [])),
        ([*FIVE[:4], "30-39,north,p0"], ("fail", ["group-too-small"])),
        ([*FIVE[:4], "30-39,north,"], ("fail", ["group-too-small"])),
        ([*FIVE[:4], ",north,p4"], ("fail", ["group-too-small"])),
        ([], ("fail", ["nothing-counted"])),
    ],
    ids=["five", "four-and-one-twice", "four-and-nobody", "without-age", "none"],
)
def test_a_release_is_judged_by_people(tmp_path, rows, ended):
    assert run_snippet(tmp_path, K, {"release/visits.csv": visits(*rows)}) == ended


@pytest.mark.parametrize(("people", "ended"), [(5, "pass"), (4, "fail")])
def test_a_release_of_counts_is_judged_by_its_counts(tmp_path, people, ended):
    counts = f"region,people\nnorth,{people}\nsouth,90\n"

    assert run_snippet(tmp_path, K, {"release/counts.csv": counts}, number=1)[0] == ended


@pytest.mark.parametrize("columns", [["engines"], ["type"], ["manufacturer"], ["year", "seats"]])
def test_a_real_table_is_judged_as_the_standard_library_counts_it(vectors, tmp_path, columns):
    data = (vectors / "tables" / "planes.csv").read_bytes()
    members = defaultdict(set)
    for row in csv.DictReader(data.decode().splitlines()):
        members[tuple(row[column] for column in columns)].add(row["tailnum"])
    smallest = min(len(people) for people in members.values())

    def judge(k):
        return run_snippet(
            tmp_path / str(k),
            K,
            {"release/visits.csv": data},
            facts={"table": {"from": "table", "path": "release/visits.csv"}},
            parameters={"quasiIdentifiers": columns, "subject": "tailnum", "k": k},
        )

    assert judge(smallest + 1) == ("fail", ["group-too-small"])
    if smallest >= 2:
        assert judge(smallest) == ("pass", [])


PERSONAL = "privacy/no-personal-data"
METER = '{"id":1,"tenant_id":"0b9ce7f6","kind":"graphql_call","quantity":"1.5","note":"%s"}\n'


@pytest.mark.parametrize(
    ("note", "ended"),
    [
        ("", ("pass", [])),
        ("ada@example.org", ("fail", ["personal-value"])),
        ("a" * 65, ("fail", ["free-text"])),
    ],
)
def test_metering_events_are_searched(tmp_path, note, ended):
    assert run_snippet(tmp_path, PERSONAL, {"meters.jsonl": METER % note}) == ended


def test_an_empty_log_shows_nothing(tmp_path):
    ended = run_snippet(tmp_path, PERSONAL, {"meters.jsonl": ""})

    assert ended == ("fail", ["nothing-looked-at"])


@pytest.mark.parametrize(
    ("text", "ended"),
    [("Twelve were late.", "pass"), ("Paid by 4111 1111 1111 1111.", "fail")],
)
def test_summaries_are_searched(tmp_path, text, ended):
    files = {"summaries.json": {"summaries": [{"text": text}]}}

    assert run_snippet(tmp_path, PERSONAL, files, number=1)[0] == ended


def test_a_finding_does_not_repeat_what_it_found(tmp_path):
    project = Project(tmp_path)
    project.project()
    project.gate("page", snippets(PERSONAL)[0])
    project.write("meters.jsonl", '{"by":{"ada@example.org":"DE89370400440532013000"}}\n')

    (decision,) = project.run().decisions

    found = decision.checks[0].findings
    assert {one.key for one in found} == {"events by.* email", "events by.* iban"}
    assert not any("ada" in one.message or "DE89" in one.message for one in found)


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("cyclonedx/1.6/valid-metadata-author-1.6.json", ["personal-field", "personal-value"]),
        ("materials/ai-coding-session.json", ["personal-value"]),
        ("materials/detect-secrets-baseline-clean.json", []),
    ],
)
def test_reports_of_other_tools_are_searched(vectors, tmp_path, name, rules):
    files = {"summaries.json": (vectors / name).read_bytes()}

    ended = run_snippet(tmp_path, PERSONAL, files, number=1)

    assert ended == ("fail" if rules else "pass", rules)


PURPOSE = "privacy/purpose"
CONTRACT = document(
    "Contract",
    "matches",
    {
        "datasetId": "matches",
        "version": "1",
        "tenantId": "acme",
        "license": "MIT-OK",
        "purpose": ["investigation", "fraud-risk"],
        "retention": "standard-365d",
        "sla": {"dedupe": True},
    },
)
USE = (
    '{"id":"u-1","dataset":"matches","purpose":"%s","basis":"consent","at":"2026-11-20T10:00:00Z",'
    '"consent":{"givenAt":"2026-01-01T00:00:00Z","expiresAt":"%s","purposes":["fraud-risk"]}}\n'
)


@pytest.mark.parametrize(
    ("purpose", "expires", "rules"),
    [
        ("fraud-risk", "2027-01-01T00:00:00Z", []),
        ("fraud-risk", "2026-11-20T10:00:00Z", ["consent-invalid"]),
        ("investigation", "2027-01-01T00:00:00Z", ["consent-invalid"]),
        ("marketing", "2027-01-01T00:00:00Z", ["consent-invalid", "purpose-unknown"]),
    ],
)
def test_uses_are_held_against_their_contract(tmp_path, purpose, expires, rules):
    files = {
        "materialisations.jsonl": USE % (purpose, expires),
        "contracts/matches/contract.yaml": CONTRACT,
    }

    assert run_snippet(tmp_path, PURPOSE, files) == ("fail" if rules else "pass", rules)


def test_a_contract_that_allows_less_forbids_the_use(tmp_path):
    files = {
        "materialisations.jsonl": USE % ("fraud-risk", "2027-01-01T00:00:00Z"),
        "contracts/matches/contract.yaml": {
            **CONTRACT,
            "spec": {**CONTRACT["spec"], "purpose": ["investigation"]},
        },
    }

    assert run_snippet(tmp_path, PURPOSE, files) == ("fail", ["purpose-not-allowed"])
