"""Trust roots: whom a verifier believes, and where it is told so.

Rules:

- Trust comes from the file named on the command line, else from the user's trust store,
  else from the files that the enclosing project declares. It never comes from a bundle.
- A file is a Sigstore trusted root, or the ClientTrustConfig that wraps one.
- A malformed trust file is an error, not an absent one: a verifier that skipped it
  would silently believe fewer, or other, authorities than its user thinks.
- A cell's authority is bound to its SPIFFE trust domain, which stands in its `uri`: it
  vouches for identities below that domain only. Any other authority vouches for many
  people, so the verifier must be told whom he expects.

Source: sigstore/protobuf-specs `sigstore_trustroot.proto`.

Example:

    trust = resolve_trust(explicit=None, project=[root / "evidence/trust/acme.json"])
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from probanda.errors import CannotVerifyError, ParseError
from probanda.evidence.fields import Fields

TRUSTED_ROOT = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"
TRUST_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"

MAX_BYTES = 4 << 20
_MAX_ITEMS = 64
_MAX_STORE_FILES = 256
_SPIFFE = "spiffe://"
_ED25519 = "PKIX_ED25519"


@dataclass(frozen=True, slots=True)
class Period:
    """When something is to be believed; `end` is open when `None`."""

    start: datetime
    end: datetime | None

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True)
class Authority:
    """An issuer of certificates or timestamps.

    Attributes:
        uri: its name; a cell's is its SPIFFE trust domain.
        chain: DER certificates, leaf-most first.
        period: see `Period`.
    """

    uri: str
    chain: tuple[bytes, ...]
    period: Period

    @property
    def trust_domain(self) -> str:
        """`spiffe://<domain>` for a cell, else empty."""
        domain = self.uri.removeprefix(_SPIFFE).rstrip("/")
        is_cell = self.uri.startswith(_SPIFFE) and domain and "/" not in domain
        return _SPIFFE + domain if is_cell else ""


@dataclass(frozen=True, slots=True)
class Log:
    """A log: its origin, public key (SubjectPublicKeyInfo, DER), kind of key, id, period."""

    origin: str
    public_key: bytes
    key_details: str
    log_id: bytes
    period: Period


@dataclass(frozen=True, slots=True)
class TrustRoot:
    """One file of trust.

    Attributes:
        path: where it was read.
        source: `--trust`, `trust store` or `project`.
        document: the bytes of the bare trusted root.
        certificate_authorities, timestamp_authorities, logs, certificate_logs: its parts.
    """

    path: Path
    source: str
    document: bytes
    certificate_authorities: tuple[Authority, ...]
    timestamp_authorities: tuple[Authority, ...]
    logs: tuple[Log, ...]
    certificate_logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """Every root that a verifier may try; never empty."""

    roots: tuple[TrustRoot, ...]


def load_trust(path: Path, *, source: str = "--trust") -> Trust:
    """Read one trust file.

    Raises:
        CannotVerifyError: missing, unreadable or malformed.
    """
    return Trust((_load_root(path, source),))


def trust_store(environment: Mapping[str, str]) -> Path:
    """The folder of the user's trust files (XDG Base Directory Specification)."""
    base = environment.get("XDG_CONFIG_HOME", "")
    # The specification: a relative value must be ignored.
    config = Path(base) if base.startswith("/") else Path("~/.config")
    try:
        return config.expanduser() / "probanda" / "trust"
    except RuntimeError:
        # Nobody's home: a process without HOME whose user the system does not know.
        raise CannotVerifyError(
            "there is no home folder to look for a trust store in",
            hint="set HOME or XDG_CONFIG_HOME, or pass --trust",
        ) from None


def resolve_trust(
    *,
    explicit: Path | None = None,
    project: Sequence[Path] = (),
    environment: Mapping[str, str] = os.environ,
) -> Trust | None:
    """The first of: the named file, the user's store, the project's files. `None`: no trust.

    Raises:
        CannotVerifyError: a file that would be used is missing, unreadable or malformed.
    """
    if explicit is not None:
        return load_trust(explicit)
    store = trust_store(environment)
    try:
        stored = sorted(store.glob("*.json"))
    except OSError as error:
        raise CannotVerifyError(f"cannot read {store}: {error.strerror}") from error
    if len(stored) > _MAX_STORE_FILES:
        raise CannotVerifyError(f"{store} holds more than {_MAX_STORE_FILES} files")
    source, paths = ("trust store", stored) if stored else ("project", list(project))
    roots = tuple(_load_root(path, source) for path in paths)
    return Trust(roots) if roots else None


