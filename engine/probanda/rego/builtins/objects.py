"""Objects: reading, merging, filtering, subsets.

Rules:

- A key that is an array is a path for `object.get`.
- A union merges objects at every depth; otherwise the right side wins.
- `json.filter` and `json.remove` take paths: `"a/b"` with `~1` for `/` and `~0` for `~`, or
  an array of keys. Positions in arrays are strings there.

Source: OPA `v1/topdown/object.go`, `json.go`, `subset.go`; `filterObject` in `v1/ast/term.go`.

Example:
    object_get({"a": {"b": 1}}, ["a", "b"], 0)   # 1
"""

from __future__ import annotations

from typing import Any, Final

from probanda.rego.builtins.interface import (
    Builtin,
    OperandError,
    array,
    define,
    mapping,
    wrong_element,
    wrong_operand,
    wrong_type,
)
from probanda.rego.values import (
    RegoSet,
    equal,
    exact,
    is_number,
    key,
    sorted_values,
    type_name,
    unkey,
)

_MISSING: Final = object()


def child(value: Any, name: Any) -> Any:
    """What `value[name]` is, or `_MISSING`."""
    if isinstance(value, dict):
        return value.get(key(name), _MISSING)
    if isinstance(value, RegoSet):
        return value.members.get(key(name), _MISSING)
    if isinstance(value, list) and is_number(name):
        index = exact(name)
        if isinstance(index, int) and 0 <= index < len(value):
            return value[index]
    return _MISSING


def object_get(value: Any, name: Any, default: Any) -> Any:
    """What stands under a key or path, else the default."""
    found = mapping(value, 1)
    if not isinstance(name, list):
        return found.get(key(name), default)
    node: Any = found
    for part in name:
        node = child(node, part)
        if node is _MISSING:
            return default
    return node


def object_keys(value: Any) -> RegoSet:
    """All keys."""
    return RegoSet.of({name: unkey(name) for name in mapping(value, 1)})


def _stored_keys(value: Any) -> dict[Any, Any]:
    """The members of an array, set or object's keys, as stored keys."""
    if isinstance(value, RegoSet):
        return value.members
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return dict.fromkeys(map(key, value))
    raise wrong_type(2, value, "object", "set", "array")


def object_remove(value: Any, names: Any) -> dict[Any, Any]:
    """The object without some keys."""
    found, gone = mapping(value, 1), _stored_keys(names)
    return {name: item for name, item in found.items() if name not in gone}


def object_filter(value: Any, names: Any) -> dict[Any, Any]:
    """The object with some keys only."""
    found, kept = mapping(value, 1), _stored_keys(names)
    return {name: item for name, item in found.items() if name in kept}


def object_union(left: Any, right: Any) -> dict[Any, Any]:
    """Both objects merged; the right one wins."""
    return _merge(mapping(left, 1), mapping(right, 2))


def object_union_n(objects: Any) -> dict[Any, Any]:
    """All objects of an array merged; later ones win."""
    merged: dict[Any, Any] = {}
    everything = array(objects, 1)
    for item in everything:
        if not isinstance(item, dict):
            raise wrong_element(1, everything, item, "object")
    for item in everything:
        merged = _merge(merged, item)
    return merged


def _merge(left: dict[Any, Any], right: dict[Any, Any]) -> dict[Any, Any]:
    merged = {**left, **right}
    for name in left.keys() & right.keys():
        mine, theirs = left[name], right[name]
        if isinstance(mine, dict) and isinstance(theirs, dict):
            merged[name] = _merge(mine, theirs)
    return merged


def object_subset(whole: Any, part: Any) -> bool:
    """Whether the second is contained in the first."""
    if type(whole) is type(part) and isinstance(whole, dict | RegoSet | list):
        return _contains(whole, part)
    if isinstance(whole, list) and isinstance(part, RegoSet):
        # As OPA: nothing to find is found only where there is something to look at.
        return bool(whole) and part.members.keys() <= set(map(key, whole))
    raise OperandError("both arguments object.subset must be of the same type or array and set")


