"""OPA's intermediate representation, read from JSON as if an attacker had written it.

Rules:

- `load_plan` accepts what `opa build -t plan` writes and nothing else: unknown statements,
  fields of a wrong type, indexes out of range, breaks out of a function, calls of unknown
  functions or with a wrong number of arguments, recursion, and sizes beyond the limits are
  refused with `PolicyError` (code `plan_error`).
- Tables are resolved: operands hold strings, numbers hold their value. `AssignIntStmt`,
  `MakeNumberIntStmt` and `MakeNumberRefStmt` are one `MakeNumber`.
- Whether built-ins exist is not checked here: the back end knows them.

Source: OPA `v1/ir/ir.go`, https://www.openpolicyagent.org/docs/ir.

Example:
    plan = load_plan(json.loads(text))
    plan.plans[0].name, plan.functions[0].path
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.model.location import Location

# Bounds that OPA's plans of real policies stay far below (its suite: 12 levels, 400 locals).
MAX_STATEMENTS: Final = 500_000
MAX_NESTING: Final = 100
MAX_LOCALS: Final = 1_000_000
MAX_PARAMETERS: Final = 200


@dataclass(frozen=True, slots=True)
class Operand:
    """A local (`local >= 0`) or a constant string or boolean."""

    local: int = -1
    constant: str | bool | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement; `place` is (index into `Plan.files`, row, column)."""

    place: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Nop(Statement):
    """Nothing."""


@dataclass(frozen=True, slots=True)
class Assign(Statement):
    """`target = source`, also of undefined; `once`: a different value there is a conflict."""

    source: Operand
    target: int
    once: bool = False


@dataclass(frozen=True, slots=True)
class Reset(Statement):
    """Make `target` undefined."""

    target: int


@dataclass(frozen=True, slots=True)
class MakeNull(Statement):
    """`target = null`."""

    target: int


@dataclass(frozen=True, slots=True)
class MakeNumber(Statement):
    """`target = value`."""

    value: int | Decimal
    target: int


@dataclass(frozen=True, slots=True)
class Make(Statement):
    """A new, empty aggregate; `kind` is `list`, `dict` or `set`."""

    target: int
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ArrayAppend(Statement):
    """Append to the array in the local `array`."""

    value: Operand
    array: int


@dataclass(frozen=True, slots=True)
class SetAdd(Statement):
    """Add to the set in the local `set`."""

    value: Operand
    set: int


@dataclass(frozen=True, slots=True)
class ObjectInsert(Statement):
    """Insert into the object in the local `object`; `once`: another value is a conflict."""

    key: Operand
    value: Operand
    object: int
    once: bool = False


@dataclass(frozen=True, slots=True)
class ObjectMerge(Statement):
    """`target` = the objects `a` and `b`, recursively; `b` wins."""

    a: int
    b: int
    target: int


@dataclass(frozen=True, slots=True)
class Dot(Statement):
    """`target = source[key]`; undefined when there is none."""

    source: Operand
    key: Operand
    target: int


@dataclass(frozen=True, slots=True)
class Length(Statement):
    """`target` = the number of items of `source`."""

    source: Operand
    target: int


@dataclass(frozen=True, slots=True)
class Equal(Statement):
    """Undefined unless `a == b`; with `negated`, unless `a != b`."""

    a: Operand
    b: Operand
    negated: bool = False


@dataclass(frozen=True, slots=True)
class IsType(Statement):
    """Undefined unless `source` is a `list`, `dict` or `set`."""

    source: Operand
    kind: str = ""


@dataclass(frozen=True, slots=True)
class IsDefined(Statement):
    """Undefined unless `source` is defined; with `negated`, unless it is undefined."""

    source: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Call(Statement):
    """`result = function(arguments)`, of a function of the plan or a built-in."""

    function: str
    arguments: tuple[Operand, ...]
    result: int


@dataclass(frozen=True, slots=True)
class CallDynamic(Statement):
    """Call the function at `path`, if there is one."""

    path: tuple[Operand, ...]
    arguments: tuple[Operand, ...]
    result: int


@dataclass(frozen=True, slots=True)
class Break(Statement):
    """Leave `index` + 1 blocks as if they were undefined."""

    index: int


@dataclass(frozen=True, slots=True)
class Blocks(Statement):
    """Run blocks in turn; an undefined one ends itself alone."""

    blocks: tuple[tuple[Statement, ...], ...]


@dataclass(frozen=True, slots=True)
class Not(Statement):
    """Undefined when `block` comes to its end."""

    block: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Scan(Statement):
    """Run `block` for each item; an undefined block means the next item."""

    source: int
    key: int
    value: int
    block: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class With(Statement):
    """Run `block` with `value` at `path` of `local`; undefined when the block is."""

    local: int
    path: tuple[str, ...]
    value: Operand
    block: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class ResultSetAdd(Statement):
    """Add the local `value` to the query's results."""

    value: int


@dataclass(frozen=True, slots=True)
class Return(Statement):
    """Return the local `source`."""

    source: int


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a plan; `path` is (`g0`, packages and names …)."""

    name: str
    path: tuple[str, ...]
    parameters: tuple[int, ...]
    blocks: tuple[tuple[Statement, ...], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """A named plan: its locals 0 and 1 are `input` and `data`."""

    name: str
    blocks: tuple[tuple[Statement, ...], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A validated plan."""

    files: tuple[str, ...]
    plans: tuple[Entry, ...]
    functions: tuple[Function, ...]


def error(message: str, location: Location | None = None) -> PolicyError:
    """A refusal of a plan."""
    return PolicyError(f"plan: {message}", code="plan_error", location=location)


def children(statement: Statement) -> tuple[tuple[Statement, ...], ...]:
    """The blocks inside a statement."""
    if isinstance(statement, Blocks):
        return statement.blocks
    if isinstance(statement, Scan | Not | With):
        return (statement.block,)
    return ()


def candidates(call: CallDynamic, functions: tuple[Function, ...]) -> tuple[Function, ...]:
    """The functions that a dynamic call may reach."""
    return tuple(
        function
        for function in functions
        if len(function.path) == len(call.path)
        and len(function.parameters) == len(call.arguments)
        and all(
            part.local >= 0 or part.constant == name
            for part, name in zip(call.path, function.path, strict=True)
        )
    )


def load_plan(plan: Mapping[str, Any]) -> Plan:
    """A plan from parsed JSON.

    Raises:
        PolicyError: it is malformed, inconsistent, recursive or too large.
    """
    from probanda.rego.ir_reader import read_plan

    return read_plan(plan)
