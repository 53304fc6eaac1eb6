"""The index of a pack: controls, what was decided about them, and links to the evidence.

Rules:

- Pure and deterministic: controls, verified bundles, a period and a clock in; a JSON
  document out. Same inputs → the same document, whatever their order.
- The period is half-open, [from, to). Decisions outside it, and decisions later than the
  pack's clock, are left out and counted. The same decision in two bundles counts once.
- Metadata only: digests, names, counts and rule ids; no finding's message or key, no data.
- A bundle or decision of another tenant is an error, never left out in silence.
- Every link is checked against the manifests before the document is returned.

The caller verifies the bundles; a verdict other than `good` makes their decisions count
as not evaluated (see `control_status`).

    index = build_index(controls, bundles, tenant="acme", period=Period(start, end),
                        as_of=now, engine={"name": "probanda", "version": "1", "rego": "…"})
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from probanda.errors import EvidenceError
from probanda.evidence.control_status import ControlJudgement, Event, Standing, judge
from probanda.evidence.index_document import (
    check_references,
    criterion_key,
    link,
    parse_index,
    signed_bytes,
)
from probanda.evidence.index_shape import VERSION, index_problem
from probanda.evidence.recorded_results import (
    BundleEvidence,
    Period,
    Result,
    read_results,
)
from probanda.evidence.report import Verdict as BundleVerdict
from probanda.model.control import Control
from probanda.model.instant import format_instant
from probanda.model.outcome import ControlStatus, Outcome
from probanda.model.topic import fitting

__all__ = [
    "BundleEvidence",
    "BundleVerdict",
    "Period",
    "build_index",
    "check_references",
    "parse_index",
    "signed_bytes",
]

# A bundle's outcome is that of its worst gate, worst first.
_WORST_OUTCOMES = (
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.NOT_EVALUATED,
    Outcome.WAIVED,
    Outcome.PASS,
    Outcome.SKIPPED,
)


def build_index(
    controls: Iterable[Control],
    bundles: Iterable[BundleEvidence],
    *,
    tenant: str,
    period: Period,
    as_of: datetime,
    engine: Mapping[str, str],
    framework: str = "soc2",
) -> dict[str, Any]:
    """The index of `framework`'s controls for one tenant and period, unsigned.

    Raises:
        EvidenceError: no control, a duplicate name, another tenant's evidence, a malformed
            decision, a decision that the bundle's manifest does not list, or a text that the
            index's format does not hold.
    """
    chosen = sorted(
        (control for control in controls if control.framework == framework),
        key=lambda control: criterion_key(control.criterion),
    )
    if not chosen:
        raise EvidenceError(f"no control of {framework}; zero controls prove nothing")
    _distinct((control.criterion for control in chosen), "control")
    found = tuple(bundles)
    _distinct((bundle.name for bundle in found), "bundle")
    results, counts = read_results(found, tenant=tenant, period=period, as_of=as_of)
    end = min(period.end, as_of)
    cards = [_card(control, chosen, results, end) for control in chosen]
    named = {name for result in results for name in result.controls}
    statuses = [card["status"] for card in cards]
    index: dict[str, Any] = {
        "version": VERSION,
        "framework": framework,
        "tenant": tenant,
        "period": {"from": format_instant(period.start), "to": format_instant(period.end)},
        "asOf": format_instant(as_of),
        "engine": {key: engine[key] for key in ("name", "version", "rego")},
        "summary": {status.value: statuses.count(status.value) for status in ControlStatus},
        "controls": cards,
        "bundles": sorted(
            (_bundle(bundle) for bundle in found), key=lambda row: (row["asOf"], row["name"])
        ),
        "decisions": counts,
        "unknownControls": sorted(
            name
            for name in named - {control.id for control in chosen}
            if name.startswith(f"{framework}/")
        ),
        "gaps": [card["id"] for card in cards if card["status"] == ControlStatus.GAP.value],
        "signatures": [],
    }
    # What can be written can be read.
    if problem := index_problem(index):
        raise EvidenceError(f"index: {problem}")
    check_references(index, {bundle.name: bundle.manifest for bundle in found})
    return index


def _distinct(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise EvidenceError(f"two {what}s are called {name!r}")
        seen.add(name)


def _card(
    control: Control, peers: Sequence[Control], results: Sequence[Result], end: datetime
) -> dict[str, Any]:
    """One control of the index, among the controls of its framework."""
    mine = sorted(
        (result for result in results if control.id in result.controls),
        key=lambda result: _newest_first(result.event),
    )
    events = [_placed(result.event, control, peers) for result in mine]
    judgement = judge(control, events, end=end)
    populations = dict.fromkeys(e.population for e in control.evidence if e.population)
    artifacts = {row["uri"]: row for result in reversed(mine) for row in result.artifacts}
    return {
        "id": control.criterion,
        "title": control.title,
        "statement": control.statement.strip(),
        "owner": control.owner,
        "frequency": control.frequency.value,
        "automation": control.automation.value,
        "status": judgement.status.value,
        "reason": judgement.reason,
        "evidence": _evidence(control, judgement),
        "outstanding": [each.title for each in control.evidence if not each.automated],
        "decisions": [
            _decision(result.event, standing)
            for result, standing in zip(mine, judgement.standings, strict=True)
        ],
        "population": {
            "description": "; ".join(populations),
            "count": len({(r.event.bundle, r.event.document) for r in mine}),
        },
        "findings": _findings(mine, judgement.standings),
        "artifacts": sorted(
            artifacts.values(), key=lambda row: (row["name"], row["collectedAt"], row["uri"])
        ),
    }


def _placed(event: Event, control: Control, peers: Sequence[Control]) -> Event:
    """The check result, which shows less where it is cited under the wrong control."""
    better = fitting(control, peers, policy=event.policy, check=event.check)
    return replace(event, fits=False) if better else event


def _newest_first(event: Event) -> tuple[float, str, str, str, str, str]:
    order = (event.gate, event.check, event.policy, event.bundle, event.document)
    return (-event.as_of.timestamp(), *order)


def _evidence(control: Control, judgement: ControlJudgement) -> list[dict[str, Any]]:
    return [
        {
            "title": expected.title,
            "kind": "automated" if expected.automated else "manual",
            "collector": expected.collector,
            "query": expected.query.strip(),
            "policy": expected.policy.removeprefix("builtin:"),
            "population": expected.population,
            "review": expected.review.strip(),
            "artifact": expected.artifact,
            "status": item.status.value,
            "decisions": item.decisions,
            "latest": format_instant(item.latest) if item.latest is not None else "",
        }
        for expected, item in zip(control.evidence, judgement.items, strict=True)
    ]


def _decision(event: Event, standing: Standing) -> dict[str, Any]:
    return {
        "gate": event.gate,
        "check": event.check,
        "policy": event.policy,
        "mode": event.mode.value,
        "outcome": event.outcome.value,
        "asOf": format_instant(event.as_of),
        "bundle": event.bundle,
        "document": link(event.bundle, event.document),
        "standing": standing.value,
        "reason": event.why,
    }


def _findings(results: Sequence[Result], standings: Sequence[Standing]) -> dict[str, Any]:
    """Findings of the latest decisions, by rule; counts only."""
    rules: dict[tuple[str, str], dict[str, Any]] = {}
    for result, standing in zip(results, standings, strict=True):
        if standing is not Standing.LATEST:
            continue
        for policy, rule, is_open in result.rules:
            row = rules.setdefault(
                (policy, rule), {"policy": policy, "rule": rule, "open": 0, "waived": 0}
            )
            row["open" if is_open else "waived"] += 1
    rows = [rules[key] for key in sorted(rules)]
    return {
        "open": sum(row["open"] for row in rows),
        "waived": sum(row["waived"] for row in rows),
        "rules": rows,
    }


def _bundle(bundle: BundleEvidence) -> dict[str, Any]:
    outcomes = [Outcome(document["outcome"]) for document in bundle.decisions.values()]
    # A bundle without decisions decided nothing.
    outcome = min(outcomes, key=_WORST_OUTCOMES.index, default=Outcome.NOT_EVALUATED)
    return {
        "name": bundle.name,
        "sha256": bundle.sha256,
        "manifestSha256": bundle.manifest.digest,
        "asOf": bundle.manifest.as_of,
        "outcome": outcome.value,
        "decisions": len(bundle.decisions),
        "signer": bundle.signer,
        "fingerprint": bundle.fingerprint,
        "verdict": bundle.verdict.value,
        "reason": bundle.reason,
    }
