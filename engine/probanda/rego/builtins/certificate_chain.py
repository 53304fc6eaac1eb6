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
from typing import Any, Final

from probanda.rego.builtins.certificate import Certificate
from probanda.rego.builtins.certificate_json import signature_algorithm
from probanda.rego.builtins.certificate_names import constraints_allow, has_host_name

# Go stops after as many.
MAX_SIGNATURE_CHECKS: Final = 100
_CERTIFICATE_SIGNING: Final = 1 << 5
_BROKEN: Final = {0, 1, 2, 3, 7, 8, 9}
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
    if child.algorithm is None or signature_algorithm(child.algorithm) in _BROKEN:
        return False
    return _signature_is_right(child, parent)


def _signature_is_right(child: Certificate, parent: Certificate) -> bool:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        parsed = x509.load_der_x509_certificate(child.raw)
        key: Any = load_der_public_key(parent.key_raw)
        parameters: Any = parsed.signature_algorithm_parameters
        signed = (parsed.signature, parsed.tbs_certificate_bytes)
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(*signed)
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(parameters, ec.ECDSA):
            key.verify(*signed, parameters)
        elif (
            isinstance(key, rsa.RSAPublicKey)
            and key.key_size >= 1_024
            and isinstance(parameters, padding.PKCS1v15 | padding.PSS)
            and parsed.signature_hash_algorithm is not None
        ):
            key.verify(*signed, parameters, parsed.signature_hash_algorithm)
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
