"""The index of a pack: status calculus, period, links, both forms of reading."""

from __future__ import annotations

import dataclasses
import itertools
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from probanda.canonical import canonical, pretty, sha256_hex
from probanda.errors import EvidenceError, ParseError
from probanda.evidence.control_status import ALLOWED_AGE, WORST_FIRST, worst
from probanda.evidence.index import (
    BundleEvidence,
    Period,
    build_index,
    check_references,
    parse_index,
    signed_bytes,
)
from probanda.evidence.index_document import criterion_key, follow, link
from probanda.evidence.manifest import Entry, Manifest
from probanda.evidence.report import Verdict
from probanda.model.control import Automation, Control, ExpectedEvidence, Frequency
from probanda.model.decision import (
    CheckResult,
    Decision,
    JudgingContent,
    WaivedFinding,
    WaiverUse,
)
from probanda.model.finding import Finding
from probanda.model.instant import format_instant
from probanda.model.outcome import ControlStatus, Mode, Outcome

PREDICATE = Path(__file__).resolve().parents[2] / "evidence/predicates/audit-index/v1"
START = datetime(2026, 7, 1, tzinfo=UTC)
END = datetime(2026, 10, 1, tzinfo=UTC)
PERIOD = Period(START, END)
MIDDLE = datetime(2026, 8, 15, 12, tzinfo=UTC)
ENGINE = {"name": "probanda", "version": "0.1.0", "rego": "regopy 1.5.2"}
SBOM = b'{"bomFormat": "CycloneDX"}'
LICENCES = "supply-chain/license-allowlist/findings"
TESTS = "change/required-tests/findings"


def control(criterion: str = "CC8.1", **changes: Any) -> Control:
    values: dict[str, Any] = {
        "id": f"soc2/{criterion}",
        "framework": "soc2",
        "criterion": criterion,
        "title": f"Title of {criterion}",
        "statement": f"What must hold for {criterion}.",
        "owner": "engineering-lead",
        "frequency": Frequency.PER_CHANGE,
        "automation": Automation.AUTOMATED,
        "evidence": (ExpectedEvidence("Components", "cyclonedx", LICENCES, "every merge"),),
        "digest": "0" * 64,
    }
    return Control(**{**values, **changes})


def finding(key: str = "pkg:pypi/example@1") -> Finding:
    return Finding("supply-chain/license-allowlist", "denied", f"secret words {key}", key, "acme")


def check(outcome: Outcome = Outcome.PASS, **changes: Any) -> CheckResult:
    fact = {
        "name": "sbom",
        "type": "cyclonedx",
        "collectedAt": "2026-08-15T12:00:00Z",
        "source": "build/sbom.cdx.json",
        "sha256": sha256_hex(SBOM),
        "size": len(SBOM),
        "mediaType": "application/vnd.cyclonedx+json",
        "producer": "cyclonedx-py 7.2.1",
    }
    values: dict[str, Any] = {
        "id": "new-licenses",
        "outcome": outcome,
        "policy": LICENCES,
        "policy_digest": "1" * 64,
        "controls": ("soc2/CC8.1",),
        "facts": (fact,),
    }
    if outcome is Outcome.FAIL:
        values["findings"] = (finding(),)
    if outcome is Outcome.WAIVED:
        values["waived"] = (WaivedFinding(finding(), "waiver-7"),)
    if outcome in (Outcome.ERROR, Outcome.NOT_EVALUATED, Outcome.SKIPPED):
        values["reason"] = "because"
    return CheckResult(**{**values, **changes})


def decision(
    *checks: CheckResult,
    at: datetime = MIDDLE,
    mode: Mode = Mode.ENFORCE,
    gate: str = "pull-request",
    tenant: str = "acme",
) -> dict[str, Any]:
    return Decision(
        gate=gate,
        title="What a pull request must prove",
        mode=mode,
        gate_digest="2" * 64,
        tenant=tenant,
        as_of=format_instant(at),
        engine=ENGINE,
        content=JudgingContent("main", "", "3" * 64, "3" * 64),
        checks=checks,
        outcome=min((c.outcome for c in checks), key=lambda o: o is Outcome.PASS),
        exit_code=0,
        waivers=WaiverUse(),
    ).to_json()


