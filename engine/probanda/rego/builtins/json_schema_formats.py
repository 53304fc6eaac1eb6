"""The formats of JSON schema, as gojsonschema checks them.

Rules:

- An unknown format holds for every string.
- `time` and `date-time` are as lenient as gojsonschema: a zone is optional.

Source: gojsonschema `format_checkers.go`; RFC 3339, RFC 3986, RFC 5322, RFC 6901.

Example:
    has_format("uuid", "123e4567-e89b-12d3-a456-426614174000")   # True
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import date
from typing import Final
from urllib.parse import urlsplit

_LABEL: Final = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_UUID: Final = re.compile(r"[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}", re.IGNORECASE)
_POINTER: Final = re.compile(r"(?:/(?:[^~/]|~0|~1)*)*")
_RELATIVE_POINTER: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~0|~1)*)*)")
_TEMPLATE: Final = re.compile(r"(?:[^{]|\{[^}]*\})*")
_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.,][0-9]+)?"
_ZONE: Final = r"(?:Z|[+-](?:[01][0-9]|2[0-4]):[0-6][0-9])"
_CLOCK: Final = re.compile(f"{_TIME}{_ZONE}?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ZONED: Final = re.compile(f"{_TIME}{_ZONE}")
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\U0010ffff-]+"
_DOTTED: Final = rf"{_ATOM}(?:\.{_ATOM})*"
_QUOTED: Final = r'"(?:[^"\\\r\n]|\\[^\r\n])*"'
_ADDRESS: Final = rf"(?:{_DOTTED}|{_QUOTED})@(?:{_DOTTED}|\[[0-9A-Fa-f.:IPv]+\])"
_EMAIL: Final = re.compile(rf"\s*(?:{_ADDRESS}|(?:(?:{_DOTTED}|{_QUOTED})\s*)*<{_ADDRESS}>)\s*")
_URI_BROKEN: Final = re.compile(r"[\x00-\x20\x7f]|%(?![0-9A-Fa-f]{2})")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


def has_format(name: str, text: str) -> bool:
    """Whether a string has a format."""
    check = _CHECKS.get(name)
    return check is None or check(text)


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        # Go knows a year 0, a leap year; Python does not.
        date.fromisoformat(f"2000{text[4:]}" if text.startswith("0000") else text)
    except ValueError:
        return False
    return True


def _is_date_time(text: str) -> bool:
    if _CLOCK.fullmatch(text) or _is_date(text):
        return True
    day, separator, clock = text.partition("T")
    return bool(separator) and _is_date(day) and bool(_ZONED.fullmatch(clock))


def _is_address(sign: str) -> Callable[[str], bool]:
    """A check for addresses that are written with `sign`."""

    def check(text: str) -> bool:
        try:
            return "%" not in text and sign in str(text) and bool(ipaddress.ip_address(text))
        except ValueError:
            return False

    return check


def _is_reference(text: str) -> bool:
    """Whether Go's `url.Parse` takes it."""
    if _URI_BROKEN.search(text.partition("?")[0]) or "\\" in text or "\x7f" in text:
        return False
    first = text.partition("/")[0].partition("?")[0].partition("#")[0]
    scheme, colon, _ = first.partition(":")
    # "first path segment in URL cannot contain colon", "missing protocol scheme"
    if colon and not _SCHEME.fullmatch(scheme):
        return False
    try:
        _ = urlsplit(text).port
    except ValueError:
        return False
    return True


def _is_uri(text: str) -> bool:
    return _is_reference(text) and bool(urlsplit(text).scheme)


def _is_template(text: str) -> bool:
    return _is_reference(text) and bool(_TEMPLATE.fullmatch(text.partition("?")[0]))


def _is_expression(text: str) -> bool:
    from probanda.rego.builtins.json_schema_compile import expression

    return not text or expression(text) is not None


_CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "date": _is_date,
    "time": lambda text: bool(_CLOCK.fullmatch(text)),
    "date-time": _is_date_time,
    "hostname": lambda text: bool(_HOST.fullmatch(text)) and len(text) < 256,
    "email": lambda text: bool(_EMAIL.fullmatch(text)),
    "idn-email": lambda text: bool(_EMAIL.fullmatch(text)),
    "ipv4": _is_address("."),
    "ipv6": _is_address(":"),
    "uri": _is_uri,
    "uri-reference": _is_reference,
    "iri": _is_uri,
    "iri-reference": _is_reference,
    "uri-template": _is_template,
    "uuid": lambda text: bool(_UUID.fullmatch(text)),
    "regex": _is_expression,
    "json-pointer": lambda text: bool(_POINTER.fullmatch(text)),
    "relative-json-pointer": lambda text: bool(_RELATIVE_POINTER.fullmatch(text)),
}
