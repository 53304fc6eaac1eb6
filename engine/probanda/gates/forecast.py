"""What turns red by itself: everything of a project that holds only until some instant.

Rules:

- Exceptions are judged by `probanda.exceptions`. One that its approver outlives ends at its
  expiry, one whose approver leaves the roster before that ends with the membership.
- An exception or trust root that is over and still lies there is listed as overdue. A membership
  that is over is a record, not an event.
- Evidence counts with a `maxAge` of a day or more, by the last decisions: what is younger is made
  anew by each run.

Example:
    for due in forecast(root, catalogue, as_of=now, days=30): ...
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from probanda.content import Catalogue
from probanda.errors import UsageError
from probanda.exceptions import Exemption
from probanda.gates.approvals import resolve_exceptions
from probanda.gates.decision_set import RUN_FOLDER, DecisionStore
from probanda.model.baseline import Baseline
from probanda.model.gate import Check, Gate
from probanda.model.instant import format_instant, parse_instant

CALENDAR = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One thing that ends.

    Attributes:
        at: first instant at which it no longer holds.
        kind: `waiver`, `baseline`, `membership`, `evidence`, `certificate` or `trust`.
        name: which one.
        owner: who answers for it.
        message: what happens then.
        place: where it is written.
    """

    at: datetime
    kind: str
    name: str
    owner: str
    message: str
    place: str

    def to_json(self) -> dict[str, Any]:
        """The form in which programs get it."""
        return {
            "at": format_instant(self.at),
            "kind": self.kind,
            "name": self.name,
            "owner": self.owner,
            "message": self.message,
            "place": self.place,
        }


def forecast(
    root: Path, catalogue: Catalogue, *, as_of: datetime, days: int, cell: Path | None = None
) -> list[Due]:
    """What ends before `as_of` plus `days`, soonest first.

    Args:
        root: the project.
        catalogue: its content.
        as_of: the clock.
        days: how far to look.
        cell: folder of a cell whose certificates are looked at too.

    Raises:
        UsageError: the year 9999 ends before that.
        EvidenceError: a decision set is malformed.
        CannotVerifyError: a trust root is malformed.
        SigningError: the cell has no readable certificates.
    """
    try:
        until = as_of + timedelta(days=days)
    except OverflowError:
        raise UsageError("no calendar goes that far", hint="give fewer --days") from None
    found = [
        *_exceptions(catalogue, as_of),
        *(due for due in _memberships(catalogue) if due.at > as_of),
        *_evidence(root, catalogue, until),
        *_trust(root, catalogue),
        *(_cell(cell) if cell else ()),
    ]
    return sorted(due for due in found if due.at < until)


def _exceptions(catalogue: Catalogue, as_of: datetime) -> Iterator[Due]:
    exceptions = resolve_exceptions(catalogue, as_of)
    for each in exceptions.expired:
        yield _exception(each, each.expires, "is over: remove it, or have a new one approved")
    for each in exceptions.holding:
        count = _count(each)
        approver = catalogue.roster.who_is(each.approver)
        leaves = approver.leaves if approver else None
        if leaves is not None and leaves < each.expires:
            message = f"{count} open again: its approver {each.approver} leaves"
            yield _exception(each, leaves, message)
        else:
            yield _exception(each, each.expires, f"{count} open again")


def _count(each: Exemption) -> str:
    number = len(each.findings) if isinstance(each, Baseline) else len(each.fingerprints)
    return f"{number} finding{'' if number == 1 else 's'}"


def _exception(each: Exemption, at: datetime, message: str) -> Due:
    kind, name = ("baseline", each.gate) if isinstance(each, Baseline) else ("waiver", each.name)
    return Due(at, kind, name, each.owner, message, str(each.location or ""))


def _memberships(catalogue: Catalogue) -> Iterator[Due]:
    roster = catalogue.roster
    for person in roster.people:
        if person.leaves is not None:
            message = "approvals in this name do not count any more"
            place = str(person.location or "")
            yield Due(person.leaves, "membership", person.name, roster.owner, message, place)


def _evidence(root: Path, catalogue: Catalogue, until: datetime) -> Iterator[Due]:
    store = DecisionStore(root / RUN_FOLDER)
    for name in store.gates():
        gate = catalogue.gates.get(name)
        if gate is None:
            continue
        checks = {check.id: check for check in gate.checks}
        for result in store.read(name).decision.checks:
            for fact in result.facts:
                if result.id in checks and "producedAt" in fact:
                    yield from _fact(gate, checks[result.id], fact, until)


def _fact(gate: Gate, check: Check, fact: Any, until: datetime) -> Iterator[Due]:
    made = parse_instant(fact["producedAt"])
    for source in check.facts:
        if source.name != fact["name"] or source.max_age is None:
            continue
        if CALENDAR <= source.max_age < until - made:
            message = f"too old for {gate.name}/{check.id}"
            place = str(source.location or gate.location or "")
            at = made + source.max_age
            yield Due(at, "evidence", str(fact["source"]), gate.owner, message, place)


def _trust(root: Path, catalogue: Catalogue) -> Iterator[Due]:
    if not catalogue.project.trust:
        return
    from probanda.evidence.trust import ends, load_trust

    for path in catalogue.project.trust:
        (trust,) = load_trust(root / path, source="project").roots
        for what, at in ends(trust):
            message = "nothing new verifies with it"
            yield Due(at, "trust", what, catalogue.project.name, message, path)


def _cell(folder: Path) -> Iterator[Due]:
    from probanda.sign.folder import read_certificate

    for name, what in (("ca.pem", "authority"), ("tsa.pem", "time stamper")):
        at = read_certificate(folder / name).not_valid_after_utc
        message = f"the cell's {what} can issue nothing any more"
        yield Due(at, "certificate", name, folder.name, message, str(folder / name))
