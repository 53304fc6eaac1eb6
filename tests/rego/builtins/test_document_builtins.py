"""Objects, JSON documents, graphs, arrays and sets."""

from __future__ import annotations

from typing import Any

import pytest

from probanda.rego.builtins import BUILTINS, BuiltinError
from probanda.rego.values import UNDEFINED, RegoSet, equal, key


def call(name: str, *arguments: Any) -> Any:
    return BUILTINS[name].function(*arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("object.get", [{"a": {"b": [1, 2]}}, ["a", "b", 1], 0], 2),
        ("object.get", [{"a": 1}, ["a", "b"], 0], 0),
        ("object.get", [{"a": 1}, [], 0], {"a": 1}),
        ("object.get", [{1: "x"}, 1.0, 0], "x"),
        ("object.keys", [{"a": 1, key(True): 2}], RegoSet(["a", True])),
        ("object.remove", [{"a": 1, "b": 2}, RegoSet(["a"])], {"b": 2}),
        ("object.filter", [{"a": 1, "b": 2}, {"a": None}], {"a": 1}),
        (
            "object.union",
            [{"a": {"b": 1}, "c": 1}, {"a": {"d": 2}, "c": {}}],
            {"a": {"b": 1, "d": 2}, "c": {}},
        ),
        ("object.union_n", [[{"a": {"b": 2}}, {"a": 4}, {"a": {"c": 3}}]], {"a": {"c": 3}}),
        ("object.subset", [{"a": {"b": 1, "c": [1, 2, 3]}}, {"a": {"c": [2, 3]}}], True),
        ("object.subset", [[1, 2, 1, 3], [1, 3]], True),
        ("object.subset", [[1, 2], RegoSet([2])], True),
        ("object.subset", [[1, True], RegoSet([1, 2])], False),
        ("json.filter", [{"a": {"b": [1, 2]}, "c": 1}, ["a/b/1"]], {"a": {"b": [2]}}),
        ("json.filter", [{"a/b": 1}, ["a~1b"]], {"a/b": 1}),
        ("json.remove", [{"a": {"b": [1, 2]}, "c": 1}, [["a", "b", "0"], "c"]], {"a": {"b": [2]}}),
        ("json.remove", [{"a": {"b": 1}}, ["a/b", "a"]], {}),
        ("array.flatten", [[[1, [2]], 3]], [1, [2], 3]),
        ("array.slice", [[1, 2, 3], -1, 2], [1, 2]),
        ("array.slice", [[1, 2, 3], 2, 1], []),
        ("array.reverse", [[1, 2]], [2, 1]),
        ("intersection", [RegoSet()], RegoSet()),
        ("intersection", [RegoSet([RegoSet([1, 2]), RegoSet([2.0, 3])])], RegoSet([2])),
        ("union", [RegoSet([RegoSet([1]), RegoSet([True])])], RegoSet([1, True])),
        ("minus", [RegoSet([1, [2]]), RegoSet([[2.0]])], RegoSet([1])),
        ("cast_array", [RegoSet(["b", "a"])], ["a", "b"]),
        ("type_name", [RegoSet()], "set"),
        ("is_number", [True], False),
    ],
)
def test_documents(name: str, arguments: list[Any], result: Any) -> None:
    assert equal(call(name, *arguments), result)


def patch(value: Any, *operations: dict[str, Any]) -> Any:
    return call("json.patch", value, list(operations))


def test_patches_change_arrays_objects_and_sets() -> None:
    original = {"a": [1, {"b": 2}]}
    assert patch(original, {"op": "add", "path": "a/-", "value": 3}) == {"a": [1, {"b": 2}, 3]}
    assert patch(original, {"op": "remove", "path": "/a/0"}) == {"a": [{"b": 2}]}
    assert patch(original, {"op": "replace", "path": ["a", 1, "b"], "value": 9}) == {
        "a": [1, {"b": 9}]
    }
    assert patch(original, {"op": "move", "from": "a/0", "path": "c"}) == {"a": [{"b": 2}], "c": 1}
    assert patch(original, {"op": "copy", "from": "a/0", "path": "c"})["c"] == 1
    assert patch(original, {"op": "replace", "path": "", "value": 1}) == 1
    assert original == {"a": [1, {"b": 2}]}
    members = RegoSet([[0], "a"])
    assert patch(members, {"op": "add", "path": [[0], 1], "value": 1}) == RegoSet([[0, 1], "a"])
    assert patch(members, {"op": "remove", "path": ["a"]}) == RegoSet([[0]])


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ({"op": "remove", "path": "b"}, 'cannot delete child key "b" that does not exist'),
        ({"op": "remove", "path": "a/-"}, "index for array delete out of bounds"),
        ({"op": "add", "path": "a/01", "value": 1}, "leading zeros are not allowed in JSON paths"),
        ({"op": "add", "path": "a/9", "value": 1}, "index for array insertion out of bounds"),
        ({"op": "add", "path": "a/x", "value": 1}, "invalid string for indexing"),
        ({"op": "add", "path": ["a", True], "value": 1}, "invalid type for indexing"),
        ({"op": "add", "path": ["a", 0.5], "value": 1}, "invalid number type for indexing"),
        (
            {"op": "add", "path": "b/c", "value": 1},
            'path "b" does not exist in object term {"a": [1]}',
        ),
        (
            {"op": "add", "path": "a/0/c", "value": 1},
            "expected composite type, found value: 1 (type: ast.Number)",
        ),
        ({"op": "test", "path": "a/4", "value": 1}, "path 4 does not exist in array term [1]"),
        (
            {"op": "test", "path": "a", "value": 1},
            "value from EditTree != patch value.\n\nExpected: 1\n\nFound: [1]",
        ),
        ({"op": "jump", "path": "a"}, "unrecognized op: 'jump'"),
        ({"op": "add", "path": "a"}, "missing required attribute 'value'"),
        ({"path": "a"}, "missing required attribute 'op'"),
        ({}, "missing required attribute 'path'"),
        ({"op": "remove", "path": 1}, "array of path segments but got number"),
        ("remove", "must be an array of JSON-Patch objects"),
    ],
)
def test_a_patch_that_does_not_apply_is_an_error(operation: Any, message: str) -> None:
    with pytest.raises(BuiltinError) as caught:
        patch({"a": [1]}, operation)

    assert message in caught.value.message


def test_a_patch_that_removes_everything_is_undefined() -> None:
    assert patch({"a": [1]}, {"op": "remove", "path": ""}) is UNDEFINED


def test_graphs() -> None:
    graph = {"a": ["b"], "b": RegoSet(["c", "x"]), "c": ["a"]}
    assert call("graph.reachable", graph, ["a"]) == RegoSet(["a", "b", "c"])
    assert call("graph.reachable_paths", graph, ["a"]) == RegoSet([["a", "b", "c"], ["a", "b"]])
    assert call("graph.reachable", {"a": None}, RegoSet(["a"])) == RegoSet(["a"])
    chain = {str(n): [str(n + 1)] for n in range(1_200)}
    assert len(call("graph.reachable_paths", chain, ["0"])) == 1


def test_walk_visits_everything_depth_first() -> None:
    pairs = call("walk", {"a": [1, RegoSet(["x"])]})
    assert pairs == [
        [[], {"a": [1, RegoSet(["x"])]}],
        [["a"], [1, RegoSet(["x"])]],
        [["a", 0], 1],
        [["a", 1], RegoSet(["x"])],
        [["a", 1, "x"], "x"],
    ]
