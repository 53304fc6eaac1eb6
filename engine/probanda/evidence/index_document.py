"""The index as a document: what is signed, how it is read, where its links lead.

Rules:

- Signatures cover the RFC 8785 form of the index without its key `signatures`.
- Reading is strict: unknown and missing fields are refused, sizes are bounded. What was
  read is kept as it stood, so that its signed bytes can be computed again.
- Two forms are read: `probanda/index/v1`, and the short form `{version, controls:
  [{id, artifacts: [uri]}], signatures}`, whose artifacts are bare URIs.
- A link is `bundles/<file>#<path in the bundle>`, each part percent-encoded.

A parsed index is well formed. Nothing says that it is true: verify its signature, then
`check_references` against the manifests of the bundles.

    index = parse_index(data)
    [artifact.uri for control in index.controls for artifact in control.artifacts]
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from probanda.canonical import canonical
from probanda.errors import EvidenceError, ParseError
from probanda.evidence.index_shape import index_problem
from probanda.evidence.manifest import Manifest
from probanda.model.location import Location
from probanda.parse.json import load_json
from probanda.parse.limits import Limits

LINK_FOLDER = "bundles/"

# 10,000 decisions a month over two controls each are some 30 MB.
LIMITS = Limits(max_bytes=64 << 20, max_depth=8, max_nodes=4_000_000)
# The trust services categories in the order in which reports list them.
_FAMILIES = {"CC": 0, "A": 1, "C": 2, "PI": 3, "P": 4}


@dataclass(frozen=True, slots=True)
class ArtifactReference:
    """A link to one artifact; digest and size are empty in the short form."""

    uri: str
    sha256: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class ControlReference:
    """A control and its artifacts, as an index links them."""

    id: str
    artifacts: tuple[ArtifactReference, ...]


@dataclass(frozen=True, slots=True)
class ParsedIndex:
    """An index that was read.

    Attributes:
        document: as it stood; never changed, since `signed_bytes` depends on it.
        version: `probanda/index/v1`, or the version of a short form.
        controls: in the document's order.
    """

    document: Mapping[str, Any]
    version: str
    controls: tuple[ControlReference, ...]


def signed_bytes(index: Mapping[str, Any]) -> bytes:
    """The bytes that signatures of `index` cover."""
    return canonical({key: value for key, value in index.items() if key != "signatures"})


def criterion_key(criterion: str) -> tuple[int, str, tuple[tuple[int, int, str], ...]]:
    """Sort key: families CC, A, C, PI, P, others last; numbers by value, so CC2.1 < CC10.1."""
    match = re.match(r"[A-Za-z]*", criterion)
    family = match[0] if match else ""
    parts = re.findall(r"[0-9]+|[^0-9]+", criterion[len(family) :])
    ordered = tuple(
        (0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts
    )
    return _FAMILIES.get(family, len(_FAMILIES)), family, ordered


def link(bundle: str, path: str) -> str:
    """`bundles/<bundle>#<path>`."""
    return f"{LINK_FOLDER}{quote(bundle, safe='')}#{quote(path, safe='/')}"


def follow(uri: str) -> tuple[str, str] | None:
    """Bundle file name and path that a link names; `None` for any other URI."""
    target, mark, path = uri.partition("#")
    if not mark or not target.startswith(LINK_FOLDER):
        return None
    bundle = unquote(target.removeprefix(LINK_FOLDER))
    return (bundle, unquote(path)) if link(bundle, unquote(path)) == uri else None


def check_references(index: Mapping[str, Any], manifests: Mapping[str, Manifest]) -> None:
    """Every link of `index` must lead to an entry with the digest and size that it states.

    Args:
        index: a `probanda/index/v1` document.
        manifests: by bundle file name.

    Raises:
        EvidenceError: a link leads nowhere or elsewhere; all of the first few are named.
    """
    known = {
        (name, entry.path): (entry.sha256, entry.size)
        for name, manifest in manifests.items()
        for entry in manifest.entries
    }
    problems: list[str] = []
    for control in index["controls"]:
        for artifact in control["artifacts"]:
            target = follow(artifact["uri"])
            if target is None or target not in known:
                problems.append(f"{control['id']}: {artifact['uri']} is in no bundle")
            elif known[target] != (artifact["sha256"], artifact["size"]):
                problems.append(f"{control['id']}: {artifact['uri']} has another digest or size")
        for decision in control["decisions"]:
            target = follow(decision["document"])
            if target is None or target not in known or target[0] != decision["bundle"]:
                problems.append(f"{control['id']}: {decision['document']} is in no bundle")
    if problems:
        rest = f" (and {len(problems) - 3} more)" if len(problems) > 3 else ""
        raise EvidenceError(f"index: {'; '.join(problems[:3])}{rest}")


def parse_index(data: bytes, *, path: str = "index.json") -> ParsedIndex:
    """Read an untrusted index in either form.

    Raises:
        ParseError: too large, not JSON, or not one of the two forms.
    """
    document = load_json(data, path=path, limits=LIMITS)
    if problem := index_problem(document):
        raise ParseError(problem, location=Location(path))
    controls = tuple(
        ControlReference(control["id"], tuple(_reference(item) for item in control["artifacts"]))
        for control in document["controls"]
    )
    return ParsedIndex(document=document, version=document["version"], controls=controls)


def _reference(item: Any) -> ArtifactReference:
    if isinstance(item, str):
        return ArtifactReference(item)
    return ArtifactReference(item["uri"], item["sha256"], item["size"])