def bundle(
    *decisions: dict[str, Any],
    name: str = "a.tar",
    verdict: Verdict = Verdict.GOOD,
    tenant: str = "acme",
    sbom: bool = True,
    kind: str = "Bundle",
) -> BundleEvidence:
    documents = {
        f"decisions/{number:03}.json": document for number, document in enumerate(decisions)
    }
    entries = [
        Entry(path, sha256_hex(canonical(document)), 9, "application/json", "decision")
        for path, document in documents.items()
    ]
    if sbom:
        entries.append(
            Entry(
                f"artifacts/{sha256_hex(SBOM)}",
                sha256_hex(SBOM),
                len(SBOM),
                "application/vnd.cyclonedx+json",
                "artifact",
                source="build/sbom.cdx.json",
                type="cyclonedx",
            )
        )
    else:
        entries.append(Entry("content/probanda.yaml", "4" * 64, 1, "text/yaml", "content"))
    return BundleEvidence(
        name=name,
        sha256=sha256_hex(name.encode()),
        manifest=Manifest(kind, "nightly", tenant, "2026-08-15T12:00:00Z", tuple(entries)),
        decisions=documents,
        verdict=verdict,
        signer="spiffe://acme.example/signer" if verdict is Verdict.GOOD else "",
        fingerprint="5" * 64 if verdict is Verdict.GOOD else "",
        reason="" if verdict is Verdict.GOOD else "no signature",
    )


def index(
    *bundles: BundleEvidence,
    controls: tuple[Control, ...] = (),
    as_of: datetime = END,
    period: Period = PERIOD,
) -> dict[str, Any]:
    return build_index(
        controls or (control(),),
        bundles,
        tenant="acme",
        period=period,
        as_of=as_of,
        engine=ENGINE,
    )


def status(*bundles: BundleEvidence, **changes: Any) -> str:
    return index(*bundles, controls=(control(**changes),))["controls"][0]["status"]


# ---------------------------------------------------------------- evidence that any policy shows

READ = ExpectedEvidence(
    "Components", "cyclonedx", population="every merge", query="each component: known"
)


def test_expected_evidence_that_no_gate_feeds_is_a_gap_and_says_so() -> None:
    (card,) = index(controls=(control(evidence=(READ,)),))["controls"]
    assert card["status"] == "gap"
    assert "no gate reads cyclonedx for it" in card["reason"]
    (row,) = card["evidence"]
    assert (row["kind"], row["status"], row["query"]) == ("automated", "gap", READ.query)
    assert card["outstanding"] == []


def test_any_check_that_names_the_control_and_reads_through_the_collector_shows_it() -> None:
    for outcome, expected in ((Outcome.PASS, "pass"), (Outcome.FAIL, "fail")):
        result = check(outcome, policy="own/components/findings")
        assert status(bundle(decision(result)), evidence=(READ,)) == expected


def test_a_check_that_reads_something_else_or_nothing_does_not_show_it() -> None:
    other = dataclasses.replace(READ, collector="junit")
    assert status(bundle(decision(check())), evidence=(other,)) == "gap"
    assert status(bundle(decision(check(facts=()))), evidence=(READ,)) == "gap"
    empty = {**check().facts[0], "missing": "empty"}
    assert status(bundle(decision(check(facts=(empty,)))), evidence=(READ,)) == "gap"


def test_a_shadow_pass_does_not_show_it() -> None:
    assert status(bundle(decision(check(), mode=Mode.SHADOW)), evidence=(READ,)) == "gap"


def test_evidence_under_the_wrong_criterion_closes_no_gap_but_fails_all_the_same() -> None:
    right = control(topics=("change",))
    wrong = control(
        id="soc2/CC2.1", criterion="CC2.1", title="Information", evidence=(READ,), topics=("log",)
    )
    for outcome, expected in ((Outcome.PASS, "gap"), (Outcome.FAIL, "fail")):
        result = check(
            outcome, id="change-mgmt", policy="own/words/findings", controls=("soc2/CC2.1",)
        )
        document = index(bundle(decision(result)), controls=(right, wrong))
        statuses = {card["id"]: card["status"] for card in document["controls"]}
        assert statuses["CC2.1"] == expected


