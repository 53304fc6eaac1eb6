"""sigstore-python's finding about a seal.

Rules:

- Only what the caller trusts is handed over; `offline` is not an option here, because
  nothing in this call reaches for a network.
- Its finding is a value: the reason why it refuses, or nothing.

Example:

    refusal = accepts(seal, payload, root, authority)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from probanda.evidence import certificates
from probanda.evidence.sigstore_bundle import PAYLOAD_TYPE
from probanda.evidence.trust import Authority, TrustRoot

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


class _TrustDomain:
    """sigstore-python's policy interface: one identity, inside the authority's trust domain.

    For other authorities the caller has compared the identity already.
    """

    def __init__(self, authority: Authority) -> None:
        self._domain = authority.trust_domain

    def verify(self, cert: Certificate) -> None:
        from sigstore.errors import VerificationError

        names = certificates.identities(cert)
        if len(names) != 1 or not names[0].startswith(f"{self._domain}/" if self._domain else ""):
            raise VerificationError("the identity is outside the trust domain")


def accepts(seal: bytes, payload: bytes, root: TrustRoot, authority: Authority) -> str:
    """Why sigstore-python refuses the seal under `root`; empty when it accepts it."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.x509 import ExtensionNotFound
    from sigstore.errors import Error
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier
    from sigstore_models.trustroot import v1 as trustroot

    try:
        trusted_root = TrustedRoot(trustroot.TrustedRoot.from_json(root.document))
        verifier = Verifier(trusted_root=trusted_root)
        kind, verified = verifier.verify_dsse(Bundle.from_json(seal), _TrustDomain(authority))
    # pydantic's ValidationError is a ValueError, which is among MALFORMED.
    except (Error, InvalidSignature, ExtensionNotFound, KeyError, *certificates.MALFORMED) as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    if (kind, verified) != (PAYLOAD_TYPE, payload):
        return "it verified another payload"
    return ""
