"""YAML as OPA reads it: `yaml.unmarshal`, `yaml.is_valid`.

Rules:

- Scalars mean what go-yaml v3 makes of them: `yes` and `on` are strings, `010` is 8, a date
  is a string. Keys become strings, as in JSON.
- Only the first document counts. A repeated key's last value counts. `<<` merges.
- Depth, and size with all aliases written out, are bounded; beyond that the query fails.

Source: OPA `v1/topdown/encoding.go`; sigs.k8s.io/yaml; go-yaml v3 `resolve.go`, `decode.go`.

Example:
    yaml_unmarshal("a: [1, yes]")   # {"a": [1, True]}
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from probanda.rego.builtins.encodings import decode_base64
from probanda.rego.builtins.format_verbs import Flags, format_argument
from probanda.rego.builtins.interface import Builtin, BuiltinError, define, limit, string
from probanda.rego.builtins.text import from_octets, octets
from probanda.rego.values import normal

MAX_DEPTH: Final = 200
MAX_NODES: Final = 200_000
_TAG: Final = "tag:yaml.org,2002:"

_WORDS: Final[dict[str, Any]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
# Old parsers read these as booleans.
_OLD_BOOLEANS: Final = frozenset(
    {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO"}
    | {"off", "Off", "OFF"}
)
_INTEGER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)", re.ASCII
)
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_DATE: Final = re.compile(
    r"[0-9]{4}-(?:[0-9]{2}-[0-9]{2}|[0-9]{1,2}-[0-9]{1,2}[Tt ].*)", re.ASCII | re.DOTALL
)
_BASE60: Final = re.compile(
    r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", re.ASCII
)  # old parsers read these as numbers
_RESOLVABLE: Final = frozenset({"", "str", "bool", "int", "float", "null", "binary"})


def resolve(text: str) -> Any:
    """What a plain scalar means; itself where it means a string."""
    if text in _WORDS:
        return _WORDS[text]
    if not text or text[0] not in "0123456789+-.":
        return text
    plain = text.replace("_", "") if text[0] != "." else text
    if _INTEGER.fullmatch(plain) and (whole := _integer(plain)) is not None:
        return whole
    if _FLOAT.fullmatch(plain) and math.isfinite(number := float(plain)):
        return number
    return text


def _integer(plain: str) -> int | None:
    """An integer of 64 bits, signed or not."""
    digits = plain.lstrip("+-").lower()
    if len(digits) > 70:
        return None
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2], 8 if digits[0] == "0" else 10)
    value = int(digits, base) * (-1 if plain[0] == "-" else 1)
    return value if -(1 << 63) <= value < 1 << (63 if plain[0] == "+" else 64) else None


def is_plain_string(text: str) -> bool:
    """Whether a string written plainly is read as that string."""
    if resolve(text) is not text or text in _OLD_BOOLEANS:
        return False
    return not _DATE.fullmatch(text) and not _BASE60.fullmatch(text)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been seen."""

    mapping: bool
    anchor: str | None
    items: list[Any] = field(default_factory=list)
    # Whether the key at hand is a merge key.
    merges: list[bool] = field(default_factory=list)
    size: int = 1


@dataclass(slots=True)
class _Merge:
    """A plain `<<`."""


class _Builder:
    """The value of a stream of events."""

    def __init__(self) -> None:
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.root: Any = None

    def add(self, value: Any, size: int, anchor: str | None) -> None:
        """Put a finished value into the collection at hand."""
        limit("the nodes of YAML", MAX_NODES, size)
        if anchor is not None:
            self.anchors[anchor] = (value, size)
        if not self.open:
            self.root = value
            return
        self.open[-1].items.append(value)
        self.open[-1].size += size
        limit("the nodes of YAML", MAX_NODES, self.open[-1].size)

    def start(self, *, mapping: bool, anchor: str | None) -> None:
        """Begin a collection."""
        limit("the depth of YAML", MAX_DEPTH, len(self.open) + 1)
        self.open.append(_Open(mapping, anchor))

    def end(self) -> None:
        """Finish the collection at hand."""
        done = self.open.pop()
        value = _mapping(done.items) if done.mapping else done.items
        self.add(value, done.size, done.anchor)

    def alias(self, name: str) -> None:
        """Repeat a finished value."""
        if name not in self.anchors:
            raise BuiltinError(f"yaml: unknown anchor '{name}' referenced")
        value, size = self.anchors[name]
        self.add(value, size, None)


def _mapping(items: list[Any]) -> dict[str, Any]:
    """An object of alternating keys and values."""
    found: dict[str, Any] = {}
    for name, value in zip(items[::2], items[1::2], strict=True):
        if isinstance(name, _Merge):
            for source in reversed(value if isinstance(value, list) else [value]):
                if not isinstance(source, dict):
                    raise BuiltinError(
                        "yaml: map merge requires map or sequence of maps as the value"
                    )
                found.update(source)
        else:
            found[_key(name, value)] = value
    return found


