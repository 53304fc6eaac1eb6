"""The decision set: what a keyless run leaves on disk for a trusted job to sign.

Layout below the run folder (`.probanda/`):

    artifacts/<sha256>                the original bytes of every fact and judging document
    decisions/<gate>/content.json     path → SHA-256 of the content that judged
    decisions/<gate>/decision.json    RFC 8785, written last: its presence completes the set

Rules:

- Every file is written to a temporary name and renamed; an interrupted run leaves the
  previous set whole.
- Reading a set checks every digest; a set that does not match its own digests is refused.
- A decision set is *self-asserted*: nothing in it is signed.

Example:
    store = DecisionStore(root / ".probanda")
    store.write(decision, content_files, originals)
    for decision_set in store.read_all(): ...
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from probanda.canonical import canonical, sha256_hex, sha256_stream, tree_digest
from probanda.errors import EvidenceError
from probanda.model.decision import Decision
from probanda.parse.json import load_json

RUN_FOLDER = ".probanda"


@dataclass(frozen=True, slots=True)
class DecisionSet:
    """One gate's decision as it lies on disk, digests checked.

    Attributes:
        gate: name of the gate.
        decision: the parsed decision document.
        decision_bytes: its exact bytes.
        content: path → SHA-256 of the judging content.
    """

    gate: str
    decision: Mapping[str, Any]
    decision_bytes: bytes
    content: Mapping[str, str]


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
    ) -> None:
        """Store a decision with the judging content and the originals of its facts.

        Args:
            decision: what was decided.
            content: path → bytes of the content that judged.
            originals: SHA-256 → bytes, or file to copy, of each fact's artifact.

        Raises:
            EvidenceError: the folder cannot be written, or an artifact has changed since
                it was read.
        """
        target = self.decisions / decision.gate
        try:
            self.artifacts.mkdir(parents=True, exist_ok=True)
            target.mkdir(parents=True, exist_ok=True)
            for digest, original in originals.items():
                self._keep(digest, original)
            for data in content.values():
                self._keep(sha256_hex(data), data)
            digests = {path: sha256_hex(data) for path, data in content.items()}
            # A stale decision must never stand beside new content.
            (target / "decision.json").unlink(missing_ok=True)
            write_file(target / "content.json", canonical(digests))
            write_file(target / "decision.json", canonical(decision.to_json()))
        except OSError as error:
            raise EvidenceError(
                f"cannot store the decision below {self.folder}: {error.strerror or error}",
                hint="free some space, or make the folder writable, and run the gate again",
            ) from error

    def _keep(self, digest: str, original: bytes | Path) -> None:
        target = self.artifacts / digest
        if target.is_file():
            return
        if isinstance(original, bytes):
            write_file(target, original)
            return
        with original.open("rb") as source, _replacing(target) as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
        with target.open("rb") as stream:
            if sha256_stream(stream)[0] != digest:
                target.unlink()
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
        """The decision set of `gate`.

        Raises:
            EvidenceError: absent, unreadable, or contradicting its own digests.
        """
        folder = self.decisions / gate
        try:
            decision_bytes = (folder / "decision.json").read_bytes()
            content_bytes = (folder / "content.json").read_bytes()
        except OSError as error:
            raise EvidenceError(
                f"there is no complete decision set for the gate {gate!r}",
                hint=f"run `probanda check {gate}` first",
            ) from error
        decision = load_json(decision_bytes, path=str(folder / "decision.json"))
        content = load_json(content_bytes, path=str(folder / "content.json"))
        if canonical(decision) != decision_bytes:
            raise EvidenceError(f"{folder / 'decision.json'} is not in canonical form")
        if tree_digest(content) != decision["content"]["baseSha256"]:
            raise EvidenceError(f"{folder / 'content.json'} is not the content that judged")
        return DecisionSet(gate, decision, decision_bytes, content)

    def open_artifact(self, digest: str) -> IO[bytes]:
        """The stored bytes with this SHA-256; the reader must hash them again.

        Raises:
            EvidenceError: they are not there.
        """
        try:
            return (self.artifacts / digest).open("rb")
        except OSError as error:
            raise EvidenceError(
                f"the artifact {digest} is missing from {self.artifacts}",
                hint="run `probanda check` again",
            ) from error


def make_folder(folder: Path) -> None:
    """Make `folder` and what leads to it.

    Raises:
        EvidenceError: the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EvidenceError(f"cannot make the folder {folder}: {error.strerror}") from error


class _replacing:  # noqa: N801  # reads as a verb at its call site
    """A binary file that takes the place of `target` when the block ends without an error."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __enter__(self) -> IO[bytes]:
        handle, name = tempfile.mkstemp(dir=self.target.parent, prefix=".writing-")
        self.temporary = Path(name)
        self.file: IO[bytes] = os.fdopen(handle, "wb")
        return self.file

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        try:
            if kind is None:
                self.file.flush()
                os.fsync(self.file.fileno())
                self.temporary.replace(self.target)
        finally:
            self.file.close()
            self.temporary.unlink(missing_ok=True)


def write_file(target: Path, data: bytes) -> None:
    """Write `target` whole or not at all."""
    with _replacing(target) as file:
        file.write(data)
