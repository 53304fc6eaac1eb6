"""Artifacts become facts.

Rules:

- One explicit table, `COLLECTORS`; no import side effects.
- Paths are relative to the project's root and stay inside it, also through symbolic
  links; only regular files are opened, one folder at a time without following links
  (CWE-22, CWE-59, CWE-367). A file that changes while it is read is an error.
- The digest is of the bytes that were parsed: they are read once.
- `ref: base` reads the file at the base commit from git, never from the working tree.
- An artifact that is not there is `MissingArtifactError`, or the collector's empty data
  where the check says `missing: empty`. Nothing else becomes empty: a broken artifact
  is an error. The age of an artifact is judged by the gate, not here.

Example:

    source = FactSource("sbom", "cyclonedx", path=".probanda/sbom.cdx.json")
    collected = collect(source, Workspace(root), collected_at="2026-11-20T18:44:00Z")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from probanda.canonical import sha256_hex
from probanda.collect.access_snapshot import AccessSnapshotCollector
from probanda.collect.coverage import CoverageCollector
from probanda.collect.csv_document import CsvCollector
from probanda.collect.cyclonedx import CycloneDxCollector
from probanda.collect.file import PlainFileCollector
from probanda.collect.files import digest_file, read_file
from probanda.collect.git import GitCollector
from probanda.collect.github_event import GithubEventCollector
from probanda.collect.interface import (
    Collected,
    FileCollector,
    Reading,
    RepositoryCollector,
    StreamCollector,
    Workspace,
)
from probanda.collect.json_document import JsonCollector
from probanda.collect.json_lines import LogsCollector
from probanda.collect.junit import JunitCollector
from probanda.collect.kubernetes import KubernetesCollector
from probanda.collect.load import LoadCollector
from probanda.collect.matching import Match, match_files, matches_pattern
from probanda.collect.openlineage import OpenLineageCollector
from probanda.collect.sarif import SarifCollector
from probanda.collect.secrets_inventory import SecretsInventoryCollector
from probanda.collect.spdx import SpdxCollector
from probanda.collect.table import TableCollector
from probanda.collect.terraform_plan import TerraformPlanCollector
from probanda.collect.toml_document import TomlCollector
from probanda.collect.vex import VexCollector
from probanda.collect.workflow import WorkflowCollector
from probanda.collect.yaml_document import YamlCollector
from probanda.errors import CollectError, MissingArtifactError, ParseError
from probanda.model.fact import Artifact, Fact
from probanda.model.gate import FactSource, MissingArtifact
from probanda.parse.json_schema import prepare

__all__ = [
    "COLLECTORS",
    "AnyCollector",
    "Collected",
    "Fetched",
    "FileCollector",
    "Match",
    "Reading",
    "RepositoryCollector",
    "StreamCollector",
    "Workspace",
    "check_source",
    "collect",
    "fetch",
    "interpret",
    "match_files",
    "matches_pattern",
]

AnyCollector = FileCollector | StreamCollector | RepositoryCollector

_ALL: tuple[AnyCollector, ...] = (
    AccessSnapshotCollector(),
    CoverageCollector(),
    CsvCollector(),
    CycloneDxCollector(),
    PlainFileCollector(),
    GitCollector(),
    GithubEventCollector(),
    JsonCollector(),
    JunitCollector(),
    KubernetesCollector(),
    LoadCollector(),
    LogsCollector(),
    OpenLineageCollector(),
    SarifCollector(),
    SecretsInventoryCollector(),
    SpdxCollector(),
    TableCollector(),
    TerraformPlanCollector(),
    TomlCollector(),
    VexCollector(),
    WorkflowCollector(),
    YamlCollector(),
)
COLLECTORS: Mapping[str, AnyCollector] = MappingProxyType({one.name: one for one in _ALL})

# Asking each time whether an object fits a protocol would take longer than reading a small file.
_STREAMED = {one.name: one for one in _ALL if isinstance(one, StreamCollector)}
_READ = {one.name: one for one in _ALL if isinstance(one, FileCollector)}

# What `git cat-file` may return for a stream collector: a base revision is not streamed.
_MAX_BASE_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """An artifact's bytes, hashed and not yet understood.

    Attributes:
        name: see `Artifact.source`.
        sha256, size: of the bytes.
        data: the bytes; `None` where they are too many for memory.
        path: where they can be read again; `None` where they came from git.
    """

    name: str
    sha256: str
    size: int
    data: bytes | None
    path: Path | None


def collect(source: FactSource, workspace: Workspace, *, collected_at: str) -> Collected:
    """The fact that `source` names.

    Raises:
        MissingArtifactError: it is not there, and the check does not say `missing: empty`.
        CollectError: it is there and cannot be read, or `source` makes no sense.
    """
    collector = check_source(source)
    try:
        if isinstance(collector, RepositoryCollector):
            return _read_repository(collector, source, workspace, collected_at)
        fetched = fetch(source, workspace)
    except MissingArtifactError:
        if source.missing is not MissingArtifact.EMPTY:
            raise
        empty = Fact(source.name, source.collector, None, collector.empty, collected_at)
        return Collected(empty, None)
    except ParseError as error:
        raise CollectError(error.message, location=error.location, hint=error.hint) from error
    fact = interpret(source, fetched, collected_at=collected_at)
    return Collected(fact, fetched.path if fetched.data is None else fetched.data)


def check_source(source: FactSource) -> AnyCollector:
    """The collector of `source`, which takes its options.

    Raises:
        CollectError: there is none of that name, or its options are wrong.
    """
    collector = COLLECTORS.get(source.collector)
    if collector is None:
        known = ", ".join(sorted(COLLECTORS))
        raise CollectError(
            f"no collector {source.collector!r}", location=source.location, hint=f"one of {known}"
        )
    if isinstance(collector, RepositoryCollector):
        if source.path or source.ref:
            raise CollectError(f"a {collector.name} fact takes no path and no ref")
    elif not source.path:
        raise CollectError(f"a {collector.name} fact needs a path")
    _check_options(collector, source)
    return collector


def fetch(source: FactSource, workspace: Workspace) -> Fetched:
    """The bytes of the file that `source`, which must have been checked, names.

    Raises:
        MissingArtifactError: it is not there.
        CollectError: outside the project, no regular file, too large, or unreadable.
    """
    collector = COLLECTORS[source.collector]
    if source.ref:
        name, data = _read_base(collector, source, workspace)
        return Fetched(name, sha256_hex(data), len(data), data, None)
    if source.collector in _STREAMED:
        found = digest_file(workspace.root, source.path)
        return Fetched(source.path, found.sha256, found.size, None, found.path)
    limit = _READ[source.collector].max_bytes
    data, path = read_file(workspace.root, source.path, max_bytes=limit)
    return Fetched(source.path, sha256_hex(data), len(data), data, path)


def interpret(source: FactSource, fetched: Fetched, *, collected_at: str) -> Fact:
    """What the collector of `source` makes of the bytes.

    Raises:
        CollectError: it cannot make anything of them.
    """
    name, options = fetched.name, source.options
    try:
        if (streamed := _STREAMED.get(source.collector)) is not None:
            reading = streamed.describe(
                sha256=fetched.sha256, size=fetched.size, source=name, options=options
            )
        elif (read := _READ.get(source.collector)) is not None and fetched.data is not None:
            reading = read.read(fetched.data, source=name, options=options)
        else:
            raise CollectError(f"a {source.collector} fact comes from no file")
    except ParseError as error:
        raise CollectError(error.message, location=error.location, hint=error.hint) from error
    artifact = _artifact(fetched.name, fetched.sha256, fetched.size, reading)
    return Fact(source.name, source.collector, artifact, reading.data, collected_at)


def _read_repository(
    collector: RepositoryCollector, source: FactSource, workspace: Workspace, collected_at: str
) -> Collected:
    made = collector.read_repository(workspace, options=source.options)
    digest, size = sha256_hex(made.original), len(made.original)
    artifact = _artifact(made.source, digest, size, made.reading)
    fact = Fact(source.name, source.collector, artifact, made.reading.data, collected_at)
    return Collected(fact, made.original)


def _read_base(
    collector: AnyCollector, source: FactSource, workspace: Workspace
) -> tuple[str, bytes]:
    """`COMMIT:path` and the content of the file at the base commit."""
    if source.ref != "base":
        raise CollectError(f"no revision {source.ref!r}", hint="`ref` is `base` or left out")
    if not workspace.base_commit:
        message = f"{source.path!r} is wanted from the base revision, and this run has none"
        raise MissingArtifactError(message, hint="pass --base REF")
    if workspace.repository is None:
        raise CollectError("the base revision is named, but there is no git repository")
    limit = collector.max_bytes if isinstance(collector, FileCollector) else _MAX_BASE_BYTES
    data = workspace.repository.read(workspace.base_commit, source.path, max_bytes=limit)
    return f"{workspace.base_commit}:{source.path}", data


def _artifact(name: str, sha256: str, size: int, reading: Reading) -> Artifact:
    """What identifies the bytes, and what they say of themselves."""
    return Artifact(name, sha256, size, reading.media_type, reading.producer, reading.produced_at)


def _check_options(collector: AnyCollector, source: FactSource) -> None:
    """Options must fit the collector's schema."""
    if not source.options:
        return
    prepare()
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(dict(collector.options_schema))
    for error in validator.iter_errors(dict(source.options)):
        raise CollectError(
            f"wrong option for {collector.name}: {error.message[:200]}", location=source.location
        )
