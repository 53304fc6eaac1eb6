"""Parsing GraphQL schemas as gqlparser does, with its words.

Rules: those of `graphql_parser`. A schema may be empty; that a type exists is checked later.

Source: gqlparser `parser/schema.go`.

Example:
    parse_schema("type Query { a: Int }")["Definitions"][0]["Kind"]   # "OBJECT"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from probanda.rego.builtins.graphql_lexer import BLOCK, END, NAME, STRING
from probanda.rego.builtins.graphql_parser import Parser
from probanda.rego.builtins.graphql_tree import Node, node

_KINDS: Final = {
    "scalar": "SCALAR",
    "type": "OBJECT",
    "interface": "INTERFACE",
    "union": "UNION",
    "enum": "ENUM",
    "input": "INPUT_OBJECT",
}
_LOCATIONS: Final = frozenset(
    {"QUERY", "MUTATION", "SUBSCRIPTION", "FIELD", "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD"}
    | {"INLINE_FRAGMENT", "VARIABLE_DEFINITION", "SCHEMA", "SCALAR", "OBJECT"}
    | {"FIELD_DEFINITION", "ARGUMENT_DEFINITION", "INTERFACE", "UNION", "ENUM", "ENUM_VALUE"}
    | {"INPUT_OBJECT", "INPUT_FIELD_DEFINITION"}
)


def parse_schema(text: str, *, builtin: bool = False) -> Node:
    """The syntax tree of a schema document.

    Raises:
        BuiltinError: `Unexpected } in GraphQL string at location 2:1`.
    """
    made = SchemaParser(text).document()
    for definition in (*made["Definitions"], *made["Extensions"]):
        definition["BuiltIn"] = builtin
    return made


class SchemaParser(Parser):
    """The grammar of schema documents."""

    def document(self) -> Node:
        """Take everything."""
        made = node("Schema")
        while self.peek().kind != END:
            description, comment = self._description()
            described = {"Description": description, "BeforeDescriptionComment": comment}
            token = self.peek()
            if token.kind != NAME:
                raise self.unexpected()
            if token.value in _KINDS:
                made["Definitions"].append(self._definition(described))
            elif token.value == "schema":
                made["Schema"].append(self._schema(described))
            elif token.value == "directive":
                made["Directives"].append(self._directive(described))
            elif token.value == "extend":
                if description:
                    raise self.unexpected(self.previous)
                self._extension(made)
            else:
                raise self.unexpected()
        made["Comment"] = self.comment
        return made

    def _description(self) -> tuple[str, Node | None]:
        if self.peek().kind not in {BLOCK, STRING}:
            return "", None
        comment = self.comment
        return self.take().value, comment

    # --- schema ----------------------------------------------------------------------------

    def _schema(self, described: Mapping[str, object]) -> Node:
        comment = self.keyword("schema")
        made = node("SchemaDefinition", self.position, AfterDescriptionComment=comment)
        made.update(described)
        return self._operation_types(made)

    def _operation_types(self, made: Node) -> Node:
        made["Directives"] = self.directives(constant=True)
        found, comment = self.some("{", "}", self._operation_type)
        made["OperationTypes"], made["EndOfDefinitionComment"] = found, comment
        return made

    def _operation_type(self) -> Node:
        place, comment = self.position, self.comment
        made = node("OperationType", place, Comment=comment, Operation=self.operation_type())
        self.expect(":")
        made["Type"] = self.name()
        return made

    # --- types -----------------------------------------------------------------------------

    def _definition(self, described: Mapping[str, object]) -> Node:
        """A type; `described` holds what came before its keyword."""
        word = self.peek().value
        comment = self.keyword(word)
        made = node("Definition", self.position, AfterDescriptionComment=comment)
        made.update(described)
        made["Name"] = self.name()
        return self._body(made, word, interfaces=word in {"type", "interface"})

    def _body(self, made: Node, word: str, *, interfaces: bool) -> Node:
        """What follows a type's name."""
        made["Kind"] = _KINDS[word]
        if interfaces and self.peek().value == "implements":
            self.take()
            made["Interfaces"] = self._names("&")
        made["Directives"] = self.directives(constant=True)
        if word == "union" and self.skip("="):
            made["Types"] = self._names("|")
        part: tuple[str, Callable[[], Node]] | None = {
            "type": ("Fields", self._field),
            "interface": ("Fields", self._field),
            "input": ("Fields", self._input_field),
            "enum": ("EnumValues", self._enum_value),
        }.get(word)
        if part:
            made[part[0]], made["EndOfDefinitionComment"] = self.some("{", "}", part[1])
        return made

    def _names(self, separator: str) -> list[str]:
        """Names with a separator between them, and maybe one in front."""
        self.skip(separator)
        found = [self.name()]
        while self.skip(separator):
            found.append(self.name())
        return found

    def _described(self, shape: str) -> Node:
        """A named part of a type with its description."""
        place = self.position
        description, before = self._description()
        self.peek()
        made = node(shape, place, Description=description, AfterDescriptionComment=self.comment)
        if description:
            made["BeforeDescriptionComment"] = before
        made["Name"] = self.name()
        return made

    def _field(self) -> Node:
        made = self._described("FieldDefinition")
        made["Arguments"] = self.some("(", ")", self._argument)[0]
        self.expect(":")
        made["Type"] = self.type_reference()
        made["Directives"] = self.directives(constant=True)
        return made

    def _input_field(self) -> Node:
        return self._input("FieldDefinition")

    def _argument(self) -> Node:
        return self._input("ArgumentDefinition")

    def _input(self, shape: str) -> Node:
        made = self._described(shape)
        self.expect(":")
        made["Type"] = self.type_reference()
        if self.skip("="):
            made["DefaultValue"] = self.value(constant=True)
        made["Directives"] = self.directives(constant=True)
        return made

    def _enum_value(self) -> Node:
        made = self._described("EnumValue")
        made["Directives"] = self.directives(constant=True)
        return made

    # --- extensions ------------------------------------------------------------------------

    def _extension(self, document: Node) -> None:
        comment = self.keyword("extend")
        word = self.peek().value
        if word == "schema":
            self.keyword("schema")
            made = node("SchemaDefinition", self.position, AfterDescriptionComment=comment)
            self._operation_types(made)
            document["SchemaExtension"].append(made)
            parts = ["Directives", "OperationTypes"]
        elif word in _KINDS:
            self.keyword(word)
            made = node("Definition", self.position, AfterDescriptionComment=comment)
            made["Name"] = self.name()
            self._body(made, word, interfaces=word == "type")
            document["Extensions"].append(made)
            parts = ["Directives", "Interfaces", "Fields", "Types", "EnumValues"]
        else:
            raise self.unexpected()
        if not any(made[part] for part in parts):
            raise self.unexpected()

    # --- directives ------------------------------------------------------------------------

    def _directive(self, described: Mapping[str, object]) -> Node:
        comment = self.keyword("directive")
        self.expect("@")
        made = node("DirectiveDefinition", self.position, AfterDescriptionComment=comment)
        made.update(described)
        made["Name"] = self.name()
        made["Arguments"] = self.some("(", ")", self._argument)[0]
        if self.peek().kind == NAME and self.peek().value == "repeatable":
            made["IsRepeatable"] = True
            self.take()
        self.keyword("on")
        self.skip("|")
        made["Locations"] = [self._location()]
        while self.skip("|"):
            made["Locations"].append(self._location())
        return made

    def _location(self) -> str:
        token = self.expect(NAME)
        if token.value not in _LOCATIONS:
            raise self.unexpected(token)
        return token.value
