"""SARIF 2.1.0 (OASIS, errata 01), in the subset that code scanning reads and beyond it.

Rules:

- One run a gate, with `automationDetails.id` `probanda/<gate>/`: portals keep the alerts of
  gates apart.
- A finding's fingerprint is its identity here too: it stands in `partialFingerprints`, also
  under the name that GitHub matches by, so that an alert survives moved lines.
- A waived finding is a result with an accepted external suppression and its justification.
- What could not be decided is no result: it makes the invocation unsuccessful and says why.
- Beyond GitHub's limits the least severe results are left out, and a notification says so.
  A finding without a line is about a whole file: its region is line 1, for code scanning
  demands one, and its location says so.

Example:
    print(render(RunReport(run.decisions, exit_code=1, catalogue=run.catalogue)))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from typing import Any
from urllib.parse import quote

from probanda import __version__
from probanda.canonical import pretty
from probanda.model.decision import APPROVER_PREFIX, CheckResult, Decision
from probanda.model.finding import Finding
from probanda.model.instant import format_instant
from probanda.model.location import Location
from probanda.model.outcome import Outcome, Severity
from probanda.output.interface import RunReport
from probanda.output.places import artifacts, check_place, in_repository, where
from probanda.output.safe_text import clean, cut
from probanda.output.sarif_rules import LEVELS, Rules, rule_id
from probanda.output.summary import EMPTY_GATE, NO_GATE, UNDECIDED

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "%SRCROOT%"

# docs.github.com, "SARIF results exceed one or more limits".
MAX_RUNS = 20
MAX_RESULTS = 25_000
SHOWN_RESULTS = 5_000
# docs.github.com, "SARIF support for code scanning": more of a message is not shown.
MAX_MESSAGE = 1_000
# Ours: artifacts beside the first one of a finding.
MAX_RELATED = 10

_NOTICES = {
    "error": "Something broke, so a check was not decided",
    "notEvaluated": "A check could not be judged",
    "skipped": "A check did not apply",
    "nothing-checked": "Nothing was checked",
    "truncated": "Something was left out of this file",
}
_NOTICE_INDEX = {name: at for at, name in enumerate(_NOTICES)}
_MOST_SEVERE = tuple(LEVELS)


def render(report: RunReport) -> str:
    """The SARIF log of a run, ending in a newline."""
    runs = [_run(decision, report) for decision in report.decisions[:MAX_RUNS]]
    if not runs:
        runs = [_frame(report, [], [_notice("nothing-checked", NO_GATE)], code=report.exit_code)]
    if left_out := [decision.gate for decision in report.decisions[MAX_RUNS:]]:
        said = f"a file holds {MAX_RUNS} runs; these gates are left out: {', '.join(left_out)}"
        invocation = runs[-1]["invocations"][0]
        invocation["toolExecutionNotifications"].append(_notice("truncated", said))
        invocation["executionSuccessful"] = False
    return pretty({"$schema": SCHEMA, "version": "2.1.0", "runs": runs})


def _run(decision: Decision, report: RunReport) -> dict[str, Any]:
    rules = Rules.of(decision, report)
    notices = list(_notices(decision, report))
    pairs = _most_severe_first(decision)
    if len(pairs) > MAX_RESULTS:
        kept = f"{MAX_RESULTS} of {len(pairs)} results are in this file, the most severe"
        notices.append(_notice("truncated", f"{kept}; --output json holds all"))
    elif len(pairs) > SHOWN_RESULTS:
        said = f"GitHub shows {SHOWN_RESULTS} of these {len(pairs)} results"
        notices.append(_notice("truncated", said, level="note"))
    results, seen = [], Counter[str]()
    for each in pairs[:MAX_RESULTS]:
        seen[each[0].fingerprint] += 1
        results.append(_result(each, seen[each[0].fingerprint], decision, rules, report))
    run = _frame(report, results, notices, code=decision.exit_code)
    run["tool"]["driver"]["rules"] = rules.descriptors
    if rules.taxonomies:
        run["taxonomies"] = rules.taxonomies
        run["tool"]["driver"]["supportedTaxonomies"] = [
            {"name": each["name"], "index": at} for at, each in enumerate(rules.taxonomies)
        ]
    run["automationDetails"] = {
        "id": f"probanda/{decision.gate}/",
        "description": {"text": _plain(decision.title)},
    }
    run["properties"] = {
        "gate": decision.gate,
        "mode": decision.mode.value,
        "outcome": decision.outcome.value,
        "asOf": decision.as_of,
        "tenant": decision.tenant,
        "gateSha256": decision.gate_digest,
        "judgingContentSha256": decision.content.base_digest,
        "judgingCommit": decision.content.base_commit,
    }
    return run


def _frame(
    report: RunReport,
    results: list[dict[str, Any]],
    notices: list[dict[str, Any]],
    *,
    code: int,
) -> dict[str, Any]:
    """A run (section 3.14) without what only a gate has."""
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "probanda",
                "version": __version__,
                "notifications": [
                    {"id": name, "shortDescription": {"text": text}}
                    for name, text in _NOTICES.items()
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "The top of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": not any(each["level"] == "error" for each in notices),
                "exitCode": code,
                "toolExecutionNotifications": notices,
            }
        ],
        "results": results,
    }
    source = report.source
    if source.commit and source.address:
        run["versionControlProvenance"] = [
            {
                "repositoryUri": source.address,
                "revisionId": source.commit,
                **({"branch": source.branch} if source.branch else {}),
                "mappedTo": {"uriBaseId": ROOT},
            }
        ]
    return run


def _notices(decision: Decision, report: RunReport) -> Iterator[dict[str, Any]]:
    """What kept checks from being decided (section 3.20.21)."""
    if not decision.checks:
        yield _notice("nothing-checked", EMPTY_GATE)
    for check in decision.checks:
        if check.outcome not in {*UNDECIDED, Outcome.SKIPPED}:
            continue
        level = "error" if check.outcome in UNDECIDED else "note"
        text = f"{check.id}: {check.reason}" + (f" ({check.hint})" if check.hint else "")
        notice = _notice(check.outcome.value, text, level=level)
        if (place := check_place(check, decision, report)) is not None:
            notice["locations"] = [_location(place)]
        yield notice


def _notice(kind: str, text: str, *, level: str = "error") -> dict[str, Any]:
    return {
        "descriptor": {"id": kind, "index": _NOTICE_INDEX[kind]},
        "level": level,
        "message": {"text": _plain(text)},
    }


# A finding, what excuses it (may be empty), and its check.
_Told = tuple[Finding, str, CheckResult]


def _most_severe_first(decision: Decision) -> list[_Told]:
    """Open findings first, then by severity, then as decided."""
    pairs = [
        (finding, by, check)
        for check in decision.checks
        for finding, by in (
            *((finding, "") for finding in check.findings),
            *((waived.finding, waived.by) for waived in check.waived),
        )
    ]
    return sorted(pairs, key=lambda pair: (bool(pair[1]), _rank(pair[0].severity)))


def _rank(severity: Severity) -> int:
    return _MOST_SEVERE.index(severity)


def _result(
    told: _Told, number: int, decision: Decision, rules: Rules, report: RunReport
) -> dict[str, Any]:
    """A result (section 3.27), the `number`th of its fingerprint."""
    finding, by, check = told
    level, severity = LEVELS[finding.severity]
    name = rule_id(finding)
    result: dict[str, Any] = {
        "ruleId": name,
        "ruleIndex": rules.index[name],
        "kind": "fail",
        "level": level,
        "message": {"text": _plain(finding.message)},
        "partialFingerprints": {
            "probanda/v1": finding.fingerprint,
            # The one that GitHub matches by; left out, it would be made of the file's first line.
            "primaryLocationLineHash": f"{finding.fingerprint}:{number}",
        },
        "properties": {
            "check": check.id,
            "key": cut(clean(finding.key), MAX_MESSAGE),
            "severity": finding.severity.value,
            "security-severity": severity,
        },
    }
    if finding.remediation:
        result["properties"]["remediation"] = cut(clean(finding.remediation), MAX_MESSAGE)
    if (place := where(finding, check, decision, report)) is not None:
        result["locations"] = [_location(place)]
        if related := _related(finding, place, check, report):
            result["relatedLocations"] = related
    if taxa := [rules.reference(control) for control in check.controls if control in rules.taxa]:
        result["taxa"] = taxa
    if by:
        result["suppressions"] = [_suppression(by, report)]
    return result


def _related(
    finding: Finding, place: Location, check: CheckResult, report: RunReport
) -> list[dict[str, Any]]:
    """The other artifacts that a finding without a place of its own may be about."""
    if finding.location is not None:
        return []
    others = (in_repository(Location(path), report) for path in artifacts(check))
    return [_location(each) for each in others if each.path != place.path][:MAX_RELATED]


def _location(place: Location) -> dict[str, Any]:
    region = {"startLine": place.line or 1}
    if place.column:
        region["startColumn"] = place.column
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.path, safe="/"), "uriBaseId": ROOT},
            "region": region,
        }
    }
    if not place.line:
        location["message"] = {"text": "the file as a whole"}
    return location


def _suppression(by: str, report: RunReport) -> dict[str, Any]:
    """A suppression (section 3.35): a waiver that holds, or an approver who was stated."""
    suppression: dict[str, Any] = {"kind": "external", "status": "accepted"}
    waiver = report.catalogue.waivers.get(by) if report.catalogue is not None else None
    if waiver is None:
        said = f"approved by {by.removeprefix(APPROVER_PREFIX)}"
        return suppression | {"justification": clean(said if ":" in by else f"waiver {by}")}
    expires = format_instant(waiver.expires.astimezone(UTC))
    return suppression | {
        "justification": clean(
            f"{waiver.reason} (waiver {waiver.name}; owner {waiver.owner}; approver"
            f" {waiver.approver}; ticket {waiver.ticket}; expires {expires})"
        ),
        "properties": {"waiver": waiver.name, "expires": expires},
    }


def _plain(text: str) -> str:
    """A plain-text message: nothing of it is a link (section 3.11.6)."""
    return cut(clean(text).replace("](", "] ("), MAX_MESSAGE)
