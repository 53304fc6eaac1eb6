"""Base64, PEM and JSON, as the functions on tokens, keys and certificates read and write them.

Rules:

- What the core families decode, they decode here too; but no message repeats what it was
  given, since it may be a token or a key.
- PEM is read as Go reads it: blocks that do not decode are passed over.

Source: Go `encoding/base64`, `encoding/json`, `encoding/pem`; OPA `v1/topdown/encoding.go`.

Example:
    base64_url("eyJhIjoxfQ")   # b'{"a":1}'
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any, Final

from probanda.rego.builtins.encodings import decode_base64
from probanda.rego.builtins.interface import MAX_OUTPUT, BuiltinError, halt, limit
from probanda.rego.builtins.json_text import decode_first, encode, json_unmarshal
from probanda.rego.builtins.text import from_octets, octets

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


def base64_standard(text: str) -> bytes:
    """Standard base64 with padding.

    Raises:
        BuiltinError: `illegal base64 data at input byte 4`.
    """
    return decode_base64(text)


def base64_url(text: str) -> bytes:
    """URL-safe base64, with padding or without, as `base64url.decode` takes it."""
    missing = 0 if text.endswith("=") else -len(octets(text)) % 4
    if missing == 3:
        raise BuiltinError(f"illegal base64url string: {text}")
    return decode_base64(text + "=" * missing, url=True)


def base64_url_text(data: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def base64_text(data: bytes) -> str:
    """Standard base64, as Go writes `[]byte` in JSON."""
    return base64.b64encode(data).decode()


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
        BuiltinError: it is not JSON.
    """
    if isinstance(text, bytes):
        text = from_octets(text)
    limit("JSON text", 16 * MAX_OUTPUT, len(text))
    return json_unmarshal(text)


def first_value(text: str) -> Any:
    """The first JSON value of a text; what follows is not looked at.

    Raises:
        BuiltinError: there is none.
    """
    limit("JSON text", 16 * MAX_OUTPUT, len(text))
    return decode_first(text)


def write_json(value: Any) -> str:
    """A Rego value as Go's `json.Marshal` writes it."""
    try:
        return encode(value)
    except RecursionError:
        raise halt("a value is nested too deeply", code="eval_limit_error") from None