# ---------------------------------------------------------------- status of one decision


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.PASS, "pass"),
        (Outcome.FAIL, "fail"),
        (Outcome.WAIVED, "waived"),
        (Outcome.SKIPPED, "gap"),
        (Outcome.ERROR, "notEvaluated"),
        (Outcome.NOT_EVALUATED, "notEvaluated"),
    ],
)
def test_a_single_decision_in_an_enforcing_gate_gives_its_own_status(
    outcome: Outcome, expected: str
) -> None:
    assert status(bundle(decision(check(outcome)))) == expected


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.PASS, "gap"),
        (Outcome.FAIL, "fail"),
        (Outcome.WAIVED, "gap"),
        (Outcome.SKIPPED, "gap"),
        (Outcome.ERROR, "notEvaluated"),
    ],
)
def test_a_shadow_gate_can_fail_a_control_but_never_pass_it(
    outcome: Outcome, expected: str
) -> None:
    assert status(bundle(decision(check(outcome), mode=Mode.SHADOW))) == expected


@pytest.mark.parametrize("verdict", [Verdict.BAD, Verdict.UNKNOWN])
@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_decision_from_an_unverified_bundle_never_counts(
    verdict: Verdict, outcome: Outcome
) -> None:
    expected = "gap" if outcome is Outcome.SKIPPED else "notEvaluated"

    card = index(bundle(decision(check(outcome)), verdict=verdict))["controls"][0]

    assert card["status"] == expected
    assert card["decisions"][0]["standing"] == "notCounted"
    assert "verif" in card["reason"]
    assert "no signature" in card["reason"]


def test_an_open_finding_fails_whatever_the_outcome_says() -> None:
    assert status(bundle(decision(check(Outcome.PASS, findings=(finding(),))))) == "fail"


def test_a_waived_finding_is_never_a_pass_whatever_the_outcome_says() -> None:
    waived = (WaivedFinding(finding(), "waiver-7"),)
    assert status(bundle(decision(check(Outcome.PASS, waived=waived)))) == "waived"


def test_a_decision_whose_artifact_is_not_in_the_bundle_is_not_evaluated() -> None:
    card = index(bundle(decision(check()), sbom=False))["controls"][0]
    assert card["status"] == "notEvaluated"
    assert "1 artifact not in the bundle" in card["reason"]
    assert card["artifacts"] == []


def test_a_fact_that_was_declared_empty_needs_no_artifact() -> None:
    empty = {
        "name": "base",
        "type": "cyclonedx",
        "collectedAt": "2026-08-15T12:00:00Z",
        "missing": "empty",
    }
    assert status(bundle(decision(check(facts=(empty,))), sbom=False)) == "pass"


def test_no_decision_at_all_is_a_gap_that_names_what_is_missing() -> None:
    document = index()
    assert document["gaps"] == ["CC8.1"]
    assert "Components" in document["controls"][0]["reason"]
    assert document["summary"]["gap"] == 1


# ---------------------------------------------------------------- several decisions


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Outcome.FAIL, Outcome.PASS, "pass"),
        (Outcome.PASS, Outcome.FAIL, "fail"),
        (Outcome.PASS, Outcome.ERROR, "notEvaluated"),
        (Outcome.FAIL, Outcome.SKIPPED, "fail"),
        (Outcome.PASS, Outcome.SKIPPED, "pass"),
        (Outcome.WAIVED, Outcome.PASS, "pass"),
    ],
)
def test_the_latest_decision_of_a_check_counts_and_a_skip_supersedes_nothing(
    first: Outcome, second: Outcome, expected: str
) -> None:
    later = MIDDLE + timedelta(hours=1)
    found = bundle(decision(check(first)), decision(check(second), at=later))
    assert status(found) == expected


def test_an_earlier_decision_is_listed_as_earlier() -> None:
    later = MIDDLE + timedelta(hours=1)
    card = index(bundle(decision(check(Outcome.FAIL)), decision(check(), at=later)))["controls"][0]
    assert [row["standing"] for row in card["decisions"]] == ["latest", "earlier"]
    assert card["findings"] == {"open": 0, "waived": 0, "rules": []}
    assert card["population"] == {"description": "every merge", "count": 2}


def test_of_two_decisions_at_the_same_instant_the_worse_one_counts() -> None:
    found = bundle(decision(check(Outcome.PASS)), decision(check(Outcome.FAIL)))
    assert status(found) == "fail"


@pytest.mark.parametrize("first", [Outcome.FAIL, Outcome.PASS])
def test_a_newer_unverified_pass_hides_no_failure_and_spoils_a_pass(first: Outcome) -> None:
    good = bundle(decision(check(first)))
    planted = bundle(
        decision(check(), at=MIDDLE + timedelta(days=1)),
        name="planted.tar",
        verdict=Verdict.UNKNOWN,
    )
    assert status(good, planted) == ("fail" if first is Outcome.FAIL else "notEvaluated")


