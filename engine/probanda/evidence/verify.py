"""Verification of a bundle: numbered steps, in order, each citing its specification.

Rules:

- Trust is an argument. Nothing in the bundle adds to it, and nothing is fetched.
- A step that could not be decided is not a step that failed: `report.judge`.
- Once the certificate comes from a trusted authority, everything has to hold. Before
  that, a signer is unknown, however well the bundle fits together.
- These checks and sigstore-python must agree; if they do not, the bundle is bad.
- The clock (`at`, by default this machine's) only refuses signatures from the future:
  certificates are judged at the time that the timestamp proves.

Example:

    report = verify_bundle(path, trust=load_trust(root), at=None)
    sys.exit(report.exit_code)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from probanda.canonical import sha256_hex, sha256_stream
from probanda.errors import (
    CannotVerifyError,
    EvidenceError,
    LedgerError,
    ParseError,
    VerificationFailedError,
)
from probanda.evidence import certificates, checks
from probanda.evidence.archive import ArchiveReader, Member
from probanda.evidence.manifest import MAX_BYTES as MAX_MANIFEST_BYTES
from probanda.evidence.manifest import Manifest
from probanda.evidence.names import CHECKPOINT, MANIFEST, RECORDS, SIGNATURE
from probanda.evidence.record_checks import check_records
from probanda.evidence.records import MAX_BYTES as MAX_RECORDS_BYTES
from probanda.evidence.report import Report, Signer, Step, StepOutcome, judge
from probanda.evidence.sigstore_bundle import MAX_BYTES as MAX_SEAL_BYTES
from probanda.evidence.sigstore_bundle import SigstoreBundle
from probanda.evidence.statement import Statement
from probanda.evidence.trust import Authority, Trust, TrustRoot
from probanda.merkle.note import MAX_NOTE_BYTES
from probanda.model.instant import format_instant

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_Shown = TypeVar("_Shown")

# What the format itself adds to the files, in the order of the archive.
TAIL = {
    MANIFEST: MAX_MANIFEST_BYTES,
    CHECKPOINT: MAX_NOTE_BYTES,
    RECORDS: MAX_RECORDS_BYTES,
    SIGNATURE: MAX_SEAL_BYTES,
}
# Between this machine's clock and the stamper's.
_CLOCK_SKEW = timedelta(minutes=5)

STEPS = (
    ("the archive is well-formed", "POSIX.1-2017 pax"),
    ("the manifest is well-formed", "probanda manifest v1, RFC 8785"),
    ("every listed file is there, and no other", "FIPS 180-4, closed list"),
    ("the signed statement is about this manifest", "in-toto Statement v1, DSSE 1.0.2"),
    ("the signature fits the statement", "DSSE 1.0.2, FIPS 186-5"),
    ("a timestamp proves when it was signed", "RFC 3161, RFC 5816"),
    ("a trusted authority certified the signer", "RFC 5280, RFC 6962 §3"),
    ("the signature is in the log", "RFC 9162 §2.1.3.2, C2SP tlog-checkpoint"),
    ("a second verifier agrees", "Sigstore bundle v0.3, sigstore-python"),
    ("the decisions are in the ledger", "RFC 9162 §2.1.3.2, probanda record v1"),
    ("what is not proved", "RFC 3161 §4, C2SP tlog-witness"),
)


class _SkippedError(Exception):
    """An earlier step left nothing to look at."""


def verify_bundle(
    path: Path,
    *,
    trust: Trust | None,
    at: datetime | None = None,
    identity: str = "",
    issuer: str = "",
) -> Report:
    """Verify the bundle at `path`; never raises for what is in it.

    Args:
        path: of the bundle.
        trust: whom to believe; `None` leaves "intact, signer unknown" at best.
        at: the verifier's clock; a signature from later is bad.
        identity: the expected signer; needed where the authority is not a cell's.
        issuer: the expected OIDC issuer, likewise.
    """
    try:
        with ArchiveReader(path) as reader:
            run = _Verification(path, reader, trust=trust, at=at, identity=identity, issuer=issuer)
            return run.run()
    except CannotVerifyError as error:
        steps = [Step(1, *STEPS[0], StepOutcome.UNKNOWN, error.message)]
        steps += [
            Step(number, title, spec, StepOutcome.SKIPPED, "the archive cannot be read")
            for number, (title, spec) in enumerate(STEPS[1:], 2)
        ]
        return Report(path, tuple(steps), judge(steps, trusted=False))


class _Verification:
    """One run: what the steps have shown so far. Every attribute is set by one step."""

    def __init__(
        self,
        path: Path,
        reader: ArchiveReader,
        *,
        trust: Trust | None,
        at: datetime | None,
        identity: str,
        issuer: str,
    ) -> None:
        self.path, self.reader, self.trust = path, reader, trust
        self.at, self.identity, self.issuer = at, identity, issuer
        self.steps: list[Step] = []
        self.files: dict[str, tuple[Member, str]] = {}
        self.tail: dict[str, bytes] = {}
        self.manifest: Manifest | None = None
        self.sealed: SigstoreBundle | None = None
        self.statement: Statement | None = None
        self.certificate: Certificate | None = None
        self.signer: Signer | None = None
        self.anchor: tuple[TrustRoot, Authority] | None = None
        self.moment: datetime | None = None
        self.stampers: list[Authority] = []
        self.certified = False

    def run(self) -> Report:
        """All steps, in the order of `STEPS`."""
        for check in (
            self._archive,
            self._manifest,
            self._listed,
            self._signed_statement,
            self._signature,
            self._time,
            self._certified,
            self._logged,
            self._second_opinion,
            self._recorded,
            self._limits,
        ):
            self._step(check)
        trusted = self.anchor is not None and self.certified
        return Report(
            path=self.path,
            steps=tuple(self.steps),
            verdict=judge(self.steps, trusted=trusted),
            signer=self.signer,
            signed_at=format_instant(self.moment) if self.moment else "",
            trusted_by=f"{self.anchor[0].path} ({self.anchor[0].source})" if self.anchor else "",
            anchored=self._anchored,
            unsafe_demo=self.signer is not None and certificates.is_unsafe_demo(self.signer),
            manifest_sha256=self.manifest.digest if self.manifest else "",
            bundle_name=self.manifest.name if self.manifest else "",
        )

    def _step(self, check: Callable[[], str]) -> None:
        """Run one check and note what came of it."""
        number = len(self.steps) + 1
        outcome = StepOutcome.NOTE if number == len(STEPS) else StepOutcome.GOOD
        try:
            detail = check()
        except (ParseError, VerificationFailedError, EvidenceError, LedgerError) as error:
            outcome, detail = StepOutcome.BAD, str(error)
        except CannotVerifyError as error:
            outcome = StepOutcome.UNKNOWN
            detail = f"{error}; {error.hint}" if error.hint else str(error)
        except _SkippedError as error:
            outcome, detail = StepOutcome.SKIPPED, str(error)
        title, spec = STEPS[number - 1]
        self.steps.append(Step(number, title, spec, outcome, detail))

    def _archive(self) -> str:
        """Step 1: read it once, hash every file, keep what the format itself adds."""
        names: list[str] = []
        files: dict[str, tuple[Member, str]] = {}
        tail: dict[str, bytes] = {}
        for member, stream in self.reader:
            names.append(member.name)
            if member.name not in TAIL:
                files[member.name] = (member, sha256_stream(stream)[0])
                continue
            if member.size > TAIL[member.name]:
                raise VerificationFailedError(
                    f"{member.name}: larger than {TAIL[member.name]} bytes"
                )
            tail[member.name] = stream.read()
        if names != [*sorted(files), *(name for name in TAIL if name in tail)]:
            raise VerificationFailedError("the files are not in the order of a bundle")
        self.files, self.tail = files, tail
        return f"{len(names)} files"

    def _manifest(self) -> str:
        """Step 2: strict JSON, this schema, canonical form."""
        self.manifest = Manifest.parse(self._part(MANIFEST))
        return f"{self.manifest.kind} {self.manifest.name!r} of tenant {self.manifest.tenant!r}"

    def _listed(self) -> str:
        """Step 3: what the manifest lists and what the archive holds are the same."""
        manifest = _need(self.manifest)
        for entry in manifest.entries:
            if entry.path not in self.files:
                raise VerificationFailedError(f"{entry.path}: listed, but not in the archive")
            member, digest = self.files[entry.path]
            if (member.size, digest) != (entry.size, entry.sha256):
                raise VerificationFailedError(f"{entry.path}: changed since it was listed")
        unlisted = sorted(set(self.files) - {entry.path for entry in manifest.entries})
        if unlisted:
            raise VerificationFailedError(f"{unlisted[0]}: in the archive, but not listed")
        return f"{len(manifest.entries)} files with the size and SHA-256 that the manifest lists"

    def _signed_statement(self) -> str:
        """Step 4: the seal decodes, and what it signs is this manifest's digest."""
        self.sealed = SigstoreBundle.parse(self._part(SIGNATURE))
        manifest = _need(self.manifest)
        statement = Statement.parse(self.sealed.payload)
        if statement.manifest_sha256 != sha256_hex(self._part(MANIFEST)):
            raise VerificationFailedError("the statement is about another manifest")
        if contradiction := statement.predicate.contradiction(manifest):
            raise VerificationFailedError(contradiction)
        self.statement = statement
        return f"statement about {MANIFEST} with SHA-256 {statement.manifest_sha256}"

    def _signature(self) -> str:
        """Step 5: with the embedded certificate; whose it is comes later."""
        sealed = _need(self.sealed)
        certificate = certificates.load_certificate(sealed.certificate)
        signer = certificates.describe(certificate)
        checks.check_signature(sealed, certificate)
        self.certificate, self.signer = certificate, signer
        return f"key with SPKI SHA-256 {signer.fingerprint}"

    def _time(self) -> str:
        """Step 6: over this signature, by an authority that the signer's root trusts."""
        sealed, certificate = _need(self.sealed), _need(self.certificate)
        stamps = checks.stamps(sealed)
        root = self._root(certificate)
        if root is None:
            claimed = format_instant(stamps[0].tst_info.gen_time)
            raise CannotVerifyError(f"{claimed}, says an authority that is not known")
        trusted = [checks.trusted_stamp(stamp, sealed.signature, root) for stamp in stamps]
        self.stampers = [authority for _, authority in trusted]
        # The latest: every certificate must have been valid even then.
        self.moment = max(moment for moment, _ in trusted)
        signed = f"signed at {format_instant(self.moment)}"
        if self.at is not None and self.moment > self.at:
            raise VerificationFailedError(f"{signed}, after the time to verify at")
        if self.at is None and self.moment > datetime.now(UTC) + _CLOCK_SKEW:
            raise CannotVerifyError(
                f"{signed}, in the future of this machine's clock",
                hint="mend the clock, or say which time to verify at",
            )
        return signed

    def _certified(self) -> str:
        """Step 7: issued by a trusted authority, valid then, for an identity it vouches for."""
        certificate = _need(self.certificate)
        signer = _need(self.signer)
        stranger = f"{signer.identity or 'nobody'}, certified by {signer.issuer}"
        if self.trust is None:
            raise CannotVerifyError(f"no trust root was given; it says: {stranger}")
        found = certificates.find_issuer(certificate, self.trust)
        if found is None:
            count = len(self.trust.roots)
            raise CannotVerifyError(f"unknown to the {count} trust root(s); it says: {stranger}")
        root, authority = found
        moment = _need(self.moment)
        certificates.check_certificate(certificate, authority, root, moment)
        name = certificates.check_identity(
            certificate, authority, identity=self.identity, issuer=self.issuer
        )
        self.anchor, self.certified = found, True
        return f"{name}, trusted by {root.path} ({root.source})"

    def _logged(self) -> str:
        """Step 8: the entry is of this signature, under a checkpoint that the log signed."""
        sealed, certificate = _need(self.sealed), _need(self.certificate)
        checkpoint = checks.check_log_entry(sealed)
        place = f"entry {sealed.entry.index} of {checkpoint.size} in {checkpoint.origin}"
        root = self._root(certificate)
        if root is None:
            raise CannotVerifyError(f"{place}, a log that is not known")
        note = sealed.entry.checkpoint
        checks.check_checkpoint_signature(note, root, log_id=sealed.entry.log_id)
        return place

    def _second_opinion(self) -> str:
        """Step 9: the stock verifier comes to the same finding about the seal."""
        sealed = _need(self.sealed)
        if self.anchor is None:
            raise _SkippedError("there is no trust to ask it with")
        from probanda.evidence.second_opinion import accepts

        bad = any(step.outcome is StepOutcome.BAD for step in self.steps[4:8])
        root, authority = self.anchor
        refusal = accepts(self._part(SIGNATURE), sealed.payload, root, authority)
        if refusal and not bad:
            raise VerificationFailedError(f"it refuses what these checks accept: {refusal}")
        if bad and not refusal:
            raise VerificationFailedError("it accepts what these checks refuse")
        return "sigstore-python comes to the same finding"

    def _recorded(self) -> str:
        """Step 10: every decision opens a record that is under the signed ledger head."""
        manifest, statement = _need(self.manifest), _need(self.statement)
        ledger = statement.predicate.ledger
        if self._part(CHECKPOINT) != ledger.checkpoint.encode():
            raise VerificationFailedError(f"{CHECKPOINT} is not the checkpoint that was signed")
        head = checks.read_checkpoint(ledger.checkpoint)
        if (head.origin, head.size, head.root) != (ledger.origin, ledger.size, ledger.root):
            raise VerificationFailedError("the ledger's checkpoint contradicts the statement")
        count = check_records(self._part(RECORDS), statement.predicate, manifest, self._read)
        place = f"{count} record(s) under the ledger {head.origin} of {head.size}"
        root = self._root(_need(self.certificate))
        if root is None:
            raise CannotVerifyError(f"{place}, a ledger that is not known")
        checks.check_checkpoint_signature(ledger.checkpoint, root)
        return place

    def _limits(self) -> str:
        """Step 11: said aloud, because a signature looks as if it proved everything."""
        time = (
            "the time is vouched for by an authority apart from the signer's"
            if self._anchored
            else "the time is only claimed: who holds the signer's cell can back-date"
        )
        return (
            f"{time}; the ledger is unanchored: no witness in other custody has confirmed its "
            "checkpoint here; that the artifacts tell the truth is for their producers to answer"
        )

    @property
    def _anchored(self) -> bool:
        """Whether every stamp's root certificate is another than the signer's."""
        if self.anchor is None or not self.stampers:
            return False
        own = self.anchor[1].chain[-1]
        return all(stamper.chain[-1] != own for stamper in self.stampers)

    def _root(self, certificate: Certificate) -> TrustRoot | None:
        """The trust root whose authority certified the signer; `None` for a stranger."""
        if self.trust is None:
            return None
        found = certificates.find_issuer(certificate, self.trust)
        return found[0] if found else None

    def _part(self, name: str) -> bytes:
        if not self.tail and not self.files:
            raise _SkippedError("the archive is not well-formed")
        if name not in self.tail:
            raise VerificationFailedError(f"{name} is missing")
        return self.tail[name]

    def _read(self, path: str) -> bytes:
        """A file's bytes again; the same as were hashed in step 1."""
        if path not in self.files:
            raise VerificationFailedError(f"{path}: listed, but not in the archive")
        member, digest = self.files[path]
        data = self.reader.read_at(member.offset, member.size)
        if sha256_hex(data) != digest:
            raise VerificationFailedError(f"{path}: changed while it was verified")
        return data


def _need(value: _Shown | None) -> _Shown:
    """What an earlier step has shown; without it, this step is skipped."""
    if value is None:
        raise _SkippedError("an earlier step left nothing to look at")
    return value
