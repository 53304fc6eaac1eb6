"""Arrays, objects and sets under construction.

Rules:

- `MakeArray`, `MakeObject`, `MakeSet` and the insertions that follow at once become one
  display: `l4 = {"x": l3}`; where every part is constant and nothing changes the aggregate
  later, a value of the table of constants, built when compiling.
- Otherwise aggregates are changed in place, since the function made them. Where a local may
  hold what somebody else made (a `Dot` into it, a parameter), `own` copies it first.

Example:
    aggregates.make(emitter, statement); aggregates.flush(emitter)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from probanda.rego import ir
from probanda.rego.backend.emitter import ABSENT, Emitter, Known
from probanda.rego.values import RegoSet, key

_EMPTY: Final = {"list": "[]", "dict": "{}", "set": "S()"}
_PYTHON: Final = {"list": "list", "dict": "dict", "set": "S"}


@dataclass(slots=True)
class Pending:
    """An aggregate that no line makes yet.

    Attributes:
        kind: `list`, `dict` or `set`.
        texts: its parts; of an object, `key: value`.
        uses: locals in the texts.
        value: the same as a constant, as long as every part is one.
        names: an object's constant keys.
    """

    kind: str
    texts: list[str] = field(default_factory=list)
    uses: set[int] = field(default_factory=set)
    value: Any = None
    constant: bool = True
    names: set[str] = field(default_factory=set)


class Aggregates:
    """The pending aggregates of a function, and how they are changed."""

    def __init__(self, emitter: Emitter, local_mentions: dict[int, int]) -> None:
        self.emitter = emitter
        self.pending: dict[int, Pending] = {}
        self.mentions = local_mentions
        self.owning = bool(emitter.body.foreign)

    def make(self, statement: ir.Make) -> None:
        """Begin an aggregate."""
        target = statement.target
        self.before_write({target})
        empty: Any = {"list": [], "dict": {}, "set": RegoSet()}[statement.kind]
        self.pending[target] = Pending(statement.kind, value=empty)
        if self.owning or self.mentions.get(target) != self.emitter.body.mentions[target]:
            self.flush({target})
            if self.owning:
                self.emitter.line(f"o[id(l{target})] = l{target}")

    def before_write(self, locals_: set[int]) -> None:
        """Locals are about to change: write down what depends on them."""
        due = {
            target
            for target, each in self.pending.items()
            if target in locals_ or each.uses & locals_
        }
        self.flush(due)

    def before_read(self, locals_: list[int]) -> None:
        """Locals are about to be read."""
        if self.pending:
            self.flush({local for local in locals_ if local in self.pending})

    def flush(self, targets: set[int] | None = None) -> None:
        """Write pending aggregates down: these, or all; in the order in which they began."""
        for target in list(self.pending):
            if (targets is None or target in targets) and target in self.pending:
                self._write(target, self.pending.pop(target))

    def _write(self, target: int, pending: Pending) -> None:
        emitter = self.emitter
        known = Known(pending.kind, defined=True)
        whole = len(pending.texts) == emitter.body.changes[target]
        if pending.constant and pending.texts and whole and emitter.body.makers[target] == 1:
            name = emitter.constants.name(pending.value)
            constant = Known(pending.kind, name, defined=True, value=pending.value)
            emitter.assign(target, name, constant, pure=True)
            return
        inner = ", ".join(pending.texts)
        if not inner:
            text = _EMPTY[pending.kind]
        elif pending.kind == "set":
            text = f"S(({inner},))"
        else:
            text = f"[{inner}]" if pending.kind == "list" else f"{{{inner}}}"
        emitter.assign(target, text, known)

    def value_of(self, operand: ir.Operand) -> tuple[bool, Any]:
        """Whether an operand is a constant, and which."""
        if operand.local in self.pending:
            self.flush({operand.local})
        value = self.emitter.of(operand).value
        return value is not ABSENT, value

    def _join(self, target: int, value: ir.Operand, kind: str) -> tuple[Pending, str] | None:
        """The pending aggregate that can take `value`, and the value's expression."""
        constant, item = self.value_of(value)
        pending = self.pending.get(target)
        if pending is None or pending.kind != kind or value.local == target:
            return None
        if value.local >= 0 and not self.emitter.of(value).defined:
            return None
        text = self.emitter.text(value)
        if value.local >= 0 and not constant:
            pending.uses |= {value.local} | self.emitter.of(value).uses
        pending.constant = pending.constant and constant
        if pending.constant and kind == "list":
            pending.value.append(item)
        elif pending.constant and kind == "set":
            pending.value.add(item)
        return pending, text

    def _changed(self, target: int, kind: str, place: int) -> str:
        """The aggregate to change in place, made our own when it may not be."""
        emitter = self.emitter
        self.before_read([target])
        name = emitter.name(target)
        known = emitter.known.get(target)
        if target in emitter.body.foreign or known is None or known.kind != kind:
            owned = "o" if self.owning else "{}"
            if target in emitter.body.foreign:
                emitter.line(f"{name} = R({name}, {owned}, {_PYTHON[kind]}, s, {place})")
            else:
                emitter.line(
                    f"if type({name}) is not {_PYTHON[kind]}: R(U, {{}}, list, s, {place})"
                )
            emitter.forget({target})
            emitter.known[target] = Known(kind, defined=True)
        return name

    def append(self, statement: ir.ArrayAppend, place: int) -> None:
        """Append to an array."""
        if joined := self._join(statement.array, statement.value, "list"):
            joined[0].texts.append(joined[1])
            return
        name = self._changed(statement.array, "list", place)
        text = self.emitter.require(statement.value)
        self.emitter.line(f"{name}.append({text})")

    def add(self, statement: ir.SetAdd, place: int) -> None:
        """Add to a set."""
        if joined := self._join(statement.set, statement.value, "set"):
            joined[0].texts.append(joined[1])
            return
        name = self._changed(statement.set, "set", place)
        text = self.emitter.require(statement.value)
        self.emitter.line(f"{name}.members[{self.key(statement.value)}] = {text}")

    def insert(self, statement: ir.ObjectInsert, place: int) -> None:
        """Insert into an object."""
        name = statement.key.constant
        pending = self.pending.get(statement.object)
        fresh = type(name) is str and pending is not None and name not in pending.names
        if fresh and (joined := self._join(statement.object, statement.value, "dict")):
            joined[0].texts.append(f"{self.emitter.constants.text(name)}: {joined[1]}")
            joined[0].names.add(str(name))
            if joined[0].constant:
                joined[0].value[name] = self.value_of(statement.value)[1]
            return
        self.before_read([statement.value.local, statement.key.local])
        target = self._changed(statement.object, "dict", place)
        item = self.emitter.require(statement.value)
        self.emitter.require(statement.key)
        stored = self.key(statement.key)
        if statement.once:
            self.emitter.line(f"N({target}, {stored}, {item}, s, {place})")
        else:
            self.emitter.line(f"{target}[{stored}] = {item}")

    def key(self, operand: ir.Operand) -> str:
        """The expression of what a value is stored under."""
        text = self.emitter.text(operand)
        known = self.emitter.of(operand)
        if operand.local < 0 and type(operand.constant) is bool:
            return self.emitter.constants.name(key(operand.constant))
        if known.kind in {"str", "int"}:
            return text
        return f"{text} if type({text}) is str else K({text})"
