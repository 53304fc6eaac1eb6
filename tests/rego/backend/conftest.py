"""A plain interpreter of validated plans, random plans, and helpers to write plans by hand.

The interpreter knows nothing of the back end: it walks statements one by one, iterates over
copies, memoises nothing and infers nothing. Compiled plans must agree with it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from probanda.errors import PolicyError
from probanda.rego import ir
from probanda.rego.backend import Context, compile_plan
from probanda.rego.builtins import BUILTINS, BuiltinError
from probanda.rego.values import UNDEFINED, RegoSet, equal, key, sorted_keys, to_json, unkey

PYTHON = {"list": list, "dict": dict, "set": RegoSet}


class Conflict(Exception):
    """Two outputs where one may be."""


class OutOfSteps(Exception):
    """The plan takes longer than a test may."""


class Left(Exception):
    """A function returned."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Interpreter:
    """`run` and `statement` return how many blocks to leave (0: none)."""

    def __init__(self, plan: ir.Plan, steps: int = 20_000) -> None:
        self.plan = plan
        self.functions = {each.name: each for each in plan.functions}
        self.results: list[Any] = []
        self.steps = steps

    def evaluate(self, name: str, document: Any, data: Any) -> list[Any]:
        entry = next(each for each in self.plan.plans if each.name == name)
        frame = Frame({0: document, 1: data})
        for block in entry.blocks:
            self.run(block, frame)
        distinct = {key(value): value for value in self.results}
        return list(distinct.values())

    def call(self, function: ir.Function, arguments: list[Any]) -> Any:
        frame = Frame(dict(zip(function.parameters, arguments, strict=True)))
        try:
            for block in function.blocks:
                self.run(block, frame)
        except Left as left:
            return left.value
        return UNDEFINED

    def run(self, block: tuple[ir.Statement, ...], frame: Frame) -> int:
        for each in block:
            self.steps -= 1
            if self.steps < 0:
                raise OutOfSteps
            if leave := getattr(self, type(each).__name__)(each, frame):
                return leave
        return 0

    # --- blocks --------------------------------------------------------------------------

    def Blocks(self, each, frame):
        for block in each.blocks:
            if (leave := self.run(block, frame)) > 1:
                return leave - 1
        return 0

    def Break(self, each, frame):
        return each.index + 1

    def Not(self, each, frame):
        leave = self.run(each.block, frame)
        if leave > 1:
            return leave - 1
        return 1 if leave == 0 else 0

    def Scan(self, each, frame):
        source = frame.local(each.source)
        if isinstance(source, list):
            pairs = list(enumerate(source))
        elif isinstance(source, dict):
            names = sorted_keys(source) if shows_order(each.block) else list(source)
            pairs = [(unkey(name), source[name]) for name in names]
        elif isinstance(source, RegoSet):
            members = source.members
            names = sorted_keys(members) if shows_order(each.block) else list(members)
            pairs = [(members[name], members[name]) for name in names]
        else:
            return 0
        for name, item in pairs:
            frame.values[each.key], frame.values[each.value] = name, item
            if (leave := self.run(each.block, frame)) > 1:
                return leave - 1
        return 0

    def With(self, each, frame):
        value = frame.get(each.value)
        if each.path and value is UNDEFINED:
            return 1
        saved = frame.local(each.local)
        frame.values[each.local] = upsert(saved, each.path, value)
        try:
            leave = self.run(each.block, frame)
        finally:
            frame.values[each.local] = saved
        return max(leave - 1, 1) if leave else 0

    def Return(self, each, frame):
        raise Left(frame.local(each.source))

    # --- calls ---------------------------------------------------------------------------

    def Call(self, each, frame):
        values = [frame.get(operand) for operand in each.arguments]
        if each.function in self.functions:
            if UNDEFINED in values[2:]:
                return 1
            return frame.set(each.result, self.call(self.functions[each.function], values))
        if UNDEFINED in values:
            return 1
        builtin = BUILTINS[each.function]
        try:
            value = builtin.function(*values)
        except BuiltinError:
            value = UNDEFINED
        return frame.set(each.result, value)

    def CallDynamic(self, each, frame):
        raise NotImplementedError

    # --- values --------------------------------------------------------------------------

    def Nop(self, each, frame):
        return 0

    def Assign(self, each, frame):
        value = frame.get(each.source)
        if each.once:
            old = frame.local(each.target)
            if value is UNDEFINED:
                return 1
            if old is not UNDEFINED and not equal(old, value):
                raise Conflict
            value = value if old is UNDEFINED else old
        frame.values[each.target] = value
        return 0

    def Reset(self, each, frame):
        frame.values[each.target] = UNDEFINED
        return 0

    def MakeNull(self, each, frame):
        frame.values[each.target] = None
        return 0

    def MakeNumber(self, each, frame):
        frame.values[each.target] = each.value
        return 0

    def Make(self, each, frame):
        frame.values[each.target] = frame.make(PYTHON[each.kind]())
        return 0

    def ArrayAppend(self, each, frame):
        made = frame.own(each.array, list)
        value = frame.get(each.value)
        if value is UNDEFINED:
            return 1
        made.append(value)
        return 0

    def SetAdd(self, each, frame):
        made = frame.own(each.set, RegoSet)
        value = frame.get(each.value)
        if value is UNDEFINED:
            return 1
        made.members[key(value)] = value
        return 0

    def ObjectInsert(self, each, frame):
        made = frame.own(each.object, dict)
        name, value = frame.get(each.key), frame.get(each.value)
        if UNDEFINED in (name, value):
            return 1
        if each.once and key(name) in made:
            if not equal(made[key(name)], value):
                raise Conflict
            return 0
        made[key(name)] = value
        return 0

    def ObjectMerge(self, each, frame):
        below, above = frame.local(each.a), frame.local(each.b)
        if UNDEFINED in (below, above):
            return 1
        return frame.set(each.target, merge(below, above))

    def Dot(self, each, frame):
        source, name = frame.get(each.source), frame.get(each.key)
        if name is UNDEFINED:
            return 1
        value = UNDEFINED
        if isinstance(source, dict):
            value = source.get(key(name), UNDEFINED)
        elif isinstance(source, RegoSet):
            value = source.members.get(key(name), UNDEFINED)
        elif isinstance(source, list) and type(key(name)) is int and 0 <= key(name) < len(source):
            value = source[key(name)]
        return frame.set(each.target, value)

    def Length(self, each, frame):
        value = frame.get(each.source)
        sized = isinstance(value, list | dict | RegoSet | str)
        return frame.set(each.target, len(value) if sized else UNDEFINED)

    # --- tests ---------------------------------------------------------------------------

    def Equal(self, each, frame):
        left, right = frame.get(each.a), frame.get(each.b)
        if UNDEFINED in (left, right):
            return 1
        return int(equal(left, right) is each.negated)

    def IsType(self, each, frame):
        return int(type(frame.get(each.source)) is not PYTHON[each.kind])

    def IsDefined(self, each, frame):
        return int((frame.local(each.source) is UNDEFINED) is not each.negated)

    def ResultSetAdd(self, each, frame):
        value = frame.local(each.value)
        if value is UNDEFINED:
            return 1
        self.results.append(value)
        return 0


