"""The decision set: what a keyless run leaves on disk for a trusted job to sign.

Layout below the run folder (`.probanda/`):

    artifacts/<sha256>                the original bytes of every fact and judging document
    decisions/<gate>/content.json     path → SHA-256 of the content that judged
    decisions/<gate>/run.json         how many files were not judged anew, if any (ADR 0006)
    decisions/<gate>/decision.json    RFC 8785, written last: its presence completes the set

Rules:

- Every file is written to a temporary name and renamed; an interrupted run leaves the
  previous set whole, or none.
- An artifact that is there already is kept only if it still has its digest.
- Reading a set is reading untrusted input: names that lead elsewhere, other shapes than
  ours (`decision_document`), sets that do not match their own digests, and decisions that
  the content beside them cannot have led to (`recorded_gate`) are refused.
- A decision set is *self-asserted*: nothing in it is signed.

Example:
    store = DecisionStore(root / ".probanda")
    store.write(decision, content_files, originals)
    for gate in store.gates():
        decision_set = store.read(gate)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from probanda.canonical import CHUNK_BYTES, canonical, sha256_hex, sha256_stream, tree_digest
from probanda.errors import ContentError, EvidenceError, ParseError
from probanda.gates.decision_document import MAX_BYTES, is_gate_name, parse_decision
from probanda.gates.files import locked, open_regular, read_regular, replacing, write_file
from probanda.gates.recorded_gate import check_against_content
from probanda.model.decision import Decision
from probanda.model.location import Location
from probanda.parse.json import load_json
from probanda.parse.limits import Limits

RUN_FOLDER = ".probanda"

# As `content.tree.MAX_BYTES`.
MAX_DOCUMENT_BYTES = 1 << 20
# As many judging documents as a project may have, and their names.
CONTENT_LIMITS = Limits(max_bytes=8 << 20, max_depth=1, max_nodes=100_000)
_RUN_LIMITS = Limits(max_bytes=4 << 20, max_depth=2, max_nodes=100_000)
# Files are synced at this many at once, from so many on.
_WRITERS = 16
_FEW = 32
# What of a run is no part of its decision.
RUN_FILE = "run.json"
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DecisionSet:
    """One gate's decision as it lies on disk, digests checked.

    Attributes:
        gate: name of the gate.
        decision: what was decided; free of contradictions, and self-asserted.
        decision_bytes: its exact bytes.
        content: path → SHA-256 of the judging content.
        run: exact bytes of the note on what was not judged anew; empty when there is none.
    """

    gate: str
    decision: Decision
    decision_bytes: bytes
    content: Mapping[str, str]
    run: bytes = b""


class DecisionStore:
    """The run folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.artifacts = folder / "artifacts"
        self.decisions = folder / "decisions"

    def write(
        self,
        decision: Decision,
        content: Mapping[str, bytes],
        originals: Mapping[str, bytes | Path],
        cached: Mapping[str, int] | None = None,
    ) -> None:
        """Store a decision with the judging content and the originals of its facts.

        Args:
            decision: what was decided.
            content: path → bytes of the content that judged.
            originals: SHA-256 → bytes, or file to copy, of each fact's artifact.
            cached: by check, how many files were not judged anew.

        Raises:
            EvidenceError: the folder cannot be written, or an artifact has changed since
                it was read.
        """
        target = self.decisions / decision.gate
        try:
            self.artifacts.mkdir(parents=True, exist_ok=True)
            target.mkdir(parents=True, exist_ok=True)
            with locked(self.folder):
                self._keep_all(originals)
                digests = {path: sha256_hex(data) for path, data in content.items()}
                for path, data in content.items():
                    self._keep(digests[path], data)
                # A stale decision must never stand beside new content.
                (target / "decision.json").unlink(missing_ok=True)
                (target / RUN_FILE).unlink(missing_ok=True)
                write_file(target / "content.json", canonical(digests))
                document = canonical(decision.to_json())
                if cached:
                    note = {"cached": dict(cached), "decision": sha256_hex(document)}
                    write_file(target / RUN_FILE, canonical(note))
                write_file(target / "decision.json", document)
        except OSError as error:
            raise EvidenceError(
                f"cannot store the decision below {self.folder}: {error.strerror or error}",
                hint="free some space, or make the folder writable, and run the gate again",
            ) from error

    def _keep_all(self, originals: Mapping[str, bytes | Path]) -> None:
        """Keep every artifact; a disk that waits for one can write others meanwhile.

        Raises:
            OSError, EvidenceError: as for one.
        """
        if len(originals) < _FEW:
            for digest, original in originals.items():
                self._keep(digest, original)
            return
        from concurrent.futures import ThreadPoolExecutor  # most runs keep a few files

        with ThreadPoolExecutor(_WRITERS) as writers:
            try:
                for _ in writers.map(self._keep, originals, originals.values()):
                    pass
            finally:
                writers.shutdown(cancel_futures=True)

    def _keep(self, digest: str, original: bytes | Path) -> None:
        target = self.artifacts / digest
        if _has_digest(target, digest):
            return
        if isinstance(original, bytes):
            write_file(target, original)
            return
        with original.open("rb") as source, replacing(target) as copy:
            copied = sha256()
            while chunk := source.read(CHUNK_BYTES):
                copied.update(chunk)
                copy.write(chunk)
            if copied.hexdigest() != digest:
                raise EvidenceError(
                    f"{original} changed between reading and storing it",
                    hint="run the gate again when nothing writes to the file",
                )

    def gates(self) -> list[str]:
        """Names of the gates that have a complete decision set, sorted."""
        if not self.decisions.is_dir():
            return []
        return sorted(path.parent.name for path in self.decisions.glob("*/decision.json"))

    def read(self, gate: str) -> DecisionSet:
        """The decision set of `gate`, whoever wrote it.

        Raises:
            EvidenceError: absent, unreadable, of another form, or contradicting itself.
        """
        if not is_gate_name(gate):
            raise EvidenceError(f"{gate!r} is no name of a gate")
        folder = self.decisions / gate
        try:
            with locked(self.folder, shared=True):
                data = read_regular(folder / "decision.json", max_bytes=MAX_BYTES)
                listing = read_regular(folder / "content.json", max_bytes=CONTENT_LIMITS.max_bytes)
                noted = b""
                if (folder / RUN_FILE).exists():
                    noted = read_regular(folder / RUN_FILE, max_bytes=_RUN_LIMITS.max_bytes)
        except OSError as error:
            known = ", ".join(self.gates())
            raise EvidenceError(
                f"there is no complete decision set for the gate {gate!r}",
                hint=f"run `probanda check {gate}` first"
                + (f"; there are sets for {known}" if known else ""),
            ) from error
        try:
            decision = parse_decision(data, path=str(folder / "decision.json"))
            content = _content(listing, folder / "content.json")
            _check_run(noted, data, folder / RUN_FILE)
        except ParseError as error:
            raise EvidenceError(
                f"the decision set of the gate {gate!r} is malformed: {error}",
                hint="run `probanda check` again, and leave what it wrote as it is",
            ) from error
        _check_belongs(folder, gate, decision, content)
        check_against_content(decision, _KeptContent(self, content))
        return DecisionSet(gate, decision, data, content, noted)

    def open_artifact(self, digest: str) -> BinaryIO:
        """The stored bytes with this SHA-256; the reader must hash them again.

        Raises:
            EvidenceError: they are not there, or that is no digest.
        """
        if not _SHA256.fullmatch(digest):
            raise EvidenceError("an artifact is named by something that is no SHA-256")
        try:
            return open_regular(self.artifacts / digest)
        except OSError as error:
            raise EvidenceError(
                f"the artifact {digest} is missing from {self.artifacts}",
                hint="run `probanda check` again",
            ) from error


