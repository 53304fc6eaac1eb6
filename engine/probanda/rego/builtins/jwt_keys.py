"""The keys that sign tokens: PEM, JWK and JWK sets.

Rules:

- A PEM text is one `CERTIFICATE` or `PUBLIC KEY` block and nothing after it. Anything else is
  read as a JWK or a JWK set.
- A key says what it is by its own type, never by the token's header: an RSA key is not a
  secret, a private key is not a public one.
- RSA keys have 1,024 to 16,384 bits, sets at most 1,000 keys.
- No message repeats a key.

Source: RFC 7517, RFC 7518 §6, RFC 8037 §2; OPA `getKeysFromCertOrJWK`.

Example:
    verification_keys('{"kty":"oct","k":"c2VjcmV0"}')[0].key   # b"secret"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from probanda.rego.builtins.certificate import parse
from probanda.rego.builtins.go import base64_url, base64_url_text, first_value, pem_block
from probanda.rego.builtins.interface import BuiltinError, limit
from probanda.rego.values import type_name

ALGORITHMS: Final = frozenset(
    {f"{family}{bits}" for family in ("RS", "PS", "ES", "HS") for bits in (256, 384, 512)}
    | {"EdDSA"}
)
MAX_KEYS: Final = 1_000
RSA_BITS: Final = range(1_024, 16_385)

_CURVES: Final = {"P-256": 32, "P-384": 48, "P-521": 66}
_PROBE: Final = "jwk.Parse: failed to probe data: probe: failed to unmarshal data"
_GO_STRUCT: Final = (
    r'struct { Kty string "json:\"kty\""; D json.RawMessage "json:\"d,omitempty\"" }'
)
_GO_NAMES: Final = {"boolean": "bool"}
# `kty` → the library's name of such a key, and the members that it must have.
_KINDS: Final = {
    "oct": ("symmetricKey", ("k",)),
    "RSA": ("rsaPublicKey", ("e", "n")),
    "EC": ("ecdsaPublicKey", ("crv", "x", "y")),
    "OKP": ("okpPublicKey", ("crv", "x")),
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what its owner says about it.

    Attributes:
        key: `bytes` for a secret, else a key of `cryptography`; its text never shows it.
        algorithm: the only algorithm it is for; empty when it does not say.
        identifier: its `kid`; empty when it has none.
    """

    key: Any
    algorithm: str = ""
    identifier: str = ""

    def __repr__(self) -> str:
        return f"Key({type(self.key).__name__}, {self.algorithm!r}, {self.identifier!r})"


def verification_keys(text: str) -> list[Key]:
    """The keys of a PEM block, a JWK or a JWK set; keys for unknown algorithms are left out.

    Raises:
        BuiltinError: it is none of these.
    """
    if block := pem_block(text):
        if block.rest:
            raise BuiltinError("extra data after a PEM certificate block")
        return [Key(_pem_key(block.label, block.body))]
    try:
        keys = jwk_keys(text)
    except BuiltinError as error:
        parse = "failed to parse a JWK key (set): jwk.ParseString: failed to parse string"
        raise BuiltinError(f"{parse}: {error.message}") from None
    return [key for key in keys if not key.algorithm or key.algorithm in ALGORITHMS]


def jwk_keys(text: str) -> list[Key]:
    """The keys of a JWK or a JWK set, in order.

    Raises:
        BuiltinError: there is no key, or a wrong one, in the words of OPA's library.
    """
    sole = "jwk.Parse: failed to parse sole key: jwk.ParseKey"
    try:
        value = first_value(text)
    except BuiltinError as error:
        raise BuiltinError(f"{sole}: {_PROBE}: {error.message}") from None
    if not isinstance(value, dict) or "keys" not in value:
        return [_parsed(value, sole)]
    members = value["keys"]
    set_of = "jwk.Parse: failed to unmarshal JWK set: failed to decode"
    if not isinstance(members, list):
        raise BuiltinError(f"{set_of} \"keys\": expected '['")
    limit("a JWK set", MAX_KEYS, len(members))
    return [
        _parsed(member, f'{set_of} key #{place} in "keys": jwk.ParseKey')
        for place, member in enumerate(members)
    ]


def _parsed(member: Any, where: str) -> Key:
    try:
        return _jwk(member)
    except BuiltinError as error:
        raise BuiltinError(f"{where}: {error.message}") from None


# Public keys alone: nothing that is secret stays in a cache.
@lru_cache(maxsize=64)
def _pem_key(label: str, body: bytes) -> Any:
    """The public key of a certificate or of a `PUBLIC KEY` block."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    what = {"CERTIFICATE": "certificate", "PUBLIC KEY": "public key"}.get(label)
    if what is None:
        raise BuiltinError("failed to extract a Key from the PEM certificate")
    try:
        # Our own reading of certificates: cryptography warns of odd ones, and will refuse them.
        key = load_der_public_key(parse(body).key_raw if label == "CERTIFICATE" else body)
    except (ValueError, UnsupportedAlgorithm):
        raise BuiltinError(f"failed to parse a PEM {what}") from None
    return _sane(key)


def _sane(key: Any) -> Any:
    """The key, unless an RSA modulus is too small to be safe or too large to be quick."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    if isinstance(key, rsa.RSAPublicKey) and key.key_size not in RSA_BITS:
        raise BuiltinError(f"RSA keys of {key.key_size} bits are not supported")
    return key


