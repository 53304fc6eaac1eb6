"""Keys, certificates, time stamps and envelopes: who vouches, and since when.

Rules:

- The clock is an argument everywhere; only key generation and serial numbers draw on
  the operating system's randomness.
- ECDSA is deterministic (RFC 6979). A backend that cannot do it is refused, never
  worked around.
- Private keys and secrets never reach a message, a `repr` or a log.
- Nothing here opens a socket.

Example:

    cell = Cell.create(folder, name="black-cell", unsafe_demo=False, now=now)
    leaf = cell.issue(now)
    stamp = cell.timestamp(leaf.sign(pae(kind, statement)), now)
"""

from __future__ import annotations

from probanda.sign.cell import Cell
from probanda.sign.certificate import Leaf
from probanda.sign.dsse import (
    DOCUMENT_TYPE,
    Envelope,
    pae,
    parse_envelope,
    sign_document,
    verify_document,
    verify_envelope,
)
from probanda.sign.keys import (
    fingerprint,
    generate_ed25519,
    generate_p256,
    load_private_key,
    load_public_key,
    private_pem,
    public_pem,
    save_secret,
    verify_signature,
)
from probanda.sign.trust import log_keys

__all__ = [
    "DOCUMENT_TYPE",
    "Cell",
    "Envelope",
    "Leaf",
    "fingerprint",
    "generate_ed25519",
    "generate_p256",
    "load_private_key",
    "load_public_key",
    "log_keys",
    "pae",
    "parse_envelope",
    "private_pem",
    "public_pem",
    "save_secret",
    "sign_document",
    "verify_document",
    "verify_envelope",
    "verify_signature",
]
