"""How the controls of one framework relate to what another publication identifies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from probanda.model.location import Location


class Relation(Enum):
    """The set theory relationships of NIST IR 8477, read from source to target."""

    EQUAL = "equal"
    SUBSET_OF = "subset-of"
    SUPERSET_OF = "superset-of"
    INTERSECTS_WITH = "intersects-with"
    NO_RELATIONSHIP = "no-relationship"


@dataclass(frozen=True, slots=True)
class IdentifierList:
    """What a publication identifies: ids alone, none of its text.

    Attributes:
        name: kebab-case, such as `nist-csf-2`.
        title: one line for people.
        document: the publication.
        version: of the publication.
        ids: in its order.
    """

    name: str
    title: str
    document: str
    version: str
    ids: tuple[str, ...]
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class MappedControl:
    """One relation from a control.

    Attributes:
        control: its id, `soc2/CC6.1`.
        relation: of the control to each of `targets`.
        targets: ids of the target's list; empty only for `NO_RELATIONSHIP` with all of it.
        strength: from 1 to 10, where somebody weighed it.
    """

    control: str
    relation: Relation
    targets: tuple[str, ...]
    strength: int | None = None


@dataclass(frozen=True, slots=True)
class ControlMap:
    """All relations from one framework to one list of identifiers.

    Attributes:
        name: kebab-case.
        title: one line for people.
        source: the framework, `soc2`.
        target: name of an `IdentifierList`.
        relations: in the document's order.
    """

    name: str
    title: str
    source: str
    target: str
    relations: tuple[MappedControl, ...]
    location: Location | None = None

    def of(self, control: str) -> tuple[MappedControl, ...]:
        """Relations of one control."""
        return tuple(each for each in self.relations if each.control == control)
