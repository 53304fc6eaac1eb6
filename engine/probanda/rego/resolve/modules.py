"""What can be said about one module by itself: its imports and the names it must not use.

Rules:

- An import starts with `data`, `input`, `rego` or `future`; of the last two only `rego.v1` and
  `future.keywords` exist. Two imports do not have one name (v1).
- Arguments are not called `data` or `input`, nor (v1) are rules.

Source: OPA `v1/ast/compile.go`: `checkImports`, `checkKeywordOverrides`.
"""

from __future__ import annotations

from typing import Final

from probanda.rego import ast
from probanda.rego.resolve.report import COMPILE, PARSE, Report, Stage
from probanda.rego.resolve.text import show_path
from probanda.rego.resolve.tree import RuleInfo
from probanda.rego.resolve.walk import own_variables

_ROOTS: Final = ("data", "input")
_KEYWORDS: Final = frozenset({"contains", "every", "if", "in"})


def check_module(module: ast.Module, report: Report) -> None:
    """Report wrong imports, and rules and arguments that shadow documents."""
    seen: dict[str, ast.Import] = {}
    for item in module.imports:
        _check_import(item, report)
        before = seen.setdefault(item.name, item)
        documents = item.path[:1] not in {("rego",), ("future",)}
        if before is not item and documents and module.version == 1:
            message = f"import must not shadow {show_import(before)}"
            report.error(Stage.MODULES, COMPILE, message, item.span)
    for rule in module.rules:
        info = RuleInfo(module, rule)
        _check_names(info, report)


def _check_import(item: ast.Import, report: Report) -> None:
    problem = ""
    match item.path:
        case ("data" | "input", *_) | ("rego", "v1") | ("future", "keywords"):
            pass
        case ("future", "keywords", str(keyword)):
            if keyword not in _KEYWORDS:
                problem = f"unexpected keyword, must be one of {sorted(_KEYWORDS)}"
        case ("future", *_):
            problem = "invalid import, must be `future.keywords`"
        case ("rego", *_):
            problem = "invalid import, must be `rego.v1`"
        case _:
            found = item.path[0] if item.path else ""
            problem = (
                "unexpected import path, must begin with one of: "
                f"{{data, future, input, rego}}, got: {found}"
            )
    if problem:
        report.error(Stage.MODULES, PARSE, problem, item.span)


def show_import(item: ast.Import) -> str:
    """An import as it is written."""
    path = show_path(item.path[1:], item.path[0])
    return f"import {path} as {item.alias}" if item.alias else f"import {path}"


def _check_names(info: RuleInfo, report: Report) -> None:
    rule = info.rule
    first = rule.head.ref[0]
    if isinstance(first, ast.String) and first.value in _ROOTS and info.module.version:
        message = f"rules must not shadow {first.value} (use a different rule name)"
        report.error(Stage.MODULES, COMPILE, message, rule.span)
    for argument in rule.head.arguments or ():
        for name in _bare(argument):
            message = f"args must not shadow {name} (use a different variable name)"
            report.error(Stage.MODULES, COMPILE, message, argument.span)


def _bare(argument: ast.Term) -> list[str]:
    """`data` and `input` where an argument would bind them."""
    match argument:
        case ast.Var(name) | ast.Ref(ast.Var(name), ()) if name in _ROOTS:
            return [name]
        case ast.Array(items):
            return [name for item in items for name in _bare(item)]
        case ast.Object(pairs):
            return [name for _, value in pairs for name in _bare(value)]
        case _:
            return []


def warn_unused_imports(module: ast.Module, used: set[str], report: Report) -> None:
    """Warn of imports whose name no rule uses."""
    for item in module.imports:
        if item.path[:1] in {("data",), ("input",)} and item.name not in used:
            report.warn(f"{show_import(item)} unused", item.span)


def argument_names(arguments: tuple[ast.Term, ...]) -> list[ast.Var]:
    """The variables that the parameters of a function bind, in order."""
    found: dict[str, ast.Var] = {}
    for argument in arguments:
        _bound(argument, found)
    return list(found.values())


def _bound(term: ast.Term, into: dict[str, ast.Var]) -> None:
    match term:
        case ast.Var():
            own_variables(term, into)
        case ast.Array(items):
            for item in items:
                _bound(item, into)
        case ast.Object(pairs):
            for _, value in pairs:
                _bound(value, into)
        case ast.Ref(_, path):
            for part in path:
                _bound(part, into)
        case _:
            pass
