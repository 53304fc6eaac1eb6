"""Bodies: literals in their order, `not`, `every` and `with`.

Rules:

- A literal is true when its value is defined and not `false`.
- A `not` covers its expression and no more: the resolver has taken out what OPA evaluates before
  it. So `not f(input.x)` is undefined where `input.x` is, while `not input.x == 1` is true.
- `with` stands outside of `not`: its values must be defined either way.
- What follows a literal with `with` sees the original `input` and `data`: either after the
  `WithStmt`, or, where the literal opened a loop, inside of a `WithStmt` that undoes it.
- `every` over a value that is not a collection is undefined.

Example:
    bodies.body(parse_query("x := input.xs[_]; not x == 1"))
"""

from __future__ import annotations

from dataclasses import replace

from probanda.rego import ast
from probanda.rego.builtins.signatures import SIGNATURES
from probanda.rego.plan.calls import target_of
from probanda.rego.plan.context import VALUE, Mock, Target
from probanda.rego.plan.operand import DATA, FALSE, INPUT, JSON, TRUE, Operand
from probanda.rego.plan.terms import Terms
from probanda.rego.resolve.program import Path

_COLLECTIONS = (
    ast.Array,
    ast.Object,
    ast.Set,
    ast.ArrayComprehension,
    ast.SetComprehension,
    ast.ObjectComprehension,
)


