"""Names in terms: every variable a unique local, every rule and import an absolute reference.

Rules:

- What a comprehension yields is evaluated in its body: `[xs[i] | …]` becomes
  `[#1 | …; #1 = xs[i]]`, so that what remains in front of the bar is bound by the body.
- A template string binds nothing: its variables must be bound outside.
- `rego.metadata.rule()` and `rego.metadata.chain()` are constants and are put in place here.

Source: OPA `v1/ast/compile.go`: `resolveRefsInTerm`, `rewriteDeclaredVarsInTerm`,
`rewriteComprehensionTerms`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from probanda.rego import ast
from probanda.rego.resolve.context import Context, Metadata
from probanda.rego.resolve.declared import body_variables, declared_names
from probanda.rego.resolve.report import COMPILE, TYPE, UNSAFE, Stage
from probanda.rego.resolve.scope import Scope, Scopes
from probanda.rego.resolve.text import show_path
from probanda.rego.resolve.walk import (
    DYNAMIC,
    SCALARS,
    Comprehension,
    change,
    contains,
    is_root,
    own_variables,
    template_terms,
)

_METADATA = ("rego", "metadata")


class Terms(ABC):
    """Resolves terms; `Literals` adds the bodies that terms may contain."""

    def __init__(self, context: Context, scopes: Scopes, metadata: Metadata | None) -> None:
        self.context = context
        self.scopes = scopes
        self._metadata = metadata
        self.failed = False

    @abstractmethod
    def body(self, body: ast.Body) -> list[ast.Literal]:
        """Resolve the literals of the body whose scope is on top."""

    def error(self, message: str, span: ast.Span, code: str = COMPILE, hint: str = "") -> None:
        """Report that a name is wrong."""
        self.context.report.error(Stage.NAMES, code, message, span, hint)
        self.failed = True

    def term(self, term: ast.Term) -> ast.Term:  # noqa: PLR0911  # one per kind of term
        """Resolve a term that is no statement."""
        if isinstance(term, SCALARS):
            return term
        match term:
            case ast.Var():
                return self._variable(term)
            case ast.Ref():
                return self._reference(term)
            case ast.Call():
                return self.call(term, statement=False)
            case ast.ArrayComprehension() | ast.SetComprehension() | ast.ObjectComprehension():
                return self._comprehension(term)
            case ast.TemplateString():
                return self._template(term)
            case _:
                return change(term, self.term)

    def _variable(self, var: ast.Var) -> ast.Term:
        found = self._head(var)
        if isinstance(found, ast.Var) and is_root(found):
            return ast.Ref(found, (), span=var.span)
        return self._checked(found)

    def _head(self, var: ast.Var) -> ast.Var | ast.Ref:
        """A variable as a local, a root, or the reference that it stands for."""
        name = var.name
        if var.is_wildcard:
            return var
        if self.scopes.find(name) is None:
            path = self.scopes.global_path(name)
            if name in {"data", "input"} and path is None:
                return var
            if path is not None:
                self.scopes.globals.used.add(name)
                return absolute(path, var.span)
        return ast.Var(self.scopes.use(name), span=var.span)

    def _reference(self, ref: ast.Ref) -> ast.Term:
        head = self._head(ref.head) if isinstance(ref.head, ast.Var) else self.term(ref.head)
        path = tuple([self.term(part) for part in ref.path])
        if isinstance(head, ast.Ref):
            return self._checked(ast.Ref(head.head, (*head.path, *path), span=ref.span))
        if not path and not is_root(head):
            return head
        return self._checked(ast.Ref(head, path, span=ref.span))

    def _checked(self, term: ast.Term) -> ast.Term:
        """A reference, unless it goes to a function without calling it."""
        match term:
            case ast.Ref(ast.Var("data")):
                pass
            case _:
                return term
        node = self.context.tree.root
        names: list[str] = []
        for part in term.path:
            child = node.children.get(part.value) if isinstance(part, ast.String) else None
            if child is None or not isinstance(part, ast.String):
                break
            node = child
            names.append(part.value)
            if node.rules and node.rules[0].is_function:
                message = f"function {show_path(names)} used as reference, not called"
                self.error(message, term.span, TYPE)
                break
        return term

    def call(self, call: ast.Call, *, statement: bool) -> ast.Term:
        """Resolve a call: its operator to a built-in or an absolute path, its arguments."""
        operator = self.operator(call)
        arguments = tuple([self.term(argument) for argument in call.arguments])
        resolved = ast.Call(operator, arguments, call.infix, span=call.span)
        if operator[:2] == _METADATA and self._metadata is not None:
            constant = self._annotations(operator, call)
            if constant is not None:
                if not arguments:
                    return constant
                return ast.Call(("eq",), (arguments[-1], constant), infix=True, span=call.span)
        version = self.scopes.globals.version
        self.context.check_call(resolved, statement=statement, version=version)
        return resolved

    def _annotations(self, operator: tuple[str, ...], call: ast.Call) -> ast.Term | None:
        if self._metadata is None or len(call.arguments) > 1:
            return None
        if operator[2:] == ("rule",):
            return self._metadata.rule(call.span)
        if operator[2:] == ("chain",):
            return self._metadata.chain(call.span)
        return None

    def operator(self, call: ast.Call) -> tuple[str, ...]:
        """The name of a function, absolute unless it is a built-in's."""
        name = call.operator[0]
        if call.infix or name == "data":
            return call.operator
        if self.scopes.is_declared(name):
            shown = ".".join(call.operator)
            self.error(f"called function {shown} shadowed", call.span)
            return call.operator
        path = self.scopes.global_path(name)
        if path is None:
            return call.operator
        self.scopes.globals.used.add(name)
        return (*path, *call.operator[1:])

    def _comprehension(self, term: Comprehension) -> ast.Term:
        written: tuple[ast.Term, ...]
        if isinstance(term, ast.ObjectComprehension):
            written = (term.key, term.value)
        else:
            written = (term.term,)
        scope = Scope(hidden=frozenset(declared_names(term.body)))
        self.scopes.push(scope)
        self.scopes.bind(body_variables(term.body, written))
        body = self.body(term.body)
        heads = self.settle([self.term(head) for head in written], body)
        self.leave()
        match term:
            case ast.ObjectComprehension():
                return ast.ObjectComprehension(heads[0], heads[1], tuple(body), span=term.span)
            case ast.SetComprehension():
                return ast.SetComprehension(heads[0], tuple(body), span=term.span)
            case _:
                return ast.ArrayComprehension(heads[0], tuple(body), span=term.span)

    def settle(self, terms: Sequence[ast.Term], body: list[ast.Literal]) -> list[ast.Term]:
        """Move what must be evaluated to the end of a body."""
        return [self.hoist(term, (), body) if contains(term, DYNAMIC) else term for term in terms]

    def hoist(
        self, term: ast.Term, withs: tuple[ast.With, ...], body: list[ast.Literal]
    ) -> ast.Var:
        """Bind a resolved term to a fresh local by a literal at the end of `body`."""
        local = self.scopes.locals.temporary(term.span)
        equal = ast.Call(("eq",), (local, term), infix=True, span=term.span)
        body.append(ast.Literal(equal, withs=withs, span=term.span))
        return local

    def _template(self, term: ast.TemplateString) -> ast.Term:
        for part in template_terms(term):
            for name, var in own_variables(part).items():
                known = self.scopes.find(name) or self.scopes.global_path(name)
                if not known or var.is_wildcard:
                    shown = "_" if var.is_wildcard else name
                    if isinstance(part, ast.Var):
                        self.error(f"var {shown} is unsafe", var.span, UNSAFE)
                    else:
                        self.error(f"var {shown} is undeclared", var.span)
        parts = [
            part if isinstance(part, str) else self._template_part(part) for part in term.parts
        ]
        return ast.TemplateString(tuple(parts), span=term.span)

    def _template_part(self, part: ast.Term | ast.Literal) -> ast.Term:
        """A part as a term: `x with input as 1` is `[#1 | #1 = x with input as 1][0]`."""
        self.scopes.push(Scope())
        if not isinstance(part, ast.Literal):
            result = self.term(part)
            self.scopes.pop()
            return result
        body = self.body((part,))
        self.scopes.pop()
        last = body.pop()
        if isinstance(last.expression, ast.SomeDecl | ast.SomeIn | ast.Every):
            self.error("unexpected template-string expression", part.span)
            return ast.Null(span=part.span)
        local = self.hoist(last.expression, last.withs, body)
        items = ast.ArrayComprehension(local, tuple(body), span=part.span)
        return ast.Ref(items, (ast.Number("0", span=part.span),), span=part.span)

    def leave(self) -> None:
        """Leave a body's scope and report declarations that nothing uses."""
        scope = self.scopes.pop()
        unused: list[tuple[str, ast.Span]] = []
        for name, how in scope.how.items():
            if scope.uses.get(name) or name.startswith("$"):
                continue
            span = scope.spans.get(name, ast.NOWHERE)
            if name in scope.required and not self.failed:
                unused.append((name, span))
            elif how == "assigned":
                self.context.report.warn(f"assigned var {name} unused", span)
        for name, span in unused:
            self.error(f"declared var {name} unused", span)


def absolute(path: Sequence[str], span: ast.Span) -> ast.Ref:
    """`("data", "a", "b")` as a reference."""
    parts = tuple([ast.String(part, span=span) for part in path[1:]])
    return ast.Ref(ast.Var(path[0], span=span), parts, span=span)
