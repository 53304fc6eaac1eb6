"""Reads and checks OPA's IR for `ir.load_plan`.

Rules: nothing is trusted, nothing is repaired; the first fault is reported with its place.

Example:
    read_plan({"static": {}, "plans": {"plans": []}, "funcs": {"funcs": []}})
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.rego import ir
from probanda.rego.values import MAX_INTEGER_DIGITS, spelled

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,6})?")


class _Reader:
    """State of one reading: tables, counts, and how deep in blocks we are."""

    def __init__(self, static: Mapping[str, Any]) -> None:
        self.strings = tuple(_text(item, "value") for item in _list(static.get("strings")))
        self.files = tuple(_text(item, "value") for item in _list(static.get("files")))
        # Operands repeat, and are values: one object for each is enough.
        self.locals: dict[int, ir.Operand] = {}
        self.constants = [ir.Operand(constant=string) for string in self.strings]
        self.statements = 0
        self.depth = 0

    def local(self, raw: Any) -> ir.Operand:
        """The operand that is a local."""
        found = self.locals.get(raw) if type(raw) is int else None
        if found is None:
            found = ir.Operand(_integer(raw, ir.MAX_LOCALS))
            self.locals[found.local] = found
        return found

    def blocks(self, raw: Any) -> tuple[tuple[ir.Statement, ...], ...]:
        """A list of blocks, each one level deeper."""
        return tuple(self.block(item) for item in _list(raw))

    def block(self, raw: Any) -> tuple[ir.Statement, ...]:
        """The statements of one block."""
        self.depth += 1
        if self.depth > ir.MAX_NESTING:
            raise ir.error(f"blocks are nested deeper than {ir.MAX_NESTING} levels")
        made = tuple([self.statement(item) for item in _list(_mapping(raw).get("stmts"))])
        self.depth -= 1
        return made

    def statement(self, raw: Any) -> ir.Statement:
        """One statement."""
        self.statements += 1
        if self.statements > ir.MAX_STATEMENTS:
            raise ir.error(f"more than {ir.MAX_STATEMENTS} statements")
        name, fields = _text(raw, "type"), _mapping(raw.get("stmt"))
        if name not in _SHAPES:
            raise ir.error(f"unknown statement {name[:40]!r}")
        kind, shape, fixed = _SHAPES[name]
        place = self.place(fields)
        values = {}
        for attribute, (field, read) in shape.items():
            if field not in fields and read is not _path:
                raise ir.error(f"{name} lacks {field!r}")
            values[attribute] = read(self, fields.get(field))
        return kind(place=place, **values, **fixed)

    def place(self, fields: Mapping[str, Any]) -> tuple[int, int, int]:
        """File, row and column; a plan without files has none."""
        file = _integer(fields.get("file", 0))
        row, column = _integer(fields.get("row", 0)), _integer(fields.get("col", 0))
        if file >= len(self.files):
            file = -1
        return file, row, column


def _mapping(raw: Any) -> Mapping[str, Any]:
    if type(raw) is not dict and not isinstance(raw, Mapping):
        raise ir.error(f"an object is expected, not {type(raw).__name__}")
    return raw


def _list(raw: Any) -> list[Any]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise ir.error(f"an array is expected, not {type(raw).__name__}")
    return raw


def _text(raw: Any, name: str) -> str:
    if type(raw) is not dict:
        _mapping(raw)
    value = raw.get(name)
    if type(value) is not str:
        raise ir.error(f"{name!r} is a string, not {type(value).__name__}")
    return value


def _integer(raw: Any, limit: int = 1 << 31) -> int:
    if type(raw) is not int or not 0 <= raw < limit:
        raise ir.error("an index is out of range")
    return raw


def _local(_reader: _Reader, raw: Any) -> int:
    return _integer(raw, ir.MAX_LOCALS)


def _string(reader: _Reader, raw: Any) -> str:
    return reader.strings[_integer(raw, len(reader.strings))]


def _operand(reader: _Reader, raw: Any) -> ir.Operand:
    kind, value = _text(raw, "type"), raw.get("value")
    if kind == "local":
        return reader.local(value)
    if kind == "string_index":
        return reader.constants[_integer(value, len(reader.constants))]
    if kind == "bool" and type(value) is bool:
        return ir.Operand(constant=value)
    raise ir.error(f"unknown operand {kind[:40]!r}")


def _operands(reader: _Reader, raw: Any) -> tuple[ir.Operand, ...]:
    made = tuple(
        reader.local(item) if type(item) is int else _operand(reader, item) for item in _list(raw)
    )
    if len(made) > ir.MAX_PARAMETERS:
        raise ir.error(f"a call has more than {ir.MAX_PARAMETERS} arguments")
    return made


def _path(reader: _Reader, raw: Any) -> tuple[str, ...]:
    return tuple(_string(reader, item) for item in _list(raw))


def _break(reader: _Reader, raw: Any) -> int:
    return _integer(raw, reader.depth)


def _name(_reader: _Reader, raw: Any) -> str:
    return _text({"func": raw}, "func")


def _whole(_reader: _Reader, raw: Any) -> int:
    if type(raw) is not int or not -(1 << 63) <= raw < 1 << 64:
        raise ir.error("an integer is out of range")
    return raw


def _number(reader: _Reader, raw: Any) -> int | Decimal:
    text = _string(reader, raw)
    if len(text) > MAX_INTEGER_DIGITS or not _NUMBER.fullmatch(text):
        raise ir.error("a number is malformed or too long")
    return spelled(text)


def _blocks(reader: _Reader, raw: Any) -> tuple[tuple[ir.Statement, ...], ...]:
    return reader.blocks(raw)


def _block(reader: _Reader, raw: Any) -> tuple[ir.Statement, ...]:
    return reader.block(raw)


_Read = Callable[[_Reader, Any], Any]
_Shape = tuple[Callable[..., ir.Statement], dict[str, tuple[str, _Read]], dict[str, Any]]


def _shape(kind: Callable[..., ir.Statement], /, *fields: str, **fixed: Any) -> _Shape:
    """A statement's fields, `name` or `attribute=name`, each read by its name."""
    pairs = [field.split("=") for field in fields]
    return kind, {pair[0]: (pair[-1], _READERS[pair[-1]]) for pair in pairs}, fixed


