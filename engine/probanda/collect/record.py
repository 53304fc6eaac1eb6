"""Objects of foreign documents, read field by field.

Rules:

- A field is asked for by type. A wrong type is a `CollectError` that names the place
  and the type found, never the value: it may be a secret.
- `null` is absence. What is absent stays absent (`present` leaves it out), never 0 or "".
- Integers beyond ±(2^53−1) become text (`exact`): canonical JSON has no form for them.

Example:

    >>> Record.root({"name": "web", "size": None}, "a.json").optional_integer("size") is None
    True
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probanda.errors import CollectError
from probanda.model.instant import format_instant, parse_instant
from probanda.model.location import Location

# RFC 7493 section 2.2.
MAX_EXACT_INTEGER = (1 << 53) - 1
MAX_TEXT = 4_096
# What stands for a value that is secret, or that nobody knows yet. An object, so that it
# equals no value of the kind that a policy expects, and sorts above numbers and text in Rego.
SENSITIVE: Mapping[str, bool] = {"$sensitive": True}
UNKNOWN: Mapping[str, bool] = {"$unknown": True}

_NAMES = {dict: "an object", list: "a list", str: "text", bool: "a boolean", int: "a number",
          float: "a number", type(None): "null"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """A JSON object at a place of an artifact.

    Attributes:
        values: its fields.
        location: of the object, as far as known.
        place: path of the object from the document's root, `$.runs[0]`.
    """

    values: Mapping[str, Any]
    location: Location
    place: str = "$"

    @classmethod
    def root(cls, value: Any, source: str, *, expected: str = "") -> Record:
        """The document itself.

        Raises:
            CollectError: it is no object.
        """
        if not isinstance(value, dict):
            message = f"the document is {kind_of(value)}, not an object"
            raise CollectError(message, location=Location(source), hint=expected or None)
        return cls(value, Location(source))

    def error(self, message: str, key: str = "", *, hint: str | None = None) -> CollectError:
        """An error about this object, or about its field `key`."""
        place = f"{self.place}.{key[:80]}" if key else self.place
        return CollectError(f"{place}: {message}", location=self.location, hint=hint)

    def optional(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """The field, of that type; `None` when absent or null."""
        value = self.values.get(key)
        if value is None:
            return None
        wanted = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            raise self.error(f"{kind_of(value)} where {_NAMES[wanted[0]]} belongs", key)
        return value

    def required(self, key: str, kind: type | tuple[type, ...]) -> Any:
        """The field, of that type.

        Raises:
            CollectError: absent, null, or of another type.
        """
        value = self.optional(key, kind)
        if value is None:
            raise self.error("is missing", key)
        return value

    def text(self, key: str) -> str:
        """A required text that is not empty."""
        value = self.optional_text(key)
        if value is None:
            raise self.error("is missing or empty", key)
        return value

    def optional_text(self, key: str) -> str | None:
        """A text of at most 4,096 characters; `None` when absent, null or empty."""
        value: str | None = self.optional(key, str)
        if value is not None and len(value) > MAX_TEXT:
            raise self.error(f"longer than {MAX_TEXT} characters", key)
        return value or None

    def optional_boolean(self, key: str) -> bool | None:
        """A boolean."""
        value: bool | None = self.optional(key, bool)
        return value

    def optional_integer(self, key: str) -> int | None:
        """A number of things: 0 to 2^53−1."""
        value: int | None = self.optional(key, int)
        if value is not None and not 0 <= value <= MAX_EXACT_INTEGER:
            raise self.error("out of range", key)
        return value

    def optional_instant(self, key: str) -> str | None:
        """An RFC 3339 instant, in UTC and whole seconds."""
        text = self.optional_text(key)
        if text is None:
            return None
        try:
            return format_instant(parse_instant(text))
        except ValueError:
            raise self.error("is no RFC 3339 instant with a time zone", key) from None

    def record(self, key: str) -> Record:
        """A required object."""
        return self._child(self.required(key, dict), key)

    def optional_record(self, key: str) -> Record | None:
        """An object."""
        value = self.optional(key, dict)
        return None if value is None else self._child(value, key)

    def records(self, key: str) -> Iterator[Record]:
        """The objects of a list; none when it is absent."""
        for number, value in enumerate(self.optional(key, list) or ()):
            if not isinstance(value, dict):
                raise self.error(f"[{number}] is {kind_of(value)}, not an object", key)
            yield self._child(value, f"{key}[{number}]")

    def entries(self, key: str) -> Iterator[tuple[str, Record]]:
        """Name and object of each field of an object; none when it is absent."""
        inner = self.optional_record(key)
        if inner is not None:
            for name in inner.values:
                yield name, inner.record(name)

    def texts(self, key: str) -> list[str]:
        """The texts of a list; none when it is absent."""
        values = self.optional(key, list) or []
        for number, value in enumerate(values):
            if not isinstance(value, str) or len(value) > MAX_TEXT:
                raise self.error(f"[{number}] is no text of at most {MAX_TEXT} characters", key)
        return list(values)

    def only(self, *known: str) -> None:
        """Refuse fields that nobody here knows."""
        for key in self.values:
            if key not in known:
                raise self.error("is no known field", key, hint=f"known: {', '.join(known)}")

    def _child(self, value: Mapping[str, Any], key: str) -> Record:
        return Record(value, self.location, f"{self.place}.{key[:80]}")


def kind_of(value: object) -> str:
    """The type of a JSON value, for messages."""
    return _NAMES.get(type(value), "something else")


def present(**fields: Any) -> dict[str, Any]:
    """The fields that are not `None`."""
    return {key: value for key, value in fields.items() if value is not None}


def exact(value: Any) -> Any:
    """The JSON value with integers beyond ±(2^53−1) as text; parsers bound its depth."""
    if isinstance(value, dict):
        return {key: exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [exact(inner) for inner in value]
    if isinstance(value, int) and not -MAX_EXACT_INTEGER <= value <= MAX_EXACT_INTEGER:
        return str(value)
    return value
