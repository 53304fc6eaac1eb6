"""What an exception needs to hold. Each refused one differs in one thing from its accepted twin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from probanda.content import WorkingTree, load
from probanda.errors import EvidenceError, MultipleContentError
from probanda.gates.approvals import resolve_exceptions
from probanda.model.finding import Finding
from projects import AS_OF, TENANT, Project, public_pem, words_check

EVE = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
FOO = Finding("demo/words", "bad-word", "", "foo", TENANT)
KNOWN = {
    "fingerprint": FOO.fingerprint,
    "policy": "demo/words",
    "rule": "bad-word",
    "key": "foo",
    "count": 1,
}


@pytest.fixture
def foo(words) -> Project:
    """A project whose one check finds `foo`."""
    words.words("foo")
    return words


def why(project: Project, **request) -> str:
    """Why the one exception of the project excuses nothing; empty where it excuses."""
    (decision,) = project.run(**request).decisions
    use = decision.waivers
    if use.used:
        assert (decision.outcome.value, decision.exit_code) == ("waived", 0)
        assert not use.invalid
        return ""
    assert (decision.outcome.value, decision.exit_code) == ("fail", 1)
    if use.expired:
        return "expired"
    (invalid,) = use.invalid
    return invalid.reason


def signing(change: dict) -> dict:
    """The change, with Eve's key where she is to sign; a key makes no name for a test."""
    return change | ({"signer": EVE} if change.get("signer") == "eve" else {})


def people(**ada) -> tuple[dict, dict]:
    """The roster's people, Ada with changes."""
    entry = {
        "name": "ada",
        "emails": ["ada@example.org"],
        "keys": [{"path": "keys/roster/ada.pem"}],
    }
    return (
        {key: value for key, value in {**entry, **ada}.items() if value is not None},
        {"name": "grace", "emails": ["grace@example.org"]},
    )


def test_a_waiver_that_somebody_else_signed_for_holds(foo):
    foo.waiver("one", FOO.fingerprint)

    assert why(foo) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"signer": None}, "nobody has signed it"),
        ({"signer": "eve"}, "'ada' has not signed it"),
        ({"approver": "grace@example.org"}, "are one person"),
        ({"owner": "ada@example.org"}, "are one person"),
        # The same person, by another of her names.
        ({"owner": "Ada-L"}, "are one person"),
        ({"owner": "ADA"}, "are one person"),
        ({"owner": "mallory"}, "its owner 'mallory' is nobody of the roster"),
        ({"approver": "mallory"}, "its approver 'mallory' is nobody of the roster"),
        ({"created": None}, "does not say when it was created"),
        ({"created": "2026-11-20T12:00:01Z"}, "created in the future"),
        ({"created": "2026-11-20T12:00:00Z"}, ""),
        ({"created": "2026-10-03"}, ""),
        ({"created": "2026-10-02"}, "more than 90 days"),
        ({"expires": "2026-11-20T12:00:01Z"}, ""),
        ({"expires": "2026-11-20T12:00:00Z"}, "expired"),
        ({"gates": ["pr"]}, ""),
        ({"checks": ["words"]}, ""),
    ],
    ids=str,
)
def test_a_waiver_that_differs_in_one_thing(foo, change, reason):
    foo.waiver("one", FOO.fingerprint, **signing(change))

    found = why(foo)

    assert found == reason == "" or (reason and reason in found)


@pytest.mark.parametrize("field", ["gates", "checks"])
def test_a_waiver_counts_where_it_says_and_nowhere_else(foo, field):
    foo.gate("release", words_check(id="others"))
    foo.waiver("one", FOO.fingerprint, **{field: ["pr" if field == "gates" else "words"]})

    pr, release = foo.run().decisions

    assert (pr.outcome.value, release.outcome.value) == ("waived", "fail")
    assert pr.waivers.used == ("one",)


def test_a_signature_is_of_the_very_bytes(foo):
    path = foo.waiver("one", FOO.fingerprint)
    path.write_text(path.read_text() + "\n")

    assert "'ada' has not signed it: the signature is of other bytes" in why(foo)


