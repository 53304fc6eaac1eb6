"""Cases of a policy, read from its folder."""

from __future__ import annotations

import pytest

from probanda.content.cases import read_cases
from probanda.errors import ContentError

FOLDER = "policies/demo/words/cases"


def test_cases_are_read_in_the_order_of_their_names(workshop):
    workshop.files[f"{FOLDER}/two.yaml"] = "{title: Second, expect: fail, entrypoint: allow}"
    workshop.files[f"{FOLDER}/one.yaml"] = "{title: First, expect: pass}"
    workshop.files[f"{FOLDER}/notes.md"] = "no case"

    one, two = read_cases(workshop.tree(), "demo/words")

    assert (one.name, one.title, one.entrypoint, one.expect) == ("one", "First", "findings", "pass")
    assert (two.name, two.entrypoint, two.expect) == ("two", "allow", "fail")


@pytest.mark.parametrize("text", ["[]", "{title: x}", "{expect: maybe}", "expect"])
def test_what_is_no_case_is_an_error_with_its_file(workshop, text):
    workshop.files[f"{FOLDER}/one.yaml"] = text

    with pytest.raises(ContentError, match="no case") as caught:
        read_cases(workshop.tree(), "demo/words")

    assert str(caught.value.location) == f"{FOLDER}/one.yaml"


def test_a_policy_without_cases_has_none(workshop):
    assert read_cases(workshop.tree(), "demo/words") == ()


def test_a_case_states_what_it_breaks_and_what_it_is_given(workshop):
    workshop.files[f"{FOLDER}/one.yaml"] = (
        "{expect: fail, rules: [b, a], input: {tenant: other, facts: {x: 1}}}"
    )

    (case,) = read_cases(workshop.tree(), "demo/words")

    assert (case.rules, case.path) == (("a", "b"), f"{FOLDER}/one.yaml")
    assert case.context["tenant"] == "other"
    assert (case.context["facts"], case.context["parameters"]) == ({"x": 1}, {})
    assert case.context["asOf"]


@pytest.mark.parametrize("more", ["rules: a", "rules: [1]", "input: []"])
def test_a_case_of_the_wrong_shape_is_an_error(workshop, more):
    workshop.files[f"{FOLDER}/one.yaml"] = f"{{expect: pass, {more}}}"

    with pytest.raises(ContentError, match="no case"):
        read_cases(workshop.tree(), "demo/words")
