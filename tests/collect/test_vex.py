"""VEX documents: of real publishers, in three formats with one meaning, and broken ones."""

from __future__ import annotations

import json

import pytest

from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["vex"]
MADE, LATER = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
PURL = "pkg:pypi/app@1"


def reading(document):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return COLLECTOR.read(data, source="vex.json", options={})


def read(document):
    return reading(document).data


def openvex(*statements, **more):
    return {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex/1",
        "author": "us",
        "timestamp": MADE,
        "version": 1,
        "statements": list(statements),
        **more,
    }


def statement(status="fixed", vulnerability="CVE-1", product=PURL, **more):
    return {
        "vulnerability": {"name": vulnerability},
        "products": [{"@id": product}],
        "status": status,
        **more,
    }


def csaf(*vulnerabilities, category="csaf_vex", tree=None, tracking=None, **more):
    product = {
        "name": "app",
        "product_id": "P1",
        "product_identification_helper": {"purl": PURL},
    }
    return {
        "document": {
            "csaf_version": "2.0",
            "category": category,
            "publisher": {"name": "us"},
            "tracking": {
                "id": "A-1", "version": "1", "status": "final", "current_release_date": MADE,
                **(tracking or {}),
            },
        },
        "product_tree": tree or {"full_product_names": [product]},
        "vulnerabilities": list(vulnerabilities),
        **more,
    }  # fmt: skip


def vulnerability(**more):
    return {"cve": "CVE-1", **more}


def cyclonedx(*vulnerabilities, **more):
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": MADE},
        "components": [
            {"type": "library", "name": "app", "version": "1", "bom-ref": "P1", "purl": PURL}
        ],
        "vulnerabilities": list(vulnerabilities),
        **more,
    }


def analysed(state=None, *, identity="CVE-1", ref="P1", versions=(), **more):
    analysis = {"analysis": {"state": state, **more}} if state else {}
    affects = {"ref": ref, **({"versions": list(versions)} if versions else {})}
    return {"id": identity, "affects": [affects], **analysis}


# documents of others


def test_the_openvex_document_of_the_project_itself_is_read(vectors):
    found = reading((vectors / "materials" / "openvex_v0.2.0.json").read_bytes())
    assert found.produced_at == "2023-07-18T00:28:47Z"
    assert found.data["counts"] == {
        "affected": 0, "fixed": 3, "not_affected": 2, "under_investigation": 0, "unstated": 0,
    }  # fmt: skip
    last = found.data["statements"][-1]
    assert (last["vulnerability"], last["status"], last["justification"]) == (
        "CVE-2023-3817",
        "not_affected",
        "vulnerable_code_not_present",
    )
    assert last["purls"][:2] == [
        "pkg:apk/alpine/libcrypto3@3.0.8-r3", "pkg:apk/alpine/libssl3@3.0.8-r3",
    ]  # fmt: skip


def test_the_csaf_advisory_of_a_real_vendor_is_read(vectors):
    found = reading((vectors / "materials" / "csaf_security_advisory.json").read_bytes())
    assert (found.data["format"], found.data["id"]) == ("csaf", "RHSA-2021:5186")
    assert found.producer == "Red Hat SDEngine 3.7.1" or found.producer.startswith("Red Hat SD")
    document = json.loads((vectors / "materials" / "csaf_security_advisory.json").read_bytes())
    stated = {
        (one["cve"], status, product)
        for one in document["vulnerabilities"]
        for status, products in one["product_status"].items()
        for product in products
    }
    words = {"fixed": "fixed", "known_not_affected": "not_affected"}
    assert {
        (one["vulnerability"], one["status"], one["products"][0]["id"])
        for one in found.data["statements"]
    } == {(cve, words[status], product) for cve, status, product in stated}
    assert found.data["statementCount"] == len(stated)


def test_csaf_profiles_without_a_status_of_products_are_refused(vectors):
    for name in ("csaf_security_incident_response.json",
                 "csaf_security_incident_response_wrong_category.json"):  # fmt: skip
        with pytest.raises(CollectError, match="states no status of products") as caught:
            reading((vectors / "materials" / name).read_bytes())
        assert str(caught.value.location) == "vex.json:7:17"


