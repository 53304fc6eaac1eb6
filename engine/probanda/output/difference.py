"""What became of the findings of an earlier decision of the same gate. Pure.

Rules:

- A finding is the same one if check and fingerprint are; several of one fingerprint are counted.
- What a check cannot judge any more is neither fixed nor unchanged: it is `unjudged`.
- Other content, another policy or another tenant may explain a difference as well as the
  change under test; `notes` says so.

Example:
    found = compare(earlier, now)
    [item.finding.key for item in found.new]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from probanda.model.decision import CheckResult, Decision
from probanda.model.finding import Finding


@dataclass(frozen=True, slots=True)
class Item:
    """A finding and the check that had or has it."""

    check: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Difference:
    """Two decisions of one gate, compared.

    Attributes:
        new: open now, and not before.
        fixed: open before, and gone.
        waived: open before, and excused now.
        unjudged: open before, and its check was not judged now, or is gone.
        unchanged: open before and now.
        outcomes: (what, before, now) of the gate and of checks whose outcome changed;
            empty for what was not there.
        notes: what else differs, in words.
    """

    new: tuple[Item, ...]
    fixed: tuple[Item, ...]
    waived: tuple[Item, ...]
    unjudged: tuple[Item, ...]
    unchanged: tuple[Item, ...]
    outcomes: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]


def compare(earlier: Decision, now: Decision) -> Difference:
    """How `now` differs from `earlier`; both of one gate."""
    before, after = _open(earlier), _open(now)
    excused = {
        (check.id, waived.finding.fingerprint) for check in now.checks for waived in check.waived
    }
    judged = {check.id for check in now.checks if check.judged}
    gone = [key for key in before if key not in after]
    return Difference(
        new=tuple(after[key] for key in after if key not in before),
        fixed=tuple(before[key] for key in gone if key[:2] not in excused and key[0] in judged),
        waived=tuple(before[key] for key in gone if key[:2] in excused),
        unjudged=tuple(before[key] for key in gone if key[0] not in judged),
        unchanged=tuple(after[key] for key in after if key in before),
        outcomes=tuple(_outcomes(earlier, now)),
        notes=tuple(_notes(earlier, now)),
    )


def _open(decision: Decision) -> dict[tuple[str, str, int], Item]:
    """Open findings by check, fingerprint, and how many of these came before."""
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for check in decision.checks:
        for finding in check.findings:
            key = (check.id, finding.fingerprint)
            found[*key, seen[key]] = Item(check.id, finding)
            seen[key] += 1
    return found


def _outcomes(earlier: Decision, now: Decision) -> Iterator[tuple[str, str, str]]:
    if earlier.outcome is not now.outcome:
        yield "the gate", earlier.outcome.value, now.outcome.value
    before = {check.id: check for check in earlier.checks}
    after = {check.id: check for check in now.checks}
    for name in [*after, *(name for name in before if name not in after)]:
        old, new = _value(before.get(name)), _value(after.get(name))
        if old != new:
            yield name, old, new


def _value(check: CheckResult | None) -> str:
    return "" if check is None else check.outcome.value


def _notes(earlier: Decision, now: Decision) -> Iterator[str]:
    if earlier.tenant != now.tenant:
        yield "the tenants differ, so no fingerprint can be the same"
    if earlier.mode is not now.mode:
        yield f"the gate's mode was {earlier.mode.value} and is {now.mode.value}"
    policies = {check.id: check.policy_digest for check in earlier.checks}
    changed = [
        check.id
        for check in now.checks
        if policies.get(check.id, check.policy_digest) != check.policy_digest
    ]
    if changed:
        yield f"another version of the policy judged {', '.join(changed)}"
    elif earlier.content.base_digest != now.content.base_digest:
        yield "other content judged: gates, policies, controls, waivers or parameters differ"
    if earlier.engine.get("version") != now.engine.get("version"):
        yield "another version of probanda decided"
