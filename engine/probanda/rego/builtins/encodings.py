"""Base64, hexadecimal, URL queries.

Rules:

- What is decoded may be any bytes; strings hold them as `text.from_octets` says.
- Base64 may contain line breaks; padding is required but for `base64url.decode`.
- The parameters of an encoded query are sorted by name; spaces are `+`.

Source: OPA `v1/topdown/encoding.go`; Go `encoding/base64`, `encoding/hex`, `net/url`.

Example:
    base64_decode("cHJvYmFuZGE=")   # "probanda"
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote_plus

from probanda.rego.builtins.interface import (
    Builtin,
    BuiltinError,
    define,
    mapping,
    string,
    wrong_operand,
)
from probanda.rego.builtins.json_text import key_text
from probanda.rego.builtins.text import from_octets, octets, quote
from probanda.rego.values import RegoSet, sorted_values, unkey

_STANDARD: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_URL: Final = (_STANDARD - frozenset(b"+/")) | frozenset(b"-_")
_TRANSLATION: Final = bytes.maketrans(b"-_", b"+/")


def decode_base64(text: str, *, url: bool = False, padded: bool = True) -> bytes:
    """Base64 as Go decodes it.

    Raises:
        BuiltinError: `illegal base64 data at input byte N`.
    """
    data = octets(text)
    wrong = _corrupt(data, _URL if url else _STANDARD, padded=padded)
    if wrong is not None:
        raise BuiltinError(f"illegal base64 data at input byte {wrong}")
    plain = re.sub(rb"[\r\n=]", b"", data).translate(_TRANSLATION)
    return binascii.a2b_base64(plain + b"=" * (-len(plain) % 4))


def _corrupt(data: bytes, alphabet: frozenset[int], *, padded: bool) -> int | None:
    """The position that Go's decoder complains about."""
    place = 0
    for at, byte in enumerate(data):
        if byte in b"\r\n":
            continue
        if byte in alphabet:
            place = (place + 1) % 4
            continue
        if byte != 0x3D or not padded or place < 2:
            return at
        return _corrupt_padding(data, at, place)
    if place == 0 or (not padded and place != 1):
        return None
    return len(data) - place


def _corrupt_padding(data: bytes, at: int, place: int) -> int | None:
    """The same, from the first `=` on."""
    at += 1
    if place == 2:
        while at < len(data) and data[at] in b"\r\n":
            at += 1
        if at == len(data):
            return len(data)
        if data[at] != 0x3D:
            return at - 1
        at += 1
    while at < len(data) and data[at] in b"\r\n":
        at += 1
    return None if at == len(data) else at


def base64_encode(text: Any) -> str:
    """Standard Base64."""
    return base64.b64encode(octets(string(text, 1))).decode()


def base64_decode(text: Any) -> str:
    """What standard Base64 stands for."""
    return from_octets(decode_base64(string(text, 1)))


def base64_is_valid(text: Any) -> bool:
    """Whether it is standard Base64."""
    return isinstance(text, str) and _corrupt(octets(text), _STANDARD, padded=True) is None


def base64url_encode(text: Any) -> str:
    """Base64 for URLs."""
    return base64.urlsafe_b64encode(octets(string(text, 1))).decode()


def base64url_encode_no_pad(text: Any) -> str:
    """Base64 for URLs without padding."""
    return base64url_encode(text).rstrip("=")


def base64url_decode(text: Any) -> str:
    """What Base64 for URLs stands for, padded or not."""
    whole = string(text, 1)
    if not whole.endswith("="):
        size = len(octets(whole)) % 4
        if size == 1:
            raise BuiltinError(f"illegal base64url string: {whole}")
        whole += "=" * (-size % 4)
    return from_octets(decode_base64(whole, url=True))


def hex_encode(text: Any) -> str:
    """The bytes in hexadecimal."""
    return octets(string(text, 1)).hex()


def hex_decode(text: Any) -> str:
    """What hexadecimal stands for."""
    whole = string(text, 1)
    for char in octets(whole):
        if char not in b"0123456789abcdefABCDEF":
            shown = f" '{chr(char)}'" if chr(char).isprintable() else ""
            raise BuiltinError(f"encoding/hex: invalid byte: U+{char:04X}{shown}")
    if len(whole) % 2:
        raise BuiltinError("encoding/hex: odd length hex string")
    return from_octets(bytes.fromhex(whole))


# --- URL queries ---------------------------------------------------------------------------


def _escaped(text: str) -> str:
    return quote_plus(octets(text))


def urlquery_encode(text: Any) -> str:
    """Text as a part of a URL's query."""
    return _escaped(string(text, 1))


def _unescaped(text: str) -> str:
    """Go's `QueryUnescape`."""
    data = octets(text)
    wrong = re.search(rb"%(?![0-9a-fA-F]{2}).{0,2}", data, re.DOTALL)
    if wrong:
        raise BuiltinError(f"invalid URL escape {quote(from_octets(wrong[0]))}")
    return from_octets(re.sub(rb"%(..)", _octet, data.replace(b"+", b" "), flags=re.DOTALL))


def _octet(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])


def urlquery_decode(text: Any) -> str:
    """The text that a part of a URL's query stands for."""
    return _unescaped(string(text, 1))


def urlquery_encode_object(parameters: Any) -> str:
    """A query of all parameters; a value is a string, or an array or set of strings."""
    found = {key_text(unkey(name)): value for name, value in mapping(parameters, 1).items()}
    pairs = []
    for name in sorted(found):
        value = found[name]
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list | RegoSet):
            raise _not_strings()
        for item in sorted_values(values) if isinstance(values, RegoSet) else values:
            if not isinstance(item, str):
                raise _not_strings()
            pairs.append(f"{_escaped(name)}={_escaped(item)}")
    return "&".join(pairs)


def _not_strings() -> Exception:
    return wrong_operand(1, "values must be string, array[string], or set[string]")


def urlquery_decode_object(query: Any) -> dict[str, list[str]]:
    """The parameters of a query, each with its values."""
    found: dict[str, list[str]] = {}
    pairs = [pair for pair in string(query, 1).split("&") if pair]
    for pair in pairs:
        if ";" in pair:
            raise BuiltinError("invalid semicolon separator in query")
    for pair in pairs:
        name, _, value = pair.partition("=")
        found.setdefault(_unescaped(name), []).append(_unescaped(value))
    return found


_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "base64.decode": base64_decode,
    "base64.encode": base64_encode,
    "base64.is_valid": base64_is_valid,
    "base64url.decode": base64url_decode,
    "base64url.encode": base64url_encode,
    "base64url.encode_no_pad": base64url_encode_no_pad,
    "hex.decode": hex_decode,
    "hex.encode": hex_encode,
    "urlquery.decode": urlquery_decode,
    "urlquery.decode_object": urlquery_decode_object,
    "urlquery.encode": urlquery_encode,
    "urlquery.encode_object": urlquery_encode_object,
}

BUILTINS: Final[list[Builtin]] = define(_FUNCTIONS)
