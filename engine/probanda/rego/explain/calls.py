"""The calls of probes, as statements of the plan.

Example:
    Probes(3, free=17, builtins={}).call(Leave(3))
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, replace

from probanda.rego import ir
from probanda.rego.builtins import Builtin
from probanda.rego.explain.probes import Begin, Probe
from probanda.rego.explain.sites import Place, Segment

Block = tuple[ir.Statement, ...]
NOWHERE: Place = (-1, 0, 0)


class Probes:
    """Makes the calls of one function's probes.

    Args:
        function: its number.
        free: a local that it does not use.
        builtins: filled with the probes.
    """

    def __init__(self, function: int, free: int, builtins: MutableMapping[str, Builtin]) -> None:
        self.function = function
        self._free = free
        self._builtins = builtins

    def call(self, probe: Probe, arguments: tuple[ir.Operand, ...] = ()) -> ir.Statement:
        """The call of a probe; its arguments must be defined there."""
        name = f"probe {len(self._builtins)}"
        self._builtins[name] = Builtin(name, len(arguments), probe, context=True)
        return ir.Call(NOWHERE, name, arguments, self._free)

    def guarded(self, probe: Probe, local: int) -> ir.Statement:
        """The call of a probe with a local, if that is defined."""
        defined = ir.IsDefined(NOWHERE, local)
        return ir.Blocks(NOWHERE, ((defined, self.call(probe, (ir.Operand(local),))),))

    def block(self, statements: list[ir.Statement]) -> Block:
        """A block of probes."""
        return tuple(statements)


@dataclass(frozen=True, slots=True)
class Late(Probe):
    """`Begin` of a segment whose slots are still being found; see `Begin`."""

    segment: Segment
    previous: int

    def done(self) -> Begin:
        """The probe as it runs."""
        return Begin(self.function, self.segment.number, len(self.segment.slots), self.previous)


def settle(builtins: MutableMapping[str, Builtin]) -> None:
    """Finish the probes, once all is instrumented."""
    for name, builtin in builtins.items():
        if isinstance(builtin.function, Late):
            builtins[name] = replace(builtin, function=builtin.function.done())
