"""`probanda forecast`: what ends within some days, soonest first, and whose it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from probanda.sign import Cell
from projects import Project, component, sbom, words_check

AT = ("--as-of", "2026-11-20T12:00:00Z")


@pytest.fixture
def forecast(probanda, words):
    def command(*arguments):
        return probanda("forecast", "--project", words.root, *AT, *arguments)

    return command


def items(result) -> list[tuple[str, str, str]]:
    return [(each["at"], each["kind"], each["name"]) for each in json.loads(result.out)["items"]]


def test_a_project_in_which_nothing_ends_says_so(forecast):
    result = forecast("--fail")

    assert result.code == 0
    assert result.out == "nothing turns red within 30 days of 2026-11-20T12:00:00Z\n"


def test_everything_that_ends_is_listed_soonest_first_with_its_owner(forecast, words):
    words.waiver("late", "1" * 64, expires="2026-11-20")
    words.waiver("soon", "2" * 64, expires="2026-12-01")
    words.waiver("far", "3" * 64)
    words.waiver("unsigned", "4" * 64, expires="2026-12-01", signer=None)
    words.baseline(
        {
            "fingerprint": words_fingerprint(words),
            "policy": "demo/words",
            "rule": "bad-word",
            "key": "foo",
        },
        expires="2026-11-25",
    )

    result = forecast("--json", "--fail")

    assert result.code == 1
    assert items(result) == [
        ("2026-11-20T00:00:00Z", "waiver", "late"),
        ("2026-11-25T00:00:00Z", "baseline", "pr"),
        ("2026-12-01T00:00:00Z", "waiver", "soon"),
    ]
    document = json.loads(result.out)
    assert document["until"] == "2026-12-20T12:00:00Z"
    assert [each["overdue"] for each in document["items"]] == [True, False, False]
    assert {each["owner"] for each in document["items"]} == {"grace@example.org"}
    lines = forecast().out.splitlines()
    assert "overdue" in lines[0]
    assert "4 days" in lines[1]
    assert "1 finding open again" in lines[2]


def words_fingerprint(project: Project) -> str:
    project.words("foo")
    (finding,) = project.run().decisions[0].checks[0].findings
    project.words()
    return finding.fingerprint


@pytest.mark.parametrize(("days", "listed"), [(42, 1), (41, 0)])
def test_the_window_ends_where_it_says(forecast, words, days, listed):
    words.waiver("one", "1" * 64, expires="2027-01-01T11:59:59Z")

    assert len(items(forecast("--json", "--days", days))) == listed


def test_a_waiver_ends_with_the_membership_of_its_approver(forecast, words):
    words.waiver("one", "1" * 64)
    words.roster(
        {
            "name": "ada",
            "emails": ["ada@example.org"],
            "keys": [{"path": "keys/roster/ada.pem"}],
            "leaves": "2026-12-01",
        },
        {"name": "grace", "emails": ["grace@example.org"], "leaves": "2026-11-01"},
    )

    assert items(forecast("--json")) == [
        ("2026-12-01T00:00:00Z", "membership", "ada"),
        ("2026-12-01T00:00:00Z", "waiver", "one"),
    ]
    assert words.run(as_of=datetime(2026, 12, 1, tzinfo=UTC)).decisions[0].waivers.invalid


def test_evidence_grows_too_old_by_the_last_decision(forecast, words):
    fact = {"from": "cyclonedx", "path": "sbom.json"}
    rego = (words.root / "policies/demo/words/words.rego").read_text()
    words.policy(
        rego.replace("words.bad", "sbom.none"),
        facts={"sbom": {"collector": "cyclonedx"}},
    )
    words.write("sbom.json", sbom(component("left", id="MIT")))
    check = words_check(facts={"sbom": {**fact, "maxAge": "7d"}})
    hourly = words_check(id="hourly", facts={"sbom": {**fact, "maxAge": "1h"}})
    words.gate("pr", check, hourly)
    words.store_run()

    result = forecast("--json")

    assert items(result) == [("2026-11-27T11:30:00Z", "evidence", "sbom.json")]
    assert json.loads(result.out)["items"][0]["owner"] == "security"


def test_certificates_of_a_cell_and_of_trust_roots_end(forecast, words, tmp_path):
    created = datetime(2026, 11, 1, tzinfo=UTC)
    cell = Cell.create(tmp_path / "cell", name="acme", unsafe_demo=True, now=created)
    words.write("evidence/trust/acme.json", (cell.folder / "trusted_root.json").read_bytes())
    words.project(trust=["evidence/trust/acme.json"])

    found = items(forecast("--json", "--days", 3650, "--cell", cell.folder))

    assert ("certificate", "tsa.pem") in [(kind, name) for _, kind, name in found]
    assert "trust" in {kind for _, kind, _ in found}
    assert found == sorted(found)


def test_a_folder_that_is_no_cell_is_an_error(forecast, tmp_path):
    result = forecast("--cell", tmp_path)

    assert (result.code, result.out) == (3, "")


def test_a_window_beyond_the_calendar_is_refused(probanda, words):
    result = probanda(
        "forecast", "--project", words.root, "--as-of", "9999-12-01", "--days", "3650"
    )

    assert result.code == 2
    assert "no calendar goes that far" in result.err
