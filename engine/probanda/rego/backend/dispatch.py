"""Finds blocks that begin by comparing one reference with a constant, to run only those that may.

Rules:

- A *case* is a block that begins with constant steps into one local and an equality with a
  constant (in OPA's own plans with a reset before, and a block that copies the result behind).
  Cases of one run share the local and the steps; those with different constants exclude each
  other, so that only the cases of the value found are run, in their order. Each still makes
  its own comparison: what is chosen is what to leave out.
- Leaving a case out may not be seen: every block that reads a local which a beginning writes
  has given it a value before, and no case changes the local that the steps begin at.
- Constants and values meet under `values.key`, which is Rego's equality of scalars.

Example:
    for found in runs(blocks, body): found.start, found.groups
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from probanda.rego import ir
from probanda.rego.backend.analysis import Block, BodyFacts, exposed, mutated, walk, written
from probanda.rego.values import key

# Fewer cases are no slower one after the other.
MIN_CASES: Final = 12


@dataclass(frozen=True, slots=True)
class Case:
    """Blocks that do nothing unless a value equals a constant.

    Attributes:
        blocks: one, or two where the second needs a local that the first resets.
        root: the local that the steps begin at.
        path: the steps.
        stored: the constant, as a key.
        own: locals that the beginning writes.
    """

    blocks: tuple[Block, ...]
    root: int
    path: tuple[str, ...]
    stored: Any
    own: frozenset[int]


@dataclass(frozen=True, slots=True)
class Run:
    """Cases in a row.

    Attributes:
        start: the index of the first block.
        end: the index after the last.
        root: the local that the steps begin at.
        path: the steps.
        groups: the blocks of each constant, in order.
        table: the constants, as keys, to indexes into `groups`.
    """

    start: int
    end: int
    root: int
    path: tuple[str, ...]
    groups: tuple[tuple[Block, ...], ...]
    table: dict[Any, int]


def runs(blocks: tuple[Block, ...], facts: BodyFacts) -> Iterator[Run]:
    """The runs among blocks of a function."""
    start = 0
    while start + MIN_CASES <= len(blocks):
        cases, end = _cases(blocks, start)
        if len(cases) >= MIN_CASES and _unseen(cases, facts):
            groups: dict[Any, list[Block]] = {}
            for case in cases:
                groups.setdefault(case.stored, []).extend(case.blocks)
            table = {stored: index for index, stored in enumerate(groups)}
            found = tuple(tuple(group) for group in groups.values())
            if len(groups) > 1:
                yield Run(start, end, cases[0].root, cases[0].path, found, table)
        start = max(end, start + 1)


def _cases(blocks: tuple[Block, ...], start: int) -> tuple[list[Case], int]:
    """The cases of one reference from `start` on, and the index after them."""
    found: list[Case] = []
    while start < len(blocks):
        case = _case(blocks[start], blocks[start + 1] if start + 1 < len(blocks) else ())
        if case is None or (found and (case.root, case.path) != (found[0].root, found[0].path)):
            break
        found.append(case)
        start += len(case.blocks)
    return found, start


def _case(block: Block, following: Block) -> Case | None:
    """The case that a block is, with the block behind it where they belong together."""
    resets: set[int] = set()
    steps: dict[int, tuple[int, tuple[str, ...]]] = {}
    numbers: dict[int, Any] = {}
    for statement in block:
        match statement:
            case ir.Reset(target=target) if not steps:
                resets.add(target)
            case ir.Dot(source=ir.Operand(local=local), key=ir.Operand(-1, str(name))) if (
                local >= 0
            ):
                root, path = steps.get(local, (local, ()))
                steps[statement.target] = (root, (*path, name))
            case ir.MakeNumber(target=target, value=value):
                numbers[target] = value
            case ir.Equal(negated=False):
                return _compared(statement, steps, numbers, resets, (block, following))
            case _:
                return None
    return None


def _compared(
    equal: ir.Equal,
    steps: dict[int, tuple[int, tuple[str, ...]]],
    numbers: dict[int, Any],
    resets: set[int],
    blocks: tuple[Block, Block],
) -> Case | None:
    for left, right in ((equal.a, equal.b), (equal.b, equal.a)):
        value = numbers.get(right.local, right.constant)
        if left.local < 0 or left.local in numbers or (right.local >= 0 and value is None):
            continue
        root, path = steps.get(left.local, (left.local, ()))
        own = frozenset(steps) | frozenset(numbers) | frozenset(resets)
        wanted = blocks[1][0] if blocks[1] else None
        paired = isinstance(wanted, ir.IsDefined) and not wanted.negated and wanted.source in resets
        if root in own or len(own) != len(steps) + len(numbers) + len(resets):
            return None
        return Case(blocks if paired else blocks[:1], root, path, key(value), own)
    return None


def _unseen(cases: list[Case], facts: BodyFacts) -> bool:
    """Whether nobody can tell that a case whose comparison fails was left out."""
    own = frozenset().union(*(case.own for case in cases))
    expected: Counter[int] = Counter()
    for case in cases:
        # A second block wants what its first resets.
        for block in case.blocks[1:]:
            found = exposed(block)
            expected.update({local: found[local] for local in case.own if local in found})
        for statement in (each for block in case.blocks for each in walk(block)):
            # A `with` puts back what it replaced.
            changed = () if isinstance(statement, ir.With) else written(statement)
            if case.root in (*changed, mutated(statement)):
                return False
    return all(facts.exposed[local] == expected[local] for local in own)
