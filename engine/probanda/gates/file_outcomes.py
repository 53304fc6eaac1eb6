"""What the outcomes of many files make of their check, and whether a recorded one fits.

Rules:

- The check fails if a file fails; else it is undecided if one could not be judged; else it is
  waived if one is; it passes if each passes.
- Each file's reference carries its own outcome, and the reason where there is no verdict; the
  check's reason says how many of these there are, also where it fails.

Example:
    result = with_files(decided, judged, before=0)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from probanda.gates.file_task import FileResult
from probanda.model.decision import CheckResult
from probanda.model.file_key import file_of
from probanda.model.outcome import Outcome

# Of a file, and of a check with many: the first of these that one of its parts has.
WORST = (Outcome.FAIL, Outcome.ERROR, Outcome.NOT_EVALUATED, Outcome.WAIVED, Outcome.PASS)


def with_files(decided: CheckResult, judged: Sequence[FileResult], *, before: int) -> CheckResult:
    """`decided`, from the findings of all files, as the result of a check of these files.

    Args:
        decided: its open and waived findings are final.
        judged: one result a file.
        before: how many of the check's facts stand before the pattern.
    """
    still_open = {file_of(finding.key) for finding in decided.findings}
    waived = {file_of(each.finding.key) for each in decided.waived}
    references = tuple(_reference(result, still_open, waived) for result in judged)
    facts = (*decided.facts[:before], *references, *decided.facts[before:])
    outcome = worst(references)
    open_ones = [result for result in judged if result.undecided is not None]
    reason = hint = ""
    if open_ones:
        first = open_ones[0]
        reason = (
            f"{len(open_ones)} of {len(judged)} files could not be judged;"
            f" the first is {first.reference['source']}: {first.reason}"
        )
        hint = first.hint
    return replace(decided, outcome=outcome, facts=facts, reason=reason, hint=hint)


def worst(references: Sequence[Mapping[str, Any]]) -> Outcome:
    """The outcome of a check from those of its files, of which there is at least one."""
    outcomes = {reference["outcome"] for reference in references}
    return next(outcome for outcome in WORST if outcome.value in outcomes)


def _reference(result: FileResult, still_open: set[str], waived: set[str]) -> dict[str, Any]:
    path = result.reference["source"]
    if result.undecided is not None:
        document = {
            **result.reference,
            "outcome": result.undecided.value,
            "reason": result.reason,
        }
        return document | ({"hint": result.hint} if result.hint else {})
    outcome = (
        Outcome.FAIL if path in still_open else Outcome.WAIVED if path in waived else Outcome.PASS
    )
    return {**result.reference, "outcome": outcome.value}


def file_problems(check: CheckResult) -> Iterator[str]:
    """Why the outcomes of a recorded check and of its files cannot follow from its findings."""
    still_open = {file_of(finding.key) for finding in check.findings}
    waived = {file_of(each.finding.key) for each in check.waived} - still_open
    by_outcome: dict[Outcome, set[str]] = {outcome: set() for outcome in WORST}
    for file in check.files:
        outcome = Outcome(file["outcome"])
        if outcome not in by_outcome:
            yield f"has a file that is {outcome.value}"
            return
        by_outcome[outcome].add(file["source"])
        undecided = outcome in {Outcome.ERROR, Outcome.NOT_EVALUATED}
        if undecided != ("reason" in file) or (not undecided and "sha256" not in file):
            yield "has a file whose outcome and reason do not go together"
    if sum(map(len, by_outcome.values())) != len(check.files):
        yield "has a file twice"
    if by_outcome[Outcome.FAIL] != still_open or by_outcome[Outcome.WAIVED] != waived:
        yield "has files whose outcome is not that of their findings"
    if check.outcome is not worst(check.files):
        yield f"says {check.outcome.value}, and its files make it {worst(check.files).value}"
    if check.judged == bool(check.reason):
        yield "has files without a verdict and no reason, or a reason without such files"
    if not check.policy_digest:
        yield "has a verdict of no policy"