class Frame:
    """The locals of a call, and the aggregates that it made."""

    def __init__(self, values: dict[int, Any]) -> None:
        self.values = values
        self.owned: dict[int, Any] = {}

    def local(self, number: int) -> Any:
        return self.values.get(number, UNDEFINED)

    def get(self, operand: ir.Operand) -> Any:
        return self.local(operand.local) if operand.local >= 0 else operand.constant

    def set(self, number: int, value: Any) -> int:
        self.values[number] = value
        return int(value is UNDEFINED)

    def make(self, value: Any) -> Any:
        self.owned[id(value)] = value
        return value

    def own(self, number: int, kind: type) -> Any:
        value = self.local(number)
        if type(value) is not kind:
            raise Conflict
        if id(value) not in self.owned:
            copy = RegoSet.of(dict(value.members)) if kind is RegoSet else value.copy()
            self.values[number] = self.make(copy)
        return self.values[number]


def upsert(value, path, item):
    if not path:
        return item
    members = value if isinstance(value, dict) else {}
    return {**members, path[0]: upsert(members.get(path[0]), path[1:], item)}


def merge(below, above):
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {
        **below,
        **{k: merge(below[k], v) if k in below else v for k, v in above.items()},
    }


def shows_order(block):
    for each in block:
        if isinstance(each, ir.ArrayAppend | ir.ResultSetAdd):
            return True
        if any(shows_order(inner) for inner in ir.children(each)):
            return True
    return False


