"""Vulnerabilities of a CycloneDX document: severities, components, and nobody having looked."""

from __future__ import annotations

import json

import pytest

from probanda.collect import COLLECTORS
from probanda.errors import CollectError

PARSER = {
    "bom-ref": "parser",
    "type": "library",
    "name": "parser",
    "version": "2.0",
    "purl": "pkg:pypi/parser@2.0",
}
SEEN = {"key": "pkg:pypi/parser@2.0", "purl": "pkg:pypi/parser@2.0", "version": "2.0"}


def read(*vulnerabilities, **document):
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": [PARSER],
        "vulnerabilities": list(vulnerabilities),
        **document,
    }
    data = json.dumps({key: value for key, value in bom.items() if value is not None})
    return COLLECTORS["cyclonedx"].read(data.encode(), source="scan.json", options={}).data


def vulnerability(**more):
    return {"id": "CVE-2026-1", "affects": [{"ref": "parser"}], **more}


def test_a_real_document_says_which_component_is_affected_how_badly(vectors):
    path = vectors / "cyclonedx" / "1.6" / "valid-vulnerability-1.6.json"

    fact = COLLECTORS["cyclonedx"].read(path.read_bytes(), source="scan.json", options={}).data

    name = "pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.9.4"
    assert fact["vulnerabilities"] == [
        {
            "id": "SNYK-JAVA-COMFASTERXMLJACKSONCORE-32111",
            "aliases": ["CVE-2018-7489"],
            "severity": "critical",
            "publishedAt": "2021-01-01T00:00:00Z",
            "affects": [{"key": name, "purl": name, "version": "2.9.4"}],
        }
    ]


def test_an_empty_list_is_a_list_and_none_is_none():
    assert read()["vulnerabilities"] == []
    assert "vulnerabilities" not in read(vulnerabilities=None)


@pytest.mark.parametrize(
    ("ratings", "severity"),
    [
        ([], None),
        ([{"severity": "unknown"}], None),
        ([{"severity": "info"}], "none"),
        ([{"severity": "low"}, {"severity": "critical"}, {"severity": "high"}], "critical"),
        ([{"severity": "low"}, {"severity": "unknown"}], "low"),
        # The score is worse than the word beside it.
        ([{"severity": "low", "method": "CVSSv31", "score": 7.0}], "high"),
        ([{"method": "CVSSv31", "score": 9.0}], "critical"),
        ([{"method": "CVSSv4", "score": 6.9}], "medium"),
        ([{"method": "CVSSv2", "score": 0.1}], "low"),
        ([{"method": "CVSSv3", "score": 0}], "none"),
        # Other scales have other bounds.
        ([{"method": "OWASP", "score": 9.9}], None),
        ([{"score": 9.9}], None),
    ],
)
def test_the_worst_rating_counts(ratings, severity):
    (found,) = read(vulnerability(ratings=ratings))["vulnerabilities"]

    assert found.get("severity") == severity


def test_what_affects_nothing_in_particular_affects_the_subject():
    subject = {"type": "application", "name": "shop", "version": "1"}

    fact = read(vulnerability(affects=[]), metadata={"component": subject})

    (found,) = fact["vulnerabilities"]
    assert found["affects"] == [{"key": "shop@1", "purl": "", "version": "1"}]
    with pytest.raises(CollectError, match="affects nothing"):
        read(vulnerability(affects=[]))


def test_a_component_inside_another_is_found_and_a_stranger_keeps_its_reference():
    outer = {"type": "library", "name": "outer", "components": [PARSER]}

    fact = read(
        vulnerability(affects=[{"ref": "parser"}, {"ref": "urn:cdx:a/1#b"}]), components=[outer]
    )

    assert fact["vulnerabilities"][0]["affects"] == [
        SEEN,
        {"key": "urn:cdx:a/1#b", "purl": "", "version": ""},
    ]


def test_they_are_in_the_order_of_their_ids():
    found = read(vulnerability(id="CVE-2026-2"), vulnerability())["vulnerabilities"]

    assert [one["id"] for one in found] == ["CVE-2026-1", "CVE-2026-2"]
