"""OpenVEX, 0.0.1 and 0.2: https://github.com/openvex/spec.

Rules, beside those of `from: vex`: a statement without a time has the document's; without
products it says nothing of any and is refused. A product's package URL is its identifier
`purl`, else its `@id` where that is one.

Example:

    >>> read_openvex(read_node(data, source="app.openvex.json")).version
    '1'
"""

from __future__ import annotations

import re

from probanda.collect.formats.vex_statement import (
    JUSTIFICATIONS,
    Document,
    Product,
    Statement,
    settle,
)
from probanda.collect.json_node import Node

_CONTEXT = re.compile(r"https://openvex\.dev/ns(?:/v0\.(?:0\.1|2\.[0-9]+))?")
_STATUSES = ("affected", "fixed", "not_affected", "under_investigation")


def read_openvex(document: Node) -> Document:
    """An OpenVEX document.

    Raises:
        CollectError: not OpenVEX, or a statement without what the specification demands.
    """
    if not _CONTEXT.fullmatch(document.text("@context")):
        document.child("@context").refuse("is not the context of OpenVEX 0.0.1 or 0.2")
    made = document.instant("timestamp")
    if not made:
        document.refuse("does not say when it was made")
    version = document.child("version")
    document.child("statements")
    statements = [(_statement(one, made), one) for one in document.objects("statements")]
    return Document(
        "openvex",
        document.text("@id"),
        document.text("author"),
        # 0.0.1 has text here.
        version.value if isinstance(version.value, str) else str(version.as_count()),
        settle(statements),
        document.text("tooling", ""),
        document.instant("last_updated") or made,
    )


def _statement(statement: Node, made: str) -> Statement:
    name, aliases = _vulnerability(statement)
    products = tuple(_product(one) for one in statement.items("products"))
    if not products:
        statement.refuse("names no products")
    status = statement.word("status", _STATUSES)
    justification = statement.word("justification", JUSTIFICATIONS, "")
    impact = statement.text("impact_statement", "")
    action = statement.text("action_statement", "")
    if status == "not_affected" and not justification and not impact:
        statement.refuse("says not_affected without a justification or impact_statement")
    if status == "affected" and not action:
        statement.refuse("says affected without an action_statement")
    return Statement(
        vulnerability=name,
        aliases=aliases,
        products=products,
        status=status,
        justification=justification,
        impact=impact,
        action=action,
        stated_at=statement.instant("last_updated") or statement.instant("timestamp") or made,
    )


def _vulnerability(statement: Node) -> tuple[str, tuple[str, ...]]:
    """Name and aliases; in 0.0.1 a name alone."""
    node = statement.child("vulnerability")
    if isinstance(node.value, str):
        return statement.text("vulnerability"), ()
    node.expect(dict)
    return node.text("name"), tuple(node.texts("aliases"))


def _product(product: Node) -> Product:
    if isinstance(product.value, str):
        return Product(product.value, _purl(product.value))
    product.expect(dict)
    identity, purl = _identify(product)
    parts = []
    for part in product.items("subcomponents"):
        if isinstance(part.value, str):
            parts.append(part.value)
            continue
        part.expect(dict)
        part_identity, part_purl = _identify(part)
        parts.append(part_purl or part_identity)
    return Product(identity, purl, subcomponents=tuple(sorted(set(parts))))


def _identify(component: Node) -> tuple[str, str]:
    """`@id` and package URL; one of them may be all there is."""
    identifiers = component.object_or_none("identifiers")
    purl = "" if identifiers is None else identifiers.text("purl", "")
    identity = component.text("@id", "") or purl
    if not identity:
        component.refuse("has neither @id nor a package URL")
    return identity, purl or _purl(identity)


def _purl(text: str) -> str:
    return text if text.startswith("pkg:") else ""
