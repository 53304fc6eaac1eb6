"""The roster, and the exceptions that its people own and approve.

Rules:

- A project has one roster, `evidence/roster.yaml`, or none: then nobody is anybody.
- A name, login, e-mail address or key that two people have is an error that names both places.
  Policies see logins without their forge, so a login on one forge and the same on another
  cannot be two people either.
- Files of keys judge: they decide whose signature counts.
- A baseline lists what it says: each fingerprint is that of the policy, rule and key beside it.

Example:

    roster = load_roster(rooms, errors)
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping

from probanda.canonical import sha256_hex
from probanda.content import people_documents, statements
from probanda.content.complaints import nearest
from probanda.content.convert import convert_baseline
from probanda.content.files import Rooms
from probanda.content.people_documents import KeyEntry, PersonEntry
from probanda.content.source import Errors, Source
from probanda.errors import ContentError
from probanda.model.baseline import Baseline
from probanda.model.decision import JUDGING_CHECK, OWN_CHECKS
from probanda.model.finding import Finding
from probanda.model.gate import Gate
from probanda.model.roster import Absence, Key, Person, Roster

KEY_FOLDER = "evidence/trust/approvers"
# RFC 7468 §13: one block, nothing before or behind it.
_PEM = re.compile(
    r"\s*-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----\s*", re.ASCII
)

RosterSource = Source[people_documents.Roster]
Path = tuple[str | int, ...]


def load_roster(own: Rooms, errors: Errors) -> Roster:
    """The project's roster, empty if it has none; key files go to the judging digests."""
    for source in own.of("Roster"):
        entries = source.document.spec.people
        people = [_person(own, source, index, entry, errors) for index, entry in enumerate(entries)]
        for error in _shared(source, people):
            errors.add(error)
        return Roster(tuple(people), source.document.metadata.owner, source.at())
    return Roster()


def _person(
    own: Rooms, source: RosterSource, index: int, entry: PersonEntry, errors: Errors
) -> Person:
    base: Path = ("spec", "people", index)
    for place, absence in enumerate(entry.absences):
        if absence.until <= absence.from_:
            path = (*base, "absences", place, "until")
            errors.add(source.error(path, "an absence ends after it begins"))
    if entry.joins and entry.leaves and entry.leaves <= entry.joins:
        errors.add(source.error((*base, "leaves"), "nobody leaves before they join"))
    keys = []
    for place, key in enumerate(entry.keys):
        with errors.collecting():
            keys.append(_key(own, source, (*base, "keys", place), key))
    return Person(
        name=entry.name,
        logins=tuple(sorted(entry.logins.items())),
        emails=entry.emails,
        keys=tuple(keys),
        roles=entry.roles,
        joins=entry.joins,
        leaves=entry.leaves,
        absences=tuple(Absence(each.from_, each.until) for each in entry.absences),
        location=source.at(*base),
    )


def _key(own: Rooms, source: RosterSource, path: Path, entry: KeyEntry) -> Key:
    """A key with its file.

    Raises:
        ContentError: no file, more than one, or no key in it.
    """
    if (entry.path is None) == (entry.fingerprint is None):
        raise source.error(path, "a key is named by either 'path' or 'fingerprint'")
    if entry.path is not None:
        try:
            key, data = _read(own, entry.path)
        except ContentError as error:
            raise source.error(
                (*path, "path"), f"'{entry.path}': {error.message}", hint=error.hint or ""
            ) from None
    else:
        key, data = _find(own, source, (*path, "fingerprint"), str(entry.fingerprint))
    own.digests[key.path] = sha256_hex(data)
    return key


def _find(own: Rooms, source: RosterSource, path: Path, fingerprint: str) -> tuple[Key, bytes]:
    known: dict[str, tuple[Key, bytes]] = {}
    for name in own.tree.files(KEY_FOLDER):
        if name.endswith(".pem"):
            key, data = _read(own, name)
            known.setdefault(key.fingerprint, (key, data))
    if fingerprint not in known:
        hint = nearest(fingerprint, known) or f"put its file into {KEY_FOLDER}/"
        raise source.error(path, "no key has this fingerprint", hint=hint)
    return known[fingerprint]