def _key(name: Any, value: Any) -> str:
    """A key as JSON needs it; `value` words the error."""
    if isinstance(name, str):
        return name
    if isinstance(name, bool):
        return "true" if name else "false"
    if isinstance(name, int):
        return str(name)
    if isinstance(name, float):
        return _short(name)
    if name is None:
        text = "unsupported map key of type: %!s(<nil>), key: <nil>, value:"
        raise BuiltinError(f"{text} {value if isinstance(value, str | int | float) else '…'}")
    raise BuiltinError("yaml: invalid map key")


def _short(number: float) -> str:
    """A float with the digits that tell it from other 32-bit floats."""
    if math.isinf(number) or math.isnan(number):
        return ".nan" if math.isnan(number) else ".inf" if number > 0 else "-.inf"
    try:
        near = struct.pack("f", number)
    except OverflowError:
        return ".inf" if number > 0 else "-.inf"
    texts = (f"{number:.{digits}g}" for digits in range(1, 10))
    shortest = next((text for text in texts if struct.pack("f", float(text)) == near), repr(number))
    return format_argument(float(shortest), "g", Flags())


def _scalar(event: Any) -> Any:
    """What a scalar event means."""
    tag = (event.tag or "").removeprefix(_TAG)
    plain = not event.style and event.implicit[0]
    if plain and not tag:
        return _Merge() if event.value == "<<" else resolve(event.value)
    if tag in {"", "!", "str"} or tag not in _RESOLVABLE:
        return event.value
    if tag == "binary":
        try:
            return from_octets(decode_base64(event.value))
        except BuiltinError:
            raise BuiltinError("yaml: !!binary value contains invalid base64 data") from None
    return _tagged(tag, event.value)


def _tagged(tag: str, text: str) -> Any:
    """A scalar whose type is written."""
    value = resolve(text)
    kinds = {bool: "bool", int: "int", float: "float", type(None): "null", str: "str"}
    kind = kinds[type(value)]
    if tag == kind:
        return value
    if tag == "float" and kind == "int":
        return float(value)
    raise BuiltinError(f"yaml: cannot decode !!{kind} `{text}` as a !!{tag}")


def load(text: str) -> Any:
    """The value of the first document.

    Raises:
        BuiltinError: it is malformed.
    """
    import yaml

    builder = _Builder()
    try:
        events = yaml.parse(octets(text), Loader=yaml.CSafeLoader)
        for event in events:
            if isinstance(event, yaml.DocumentEndEvent):
                # What follows must begin another document, though nobody reads it.
                next(events, None)
                break
            _feed(builder, event, yaml)
    except yaml.YAMLError as problem:
        scanning = isinstance(problem, yaml.scanner.ScannerError)
        raise BuiltinError(_problem(problem, scanning)) from None
    return _jsonable(builder.root)


def _feed(builder: _Builder, event: Any, yaml: Any) -> None:
    if isinstance(event, yaml.ScalarEvent):
        builder.add(_scalar(event), 1, event.anchor)
    elif isinstance(event, yaml.MappingStartEvent):
        builder.start(mapping=True, anchor=event.anchor)
    elif isinstance(event, yaml.SequenceStartEvent):
        builder.start(mapping=False, anchor=event.anchor)
    elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
        builder.end()
    elif isinstance(event, yaml.AliasEvent):
        builder.alias(event.anchor)
    elif isinstance(event, yaml.DocumentStartEvent) and event.version not in {None, (1, 1)}:
        raise BuiltinError("yaml: found incompatible YAML document")


def _problem(problem: Any, scanning: bool) -> str:  # noqa: FBT001  # a private helper of `load`
    """The complaint with the line that go-yaml would name."""
    mark = getattr(problem, "problem_mark", None)
    context = getattr(problem, "context_mark", None)
    said = getattr(problem, "problem", None) or "malformed document"
    line = 0
    for place in (context, mark):
        if not line and place is not None and place.line:
            line = place.line + scanning
    return f"yaml: line {line}: {said}" if line else f"yaml: {said}"


def _jsonable(value: Any) -> Any:
    """The value with JSON's numbers; infinities and NaN are none."""
    if isinstance(value, _Merge):
        return "<<"
    if isinstance(value, list):
        return [_jsonable(item) for item in value]
    if isinstance(value, dict):
        return {name: _jsonable(item) for name, item in value.items()}
    if isinstance(value, float):
        if not math.isfinite(value):
            shown = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
            raise BuiltinError(f"json: unsupported value: {shown}")
        return normal(Decimal(repr(value)))
    return value


def yaml_unmarshal(text: Any) -> Any:
    """The value of YAML text."""
    return load(string(text, 1))


def yaml_is_valid(text: Any) -> bool:
    """Whether it is YAML text."""
    if not isinstance(text, str):
        return False
    try:
        load(text)
    except BuiltinError:
        return False
    return True


BUILTINS: Final[list[Builtin]] = define(
    {"yaml.is_valid": yaml_is_valid, "yaml.unmarshal": yaml_unmarshal}
)
