"""Which controls gates and policies cite: that they exist, and that they fit.

Rules:

- A control that does not exist is an error with the nearest one as its hint. A criterion without
  its framework that two frameworks have is ambiguous, and an error too.
- A citation that does not fit is a warning, never an error: what a check is about is guessed from
  its names (see `model.topic`). Evidence of a citation that does not fit closes no gap either;
  `evidence/` sees to that by the same rule.
- Built-in content is checked where it is made, not in each project that uses it.

Example:

    gates/pull-request.yaml:21:23: 'soc2/CC2.1' is not about 'change/required-tests'
    hint: it belongs to 'soc2/CC8.1'
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from probanda.content import documents
from probanda.content.complaints import nearest, one_of
from probanda.content.fields import located
from probanda.content.source import Source
from probanda.errors import ContentError
from probanda.model.control import Control
from probanda.model.topic import fitting
from probanda.parse.tree import ScalarNode

Path = tuple[str | int, ...]
Citing = Source[documents.Gate] | Source[documents.Policy]

# Fitting controls that a hint lists.
_LISTED = 3


def unknown_controls(
    source: Citing,
    path: Path,
    cited: Iterable[str],
    controls: Mapping[str, Control],
    broken: frozenset[str],
) -> Iterator[ContentError]:
    """An error for each control in the list at `path` that is not one.

    `broken` holds names, in lower case, of documents that are wrong; that is reported there.
    """
    for index, name in enumerate(cited):
        written = located(source.node, (*path, index))
        text = written.text if isinstance(written, ScalarNode) else name
        matches = _of_criterion(text, controls) if "/" not in text else []
        if len(matches) > 1:
            message = f"'{text}' may be {' or '.join(repr(match) for match in matches)}"
            yield source.error((*path, index), message, hint="write its framework too")
        elif name not in controls and name.lower() not in broken:
            yield source.error((*path, index), f"no control '{name}'", hint=near(name, controls))


def near(name: str, controls: Mapping[str, Control]) -> str:
    """A hint at the control that was probably meant, or an empty text."""
    matches = _of_criterion(name.rpartition("/")[2], controls)
    return f"did you mean '{matches[0]}'?" if matches else nearest(name, controls)


def _of_criterion(criterion: str, controls: Mapping[str, Control]) -> list[str]:
    """Ids of the controls with this criterion, in any case, whatever their framework."""
    wanted = criterion.casefold()
    return sorted(id_ for id_, each in controls.items() if each.criterion.casefold() == wanted)


def misplaced_in_gate(
    source: Source[documents.Gate], controls: Mapping[str, Control]
) -> Iterator[ContentError]:
    """A warning for each control that a check cites and that is about something else."""
    for index, check in enumerate(source.document.spec.checks):
        path: Path = ("spec", "checks", index, "controls")
        yield from _misplaced(
            source, path, check.controls, controls, policy=check.policy, check=check.id
        )


def misplaced_in_policy(
    source: Source[documents.Policy], controls: Mapping[str, Control]
) -> Iterator[ContentError]:
    """A warning for each control that a policy claims to support and that is about another."""
    cited = source.document.spec.controls
    yield from _misplaced(source, ("spec", "controls"), cited, controls, policy=source.name)


def _misplaced(
    source: Citing,
    path: Path,
    cited: Iterable[str],
    controls: Mapping[str, Control],
    *,
    policy: str,
    check: str = "",
) -> Iterator[ContentError]:
    for index, name in enumerate(cited):
        control = controls.get(name)
        if control is None:
            continue
        better = [
            other.id for other in fitting(control, controls.values(), policy=policy, check=check)
        ]
        if better:
            subject = f"'{policy}'" + (f" (check '{check}')" if check else "")
            belongs = f"'{better[0]}'" if len(better) == 1 else one_of(better[:_LISTED])
            yield source.error(
                (*path, index),
                f"'{name}' ({control.title}) is not about {subject}",
                hint=f"it belongs to {belongs}",
            )
