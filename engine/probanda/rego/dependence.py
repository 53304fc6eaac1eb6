"""What the answers of a policy may depend on: which keys of its input, and the query's context.

Rules:

- Read from the plan, which says all that an evaluation does. What is not understood counts as
  read: a key that is computed, `input` as a value, a dynamic call.
- The context is the clock and the seed; a built-in function that is given it counts as reading
  both.

Example:
    dependence(policy).reads("asOf")
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from probanda.rego.builtins import BUILTINS
from probanda.rego.engine import Policy
from probanda.rego.ir import (
    Break,
    Call,
    CallDynamic,
    Dot,
    MakeNumber,
    Operand,
    Plan,
    Statement,
    With,
    children,
)
from probanda.rego.ir import load_plan as load_ir
from probanda.rego.plan import plan_program

# The local of `input` in plans and, as the first parameter, in functions.
_INPUT = 0


@dataclass(frozen=True, slots=True)
class Dependence:
    """What answers may depend on.

    Attributes:
        keys: of the input that are read; `None` means perhaps all of them.
        context: whether the clock or the seed is read.
    """

    keys: frozenset[str] | None
    context: bool

    def reads(self, key: str) -> bool:
        """Whether a key of the input may be read."""
        return self.keys is None or key in self.keys


def dependence(policy: Policy) -> Dependence:
    """What the answers of `policy` may depend on."""
    if policy.source is not None:
        return _of_plan(policy.source)
    if policy.program is None:
        return Dependence(None, context=True)
    return _of_plan(load_ir(plan_program(policy.program, list(policy.entrypoints))))


def _of_plan(plan: Plan) -> Dependence:
    keys: set[str] = set()
    everything = context = False
    own = {function.name for function in plan.functions}
    bodies = [(_INPUT, each.blocks) for each in plan.plans]
    bodies += [
        (each.parameters[0] if each.parameters else -1, each.blocks) for each in plan.functions
    ]
    for local, blocks in bodies:
        for statement in _statements(blocks):
            match statement:
                case Dot(source=Operand(local=source), key=key) if source == local and isinstance(
                    key.constant, str
                ):
                    keys.add(key.constant)
                case Call(function=name, arguments=arguments) if name in own:
                    everything |= _mentions(arguments[1:], local)
                case Call(function=name, arguments=arguments):
                    known = BUILTINS.get(name)
                    context |= known is None or known.context
                    everything |= _mentions(arguments, local)
                case CallDynamic(path=path, arguments=arguments):
                    everything |= _mentions((*path, *arguments[1:]), local)
                case With(value=value):
                    everything |= _mentions((value,), local)
                case Break() | MakeNumber():
                    pass
                case _:
                    everything |= _uses(statement, local)
    return Dependence(None if everything else frozenset(keys), context)


def _statements(blocks: tuple[tuple[Statement, ...], ...]) -> Iterator[Statement]:
    for block in blocks:
        for statement in block:
            yield statement
            yield from _statements(children(statement))


def _mentions(operands: tuple[Operand, ...], local: int) -> bool:
    return any(operand.local == local for operand in operands)


def _uses(statement: Statement, local: int) -> bool:
    """Whether any field of a statement of any kind names the local."""
    for each in fields(statement):
        value = getattr(statement, each.name)
        if isinstance(value, Operand) and value.local == local:
            return True
        # A target is taken for it too: that errs on the safe side.
        if type(value) is int and value == local and each.name != "place":
            return True
    return False
