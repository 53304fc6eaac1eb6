"""A JSON value that knows where it stands, so that a wrong one is refused with its line.

Rules:

- For formats that no installed library brings a schema of: a reader asks for what it
  needs, by name and type, and whatever is of another type is refused. `null` is a value of
  the wrong type, never an absent one.
- A refusal names the place twice: as line and column, for which the text is read again,
  and as a path (`$.runs[0].tool`). It never shows the value.
- Integers are non-negative and at most 2^53-1: nothing that is counted here is anything
  else, and RFC 8785 writes no greater ones.

Example:

    >>> node = read_node(b'{"runs": [{}]}', source="a.sarif")
    >>> node.objects("runs")[0].text("name")
    CollectError: a.sarif:1:11: $.runs[0].name is missing
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from probanda.errors import CollectError
from probanda.model.instant import format_instant, parse_instant
from probanda.model.location import Location
from probanda.parse.json import load_json, load_json_tree
from probanda.parse.tree import MappingNode, SequenceNode, YamlNode

# RFC 8785 section 3.2.2.3.
MAX_INTEGER = 2**53 - 1
# Reading 8 MiB again as a located tree takes some seconds.
_MAX_LOCATED = 8 << 20
_NAMES = {dict: "an object", list: "a list", str: "text", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class _Text:
    """Where a value came from."""

    data: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a JSON document.

    Attributes:
        value: plain JSON value.
    """

    value: Any
    _text: _Text
    _parent: Node | None = None
    _key: str | int = ""

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    @property
    def steps(self) -> list[str | int]:
        """Keys and indices that lead here."""
        return [] if self._parent is None else [*self._parent.steps, self._key]

    @property
    def path(self) -> str:
        """`$.runs[0].tool`."""
        steps = (f"[{one}]" if isinstance(one, int) else f".{one[:80]}" for one in self.steps)
        return "$" + "".join(steps)

    def refuse(self, reason: str, *, hint: str | None = None) -> NoReturn:
        """Raise `CollectError` for this place; `reason` goes on after the path."""
        raise CollectError(f"{self.path} {reason}", location=self._locate(), hint=hint)

    def child(self, key: str) -> Node:
        """The value of a key, which must be there."""
        if key not in self:
            absent = Node(None, self._text, self, key)
            raise CollectError(f"{absent.path} is missing", location=self._locate())
        return Node(self.value[key], self._text, self, key)

    def object(self, key: str) -> Node:
        """An object, which must be there."""
        return self.child(key).expect(dict)

    def object_or_none(self, key: str) -> Node | None:
        """An object, where it is there."""
        return self.object(key) if key in self else None

    def items(self, key: str) -> list[Node]:
        """The values of a list; none where it is absent."""
        return self.child(key).elements() if key in self else []

    def objects(self, key: str) -> list[Node]:
        """The objects of a list; none where it is absent."""
        return [item.expect(dict) for item in self.items(key)]

    def elements(self) -> list[Node]:
        """The values of this list."""
        values = self.expect(list).value
        return [Node(item, self._text, self, index) for index, item in enumerate(values)]

    def entries(self) -> Iterator[tuple[str, Node]]:
        """Keys and values of this object."""
        for key, value in self.expect(dict).value.items():
            yield key, Node(value, self._text, self, key)

    def text(self, key: str, default: str | None = None) -> str:
        """Text; without a default it must be there and not be empty."""
        if key not in self and default is not None:
            return default
        node = self.child(key)
        if node.expect(str).value == "" and default is None:
            node.refuse("is empty")
        return str(node.value)

    def texts(self, key: str) -> list[str]:
        """A list of texts; empty where it is absent."""
        return [str(item.expect(str).value) for item in self.items(key)]

    def word(self, key: str, words: Collection[str], default: str | None = None) -> str:
        """One of `words`."""
        if key not in self and default is not None:
            return default
        node = self.child(key).expect(str)
        if node.value not in words:
            node.refuse("is an unknown word", hint=f"one of {', '.join(sorted(words))}")
        return str(node.value)

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """`true` or `false`."""
        if key not in self and default is not None:
            return default
        return bool(self.child(key).expect(bool).value)

    def count(self, key: str) -> int:
        """A number of things: a whole number from 0, which must be there."""
        return self.child(key).as_count()

    def as_count(self) -> int:
        """This value as a number of things; `5.0` is one, as Go writes floats."""
        value = self.value
        whole = isinstance(value, float) and value.is_integer()
        if isinstance(value, bool) or not (isinstance(value, int) or whole):
            self.refuse("must be a whole number")
        if not 0 <= value <= MAX_INTEGER:
            self.refuse("must be from 0 to 2^53-1")
        return int(value)

    def amount(self, key: str) -> int | float:
        """A measured number from 0, as written."""
        return self.child(key).as_amount()

    def as_amount(self) -> int | float:
        """This value as a measured number from 0."""
        value: int | float = self.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse("must be a number")
        if not 0 <= value <= MAX_INTEGER:
            self.refuse("must be from 0 to 2^53-1")
        return value

    def instant(self, key: str) -> str:
        """An RFC 3339 instant in UTC; empty where it is absent."""
        if key not in self:
            return ""
        node = self.child(key).expect(str)
        try:
            return format_instant(parse_instant(node.value))
        except ValueError:
            node.refuse("is no RFC 3339 instant with a time zone")

    def expect(self, kind: type) -> Node:
        """This value, which must be of the type."""
        if not isinstance(self.value, kind):
            self.refuse(f"must be {_NAMES[kind]}")
        return self

    def _locate(self) -> Location:
        """Line and column, for which the text is read again; of a large one only the name."""
        if len(self._text.data) > _MAX_LOCATED:
            return Location(self._text.source)
        node: YamlNode = load_json_tree(self._text.data, path=self._text.source)
        for step in self.steps:
            if isinstance(node, MappingNode) and isinstance(step, str):
                node = node.entries[step]
            elif isinstance(node, SequenceNode) and isinstance(step, int):
                node = node.items[step]
        return node.location


def read_node(data: bytes, *, source: str) -> Node:
    """The object that a JSON document is.

    Raises:
        ParseError: not strict JSON.
        CollectError: not an object.
    """
    return Node(load_json(data, path=source), _Text(data, source)).expect(dict)
