"""Schemas: a schema document merged with GraphQL's own types, and checked as gqlparser does.

Rules:

- Checks are gqlparser's, in its order, which are fewer than the specification's: a schema
  without a query type is valid, extending a type that does not exist creates it.
- The document is not changed.

Source: gqlparser `validator/schema.go`; GraphQL specification (October 2021) §3.

Example:
    build_schema(parse_schema("type Query { a: Int }")).roots["query"]   # "Query"
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from probanda.rego.builtins.graphql_schema_parser import parse_schema
from probanda.rego.builtins.graphql_schema_parts import (
    Problem,
    directive_problem,
    input_cycle,
    part_problem,
)
from probanda.rego.builtins.graphql_tree import Node, Position
from probanda.rego.builtins.interface import BuiltinError

_INPUT: Final = ("SCALAR", "ENUM", "INPUT_OBJECT")
_OUTPUT: Final = ("SCALAR", "OBJECT", "INTERFACE", "UNION", "ENUM")
_KINDS: Final = frozenset({*_INPUT, *_OUTPUT})
_EXTENDED: Final = ("Directives", "Interfaces", "Fields", "Types", "EnumValues")

# What every schema has (GraphQL §3.5, §3.13, §4.2, and `@defer`, `@oneOf` of its drafts).
_PRELUDE: Final = """
scalar Int scalar Float scalar String scalar Boolean scalar ID
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = "No longer supported")
  on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
directive @defer(if: Boolean = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @oneOf on INPUT_OBJECT
type __Schema {
  description: String types: [__Type!]! queryType: __Type! mutationType: __Type
  subscriptionType: __Type directives: [__Directive!]!
}
type __Type {
  kind: __TypeKind! name: String description: String
  fields(includeDeprecated: Boolean = false): [__Field!]
  interfaces: [__Type!] possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean = false): [__EnumValue!]
  inputFields(includeDeprecated: Boolean = false): [__InputValue!]
  ofType: __Type specifiedByURL: String isOneOf: Boolean
}
type __Field {
  name: String! description: String args(includeDeprecated: Boolean = false): [__InputValue!]!
  type: __Type! isDeprecated: Boolean! deprecationReason: String
}
type __InputValue {
  name: String! description: String type: __Type! defaultValue: String
  isDeprecated: Boolean! deprecationReason: String
}
type __EnumValue {
  name: String! description: String isDeprecated: Boolean! deprecationReason: String
}
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
type __Directive {
  name: String! description: String locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean = false): [__InputValue!]! isRepeatable: Boolean!
}
enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT
  VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION
  ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION
}
"""
# Directives that a schema may define again; its definition is then ignored.
_REDEFINABLE: Final = {"include", "skip", "deprecated", "specifiedBy", "defer", "oneOf"}


@dataclass(frozen=True, slots=True)
class Schema:
    """A checked schema: its types and directives by name, its root types by operation."""

    types: dict[str, Node]
    directives: dict[str, Node]
    roots: dict[str, str]


@cache
def _prelude() -> Node:
    """GraphQL's own definitions; nobody changes them."""
    return parse_schema(_PRELUDE, builtin=True)


def _invalid(position: Position | None, message: str) -> BuiltinError:
    line, column = position or (-1, -1)
    what = "Error in gqlparser SchemaDocument to Schema conversion"
    return BuiltinError(f"{what}: input:{line}:{column}: {message}")


def refuse(problem: Problem | None) -> None:
    """Raise a problem, if it is one."""
    if problem is not None:
        raise _invalid(*problem)


def build_schema(document: Node) -> Schema:
    """The checked schema of a document.

    Raises:
        BuiltinError: the first thing that is wrong.
    """
    types = _types(document)
    directives: dict[str, Node] = {}
    for directive in (*_prelude()["Directives"], *document["Directives"]):
        name = directive["Name"]
        if name not in directives:
            directives[name] = directive
        elif name not in _REDEFINABLE:
            raise _invalid(directive.position, f"Cannot redeclare directive {name}.")
    roots = _roots(document, types)
    check = _Check(types, directives)
    for _, definition in sorted(types.items()):
        check.definition(definition)
    for part in (*document["Schema"], *document["SchemaExtension"]):
        check.directives(part["Directives"], "SCHEMA", "")
    for _, directive in sorted(directives.items()):
        check.name(directive.position, directive["Name"])
        check.arguments(directive["Arguments"], directive["Name"])
    refuse(input_cycle(types))
    if not document["Schema"]:
        for root in ("Query", "Mutation", "Subscription"):
            if root in types:
                roots.setdefault(root.lower(), root)
    return Schema(types, directives, roots)


