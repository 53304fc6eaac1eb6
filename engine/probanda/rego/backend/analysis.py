"""What is known of a plan before code is written: who calls whom how often, who writes what.

Rules:

- A function is *repeated* when it may run more than once for one set of memoised results:
  several calls, a call in a loop, or a repeated caller. Repeated rules are memoised, repeated
  functions and their loops are charged; all else runs once and needs neither.
- Everything errs to the safe side: a local that may be written counts as written.

Example:
    facts = PlanFacts(plan); "g0.data.a.allow" in facts.memoised
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from probanda.rego import ir

Block = tuple[ir.Statement, ...]

# What a statement itself reads (−1: a constant) and gives a new value.
_Uses = tuple[tuple[int, ...], tuple[int, ...]]


def _call_uses(each: ir.Call | ir.CallDynamic) -> _Uses:
    operands = each.arguments if isinstance(each, ir.Call) else (*each.arguments, *each.path)
    return tuple([operand.local for operand in operands]), (each.result,)


_USES: Final[Mapping[type[ir.Statement], Callable[[Any], _Uses]]] = {
    ir.ArrayAppend: lambda each: ((each.value.local, each.array), ()),
    ir.Assign: lambda each: (
        (each.source.local, each.target if each.once else -1),
        (each.target,),
    ),
    ir.Blocks: lambda _: ((), ()),
    ir.Break: lambda _: ((), ()),
    ir.Call: _call_uses,
    ir.CallDynamic: _call_uses,
    ir.Dot: lambda each: ((each.source.local, each.key.local), (each.target,)),
    ir.Equal: lambda each: ((each.a.local, each.b.local), ()),
    ir.IsDefined: lambda each: ((each.source,), ()),
    ir.IsType: lambda each: ((each.source.local,), ()),
    ir.Length: lambda each: ((each.source.local,), (each.target,)),
    ir.Make: lambda each: ((), (each.target,)),
    ir.MakeNull: lambda each: ((), (each.target,)),
    ir.MakeNumber: lambda each: ((), (each.target,)),
    ir.Nop: lambda _: ((), ()),
    ir.Not: lambda _: ((), ()),
    ir.ObjectInsert: lambda each: ((each.key.local, each.value.local, each.object), ()),
    ir.ObjectMerge: lambda each: ((each.a, each.b), (each.target,)),
    ir.Reset: lambda each: ((), (each.target,)),
    ir.ResultSetAdd: lambda each: ((each.value,), ()),
    ir.Return: lambda each: ((each.source,), ()),
    ir.Scan: lambda each: ((each.source,), (each.key, each.value)),
    ir.SetAdd: lambda each: ((each.value.local, each.set), ()),
    ir.With: lambda each: ((each.local, each.value.local), (each.local,)),
}
_MUTATED: Final[Mapping[type[ir.Statement], str]] = {
    ir.ArrayAppend: "array",
    ir.ObjectInsert: "object",
    ir.SetAdd: "set",
}
_NESTED: Final = frozenset({ir.Blocks, ir.Not, ir.Scan, ir.With})


def walk(block: Block) -> Iterator[ir.Statement]:
    """Every statement of a block, nested ones included."""
    open_blocks = [block]
    while open_blocks:
        for statement in open_blocks.pop():
            yield statement
            open_blocks.extend(ir.children(statement))


def written(statement: ir.Statement) -> tuple[int, ...]:
    """The locals that a statement itself gives a new value (not: changes in place)."""
    return _USES[type(statement)](statement)[1]


def mutated(statement: ir.Statement) -> int:
    """The local whose aggregate a statement changes in place, or −1."""
    name = _MUTATED.get(type(statement))
    return -1 if name is None else int(getattr(statement, name))


def read(statement: ir.Statement) -> list[int]:
    """The locals that a statement itself reads."""
    return [local for local in _USES[type(statement)](statement)[0] if local >= 0]


@dataclass(slots=True)
class Inside:
    """What stands in a block, nested blocks included.

    Attributes:
        mentions: how often each local occurs.
        written: the locals that may be given a new value.
        mutated: the locals whose aggregates may be changed in place.
        ordered: the order of a loop around it can be seen.
    """

    mentions: dict[int, int] = field(default_factory=dict)
    written: set[int] = field(default_factory=set)
    mutated: set[int] = field(default_factory=set)
    ordered: bool = False

    def add(self, other: Inside) -> None:
        """Take in what stands in another block."""
        counts = self.mentions
        for local, count in other.mentions.items():
            counts[local] = counts.get(local, 0) + count
        self.written |= other.written
        self.mutated |= other.mutated
        self.ordered = self.ordered or other.ordered


class BodyFacts:
    """Facts of one function's or plan's body.

    Attributes:
        makers: how often each local is made anew by a `Make`.
        foreign: locals changed in place that may hold what somebody else made.
        changes: how often each local is changed in place.
        mentions: how often each local occurs.
        once: locals that an assignment makes once.
        has_with: it replaces documents somewhere.
    """

    def __init__(self, blocks: tuple[Block, ...], parameters: tuple[int, ...]) -> None:
        self.makers: Counter[int] = Counter()
        self.changes: Counter[int] = Counter()
        self.once: set[int] = set()
        self.has_with = False
        self._inside: dict[int, tuple[object, Inside]] = {}
        others: set[int] = set(parameters)
        whole = Inside()
        for block in blocks:
            whole.add(self.inside(block))
            for statement in walk(block):
                kind = type(statement)
                if kind in _MUTATED:
                    self.changes[mutated(statement)] += 1
                elif isinstance(statement, ir.Make):
                    self.makers[statement.target] += 1
                elif kind is not ir.Reset:
                    others.update(_USES[kind](statement)[1])
                    if isinstance(statement, ir.Assign) and statement.once:
                        self.once.add(statement.target)
                    self.has_with = self.has_with or kind is ir.With
        self.mentions = Counter(whole.mentions)
        self.foreign = {local for local in self.changes if local in others}

    def inside(self, block: Block) -> Inside:
        """What stands in a block of the body; looked into once."""
        known = self._inside.get(id(block))
        if known is not None:
            return known[1]
        found = Inside()
        counts, given = found.mentions, found.written
        for statement in block:
            kind = type(statement)
            reads, writes = _USES[kind](statement)
            for local in reads:
                if local >= 0:
                    counts[local] = counts.get(local, 0) + 1
            for local in writes:
                counts[local] = counts.get(local, 0) + 1
                given.add(local)
            if kind in _MUTATED:
                found.mutated.add(mutated(statement))
                found.ordered = found.ordered or kind is ir.ArrayAppend
            elif kind is ir.ResultSetAdd:
                found.ordered = True
            elif kind in _NESTED:
                found.add(self._nested(statement))
        self._inside[id(block)] = block, found  # kept, so that no other block gets its id
        return found

    def _nested(self, statement: ir.Statement) -> Inside:
        known = self._inside.get(id(statement))
        if known is not None:
            return known[1]
        found = Inside()
        for block in ir.children(statement):
            found.add(self.inside(block))
        self._inside[id(statement)] = statement, found
        return found


class PlanFacts:
    """Facts of all functions.

    Attributes:
        repeated: functions that may run more than once for one set of memoised results.
        memoised: those of them that are rules: without arguments beyond input and data.
    """

    def __init__(self, plan: ir.Plan) -> None:
        names = {function.name for function in plan.functions}
        calls: Counter[str] = Counter()
        looped: set[str] = set()
        callers: dict[str, set[str]] = {}
        for function in plan.functions:
            for name, in_loop in _calls(function.blocks, plan, names):
                calls[name] += 1
                callers.setdefault(name, set()).add(function.name)
                if in_loop:
                    looped.add(name)
        most: Counter[str] = Counter()
        for entry in plan.plans:
            own: Counter[str] = Counter()
            for name, in_loop in _calls(entry.blocks, plan, names):
                own[name] += 1
                if in_loop:
                    looped.add(name)
            most |= own
        calls += most
        rules = {each.name for each in plan.functions if len(each.parameters) == 2}
        self.repeated = {name for name in names if calls[name] > 1} | looped
        # A memoised rule runs once, so what it calls is not repeated through it; but its
        # memo ends with a `with`, so that every caller below it is charged all the same.
        queue = list(self.repeated)
        called: dict[str, set[str]] = {}
        for name, by in callers.items():
            for caller in by:
                called.setdefault(caller, set()).add(name)
        while queue:
            for name in called.get(queue.pop(), ()):
                if name not in self.repeated:
                    self.repeated.add(name)
                    queue.append(name)
        direct = {name for name in rules if calls[name] > 1 or name in looped}
        functions = self.repeated - rules
        under = {name for caller in functions for name in called.get(caller, ())}
        self.memoised = direct | (under & rules)


def _calls(blocks: tuple[Block, ...], plan: ir.Plan, names: set[str]) -> Iterator[tuple[str, bool]]:
    """Each call of a function of the plan, and whether it stands in a loop."""
    open_blocks = [(block, False) for block in blocks]
    while open_blocks:
        block, in_loop = open_blocks.pop()
        for statement in block:
            if isinstance(statement, ir.Call):
                if statement.function in names:
                    yield statement.function, in_loop
            elif isinstance(statement, ir.CallDynamic):
                for function in ir.candidates(statement, plan.functions):
                    yield function.name, in_loop
            inside = in_loop or isinstance(statement, ir.Scan)
            open_blocks += [(each, inside) for each in ir.children(statement)]
