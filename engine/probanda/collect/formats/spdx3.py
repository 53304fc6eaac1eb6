"""SPDX 3.0 JSON-LD, as far as `from: spdx` needs it.

Rules:

- The JSON-LD form that the specification publishes, with its own context: `@context` names
  it and `@graph` lists the elements. Other contexts could rename every property: refused.
- Elements are `software_Package`; licences come by way of relationships
  `hasConcludedLicense` and `hasDeclaredLicense` to license expressions and to listed or
  custom licences. A licence element of another type makes the licence unknown, never free.
- Several relationships of one kind all apply.
- The document describes the `rootElement` of `SpdxDocument`; where that is an `Sbom`, it is
  that one's.

Example:

    >>> read_graph(read_node(data, source="sbom.spdx3.json")).version
    '3.0.1'
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probanda.collect.json_node import Node
from probanda.collect.licenses import read_licenses

_CONTEXT = re.compile(r"https://spdx\.org/rdf/3\.0\.[0-9]+/spdx-context\.jsonld")
_VERSION = re.compile(r"3\.0\.[0-9]+")
_LISTED = re.compile(r"https?://spdx\.org/licenses/(?P<id>[A-Za-z0-9.+-]+)")
# Individuals of the vocabulary: no assertion is made, and there is no licence.
_NO_ASSERTION, _NONE = "NoAssertionLicense", "NoneLicense"
_LICENSE_RELATIONS = {"hasConcludedLicense": "concluded", "hasDeclaredLicense": "declared"}


@dataclass(frozen=True, slots=True)
class Graph:
    """What `from: spdx` reads.

    Attributes:
        version: of SPDX.
        namespace: id of the document.
        created: RFC 3339 UTC instant.
        tools: their names.
        packages: as components.
        described: those of `packages` that the document is about.
    """

    version: str
    namespace: str
    created: str
    tools: tuple[str, ...]
    packages: list[dict[str, Any]]
    described: list[dict[str, Any]]


def make_component(
    *,
    name: str,
    version: str,
    purls: Iterable[str],
    purpose: str,
    concluded: Sequence[str],
    declared: Sequence[str],
) -> dict[str, Any]:
    """A package in the form of a CycloneDX component.

    The licences are expressions; `""` and `NOASSERTION` say nothing.
    """
    purl = min(purls, default="")
    used = [text for text in concluded if text not in {"", "NOASSERTION"}]
    used = used or [text for text in declared if text]
    return {
        "key": purl or (f"{name}@{version}" if version else name),
        "name": name,
        "version": version,
        "purl": purl,
        "type": purpose.lower().replace("_", "-"),
        "scope": "required",
        "licenses": read_licenses([{"expression": text} for text in used]),
    }


def read_graph(document: Node) -> Graph:
    """A document of SPDX 3.

    Raises:
        CollectError: another context or version, no document, dangling or twice used ids.
    """
    if not _CONTEXT.fullmatch(document.text("@context")):
        document.child("@context").refuse("is not the context of SPDX 3.0")
    elements = _elements(document)
    heads = [one for one in elements.values() if _kind(one) == "SpdxDocument"]
    if len(heads) != 1:
        document.child("@graph").refuse("must hold one SpdxDocument")
    licenses = _licenses(elements)
    packages = {
        identity: _package(one, licenses[identity])
        for identity, one in elements.items()
        if _kind(one) == "software_Package"
    }
    creation = _creation(heads[0], elements)
    version = creation.text("specVersion")
    if not _VERSION.fullmatch(version):
        creation.child("specVersion").refuse("is not SPDX 3.0")
    return Graph(
        version=version,
        namespace=heads[0].text("spdxId"),
        created=creation.instant("created"),
        tools=tuple(_tools(creation, elements)),
        packages=list(packages.values()),
        described=[packages[name] for name in _roots(heads[0], elements) if name in packages],
    )


def _kind(element: Node) -> str:
    return element.text("type")


def _elements(document: Node) -> dict[str, Node]:
    """Elements by id."""
    elements: dict[str, Node] = {}
    for element in document.objects("@graph"):
        key = "spdxId" if "spdxId" in element else "@id"
        identity = element.text(key)
        if identity in elements:
            element.child(key).refuse("is the id of another element, too")
        elements[identity] = element
    return elements


def _creation(head: Node, elements: Mapping[str, Node]) -> Node:
    """The document's creation info, in place or by its id."""
    stated = head.child("creationInfo")
    if isinstance(stated.value, dict):
        return stated
    found = elements.get(stated.expect(str).value)
    if found is None or _kind(found) != "CreationInfo":
        stated.refuse("is no CreationInfo of the document")
    return found


def _tools(creation: Node, elements: Mapping[str, Node]) -> list[str]:
    named = [elements.get(name) for name in creation.texts("createdUsing")]
    return [one.text("name", "") for one in named if one is not None]


def _roots(head: Node, elements: Mapping[str, Node]) -> list[str]:
    """Ids that the document is about, through one `Sbom` or `Bom` at most."""
    roots: dict[str, None] = {}
    for node in head.items("rootElement"):
        identity = node.expect(str).value
        element = elements.get(identity)
        if element is None:
            node.refuse("is not in the document", hint="it is cut off: run again")
        if _kind(element) in {"software_Sbom", "Bom"}:
            roots |= dict.fromkeys(element.texts("rootElement"))
        else:
            roots[identity] = None
    return list(roots)


def _licenses(elements: Mapping[str, Node]) -> Mapping[str, Mapping[str, list[str]]]:
    """Concluded and declared expressions by the package's id."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for element in elements.values():
        relation = element.value.get("relationshipType")
        if not isinstance(relation, str) or relation not in _LICENSE_RELATIONS:
            continue
        for target in element.items("to"):
            text = _expression(target.expect(str), elements)
            found[element.text("from")][_LICENSE_RELATIONS[relation]].append(text)
    return found


def _expression(target: Node, elements: Mapping[str, Node]) -> str:
    """The expression that a licence element stands for."""
    identity = str(target.value)
    if identity.endswith(_NO_ASSERTION):
        return "NOASSERTION"
    if identity.endswith(_NONE):
        return "NONE"
    listed = _LISTED.fullmatch(identity)
    if listed:
        return listed["id"]
    element = elements.get(identity)
    if element is None:
        target.refuse("is a licence that is not in the document", hint="it is cut off: run again")
    # Anything else (a set of licences, a custom text) stays unknown: its name is no expression.
    return element.text("simplelicensing_licenseExpression", f"unread {_kind(element)}")


def _package(element: Node, licenses: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    purls = {element.text("software_packageUrl", "")} | {
        one.text("identifier")
        for one in element.objects("externalIdentifier")
        if one.text("externalIdentifierType") == "packageUrl"
    }
    return make_component(
        name=element.text("name"),
        version=element.text("software_packageVersion", ""),
        purls=purls - {""},
        purpose=element.text("software_primaryPurpose", ""),
        concluded=licenses["concluded"],
        declared=licenses["declared"],
    )