def _types(document: Node) -> dict[str, Node]:
    """All types with their extensions; a type that only extensions name is one too."""
    types: dict[str, Node] = {}
    for definition in (*_prelude()["Definitions"], *document["Definitions"]):
        if definition["Name"] in types:
            message = f"Cannot redeclare type {definition['Name']}."
            raise _invalid(definition.position, message)
        types[definition["Name"]] = definition
    for extension in document["Extensions"]:
        name, kind = extension["Name"], extension["Kind"]
        known = types.get(name)
        if known is None:
            known = Node("Definition", extension.position, {"Name": name, "Kind": kind})
        if known["Kind"] != kind:
            message = (
                f"Cannot extend type {name} because the base type is a {known['Kind']}, not {kind}."
            )
            raise _invalid(extension.position, message)
        merged = {part: known[part] + extension[part] for part in _EXTENDED}
        types[name] = Node("Definition", known.position, dict(known) | merged)
    return types


def _roots(document: Node, types: dict[str, Node]) -> dict[str, str]:
    """The root types that the document names."""
    if len(document["Schema"]) > 1:
        message = "Cannot have multiple schema entry points, consider schema extensions instead."
        raise _invalid(document["Schema"][1].position, message)
    roots: dict[str, str] = {}
    for part in (*document["Schema"], *document["SchemaExtension"]):
        for entry in part["OperationTypes"]:
            if entry["Type"] not in types:
                message = (
                    f"Schema root {entry['Operation']} refers to a type {entry['Type']} "
                    "that does not exist."
                )
                raise _invalid(entry.position, message)
            roots[entry["Operation"]] = entry["Type"]
    return roots


def type_name(reference: Node | None) -> str:
    """The name inside a type: `[Name!]!` → `Name`."""
    while reference is not None and not reference["NamedType"]:
        reference = reference["Elem"]
    return reference["NamedType"] if reference is not None else ""


def type_text(reference: Node | None) -> str:
    """A type as it is written."""
    if reference is None:
        return ""
    inner = reference["NamedType"] or f"[{type_text(reference['Elem'])}]"
    return f"{inner}{'!' if reference['NonNull'] else ''}"


