"""`docs/requirements.yaml`: complete, well formed, and every claim of it points at something.

The counts below were made by reading the five plans, not by reading the file.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "requirements.yaml"

PLANS = ("2025-11-12", "2025-12-24", "2026-01-07", "2026-05-27", "2026-07-08")

# Second part of an id → kind.
KINDS = {
    "ac": "acceptance",
    "adr": "decision-record",
    "alert": "alert",
    "api": "api",
    "bundle": "evidence-bundle",
    "chaos": "chaos",
    "dod": "definition-of-done",
    "infra": "infrastructure",
    "metric": "metric",
    "pack": "acceptance-pack",
    "perf": "performance",
    "policy": "policy",
    "rule": "constraint",
    "schema": "schema",
}

REQUIRED = {"id", "source", "kind", "text", "plan", "status"}
OPTIONAL = {"where", "reason", "controls"}
STATUSES = ("met", "partial", "open", "refused")

# Counted in the plans, by plan in the order of PLANS.
METRICS = (6, 6, 6, 9, 9)
ALERTS = (4, 4, 5, 5, 5)
CHAOS_CASES = (2, 4, 3, 3, 3)
ACCEPTANCE_PACKS = (4, 4, 5, 6, 6)
DECISION_RECORDS = ("010 011 012", "018 019 020", "021 022 023", "052 053 054", "063 064 065")
BUNDLES = ("v4", "v7", "v8", "v18", "v21")

# Stories of each epic, epics in the order A, B, C …
STORIES = (
    (4, 3, 3, 3, 3, 3),
    (4, 3, 4, 3, 3, 2),
    (4, 3, 3, 3, 3, 3),
    (3, 3, 4, 3, 3, 3, 2),
    (3, 3, 3, 3, 3, 3, 2),
)

_ID = re.compile(r"(\d{4}-\d{2}-\d{2})/([a-z]+)/[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)

# How many criteria each series of the 2017 trust services criteria has.
_SERIES = (
    "CC1 5, CC2 3, CC3 4, CC4 2, CC5 3, CC6 8, CC7 5, CC8 1, CC9 2, A1 3, C1 2, PI1 5, "
    "P1 1, P2 1, P3 2, P4 3, P5 2, P6 7, P7 1, P8 1"
)
CRITERIA = {
    f"soc2/{series}.{number}"
    for series, last in (item.split() for item in _SERIES.split(", "))
    for number in range(1, int(last) + 1)
}


@pytest.fixture(scope="module")
def entries() -> list[dict[str, Any]]:
    """All entries, in the order of the file."""
    document = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert set(document) == {"requirements"}
    return document["requirements"]


def problem_of_shape(entry: dict[str, Any]) -> str:
    """The first thing that is wrong with the fields of one entry; empty when nothing is."""
    return next(problems_of_shape(entry), "")


def problems_of_shape(entry: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the fields of one entry; later checks rely on earlier ones."""
    if not set(entry) >= REQUIRED or set(entry) - REQUIRED - OPTIONAL:
        yield f"fields are {sorted(entry)}"
        return
    if not all(isinstance(entry[name], str) and entry[name].strip() for name in REQUIRED):
        yield "a required field is empty or no string"
        return
    match = _ID.fullmatch(entry["id"])
    date, short = match.groups() if match else ("", "")
    if KINDS.get(short) != entry["kind"]:
        yield f"the id does not fit the kind {entry['kind']}"
    if not entry["source"].startswith(f"sprint plan {date}, "):
        yield "the source is another plan than the id's"
    if entry["plan"] not in {"implement", "gate", "refuse"} or entry["status"] not in STATUSES:
        yield f"plan {entry['plan']}, status {entry['status']}"
    refused = entry["status"] == "refused"
    if refused != (entry["plan"] == "refuse") or refused != bool(entry.get("reason")):
        yield "plan refuse, status refused and a reason go together"
    if (entry["status"] in {"met", "partial"}) != bool(entry.get("where")):
        yield "met and partial name where, and nothing else does"
    if unknown := set(entry.get("controls", [])) - CRITERIA:
        yield f"no such criterion: {sorted(unknown)}"


def problem_of_place(place: str) -> str:
    """Why `path` or `path::test_name` points at nothing; empty when it does."""
    name, _, test = place.partition("::")
    path = ROOT / name
    if Path(name).is_absolute() or ".." in Path(name).parts or not path.exists():
        return f"{name} does not exist"
    if path.is_dir() and not any(path.iterdir()):
        return f"{name} is empty"
    if not test:
        return ""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return "" if test in functions else f"{name} has no function {test}"


def of_kind(entries: list[dict[str, Any]], kind: str) -> list[int]:
    """Number of entries of `kind` by plan, in the order of PLANS."""
    counts = Counter(entry["id"][:10] for entry in entries if entry["kind"] == kind)
    return [counts[plan] for plan in PLANS]


def test_every_entry_has_the_right_shape(entries: list[dict[str, Any]]) -> None:
    problems = [f"{e.get('id')}: {problem_of_shape(e)}" for e in entries if problem_of_shape(e)]
    if problems:
        pytest.fail("\n".join(problems))


def test_ids_are_unique(entries: list[dict[str, Any]]) -> None:
    counts = Counter(entry["id"] for entry in entries)
    assert not [name for name, count in counts.items() if count > 1]


