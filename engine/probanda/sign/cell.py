"""The cell: a self-contained trust domain in a folder.

Rules:

- A cell is an authority, a certificate log key, a signature log key, a time stamper
  and a log secret. Whoever holds the folder holds all of them, and can back-date:
  its times prove nothing against its holder until a witness in other custody holds a
  checkpoint.
- A folder is made whole or not at all, and never over an existing one.
- A demonstration cell says UNSAFE-DEMO in its folder, its authority, its identity,
  its origins and its trusted root, so that its evidence cannot pass for real.
- Opening checks that each key fits its certificate and that nobody else can read it.

The folder:

    cell.json            what follows, in the clear
    ca.pem tsa.pem       certificates
    trusted_root.json    for verifiers (`TrustedRoot.from_file`)
    trust_config.json    for the stock command line (`sigstore --trust-config`)
    keys/                0700: ca.pem ct.pem log.pem tsa.pem log.secret, each 0600

Example:

    cell = Cell.create(Path("cell"), name="black-cell", unsafe_demo=False, now=now)
    note = cell.sign_checkpoint(ledger.checkpoint())
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes

from probanda.errors import SigningError
from probanda.merkle import Checkpoint, key_id, sign_note
from probanda.model.instant import format_instant, parse_instant
from probanda.sign import folder as store
from probanda.sign import trust
from probanda.sign.certificate import Leaf, issue_leaf, make_authority, make_timestamper
from probanda.sign.folder import Keys
from probanda.sign.keys import raw_ed25519
from probanda.sign.timestamp import timestamp_response

UNSAFE_DEMO = "UNSAFE-DEMO"


@dataclass(frozen=True, slots=True)
class Cell:
    """A trust domain; make one with `create`, use one with `open`.

    Attributes:
        folder: where it lies.
        name: one DNS label.
        unsafe_demo: its evidence must not be trusted.
        identity: the signer's SPIFFE URI, in every leaf.
        issuer: the URL that stands as OIDC issuer in every leaf.
        origins: log origins by purpose: `signatures` (Sigstore bundles), `ledger` (decisions).
        created_at: begin of all its validity.
        ca: the authority's certificate.
        tsa: the time stamper's certificate.
    """

    folder: Path
    name: str
    unsafe_demo: bool
    identity: str
    issuer: str
    origins: Mapping[str, str]
    created_at: datetime
    ca: x509.Certificate
    tsa: x509.Certificate
    keys: Keys = field(repr=False)

    @classmethod
    def create(cls, folder: Path, *, name: str, unsafe_demo: bool, now: datetime) -> Cell:
        """Make a new cell at `folder`, valid from `now` (whole seconds).

        Raises:
            SigningError: a bad name, or the folder exists or cannot be written.
        """
        now = _whole(now)
        document = _document(name, unsafe_demo=unsafe_demo, created_at=now)
        keys = store.generate_keys()
        owner = _organization(name, unsafe_demo=unsafe_demo)
        ca = make_authority(keys.ca, organization=owner, now=now)
        tsa = make_timestamper(keys.tsa, ca=ca, ca_key=keys.ca, organization=owner, now=now)
        cell = cls._assemble(folder, document, ca, tsa, keys)
        store.write_folder(
            folder,
            documents={
                "cell.json": document,
                "trusted_root.json": cell.trusted_root,
                "trust_config.json": trust.client_trust_config(cell.trusted_root),
            },
            certificates={"ca.pem": ca, "tsa.pem": tsa},
            texts={f"{UNSAFE_DEMO}.txt": _WARNING} if unsafe_demo else {},
            keys=keys,
        )
        return cell

    @classmethod
    def open(cls, folder: Path) -> Cell:
        """Read a cell with its keys.

        Raises:
            SigningError: not a cell, or a file of it is missing, unsafe or does not fit.
        """
        document = store.read_document(folder / "cell.json")
        keys = store.read_keys(folder / "keys")
        ca, tsa = (store.read_certificate(folder / name) for name in ("ca.pem", "tsa.pem"))
        _check_fit(folder, document, ca, tsa)
        if ca.public_key() != keys.ca.public_key() or tsa.public_key() != keys.tsa.public_key():
            raise SigningError(f"a key in {folder / 'keys'} does not fit its certificate")
        return cls._assemble(folder, document, ca, tsa, keys)

    @classmethod
    def _assemble(
        cls,
        folder: Path,
        document: Mapping[str, Any],
        ca: x509.Certificate,
        tsa: x509.Certificate,
        keys: Keys,
    ) -> Cell:
        return cls(
            folder=folder,
            name=document["name"],
            unsafe_demo=document["unsafeDemo"],
            identity=document["identity"],
            issuer=document["issuer"],
            origins=MappingProxyType(document["origins"]),
            created_at=parse_instant(document["createdAt"]),
            ca=ca,
            tsa=tsa,
            keys=keys,
        )

    def issue(self, now: datetime) -> Leaf:
        """A new leaf, valid for ten minutes from `now` (whole seconds).

        Raises:
            SigningError: outside the authority's validity.
        """
        return issue_leaf(
            ca=self.ca,
            ca_key=self.keys.ca,
            ct_key=self.keys.ct,
            identity=self.identity,
            issuer=self.issuer,
            now=_whole(now),
        )

    def timestamp(self, data: bytes, now: datetime) -> bytes:
        """An RFC 3161 response (DER) over `data` at `now`.

        Raises:
            SigningError: outside the stamper's validity.
        """
        return timestamp_response(data, now=_whole(now), key=self.keys.tsa, certificate=self.tsa)

    def sign_checkpoint(self, checkpoint: Checkpoint) -> str:
        """The checkpoint of one of the cell's own logs as a signed note.

        A log must never sign two inconsistent checkpoints (C2SP tlog-checkpoint): the
        caller takes them from an append-only log, nothing is remembered here.

        Raises:
            SigningError: the origin is not the cell's.
        """
        if checkpoint.origin not in self.origins.values():
            raise SigningError(
                f"the log {checkpoint.origin!r} is not of the cell {self.name!r}",
                hint="its logs are " + ", ".join(sorted(self.origins.values())),
            )
        return sign_note(
            checkpoint.text,
            name=checkpoint.origin,
            public_key=self.log_public_key,
            sign=self.keys.log.sign,
        )

    def salt(self, record_id: str) -> bytes:
        """HMAC-SHA256(log secret, record id): the salt of one record's commitment."""
        return hmac.digest(self.keys.secret, record_id.encode(), "sha256")

    @property
    def log_public_key(self) -> bytes:
        """The log's Ed25519 public key, 32 bytes."""
        return raw_ed25519(self.keys.log.public_key())

    def log_id(self, purpose: str) -> bytes:
        """The 32-byte log id (Rekor v2) of the log for `purpose`: `signatures` or `ledger`."""
        return key_id(self.origins[purpose], self.log_public_key)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hexadecimal) of the authority's certificate: what to compare by voice."""
        return self.ca.fingerprint(hashes.SHA256()).hex()

    @property
    def trusted_root(self) -> dict[str, Any]:
        """The TrustedRoot document that verifiers of this cell's evidence need."""
        return trust.trusted_root(
            ca=self.ca,
            tsa=self.tsa,
            ct_key=self.keys.ct.public_key(),
            log_key=self.keys.log.public_key(),
            origins=[self.origins[purpose] for purpose in ("signatures", "ledger")],
            trust_domain=f"spiffe://{self.name}",
            host=_host(self.name, unsafe_demo=self.unsafe_demo),
            start=self.created_at,
        )