def test_a_signature_that_is_no_envelope_is_a_reason_and_no_error(foo):
    path = foo.waiver("one", FOO.fingerprint)
    path.with_name(path.name + ".sig.json").write_text("[" * 100)

    assert "'ada' has not signed it" in why(foo)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, ""),
        ({"keys": None}, "the roster has no key of 'ada@example.org'"),
        ({"keys": [{"path": "keys/eve.pem"}]}, "'ada' has not signed it"),
        ({"keys": [{"path": "keys/eve.pem"}, {"path": "keys/roster/ada.pem"}]}, ""),
        ({"leaves": "2026-11-20T12:00:01Z"}, ""),
        ({"leaves": "2026-11-20T12:00:00Z"}, "not a member at this time"),
        ({"joins": "2026-11-19"}, ""),
        ({"joins": "2026-11-19T00:00:01Z"}, "was away when it was created"),
        ({"absences": [{"from": "2026-11-18", "until": "2026-11-19"}]}, ""),
        (
            {"absences": [{"from": "2026-11-18", "until": "2026-11-19T00:00:01Z"}]},
            "was away when it was created",
        ),
    ],
    ids=str,
)
def test_the_roster_says_whose_signature_counts(foo, change, reason):
    foo.write("keys/eve.pem", public_pem(EVE))
    foo.waiver("one", FOO.fingerprint)
    foo.roster(*people(**change))

    found = why(foo)

    assert found == reason == "" or (reason and reason in found)


def test_a_signer_whom_the_project_does_not_name_as_approver_approves_nothing(foo):
    foo.waiver("one", FOO.fingerprint)
    foo.approvers = [{"name": "somebody@example.org"}]
    foo.project()

    assert why(foo) == "'ada' is no approver of the project"


@pytest.mark.parametrize("name", ["ada", "Ada-L", "ada@example.org"])
def test_an_approver_is_the_same_person_under_each_name(foo, name):
    foo.waiver("one", FOO.fingerprint, approver="ada")
    foo.approvers = [{"name": name}]
    foo.project()

    assert why(foo) == ""


def test_a_project_without_a_roster_has_nobody_who_could_approve(foo):
    foo.waiver("one", FOO.fingerprint)
    (foo.root / "evidence/roster.yaml").unlink()

    assert "is nobody of the roster" in why(foo)


@pytest.mark.parametrize(("days", "reason"), [(43, ""), (42, "it runs for more than 42 days")])
def test_the_project_bounds_how_long_an_exception_runs(foo, days, reason):
    foo.waiver("one", FOO.fingerprint)
    foo.project(waivers={"maxDays": days})

    assert why(foo) == reason


def test_a_key_of_another_kind_stops_the_run(foo):
    body = "MEwwEAYHKoZIzj0CAQYFK4EEAAoDOAAEAA=="
    foo.write(
        "keys/roster/bad.pem", f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
    )
    foo.roster(*people(keys=[{"path": "keys/roster/bad.pem"}]))

    with pytest.raises(MultipleContentError, match=r"keys/roster/bad\.pem"):
        foo.run()


def test_only_exceptions_of_the_base_count(foo):
    foo.approver("ada@example.org")
    foo.commit()
    foo.waiver("one", FOO.fingerprint)

    (decision,) = foo.run(base="HEAD").decisions

    assert decision.checks[0].outcome.value == "fail"
    assert [finding.rule for finding in decision.checks[1].findings] == ["waiver-added"]
    foo.commit()
    assert foo.run(base="HEAD").exit_code == 0


# Baselines


def test_a_baseline_excuses_what_it_lists_under_its_own_name(foo):
    foo.baseline(KNOWN)

    (decision,) = foo.run().decisions

    assert decision.checks[0].waived[0].by == "baseline:pr"
    assert decision.waivers.used == ("baseline:pr",)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"signer": None}, "nobody has signed it"),
        ({"signer": "eve"}, "'ada' has not signed it"),
        ({"owner": "Ada-L"}, "are one person"),
        ({"created": "2026-10-02"}, "more than 90 days"),
        ({"expires": "2026-11-20T12:00:00Z"}, "expired"),
    ],
    ids=str,
)
def test_a_baseline_is_judged_like_a_waiver(foo, change, reason):
    foo.baseline(KNOWN, **signing(change))

    assert reason in why(foo)


def test_a_finding_that_a_baseline_does_not_list_blocks(foo):
    foo.baseline(KNOWN)
    foo.words("foo", "bar")

    (decision,) = foo.run().decisions

    assert [finding.key for finding in decision.checks[0].findings] == ["bar"]
    assert [waived.finding.key for waived in decision.checks[0].waived] == ["foo"]


def test_a_baseline_counts_in_its_own_gate_alone(foo):
    foo.gate("release", words_check())
    foo.baseline(KNOWN)

    assert [each.exit_code for each in foo.run().decisions] == [0, 1]


