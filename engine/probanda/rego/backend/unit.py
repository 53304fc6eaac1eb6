"""The names that generated code may use: functions, built-ins, places, dispatch tables.

Rules:

- Functions are `f0`, `f1`, … in the plan's order, plans `p0`, `p1`, …, built-ins `b0`, …,
  dispatch tables `t0`, …: no name of a plan is ever a name of the code.
- A call of a memoised rule looks into the memo `m` first.

Example:
    unit.call(function, "l0, l1, m, s")    # "(m[3] if 3 in m else f3(l0, l1, m, s))"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from probanda.errors import PolicyError
from probanda.rego import ir
from probanda.rego.backend.analysis import PlanFacts
from probanda.rego.backend.emitter import Constants
from probanda.rego.builtins import SIGNATURES, Builtin

_SMALL: Final = frozenset({"boolean", "number", "null", ""})


class Unit:
    """The tables of one compilation."""

    def __init__(self, plan: ir.Plan, builtins: Mapping[str, Builtin]) -> None:
        self.plan = plan
        self.available = builtins
        self.constants = Constants()
        self.facts = PlanFacts(plan)
        self.functions = {each.name: number for number, each in enumerate(plan.functions)}
        self.builtins: dict[str, int] = {}
        self.places: list[tuple[int, int, int]] = []
        self._place_numbers: dict[tuple[int, int, int], int] = {}
        self.tables: list[str] = []

    def place(self, statement: ir.Statement) -> int:
        """The number of a statement's place."""
        number = self._place_numbers.setdefault(statement.place, len(self.places))
        if number == len(self.places):
            self.places.append(statement.place)
        return number

    def call(self, function: int, arguments: str) -> str:
        """The expression that calls a function of the plan."""
        name = self.plan.functions[function].name
        text = f"f{function}({arguments})"
        if name in self.facts.memoised:
            return f"m[{function}] if {function} in m else {text}"
        return text

    def table(self, call: ir.CallDynamic) -> tuple[str, list[int]]:
        """The dispatch table of a dynamic call, and the locals that its keys are made of."""
        parts = [(index, part.local) for index, part in enumerate(call.path) if part.local >= 0]
        rows = []
        for function in ir.candidates(call, self.plan.functions):
            key = "".join(f"{self.constants.text(function.path[index])}, " for index, _ in parts)
            rows.append(f"({key}): f{self.functions[function.name]}")
        self.tables.append(f"t{len(self.tables)} = {{{', '.join(rows)}}}")
        return f"t{len(self.tables) - 1}", [local for _, local in parts]

    def check(self, name: str, count: int) -> None:
        """Check a call of a built-in.

        Raises:
            PolicyError: there is none of this name, or it takes another number of arguments.
        """
        arity = self._builtin(name).arity
        if count != arity and not (name in SIGNATURES and SIGNATURES[name].variadic):
            raise PolicyError(
                f"rego_type_error: {name[:80]}: takes {arity} arguments", code="rego_type_error"
            )

    def silent(self, name: str) -> bool:
        """Whether a built-in has no result (`print`)."""
        return name in SIGNATURES and not SIGNATURES[name].result

    def _builtin(self, name: str) -> Builtin:
        found = self.available.get(name)
        if found is None:
            raise PolicyError(
                f"rego_type_error: undefined function {name[:80]}", code="rego_type_error"
            )
        return found

    def builtin(self, name: str, arguments: list[str]) -> str:
        """The expression that calls a built-in."""
        number = self.builtins.setdefault(name, len(self.builtins))
        texts = ["s[1]", *arguments] if self._builtin(name).context else arguments
        return f"b{number}({', '.join(texts)})"

    def grows(self, name: str) -> bool:
        """Whether a built-in's result may be larger than its operands."""
        return name not in SIGNATURES or SIGNATURES[name].result not in _SMALL

    def result_kind(self, name: str) -> str:
        """The kind of a built-in's result, where its signature is sure of it."""
        result = SIGNATURES[name].result if name in SIGNATURES else ""
        return {"boolean": "bool", "string": "str"}.get(result, "")
