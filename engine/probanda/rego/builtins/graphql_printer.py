"""Printing GraphQL syntax trees as text, remembering where each part was read from.

Rules:

- What a tree from a policy holds is checked while it is printed: names are names, numbers are
  numbers, so that no text of it can become anything else.
- Descriptions and comments are left out.

Source: GraphQL specification (October 2021) appendix B.

Example:
    print_query(parse_query("{hero {name}}")).text   # "query {hero {name}}"
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from probanda.rego.builtins import graphql_tree as tree
from probanda.rego.builtins.graphql_tree import Node, Position
from probanda.rego.builtins.interface import BuiltinError

_NAME: Final = re.compile("[_A-Za-z][_0-9A-Za-z]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_OPERATIONS: Final = {"query", "mutation", "subscription"}
_KEYWORDS: Final = {
    "SCALAR": "scalar",
    "OBJECT": "type",
    "INTERFACE": "interface",
    "UNION": "union",
    "ENUM": "enum",
    "INPUT_OBJECT": "input",
}


class Printed:
    """A text that grows, and the places that its parts were read from.

    Attributes:
        places: offset in the text → line and column in the original.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self.places: dict[int, Position] = {}

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    def add(self, text: str, source: Node | None = None) -> Printed:
        """Append text; `source` is what begins with it."""
        if source is not None and source.position is not None:
            self.places[self._length] = source.position
        self._parts.append(text)
        self._length += len(text)
        return self


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise BuiltinError("GraphQL parse error: a name in the syntax tree is none")
    return text


# --- queries -------------------------------------------------------------------------------


def print_query(query: Node) -> Printed:
    """A query document as text.

    Raises:
        BuiltinError: it holds something that is not what it should be.
    """
    out = Printed()
    for operation in query["Operations"]:
        if operation["Operation"] not in _OPERATIONS:
            raise BuiltinError("GraphQL parse error: an operation in the syntax tree is none")
        out.add(operation["Operation"], operation).add(" ")
        if operation["Name"]:
            out.add(_name(operation["Name"]), operation)
        _variables(out, operation["VariableDefinitions"])
        _directives(out, operation["Directives"])
        _selections(out, operation["SelectionSet"])
    for fragment in query["Fragments"]:
        out.add("fragment ", fragment).add(_name(fragment["Name"]), fragment)
        _variables(out, fragment["VariableDefinition"])
        out.add(" on ").add(_name(fragment["TypeCondition"]), fragment)
        _directives(out, fragment["Directives"])
        _selections(out, fragment["SelectionSet"])
    return out


def _variables(out: Printed, variables: list[Node]) -> None:
    for count, variable in enumerate(variables):
        out.add(" " if count else "(")
        out.add(f"${_name(variable['Variable'])}: ", variable)
        _type(out, variable["Type"])
        if variable["DefaultValue"] is not None:
            out.add(" = ")
            _value(out, variable["DefaultValue"])
        _directives(out, variable["Directives"])
    out.add(")" if variables else "")


def _selections(out: Printed, selections: list[Node]) -> None:
    out.add(" {")
    for selection in selections:
        if selection.shape == "Field":
            alias = selection["Alias"] or selection["Name"]
            out.add(_name(alias), selection)
            if selection["Name"] != alias:
                out.add(f": {_name(selection['Name'])}")
            _arguments(out, selection["Arguments"])
        elif selection.shape == "Spread":
            out.add("...", selection).add(_name(selection["Name"]), selection)
        else:
            out.add("...", selection)
            if selection["TypeCondition"]:
                out.add(" on ").add(_name(selection["TypeCondition"]), selection)
        _directives(out, selection["Directives"])
        if selection.get("SelectionSet"):
            _selections(out, selection["SelectionSet"])
        out.add(" ")
    out.add("}")


def _arguments(out: Printed, arguments: list[Node]) -> None:
    for count, argument in enumerate(arguments):
        out.add(" " if count else "(")
        out.add(f"{_name(argument['Name'])}: ", argument)
        _value(out, argument["Value"])
    out.add(")" if arguments else "")


