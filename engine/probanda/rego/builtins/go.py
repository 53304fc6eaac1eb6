"""What Go's standard library reads and writes, where OPA's results depend on it.

Rules:

- Base64 is decoded as `encoding/base64` does: line breaks are skipped, padding is checked,
  and an error names the byte.
- JSON is read as `encoding/json` does with `UseNumber`: the last of duplicate keys wins,
  numbers keep their digits, lone surrogates become U+FFFD.
- JSON is written as `json.Marshal` does: compact, keys sorted, `<`, `>` and `&` escaped.
- Nothing here repeats what it was given in a message: it may be a token or a key.

Source: Go `encoding/base64`, `encoding/json`, `encoding/pem`; OPA `v1/topdown/encoding.go`.

Example:
    base64_url("eyJhIjoxfQ")   # b'{"a":1}'
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from probanda.rego.builtins.interface import MAX_OUTPUT, BuiltinError, halt, limit
from probanda.rego.values import normal, to_json

_STANDARD: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_URL: Final = _STANDARD - frozenset(b"+/") | frozenset(b"-_")
_NEWLINES: Final = frozenset(b"\r\n")
_PAD: Final = ord("=")

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HTML: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}

_PEM: Final = re.compile(
    r"(?:^|\n)-----BEGIN ([^\r\n]*?)-----[ \t]*\r?\n(.*?)-----END \1-----[ \t]*(?:\r?\n|$)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class PemBlock:
    """One block of PEM text.

    Attributes:
        label: what stands after `BEGIN`.
        body: the decoded bytes.
        rest: the text after the block.
    """

    label: str
    body: bytes
    rest: str


# --- base64 --------------------------------------------------------------------------------


def base64_standard(text: str) -> bytes:
    """Standard base64 with padding.

    Raises:
        BuiltinError: `illegal base64 data at input byte 4`.
    """
    return _decode(text.encode(errors="surrogatepass"), _STANDARD)


def base64_url(text: str) -> bytes:
    """URL-safe base64, with padding or without, as `base64url.decode` takes it."""
    if not text.endswith("="):
        missing = -len(text.encode(errors="surrogatepass")) % 4
        if missing == 3:
            raise BuiltinError("illegal base64url string")
        text += "=" * missing
    return _decode(text.encode(errors="surrogatepass"), _URL)


def base64_url_text(data: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def base64_text(data: bytes) -> str:
    """Standard base64, as Go writes `[]byte` in JSON."""
    return base64.b64encode(data).decode()


def _decode(data: bytes, alphabet: frozenset[int]) -> bytes:
    """The decoded bytes; errors as `decodeQuantum` counts them."""
    held = 0  # characters of the current group of four
    for place, char in enumerate(data):
        if char in alphabet:
            held = (held + 1) % 4
        elif char not in _NEWLINES:
            if char != _PAD or held < 2:
                raise _illegal(place)
            _check_padding(data, place, held)
            data = data[:place]
            break
    else:
        if held:
            raise _illegal(len(data) - held)
    clean = data.translate(None, b"\r\n")
    pad = b"=" * (-len(clean) % 4)
    altchars = b"-_" if alphabet is _URL else None
    return base64.b64decode(clean + pad, altchars=altchars, validate=True)


def _check_padding(data: bytes, place: int, held: int) -> None:
    """What may follow the first `=`: another one after two characters, then line breaks."""
    after = _skip_newlines(data, place + 1)
    if held == 2:
        if after == len(data):
            raise _illegal(len(data))
        if data[after] != _PAD:
            raise _illegal(after - 1)
        after = _skip_newlines(data, after + 1)
    if after < len(data):
        raise _illegal(after)


def _skip_newlines(data: bytes, place: int) -> int:
    while place < len(data) and data[place] in _NEWLINES:
        place += 1
    return place


def _illegal(place: int) -> BuiltinError:
    return BuiltinError(f"illegal base64 data at input byte {place}")


# --- PEM -----------------------------------------------------------------------------------


def pem_block(text: str) -> PemBlock | None:
    """The first block of PEM text, or `None`; blocks that do not decode are passed over."""
    place = 0
    while found := _PEM.search(text, place):
        lines = found[2].splitlines()
        # Headers (`Proc-Type: 4,ENCRYPTED`) end with an empty line; none has a colon after it.
        while lines and (":" in lines[0] or not lines[0].strip()):
            lines.pop(0)
        try:
            body = base64_standard("".join(line.strip() for line in lines))
        except BuiltinError:
            # The end of one block is where the next may start.
            place = max(found.end() - 1, found.start() + 1)
            continue
        return PemBlock(found[1], body, text[found.end() :])
    return None


def pem_text(label: str, body: bytes) -> str:
    """A block of PEM text."""
    lines = re.findall(".{1,64}", base64_text(body))
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


# --- JSON ----------------------------------------------------------------------------------


def read_json(text: str | bytes) -> Any:
    """A Rego value from JSON text.

    Raises:
        BuiltinError: it is not JSON; the message says where, not what.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="replace")
    limit("JSON text", 16 * MAX_OUTPUT, len(text))
    try:
        value = json.loads(text, parse_float=_number, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        if not text.strip():
            raise BuiltinError("unexpected end of JSON input") from None
        raise BuiltinError(f"invalid character at offset {error.pos} of JSON input") from None
    except RecursionError:
        raise halt("JSON text is nested too deeply", code="eval_limit_error") from None
    except ValueError:  # more digits than CPython turns into an integer, NaN
        raise BuiltinError("invalid number in JSON input") from None
    return _scrub(value) if _SURROGATE.search(text) or "\\u" in text else value


def _number(text: str) -> int | Decimal:
    try:
        return normal(Decimal(text))
    except InvalidOperation:
        raise ValueError("number") from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _scrub(value: Any) -> Any:
    """Lone surrogates become U+FFFD."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if isinstance(value, dict):
        return {_SURROGATE.sub("\ufffd", name): _scrub(item) for name, item in value.items()}
    return value


def write_json(value: Any) -> str:
    """A Rego value as Go's `json.Marshal` writes it.

    Raises:
        BuiltinError: it is nested too deeply.
    """
    try:
        text = json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    except RecursionError:
        raise halt("a value is nested too deeply", code="eval_limit_error") from None
    # Outside strings none of these signs occurs in JSON.
    return text.translate(_HTML)
