"""The in-toto statement that is signed for a bundle: its manifest's digest, and the ledger's head.

Rules:

- in-toto Statement v1 with exactly one subject, `manifest.json`, and the predicate
  `urn:probanda:predicate:bundle:v1` (`evidence/predicates/bundle/v1/`). RFC 8785 bytes.
- The manifest is the same whenever it is made from the same inputs; what belongs to the
  moment of recording (ledger head, indices of records, previous bundle) stands here.
- Reading refuses unknown fields of the predicate, whose version says what they mean,
  and ignores unknown fields of the statement, as in-toto demands (spec/v1,
  "Parsing rules").

Example:

    statement = Statement(manifest.digest, predicate)
    Statement.parse(statement.to_bytes()) == statement
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from probanda.canonical import canonical
from probanda.evidence.fields import Fields, encode
from probanda.evidence.manifest import KINDS, MAX_ENTRIES, Manifest
from probanda.evidence.names import MANIFEST
from probanda.merkle import HASH_BYTES
from probanda.model.instant import format_instant

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:probanda:predicate:bundle:v1"

MAX_BYTES = 48 << 20
_PATH = "the signed statement"
_OUTCOMES = ("", "pass", "fail", "waived", "skipped", "error", "notEvaluated")
_PREDICATE_KEYS = (
    *("kind", "name", "tenant", "asOf", "outcome", "ledger", "records", "previous", "engine"),
)


@dataclass(frozen=True, slots=True)
class LedgerHead:
    """The ledger when the bundle was made: origin, size, root (32 bytes), signed note."""

    origin: str
    size: int
    root: bytes
    checkpoint: str

    def to_json(self) -> dict[str, Any]:
        """`{origin, size, root, checkpoint}`, the root in base64."""
        return {
            "origin": self.origin,
            "size": self.size,
            "root": encode(self.root),
            "checkpoint": self.checkpoint,
        }


@dataclass(frozen=True, slots=True)
class RecordReference:
    """One record of the ledger that the bundle carries.

    Attributes:
        kind: of record (`decision`, …).
        index: of its leaf.
        leaf_sha256: RFC 6962 leaf hash, SHA-256(0x00 ‖ leaf), hexadecimal.
    """

    kind: str
    index: int
    leaf_sha256: str

    def to_json(self) -> dict[str, Any]:
        """`{kind, index, sha256leaf}`."""
        return {"kind": self.kind, "index": self.index, "sha256leaf": self.leaf_sha256}


@dataclass(frozen=True, slots=True)
class Previous:
    """The bundle before this one: its name, and the SHA-256 of its manifest."""

    name: str
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """`{name, sha256}`."""
        return {"name": self.name, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Predicate:
    """What is stated about a manifest.

    Attributes:
        kind, name, tenant, as_of: as in the manifest.
        ledger: see `LedgerHead`.
        engine: name and version of what made the bundle.
        records: see `RecordReference`; in ascending order of index.
        outcome: of the gate run, when the bundle is of one; else empty.
        previous: see `Previous`.
    """

    kind: str
    name: str
    tenant: str
    as_of: str
    ledger: LedgerHead
    engine: tuple[str, str]
    records: tuple[RecordReference, ...] = ()
    outcome: str = ""
    previous: Previous | None = None

    def to_json(self) -> dict[str, Any]:
        """The predicate as plain JSON values."""
        document: dict[str, Any] = {
            "kind": self.kind,
            "name": self.name,
            "tenant": self.tenant,
            "asOf": self.as_of,
            "ledger": self.ledger.to_json(),
            "records": [record.to_json() for record in self.records],
            "engine": {"name": self.engine[0], "version": self.engine[1]},
        }
        if self.outcome:
            document["outcome"] = self.outcome
        if self.previous is not None:
            document["previous"] = self.previous.to_json()
        return document

    def contradiction(self, manifest: Manifest) -> str:
        """Where it says something else than `manifest`; empty when nowhere."""
        for key in ("kind", "name", "tenant", "as_of"):
            if getattr(self, key) != getattr(manifest, key):
                return f"{key} in the signed statement is not the manifest's"
        return ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A predicate about the manifest with a given SHA-256."""

    manifest_sha256: str
    predicate: Predicate

    def to_json(self) -> dict[str, Any]:
        """The in-toto statement as plain JSON values."""
        return {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": MANIFEST, "digest": {"sha256": self.manifest_sha256}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": self.predicate.to_json(),
        }

    def to_bytes(self) -> bytes:
        """The DSSE payload."""
        return canonical(self.to_json())

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Read a payload.

        Raises:
            ParseError: not this statement.
        """
        from probanda.parse.json import load_json
        from probanda.parse.limits import Limits

        limits = Limits(max_bytes=MAX_BYTES, max_depth=8, max_nodes=10 * MAX_ENTRIES)
        document = Fields(load_json(payload, path=_PATH, limits=limits), _PATH)
        for key, expected in (("_type", STATEMENT_TYPE), ("predicateType", PREDICATE_TYPE)):
            if document.text(key) != expected:
                raise document.bad(f"not {expected}", key)
        subjects = document.children("subject", 1)
        if not subjects or subjects[0].text("name") != MANIFEST:
            raise document.bad(f"not exactly one, named {MANIFEST}", "subject")
        digest = subjects[0].child("digest").only("sha256").sha256("sha256")
        return cls(digest, _predicate(document.child("predicate")))


def _predicate(fields: Fields) -> Predicate:
    fields.only(*_PREDICATE_KEYS)
    kind, outcome = fields.text("kind"), fields.text("outcome", "")
    if kind not in KINDS:
        raise fields.bad(f"none of {', '.join(KINDS)}", "kind")
    if outcome not in _OUTCOMES:
        raise fields.bad("no outcome", "outcome")
    engine = fields.child("engine").only("name", "version")
    records = tuple(_record(item) for item in fields.children("records", MAX_ENTRIES))
    indices = [record.index for record in records]
    if indices != sorted(set(indices)):
        raise fields.bad("not in ascending order of index", "records")
    previous = None
    if "previous" in fields:
        before = fields.child("previous").only("name", "sha256")
        previous = Previous(before.text("name"), before.sha256("sha256"))
    return Predicate(
        kind=kind,
        name=fields.text("name"),
        tenant=fields.text("tenant"),
        as_of=format_instant(fields.instant("asOf")),
        ledger=_ledger(fields.child("ledger")),
        engine=(engine.text("name"), engine.text("version")),
        records=records,
        outcome=outcome,
        previous=previous,
    )


def _record(fields: Fields) -> RecordReference:
    fields.only("kind", "index", "sha256leaf")
    return RecordReference(
        fields.text("kind"), fields.integer("index"), fields.sha256("sha256leaf")
    )


def _ledger(fields: Fields) -> LedgerHead:
    fields.only("origin", "size", "root", "checkpoint")
    root = fields.data("root")
    if len(root) != HASH_BYTES:
        raise fields.bad("not 32 bytes", "root")
    return LedgerHead(
        fields.text("origin"), fields.integer("size"), root, fields.text("checkpoint")
    )
