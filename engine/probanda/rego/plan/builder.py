"""Writes the statements of one function or plan, into a block that deepens as loops open.

Rules:

- Statements go into the *current block*. A loop opens a block and stays there: what follows
  in the same body runs once for each element. Whoever plans a body of its own (a rule, a
  comprehension, `not`) does so `inside` a block and comes back to where it was.
- Every statement has the file, row and column of the literal it comes from.
- A name is bound to an operand. `input` and `data` are copied before a name is bound to them,
  because `with` replaces what these two locals hold.
- No `BreakStmt` ever crosses a loop, a `with` or a `not`: evaluators disagree on how many
  blocks these are.

Example:
    with builder.inside([]) as block:
        builder.emit("MakeNullStmt", target=builder.local())
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol

from probanda.rego import ast
from probanda.rego.plan.context import TOP, Context, Target
from probanda.rego.plan.operand import DATA, FALSE, INPUT, JSON, TRUE, Operand, Statics, local
from probanda.rego.plan.tree import Node
from probanda.rego.resolve.program import Program, RuleGroup

# Operands of statements that are plain numbers of locals, not values.
_NUMBERS: Final = frozenset({"target", "array", "object", "set", "result", "local"})
_BARE: Final = {
    "ScanStmt": frozenset({"source", "key", "value"}),
    "IsDefinedStmt": frozenset({"source"}),
    "IsUndefinedStmt": frozenset({"source"}),
    "ReturnLocalStmt": frozenset({"source"}),
    "ResultSetAddStmt": frozenset({"value"}),
    "ObjectMergeStmt": frozenset({"a", "b"}),
}


class Library(Protocol):
    """What a builder needs to know of the rest of the plan."""

    program: Program
    statics: Statics
    tree: Node

    def function(self, group: RuleGroup, context: Context) -> tuple[str, Context]:
        """The name of a group's function in a context, and the part of it that matters."""

    def note(self, place: tuple[str, int], local: int, name: str) -> None:
        """Remember which variable a local of a block is, where somebody asked for it."""


class Builder(ABC):
    """The state of one function or plan while it is written."""

    def __init__(self, library: Library, *, context: Context = TOP, first_local: int = 2) -> None:
        self.library = library
        self.statics = library.statics
        self.context = context
        self.block: list[JSON] = []
        self.span = ast.NOWHERE
        self.mocks: Mapping[Target, Operand] = {}
        self._next = first_local
        self._names: dict[str, Operand] = {}
        # How many `with` the current block lies in: a function must not return from there.
        self.within = 0

    # --- what higher layers provide ------------------------------------------------------

    @abstractmethod
    def term(self, term: ast.Term) -> Operand:
        """Plan a term; afterwards its variables are bound."""

    @abstractmethod
    def body(self, body: ast.Body) -> None:
        """Plan a body; the current block ends where all of it is true."""

    # --- statements ----------------------------------------------------------------------

    def emit(self, kind: str, **fields: Any) -> None:
        """Append a statement; operands of bare locals are written as their numbers."""
        bare = _BARE.get(kind, frozenset())
        statement: JSON = {}
        for name, value in fields.items():
            if not isinstance(value, Operand):
                statement[name] = value
            elif name in bare or name in _NUMBERS:
                statement[name] = value.value
            else:
                statement[name] = value.json()
        statement["file"] = self.statics.file(self.span.path)
        statement["row"] = self.span.row
        statement["col"] = self.span.column
        self.block.append({"type": kind, "stmt": statement})

    def assign(self, source: Operand) -> Operand:
        """A new local that holds a value."""
        target = self.local()
        self.emit("AssignVarStmt", source=source, target=target)
        return target

    def held(self, operand: Operand) -> Operand:
        """The same value, as a local."""
        return operand if operand.is_local else self.assign(operand)

    def fail(self) -> None:
        """Make what follows in this block undefined."""
        self.emit("EqualStmt", a=TRUE, b=FALSE)

    def equal(self, a: Operand, b: Operand) -> None:
        """Go on where two values are equal; constants are compared now."""
        if a.is_local or b.is_local:
            self.emit("EqualStmt", a=a, b=b)
        elif a != b:
            self.fail()

    def differ(self, a: Operand, b: Operand) -> None:
        """Go on where two values differ; constants are compared now."""
        if a.is_local or b.is_local:
            self.emit("NotEqualStmt", a=a, b=b)
        elif a == b:
            self.fail()

    def integer(self, value: int) -> Operand:
        """A whole number, as a new local."""
        target = self.local()
        self.emit("MakeNumberIntStmt", value=value, target=target)
        return target

    def reset(self) -> Operand:
        """A new local that is undefined also when a loop comes by again."""
        target = self.local()
        self.emit("ResetLocalStmt", target=target)
        return target

    # --- locals and names ----------------------------------------------------------------

    def local(self) -> Operand:
        """A new local."""
        self._next += 1
        return local(self._next - 1)

    @property
    def next_local(self) -> int:
        """The number of the next local; set it back to use locals again."""
        return self._next

    @next_local.setter
    def next_local(self, number: int) -> None:
        self._next = number

    def bind(self, name: str, operand: Operand) -> None:
        """Give a variable its value."""
        held = self.assign(operand) if operand in {INPUT, DATA} else operand
        self._names[name] = held
        if held.is_local:
            self.library.note(self.place, held.value, name)

    @property
    def place(self) -> tuple[str, int]:
        """The function and the number of its block that is being written."""
        return "", 0

    def bound(self, name: str) -> Operand | None:
        """The value of a variable, if it has one yet."""
        return self._names.get(name)

    def forget_names(self) -> None:
        """Start anew, as another rule does."""
        self._names = {}

    # --- blocks --------------------------------------------------------------------------

    @contextmanager
    def inside(self, block: list[JSON]) -> Iterator[list[JSON]]:
        """Write into another block; names bound there are forgotten."""
        outer, names, within = self.block, dict(self._names), self.within
        self.block = block
        yield block
        self.block, self._names, self.within = outer, names, within

    def blocks(self, *blocks: list[JSON]) -> None:
        """Blocks that run one after the other, whether or not they are defined."""
        self.emit("BlockStmt", blocks=[{"stmts": block} for block in blocks])

    def scan(self, source: Operand) -> tuple[Operand, Operand]:
        """Open a loop and stay in it; its key and value."""
        block: list[JSON] = []
        key, value = self.scan_block(source, block)
        self.block = block
        return key, value

    def scan_block(self, source: Operand, block: list[JSON]) -> tuple[Operand, Operand]:
        """A loop over a block that is written elsewhere; its key and value."""
        key, value = self.local(), self.local()
        held = self.held(source)
        self.emit("ScanStmt", source=held, key=key, value=value, block={"stmts": block})
        return key, value

    def open_with(self, target: Operand, path: list[int], value: Operand) -> None:
        """Replace a part of `input` or `data` and stay in the block where this holds."""
        block: list[JSON] = []
        self.emit("WithStmt", local=target, path=path, value=value, block={"stmts": block})
        self.block = block
        self.within += 1