# --- plans by hand -----------------------------------------------------------------------


class Builder:
    """Plans in OPA's JSON, from short calls: `b("DotStmt", source=b.l(0), key=b.s("x"), …)`."""

    def __init__(self) -> None:
        self.strings: list[str] = []

    def __call__(self, kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "stmt": {"file": 0, "row": 1, "col": 1, **fields}}

    @staticmethod
    def l(number: int) -> dict[str, Any]:  # noqa: E743  # as plans abbreviate locals
        return {"type": "local", "value": number}

    def s(self, text: str) -> dict[str, Any]:
        return {"type": "string_index", "value": self.string(text)}

    @staticmethod
    def t(value: bool) -> dict[str, Any]:
        return {"type": "bool", "value": value}

    def string(self, text: str) -> int:
        if text not in self.strings:
            self.strings.append(text)
        return self.strings.index(text)

    def dot(self, source: int, name: str, target: int) -> dict[str, Any]:
        return self("DotStmt", source=self.l(source), key=self.s(name), target=target)

    def block(self, *blocks: list[Any]) -> dict[str, Any]:
        return self("BlockStmt", blocks=[{"stmts": block} for block in blocks])

    def function(self, name: str, parameters: list[int], *blocks: list[Any]) -> dict[str, Any]:
        return {
            "name": name,
            "path": name.split("."),
            "params": parameters,
            "return": 2,
            "blocks": [{"stmts": block} for block in blocks],
        }

    def plan(self, *blocks: list[Any], functions: tuple[Any, ...] = ()) -> dict[str, Any]:
        return {
            "static": {
                "strings": [{"value": text} for text in self.strings],
                "files": [{"value": "policy.rego"}],
            },
            "plans": {
                "plans": [{"name": "eval", "blocks": [{"stmts": block} for block in blocks]}]
            },
            "funcs": {"funcs": list(functions)},
        }


@pytest.fixture
def b() -> Builder:
    return Builder()


@pytest.fixture
def run() -> Callable[..., list[Any]]:
    """`run(plan, input=…, data=…)`: results as JSON."""

    def evaluate(plan, *, input=UNDEFINED, data=None, **context):  # noqa: A002  # Rego's word
        compiled = compile_plan(ir.load_plan(plan), BUILTINS)
        return compiled.evaluate_json("eval", input, data or {}, Context(**context))

    return evaluate


# --- random plans ------------------------------------------------------------------------

NAMES = ["a", "b", "c", "0", "x y"]
LOCALS = 12


