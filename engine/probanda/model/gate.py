"""A gate: a named list of checks with a mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from probanda.model.location import Location
from probanda.model.outcome import Mode

# How many files a pattern may match, where the gate does not say.
MAX_FILES = 20_000


class MissingArtifact(Enum):
    """What a fact whose artifact does not exist means."""

    NOT_EVALUATED = "notEvaluated"
    EMPTY = "empty"


class Runs(Enum):
    """Where a gate runs."""

    CI = "ci"
    RUNTIME = "runtime"


@dataclass(frozen=True, slots=True)
class FactSource:
    """Where a check takes one fact from.

    Attributes:
        name: the fact's name in the check.
        collector: name of the collector (`from:` in the document).
        path: project-relative POSIX path; empty for collectors that read no file (`git`).
            With `*` or `?` it is a pattern: the check is made once for each matching file.
        ref: empty for the working tree, `base` for the base revision of the run.
        missing: see `MissingArtifact`.
        max_age: oldest acceptable artifact, by the time that the artifact itself states.
        options: collector-specific options.
        max_files: how many files a pattern may match.
        location: where it is written.
    """

    name: str
    collector: str
    path: str = ""
    ref: str = ""
    missing: MissingArtifact = MissingArtifact.NOT_EVALUATED
    max_age: timedelta | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    location: Location | None = None
    max_files: int = MAX_FILES

    @property
    def many(self) -> bool:
        """Whether the path is a pattern."""
        return is_pattern(self.path)


def is_pattern(path: str) -> bool:
    """Whether a path stands for any number of files."""
    return "*" in path or "?" in path


@dataclass(frozen=True, slots=True)
class Check:
    """Facts + one policy entry point + parameters + the controls that it supports.

    Attributes:
        id: unique in its gate; kebab-case.
        policy: `[builtin:]<area>/<slug>/<entrypoint>`.
        facts: by name; never empty in a CI gate.
        parameters: validated against the policy's parameter schema.
        controls: control ids, `soc2/CC8.1`.
        when_paths: glob patterns; with a base, the check applies only if a changed
            path matches one. Empty: always.
        optional: missing facts skip the check; honoured only from the base revision.
        location: where it is written.
    """

    id: str
    policy: str
    facts: tuple[FactSource, ...]
    parameters: Mapping[str, Any]
    controls: tuple[str, ...]
    when_paths: tuple[str, ...] = ()
    optional: bool = False
    location: Location | None = None

    @property
    def files(self) -> FactSource | None:
        """The fact whose path is a pattern, for each file of which the check is made."""
        return next((source for source in self.facts if source.many), None)


@dataclass(frozen=True, slots=True)
class Gate:
    """A named list of checks.

    Attributes:
        name: unique in the project; kebab-case.
        title: one line for people.
        owner: role or team that answers for it.
        mode: see `Mode`.
        runs: CI or run time.
        checks: in the order of the document.
        request_schema: for run-time gates, JSON Schema of the request.
        digest: SHA-256 of the document's bytes.
        location: where it is written.
    """

    name: str
    title: str
    owner: str
    mode: Mode
    runs: Runs
    checks: tuple[Check, ...]
    request_schema: Mapping[str, Any] | None
    digest: str
    location: Location | None = None
