"""What a GraphQL schema may not say twice or in a circle: values, members, directives, inputs.

Rules:

- A directive is used once at a place unless it is repeatable (on types gqlparser does not look),
  with arguments that it has, and with all that it needs.
- Enum values and union members are unique, extensions included.
- An input object does not need itself through fields that are never null.

Source: gqlparser `validator/schema.go`; GraphQL specification (October 2021) §3.

Example:
    repeated_value(enum)     # the second value of a name, or None
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from probanda.rego.builtins.graphql_tree import Node, Position

Problem = tuple[Position | None, str]


def part_problem(definition: Node) -> Problem | None:
    """A value of an enum or a member of a union that is there twice."""
    name = definition["Name"]
    seen: set[str] = set()
    for value in definition["EnumValues"]:
        if value["Name"] in seen:
            message = f"Enum value {name}.{value['Name']} can only be defined once."
            return value.position, message
        seen.add(value["Name"])
    for member in definition["Types"]:
        if member in seen:
            return definition.position, f"Union type {name} can only include type {member} once."
        seen.add(member)
    return None


def directive_problem(directive: Node, known: Node, again: bool) -> Problem | None:  # noqa: FBT001  # a fact about it
    """What is wrong with a use of a directive, which is there `again`."""
    name = directive["Name"]
    if again and not known["IsRepeatable"]:
        message = f"The directive {name} can only be used once at this location."
        return directive.position, message
    given = {argument["Name"] for argument in directive["Arguments"]}
    declared = {argument["Name"] for argument in known["Arguments"]}
    for argument in directive["Arguments"]:
        if argument["Name"] not in declared:
            message = f"Undefined argument {argument['Name']} for directive {name}."
            return argument.position, message
    for argument in known["Arguments"]:
        required = argument["Type"]["NonNull"] and argument["DefaultValue"] is None
        if required and argument["Name"] not in given:
            message = f"Argument {argument['Name']} for directive {name} cannot be null."
            return directive.position, message
    return None


def input_cycle(types: Mapping[str, Node]) -> Problem | None:
    """The first circle of input objects through fields that are never null."""
    visited: set[str] = set()
    for name in sorted(types):
        if types[name]["Kind"] == "INPUT_OBJECT" and name not in visited:
            found = _cycle_from(name, types, visited)
            if found is not None:
                return found
    return None


def _cycle_from(start: str, types: Mapping[str, Node], visited: set[str]) -> Problem | None:
    """A circle on a way from a type; the way is on a list, not on the stack."""
    path: list[Node] = []
    place_of = {start: 0}
    waiting = [(start, iter(_needed(types[start], types)))]
    visited.add(start)
    while waiting:
        name, fields = waiting[-1]
        field = next(fields, None)
        if field is None:
            waiting.pop()
            del place_of[name]
            if path:
                path.pop()
            continue
        target = field["Type"]["NamedType"]
        if target in place_of:
            circle = [*path[place_of[target] :], field]
            way = ".".join(part["Name"] for part in circle)
            message = f'Cannot reference Input Object "{target}" within itself through a series '
            return circle[0].position, f'{message}of non-null fields: "{way}".'
        if target not in visited:
            visited.add(target)
            path.append(field)
            place_of[target] = len(path)
            waiting.append((target, iter(_needed(types[target], types))))
    return None


def _needed(definition: Node, types: Mapping[str, Node]) -> Iterable[Node]:
    """The fields that are input objects and never null."""
    for field in definition["Fields"]:
        name = field["Type"]["NamedType"]
        if field["Type"]["NonNull"] and name and types[name]["Kind"] == "INPUT_OBJECT":
            yield field