class _Check:
    """The checks of one schema."""

    def __init__(self, types: dict[str, Node], directives: dict[str, Node]) -> None:
        self.types = types
        self.known_directives = directives
        self.possible: dict[str, set[str]] = {}
        for definition in types.values():
            name = definition["Name"]
            for abstract in definition["Interfaces"]:
                self.possible.setdefault(abstract, set()).add(name)
            for member in definition["Types"]:
                self.possible.setdefault(name, set()).add(member)
            if definition["Kind"] in {"OBJECT", "INPUT_OBJECT"}:
                self.possible.setdefault(name, set()).add(name)

    def definition(self, definition: Node) -> None:
        """One type."""
        is_input = definition["Kind"] == "INPUT_OBJECT"
        place = "INPUT_FIELD_DEFINITION" if is_input else "FIELD_DEFINITION"
        for field in definition["Fields"]:
            self.name(field.position, field["Name"])
            self.reference(field["Type"])
            self.arguments(field["Arguments"], "")
            self.directives(field["Directives"], place, "")
        for member in definition["Types"]:
            self._member(definition, member)
        for interface in definition["Interfaces"]:
            self._implements(definition, interface)
        self._parts(definition)
        refuse(part_problem(definition))
        seen = set()
        for field in definition["Fields"]:
            if field["Name"] in seen:
                name = f"{definition['Name']}.{field['Name']}"
                raise _invalid(field.position, f"Field {name} can only be defined once.")
            seen.add(field["Name"])
        if not definition["BuiltIn"]:
            self.name(definition.position, definition["Name"])
        self.directives(definition["Directives"], definition["Kind"], "")

    def _member(self, union: Node, name: str) -> None:
        if name not in self.types:
            raise _invalid(union.position, f'Undefined type "{name}".')
        if self.types[name]["Kind"] != "OBJECT":
            raise _invalid(union.position, f'{union["Kind"]} type "{name}" must be OBJECT.')

    def _parts(self, definition: Node) -> None:
        """Whether a type has parts, and parts of the right kind."""
        kind, name = definition["Kind"], definition["Name"]
        what = {
            "OBJECT": "fields",
            "INTERFACE": "fields",
            "ENUM": "unique enum values",
            "INPUT_OBJECT": "input fields",
        }.get(kind)
        parts = definition["EnumValues" if kind == "ENUM" else "Fields"]
        if what and not parts:
            message = f"{kind} {name}: must define one or more {what}."
            raise _invalid(definition.position, message)
        if kind == "ENUM":
            for value in parts:
                self.directives(value["Directives"], "ENUM_VALUE", "")
                if value["Name"] in {"true", "false", "null"}:
                    message = f"{kind} {name}: non-enum value {value['Name']}."
                    raise _invalid(definition.position, message)
        elif what:
            allowed = _INPUT if kind == "INPUT_OBJECT" else _OUTPUT
            for field in parts:
                found = self.types[type_name(field["Type"])]["Kind"]
                if found not in allowed:
                    subject = f"{kind} {name}"
                    if kind == "INPUT_OBJECT":
                        subject = f"{found} {field['Name']}"
                    message = f"{subject}: field must be one of {', '.join(allowed)}."
                    raise _invalid(field.position, message)

    def name(self, position: Position | None, name: str) -> None:
        """Names that begin with `__` are GraphQL's own."""
        if name.startswith("__"):
            message = (
                f'Name "{name}" must not begin with "__", '
                "which is reserved by GraphQL introspection."
            )
            raise _invalid(position, message)

    def reference(self, reference: Node | None) -> None:
        """A type that is used must be there."""
        name = type_name(reference)
        if name not in self.types:
            position = reference.position if reference is not None else None
            raise _invalid(position, f"Undefined type {name}.")

    def arguments(self, arguments: list[Node], directive: str) -> None:
        """The arguments of a field, or of the directive of that name."""
        for argument in arguments:
            self.name(argument.position, argument["Name"])
            self.reference(argument["Type"])
            kind = self.types[type_name(argument["Type"])]["Kind"]
            if kind not in _INPUT:
                message = (
                    f"cannot use {type_text(argument['Type'])} as argument {argument['Name']} "
                    f"because {kind} is not a valid input type"
                )
                raise _invalid(argument.position, message)
            self.directives(argument["Directives"], "ARGUMENT_DEFINITION", directive)

    def directives(self, directives: list[Node], place: str, current: str) -> None:
        """Directives must be known and allowed there, and not refer to themselves."""
        seen: set[str] = set()
        for directive in directives:
            name, position = directive["Name"], directive.position
            self.name(position, name)
            if current and name == current:
                raise _invalid(position, f"Directive {name} cannot refer to itself.")
            if name not in self.known_directives:
                raise _invalid(position, f"Undefined directive {name}.")
            if place not in self.known_directives[name]["Locations"]:
                raise _invalid(position, f"Directive {name} is not applicable on {place}.")
            again = name in seen and place not in _KINDS
            refuse(directive_problem(directive, self.known_directives[name], again))
            seen.add(name)

    # --- interfaces ------------------------------------------------------------------------

    def _implements(self, definition: Node, name: str) -> None:
        """Whether a type has what its interface asks for."""
        interface = self.types.get(name)
        if interface is None:
            raise _invalid(definition.position, f'Undefined type "{name}".')
        if interface["Kind"] != "INTERFACE":
            message = f'"{name}" is a non interface type {interface["Kind"]}.'
            raise _invalid(definition.position, message)
        fields = {field["Name"]: field for field in reversed(definition["Fields"])}
        start = f"For {definition['Name']} to implement {name}"
        for needed in interface["Fields"]:
            field = fields.get(needed["Name"])
            if field is None:
                message = f"{start} it must have a field called {needed['Name']}."
                raise _invalid(definition.position, message)
            if not self._covariant(needed["Type"], field["Type"]):
                wanted = type_text(needed["Type"])
                message = f"{start} the field {needed['Name']} must have type {wanted}."
                raise _invalid(field.position, message)
            _same_arguments(start, needed, field)
        for other in interface["Interfaces"]:
            if other in definition["Interfaces"]:
                continue
            message = f"Type {definition['Name']} must implement {other} because it is "
            message += f"implemented by {name}."
            if other == definition["Name"]:
                message = f"Type {other} cannot implement {name} because it would create a "
                message += "circular reference."
            raise _invalid(definition.position, message)

    def _covariant(self, needed: Node | None, found: Node | None) -> bool:
        """Whether a field's type is at least as narrow as its interface's."""
        while needed is not None and found is not None:
            if needed["NonNull"] and not found["NonNull"]:
                return False
            if needed["NamedType"]:
                wanted, name = needed["NamedType"], found["NamedType"]
                return name == wanted or name in self.possible.get(wanted, ())
            needed, found = needed["Elem"], found["Elem"]
        return needed is None and found is None


def _same_arguments(start: str, needed: Node, field: Node) -> None:
    """A field takes its interface's arguments, and no others that must be given."""
    found = {argument["Name"]: argument for argument in reversed(field["Arguments"])}
    wanted = {argument["Name"] for argument in needed["Arguments"]}
    same = f"{start} the field {needed['Name']} must have the same arguments but"
    for argument in needed["Arguments"]:
        name = argument["Name"]
        if name not in found:
            raise _invalid(field.position, f"{same} it is missing {name}.")
        if not _compatible(argument["Type"], found[name]["Type"]):
            raise _invalid(found[name].position, f"{same} {name} has the wrong type.")
    for name, argument in found.items():
        required = argument["Type"]["NonNull"] and argument["DefaultValue"] is None
        if name not in wanted and required:
            message = f"{start} any additional arguments on {field['Name']} must be optional or "
            message += f"have a default value but {name} is required."
            raise _invalid(argument.position, message)


def _compatible(left: Node | None, right: Node | None) -> bool:
    """As `IsCompatible` of gqlparser: equal, or stricter about null on the left."""
    while left is not None and right is not None:
        if left["NamedType"] != right["NamedType"] or (right["NonNull"] and not left["NonNull"]):
            return False
        left, right = left["Elem"], right["Elem"]
    return left is None and right is None
