"""Validating a document against a compiled JSON schema.

Rules:

- Errors come in gojsonschema's order; objects are visited in the order of their keys.
- Of the alternatives of `anyOf`, `oneOf` and `contains`, the errors of the one that fits best
  are reported, by gojsonschema's score.

Source: gojsonschema `validation.go`, `errors.go`, `locales.go`.

Example:
    validate(compile_schema({"type": "integer"}), "a")[0].description
    # "Invalid type. Expected: integer, given: string"
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from probanda.rego.builtins.interface import halt, is_number, limit
from probanda.rego.builtins.json_schema_compile import Schema, literal
from probanda.rego.builtins.json_schema_formats import has_format
from probanda.rego.values import exact, type_name

ROOT: Final = "(Root)"
MAX_ERRORS: Final = 10_000
MAX_STEPS: Final = 1_000_000

_CONDITIONS: Final = {
    "then": 'Must validate "then" as "if" was valid',
    "else": 'Must validate "else" as "if" was not valid',
}

# Bounds: the kind of error, how a number compares that breaks it, and the words.
_BOUNDS: Final = {
    "maximum": ("number_lte", {1}, "less than or equal to"),
    "exclusiveMaximum": ("number_lt", {0, 1}, "less than"),
    "minimum": ("number_gte", {-1}, "greater than or equal to"),
    "exclusiveMinimum": ("number_gt", {-1, 0}, "greater than"),
}


@dataclass(frozen=True, slots=True)
class Error:
    """One way in which the document does not fit."""

    kind: str
    context: str
    description: str

    def rendered(self) -> dict[str, str]:
        """As `json.match_schema` returns it."""
        place = self.context.removeprefix(f"{ROOT}.")
        return {
            "error": f"{place}: {self.description}",
            "type": self.kind,
            "field": place,
            "desc": self.description,
        }


@dataclass(slots=True)
class _Result:
    """Errors found so far, and how well the document fitted."""

    errors: list[Error] = field(default_factory=list)
    score: int = 0

    def add(self, kind: str, context: str, description: str) -> None:
        limit("the number of schema errors", MAX_ERRORS, len(self.errors) + 1)
        self.errors.append(Error(kind, context, description))
        self.score -= 2

    def merge(self, other: _Result) -> None:
        self.errors += other.errors
        self.score += other.score
        limit("the number of schema errors", MAX_ERRORS, len(self.errors))


def validate(schema: Schema, document: Any) -> list[Error]:
    """All errors of the document; none when it fits.

    Raises:
        RecursionError: schema and document are nested too deeply, or a reference names itself.
    """
    return _Validator().check(schema, document, ROOT).errors


def _type_of(node: Any) -> str:
    if is_number(node):
        return "integer" if isinstance(exact(node), int) else "number"
    return type_name(node)


def _field(context: str) -> str:
    return context.removeprefix(f"{ROOT}.")


def _shown(number: int | Decimal) -> str:
    """A number as Go prints a `big.Float`: ten digits."""
    try:
        return f"{float(number):.10g}"
    except OverflowError:
        return f"{Decimal(number):.9e}"


class _Validator:
    """One validation; counts its steps."""

    def __init__(self) -> None:
        self.steps = 0

    def check(self, schema: Schema, node: Any, context: str) -> _Result:
        """The result of one schema on its own."""
        result = _Result()
        self.visit(schema, node, result, context)
        return result

    def visit(self, schema: Schema, node: Any, result: _Result, context: str) -> None:
        """Add a schema's errors to a result."""
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise halt("a schema takes too many steps", code="eval_limit_error")
        if schema.always is not None:
            if not schema.always:
                result.add("false", context, "False always fails validation")
            return
        if schema.target is not None:
            self.visit(schema.target, node, result, context)
            return
        kind = _type_of(node)
        fits = {kind, "number"} if kind == "integer" else {kind}
        if schema.types and not fits & set(schema.types):
            wanted = schema.types[0] if len(schema.types) == 1 else f"[{','.join(schema.types)}]"
            given = f"Invalid type. Expected: {wanted}, given: {kind}"
            result.add("invalid_type", context, given)
            return
        self._combinations(schema, node, result, context)
        if kind == "array":
            self._array(schema, node, result, context)
        elif kind == "object":
            self._object(schema, node, result, context)
        elif "number" in fits:
            self._number(schema, exact(node), result, context)
        self._common(schema, node, result, context)
        if kind == "string":
            self._string(schema, node, result, context)
        for name, child in schema.properties.items() if kind == "object" else ():
            if name in node:
                self.visit(child, node[name], result, f"{context}.{name}")
        result.score += 1

    # --- any value -------------------------------------------------------------------------

    def _combinations(self, schema: Schema, node: Any, result: _Result, context: str) -> None:
        if schema.any_of:
            self._any_of(schema.any_of, node, result, context)
        if schema.one_of:
            self._one_of(schema.one_of, node, result, context)
        if schema.all_of:
            found = [self.check(child, node, context) for child in schema.all_of]
            for one in found:
                result.merge(one)
            if any(one.errors for one in found):
                result.add("number_all_of", context, "Must validate all the schemas (allOf)")
        if schema.negated and not self.check(schema.negated, node, context).errors:
            result.add("number_not", context, "Must not validate the schema (not)")
        if isinstance(node, dict):
            self._dependencies(schema, node, result, context)
        if schema.condition:
            holds = not self.check(schema.condition, node, context).errors
            then = schema.consequence if holds else schema.alternative
            found_errors = self.check(then, node, context) if then else _Result()
            if found_errors.errors:
                branch = "then" if holds else "else"
                result.add(f"condition_{branch}", context, _CONDITIONS[branch])
                result.merge(found_errors)
        result.score += 1

    def _any_of(self, schemas: list[Schema], node: Any, result: _Result, context: str) -> None:
        found = []
        for child in schemas:
            one = self.check(child, node, context)
            if not one.errors:
                return
            found.append(one)
        result.add("number_any_of", context, "Must validate at least one schema (anyOf)")
        result.merge(_best(found))

    def _one_of(self, schemas: list[Schema], node: Any, result: _Result, context: str) -> None:
        found = [self.check(child, node, context) for child in schemas]
        valid = sum(not one.errors for one in found)
        if valid == 1:
            return
        result.add("number_one_of", context, "Must validate one and only one schema (oneOf)")
        if not valid:
            result.merge(_best(found))

    def _dependencies(
        self, schema: Schema, node: dict[str, Any], result: _Result, context: str
    ) -> None:
        for name, needed in schema.dependencies.items():
            if name not in node:
                continue
            if isinstance(needed, Schema):
                self.visit(needed, node, result, context)
                continue
            for other in needed:
                if other not in node:
                    result.add("missing_dependency", context, f"Has a dependency on {other}")

    def _common(self, schema: Schema, node: Any, result: _Result, context: str) -> None:
        place = _field(context)
        if schema.constant is not None and literal(node) != schema.constant:
            result.add("const", context, f"{place} does not match: {schema.constant}")
        if schema.enumeration is not None and literal(node) not in schema.enumeration:
            allowed = ", ".join(schema.enumeration) or "(none)"
            message = f"{place} must be one of the following: {allowed}"
            result.add("enum", context, message)
        if schema.format and isinstance(node, str) and not has_format(schema.format, node):
            result.add("format", context, f"Does not match format '{schema.format}'")
        result.score += 1

    # --- arrays ----------------------------------------------------------------------------

    def _array(self, schema: Schema, node: list[Any], result: _Result, context: str) -> None:
        self._items(schema, node, result, context)
        least, most = schema.counts.get("minItems", 0), schema.counts.get("maxItems", len(node))
        if len(node) < least:
            result.add("array_min_items", context, f"Array must have at least {least} items")
        if len(node) > most:
            result.add("array_max_items", context, f"Array must have at most {most} items")
        if schema.unique:
            seen: dict[str, int] = {}
            for place, item in enumerate(node):
                text = literal(item)
                if text in seen:
                    message = f"array items[{seen[text]},{place}] must be unique"
                    result.add("unique", context, message)
                seen[text] = place
        if schema.contains:
            self._contains(schema.contains, node, result, context)
        result.score += 1

    def _items(self, schema: Schema, node: list[Any], result: _Result, context: str) -> None:
        if isinstance(schema.items, Schema):
            pairs: Iterable[tuple[Schema, int]] = ((schema.items, n) for n in range(len(node)))
        elif schema.items:
            known = min(len(schema.items), len(node))
            pairs = list(zip(schema.items, range(known), strict=False))
            if isinstance(schema.additional_items, Schema):
                pairs += [(schema.additional_items, n) for n in range(known, len(node))]
        else:
            return
        for child, place in pairs:
            result.merge(self.check(child, node[place], f"{context}.{place}"))
        extra = isinstance(schema.items, list) and len(schema.items) < len(node)
        if extra and schema.additional_items is False:
            message = "No additional items allowed on array"
            result.add("array_no_additional_items", context, message)

    def _contains(self, schema: Schema, node: list[Any], result: _Result, context: str) -> None:
        found = []
        for place, item in enumerate(node):
            one = self.check(schema, item, f"{context}.{place}")
            if not one.errors:
                return
            found.append(one)
        result.add("contains", context, "At least one of the items must match")
        if found:
            result.merge(_best(found))

    # --- objects ---------------------------------------------------------------------------

    def _object(self, schema: Schema, node: dict[str, Any], result: _Result, context: str) -> None:
        least = schema.counts.get("minProperties", 0)
        most = schema.counts.get("maxProperties", len(node))
        if len(node) < least:
            result.add("array_min_properties", context, f"Must have at least {least} properties")
        if len(node) > most:
            result.add("array_max_properties", context, f"Must have at most {most} properties")
        for name in schema.required:
            if name in node:
                result.score += 1
            else:
                result.add("required", context, f"{name} is required")
        for name in sorted(node):
            self._property(schema, name, node[name], result, context)
        for name in sorted(node) if schema.property_names else ():
            one = self.check(schema.property_names or Schema(), name, context)
            if one.errors:
                message = f'Property name of "{name}" does not match'
                result.add("invalid_property_name", context, message)
                result.merge(one)
        result.score += 1

    def _property(
        self, schema: Schema, name: str, value: Any, result: _Result, context: str
    ) -> None:
        """What `patternProperties` or `additionalProperties` say of a property."""
        matching = [child for pattern, child in schema.pattern_properties if pattern.matches(name)]
        for child in matching:
            result.merge(self.check(child, value, f"{context}.{name}"))
        result.score += bool(matching)
        if matching or name in schema.properties:
            return
        if schema.additional_properties is False:
            message = f"Additional property {name} is not allowed"
            result.add("additional_property_not_allowed", context, message)
        elif isinstance(schema.additional_properties, Schema):
            result.merge(self.check(schema.additional_properties, value, f"{context}.{name}"))

    # --- strings and numbers ---------------------------------------------------------------

    def _string(self, schema: Schema, node: str, result: _Result, context: str) -> None:
        least = schema.counts.get("minLength", 0)
        most = schema.counts.get("maxLength", len(node))
        length = "String length must be"
        if len(node) < least:
            result.add("string_gte", context, f"{length} greater than or equal to {least}")
        if len(node) > most:
            result.add("string_lte", context, f"{length} less than or equal to {most}")
        if schema.pattern is not None and not schema.pattern.matches(node):
            message = f"Does not match pattern '{schema.pattern_text}'"
            result.add("pattern", context, message)
        result.score += 1

    def _number(self, schema: Schema, node: int | Decimal, result: _Result, context: str) -> None:
        bounds = schema.numbers
        step = bounds.get("multipleOf")
        if step is not None and not _is_multiple(node, step):
            result.add("multiple_of", context, f"Must be a multiple of {_shown(step)}")
        for key, (kind, signs, words) in _BOUNDS.items():
            if key in bounds and (node > bounds[key]) - (node < bounds[key]) in signs:
                result.add(kind, context, f"Must be {words} {_shown(bounds[key])}")
        result.score += 1


def _best(found: list[_Result]) -> _Result:
    """The result with the highest score, the first of equals."""
    return max(found, key=lambda one: one.score)


def _is_multiple(node: int | Decimal, step: int | Decimal) -> bool:
    if isinstance(node, int) and isinstance(step, int):
        return node % step == 0
    left, right = Decimal(node).as_integer_ratio(), Decimal(step).as_integer_ratio()
    return left[0] * right[1] % (left[1] * right[0]) == 0
