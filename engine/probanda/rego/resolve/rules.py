"""One rule with its `else` branches, resolved and in order.

Rules:

- Parameters are locals of every branch; a branch may not declare them again.
- What must be evaluated in a head is evaluated in the body: `p contains input.xs[i]` becomes
  `p contains #1 if { #1 = input.xs[i] }`. What stays in a head are constants and variables.
- A rule with an error is left out; the others are still checked.
"""

from __future__ import annotations

from probanda.rego import ast
from probanda.rego.resolve.context import Context, Metadata
from probanda.rego.resolve.declared import body_variables, declared_names
from probanda.rego.resolve.literals import Literals
from probanda.rego.resolve.modules import argument_names
from probanda.rego.resolve.program import ResolvedRule
from probanda.rego.resolve.safety import Safety
from probanda.rego.resolve.scope import Globals, Locals, Scope, Scopes
from probanda.rego.resolve.tree import RuleInfo
from probanda.rego.resolve.walk import DYNAMIC, contains, own_variables


class RuleResolver:
    """Resolves one rule; see the module."""

    def __init__(
        self, info: RuleInfo, context: Context, names: Globals, metadata: Metadata | None
    ) -> None:
        self._info = info
        self._context = context
        self._locals = Locals()
        self._scopes = Scopes(names, self._locals)
        self._literals = Literals(context, self._scopes, metadata)
        self._parameters = argument_names(info.rule.head.arguments or ())
        self._uses: dict[str, int] = {}

    def resolve(self, depth: int) -> ResolvedRule | None:
        """The rule; `None` when it has an error.

        Args:
            depth: length of the path of the group that it belongs to.
        """
        before = self._context.report.count
        head = self._info.rule.head
        scope = Scope(hidden=frozenset(var.name for var in self._parameters))
        self._scopes.push(scope)
        for var in self._parameters:
            self._scopes.declare(var.name, "argument", var.span)
        extra: list[tuple[ast.Var, ast.Term]] = []
        patterns = [self._pattern(argument, extra) for argument in head.arguments or ()]
        parameters = dict(scope.names)
        self._scopes.pop()
        branches: list[ast.Rule] = []
        rule: ast.Rule | None = self._info.rule
        while rule is not None:
            branches.append(rule)
            rule = rule.otherwise
        bodies = [self._branch(branch, parameters, extra, depth) for branch in branches]
        self._warn_unused()
        if self._context.report.count > before:
            return None
        return self._finish(tuple(patterns), branches, bodies, before)

    # --- names ---------------------------------------------------------------------------

    def _pattern(self, term: ast.Term, extra: list[tuple[ast.Var, ast.Term]]) -> ast.Term:
        """A parameter; what must be evaluated becomes a local that the body is to compare."""
        if contains(term, DYNAMIC) and not isinstance(term, ast.Array | ast.Object):
            local = self._locals.temporary(term.span)
            extra.append((local, term))
            return local
        match term:
            case ast.Array():
                items = [self._pattern(item, extra) for item in term.items]
                return ast.Array(tuple(items), span=term.span)
            case ast.Object():
                pairs = [(self._literals.term(k), self._pattern(v, extra)) for k, v in term.pairs]
                return ast.Object(tuple(pairs), span=term.span)
            case _:
                return self._literals.term(term)

    def _branch(
        self,
        rule: ast.Rule,
        parameters: dict[str, str],
        extra: list[tuple[ast.Var, ast.Term]],
        depth: int,
    ) -> tuple[list[ast.Literal], list[ast.Term], ast.Term | None, ast.Term]:
        """Body, keys, key and value of one branch."""
        head = rule.head
        keys = self._info.ref[depth:]
        value = head.value if head.value is not None else ast.Boolean(value=True, span=rule.span)
        terms: list[ast.Term] = [*keys, *([] if head.key is None else [head.key]), value]
        scope = Scope(hidden=frozenset({*parameters, *declared_names(rule.body)}))
        scope.names.update(parameters)
        scope.how.update(dict.fromkeys(parameters, "argument"))
        self._scopes.push(scope)
        self._scopes.bind(body_variables(rule.body, [*terms, *[term for _, term in extra]]))
        body = self._literals.body(rule.body)
        for local, term in extra:
            equal = ast.Call(
                ("eq",), (local, self._literals.term(term)), infix=True, span=term.span
            )
            body.append(ast.Literal(equal, span=term.span))
        resolved = self._literals.settle([self._literals.term(term) for term in terms], body)
        for name in parameters:
            self._uses[name] = self._uses.get(name, 0) + scope.uses.get(name, 0)
        self._literals.leave()
        key = None if head.key is None else resolved[len(keys)]
        return body, resolved[: len(keys)], key, resolved[-1]

    def _warn_unused(self) -> None:
        if self._info.rule.default:
            return
        for var in self._parameters:
            if not (var.is_wildcard or self._uses.get(var.name)):
                message = f"unused argument {var.name}. (hint: use _ (wildcard variable) instead)"
                self._context.report.warn(message, var.span)

    # --- order ---------------------------------------------------------------------------

    def _finish(
        self,
        patterns: tuple[ast.Term, ...],
        branches: list[ast.Rule],
        bodies: list[tuple[list[ast.Literal], list[ast.Term], ast.Term | None, ast.Term]],
        before: int,
    ) -> ResolvedRule | None:
        bound: dict[str, ast.Var] = {}
        for pattern in patterns:
            own_variables(pattern, bound)
        result: ResolvedRule | None = None
        for rule, (body, keys, key, value) in reversed(list(zip(branches, bodies, strict=True))):
            safety = Safety(self._locals, self._context.report, self._scopes.globals.paths)
            errors = self._context.report.count
            # What a parameter is moved to (`#1`) is bound by the caller.
            ordered, known = safety.order(body, set(bound))
            if self._context.report.count == errors:
                heads = [*keys, *([] if key is None else [key]), value]
                safety.check_terms(heads, known)
            result = ResolvedRule(
                arguments=patterns,
                keys=tuple(keys),
                key=key,
                value=value,
                body=ordered,
                otherwise=result,
                span=rule.span,
                module_path=self._info.module.path,
                annotations=rule.annotations,
            )
        return result if self._context.report.count == before else None