def test_every_requirement_is_stated_once(entries: list[dict[str, Any]]) -> None:
    counts = Counter((entry["id"][:10], entry["text"]) for entry in entries)
    assert not [text for text, count in counts.items() if count > 1]


def test_entries_are_sorted_by_plan_and_a_section_stands_together(
    entries: list[dict[str, Any]],
) -> None:
    dates = [entry["id"][:10] for entry in entries]
    assert dates == sorted(dates)
    assert set(dates) == set(PLANS)
    sections = [source for source, _ in groupby(entry["source"] for entry in entries)]
    assert len(sections) == len(set(sections))


def test_every_place_that_is_claimed_exists(entries: list[dict[str, Any]]) -> None:
    problems = [
        f"{entry['id']}: {problem_of_place(place)}"
        for entry in entries
        for place in entry.get("where", [])
        if problem_of_place(place)
    ]
    if problems:
        pytest.fail("\n".join(problems))


def test_every_metric_alert_chaos_case_and_acceptance_pack_of_the_plans_is_listed(
    entries: list[dict[str, Any]],
) -> None:
    assert sum(METRICS) == 36
    assert sum(ALERTS) == 23
    assert of_kind(entries, "metric") == list(METRICS)
    assert of_kind(entries, "alert") == list(ALERTS)
    assert of_kind(entries, "chaos") == list(CHAOS_CASES)
    packs = of_kind(entries, "acceptance-pack")
    assert all(have >= want for have, want in zip(packs, ACCEPTANCE_PACKS, strict=True)), packs


def test_the_fifteen_decision_records_are_listed(entries: list[dict[str, Any]]) -> None:
    want = {
        f"{plan}/adr/adr-{number}"
        for plan, numbers in zip(PLANS, DECISION_RECORDS, strict=True)
        for number in numbers.split()
    }
    have = {e["id"][: len("2025-11-12/adr/adr-010")] for e in entries if "/adr/" in e["id"]}
    assert len(want) == 15
    assert have == want


def test_the_five_evidence_bundles_and_their_contents_are_listed(
    entries: list[dict[str, Any]],
) -> None:
    ids = [entry["id"] for entry in entries]
    for plan, bundle in zip(PLANS, BUNDLES, strict=True):
        assert f"{plan}/bundle/{bundle}" in ids
        items = [name for name in ids if name.startswith(f"{plan}/bundle/{bundle}-")]
        assert len(items) >= 5, (bundle, items)


def test_every_story_of_every_epic_is_listed(entries: list[dict[str, Any]]) -> None:
    ids = [entry["id"] for entry in entries]
    missing = [
        f"{plan}/ac/{story}"
        for plan, epics in zip(PLANS, STORIES, strict=True)
        for letter, stories in zip("abcdefg", epics, strict=False)
        for story in (f"{letter}-{number}" for number in range(1, stories + 1))
        if not any(name.startswith(f"{plan}/ac/{story}-") for name in ids)
    ]
    assert not missing


def test_the_file_says_how_much_is_open(
    entries: list[dict[str, Any]], record_property: pytest.RecordProperty
) -> None:
    counts = Counter(entry["status"] for entry in entries)
    for status in STATUSES:
        record_property(status, counts[status])
    summary = ", ".join(f"{counts[status]} {status}" for status in STATUSES)
    assert sum(counts[status] for status in STATUSES) == len(entries), summary
    assert len(entries) >= 250, summary


# What follows feeds the checks wrong entries: each class must be caught.

GOOD = {
    "id": "2025-11-12/ac/x-1-example",
    "source": "sprint plan 2025-11-12, Epic X",
    "kind": "acceptance",
    "text": "something holds",
    "plan": "implement",
    "status": "open",
}


def test_a_good_entry_has_no_problem() -> None:
    assert problem_of_shape(GOOD) == ""
    assert problem_of_shape({**GOOD, "controls": ["soc2/CC8.1"]}) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": 7},
        {"extra": "x"},
        {"id": "2025-11-12/ac/Not-Kebab"},
        {"id": "2025-11-12/metric/x"},
        {"source": "sprint plan 2026-01-07, Epic X"},
        {"plan": "maybe"},
        {"status": "done"},
        {"status": "met"},
        {"status": "partial", "where": []},
        {"where": ["README.md"]},
        {"plan": "refuse", "status": "refused"},
        {"status": "refused", "reason": "unsafe"},
        {"plan": "refuse"},
        {"reason": "unsafe"},
        {"controls": ["soc2/CC8.2"]},
    ],
)
def test_a_wrong_entry_is_caught(change: dict[str, Any]) -> None:
    assert problem_of_shape({**GOOD, **change})


def test_an_entry_without_a_required_field_is_caught() -> None:
    for name in REQUIRED:
        assert problem_of_shape({key: value for key, value in GOOD.items() if key != name})


def test_a_place_that_does_not_exist_is_caught() -> None:
    here = "tests/test_requirements.py"
    assert problem_of_place(f"{here}::test_a_place_that_does_not_exist_is_caught") == ""
    assert problem_of_place("docs") == ""
    assert "no function" in problem_of_place(f"{here}::test_no_such_thing")
    assert "does not exist" in problem_of_place("policies/no/such")
    assert "does not exist" in problem_of_place("../elsewhere")
    assert "does not exist" in problem_of_place("/etc/passwd")