def test_an_unverified_decision_older_than_a_verified_one_does_no_harm() -> None:
    good = bundle(decision(check()))
    old = bundle(
        decision(check(Outcome.FAIL), at=MIDDLE - timedelta(days=1)),
        name="old.tar",
        verdict=Verdict.BAD,
    )
    assert status(good, old) == "pass"


@pytest.mark.parametrize(("first", "expected"), [(Outcome.FAIL, "fail"), (Outcome.PASS, "gap")])
def test_a_gate_that_was_put_in_shadow_mode_proves_nothing_any_more(
    first: Outcome, expected: str
) -> None:
    shadow = decision(check(), at=MIDDLE + timedelta(days=1), mode=Mode.SHADOW)
    assert status(bundle(decision(check(first)), shadow)) == expected


def test_a_failing_check_that_the_control_does_not_expect_fails_it_all_the_same() -> None:
    other = check(Outcome.FAIL, id="schema", policy="intelgraph/schema/allow")
    assert status(bundle(decision(check(), other))) == "fail"


def test_every_expected_policy_needs_a_decision_of_its_own() -> None:
    both = (
        ExpectedEvidence("Components", "cyclonedx", LICENCES),
        ExpectedEvidence("Required tests", "junit", TESTS),
    )
    card = index(bundle(decision(check())), controls=(control(evidence=both),))["controls"][0]
    assert card["status"] == "gap"
    assert "Required tests" in card["reason"]
    assert [item["status"] for item in card["evidence"]] == ["pass", "gap"]


@pytest.mark.parametrize("decided", ["", "builtin:"])
@pytest.mark.parametrize("expected", ["", "builtin:"])
def test_a_builtin_policy_is_the_same_policy_under_its_prefix(decided: str, expected: str) -> None:
    asked = (ExpectedEvidence("Components", "cyclonedx", f"{expected}{LICENCES}"),)
    card = index(
        bundle(decision(check(policy=f"{decided}{LICENCES}"))),
        controls=(control(evidence=asked),),
    )["controls"][0]
    assert card["status"] == "pass"
    assert card["evidence"][0]["policy"] == card["decisions"][0]["policy"] == LICENCES


def test_the_same_decision_in_two_bundles_counts_once_and_from_the_verified_one() -> None:
    copy = bundle(decision(check()), name="a-copy.tar", verdict=Verdict.UNKNOWN)
    document = index(bundle(decision(check()), name="b.tar"), copy)
    assert document["decisions"] == {"inPeriod": 1, "outsidePeriod": 0, "duplicates": 1}
    assert document["controls"][0]["status"] == "pass"
    assert [row["bundle"] for row in document["controls"][0]["decisions"]] == ["b.tar"]


# ---------------------------------------------------------------- people's evidence


def test_a_manual_control_is_manual_and_lists_what_people_must_provide() -> None:
    asked = (ExpectedEvidence("Follow-up", review="Take the list …"),)
    card = index(controls=(control(automation=Automation.MANUAL, evidence=asked),))["controls"][0]
    assert card["status"] == "manual"
    assert card["outstanding"] == ["Follow-up"]


@pytest.mark.parametrize(
    ("outcome", "expected"), [(Outcome.FAIL, "fail"), (Outcome.PASS, "manual")]
)
def test_a_decision_can_fail_a_manual_control_but_not_pass_it(
    outcome: Outcome, expected: str
) -> None:
    asked = (ExpectedEvidence("Follow-up", review="Take the list …"),)
    found = bundle(decision(check(outcome)))
    assert status(found, automation=Automation.MANUAL, evidence=asked) == expected


def test_a_hybrid_control_passes_by_its_automation_and_lists_the_rest_as_outstanding() -> None:
    asked = (
        ExpectedEvidence("Components", "cyclonedx", LICENCES),
        ExpectedEvidence("Approval", review="Draw merges …"),
    )
    hybrid = control(automation=Automation.HYBRID, evidence=asked)
    card = index(bundle(decision(check())), controls=(hybrid,))["controls"][0]
    assert (card["status"], card["outstanding"]) == ("pass", ["Approval"])


def test_an_automated_control_without_any_policy_is_a_gap() -> None:
    asked = (ExpectedEvidence("Approval", review="Draw merges …"),)
    assert status(bundle(decision(check())), evidence=asked) == "gap"


