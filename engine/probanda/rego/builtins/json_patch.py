"""`json.patch`: RFC 6902 on any value, sets included.

Rules:

- A member of a set is named by its value; adding one needs the path to end with it.
- An operation that cannot be carried out is an error, worded as by OPA's tree of edits.
- Nothing is changed in place: an edit rebuilds the values on its path.

Source: OPA `v1/topdown/json.go`, `internal/edittree`; RFC 6902.

Example:
    json_patch({"a": 1}, [{"op": "replace", "path": "/a", "value": 2}])   # {"a": 2}
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from probanda.rego.builtins.interface import Builtin, BuiltinError, array, define, machine_integer
from probanda.rego.builtins.objects import parse_path
from probanda.rego.builtins.text import plain_text, rego_text
from probanda.rego.values import UNDEFINED, RegoSet, equal, is_number, key, type_name

_OPERATIONS: Final = frozenset({"add", "copy", "move", "remove", "replace", "test"})
_MAX_DIGITS: Final = 20
# OPA reads an index as a JSON number, of which `1.0` is an integer.
_INDEX: Final = re.compile(r"[-+]?[0-9]+(\.0+)?", re.ASCII)


def json_patch(value: Any, operations: Any) -> Any:
    """The value after all operations."""
    for operation in array(operations, 2):
        if not isinstance(operation, dict):
            what = "must be an array of JSON-Patch objects"
            raise BuiltinError(f"{what}, but at least one element is not an object")
    for operation in operations:
        value = _apply(value, operation)
    return value


def _apply(value: Any, operation: dict[Any, Any]) -> Any:
    """The value after one operation."""
    given = _attribute(operation, "path")
    name = _attribute(operation, "op")
    if not isinstance(name, str) or name not in _OPERATIONS:
        raise BuiltinError(f"unrecognized op: '{plain_text(name)}'")
    path = parse_path(given)
    if name == "remove":
        return _delete(value, path)
    if name == "add":
        return _insert(value, path, _attribute(operation, "value"))
    if name == "replace":
        new = _attribute(operation, "value")
        return _insert(_delete(value, path), path, new)
    if name == "test":
        return _tested(value, path, _attribute(operation, "value"))
    source = parse_path(_attribute(operation, "from"))
    moved = _find(value, source)
    return _insert(_delete(value, source) if name == "move" else value, path, moved)


def _tested(value: Any, path: list[Any], expected: Any) -> Any:
    found = _find(value, path)
    if not equal(found, expected):
        shown = f"Expected: {rego_text(expected)}\n\nFound: {rego_text(found)}"
        raise BuiltinError(f"value from EditTree != patch value.\n\n{shown}")
    return value


def _attribute(operation: dict[Any, Any], name: str) -> Any:
    if name not in operation:
        raise BuiltinError(f"missing required attribute '{name}'")
    return operation[name]


def _find(value: Any, path: list[Any]) -> Any:
    """What the path leads to."""
    for part in path:
        value = _step(value, part)
    if value is UNDEFINED:
        raise BuiltinError("nil value encountered where composite value was expected")
    return value


def _step(value: Any, part: Any) -> Any:
    """The member of a value that a part of a path names."""
    if value is UNDEFINED:
        raise BuiltinError("nil value encountered where composite value was expected")
    if isinstance(value, list):
        index = _index(part, len(value))
        if 0 <= index < len(value):
            return value[index]
        part = index
    elif isinstance(value, dict) and key(part) in value:
        return value[key(part)]
    elif isinstance(value, RegoSet) and key(part) in value.members:
        return value.members[key(part)]
    kind = type_name(value)
    shown = rego_text(part) if kind != "set" else plain_text(part)
    if kind not in {"array", "object", "set"}:
        raise BuiltinError(f"expected composite type for path {shown}, {_primitive(value)}")
    raise BuiltinError(f"path {shown} does not exist in {kind} term {rego_text(value)}")


def _primitive(value: Any) -> str:
    return f"found value: {rego_text(value)} (type: ast.{type_name(value).capitalize()})"


def _edit(value: Any, path: list[Any], last: Callable[[Any, Any], Any]) -> Any:
    """The value with `last(parent, key)` in place of the parent that the path names."""
    if len(path) == 1:
        return last(value, path[0])
    part = path[0]
    changed = _edit(_step(value, part), path[1:], last)
    if isinstance(value, list):
        index = _index(part, len(value))
        return [*value[:index], changed, *value[index + 1 :]]
    if isinstance(value, dict):
        return {**value, key(part): changed}
    kept = [item for name, item in value.members.items() if name != key(part)]
    return RegoSet([*kept, changed])


def _insert(value: Any, path: list[Any], new: Any) -> Any:
    def insert(parent: Any, part: Any) -> Any:
        if parent is UNDEFINED:
            raise BuiltinError("deleted node encountered during insert operation")
        if isinstance(parent, list):
            index = _index(part, len(parent))
            if not 0 <= index <= len(parent):
                raise BuiltinError("index for array insertion out of bounds")
            return [*parent[:index], new, *parent[index:]]
        if isinstance(parent, dict):
            return {**parent, key(part): new}
        if not isinstance(parent, RegoSet):
            raise BuiltinError(f"expected composite type, {_primitive(parent)}")
        if not equal(part, new):
            text = f"set key {rego_text(part)} does not equal value to be inserted {rego_text(new)}"
            raise BuiltinError(text)
        return RegoSet([*parent, new])

    return _edit(value, path, insert) if path else new


def _delete(value: Any, path: list[Any]) -> Any:
    def delete(parent: Any, part: Any) -> Any:
        if isinstance(parent, list):
            index = _index(part, len(parent))
            if not 0 <= index < len(parent):
                raise BuiltinError("index for array delete out of bounds")
            return [*parent[:index], *parent[index + 1 :]]
        stored = key(part)
        if isinstance(parent, dict) and stored in parent:
            return {name: item for name, item in parent.items() if name != stored}
        if isinstance(parent, RegoSet) and stored in parent.members:
            return RegoSet.of({k: v for k, v in parent.members.items() if k != stored})
        if isinstance(parent, dict | RegoSet):
            text = f"cannot delete child key {rego_text(part)} that does not exist"
            raise BuiltinError(text)
        if parent is UNDEFINED:
            raise BuiltinError("deleted node encountered during delete operation")
        raise BuiltinError(f"expected composite type, {_primitive(parent)}")

    if not path:
        _find(value, [])
        return UNDEFINED
    return _edit(value, path, delete)


def _index(part: Any, length: int) -> int:
    """A position in an array; `-` is the one after its end. It may lie outside."""
    if part == "-":
        return length
    if isinstance(part, str):
        if part != "0" and part.startswith("0"):
            raise BuiltinError("leading zeros are not allowed in JSON paths")
        if not _INDEX.fullmatch(part):
            raise BuiltinError("invalid string for indexing")
        return int(part.partition(".")[0]) if len(part) < _MAX_DIGITS else length + 1
    if not is_number(part):
        raise BuiltinError("invalid type for indexing")
    index = machine_integer(part)
    if index is None:
        raise BuiltinError("invalid number type for indexing")
    return index


BUILTINS: Final[list[Builtin]] = define({"json.patch": json_patch})
