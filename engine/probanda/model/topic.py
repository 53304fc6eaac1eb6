"""What a check is about, by its names, and which criteria are about the same.

Rules:

- A control lists its topics; a topic occurs in a name when its words stand there side by side,
  whatever their number (`contract` occurs in `contracts/terms`).
- The policy's name counts; only where it names no topic at all does the check's own id count.
- Names in which no control of the framework finds a topic are about nothing known: no opinion.
  Nor is there one about a control without topics.
- A citation is misplaced when other controls of the framework find topics and the cited one
  finds none. Nothing here knows a criterion by name: controls state what they are about.

Example:

    better = fitting(catalogue.controls["soc2/CC2.1"], controls, policy="change/review", check="pr")
    [control.id for control in better]   # ['soc2/CC8.1']
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from probanda.model.control import Control

Words = tuple[str, ...]

_WORD = re.compile(r"[a-z0-9]+", re.ASCII)
# A plural's `s`, on words long enough to have one; `access` and `loss` are no plurals.
_PLURAL = re.compile(r"(?<=[a-z0-9]{3})(?<!s)s$", re.ASCII)


def words_of(name: str) -> Words:
    """The words of a kebab-case name or path, in lower case and the singular."""
    return tuple(_PLURAL.sub("", word) for word in _WORD.findall(name.lower()))


def fitting(
    control: Control, controls: Iterable[Control], *, policy: str, check: str = ""
) -> tuple[Control, ...]:
    """The controls that a check belongs to, best first, where `control` is none of them.

    Empty where the citation is right, or where nothing can be said about it. `policy` is
    `<area>/<slug>`, with or without prefix and entry point.
    """
    if not control.topics:
        return ()
    peers = [other for other in controls if other.framework == control.framework]
    for name in (_policy_id(policy), check):
        words = words_of(name)
        weights = {other.id: _weight(other, words) for other in peers}
        if not any(weights.values()):
            continue
        if _weight(control, words):
            return ()
        best = max(weights.values())
        return tuple(
            sorted((other for other in peers if weights[other.id] == best), key=lambda one: one.id)
        )
    return ()


def _policy_id(name: str) -> str:
    """`<area>/<slug>` of an entry point; the entry point's own name says nothing."""
    return "/".join(name.removeprefix("builtin:").split("/")[:2])


def _weight(control: Control, words: Words) -> int:
    """How many words of the name the control's topics account for."""
    found: set[int] = set()
    for topic in control.topics:
        wanted = words_of(topic)
        for start in range(len(words) - len(wanted) + 1):
            if words[start : start + len(wanted)] == wanted:
                found.update(range(start, start + len(wanted)))
    return len(found)
