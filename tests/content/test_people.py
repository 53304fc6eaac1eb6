"""The roster in the catalogue, and exceptions with the signatures beside them."""

from __future__ import annotations

import base64

from probanda.canonical import sha256_hex

ROSTER = "evidence/roster.yaml"
KEY = "evidence/trust/approvers/ada.pub.pem"
FINGERPRINT = sha256_hex(base64.b64decode("MCowBQYDK2VwAyEA"))


def test_a_person_has_what_the_document_says(workshop):
    ada, grace = workshop.load().roster.people

    assert ada.logins == (("github", ("Ada-L", "ada-ci")), ("gitlab", ("Ada-L",)))
    assert ada.all_logins == ("Ada-L", "ada-ci")
    assert (ada.emails, ada.roles) == (("ada@example.org",), ("security",))
    assert [(key.fingerprint, key.path) for key in ada.keys] == [(FINGERPRINT, KEY)]
    assert (grace.name, grace.keys, grace.joins) == ("grace", (), None)


def test_a_key_may_be_named_by_its_fingerprint(workshop):
    workshop.bend(ROSTER, f"path: {KEY}", f"fingerprint: {FINGERPRINT}")

    catalogue = workshop.load()

    assert catalogue.roster.people[0].keys[0].path == KEY
    assert KEY in catalogue.files


def test_a_project_without_a_roster_knows_nobody(workshop):
    del workshop.files[ROSTER]

    roster = workshop.load().roster

    assert roster.people == ()
    assert roster.who_is("ada") is None


def test_the_signature_beside_an_exception_comes_along_unverified(workshop):
    assert workshop.load().waivers["left-pad"].signature == ""
    workshop.files["evidence/waivers/left-pad.yaml.sig.json"] = "junk"
    workshop.files["evidence/baselines/pull-request.yaml.sig.json"] = "more junk"

    catalogue = workshop.load()

    assert catalogue.waivers["left-pad"].signature == "junk"
    assert catalogue.baselines["pull-request"].signature == "more junk"
    assert "evidence/waivers/left-pad.yaml.sig.json" in catalogue.files


def test_a_known_finding_is_listed_once_for_each_file(workshop):
    path = "evidence/baselines/pull-request.yaml"
    entry = workshop.files[path].rpartition("findings:\n")[2]
    workshop.files[path] += entry
    assert workshop.error().message == "listed twice"
    workshop.files[path] = workshop.files[path].removesuffix(entry) + entry.replace(
        "sbom.cdx.json", "other.cdx.json"
    )

    known = workshop.load().baselines["pull-request"].findings

    assert [(each.path, each.count) for each in known] == [
        ("sbom.cdx.json", 2),
        ("other.cdx.json", 2),
    ]
