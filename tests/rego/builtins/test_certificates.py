"""Certificates, requests and keys: Go's shapes, and chains that must not verify."""

from __future__ import annotations

import base64
import ipaddress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from probanda.errors import PolicyError
from probanda.rego.builtins import BUILTINS, BuiltinError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 1_000_000_000
SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


@dataclass
class Now:
    now_ns: int = NOW_NS
    seed: str = "seed"


def call(name: str, *operands: Any) -> Any:
    builtin = BUILTINS[f"crypto.{name}"]
    return builtin.function(*((Now(),) if builtin.context else ()), *operands)


@dataclass
class Party:
    """A key and its certificate; issues others."""

    name: str
    issuer: Party | None = None
    extensions: list[tuple[Any, bool]] = field(default_factory=list)
    authority: bool | None = None
    path_length: int | None = None
    after: timedelta = timedelta(days=1)
    digest: Any = field(default_factory=hashes.SHA256)
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    signer: Any = None

    def __post_init__(self) -> None:
        parent = self.issuer or self
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, parent.name)])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(self.key.public_key())
            .serial_number(7)
            .not_valid_before(NOW - timedelta(days=1))
            .not_valid_after(NOW + self.after)
        )
        if self.authority is not None:
            constraints = x509.BasicConstraints(self.authority, self.path_length)
            builder = builder.add_extension(constraints, critical=True)
        for extension, critical in self.extensions:
            builder = builder.add_extension(extension, critical=critical)
        self.certificate = builder.sign(self.signer or parent.key, self.digest)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()


def root(**options: Any) -> Party:
    return Party("root", authority=True, **options)


def leaf(issuer: Party, names: list[Any] | None = None, **options: Any) -> Party:
    found = x509.SubjectAlternativeName(names or [x509.DNSName("www.example.com")])
    extensions = [(found, False), *options.pop("extensions", [(SERVER, False)])]
    return Party("leaf", issuer, extensions=extensions, **options)


def verifies(*chain: Party, **options: Any) -> bool:
    text = "".join(party.pem for party in chain)
    if options:
        return bool(call("x509.parse_and_verify_certificates_with_options", text, options)[0])
    return bool(call("x509.parse_and_verify_certificates", text)[0])


# --- shape ---------------------------------------------------------------------------------


def test_a_certificate_has_gos_fields() -> None:
    names = [
        x509.DNSName("a.example"),
        x509.RFC822Name("x@a.example"),
        x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
        x509.UniformResourceIdentifier("spiffe://a.example/b?c=d"),
    ]
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    authority = root()
    party = leaf(authority, names, extensions=[(SERVER, False), (usage, True)])
    made = call("x509.parse_certificates", party.pem)[0]
    numbers = party.key.public_key().public_numbers()
    assert made["PublicKey"] == {"Curve": {}, "X": numbers.x, "Y": numbers.y}
    wanted = {
        "Version": 3,
        "SerialNumber": 7,
        "SignatureAlgorithm": 10,
        "PublicKeyAlgorithm": 3,
        "NotBefore": "2025-12-31T00:00:00Z",
        "NotAfter": "2026-01-02T00:00:00Z",
        "KeyUsage": 5,
        "ExtKeyUsage": [1],
        "UnknownExtKeyUsage": None,
        "IsCA": False,
        "BasicConstraintsValid": False,
        "DNSNames": ["a.example"],
        "EmailAddresses": ["x@a.example"],
        "IPAddresses": ["10.0.0.1"],
        "URIStrings": ["spiffe://a.example/b?c=d"],
        "UnhandledCriticalExtensions": None,
    }
    assert {name: made[name] for name in wanted} == wanted
    assert made["URIs"][0]["Host"] == "a.example"
    assert made["URIs"][0]["RawQuery"] == "c=d"
    assert made["Subject"]["CommonName"] == "leaf"
    assert made["Issuer"]["Names"] == [{"Type": [2, 5, 4, 3], "Value": "root"}]
    assert made["Extensions"][-1]["Id"] == [2, 5, 29, 15]
    assert base64.b64decode(made["Raw"]) == party.certificate.public_bytes(Encoding.DER)
    assert base64.b64decode(made["Signature"]) == party.certificate.signature


def test_constraints_of_an_authority_are_there() -> None:
    names = x509.NameConstraints([x509.DNSName("a.example")], None)
    made = call(
        "x509.parse_certificates",
        root(path_length=0, extensions=[(names, True)]).pem,
    )[0]
    assert (made["IsCA"], made["MaxPathLen"], made["MaxPathLenZero"]) == (True, 0, True)
    assert made["PermittedDNSDomains"] == ["a.example"]
    assert made["PermittedDNSDomainsCritical"] is True


@pytest.mark.parametrize("encode", [0, 1, 2])
def test_pem_base64_of_pem_and_base64_of_der_are_read(encode: int) -> None:
    party = root()
    der = party.certificate.public_bytes(Encoding.DER)
    text = [party.pem, base64.b64encode(party.pem.encode()).decode()][encode : encode + 1] or [
        base64.b64encode(der + der).decode()
    ]
    found = call("x509.parse_certificates", text[0])
    assert {one["Subject"]["CommonName"] for one in found} == {"root"}
    assert len(found) == (2 if encode == 2 else 1)


