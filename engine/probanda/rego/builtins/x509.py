"""Certificates and certificate requests.

Rules:

- Texts are PEM, or base64 of PEM or of DER.
- Results have the shape of Go's structures; see `certificate_json`.
- Chains are verified at the evaluation's time, unless an option says another.
- No message repeats what it was given.

Source: OPA `v1/topdown/crypto.go`.

Example:
    parse_certificates(pem)[0]["Subject"]["CommonName"]
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from probanda.rego.builtins.certificate import (
    MAX_BYTES,
    Certificate,
    alternative_names,
    parse,
    parse_extensions,
    parse_name,
)
from probanda.rego.builtins.certificate_chain import SERVER, Options, find_chain
from probanda.rego.builtins.certificate_json import (
    certificate_json,
    extensions_json,
    key_algorithm,
    name_json,
    names_json,
    public_key_json,
    signature_algorithm,
)
from probanda.rego.builtins.der import (
    SEQUENCE,
    SET,
    DerError,
    Element,
    bits,
    children,
    elements,
    go_any,
    identifier,
    integer,
    only,
)
from probanda.rego.builtins.go import base64_standard, base64_text, pem_block
from probanda.rego.builtins.interface import (
    Builtin,
    BuiltinError,
    EvaluationContext,
    define,
    limit,
    mapping,
    string,
)
from probanda.rego.values import RegoSet

_CERTIFICATE: Final = "CERTIFICATE"
_REQUEST: Final = "CERTIFICATE REQUEST"
_EXTENSION_REQUEST: Final = (1, 2, 840, 113549, 1, 9, 14)
_SUBJECT_ALTERNATIVE_NAME: Final = (2, 5, 29, 17)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_INT64: Final = 1 << 63

_USAGES: Final = {
    name: number
    for number, name in enumerate(
        (
            "KeyUsageAny",
            "KeyUsageServerAuth",
            "KeyUsageClientAuth",
            "KeyUsageCodeSigning",
            "KeyUsageEmailProtection",
            "KeyUsageIPSECEndSystem",
            "KeyUsageIPSECTunnel",
            "KeyUsageIPSECUser",
            "KeyUsageTimeStamping",
            "KeyUsageOCSPSigning",
            "KeyUsageMicrosoftServerGatedCrypto",
            "KeyUsageNetscapeServerGatedCrypto",
            "KeyUsageMicrosoftCommercialCodeSigning",
            "KeyUsageMicrosoftKernelCodeSigning",
        )
    )
}


# --- certificates --------------------------------------------------------------------------


def _certificates(text: str) -> list[Certificate]:
    """The certificates in a text.

    Raises:
        BuiltinError: there is something else in it.
    """
    limit("certificates", MAX_BYTES, len(text))
    if text.startswith("-----BEGIN"):
        data = _pem_certificates(text)
    else:
        data = base64_standard(text)
        if data.startswith(b"-----BEGIN"):
            data = _pem_certificates(data.decode("latin-1"))
    try:
        return [parse(element.raw) for element in elements(data)]
    except DerError:
        raise BuiltinError("x509: malformed certificate") from None


def _pem_certificates(text: str) -> bytes:
    found = b""
    while block := pem_block(text):
        if block.label != _CERTIFICATE:
            raise BuiltinError(f"PEM block type is '{block.label}', expected {_CERTIFICATE}")
        found, text = found + block.body, block.rest
    return found


def _json(certificate: Certificate) -> dict[str, Any]:
    """Render what was parsed; a malformed key only shows here."""
    try:
        return certificate_json(certificate)
    except ValueError:
        raise BuiltinError("x509: malformed public key") from None


def parse_certificates(text: Any) -> list[Any]:
    """The certificates in a text."""
    return [_json(one) for one in _certificates(string(text, 1))]


def parse_and_verify(context: EvaluationContext, text: Any) -> list[Any]:
    """`[true, chain]` from leaf to root when the chain is right, else `[false, []]`."""
    return _verify(string(text, 1), _options(context, {}), strings=True)


def parse_and_verify_with_options(context: EvaluationContext, text: Any, options: Any) -> list[Any]:
    """The same, against options; certificates then have no `URIStrings`."""
    given, wanted = string(text, 1), mapping(options, 2)
    try:
        _certificates(given)
    except (BuiltinError, ValueError):
        # Options of which nothing depends are not looked at.
        return [False, []]
    return _verify(given, _options(context, wanted), strings=False)


def _verify(text: str, options: Options, *, strings: bool) -> list[Any]:
    """The root comes first in the text, the leaf last."""
    try:
        found = _certificates(text)
        if len(found) < 2:
            return [False, []]
        chain = find_chain(found[0], found[1:-1], found[-1], options)
        made = [certificate_json(one) for one in chain or ()]
    except (BuiltinError, ValueError):
        return [False, []]
    if not made:
        return [False, []]
    if not strings:
        for one in made:
            del one["URIStrings"]
    return [True, made]


def _options(context: EvaluationContext, given: dict[Any, Any]) -> Options:
    """The options of a verification.

    Raises:
        BuiltinError: one is unknown or has the wrong type.
    """
    now, host, comparisons = context.now_ns, "", 250_000
    usages: tuple[int, ...] = (SERVER,)
    for name, value in given.items():
        if not isinstance(name, str):
            continue
        if name == "DNSName":
            if not isinstance(value, str):
                raise BuiltinError("'DNSName' should be a string")
            host = value.strip('"')
        elif name == "CurrentTime":
            now = _whole(name, value, "a valid int64 number")
        elif name == "MaxConstraintComparisons":
            comparisons = _whole(name, value, "a valid number") or comparisons
        elif name == "KeyUsages":
            usages = _usages(value) or usages
        else:
            raise BuiltinError("invalid key option")
    try:
        moment = _EPOCH + timedelta(microseconds=now // 1_000)
    except OverflowError:
        raise BuiltinError("'CurrentTime' should be a valid int64 number") from None
    return Options(moment, usages, host, comparisons)


def _whole(name: str, value: Any, kind: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BuiltinError(f"'{name}' should be a number")
    if not -_INT64 <= value < _INT64 or value != int(value):
        raise BuiltinError(f"'{name}' should be {kind}")
    return int(value)


def _usages(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | RegoSet):
        raise BuiltinError("'KeyUsages' should be an Array or Set")
    names = [name.strip('"') for name in value if isinstance(name, str)]
    if unknown := [name for name in names if name not in _USAGES]:
        raise BuiltinError(f"invalid entries for 'KeyUsages' found: [{' '.join(unknown)}]")
    return tuple(_USAGES[name] for name in names)


# --- requests ------------------------------------------------------------------------------


def parse_certificate_request(text: Any) -> dict[str, Any]:
    """A certificate signing request."""
    given = string(text, 1)
    limit("a certificate request", MAX_BYTES, len(given))
    if given.startswith(f"-----BEGIN {_REQUEST}-----"):
        data = given.encode(errors="replace")
    else:
        data = base64_standard(given)
    if block := pem_block(data.decode("latin-1")):
        if block.label != _REQUEST:
            raise BuiltinError("invalid PEM-encoded certificate signing request")
        data = block.body
    try:
        return _request_json(data)
    except (ValueError, IndexError):
        raise BuiltinError("asn1: structure error: malformed certificate request") from None


def _request_json(data: bytes) -> dict[str, Any]:
    """`x509.CertificateRequest`."""
    whole, algorithm, signature = children(only(data, SEQUENCE))
    version, subject, key, *rest = children(whole)
    attributes = elements(rest[0].body) if rest else []
    extensions = []
    names: tuple[list[str], list[str], list[str], list[str]] = ([], [], [], [])
    for attribute in attributes:
        kind, values = children(attribute)
        if identifier(kind) == _EXTENSION_REQUEST:
            extensions += parse_extensions(children(values, SET)[0])
    for extension in extensions:
        if extension.identifier == _SUBJECT_ALTERNATIVE_NAME:
            names = alternative_names(only(extension.value, SEQUENCE))
    emails, dns, uris, addresses = names
    return {
        "Raw": base64_text(data),
        "RawTBSCertificateRequest": base64_text(whole.raw),
        "RawSubjectPublicKeyInfo": base64_text(key.raw),
        "RawSubject": base64_text(subject.raw),
        "Version": integer(version),
        "Signature": base64_text(bits(signature)[0]),
        "SignatureAlgorithm": signature_algorithm(algorithm),
        "PublicKeyAlgorithm": key_algorithm(key.raw),
        "PublicKey": public_key_json(key.raw),
        "Subject": name_json(parse_name(subject)),
        "Attributes": [made for one in attributes if (made := _attribute_json(one))] or None,
        "Extensions": extensions_json(extensions),
        "ExtraExtensions": None,
        **names_json(dns, emails, addresses, uris),
    }


def _attribute_json(attribute: Element) -> dict[str, Any] | None:
    """`pkix.AttributeTypeAndValueSET`; attributes of another shape (passwords) are left out."""
    kind, values = children(attribute)
    try:
        groups = [
            [_pair_json(children(pair)) for pair in children(group)]
            for group in children(values, SET)
        ]
    except (ValueError, IndexError):
        return None
    return {"Type": list(identifier(kind)), "Value": groups}


def _pair_json(parts: list[Element]) -> dict[str, Any]:
    return {"Type": list(identifier(parts[0])), "Value": go_any(parts[1])}


BUILTINS: Final[list[Builtin]] = [
    *define(
        {
            "crypto.x509.parse_certificate_request": parse_certificate_request,
            "crypto.x509.parse_certificates": parse_certificates,
        }
    ),
    *define(
        {
            "crypto.x509.parse_and_verify_certificates": parse_and_verify,
            "crypto.x509.parse_and_verify_certificates_with_options": (
                parse_and_verify_with_options
            ),
        },
        context=True,
    ),
]
