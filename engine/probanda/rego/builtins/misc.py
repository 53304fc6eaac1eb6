"""UUIDs, "random" numbers, the clock, tracing, and what we refuse.

Rules:

- "Random" values are derived from the evaluation's seed and the arguments (HMAC-SHA-256): the
  same call gives the same value within a query, and the same decision gives it again.
- `time.now_ns` is the query's time. Nothing here waits: `test.sleep` only checks its operand.
- Printing and tracing have no effect.
- Calling a refused function fails the query in every mode: "refused" is not "undefined".

Source: OPA `v1/topdown/uuid.go`, `numbers.go`, `trace.go`; RFC 9562.

Example:
    uuid_rfc4122(context, "key")   # always the same for one seed
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.rego.builtins.durations import parse_duration
from probanda.rego.builtins.interface import (
    Builtin,
    EvaluationContext,
    define,
    halt,
    integer,
    string,
)
from probanda.rego.builtins.signatures import SIGNATURES
from probanda.rego.builtins.text import octets
from probanda.rego.values import UNDEFINED, json_text

_HEX: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# From 1582-10-15, the start of UUID time, to 1970, in units of 100 ns.
_EPOCH: Final = 0x01B21DD213814000
_DOMAINS: Final = {0: "Person", 1: "Group", 2: "Org"}


def _derived(context: EvaluationContext, what: str, size: int = 32) -> bytes:
    """Bytes that depend on the seed and what they are for."""
    secret = context.seed.encode("utf-8", "surrogatepass")
    stream = b""
    while len(stream) < size:
        message = f"{len(stream)}:".encode() + octets(what)
        stream += hmac.new(secret, message, hashlib.sha256).digest()
    return stream[:size]


def rand_intn(context: EvaluationContext, name: Any, bound: Any) -> int:
    """An integer from 0 up to, and without, a bound; 0 for the bound 0."""
    key, size = string(name, 1), abs(integer(bound, 2))
    # 128 bits more than the bound has make the bias immeasurable.
    stream = _derived(context, f"rand.intn {size} {key}")
    return int.from_bytes(stream, "big") % size if size else 0


def uuid_rfc4122(context: EvaluationContext, name: Any) -> str:
    """A version 4 UUID."""
    data = bytearray(_derived(context, f"uuid.rfc4122 {json_text(name)}", 16))
    data[6] = data[6] & 0x0F | 0x40
    data[8] = data[8] & 0x3F | 0x80
    digits = data.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def uuid_parse(text: Any) -> Any:
    """What a UUID says about itself; undefined where it is none."""
    data = _uuid(string(text, 1))
    if data is None:
        return UNDEFINED
    version = data[6] >> 4
    parsed: dict[str, Any] = {"variant": _variant(data[8]), "version": version}
    if version in {1, 2}:
        low, mid, high = data[0:4], data[4:6], data[6:8]
        ticks = int.from_bytes(high, "big") & 0x0FFF
        ticks = ticks << 48 | int.from_bytes(mid, "big") << 32 | int.from_bytes(low, "big")
        parsed["time"] = (ticks - _EPOCH) * 100
        parsed["nodeid"] = data[10:16].hex("-")
        parsed["macvariables"] = _mac_variables(data[10])
        parsed["clocksequence"] = int.from_bytes(data[8:10], "big") & 0x3FFF
    if version == 2:
        parsed["id"] = int.from_bytes(data[0:4], "big")
        parsed["domain"] = _DOMAINS.get(data[9], f"Domain{data[9]}")
    return parsed


def _uuid(text: str) -> bytes | None:
    """The bytes of a UUID in one of the four usual forms."""
    if len(text) == 45 and text[:9].lower() == "urn:uuid:":
        text = text[9:]
    elif len(text) == 38:
        text = text[1:-1]
    elif len(text) == 32:
        text = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    return bytes.fromhex(text.replace("-", "")) if _HEX.fullmatch(text) else None


def _variant(octet: int) -> str:
    if octet & 0xC0 == 0x80:
        return "RFC4122"
    if octet & 0xE0 == 0xC0:
        return "Microsoft"
    return "Future" if octet & 0xE0 == 0xE0 else "Reserved"


def _mac_variables(octet: int) -> str:
    scope = "local" if octet & 2 else "global"
    return f"{scope}:{'multicast' if octet & 1 else 'unicast'}"


def now_ns(context: EvaluationContext) -> int:
    """The query's time."""
    return context.now_ns


def trace(note: Any) -> bool:
    """Check the note; there is no trace to put it in."""
    string(note, 1)
    return True


def nothing(*_: Any) -> bool:
    """What has no effect."""
    return True


def sleep(duration: Any) -> None:
    """Check the duration; time does not pass within a query."""
    parse_duration(string(duration, 1))


def _refused(name: str, reason: str) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise _refusal(name, reason)

    return refuse


def _refusal(name: str, reason: str) -> PolicyError:
    return halt(f"{name} is refused: {reason}")


BUILTINS: Final[list[Builtin]] = [
    *define(
        {
            "internal.print": nothing,
            "internal.test_case": nothing,
            "print": nothing,
            "test.sleep": sleep,
            "trace": trace,
            "uuid.parse": uuid_parse,
        }
    ),
    *define(
        {"rand.intn": rand_intn, "time.now_ns": now_ns, "uuid.rfc4122": uuid_rfc4122},
        context=True,
    ),
    *define(
        {
            name: _refused(name, signature.impure)
            for name, signature in SIGNATURES.items()
            if signature.impure
        }
    ),
]
