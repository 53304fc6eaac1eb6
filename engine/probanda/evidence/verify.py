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

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from probanda.canonical import sha256_hex, sha256_stream
from probanda.errors import CannotVerifyError, VerificationFailedError
from probanda.evidence import checks
from probanda.evidence.archive import ArchiveReader, Member
from probanda.evidence.index_document import LINK_FOLDER, parse_index
from probanda.evidence.manifest import MAX_BYTES as MAX_MANIFEST_BYTES
from probanda.evidence.manifest import Entry, Manifest
from probanda.evidence.names import CHECKPOINT, MANIFEST, RECORDS, SIGNATURE
from probanda.evidence.record_checks import check_records
from probanda.evidence.records import MAX_BYTES as MAX_RECORDS_BYTES
from probanda.evidence.report import Report, Step, StepOutcome, judge
from probanda.evidence.seal_steps import (
    CERTIFICATE_STEP,
    LIMITS_STEP,
    LOG_STEP,
    OPINION_STEP,
    SIGNATURE_STEP,
    TIME_STEP,
    NotApplicableError,
    SealSteps,
    SkippedError,
    need,
)
from probanda.evidence.sigstore_bundle import MAX_BYTES as MAX_SEAL_BYTES
from probanda.evidence.sigstore_bundle import SigstoreBundle
from probanda.evidence.statement import Statement
from probanda.evidence.trust import Trust
from probanda.merkle.note import MAX_NOTE_BYTES

# What the format itself adds to the files, in the order of the archive.
TAIL = {
    MANIFEST: MAX_MANIFEST_BYTES,
    CHECKPOINT: MAX_NOTE_BYTES,
    RECORDS: MAX_RECORDS_BYTES,
    SIGNATURE: MAX_SEAL_BYTES,
}
STEPS = (
    ("the archive is well-formed", "POSIX.1-2017 pax"),
    ("the manifest is well-formed", "probanda manifest v1, RFC 8785"),
    ("every listed file is there, and no other", "FIPS 180-4, closed list"),
    ("the signed statement is about this manifest", "in-toto Statement v1, DSSE 1.0.2"),
    SIGNATURE_STEP,
    TIME_STEP,
    CERTIFICATE_STEP,
    LOG_STEP,
    OPINION_STEP,
    ("the decisions are in the ledger", "RFC 9162 §2.1.3.2, probanda record v1"),
    ("the bundles inside verify too", "probanda index v1"),
    LIMITS_STEP,
)


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


class _Verification(SealSteps):
    """One run over one archive. Every attribute is set by one step."""

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
        super().__init__(STEPS, trust=trust, at=at, identity=identity, issuer=issuer)
        self.path, self.reader = path, reader
        self.files: dict[str, tuple[Member, str]] = {}
        self.tail: dict[str, bytes] = {}
        self.manifest: Manifest | None = None
        self.statement: Statement | None = None

    def run(self) -> Report:
        """All steps, in the order of `STEPS`."""
        return self.report(
            self.path,
            (
                self._archive,
                self._manifest,
                self._listed,
                self._signed_statement,
                self.check_signature,
                self.check_time,
                self.check_certified,
                self.check_logged,
                self.check_second_opinion,
                self._recorded,
                self._nested,
                self._limits,
            ),
            lambda: (self.manifest.digest, self.manifest.name) if self.manifest else ("", ""),
        )

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
        manifest = need(self.manifest)
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
        self.seal_bytes = self._part(SIGNATURE)
        self.sealed = SigstoreBundle.parse(self.seal_bytes)
        manifest = need(self.manifest)
        statement = Statement.parse(self.sealed.payload)
        if statement.manifest_sha256 != sha256_hex(self._part(MANIFEST)):
            raise VerificationFailedError("the statement is about another manifest")
        if contradiction := statement.predicate.contradiction(manifest):
            raise VerificationFailedError(contradiction)
        self.statement = statement
        return f"statement about {MANIFEST} with SHA-256 {statement.manifest_sha256}"

    def _recorded(self) -> str:
        """Step 10: every decision opens a record that is under the signed ledger head."""
        manifest, statement = need(self.manifest), need(self.statement)
        ledger = statement.predicate.ledger
        if self._part(CHECKPOINT) != ledger.checkpoint.encode():
            raise VerificationFailedError(f"{CHECKPOINT} is not the checkpoint that was signed")
        head = checks.read_checkpoint(ledger.checkpoint)
        if (head.origin, head.size, head.root) != (ledger.origin, ledger.size, ledger.root):
            raise VerificationFailedError("the ledger's checkpoint contradicts the statement")
        count = check_records(self._part(RECORDS), statement.predicate, manifest, self._read)
        place = f"{count} record(s) under the ledger {head.origin} of {head.size}"
        root = self.root(need(self.certificate))
        if root is None:
            raise CannotVerifyError(f"{place}, a ledger that is not known")
        checks.check_checkpoint_signature(ledger.checkpoint, root)
        return place

    def _nested(self) -> str:
        """Step 11: whoever holds a pack need not take its maker's word for its bundles."""
        manifest = need(self.manifest)
        if manifest.kind != "Pack":
            raise NotApplicableError("there are none: it is no pack")
        index = parse_index(self._read("index.json")).document
        claimed = {row["name"]: row["verdict"] for row in index["bundles"]}
        inside = {
            entry.path.removeprefix(LINK_FOLDER): entry
            for entry in manifest.entries
            if entry.path.startswith(LINK_FOLDER)
        }
        if sorted(inside) != sorted(claimed):
            raise VerificationFailedError("the index lists other bundles than the pack holds")
        if self.trust is None:
            raise CannotVerifyError(f"{len(inside)} bundle(s), and no trust root to try them with")
        for name, entry in inside.items():
            found = self._verify_nested(entry).verdict.value
            if found != claimed[name]:
                message = f"{name}: the index says {claimed[name]}, here it is {found}"
                if "bad" in (found, claimed[name]):
                    raise VerificationFailedError(message)
                raise CannotVerifyError(
                    message, hint="give the trust root that the pack's maker used"
                )
        return f"{len(inside)} bundle(s) verify as the index says"

    def _verify_nested(self, entry: Entry) -> Report:
        member, _ = self.files[entry.path]
        with tempfile.TemporaryDirectory(prefix="probanda-") as folder:
            path = Path(folder) / "bundle.tar"
            with self.reader.open(member) as source, path.open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
            return verify_bundle(
                path, trust=self.trust, at=self.at, identity=self.identity, issuer=self.issuer
            )

    def _limits(self) -> str:
        """Step 12."""
        return (
            f"{self.check_time_limits()}; the ledger is unanchored: no witness in other custody "
            "has confirmed its checkpoint here; that the artifacts tell the truth is for their "
            "producers to answer"
        )

    def _part(self, name: str) -> bytes:
        if not self.tail and not self.files:
            raise SkippedError("the archive is not well-formed")
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
