"""Which waivers and baselines hold at an instant, what they excuse, and why the others do not.

The only place that says so: gates, guards, reports and forecasts ask here, with the clock that
they decide by.

Rules:

- Each has to pass these in order; the first that it fails is the reason why it excuses nothing.
  1. Its time is not over: it expires at the first instant at which it no longer holds.
  2. It says when it was written, which is not in the future.
  3. It runs from then for no longer than the project's `waivers.maxDays`.
  4. Owner and approver are people of the roster, and not the same one.
  5. The approver is one of the project's approvers, is still a member, and was not away when it
     was written.
  6. A key of the approver signed exactly these bytes (`signed`: found out by who has the keys).
- A waiver excuses what it names, where it counts. A baseline excuses a finding of its list in the
  same file, as many of one kind as the list says; what is beyond that number is new.
- Unused or stale is said only of what was looked at: each check that might need the exception
  came to a verdict.

Example:

    exceptions = resolve(waivers, signed=signed, roster=roster, project=project, as_of=now)
    exceptions.excuses(findings, gate="release", check="licenses")
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from probanda.model.baseline import Baseline, identity_of
from probanda.model.decision import (
    OWN_CHECKS,
    CheckResult,
    InvalidException,
    StaleFinding,
    WaiverUse,
)
from probanda.model.finding import Finding
from probanda.model.instant import format_instant
from probanda.model.project import Project
from probanda.model.roster import Person, Roster
from probanda.model.waiver import Waiver

Exemption = Waiver | Baseline

NO_SIGNATURE = "nobody has signed it"


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Waivers and baselines by whether they hold.

    Attributes:
        holding: those that excuse what they name.
        expired: those whose time is over.
        invalid: the others, each with the reason.
    """

    holding: tuple[Exemption, ...] = ()
    expired: tuple[Exemption, ...] = ()
    invalid: tuple[tuple[Exemption, str], ...] = ()

    def excuses(
        self, findings: Sequence[Finding], *, gate: str, check: str
    ) -> tuple[str | None, ...]:
        """For each of a check's findings, in canonical order, the id of what excuses it.

        A waiver goes before the baseline; of several waivers the first by name.
        """
        counting = [each for each in self.holding if each.counts_in(gate, check)]
        names: dict[str, str] = {}
        for waiver in sorted(_waivers(counting), key=lambda each: each.name, reverse=True):
            names |= dict.fromkeys(waiver.fingerprints, waiver.id)
        left: Counter[tuple[str, str]] = Counter()
        baselines = _baselines(counting)
        for baseline in baselines:
            left.update({known.identity: known.count for known in baseline.findings})
        found: list[str | None] = []
        for finding in findings:
            name = names.get(finding.fingerprint)
            if name is None and left[identity_of(finding)] > 0:
                left[identity_of(finding)] -= 1
                name = baselines[0].id
            found.append(name)
        return tuple(found)

    def use(self, gate: str, results: Sequence[CheckResult]) -> WaiverUse:
        """What became of each, given the results of a gate's checks."""
        excused = {waived.by for result in results for waived in result.waived}
        holding = [each for each in self.holding if each.counts_in(gate)]
        used = {each.id for each in holding} & excused
        unused = {
            waiver.id
            for waiver in _waivers(holding)
            if waiver.id not in used and _was_judged(waiver, results)
        }
        stale = [gone for each in _baselines(holding) for gone in stale_findings(each, results)]
        invalid = [(each.id, why) for each, why in self.invalid if each.counts_in(gate)]
        return WaiverUse(
            used=tuple(sorted(used)),
            unused=tuple(sorted(unused)),
            expired=tuple(sorted(each.id for each in self.expired if each.counts_in(gate))),
            invalid=tuple(InvalidException(name, why) for name, why in sorted(invalid)),
            stale=tuple(stale),
        )


