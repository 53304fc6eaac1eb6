"""Statements of a VEX document, whichever format it has; newer ones replace older ones.

Example:

    >>> settle([older, newer], node)[0].products
    ()
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from probanda.collect.json_node import Node

STATUSES = ("affected", "fixed", "not_affected", "under_investigation", "unstated")
# OpenVEX 0.2 and CSAF 2.0 have the same five.
JUSTIFICATIONS = frozenset(
    {
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    }
)
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Product:
    """What a statement is about.

    Attributes:
        id: as the document names it.
        purl: package URL; may be empty.
        versions: which the statement is restricted to; empty for all.
        subcomponents: ids or package URLs; empty for the product as a whole.
    """

    id: str
    purl: str = ""
    versions: tuple[str, ...] = ()
    subcomponents: tuple[str, ...] = ()

    def parts(self) -> Iterator[str]:
        """Each subcomponent, or the whole."""
        yield from self.subcomponents or ("",)


@dataclass(frozen=True, slots=True)
class Statement:
    """One status of one vulnerability for some products."""

    vulnerability: str
    aliases: tuple[str, ...]
    products: tuple[Product, ...]
    status: str
    justification: str = ""
    impact: str = ""
    action: str = ""
    stated_at: str = ""

    def data(self) -> dict[str, Any]:
        """Plain values."""
        named = {one.purl for one in self.products}
        named |= {part for one in self.products for part in one.subcomponents}
        return {
            "vulnerability": self.vulnerability,
            "aliases": sorted(set(self.aliases) - {self.vulnerability}),
            "products": [
                {
                    "id": one.id,
                    "purl": one.purl,
                    "versions": list(one.versions),
                    "subcomponents": list(one.subcomponents),
                }
                for one in sorted(self.products, key=lambda one: (one.id, one.subcomponents))
            ],
            "purls": sorted(text for text in named if text.startswith("pkg:")),
            "status": self.status,
            "justification": self.justification,
            "impact": _shorten(self.impact),
            "action": _shorten(self.action),
            "statedAt": self.stated_at,
        }


@dataclass(frozen=True, slots=True)
class Document:
    """A VEX document.

    Attributes:
        format: `openvex`, `csaf` or `cyclonedx`.
        id: its own.
        author: who states it.
        version: of the document, as text.
        statements: settled.
        producer: tool and version; may be empty.
        produced_at: RFC 3339 UTC instant; may be empty.
    """

    format: str
    id: str
    author: str
    version: str
    statements: tuple[Statement, ...]
    producer: str = ""
    produced_at: str = ""


def settle(statements: Sequence[tuple[Statement, Node]]) -> tuple[Statement, ...]:
    """The statements without what newer ones of the same document replace.

    Raises:
        CollectError: two of the same age differ in status.
    """
    newest: dict[tuple[str, str, str], Statement] = {}
    for statement, node in statements:
        for key in _keys(statement):
            known = newest.get(key)
            if known is None or known.stated_at < statement.stated_at:
                newest[key] = statement
            elif known.stated_at == statement.stated_at and known.status != statement.status:
                node.refuse("contradicts another statement of the same age")
    return tuple(replace(one, products=tuple(_standing(one, newest))) for one, _ in statements)


def _keys(statement: Statement) -> Iterator[tuple[str, str, str]]:
    for product in statement.products:
        for part in product.parts():
            yield statement.vulnerability, product.id, part


def _standing(
    statement: Statement, newest: dict[tuple[str, str, str], Statement]
) -> Iterator[Product]:
    """Products, and of these the subcomponents, for which no newer statement stands."""
    for product in statement.products:
        parts = tuple(
            part
            for part in product.parts()
            if newest[statement.vulnerability, product.id, part].stated_at == statement.stated_at
        )
        if parts:
            yield replace(product, subcomponents=tuple(part for part in parts if part))


def _shorten(text: str) -> str:
    """One line of at most 200 characters."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_TEXT else line[: _MAX_TEXT - 1] + "…"
