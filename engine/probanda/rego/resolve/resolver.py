"""The stages of resolving, in order.

Rules:

1. Imports and names of each module by itself.
2. The names in every rule, its calls and modifiers; then the order of its bodies.
3. Conflicts between rules, and between rules and packages.
4. Recursion.
5. Types, where they are certain.
6. Entry points.

All errors are raised at once. Modules are taken in the order of their paths.

Example:
    program = resolve([parse_module(text, path="a.rego")], entrypoints=["a/allow"])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from probanda.rego import ast
from probanda.rego.builtins.signatures import SIGNATURES, Signature
from probanda.rego.recursion import room
from probanda.rego.resolve.conflicts import check_conflicts
from probanda.rego.resolve.context import Context
from probanda.rego.resolve.declared import body_variables, declared_names
from probanda.rego.resolve.entrypoints import check_entrypoints
from probanda.rego.resolve.groups import build_groups, group_paths
from probanda.rego.resolve.kinds import check_body, check_types
from probanda.rego.resolve.literals import Literals
from probanda.rego.resolve.metadata import AnnotationSet, RuleMetadata
from probanda.rego.resolve.modules import check_module, warn_unused_imports
from probanda.rego.resolve.program import Path, Program, ResolvedQuery, ResolvedRule, RuleGroup
from probanda.rego.resolve.recursion import check_recursion
from probanda.rego.resolve.report import Report
from probanda.rego.resolve.rules import RuleResolver
from probanda.rego.resolve.safety import Safety
from probanda.rego.resolve.scope import Globals, Locals, Scope, Scopes
from probanda.rego.resolve.tree import RuleInfo, RuleTree

# More than a tree of the parser's greatest depth needs.
_FRAMES = 20_000


def resolve(
    modules: Sequence[ast.Module],
    *,
    entrypoints: Sequence[str] | None = None,
    signatures: Mapping[str, Signature] = SIGNATURES,
) -> Program:
    """Resolve and check modules.

    Args:
        modules: of one program; their order does not matter.
        entrypoints: paths with slashes that must name a rule or package; not checked if `None`.
        signatures: the built-in functions.

    Raises:
        RegoErrors: with all errors, those of earlier stages first.
    """
    with room(_FRAMES):
        return _resolve(sorted(modules, key=lambda module: module.path), entrypoints, signatures)


def _resolve(
    modules: Sequence[ast.Module],
    entrypoints: Sequence[str] | None,
    signatures: Mapping[str, Signature],
) -> Program:
    report = Report()
    tree = RuleTree(modules)
    context = Context(signatures, tree, report)
    for module in modules:
        check_module(module, report)
    check_conflicts(tree, modules, report)
    paths = group_paths(tree)
    resolved = _resolve_rules(modules, context, paths)
    check_recursion(tree, resolved, paths, report)
    for _, rule in resolved:
        check_types(rule, context)
    groups = build_groups(paths, resolved)
    if entrypoints is not None:
        check_entrypoints(entrypoints, tree, modules, report)
    report.raise_errors({module.path: module.source for module in modules})
    return Program(groups, tuple(modules), report.warnings, _annotations(groups))


def _resolve_rules(
    modules: Sequence[ast.Module], context: Context, paths: Mapping[RuleInfo, Path]
) -> list[tuple[RuleInfo, ResolvedRule]]:
    exports: dict[Path, dict[str, None]] = {}
    by_module: dict[int, list[RuleInfo]] = {}
    for info in context.tree.rules:
        by_module.setdefault(id(info.module), []).append(info)
        first = info.rule.head.ref[0]
        if isinstance(first, ast.String):
            exports.setdefault(info.module.package, {})[first.value] = None
    annotations = AnnotationSet(modules, context.tree)
    resolved: list[tuple[RuleInfo, ResolvedRule]] = []
    for module in modules:
        names = Globals.of(module.package, exports.get(module.package, {}), module.imports)
        names.version = module.version
        for info in by_module.get(id(module), []):
            metadata = RuleMetadata(annotations, info)
            rule = RuleResolver(info, context, names, metadata).resolve(len(paths[info]))
            if rule is not None:
                resolved.append((info, rule))
        warn_unused_imports(module, names.used, context.report)
    return resolved


def _annotations(groups: Mapping[Path, RuleGroup]) -> dict[Path, tuple[ast.Annotations, ...]]:
    result: dict[Path, tuple[ast.Annotations, ...]] = {}
    for path, group in groups.items():
        rules = [*group.rules, *group.key_defaults]
        if group.default is not None:
            rules.append(group.default)
        found = tuple(item for rule in rules for item in rule.annotations)
        if found:
            result[path] = found
    return result


def resolve_query(
    body: ast.Body,
    program: Program,
    *,
    imports: Sequence[ast.Import] = (),
    package: Sequence[str] = (),
    signatures: Mapping[str, Signature] = SIGNATURES,
) -> ResolvedQuery:
    """Resolve and check a query against a program.

    Args:
        body: as parsed.
        program: what the query may refer to.
        imports: names that the query may use.
        package: whose rules it may name without a path.
        signatures: the built-in functions.

    Raises:
        RegoErrors: with all errors.
    """
    with room(_FRAMES):
        return _resolve_query(body, program, imports, tuple(package), signatures)


def _resolve_query(
    body: ast.Body,
    program: Program,
    imports: Sequence[ast.Import],
    package: tuple[str, ...],
    signatures: Mapping[str, Signature],
) -> ResolvedQuery:
    report = Report()
    tree = RuleTree(program.modules)
    context = Context(signatures, tree, report)
    exports = [
        info.rule.head.ref[0].value
        for info in tree.rules
        if info.module.package == package and isinstance(info.rule.head.ref[0], ast.String)
    ]
    names = Locals()
    scopes = Scopes(Globals.of(package, exports if package else [], imports), names)
    literals = Literals(context, scopes, None)
    scope = Scope(hidden=frozenset(declared_names(body)))
    scopes.push(scope)
    variables = body_variables(body)
    scopes.bind(variables)
    resolved = literals.body(body)
    for name in (name for name, how in scope.how.items() if how != "seen"):
        scope.uses[name] = 1  # an answer is a use
    literals.leave()
    if not report.count:
        ordered, _ = Safety(names, report, scopes.globals.paths).order(resolved, set())
        check_body(ordered, context)
    report.raise_errors({})
    shown = [name for name in _in_order(body, variables) if name in scope.names]
    return ResolvedQuery(ordered, tuple(shown), tuple(scope.names[name] for name in shown))


def _in_order(body: ast.Body, variables: Sequence[str]) -> list[str]:
    """Variables of a query in order, those only declared by `some` included."""
    found = dict.fromkeys(name for name in variables if not name.startswith("$"))
    for literal in body:
        if isinstance(literal.expression, ast.SomeDecl):
            found.update(dict.fromkeys(var.name for var in literal.expression.variables))
    return list(found)
