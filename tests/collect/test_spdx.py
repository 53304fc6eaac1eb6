"""SPDX files: of real tools, of both generations, and broken ones."""

from __future__ import annotations

import json

import pytest

from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["spdx"]
NAMESPACE = "https://example.org/spdx/app"


def reading(document):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return COLLECTOR.read(data, source="sbom.spdx.json", options={})


def read(document):
    return reading(document).data


def spdx(*packages, version="SPDX-2.3", **more):
    return {
        "spdxVersion": version,
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "app",
        "documentNamespace": NAMESPACE,
        "creationInfo": {"creators": ["Tool: maker-1"], "created": "2026-01-02T03:04:05Z"},
        "packages": list(packages),
        **more,
    }


def package(name="a", **more):
    return {"SPDXID": f"SPDXRef-{name}", "name": name, "downloadLocation": "NOASSERTION", **more}


def licensed(concluded=None, declared=None):
    stated = {"licenseConcluded": concluded, "licenseDeclared": declared}
    given = {key: value for key, value in stated.items() if value is not None}
    return read(spdx(package(**given)))["components"][0]["licenses"]


def describes(name):
    return {
        "spdxElementId": "SPDXRef-DOCUMENT",
        "relationshipType": "DESCRIBES",
        "relatedSpdxElement": f"SPDXRef-{name}",
    }


def test_files_of_others_are_read_whole(vectors):
    producers = {}
    for path in sorted((vectors / "materials").glob("sbom-spdx-*.json")):
        document, found = json.loads(path.read_bytes()), reading(path.read_bytes())
        names = [one["name"] for one in found.data["components"]]
        subject = [found.data["subject"]["name"]] if found.data["subject"] else []
        assert sorted(names + subject) == sorted(one["name"] for one in document["packages"])
        assert found.data["serialNumber"] == document["documentNamespace"]
        assert found.produced_at == document["creationInfo"]["created"]
        producers[path.name] = found.producer
    assert producers == {
        "sbom-spdx-empty-tool-name.json": "",
        "sbom-spdx-no-tool-version.json": "spdxgen",
        "sbom-spdx-with-described-package.json": "syft-0.100.0",
    }


def test_other_files_of_others_are_refused(vectors):
    materials = vectors / "materials"
    for name in ("sbom.cyclonedx-1.5.json", "openvex_v0.2.0.json", "checkmarx.sarif",
                 "empty_array.json", "simple.txt", "openapi-3.0.json"):  # fmt: skip
        with pytest.raises((CollectError, ParseError)):
            reading((materials / name).read_bytes())


def test_the_data_have_the_shape_of_those_of_cyclonedx():
    cyclonedx = COLLECTORS["cyclonedx"]
    purl = "pkg:pypi/a@1"
    bom = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "components": [
            {"type": "library", "name": "a", "version": "1", "purl": purl,
             "licenses": [{"expression": "MIT OR (Apache-2.0 AND BSD-3-Clause)"}]},
        ],
    }  # fmt: skip
    reference = {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": purl,
    }
    same = package(
        versionInfo="1",
        primaryPackagePurpose="LIBRARY",
        externalRefs=[reference],
        licenseDeclared="MIT OR (Apache-2.0 AND BSD-3-Clause)",
    )
    ours = read(spdx(same))
    theirs = cyclonedx.read(json.dumps(bom).encode(), source="x", options={}).data
    assert ours["components"] == theirs["components"]
    assert set(ours) == set(theirs) == set(COLLECTOR.empty)


def test_a_concluded_licence_replaces_the_declared_one_unless_nothing_is_asserted():
    assert licensed("MIT", "GPL-3.0-only")["ids"] == ["MIT"]
    assert licensed("NOASSERTION", "GPL-3.0-only")["ids"] == ["GPL-3.0-only"]
    assert licensed(None, "MIT OR Apache-2.0")["alternatives"] == [["Apache-2.0"], ["MIT"]]


def test_a_licence_that_is_not_known_has_no_alternative():
    for stated in (("NONE", "MIT"), ("NOASSERTION", "NOASSERTION"), (None, "NONE"), (None, None),
                   ("MIT AND Unheard-Of", None), ("see file", "MIT"), ("", "")):  # fmt: skip
        assert licensed(*stated)["alternatives"] == [], stated


def test_a_reference_into_the_document_stays_as_it_is():
    own = "LicenseRef-Restricted-TOS"
    assert licensed(own)["alternatives"] == [[own]]


