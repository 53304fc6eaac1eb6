"""Tokens: the RFCs' examples, every algorithm there and back, confusion, limits, secrets."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from probanda.errors import PolicyError
from probanda.rego.builtins import BUILTINS, BuiltinError
from probanda.rego.builtins.jwt_keys import Key, jwk_of, verification_keys

# RFC 7515 §A.1.
RFC_KEY = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
RFC_TOKEN = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)
# RFC 8037 §A.1, §A.4.
ED25519 = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
}
ED25519_TOKEN = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)


@dataclass
class Now:
    now_ns: int = 1_000_000_000_000
    seed: str = "seed"


def call(name: str, *operands: Any) -> Any:
    builtin = BUILTINS[f"io.jwt.{name}"]
    return builtin.function(*((Now(),) if builtin.context else ()), *operands)


def encoded(part: Any) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def secret(text: str) -> dict[str, str]:
    return {"kty": "oct", "k": encoded(text.encode())}


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    """One private key of each family and curve."""
    return {
        "rsa": rsa.generate_private_key(65537, 2048),
        "256": ec.generate_private_key(ec.SECP256R1()),
        "384": ec.generate_private_key(ec.SECP384R1()),
        "512": ec.generate_private_key(ec.SECP521R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }


def key_for(keys: dict[str, Any], algorithm: str) -> Any:
    if algorithm[:2] in {"RS", "PS"}:
        return keys["rsa"]
    return keys["EdDSA" if algorithm == "EdDSA" else algorithm[2:]]


def pem(key: Any) -> str:
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def public_jwk(key: Any) -> dict[str, Any]:
    private = {"d", "p", "q", "dp", "dq", "qi"}
    return {name: value for name, value in jwk_of(key).items() if name not in private}


ASYMMETRIC = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)]


@pytest.mark.parametrize("algorithm", [*ASYMMETRIC, "EdDSA"])
def test_what_is_signed_verifies_with_its_key_and_with_no_other(
    keys: dict[str, Any], algorithm: str
) -> None:
    key = key_for(keys, algorithm)
    token = call("encode_sign", {"alg": algorithm}, {"iss": "a"}, jwk_of(key))
    assert token == call("encode_sign", {"alg": algorithm}, {"iss": "a"}, jwk_of(key))
    verify = f"verify_{algorithm.lower()}"
    assert call(verify, token, pem(key)) is True
    assert call(verify, token, json.dumps({"keys": [public_jwk(key)]})) is True
    header, payload, signature = token.split(".")
    assert call(verify, f"{header}.{encoded({'iss': 'b'})}.{signature}", pem(key)) is False
    assert call(verify, f"{header}.{payload}.{signature[:-8]}", pem(key)) is False
    others = [keys[name] for name in keys if keys[name] is not key]
    assert [call(verify, token, pem(other)) for other in others] == [False] * 4


@pytest.mark.parametrize("bits", [256, 384, 512])
def test_our_pss_signatures_are_those_of_the_standard(keys: dict[str, Any], bits: int) -> None:
    token = call("encode_sign", {"alg": f"PS{bits}"}, {}, jwk_of(keys["rsa"]))
    signed, _, signature = token.rpartition(".")
    digest = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}[bits]
    scheme = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
    data = base64.urlsafe_b64decode(signature + "==")
    keys["rsa"].public_key().verify(data, signed.encode(), scheme, digest)


@pytest.mark.parametrize("bits", [256, 384, 512])
def test_a_shared_secret_signs_and_verifies(bits: int) -> None:
    token = call("encode_sign", {"alg": f"HS{bits}"}, {"iss": "a"}, secret("s3cret"))
    assert call(f"verify_hs{bits}", token, "s3cret") is True
    assert call(f"verify_hs{bits}", token, "s3cres") is False
    assert call("decode_verify", token, {"secret": "s3cret"})[0] is True


def test_the_rfcs_examples_come_out() -> None:
    jwk = json.dumps({"kty": "oct", "k": RFC_KEY})
    parts = [base64.urlsafe_b64decode(part + "==").decode() for part in RFC_TOKEN.split(".")[:2]]
    assert call("encode_sign_raw", *parts, jwk) == RFC_TOKEN
    assert call("verify_eddsa", ED25519_TOKEN, json.dumps(ED25519)) is False  # a private key
    public = {name: value for name, value in ED25519.items() if name != "d"}
    assert call("verify_eddsa", ED25519_TOKEN, json.dumps(public)) is True


# --- confusion -----------------------------------------------------------------------------


def test_a_public_key_is_never_taken_for_a_secret(keys: dict[str, Any]) -> None:
    text = pem(keys["rsa"])
    forged = call("encode_sign", {"alg": "HS256"}, {"admin": True}, secret(text))
    assert call("decode_verify", forged, {"cert": text}) == [False, {}, {}]
    assert call("verify_rs256", forged, text) is False


@pytest.mark.parametrize("algorithm", ["none", "None", "", "HS1", "ES256K", "RS", None])
def test_unknown_algorithms_never_verify(algorithm: str | None) -> None:
    header = {} if algorithm is None else {"alg": algorithm}
    for signature in ("", encoded(b"x")):
        token = f"{encoded(header)}.{encoded({})}.{signature}"
        assert call("decode_verify", token, {"secret": "s"}) == [False, {}, {}]


def test_the_algorithm_asked_for_must_be_the_tokens() -> None:
    token = call("encode_sign", {"alg": "HS256"}, {}, secret("s"))
    assert call("decode_verify", token, {"secret": "s", "alg": "HS512"})[0] is False
    assert call("decode_verify", token, {"secret": "s", "alg": "HS256"})[0] is True


def test_a_key_for_another_algorithm_is_not_tried(keys: dict[str, Any]) -> None:
    token = call("encode_sign", {"alg": "RS256"}, {}, jwk_of(keys["rsa"]))
    only = json.dumps(public_jwk(keys["rsa"]) | {"alg": "PS256"})
    assert call("verify_rs256", token, only) is False
    unknown = json.dumps(public_jwk(keys["rsa"]) | {"alg": "RSA-OAEP"})
    assert call("verify_rs256", token, unknown) is False


def test_the_key_that_the_header_names_is_the_only_one_tried(keys: dict[str, Any]) -> None:
    named = {"alg": "ES256", "kid": "a"}
    token = call("encode_sign", named, {}, jwk_of(keys["256"]))
    right, wrong = public_jwk(keys["256"]), public_jwk(ec.generate_private_key(ec.SECP256R1()))
    one = {"keys": [wrong | {"kid": "a"}, right | {"kid": "b"}]}
    other = {"keys": [wrong | {"kid": "b"}, right | {"kid": "c"}]}
    assert call("verify_es256", token, json.dumps(one)) is False
    assert call("verify_es256", token, json.dumps(other)) is True


def test_a_curve_must_be_the_algorithms(keys: dict[str, Any]) -> None:
    with pytest.raises(BuiltinError, match="cannot sign with ES256"):
        call("encode_sign", {"alg": "ES256"}, {}, jwk_of(keys["384"]))


def test_critical_parameters_that_nobody_knows_make_a_token_invalid() -> None:
    header = {"alg": "HS256", "crit": ["b64"], "b64": False}
    token = call("encode_sign", header, {}, secret("s"))
    assert call("decode_verify", token, {"secret": "s"})[0] is False


# --- claims --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "constraints", "valid"),
    [
        ({"exp": 1000}, {}, False),  # expires now
        ({"exp": 1000.5}, {}, True),
        ({"exp": 2000}, {"time": 2_000_000_000_000}, False),
        ({"nbf": 1000}, {}, True),
        ({"nbf": 1001}, {}, False),
        ({"iss": "a"}, {"iss": "a"}, True),
        ({"iss": "a"}, {"iss": "b"}, False),
        ({}, {"iss": "a"}, False),
        ({"aud": "a"}, {"aud": "a"}, True),
        ({"aud": ["b", "a"]}, {"aud": "a"}, True),
        ({"aud": ["b", 1]}, {"aud": "a"}, False),
        ({"aud": "a"}, {}, False),  # an audience that nobody asked for
        ({}, {"aud": "a"}, False),
    ],
)
def test_claims_are_checked(
    claims: dict[str, Any], constraints: dict[str, Any], *, valid: bool
) -> None:
    token = call("encode_sign", {"alg": "HS256"}, claims, secret("s"))
    assert call("decode_verify", token, {"secret": "s"} | constraints)[0] is valid


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        ({}, "no key constraint"),
        ({"secret": ""}, "no key constraint"),
        ({"secret": "s", "cert": json.dumps(ED25519)}, "duplicate key constraints"),
        ({"secret": 1}, "secret constraint: must be a string"),
        ({"secret": "s", "time": -1}, "token time constraint: must not be negative"),
        ({"secret": "s", "time": "x"}, "token time constraint: must be a number"),
        ({"secret": "s", "tiem": 1}, "unknown token validation constraint: tiem"),
    ],
)
def test_wrong_constraints_are_errors(constraints: dict[str, Any], message: str) -> None:
    with pytest.raises(BuiltinError, match=message):
        call("decode_verify", RFC_TOKEN, constraints)


def test_a_token_inside_a_token_is_decoded_and_both_are_verified() -> None:
    inner = call("encode_sign", {"alg": "HS256"}, {"iss": "in"}, secret("s"))
    header = json.dumps({"alg": "HS256", "typ": "text", "cty": "JWT"})
    outer = call("encode_sign_raw", header, inner, json.dumps(secret("s")))
    assert call("decode", outer)[1] == {"iss": "in"}
    assert call("decode_verify", outer, {"secret": "s"})[2] == {"iss": "in"}
    forged = call("encode_sign_raw", header, inner[:-4] + "AAAA", json.dumps(secret("s")))
    assert call("decode_verify", forged, {"secret": "s"})[0] is False


# --- malformed -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "message"),
    [
        ("abc", "encoded JWT had no period separators"),
        ("a.b", "must have 3 sections, found 2"),
        ("a.b.c.d", "must have 3 sections, found 4"),
        (f"{encoded([1])}.{encoded({})}.", "bad JWT header: decoded JSON type was not an Object"),
        (f"{encoded(b'{')}.{encoded({})}.", "bad JWT header: invalid JSON"),
        (f"{encoded({'enc': 1})}.{encoded({})}.", "JWE object"),
        (f"{encoded({})}.{encoded([])}.", "decoded JSON type was not an Object"),
        (f"{encoded({})}.@.", "JWT payload had invalid encoding"),
    ],
)
def test_malformed_tokens_are_errors(token: str, message: str) -> None:
    with pytest.raises(BuiltinError, match=message):
        call("decode", token)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "{}",
        "[]",
        '{"kty":"RSA","e":"AQAB"}',
        '{"kty":"RSA","n":"AQ","e":"AQAB"}',
        '{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}',
        '{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}',
        '{"kty":"OKP","crv":"Ed448","x":"AA"}',
        '{"kty":"??"}',
        '{"keys":[1]}',
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\nmore",
    ],
)
def test_malformed_keys_are_errors(key: str) -> None:
    with pytest.raises(BuiltinError):
        call("verify_rs256", RFC_TOKEN, key)


def test_keys_of_an_unsafe_or_absurd_size_are_refused() -> None:
    small = {"kty": "RSA", "n": encoded((1 << 511 | 1).to_bytes(64, "big")), "e": "AQAB"}
    huge = {"kty": "RSA", "n": encoded((1 << 20_000 | 1).to_bytes(2_501, "big")), "e": "AQAB"}
    for jwk in (small, huge):
        with pytest.raises(BuiltinError, match="bits are not supported"):
            call("verify_rs256", RFC_TOKEN, json.dumps(jwk))
    many = {"keys": [secret("s")] * 1_001}
    with pytest.raises(PolicyError, match="exceed the limit of 1000"):
        call("verify_rs256", RFC_TOKEN, json.dumps(many))


def test_no_message_shows_a_secret() -> None:
    hidden = "hunter2hunter2"
    bad = [
        ("decode_verify", (RFC_TOKEN, {"secret": hidden, "time": "x"})),
        ("verify_rs256", (RFC_TOKEN, hidden)),
        ("verify_rs256", (RFC_TOKEN, json.dumps({"kty": "RSA", "n": hidden, "e": "!"}))),
        ("encode_sign", ({"alg": "RS256"}, {}, secret(hidden))),
        ("encode_sign_raw", ("{}", "{}", f'{{"kty":"oct","k":"{hidden}!"}}')),
        ("decode", (f"{hidden}.{hidden}",)),
        ("decode", (f"{hidden}a!.{hidden}.",)),
    ]
    for name, operands in bad:
        with pytest.raises(BuiltinError) as caught:
            call(name, *operands)
        assert hidden not in str(caught.value), name
    assert hidden not in repr(Key(hidden.encode()))
    assert hidden not in repr(verification_keys(json.dumps(secret(hidden))))


_SOLE = "jwk.Parse: failed to parse sole key: jwk.ParseKey: "


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", _SOLE + "jwk.Parse: failed to probe data: probe: failed to unmarshal data: EOF"),
        ("x", "failed to unmarshal data: invalid character 'x' looking for beginning of value"),
        ("2020-01", "json: cannot unmarshal number into Go value of type struct"),
        ("{}", _SOLE + "invalid key type from JSON ()"),
        ('{"kty": "foo"}', _SOLE + "invalid key type from JSON (foo)"),
        ('{"kty": 1}', "json: cannot unmarshal number into Go struct field .kty of type string"),
        ('{"kty": "oct"}', "into key (*jwk.symmetricKey): required field k is missing"),
        ('{"kty": "RSA", "n": "AQAB"}', "key (*jwk.rsaPublicKey): required field e is missing"),
        ('{"kty": "EC", "crv": "X", "x": "", "y": ""}', 'unknown EllipticCurveAlgorithm: "X"'),
        ('{"keys": 1}', "failed to unmarshal JWK set: failed to decode"),
        ('{"keys": [{}]}', 'failed to decode key #0 in "keys": jwk.ParseKey: invalid key type'),
    ],
)
def test_a_text_that_is_no_key_is_refused_in_the_words_of_opas_library(text, message) -> None:
    with pytest.raises(BuiltinError) as caught:
        verification_keys(text)
    assert message in caught.value.message
    assert caught.value.message.startswith(
        "failed to parse a JWK key (set): jwk.ParseString: failed to parse string: jwk.Parse: "
    )