def _directives(out: Printed, directives: list[Node]) -> None:
    for directive in directives:
        out.add(" ").add(f"@{_name(directive['Name'])}", directive)
        _arguments(out, directive["Arguments"])


def _value(out: Printed, value: Node | None) -> None:
    """A value; what it says must be what its kind is."""
    if value is None:
        raise BuiltinError("GraphQL parse error: a value in the syntax tree is missing")
    kind, raw = value["Kind"], value["Raw"]
    if kind == tree.VARIABLE:
        out.add(f"${_name(raw)}", value)
    elif kind in {tree.STRING, tree.BLOCK}:
        out.add(json.dumps(raw, ensure_ascii=False), value)
    elif kind == tree.LIST:
        out.add("[", value)
        for child in value["Children"]:
            _value(out, child["Value"])
            out.add(" ")
        out.add("]")
    elif kind == tree.OBJECT:
        out.add("{", value)
        for child in value["Children"]:
            out.add(f"{_name(child['Name'])}: ", child)
            _value(out, child["Value"])
            out.add(" ")
        out.add("}")
    elif kind in {tree.INT, tree.FLOAT}:
        if not _NUMBER.fullmatch(raw):
            raise BuiltinError("GraphQL parse error: a number in the syntax tree is none")
        out.add(raw, value)
    else:
        out.add(_name(raw), value)


def _type(out: Printed, reference: Node | None) -> None:
    if reference is None:
        raise BuiltinError("GraphQL parse error: a type in the syntax tree is missing")
    if reference["NamedType"]:
        out.add(_name(reference["NamedType"]), reference)
    else:
        out.add("[", reference)
        _type(out, reference["Elem"])
        out.add("]")
    out.add("!" if reference["NonNull"] else "")


# --- schemas -------------------------------------------------------------------------------


def print_schema(
    definitions: Iterable[Node], directives: Iterable[Node], roots: dict[str, str]
) -> str:
    """A schema as text."""
    out = Printed()
    if roots:
        entries = " ".join(f"{operation}: {_name(name)}" for operation, name in roots.items())
        out.add(f"schema {{{entries}}}\n")
    for directive in directives:
        out.add(f"directive @{_name(directive['Name'])}")
        _inputs(out, directive["Arguments"], "(", ")")
        out.add(" repeatable" if directive["IsRepeatable"] else "")
        out.add(f" on {' | '.join(map(_name, directive['Locations']))}\n")
    for definition in definitions:
        _definition(out, definition)
    return out.text


def _definition(out: Printed, definition: Node) -> None:
    keyword = _KEYWORDS.get(definition["Kind"])
    if keyword is None:
        raise BuiltinError("GraphQL parse error: a kind of type in the syntax tree is none")
    out.add(f"{keyword} {_name(definition['Name'])}")
    if definition["Interfaces"]:
        out.add(f" implements {' & '.join(map(_name, definition['Interfaces']))}")
    _directives(out, definition["Directives"])
    if definition["Types"]:
        out.add(f" = {' | '.join(map(_name, definition['Types']))}")
    if definition["EnumValues"]:
        out.add(" {")
        for value in definition["EnumValues"]:
            out.add(f" {_name(value['Name'])}")
            _directives(out, value["Directives"])
        out.add("}")
    _inputs(out, definition["Fields"], " {", "}")
    out.add("\n")


def _inputs(out: Printed, parts: list[Node], start: str, end: str) -> None:
    """Fields or arguments; arguments of fields too."""
    for count, part in enumerate(parts):
        out.add(" " if count else start).add(_name(part["Name"]))
        _inputs(out, part.get("Arguments", []), "(", ")")
        out.add(": ")
        _type(out, part["Type"])
        if part["DefaultValue"] is not None:
            out.add(" = ")
            _value(out, part["DefaultValue"])
        _directives(out, part["Directives"])
    out.add(end if parts else "")
