"""Fields of foreign objects: right types, wrong ones, and what is not there."""

from __future__ import annotations

import pytest

from probanda.canonical import canonical
from probanda.collect.record import MAX_TEXT, Record, exact, present
from probanda.errors import CollectError


def record(**values):
    return Record.root(values, "a.json")


@pytest.mark.parametrize("root", [[], "text", None, 1, True])
def test_only_an_object_is_a_record(root):
    with pytest.raises(CollectError, match="not an object"):
        Record.root(root, "a.json")


@pytest.mark.parametrize(
    ("read", "value"),
    [
        ("text", 1), ("text", ""), ("text", None), ("text", "x" * (MAX_TEXT + 1)),
        ("optional_text", ["secret"]), ("optional_boolean", 0), ("optional_boolean", "true"),
        ("optional_integer", True), ("optional_integer", 1.0), ("optional_integer", -1),
        ("optional_integer", 1 << 53), ("optional_instant", "2026-11-20T18:44:00"),
        ("optional_instant", "2026-02-30"), ("optional_instant", 1), ("record", []),
        ("record", None), ("optional_record", "x"), ("texts", [1]), ("texts", "x"),
    ],
)  # fmt: skip
def test_a_field_of_another_type_is_refused_without_its_value(read, value):
    with pytest.raises(CollectError, match=r"\$\.field") as caught:
        getattr(record(field=value), read)("field")
    assert "secret" not in str(caught.value)
    assert str(caught.value).startswith("a.json: ")


def test_what_is_absent_or_null_stays_absent():
    for given in (record(), record(field=None)):
        for read in ("text", "boolean", "integer", "instant", "record"):
            assert getattr(given, f"optional_{read}")("field") is None
        assert given.texts("field") == list(given.records("field")) == []
    assert present(a=None, b=0, c="", d=False) == {"b": 0, "c": "", "d": False}


def test_places_name_the_way_from_the_root():
    inner = next(record(runs=[{"job": {"name": 5}}]).records("runs")).record("job")
    with pytest.raises(
        CollectError, match=r"\$\.runs\[0\]\.job\.name: a number where text belongs"
    ):
        inner.text("name")
    with pytest.raises(CollectError, match=r"\$\.runs: \[0\] is text"):
        list(record(runs=["x"]).records("runs"))


def test_integers_without_a_canonical_form_become_text():
    limit = 1 << 53
    value = exact({"a": [limit, -limit, limit - 1, True, 0.1, None], "b": {"c": 10**30}})
    assert value["a"] == [str(limit), str(-limit), limit - 1, True, 0.1, None]
    assert value["b"]["c"] == "1" + "0" * 30
    assert canonical(value)