def test_the_one_package_that_is_described_is_the_subject():
    for more in (
        {"relationships": [describes("app")]},
        {"documentDescribes": ["SPDXRef-app"]},
        {"documentDescribes": ["SPDXRef-app"], "relationships": [describes("app")]},
        {"relationships": [{"spdxElementId": "SPDXRef-app", "relationshipType": "DESCRIBED_BY",
                            "relatedSpdxElement": "SPDXRef-DOCUMENT"}]},
    ):  # fmt: skip
        found = read(spdx(package("app"), package("a"), **more))
        assert found["subject"]["name"] == "app"
        assert [one["name"] for one in found["components"]] == ["a"]
        assert found["componentCount"] == 1


def test_where_several_packages_are_described_each_is_a_component():
    found = read(spdx(package("a"), package("b"), documentDescribes=["SPDXRef-a", "SPDXRef-b"]))
    assert (found["subject"], found["componentCount"]) == (None, 2)
    assert read(spdx(package("a")))["subject"] is None


def test_what_is_described_but_not_there_means_that_the_file_is_cut_off():
    with pytest.raises(CollectError, match=r"documentDescribes\[0\] is described") as caught:
        read(spdx(package("a"), documentDescribes=["SPDXRef-app"]))
    assert caught.value.hint
    with pytest.raises(CollectError, match="is described"):
        read(spdx(package("a"), relationships=[describes("app")]))
    file = {"SPDXID": "SPDXRef-File", "fileName": "x", "checksums": []}
    assert read(spdx(package("a"), files=[file], documentDescribes=["SPDXRef-File"]))


def test_two_packages_do_not_share_an_id():
    with pytest.raises(CollectError, match=r"packages\[1\]\.SPDXID is the id of another"):
        read(spdx(package("a"), package("a")))


def test_of_several_package_urls_the_first_sorted_counts():
    references = [
        {"referenceCategory": "PACKAGE_MANAGER", "referenceType": kind, "referenceLocator": text}
        for kind, text in (("purl", "pkg:b/b@1"), ("cpe23Type", "cpe:a"), ("purl", "pkg:a/a@1"))
    ]
    (component,) = read(spdx(package(externalRefs=references)))["components"]
    assert component["purl"] == component["key"] == "pkg:a/a@1"


@pytest.mark.parametrize(
    "text",
    [
        b"SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n",
        b"# comment\n\n# another\nSPDXVersion: SPDX-2.2\n",
        b"\xef\xbb\xbfSPDXVersion: SPDX-2.3\n",
    ],
)
def test_tag_value_is_refused_with_a_hint(text):
    with pytest.raises(CollectError, match="tag-value") as caught:
        reading(text)
    assert "JSON" in caught.value.hint


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"<rdf:RDF/>", b'{"spdxVersion": "SPDX-2.3", "spdxVersion": "SPDX-2.3"}',
     b"spdxVersion: SPDX-2.3\n", b'{"spdxVersion": NaN}'],
)  # fmt: skip
def test_what_is_no_strict_json_is_refused(data):
    with pytest.raises(ParseError):
        reading(data)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "must be an object"),
        ({}, "not SPDX"),
        (spdx(version="SPDX-2.1"), "not SPDX"),
        (spdx(version=2.3), "not SPDX"),
        (spdx(dataLicense="MIT"), r"\$\.dataLicense"),
        (spdx(SPDXID="SPDXRef-x"), r"\$\.SPDXID"),
        (spdx(documentNamespace=""), r"\$\.documentNamespace is empty"),
        (spdx(creationInfo={"creators": []}), "does not say when"),
        (spdx(creationInfo={"creators": [], "created": "x"}), "created is no RFC 3339"),
        (spdx(packages={}), r"\$\.packages must be a list"),
        (spdx(package(name=5)), r"\$\.packages\[0\]\.name must be text"),
        (spdx({"SPDXID": "SPDXRef-a"}), r"\$\.packages\[0\]\.name is missing"),
        (spdx({"SPDXID": "a b", "name": "a"}), "no SPDX id"),
        (spdx(package(licenseConcluded=["MIT"])), "licenseConcluded must be text"),
        (spdx(package(licenseDeclared=None)), "licenseDeclared must be text"),
        (spdx(package(externalRefs=[{"referenceType": "purl"}])), "referenceLocator is missing"),
        (spdx(relationships=["x"]), r"relationships\[0\] must be an object"),
    ],
)  # fmt: skip
def test_what_is_not_as_the_specification_says_is_refused_with_its_place(document, reason):
    with pytest.raises(CollectError, match=reason) as caught:
        read(document)
    assert str(caught.value).startswith("sbom.spdx.json:1:")


def test_a_document_without_packages_has_zero_components():
    assert read(spdx())["componentCount"] == 0
    absent = spdx()
    del absent["packages"]
    assert read(absent)["components"] == []


def test_the_data_do_not_depend_on_the_order_in_the_file():
    parts = [package(f"p{number}", licenseDeclared="MIT") for number in range(5)]
    assert read(spdx(*parts)) == read(spdx(*parts[::-1]))