_READERS: Final[dict[str, _Read]] = {
    **dict.fromkeys(("a", "b", "value", "source", "key"), _operand),
    **dict.fromkeys(("target", "result", "array", "object", "set", "local"), _local),
    "Index": _number,
    "index": _break,
    "func": _name,
    "args": _operands,
    "path": _path,
    "block": _block,
    "blocks": _blocks,
}
_LOCAL: Final[dict[str, tuple[str, _Read]]] = {
    name: (name, _local) for name in ("a", "b", "key", "value", "source", "target")
}


def _locals(kind: Callable[..., ir.Statement], /, *names: str, **fixed: Any) -> _Shape:
    """A statement whose fields are all locals."""
    return kind, {name: _LOCAL[name] for name in names}, fixed


def _integers(kind: Callable[..., ir.Statement]) -> _Shape:
    return kind, {"value": ("value", _whole), "target": _LOCAL["target"]}, {}


def _scan() -> _Shape:
    names = {name: _LOCAL[name] for name in ("source", "key", "value")}
    return ir.Scan, {**names, "block": ("block", _block)}, {}


def _dynamic() -> _Shape:
    fields = {"path": ("path", _operands), "arguments": ("args", _operands)}
    return ir.CallDynamic, {**fields, "result": ("result", _local)}, {}


_SHAPES: Final[dict[str, _Shape]] = {
    "ArrayAppendStmt": _shape(ir.ArrayAppend, "value", "array"),
    "AssignIntStmt": _integers(ir.MakeNumber),
    "AssignVarOnceStmt": _shape(ir.Assign, "source", "target", once=True),
    "AssignVarStmt": _shape(ir.Assign, "source", "target"),
    "BlockStmt": _shape(ir.Blocks, "blocks"),
    "BreakStmt": _shape(ir.Break, "index"),
    "CallDynamicStmt": _dynamic(),
    "CallStmt": _shape(ir.Call, "function=func", "arguments=args", "result"),
    "DotStmt": _shape(ir.Dot, "source", "key", "target"),
    "EqualStmt": _shape(ir.Equal, "a", "b"),
    "IsArrayStmt": _shape(ir.IsType, "source", kind="list"),
    "IsDefinedStmt": _locals(ir.IsDefined, "source"),
    "IsObjectStmt": _shape(ir.IsType, "source", kind="dict"),
    "IsSetStmt": _shape(ir.IsType, "source", kind="set"),
    "IsUndefinedStmt": _locals(ir.IsDefined, "source", negated=True),
    "LenStmt": _shape(ir.Length, "source", "target"),
    "MakeArrayStmt": _shape(ir.Make, "target", kind="list"),
    "MakeNullStmt": _shape(ir.MakeNull, "target"),
    "MakeNumberIntStmt": _integers(ir.MakeNumber),
    "MakeNumberRefStmt": _shape(ir.MakeNumber, "value=Index", "target"),
    "MakeObjectStmt": _shape(ir.Make, "target", kind="dict"),
    "MakeSetStmt": _shape(ir.Make, "target", kind="set"),
    "NopStmt": _shape(ir.Nop),
    "NotEqualStmt": _shape(ir.Equal, "a", "b", negated=True),
    "NotStmt": _shape(ir.Not, "block"),
    "ObjectInsertOnceStmt": _shape(ir.ObjectInsert, "key", "value", "object", once=True),
    "ObjectInsertStmt": _shape(ir.ObjectInsert, "key", "value", "object"),
    "ObjectMergeStmt": _locals(ir.ObjectMerge, "a", "b", "target"),
    "ResetLocalStmt": _shape(ir.Reset, "target"),
    "ResultSetAddStmt": _locals(ir.ResultSetAdd, "value"),
    "ReturnLocalStmt": _locals(ir.Return, "source"),
    "ScanStmt": _scan(),
    "SetAddStmt": _shape(ir.SetAdd, "value", "set"),
    "WithStmt": _shape(ir.With, "local", "path", "value", "block"),
}


