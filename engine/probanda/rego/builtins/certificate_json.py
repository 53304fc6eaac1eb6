"""Certificates, requests and keys in the shape that Go's `json.Marshal` gives them.

Rules:

- Field names and kinds are those of Go's structures; policies are written against them.
- Bytes are base64, big integers are numbers, identifiers are arrays of numbers, a missing
  list is null.

Source: Go `crypto/x509`, `crypto/x509/pkix`, `crypto/rsa`, `net/url`.

Example:
    certificate_json(parse(der))["Subject"]["CommonName"]   # "openpolicyagent.org"
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from probanda.rego.builtins.certificate import Certificate, Extension, Name, Network, Subtrees
from probanda.rego.builtins.der import Element, children, first, go_time, identifier, only
from probanda.rego.builtins.go import base64_text

_RSA: Final = (1, 2, 840, 113549, 1, 1)
_ECDSA: Final = (1, 2, 840, 10045, 4, 3)
_SHA2: Final = (2, 16, 840, 1, 101, 3, 4, 2)
_PSS: Final = (*_RSA, 10)

# Go's numbers for signature algorithms.
_SIGNATURES: Final[dict[tuple[int, ...], int]] = {
    (*_RSA, 2): 1,
    (*_RSA, 4): 2,
    (*_RSA, 5): 3,
    (1, 3, 14, 3, 2, 29): 3,
    (*_RSA, 11): 4,
    (*_RSA, 12): 5,
    (*_RSA, 13): 6,
    (1, 2, 840, 10040, 4, 3): 7,
    (2, 16, 840, 1, 101, 3, 4, 3, 2): 8,
    (1, 2, 840, 10045, 4, 1): 9,
    (*_ECDSA, 2): 10,
    (*_ECDSA, 3): 11,
    (*_ECDSA, 4): 12,
    (1, 3, 101, 112): 16,
}
_PSS_HASHES: Final[dict[tuple[int, ...], int]] = {(*_SHA2, 1): 13, (*_SHA2, 2): 14, (*_SHA2, 3): 15}
# Go's numbers for algorithms of public keys.
_KEYS: Final[dict[tuple[int, ...], int]] = {
    (*_RSA, 1): 1,
    (1, 2, 840, 10040, 4, 1): 2,
    (1, 2, 840, 10045, 2, 1): 3,
    (1, 3, 101, 112): 4,
}
_ATTRIBUTES: Final = {
    6: "Country",
    7: "Locality",
    8: "Province",
    9: "StreetAddress",
    10: "Organization",
    11: "OrganizationalUnit",
    17: "PostalCode",
}


def signature_algorithm(algorithm: Element) -> int:
    """Go's number for a signature algorithm, 0 when it has none."""
    kind, *parameters = children(algorithm)
    if identifier(kind) != _PSS:
        return _SIGNATURES.get(identifier(kind), 0)
    for part in children(parameters[0]) if parameters else []:
        if part.context == 0:
            return _PSS_HASHES.get(identifier(first(first(part, 0xA0))), 0)
    return 0


def name_json(name: Name) -> dict[str, Any]:
    """`pkix.Name`."""
    made: dict[str, Any] = dict.fromkeys(_ATTRIBUTES.values())
    made |= {"SerialNumber": "", "CommonName": "", "ExtraNames": None}
    made["Names"] = [{"Type": list(kind), "Value": value} for kind, value in name] or None
    for kind, value in name:
        if kind[:3] != (2, 5, 4) or len(kind) != 4:
            continue
        if kind[3] == 3:
            made["CommonName"] = value
        elif kind[3] == 5:
            made["SerialNumber"] = value
        elif field := _ATTRIBUTES.get(kind[3]):
            made[field] = [*(made[field] or []), value]
    return made


def certificate_json(certificate: Certificate) -> dict[str, Any]:
    """`x509.Certificate`, with OPA's `URIStrings`."""
    made = certificate
    assert made.not_before is not None
    assert made.not_after is not None
    assert made.algorithm is not None
    permitted, excluded = made.permitted, made.excluded
    return {
        "Raw": base64_text(made.raw),
        "RawTBSCertificate": base64_text(made.signed),
        "RawSubjectPublicKeyInfo": base64_text(made.key_raw),
        "RawSubject": base64_text(made.subject_raw),
        "RawIssuer": base64_text(made.issuer_raw),
        "Signature": base64_text(made.signature),
        "SignatureAlgorithm": signature_algorithm(made.algorithm),
        "PublicKeyAlgorithm": key_algorithm(made.key_raw),
        "PublicKey": public_key_json(made.key_raw),
        "Version": made.version,
        "SerialNumber": made.serial,
        "Issuer": name_json(made.issuer),
        "Subject": name_json(made.subject),
        "NotBefore": go_time(made.not_before),
        "NotAfter": go_time(made.not_after),
        "KeyUsage": made.key_usage,
        "Extensions": extensions_json(made.extensions),
        "ExtraExtensions": None,
        "UnhandledCriticalExtensions": _identifiers(made.unhandled),
        "ExtKeyUsage": made.usages,
        "UnknownExtKeyUsage": _identifiers(made.unknown_usages),
        "BasicConstraintsValid": made.constrained,
        "IsCA": made.authority,
        "MaxPathLen": made.path_length,
        "MaxPathLenZero": made.constrained and made.path_length == 0,
        "SubjectKeyId": base64_text(made.subject_key) or None,
        "AuthorityKeyId": base64_text(made.authority_key) or None,
        "OCSPServer": made.ocsp or None,
        "IssuingCertificateURL": made.issuing or None,
        **names_json(made.dns_names, made.emails, made.addresses, made.uris),
        "URIStrings": made.uris or None,
        "PermittedDNSDomainsCritical": made.names_critical,
        **_subtrees_json("Permitted", permitted),
        **_subtrees_json("Excluded", excluded),
        "CRLDistributionPoints": made.revocation or None,
        "PolicyIdentifiers": _identifiers(made.policies),
        "Policies": [".".join(map(str, policy)) for policy in made.policies] or None,
        **_POLICY_CONSTRAINTS,
    }


