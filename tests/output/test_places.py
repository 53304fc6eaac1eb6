"""Where a finding is: its own place, else its artifact, else the check in the gate."""

from __future__ import annotations

from dataclasses import replace

from probanda.model.location import Location
from probanda.output.interface import SourceTree
from probanda.output.places import where
from reports import CHECK, DECISION, FINDING, catalogue, report

NO_FACTS = replace(CHECK, facts=())
ADRIFT = replace(FINDING, location=None)
KNOWN = report(DECISION, catalogue=catalogue())


def test_the_findings_own_place_comes_first():
    assert where(FINDING, CHECK, DECISION, KNOWN) == Location("sbom.json", 3, 5)


def test_then_the_first_artifact_of_the_working_tree():
    facts = ({"source": "git:a..b"}, {"source": "main:old.json"}, {"source": "new.json"})

    assert where(ADRIFT, replace(CHECK, facts=facts), DECISION, KNOWN) == Location("new.json")


def test_then_the_check_in_its_gate():
    found = where(ADRIFT, NO_FACTS, DECISION, KNOWN)

    assert found == Location("gates/pull-request.yaml", 11, 7)


def test_a_check_that_the_gate_does_not_list_is_at_the_gate():
    extra = replace(NO_FACTS, id="judging-content")

    assert where(ADRIFT, extra, DECISION, KNOWN) == Location("gates/pull-request.yaml", 1, 1)


def test_without_content_there_may_be_no_place():
    assert where(ADRIFT, NO_FACTS, DECISION, report(DECISION)) is None


def test_the_name_of_the_judging_revision_is_no_part_of_a_path():
    made = replace(DECISION, content=replace(DECISION.content, base="origin/main"))
    judged = replace(FINDING, location=Location("origin/main:gates/pr.yaml", 4, 3))

    found = where(judged, CHECK, made, report(made, source=SourceTree(folder="api")))

    assert found == Location("api/gates/pr.yaml", 4, 3)