def _load_root(path: Path, source: str) -> TrustRoot:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CannotVerifyError(
            f"cannot read the trust root {path}: {error.strerror}",
            hint="pass a trusted_root.json with --trust",
        ) from error
    try:
        return _parse_root(data, path, source)
    except ParseError as error:
        raise CannotVerifyError(f"malformed trust root {error}") from error


def _parse_root(data: bytes, path: Path, source: str) -> TrustRoot:
    from probanda.canonical import canonical
    from probanda.parse.json import load_json
    from probanda.parse.limits import Limits

    limits = Limits(max_bytes=MAX_BYTES, max_depth=32, max_nodes=100_000)
    document = load_json(data, path=str(path), limits=limits)
    root = Fields(document, str(path))
    if root.text("mediaType") == TRUST_CONFIG:
        document = root.get("trustedRoot")
        root = root.child("trustedRoot")
    if root.text("mediaType") != TRUSTED_ROOT:
        raise root.bad(f"neither {TRUSTED_ROOT} nor {TRUST_CONFIG}", "mediaType")
    authorities = _authorities(root, "certificateAuthorities")
    if not authorities:
        raise root.bad("empty", "certificateAuthorities")
    return TrustRoot(
        path=path,
        source=source,
        document=canonical(document),
        certificate_authorities=authorities,
        timestamp_authorities=_authorities(root, "timestampAuthorities"),
        logs=_logs(root, "tlogs"),
        certificate_logs=_logs(root, "ctlogs"),
    )


def _authorities(root: Fields, key: str) -> tuple[Authority, ...]:
    if key not in root:
        return ()
    return tuple(
        Authority(item.text("uri", ""), _chain(item.child("certChain")), _period(item))
        for item in root.children(key, _MAX_ITEMS)
    )


def _chain(fields: Fields) -> tuple[bytes, ...]:
    """DER certificates, each of which must parse: a bad one is noticed here, not in use."""
    from cryptography import x509

    chain = tuple(item.data("rawBytes") for item in fields.children("certificates", _MAX_ITEMS))
    if not chain:
        raise fields.bad("empty", "certificates")
    for der in chain:
        try:
            x509.load_der_x509_certificate(der)
        except (ValueError, x509.InvalidVersion):
            raise fields.bad("not an X.509 certificate", "certificates") from None
    return chain


def _logs(root: Fields, key: str) -> tuple[Log, ...]:
    if key not in root:
        return ()
    return tuple(_log(item) for item in root.children(key, _MAX_ITEMS))


def _log(item: Fields) -> Log:
    public_key = item.child("publicKey")
    return Log(
        origin=item.text("baseUrl", "").partition("://")[2].rstrip("/"),
        public_key=public_key.data("rawBytes"),
        key_details=public_key.text("keyDetails"),
        log_id=item.child("logId").data("keyId"),
        period=_period(public_key),
    )


def _period(fields: Fields) -> Period:
    valid = fields.child("validFor")
    return Period(valid.instant("start"), valid.instant("end") if "end" in valid else None)


def ends(root: TrustRoot) -> Iterator[tuple[str, datetime]]:
    """What of a trust root ends when: the validity of its parts, and of their certificates."""
    from cryptography import x509

    authorities = (*root.certificate_authorities, *root.timestamp_authorities)
    for authority in authorities:
        if authority.period.end is not None:
            yield f"authority {authority.uri}", authority.period.end
        for der in authority.chain:
            certificate = x509.load_der_x509_certificate(der)
            name = certificate.subject.rfc4514_string()
            yield f"certificate {name}", certificate.not_valid_after_utc
    for log in (*root.logs, *root.certificate_logs):
        if log.period.end is not None:
            yield f"log {log.origin}", log.period.end


def raw_ed25519(log: Log) -> bytes | None:
    """The 32 bytes of an Ed25519 log key; `None` for keys of another kind."""
    if log.key_details != _ED25519:
        return None
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_der_public_key(log.public_key)
    except ValueError:
        return None
    if not isinstance(key, Ed25519PublicKey):
        return None
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