# SPDX 3.0


def graph(*elements, context="https://spdx.org/rdf/3.0.1/spdx-context.jsonld", roots=(), **more):
    return {
        "@context": context,
        "@graph": [
            {"@id": "_:info", "type": "CreationInfo", "specVersion": "3.0.1",
             "createdUsing": ["urn:tool"], "created": "2026-01-02T03:04:05Z"},
            {"spdxId": "urn:tool", "type": "Tool", "name": "maker", "creationInfo": "_:info"},
            {"spdxId": "urn:doc", "type": "SpdxDocument", "creationInfo": "_:info",
             "rootElement": list(roots), **more},
            *elements,
        ],
    }  # fmt: skip


def element(name, kind="software_Package", **more):
    return {"spdxId": f"urn:{name}", "type": kind, "name": name, "creationInfo": "_:info", **more}


def relation(name, kind, source, *targets):
    return element(
        name, "Relationship", relationshipType=kind, **{"from": source, "to": list(targets)}
    )


def expression(name, text):
    return element(
        name, "simplelicensing_LicenseExpression", simplelicensing_licenseExpression=text
    )


def test_a_document_of_spdx_3_gives_the_same_data():
    new = reading(
        graph(
            element("app", software_primaryPurpose="application", software_packageVersion="1"),
            element("a", software_packageVersion="2", software_packageUrl="pkg:pypi/a@2"),
            element("sbom", "software_Sbom", rootElement=["urn:app"]),
            expression("mit", "MIT OR Apache-2.0"),
            relation("r1", "hasDeclaredLicense", "urn:a", "urn:mit"),
            roots=["urn:sbom"],
        )
    )
    old = read(
        spdx(
            package("app", versionInfo="1", primaryPackagePurpose="APPLICATION"),
            package(
                "a",
                versionInfo="2",
                licenseDeclared="MIT OR Apache-2.0",
                externalRefs=[{"referenceType": "purl", "referenceLocator": "pkg:pypi/a@2"}],
            ),
            documentDescribes=["SPDXRef-app"],
        )
    )
    differing = {"specVersion", "serialNumber"}
    assert {key: new.data[key] for key in old if key not in differing} == {
        key: old[key] for key in old if key not in differing
    }
    assert (new.data["specVersion"], new.producer) == ("3.0.1", "maker")
    assert new.produced_at == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("concluded", "alternatives"),
    [
        ("https://spdx.org/licenses/MIT", [["MIT"]]),
        ("urn:apache", [["Apache-2.0"]]),
        (
            "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense",
            [["BSD-3-Clause"]],
        ),
        ("https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoneLicense", []),
        ("urn:custom", []),
    ],
)
def test_licences_of_spdx_3_come_by_relationship(concluded, alternatives):
    document = graph(
        element("a"),
        expression("apache", "Apache-2.0"),
        expression("bsd", "BSD-3-Clause"),
        element("custom", "expandedlicensing_CustomLicense"),
        relation("r1", "hasConcludedLicense", "urn:a", concluded),
        relation("r2", "hasDeclaredLicense", "urn:a", "urn:bsd"),
    )
    assert read(document)["components"][0]["licenses"]["alternatives"] == alternatives


def test_several_concluded_licences_of_spdx_3_all_apply():
    listed = "https://spdx.org/licenses/"
    document = graph(
        element("a"),
        relation("r1", "hasConcludedLicense", "urn:a", f"{listed}MIT"),
        relation("r2", "hasConcludedLicense", "urn:a", f"{listed}ISC"),
    )
    assert read(document)["components"][0]["licenses"]["alternatives"] == [["ISC", "MIT"]]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (graph(context="https://example.org/context.jsonld"), "not the context"),
        (graph(context=["https://spdx.org/rdf/3.0.1/spdx-context.jsonld"]), "must be text"),
        (graph(element("a"), element("a")), "is the id of another element"),
        (graph(element("b", "SpdxDocument")), "one SpdxDocument"),
        (graph(roots=["urn:gone"]), "is not in the document"),
        (graph(creationInfo="_:gone"), "no CreationInfo"),
        (graph(creationInfo={"type": "CreationInfo", "specVersion": "3.1.0"}), "not SPDX 3.0"),
        (graph(element("a"), relation("r", "hasDeclaredLicense", "urn:a", "urn:gone")),
         "a licence that is not in the document"),
        (graph({"spdxId": "urn:x"}), "type is missing"),
        ({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": {}}, "a list"),
    ],
)  # fmt: skip
def test_a_document_of_spdx_3_that_is_not_whole_is_refused(document, reason):
    with pytest.raises(CollectError, match=reason):
        read(document)
