"""Artifacts, and the facts that collectors make of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Artifact:
    """What identifies the original bytes that some other tool produced.

    Attributes:
        source: where the bytes came from: a project-relative POSIX path, `REF:path`
            for a file of another revision, or `git:BASE..HEAD`.
        sha256: SHA-256 of the original bytes, lower-case hexadecimal.
        size: their number.
        media_type: IANA media type.
        producer: name and version of the tool that made it, as the artifact itself
            states them; empty when it does not.
        produced_at: RFC 3339 UTC instant at which it was made, as the artifact itself
            states it; empty when it does not.
    """

    source: str
    sha256: str
    size: int
    media_type: str = "application/octet-stream"
    producer: str = ""
    produced_at: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Normalised data read from one artifact.

    Attributes:
        name: the name under which a check refers to it.
        type: name of the collector that made it (`cyclonedx`, `junit`, …).
        artifact: the bytes it was read from; `None` for a declared-empty fact
            (`missing: empty` and nothing there).
        data: plain JSON value, handed to the policy as `input.facts.<name>`.
        collected_at: RFC 3339 UTC instant; the as-of clock of the run.
    """

    name: str
    type: str
    artifact: Artifact | None
    data: Any
    collected_at: str

    def reference(self) -> dict[str, Any]:
        """What a decision records of it: digests and provenance, never the data."""
        return {"name": self.name, **self.provenance()}

    def provenance(self) -> dict[str, Any]:
        """Where it comes from, as a policy reads it under `input.evidence.<name>`.

        A part of `reference`, so that a recorded decision holds all of what its policy saw here.
        """
        document: dict[str, Any] = {"type": self.type, "collectedAt": self.collected_at}
        if self.artifact is None:
            document["missing"] = "empty"
            return document
        document |= {
            "source": self.artifact.source,
            "sha256": self.artifact.sha256,
            "size": self.artifact.size,
            "mediaType": self.artifact.media_type,
        }
        if self.artifact.producer:
            document["producer"] = self.artifact.producer
        if self.artifact.produced_at:
            document["producedAt"] = self.artifact.produced_at
        return document