def test_a_request_has_gos_fields() -> None:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Ä")])
    alternative = x509.SubjectAlternativeName([x509.DNSName("a.example")])
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .add_extension(alternative, critical=False)
        .add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"x")
        .sign(key, hashes.SHA384())
    )
    made = call("x509.parse_certificate_request", request.public_bytes(Encoding.PEM).decode())
    assert made["Subject"]["Organization"] == ["Ä"]
    assert made["SignatureAlgorithm"] == 5
    assert made["PublicKey"] == {"N": key.public_key().public_numbers().n, "E": 65537}
    assert made["DNSNames"] == ["a.example"]
    assert [one["Type"] for one in made["Attributes"]] == [[1, 2, 840, 113549, 1, 9, 14]]


# --- chains --------------------------------------------------------------------------------


def test_a_chain_verifies_and_comes_leaf_first() -> None:
    first = root()
    middle = Party("middle", first, authority=True)
    last = leaf(middle)
    text = first.pem + middle.pem + last.pem
    valid, chain = call("x509.parse_and_verify_certificates", text)
    assert valid is True
    assert [one["Subject"]["CommonName"] for one in chain] == ["leaf", "middle", "root"]
    assert verifies(first, middle, last, DNSName="www.example.com")
    options: dict[str, Any] = {"DNSName": "www.example.com"}
    found = call("x509.parse_and_verify_certificates_with_options", text, options)
    assert "URIStrings" not in found[1][0]


def test_one_certificate_is_no_chain() -> None:
    assert not verifies(root())


def test_chains_that_must_not_verify() -> None:
    first = root()
    stranger = ec.generate_private_key(ec.SECP256R1())
    client = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    limited = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
    no_signing = x509.KeyUsage(True, False, False, False, False, False, False, False, False)
    plain = Party("middle", first)
    short = root(path_length=0)
    middle = Party("middle", short, authority=True)
    coded = Party("middle", first, authority=True, extensions=[(limited, False)])
    mute = Party("middle", first, authority=True, extensions=[(no_signing, True)])
    wrong = {
        "forged signature": (first, leaf(first, signer=stranger)),
        "another root": (root(), leaf(first)),
        "expired": (first, leaf(first, after=timedelta(seconds=-1))),
        "usage": (first, leaf(first, extensions=[(client, False)])),
        "unknown critical extension": (first, leaf(first, extensions=[(unknown, True)])),
        "issuer is no authority": (first, plain, leaf(plain)),
        "path too long": (short, middle, leaf(middle)),
        "usage of the issuer": (first, coded, leaf(coded)),
        "issuer must not sign": (first, mute, leaf(mute)),
        "missing intermediate": (short, leaf(middle)),
    }
    assert [name for name, chain in wrong.items() if verifies(*chain)] == []
    assert verifies(first, leaf(first))
    assert verifies(first, leaf(first, extensions=[(client, False)]), KeyUsages=["KeyUsageAny"])


def test_time_and_usage_are_options() -> None:
    first = root(after=timedelta(days=900))
    late = leaf(first, after=timedelta(seconds=-1))
    assert not verifies(first, late, CurrentTime=NOW_NS)
    assert verifies(first, late, CurrentTime=NOW_NS - 2_000_000_000)
    client = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    party = leaf(first, extensions=[(client, False)])
    assert verifies(first, party, KeyUsages=["KeyUsageClientAuth"])
    assert not verifies(first, party, KeyUsages=["KeyUsageCodeSigning"])


@pytest.mark.parametrize(
    ("name", "host", "matches"),
    [
        ("www.example.com", "www.example.com", True),
        ("www.example.com", "WWW.Example.com.", True),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "example.com", False),
        ("w*.example.com", "www.example.com", False),
        ("www.example.com", "leaf", False),
        ("10.0.0.1", "10.0.0.1", False),
    ],
)
def test_host_names_match_as_in_rfc_6125(name: str, host: str, *, matches: bool) -> None:
    first = root()
    assert verifies(first, leaf(first, [x509.DNSName(name)]), DNSName=host) is matches


def test_an_address_matches_addresses_only() -> None:
    first = root()
    party = leaf(first, [x509.IPAddress(ipaddress.ip_address("::1"))])
    assert verifies(first, party, DNSName="[::1]")
    assert verifies(first, party, DNSName="0:0:0:0:0:0:0:1")
    assert not verifies(first, party, DNSName="::2")


