"""Facts whose path is a pattern: what a check may say of them.

Rules:

- One fact of a check at most: two would leave open which file belongs to which.
- Its files are those of the working tree (`ref` has no meaning), and none is nothing checked:
  `missing: empty` would turn that into a pass.

Example:

    yield from check_patterns(source, (*base, "facts"), entry.facts)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from probanda.content.documents import FactEntry, Gate
from probanda.content.source import Source
from probanda.errors import ContentError
from probanda.model.gate import is_pattern


def check_patterns(
    source: Source[Gate], base: tuple[str | int, ...], facts: Mapping[str, FactEntry]
) -> Iterator[ContentError]:
    """Every error about patterns in the facts of one check."""
    patterns = [name for name, fact in facts.items() if is_pattern(fact.path or "")]
    for name in patterns[1:]:
        yield source.error(
            (*base, name, "path"),
            f"a second pattern: the check is made for each file of '{patterns[0]}' already",
            hint="make it a check of its own",
            key=True,
        )
    for name, fact in facts.items():
        path = (*base, name)
        if name not in patterns:
            if fact.max_files is not None:
                message = "maxFiles belongs to a path with '*' or '?'"
                yield source.error((*path, "maxFiles"), message, hint="remove it", key=True)
            continue
        if fact.ref is not None:
            message = "a pattern finds files of the working tree alone"
            yield source.error((*path, "ref"), message, hint="remove it", key=True)
        if fact.missing == "empty":
            message = "no file at all is nothing checked: a pattern cannot be 'missing: empty'"
            yield source.error((*path, "missing"), message, hint="remove it", key=True)
