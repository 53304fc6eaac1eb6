"""A clarification: a signed statement about a package that states no licence id itself."""

from __future__ import annotations

from dataclasses import dataclass

from probanda.model.location import Location


@dataclass(frozen=True, slots=True)
class Clarification:
    """What a named person found out about one version of one package.

    Attributes:
        name: unique in the project.
        purl: package URL with version, `pkg:pypi/example@1.2.3`.
        license: SPDX expression.
        evidence: where the licence was read.
        author: who signed it; a name of the project's approvers.
        payload: the exact bytes that were signed (the document's).
        signature: detached signature of `payload` as a DSSE envelope without payload, JSON text.
        location: where it is written.
    """

    name: str
    purl: str
    license: str
    evidence: str
    author: str
    payload: bytes
    signature: str
    location: Location | None = None
