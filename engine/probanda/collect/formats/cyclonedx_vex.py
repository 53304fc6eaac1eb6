"""CycloneDX 1.4 to 1.7 with vulnerabilities: VEX inside an SBOM, or beside one.

Rules, beside those of `from: vex`: the document is held against its schema, as by
`from: cyclonedx`. What a vulnerability affects is found by `bom-ref`; a reference into another
document (BOM-Link) is kept as id. A vulnerability that affects nothing in particular is stated
of the subject of the document. Versions that are unaffected or unknown while the statement
speaks of others are refused: one status cannot stand for both.

Example:

    >>> read_cyclonedx_vex(read_node(data, source="vex.cdx.json"), "vex.cdx.json").format
    'cyclonedx'
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from probanda.collect.cyclonedx import validate
from probanda.collect.formats.vex_statement import Document, Product, Statement, settle
from probanda.collect.json_node import Node

_STATUSES = {
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "exploitable": "affected",
    "in_triage": "under_investigation",
    "false_positive": "not_affected",
    "not_affected": "not_affected",
}
# CycloneDX's other words (requires_configuration, …) have no counterpart.
_JUSTIFICATIONS = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_at_perimeter": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}


def read_cyclonedx_vex(bom: Node, source: str) -> Document:
    """A CycloneDX document's vulnerabilities.

    Raises:
        CollectError: against its schema, without vulnerabilities, or dangling references.
    """
    validate(bom.value, source)
    if "vulnerabilities" not in bom:
        bom.refuse("has no vulnerabilities", hint="read an SBOM with from: cyclonedx")
    metadata = bom.object_or_none("metadata")
    made = metadata.instant("timestamp") if metadata is not None else ""
    components = _components(bom.value)
    subject = bom.value.get("metadata", {}).get("component")
    statements = [
        (_statement(one, components, subject, made), one) for one in bom.objects("vulnerabilities")
    ]
    authors = bom.value.get("metadata", {}).get("authors", [])
    return Document(
        "cyclonedx",
        bom.text("serialNumber", ""),
        ", ".join(str(author.get("name", "")) for author in authors),
        str(bom.value.get("version", 1)),
        settle(statements),
        produced_at=made,
    )


def _components(bom: Mapping[str, Any]) -> dict[str, str]:
    """Package URLs by `bom-ref`, nested components and the subject included."""
    found: dict[str, str] = {}
    for one in _flatten([bom.get("metadata", {}).get("component", {}), *bom.get("components", [])]):
        if "bom-ref" in one:
            found[one["bom-ref"]] = one.get("purl", "")
    for service in bom.get("services", []):
        if "bom-ref" in service:
            found[service["bom-ref"]] = ""
    return found


def _flatten(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        yield component
        yield from _flatten(component.get("components", []))


def _statement(
    node: Node, components: Mapping[str, str], subject: Mapping[str, Any] | None, made: str
) -> Statement:
    analysis = node.object_or_none("analysis")
    state = "" if analysis is None else analysis.text("state", "")
    word = "" if analysis is None else analysis.text("justification", "")
    detail = "" if analysis is None else analysis.text("detail", "")
    stated = ""
    if analysis is not None:
        stated = analysis.instant("lastUpdated") or analysis.instant("firstIssued")
    status = _STATUSES.get(state, "unstated")
    products = tuple(_product(one, components) for one in node.objects("affects"))
    if not products and subject is not None:
        name = str(subject.get("bom-ref", "") or subject["name"])
        products = (Product(name, str(subject.get("purl", ""))),)
    if not products:
        node.refuse("affects nothing, and the document has no subject")
    responses = [] if analysis is None else analysis.texts("response")
    return Statement(
        vulnerability=node.text("id"),
        aliases=tuple(one.text("id") for one in node.objects("references")),
        products=products,
        status=status,
        justification=_JUSTIFICATIONS.get(word, word) if status == "not_affected" else "",
        impact=detail,
        action=node.text("recommendation", "") or ", ".join(responses),
        stated_at=stated or node.instant("updated") or node.instant("published") or made,
    )


def _product(affected: Node, components: Mapping[str, str]) -> Product:
    reference = affected.text("ref")
    if reference not in components and not reference.startswith("urn:cdx:"):
        affected.child("ref").refuse("is no bom-ref of the document", hint="it is cut off")
    versions = affected.objects("versions")
    if any(one.text("status", "affected") != "affected" for one in versions):
        affected.child("versions").refuse("have a status of their own, which is not read")
    named = sorted(one.text("version", "") or one.text("range", "") for one in versions)
    return Product(reference, components.get(reference, ""), tuple(named))
