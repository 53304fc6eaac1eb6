"""Trust documents: what a stock Sigstore verifier needs to believe a cell.

Rules:

- Only public material goes in. Both forms are written because the stock command line
  refuses a bare trusted root and wants the ClientTrustConfig wrapper.
- The wrapper's signing configuration names no service: there is no server, and a
  client that tries to sign over the network is told so.
- The signature log comes first: sigstore-python takes its base URL from there.

Example:

    raw = log_keys(cell.trusted_root)["ledger.black-cell.invalid"]
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509.oid import NameOID

from probanda.errors import CannotVerifyError
from probanda.merkle import key_id
from probanda.model.instant import format_instant
from probanda.sign.certificate import certificate_der
from probanda.sign.keys import raw_ed25519, spki

TRUSTED_ROOT = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
CLIENT_TRUST_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
SIGNING_CONFIG = "application/vnd.dev.sigstore.signingconfig.v0.2+json"

_SCHEME = "https://"


def trusted_root(
    *,
    ca: x509.Certificate,
    tsa: x509.Certificate,
    ct_key: ec.EllipticCurvePublicKey,
    log_key: ed25519.Ed25519PublicKey,
    origins: Sequence[str],
    trust_domain: str,
    host: str,
    start: datetime,
) -> dict[str, Any]:
    """The TrustedRoot document of a cell whose keys are valid from `start` on.

    The authority's URI is `trust_domain` (`spiffe://…`): it vouches for signers of this
    domain alone. Names under `host` are required by the format and never contacted.
    """
    valid = {"start": format_instant(start)}
    return {
        "mediaType": TRUSTED_ROOT,
        "tlogs": [_log(origin, log_key, valid) for origin in origins],
        # The SPIFFE trust domain of the signer: this authority vouches for no other names.
        "certificateAuthorities": [_authority([ca], trust_domain, valid)],
        "ctlogs": [
            {
                "baseUrl": f"{_SCHEME}ct.{host}",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": _base64(spki(ct_key)),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": valid,
                },
                "logId": {"keyId": _base64(hashlib.sha256(spki(ct_key)).digest())},
            }
        ],
        # Leaf first, root last: verifiers count on the order and on there being two.
        "timestampAuthorities": [_authority([tsa, ca], f"{_SCHEME}tsa.{host}", valid)],
    }


def client_trust_config(root: Mapping[str, Any]) -> dict[str, Any]:
    """The wrapper that `sigstore --trust-config` reads, around a trusted root."""
    return {
        "mediaType": CLIENT_TRUST_CONFIG,
        "trustedRoot": dict(root),
        "signingConfig": {
            "mediaType": SIGNING_CONFIG,
            "caUrls": [],
            "oidcUrls": [],
            "rekorTlogUrls": [],
            "rekorTlogConfig": {"selector": "ANY"},
            "tsaUrls": [],
            "tsaConfig": {"selector": "ANY"},
        },
    }


def log_keys(root: Mapping[str, Any]) -> dict[str, bytes]:
    """Raw Ed25519 public keys by log origin, out of a trusted root (or its wrapper).

    Logs with keys of another kind are left out: this package cannot check their notes.

    Raises:
        CannotVerifyError: the document is malformed, or a log id does not fit its key.
    """
    inner = root.get("trustedRoot", root)
    keys: dict[str, bytes] = {}
    try:
        for log in inner["tlogs"]:
            if log["publicKey"]["keyDetails"] != "PKIX_ED25519":
                continue
            origin = log["baseUrl"].removeprefix(_SCHEME)
            der = base64.b64decode(log["publicKey"]["rawBytes"], validate=True)
            key = load_der_public_key(der)
            if not isinstance(key, ed25519.Ed25519PublicKey):
                raise CannotVerifyError(f"the trusted key of {origin} is not Ed25519")
            raw = raw_ed25519(key)
            if base64.b64decode(log["logId"]["keyId"]) != key_id(origin, raw):
                raise CannotVerifyError(f"the trusted log id of {origin} does not fit its key")
            if keys.setdefault(origin, raw) != raw:
                raise CannotVerifyError(f"two keys claim the log {origin}")
    except (KeyError, TypeError, AttributeError, ValueError, UnsupportedAlgorithm) as error:
        raise CannotVerifyError("the trusted root's list of logs is malformed") from error
    return keys


def _log(origin: str, key: ed25519.Ed25519PublicKey, valid: Mapping[str, str]) -> dict[str, Any]:
    return {
        "baseUrl": _SCHEME + origin,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": _base64(spki(key)),
            "keyDetails": "PKIX_ED25519",
            "validFor": dict(valid),
        },
        "logId": {"keyId": _base64(key_id(origin, raw_ed25519(key)))},
    }


def _authority(chain: list[x509.Certificate], uri: str, valid: Mapping[str, str]) -> dict[str, Any]:
    return {
        "subject": {
            "organization": organization(chain[0]),
            "commonName": _common_name(chain[0]),
        },
        "uri": uri,
        "certChain": {
            "certificates": [{"rawBytes": _base64(certificate_der(link))} for link in chain]
        },
        "validFor": dict(valid),
    }


def organization(certificate: x509.Certificate) -> str:
    """The organization in the certificate's subject."""
    return str(certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)


def _common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
