"""What `with` replaces, and by what.

Rules:

- The target is below `input`, below `data`, or a function: `input.a`, `data.a.b`, a rule or
  function by its own or an imported name, a built-in by its name.
- A part of what a rule defines cannot be replaced, only all of it.
- A function may be replaced by a function of the same arity, by a rule without arguments, or by
  a value. Operators, relations, `print`, `internal.…` and `rego.metadata.…` may not.
- A function named as the value stays a reference: `Ref(Var("data"), …)` or
  `Ref(Var("builtin"), (String(name),))`.

Source: OPA `v1/ast/compile.go`, `validateWith`.
"""

from __future__ import annotations

from dataclasses import dataclass

from probanda.rego import ast
from probanda.rego.builtins.signatures import Signature
from probanda.rego.resolve.context import Context
from probanda.rego.resolve.report import COMPILE, TYPE, Stage
from probanda.rego.resolve.scope import Scopes
from probanda.rego.resolve.text import show_path


@dataclass(frozen=True)
class Target:
    """A resolved target; `arity` is that of a function, else `None`."""

    ref: ast.Ref
    arity: int | None = None


def resolve_target(item: ast.With, context: Context, scopes: Scopes) -> Target:
    """The target of a modifier as an absolute reference; reports what may not be replaced."""
    span = item.target.span
    path = _path(item.target)
    if path is None:
        return _unknown(item, context)
    if path[0] not in {"data", "input"}:
        signature = context.builtin(path)
        known = scopes.global_path(path[0])
        if known is not None:
            scopes.globals.used.add(path[0])
            path = (*known, *path[1:])
        elif signature is not None:
            _check_builtin(signature, span, context)
            name = ast.String(signature.name, span=span)
            ref = ast.Ref(ast.Var("builtin", span=span), (name,), span=span)
            return Target(ref, len(signature.arguments))
        else:
            return _unknown(item, context)
    parts = tuple([ast.String(part, span=span) for part in path[1:]])
    ref = ast.Ref(ast.Var(path[0], span=span), parts, span=span)
    if path[0] == "input":
        return Target(ref)
    for size in range(1, len(path) - 1):
        if context.tree.exact(path[1 : size + 1]):
            message = "with keyword cannot partially replace virtual document(s)"
            context.report.error(Stage.CONFLICTS, COMPILE, message, span)
            break
    return Target(ref, context.tree.function_arity(path[1:]))


def resolve_value(
    item: ast.With, target: Target, context: Context, scopes: Scopes
) -> ast.Ref | None:
    """The rule or function that replaces a function; `None` for any other value."""
    if target.arity is None:
        return None
    path = _path(item.value)
    span = item.value.span
    if path is None or path[0] == "input" or scopes.is_declared(path[0]):
        return None
    if path[0] != "data":
        known = scopes.global_path(path[0])
        if known is None:
            signature = context.builtin(path)
            if signature is None:
                return None
            _check_arity(item, target, len(signature.arguments), context)
            name = ast.String(signature.name, span=span)
            return ast.Ref(ast.Var("builtin", span=span), (name,), span=span)
        scopes.globals.used.add(path[0])
        path = (*known, *path[1:])
    if path[0] != "data" or not context.tree.exact(path[1:]):
        return None
    arity = context.tree.function_arity(path[1:])
    if arity is not None:
        _check_arity(item, target, arity, context)
    parts = tuple([ast.String(part, span=span) for part in path[1:]])
    return ast.Ref(ast.Var("data", span=span), parts, span=span)


def _path(term: ast.Term) -> tuple[str, ...] | None:
    """The plain strings of a reference that has nothing else."""
    match term:
        case ast.Var() if not term.is_wildcard:
            return (term.name,)
        case ast.Ref(ast.Var(name), path):
            strings = [part.value for part in path if isinstance(part, ast.String)]
            return (name, *strings) if len(strings) == len(path) else None
        case _:
            return None


def _unknown(item: ast.With, context: Context) -> Target:
    message = "with keyword target must reference existing input, data, or a function"
    context.report.error(Stage.CONFLICTS, TYPE, message, item.target.span)
    return Target(ast.Ref(ast.Var("input"), (), span=item.target.span))


def _check_builtin(signature: Signature, span: ast.Span, context: Context) -> None:
    name = signature.name
    problem = ""
    if name == "eq" or name.startswith("rego.metadata."):
        problem = f'replacement of "{name}" invalid'
    elif name.startswith("internal."):
        problem = f'replacement of internal function "{name}" invalid'
    elif signature.relation:
        problem = "target must not be a relation"
    elif not signature.result:
        problem = "target must not be a void function"
    if problem:
        message = f"with keyword replacing built-in function: {problem}"
        context.report.error(Stage.CONFLICTS, COMPILE, message, span)


def _check_arity(item: ast.With, target: Target, arity: int, context: Context) -> None:
    if arity == target.arity:
        return
    parts = [part.value for part in target.ref.path if isinstance(part, ast.String)]
    is_data = target.ref.head == ast.Var("data")
    name = show_path(parts) if is_data else parts[0]
    message = f"{name}: arity mismatch"
    hint = f"it takes {target.arity}, its replacement {arity}"
    context.report.error(Stage.TYPES, TYPE, message, item.span, hint)