# ---------------------------------------------------------------- clocks


@pytest.mark.parametrize(
    ("at", "inside"),
    [
        (START - timedelta(seconds=1), False),
        (START, True),
        (END - timedelta(seconds=1), True),
        (END, False),
    ],
)
def test_the_period_is_half_open(at: datetime, inside: bool) -> None:
    document = index(bundle(decision(check(), at=at)), as_of=END + timedelta(days=30))
    assert document["controls"][0]["status"] == ("pass" if inside else "gap")
    assert document["decisions"]["outsidePeriod"] == (0 if inside else 1)


def test_a_decision_later_than_the_packs_clock_is_left_out_and_counted() -> None:
    found = bundle(decision(check()))
    assert index(found, as_of=MIDDLE)["controls"][0]["status"] == "pass"
    early = index(found, as_of=MIDDLE - timedelta(seconds=1))
    assert early["controls"][0]["status"] == "gap"
    assert early["decisions"]["outsidePeriod"] == 1


@pytest.mark.parametrize("frequency", [f for f in Frequency if ALLOWED_AGE[f] is not None])
def test_evidence_is_stale_one_second_after_its_frequency_allows(frequency: Frequency) -> None:
    allowed = ALLOWED_AGE[frequency]
    assert allowed is not None
    end = START + timedelta(days=400)
    for late, expected in ((timedelta(), "pass"), (timedelta(seconds=1), "stale")):
        document = index(
            bundle(decision(check(), at=end - allowed - late)),
            controls=(control(frequency=frequency),),
            period=Period(START, end),
            as_of=end + timedelta(days=1),
        )
        assert document["controls"][0]["status"] == expected


def test_a_per_change_control_never_goes_stale() -> None:
    assert status(bundle(decision(check(), at=START))) == "pass"


def test_age_is_measured_at_the_packs_clock_while_the_period_still_runs() -> None:
    document = index(
        bundle(decision(check())),
        controls=(control(frequency=Frequency.DAILY),),
        as_of=MIDDLE + timedelta(hours=23),
    )
    assert document["controls"][0]["status"] == "pass"


@pytest.mark.parametrize(
    ("start", "end"),
    [(START, START), (END, START), (START.replace(tzinfo=None), END.replace(tzinfo=None))],
)
def test_a_period_that_is_empty_reversed_or_naive_is_refused(
    start: datetime, end: datetime
) -> None:
    with pytest.raises(EvidenceError):
        Period(start, end)


# ---------------------------------------------------------------- the whole document


def test_the_worst_status_wins_and_nothing_is_a_gap() -> None:
    assert set(WORST_FIRST) == set(ControlStatus)
    assert worst([]) is ControlStatus.GAP
    for better, worse in itertools.combinations(reversed(WORST_FIRST), 2):
        assert worst([better, worse]) is worse


def test_criteria_stand_in_natural_order_with_common_criteria_first() -> None:
    names = ["P4.1", "PI1.1", "C1.1", "A1.10", "CC10.1", "A1.2", "CC2.1"]
    document = index(controls=tuple(control(name) for name in names))
    listed = [card["id"] for card in document["controls"]]
    assert listed == ["CC2.1", "CC10.1", "A1.2", "A1.10", "C1.1", "PI1.1", "P4.1"]
    assert sorted(["X1", "P1.1"], key=criterion_key) == ["P1.1", "X1"]


def test_the_index_does_not_depend_on_the_order_of_what_it_is_made_from() -> None:
    controls = tuple(control(name) for name in ("CC8.1", "CC6.8", "P4.2"))
    bundles = tuple(
        bundle(
            decision(check(outcome, controls=("soc2/CC8.1", "soc2/P4.2")), at=at),
            name=f"{at:%d}.tar",
        )
        for outcome, at in (
            (Outcome.PASS, MIDDLE),
            (Outcome.FAIL, MIDDLE + timedelta(days=1)),
            (Outcome.WAIVED, MIDDLE + timedelta(days=2)),
        )
    )
    made = {
        pretty(index(*some, controls=tuple(order)))
        for some in itertools.permutations(bundles)
        for order in itertools.permutations(controls)
    }
    assert len(made) == 1