PLACED = """\
package demo.words

# METADATA
# title: A word that may not be used
# custom: {id: bad-word, severity: high, remediation: Use another word.}
findings contains finding if {
\tsome place in input.facts.words.bad
\tfinding := {"rule": "bad-word", "key": "foo", "message": "bad", "location": place}
}

# METADATA
# title: No word is bad
# custom: {id: allow, severity: high, remediation: Use no words.}
allow if input.facts.words.bad == []
"""


@pytest.fixture
def placed(words) -> Project:
    """A project whose policy finds one key in the places that the fact lists."""
    words.policy(PLACED)
    words.baseline({**KNOWN, "path": "a.txt", "count": 2})
    return words


def places(project: Project, *found: tuple[str, int]) -> list[str]:
    """Places of open findings, where the policy finds the same key in these."""
    project.write("words.json", {"bad": [{"path": path, "line": line} for path, line in found]})
    (decision,) = project.run().decisions
    return [str(finding.location) for finding in decision.checks[0].findings]


def test_a_known_finding_may_move_within_its_file(placed):
    assert places(placed, ("a.txt", 1), ("a.txt", 2)) == []
    assert places(placed, ("a.txt", 70), ("a.txt", 80)) == []


def test_the_same_rule_and_key_in_another_file_is_a_new_finding(placed):
    assert places(placed, ("a.txt", 1), ("b.txt", 1)) == ["b.txt:1"]


def test_one_more_than_were_known_is_a_new_finding(placed):
    assert places(placed, ("a.txt", 1), ("a.txt", 2), ("a.txt", 3)) == ["a.txt:3"]


def test_what_is_gone_is_told_with_how_many(placed):
    places(placed, ("a.txt", 1))

    (stale,) = placed.run().decisions[0].waivers.stale

    assert (stale.baseline, stale.rule, stale.path, stale.gone) == (
        "baseline:pr",
        "bad-word",
        "a.txt",
        1,
    )


def test_nothing_is_called_gone_that_was_not_looked_at(placed):
    (placed.root / "words.json").unlink()

    (decision,) = placed.run().decisions

    assert decision.checks[0].outcome.value == "notEvaluated"
    assert decision.waivers.stale == ()


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({}, []),
        ({"findings": [KNOWN]}, []),
        ({"findings": [{**KNOWN, "count": 3}]}, ["baseline-extended"]),
        ({"findings": [{**KNOWN, "path": "b.txt"}]}, ["baseline-extended"]),
        ({"expires": "2027-01-02"}, ["baseline-extended"]),
        ({"expires": "2026-12-31"}, []),
        ({"reason": "Another."}, ["baseline-changed"]),
        ({"created": "2026-11-20"}, ["baseline-changed"]),
    ],
    ids=str,
)
def test_a_baseline_that_grows_needs_an_approver_and_one_that_shrinks_nobody(words, change, rules):
    words.baseline({**KNOWN, "count": 2})
    words.commit()
    spec = {"findings": [{**KNOWN, "count": 2}]} | change
    words.baseline(*spec.pop("findings"), **spec)

    *_, content = words.run(base="HEAD").decisions[0].checks

    assert [finding.rule for finding in content.findings] == rules


def test_a_new_baseline_needs_an_approver(words):
    words.approver("ada@example.org")
    words.commit()
    words.baseline(KNOWN)

    *_, content = words.run(base="HEAD").decisions[0].checks

    assert [finding.rule for finding in content.findings] == ["baseline-added"]


# What is not needed any more


def test_a_waiver_is_unused_only_where_everything_it_may_cover_was_looked_at(words):
    words.gate("pr", words_check(), words_check(id="other", optional=True,
               facts={"words": {"from": "json", "path": "none.json"}}))  # fmt: skip
    words.waiver("narrow", FOO.fingerprint, checks=["words"])
    words.waiver("wide", FOO.fingerprint)
    words.waiver("skipped", FOO.fingerprint, checks=["other"])

    (decision,) = words.run().decisions

    assert decision.waivers.unused == ("narrow",)


def test_an_unused_waiver_blocks_where_the_project_says_so(words):
    words.waiver("one", FOO.fingerprint)
    assert words.run().exit_code == 0

    words.project(waivers={"unused": "fail"})
    (decision,) = words.run().decisions

    assert (decision.outcome.value, decision.exit_code) == ("fail", 1)
    assert [(check.id, check.outcome.value) for check in decision.checks] == [
        ("words", "pass"),
        ("exceptions", "fail"),
    ]
    assert [finding.rule for finding in decision.checks[1].findings] == ["waiver-unused"]
    words.words("foo")
    assert words.run().exit_code == 0


