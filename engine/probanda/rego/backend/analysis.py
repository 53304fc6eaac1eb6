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
from collections.abc import Iterator
from typing import Any

from probanda.rego import ir

Block = tuple[ir.Statement, ...]

_READ_OPERANDS = ("source", "key", "value", "a", "b")
_TARGETS = ("target", "result")
_MUTATED = ("array", "set", "object")


def walk(block: Block) -> Iterator[ir.Statement]:
    """Every statement of a block, nested ones included."""
    open_blocks = [block]
    while open_blocks:
        for statement in open_blocks.pop():
            yield statement
            open_blocks.extend(ir.children(statement))


def written(statement: ir.Statement) -> tuple[int, ...]:
    """The locals that a statement itself gives a new value (not: changes in place)."""
    if isinstance(statement, ir.Scan):
        return (statement.key, statement.value)
    if isinstance(statement, ir.With):
        return (statement.local,)
    return tuple(getattr(statement, name) for name in _TARGETS if hasattr(statement, name))


def mutated(statement: ir.Statement) -> int:
    """The local whose aggregate a statement changes in place, or −1."""
    for name in _MUTATED:
        if hasattr(statement, name):
            return int(getattr(statement, name))
    return -1


def read(statement: ir.Statement) -> list[int]:
    """The locals that a statement itself reads."""
    found: list[int] = []
    if isinstance(statement, ir.MakeNumber):
        return found
    if isinstance(statement, ir.With):
        found.append(statement.local)
    if not isinstance(statement, ir.Scan):
        for name in _READ_OPERANDS:
            _collect(getattr(statement, name, None), found)
    else:
        found.append(statement.source)
    for name in ("arguments", "path"):
        for item in getattr(statement, name, ()):
            if isinstance(item, ir.Operand):
                _collect(item, found)
    if isinstance(statement, ir.Assign) and statement.once:
        found.append(statement.target)
    if (changed := mutated(statement)) >= 0:
        found.append(changed)
    return found


def _collect(item: Any, found: list[int]) -> None:
    if isinstance(item, ir.Operand):
        if item.local >= 0:
            found.append(item.local)
    elif type(item) is int:
        found.append(item)


def written_in(block: Block) -> set[int]:
    """Every local that a block may give a new value."""
    return {local for statement in walk(block) for local in written(statement)}


class BodyFacts:
    """Facts of one function's or plan's body.

    Attributes:
        makers: how often each local is made anew by a `Make`.
        foreign: locals changed in place that may hold what somebody else made.
        changes: how often each local is changed in place.
        mentions: how often each local occurs.
        once: locals that an assignment makes once.
    """

    def __init__(self, blocks: tuple[Block, ...], parameters: tuple[int, ...]) -> None:
        self.makers: Counter[int] = Counter()
        self.changes: Counter[int] = Counter()
        self.mentions: Counter[int] = Counter()
        self.once: set[int] = set()
        others: set[int] = set(parameters)
        for block in blocks:
            for statement in walk(block):
                self.mentions.update(mentions(statement))
                if (changed := mutated(statement)) >= 0:
                    self.changes[changed] += 1
                if isinstance(statement, ir.Assign) and statement.once:
                    self.once.add(statement.target)
                if isinstance(statement, ir.Make):
                    self.makers[statement.target] += 1
                elif not isinstance(statement, ir.Reset):
                    others.update(written(statement))
        self.foreign = {local for local in self.changes if local in others}


def mentions(statement: ir.Statement) -> list[int]:
    """The locals that occur in a statement itself."""
    return [*read(statement), *written(statement)]


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
