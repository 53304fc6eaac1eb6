"""Writes each simple statement of the IR as Python.

Rules:

- A statement that is undefined leaves the innermost block; operands of built-ins, and what
  goes into an aggregate, must be defined.
- Constant keys, known kinds and known values give shorter code, never another meaning.

Example:
    SIMPLE[ir.Dot](writer, statement)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from probanda.rego import ir
from probanda.rego.backend import inline
from probanda.rego.backend.aggregates import Aggregates
from probanda.rego.backend.analysis import read
from probanda.rego.backend.emitter import SHARED, Emitter, Known
from probanda.rego.backend.facts import Lookup
from probanda.rego.backend.unit import Unit

# A dynamic call that finds a function whose result is undefined leaves so many blocks more
# than its own: the base document is not asked (OPA, compileCallDynamicStmt).
_DYNAMIC: Final = 3
_LOCAL_ONLY: Final = Known()
# They join what is pending instead of reading it.
_GROWING: Final = frozenset({ir.ArrayAppend, ir.Make, ir.ObjectInsert, ir.SetAdd})


class Writer:
    """What the statements of one function are written with."""

    def __init__(self, emitter: Emitter, unit: Unit) -> None:
        self.emitter = emitter
        self.unit = unit
        self.aggregates: Aggregates

    def simple(self, statement: ir.Statement) -> None:
        """Write a statement that has no blocks and is no break."""
        kind = type(statement)
        if self.aggregates.pending and kind not in _GROWING:
            self.aggregates.before_read(read(statement))
        SIMPLE[kind](self, statement)

    def assign(self, target: int, text: str, known: Known = _LOCAL_ONLY, *, pure: bool) -> None:
        """Write `target = text`."""
        self.aggregates.before_write({target})
        self.emitter.assign(target, text, known, pure=pure)


def _nop(_writer: Writer, _statement: ir.Nop) -> None:
    return


def _make(writer: Writer, statement: ir.Make) -> None:
    writer.aggregates.make(statement)


def _assign(writer: Writer, statement: ir.Assign) -> None:
    emitter, target = writer.emitter, statement.target
    if statement.source.local == target:
        if statement.once:
            emitter.require(statement.source)
        return
    if not statement.once:
        _copy(writer, statement.source, target)
        return
    text = emitter.require(statement.source)
    old = emitter.known.get(target)
    if old is not None and old.defined is False:
        _copy(writer, statement.source, target)
        return
    place = writer.unit.place(statement)
    name = emitter.local(target)
    value = f"O({name}, {text}, s, {place}, {emitter.constants.text(emitter.what)})"
    if old is None or not old.defined:
        value = f"{text} if {name} is U else {value}"
    kind = emitter.of(statement.source).kind
    kind = kind if kind in SHARED else ""
    writer.assign(target, value, Known(kind, defined=True), pure=False)


def _copy(writer: Writer, source: ir.Operand, target: int) -> None:
    emitter = writer.emitter
    known, text = emitter.of(source), emitter.text(source)
    uses = known.uses
    if source.local >= 0 and not known.text:
        uses = frozenset({source.local})
    copied = Known(
        known.kind,
        text,
        uses,
        defined=known.defined,
        condition=known.condition,
        value=known.value,
        stable=known.stable,
    )
    writer.assign(target, text, copied, pure=True)


def _reset(writer: Writer, statement: ir.Reset) -> None:
    writer.assign(statement.target, "U", Known(defined=False), pure=True)


def _null(writer: Writer, statement: ir.MakeNull) -> None:
    writer.assign(statement.target, "None", Known(text="None", defined=True, value=None), pure=True)


def _number(writer: Writer, statement: ir.MakeNumber) -> None:
    text, known = inline.number(writer.emitter, statement.value)
    writer.assign(statement.target, text, known, pure=True)


def _append(writer: Writer, statement: ir.ArrayAppend) -> None:
    writer.aggregates.append(statement, writer.unit.place(statement))


def _add(writer: Writer, statement: ir.SetAdd) -> None:
    writer.aggregates.add(statement, writer.unit.place(statement))


def _insert(writer: Writer, statement: ir.ObjectInsert) -> None:
    writer.aggregates.insert(statement, writer.unit.place(statement))


def _merge(writer: Writer, statement: ir.ObjectMerge) -> None:
    emitter = writer.emitter
    below, above = (emitter.require(ir.Operand(each)) for each in (statement.a, statement.b))
    writer.assign(statement.target, f"J({below}, {above})", Known(defined=True), pure=False)


def _dot(writer: Writer, statement: ir.Dot) -> None:
    emitter = writer.emitter
    source, name = emitter.of(statement.source), emitter.of(statement.key)
    value, stored = emitter.text(statement.source), emitter.require(statement.key)
    if (value, stored) in emitter.dots:
        _copy(writer, ir.Operand(emitter.dots[value, stored].local), statement.target)
        return
    guards = [] if source.kind == "dict" else [f"type({value}) is dict"]
    if name.kind != "str":
        guards.append(f"type({stored}) is str")
    text = f"{value}.get({stored}, U)"
    if source.kind not in {"", "dict"} or name.kind not in {"", "str"}:
        text = f"D({value}, {stored})"
    elif guards:
        text = f"{text} if {' and '.join(guards)} else D({value}, {stored})"
    writer.assign(statement.target, text, pure=False)
    target = f"l{statement.target}"
    emitter.fail_if(f"{target} is U", f"{target} is not U")
    emitter.learn(statement.target)
    if source.stable and statement.target not in emitter.body.changes:
        emitter.known[statement.target] = Known(defined=True, stable=True)
        uses = {statement.target, statement.source.local, statement.key.local}
        if statement.target not in {statement.source.local, statement.key.local}:
            every = source.uses | name.uses | uses
            emitter.dots[value, stored] = Lookup(statement.target, every)


def _length(writer: Writer, statement: ir.Length) -> None:
    emitter, target = writer.emitter, statement.target
    text = emitter.text(statement.source)
    if emitter.of(statement.source).kind in {"list", "dict", "set", "str"}:
        writer.assign(target, f"len({text})", Known("int", defined=True), pure=True)
        return
    writer.assign(target, f"L({text})", pure=False)
    emitter.fail_if(f"l{target} is U", f"l{target} is not U")
    emitter.learn(target, "int")


def _equal(writer: Writer, statement: ir.Equal) -> None:
    emitter, left, right = writer.emitter, statement.a, statement.b
    if left.local < 0 <= right.local:
        left, right = right, left
    known = emitter.of(left)
    if right.constant is False and known.condition[0]:
        positive, negative = known.condition
        if statement.negated:
            emitter.fail_if(negative, positive)
        else:
            emitter.fail_if(positive, negative)
        return
    for operand in (left, right):
        other = right if operand is left else left
        if statement.negated or other.local >= 0:
            emitter.require(operand)
    positive, negative = inline.equality(emitter, left, right)
    if statement.negated:
        emitter.fail_if(positive, negative)
        return
    emitter.fail_if(negative, positive)
    for operand, other in ((left, right), (right, left)):
        if operand.local >= 0:
            kind = emitter.of(other).kind
            emitter.learn(operand.local, kind if kind in SHARED else "")


def _is_type(writer: Writer, statement: ir.IsType) -> None:
    emitter, kind = writer.emitter, statement.kind
    if emitter.of(statement.source).kind:
        if emitter.of(statement.source).kind != kind:
            emitter.fail_if("True", "False")
        return
    text, python = emitter.text(statement.source), "S" if kind == "set" else kind
    emitter.fail_if(f"type({text}) is not {python}", f"type({text}) is {python}")
    emitter.learn(statement.source.local, kind)


def _is_defined(writer: Writer, statement: ir.IsDefined) -> None:
    emitter = writer.emitter
    if not statement.negated:
        emitter.require(ir.Operand(statement.source))
        return
    known = emitter.known.get(statement.source)
    if known is not None and known.defined is False:
        return
    if known is not None and known.defined:
        emitter.fail_if("True", "False")
        return
    text = emitter.local(statement.source)
    emitter.fail_if(f"{text} is not U", f"{text} is U")
    emitter.forget({statement.source})
    emitter.known[statement.source] = Known(defined=False)


def _result(writer: Writer, statement: ir.ResultSetAdd) -> None:
    text = writer.emitter.require(ir.Operand(statement.value))
    writer.emitter.line(f"r.append({text})")


def _call(writer: Writer, statement: ir.Call) -> None:
    function = writer.unit.functions.get(statement.function)
    if function is None:
        _builtin(writer, statement)
        return
    emitter, target = writer.emitter, statement.result
    constant = writer.unit.results.get(function)
    if constant is not None and target not in emitter.body.changes:
        for operand in statement.arguments[2:]:
            emitter.require(operand)
        writer.assign(target, constant.text, constant, pure=True)
        return
    arguments = _arguments(emitter, statement.arguments)
    stable = _stable(emitter, statement)
    writer.assign(statement.result, writer.unit.call(function, arguments), pure=False)
    result = f"l{statement.result}"
    emitter.fail_if(f"{result} is U", f"{result} is not U")
    emitter.known[statement.result] = Known(defined=True, stable=stable)


def _stable(emitter: Emitter, statement: ir.Call) -> bool:
    """Whether nobody here may change a call's result: it is no part of what is made here."""
    changes = emitter.body.changes
    return statement.result not in changes and all(
        operand.local < 0 or emitter.of(operand).stable for operand in statement.arguments
    )


