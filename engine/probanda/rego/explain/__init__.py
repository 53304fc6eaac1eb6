"""Why a policy answers as it does: which rule decided, which expression failed, on which values.

Rules:

- The same plan is evaluated once more, with probes in it; the code that decides has none and is
  not touched. A traced plan is compiled when the first explanation is asked for.
- An explanation's value is the one that `Policy.prepare` gives. What ends the evaluation by an
  error is told, with the tree so far, instead of being raised.
- It is bounded: calls, samples and values kept are counted beyond a limit.

Example:
    explanation = policy.explain("a/b/allow", {"user": "ada"})
    explanation.rules[0].definitions[0].failure.reason      # "input.role is undefined"
    print(render(explanation))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.rego import ast, ir
from probanda.rego.backend import CompiledPlan, compile_plan
from probanda.rego.explain.build import Builder
from probanda.rego.explain.instrument import instrument
from probanda.rego.explain.model import Definition, Evaluation, Explanation, Expression
from probanda.rego.explain.probes import TracedContext
from probanda.rego.explain.shown import show
from probanda.rego.explain.sites import Sites
from probanda.rego.explain.sources import QUERY, Sources
from probanda.rego.explain.text import render
from probanda.rego.plan import plan_program
from probanda.rego.plan.planner import Names
from probanda.rego.resolve.program import Program, ResolvedQuery
from probanda.rego.values import UNDEFINED, to_json

__all__ = [
    "QUERY",
    "Definition",
    "Evaluation",
    "Explanation",
    "Expression",
    "Tracer",
    "render",
    "trace_entry",
    "trace_query",
]

_NAME: Final = "query"


@dataclass(frozen=True, slots=True)
class Tracer:
    """A traced plan, ready to be evaluated.

    Attributes:
        entry: the plan's name.
        compiled: what runs.
        sites: what its probes stand for.
        sources: the policy's text.
        variables: of a query; `None` for an entry point.
    """

    entry: str
    compiled: CompiledPlan
    sites: Sites
    sources: Sources
    variables: tuple[str, ...] | None = None

    def explain(self, what: str, input: Any, data: Any, context: TracedContext) -> Explanation:  # noqa: A002  # Rego's word
        """Evaluate, and explain.

        Args:
            what: the entry point or the query, as the caller wrote it.
            input: JSON value, or `UNDEFINED`.
            data: base documents.
            context: a fresh one; its limits hold.
        """
        value: Any = UNDEFINED
        code = message = ""
        try:
            found = self.compiled.evaluate(self.entry, input, data, context)
            value = self._value(found)
        except PolicyError as error:
            code, message = error.code or "error", error.message
        context.recorder.finish()
        builder = Builder(self.sites, self.sources, context.recorder)
        return Explanation(
            entrypoint=what,
            value=value,
            shown=None if value is UNDEFINED else show(value),
            error=message,
            error_code=code,
            query=() if self.variables is None else builder.query(),
            rules=builder.rules() if self.variables is None else (),
            dropped=context.recorder.dropped,
        )

    def _value(self, found: list[Any]) -> Any:
        if self.variables is not None:
            return to_json([{name: item[name] for name in self.variables} for item in found])
        if not found:
            return UNDEFINED
        # A plan of a query, as other compilers make them, has no `result` but variables.
        return to_json(found[0].get("result", found[0]))


def trace_entry(
    entry: str,
    program: Program | None,
    plan: ir.Plan | None,
) -> Tracer:
    """A tracer of an entry point: planned anew from the program, or from the plan given."""
    names: Names = {}
    if program is not None:
        plan = ir.load_plan(plan_program(program, [entry], names=names))
    if plan is None:
        raise PolicyError("this policy keeps neither its modules nor its plan")
    only = tuple(each for each in plan.plans if each.name == entry)
    return _tracer(entry, ir.Plan(plan.files, only, plan.functions), Sources(program), names)


def trace_query(text: str, body: ast.Body, resolved: ResolvedQuery, program: Program) -> Tracer:
    """A tracer of a query; `body` is `text` parsed with the path `QUERY`."""
    names: Names = {}
    plan = ir.load_plan(plan_program(program, [], {_NAME: resolved}, names=names))
    sources = Sources(program, (text, body))
    return _tracer(_NAME, plan, sources, names, resolved.variables)


def _tracer(
    entry: str,
    plan: ir.Plan,
    sources: Sources,
    names: Names,
    variables: tuple[str, ...] | None = None,
) -> Tracer:
    traced = instrument(plan, sources, names)
    compiled = compile_plan(traced.plan, traced.builtins)
    return Tracer(entry, compiled, traced.sites, sources, variables)
