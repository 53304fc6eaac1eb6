"""Typed access to the fields of untrusted JSON objects.

Rules:

- A field has the type asked for, or the document is refused; `true` is no integer.
- Base64 is the standard alphabet with padding, in its one canonical spelling.
- Errors name the document and the field, never the value.

Example:

    reader = Fields(load_json(data, path="x.json"), "x.json")
    reader.text("name"), reader.child("spec").integer("size")
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from probanda.errors import ParseError
from probanda.model.instant import parse_instant
from probanda.model.location import Location

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Fields:
    """One JSON object of the document at `path`; `where` is the dotted way to it."""

    def __init__(self, value: object, path: str, where: str = "") -> None:
        self.path = path
        self.where = where
        if not isinstance(value, dict):
            raise self.bad("not an object")
        self._value: dict[str, Any] = value

    def bad(self, problem: str, key: str = "") -> ParseError:
        """An error about this object or its field `key`."""
        name = ".".join(part for part in (self.where, key) if part)
        return ParseError(f"{name or 'the document'}: {problem}", location=Location(self.path))

    def __contains__(self, key: str) -> bool:
        return key in self._value

    def only(self, *keys: str) -> Fields:
        """Itself, if it has no other fields."""
        if unknown := sorted(set(self._value) - set(keys)):
            raise self.bad(f"unknown field {unknown[0][:80]!r}")
        return self

    def get(self, key: str) -> Any:
        """The value of a field that must be there."""
        if key not in self._value:
            raise self.bad("missing", key)
        return self._value[key]

    def text(self, key: str, default: str | None = None) -> str:
        """A string; `default` when the field may be absent."""
        if default is not None and key not in self._value:
            return default
        value = self.get(key)
        if not isinstance(value, str):
            raise self.bad("not a string", key)
        return value

    def integer(self, key: str) -> int:
        """A natural number written as a JSON number."""
        value = self.get(key)
        if type(value) is not int or value < 0:
            raise self.bad("not a natural number", key)
        return value

    def decimal(self, key: str) -> int:
        """A natural number of 64 bits written as a string, as protobuf's JSON does."""
        value = self.text(key)
        if not _DECIMAL.fullmatch(value):
            raise self.bad("not a natural number in a string", key)
        return int(value)

    def sha256(self, key: str) -> str:
        """A SHA-256 in lower-case hexadecimal."""
        value = self.text(key)
        if not _SHA256.fullmatch(value):
            raise self.bad("not a SHA-256 in lower-case hexadecimal", key)
        return value

    def data(self, key: str) -> bytes:
        """Base64; never empty."""
        return self._decode(self.get(key), key)

    def instant(self, key: str) -> datetime:
        """An RFC 3339 instant."""
        try:
            return parse_instant(self.text(key))
        except ValueError:
            raise self.bad("not an RFC 3339 instant", key) from None

    def child(self, key: str) -> Fields:
        """A nested object."""
        return Fields(self.get(key), self.path, f"{self.where}.{key}".lstrip("."))

    def items(self, key: str, limit: int) -> Sequence[Any]:
        """A list of at most `limit` items."""
        value = self.get(key)
        if not isinstance(value, list):
            raise self.bad("not a list", key)
        if len(value) > limit:
            raise self.bad(f"more than {limit} items", key)
        return value

    def children(self, key: str, limit: int) -> tuple[Fields, ...]:
        """A list of objects."""
        return tuple(
            Fields(item, self.path, f"{self.where}.{key}[{index}]".lstrip("."))
            for index, item in enumerate(self.items(key, limit))
        )

    def data_list(self, key: str, limit: int) -> tuple[bytes, ...]:
        """A list of base64 strings."""
        return tuple(self._decode(item, key) for item in self.items(key, limit))

    def _decode(self, value: object, key: str) -> bytes:
        if not isinstance(value, str):
            raise self.bad("not a string", key)
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if not data or base64.b64encode(data).decode() != value:
            raise self.bad("not canonical base64", key)
        return data


def encode(data: bytes) -> str:
    """Standard base64 with padding."""
    return base64.b64encode(data).decode()