def test_a_stale_baseline_blocks_where_the_project_says_so(words):
    words.baseline(KNOWN)
    words.project(waivers={"unused": "fail"})

    (decision,) = words.run().decisions

    assert [finding.rule for finding in decision.checks[1].findings] == ["baseline-stale"]


def test_decisions_with_every_kind_of_exception_are_read_as_written(foo):
    foo.project(waivers={"unused": "fail"})
    foo.words("foo", "bar")
    foo.baseline({**KNOWN, "count": 2})
    foo.waiver("bar", Finding("demo/words", "bad-word", "", "bar", TENANT).fingerprint)
    foo.waiver("late", FOO.fingerprint, expires="2026-11-20")
    foo.waiver("spare", "1" * 64)
    foo.waiver("unsigned", FOO.fingerprint, signer=None)
    foo.commit()

    run = foo.store_run(base="HEAD")

    assert foo.store.read("pr").decision == run.decisions[0]
    assert run.decisions[0].to_json()["waivers"] == {
        "used": ["bar", "baseline:pr"],
        "unused": ["spare"],
        "expired": ["late"],
        "invalid": [{"name": "unsigned", "reason": "nobody has signed it"}],
        "stale": [
            {
                "baseline": "baseline:pr",
                "fingerprint": FOO.fingerprint,
                "gone": 1,
                "key": "foo",
                "rule": "bad-word",
            }
        ],
    }


def test_a_decision_that_a_waiver_without_its_signature_excuses_is_refused(foo):
    path = foo.waiver("one", FOO.fingerprint)
    foo.store_run()
    kept = foo.store.read("pr").content["evidence/waivers/one.yaml.sig.json"]
    assert path.exists()
    (foo.root / ".probanda/artifacts" / kept).write_text("{}")

    with pytest.raises(EvidenceError):
        foo.store.read("pr")


def test_the_same_clock_gives_the_same_answer_everywhere(foo):
    """Gate, report and forecast ask one resolver: an exception holds for all or for none."""
    foo.waiver("one", FOO.fingerprint)
    catalogue = load(WorkingTree(foo.root))
    last = AS_OF.replace(year=2027, month=1, day=1, hour=0)
    for moment in (AS_OF, last - timedelta(seconds=1), last):
        holds = bool(resolve_exceptions(catalogue, moment).holding)
        assert holds is (foo.run(as_of=moment).exit_code == 0)


# The roster as a fact

ROSTER_REGO = """\
package demo.people

# METADATA
# title: Somebody is missing
# custom: {id: missing, severity: high, remediation: Wait.}
findings contains finding if {
\tnames := [person.name | some person in input.facts.roster.people]
\tnot "ada" in names
\tfinding := {"rule": "missing", "key": "ada", "message": sprintf("%v", [names])}
}
"""


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, 0), ({"leaves": "2026-11-20"}, 1),
     ({"absences": [{"from": "2026-11-20", "until": "2026-11-21"}]}, 1)],
    ids=str,
)  # fmt: skip
def test_a_policy_that_declares_the_roster_sees_who_is_there(words, change, code):
    words.policy(
        ROSTER_REGO,
        name="demo/people",
        entrypoints={"findings": {"kind": "findings", "rule": "findings"}},
        facts={"words": {"collector": "json"}, "roster": {"collector": "roster"}},
    )
    words.gate("pr", words_check(policy="demo/people/findings"))
    words.roster(*people(**change))

    run = words.run()

    assert run.exit_code == code, run.decisions[0].checks[0]


def test_a_gate_cannot_bring_a_roster_of_its_own(words):
    words.policy(facts={"words": {"collector": "json"}, "roster": {"collector": "roster"}})
    fact = {"from": "json", "path": "mine.json"}
    words.gate("pr", words_check(facts={**words_check()["facts"], "roster": fact}))

    with pytest.raises(MultipleContentError, match="the host itself states 'roster'"):
        words.run()


def test_a_waiver_for_a_gate_that_is_not_there_is_an_error(words):
    words.waiver("one", FOO.fingerprint, gates=["prr"])

    with pytest.raises(MultipleContentError, match="there is no gate 'prr'"):
        words.run()
