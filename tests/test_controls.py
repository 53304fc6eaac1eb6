"""Every control document says, in own words, what must hold and what shows it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from probanda.collect import COLLECTORS
from probanda.content import WorkingTree, load
from probanda.model.control import Automation, Frequency
from probanda.model.topic import fitting
from probanda.parse.yaml import load_yaml, to_plain

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "controls" / "soc2"
DOCUMENTS = sorted(FOLDER.glob("*.yaml"))

# Identifiers of the 2017 Trust Services Criteria: family → criteria per number.
FAMILIES = {
    "CC": {1: 5, 2: 3, 3: 4, 4: 2, 5: 3, 6: 8, 7: 5, 8: 1, 9: 2},
    "A": {1: 3},
    "C": {1: 2},
    "PI": {1: 5},
    "P": {1: 1, 2: 1, 3: 2, 4: 3, 5: 2, 6: 7, 7: 1, 8: 1},
}
CRITERIA = {
    f"{family}{number}.{point}"
    for family, numbers in FAMILIES.items()
    for number, last in numbers.items()
    for point in range(1, last + 1)
}
CATALOGUE = load(WorkingTree(ROOT))
ENTRYPOINTS = {
    f"{policy.id}/{entry}" for policy in CATALOGUE.policies.values() for entry in policy.entrypoints
}
# The roles that answer for controls: a misspelt one would be somebody who never hears of it.
OWNERS = {
    "compliance-lead",
    "data-lead",
    "data-protection-lead",
    "engineering-lead",
    "executive-lead",
    "operations-lead",
    "people-lead",
    "platform-lead",
    "product-lead",
    "security-lead",
}


def read(path: Path) -> Any:
    return to_plain(load_yaml(path.read_bytes(), path=path.name))


def by_name(path: Path) -> str:
    return path.stem


documents = pytest.mark.parametrize("path", DOCUMENTS, ids=by_name)


def test_soc_2_has_61_criteria() -> None:
    assert len(CRITERIA) == 61


def test_every_criterion_has_its_control_and_nothing_else_is_in_the_folder() -> None:
    assert {path.stem for path in DOCUMENTS} == {name.lower() for name in CRITERIA}
    assert {path.suffix for path in FOLDER.iterdir()} == {".yaml", ".md"}


@documents
def test_a_control_is_named_after_its_criterion_and_its_file(path: Path) -> None:
    document = read(path)
    assert (document["apiVersion"], document["kind"]) == ("probanda/v1", "Control")
    framework, _, criterion = document["metadata"]["name"].partition("/")
    assert framework == "soc2"
    assert criterion in CRITERIA
    assert path.stem == criterion.lower()


@documents
def test_a_control_has_text_of_its_own_an_owner_and_a_frequency(path: Path) -> None:
    document = read(path)
    spec = document["spec"]
    assert set(document) == {"apiVersion", "kind", "metadata", "spec"}
    assert set(spec) == {"statement", "owner", "frequency", "automation", "topics", "evidence"}
    assert 20 <= len(document["metadata"]["title"]) <= 90
    assert 150 <= len(spec["statement"]) <= 600
    assert spec["owner"] in OWNERS
    Frequency(spec["frequency"])
    Automation(spec["automation"])


@documents
def test_a_control_expects_evidence_that_a_policy_or_a_person_judges(path: Path) -> None:
    spec = read(path)["spec"]
    assert spec["evidence"]
    titles = [item["title"] for item in spec["evidence"]]
    assert len(set(titles)) == len(titles)
    for item in spec["evidence"]:
        if "policy" in item or "collector" in item:
            assert set(item) <= {"title", "collector", "query", "policy", "population"}
            assert item.get("policy") in {*ENTRYPOINTS, None}
            assert item.get("collector") in {*COLLECTORS, None}
            assert len(item["query"]) >= 40
            assert len(item["population"]) >= 20
        else:
            assert set(item) == {"title", "review", "artifact"}
            assert len(item["review"]) >= 60
            assert len(item["artifact"]) >= 20


@documents
def test_a_controls_automation_says_who_gives_its_evidence(path: Path) -> None:
    spec = read(path)["spec"]
    by_gates = any("policy" in item or "collector" in item for item in spec["evidence"])
    by_people = any("review" in item for item in spec["evidence"])
    expected = {
        (True, False): "automated",
        (False, True): "manual",
        (True, True): "hybrid",
    }
    assert spec["automation"] == expected[by_gates, by_people]


def test_no_two_controls_share_their_words() -> None:
    statements = [read(path)["spec"]["statement"] for path in DOCUMENTS]
    titles = [read(path)["metadata"]["title"] for path in DOCUMENTS]
    assert len(set(statements)) == len(set(titles)) == len(DOCUMENTS)


def test_every_topic_is_written_once_per_control_and_fits_its_own_control() -> None:
    for control in CATALOGUE.controls.values():
        assert control.topics
        for topic in control.topics:
            assert not fitting(control, CATALOGUE.controls.values(), policy=f"{topic}/any")


def test_nothing_in_this_repository_is_cited_under_the_wrong_criterion() -> None:
    assert CATALOGUE.warnings == ()
    for path in ROOT.glob("examples/*/probanda.yaml"):
        assert load(WorkingTree(path.parent)).warnings == ()


@documents
def test_the_page_of_the_folder_lists_each_control_with_its_evidence(path: Path) -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    document = read(path)
    criterion = document["metadata"]["name"].partition("/")[2]
    rows = [line for line in page.splitlines() if line.startswith(f"| `{criterion}` |")]
    assert len(rows) == 1
    evidence = document["spec"]["evidence"]
    cells = [cell.strip() for cell in rows[0].split("|")[2:-1]]
    judged = [item.get("policy") or item["collector"] for item in evidence if "query" in item]
    people = [item["title"].lower() for item in evidence if "review" in item]
    assert cells[0] == document["spec"]["owner"]
    assert re.findall(r"`([a-z/-]+)`", cells[1]) == judged
    assert cells[2].lower() == ("; ".join(people) or "–")
