"""What a CycloneDX document says is wrong with which of its components.

A vulnerability is `{id, aliases, severity, publishedAt, affects}`, in the order of id and then of
the document; what it affects is `{key, purl, version}`, as in the list of components.

Rules:

- `severity` is the worst of all ratings, in words (`critical`, `high`, `medium`, `low`, `none`);
  a CVSS score counts by its word (CVSS 3.1 section 5, the same in 4.0). Absent where no rating
  says: unknown is not none.
- A vulnerability that affects nothing in particular affects the document's subject. What is no
  `bom-ref` of the document keeps its reference as key.
- The analysis inside is a statement about it, for `from: vex` to read; it takes nothing away here.

Example:

    >>> read_vulnerabilities(bom, components)[0]["severity"]
    'critical'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from probanda.errors import CollectError
from probanda.model.instant import format_instant, parse_instant

# Worst last; CycloneDX's `unknown` says nothing.
_WORDS = ("none", "low", "medium", "high", "critical")
# Lower bounds of the words: first.org/cvss/v3.1/specification-document, table 14.
_BOUNDS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"), (0.0, "none"))


def read_vulnerabilities(
    bom: Mapping[str, Any], components: Mapping[str, Mapping[str, Any]], source: str
) -> list[dict[str, Any]]:
    """Vulnerabilities of a document that matches its schema.

    Args:
        bom: with a list `vulnerabilities`.
        components: what a policy sees of them, by `bom-ref`; the subject under "".
        source: for messages.

    Raises:
        CollectError: one that affects nothing, or a time that is none.
    """
    found = [_vulnerability(one, components, source) for one in bom["vulnerabilities"]]
    return sorted(found, key=lambda one: str(one["id"]))


def _vulnerability(
    one: Mapping[str, Any], components: Mapping[str, Mapping[str, Any]], source: str
) -> dict[str, Any]:
    identity = one.get("id", "")
    references = [affected["ref"] for affected in one.get("affects", [])] or [""]
    if references == [""] and "" not in components:
        raise CollectError(f"{source}: {identity[:80]!r} affects nothing, and there is no subject")
    value: dict[str, Any] = {
        "id": identity,
        "aliases": sorted({other["id"] for other in one.get("references", [])} - {identity}),
        "affects": [_affected(reference, components) for reference in references],
    }
    words = sorted(_rated(one), key=_WORDS.index)
    if words:
        value["severity"] = words[-1]
    if "published" in one:
        try:
            value["publishedAt"] = format_instant(parse_instant(one["published"]))
        except ValueError as error:
            raise CollectError(
                f"{source}: {identity[:80]!r} was published at no instant"
            ) from error
    return value


def _affected(reference: str, components: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    component = components.get(reference, {"key": reference, "purl": "", "version": ""})
    return {name: component[name] for name in ("key", "purl", "version")}


def _rated(one: Mapping[str, Any]) -> Iterator[str]:
    """The words of all ratings."""
    for rating in one.get("ratings", []):
        word = {"info": "none"}.get(rating.get("severity", ""), rating.get("severity", ""))
        if word in _WORDS:
            yield word
        if str(rating.get("method", "")).startswith("CVSS") and "score" in rating:
            yield next(word for bound, word in _BOUNDS if rating["score"] >= bound)
