"""Writes the body of one function or plan: what it begins with, its blocks, what is known of it.

Rules:

- A frequent function takes a step for each call; a memoised rule keeps its result under its
  number; a function that changes what others made knows what it made itself (`o`).

Example:
    body_source(unit, "rule", function.parameters, function.blocks, function.name).lines
"""

from __future__ import annotations

from typing import NamedTuple

from probanda.rego.backend.aggregates import Aggregates
from probanda.rego.backend.analysis import Block, BodyFacts
from probanda.rego.backend.blocks import FunctionWriter
from probanda.rego.backend.emitter import Emitter, Known
from probanda.rego.backend.unit import Unit


class Body(NamedTuple):
    """A function's body.

    Attributes:
        lines: its text.
        charges: it takes steps.
        result: what is known of its result: a value when it is the same whatever comes in.
    """

    lines: list[str]
    charges: bool
    result: Known


def body_source(
    unit: Unit, what: str, parameters: tuple[int, ...], blocks: tuple[Block, ...], name: str
) -> Body:
    """A function's body; of a plan when `name` is empty."""
    emitter = Emitter(what, parameters, unit.constants)
    emitter.body = BodyFacts(blocks, parameters)
    writer = FunctionWriter(emitter, unit)
    writer.aggregates = Aggregates(emitter, {})
    emitter.charged = name in unit.facts.repeated
    if name in unit.facts.memoised:
        emitter.memo = str(unit.functions[name])
        emitter.outer_memo = "n" if emitter.body.has_with else "m"
    if emitter.outer_memo == "n":
        emitter.line("n = m")
    if emitter.body.foreign:
        emitter.line("o = {}")
    if name in unit.facts.frequent:
        emitter.charge("s[0] -= 1")
    emitter.start = len(emitter.lines)
    writer.function(blocks)
    return Body(emitter.render(), emitter.charges, emitter.result)
