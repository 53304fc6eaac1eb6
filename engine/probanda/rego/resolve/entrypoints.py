"""Whether what is to be evaluated exists."""

from __future__ import annotations

from collections.abc import Sequence

from probanda.rego import ast
from probanda.rego.resolve.report import COMPILE, Report, Stage
from probanda.rego.resolve.tree import RuleTree


def check_entrypoints(
    entrypoints: Sequence[str], tree: RuleTree, modules: Sequence[ast.Module], report: Report
) -> None:
    """Report entry points (`a/b/c`) that are no rule and no package."""
    packages = {module.package[:size] for module in modules for size in _sizes(module)}
    for entrypoint in entrypoints:
        path = tuple(entrypoint.split("/"))
        node = tree.find(path)
        is_function = bool(node and node.rules and node.rules[0].is_function)
        known = path in packages or (node is not None and not is_function)
        if not known:
            message = f'entrypoint "{entrypoint}" does not refer to a rule or policy decision'
            hint = "it is a function; an entry point takes no arguments" if is_function else ""
            span = ast.Span(entrypoint, 0, 0)
            report.error(Stage.TYPES, COMPILE, message, span, hint)


def _sizes(module: ast.Module) -> range:
    return range(1, len(module.package) + 1)