class Bodies(Terms):
    """Plans bodies."""

    def body(self, body: ast.Body) -> None:
        """Plan a body; the current block ends where all of it is true."""
        for literal in body:
            self.literal(literal)

    def literal(self, literal: ast.Literal) -> None:
        """Plan one statement of a body."""
        if literal.span.row:
            self.span = literal.span
        if literal.withs:
            self._with(literal)
        elif literal.negated:
            self._not(literal.expression)
        else:
            self._expression(literal.expression)

    def _expression(self, expression: ast.Term | ast.SomeDecl | ast.SomeIn | ast.Every) -> None:
        match expression:
            case ast.Call(operator=("eq" | "equal" | "assign",), arguments=(left, right)):
                self.unify(left, right)
            case ast.Call(operator=("neq",)) if self.context.mock(("neq",)) is None:
                a, b = (self.term(argument) for argument in expression.arguments)
                self.differ(a, b)
            case ast.Call(operator=("print",)):
                sets = [self.at_most_one(argument) for argument in expression.arguments]
                self.call_builtin("internal.print", [self.array(sets)])
            case ast.Call():
                self._call_literal(expression)
            case ast.Every():
                self._every(expression)
            case ast.SomeDecl() | ast.SomeIn():
                pass  # the resolver has replaced them
            case ast.Boolean(value=True):
                pass
            case _:
                self._check(self.term(expression))

    def _check(self, operand: Operand) -> None:
        self.differ(operand, FALSE)

    def _call_literal(self, call: ast.Call) -> None:
        result, relation = self.call_once(call)
        name = ".".join(call.operator)
        if relation:
            size = self.local()
            self.emit("LenStmt", source=result, target=size)
            self.differ(size, self.integer(0))
        elif name not in SIGNATURES or SIGNATURES[name].result:
            self._check(result)

    # --- not -----------------------------------------------------------------------------

    def _not(self, expression: ast.Term | ast.SomeDecl | ast.SomeIn | ast.Every) -> None:
        found = self.local()
        with self.inside([]) as block:
            self._expression(expression)
            looped = self.block is not block
            if looped:
                self.emit("AssignVarStmt", source=TRUE, target=found)
        if looped:  # the end of a block with a loop in it says nothing
            self.emit("ResetLocalStmt", target=found)
            self.blocks(block)
            self.emit("IsUndefinedStmt", source=found)
        else:
            self.emit("NotStmt", block={"stmts": block})

    # --- every ---------------------------------------------------------------------------

    def _every(self, every: ast.Every) -> None:
        domain = self.term(every.domain)
        if not isinstance(every.domain, _COLLECTIONS):
            self._check_collection(domain)
        failed = self.reset()
        passed = self.local()
        span = self.span
        loop: list[JSON] = []
        key, value = self.scan_block(domain, loop)
        with self.inside(loop):
            self.emit("IsUndefinedStmt", source=failed)
            self.emit("ResetLocalStmt", target=passed)
            if every.key is not None:
                self.bind(every.key.name, key)
            self.bind(every.value.name, value)
            with self.inside([]) as body:
                self.body(every.body)
                self.span = span
                self.emit("AssignVarStmt", source=TRUE, target=passed)
            self.span = span
            self.blocks(body)
            self.emit("IsUndefinedStmt", source=passed)
            self.emit("AssignVarStmt", source=TRUE, target=failed)
        self.emit("IsUndefinedStmt", source=failed)

    def _check_collection(self, domain: Operand) -> None:
        known = self.reset()
        tests = []
        for kind in ("IsArrayStmt", "IsObjectStmt", "IsSetStmt"):
            with self.inside([]) as block:
                self.emit(kind, source=domain)
                self.emit("AssignVarStmt", source=TRUE, target=known)
            tests.append(block)
        self.blocks(*tests)
        self.emit("IsDefinedStmt", source=known)

    # --- with ----------------------------------------------------------------------------

    def _with(self, literal: ast.Literal) -> None:
        values, mocks = self._replacements(literal.withs)
        outer, within = self.block, self.within
        context, operands = self.context, self.mocks
        here = len(outer)
        for root, path, value in values:
            self.open_with(root, [self.statics.index(part) for part in path], value)
        shadows = [path for root, path, _ in values if root == DATA]
        self.context = context.replace(shadows, {target: mock for target, mock, _ in mocks})
        self.mocks = dict(operands) | {
            target: value for target, _, value in mocks if value is not None
        }
        inner = self.block
        self.literal(replace(literal, withs=()))
        self.context, self.mocks = context, operands
        if not values:
            return
        if self.block is inner:
            self.block, self.within = outer, within
            return
        self._undo(outer, here, dict.fromkeys(root for root, _, _ in values))

    def _undo(self, outer: list[JSON], here: int, roots: dict[Operand, None]) -> None:
        """Give what follows, inside of loops, the original documents; saved before the with."""
        saved = {}
        current, self.block = self.block, []
        for root in roots:
            saved[root] = self.assign(root)
        outer[here:here] = self.block
        self.block = current
        for root, value in saved.items():
            self.open_with(root, [], value)

    def _replacements(
        self, withs: tuple[ast.With, ...]
    ) -> tuple[list[tuple[Operand, Path, Operand]], list[tuple[Target, Mock, Operand | None]]]:
        """The documents and the functions that are replaced, their values planned."""
        values: list[tuple[Operand, Path, Operand]] = []
        mocks: list[tuple[Target, Mock, Operand | None]] = []
        for item in withs:
            target = self._function(item.target)
            if target is not None:
                stand_in = self._function(item.value)
                if stand_in is None:
                    mocks.append((target, VALUE, self._copied(item.value)))
                else:
                    mocks.append((target, Mock(stand_in), None))
                continue
            assert isinstance(item.target, ast.Ref)
            root = INPUT if item.target.head == ast.Var("input") else DATA
            path = tuple(part.value for part in item.target.path if isinstance(part, ast.String))
            values.append((root, path, self._copied(item.value)))
        return values, mocks

    def _copied(self, term: ast.Term) -> Operand:
        operand = self.term(term)
        return self.assign(operand) if operand in {INPUT, DATA} else operand

    def _function(self, term: ast.Term) -> Target | None:
        """The function that a target or value of `with` names, if it names one."""
        match term:
            case ast.Ref(head=ast.Var(name="builtin"), path=(ast.String(value=name),)):
                return (name,)
            case ast.Ref(head=ast.Var(name="data"), path=parts):
                path = tuple(part.value for part in parts if isinstance(part, ast.String))
                group = self.library.program.groups.get(path)
                if len(path) == len(parts) and group is not None and group.kind == "function":
                    return target_of(("data", *path))
        return None
