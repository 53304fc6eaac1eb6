"""Calls of built-in functions and of functions that rules define, and of what replaced them.

Rules:

- Arguments are planned in source order before the call: `startswith(input.names[i], "x")`
  runs once for each `i`.
- A call to a function that a value replaced still needs its arguments to be defined.
- The result of a relation (`walk`) is a collection of results: a loop.

Example:
    calls.call(Call(("count",), (Var("x"),)))
"""

from __future__ import annotations

from probanda.rego import ast
from probanda.rego.builtins.signatures import SIGNATURES
from probanda.rego.plan.context import Context, Mock, Target
from probanda.rego.plan.operand import Operand
from probanda.rego.plan.references import References
from probanda.rego.resolve.program import RuleGroup


def target_of(operator: tuple[str, ...]) -> Target:
    """The name under which `with` replaces a function."""
    return operator if operator[0] == "data" else (".".join(operator),)


class Calls(References):
    """Plans calls."""

    def call(self, call: ast.Call) -> Operand:
        """Plan a call; its result."""
        result, relation = self.call_once(call)
        return self.scan(result)[1] if relation else result

    def call_once(self, call: ast.Call) -> tuple[Operand, bool]:
        """Plan a call; its result, and whether that is a collection of results."""
        target = target_of(call.operator)
        mock = self.context.mock(target)
        arguments = [self.term(argument) for argument in call.arguments]
        if mock is not None:
            return self._replaced(target, mock, arguments), False
        if target[0] == "data":
            group = self.library.program.groups[target[1:]]
            return self.call_function(group, self.context, arguments), False
        name = target[0]
        return self.call_builtin(name, arguments), SIGNATURES[name].relation

    def call_builtin(self, name: str, arguments: list[Operand]) -> Operand:
        """Call a built-in function."""
        result = self.local()
        self.emit(
            "CallStmt",
            func=self.statics.builtin(name),
            args=[item.json() for item in arguments],
            result=result,
        )
        return result

    def _replaced(self, target: Target, mock: Mock, arguments: list[Operand]) -> Operand:
        if mock.kind == "value":
            return self.mocks[target]
        if mock.kind == "builtin":
            return self.call_builtin(mock.target[0], arguments)
        group: RuleGroup = self.library.program.groups[mock.target[1:]]
        context: Context = self.context.without_mocks()
        return self.call_function(group, context, arguments)
