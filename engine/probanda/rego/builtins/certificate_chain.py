"""Verifying a chain of certificates as Go's `Certificate.Verify` does.

Rules, in the order of Go's checks:

1. No certificate has a critical extension that is not understood; all are valid at the time.
2. Names of what a constraining authority issued are permitted by it and not excluded.
3. Issuers are authorities, allow certificates to be signed, and keep to path lengths.
4. Signatures are right and use no broken hash.
5. The extended key usages of the whole chain allow one of the usages asked for.
6. The leaf has the host name asked for, as an alternative name.

- The caller's root is the only one; there is no trust in the machine's.
- Policy constraints (critical by RFC 5280) are not understood, so they fail by rule 1.

Source: Go `crypto/x509/verify.go`, RFC 5280 §6.

Example:
    find_chain(root, intermediates, leaf, Options(now))   # [leaf, intermediate, root] or None
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from probanda.rego.builtins.certificate import Certificate
from probanda.rego.builtins.certificate_json import signature_algorithm
from probanda.rego.builtins.certificate_names import constraints_allow, has_host_name
from probanda.rego.builtins.jwt_keys import RSA_BITS

# Go stops after as many.
MAX_SIGNATURE_CHECKS: Final = 100
_CERTIFICATE_SIGNING: Final = 1 << 5
# Go's numbers of the signature algorithms that are not broken.
_RSA: Final = (4, 5, 6)
_ECDSA: Final = (10, 11, 12)
_RSA_PSS: Final = (13, 14, 15)
_ED25519: Final = 16
ANY_USAGE: Final = 0
SERVER: Final = 1


@dataclass(frozen=True, slots=True)
class Options:
    """What to verify against.

    Attributes:
        now: the time at which all certificates must be valid.
        usages: Go's numbers of extended key usages, one of which must be allowed.
        host: the host name; empty for none.
        comparisons: how many names may be compared with constraints.
    """

    now: datetime
    usages: tuple[int, ...] = (SERVER,)
    host: str = ""
    comparisons: int = 250_000


class _Search:
    """One search for chains; counts signature checks."""

    def __init__(
        self, root: Certificate, intermediates: list[Certificate], options: Options
    ) -> None:
        self.root = root
        self.intermediates = intermediates
        self.options = options
        self.checks = 0

    def chains(self, chain: list[Certificate]) -> Iterator[list[Certificate]]:
        """Chains that begin with `chain` and end with the root."""
        child = chain[-1]
        for parent in (self.root, *self.intermediates):
            if _in_chain(parent, chain) or parent.subject_raw != child.issuer_raw:
                continue
            self.checks += 1
            if self.checks > MAX_SIGNATURE_CHECKS:
                return
            is_root = parent is self.root
            if not self.is_valid(parent, chain, issuer=True, root=is_root):
                continue
            if not _signed_by(child, parent):
                continue
            if is_root:
                yield [*chain, parent]
            else:
                yield from self.chains([*chain, parent])

    def is_valid(
        self, certificate: Certificate, chain: list[Certificate], *, issuer: bool, root: bool
    ) -> bool:
        """Whether the certificate may stand after `chain`."""
        before, after = certificate.not_before, certificate.not_after
        if certificate.unhandled or before is None or after is None:
            return False
        if not before <= self.options.now <= after:
            return False
        if issuer and not constraints_allow(certificate, chain, self.options.comparisons):
            return False
        if issuer and not root and not (certificate.constrained and certificate.authority):
            return False
        longest = certificate.path_length
        return not (certificate.constrained and 0 <= longest < len(chain) - 1)


def find_chain(
    root: Certificate, intermediates: list[Certificate], leaf: Certificate, options: Options
) -> list[Certificate] | None:
    """The first chain from the leaf to the root, or `None` when there is none."""
    search = _Search(root, intermediates, options)
    if not search.is_valid(leaf, [], issuer=False, root=False):
        return None
    if options.host and not has_host_name(leaf, options.host):
        return None
    found = iter([[leaf]]) if leaf.raw == root.raw else search.chains([leaf])
    return next((chain for chain in found if _usages_allow(chain, options.usages)), None)


def _in_chain(certificate: Certificate, chain: list[Certificate]) -> bool:
    """Whether the same subject with the same key is there already."""
    return any(
        certificate.subject_raw == other.subject_raw and certificate.key_raw == other.key_raw
        for other in chain
    )


def _signed_by(child: Certificate, parent: Certificate) -> bool:
    """Whether the parent may sign certificates and has signed this one."""
    if parent.constrained and not parent.authority:
        return False
    if parent.version == 3 and not parent.constrained:
        return False
    if parent.key_usage and not parent.key_usage & _CERTIFICATE_SIGNING:
        return False
    if child.algorithm is None:
        return False
    return _signature_is_right(child, parent, signature_algorithm(child.algorithm))


def _signature_is_right(child: Certificate, parent: Certificate, algorithm: int) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    digests = (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
    signed = (child.signature, child.signed)
    try:
        key = load_der_public_key(parent.key_raw)
        if isinstance(key, ed25519.Ed25519PublicKey) and algorithm == _ED25519:
            key.verify(*signed)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm in _ECDSA:
            key.verify(*signed, ec.ECDSA(digests[_ECDSA.index(algorithm)]))
        elif isinstance(key, rsa.RSAPublicKey) and algorithm in (*_RSA, *_RSA_PSS):
            if key.key_size not in RSA_BITS:
                return False
            digest = digests[(*_RSA, *_RSA_PSS).index(algorithm) % 3]
            salted = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
            scheme = salted if algorithm in _RSA_PSS else padding.PKCS1v15()
            key.verify(*signed, scheme, digest)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _usages_allow(chain: list[Certificate], usages: tuple[int, ...]) -> bool:
    """Whether one of the usages is allowed by every certificate that limits them."""
    left = set(usages)
    if ANY_USAGE in left:
        return True
    for certificate in chain:
        if not certificate.usages and not certificate.unknown_usages:
            continue
        if ANY_USAGE in (certificate.usages or ()):
            continue
        left &= set(certificate.usages or ())
    return bool(left)
