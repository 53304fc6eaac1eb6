"""The status of a control, from the decisions that name it.

Rules, each of which can only make a status worse:

- Of each check (gate, check id, policy) the *latest* decision counts. Decisions of the
  same instant count together: the worst of them.
- A decision binds only if its bundle verified, if it was not skipped, and if its gate was
  not in shadow mode (a shadow failure or error binds all the same).
- A decision that does not bind, though it is not older than the latest binding one,
  weighs too: unverified → `notEvaluated`, a shadow pass → `gap`. So nobody hides a
  failure behind a newer file, nor behind a softer gate.
- Each expected evidence with a policy needs a binding decision of that policy, else
  `gap`; one older than the control's frequency allows at the end is `stale`. Evidence that
  names a collector alone is shown by any check which names the control, reads through that
  collector and is not misplaced (`model.topic`): where no gate feeds it, it is a gap.
- Order, worst first: fail, notEvaluated, gap, stale, manual, waived, pass.

Pure: no file, no clock.

    judge(control, events, end=period_end).status
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from probanda.model.control import Automation, Control, ExpectedEvidence, Frequency
from probanda.model.instant import format_instant
from probanda.model.outcome import ControlStatus, Mode, Outcome

# Oldest binding decision at the end of the period. The longest month, quarter and year:
# a control that operates on the same day of each month is never stale for the calendar's sake.
ALLOWED_AGE: Mapping[Frequency, timedelta | None] = {
    Frequency.PER_CHANGE: None,
    Frequency.CONTINUOUS: timedelta(days=1),
    Frequency.DAILY: timedelta(days=1),
    Frequency.WEEKLY: timedelta(days=7),
    Frequency.MONTHLY: timedelta(days=31),
    Frequency.QUARTERLY: timedelta(days=92),
    Frequency.ANNUALLY: timedelta(days=366),
}

WORST_FIRST = (
    ControlStatus.FAIL,
    ControlStatus.NOT_EVALUATED,
    ControlStatus.GAP,
    ControlStatus.STALE,
    ControlStatus.MANUAL,
    ControlStatus.WAIVED,
    ControlStatus.PASS,
)

_NAMED_IN_REASON = 3
_LONGEST_REASON = 600


class Standing(Enum):
    """What a decision means for a control's status."""

    LATEST = "latest"  # binds, and is the latest of its check
    EARLIER = "earlier"  # superseded by a later decision of the same check
    NOT_COUNTED = "notCounted"  # skipped, shadow or unverified: proves nothing


@dataclass(frozen=True, slots=True)
class Event:
    """One check's result in one decision of one bundle.

    Attributes:
        gate, check, policy, mode, outcome: as the decision states them; `policy` without
            the prefix `builtin:`.
        as_of: the decision's clock.
        open, waived: number of findings.
        collectors: of the facts that it read.
        fits: it is not misplaced under the control at hand.
        untrusted: why the bundle's decisions prove nothing; empty when it verified.
        incomplete: why the decision cannot be re-performed; empty when it can.
        bundle, document: where it is: bundle file name, path in the bundle.
    """

    gate: str
    check: str
    policy: str
    mode: Mode
    outcome: Outcome
    as_of: datetime
    open: int
    waived: int
    untrusted: str
    incomplete: str
    bundle: str
    document: str
    collectors: frozenset[str] = frozenset()
    fits: bool = True

    @property
    def shadow_only(self) -> bool:
        """In shadow mode, and not failing: proves nothing."""
        return self.mode is Mode.SHADOW and self.status in (
            ControlStatus.PASS,
            ControlStatus.WAIVED,
        )

    @property
    def binds(self) -> bool:
        """Whether it can decide a status."""
        return not (self.untrusted or self.outcome is Outcome.SKIPPED or self.shadow_only)

    @property
    def status(self) -> ControlStatus:
        """What it says, were it the only one; findings weigh more than the outcome's word."""
        if self.open or self.outcome is Outcome.FAIL:
            return ControlStatus.FAIL
        if self.incomplete or self.outcome in (Outcome.ERROR, Outcome.NOT_EVALUATED):
            return ControlStatus.NOT_EVALUATED
        if self.outcome is Outcome.SKIPPED:
            return ControlStatus.GAP
        if self.waived or self.outcome is Outcome.WAIVED:
            return ControlStatus.WAIVED
        return ControlStatus.PASS

    @property
    def why(self) -> str:
        """Why it does not count or what it says, in half a sentence; metadata only."""
        reasons = (
            (bool(self.untrusted), self.untrusted),
            (self.outcome is Outcome.SKIPPED, "skipped"),
            (self.shadow_only, "gate in shadow mode"),
            (self.open > 0, _number(self.open, "open finding")),
            (self.outcome is not Outcome.FAIL and bool(self.incomplete), self.incomplete),
            (self.waived > 0, _number(self.waived, "waived finding")),
        )
        return _short(next((words for holds, words in reasons if holds), ""))


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """Status of one expected evidence: `decisions` bind, the latest of them at `latest`."""

    status: ControlStatus
    decisions: int
    latest: datetime | None


@dataclass(frozen=True, slots=True)
class ControlJudgement:
    """What the decisions say about a control.

    Attributes:
        status: the worst that holds.
        reason: one sentence.
        items: one per expected evidence, in its order.
        standings: one per event, in the order given.
    """

    status: ControlStatus
    reason: str
    items: tuple[ItemStatus, ...]
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class _Statement:
    """A status together with the words for it."""

    status: ControlStatus
    words: str