def test_an_artifact_is_listed_with_its_link_digest_producer_and_time() -> None:
    card = index(bundle(decision(check())))["controls"][0]
    assert card["artifacts"] == [
        {
            "uri": f"bundles/a.tar#artifacts/{sha256_hex(SBOM)}",
            "name": "build/sbom.cdx.json",
            "type": "cyclonedx",
            "sha256": sha256_hex(SBOM),
            "size": len(SBOM),
            "mediaType": "application/vnd.cyclonedx+json",
            "producer": "cyclonedx-py 7.2.1",
            "collectedAt": "2026-08-15T12:00:00Z",
        }
    ]


def test_findings_are_counted_by_rule_and_neither_message_nor_key_is_told() -> None:
    failing = check(
        Outcome.FAIL,
        findings=(finding("a"), finding("b")),
        waived=(WaivedFinding(finding("c"), "waiver-7"),),
    )
    document = index(bundle(decision(failing)))
    assert document["controls"][0]["findings"] == {
        "open": 2,
        "waived": 1,
        "rules": [
            {"policy": "supply-chain/license-allowlist", "rule": "denied", "open": 2, "waived": 1}
        ],
    }
    assert "secret words" not in pretty(document)


def test_a_control_that_only_decisions_know_is_named() -> None:
    document = index(bundle(decision(check(controls=("soc2/CC8.1", "soc2/CC6.2", "iso/A.5")))))
    assert document["unknownControls"] == ["soc2/CC6.2"]


def test_controls_of_other_frameworks_are_left_to_their_own_pack() -> None:
    other = replace(control(), id="iso/A.5", framework="iso", criterion="A.5")
    assert [c["id"] for c in index(controls=(control(), other))["controls"]] == ["CC8.1"]


def test_bundles_are_listed_with_digests_and_verdict() -> None:
    found = bundle(decision(check(Outcome.FAIL)), verdict=Verdict.BAD)
    assert index(found)["bundles"] == [
        {
            "name": "a.tar",
            "sha256": found.sha256,
            "manifestSha256": found.manifest.digest,
            "asOf": "2026-08-15T12:00:00Z",
            "outcome": "fail",
            "decisions": 1,
            "signer": "",
            "fingerprint": "",
            "verdict": "bad",
            "reason": "no signature",
        }
    ]


# ---------------------------------------------------------------- refusals


def test_zero_controls_make_no_index() -> None:
    with pytest.raises(EvidenceError, match="zero controls prove nothing"):
        build_index((), (), tenant="acme", period=PERIOD, as_of=END, engine=ENGINE)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ((bundle(decision(check()), tenant="other"),), "another tenant"),
        ((bundle(decision(check(), tenant="other")),), "another tenant"),
        ((bundle(decision(check())), bundle(decision(check()))), "two bundles"),
        ((bundle(decision(check()), kind="Pack"),), "no bundle"),
    ],
)
def test_evidence_of_another_tenant_or_kind_or_twice_the_name_is_refused(
    found: tuple[BundleEvidence, ...], words: str
) -> None:
    with pytest.raises(EvidenceError, match=words):
        index(*found)


def test_two_documents_of_one_control_are_refused() -> None:
    with pytest.raises(EvidenceError, match="two controls"):
        index(controls=(control(), control()))


def test_a_decision_that_the_manifest_does_not_list_is_refused() -> None:
    found = bundle(decision(check()))
    planted = replace(found, decisions={**found.decisions, "decisions/x.json": decision(check())})
    with pytest.raises(EvidenceError, match="not listed as a decision"):
        index(planted)


def test_a_decision_that_is_not_the_document_that_the_manifest_lists_is_refused() -> None:
    found = bundle(decision(check(Outcome.FAIL)))
    swapped = replace(found, decisions={"decisions/000.json": decision(check())})
    with pytest.raises(EvidenceError, match="not the document that the manifest lists"):
        index(swapped)


def _broken() -> list[dict[str, Any]]:
    """Decisions with one thing wrong."""

    def edit(**changes: Any) -> dict[str, Any]:
        return {**decision(check()), **changes}

    one = decision(check())["checks"][0]
    return [
        edit(kind="Gate"),
        edit(apiVersion="probanda/v2"),
        edit(asOf="yesterday"),
        edit(gate={"name": "x"}),
        edit(gate={"name": "x", "mode": "lenient", "title": "", "sha256": ""}),
        edit(checks=None),
        edit(checks=[{}]),
        edit(checks=[{**one, "outcome": "green"}]),
        edit(checks=[{**one, "findings": None}]),
        edit(checks=[{**one, "facts": [{"name": "sbom"}]}]),
        edit(checks=["x"]),
    ]