def test_vulnerabilities_of_the_specification_of_cyclonedx_are_read(vectors):
    found = []
    for path in sorted((vectors / "cyclonedx").glob("*/valid-*.json")):
        document = json.loads(path.read_bytes())
        if "vulnerabilities" in document:
            data = read(path.read_bytes())
            assert data["statementCount"] == len(document["vulnerabilities"])
            found.append(path.name)
    assert len(found) >= 5
    (one,) = read((vectors / "cyclonedx" / "1.6" / "valid-vulnerability-1.6.json").read_bytes())[
        "statements"
    ]
    assert (one["status"], one["justification"], one["aliases"]) == (
        "not_affected",
        "vulnerable_code_not_in_execute_path",
        ["CVE-2018-7489"],
    )


def test_sboms_without_vulnerabilities_and_other_files_are_refused(vectors):
    materials = vectors / "materials"
    with pytest.raises(CollectError, match="has no vulnerabilities") as caught:
        reading((materials / "sbom.cyclonedx-1.5.json").read_bytes())
    assert "cyclonedx" in caught.value.hint
    for name in ("sbom-spdx-no-tool-version.json", "checkmarx.sarif", "empty_array.json",
                 "sbom.cyclonedx-invalid-schema.json", "twistcli_scan.json"):  # fmt: skip
        with pytest.raises((CollectError, ParseError)):
            reading((materials / name).read_bytes())


# one meaning


def test_the_three_formats_say_the_same_in_the_same_words():
    documents = (
        openvex(statement("not_affected", justification="vulnerable_code_not_present")),
        csaf(
            vulnerability(
                product_status={"known_not_affected": ["P1"]},
                flags=[{"label": "vulnerable_code_not_present", "product_ids": ["P1"]}],
            )
        ),
        cyclonedx(analysed("not_affected", justification="code_not_present")),
    )
    found = [read(document)["statements"] for document in documents]
    for (one,) in found:
        assert one["status"] == "not_affected"
        assert one["justification"] == "vulnerable_code_not_present"
        assert (one["vulnerability"], one["purls"], one["statedAt"]) == ("CVE-1", [PURL], MADE)


@pytest.mark.parametrize(
    ("status", "openvex_more", "csaf_status", "state"),
    [
        ("affected", {"action_statement": "update"}, "known_affected", "exploitable"),
        ("affected", {"action_statement": "update"}, "last_affected", "exploitable"),
        ("fixed", {}, "first_fixed", "resolved"),
        ("fixed", {}, "fixed", "resolved_with_pedigree"),
        ("not_affected", {"impact_statement": "no"}, "known_not_affected", "false_positive"),
        ("under_investigation", {}, "under_investigation", "in_triage"),
    ],
)
def test_every_status_has_its_word(status, openvex_more, csaf_status, state):
    given = vulnerability(
        product_status={csaf_status: ["P1"]},
        remediations=[{"category": "vendor_fix", "details": "update", "product_ids": ["P1"]}],
        threats=[{"category": "impact", "details": "no", "product_ids": ["P1"]}],
    )
    for document in (
        openvex(statement(status, **openvex_more)),
        csaf(given),
        cyclonedx(analysed(state)),
    ):
        data = read(document)
        assert [one["status"] for one in data["statements"]] == [status]
        assert data["counts"][status] == data["statementCount"] == 1


def test_a_vulnerability_without_analysis_is_unstated_and_not_lost():
    (one,) = read(cyclonedx(analysed()))["statements"]
    assert (one["status"], one["purls"]) == ("unstated", [PURL])


def test_justifications_without_a_counterpart_stay_as_written():
    (one,) = read(cyclonedx(analysed("not_affected", justification="requires_configuration")))[
        "statements"
    ]
    assert one["justification"] == "requires_configuration"


def test_versions_that_a_statement_is_restricted_to_are_kept():
    versions = [{"version": "2.4"}, {"range": "vers:pypi/>=2.9|<=4.1"}]
    (one,) = read(cyclonedx(analysed("exploitable", versions=versions)))["statements"]
    assert one["products"][0]["versions"] == ["2.4", "vers:pypi/>=2.9|<=4.1"]


# newer and older


def test_a_newer_statement_replaces_an_older_one_for_its_products_alone():
    other = "pkg:pypi/other@1"
    older = statement("affected", action_statement="wait") | {
        "products": [{"@id": PURL}, {"@id": other}]
    }
    newer = statement("fixed", timestamp=LATER)
    for order in ((older, newer), (newer, older)):
        first, second = read(openvex(*order))["statements"]
        assert {(first["status"], *first["purls"]), (second["status"], *second["purls"])} == {
            ("fixed", PURL),
            ("affected", other),
        }


