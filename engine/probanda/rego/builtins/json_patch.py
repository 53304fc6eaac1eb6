"""`json.patch`: RFC 6902 on any value, sets included.

Rules:

- A member of a set is named by its value; adding one needs the path to end with it.
- An operation that cannot be carried out makes the whole result undefined, never an error.
- Nothing is changed in place: an edit rebuilds the values on its path.

Source: OPA `v1/topdown/json.go`, `internal/edittree`; RFC 6902.

Example:
    json_patch({"a": 1}, [{"op": "replace", "path": "/a", "value": 2}])   # {"a": 2}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from probanda.rego.builtins.interface import Builtin, OperandError, array, define
from probanda.rego.builtins.objects import parse_path
from probanda.rego.values import UNDEFINED, RegoSet, equal, exact, is_number, key

_OPERATIONS: Final = frozenset({"add", "copy", "move", "remove", "replace", "test"})
_MAX_DIGITS: Final = 20


class _PatchError(Exception):
    """The operation cannot be carried out."""


def json_patch(value: Any, operations: Any) -> Any:
    """The value after all operations."""
    try:
        for operation in array(operations, 2):
            value = _apply(value, operation)
    except (_PatchError, OperandError):
        if isinstance(operations, list):
            return UNDEFINED
        raise
    return value


def _apply(value: Any, operation: Any) -> Any:
    """The value after one operation."""
    name = _attribute(operation, "op")
    if not isinstance(name, str) or name not in _OPERATIONS:
        raise _PatchError
    path = parse_path(_attribute(operation, "path"))
    if name == "remove":
        return _delete(value, path)
    if name == "add":
        return _insert(value, path, _attribute(operation, "value"))
    if name == "replace":
        new = _attribute(operation, "value")
        return _insert(_delete(value, path), path, new)
    if name == "test":
        if not equal(_find(value, path), _attribute(operation, "value")):
            raise _PatchError
        return value
    source = parse_path(_attribute(operation, "from"))
    moved = _find(value, source)
    return _insert(_delete(value, source) if name == "move" else value, path, moved)


def _attribute(operation: Any, name: str) -> Any:
    if not isinstance(operation, dict) or name not in operation:
        raise _PatchError
    return operation[name]


def _find(value: Any, path: list[Any]) -> Any:
    """What the path leads to."""
    for part in path:
        if isinstance(value, list):
            value = value[_index(part, len(value))]
        elif isinstance(value, dict) and key(part) in value:
            value = value[key(part)]
        elif isinstance(value, RegoSet) and key(part) in value.members:
            value = value.members[key(part)]
        else:
            raise _PatchError
    if value is UNDEFINED:
        raise _PatchError
    return value


def _edit(value: Any, path: list[Any], last: Callable[[Any, Any], Any]) -> Any:
    """The value with `last(parent, key)` in place of the parent that the path names."""
    if len(path) == 1:
        return last(value, path[0])
    part = path[0]
    changed = _edit(_find(value, [part]), path[1:], last)
    if isinstance(value, list):
        index = _index(part, len(value))
        return [*value[:index], changed, *value[index + 1 :]]
    if isinstance(value, dict):
        return {**value, key(part): changed}
    kept = [item for name, item in value.members.items() if name != key(part)]
    return RegoSet([*kept, changed])


def _insert(value: Any, path: list[Any], new: Any) -> Any:
    def insert(parent: Any, part: Any) -> Any:
        if isinstance(parent, list):
            index = _index(part, len(parent), insert=True)
            return [*parent[:index], new, *parent[index:]]
        if isinstance(parent, dict):
            return {**parent, key(part): new}
        if isinstance(parent, RegoSet) and equal(part, new):
            return RegoSet([*parent, new])
        raise _PatchError

    return _edit(value, path, insert) if path else new


def _delete(value: Any, path: list[Any]) -> Any:
    def delete(parent: Any, part: Any) -> Any:
        if isinstance(parent, list):
            index = _index(part, len(parent))
            return [*parent[:index], *parent[index + 1 :]]
        stored = key(part)
        if isinstance(parent, dict) and stored in parent:
            return {name: item for name, item in parent.items() if name != stored}
        if isinstance(parent, RegoSet) and stored in parent.members:
            return RegoSet.of({k: v for k, v in parent.members.items() if k != stored})
        raise _PatchError

    if not path:
        _find(value, [])
        return UNDEFINED
    return _edit(value, path, delete)


def _index(part: Any, length: int, *, insert: bool = False) -> int:
    """A position in an array; `-` is the one after its end, where only an insertion can be."""
    if part == "-":
        index: Any = length
    elif isinstance(part, str):
        digits = part.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()) or (part != "0" and part[0] == "0"):
            raise _PatchError
        index = int(part) if len(part) < _MAX_DIGITS else length + 1
    else:
        index = exact(part) if is_number(part) else None
    if not isinstance(index, int) or not 0 <= index < length + insert:
        raise _PatchError
    return index


BUILTINS: Final[list[Builtin]] = define({"json.patch": json_patch})
