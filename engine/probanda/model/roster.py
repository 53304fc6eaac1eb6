"""A roster: which logins, e-mail addresses and keys are one person.

Rules:

- A name, login, e-mail address or key belongs to one person or to nobody. Letter case does
  not tell people apart.
- Whoever is not on it is nobody in particular, and never independent of anybody.

Example:

    roster.who_has_login("Ada-L")       # Person(name="ada", …), or None
    roster.who_is("ada@example.org")    # by name, login or e-mail address
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from probanda.model.location import Location


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that a person signs with.

    Attributes:
        fingerprint: SHA-256 of its SubjectPublicKeyInfo (DER), hexadecimal.
        pem: the key itself.
        path: the file that holds it.
    """

    fingerprint: str
    pem: str
    path: str


@dataclass(frozen=True, slots=True)
class Absence:
    """A time away: approvals that fall into it are not the person's."""

    start: datetime
    end: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Person:
    """One human being, or one machine account that is nobody's other self.

    Attributes:
        name: unique on the roster.
        logins: forge → logins there, as written.
        emails: addresses, as written.
        keys: see `Key`.
        roles: owner roles that gates and controls name.
        joins, leaves: first instant of membership, and first instant after it; `None`: open.
        absences: see `Absence`.
        location: where the entry is written.
    """

    name: str
    logins: tuple[tuple[str, tuple[str, ...]], ...] = ()
    emails: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    roles: tuple[str, ...] = ()
    joins: datetime | None = None
    leaves: datetime | None = None
    absences: tuple[Absence, ...] = ()
    location: Location | None = None

    @property
    def all_logins(self) -> tuple[str, ...]:
        """Logins of all forges, each once, sorted."""
        return tuple(sorted({login for _, logins in self.logins for login in logins}))

    def belongs(self, moment: datetime) -> bool:
        """Whether the person is a member at `moment` (aware, UTC)."""
        joined = self.joins is None or self.joins <= moment
        return joined and (self.leaves is None or moment < self.leaves)

    def present(self, moment: datetime) -> bool:
        """Whether the person is a member at `moment`, and not away."""
        return self.belongs(moment) and not any(moment in absence for absence in self.absences)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody whose approval may count.

    Attributes:
        people: in the order of the document; empty where a project has no roster.
        owner: who answers for it.
        location: where it is written.
    """

    people: tuple[Person, ...] = ()
    owner: str = ""
    location: Location | None = None

    def who_has_login(self, login: str, forge: str = "") -> Person | None:
        """The person who logs in as `login`, on `forge` if one is named; else `None`."""
        wanted = login.casefold()
        for person in self.people:
            for place, logins in person.logins:
                if forge in {"", place} and wanted in map(str.casefold, logins):
                    return person
        return None

    def who_has_email(self, address: str) -> Person | None:
        """The person behind an e-mail address; else `None`."""
        wanted = address.casefold()
        for person in self.people:
            if wanted in map(str.casefold, person.emails):
                return person
        return None

    def who_has_key(self, fingerprint: str) -> Person | None:
        """The person who signs with the key of this fingerprint; else `None`."""
        for person in self.people:
            if any(key.fingerprint == fingerprint for key in person.keys):
                return person
        return None

    def who_is(self, text: str) -> Person | None:
        """The person whom a document calls `text`: a name, login or e-mail address."""
        named = (each for each in self.people if each.name.casefold() == text.casefold())
        return next(named, None) or self.who_has_login(text) or self.who_has_email(text)

    def to_fact(self, moment: datetime) -> dict[str, Any]:
        """What policies see: `{people: [{name, logins, emails, roles}]}` of those present."""
        return {
            "people": [
                {
                    "name": person.name,
                    "logins": list(person.all_logins),
                    "emails": sorted(person.emails),
                    "roles": sorted(person.roles),
                }
                for person in sorted(self.people, key=lambda each: each.name)
                if person.present(moment)
            ]
        }
