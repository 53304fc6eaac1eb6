"""Whether an approver's key signed an exception; the rest of what makes it hold is not judged here.

Rules:

- A key counts for the person under whom the roster of the *judging* content lists it.
- A key id that an envelope states is never looked at; each key of the named approver is tried.
- Whatever is wrong with a signature is a reason, never an error: the exception excuses nothing,
  and the gate goes on.

Example:
    exceptions = resolve_exceptions(judging, as_of)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from probanda.errors import ContentError, MultipleContentError, ProbandaError
from probanda.exceptions import NO_SIGNATURE, Exceptions, Exemption, resolve
from probanda.model.baseline import Baseline
from probanda.model.project import Project
from probanda.model.roster import Roster
from probanda.model.waiver import Waiver


class Judging(Protocol):
    """What a catalogue and recorded content both have."""

    @property
    def project(self) -> Project:
        """Whose approvers and rules count."""
        ...

    @property
    def waivers(self) -> Mapping[str, Waiver]:
        """By name."""
        ...

    @property
    def baselines(self) -> Mapping[str, Baseline]:
        """By gate."""
        ...

    @property
    def roster(self) -> Roster:
        """Who is who."""
        ...


def resolve_exceptions(judging: Judging, as_of: datetime) -> Exceptions:
    """The waivers and baselines of `judging` by whether they hold at `as_of`.

    Raises:
        MultipleContentError: a key of the roster is none.
    """
    check_keys(judging.roster)
    exemptions: list[Exemption] = [*judging.waivers.values(), *judging.baselines.values()]
    return resolve(
        exemptions,
        signed=signatures(exemptions, judging.roster),
        roster=judging.roster,
        project=judging.project,
        as_of=as_of,
    )


def signatures(exemptions: Iterable[Exemption], roster: Roster) -> dict[str, str]:
    """By id: empty where a key of the named approver signed it, else why that is not so."""
    return {each.id: _problem(each, roster) for each in exemptions}


def _problem(each: Exemption, roster: Roster) -> str:
    if not each.signature:
        return NO_SIGNATURE
    approver = roster.who_is(each.approver)
    if approver is None or not approver.keys:
        return f"the roster has no key of {each.approver!r}"
    from probanda.sign.dsse import verify_document

    reason = ""
    for key in approver.keys:
        try:
            verify_document(each.payload, each.signature, key.pem)
        except ProbandaError as error:
            reason = f"{approver.name!r} has not signed it: {error.message}"
        else:
            return ""
    return reason


def check_keys(roster: Roster) -> None:
    """Every key is P-256 or Ed25519, and spelt as its fingerprint was computed.

    Raises:
        MultipleContentError: those that are not.
    """
    errors = [
        ContentError(f"{key.path}: {problem}", location=person.location)
        for person in roster.people
        for key in person.keys
        if (problem := _key_problem(key.pem, key.fingerprint))
    ]
    if errors:
        raise MultipleContentError(errors)


def _key_problem(pem: str, stated: str) -> str:
    from probanda.sign.keys import fingerprint, load_public_key

    try:
        found = fingerprint(load_public_key(pem.encode()))
    except ProbandaError as error:
        return error.message
    # One key in two spellings would have two fingerprints, and might be two people.
    return "" if found == stated else "the key is not in its usual encoding (DER)"
