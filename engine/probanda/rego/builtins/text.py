r"""Values as text: Rego's own notation, and strings quoted as Go quotes them.

Rules:

- Rego's notation has sorted keys and members, `set()` for the empty set, and `", "` between parts.
- A string may hold bytes that are not UTF-8 (`base64.decode` makes them): they are held as lone
  surrogates (PEP 383), so that `hex.encode` still sees the bytes. `octets` and `from_octets`
  convert.

Source: OPA `v1/ast/term.go` (`String`), Go `strconv.Quote`.

Example:
    rego_text({"b": RegoSet(), "a": [1, "x"]})   # {"a": [1, "x"], "b": set()}
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from probanda.rego.builtins.interface import MAX_TEXT, limit
from probanda.rego.builtins.numeric import number_text
from probanda.rego.values import RegoSet, sort_key, sorted_values, unkey

_ESCAPES: Final = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}
_PLAIN: Final = re.compile(r"[ !#-\[\]-~]*")


def octets(text: str) -> bytes:
    """The bytes of a string."""
    return text.encode("utf-8", "surrogateescape")


def from_octets(data: bytes) -> str:
    """The string of some bytes, which need not be UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def quote(text: str, *, ascii_only: bool = False) -> str:
    """A string in double quotes, with Go's escapes."""
    if _PLAIN.fullmatch(text):
        return f'"{text}"'
    return f'"{"".join(_escape(char, ascii_only) for char in text)}"'


def _escape(char: str, ascii_only: bool) -> str:  # noqa: FBT001  # a private helper of `quote`
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if char.isprintable() and (code < 0x80 or not ascii_only):
        return char
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quote_bytes(text: str) -> str:
    """A string as Go's `time` quotes it: what is no printable ASCII as bytes."""
    shown = {0x22: '\\"', 0x5C: "\\\\"}
    parts = [
        shown.get(byte, chr(byte) if 0x20 <= byte < 0x80 else f"\\x{byte:02x}")
        for byte in octets(text)
    ]
    return f'"{"".join(parts)}"'


def rego_text(value: Any) -> str:  # noqa: PLR0911  # one return a type
    """A value in Rego's notation."""
    if isinstance(value, str):
        return quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{_joined(map(rego_text, value))}]"
    if isinstance(value, dict):
        pairs = sorted(((unkey(name), item) for name, item in value.items()), key=_first)
        return f"{{{_joined(f'{rego_text(name)}: {rego_text(item)}' for name, item in pairs)}}}"
    if isinstance(value, RegoSet):
        inside = _joined(map(rego_text, sorted_values(value)))
        return f"{{{inside}}}" if inside else "set()"
    return number_text(value)


def _joined(parts: Iterable[str]) -> str:
    found = list(parts)
    limit("the text of a value", MAX_TEXT, sum(map(len, found)) + 2 * len(found))
    return ", ".join(found)


def plain_text(value: Any) -> str:
    """A value as `print` and `sprintf` show it: a string bare, the rest in Rego's notation."""
    return value if isinstance(value, str) else rego_text(value)


def _first(pair: tuple[Any, Any]) -> Any:
    return sort_key(pair[0])