def _contains(whole: Any, part: Any) -> bool:
    """Containment of two values of one kind; in objects at every depth."""
    if isinstance(whole, dict):
        return all(
            name in whole and (equal(whole[name], item) or _contains(whole[name], item))
            for name, item in part.items()
        )
    if type(whole) is not type(part):
        return False
    if isinstance(whole, RegoSet):
        return bool(part.members.keys() <= whole.members.keys())
    if isinstance(whole, list):
        return _contains_run(whole, part)
    return False


def _contains_run(whole: list[Any], part: list[Any]) -> bool:
    """Whether one array occurs in another without gaps."""
    if not part:
        return True
    stored, wanted = list(map(key, whole)), list(map(key, part))
    size = len(wanted)
    return any(stored[at : at + size] == wanted for at in range(len(stored) - size + 1))


# --- paths ---------------------------------------------------------------------------------


def parse_path(path: Any) -> list[Any]:
    """The keys of a path.

    Raises:
        OperandError: it is neither a string nor an array.
    """
    if isinstance(path, str):
        if not path:
            return []
        parts = path.lstrip("/").split("/")
        return [part.replace("~1", "/").replace("~0", "~") for part in parts]
    if isinstance(path, list):
        return path
    raise wrong_operand(
        2,
        "must be one of {set, array} containing string paths or array of path segments"
        f" but got {type_name(path)}",
    )


def _path_tree(paths: Any) -> dict[Any, Any]:
    """Paths as nested objects whose leaves are null; a shorter path hides longer ones."""
    if not isinstance(paths, list | RegoSet):
        raise wrong_type(2, paths, "set", "array")
    root: dict[Any, Any] = {}
    for parts in [parse_path(path) for path in sorted_paths(paths)]:
        node = root
        for part in parts[:-1]:
            node = node.setdefault(key(part), {})
            if node is None:
                break
        if parts and node is not None:
            node[key(parts[-1])] = None
    return root


def sorted_paths(paths: Any) -> list[Any]:
    """Paths in their order, those of a set sorted."""
    return sorted_values(paths) if isinstance(paths, RegoSet) else paths


def json_filter(value: Any, paths: Any) -> Any:
    """Only what the paths lead to."""
    return _filter(mapping(value, 1), _path_tree(paths))


def _filter(value: Any, tree: Any) -> Any:
    if tree is None:
        return value
    if isinstance(value, dict):
        return {name: _filter(item, tree[name]) for name, item in value.items() if name in tree}
    if isinstance(value, list):
        return [
            _filter(item, tree[str(index)])
            for index, item in enumerate(value)
            if str(index) in tree
        ]
    if isinstance(value, RegoSet):
        return RegoSet(
            _filter(item, tree[name]) for name, item in value.members.items() if name in tree
        )
    return value


def json_remove(value: Any, paths: Any) -> Any:
    """Everything but what the paths lead to."""
    return _remove(mapping(value, 1), _path_tree(paths))


def _remove(value: Any, tree: dict[Any, Any]) -> Any:
    """The value without the leaves of the tree."""
    if isinstance(value, dict):
        return {
            name: _remove(item, tree[name]) if name in tree else item
            for name, item in value.items()
            if tree.get(name, _MISSING) is not None
        }
    if isinstance(value, list):
        kept = []
        for index, item in enumerate(value):
            inner = tree.get(str(index), _MISSING)
            if inner is not None:
                kept.append(item if inner is _MISSING else _remove(item, inner))
        return kept
    if isinstance(value, RegoSet):
        return RegoSet(
            _remove(item, tree[name]) if name in tree else item
            for name, item in value.members.items()
            if tree.get(name, _MISSING) is not None
        )
    return value


BUILTINS: Final[list[Builtin]] = define(
    {
        "json.filter": json_filter,
        "json.remove": json_remove,
        "object.filter": object_filter,
        "object.get": object_get,
        "object.keys": object_keys,
        "object.remove": object_remove,
        "object.subset": object_subset,
        "object.union": object_union,
        "object.union_n": object_union_n,
    }
)
