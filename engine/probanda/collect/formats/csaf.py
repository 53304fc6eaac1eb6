"""CSAF 2.0, profiles VEX and security advisory: https://docs.oasis-open.org/csaf/csaf/v2.0/.

Rules, beside those of `from: vex`: a status of the standard's list is a statement of its
products; `recommended` is advice and none. Ids of products and groups must be in the product
tree (6.1.1, 6.1.4), no two definitions share one (6.1.2), and no product has two statuses
(6.1.6). A product's package URL is its own, else that of the component that it is made of by a
relationship. Flags are justifications, threats of category `impact` impacts, remediations
actions. A draft is refused.

Example:

    >>> read_csaf(read_node(data, source="advisory.json")).id
    'RHSA-2021:5186'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from probanda.collect.formats.vex_statement import (
    JUSTIFICATIONS,
    Document,
    Product,
    Statement,
    settle,
)
from probanda.collect.json_node import Node

_STATUSES = {
    "first_affected": "affected",
    "known_affected": "affected",
    "last_affected": "affected",
    "first_fixed": "fixed",
    "fixed": "fixed",
    "known_not_affected": "not_affected",
    "under_investigation": "under_investigation",
    "recommended": "",
}
_CATEGORIES = ("csaf_vex", "csaf_security_advisory")


def read_csaf(root: Node) -> Document:
    """A CSAF document.

    Raises:
        CollectError: not CSAF 2.0, of another profile, or one that contradicts itself.
    """
    document = root.object("document")
    document.word("csaf_version", {"2.0"})
    category = document.child("category").expect(str)
    if category.value not in _CATEGORIES:
        category.refuse(
            "is a profile that states no status of products",
            hint=f"one of {', '.join(_CATEGORIES)}",
        )
    tracking = document.object("tracking")
    tracking.word("status", {"final", "interim"})
    released = tracking.instant("current_release_date")
    if not released:
        tracking.refuse("does not say when the document was released")
    tree = root.object_or_none("product_tree")
    products = dict(_products(tree)) if tree is not None else {}
    root.child("vulnerabilities")
    context = _Context(products, _groups(tree, products), released, category.value)
    statements = [
        (statement, node)
        for node in root.objects("vulnerabilities")
        for statement in _statements(node, context)
    ]
    generator = tracking.object_or_none("generator")
    engine = generator.object("engine") if generator is not None else None
    producer = "" if engine is None else f"{engine.text('name')} {engine.text('version', '')}"
    return Document(
        "csaf",
        tracking.text("id"),
        document.object("publisher").text("name"),
        tracking.text("version"),
        settle(statements),
        producer.strip(),
        released,
    )


def _products(tree: Node) -> Iterator[tuple[str, Product]]:
    """Products by id: of branches, of the list, and those that relationships make."""
    found: dict[str, Product] = {}

    def define(node: Node, purl: str = "") -> None:
        identity = node.text("product_id")
        if identity in found:
            node.child("product_id").refuse("is the id of another product, too")
        helper = node.object_or_none("product_identification_helper")
        own = "" if helper is None else helper.text("purl", "")
        found[identity] = Product(identity, own or purl)

    level = tree.objects("branches")
    while level:
        for branch in level:
            product = branch.object_or_none("product")
            if product is not None:
                define(product)
        level = [inner for branch in level for inner in branch.objects("branches")]
    for product in tree.objects("full_product_names"):
        define(product)
    for relation in tree.objects("relationships"):
        component = relation.text("product_reference")
        for key in ("product_reference", "relates_to_product_reference"):
            if relation.text(key) not in found:
                relation.child(key).refuse("is no product of the document")
        define(relation.object("full_product_name"), found[component].purl)
    yield from found.items()


def _groups(tree: Node | None, products: Mapping[str, Product]) -> dict[str, list[str]]:
    """Ids of products by group."""
    groups: dict[str, list[str]] = {}
    for group in tree.objects("product_groups") if tree is not None else []:
        identity = group.text("group_id")
        if identity in groups:
            group.child("group_id").refuse("is the id of another group, too")
        groups[identity] = list(_known(group, "product_ids", products))
    return groups


def _known(node: Node, key: str, products: Mapping[str, object]) -> Iterator[str]:
    """Ids of a list, each of which must be defined."""
    for item in node.items(key):
        if item.expect(str).value not in products:
            item.refuse("is not in the product tree", hint="the document is cut off")
        yield item.value


@dataclass(frozen=True, slots=True)
class _Context:
    """What vulnerabilities refer to."""

    products: Mapping[str, Product]
    groups: Mapping[str, Sequence[str]]
    released: str
    category: str


def _statements(node: Node, context: _Context) -> Iterator[Statement]:
    """One statement for each status of a product, and what else is said of that product."""
    names = [node.text("cve")] if "cve" in node else []
    names += [one.text("text") for one in node.objects("ids")]
    if not names:
        node.refuse("has neither cve nor ids")
    flags = _by_product(node.objects("flags"), "label", context)
    impacts = _by_product(
        [one for one in node.objects("threats") if one.text("category") == "impact"],
        "details",
        context,
    )
    actions = _by_product(node.objects("remediations"), "details", context)
    for flag in node.objects("flags"):
        flag.word("label", JUSTIFICATIONS)
    for status, identity, place in _stated(node, context):
        statement = Statement(
            vulnerability=names[0],
            aliases=tuple(names[1:]),
            products=(context.products[identity],),
            status=status,
            justification=flags.get(identity, "") if status == "not_affected" else "",
            impact=impacts.get(identity, ""),
            action=actions.get(identity, ""),
            stated_at=context.released,
        )
        if context.category == "csaf_vex":
            _demand(statement, place)
        yield statement


def _stated(node: Node, context: _Context) -> Iterator[tuple[str, str, Node]]:
    """Status and product, each pair once, and where it stands."""
    holder = node.object_or_none("product_status")
    if holder is None:
        return
    seen: dict[str, str] = {}
    for key, place in holder.entries():
        if key not in _STATUSES:
            place.refuse("is no status of CSAF 2.0")
        status = _STATUSES[key]
        for identity in _known(holder, key, context.products):
            if not status or seen.get(identity) == status:
                continue
            if seen.setdefault(identity, status) != status:
                place.refuse("holds a product that has another status, too")
            yield status, identity, place


def _by_product(nodes: Sequence[Node], key: str, context: _Context) -> dict[str, str]:
    """A text of flags, threats or remediations by product; the first of several."""
    found: dict[str, str] = {}
    for node in nodes:
        named = list(_known(node, "product_ids", context.products))
        for group in _known(node, "group_ids", context.groups):
            named += context.groups[group]
        for identity in named:
            found.setdefault(identity, node.text(key))
    return found


def _demand(statement: Statement, place: Node) -> None:
    """Sections 4.5 and 6.1.27.9 and 6.1.27.10."""
    if statement.status == "not_affected" and not (statement.justification or statement.impact):
        place.refuse("holds a product that is not affected, without a flag or impact")
    if statement.status == "affected" and not statement.action:
        place.refuse("holds a product that is affected, without a remediation")