def _jwk(member: Any) -> Key:
    """One JWK; `kty` decides.

    Raises:
        BuiltinError: a member is missing, malformed, or of an unknown type.
    """
    from cryptography.exceptions import UnsupportedAlgorithm

    member = {} if member is None else member
    if not isinstance(member, dict):
        got = _GO_NAMES.get(type_name(member), type_name(member))
        problem = f"json: cannot unmarshal {got} into Go value of type {_GO_STRUCT}"
        raise BuiltinError(f"{_PROBE}: {problem}")
    kind = member.get("kty", "")
    if not isinstance(kind, str):
        got = _GO_NAMES.get(type_name(kind), type_name(kind))
        problem = f"json: cannot unmarshal {got} into Go struct field .kty of type string"
        raise BuiltinError(f"{_PROBE}: {problem}")
    build = {"oct": _octets, "RSA": _rsa, "EC": _curve, "OKP": _edwards}.get(kind)
    if build is None:
        raise BuiltinError(f"invalid key type from JSON ({kind[:80]})")
    name, needed = _KINDS[kind]
    if "d" in member:
        name = name.replace("Public", "Private")
    for part in needed:
        if part not in member:
            raise _unreadable(name, f"required field {part} is missing")
    try:
        key = build(member)
    except BuiltinError as error:
        raise _unreadable(name, error.message) from None
    except (ValueError, UnsupportedAlgorithm):
        raise BuiltinError("jwk.Parse: key validation failed") from None
    return Key(key, _text(member, "alg"), _text(member, "kid"))


def _unreadable(name: str, problem: str) -> BuiltinError:
    into = f"failed to unmarshal JSON into key (*jwk.{name})"
    return BuiltinError(f"{into}: {into}: {problem}")


def _text(member: Mapping[str, Any], name: str) -> str:
    value = member.get(name, "")
    if not isinstance(value, str):
        raise BuiltinError(f"{name} must be a string")
    return value


def _bytes(member: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64_url(_text(member, name))
    except BuiltinError:
        problem = "expected base64 encoded []byte (string)"
        raise BuiltinError(f"failed to decode value for key {name}: {problem}") from None


def _number(member: Mapping[str, Any], name: str) -> int:
    return int.from_bytes(_bytes(member, name), "big")


def _octets(member: Mapping[str, Any]) -> bytes:
    return _bytes(member, "k")


def _rsa(member: Mapping[str, Any]) -> Any:
    """An RSA key, private where `d` is there; missing primes are computed."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    public = rsa.RSAPublicNumbers(_number(member, "e"), _number(member, "n"))
    if public.n.bit_length() not in RSA_BITS:
        raise BuiltinError(f"RSA keys of {public.n.bit_length()} bits are not supported")
    if "d" not in member:
        return public.public_key()
    exponent = _number(member, "d")
    if "p" in member and "q" in member:
        first, second = _number(member, "p"), _number(member, "q")
    else:
        first, second = rsa.rsa_recover_prime_factors(public.n, public.e, exponent)
    if not (1 < first < public.n and 1 < second < public.n):
        raise ValueError("prime")
    return rsa.RSAPrivateNumbers(
        p=first,
        q=second,
        d=exponent,
        dmp1=rsa.rsa_crt_dmp1(exponent, first),
        dmq1=rsa.rsa_crt_dmq1(exponent, second),
        iqmp=rsa.rsa_crt_iqmp(first, second),
        public_numbers=public,
    ).private_key()


def _curve(member: Mapping[str, Any]) -> Any:
    """A key on one of NIST's curves, private where `d` is there."""
    from cryptography.hazmat.primitives.asymmetric import ec

    name = _text(member, "crv")
    if name not in _CURVES:
        problem = f'unknown EllipticCurveAlgorithm: "{name[:80]}"'
        raise BuiltinError(f"failed to decode value for key crv: {problem}")
    curve = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}[name]
    public = ec.EllipticCurvePublicNumbers(_number(member, "x"), _number(member, "y"), curve)
    if "d" not in member:
        return public.public_key()
    return ec.EllipticCurvePrivateNumbers(_number(member, "d"), public).private_key()


def _edwards(member: Mapping[str, Any]) -> Any:
    """An Ed25519 key, private where `d` is there; its public half must be the one of `x`."""
    from cryptography.hazmat.primitives.asymmetric import ed25519

    if _text(member, "crv") != "Ed25519":
        raise BuiltinError("failed to decode value for key crv: unknown curve")
    public = ed25519.Ed25519PublicKey.from_public_bytes(_bytes(member, "x"))
    if "d" not in member:
        return public
    private = ed25519.Ed25519PrivateKey.from_private_bytes(_bytes(member, "d"))
    if private.public_key().public_bytes_raw() != public.public_bytes_raw():
        raise ValueError("public key")
    return private


def jwk_of(key: Any) -> dict[str, Any]:
    """A private key as a JWK.

    Raises:
        BuiltinError: its kind has no JWK.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        made = {
            "n": numbers.public_numbers.n,
            "e": numbers.public_numbers.e,
            "d": numbers.d,
            "p": numbers.p,
            "q": numbers.q,
            "dp": numbers.dmp1,
            "dq": numbers.dmq1,
            "qi": numbers.iqmp,
        }
        return {"kty": "RSA"} | {name: _encoded(number) for name, number in made.items()}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        curve = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        if name := curve.get(key.curve.name):
            scalar = key.private_numbers()
            point = scalar.public_numbers
            parts = {"x": point.x, "y": point.y, "d": scalar.private_value}
            encoded = {part: _encoded(value, _CURVES[name]) for part, value in parts.items()}
            return {"kty": "EC", "crv": name} | encoded
    if isinstance(key, ed25519.Ed25519PrivateKey):
        halves = {"x": key.public_key().public_bytes_raw(), "d": key.private_bytes_raw()}
        encoded = {part: base64_url_text(half) for part, half in halves.items()}
        return {"kty": "OKP", "crv": "Ed25519"} | encoded
    raise BuiltinError("the key has no JWK")


def _encoded(number: int, size: int = 0) -> str:
    return base64_url_text(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))
