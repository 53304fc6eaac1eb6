"""A plan with probes: the same plan, that also says how far it came and with which values.

Rules:

- Probes are calls of context built-ins put between the statements; no statement is changed, left
  out or moved, and no level is added around one, so the traced plan means what the plan means.
- A probe is given only locals that are certainly defined at its place: an undefined operand
  would end the block. What may be undefined stands in a block of its own behind `IsDefined`.
- The back end compiles the result as any plan.

Example:
    traced = instrument(plan, sources, names)
    compile_plan(traced.plan, BUILTINS | traced.builtins)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from probanda.rego import ir
from probanda.rego.backend.analysis import read, walk, written
from probanda.rego.builtins import BUILTINS, Builtin
from probanda.rego.explain.calls import Probes, settle
from probanda.rego.explain.chains import Body, Chains
from probanda.rego.explain.probes import Enter, Leave, Returned, Root, watched
from probanda.rego.explain.sites import Definition, Function, Segment, Sites
from probanda.rego.explain.sources import Sources
from probanda.rego.plan.planner import Names

Block = tuple[ir.Statement, ...]
_MIN_LOCAL = 2


@dataclass(frozen=True, slots=True)
class Traced:
    """A plan with probes.

    Attributes:
        plan: what to compile.
        builtins: what it calls: the probes, and the built-ins, watched.
        sites: what the probes stand for.
    """

    plan: ir.Plan
    builtins: Mapping[str, Builtin]
    sites: Sites


def instrument(plan: ir.Plan, sources: Sources, names: Names) -> Traced:
    """Put probes into all functions, and into the plan of each entry."""
    work = _Instrument(plan, sources, names)
    functions = tuple(work.function(number) for number in range(len(plan.functions)))
    entries = tuple(work.entry(entry) for entry in plan.plans)
    settle(work.builtins)
    builtins = {name: watched(BUILTINS[name]) for name in _called(plan) if name in BUILTINS}
    sites = Sites(tuple(work.sites), tuple(work.segments), plan.files)
    traced = ir.Plan(plan.files, entries, functions)
    return Traced(traced, builtins | work.builtins, sites)


def _called(plan: ir.Plan) -> set[str]:
    """The names that a plan calls: asking for a built-in imports it."""
    bodies: list[ir.Function | ir.Entry] = [*plan.functions, *plan.plans]
    blocks = [block for body in bodies for block in body.blocks]
    return {each.function for block in blocks for each in walk(block) if isinstance(each, ir.Call)}


class _Instrument:
    """The state of it."""

    def __init__(self, plan: ir.Plan, sources: Sources, names: Names) -> None:
        self.plan = plan
        self.sources = sources
        self.names = names
        self.numbers = {each.name: number for number, each in enumerate(plan.functions)}
        self.builtins: dict[str, Builtin] = {}
        self.segments: list[Segment] = []
        self.sites: list[Function] = []
        self.definitions = 0

    def function(self, number: int) -> ir.Function:
        """A function with probes."""
        function = self.plan.functions[number]
        probes = Probes(number, _free(function.blocks, function.parameters), self.builtins)
        path = function.path[1:]
        final = next(reversed(function.blocks), ())
        result = final[-1].source if final and isinstance(final[-1], ir.Return) else -1
        replaces = _replaces(function.blocks)
        definitions: list[Definition] = []
        parameters: dict[int, str] = {}
        blocks = [probes.block(self._head(probes, function.parameters))]
        for index, block in enumerate(function.blocks):
            names = self.names.get((function.name, index), {})
            parameters |= {each: names[each] for each in function.parameters if each in names}
            if block is final and len(block) == 1:
                blocks.append(_leaving(probes, block, result))
                continue
            definition = self._definition(index, block, path, result)
            if definition is None:
                blocks.append(_returns(probes, block, result))
                continue
            definitions.append(definition)
            chains = self._chains(probes, definition, function, replaces=replaces)
            blocks.append(_returns(probes, chains.body(block, result), result))
        texts = tuple(parameters.get(each, "") for each in function.parameters[_MIN_LOCAL:])
        self.sites.append(Function(number, path, texts, tuple(definitions)))
        return replace(function, blocks=tuple(blocks))

    def entry(self, entry: ir.Entry) -> ir.Entry:
        """A plan with probes; its frame is there before it runs."""
        probes = Probes(-1, _free(entry.blocks, (0, 1)), self.builtins)
        replaces = _replaces(entry.blocks)
        definitions = []
        blocks = [probes.block(_roots(probes))]
        for index, block in enumerate(entry.blocks):
            place = block[0].place if block else (-1, 0, 0)
            definition = Definition(self._next(), index, place)
            definitions.append(definition)
            chains = self._chains(probes, definition, None, replaces=replaces)
            blocks.append(chains.body(block, -1))
        self.sites.append(Function(-1, (), (), tuple(definitions)))
        return replace(entry, blocks=tuple(blocks))

    def _next(self) -> int:
        self.definitions += 1
        return self.definitions - 1

    def _head(self, probes: Probes, parameters: tuple[int, ...]) -> list[ir.Statement]:
        given = tuple(ir.Operand(each) for each in parameters[_MIN_LOCAL:])
        return [probes.call(Enter(probes.function), given), *_roots(probes)]

    def _definition(
        self, index: int, block: Block, path: tuple[str, ...], result: int
    ) -> Definition | None:
        """The definition that a block is, unless it only holds the function together."""
        if not block or _is_plumbing(block):
            return None
        guard = block[0]
        waits = guard.source if isinstance(guard, ir.IsDefined) and guard.negated else 0
        place = block[-1].place
        if self.sources.program is None:
            if waits < _MIN_LOCAL:
                return Definition(self._next(), index, place)
            return Definition(self._next(), index, place, "default" if waits == result else "else")
        file, row, column = place
        name = self.plan.files[file] if file >= 0 else ""
        branch = self.sources.branch(path, name, row, column)
        return Definition(self._next(), index, place, branch.kind if branch else "rule")

    def _chains(
        self, probes: Probes, definition: Definition, home: ir.Function | None, *, replaces: bool
    ) -> Chains:
        name, path = (home.name, home.path[1:]) if home is not None else ("", ())
        arguments = home.parameters[_MIN_LOCAL:] if home is not None else ()
        names = self.names.get((name, definition.block), {})

        def callee(name: str) -> str:
            number = self.numbers.get(name)
            if number is None:
                return ""
            return self.sources.short(self.plan.functions[number].path[1:], path)

        def expression(place: tuple[int, int, int]) -> object:
            file, row, column = place
            name = self.plan.files[file] if file >= 0 else ""
            literal = self.sources.literal(name, row, column)
            return place if literal is None else id(literal)

        body = Body(definition.number, arguments, names, callee, expression, replaces)
        return Chains(probes, body, self.segments)


def _roots(probes: Probes) -> list[ir.Statement]:
    return [probes.guarded(Root(probes.function, local), local) for local in (0, 1)]


def _leaving(probes: Probes, block: Block, result: int) -> Block:
    known = probes.guarded(Returned(probes.function), result)
    return (known, probes.call(Leave(probes.function)), *block)


def _returns(probes: Probes, block: Block, result: int) -> Block:
    """A block with probes before each of its returns."""
    made: list[ir.Statement] = []
    for statement in block:
        if isinstance(statement, ir.Return):
            made += _leaving(probes, (), result)
        if isinstance(statement, ir.Blocks):
            inner = tuple(_returns(probes, each, result) for each in statement.blocks)
            statement = replace(statement, blocks=inner)  # noqa: PLW2901  # the same one, traced
        elif isinstance(statement, ir.Scan | ir.Not | ir.With):
            body = _returns(probes, statement.block, result)
            statement = replace(statement, block=body)  # noqa: PLW2901  # the same one, traced
        made.append(statement)
    return tuple(made)


def _is_plumbing(block: Block) -> bool:
    """Whether a block makes the result, or hands on what another block found."""
    first = block[0]
    if len(block) == 1:
        return isinstance(first, ir.Make | ir.Return | ir.Reset)
    handed = isinstance(first, ir.IsDefined) and not first.negated and first.source >= _MIN_LOCAL
    last = block[-1]
    return (
        handed
        and len(block) == _MIN_LOCAL
        and isinstance(last, ir.Assign | ir.Return)
        and (last.source if isinstance(last, ir.Return) else last.source.local) == first.source  # type: ignore[attr-defined]  # an IsDefined when `handed`
    )


def _replaces(blocks: tuple[Block, ...]) -> bool:
    return any(isinstance(each, ir.With) for block in blocks for each in walk(block))


def _free(blocks: tuple[Block, ...], parameters: tuple[int, ...]) -> int:
    """A local that a function does not use."""
    used = [
        local
        for block in blocks
        for statement in walk(block)
        for local in (*read(statement), *written(statement))
    ]
    return max([*used, *parameters, 1]) + 1
