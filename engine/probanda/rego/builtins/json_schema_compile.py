"""Compiling a JSON schema: checks every keyword, and resolves references.

Rules:

- Keywords are checked in gojsonschema's order, so that the first error is the same one.
- A reference is resolved against the `$id` it stands under, within the schema alone.
- Patterns are RE2: matching takes linear time.

Source: gojsonschema `schema.go`, `schemaPool.go`, `locales.go`.

Example:
    compile_schema({"type": "integer"}).types   # ["integer"]
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from probanda.rego.builtins.go import write_json
from probanda.rego.builtins.interface import BuiltinError, is_number, limit
from probanda.rego.builtins.patterns import Pattern, compile_pattern
from probanda.rego.values import exact

TYPES: Final = ("array", "boolean", "integer", "number", "null", "object", "string")
HYBRID: Final = 99
MAX_NODES: Final = 100_000
_DRAFTS: Final = {f"http://json-schema.org/draft-0{draft}/schema": draft for draft in (4, 6, 7)}


@dataclass(slots=True)
class Schema:
    """One compiled schema; what is `None` or empty constrains nothing."""

    always: bool | None = None
    target: Schema | None = None
    types: list[str] = field(default_factory=list)
    properties: dict[str, Schema] = field(default_factory=dict)
    additional_properties: Schema | bool | None = None
    pattern_properties: list[tuple[Pattern, Schema]] = field(default_factory=list)
    property_names: Schema | None = None
    dependencies: dict[str, list[str] | Schema] = field(default_factory=dict)
    items: list[Schema] | Schema | None = None
    additional_items: Schema | bool | None = None
    numbers: dict[str, int | Decimal] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    pattern: Pattern | None = None
    pattern_text: str = ""
    format: str = ""
    required: list[str] = field(default_factory=list)
    unique: bool = False
    contains: Schema | None = None
    constant: str | None = None
    enumeration: list[str] | None = None
    one_of: list[Schema] = field(default_factory=list)
    any_of: list[Schema] = field(default_factory=list)
    all_of: list[Schema] = field(default_factory=list)
    negated: Schema | None = None
    condition: Schema | None = None
    consequence: Schema | None = None
    alternative: Schema | None = None


def compile_schema(document: Any) -> Schema:
    """The compiled schema.

    Raises:
        BuiltinError: a keyword is wrong, or a reference leads nowhere.
        RecursionError: it is nested too deeply.
    """
    return _Compiler(document).compile(document)


def expression(text: str) -> Pattern | None:
    """A compiled pattern, or `None` when it is none."""
    try:
        return compile_pattern(text)
    except BuiltinError:
        return None


def _wrong_type(expected: str, given: str) -> BuiltinError:
    return BuiltinError(f"Invalid type. Expected: {expected}, given: {given}")


class _Compiler:
    """Compiles one document; knows the base of every schema in it, and every reference."""

    def __init__(self, document: Any) -> None:
        self.draft = _draft(document)
        self.bases: dict[int, str] = {}
        self.documents: dict[str, Any] = {"": document}
        self.targets: dict[str, Schema] = {}
        self._collect(document, "")

    def _collect(self, node: Any, base: str) -> None:
        """Note the base of each schema, and what has an `$id`."""
        limit("a schema", MAX_NODES, len(self.bases))
        if isinstance(node, list):
            for item in node:
                self._collect(item, base)
        if not isinstance(node, dict):
            return
        name = node.get("id", node.get("$id"))
        if isinstance(name, str):
            base = _join(base, name)
            self.documents.setdefault(base, node)
            self.documents.setdefault(base.removesuffix("#"), node)
        self.bases[id(node)] = base
        for key, child in node.items():
            if key in {"properties", "dependencies", "patternProperties"}:
                for grandchild in child.values() if isinstance(child, dict) else ():
                    self._collect(grandchild, base)
            elif key not in {"const", "enum"}:
                self._collect(child, base)

    def compile(self, node: Any) -> Schema:
        """One schema and all that it holds."""
        if isinstance(node, bool) and self.draft >= 6:
            return Schema(always=node)
        if not isinstance(node, dict):
            raise BuiltinError("Expected: Valid Schema, given: Invalid JSON")
        made = Schema()
        _text(node, "id" if self.draft == 4 or "id" in node else "$id")
        if "definitions" in node:
            self._definitions(node["definitions"])
        _text(node, "title")
        _text(node, "description")
        if (reference := _text(node, "$ref")) is not None:
            made.target = self._resolve(_join(self.bases.get(id(node), ""), reference))
            return made
        for step in (self._structure, self._scalars, self._values, self._combinations):
            step(node, made)
        return made

    def _definitions(self, node: Any) -> None:
        children = node.values() if isinstance(node, dict) else [None]
        for child in children:
            if not isinstance(child, dict | bool):
                raise _wrong_type("Array Of Schemas", "definitions")
            self.compile(child)

    def _resolve(self, reference: str) -> Schema:
        """The schema that a reference names; compiled once, so that it may name itself."""
        if reference in self.targets:
            return self.targets[reference]
        made = self.targets[reference] = Schema()
        if reference in self.documents:
            node = self.documents[reference]
        else:
            place, fragment = urldefrag(reference)
            if place not in self.documents:
                if not urlsplit(place).scheme:
                    raise BuiltinError(f"Reference {reference} must be canonical")
                raise BuiltinError("remote reference loading disabled")
            node = _pointed(self.documents[place], unquote(fragment))
        if not isinstance(node, dict | bool):
            raise BuiltinError("schema must be of type object")
        compiled = self.compile(node)
        for name in Schema.__slots__:
            setattr(made, name, getattr(compiled, name))
        return made

    # --- keywords --------------------------------------------------------------------------

    def _structure(self, node: dict[str, Any], made: Schema) -> None:
        if "type" in node:
            made.types = _types(node["type"])
        if "properties" in node:
            if not isinstance(node["properties"], dict):
                raise BuiltinError("Properties must be of type object")
            made.properties = {
                name: self.compile(child) for name, child in sorted(node["properties"].items())
            }
        made.additional_properties = self._additional(node, "additionalProperties")
        if "patternProperties" in node:
            made.pattern_properties = self._patterns(node["patternProperties"])
        if "propertyNames" in node and self.draft >= 6:
            if not isinstance(node["propertyNames"], dict | bool):
                raise _wrong_type("Valid Schema", "patternProperties")
            made.property_names = self.compile(node["propertyNames"])
        if "dependencies" in node:
            made.dependencies = self._dependencies(node["dependencies"])
        if "items" in node:
            made.items = self._items(node["items"])
        made.additional_items = self._additional(node, "additionalItems")

    def _additional(self, node: dict[str, Any], key: str) -> Schema | bool | None:
        value = node.get(key)
        if isinstance(value, dict):
            return self.compile(value)
        if key in node and not isinstance(value, bool):
            raise _wrong_type("boolean/Valid Schema", key)
        return value

    def _patterns(self, node: Any) -> list[tuple[Pattern, Schema]]:
        if not isinstance(node, dict):
            raise _wrong_type("Valid Schema", "patternProperties")
        found = []
        for pattern, child in sorted(node.items()):
            compiled = expression(pattern)
            if compiled is None:
                raise BuiltinError(f"Invalid regex pattern '{pattern}'")
            found.append((compiled, self.compile(child)))
        return found

    def _dependencies(self, node: Any) -> dict[str, list[str] | Schema]:
        if not isinstance(node, dict):
            raise BuiltinError("dependencies must be of type object")
        found: dict[str, list[str] | Schema] = {}
        for name, child in sorted(node.items()):
            if isinstance(child, dict | bool):
                found[name] = self.compile(child)
            elif isinstance(child, list) and all(isinstance(item, str) for item in child):
                found[name] = child
            else:
                raise BuiltinError("Dependency must be of type Schema Or Array Of Strings")
        return found

    def _items(self, node: Any) -> list[Schema] | Schema:
        for child in node if isinstance(node, list) else [node]:
            if not isinstance(child, dict | bool):
                raise _wrong_type("Valid Schema/Array Of Schemas", "items")
        if isinstance(node, list):
            return [self.compile(child) for child in node]
        return self.compile(node)

    def _scalars(self, node: dict[str, Any], made: Schema) -> None:
        if "multipleOf" in node:
            if not is_number(node["multipleOf"]):
                raise _wrong_type("Number", "multipleOf")
            made.numbers["multipleOf"] = exact(node["multipleOf"])
            if made.numbers["multipleOf"] <= 0:
                raise BuiltinError("multipleOf must be strictly greater than 0")
        self._bounds(node, made, "minimum", "exclusiveMinimum")
        self._bounds(node, made, "maximum", "exclusiveMaximum")
        _counts(node, made, "minLength", "maxLength")
        if (pattern := _text(node, "pattern")) is not None:
            made.pattern, made.pattern_text = expression(pattern), pattern
            if made.pattern is None:
                raise BuiltinError("pattern must be a valid regex")
        made.format = _text(node, "format") or ""
        _counts(node, made, "minProperties", "maxProperties")
        for name in _list(node, "required"):
            if not isinstance(name, str):
                raise _wrong_type("string", "required")
            if name in made.required:
                raise BuiltinError("required items must be unique")
            made.required.append(name)

    def _bounds(self, node: dict[str, Any], made: Schema, key: str, exclusive: str) -> None:
        """A bound and its exclusive form: a flag in draft 4, a number of its own later."""
        if key in node:
            if not is_number(node[key]):
                raise BuiltinError(f"{key} must be of a Number")
            made.numbers[key] = exact(node[key])
        if exclusive not in node:
            return
        value = node[exclusive]
        if isinstance(value, bool) and self.draft in {4, HYBRID}:
            if key not in made.numbers:
                raise BuiltinError(f"{exclusive} cannot be used without {key}")
            if value:
                made.numbers[exclusive] = made.numbers.pop(key)
        elif is_number(value) and self.draft != 4:
            made.numbers[exclusive] = exact(value)
        else:
            expected = {4: "boolean", HYBRID: "boolean/number"}.get(self.draft, "number")
            raise _wrong_type(expected, exclusive)

    def _values(self, node: dict[str, Any], made: Schema) -> None:
        _counts(node, made, "minItems", "maxItems", ordered=False)
        if "uniqueItems" in node:
            if not isinstance(node["uniqueItems"], bool):
                raise BuiltinError("uniqueItems must be of a boolean")
            made.unique = node["uniqueItems"]
        if "contains" in node and self.draft >= 6:
            made.contains = self.compile(node["contains"])
        if "const" in node and self.draft >= 6:
            made.constant = literal(node["const"])
        if "enum" in node:
            made.enumeration = [literal(value) for value in _list(node, "enum")]
            if len(set(made.enumeration)) != len(made.enumeration):
                raise BuiltinError("enum items must be unique")

    def _combinations(self, node: dict[str, Any], made: Schema) -> None:
        made.one_of = [self.compile(child) for child in _list(node, "oneOf")]
        made.any_of = [self.compile(child) for child in _list(node, "anyOf")]
        made.all_of = [self.compile(child) for child in _list(node, "allOf")]
        made.negated = self._one(node, "not")
        if self.draft >= 7:
            made.condition = self._one(node, "if")
            made.consequence = self._one(node, "then")
            made.alternative = self._one(node, "else")

    def _one(self, node: dict[str, Any], key: str) -> Schema | None:
        if key not in node:
            return None
        if not isinstance(node[key], dict | bool):
            raise BuiltinError(f"{key} must be of an object")
        return self.compile(node[key])


def literal(value: Any) -> str:
    """The text that values are compared by: equal numbers have the same."""
    return write_json(_exact(value))


def _exact(value: Any) -> Any:
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, dict):
        return {name: _exact(item) for name, item in value.items()}
    return exact(value) if isinstance(value, float) else value


def _draft(document: Any) -> int:
    if not isinstance(document, dict | bool):
        raise BuiltinError("schema is invalid")
    name = document.get("$schema", "") if isinstance(document, dict) else ""
    if not isinstance(name, str):
        raise BuiltinError("$schema must be of type string")
    return _DRAFTS.get(name.removesuffix("#"), HYBRID)


def _join(base: str, reference: str) -> str:
    """A reference under a base; fragments alone stay in the document, whatever its scheme."""
    if reference.startswith("#") or not reference:
        return urldefrag(base)[0] + reference
    try:
        return urljoin(base, reference)
    except ValueError:
        raise BuiltinError("a reference is no URI") from None


def _pointed(document: Any, pointer: str) -> Any:
    """What a JSON pointer points to (RFC 6901)."""
    if not pointer:
        return document
    if not pointer.startswith("/"):
        raise BuiltinError("Invalid reference")
    for part in pointer[1:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isdecimal() and int(name) < len(document):
            document = document[int(name)]
        else:
            raise BuiltinError(f"Object has no key '{name}'")
    return document


def _text(node: dict[str, Any], key: str) -> str | None:
    value = node.get(key)
    if key in node and not isinstance(value, str):
        raise _wrong_type("string", key)
    return value


def _list(node: dict[str, Any], key: str) -> list[Any]:
    value = node.get(key, [])
    if not isinstance(value, list):
        raise BuiltinError(f"{key} must be of an array")
    return value


def _types(value: Any) -> list[str]:
    found: list[str] = []
    for name in value if isinstance(value, list) else [value]:
        if not isinstance(name, str):
            raise _wrong_type("type", "string/Array Of Strings")
        if name not in TYPES:
            raise BuiltinError(
                f"has a primitive type that is NOT VALID -- given: /{name}/ "
                f"Expected valid values are:[{' '.join(TYPES)}]"
            )
        if name in found:
            raise BuiltinError(f"{name} type is duplicated")
        found.append(name)
    return found


def _counts(
    node: dict[str, Any], made: Schema, least: str, most: str, *, ordered: bool = True
) -> None:
    for key in (least, most):
        if key in node:
            value = exact(node[key]) if is_number(node[key]) else None
            if not isinstance(value, int) or abs(value) >= 1 << 63:
                raise BuiltinError(f"{key} must be of an integer")
            if value < 0:
                raise BuiltinError(f"{key} must be greater than or equal to 0")
            made.counts[key] = value
    if ordered and made.counts.get(least, 0) > made.counts.get(most, 1 << 63):
        raise BuiltinError(f"{least} cannot be greater than {most}")
