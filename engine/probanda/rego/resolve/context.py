"""What is known while one set of modules is resolved.

Example:
    context.arity(("count",))          # 1
    context.arity(("data", "a", "f"))  # that of the function, or None
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from probanda.rego import ast
from probanda.rego.builtins.signatures import Signature
from probanda.rego.resolve.report import TYPE, Report, Stage
from probanda.rego.resolve.text import nearest, show_path
from probanda.rego.resolve.tree import RuleTree

# Operators that only a statement may have, and that unify rather than call.
UNIFY: Final = {("eq",), ("assign",)}


class Metadata(Protocol):
    """The annotations that a rule sees through `rego.metadata`."""

    def rule(self, span: ast.Span) -> ast.Term:
        """What `rego.metadata.rule()` is."""
        ...

    def chain(self, span: ast.Span) -> ast.Term:
        """What `rego.metadata.chain()` is."""
        ...


@dataclass(frozen=True, eq=False)
class Context:
    """The built-ins, the rules and the report."""

    signatures: Mapping[str, Signature]
    tree: RuleTree
    report: Report

    def builtin(self, operator: tuple[str, ...]) -> Signature | None:
        """The built-in function of this name."""
        return self.signatures.get(".".join(operator))

    def arity(self, operator: tuple[str, ...]) -> int | None:
        """How many arguments a function takes; `None` for an unknown one."""
        if operator[0] == "data":
            return self.tree.function_arity(operator[1:])
        signature = self.builtin(operator)
        return None if signature is None else len(signature.arguments)

    def check_call(self, call: ast.Call, *, statement: bool, version: int) -> None:
        """Report an unknown function or a wrong number of arguments.

        A statement may have one argument more, which takes the result.
        """
        arity = self.arity(call.operator)
        operator = call.operator
        name = show_path(operator[1:]) if operator[0] == "data" else ".".join(operator)
        if arity is None:
            message = f"undefined function {name}"
            hint = nearest(name, [*self.signatures, *self.tree.functions])
            self.report.error(Stage.FUNCTIONS, TYPE, message, call.span, hint)
            return
        signature = self.builtin(operator)
        if signature is not None:
            self._check_builtin(signature, call, statement=statement, version=version)
        count = len(call.arguments)
        extra = statement and operator not in UNIFY
        if count == arity or (extra and count == arity + 1):
            return
        if signature is not None and (signature.variadic and count >= arity):
            return
        if signature is not None:
            message, hint = f"{name}: arity mismatch", want(signature)
        else:
            noun = "argument" if count == 1 else "arguments"
            message, hint = f"function {name} has arity {arity}, got {count} {noun}", ""
        self.report.error(Stage.FUNCTIONS, TYPE, message, call.span, hint)

    def _check_builtin(
        self, signature: Signature, call: ast.Call, *, statement: bool, version: int
    ) -> None:
        if signature.deprecated and version == 1:
            message = f"deprecated built-in function calls in expression: {signature.name}"
            self.report.error(Stage.TYPES, TYPE, message, call.span)
        if not signature.result and not statement:
            message = f"{signature.name}() used as value"
            self.report.error(Stage.NAMES, TYPE, message, call.span)
        if signature.impure:
            message = f"{signature.name} is refused unless it is replaced: {signature.impure}"
            hint = "a test may replace it: `with " + signature.name + " as …`"
            self.report.warn(message, call.span, hint, code=TYPE)


def want(signature: Signature) -> str:
    """What a built-in takes, for hints."""
    return f"want ({', '.join(signature.arguments)})"
