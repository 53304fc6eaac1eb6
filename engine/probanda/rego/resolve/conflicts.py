"""Rules that cannot stand beside each other.

Rules, in this order for one path (OPA `v1/ast/compile.go`, `checkRuleConflicts`):

1. A rule whose ref is ground has no rules below it. (`p.q` and `p.q.r`; but `p.q.r` and `p.q[x]`
   are fine: the second is at `p.q` and not ground.)
2. Rules at one path are of one kind: complete, partial or function, sets or values, one arity.
3. At most one default rule.
4. A package may not be named as a rule of another package is.

Example:
    check_conflicts(tree, modules, report)
"""

from __future__ import annotations

from collections.abc import Sequence

from probanda.rego import ast
from probanda.rego.resolve.report import COMPILE, PARSE, TYPE, Report, Stage
from probanda.rego.resolve.text import kind_name, place, show, show_ref, written
from probanda.rego.resolve.tree import Node, RuleInfo, RuleTree
from probanda.rego.resolve.walk import CLOSURES, parts


def check_conflicts(tree: RuleTree, modules: Sequence[ast.Module], report: Report) -> None:
    """Report every conflict between rules, and between rules and packages."""
    stack = [tree.root]
    while stack:
        node = stack.pop()
        if node.rules:
            _check_node(node, report)
        stack.extend(node.children.values())
    _check_packages(tree, modules, report)
    for info in tree.rules:
        _check_rule(info, report)


def _check_node(node: Node, report: Report) -> None:
    first = node.rules[0]
    name = show_ref(node.rules[-1].ref)
    if node.children and any(info.is_ground for info in node.rules):
        below = _shortest(node)
        if below:
            listed = "".join(f"\n  rule {ref} at {where}" for ref, where in below.items())
            message = f"rule {name} conflicts with:{listed}"
            report.error(Stage.CONFLICTS, TYPE, message, first.rule.span)
            return
    shapes = {(info.is_multi, info.arity) for info in node.rules}
    complete = {not info.is_multi and info.is_ground for info in node.rules}
    if len(shapes) > 1 or len(complete) > 1:
        message = f"conflicting rules {name} found"
        hint = "rules of one name must all be complete, all partial, or functions of one arity"
        report.error(Stage.CONFLICTS, TYPE, message, first.rule.span, hint)
        return
    defaults = [info for info in node.rules if info.rule.default]
    if len(defaults) > 1:
        places = ", ".join(place(info.rule.span) for info in defaults)
        message = f"multiple default rules {name} found at {places}"
        report.error(Stage.CONFLICTS, TYPE, message, defaults[0].rule.span)


def _shortest(node: Node) -> dict[str, str]:
    """The refs of the rules below a node and their places, without those that continue one."""
    found: dict[str, str] = {}
    for child in node.children.values():
        for info in child.below():
            found.setdefault(show_ref(info.ref), place(info.rule.span))
    kept: dict[str, str] = {}
    last = ""
    for ref in sorted(found):
        if not (last and ref.startswith(last) and ref[len(last)] in ".["):
            kept[ref] = found[ref]
            last = ref
    return kept


def _check_packages(tree: RuleTree, modules: Sequence[ast.Module], report: Report) -> None:
    packages: dict[tuple[str, ...], ast.Module] = {}
    for module in modules:
        packages.setdefault(module.package, module)
    for info in tree.rules:
        other = packages.get(info.path) if info.is_ground else None
        if other is None or len(info.path) != len(info.ref):
            continue
        package = ".".join(other.package)
        rule = show_ref(info.rule.head.ref[1:], show_head(info.rule))
        message = f"package {package} conflicts with rule {rule} defined at {place(info.rule.span)}"
        span = ast.Span(other.path, 1, 1)
        report.error(Stage.CONFLICTS, TYPE, message, span)


def show_head(rule: ast.Rule) -> str:
    """The first name of a rule's head."""
    first = rule.head.ref[0]
    return first.value if isinstance(first, ast.String) else show(first)


def _check_rule(info: RuleInfo, report: Report) -> None:
    head = info.rule.head
    if info.is_function and not info.is_ground:
        message = f"function {show_ref(info.ref)} must not have variables in its name"
        report.error(Stage.MODULES, COMPILE, message, info.rule.span)
    for argument in head.arguments or ():
        if _has_call(argument):
            message = "rule arguments cannot contain calls"
            report.error(Stage.NAMES, COMPILE, message, argument.span)
    if info.rule.default:
        _check_default(info, report)


def _has_call(term: ast.Term) -> bool:
    if isinstance(term, ast.Call):
        return True
    for part in parts(term):  # noqa: SIM110  # a generator would recurse on the C stack
        if _has_call(part):
            return True
    return False


def _check_default(info: RuleInfo, report: Report) -> None:
    rule = info.rule
    problem = ""
    if rule.head.key is not None or not info.is_ground:
        problem = "illegal default rule (must be a complete rule or a function)"
    elif rule.head.value is not None:
        found = _not_constant(rule.head.value)
        if found:
            problem = f"illegal default rule (value cannot contain {found})"
    seen: set[str] = set()
    for argument in rule.head.arguments or ():
        if not isinstance(argument, ast.Var):
            problem = f"illegal default rule (arguments cannot contain {kind_name(argument)})"
        elif argument.name in seen:
            repeated = written(argument.name)
            problem = f"illegal default rule (arguments cannot be repeated {repeated})"
        else:
            seen.add(argument.name)
    if problem:
        report.error(Stage.MODULES, PARSE, problem, rule.span)


def _not_constant(term: ast.Term) -> str:
    """The kind of the first part that is neither constant nor closed; empty if there is none."""
    if isinstance(term, CLOSURES):
        return ""
    if isinstance(term, ast.Ref | ast.Var | ast.Call):
        return kind_name(term)
    for part in parts(term):
        found = _not_constant(part)
        if found:
            return found
    return ""
