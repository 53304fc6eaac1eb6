# ruff: noqa: N802, N803  # methods and arguments are named as the plan names them
"""A plain interpreter of OPA plans, to check ours against OPA's rules apart from our back end.

Every test evaluates with both, and they must agree. The interpreter is strict where evaluators
differ: a break that would leave a loop, a `not` or a `with`, a return out of a `with`, or an
unknown statement is an error.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from probanda.errors import PolicyError
from probanda.rego.backend import Context, compile_plan
from probanda.rego.builtins import BUILTINS
from probanda.rego.builtins.interface import BuiltinError
from probanda.rego.ir import load_plan
from probanda.rego.parser import parse_module, parse_query
from probanda.rego.plan import plan_program
from probanda.rego.resolve import resolve, resolve_query
from probanda.rego.values import UNDEFINED, RegoSet, equal, key, spelled, to_json, unkey

RETURN = object()


class Interpreter:
    def __init__(self, plan: Mapping[str, Any], builtins: Mapping[str, Callable[..., Any]]) -> None:
        self.strings = [item["value"] for item in plan["static"]["strings"]]
        self.functions = {item["name"]: item for item in plan["funcs"]["funcs"]}
        self.paths = {tuple(item["path"]): item["name"] for item in plan["funcs"]["funcs"]}
        self.plans = {item["name"]: item for item in plan["plans"]["plans"]}
        self.builtins = builtins
        self.results: list[Any] = []

    def evaluate(self, name: str, document: Any, data: Any) -> list[Any]:
        self.results = []
        values = {0: document, 1: data}
        for block in self.plans[name]["blocks"]:
            self.run(block["stmts"], values)
        return self.results

    def run(self, statements: list[Any], values: dict[int, Any]) -> Any:
        for statement in statements:
            outcome = getattr(self, statement["type"])(values, **_fields(statement["stmt"]))
            if outcome is not None:
                return outcome
        return None

    def get(self, values: dict[int, Any], operand: Any) -> Any:
        if isinstance(operand, int):
            return values.get(operand, UNDEFINED)
        if operand["type"] == "local":
            return values.get(operand["value"], UNDEFINED)
        if operand["type"] == "string_index":
            return self.strings[operand["value"]]
        return operand["value"]

    def call(self, name: str, arguments: list[Any]) -> Any:
        if name in self.functions:
            function = self.functions[name]
            assert len(arguments) == len(function["params"]), name
            values = dict(zip(function["params"], arguments, strict=True))
            for block in function["blocks"]:
                if self.run(block["stmts"], values) is RETURN:
                    return values.get(-1, UNDEFINED)
            message = f"{name} does not return"
            raise AssertionError(message)
        return self.builtins[name](*arguments)

    # --- blocks --------------------------------------------------------------------------

    def BlockStmt(self, values, blocks):
        for block in blocks:
            outcome = self.run(block["stmts"], values)
            if outcome is RETURN:
                return RETURN
            if outcome:
                return outcome - 1
        return None

    def ScanStmt(self, values, source, key, value, block):
        collection = self.get(values, source)
        if isinstance(collection, list):
            pairs = list(enumerate(collection))
        elif isinstance(collection, dict):
            pairs = [(unkey(k), v) for k, v in collection.items()]
        elif isinstance(collection, RegoSet):
            pairs = [(member, member) for member in collection]
        else:
            return None if collection is not UNDEFINED else 0
        for values[key], values[value] in pairs:
            outcome = self.run(block["stmts"], values)
            if outcome is RETURN:
                return RETURN
            assert not outcome, "break out of a loop"
        return None

    def NotStmt(self, values, block):
        outcome = self.run(block["stmts"], values)
        assert outcome in {None, 0}, "break out of a not"
        return 0 if outcome is None else None

    def WithStmt(self, values, local, path, value, block):
        saved = values.get(local, UNDEFINED)
        names = [self.strings[index] for index in path]
        values[local] = _upsert(saved, names, self.get(values, value))
        outcome = self.run(block["stmts"], values)
        values[local] = saved
        assert outcome in {None, 0}, "break or return out of a with"
        return outcome

    def BreakStmt(self, values, index):
        return index

    def ReturnLocalStmt(self, values, source):
        values[-1] = self.get(values, source)
        return RETURN

    def CallStmt(self, values, func, args, result):
        arguments = [self.get(values, item) for item in args]
        values[result] = self.call(func, arguments)
        return 0 if values[result] is UNDEFINED else None

    def CallDynamicStmt(self, values, args, path, result):
        parts = tuple(self.get(values, item) for item in path)
        if not all(isinstance(part, str) for part in parts) or parts not in self.paths:
            return 0
        values[result] = self.call(self.paths[parts], [values.get(n, UNDEFINED) for n in args])
        return 2 if values[result] is UNDEFINED else None

    # --- values --------------------------------------------------------------------------

    def AssignVarStmt(self, values, source, target):
        values[target] = self.get(values, source)

    def AssignIntStmt(self, values, value, target):
        values[target] = value

    def AssignVarOnceStmt(self, values, source, target):
        value, known = self.get(values, source), values.get(target, UNDEFINED)
        if known is not UNDEFINED and not equal(known, value):
            raise PolicyError("conflict", code="eval_conflict_error")
        values[target] = value

    def ResetLocalStmt(self, values, target):
        values[target] = UNDEFINED

    def MakeNullStmt(self, values, target):
        values[target] = None

    def MakeNumberIntStmt(self, values, value, target):
        values[target] = value

    def MakeNumberRefStmt(self, values, Index, target):
        values[target] = spelled(self.strings[Index])

    def MakeArrayStmt(self, values, capacity, target):
        values[target] = []

    def MakeObjectStmt(self, values, target):
        values[target] = {}

    def MakeSetStmt(self, values, target):
        values[target] = RegoSet()

    def ArrayAppendStmt(self, values, array, value):
        values[array].append(self.get(values, value))

    def SetAddStmt(self, values, set, value):  # noqa: A002  # a field of the plan
        if not isinstance(values[set], RegoSet):
            raise PolicyError("conflict", code="eval_conflict_error")
        values[set] = RegoSet([*values[set], self.get(values, value)])

    def ObjectInsertStmt(self, values, object, key, value):  # noqa: A002  # a field of the plan
        self._object(values, object)[_key(self.get(values, key))] = self.get(values, value)

    def ObjectInsertOnceStmt(self, values, object, key, value):  # noqa: A002
        members, stored = self._object(values, object), _key(self.get(values, key))
        if stored in members and not equal(members[stored], self.get(values, value)):
            raise PolicyError("conflict", code="eval_conflict_error")
        members[stored] = self.get(values, value)

    def _object(self, values, number):
        if not isinstance(values[number], dict):
            raise PolicyError("conflict", code="eval_conflict_error")
        return values[number]

    def ObjectMergeStmt(self, values, a, b, target):
        if not isinstance(values[a], dict) or not isinstance(values[b], dict):
            raise PolicyError("conflict", code="eval_conflict_error")
        values[target] = _merge(values[a], values[b])

    def DotStmt(self, values, source, key, target):
        value = _look_up(self.get(values, source), self.get(values, key))
        values[target] = value
        return 0 if value is UNDEFINED else None

    def LenStmt(self, values, source, target):
        values[target] = len(self.get(values, source))

    # --- tests ---------------------------------------------------------------------------

    def EqualStmt(self, values, a, b):
        return None if equal(self.get(values, a), self.get(values, b)) else 0

    def NotEqualStmt(self, values, a, b):
        return 0 if equal(self.get(values, a), self.get(values, b)) else None

    def IsDefinedStmt(self, values, source):
        return 0 if self.get(values, source) is UNDEFINED else None

    def IsUndefinedStmt(self, values, source):
        return None if self.get(values, source) is UNDEFINED else 0

    def IsArrayStmt(self, values, source):
        return None if isinstance(self.get(values, source), list) else 0

    def IsObjectStmt(self, values, source):
        return None if isinstance(self.get(values, source), dict) else 0

    def IsSetStmt(self, values, source):
        return None if isinstance(self.get(values, source), RegoSet) else 0

    def ResultSetAddStmt(self, values, value):
        self.results.append(values[value])


_key = key


def _fields(statement):
    return {name: item for name, item in statement.items() if name not in {"file", "row", "col"}}


def _look_up(source, name):
    if isinstance(source, list):
        whole = isinstance(name, int) and not isinstance(name, bool)
        return source[name] if whole and 0 <= name < len(source) else UNDEFINED
    if isinstance(source, dict):
        return source.get(_key(name), UNDEFINED)
    if isinstance(source, RegoSet):
        return name if name in source else UNDEFINED
    return UNDEFINED


def _merge(left, right):
    merged = dict(left)
    for name, value in right.items():
        both = name in left and isinstance(left[name], dict) and isinstance(value, dict)
        merged[name] = _merge(left[name], value) if both else value
    return merged


def _upsert(document, names, value):
    if not names:
        return value
    members = document if isinstance(document, dict) else {}
    return {**members, names[0]: _upsert(members.get(names[0]), names[1:], value)}


def _context() -> Context:
    return Context(strict=False, now_ns=1, seed="test", max_steps=10**7)


@pytest.fixture
def plan():
    """`plan(modules, query)`: the plan `eval` of a query."""

    def run(modules: str | list[str], query: str) -> dict[str, Any]:
        texts = [modules] if isinstance(modules, str) else modules
        program = resolve([parse_module(text, path=f"{n}.rego") for n, text in enumerate(texts)])
        return plan_program(program, [], {"eval": resolve_query(parse_query(query), program)})

    return run


@pytest.fixture
def query(plan):
    """`query(modules, query, input=…, data=…)`: the bindings, by both evaluators."""

    def run(modules, text, *, input=UNDEFINED, data=None):  # noqa: A002  # as the policy says
        made = plan(modules, text)
        builtins = {name: _function(builtin) for name, builtin in BUILTINS.items()}
        outcomes = []
        for evaluate in (
            lambda: Interpreter(made, builtins).evaluate("eval", input, data or {}),
            lambda: compile_plan(load_plan(made), BUILTINS).evaluate(
                "eval", input, data or {}, _context()
            ),
        ):
            try:
                results = [to_json(item) for item in evaluate()]
                outcomes.append(sorted(results, key=lambda item: json.dumps(item, sort_keys=True)))
            except PolicyError as error:
                outcomes.append(error.code)
        assert outcomes[0] == outcomes[1], "our back end disagrees with the plain interpreter"
        return outcomes[0]

    return run


@pytest.fixture
def value(query):
    """`value(modules, path, …)`: the value of one document; `None` where it is undefined."""

    def run(modules, path="data.test.p", **documents):
        outcome = query(modules, f"{path} = x", **documents)
        if isinstance(outcome, str):
            return outcome
        assert len(outcome) <= 1
        return outcome[0]["x"] if outcome else UNDEFINED

    return run


@pytest.fixture
def interpreter():
    """`interpreter(plan, case)`: the results of a conformance case by the plain interpreter."""
    context = Context(now_ns=1_767_225_600_000_000_000, seed="case")
    builtins = {name: _function(builtin, context) for name, builtin in BUILTINS.items()}

    def run(plan, case):
        documents = case.get("input", UNDEFINED), case.get("data") or {}
        return Interpreter(plan, builtins).evaluate("eval", *documents)

    return run


def _function(builtin, context=None):
    def call(*arguments):
        try:
            if builtin.context:
                return builtin.function(context or _context(), *arguments)
            return builtin.function(*arguments)
        except BuiltinError:
            return UNDEFINED

    return call