@pytest.mark.parametrize(
    ("permitted", "excluded", "name", "allowed"),
    [
        (x509.DNSName("example.com"), None, x509.DNSName("a.example.com"), True),
        (x509.DNSName("example.com"), None, x509.DNSName("example.com"), True),
        (x509.DNSName("example.com"), None, x509.DNSName("badexample.com"), False),
        (None, x509.DNSName("bad.example.com"), x509.DNSName("x.bad.example.com"), False),
        (x509.RFC822Name("example.com"), None, x509.RFC822Name("a@example.com"), True),
        (x509.RFC822Name("a@example.com"), None, x509.RFC822Name("b@example.com"), False),
        (
            x509.UniformResourceIdentifier("example.com"),
            None,
            x509.UniformResourceIdentifier("https://example.com/x"),
            True,
        ),
        (
            x509.UniformResourceIdentifier("example.com"),
            None,
            x509.UniformResourceIdentifier("https://10.0.0.1/x"),
            False,
        ),
        (
            x509.IPAddress(ipaddress.ip_network("10.0.0.0/8")),
            None,
            x509.IPAddress(ipaddress.ip_address("10.9.9.9")),
            True,
        ),
        (
            x509.IPAddress(ipaddress.ip_network("10.0.0.0/8")),
            None,
            x509.IPAddress(ipaddress.ip_address("11.0.0.1")),
            False,
        ),
        (x509.DirectoryName(x509.Name([])), None, x509.DNSName("a.example"), False),
    ],
)
def test_name_constraints_hold(permitted: Any, excluded: Any, name: Any, *, allowed: bool) -> None:
    names = x509.NameConstraints(permitted and [permitted], excluded and [excluded])
    first = root(extensions=[(names, True)])
    assert verifies(first, leaf(first, [name])) is allowed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"DNSName": 1}, "'DNSName' should be a string"),
        ({"CurrentTime": "x"}, "'CurrentTime' should be a number"),
        ({"CurrentTime": 1.5}, "'CurrentTime' should be a valid int64 number"),
        ({"KeyUsages": "x"}, "'KeyUsages' should be an Array or Set"),
        ({"KeyUsages": ["x"]}, "invalid entries for 'KeyUsages' found: .x."),
        ({"Roots": 1}, "invalid key option"),
    ],
)
def test_wrong_options_are_errors(options: dict[str, Any], message: str) -> None:
    first = root()
    with pytest.raises(BuiltinError, match=message):
        verifies(first, leaf(first), **options)


def test_every_flipped_bit_of_what_is_signed_breaks_a_chain() -> None:
    first = root()
    der = bytearray(leaf(first).certificate.public_bytes(Encoding.DER))
    text = base64.b64encode(first.certificate.public_bytes(Encoding.DER) + der).decode()
    assert call("x509.parse_and_verify_certificates", text)[0] is True
    for place in range(4, len(der), 3):
        changed = bytearray(der)
        changed[place] ^= 1
        data = first.certificate.public_bytes(Encoding.DER) + changed
        text = base64.b64encode(data).decode()
        assert call("x509.parse_and_verify_certificates", text)[0] is False, place


# --- malformed -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x509.parse_certificates", "!", "illegal base64 data at input byte 0"),
        ("x509.parse_certificates", "MAA=", "x509: malformed certificate"),
        (
            "x509.parse_certificates",
            "-----BEGIN X-----\nMAA=\n-----END X-----",
            "PEM block type is 'X', expected CERTIFICATE",
        ),
        ("x509.parse_certificate_request", "MAA=", "asn1: structure error"),
        ("x509.parse_rsa_private_key", "", "input PEM data was empty"),
        (
            "parse_private_keys",
            "-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----",
            "failed to parse private key",
        ),
    ],
)
def test_malformed_texts_are_errors(name: str, text: str, message: str) -> None:
    with pytest.raises(BuiltinError, match=message):
        call(name, text)


def test_texts_have_a_limit() -> None:
    with pytest.raises(PolicyError, match="limit") as caught:
        call("x509.parse_certificates", "A" * ((1 << 20) + 1))
    assert not isinstance(caught.value, BuiltinError)


# --- keys ----------------------------------------------------------------------------------


def private_pem(key: Any, kind: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return key.private_bytes(Encoding.PEM, kind, NoEncryption()).decode()


def test_private_keys_of_every_kind_are_read() -> None:
    keys = [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ]
    text = "".join(map(private_pem, keys)) + private_pem(keys[1], PrivateFormat.TraditionalOpenSSL)
    first, second, third, fourth = call("parse_private_keys", text)
    assert first["D"] == keys[0].private_numbers().d
    assert first["Primes"] == [keys[0].private_numbers().p, keys[0].private_numbers().q]
    assert second == fourth
    assert second["D"] == keys[1].private_numbers().private_value
    assert base64.b64decode(third)[:32] == keys[2].private_bytes_raw()
    jwk = call("x509.parse_rsa_private_key", private_pem(keys[1]))
    assert (jwk["kty"], jwk["crv"], len(jwk["x"])) == ("EC", "P-384", 64)


def test_a_pair_needs_the_key_of_its_certificate() -> None:
    party = root()
    made = call("x509.parse_keypair", party.pem, private_pem(party.key))
    assert made["Leaf"]["Subject"]["CommonName"] == "root"
    assert made["PrivateKey"]["D"] == party.key.private_numbers().private_value
    other = private_pem(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(BuiltinError, match="private key does not match public key"):
        call("x509.parse_keypair", party.pem, other)
