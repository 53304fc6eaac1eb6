"""`secrets/rotation`, `access/review`, `supply-chain/vulnerabilities`: their pages' gates, run."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from policy_pages import PageProject

INVENTORY = {
    "generatedAt": "2026-11-20T06:00:00Z",
    "secrets": [
        {
            "name": "db-password",
            "store": "vault",
            "owner": "platform",
            "createdAt": "2025-01-10",
            "rotatedAt": "2026-09-01",
            "expiresAt": "2026-11-25",
        }
    ],
}
ROTATION = {"store": "vault", "name": "db-password", "triggeredAt": "2026-11-19T08:00:00Z"}


@pytest.fixture
def page(tmp_path):
    return lambda policy: PageProject(tmp_path / "project", policy)


def test_a_secret_that_is_about_to_expire_needs_a_rotation_that_has_begun(page):
    project = page("secrets/rotation")
    project.place(inventory=INVENTORY)
    assert project.rules() == ["expiring"]

    project.place(rotations={"rotations": [{**ROTATION, "state": "running"}]})
    assert project.rules() == []

    project.place(rotations={"rotations": [{**ROTATION, "state": "failed"}]})
    assert project.rules() == ["expiring"]


def test_an_old_secret_and_one_that_nobody_owns_are_found(page):
    project = page("secrets/rotation")
    secret = {**INVENTORY["secrets"][0], "expiresAt": "2027-11-25", "rotatedAt": "2026-06-01"}
    project.place(inventory={**INVENTORY, "secrets": [{**secret, "owner": ""}]})
    assert project.rules() == ["no-owner", "too-old"]


BEFORE = """\
account,subject,status,roles,lastUsedAt
ada,ada@example.org,active,admin;buyer,2026-10-19
grace,grace@example.org,active,buyer,2026-10-01
"""
AFTER = BEFORE.replace("admin;buyer", "buyer")
PEOPLE = (
    {"name": "ada", "logins": {"github": ["ada-l"]}, "emails": ["ada@example.org"]},
    {"name": "grace", "logins": {"github": ["grace-h"]}, "emails": ["grace@example.org"]},
)


def decision(account, reviewer, verdict="keep", **more):
    return {
        "system": "erp",
        "account": account,
        "decision": verdict,
        "reviewer": reviewer,
        "decidedAt": "2026-10-25T00:00:00Z",
        **more,
    }


def campaign(*decisions):
    return {
        "campaign": "2026-Q4",
        "snapshot": {
            "sha256": sha256(BEFORE.encode()).hexdigest(),
            "takenAt": "2026-10-20T00:00:00Z",
        },
        "next": {"sha256": sha256(AFTER.encode()).hexdigest(), "takenAt": "2026-11-01T00:00:00Z"},
        "decisions": list(decisions),
    }


DECIDED = (
    decision("ada", "grace-h", "revoke", role="admin"),
    decision("ada", "grace-h", role="buyer"),
    decision("grace", "ada-l"),
)


@pytest.fixture
def access(page):
    project = page("access/review")
    project.place(snapshot=BEFORE, next=AFTER, campaign=campaign(*DECIDED))
    project.roster(*PEOPLE)
    return project


def test_a_whole_review_whose_revocations_happened_passes(access):
    assert access.rules() == []


def test_a_role_that_the_next_snapshot_still_has_was_not_revoked(access):
    data = AFTER.replace("active,buyer,2026-10-19", "active,admin;buyer,2026-10-19")
    access.place(
        next=data,
        campaign={
            **campaign(*DECIDED),
            "next": {
                "sha256": sha256(data.encode()).hexdigest(),
                "takenAt": "2026-11-01T00:00:00Z",
            },
        },
    )
    assert access.rules() == ["not-revoked"]


def test_another_snapshot_than_the_one_that_was_reviewed_is_noticed_by_its_digest(access):
    access.place(snapshot=BEFORE + "\n")
    assert access.rules() == ["other-snapshot"]


def test_without_a_later_snapshot_nothing_is_proved(access):
    (access.root / "access/2026-11.csv").unlink()
    assert access.rules() == ["unproved-revocation"]


def test_nobody_reviews_themselves_under_another_name(access):
    access.place(campaign=campaign(*DECIDED[:2], decision("grace", "grace-h")))
    assert access.rules() == ["self-review"]


CATALOGUE = {"title": "CISA Catalog", "vulnerabilities": [{"cveID": "CVE-2021-44228"}]}


@pytest.fixture
def scanned(page):
    project = page("supply-chain/vulnerabilities")
    project.place(exploited=CATALOGUE)
    return project


def test_a_real_scan_with_a_critical_vulnerability_is_refused(scanned, vectors):
    scan = vectors / "cyclonedx" / "1.6" / "valid-vulnerability-1.6.json"
    scanned.place(scan=scan.read_bytes())

    (finding,) = scanned.result().findings

    assert finding.rule == "vulnerable"
    assert finding.key == (
        "CVE-2018-7489 SNYK-JAVA-COMFASTERXMLJACKSONCORE-32111"
        " pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.9.4"
    )


def statement(vectors, **changes):
    data = json.loads((vectors / "materials" / "openvex_v0.2.0.json").read_bytes())
    data["statements"] = [
        {
            "vulnerability": {"name": "CVE-2018-7489"},
            "products": [{"@id": "pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.9.4"}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
            **changes,
        }
    ]
    return data


def test_a_statement_about_exactly_this_excuses_it_and_one_about_another_version_does_not(
    scanned, vectors
):
    scan = vectors / "cyclonedx" / "1.6" / "valid-vulnerability-1.6.json"
    scanned.place(scan=scan.read_bytes(), vex=statement(vectors))
    assert scanned.rules() == []

    other = [{"@id": "pkg:maven/com.fasterxml.jackson.core/jackson-databind@2.9.5"}]
    scanned.place(vex=statement(vectors, products=other))
    assert scanned.rules() == ["vulnerable"]

    open_question = statement(vectors, status="under_investigation")
    del open_question["statements"][0]["justification"]
    scanned.place(vex=open_question)
    assert scanned.rules() == ["vulnerable"]


def test_a_real_vex_document_about_another_product_excuses_nothing(scanned, vectors):
    scan = vectors / "cyclonedx" / "1.6" / "valid-vulnerability-1.6.json"
    vex = vectors / "materials" / "openvex_v0.2.0.json"
    scanned.place(scan=scan.read_bytes(), vex=vex.read_bytes())
    assert scanned.rules() == ["vulnerable"]


def test_what_is_listed_as_exploited_is_refused_at_any_severity(scanned, vectors):
    scan = vectors / "cyclonedx" / "1.6" / "valid-vulnerability-1.6.json"
    data = json.loads(scan.read_bytes())
    data["vulnerabilities"][0]["ratings"] = [{"severity": "low"}]
    scanned.place(scan=data)
    assert scanned.rules() == []

    scanned.place(exploited={"vulnerabilities": [{"cveID": "CVE-2018-7489"}]})
    assert scanned.rules() == ["known-exploited"]


def test_an_sbom_that_nobody_scanned_is_no_scan(scanned, vectors):
    scanned.place(scan=(vectors / "materials" / "sbom.cyclonedx-1.5.json").read_bytes())
    assert scanned.rules() == ["not-scanned"]