def read_plan(raw: Mapping[str, Any]) -> ir.Plan:
    """See `ir.load_plan`."""
    try:
        document = _mapping(raw)
        reader = _Reader(_mapping(document.get("static") or {}))
        functions = tuple(
            _function(reader, item)
            for item in _list(_mapping(document.get("funcs") or {}).get("funcs"))
        )
        entries = tuple(
            ir.Entry(_text(item, "name"), reader.blocks(_mapping(item).get("blocks")))
            for item in _list(_mapping(document.get("plans") or {}).get("plans"))
        )
    except RecursionError as error:
        raise ir.error("nested too deeply") from error
    plan = ir.Plan(reader.files, entries, functions)
    _check_names(plan)
    _check_calls(plan)
    return plan


def _function(reader: _Reader, raw: Any) -> ir.Function:
    fields = _mapping(raw)
    parameters = tuple(_local(reader, item) for item in _list(fields.get("params")))
    if len(set(parameters)) != len(parameters) or len(parameters) > ir.MAX_PARAMETERS:
        raise ir.error("a function's parameters repeat or are too many")
    if not all(type(part) is str for part in _list(fields.get("path"))):
        raise ir.error("a function's path is an array of strings")
    return ir.Function(
        _text(raw, "name"),
        tuple(_list(fields.get("path"))),
        parameters,
        reader.blocks(fields.get("blocks")),
    )


def _check_names(plan: ir.Plan) -> None:
    for what, names in (
        ("plans", [entry.name for entry in plan.plans]),
        ("functions", [function.name for function in plan.functions]),
        ("paths", [function.path for function in plan.functions if function.path]),
    ):
        if len(set(names)) != len(names):
            raise ir.error(f"two {what} have one name")


def _check_calls(plan: ir.Plan) -> None:
    """Arities, where results and returns stand, and that no function reaches itself."""
    functions = {function.name: function for function in plan.functions}
    edges: dict[str, list[str]] = {}
    bodies: list[ir.Function | ir.Entry] = [*plan.functions, *plan.plans]
    for body in bodies:
        found = [each for block in body.blocks for each in _walk(block)]
        stray = ir.ResultSetAdd if isinstance(body, ir.Function) else ir.Return
        if any(isinstance(each, stray) for each in found):
            raise ir.error(f"{stray.__name__} stands where it has no meaning")
        _refuse_returns(found)
        called = [_callees(each, functions, plan) for each in found]
        if isinstance(body, ir.Function):
            edges[body.name] = sorted({name for names in called for name in names})
    _refuse_recursion(edges)


def _refuse_returns(statements: list[ir.Statement]) -> None:
    for each in statements:
        if isinstance(each, ir.With) and any(
            isinstance(inner, ir.Return) for inner in _walk(each.block)
        ):
            raise ir.error("a return stands inside a with")


def _walk(block: tuple[ir.Statement, ...]) -> list[ir.Statement]:
    found, open_blocks = [], [block]
    while open_blocks:
        for statement in open_blocks.pop():
            found.append(statement)
            open_blocks.extend(ir.children(statement))
    return found


def _callees(
    statement: ir.Statement, functions: Mapping[str, ir.Function], plan: ir.Plan
) -> list[str]:
    if isinstance(statement, ir.CallDynamic):
        return [function.name for function in ir.candidates(statement, plan.functions)]
    if not isinstance(statement, ir.Call) or statement.function not in functions:
        return []
    wanted = len(functions[statement.function].parameters)
    if len(statement.arguments) != wanted:
        raise ir.error(f"{statement.function[:80]} takes {wanted} arguments")
    return [statement.function]


def _refuse_recursion(edges: Mapping[str, list[str]]) -> None:
    """Depth-first search with a stack of its own. Raises PolicyError at the first cycle."""
    done: set[str] = set()
    for start in edges:
        path: dict[str, list[str]] = {}
        stack = [start] if start not in done else []
        while stack:
            name = stack[-1]
            if name not in path:
                path[name] = list(edges[name])
            if not path[name]:
                stack.pop()
                path.pop(name)
                done.add(name)
            elif (following := path[name].pop()) in path:
                raise PolicyError(
                    f"plan: {following[:80]} calls itself", code="rego_recursion_error"
                )
            elif following not in done:
                stack.append(following)