def test_a_newer_statement_replaces_an_older_one_for_its_subcomponents_alone():
    parts = [{"@id": "pkg:apk/a@1"}, {"@id": "pkg:apk/b@1"}]
    older = statement("under_investigation") | {"products": [{"@id": PURL, "subcomponents": parts}]}
    newer = statement("fixed", timestamp=LATER) | {
        "products": [{"@id": PURL, "subcomponents": parts[:1]}]
    }
    found = {
        one["status"]: one["products"][0]["subcomponents"]
        for one in read(openvex(older, newer))["statements"]
    }
    assert found == {"under_investigation": ["pkg:apk/b@1"], "fixed": ["pkg:apk/a@1"]}


def test_a_statement_that_was_replaced_altogether_is_gone():
    older, newer = statement("under_investigation"), statement("fixed", timestamp=LATER)
    data = read(openvex(older, newer))
    assert [one["status"] for one in data["statements"]] == ["fixed"]
    assert data["counts"]["under_investigation"] == 0


def test_two_statements_of_one_age_that_differ_contradict_each_other():
    with pytest.raises(CollectError, match=r"statements\[1\] contradicts another statement"):
        read(openvex(statement("fixed"), statement("under_investigation")))
    with pytest.raises(CollectError, match="contradicts"):
        read(cyclonedx(analysed("resolved"), analysed("exploitable")))
    assert read(openvex(statement("fixed"), statement("fixed")))["counts"]["fixed"] == 2


# the formats


def test_openvex_0_0_1_has_names_where_later_versions_have_objects():
    document = openvex(
        {"vulnerability": "CVE-1", "products": [PURL, "app"], "status": "fixed"},
        **{"@context": "https://openvex.dev/ns", "version": "1"},
    )
    (one,) = read(document)["statements"]
    assert [(product["id"], product["purl"]) for product in one["products"]] == [
        ("app", ""), (PURL, PURL),
    ]  # fmt: skip


def test_a_product_may_be_identified_by_its_package_url_alone():
    product = {"identifiers": {"purl": PURL, "cpe23": "cpe:2.3:a:b:c:1:*:*:*:*:*:*:*"}}
    (one,) = read(openvex(statement() | {"products": [product]}))["statements"]
    assert one["products"][0]["id"] == one["products"][0]["purl"] == PURL


def test_csaf_products_of_relationships_have_the_package_url_of_their_component():
    component = {
        "name": "lib", "product_id": "C",
        "product_identification_helper": {"purl": "pkg:rpm/lib@1"},
    }  # fmt: skip
    tree = {
        "branches": [
            {"category": "vendor", "name": "us", "branches": [
                {"category": "product_version", "name": "1", "product": component},
                {"category": "product_name", "name": "os",
                 "product": {"name": "os", "product_id": "OS"}},
            ]},
        ],
        "relationships": [
            {"category": "default_component_of", "product_reference": "C",
             "relates_to_product_reference": "OS",
             "full_product_name": {"name": "lib of os", "product_id": "OS:C"}},
        ],
        "product_groups": [{"group_id": "G", "product_ids": ["OS:C", "OS"]}],
    }  # fmt: skip
    given = vulnerability(
        product_status={"known_not_affected": ["OS:C"]},
        flags=[{"label": "component_not_present", "group_ids": ["G"]}],
    )
    (one,) = read(csaf(given, tree=tree))["statements"]
    assert one["purls"] == ["pkg:rpm/lib@1"]
    assert one["justification"] == "component_not_present"


def test_csaf_recommends_without_stating():
    given = vulnerability(product_status={"recommended": ["P1"]})
    assert read(csaf(given))["statementCount"] == 0


def test_an_advisory_need_not_justify_what_a_vex_must():
    given = vulnerability(product_status={"known_not_affected": ["P1"]})
    assert read(csaf(given, category="csaf_security_advisory"))["counts"]["not_affected"] == 1
    with pytest.raises(CollectError, match="without a flag or impact"):
        read(csaf(given))


def test_a_cyclonedx_vulnerability_that_affects_nothing_is_that_of_the_subject():
    subject = {"type": "application", "name": "app", "bom-ref": "S", "purl": "pkg:pypi/s@1"}
    document = cyclonedx({"id": "CVE-1"}, metadata={"component": subject, "timestamp": MADE})
    assert read(document)["statements"][0]["purls"] == ["pkg:pypi/s@1"]
    with pytest.raises(CollectError, match="affects nothing"):
        read(cyclonedx({"id": "CVE-1"}))


