"""Puts probes into one body: where each expression begins, what gave which value.

Rules:

- Statements follow each other within a block, and go on inside of the loop or `with` that ends
  it. That is the *flow*; what else stands in blocks of a statement belongs to the statement.
- A probe stands before the first statement of an expression, after each statement that may be
  undefined, and where a chain or the body comes to its end.

Example:
    Chains(probes, body, segments).body(block, result=2)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from probanda.rego import ir
from probanda.rego.backend.analysis import read, written
from probanda.rego.explain.calls import NOWHERE, Late, Probes
from probanda.rego.explain.checks import described
from probanda.rego.explain.probes import Begun, Closed, Ended, Root, Step
from probanda.rego.explain.sites import Place, Segment
from probanda.rego.explain.texts import CONDITIONS, Texts

Block = tuple[ir.Statement, ...]
_ROOTS = {0: -1, 1: -2}
# Variables shown of one expression, and probed values: more would explain less.
_MAX_INPUTS = 12
_MAX_SLOTS = 60


@dataclass(frozen=True, slots=True)
class Body:
    """What is known of a definition beforehand.

    Attributes:
        definition: its number.
        arguments: locals of the function's arguments.
        names: local → variable.
        callee: what a function of the plan is called; empty for a built-in.
        expression: the key of the expression at a place.
        replaces: whether its function has a `with`.
    """

    definition: int
    arguments: tuple[int, ...]
    names: Mapping[int, str]
    callee: Callable[[str], str]
    expression: Callable[[Place], object]
    replaces: bool


@dataclass(slots=True)
class _Chain:
    """The segments of one body; `parent` is the expression that it stands in."""

    parent: Segment | None = None
    current: Segment | None = None
    negated: bool = False


class Chains:
    """Puts probes into one definition."""

    def __init__(self, probes: Probes, body: Body, segments: list[Segment]) -> None:
        self._probes = probes
        self._definition = body.definition
        self._segments = segments
        self._texts = Texts(body.names, body.callee)
        self._expression = body.expression
        self._replaces = body.replaces
        self._slots: dict[int, int] = {}
        self._within = 0
        self.defined: set[int] = set(body.arguments)

    # --- bodies --------------------------------------------------------------------------

    def body(self, block: Block, result: int) -> Block:
        """The block of a definition, with probes."""
        begun = self._probes.call(Begun(self._probes.function, self._definition))
        size = _guards(block)
        # A `with` of a body before this one may have ended without a word.
        roots = [self._root(local) for local in (0, 1)] if self._replaces else []
        said = _said(block, result)
        inner = self._flow(block[size:], _Chain(), said)
        return (*block[:size], *roots, begun, *inner)

    def _flow(
        self, block: Block, chain: _Chain, said: ir.Statement | None = None, *, ends: bool = True
    ) -> Block:
        """`ends`: the chain ends with the block."""
        made: list[ir.Statement] = []
        for index, statement in enumerate(block):
            segment = self._segment(block, index, chain, made)
            if ends and index + 1 == len(block) and isinstance(statement, ir.Scan | ir.With):
                made.append(self._opened(statement, segment, chain, said))
                return tuple(made)
            if isinstance(statement, ir.Return | ir.Break):
                self._finish(chain, said, made)
                made.append(statement)
                return tuple(made)
            self._one(statement, segment, chain, made)
        if ends:
            self._finish(chain, said, made)
        return tuple(made)

    def _finish(self, chain: _Chain, said: ir.Statement | None, made: list[ir.Statement]) -> None:
        """The chain has come to its end."""
        last = chain.current.number if chain.current is not None else -1
        function = self._probes.function
        if chain.parent is None:
            values = tuple(each for each in _values(said) if self._sure(each))
            made.append(self._probes.call(Ended(function, self._definition, last), values))
        elif chain.current is not None:
            made.append(self._probes.call(Closed(function, chain.parent.number, last)))
            chain.current = None

    def _sure(self, operand: ir.Operand) -> bool:
        return operand.local < 0 or operand.local in self.defined

    # --- segments ------------------------------------------------------------------------

    def _segment(
        self, block: Block, index: int, chain: _Chain, made: list[ir.Statement]
    ) -> Segment:
        """The segment that a statement belongs to, begun if need be."""
        place = block[index].place
        key = self._expression(place)
        if chain.parent is not None and key == chain.parent.key:
            self._finish(chain, None, made)
            return chain.parent
        if chain.current is not None and key == chain.current.key:
            return chain.current
        segment = Segment(
            len(self._segments),
            self._definition,
            place,
            key,
            parent=chain.parent,
            previous=chain.current,
            negated=chain.negated,
            replaced=self._within > 0,
        )
        self._segments.append(segment)
        self._slots = {}
        inputs = self._inputs(block[index:], key)
        for slot, local in enumerate(inputs):
            segment.slots.append(self._texts.local(local))
            self._slots[local] = slot
        segment.inputs = len(inputs)
        before = chain.current.number if chain.current is not None else -1
        chain.current = segment
        # Its number of slots is known when all of it was read: a segment is named, not copied.
        probe = Late(self._probes.function, segment, before)
        made.append(self._probes.call(probe, tuple(ir.Operand(local) for local in inputs)))
        return segment

    def _inputs(self, block: Block, key: object) -> list[int]:
        """The locals with a name that an expression reads and that are certainly defined."""
        found: dict[int, None] = {}
        self._read(block, key, found)
        texts = self._texts
        named = [
            local
            for local in found
            if local > 1
            and local in self.defined
            and local not in texts.constants
            and texts.local(local)
        ]
        return named[:_MAX_INPUTS]

    def _read(self, block: Block, key: object, found: dict[int, None]) -> None:
        for statement in block:
            if self._expression(statement.place) != key:
                return
            found.update(dict.fromkeys(read(statement)))
            for inner in ir.children(statement):
                self._read(inner, key, found)

    # --- statements ----------------------------------------------------------------------

    def _one(
        self, statement: ir.Statement, segment: Segment, chain: _Chain, made: list[ir.Statement]
    ) -> None:
        """A statement that does not end its block, and its probe."""
        if isinstance(statement, ir.With):
            body = self._replaced(statement, chain, ends=False)
            made += [body, self._root(statement.local)]
            return
        own = segment is not chain.parent
        slot = self._check(statement, segment) if own else -1
        made.append(self._inside(statement, segment))
        if self._replaces and ir.children(statement):
            made += [self._root(local) for local in (0, 1)]
        self._texts.note(statement)
        target = _target(statement)
        if target >= 0 and self._gives(statement):
            self.defined.add(target)
        if slot >= 0:
            if target >= 0:
                self._slots[target] = slot
                segment.slots[slot] = self._shown(statement, target)
            made.append(self._step(segment, slot, target))
        elif not own and target >= 0 and isinstance(statement, ir.Dot | ir.Call):
            self._detail(segment, statement, target, made)

    def _gives(self, statement: ir.Statement) -> bool:
        """Whether the local that a statement writes is defined after it."""
        if isinstance(statement, ir.Assign):
            return self._sure(statement.source)
        return not isinstance(statement, ir.Reset)

    def _detail(
        self, segment: Segment, statement: ir.Statement, target: int, made: list[ir.Statement]
    ) -> None:
        text = self._shown(statement, target)
        if not text or len(segment.slots) >= _MAX_SLOTS:
            return
        slot = len(segment.slots)
        segment.slots.append(text)
        probe = Step(self._probes.function, segment.number, slot, detail=True)
        made.append(self._probes.call(probe, (ir.Operand(target),)))

    def _step(self, segment: Segment, slot: int, target: int) -> ir.Statement:
        given = (ir.Operand(target),) if target >= 0 else ()
        return self._probes.call(Step(self._probes.function, segment.number, slot), given)

    def _root(self, local: int) -> ir.Statement:
        if local > 1:
            return ir.Nop(NOWHERE)
        return self._probes.guarded(Root(self._probes.function, local), local)

    def _shown(self, statement: ir.Statement, target: int) -> str:
        """The text beside a value; empty for what says no more than the expression."""
        if isinstance(statement, ir.Length):
            return ""
        if isinstance(statement, ir.Call) and statement.function in CONDITIONS:
            return ""
        return self._texts.local(target)

    def _inside(self, statement: ir.Statement, segment: Segment) -> ir.Statement:
        """A statement with probes in the blocks that it holds."""
        outer, slots = set(self.defined), dict(self._slots)
        made = statement
        if isinstance(statement, ir.Blocks):
            blocks = []
            for block in statement.blocks:
                blocks.append(self._flow(block, _Chain(segment)))
                self.defined = set(outer)
            made = replace(statement, blocks=tuple(blocks))
        elif isinstance(statement, ir.Not):
            body = self._flow(statement.block, _Chain(segment, negated=True))
            made = replace(statement, block=body)
        elif isinstance(statement, ir.Scan):
            self._texts.note(statement)
            self.defined |= {statement.key, statement.value}
            made = replace(statement, block=self._flow(statement.block, _Chain(segment)))
        self.defined, self._slots = outer, slots
        return made

    def _opened(
        self,
        statement: ir.Scan | ir.With,
        segment: Segment,
        chain: _Chain,
        said: ir.Statement | None,
    ) -> ir.Statement:
        """The loop or `with` that ends a block: the flow goes on inside of it."""
        if isinstance(statement, ir.With):
            return self._replaced(statement, chain, said)
        own = segment is not chain.parent
        slot = self._check(statement, segment) if own else -1
        self._texts.note(statement)
        self.defined |= {statement.key, statement.value}
        made: list[ir.Statement] = []
        if slot >= 0:
            self._slots[statement.value] = slot
            segment.slots[slot] = self._texts.local(statement.value)
            made.append(self._step(segment, slot, statement.value))
            if self._texts.is_variable(statement.key):
                self._named(segment, statement.key, made)
        else:
            self._named(segment, statement.value, made)
        return replace(statement, block=(*made, *self._flow(statement.block, chain, said)))

    def _replaced(
        self,
        statement: ir.With,
        chain: _Chain,
        said: ir.Statement | None = None,
        *,
        ends: bool = True,
    ) -> ir.Statement:
        """A `with`: what it replaces is known inside of it."""
        self._within += 1
        body = self._flow(statement.block, chain, said, ends=ends)
        self._within -= 1
        return replace(statement, block=(self._root(statement.local), *body))

    def _named(self, segment: Segment, local: int, made: list[ir.Statement]) -> None:
        text = self._texts.local(local)
        if text and len(segment.slots) < _MAX_SLOTS:
            slot = len(segment.slots)
            segment.slots.append(text)
            probe = Step(self._probes.function, segment.number, slot, detail=True)
            made.append(self._probes.call(probe, (ir.Operand(local),)))

    # --- checks --------------------------------------------------------------------------

    def _check(self, statement: ir.Statement, segment: Segment) -> int:
        """The slot of a statement that may be undefined, noted as a check; −1 for others."""
        slot = len(segment.slots)
        check = described(statement, slot, self._texts, self._source)
        if check is None or slot >= _MAX_SLOTS:
            return -1
        segment.slots.append("")
        segment.checks.append(check)
        return slot

    def _source(self, operand: ir.Operand) -> int | None:
        return _ROOTS.get(operand.local, self._slots.get(operand.local))


def _target(statement: ir.Statement) -> int:
    """The local that a statement gives a value; −1 for blocks."""
    if isinstance(statement, ir.Blocks | ir.Not | ir.Scan | ir.With):
        return -1
    return next(iter(written(statement)), -1)


def _guards(block: Block) -> int:
    """How many statements at the start only ask whether the body is tried at all."""
    size = 0
    for statement in block:
        waits = isinstance(statement, ir.IsDefined) and statement.negated and statement.source > 1
        if not waits and not isinstance(statement, ir.Reset):
            break
        size += 1
    return size


def _said(block: Block, result: int) -> ir.Statement | None:
    """The statement that says what the body stands for: a value, a member, a key."""
    while block and isinstance(block[-1], ir.Scan | ir.With):
        block = block[-1].block
    for statement in reversed(block):
        match statement:
            case ir.Assign(target=target, once=once) if once or target == result:
                return statement
            case ir.SetAdd() | ir.ObjectInsert(once=True):
                return statement
    return None


def _values(statement: ir.Statement | None) -> tuple[ir.Operand, ...]:
    match statement:
        case ir.Assign(source=source):
            return (source,)
        case ir.SetAdd(value=value):
            return (value,)
        case ir.ObjectInsert(key=key, value=value):
            return (key, value)
    return ()
