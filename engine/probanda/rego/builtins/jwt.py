"""JSON Web Tokens: decoding, verification, signing.

Rules:

- Tokens are JWS in compact form. `io.jwt.decode` verifies nothing; `io.jwt.verify_*` verify
  the signature alone; `io.jwt.decode_verify` verifies the signature and the claims.
- The algorithm is the caller's (`verify_rs256`) or is checked against the key's own type;
  see `jwt_signature`. `none` is unknown.
- A token that does not verify gives `[false, {}, {}]`, one that is malformed an error.
- Without a `time` constraint the time is the evaluation's.
- No message repeats a token, a secret or a key.

Source: OPA `v1/topdown/tokens.go`; RFC 7515, RFC 7519 §7.2.

Example:
    decode_verify(context, token, {"secret": "s", "iss": "me"})   # [True, header, payload]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from probanda.rego.builtins.go import (
    base64_url,
    base64_url_text,
    read_json,
    write_json,
)
from probanda.rego.builtins.interface import (
    Builtin,
    BuiltinError,
    EvaluationContext,
    define,
    is_number,
    mapping,
    string,
)
from probanda.rego.builtins.jwt_keys import ALGORITHMS, Key, jwk_keys, verification_keys
from probanda.rego.builtins.jwt_signature import sign, verifies
from probanda.rego.builtins.text import from_octets, octets
from probanda.rego.values import compare, type_name

# fastjson, which reads the header when signing, takes any run of these for a number.
_FASTJSON_NUMBER: Final = re.compile(r"[0-9.eE+-]+")
# Header parameters that may be critical, since they are acted upon.
_UNDERSTOOD: Final = {"alg", "kid", "typ", "cty", "crit"}


@dataclass(frozen=True, slots=True)
class Token:
    """The three parts of a token, as they stand in it."""

    header: str
    payload: str
    signature: str

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        return octets(f"{self.header}.{self.payload}")


@dataclass(slots=True)
class Constraints:
    """What `io.jwt.decode_verify` asks of a token; empty means "not asked"."""

    now: Decimal
    keys: list[Key] | None = None
    secret: str = field(default="", repr=False)
    alg: str = ""
    iss: str = ""
    aud: str = ""


# --- parts ---------------------------------------------------------------------------------


def _split(token: Any) -> Token:
    """The parts of a token.

    Raises:
        BuiltinError: `encoded JWT must have 3 sections, found 2`.
    """
    text = string(token, 1)
    if "." not in text:
        raise BuiltinError("encoded JWT had no period separators")
    parts = text.split(".")
    if len(parts) != 3:
        raise BuiltinError(f"encoded JWT must have 3 sections, found {len(parts)}")
    return Token(*parts)


def _decoded(part: str, what: str) -> bytes:
    try:
        return base64_url(part)
    except BuiltinError as error:
        raise BuiltinError(f"JWT {what} had invalid encoding: {error.message}") from None


def _object(data: bytes) -> dict[Any, Any]:
    try:
        value = read_json(data)
    except BuiltinError as error:
        raise BuiltinError(f"invalid JSON: {error.message}") from None
    if not isinstance(value, dict):
        raise BuiltinError("decoded JSON type was not an Object")
    return value


def _header(token: Token) -> dict[Any, Any]:
    data = _decoded(token.header, "header")
    try:
        header = _object(data)
    except BuiltinError as error:
        raise BuiltinError(f"bad JWT header: {error.message}") from None
    if "enc" in header:
        raise BuiltinError("JWT is a JWE object, which is not supported")
    return header


def _check_header(header: dict[Any, Any]) -> bool:
    """Whether the header may be relied on (RFC 7515 §4.1.1, §4.1.11).

    Raises:
        BuiltinError: a registered parameter has the wrong type.
    """
    for name in ("alg", "kid", "typ", "cty"):
        if not isinstance(header.get(name, ""), str):
            raise BuiltinError(f"{name}: must be a string")
    if not header.get("alg"):
        return False
    critical = header.get("crit")
    if "crit" not in header:
        return True
    if not isinstance(critical, list):
        raise BuiltinError("crit: must be a list")
    if not critical or not all(isinstance(name, str) for name in critical):
        raise BuiltinError("crit: must be a nonempty list")
    return not (set(critical) & (header.keys() - _UNDERSTOOD))


def _inner(payload: bytes) -> str:
    """A token inside a token; jwt.io puts quotes around it."""
    return from_octets(payload).strip("\"'")


# --- decode, verify ------------------------------------------------------------------------


def decode(token: Any) -> list[Any]:
    """Header, payload, and the signature in hexadecimal; nothing is verified."""
    while True:
        parts = _split(token)
        header = _header(parts)
        payload = _decoded(parts.payload, "payload")
        if header.get("cty") != "JWT":
            break
        token = _inner(payload)
    return [header, _object(payload), _decoded(parts.signature, "signature").hex()]


def _verifier(algorithm: str) -> Callable[[Any, Any], bool]:
    """A function of the `io.jwt.verify_rs256` kind."""

    def verify(token: Any, key: Any) -> bool:
        parts = _split(token)
        keys = verification_keys(string(key, 2))
        signature = base64_url(parts.signature)
        header = _header(parts)
        _check_header(header)
        return _any_verifies(algorithm, keys, header, parts, signature)

    return verify


def _any_verifies(
    algorithm: str, keys: list[Key], header: dict[Any, Any], parts: Token, signature: bytes
) -> bool:
    """Whether the key that the header names, or else any fitting key, verifies the token."""
    identifier = header.get("kid", "")
    named = [key for key in keys if identifier and key.identifier == identifier]
    fitting = [key for key in keys if key.algorithm in {"", header.get("alg", "")}]
    return any(
        verifies(algorithm, key.key, parts.signed, signature) for key in named[:1] or fitting
    )


def _secret_verifier(algorithm: str) -> Callable[[Any, Any], bool]:
    """A function of the `io.jwt.verify_hs256` kind."""

    def verify(token: Any, secret: Any) -> bool:
        string(token, 1)
        key = octets(string(secret, 2))
        parts = _split(token)
        return verifies(algorithm, key, parts.signed, base64_url(parts.signature))

    return verify


# --- decode_verify -------------------------------------------------------------------------


def decode_verify(context: EvaluationContext, token: Any, constraints: Any) -> list[Any]:
    """`[true, header, payload]` when signature and claims are right, else `[false, {}, {}]`.

    The steps are those of RFC 7519 §7.2. Raises:
        BuiltinError: the token or a constraint is malformed.
    """
    asked = _constraints(mapping(constraints, 2), context.now_ns)
    refused: list[Any] = [False, {}, {}]
    while True:
        parts = _split(token)
        header = _header(parts)
        if not _check_header(header) or (asked.alg and asked.alg != header["alg"]):
            return refused
        signature = base64_url(parts.signature)
        if not _trusted(asked, header, parts, signature):
            return refused
        payload = _decoded(parts.payload, "payload")
        if header.get("cty", "").lower() != "jwt":
            break
        token = from_octets(payload)
    claims = _object(payload)
    return [True, header, claims] if _claims_hold(asked, claims) else refused


def _constraints(given: dict[Any, Any], now_ns: int) -> Constraints:
    """The constraints; anything unknown is rejected, not ignored."""
    asked = Constraints(Decimal(repr(float(now_ns) / 1e9)))
    for name, value in given.items():
        if name == "cert":
            if not isinstance(value, str):
                raise BuiltinError("cert constraint: must be a string")
            asked.keys = verification_keys(value)
        elif name == "time":
            asked.now = _seconds(value)
        elif isinstance(name, str) and name in {"secret", "alg", "iss", "aud"}:
            if not isinstance(value, str):
                raise BuiltinError(f"{name} constraint: must be a string")
            setattr(asked, name, value)
        else:
            known = name if isinstance(name, str) else type_name(name)
            raise BuiltinError(f"unknown token validation constraint: {known}")
    if asked.keys is not None and asked.secret:
        raise BuiltinError("duplicate key constraints")
    if asked.keys is None and not asked.secret:
        raise BuiltinError("no key constraint")
    return asked


def _seconds(value: Any) -> Decimal:
    """A time in nanoseconds as OPA's seconds: a float's shortest text."""
    if not is_number(value):
        raise BuiltinError("token time constraint: must be a number")
    if value < 0:
        raise BuiltinError("token time constraint: must not be negative")
    try:
        return Decimal(repr(float(value) / 1e9))
    except OverflowError:
        raise BuiltinError("token time constraint: unvalid float64") from None


def _trusted(asked: Constraints, header: dict[Any, Any], parts: Token, signature: bytes) -> bool:
    """Whether the signature is by one of the keys asked for."""
    algorithm = header["alg"]
    if algorithm not in ALGORITHMS:
        return False
    if asked.keys is not None:
        return _any_verifies(algorithm, asked.keys, header, parts, signature)
    return verifies(algorithm, octets(asked.secret), parts.signed, signature)


def _claims_hold(asked: Constraints, claims: dict[Any, Any]) -> bool:
    """Whether issuer, audience and times are as asked (RFC 7519 §4.1).

    Raises:
        BuiltinError: `exp` or `nbf` is no number.
    """
    if asked.iss and claims.get("iss") != asked.iss:
        return False
    if "aud" in claims:
        audience = claims["aud"]
        if asked.aud not in (audience if isinstance(audience, list) else [audience]):
            return False
    elif asked.aud:
        return False
    for name in ("exp", "nbf"):
        if not is_number(claims.get(name, 0)):
            raise BuiltinError(f"{name} value must be a number")
    # Valid from `nbf` on, and strictly before `exp`.
    too_late = "exp" in claims and compare(asked.now, claims["exp"]) >= 0
    too_early = "nbf" in claims and compare(asked.now, claims["nbf"]) < 0
    return not too_late and not too_early


# --- sign ----------------------------------------------------------------------------------


def encode_sign(context: EvaluationContext, headers: Any, payload: Any, key: Any) -> str:
    """A signed token from a header, a payload and a JWK, all objects."""
    texts = [write_json(mapping(part, place)) for place, part in enumerate((headers, payload), 1)]
    return _encode(context, texts[0], texts[1], write_json(mapping(key, 3)))


def encode_sign_raw(context: EvaluationContext, headers: Any, payload: Any, key: Any) -> str:
    """A signed token from a header, a payload and a JWK, all JSON texts, taken byte by byte."""
    jwk = string(key, 3)
    return _encode(context, string(headers, 1), string(payload, 2), jwk)


def _encode(context: EvaluationContext, header: str, payload: str, jwk: str) -> str:
    keys = jwk_keys(jwk)
    if not keys:
        raise BuiltinError("no keys found in JWK set")
    fields = _signing_header(header)
    algorithm = fields.get("alg")
    if algorithm is None:
        raise BuiltinError("missing or invalid 'alg' header: jwsbb: header \"alg\" not found")
    if not isinstance(algorithm, str):
        contains = type_name(algorithm)
        raise BuiltinError(
            f"missing or invalid 'alg' header: value doesn't contain string; it contains {contains}"
        )
    if algorithm not in ALGORITHMS:
        raise BuiltinError(f"unknown JWS algorithm: {algorithm}")
    kind = fields.get("typ")
    if (not isinstance(kind, str) or kind == "JWT") and not _is_json(payload):
        raise BuiltinError("type is JWT but payload is not JSON")
    signed = ".".join(base64_url_text(octets(part)) for part in (header, payload))
    signature = sign(algorithm, keys[0].key, signed.encode(), context.seed)
    return f"{signed}.{base64_url_text(signature)}"


def _signing_header(text: str) -> dict[Any, Any]:
    if _FASTJSON_NUMBER.fullmatch(text.strip()):
        return {}
    try:
        value = read_json(text)
    except BuiltinError:
        raise BuiltinError("missing or invalid 'alg' header: cannot parse JSON") from None
    return value if isinstance(value, dict) else {}


def _is_json(text: str) -> bool:
    try:
        read_json(text)
    except BuiltinError:
        return False
    return True


BUILTINS: Final[list[Builtin]] = [
    *define(
        {
            "io.jwt.decode": decode,
            **{
                f"io.jwt.verify_{family}{bits}": _verifier(f"{family.upper()}{bits}")
                for family in ("rs", "ps", "es")
                for bits in (256, 384, 512)
            },
            "io.jwt.verify_eddsa": _verifier("EdDSA"),
            **{
                f"io.jwt.verify_hs{bits}": _secret_verifier(f"HS{bits}") for bits in (256, 384, 512)
            },
        }
    ),
    *define(
        {
            "io.jwt.decode_verify": decode_verify,
            "io.jwt.encode_sign": encode_sign,
            "io.jwt.encode_sign_raw": encode_sign_raw,
        },
        context=True,
    ),
]
