"""Keys that name a file: readable, and of one file alone."""

from __future__ import annotations

import pytest

from probanda.model.file_key import file_key, file_of, of_file
from probanda.model.finding import Finding
from probanda.model.location import Location


@pytest.mark.parametrize("path", ["a.json", "in/a#b.json", "100%.json", "%23.json", "a%2523#.json"])
@pytest.mark.parametrize("key", ["pkg:pypi/x@1", "a#b", "#", "%23"])
def test_a_key_leads_back_to_its_file(path, key):
    assert file_of(file_key(path, key)) == path
    assert file_of(file_key(path, path)) == path


def test_no_name_of_a_file_makes_the_key_of_another():
    pairs = [("a", "b#c"), ("a#b", "c"), ("a%23b", "c"), ("a", "b%23c"), ("a#b#c", "a#b#c")]

    assert len({file_key(path, key) for path, key in pairs}) == len(pairs)


def test_a_finding_gets_its_file_as_place_unless_it_states_one():
    finding = Finding(policy="p/q", rule="r", message="m", key="k", tenant="t")
    placed = Finding("p/q", "r", "m", "k", "t", location=Location("b", 3))

    assert of_file("a", finding).location == Location("a")
    assert of_file("a", placed).location == Location("b", 3)
    assert of_file("a", finding).fingerprint != of_file("b", finding).fingerprint