@pytest.mark.parametrize("document", _broken())
def test_a_malformed_decision_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError):
        index(bundle(document))


# ---------------------------------------------------------------- links


@pytest.mark.parametrize("path", ["artifacts/a b#c?.json", "artifacts/ä%2F", "decisions/000.json"])
def test_a_link_leads_back_to_bundle_and_path(path: str) -> None:
    assert follow(link("a b#.tar", path)) == ("a b#.tar", path)


@pytest.mark.parametrize(
    "uri", ["s3://lake/x.gz", "bundles/a.tar", "other/a.tar#x", "bundles/a.tar#%61", "bundles/../x"]
)
def test_any_other_uri_leads_nowhere(uri: str) -> None:
    assert follow(uri) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("uri", "bundles/a.tar#artifacts/other"),
        ("uri", "bundles/b.tar#decisions/000.json"),
        ("uri", "https://example.org/x"),
        ("sha256", "9" * 64),
        ("size", 1),
    ],
)
def test_an_artifact_link_that_leads_elsewhere_is_refused(field: str, value: object) -> None:
    found = bundle(decision(check()))
    document = index(found)
    check_references(document, {found.name: found.manifest})
    document["controls"][0]["artifacts"][0][field] = value
    with pytest.raises(EvidenceError, match=r"CC8\.1"):
        check_references(document, {found.name: found.manifest})


def test_a_decision_link_that_leads_nowhere_is_refused() -> None:
    found = bundle(decision(check()))
    document = index(found)
    document["controls"][0]["decisions"][0]["document"] = "bundles/a.tar#decisions/9.json"
    with pytest.raises(EvidenceError, match="in no bundle"):
        check_references(document, {found.name: found.manifest})


# ---------------------------------------------------------------- reading


def test_an_index_reads_back_and_signatures_do_not_change_its_signed_bytes() -> None:
    document = index(bundle(decision(check())))
    before = signed_bytes(document)
    document["signatures"] = ['{"signatures": []}']
    parsed = parse_index(canonical(document))
    assert parsed.document == document
    assert signed_bytes(parsed.document) == before
    assert b"signatures" not in before
    assert parsed.controls[0].id == "CC8.1"
    assert parsed.controls[0].artifacts[0].sha256 == sha256_hex(SBOM)


def test_the_short_form_with_bare_uris_reads_too() -> None:
    data = (
        b'{"version":"soc2-prep-v1","controls":[{"id":"CC8.1","artifacts":'
        b'["s3://audit/2026/change-mgmt.jsonl.gz"]}],"signatures":["..."]}'
    )
    parsed = parse_index(data)
    assert parsed.version == "soc2-prep-v1"
    assert parsed.controls[0].artifacts[0].uri == "s3://audit/2026/change-mgmt.jsonl.gz"
    assert parsed.controls[0].artifacts[0].sha256 == ""


SHORT = {"version": "x-v1", "controls": [{"id": "CC8.1", "artifacts": []}], "signatures": []}


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {**SHORT, "version": 1},
        {**SHORT, "version": ""},
        {**SHORT, "version": "probanda/index/v2"},
        {**SHORT, "version": "probanda/index/v1"},
        {**SHORT, "extra": 1},
        {**SHORT, "controls": {}},
        {**SHORT, "controls": ["CC8.1"]},
        {**SHORT, "controls": [{"id": "CC8.1"}]},
        {**SHORT, "controls": [{"id": "", "artifacts": []}]},
        {**SHORT, "controls": [{"id": "CC8.1", "artifacts": [1]}]},
        {**SHORT, "controls": [{"id": "CC8.1", "artifacts": [""]}]},
        {**SHORT, "controls": [{"id": "CC8.1", "artifacts": ["java script"]}]},
        {**SHORT, "controls": [{"id": "CC8.1", "artifacts": ["a\u202eb"]}]},
        {**SHORT, "controls": SHORT["controls"] * 2},
        {**SHORT, "signatures": [""]},
        {**SHORT, "signatures": ["x"] * 65},
        {**SHORT, "signatures": "x"},
    ],
)
def test_a_malformed_short_index_is_refused(document: object) -> None:
    with pytest.raises(ParseError):
        parse_index(json.dumps(document).encode())


