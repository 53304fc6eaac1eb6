"""Maps from criteria to other publications: typed, complete, and right about what exists."""

from __future__ import annotations

from pathlib import Path

import pytest

from probanda.content import WorkingTree, load
from probanda.errors import MultipleContentError
from probanda.model.control_map import Relation

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = load(WorkingTree(ROOT), maps=True)
LIST = "controls/identifiers/letters.yaml"
MAP = "controls/maps/ours.yaml"


@pytest.fixture
def mapped(workshop):
    """The small project has a list of three ids and a map of its one control."""
    return workshop


def maps_of(workshop):
    return load(workshop.tree(), builtin=False, maps=True)


def error(workshop):
    with pytest.raises(MultipleContentError) as caught:
        maps_of(workshop)
    (only,) = caught.value.errors
    assert only.location
    return only


def test_a_map_relates_controls_to_ids_with_typed_relations(mapped):
    catalogue = maps_of(mapped)

    first, second = catalogue.maps["ours"].of("soc2/CC8.1")
    assert (first.relation, first.targets, first.strength) == (Relation.SUPERSET_OF, ("A-1",), 7)
    assert (second.relation, second.targets, second.strength) == (
        Relation.INTERSECTS_WITH,
        ("B-1",),
        None,
    )
    assert catalogue.maps["ours"].of("soc2/CC1.1") == ()
    assert catalogue.identifiers["letters"].version == "1.10"


def test_maps_judge_nothing_and_are_read_only_when_asked_for(mapped):
    assert mapped.load().maps == {}
    assert mapped.load().files.keys().isdisjoint({LIST, MAP})
    mapped.files[MAP] = "nonsense"
    assert mapped.load().gates


@pytest.mark.parametrize(
    ("bend", "message", "hint"),
    [
        (
            (MAP, "target: letters", "target: leters"),
            "no identifier list 'leters'",
            "did you mean 'letters'?",
        ),
        ((MAP, "source: soc2", "source: soc3"), "no framework 'soc3'", "did you mean 'soc2'?"),
        ((MAP, "[A-1]", "[A-11]"), "no id 'A-11'", "did you mean 'A-1'?"),
        ((MAP, "[A-1]", "[A-1(2)]"), "no id 'A-1(2)'", "did you mean 'A-1'?"),
        ((MAP, "[B-1]", "[A-1]"), "'soc2/CC8.1' and 'A-1' are related already", None),
        ((MAP, "cc_8_1", "cc_8_2"), "no control 'soc2/CC8.2'", "did you mean 'soc2/CC8.1'?"),
        (
            (MAP, "superset-of", "superset"),
            "spec.relations[0].relation must be one of",
            "did you mean 'superset-of'?",
        ),
        ((MAP, ", strength: 7", ", strength: 11"), "at most 10", None),
        ((MAP, ", strength: 7", ", strength: 7.5"), "must be a whole number", None),
        ((MAP, ", strength: 7", ", strength: true"), "must be a whole number", None),
        ((MAP, "to: [A-1]", "to: []"), "must not be empty", None),
        ((MAP, ", to: [A-1]", ""), "'superset-of' needs targets", "add 'to: [ID, …]'"),
        (
            (MAP, "name: ours", "name: others"),
            "the name must be the file's: 'ours'",
            "rename the file",
        ),
        ((LIST, "name: letters", "name: letter"), None, None),
        ((LIST, "A-2", "A-1"), "'A-1' is listed twice", None),
        ((LIST, "A-2", "A 2"), "must be an identifier, such as", None),
        ((LIST, "ids: [A-1, A-2, B-1]", "ids: []"), "must not be empty", None),
    ],
)
def test_a_wrong_map_is_refused_with_its_place_and_the_nearest_word(mapped, bend, message, hint):
    path, old, new = bend
    mapped.bend(path, old, new)
    if message is None:
        with pytest.raises(MultipleContentError, match=r"no identifier list 'letters'|file's"):
            maps_of(mapped)
        return
    only = error(mapped)
    assert message in only.message
    assert hint is None or only.hint == hint


def test_nothing_in_common_stands_alone(mapped):
    mapped.bend(MAP, "intersects-with, to: [B-1]", "no-relationship")
    assert "has nothing in common with the target" in error(mapped).message
    mapped.bend(MAP, "    - {from: cc_8_1, relation: superset-of, to: [A-1], strength: 7}\n", "")
    (only,) = maps_of(mapped).maps["ours"].relations
    assert (only.relation, only.targets) == (Relation.NO_RELATIONSHIP, ())


def test_a_list_that_is_broken_is_reported_once(mapped):
    mapped.bend(LIST, "document: The alphabet, ", "")
    assert "missing field 'document'" in error(mapped).message


# What probanda ships.


@pytest.mark.parametrize(
    ("name", "count", "some"),
    [
        # Counts: SP 800-53 r5 has 298 base controls, release 5.1.1 added IA-13, 5.2.0 SA-24;
        # CSF 2.0 has 106 subcategories.
        ("nist-sp-800-53-r5", 300, {"AC-1", "IA-13", "PT-8", "SA-24", "SC-51", "SR-12"}),
        ("nist-csf-2", 106, {"GV.OC-01", "ID.AM-08", "PR.DS-11", "DE.AE-08", "RC.CO-04"}),
    ],
)
def test_the_lists_of_ids_are_complete(name, count, some):
    ids = CATALOGUE.identifiers[name].ids
    assert len(ids) == count
    assert some <= set(ids)
    # Withdrawn controls, and numbers that were never used.
    assert {"AC-13", "AU-15", "CP-5", "IR-10", "SC-9", "SI-9", "ID.AM-06", "DE.AE-01"}.isdisjoint(
        ids
    )


def test_every_criterion_is_related_to_both_publications():
    assert {each.target for each in CATALOGUE.maps.values()} == set(CATALOGUE.identifiers)
    for each in CATALOGUE.maps.values():
        assert {related.control for related in each.relations} == set(CATALOGUE.controls)


def test_who_knows_the_targets_finds_the_expected_relations():
    to_80053 = CATALOGUE.maps["soc2-to-nist-sp-800-53-r5"]
    to_csf = CATALOGUE.maps["soc2-to-nist-csf-2"]

    def targets(found, control, relation):
        return {
            target
            for each in found.of(control)
            if each.relation is relation
            for target in each.targets
        }

    assert {"CM-3", "CM-4"} <= targets(to_80053, "soc2/CC8.1", Relation.SUPERSET_OF)
    assert {"AC-5", "AC-6"} <= targets(to_80053, "soc2/CC6.3", Relation.SUPERSET_OF)
    assert "SC-8" in targets(to_80053, "soc2/CC6.7", Relation.INTERSECTS_WITH)
    assert targets(to_csf, "soc2/CC6.5", Relation.SUBSET_OF) == {"ID.AM-08"}
    assert [each.relation for each in to_csf.of("soc2/P2.1")] == [Relation.NO_RELATIONSHIP]