def test_references_into_other_documents_are_kept():
    link = "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#P9"
    (one,) = read(cyclonedx(analysed("resolved", ref=link)))["statements"]
    assert one["products"][0]["id"] == link


# empty and broken


def test_documents_without_statements_have_zero_statements():
    for document in (openvex(), csaf(), cyclonedx()):
        data = read(document)
        assert data["statementCount"] == 0
        assert data["counts"] == COLLECTOR.empty["counts"]
        assert set(data) == set(COLLECTOR.empty)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({}, "is no VEX document"),
        ([], "must be an object"),
        (openvex(**{"@context": "https://example.org"}), "not the context"),
        (openvex(**{"@context": "https://openvex.dev/ns/v1.0.0"}), "not the context"),
        (openvex(timestamp="yesterday"), "no RFC 3339 instant"),
        (openvex(version=-1), "from 0"),
        (openvex(author=""), "author is empty"),
        (openvex(statements=None), "must be a list"),
        (openvex(statement("none")), "status is an unknown word"),
        (openvex(statement("Fixed")), "status is an unknown word"),
        (openvex(statement("not_affected")), "without a justification"),
        (openvex(statement("not_affected", justification="because")), "unknown word"),
        (openvex(statement("affected")), "without an action_statement"),
        (openvex(statement() | {"products": []}), "names no products"),
        (openvex(statement() | {"products": [{}]}), "neither @id nor a package URL"),
        (openvex(statement() | {"vulnerability": {}}), "name is missing"),
        (openvex(statement(timestamp="2026-01-01T00:00:00")), "no RFC 3339 instant"),
    ],
)
def test_broken_openvex_is_refused_with_its_place(document, reason):
    with pytest.raises(CollectError, match=reason) as caught:
        read(document)
    assert str(caught.value).startswith("vex.json:1:")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (csaf() | {"document": {"csaf_version": "2.1"}}, "unknown word"),
        (csaf(category="csaf_base"), "states no status"),
        (csaf(tracking={"status": "draft"}), "unknown word"),
        (csaf(tracking={"current_release_date": "x"}), "no RFC 3339 instant"),
        (csaf(vulnerability(product_status={"fixed": ["P2"]})), "not in the product tree"),
        (csaf(vulnerability(product_status={"fine": ["P1"]})), "no status of CSAF"),
        (csaf(vulnerability(product_status={"fixed": ["P1"], "under_investigation": ["P1"]})),
         "another status"),
        (csaf({"product_status": {}}), "neither cve nor ids"),
        (csaf(vulnerability(product_status={"known_affected": ["P1"]})), "without a remediation"),
        (csaf(vulnerability(flags=[{"label": "x", "product_ids": ["P1"]}])), "unknown word"),
        (csaf(vulnerability(flags=[{"label": "component_not_present", "group_ids": ["G"]}])),
         "not in the product tree"),
        (csaf(tree={"full_product_names": [{"product_id": "P1"}, {"product_id": "P1"}]}),
         "the id of another product"),
        (csaf(tree={"relationships": [{"product_reference": "X"}]}), "no product"),
    ],
)  # fmt: skip
def test_broken_csaf_is_refused_with_its_place(document, reason):
    with pytest.raises(CollectError, match=reason) as caught:
        read(document)
    assert str(caught.value).startswith("vex.json:1:")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (cyclonedx(analysed("fixed")), "not valid CycloneDX"),
        (cyclonedx(specVersion="1.3"), "not a CycloneDX"),
        (cyclonedx(analysed("resolved", ref="P2")), "no bom-ref"),
        (cyclonedx(analysed("exploitable", versions=[{"version": "1", "status": "unaffected"}])),
         "status of their own"),
        (cyclonedx({"affects": [{"ref": "P1"}]}), "id is missing"),
    ],
)  # fmt: skip
def test_broken_cyclonedx_is_refused(document, reason):
    with pytest.raises(CollectError, match=reason):
        read(document)


@pytest.mark.parametrize("data", [b"", b'{"@context": ', b'{"document": {}, "document": {}}'])
def test_what_is_no_strict_json_is_refused(data):
    with pytest.raises(ParseError):
        reading(data)
