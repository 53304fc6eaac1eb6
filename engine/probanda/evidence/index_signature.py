"""The signature of an audit index: made, and verified.

Rules:

- What is signed is an in-toto statement whose one subject is the RFC 8785 form of the index
  without its key `signatures`; the seal (a Sigstore bundle v0.3) stands in `signatures` as
  text, and beside the index as a file.
- An index without a signature is bad, not unknown: somebody took it away, or never signed.

Example:
    signed, sealed = sign_index(index, cell, log, now)
    report = verify_index(path, trust=trust)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from probanda.canonical import canonical, sha256_hex
from probanda.errors import CannotVerifyError, VerificationFailedError
from probanda.evidence.fields import Fields
from probanda.evidence.index_document import LIMITS, parse_index, signed_bytes
from probanda.evidence.report import Report
from probanda.evidence.seal import seal
from probanda.evidence.seal_steps import (
    CERTIFICATE_STEP,
    LIMITS_STEP,
    LOG_STEP,
    OPINION_STEP,
    SIGNATURE_STEP,
    TIME_STEP,
    SealSteps,
    need,
)
from probanda.evidence.sigstore_bundle import SigstoreBundle
from probanda.evidence.statement import STATEMENT_TYPE
from probanda.evidence.trust import Trust
from probanda.parse.json import load_json

if TYPE_CHECKING:
    from probanda.ledger import MerkleLog
    from probanda.sign import Cell

PREDICATE_TYPE = "urn:probanda:predicate:audit-index:v1"
SUBJECT = "index.json"

STEPS = (
    ("the index is well-formed", "probanda index v1"),
    ("the signed statement is about this index", "in-toto Statement v1, RFC 8785"),
    SIGNATURE_STEP,
    TIME_STEP,
    CERTIFICATE_STEP,
    LOG_STEP,
    OPINION_STEP,
    LIMITS_STEP,
)


def sign_index(
    index: Mapping[str, Any], cell: Cell, log: MerkleLog, now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The index with its signature, and the seal by itself.

    Raises:
        SigningError, LedgerError: the cell or its signature log refuses.
    """
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": SUBJECT, "digest": {"sha256": sha256_hex(signed_bytes(index))}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {key: index[key] for key in ("framework", "tenant", "period", "asOf")},
    }
    sealed = seal(canonical(statement), cell, log, now)
    return {**index, "signatures": [canonical(sealed).decode()]}, sealed


def verify_index(
    path: Path,
    *,
    trust: Trust | None,
    at: datetime | None = None,
    identity: str = "",
    issuer: str = "",
) -> Report:
    """Verify the index at `path`; arguments and result as `verify.verify_bundle`."""
    return _IndexVerification(path, trust=trust, at=at, identity=identity, issuer=issuer).run()


class _IndexVerification(SealSteps):
    """One run over one index."""

    def __init__(
        self, path: Path, *, trust: Trust | None, at: datetime | None, identity: str, issuer: str
    ) -> None:
        super().__init__(STEPS, trust=trust, at=at, identity=identity, issuer=issuer)
        self.path = path
        self.document: Mapping[str, Any] | None = None

    def run(self) -> Report:
        """All steps, in the order of `STEPS`."""
        return self.report(
            self.path,
            (
                self._well_formed,
                self._signed_statement,
                self.check_signature,
                self.check_time,
                self.check_certified,
                self.check_logged,
                self.check_second_opinion,
                self._limits,
            ),
        )

    def _well_formed(self) -> str:
        """Strict JSON in one of the two forms."""
        try:
            with self.path.open("rb") as stream:
                data = stream.read(LIMITS.max_bytes + 1)
        except OSError as error:
            raise CannotVerifyError(f"cannot read {self.path}: {error.strerror}") from error
        self.document = parse_index(data, path=str(self.path)).document
        return f"{len(self.document['controls'])} controls"

    def _signed_statement(self) -> str:
        """Exactly one seal, over the digest of this index."""
        document = need(self.document)
        if not document["signatures"]:
            raise VerificationFailedError("the index is not signed")
        if len(document["signatures"]) > 1:
            raise CannotVerifyError("the index has several signatures; one can be checked")
        self.seal_bytes = str(document["signatures"][0]).encode()
        self.sealed = SigstoreBundle.parse(self.seal_bytes)
        name = "the signed statement"
        statement = Fields(load_json(self.sealed.payload, path=name, limits=LIMITS), name)
        for key, expected in (("_type", STATEMENT_TYPE), ("predicateType", PREDICATE_TYPE)):
            if statement.text(key) != expected:
                raise statement.bad(f"not {expected}", key)
        subjects = statement.children("subject", 1)
        if not subjects or subjects[0].text("name") != SUBJECT:
            raise statement.bad(f"not exactly one, named {SUBJECT}", "subject")
        digest = subjects[0].child("digest").only("sha256").sha256("sha256")
        if digest != sha256_hex(signed_bytes(document)):
            raise VerificationFailedError("the statement is about another index")
        return f"SHA-256 {digest} of its RFC 8785 form without signatures"

    def _limits(self) -> str:
        return (
            f"{self.check_time_limits()}; the index links to evidence by digest: verify the pack"
            " to check the evidence itself"
        )
