"""GraphQL syntax trees in the shape of gqlparser's structures.

Rules:

- `SHAPES` is the one description of a structure: its fields, in Go's names, and their kinds.
  A kind is `str`, `bool` or `int`, another structure, or a list of these.
- `Node` is a structure with all its fields and, when it was parsed, its position. What policies
  get is `pruned`: without null, empty lists, empty structures and positions.
- `unmarshalled` makes a node from what a policy hands in; fields that it leaves out are zero.

Source: gqlparser `ast/*.go`; OPA `pruneIrrelevantGraphQLASTNodes`.

Example:
    pruned(node("Argument", (1, 8), Name="id", Value=value))   # {"Name": "id", "Value": …}
"""

from __future__ import annotations

from typing import Any, Final

from probanda.rego.builtins.interface import BuiltinError, is_number, limit
from probanda.rego.values import type_name

Position = tuple[int, int]
Kind = Any  # str, bool, int, the name of a structure, or a list of one of them
MAX_NODES: Final = 200_000

VARIABLE, INT, FLOAT, STRING, BLOCK, BOOLEAN, NULL, ENUM, LIST, OBJECT = range(10)

_DESCRIBED: Final[dict[str, Kind]] = {
    "Description": str,
    "Name": str,
    "Directives": ["Directive"],
    "BeforeDescriptionComment": "Comments",
    "AfterDescriptionComment": "Comments",
}
_ARGUMENT_DEFINITION: Final[dict[str, Kind]] = {
    **_DESCRIBED,
    "DefaultValue": "Value",
    "Type": "Type",
}

SHAPES: Final[dict[str, dict[str, Kind]]] = {
    "Query": {"Operations": ["Operation"], "Fragments": ["Fragment"], "Comment": "Comments"},
    "Operation": {
        "Operation": str,
        "Name": str,
        "VariableDefinitions": ["Variable"],
        "Directives": ["Directive"],
        "SelectionSet": ["Selection"],
        "Comment": "Comments",
    },
    "Variable": {
        "Variable": str,
        "Type": "Type",
        "DefaultValue": "Value",
        "Directives": ["Directive"],
        "Comment": "Comments",
        "Used": bool,
    },
    "Field": {
        "Alias": str,
        "Name": str,
        "Arguments": ["Argument"],
        "Directives": ["Directive"],
        "SelectionSet": ["Selection"],
        "Comment": "Comments",
    },
    "Spread": {"Name": str, "Directives": ["Directive"], "Comment": "Comments"},
    "Inline": {
        "TypeCondition": str,
        "Directives": ["Directive"],
        "SelectionSet": ["Selection"],
        "Comment": "Comments",
    },
    "Fragment": {
        "Name": str,
        "VariableDefinition": ["Variable"],
        "TypeCondition": str,
        "Directives": ["Directive"],
        "SelectionSet": ["Selection"],
        "Comment": "Comments",
    },
    "Argument": {"Name": str, "Value": "Value", "Comment": "Comments"},
    "Value": {
        "Raw": str,
        "Children": ["Child"],
        "Kind": int,
        "Comment": "Comments",
        "ExpectedTypeHasDefault": bool,
    },
    "Child": {"Name": str, "Value": "Value", "Comment": "Comments"},
    "Directive": {"Name": str, "Arguments": ["Argument"], "Location": str},
    "Type": {"NamedType": str, "Elem": "Type", "NonNull": bool},
    "Comments": {"List": ["Comment"]},
    "Comment": {"Value": str},
    "Schema": {
        "Schema": ["SchemaDefinition"],
        "SchemaExtension": ["SchemaDefinition"],
        "Directives": ["DirectiveDefinition"],
        "Definitions": ["Definition"],
        "Extensions": ["Definition"],
        "Comment": "Comments",
    },
    "SchemaDefinition": {
        "Description": str,
        "Directives": ["Directive"],
        "OperationTypes": ["OperationType"],
        "BeforeDescriptionComment": "Comments",
        "AfterDescriptionComment": "Comments",
        "EndOfDefinitionComment": "Comments",
    },
    "OperationType": {"Operation": str, "Type": str, "Comment": "Comments"},
    "Definition": {
        **_DESCRIBED,
        "Kind": str,
        "Interfaces": [str],
        "Fields": ["FieldDefinition"],
        "Types": [str],
        "EnumValues": ["EnumValue"],
        "BuiltIn": bool,
        "EndOfDefinitionComment": "Comments",
    },
    "FieldDefinition": {**_ARGUMENT_DEFINITION, "Arguments": ["ArgumentDefinition"]},
    "ArgumentDefinition": _ARGUMENT_DEFINITION,
    "EnumValue": _DESCRIBED,
    "DirectiveDefinition": {
        "Description": str,
        "Name": str,
        "Arguments": ["ArgumentDefinition"],
        "Locations": [str],
        "IsRepeatable": bool,
        "BeforeDescriptionComment": "Comments",
        "AfterDescriptionComment": "Comments",
    },
}


class Node(dict[str, Any]):
    """A structure: every field of its shape, and where it stands."""

    __slots__ = ("position", "shape")

    def __init__(self, shape: str, position: Position | None, fields: dict[str, Any]) -> None:
        super().__init__({name: _zero(kind) for name, kind in SHAPES[shape].items()} | fields)
        self.shape = shape
        self.position = position


def node(shape: str, position: Position | None = None, /, **fields: Any) -> Node:
    """A structure with some fields set and the others zero."""
    return Node(shape, position, fields)


def _zero(kind: Kind) -> Any:
    if isinstance(kind, list):
        return []
    return None if isinstance(kind, str) else kind()


def pruned(tree: Node) -> dict[str, Any]:
    """The tree as policies get it."""
    parts = {name: _pruned(value) for name, value in tree.items()}
    return {name: value for name, value in parts.items() if value not in (None, {}, [])}


def _pruned(value: Any) -> Any:
    if isinstance(value, Node):
        return pruned(value)
    if isinstance(value, list):
        return [item for item in map(_pruned, value) if item not in (None, {}, [])]
    return value


def unmarshalled(shape: str, value: Any) -> Node:
    """The structure that a policy hands in.

    Raises:
        BuiltinError: a field has the wrong type.
        RecursionError: it is nested too deeply.
    """
    return _Unmarshal().structure(shape, value)


class _Unmarshal:
    """One conversion; counts its nodes."""

    def __init__(self) -> None:
        self.count = 0

    def structure(self, shape: str, value: Any) -> Node:
        self.count += 1
        limit("a GraphQL syntax tree", MAX_NODES, self.count)
        if not isinstance(value, dict):
            raise _cannot(value, shape)
        if shape == "Selection":
            shape = "Inline" if "TypeCondition" in value else "Spread"
            if "Alias" in value:
                shape = "Field"
        fields = {
            name: self.field(kind, value[name])
            for name, kind in SHAPES[shape].items()
            if value.get(name) is not None
        }
        return Node(shape, None, fields)

    def field(self, kind: Kind, value: Any) -> Any:
        if isinstance(kind, list):
            if not isinstance(value, list):
                raise _cannot(value, "list")
            return [self.field(kind[0], item) for item in value]
        if isinstance(kind, str):
            return self.structure(kind, value)
        if kind is int and is_number(value) and value == int(value):
            return int(value)
        if kind is int or not isinstance(value, kind):
            raise _cannot(value, kind.__name__)
        return value


def _cannot(value: Any, kind: str) -> BuiltinError:
    return BuiltinError(f"json: cannot unmarshal {type_name(value)} into Go value of type {kind}")
