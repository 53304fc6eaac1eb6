"""SPDX JSON, 2.2, 2.3 and 3.0: which packages, under which licences.

Data: those of `cyclonedx`, so that a policy reads either: `{specVersion, serialNumber,
componentCount, components, subject}`; a component is `{key, name, version, purl, type,
scope, licenses}`, sorted by key. `serialNumber` is the document's namespace, `type` the
primary purpose in lower case, `scope` always `required`: SPDX 2 has no word for it.

Rules:

- Strict JSON, then checks of our own of all that is read: no installed library brings the
  schema. Tag-value, RDF and YAML are refused.
- A concluded licence replaces the declared one unless it is `NOASSERTION`; `NONE` was
  concluded and identifies nothing. Licences of files and snippets are not read.
- `LicenseRef-…` stays as written; what the document says about it is not compared.
- The one package that the document describes is the `subject`, as in CycloneDX; where it
  describes several, each is a component. What it describes must be in it.
- Ids are unique. Of several package URLs the first, sorted, counts.

Example:

    >>> SpdxCollector().read(data, source="sbom.spdx.json", options={}).data["componentCount"]
    94
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from probanda.canonical import canonical
from probanda.collect.formats.spdx3 import make_component, read_graph
from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.collect.json_node import Node, read_node
from probanda.errors import CollectError
from probanda.model.location import Location

VERSIONS = ("SPDX-2.2", "SPDX-2.3")
_MAX_PRODUCER = 200
_HINT = "write SPDX 2.3 JSON, for instance with `syft -o spdx-json`"
# SPDX 2.3 section 7.2; `DocumentRef-…:` points into another document.
_ID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+", re.ASCII)
_TAG_VALUE = re.compile(rb"\s*(?:#[^\n]*\n\s*)*SPDXVersion\s*:")


class SpdxCollector:
    """`from: spdx`."""

    name = "spdx"
    media_type = "application/spdx+json"
    timestamped = True
    max_bytes = 64 << 20
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {
        "specVersion": "",
        "serialNumber": "",
        "componentCount": 0,
        "components": [],
        "subject": None,
    }

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """Packages and licences.

        Raises:
            ParseError: not strict JSON.
            CollectError: not SPDX of a known version, or one that contradicts itself.
        """
        if _TAG_VALUE.match(data[:4096].removeprefix(b"\xef\xbb\xbf")):
            where = Location(source)
            raise CollectError("SPDX tag-value is not read, only JSON", location=where, hint=_HINT)
        document = read_node(data, source=source)
        if "@graph" in document:
            graph = read_graph(document)
            value = _value(
                graph.version, graph.namespace, graph.packages, _subject(graph.described)
            )
            return Reading(value, self.media_type, _shorten(graph.tools), graph.created)
        if document.value.get("spdxVersion") not in VERSIONS:
            document.refuse("is not SPDX 2.2, 2.3 or 3.0", hint=_HINT)
        return _read_document(document, self.media_type)


def _read_document(document: Node, media_type: str) -> Reading:
    """SPDX 2."""
    document.word("SPDXID", {"SPDXRef-DOCUMENT"})
    document.word("dataLicense", {"CC0-1.0"})
    creation = document.object("creationInfo")
    tools = [
        text.removeprefix("Tool:").strip()
        for text in creation.texts("creators")
        if text.startswith("Tool:")
    ]
    packages = _packages(document)
    described = _described(document, packages)
    created = creation.instant("created")
    if not created:
        creation.refuse("does not say when the document was created")
    value = _value(
        document.text("spdxVersion").removeprefix("SPDX-"),
        document.text("documentNamespace"),
        list(packages.values()),
        _subject([packages[name] for name in described]),
    )
    return Reading(value, media_type, _shorten(tools), created)


def _subject(described: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The package that a document is about; none where it is about several or nothing."""
    return described[0] if len(described) == 1 else None


def _value(
    version: str,
    namespace: str,
    packages: list[dict[str, Any]],
    subject: dict[str, Any] | None,
) -> dict[str, Any]:
    components = [one for one in packages if one is not subject]
    return {
        "specVersion": version,
        "serialNumber": namespace,
        "componentCount": len(components),
        "components": sorted(components, key=lambda one: (one["key"], canonical(one))),
        "subject": subject,
    }


def _packages(document: Node) -> dict[str, dict[str, Any]]:
    """Packages by id; no two elements share one."""
    packages: dict[str, dict[str, Any]] = {}
    for package in document.objects("packages"):
        identity = package.text("SPDXID")
        if not _ID.fullmatch(identity):
            package.child("SPDXID").refuse("is no SPDX id")
        if identity in packages:
            package.child("SPDXID").refuse("is the id of another package, too")
        packages[identity] = _component(package)
    return packages


def _described(document: Node, packages: Mapping[str, Any]) -> list[str]:
    """Ids of the packages that the document describes, each once, in order."""
    others = {one.text("SPDXID") for key in ("files", "snippets") for one in document.objects(key)}
    named = document.items("documentDescribes")
    for relation in document.objects("relationships"):
        ends = [relation.text("spdxElementId"), relation.text("relatedSpdxElement")]
        kind = relation.text("relationshipType")
        if kind == "DESCRIBES" and ends[0] == "SPDXRef-DOCUMENT":
            named.append(relation.child("relatedSpdxElement"))
        elif kind == "DESCRIBED_BY" and ends[1] == "SPDXRef-DOCUMENT":
            named.append(relation.child("spdxElementId"))
    found: dict[str, None] = {}
    for node in named:
        identity = node.expect(str).value
        if identity in packages:
            found[identity] = None
        elif _ID.fullmatch(identity) and identity not in others:
            node.refuse("is described, but not in the document", hint="it is cut off: run again")
    return list(found)


def _component(package: Node) -> dict[str, Any]:
    """What a policy needs to know of a package."""
    purls = {
        reference.text("referenceLocator")
        for reference in package.objects("externalRefs")
        if reference.text("referenceType") == "purl"
    }
    return make_component(
        name=package.text("name"),
        version=package.text("versionInfo", ""),
        purls=purls,
        purpose=package.text("primaryPackagePurpose", ""),
        concluded=[package.text("licenseConcluded", "")],
        declared=[package.text("licenseDeclared", "")],
    )


def _shorten(tools: Iterable[str]) -> str:
    """Names of tools as one text."""
    text = ", ".join(name for name in tools if name)
    return text if len(text) <= _MAX_PRODUCER else text[: _MAX_PRODUCER - 1] + "…"
