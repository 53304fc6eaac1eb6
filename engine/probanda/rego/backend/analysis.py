"""What is known of a plan before code is written: who calls whom how often, who writes what.

Rules:

- A function is *repeated* when it may run more than once for one set of memoised results:
  several calls, a call in a loop, or a repeated caller. Repeated rules are memoised, and loops
  of repeated functions are charged; all else runs once and needs neither.
- A function is *frequent* when the plan's text alone lets it run more than `FEW` times:
  every call of it is charged.
- Everything errs to the safe side: a local that may be written counts as written.

Example:
    facts = PlanFacts(plan); "g0.data.a.allow" in facts.memoised
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
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
# Runs of a function, known before evaluation, that need no counting.
FEW: Final = 64


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


def exposed(block: Block) -> Counter[int]:
    """How often each local is read where the blocks around have not surely written it."""
    found: Counter[int] = Counter()
    # Blocks still to look at, with what is written around them.
    open_blocks: list[tuple[Block, frozenset[int]]] = [(block, frozenset())]
    while open_blocks:
        inner, around = open_blocks.pop()
        ready = set(around)
        for statement in inner:
            found.update(local for local in read(statement) if local not in ready)
            children = ir.children(statement)
            if children:
                inside = frozenset(ready).union(written(statement))
                open_blocks += [(child, inside) for child in children]
            else:
                ready.update(written(statement))
    return found


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
        self._blocks = blocks
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

    @cached_property
    def exposed(self) -> Counter[int]:
        """Reads of locals that their blocks have not surely written."""
        return sum(map(exposed, self._blocks), Counter[int]())

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
        frequent: functions that may run more than `FEW` times.
        order: the numbers of all functions, callees before their callers.
    """

    def __init__(self, plan: ir.Plan) -> None:
        names = {function.name: number for number, function in enumerate(plan.functions)}
        self.calls = {
            each.name: list(_calls(each.blocks, plan, names.keys())) for each in plan.functions
        }
        self._entries = {
            each.name: list(_calls(each.blocks, plan, names.keys())) for each in plan.plans
        }
        self.order = [names[name] for name in self._sorted()]
        calls = self._counts()
        rules = {each.name for each in plan.functions if len(each.parameters) == 2}
        looped = {
            name
            for found in (*self.calls.values(), *self._entries.values())
            for name, in_loop in found
            if in_loop
        }
        # A memoised rule runs once, so what it calls is not repeated through it; but its
        # memo ends with a `with`, so that every caller below it is charged all the same.
        self.repeated = self._below({name for name in names if calls[name] > 1} | looped)
        self.frequent = self._frequent()
        direct = {name for name in rules if calls[name] > 1 or name in looped}
        functions = self.repeated - rules
        under = {name for caller in functions for name, _ in self.calls[caller]}
        self.memoised = direct | (under & rules)

    def reached(self, entry: str) -> set[str]:
        """The functions that a plan may call."""
        return self._below({name for name, _ in self._entries[entry]})

    def _below(self, names: set[str]) -> set[str]:
        """Those functions and all that they may call."""
        found, queue = set(names), list(names)
        while queue:
            for name, _ in self.calls[queue.pop()]:
                if name not in found:
                    found.add(name)
                    queue.append(name)
        return found

    def _counts(self) -> Counter[str]:
        """How many calls of each function stand in functions and in any one plan."""
        most: Counter[str] = Counter()
        for found in self._entries.values():
            most |= Counter(name for name, _ in found)
        for found in self.calls.values():
            most.update(name for name, _ in found)
        return most

    def _sorted(self) -> list[str]:
        """All functions, callees first."""
        done: dict[str, None] = {}
        for start in self.calls:
            stack = [(start, iter(self.calls[start]))]
            while stack:
                name, callees = stack[-1]
                for callee, _ in callees:
                    if callee not in done:
                        stack.append((callee, iter(self.calls[callee])))
                        break
                else:
                    done[name] = None
                    stack.pop()
        return list(done)

    def _frequent(self) -> set[str]:
        """Functions called in loops, or by the product of calls more than `FEW` times."""
        runs: Counter[str] = Counter()
        for found in self._entries.values():
            own: Counter[str] = Counter()
            for name, in_loop in found:
                own[name] += FEW + 1 if in_loop else 1
            runs |= own
        names = list(self.calls)
        for number in reversed(self.order):
            caller = names[number]
            times = min(runs[caller], FEW + 1)
            for name, in_loop in self.calls[caller]:
                runs[name] += FEW + 1 if in_loop else times
        return {name for name, times in runs.items() if times > FEW}


def _calls(
    blocks: tuple[Block, ...], plan: ir.Plan, names: Container[str]
) -> Iterator[tuple[str, bool]]:
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
