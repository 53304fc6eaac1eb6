"""An RFC 3161 time-stamping authority without a server.

Rules:

- The time is the caller's `now`, in whole seconds, with an accuracy of one second.
  The stamp is worth what the custody of the stamper's key is worth: whoever holds it
  can back-date.
- The response is what `openssl ts` would have made: SHA-256 throughout, one signer,
  the ESSCertIDv2 signed attribute (RFC 5816 §2.2.1) and the certificate inside.
- A stamp has no nonce, for there is no request to replay.

Example:

    response = timestamp_response(signature, now=now, key=tsa_key, certificate=tsa)
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from probanda.errors import SigningError
from probanda.sign.certificate import certificate_der
from probanda.sign.keys import sign_bytes

# A TSA policy of our own (RFC 3161 §2.4.2): "the cell's clock, one second, no audit".
# UUID-based arc 2.25 (ITU-T X.667), which needs no registration.
POLICY = "2.25.214731562903862139412385201974105368217"

# RFC 3161 §2.4.2 bids verifiers accept serial numbers of up to 160 bits.
_SERIAL_BITS = 159


def timestamp_response(
    data: bytes, *, now: datetime, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> bytes:
    """A granted TimeStampResp (DER) over SHA-256 of `data` at `now`.

    Raises:
        SigningError: the stamper's certificate is not valid at `now`.
    """
    now = now.replace(microsecond=0)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise SigningError(
            "the time stamper's certificate is not valid at this time",
            hint=f"it is valid from {certificate.not_valid_before_utc}",
        )
    info = _info(data, now)
    token = cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    # RFC 5652 §5.1: 3, because the content is not plain data.
                    "version": "v3",
                    "digest_algorithms": [_sha256()],
                    "encap_content_info": {
                        "content_type": "tst_info",
                        "content": core.ParsableOctetString(info),
                    },
                    "certificates": [asn1_x509.Certificate.load(certificate_der(certificate))],
                    "signer_infos": [_signer(info, key, certificate)],
                }
            ),
        }
    )
    response = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})
    encoded: bytes = response.dump()
    return encoded


def _info(data: bytes, now: datetime) -> bytes:
    """The DER of TSTInfo (RFC 3161 §2.4.2)."""
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": {
                "hash_algorithm": _sha256(),
                "hashed_message": hashlib.sha256(data).digest(),
            },
            # Never zero, and unique without a counter that would have to survive a crash.
            "serial_number": secrets.randbits(_SERIAL_BITS) + 1,
            "gen_time": now,
            "accuracy": {"seconds": 1},
        }
    )
    encoded: bytes = info.dump()
    return encoded


def _signer(
    info: bytes, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> cms.SignerInfo:
    """The one SignerInfo: signed attributes, and ECDSA over their DER (RFC 5652 §5.4).

    No signing time: the one time that counts is `genTime`.
    """
    der = certificate_der(certificate)
    parsed = asn1_x509.Certificate.load(der)
    identifier = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(der).digest()}]})
    attributes = cms.CMSAttributes(
        [
            _attribute("content_type", "tst_info"),
            _attribute("message_digest", hashlib.sha256(info).digest()),
            _attribute("signing_certificate_v2", identifier),
        ]
    )
    # `dump` of the plain set is the EXPLICIT SET OF that RFC 5652 §5.4 wants signed.
    signature = sign_bytes(key, attributes.dump())
    return cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": {
                        "issuer": parsed.issuer,
                        "serial_number": parsed.serial_number,
                    }
                }
            ),
            "digest_algorithm": _sha256(),
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": signature,
        }
    )


def _attribute(kind: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def _sha256() -> algos.DigestAlgorithm:
    return algos.DigestAlgorithm({"algorithm": "sha256"})