def _mutants() -> list[tuple[str, Any]]:
    """JSON pointers into an index, and a wrong value for each."""
    return [
        ("version", "probanda/index/v9"),
        ("tenant", ""),
        ("period/from", "2026-07-01"),
        ("period/to", "2026-01-01T00:00:00Z"),
        ("asOf", None),
        ("engine/rego", 1),
        ("summary/pass", 7),
        ("summary/pass", True),
        ("summary/perfect", 0),
        ("controls", []),
        ("controls/0/status", "perfect"),
        ("controls/0/status", "fail"),
        ("controls/0/frequency", "sometimes"),
        ("controls/0/decisions/0/mode", "lenient"),
        ("controls/0/decisions/0/standing", "best"),
        ("controls/0/artifacts/0/size", -1),
        ("controls/0/artifacts/0/size", 1.5),
        ("controls/0/artifacts/0/sha256", "A" * 64),
        ("controls/0/artifacts/0/uri", "a b"),
        ("controls/0/artifacts/0/note", "x"),
        ("controls/0/title", "x" * 5000),
        ("bundles/0/verdict", "fine"),
        ("bundles/0/outcome", None),
        ("gaps", ["CC8.1"]),
        ("signatures", [1]),
        ("remark", "x"),
    ]


@pytest.mark.parametrize(("pointer", "value"), _mutants())
def test_a_malformed_index_is_refused(pointer: str, value: Any) -> None:
    document = index(bundle(decision(check())))
    target: Any = document
    *parents, last = pointer.split("/")
    for part in parents:
        target = target[int(part)] if isinstance(target, list) else target[part]
    target[last] = value
    with pytest.raises(ParseError):
        parse_index(json.dumps(document).encode())


@pytest.mark.parametrize(
    "data", [b"", b"{", b'{"a":1,"a":2}', b"[" * 100_000, b"NaN", b'"\xff"', b"null"]
)
def test_what_is_not_sound_json_is_refused(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse_index(data)


# ---------------------------------------------------------------- the published schema


def example() -> dict[str, Any]:
    """A small index with every kind of row; `example.json` is exactly this."""
    hybrid = (
        ExpectedEvidence("Components of each change", "cyclonedx", LICENCES, "every merge"),
        ExpectedEvidence("Approval by a second person", review="Draw merges from the history."),
    )
    follow_up = (ExpectedEvidence("Follow-up", review="Take the list of the previous pack."),)
    on_two = ("soc2/CC8.1", "soc2/CC6.8")
    egress = "intelgraph/egress/allow"
    exported = check(Outcome.WAIVED, id="export", policy=egress, controls=("soc2/CC6.7",))
    return index(
        bundle(
            decision(check(Outcome.FAIL, controls=on_two)),
            decision(check(controls=on_two), at=MIDDLE + timedelta(hours=2)),
            name="nightly-2026-08-15.tar",
        ),
        bundle(
            decision(exported, at=END - timedelta(days=1), gate="egress"),
            name="egress-2026-09-30.tar",
        ),
        controls=(
            control(automation=Automation.HYBRID, evidence=hybrid),
            control("CC6.8"),
            control(
                "CC6.7",
                frequency=Frequency.WEEKLY,
                evidence=(ExpectedEvidence("Egress", policy=egress),),
            ),
            control("CC4.2", automation=Automation.MANUAL, evidence=follow_up),
            control("PI1.1"),
        ),
    )


def test_the_published_example_is_what_the_code_builds() -> None:
    stored = (PREDICATE / "example.json").read_text(encoding="utf-8")
    assert stored == pretty(example())
    parse_index(stored.encode())


def test_the_published_schema_accepts_the_example_and_is_as_strict_as_the_reader() -> None:
    schema = json.loads((PREDICATE / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(example())
    validator.validate(index())
    consistency = {("period/to", 1), ("summary/pass", 0), ("controls/0/status", 1), ("gaps", 0)}
    refused = 0
    for pointer, value in _mutants():
        document = index(bundle(decision(check())))
        target: Any = document
        *parents, last = pointer.split("/")
        for part in parents:
            target = target[int(part)] if isinstance(target, list) else target[part]
        target[last] = value
        refused += not validator.is_valid(document)
    # What relates two places to each other is beyond a JSON Schema.
    assert refused == len(_mutants()) - len(consistency)


if __name__ == "__main__":  # PYTHONPATH=engine python tests/evidence/test_index.py
    (PREDICATE / "example.json").write_text(pretty(example()), encoding="utf-8")
