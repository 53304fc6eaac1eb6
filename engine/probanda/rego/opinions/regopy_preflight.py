"""Checks on the engine's plan, because the engine itself does none.

Rules:

- A policy may call its own functions and known built-ins only; an unknown name
  would be *undefined* at run time, which under `not` means true.
- A policy is a function of its input: built-ins that read a clock, a network, a
  random source or the process are refused; so are those that regopy gets wrong.
- A local that is read before anything writes it is an unsafe variable (a typo
  under `not` would hold); arity and recursion are checked on the call graph.
- A local that is assigned twice in one straight line is a redeclaration.

The plan is OPA's intermediate representation (openpolicyagent.org/docs/ir) in
regopy's dialect (capital and small `index`, `g0` prefixes).

Example:

    called = check(plan, is_builtin=interpreter.is_builtin)  # {'count', 'startswith'}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.rego.opinions.interface import IMPURE

# `concat` of one string keeps its quotes when it is formatted, and of a set is not in order.
UNSOUND: Final = frozenset({"concat"})
# Locals 0 and 1 are `input` and `data` in every plan.
_GIVEN: Final = frozenset({0, 1})
# The fields through which a statement writes a local.
_WRITES: Final = {
    "ArrayAppendStmt": (),
    "AssignIntStmt": ("target",),
    "AssignVarOnceStmt": ("target",),
    "AssignVarStmt": ("target",),
    "CallDynamicStmt": ("result",),
    "CallStmt": ("result",),
    "DotStmt": ("target",),
    "LenStmt": ("target",),
    "MakeArrayStmt": ("target",),
    "MakeNullStmt": ("target",),
    "MakeNumberIntStmt": ("target",),
    "MakeNumberRefStmt": ("target",),
    "MakeObjectStmt": ("target",),
    "MakeSetStmt": ("target",),
    "ObjectMergeStmt": ("target",),
    "ResetLocalStmt": ("target",),
    "ScanStmt": ("key", "value"),
}
# The fields through which a statement reads one as a bare number.
_READS: Final = {
    "ArrayAppendStmt": ("array",),
    "IsArrayStmt": (),
    "IsDefinedStmt": (),
    "IsObjectStmt": (),
    "IsSetStmt": (),
    "IsUndefinedStmt": (),
    "ObjectInsertOnceStmt": ("object",),
    "ObjectInsertStmt": ("object",),
    "ObjectMergeStmt": ("a", "b"),
    "ResultSetAddStmt": ("value",),
    "ReturnLocalStmt": (),
    "ScanStmt": ("source",),
    "SetAddStmt": ("set",),
    "WithStmt": ("local",),
}


def check(plan: Mapping[str, Any], *, is_builtin: Callable[[str], bool]) -> frozenset[str]:
    """Names of the built-ins that the plan calls.

    Raises:
        PolicyError: `rego_type_error`, `rego_unsafe_var_error`, `rego_recursion_error` or
            `rego_compile_error`.
    """
    functions = {function["name"]: function for function in plan["funcs"]["funcs"]}
    builtins: set[str] = set()
    declared = {each["name"]: each["decl"]["args"] for each in plan["static"]["builtin_funcs"]}
    calls: dict[str, set[str]] = {}
    for name, function in functions.items():
        # The first two parameters are input and data.
        _check_locals(name, function["blocks"], _GIVEN | set(function["params"]))
        calls[name] = set()
        for called, arguments in _calls(function["blocks"]):
            if called in functions:
                calls[name].add(called)
                _check_arity(called, arguments, len(functions[called]["params"]), len(_GIVEN))
            else:
                _check_builtin(called, name, is_builtin)
                # `print` takes any number.
                if called != "print":
                    _check_arity(called, arguments, len(declared.get(called, ())), 0)
                builtins.add(called)
    for entry in plan["plans"]["plans"]:
        for called, _ in _calls(entry["blocks"]):
            if called not in functions:
                _check_builtin(called, entry["name"], is_builtin)
                builtins.add(called)
    _check_recursion(calls)
    return frozenset(builtins)


def _check_builtin(called: str, caller: str, is_builtin: Callable[[str], bool]) -> None:
    if called in IMPURE:
        raise PolicyError(
            f"{_rule(caller)} calls {called}, which reads the outside world",
            code="rego_type_error",
            hint="a decision must be repeatable: pass the value as a fact, parameter or asOf",
        )
    if called in UNSOUND:
        raise PolicyError(
            f"{_rule(caller)} calls {called}, which this engine computes wrongly",
            code="rego_type_error",
        )
    if not is_builtin(called):
        raise PolicyError(f"{_rule(caller)}: undefined function {called}", code="rego_type_error")


def _check_arity(called: str, given: int, wanted: int, hidden: int) -> None:
    """Compare numbers of arguments; `hidden` of them are not written in the policy."""
    if given != wanted:
        raise PolicyError(
            f"{_rule(called)} is called with {given - hidden} arguments "
            f"and takes {wanted - hidden}",
            code="rego_type_error",
        )


def _check_recursion(calls: Mapping[str, set[str]]) -> None:
    """Depth-first search with an explicit stack; `done` names are known to be free of cycles."""
    done: set[str] = set()
    for start in calls:
        path: list[str] = []
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            name, left = stack.pop()
            if left:
                path.pop()
                done.add(name)
                continue
            if name in path:
                raise PolicyError(f"rule {_rule(name)} is recursive", code="rego_recursion_error")
            if name in done:
                continue
            path.append(name)
            stack.append((name, True))
            stack += [(called, False) for called in sorted(calls[name])]


def _check_locals(name: str, blocks: list[Any], given: set[int] | frozenset[int]) -> None:
    written = set(given)
    for kind, statement in _statements(blocks):
        reads = {statement[field] for field in _READS.get(kind, ())} | _operands(statement)
        if not reads <= written:
            raise PolicyError(
                f"a variable in {_rule(name)} is unsafe: nothing gives it a value",
                code="rego_unsafe_var_error",
                hint="declare it with `some x in …` or `x := …`; mind the spelling",
            )
        written |= {statement[field] for field in _WRITES.get(kind, ())}
    for block in _blocks(blocks):
        assigned: set[int] = set()
        for entry in block["stmts"]:
            if entry["type"] == "ResetLocalStmt":
                assigned.discard(entry["stmt"]["target"])
            if entry["type"] != "AssignVarStmt":
                continue
            target = entry["stmt"]["target"]
            if target in assigned:
                raise PolicyError(
                    f"a variable in {_rule(name)} is declared twice", code="rego_compile_error"
                )
            assigned.add(target)


def _operands(statement: Mapping[str, Any]) -> set[int]:
    """Locals among a statement's operands (`{"type": "local", "value": n}`)."""
    found: set[int] = set()
    for field, value in statement.items():
        if field in {"block", "blocks"}:
            continue
        for operand in value if isinstance(value, list) else [value]:
            if isinstance(operand, dict) and operand.get("type") == "local":
                found.add(operand["value"])
    return found


def _children(statement: Mapping[str, Any]) -> list[Any]:
    one = statement.get("block")
    return [*([one] if one else []), *(statement.get("blocks") or [])]


def _blocks(blocks: list[Any]) -> Iterator[Any]:
    for block in blocks:
        yield block
        for entry in block["stmts"]:
            yield from _blocks(_children(entry["stmt"]))


def _statements(blocks: list[Any]) -> Iterator[tuple[str, Any]]:
    """Statements in the order of the text, blocks inside them after them."""
    for block in blocks:
        for entry in block["stmts"]:
            yield entry["type"], entry["stmt"]
            yield from _statements(_children(entry["stmt"]))


def _calls(blocks: list[Any]) -> Iterator[tuple[str, int]]:
    for kind, statement in _statements(blocks):
        if kind == "CallStmt":
            yield statement["func"], len(statement["args"] or ())


def _rule(name: str) -> str:
    """`g0.data.a.b.allow` as people write it."""
    return name.removeprefix("g0.")
