"""The names that generated code may use: functions, built-ins, places, dispatch tables.

Rules:

- Functions are `f0`, `f1`, … in the plan's order, plans `p0`, `p1`, …, built-ins `b0`, …,
  dispatch tables `t0`, …: no name of a plan is ever a name of the code.
- A call of a memoised rule looks into the memo `m` first; a function whose result is the same
  whatever comes in is that constant.

Example:
    unit.call(function, "l0, l1, m, s")    # "(m[3] if 3 in m else f3(l0, l1, m, s))"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from probanda.errors import PolicyError
from probanda.rego import ir
from probanda.rego.backend.analysis import PlanFacts
from probanda.rego.backend.emitter import ABSENT, Constants, Known
from probanda.rego.builtins import SIGNATURES, Builtin

_SMALL: Final = frozenset({"boolean", "number", "null", ""})


@dataclass(frozen=True, slots=True)
class Answer:
    """How the one result of a plan is found.

    Attributes:
        function: the rule whose value it is; −1: run the plan.
        counted: steps are counted on the way; otherwise the plan's size bounds the time.
        remembers: results of rules are kept on the way.
    """

    function: int = -1
    counted: bool = True
    remembers: bool = True


def _asked(entry: ir.Entry) -> str:
    """The rule whose value is all that a plan gives, or an empty name."""
    statements = [each for block in entry.blocks for each in block]
    match statements:
        case [
            ir.Call(function=name, arguments=(ir.Operand(0), ir.Operand(1)), result=value),
            *copies,
            ir.Make(target=made, kind="dict"),
            ir.ObjectInsert(key=ir.Operand(-1, "result"), value=inserted, object=into),
            ir.ResultSetAdd(value=added),
        ] if made == into == added and len(entry.blocks) == 1:
            for each in copies:
                if not isinstance(each, ir.Assign) or each.source != ir.Operand(value):
                    return ""
                value = each.target
            return name if inserted == ir.Operand(value) and made not in {0, 1, value} else ""
    return ""


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
        self.results: dict[int, Known] = {}
        self.charging: set[str] = set()

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

    def finish(self, function: int, result: Known, *, charges: bool) -> None:
        """Note what writing a function has shown."""
        if charges:
            self.charging.add(self.plan.functions[function].name)
        if result.value is not ABSENT and result.defined:
            self.results[function] = replace(result, stable=True)

    def answer(self, entry: ir.Entry, *, charges: bool) -> Answer:
        """How the one result of a plan is found."""
        reached = self.facts.reached(entry.name)
        return Answer(
            self.functions.get(_asked(entry), -1),
            counted=charges or not reached.isdisjoint(self.charging),
            remembers=not reached.isdisjoint(self.facts.memoised),
        )

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
