"""What the probes of a traced plan stand for: functions, definitions, segments, slots.

Rules:

- A *definition* is one body of a rule or function: a block of its function in the plan.
- A *segment* is what one expression of a body is in the plan: statements that follow each other
  and come from one place. Those of a body form a chain; a comprehension, `not` and `every` hold
  chains of their own, whose segments have a parent.
- A segment's *slots* are values in the order in which they come about: variables that it reads,
  then one for each of its statements that may be undefined. What failed is therefore the first
  check whose slot is beyond the last one that was reached.

Example:
    segment.slots[2]      # "input.dataset.region"
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Place: TypeAlias = tuple[int, int, int]
CheckKind: TypeAlias = Literal[
    "lookup", "call", "truth", "equal", "unequal", "shape", "defined", "nested", "loop"
]


@dataclass(frozen=True, slots=True)
class Check:
    """A statement that may be undefined.

    Attributes:
        kind: what it does.
        slot: its own.
        subject: what it is about, as Rego text; may be empty.
        other: the key of a look-up, or the other side of a comparison.
        source: of a look-up or loop: the slot of the value looked into, −1 for `input`, −2 for
            `data`, `None` where it is not recorded.
    """

    kind: CheckKind
    slot: int
    subject: str = ""
    other: str = ""
    source: int | None = None


@dataclass(slots=True)
class Segment:
    """One expression of a body, as the plan has it; filled while instrumenting.

    Attributes:
        number: within the plan.
        definition: the number of the definition that it belongs to.
        place: of its first statement.
        key: equal for segments of one expression.
        parent: the segment around it, if any.
        previous: the one before it in its chain.
        inputs: how many slots hold variables read.
        slots: the texts of the values; empty for what is not shown.
        checks: in order.
        negated: whether a `not` stands around its checks.
        replaced: whether a `with` of the same body stands around it.
    """

    number: int
    definition: int
    place: Place
    key: object
    parent: Segment | None = None
    previous: Segment | None = None
    inputs: int = 0
    slots: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    negated: bool = False
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """One body.

    Attributes:
        number: within the plan.
        block: its number within the function.
        place: of its first statement.
        kind: how it came to be tried.
    """

    number: int
    block: int
    place: Place
    kind: Literal["rule", "else", "default"] = "rule"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the plan, or the plan itself (`path` empty).

    Attributes:
        number: within the plan; −1 for the plan itself.
        path: packages and names, without the leading `data`.
        parameters: the texts of its arguments.
        definitions: in order.
    """

    number: int
    path: tuple[str, ...]
    parameters: tuple[str, ...]
    definitions: tuple[Definition, ...]


@dataclass(frozen=True, slots=True)
class Sites:
    """All of them, by number; `functions[-1]`, the last, is the plan itself."""

    functions: tuple[Function, ...]
    segments: tuple[Segment, ...]
    files: tuple[str, ...]
