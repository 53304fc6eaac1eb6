"""Documents written by nobody in their right mind: errors, never crashes."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probanda.content import load
from probanda.content.rooms import classify
from probanda.content.schemas import schema_problems
from probanda.content.tree import WorkingTree
from probanda.errors import MultipleContentError
from probanda.parse.yaml import load_yaml, to_plain

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", " ", "a", "probanda/v1", "builtin:a/b/c", "../x", "a\x07", "[", "$ref", "#/x", "9h"]
    ),
    st.recursive(
        st.just({}) | st.just([]),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab$#/"), inner),
        max_leaves=4,
    ),
)


def places(value, path=()):
    """Paths to everything inside a plain value."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def replaced(value, path, new):
    """`value` with what stands at `path` replaced; a list of one key is a new key."""
    if not path:
        return new
    head, *rest = path
    if isinstance(value, dict):
        return {**value, head: replaced(value.get(head), rest, new)}
    return [replaced(item, rest, new) if i == head else item for i, item in enumerate(value)]


@given(data=st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_value_at_any_place_loads_or_is_a_located_error(workshop, data):
    documents = [path for path in workshop.files if path.endswith((".yaml", "contract.json"))]
    path = data.draw(st.sampled_from(sorted(documents)))
    plain = to_plain(load_yaml(workshop.files[path].encode(), path=path))
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(sorted(places(plain), key=repr)))
        if data.draw(st.booleans()):
            place = (*place, "zzz")
        try:
            plain = replaced(plain, place, data.draw(VALUES))
        except (TypeError, AttributeError):
            continue  # a key inside a scalar
    before = workshop.files[path]
    workshop.files[path] = json.dumps(plain)
    try:
        workshop.load()
    except MultipleContentError as several:
        for error in several.errors:
            assert error.location is not None
            assert str(error)
    finally:
        workshop.files[path] = before


def test_a_deep_schema_is_an_error_not_the_end_of_the_stack(workshop):
    schema: dict = {}
    for _ in range(500):
        schema = {"not": schema}
    assert schema_problems(schema)[0].message == "is nested too deeply to be checked"
    path = "gates/store.yaml"
    plain = to_plain(load_yaml(workshop.files[path].encode(), path=path))
    workshop.files[path] = json.dumps(replaced(plain, ("spec", "request", "schema"), schema))
    assert workshop.error().message == "nested deeper than the limit of 64"


def test_names_of_files_cannot_write_to_a_terminal(workshop, tmp_path):
    workshop.write(tmp_path)
    for name in (b"a\x1b[2Jb.yaml", b"new\nline.yaml", b"not-utf8-\xff.yaml"):
        (tmp_path / "gates" / os.fsdecode(name)).write_bytes(b"x: 1")
    with pytest.raises(MultipleContentError) as caught:
        load(WorkingTree(tmp_path), builtin=False)
    assert sorted(str(error.location) for error in caught.value.errors) == [
        r"gates/a\x1b[2Jb.yaml",
        r"gates/new\nline.yaml",
        r"gates/not-utf8-\udcff.yaml",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "policies/a/b/x y.rego",
        "policies/a/b/\n.rego",
        "evidence/waivers/a\x1b.yaml",
        "evidence/clarifications/é\n.yaml",
        "gates/a.yaml\n",
    ],
)
def test_odd_file_names_are_unknown_files(path):
    assert classify(path) is None
