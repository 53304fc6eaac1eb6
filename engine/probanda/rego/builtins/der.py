"""Reading DER: elements, object identifiers, and values as Go's `encoding/asn1` gives them.

Rules:

- Lengths are definite and minimal, tags single bytes; anything else is malformed.
- Nothing recurses into what it reads: callers ask for the children they know of.
- Every failure is `DerError`; the caller words it.

Source: X.690 §8 and §10, Go `encoding/asn1`.

Example:
    sequence = only(data)                # one element and nothing after it
    version, number, *rest = children(sequence)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from probanda.rego.builtins.go import base64_text

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
OID: Final = 0x06
SEQUENCE: Final = 0x30
SET: Final = 0x31
BOOLEAN: Final = 0x01

_BMP: Final = 0x1E
_UTF8: Final = 0x0C
_LATIN: Final = 0x14  # T61String, which Go takes byte by byte
_ASCII: Final = frozenset({0x12, 0x13, 0x16})  # Numeric, Printable, IA5
_UTC_TIME: Final = 0x17
_GENERALIZED_TIME: Final = 0x18
MAX_CHILDREN: Final = 100_000


class DerError(ValueError):
    """The bytes are no DER, or not of the expected kind."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag byte, its contents, and itself as it stands in the input."""

    tag: int
    body: bytes
    raw: bytes

    @property
    def context(self) -> int:
        """The number of a context-specific tag, −1 for any other."""
        return self.tag & 0x1F if self.tag & 0xC0 == 0x80 else -1


def read(data: bytes) -> tuple[Element, bytes]:
    """The first element and what follows it."""
    if len(data) < 2 or data[0] & 0x1F == 0x1F:
        raise DerError("tag")
    start, length = 2, data[1]
    if length & 0x80:
        size = length & 0x7F
        start += size
        length = int.from_bytes(data[2:start], "big")
        if not 1 <= size <= 4 or start > len(data) or length < 0x80 or data[2] == 0:
            raise DerError("length")
    end = start + length
    if end > len(data):
        raise DerError("truncated")
    return Element(data[0], data[start:end], data[:end]), data[end:]


def only(data: bytes, tag: int | None = None) -> Element:
    """The one element that the bytes hold."""
    element, rest = read(data)
    if rest or (tag is not None and element.tag != tag):
        raise DerError("unexpected element")
    return element


def elements(data: bytes) -> list[Element]:
    """All elements, one after the other."""
    found: list[Element] = []
    while data:
        element, data = read(data)
        found.append(element)
        if len(found) > MAX_CHILDREN:
            raise DerError("too many elements")
    return found


def children(element: Element, tag: int = SEQUENCE) -> list[Element]:
    """The elements inside one of kind `tag`."""
    if element.tag != tag:
        raise DerError("unexpected element")
    return elements(element.body)


def first(element: Element, tag: int = SEQUENCE) -> Element:
    """The first element inside one of kind `tag`."""
    if element.tag != tag:
        raise DerError("unexpected element")
    return read(element.body)[0]


def integer(element: Element, tag: int = INTEGER) -> int:
    """A signed integer."""
    if element.tag != tag or not element.body:
        raise DerError("integer")
    return int.from_bytes(element.body, "big", signed=True)


def boolean(element: Element) -> bool:
    """A boolean; DER knows one way to say true."""
    if element.tag != BOOLEAN or element.body not in {b"\x00", b"\xff"}:
        raise DerError("boolean")
    return element.body == b"\xff"


def bits(element: Element) -> tuple[bytes, int]:
    """The bytes of a bit string and how many bits of them count."""
    if element.tag != BIT_STRING or not element.body or element.body[0] > 7:
        raise DerError("bit string")
    data, spare = element.body[1:], element.body[0]
    if spare and (not data or data[-1] & ((1 << spare) - 1)):
        raise DerError("bit string")
    return data, 8 * len(data) - spare


def identifier(element: Element) -> tuple[int, ...]:
    """The numbers of an object identifier."""
    body = element.body
    if element.tag != OID or not body or body[-1] & 0x80 or len(body) > 256:
        raise DerError("object identifier")
    numbers, value = [], 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return (first, numbers[0] - 40 * first, *numbers[1:])


def text(element: Element) -> str:
    """A string of one of the kinds that names are made of."""
    try:
        if element.tag == _UTF8:
            return element.body.decode()
        if element.tag in _ASCII:
            return element.body.decode("ascii")
        if element.tag == _LATIN:
            return element.body.decode("latin-1")
        if element.tag == _BMP:
            return element.body.decode("utf-16-be").removesuffix("\0")
    except UnicodeDecodeError:
        pass
    raise DerError("string")


def ascii_text(data: bytes) -> str:
    """An IA5String's contents."""
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise DerError("IA5String") from None


def time(element: Element) -> datetime:
    """A UTCTime (1950 to 2049) or GeneralizedTime, in UTC."""
    form = {_UTC_TIME: "%y%m%d%H%M%SZ", _GENERALIZED_TIME: "%Y%m%d%H%M%SZ"}.get(element.tag)
    if form is None:
        raise DerError("time")
    try:
        moment = datetime.strptime(ascii_text(element.body), form).replace(tzinfo=UTC)
    except ValueError:
        raise DerError("time") from None
    # Python's pivot is 1969, RFC 5280's is 1950.
    if element.tag == _UTC_TIME and moment.year >= 2050:
        moment = moment.replace(year=moment.year - 100)
    return moment


def go_time(moment: datetime) -> str:
    """A time as Go writes it in JSON."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def go_any(element: Element) -> Any:
    """A value as Go gives it in a field of type `any`; kinds it does not know are null."""
    made: Any = None
    if element.tag == INTEGER:
        made = integer(element)
    elif element.tag == OCTET_STRING:
        made = base64_text(element.body)
    elif element.tag == OID:
        made = list(identifier(element))
    elif element.tag == BIT_STRING:
        data, length = bits(element)
        made = {"Bytes": base64_text(data), "BitLength": length}
    elif element.tag in {_UTC_TIME, _GENERALIZED_TIME}:
        made = go_time(time(element))
    elif element.tag in {_UTF8, _LATIN, _BMP, *_ASCII}:
        made = text(element)
    return made