def worst(statuses: Iterable[ControlStatus]) -> ControlStatus:
    """The worst of `statuses`; nothing at all is a gap."""
    return min(statuses, key=WORST_FIRST.index, default=ControlStatus.GAP)


def judge(control: Control, events: Sequence[Event], *, end: datetime) -> ControlJudgement:
    """Status of `control` from `events`, all of which name it and lie in the period.

    `end` is the instant at which age is measured (the period's end, or the pack's clock when
    that is earlier).
    """
    groups: dict[tuple[str, str, str], list[Event]] = defaultdict(list)
    for event in events:
        groups[event.gate, event.check, event.policy].append(event)
    statements = [words for key in sorted(groups) for words in _judge_check(groups[key])]
    items = []
    for expected in control.evidence:
        if not expected.automated:
            items.append(ItemStatus(ControlStatus.MANUAL, 0, None))
            continue
        item, words = _judge_item(expected, events, ALLOWED_AGE[control.frequency], end)
        items.append(item)
        if words is not None:
            statements.append(words)
    if control.automation is Automation.MANUAL:
        statements.append(_Statement(ControlStatus.MANUAL, "Evidence comes from people alone"))
    elif not any(expected.automated for expected in control.evidence):
        statements.append(_Statement(ControlStatus.GAP, "No policy is expected to judge it"))
    status = worst(statement.status for statement in statements)
    return ControlJudgement(
        status=status,
        reason=_reason(status, statements),
        items=tuple(items),
        standings=tuple(_standings(events, groups)),
    )


def _judge_check(group: Sequence[Event]) -> list[_Statement]:
    """What the decisions of one check say."""
    latest = _latest_binding(group)
    statements = []
    for event in group:
        if event.binds and event.as_of == latest:
            statements.append(_Statement(event.status, _words(event)))
        elif event.binds or event.outcome is Outcome.SKIPPED:
            continue
        elif latest is None or event.as_of >= latest:
            status = ControlStatus.NOT_EVALUATED if event.untrusted else ControlStatus.GAP
            statements.append(_Statement(status, _words(event)))
    return statements


def _judge_item(
    expected: ExpectedEvidence, events: Sequence[Event], allowed: timedelta | None, end: datetime
) -> tuple[ItemStatus, _Statement | None]:
    """Status of one expected evidence, and what it adds to what its checks say already."""
    title = expected.title
    mine = [event for event in events if _shows(event, expected)]
    binding = [event for event in mine if event.binds]
    latest = _latest_binding(mine)
    if latest is None:
        why = sorted({event.why for event in mine})
        words = f"No decision that counts for “{title}” ({_judge_of(expected)})"
        words += f": {', '.join(why)}" if why else ""
        status = (
            ControlStatus.NOT_EVALUATED
            if any(event.untrusted for event in mine)
            else ControlStatus.GAP
        )
        return ItemStatus(status, 0, None), _Statement(ControlStatus.GAP, words)
    groups: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for event in mine:
        groups[event.gate, event.check].append(event)
    status = worst(said.status for group in groups.values() for said in _judge_check(group))
    if allowed is None or end - latest <= allowed:
        return ItemStatus(status, len(binding), latest), None
    age = (end - latest).days
    words = f"“{title}” was last decided {age} days before the end, at {format_instant(latest)}"
    stale = _Statement(ControlStatus.STALE, words)
    return ItemStatus(worst([status, stale.status]), len(binding), latest), stale


def _shows(event: Event, expected: ExpectedEvidence) -> bool:
    """Whether a check result is about an expected evidence."""
    if expected.policy:
        return event.policy == expected.policy.removeprefix("builtin:")
    return event.fits and expected.collector in event.collectors


def _judge_of(expected: ExpectedEvidence) -> str:
    """Who would have to decide an expected evidence."""
    return expected.policy.removeprefix("builtin:") or f"no gate reads {expected.collector} for it"


def _latest_binding(events: Iterable[Event]) -> datetime | None:
    return max((event.as_of for event in events if event.binds), default=None)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def _words(event: Event) -> str:
    words = f"{event.gate}/{event.check} at {format_instant(event.as_of)}: "
    return words + (event.why or event.outcome.value)


def _reason(status: ControlStatus, statements: Sequence[_Statement]) -> str:
    """The statements that carry `status`, the first few of them spelled out."""
    words = list(dict.fromkeys(said.words for said in statements if said.status is status))
    shown = "; ".join(words[:_NAMED_IN_REASON])
    rest = len(words) - _NAMED_IN_REASON
    return _short(f"{shown}; and {rest} more" if rest > 0 else shown)


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST_REASON else f"{words[: _LONGEST_REASON - 1]}…"


def _standings(
    events: Sequence[Event], groups: Mapping[tuple[str, str, str], Sequence[Event]]
) -> Iterable[Standing]:
    latest = {key: _latest_binding(group) for key, group in groups.items()}
    for event in events:
        if not event.binds:
            yield Standing.NOT_COUNTED
        elif event.as_of == latest[event.gate, event.check, event.policy]:
            yield Standing.LATEST
        else:
            yield Standing.EARLIER