class RandomPlan:
    """Plans that are valid and mostly senseless: every statement, deep blocks, all breaks."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.build = Builder()
        for name in NAMES:
            self.build.string(name)
        self.functions: list[tuple[str, int]] = []
        self.kinds: dict[int, str] = {}

    def plan(self) -> dict[str, Any]:
        functions = []
        for number in range(self.random.randint(0, 3)):
            extra = self.random.choice([0, 0, 1, 2])
            name = f"g0.f{number}"
            blocks = [self.preamble(2 + extra)]
            blocks += [self.block(1, 5) for _ in range(self.random.randint(1, 3))]
            blocks.append([self.build("ReturnLocalStmt", source=self.local())])
            functions.append(self.build.function(name, [0, 1, *range(2, 2 + extra)], *blocks))
            self.functions.append((name, 2 + extra))
        blocks = [self.preamble(2)]
        blocks += [self.block(1, 8) for _ in range(self.random.randint(1, 4))]
        shown = self.random.choice([2, 4, LOCALS])
        blocks += [
            [self.build("ResultSetAddStmt", value=local)]
            for local in self.random.sample(range(LOCALS), shown)
        ]
        return self.build.plan(*blocks, functions=tuple(functions))

    def preamble(self, first: int) -> list[Any]:
        """Values for most locals, so that later statements have something to work on."""
        b, made = self.build, []
        self.kinds = {}
        for target in range(first, LOCALS):
            name, choice = self.random.choice(NAMES[:4]), self.random.randrange(8)
            kind = ["MakeObjectStmt", "MakeArrayStmt", "MakeSetStmt"][choice % 3]
            if choice < 3:
                self.kinds[target] = kind
                made.append(b(kind, target=target, **({"capacity": 0} if choice == 1 else {})))
            elif choice == 3:
                value = self.random.randint(0, 2)
                made.append(b("MakeNumberIntStmt", value=value, target=target))
            elif choice == 4:
                made.append(b("AssignVarStmt", source=b.s(name), target=target))
            elif choice > 5:
                made.append(b.block([b.dot(self.random.randint(0, 1), name, target)]))
        return made

    def local(self) -> int:
        return self.random.randrange(LOCALS)

    def made(self, kind: str) -> int:
        """A local that mostly holds such an aggregate."""
        found = [local for local, each in self.kinds.items() if each == kind]
        return self.random.choice(found) if found and self.random.random() < 0.97 else self.local()

    def make(self, kind: str, **fields: Any) -> dict[str, Any]:
        target = self.local()
        self.kinds[target] = kind
        return self.build(kind, target=target, **fields)

    def operand(self) -> dict[str, Any]:
        kind = self.random.random()
        if kind < 0.7:
            return self.build.l(self.local())
        if kind < 0.9:
            return self.build.s(self.random.choice(NAMES))
        return self.build.t(self.random.random() < 0.5)

    def block(self, depth: int, size: int) -> list[Any]:
        return [self.statement(depth) for _ in range(self.random.randint(1, size))]

    def statement(self, depth: int) -> dict[str, Any]:
        kinds = list(SIMPLE)
        if depth < 6:
            kinds += ["BlockStmt", "ScanStmt", "NotStmt", "WithStmt"] * 2
        kind = self.random.choice(kinds)
        b, local, operand = self.build, self.local, self.operand
        inner = lambda: {"stmts": self.block(depth + 1, 4)}  # noqa: E731  # short and local
        match kind:
            case "BlockStmt":
                return b(kind, blocks=[inner() for _ in range(self.random.randint(1, 3))])
            case "ScanStmt":
                return b(kind, source=local(), key=local(), value=local(), block=inner())
            case "NotStmt":
                return b(kind, block=inner())
            case "WithStmt":
                path = [self.random.randrange(len(NAMES)) for _ in range(self.random.randint(0, 2))]
                target = self.random.choice([0, 0, 1, local()])
                return b(kind, local=target, path=path or None, value=operand(), block=inner())
            case "BreakStmt":
                return b(kind, index=self.random.randrange(depth))
            case "CallStmt":
                return self.call()
        return SIMPLE[kind](self, kind)

    def call(self) -> dict[str, Any]:
        b = self.build
        if self.functions and self.random.random() < 0.5:
            name, count = self.random.choice(self.functions)
            arguments = [b.l(0), b.l(1), *(self.operand() for _ in range(count - 2))]
        else:
            name, count = self.random.choice(CALLED)
            arguments = [self.operand() for _ in range(count)]
        return b("CallStmt", func=name, args=arguments, result=self.local())


CALLED = [
    ("plus", 2),
    ("minus", 2),
    ("count", 1),
    ("internal.member_2", 2),
    ("lt", 2),
    ("gte", 2),
    ("equal", 2),
    ("neq", 2),
    ("startswith", 2),
    ("contains", 2),
    ("object.get", 3),
    ("array.concat", 2),
]

SIMPLE: dict[str, Callable[[RandomPlan, str], dict[str, Any]]] = {
    "ArrayAppendStmt": lambda r, k: r.build(k, value=r.operand(), array=r.made("MakeArrayStmt")),
    "AssignIntStmt": lambda r, k: r.build(k, value=r.random.randint(-1, 3), target=r.local()),
    "AssignVarStmt": lambda r, k: r.build(k, source=r.operand(), target=r.local()),
    "AssignVarOnceStmt": lambda r, k: r.build(k, source=r.operand(), target=r.local()),
    "BreakStmt": lambda r, k: r.build(k, index=0),
    "CallStmt": lambda r, k: r.call(),
    "DotStmt": lambda r, k: r.build(
        k, source=r.build.l(r.local()), key=r.operand(), target=r.local()
    ),
    "EqualStmt": lambda r, k: r.build(k, a=r.operand(), b=r.operand()),
    "IsArrayStmt": lambda r, k: r.build(k, source=r.operand()),
    "IsDefinedStmt": lambda r, k: r.build(k, source=r.local()),
    "IsObjectStmt": lambda r, k: r.build(k, source=r.operand()),
    "IsSetStmt": lambda r, k: r.build(k, source=r.operand()),
    "IsUndefinedStmt": lambda r, k: r.build(k, source=r.local()),
    "LenStmt": lambda r, k: r.build(k, source=r.operand(), target=r.local()),
    "MakeArrayStmt": lambda r, k: r.make(k, capacity=0),
    "MakeNullStmt": lambda r, k: r.build(k, target=r.local()),
    "MakeNumberIntStmt": lambda r, k: r.build(k, value=r.random.randint(0, 2), target=r.local()),
    "MakeObjectStmt": lambda r, k: r.make(k),
    "MakeSetStmt": lambda r, k: r.make(k),
    "NotEqualStmt": lambda r, k: r.build(k, a=r.operand(), b=r.operand()),
    "ObjectInsertStmt": lambda r, k: r.build(
        k, key=r.operand(), value=r.operand(), object=r.made("MakeObjectStmt")
    ),
    "ObjectInsertOnceStmt": lambda r, k: r.build(
        k, key=r.operand(), value=r.operand(), object=r.made("MakeObjectStmt")
    ),
    "ObjectMergeStmt": lambda r, k: r.build(k, a=r.local(), b=r.local(), target=r.local()),
    "ResetLocalStmt": lambda r, k: r.build(k, target=r.local()),
    "SetAddStmt": lambda r, k: r.build(k, value=r.operand(), set=r.made("MakeSetStmt")),
}


@pytest.fixture
def random_plan() -> type[RandomPlan]:
    return RandomPlan


@pytest.fixture
def interpreter() -> type[Interpreter]:
    return Interpreter


@pytest.fixture
def compare(interpreter: type[Interpreter]) -> Callable[..., str]:
    """Evaluate with both; the outcome's kind. Fails where they disagree."""

    def both(document: dict[str, Any], input_: Any, data: Any) -> str:
        plan = ir.load_plan(document)
        try:
            want: Any = [to_json(item) for item in interpreter(plan).evaluate("eval", input_, data)]
        except Conflict:
            want = "eval_conflict_error"
        except (OutOfSteps, RecursionError):
            return "skipped"
        compiled = compile_plan(plan, BUILTINS)
        try:
            got: Any = compiled.evaluate_json("eval", input_, data, Context(max_steps=10**6))
        except PolicyError as error:
            got = error.code
        assert got == want, compiled.source.text
        return "conflict" if isinstance(want, str) else f"{len(want)} results"

    return both
