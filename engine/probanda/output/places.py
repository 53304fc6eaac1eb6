"""Where a finding is, as a place in the repository.

Rules, in this order:

1. The finding's own location, if its path stays inside the project.
2. The first artifact of the check that lies in the working tree, as a whole.
3. The check in its gate's document.

A path of a finding may come from an untrusted artifact: an absolute one, or one that climbs
out, is no place.

Example:
    where(finding, check, decision, report)   # Location('services/api/sbom.cdx.json')
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from probanda.model.decision import CheckResult, Decision
from probanda.model.finding import Finding
from probanda.model.location import Location
from probanda.output.interface import RunReport


def where(
    finding: Finding, check: CheckResult, decision: Decision, report: RunReport
) -> Location | None:
    """The place of `finding`, relative to the repository's top; `None` where there is none."""
    candidates = [
        finding.location,
        *map(Location, artifacts(check)),
        _check(check, decision, report),
    ]
    for candidate in candidates:
        if candidate is not None and (place := _inside(candidate, decision)) is not None:
            return in_repository(place, report)
    return None


def check_place(check: CheckResult, decision: Decision, report: RunReport) -> Location | None:
    """Where the gate's document names `check`, relative to the repository's top."""
    found = _check(check, decision, report)
    place = _inside(found, decision) if found is not None else None
    return None if place is None else in_repository(place, report)


def artifacts(check: CheckResult) -> Iterator[str]:
    """Paths of the artifacts that `check` read from the working tree.

    `REF:path` and `git:BASE..HEAD` name other things (`model.fact.Artifact.source`).
    """
    for fact in check.facts:
        source = str(fact.get("source", ""))
        if source and ":" not in source:
            yield source


def in_repository(place: Location, report: RunReport) -> Location:
    """A place of the project as one of the repository."""
    folder = report.source.folder
    path = f"{folder}/{place.path}" if folder else place.path
    return Location(path, place.line, place.column)


def _inside(place: Location, decision: Decision) -> Location | None:
    """`place` without the name of the revision that it was read from, if it is in the project."""
    label = f"{decision.content.base}:"
    path = place.path.removeprefix(label) if decision.content.base else place.path
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or ":" in parts[0] or "\\" in path:
        return None
    return Location(str(PurePosixPath(path)), place.line, place.column)


def _check(check: CheckResult, decision: Decision, report: RunReport) -> Location | None:
    gate = report.catalogue.gates.get(decision.gate) if report.catalogue is not None else None
    if gate is None:
        return None
    for each in gate.checks:
        if each.id == check.id:
            return each.location or gate.location
    return gate.location
