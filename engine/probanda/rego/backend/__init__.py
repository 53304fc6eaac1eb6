"""OPA's IR as Python: compile a plan once, evaluate it in microseconds.

Rules:

- `compile_plan` takes a validated `ir.Plan` and the built-ins that it may call.
- Nothing of a plan becomes code: see `emitter`. Nothing is changed: see `compiled`.

Example:
    compiled = compile_plan(load_plan(document), BUILTINS)
    compiled.evaluate_json("a/allow", {"role": "x"}, {}, Context())
"""

from __future__ import annotations

from collections.abc import Mapping

from probanda.rego import ir
from probanda.rego.backend.compiled import CompiledPlan, Source
from probanda.rego.backend.context import Context
from probanda.rego.backend.functions import body_source
from probanda.rego.backend.unit import Unit
from probanda.rego.builtins import Builtin

__all__ = ["CompiledPlan", "Context", "Source", "compile_plan", "source"]


def compile_plan(plan: ir.Plan, builtins: Mapping[str, Builtin]) -> CompiledPlan:
    """Python for a plan.

    Raises:
        PolicyError: an unknown built-in, a wrong number of arguments, or beyond a limit.
    """
    return CompiledPlan(source(plan, builtins))


def source(plan: ir.Plan, builtins: Mapping[str, Builtin]) -> Source:
    """The Python that a plan becomes.

    Raises:
        PolicyError: an unknown built-in, a wrong number of arguments, or beyond a limit.
    """
    unit = Unit(plan, builtins)
    lines: list[str] = []
    for number in unit.facts.order:
        function = plan.functions[number]
        names = ", ".join([*(f"l{local}" for local in function.parameters), "m", "s"])
        kind = "rule" if len(function.parameters) == 2 else "function"
        what = f"{kind} {function.name.partition('.')[2]}"
        body = body_source(unit, what, function.parameters, function.blocks, function.name)
        unit.finish(number, body.result, charges=body.charges)
        lines += [f"def f{number}({names}):", *body.lines]
    answers = []
    for number, entry in enumerate(plan.plans):
        body = body_source(unit, "rule", (0, 1), entry.blocks, "")
        answers.append(unit.answer(entry, charges=body.charges))
        lines += [f"def p{number}(l0, l1, m, s, r):", *body.lines]
    text = "\n".join([*lines, *unit.tables, ""])
    return Source(
        text,
        tuple(unit.constants.values),
        tuple(entry.name for entry in plan.plans),
        tuple(builtins[name] for name in unit.builtins),
        plan.files,
        tuple(unit.places),
        tuple(answers),
    )
