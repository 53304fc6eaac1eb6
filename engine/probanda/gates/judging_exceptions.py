"""Which changes of waivers and baselines loosen them: the part of `judging` about exceptions.

Rules:

- Removing one, covering fewer findings, ending earlier, counting in fewer places: tightening.
- A signature changes with the bytes that it is over, so it is no change of its own; but one that
  is there for the first time makes an exception hold, and loosens.
- Everything else that differs is a finding, whoever signed it: the signature says who approved
  the exception, not that it may enter the base revision.

Example:
    yield from waiver_changes(base.waivers, head.waivers, found)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from probanda.model.baseline import Baseline
from probanda.model.finding import Finding
from probanda.model.location import Location
from probanda.model.waiver import Waiver

# What it was and what it is; `None` for what is not there.
Change = tuple[Any, Any]
Found = Callable[[str, str, str, Change, Location | None], Finding]


def waiver_changes(
    base: Mapping[str, Waiver], head: Mapping[str, Waiver], found: Found
) -> Iterator[Finding]:
    """Findings about waivers that are new, cover more, or say something else."""
    for name, new in head.items():
        key, old = f"waivers/{name}", base.get(name)
        if old is None:
            yield found("waiver-added", key, f"the waiver {name} is new", (None, new), new.location)
        elif _waiver_grew(old, new):
            message = f"the waiver {name} covers more, or longer, than before"
            yield found("waiver-extended", key, message, (old, new), new.location)
        elif _first_signed(old, new) or _said(new, old, "fingerprints", "gates", "checks") != old:
            message = f"the waiver {name} has another owner, approver, signature, ticket or reason"
            yield found("waiver-changed", key, message, (old, new), new.location)


def _waiver_grew(old: Waiver, new: Waiver) -> bool:
    wider = any(
        bool(before) and (not after or not set(after) <= set(before))
        for before, after in ((old.gates, new.gates), (old.checks, new.checks))
    )
    more = not set(new.fingerprints) <= set(old.fingerprints)
    return wider or more or new.expires > old.expires


def baseline_changes(
    base: Mapping[str, Baseline], head: Mapping[str, Baseline], found: Found
) -> Iterator[Finding]:
    """Findings about baselines that are new, have grown, or say something else."""
    for gate, new in head.items():
        key, old = f"baselines/{gate}", base.get(gate)
        if old is None:
            message = f"the baseline of the gate {gate} is new"
            yield found("baseline-added", key, message, (None, new), new.location)
        elif _baseline_grew(old, new):
            message = f"the baseline of the gate {gate} covers more, or longer, than before"
            yield found("baseline-extended", key, message, (old, new), new.location)
        elif _first_signed(old, new) or _said(new, old, "findings") != old:
            message = f"the baseline of {gate} has another owner, approver, signature or reason"
            yield found("baseline-changed", key, message, (old, new), new.location)


def _baseline_grew(old: Baseline, new: Baseline) -> bool:
    before = {known.identity: known.count for known in old.findings}
    more = any(known.count > before.get(known.identity, 0) for known in new.findings)
    return more or new.expires > old.expires


def _first_signed(old: Waiver | Baseline, new: Waiver | Baseline) -> bool:
    return bool(new.signature) and not old.signature


# Fields that may tighten, or that move with the bytes.
_FREE = ("expires", "payload", "signature", "location")


def _said(new: Any, old: Any, *free: str) -> Any:
    """`new` with all that may tighten or move as it was in `old`."""
    return replace(new, **{name: getattr(old, name) for name in (*_FREE, *free)})
