"""YAML into a located tree, through libyaml's events and our own rules.

Rules:

- UTF-8, YAML 1.2: one document, or a stream of them for `load_yaml_documents`. Events
  are read one by one, so that depth and count are checked before anything is built and
  nothing recurses.
- Refused: several documents where one is asked for, duplicate keys, keys that are not
  text, merge keys (`<<`), tags other than the core schema's, `%YAML 1.1`, alias cycles,
  and more nodes than the limit *after* expansion of aliases ("billion laughs").
- PyYAML's own resolver is never used: it makes `NO` false and `22:22` 1342.

Example:

    >>> to_plain(load_yaml(b"country: NO", path="x.yaml"))
    {'country': 'NO'}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from probanda.errors import ParseError
from probanda.model.location import Location
from probanda.parse.limits import DEFAULT, Limits, decode
from probanda.parse.tree import (
    MappingNode,
    ScalarNode,
    SequenceNode,
    YamlNode,
    resolve,
    to_plain,
)

__all__ = [
    "MappingNode",
    "ScalarNode",
    "SequenceNode",
    "YamlNode",
    "load_yaml",
    "load_yaml_documents",
    "to_plain",
]

# A rendered chart of a large platform has some hundred.
MAX_DOCUMENTS = 10_000

_CORE = "tag:yaml.org,2002:"
_SCALAR_TAGS = frozenset(("str", "null", "bool", "int", "float"))
# libyaml when PyYAML was built with it; its own parser otherwise: the same events.
_LOADER: Any = getattr(yaml, "CLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Frame:
    """A collection under construction."""

    location: Location
    anchor: str | None
    sequence: bool
    items: list[YamlNode] = field(default_factory=list)
    entries: dict[str, YamlNode] = field(default_factory=dict)
    keys: dict[str, Location] = field(default_factory=dict)
    key: str | None = None
    nodes: int = 1
    height: int = 1

    def close(self) -> YamlNode:
        """The finished node."""
        if self.sequence:
            return SequenceNode(tuple(self.items), self.location)
        return MappingNode(self.entries, self.keys, self.location)


class _Builder:
    """Turns events into a tree; a stack of frames instead of recursion."""

    def __init__(self, path: str, limits: Limits, nodes: int = 0) -> None:
        self._path = path
        self._limits = limits
        self._stack: list[_Frame] = []
        self._open_anchors: set[str] = set()
        # anchor -> (node, nodes after expansion, height)
        self._anchors: dict[str, tuple[YamlNode, int, int]] = {}
        self.nodes = nodes
        self.root: YamlNode | None = None

    def take(self, event: yaml.events.Event) -> None:
        """One event.

        Raises:
            ParseError: see the module's rules.
        """
        where = _place_of(event.start_mark, self._path)
        if isinstance(event, yaml.events.ScalarEvent):
            self._scalar(event, where)
        elif isinstance(event, yaml.events.CollectionStartEvent):
            self._open(event, where)
        elif isinstance(event, yaml.events.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.events.AliasEvent):
            self._alias(event, where)
        elif isinstance(event, yaml.events.DocumentStartEvent):
            self._document(event, where)

    def _document(self, event: yaml.events.DocumentStartEvent, where: Location) -> None:
        if self.root is not None:
            raise ParseError("more than one document in the file", location=where)
        if event.version is not None and tuple(event.version) != (1, 2):
            raise ParseError("only YAML 1.2 is supported", location=where)

    def _scalar(self, event: yaml.events.ScalarEvent, where: Location) -> None:
        tag = self._tag(event.tag, where)
        if tag and tag not in _SCALAR_TAGS:
            raise ParseError(f"a scalar tagged !!{tag}", location=where)
        # `implicit[0]`: plain, so that the resolver reads it; otherwise quoted or a block.
        node = ScalarNode(event.value, tag or ("" if event.implicit[0] else "str"), where)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and not frame.sequence and frame.key is None:
            self._key(frame, node)
            self._register(event.anchor, node, 1, 0, where)
        else:
            self._register(event.anchor, node, 1, 0, where)
            self._attach(node, 1, 0, where)

    def _key(self, frame: _Frame, node: ScalarNode) -> None:
        if node.text == "<<" and not node.tag:
            raise ParseError(
                "merge keys (<<) are not supported",
                location=node.location,
                hint="repeat the fields, or use an alias for a whole value",
            )
        if not isinstance(resolve(node), str):
            raise ParseError("a key must be text", location=node.location, hint="quote the key")
        if node.text in frame.entries:
            raise ParseError(
                f"duplicate key {node.text[:80]!r}, first given at {frame.keys[node.text]}",
                location=node.location,
                hint="remove one of the two",
            )
        self._count(1, node.location)
        frame.nodes += 1
        frame.key = node.text
        frame.keys[node.text] = node.location

    def _open(self, event: yaml.events.CollectionStartEvent, where: Location) -> None:
        sequence = isinstance(event, yaml.events.SequenceStartEvent)
        tag = self._tag(event.tag, where)
        if tag and tag != ("seq" if sequence else "map"):
            raise ParseError(
                f"a {'list' if sequence else 'mapping'} tagged !!{tag}", location=where
            )
        frame = self._stack[-1] if self._stack else None
        if frame is not None and not frame.sequence and frame.key is None:
            raise ParseError("a key must be text", location=where, hint="quote the key")
        self._depth(len(self._stack) + 1, where)
        self._count(1, where)
        if event.anchor is not None:
            self._new_anchor(event.anchor, where)
            self._open_anchors.add(event.anchor)
        self._stack.append(_Frame(where, event.anchor, sequence))

    def _close(self) -> None:
        frame = self._stack.pop()
        node = frame.close()
        if frame.anchor is not None:
            self._open_anchors.discard(frame.anchor)
            self._anchors[frame.anchor] = (node, frame.nodes, frame.height)
        self._place(node, frame.nodes, frame.height)

    def _alias(self, event: yaml.events.AliasEvent, where: Location) -> None:
        anchor = str(event.anchor)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and not frame.sequence and frame.key is None:
            raise ParseError("an alias as a key is not supported", location=where)
        if anchor in self._open_anchors:
            raise ParseError(f"alias *{anchor[:80]} refers to itself", location=where)
        if anchor not in self._anchors:
            raise ParseError(f"alias *{anchor[:80]} names no anchor above it", location=where)
        node, nodes, height = self._anchors[anchor]
        self._attach(node, nodes, height, where)

    def _attach(self, node: YamlNode, nodes: int, height: int, where: Location) -> None:
        self._depth(len(self._stack) + height, where)
        self._count(nodes, where)
        self._place(node, nodes, height)

    def _place(self, node: YamlNode, nodes: int, height: int) -> None:
        if not self._stack:
            self.root = node
            return
        frame = self._stack[-1]
        frame.nodes += nodes
        frame.height = max(frame.height, height + 1)
        if frame.sequence:
            frame.items.append(node)
        elif frame.key is not None:
            frame.entries[frame.key] = node
            frame.key = None

    def _register(
        self, anchor: str | None, node: YamlNode, nodes: int, height: int, where: Location
    ) -> None:
        if anchor is not None:
            self._new_anchor(anchor, where)
            self._anchors[anchor] = (node, nodes, height)

    def _new_anchor(self, anchor: str, where: Location) -> None:
        # YAML lets an anchor be redefined; readers of the text would not notice.
        if anchor in self._anchors or anchor in self._open_anchors:
            raise ParseError(f"anchor &{anchor[:80]} is defined twice", location=where)

    def _tag(self, tag: str | None, where: Location) -> str:
        if tag is None:
            return ""
        name = tag.removeprefix(_CORE)
        if name == tag or name not in _SCALAR_TAGS | {"seq", "map"}:
            raise ParseError("tags are not supported", location=where, hint="remove the tag")
        return name

    def _depth(self, depth: int, where: Location) -> None:
        if depth > self._limits.max_depth:
            raise ParseError(
                f"nested deeper than the limit of {self._limits.max_depth}", location=where
            )

    def _count(self, nodes: int, where: Location) -> None:
        self.nodes += nodes
        if self.nodes > self._limits.max_nodes:
            raise ParseError(
                f"more than the limit of {self._limits.max_nodes} nodes, aliases expanded",
                location=where,
            )


def load_yaml(data: bytes, *, path: str, limits: Limits = DEFAULT) -> YamlNode:
    """The one document in `data` as a located tree.

    Raises:
        ParseError: malformed, ambiguous or beyond a limit; see the module's rules.
    """
    builder = _Builder(path, limits)
    for event in _events(decode(data, path=path, limits=limits), path):
        builder.take(event)
    if builder.root is None:
        raise ParseError("the file holds no document", location=Location(path))
    return builder.root


def load_yaml_documents(
    data: bytes, *, path: str, limits: Limits = DEFAULT, max_documents: int = MAX_DOCUMENTS
) -> tuple[YamlNode, ...]:
    """Every document of a YAML stream as a located tree; empty ones are left out.

    Anchors end with their document; limits hold for all documents together.

    Raises:
        ParseError: as `load_yaml`, or more documents than the limit.
    """
    builders: list[_Builder] = []
    for event in _events(decode(data, path=path, limits=limits), path):
        if isinstance(event, yaml.events.DocumentStartEvent):
            if len(builders) == max_documents:
                where = _place_of(event.start_mark, path)
                raise ParseError(
                    f"more than the limit of {max_documents} documents", location=where
                )
            builders.append(_Builder(path, limits, builders[-1].nodes if builders else 0))
        if builders:
            builders[-1].take(event)
    roots = (builder.root for builder in builders)
    return tuple(root for root in roots if root is not None and not _is_empty(root))


def _is_empty(root: YamlNode) -> bool:
    """Whether nothing stands between two document markers; an explicit `null` is something."""
    return isinstance(root, ScalarNode) and not root.text and not root.tag


def _events(text: str, path: str) -> Iterator[yaml.events.Event]:
    """The events of libyaml; its errors as `ParseError`."""
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.events.ScalarEvent):
                event.value.encode()  # the pure Python parser lets "\ud800" through
            yield event
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = _place_of(mark, path)
        raise ParseError(f"not valid YAML: {error.problem}", location=where) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ParseError(
            "not valid YAML: a control character", location=Location(path, line)
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # A `\U` escape beyond Unicode, a lone surrogate.
        raise ParseError("not valid YAML: an invalid character", location=Location(path)) from error


def _place_of(mark: Any, path: str) -> Location:
    return Location(path, mark.line + 1, mark.column + 1) if mark is not None else Location(path)
