"""What a change of judging content does to decisions about the same facts.

Rules:

- The facts are those of the working tree, collected for each side by its own gates; the clock and
  the tenant are the same. `when` is not asked: every check is evaluated, so that nothing hides.
- A check is told by gate and id. One that only one side has is `absent` on the other.
- Loosened: a finding that was open and no longer is, or an outcome that denied (`fail`, `error`,
  `notEvaluated`) or allowed (`pass`, `waived`) and no longer does as much. Tightened: the same the
  other way. A check may be both.
- Findings are told by fingerprint, so a message or a line may change freely. Where one side could
  not be evaluated there are none to compare: the outcomes say it.

Example:
    diff = decision_diff(root, against="origin/main", as_of=now)
    [(check.gate, check.id) for check in diff.checks if check.loosened]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from probanda.collect import Workspace
from probanda.content import Catalogue, RevisionTree, WorkingTree, load
from probanda.decide import UNDECIDED
from probanda.errors import UsageError
from probanda.gates.approvals import resolve_exceptions
from probanda.gates.check import Session, run_check
from probanda.gates.host_facts import verified_clarifications
from probanda.gates.run import resolve_base
from probanda.model.decision import CheckResult
from probanda.model.finding import Finding
from probanda.model.gate import Gate, Runs
from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS, EXIT_UNDECIDED, Mode, Outcome
from probanda.repository import Repository

ABSENT = "absent"
_DENIES, _ALLOWS, _SILENT = 2, 1, 0
_WEIGHT: Mapping[str, int] = {
    Outcome.FAIL.value: _DENIES,
    Outcome.ERROR.value: _DENIES,
    Outcome.NOT_EVALUATED.value: _DENIES,
    Outcome.PASS.value: _ALLOWS,
    Outcome.WAIVED.value: _ALLOWS,
    Outcome.SKIPPED.value: _SILENT,
    ABSENT: _SILENT,
}
_UNKNOWN = {outcome.value for outcome in UNDECIDED}


@dataclass(frozen=True, slots=True)
class CheckDiff:
    """One check before and after.

    Attributes:
        gate, id: which.
        before, after: outcomes, or `absent`.
        reasons: why it was, and is, not decided; empty where it was.
        modes: of the gate; empty where it is absent.
        gained, lost: open findings of one side alone, in canonical order.
    """

    gate: str
    id: str
    before: str
    after: str
    reasons: tuple[str, str] = ("", "")
    modes: tuple[str, str] = ("", "")
    gained: tuple[Finding, ...] = ()
    lost: tuple[Finding, ...] = ()

    @property
    def loosened(self) -> bool:
        """Whether something is let through that was not, or no longer looked at."""
        return bool(self.lost) or _WEIGHT[self.after] < _WEIGHT[self.before] or self._mode() < 0

    @property
    def tightened(self) -> bool:
        """Whether something is held that was let through."""
        return bool(self.gained) or _WEIGHT[self.after] > _WEIGHT[self.before] or self._mode() > 0

    @property
    def changed(self) -> bool:
        """Whether anything is different."""
        return self.before != self.after or self.loosened or self.tightened

    def _mode(self) -> int:
        """How much stricter the gate is with a check that denies; it says nothing of others."""
        if not all(self.modes) or _WEIGHT[self.after] != _DENIES:
            return 0
        old, new = (Mode(mode).strictness for mode in self.modes)
        return new - old


@dataclass(frozen=True, slots=True)
class DecisionDiff:
    """All checks, by gate and in their order.

    Attributes:
        against, commit: the revision as it was called, and what it is.
        as_of: the clock.
        checks: those that changed and those that did not.
    """

    against: str
    commit: str
    as_of: datetime
    checks: tuple[CheckDiff, ...]

    @property
    def changed(self) -> tuple[CheckDiff, ...]:
        """Those that did."""
        return tuple(check for check in self.checks if check.changed)

    def exit_code(self, fail_on: Sequence[str]) -> int:
        """1 if anything changed in one of these ways (`loosened`, `tightened`), else 0.

        3 where neither side has a check, or where somebody asks and a check could not be
        evaluated on a side: then nothing shows that it did not change so.
        """
        if not self.checks:
            return EXIT_UNDECIDED
        ways = {
            "loosened": any(check.loosened for check in self.checks),
            "tightened": any(check.tightened for check in self.checks),
        }
        if any(ways[way] for way in fail_on):
            return EXIT_BLOCKED
        unknown = any({check.before, check.after} & _UNKNOWN for check in self.checks)
        return EXIT_UNDECIDED if fail_on and unknown else EXIT_PASS


def decision_diff(
    root: Path, *, against: str, as_of: datetime, tenant: str = "", gates: Sequence[str] = ()
) -> DecisionDiff:
    """Judge the working tree's facts by the content of `against`, and by its own.

    Args:
        root: the project's folder.
        against: a revision.
        as_of: the clock of all decisions.
        tenant: default: the working tree's project's.
        gates: names; default: every CI gate of either side.

    Raises:
        UsageError: there is no such revision, gate or repository.
        ContentError: the content of either side is wrong.
    """
    repository = Repository.discover(root)
    if repository is None:
        raise UsageError("--against needs a git repository")
    commit = resolve_base(repository, against)
    after = load(WorkingTree(root))
    before = load(RevisionTree(repository, commit, against))
    _check_names(gates, before, after)
    workspace = Workspace(root, against, commit, repository)
    sides = []
    for catalogue in (before, after):
        session = Session(
            workspace=workspace,
            judging=catalogue,
            tenant=tenant or after.project.tenant,
            as_of=as_of,
            changed=None,
            host_facts={
                "clarifications": verified_clarifications(catalogue),
                "roster": catalogue.roster.to_fact(as_of),
            },
            exceptions=resolve_exceptions(catalogue, as_of),
        )
        sides.append(_results(session, gates))
    return DecisionDiff(against, commit, as_of, tuple(_compared(*sides)))


_Results = dict[tuple[str, str], tuple[Gate, CheckResult]]


def _check_names(names: Sequence[str], *sides: Catalogue) -> None:
    known = sorted({name for side in sides for name in _ci_gates(side)})
    for name in names:
        if name not in known:
            raise UsageError(
                f"neither side has a CI gate {name!r}", hint=f"there are: {', '.join(known)}"
            )


def _ci_gates(catalogue: Catalogue) -> dict[str, Gate]:
    return {name: gate for name, gate in catalogue.gates.items() if gate.runs is Runs.CI}


def _results(session: Session, names: Sequence[str]) -> _Results:
    return {
        (name, check.id): (gate, run_check(session, name, check, {}))
        for name, gate in _ci_gates(session.judging).items()
        if not names or name in names
        for check in gate.checks
    }


def _compared(before: _Results, after: _Results) -> list[CheckDiff]:
    return [
        _check(key, before.get(key), after.get(key))
        for key in sorted(before.keys() | after.keys(), key=lambda key: _order(key, before, after))
    ]


def _order(key: tuple[str, str], before: _Results, after: _Results) -> tuple[str, int, int, str]:
    """By gate; within it as the working tree has them, then what only the revision has."""
    side = after if key in after else before
    return key[0], int(side is before), list(side).index(key), key[1]


def _check(
    key: tuple[str, str],
    old: tuple[Gate, CheckResult] | None,
    new: tuple[Gate, CheckResult] | None,
) -> CheckDiff:
    lost, gained = _findings(old), _findings(new)
    if _is_undecided(old) or _is_undecided(new):
        lost, gained = {}, {}
    return CheckDiff(
        gate=key[0],
        id=key[1],
        before=ABSENT if old is None else old[1].outcome.value,
        after=ABSENT if new is None else new[1].outcome.value,
        reasons=("" if old is None else old[1].reason, "" if new is None else new[1].reason),
        modes=("" if old is None else old[0].mode.value, "" if new is None else new[0].mode.value),
        gained=tuple(each for name, each in gained.items() if name not in lost),
        lost=tuple(each for name, each in lost.items() if name not in gained),
    )


def _is_undecided(side: tuple[Gate, CheckResult] | None) -> bool:
    return side is not None and side[1].outcome in UNDECIDED


def _findings(side: tuple[Gate, CheckResult] | None) -> dict[str, Finding]:
    return {} if side is None else {each.fingerprint: each for each in side[1].findings}