_WARNING = f"""{UNSAFE_DEMO}

The keys in this folder were made for a demonstration. Anyone may hold a copy of them.
Trust nothing that they signed, and never add this cell's trusted root to a trust store.
"""


def _document(name: object, *, unsafe_demo: object, created_at: datetime) -> dict[str, Any]:
    """What cell.json says: everything follows from these three."""
    if not isinstance(name, str) or not store.NAME.fullmatch(name):
        raise SigningError(
            "that is no name for a cell",
            hint="lower-case letters, digits and hyphens, at most 63, as in a host name",
        )
    host = _host(name, unsafe_demo=bool(unsafe_demo))
    path = f"{UNSAFE_DEMO}/signer" if unsafe_demo else "signer"
    return {
        "apiVersion": store.API_VERSION,
        "kind": store.KIND,
        "name": name,
        "identity": f"spiffe://{name}/{path}",
        "issuer": f"https://idp.{host}",
        "origins": {"signatures": f"log.{host}", "ledger": f"ledger.{host}"},
        "createdAt": format_instant(created_at),
        "unsafeDemo": unsafe_demo,
    }


def _host(name: str, *, unsafe_demo: bool) -> str:
    # `.invalid` (RFC 2606) never resolves: these names identify, they are not addresses.
    return f"{UNSAFE_DEMO}.{name}.invalid" if unsafe_demo else f"{name}.invalid"


def _check_fit(
    folder: Path, document: Mapping[str, Any], ca: x509.Certificate, tsa: x509.Certificate
) -> None:
    """Hold cell.json against the authority: an edited identity or demo mark cannot pass."""
    expected = _document(
        document.get("name"),
        unsafe_demo=document.get("unsafeDemo") is True,
        created_at=ca.not_valid_before_utc,
    )
    owner = _organization(expected["name"], unsafe_demo=expected["unsafeDemo"])
    if document != expected or trust.organization(ca) != owner:
        raise SigningError(f"{folder / 'cell.json'} does not fit the cell's authority")
    try:
        tsa.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise SigningError(f"{folder / 'tsa.pem'} is not of the cell's authority") from error


def _organization(name: str, *, unsafe_demo: bool) -> str:
    return f"{UNSAFE_DEMO} {name}" if unsafe_demo else name


def _whole(now: datetime) -> datetime:
    """Certificates and stamps know whole seconds of UTC."""
    if now.tzinfo is None:
        raise SigningError("a time without a time zone is no time to sign at")
    return now.astimezone(UTC).replace(microsecond=0)
