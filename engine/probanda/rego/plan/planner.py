"""Plans a program: resolved rules and queries → OPA's intermediate representation.

Rules:

- The result is OPA's IR as JSON: statement types, fields and conventions are OPA's, so that any
  evaluator of OPA plans can run it. Only what the entry points and queries need is planned.
- The plan of an entry point has the result `{"result": value}`; that of a query one object of
  its variables for each solution.
- A function is planned when it is first called: the queue keeps the planner from going as deep
  as rules depend on each other.

Where OPA's own planner writes something else that means the same:

- A rule or `else` with a constant value returns at once where all of its group have that value.
- `data.a[x]` with `x` unbound collects all solutions into an array and loops over it; OPA plans
  what follows once for each rule. `CallDynamicStmt` is used only for packages of some size.
- A `WithStmt` ends after its literal unless the literal opened a loop.
- A `not` around a loop is a local that stays undefined (`IsUndefinedStmt`), as in `every`.
- Contexts of `with` share functions where they do not differ in what matters to them; the values
  that stand in for functions are arguments before the function's own.
- Patterns without open variables are compared whole; a variable is the operand it was bound to,
  without an `AssignVarStmt`; `!=` is a `NotEqualStmt`; constants are compared while planning.
- Within a partial object the rules that reach deepest are tried first.
- Built-in functions are declared with arguments of type `any`.

Source: OPA's IR documentation (https://www.openpolicyagent.org/docs/ir) and its planner.

Example:
    plan_program(resolve([module]), ["authz/allow"])["plans"]["plans"][0]["name"]
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from probanda.errors import PolicyError
from probanda.rego import ast
from probanda.rego.plan.bodies import Bodies
from probanda.rego.plan.context import TOP, Context
from probanda.rego.plan.operand import JSON, Operand, Statics
from probanda.rego.plan.reach import Reach
from probanda.rego.plan.rules import FunctionPlanner
from probanda.rego.plan.tree import Node, build_tree
from probanda.rego.recursion import room
from probanda.rego.resolve.program import Path, Program, ResolvedQuery, RuleGroup

# The parser refuses what is nested more than 500 deep; a level takes about ten frames.
_FRAMES = 10_000

_QUERY = ast.Span("<query>", 1, 1)

# Of each function's blocks (function, number of block): local → variable.
Names: TypeAlias = dict[tuple[str, int], dict[int, str]]


class Planner:
    """Plans functions as they are called, each once for each context."""

    def __init__(self, program: Program, names: Names | None = None) -> None:
        self.program = program
        self._variables = names
        self.statics = Statics()
        self.tree: Node = build_tree(program)
        self._reach = Reach(program, self.tree)
        self._generations: dict[Context, int] = {TOP: 0}
        self._names: dict[tuple[Path, Context], str] = {}
        self._pending: list[tuple[RuleGroup, Context, str]] = []

    def function(self, group: RuleGroup, context: Context) -> tuple[str, Context]:
        """The name of a group's function in a context, and the part of it that matters."""
        relevant = TOP if context == TOP else self._reach.restrict(context, group.path)
        key = (group.path, relevant)
        if key not in self._names:
            generation = self._generations.setdefault(relevant, len(self._generations))
            name = f"g{generation}.data" + "".join(map(_part, group.path))
            self._names[key] = name
            self._pending.append((group, relevant, name))
        return self._names[key], relevant

    def note(self, place: tuple[str, int], local: int, name: str) -> None:
        """Remember which variable a local of a block is, where somebody asked for it."""
        if self._variables is not None:
            self._variables.setdefault(place, {}).setdefault(local, name)

    def functions(self) -> list[JSON]:
        """Plan all functions that were asked for, and those that they call."""
        planned = []
        while self._pending:
            group, context, name = self._pending.pop()
            planned.append(FunctionPlanner(self, group, context, name).plan())
        return planned

    def entrypoint(self, name: str) -> JSON:
        """The plan of a path below `data`."""
        path = tuple(name.split("/"))
        node: Node | None = self.tree
        for part in path:
            if node is None or node.group is not None:
                break
            node = node.children.get(part)
        if node is None:
            raise PolicyError(f"undefined entrypoint {name}", code="rego_compile_error")
        builder = Bodies(self)
        builder.span = node.group.rules[0].span if node.group and node.group.rules else _QUERY
        block = builder.block
        parts = tuple(ast.String(part) for part in path)
        value = builder.ref(ast.Ref(ast.Var("data"), parts))
        _answer(builder, {"result": value})
        return {"name": name, "blocks": [{"stmts": block}]}

    def query(self, name: str, query: ResolvedQuery) -> JSON:
        """The plan of a query."""
        builder = Bodies(self)
        builder.span = query.body[0].span if query.body and query.body[0].span.row else _QUERY
        block = builder.block
        builder.body(query.body)
        variables = zip(query.variables, query.names, strict=True)
        _answer(builder, {name: builder.term(ast.Var(local)) for name, local in variables})
        return {"name": name, "blocks": [{"stmts": block}]}


def _part(part: str) -> str:
    """A part of a function's name, as a reference writes it; so no two names are the same."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", part)
    return f".{part}" if plain else f"[{json.dumps(part)}]"


def _answer(builder: Bodies, values: Mapping[str, Operand]) -> None:
    """Add an object to the results."""
    target = builder.local()
    builder.emit("MakeObjectStmt", target=target)
    for name, value in values.items():
        key = builder.statics.string(name)
        builder.emit("ObjectInsertStmt", object=target, key=key, value=value)
    builder.emit("ResultSetAddStmt", value=target)


def plan_program(
    program: Program,
    entrypoints: Sequence[str],
    queries: Mapping[str, ResolvedQuery] | None = None,
    *,
    names: Names | None = None,
) -> JSON:
    """Plan the entry points (`a/b/c` for `data.a.b.c`) and queries of a program.

    `names` is filled with the variables behind the locals, which a plan does not tell.

    Raises:
        PolicyError: an entry point does not exist, or a rule is nested too deeply to plan.
    """
    planner = Planner(program, names)
    try:
        with room(_FRAMES):
            plans = [planner.entrypoint(name) for name in entrypoints]
            plans += [planner.query(name, query) for name, query in (queries or {}).items()]
            functions = planner.functions()
    except RecursionError:
        raise PolicyError("nested too deeply", code="rego_compile_error") from None
    return {
        "static": planner.statics.json(),
        "plans": {"plans": plans},
        "funcs": {"funcs": functions},
    }
