"""What a collector is, and what it is given.

Rules:

- A collector turns bytes into plain JSON values and says what the artifact states
  about itself; it never opens a file, runs a command or looks at a clock. Finding
  the bytes, confining paths and hashing is done once, in `probanda.collect`.
- The one exception is a `RepositoryCollector`, whose artifact is a repository.
- Each declares its `empty` data: what a check sees that says `missing: empty`.
- A collector reads all of an artifact or raises `CollectError` or `ParseError`;
  half-read is not an outcome.

Example:

    class LineCollector:
        name, media_type, timestamped, max_bytes = "lines", "text/plain", False, 1 << 20
        options_schema, empty = NO_OPTIONS, {"lines": []}

        def read(self, data, *, source, options):
            return Reading({"lines": data.decode().splitlines()}, self.media_type)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from probanda.model.fact import Fact
from probanda.repository import Repository

# JSON Schema of a collector without options.
NO_OPTIONS: Mapping[str, Any] = {"type": "object", "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a collector made of an artifact.

    Attributes:
        data: plain JSON value.
        media_type: IANA media type of the artifact.
        producer: tool and version, as the artifact states them; may be empty.
        produced_at: RFC 3339 UTC instant, as the artifact states it; may be empty.
    """

    data: Any
    media_type: str
    producer: str = ""
    produced_at: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where artifacts are looked for.

    Attributes:
        root: the project's folder.
        base: the base revision as the caller named it; empty when there is none.
        base_commit: its full commit id; empty when there is none.
        repository: seen from `root` (`Repository.discover(root)`); `None` outside git.
    """

    root: Path
    base: str = ""
    base_commit: str = ""
    repository: Repository | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """A fact, and the original bytes that evidence keeps.

    Attributes:
        fact: see `Fact`.
        original: the bytes; a path where they are too many for memory, to be read
            again and compared with the fact's digest; `None` for an empty fact.
    """

    fact: Fact
    original: bytes | Path | None


@dataclass(frozen=True, slots=True)
class RepositoryReading:
    """A reading whose artifact was made from the repository.

    Attributes:
        reading: see `Reading`.
        original: the bytes that stand for the artifact.
        source: `git:BASE..HEAD`.
    """

    reading: Reading
    original: bytes
    source: str


class Collector(Protocol):
    """What all collectors have.

    Attributes:
        name: the word after `from:`.
        media_type: of its artifacts, unless a reading says otherwise.
        timestamped: whether artifacts state when they were made, so that `maxAge` works.
        options_schema: JSON Schema of the options.
        empty: data for `missing: empty`.
    """

    name: str
    media_type: str
    timestamped: bool
    options_schema: Mapping[str, Any]
    empty: Any


@runtime_checkable
class FileCollector(Collector, Protocol):
    """Reads a file that fits into memory."""

    max_bytes: int

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:
        """What `data` says; `source` is its name in messages.

        Raises:
            ParseError: malformed text.
            CollectError: well-formed, but not what this collector reads.
        """
        ...


@runtime_checkable
class StreamCollector(Collector, Protocol):
    """Knows a file of any size by its digest only."""

    def describe(
        self, *, sha256: str, size: int, source: str, options: Mapping[str, Any]
    ) -> Reading:
        """What is known of a file with this digest and size in bytes."""
        ...


@runtime_checkable
class RepositoryCollector(Collector, Protocol):
    """Reads the repository instead of a file."""

    def read_repository(
        self, workspace: Workspace, *, options: Mapping[str, Any]
    ) -> RepositoryReading:
        """What the repository says about the range from the base to the working tree.

        Raises:
            CollectError: no repository, no base, or history that is not there.
        """
        ...
