"""VEX: which vulnerabilities affect which products, in one set of words.

Read are OpenVEX 0.0.1 and 0.2, CSAF 2.0 (profiles `csaf_vex` and `csaf_security_advisory`) and
CycloneDX 1.4 to 1.7 with vulnerabilities.

Data: `{format, id, author, version, statements, statementCount, counts}`. A statement is
`{vulnerability, aliases, products, purls, status, justification, impact, action, statedAt}`,
sorted by vulnerability; a product is `{id, purl, versions, subcomponents}`, sorted by id;
`versions` are those that a CycloneDX document restricts itself to, empty for all; `purls` are
those of products and subcomponents, `statedAt` is RFC 3339 UTC or empty. `counts` is by status.

| `status` | OpenVEX | CSAF | CycloneDX |
|---|---|---|---|
| `not_affected` | the same | `known_not_affected` | `not_affected`, `false_positive` |
| `affected` | the same | `known_`, `first_`, `last_affected` | `exploitable` |
| `fixed` | the same | `fixed`, `first_fixed` | `resolved`, `resolved_with_pedigree` |
| `under_investigation` | the same | the same | `in_triage` |
| `unstated` | – | – | a vulnerability without analysis |

Rules:

- `justification` is one of OpenVEX's five words; those of CycloneDX that mean the same become
  them, others stay as written. Empty where there is none.
- Of several statements of one document about one vulnerability, product and subcomponent, the
  newest holds: the older ones lose that product. Two of the same age that differ in status
  contradict each other: refused. Aliases are not merged: match both.
- What the standard demands is demanded: OpenVEX and `csaf_vex` need a justification or an impact
  for `not_affected`, and an action for `affected`.
- No statements is a document with zero statements; whether that passes is not decided here.
- Who may state this of a product, and signatures, are not checked here.

Example:

    >>> VexCollector().read(data, source="app.openvex.json", options={}).data["counts"]["fixed"]
    3
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from probanda.collect.formats.csaf import read_csaf
from probanda.collect.formats.cyclonedx_vex import read_cyclonedx_vex
from probanda.collect.formats.openvex import read_openvex
from probanda.collect.formats.vex_statement import STATUSES, Document
from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.collect.json_node import read_node

_HINT = "OpenVEX, CSAF 2.0 (csaf_vex) or CycloneDX with vulnerabilities, all as JSON"


class VexCollector:
    """`from: vex`."""

    name = "vex"
    media_type = "application/json"
    timestamped = True
    max_bytes = 64 << 20
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {
        "format": "",
        "id": "",
        "author": "",
        "version": "",
        "statements": [],
        "statementCount": 0,
        "counts": dict.fromkeys(STATUSES, 0),
    }

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """Statements.

        Raises:
            ParseError: not strict JSON.
            CollectError: no VEX document, or one that contradicts itself.
        """
        node = read_node(data, source=source)
        if node.value.get("bomFormat") == "CycloneDX":
            return _reading(read_cyclonedx_vex(node, source), "application/vnd.cyclonedx+json")
        if "@context" in node:
            return _reading(read_openvex(node), self.media_type)
        if "document" not in node:
            node.refuse("is no VEX document", hint=_HINT)
        return _reading(read_csaf(node), self.media_type)


def _reading(document: Document, media_type: str) -> Reading:
    statements = [one.data() for one in document.statements if one.products]
    counts = Counter(one["status"] for one in statements)
    value = {
        "format": document.format,
        "id": document.id,
        "author": document.author,
        "version": document.version,
        "statements": sorted(statements, key=_order),
        "statementCount": len(statements),
        "counts": {status: counts[status] for status in STATUSES},
    }
    return Reading(value, media_type, document.producer, document.produced_at)


def _order(statement: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        statement["vulnerability"],
        [(one["id"], one["subcomponents"]) for one in statement["products"]],
        statement["statedAt"],
        statement["status"],
        statement["justification"],
        statement["impact"],
        statement["action"],
        statement["aliases"],
    )