def _read(own: Rooms, path: str) -> tuple[Key, bytes]:
    """The key in a PEM file.

    Raises:
        ContentError: unreadable, or something else than one public key.
    """
    data = own.tree.read(path)
    match = _PEM.fullmatch(data.decode("ascii", "replace"))
    try:
        body = base64.b64decode("".join(match[1].split()), validate=True) if match else b""
    except binascii.Error:
        body = b""
    if not body:
        raise ContentError("no public key (PEM)", hint="one block, -----BEGIN PUBLIC KEY-----")
    return Key(sha256_hex(body), data.decode("ascii"), path), data


def _shared(source: RosterSource, people: Iterable[Person]) -> Iterator[ContentError]:
    """Identities that lead to two people."""
    first: dict[str, tuple[int, Path]] = {}
    for index, person in enumerate(people):
        for identity, path, shown in _identities(person, ("spec", "people", index)):
            other, place = first.setdefault(identity, (index, path))
            if other != index:
                raise_at = source.at(*place)
                yield source.error(
                    path,
                    f"{shown} belongs to another person already, at {raise_at}",
                    hint="one login, address or key is one person; make it one entry",
                )


def _identities(person: Person, base: Path) -> Iterator[tuple[str, Path, str]]:
    """What tells a person apart, where it is written, and how to call it.

    Names, logins and addresses share one space: documents call people by any of them.
    """
    yield person.name.casefold(), (*base, "name"), f"'{person.name}'"
    for forge, logins in person.logins:
        for place, login in enumerate(logins):
            yield login.casefold(), (*base, "logins", forge, place), f"the login '{login}'"
    for place, address in enumerate(person.emails):
        yield address.casefold(), (*base, "emails", place), f"the address '{address}'"
    for place, key in enumerate(person.keys):
        yield key.fingerprint, (*base, "keys", place), f"the key {key.fingerprint[:12]}…"


def load_baselines(own: Rooms, gates: Mapping[str, Gate], errors: Errors) -> dict[str, Baseline]:
    """Baselines by gate, each with the signature beside it."""
    signatures = own.text("Signature")
    found: dict[str, Baseline] = {}
    for source in own.of("Baseline"):
        baseline = convert_baseline(source, signatures.get(f"{source.path}.sig.json", ""))
        for error in _check_baseline(source, baseline):
            errors.add(error)
        # A gate that could not be read is reported, and nothing that names it.
        if not errors and baseline.gate not in gates:
            message, hint = f"there is no gate '{baseline.gate}'", nearest(baseline.gate, gates)
            errors.add(source.error(("metadata", "name"), message, hint=hint))
        found[baseline.gate] = baseline
    return found


def _check_baseline(
    source: Source[people_documents.Baseline], baseline: Baseline
) -> Iterator[ContentError]:
    if baseline.gate != source.name:
        message = f"the name must be the file's: '{source.name}'"
        yield source.error(("metadata", "name"), message)
    seen: set[tuple[str, str]] = set()
    for index, known in enumerate(baseline.findings):
        path: Path = ("spec", "findings", index)
        made = Finding(known.policy, known.rule, "", known.key, baseline.tenant)
        if known.policy in OWN_CHECKS.values():
            yield source.error((*path, "policy"), "findings about content have no baseline")
        elif made.fingerprint != known.fingerprint:
            yield source.error(
                (*path, "fingerprint"),
                "not the fingerprint of the policy, rule and key beside it",
                hint="write the baseline again: probanda baseline write",
            )
        if known.identity in seen:
            yield source.error(path, "listed twice", hint="raise the count of the first")
        seen.add(known.identity)


def check_waiver(
    source: Source[statements.Waiver], gates: Mapping[str, Gate], errors: Errors
) -> None:
    """The gates and checks in which a waiver is to count."""
    spec = source.document.spec
    for index, name in enumerate(spec.gates or ()):
        if name not in gates:
            message, hint = f"there is no gate '{name}'", nearest(name, gates)
            errors.add(source.error(("spec", "gates", index), message, hint=hint))
    named = [gates[name] for name in spec.gates or gates if name in gates]
    checks = {check.id for gate in named for check in gate.checks} | {JUDGING_CHECK}
    for index, name in enumerate(spec.checks or ()):
        if name not in checks and len(named) == len(spec.gates or gates):
            message, hint = f"no such gate has a check '{name}'", nearest(name, checks)
            errors.add(source.error(("spec", "checks", index), message, hint=hint))
