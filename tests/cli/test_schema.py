"""`probanda schema`: for the editor."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from probanda.content import KINDS


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_a_valid_schema_that_describes_its_fields(probanda, kind):
    result = probanda("schema", kind)

    assert (result.code, result.err) == (0, "")
    schema = json.loads(result.out)
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["kind"]["const"] == kind


def test_the_case_of_a_kind_does_not_matter(probanda):
    assert probanda("schema", "gate").out == probanda("schema", "Gate").out


def test_an_unknown_kind_is_answered_with_all(probanda):
    result = probanda("schema", "gatee")

    assert (result.code, result.out) == (2, "")
    assert "error: there is no kind 'gatee'" in result.err
    assert "hint: did you mean 'Gate'? kinds: Baseline, Clarification, Contract" in result.err