# Constraints on policies that a certificate without such an extension has.
_POLICY_CONSTRAINTS: Final[dict[str, Any]] = {
    "InhibitAnyPolicy": 0,
    "InhibitAnyPolicyZero": False,
    "InhibitPolicyMapping": 0,
    "InhibitPolicyMappingZero": False,
    "RequireExplicitPolicy": 0,
    "RequireExplicitPolicyZero": False,
    "PolicyMappings": None,
}


def names_json(
    dns: list[str], emails: list[str], addresses: list[str], uris: list[str]
) -> dict[str, Any]:
    """The alternative names of a certificate or of a request."""
    return {
        "DNSNames": dns or None,
        "EmailAddresses": emails or None,
        "IPAddresses": addresses or None,
        "URIs": [url_json(uri) for uri in uris] or None,
    }


def extensions_json(extensions: list[Extension]) -> list[dict[str, Any]] | None:
    """`[]pkix.Extension`."""
    return [
        {
            "Id": list(extension.identifier),
            "Critical": extension.critical,
            "Value": base64_text(extension.value) or None,
        }
        for extension in extensions
    ] or None


def _identifiers(found: Sequence[tuple[int, ...]] | None) -> list[list[int]] | None:
    return [list(one) for one in found or ()] or None


def _subtrees_json(half: str, trees: Subtrees) -> dict[str, Any]:
    return {
        f"{half}DNSDomains": trees.dns or None,
        f"{half}IPRanges": [_network_json(network) for network in trees.networks] or None,
        f"{half}EmailAddresses": trees.emails or None,
        f"{half}URIDomains": trees.uris or None,
    }


def _network_json(network: Network) -> dict[str, str]:
    return {
        "IP": str(ipaddress.ip_address(network.network_address)),
        "Mask": base64_text(network.netmask.packed),
    }


def url_json(uri: str) -> dict[str, Any]:
    """`url.URL`."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        parts = urlsplit("")
    host, path, opaque = parts.netloc, parts.path, ""
    user: dict[str, Any] | None = None
    if "@" in host:
        host, user = host.rpartition("@")[2], {}
    if parts.scheme and not host and path and not path.startswith("/"):
        path, opaque = "", path
    plain = unquote(path)
    return {
        "Scheme": parts.scheme,
        "Opaque": opaque,
        "User": user,
        "Host": host,
        "Path": plain,
        "RawPath": "" if quote(plain, safe="/$&+,:;=@!*'()~") == path else path,
        "OmitHost": False,
        "ForceQuery": uri.endswith("?"),
        "RawQuery": parts.query,
        "Fragment": unquote(parts.fragment),
        "RawFragment": "",
    }


# --- keys ----------------------------------------------------------------------------------


def key_algorithm(key: bytes) -> int:
    """Go's number for the algorithm of a `SubjectPublicKeyInfo`, 0 when it has none."""
    return _KEYS.get(identifier(first(first(only(key)))), 0)


def public_key_json(key: bytes) -> Any:
    """A public key as Go's JSON has it; null when its kind is unknown.

    Raises:
        ValueError: it is malformed.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    if not key_algorithm(key):
        return None
    try:
        return _public_json(load_der_public_key(key))
    except UnsupportedAlgorithm:
        return None


def _public_json(key: Any) -> Any:
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PublicKey):
        return base64_text(key.public_bytes_raw())
    if isinstance(key, rsa.RSAPublicKey):
        return {"N": key.public_numbers().n, "E": key.public_numbers().e}
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"Curve": {}, "X": key.public_numbers().x, "Y": key.public_numbers().y}
    if isinstance(key, dsa.DSAPublicKey):
        domain = key.public_numbers().parameter_numbers
        return {"P": domain.p, "Q": domain.q, "G": domain.g, "Y": key.public_numbers().y}
    return None


def private_key_json(key: Any) -> Any:
    """A private key as Go's JSON has it.

    Raises:
        ValueError: its kind is unknown.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return base64_text(key.private_bytes_raw() + key.public_key().public_bytes_raw())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _public_json(key.public_key()) | {"D": key.private_numbers().private_value}
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.private_numbers()
        halves = {"Dp": numbers.dmp1, "Dq": numbers.dmq1, "Qinv": numbers.iqmp}
        return _public_json(key.public_key()) | {
            "D": numbers.d,
            "Primes": [numbers.p, numbers.q],
            "Precomputed": halves | {"CRTValues": []},
        }
    raise ValueError("unknown kind of key")