def _arguments(emitter: Emitter, operands: tuple[ir.Operand, ...]) -> str:
    """The texts of a call's arguments; input and data may be undefined."""
    texts = [emitter.text(operand) for operand in operands[:2]]
    texts += [emitter.require(operand) for operand in operands[2:]]
    return ", ".join([*texts, "m", "s"])


def _dynamic(writer: Writer, statement: ir.CallDynamic) -> None:
    emitter = writer.emitter
    name, parts = writer.unit.table(statement)
    target = statement.result
    texts = [emitter.require(ir.Operand(part)) for part in parts]
    strings = " and ".join(f"type({text}) is str" for text in texts)
    lookup = f"{name}.get(({''.join(f'{text}, ' for text in texts)}))"
    found = f"f{emitter.number()}"
    emitter.line(f"{found} = {lookup}{f' if {strings} else None' if strings else ''}")
    emitter.fail_if(f"{found} is None", f"{found} is not None")
    arguments = _arguments(emitter, statement.arguments)
    writer.assign(target, f"{found}({arguments})", pure=False)
    outer = emitter.levels[-1 - min(_DYNAMIC, len(emitter.levels) - 1)]
    emitter.line(f"if l{target} is U: {emitter.leave(outer)}")
    emitter.learn(target)


def _builtin(writer: Writer, statement: ir.Call) -> None:
    emitter, name, target = writer.emitter, statement.function, statement.result
    arguments = statement.arguments
    for operand in arguments:
        emitter.require(operand)
    writer.unit.check(name, len(arguments))
    if name in inline.CONDITIONS:
        values: list[Any] = [emitter.of(each).value for each in arguments]
        pair = inline.CONDITIONS[name](emitter, arguments, values)
        uses = frozenset(each.local for each in arguments if each.local >= 0)
        deeper = [emitter.of(each).uses for each in arguments]
        known = Known("bool", uses=uses.union(*deeper), defined=True, condition=pair)
        writer.assign(target, pair[0], known, pure=True)
        return
    if not inline.fits(emitter, name, arguments):
        _called(writer, statement)
        return
    guard, value, kind = inline.VALUES[name](emitter, arguments)
    if not guard:
        writer.assign(target, value, Known(kind, defined=True), pure=True)
        return
    writer.aggregates.before_write({target})
    emitter.line(f"if {guard}: l{target} = {value}")
    emitter.line("else:")
    emitter.indent += 1
    _attempt(writer, statement)
    emitter.indent -= 1
    _finish(writer, target, kind)