def resolve(
    exemptions: Iterable[Exemption],
    *,
    signed: Mapping[str, str],
    roster: Roster,
    project: Project,
    as_of: datetime,
) -> Exceptions:
    """Sort exemptions by whether they hold at `as_of` (aware, UTC).

    Args:
        exemptions: waivers and baselines.
        signed: by id, an empty text where a key of the named approver signed it, else why not.
        roster: who is who.
        project: whose approvers and rules count.
        as_of: the clock of the decision.
    """
    holding, expired, invalid = [], [], []
    for each in sorted(exemptions, key=lambda one: one.id):
        if as_of >= each.expires:
            expired.append(each)
            continue
        why = _time_problem(each, project, as_of) or _people_problem(each, roster, project, as_of)
        why = why or signed.get(each.id, NO_SIGNATURE)
        if why:
            invalid.append((each, why))
        else:
            holding.append(each)
    return Exceptions(tuple(holding), tuple(expired), tuple(invalid))


def _time_problem(each: Exemption, project: Project, as_of: datetime) -> str:
    """Steps 2 and 3."""
    if each.created is None:
        return "it does not say when it was created"
    if each.created > as_of:
        return f"it was created in the future, at {format_instant(each.created)}"
    longest = timedelta(days=project.waivers.max_days)
    if each.expires - each.created > longest:
        return f"it runs for more than {project.waivers.max_days} days"
    return ""


def _people_problem(each: Exemption, roster: Roster, project: Project, as_of: datetime) -> str:
    """Steps 4 and 5."""
    owner, approver = roster.who_is(each.owner), roster.who_is(each.approver)
    for role, text, person in (("owner", each.owner, owner), ("approver", each.approver, approver)):
        if person is None:
            return f"its {role} {text!r} is nobody of the roster"
    if owner == approver or owner is None or approver is None:
        return f"{each.owner!r} and {each.approver!r} are one person, who may not approve alone"
    if approver not in approvers(project, roster):
        return f"{approver.name!r} is no approver of the project"
    if not approver.belongs(as_of):
        return f"its approver {approver.name!r} is not a member at this time"
    if each.created is None or not approver.present(each.created):
        return f"its approver {approver.name!r} was away when it was created"
    return ""


def approvers(project: Project, roster: Roster) -> list[Person]:
    """The people behind the names of the project's approvers."""
    found = (roster.who_is(approver.name) for approver in project.approvers)
    return [person for person in found if person is not None]


def _waivers(exemptions: Iterable[Exemption]) -> list[Waiver]:
    return [each for each in exemptions if isinstance(each, Waiver)]


def _baselines(exemptions: Iterable[Exemption]) -> list[Baseline]:
    return [each for each in exemptions if isinstance(each, Baseline)]


def _was_judged(waiver: Waiver, results: Sequence[CheckResult]) -> bool:
    """Whether every check that the waiver may cover came to a verdict."""
    verdicts = {result.id for result in results if result.judged}
    wanted = waiver.checks or [each.id for each in results if each.id not in OWN_CHECKS]
    return bool(results) and verdicts.issuperset(wanted)


def stale_findings(baseline: Baseline, results: Sequence[CheckResult]) -> Iterator[StaleFinding]:
    """What a baseline lists and the results of its gate's checks have not, or less often."""
    undecided = {_policy(result) for result in results if not result.judged}
    present: Counter[tuple[str, str]] = Counter()
    for result in results:
        findings = [*result.findings, *(waived.finding for waived in result.waived)]
        # A finding of two checks is one: `count` is of a check.
        present |= Counter(map(identity_of, findings))
    for known in baseline.findings:
        gone = known.count - present[known.identity]
        if gone > 0 and known.policy not in undecided and results:
            yield StaleFinding(
                baseline.id, known.fingerprint, known.rule, known.key, known.path, gone
            )


def _policy(result: CheckResult) -> str:
    """Id of the policy behind a result, as findings have it."""
    return result.policy.removeprefix("builtin:").rpartition("/")[0]