def _has_digest(path: Path, digest: str) -> bool:
    try:
        with open_regular(path) as file:
            return sha256_stream(file)[0] == digest
    except OSError:
        return False


def _content(data: bytes, path: Path) -> dict[str, str]:
    """The listing of judging content.

    Raises:
        ParseError: not an object of SHA-256.
    """
    content = load_json(data, path=str(path), limits=CONTENT_LIMITS)
    if not isinstance(content, dict) or not content:
        raise ParseError(f"{path}: not a list of judging content")
    for value in content.values():
        if not isinstance(value, str) or not _SHA256.fullmatch(value):
            raise ParseError(f"{path}: not a SHA-256 in lower-case hexadecimal")
    return content


def _check_run(note: bytes, decision: bytes, path: Path) -> None:
    """A note on a run is of this decision, and in our form.

    Raises:
        ParseError: it is not.
    """
    if not note:
        return
    document = load_json(note, path=str(path), limits=_RUN_LIMITS)
    counts = document.get("cached") if isinstance(document, dict) else None
    if (
        not isinstance(counts, dict)
        or not all(type(count) is int and count > 0 for count in counts.values())
        or document != {"cached": counts, "decision": sha256_hex(decision)}
        or canonical(document) != note
    ):
        raise ParseError(f"{path}: not the note on this decision's run")


class _KeptContent:
    """The judging content of a set, as a tree of documents."""

    label = ""

    def __init__(self, store: DecisionStore, content: Mapping[str, str]) -> None:
        self._store, self._content = store, content

    def files(self, prefix: str) -> list[str]:
        """See `content.Tree`."""
        below = f"{prefix}/" if prefix else ""
        return sorted(path for path in self._content if path.startswith(below))

    def read(self, path: str) -> bytes:
        """See `content.Tree`; what is not what judged any more is an error."""
        where = Location(path)
        digest = self._content.get(path)
        if digest is None:
            raise ContentError("no such file", location=where)
        with self._store.open_artifact(digest) as file:
            data = file.read(MAX_DOCUMENT_BYTES + 1)
        if len(data) > MAX_DOCUMENT_BYTES or sha256_hex(data) != digest:
            raise ContentError(
                "changed since it judged", location=where, hint="run `probanda check` again"
            )
        return data


def _check_belongs(folder: Path, gate: str, decision: Decision, content: Mapping[str, str]) -> None:
    """The parts of a set are of one run and of this gate.

    Raises:
        EvidenceError: they are not.
    """
    if decision.gate != gate:
        raise EvidenceError(f"{folder} holds a decision of the gate {decision.gate!r}")
    if tree_digest(content) != decision.content.base_digest:
        raise EvidenceError(
            f"{folder / 'content.json'} is not the content that judged",
            hint="run `probanda check` again",
        )
    if decision.gate_digest not in content.values():
        raise EvidenceError(f"{folder}: the gate that decided is not among the content that judged")