def _called(writer: Writer, statement: ir.Call) -> None:
    emitter = writer.emitter
    writer.aggregates.before_write({statement.result})
    if emitter.scans:
        emitter.charge("s[0] -= 1")
    _attempt(writer, statement)
    if writer.unit.silent(statement.function):
        emitter.forget({statement.result})
        return
    _finish(writer, statement.result, writer.unit.result_kind(statement.function))
    if writer.unit.grows(statement.function):
        emitter.charges = True
        emitter.line(f"Y(l{statement.result}, s)")


def _attempt(writer: Writer, statement: ir.Call) -> None:
    emitter, name = writer.emitter, statement.function
    target = f"l{statement.result}"
    texts = [emitter.text(operand) for operand in statement.arguments]
    call = writer.unit.builtin(name, texts)
    place = writer.unit.place(statement)
    emitter.line(f"try: {target} = {call}")
    emitter.line(f"except E: {target} = X(s, {emitter.constants.text(name)}, {place})")


def _finish(writer: Writer, target: int, kind: str) -> None:
    """A built-in's result: undefined, or of a kind when its guard is exact."""
    emitter = writer.emitter
    emitter.forget({target})
    emitter.bound.add(target)
    emitter.fail_if(f"l{target} is U", f"l{target} is not U")
    emitter.learn(target, kind)


SIMPLE: Final[dict[type[ir.Statement], Callable[..., None]]] = {
    ir.ArrayAppend: _append,
    ir.Assign: _assign,
    ir.Call: _call,
    ir.CallDynamic: _dynamic,
    ir.Dot: _dot,
    ir.Equal: _equal,
    ir.IsDefined: _is_defined,
    ir.IsType: _is_type,
    ir.Length: _length,
    ir.Make: _make,
    ir.MakeNull: _null,
    ir.MakeNumber: _number,
    ir.Nop: _nop,
    ir.ObjectInsert: _insert,
    ir.ObjectMerge: _merge,
    ir.Reset: _reset,
    ir.ResultSetAdd: _result,
    ir.SetAdd: _add,
}
