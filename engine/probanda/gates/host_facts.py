"""Facts that the host states itself, after checking a signature; no gate can name them.

Example:
    session = Session(..., host_facts=host_facts(judging, as_of))
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from probanda.collect.licenses import read_licenses
from probanda.content import Catalogue
from probanda.errors import ContentError, MultipleContentError, ProbandaError
from probanda.model.clarification import Clarification


def host_facts(judging: Catalogue, as_of: datetime) -> dict[str, Any]:
    """Every fact of `model.policy.HOST_FACTS`, at `as_of` (aware, UTC).

    Raises:
        MultipleContentError: as `verified_clarifications`.
    """
    return {
        "clarifications": verified_clarifications(judging),
        "roster": judging.roster.to_fact(as_of),
    }


def verified_clarifications(judging: Catalogue) -> list[dict[str, Any]]:
    """Clarifications whose signature an approver's key verifies, as policies see them.

    Returns:
        `[{purl, license, alternatives, author}]`, in the order of the catalogue; the
        alternatives are the expression as an OR of ANDs, as the `cyclonedx` collector has it.

    Raises:
        MultipleContentError: each that is not signed by somebody whom the judging project
            names, or whose licence is no SPDX expression.
    """
    keys = {approver.name: approver.public_key for approver in judging.project.approvers}
    verified: list[dict[str, Any]] = []
    errors: list[ContentError] = []
    for item in judging.clarifications.values():
        try:
            verified.append(_verified(item, keys.get(item.author, "")))
        except ContentError as error:
            errors.append(error)
    if errors:
        raise MultipleContentError(errors)
    return verified


def _verified(item: Clarification, key: str) -> dict[str, Any]:
    """One clarification, whose author has this public key (PEM), if any.

    Raises:
        ContentError: see `verified_clarifications`.
    """
    if not key:
        raise ContentError(
            f"the clarification {item.name} names the author {item.author!r}, for whom the"
            " project has no public key",
            location=item.location,
            hint="name the person, with a publicKey, under spec.approvers in probanda.yaml",
        )
    from probanda.sign.dsse import verify_document  # cryptography; most gates need none

    try:
        verify_document(item.payload, item.signature, key.encode())
    except ProbandaError as error:
        raise ContentError(
            f"the clarification {item.name} is not signed by {item.author}: {error.message}",
            location=item.location,
            hint="sign it again after every change: probanda sign FILE --key KEY",
        ) from error
    read = read_licenses([{"expression": item.license}])
    if not read["alternatives"]:
        raise ContentError(
            f"the clarification {item.name}: {item.license!r} is no SPDX expression",
            location=item.location,
        )
    return {
        "purl": item.purl,
        "license": item.license,
        "alternatives": read["alternatives"],
        "author": item.author,
    }
