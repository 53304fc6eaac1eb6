r"""YAML as OPA writes it: `yaml.marshal`.

Rules:

- Block style; keys in go-yaml's natural order (`a2` before `a10`); sequences are indented.
- A string is plain where it reads back as itself, a block where it has line breaks, else in
  double quotes.

Source: OPA `v1/topdown/encoding.go`; sigs.k8s.io/yaml; go-yaml v2 `encode.go`, `sorter.go`.

Example:
    yaml_marshal({"b": [1, "yes"], "a": None})
    # 'a: null\nb:\n- 1\n- "yes"\n'
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from functools import cache, cmp_to_key
from typing import Any, Final

from probanda.rego.builtins.format_verbs import Flags, format_argument
from probanda.rego.builtins.interface import Builtin, define
from probanda.rego.builtins.json_text import encode, key_text
from probanda.rego.builtins.text import octets
from probanda.rego.builtins.yaml_read import is_plain_string
from probanda.rego.values import RegoSet, exact, sorted_values, unkey

_INT64: Final = 1 << 63
# Lines are never folded.
_NEVER: Final = 1 << 40


def yaml_marshal(value: Any) -> str:
    """A value as YAML text."""
    import yaml

    # JSON text is bounded, and so is what has no more parts than it.
    encode(value)
    events = [
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        *_events(value, yaml),
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ]
    stream = io.StringIO()
    emitter = _emitter()(stream, allow_unicode=True, width=_NEVER)
    for event in events:
        emitter.emit(event)
    text = stream.getvalue()
    # libyaml marks the end of a document that is one plain scalar; go-yaml does not.
    return text.removesuffix("...\n")


@cache
def _emitter() -> Any:
    """PyYAML's emitter, with sequences indented below their keys."""
    from yaml.emitter import Emitter

    class Indented(Emitter):
        """Never indentless."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # PyYAML's interface
            """One level deeper."""
            super().increase_indent(flow, False)  # noqa: FBT003  # PyYAML's interface

        def check_empty_document(self) -> bool:
            """An empty string is no empty document."""
            return False

        def check_simple_key(self) -> bool:
            """An empty string is a simple key."""
            return getattr(self.event, "value", None) == "" or bool(super().check_simple_key())

    return Indented


def _events(value: Any, yaml: Any) -> Iterator[Any]:
    """The events of a value."""
    if isinstance(value, dict):
        found = {key_text(unkey(name)): item for name, item in value.items()}
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=not found)
        for name in sorted(found, key=cmp_to_key(_natural)):
            yield from _events(name, yaml)
            yield from _events(found[name], yaml)
        yield yaml.MappingEndEvent()
    elif isinstance(value, list | RegoSet):
        items = sorted_values(value) if isinstance(value, RegoSet) else value
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=not items)
        for item in items:
            yield from _events(item, yaml)
        yield yaml.SequenceEndEvent()
    else:
        yield _scalar(value, yaml)


def _scalar(value: Any, yaml: Any) -> Any:
    """The event of a scalar."""
    if isinstance(value, str):
        return _string(value, yaml)
    if value is None or isinstance(value, bool):
        text = "null" if value is None else str(value).lower()
    else:
        number = exact(value)
        if isinstance(number, int) and -_INT64 <= number < 2 * _INT64:
            text = str(number)
        else:
            text = format_argument(float(number), "g", Flags())
    return yaml.ScalarEvent(None, None, (True, True), text)


def _string(text: str, yaml: Any) -> Any:
    try:
        text.encode()
    except UnicodeEncodeError:
        data = base64.b64encode(octets(text)).decode()
        return yaml.ScalarEvent(None, "!!binary", (False, False), data)
    if max(text, default="") > "\uffff":
        style: str | None = '"'
    elif "\n" in text:
        style = "|"
    elif is_plain_string(text):
        style = None
    else:
        style = '"'
    return yaml.ScalarEvent(None, None, (True, True), text, style=style)


def _natural(left: str, right: str) -> int:
    """go-yaml's order of keys: numbers inside by value, letters after the rest."""
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        if one == other:
            continue
        if one.isalpha() and other.isalpha():
            return -1 if one < other else 1
        if one.isalpha() or other.isalpha():
            return -1 if other.isalpha() else 1
        return _by_number(left, right, at)
    return len(left) - len(right)


def _by_number(left: str, right: str, at: int) -> int:
    """The order of two keys that differ from a digit or sign on."""
    start = 0
    if "0" in {left[at], right[at]}:
        before = at - 1
        while before >= 0 and left[before].isdigit():
            if left[before] != "0":
                start = 1
                break
            before -= 1
    numbers, ends = [], []
    for text in (left, right):
        number, end = start, at
        while end < len(text) and text[end].isdecimal():
            number = number * 10 + int(text[end])
            end += 1
        numbers.append(number)
        ends.append(end)
    if numbers[0] != numbers[1]:
        return numbers[0] - numbers[1]
    if ends[0] != ends[1]:
        return ends[0] - ends[1]
    return -1 if left[at] < right[at] else 1


BUILTINS: Final[list[Builtin]] = define({"yaml.marshal": yaml_marshal})
