"""Random programs of ordinary Rego: our back end and the plain interpreter must agree.

`program(random.Random(seed))` is the generator. Its programs were also compared with regorus, by
hand, while the planner was written: 2,100 non-trivial ones, no difference in what both evaluate.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from probanda.rego.diagnostic import RegoErrors

INPUT = {
    "xs": [1, 2, 3],
    "ys": [2, 3],
    "o": {"a": 1, "b": 2},
    "s": "a",
    "names": ["a", "b", "xb"],
    "n": 2,
    "t": True,
    "f": False,
    "m": {"a": {"v": 1, "l": [1, 2]}, "b": {"v": 2, "l": []}},
    "rows": [{"k": "a", "v": 1}, {"k": "b", "v": 2}, {"k": "a", "v": 3}],
    "pairs": [[1, "a"], [2, "b"], [3, "a"]],
}
DATA = {
    "d": {"a": [1, 2], "b": [3], "c": []},
    "q": {"base": 5, "deep": {"z": 1}},
    "e": {"x": {"n": 1}, "y": {"n": 2}},
}
OTHER = "package q\nimport rego.v1\nr1 := 1\nr2 := input.n\nr3 := 9 if input.missing\n"


class Generator:
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.count = 0
        self.functions: list[str] = []

    def fresh(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def one(self, *options: str | Callable[[], str]) -> str:
        option = self.chance.choice(options)
        return option if isinstance(option, str) else option()

    def known(self, scope: dict[str, str], kind: str) -> list[str]:
        return [name for name, of in scope.items() if of == kind] * 3

    def key(self, scope) -> str:
        return self.one('"a"', '"b"', "_", self.fresh(), "input.s", *self.known(scope, "string"))

    def number(self, scope, depth=0) -> str:
        index = self.one("0", "_", self.fresh(), *self.known(scope, "number"))
        name = self.one('"r1"', '"base"', '"none"', *self.known(scope, "string"))
        options = [
            str(self.chance.randint(0, 3)),
            "input.n",
            f"input.xs[{index}]",
            f"input.o[{self.key(scope)}]",
            f"input.m[{self.key(scope)}].v",
            f"data.q[{name}]",
            f"data.e[{self.one('_', self.fresh())}].n",
            f"input.rows[{self.one('_', self.fresh())}].v",
            *self.known(scope, "number") * 2,
        ]
        if depth < 2:
            options += [
                f"({self.number(scope, depth + 1)} + {self.number(scope, depth + 1)})",
                f"count({self.array(scope, depth + 1)})",
                f"sum({self.array(scope, depth + 1)})",
            ]
            options += [f"{f}({self.number(scope, depth + 1)})" for f in self.functions]
        return self.one(*options)

    def string(self, scope) -> str:
        return self.one(
            '"a"', "input.s", "input.names[_]", "upper(input.names[_])",
            f"input.rows[{self.one('_', self.fresh())}].k", *self.known(scope, "string") * 2,
        )  # fmt: skip

    def array(self, scope, depth=0) -> str:
        options = ["input.xs", "input.ys", f"data.d[{self.key(scope)}]"]
        options.append(f"input.m[{self.key(scope)}].l")
        if depth < 2:
            inner = dict(scope)
            body = "; ".join(self.literal(inner, depth + 1) for _ in range(2))
            options.append(f"[{self.number(inner, 2)} | {body}]")
            options.append(f"[{self.number(scope, 2)}, {self.number(scope, 2)}]")
        return self.one(*options)

    def bind(self, scope, kind: str) -> str:
        name = self.fresh()
        scope[name] = kind
        return name

    def literal(self, scope, depth=0) -> str:
        number, text = self.number(dict(scope), depth), self.string(scope)
        before = [*self.known(scope, "number"), "input.n"]
        known = self.one(*before)
        binding = [
            lambda: f"{self.bind(scope, 'number')} := {number}",
            lambda: f"{self.bind(scope, 'number')} = {number}",
            lambda: f"some {self.bind(scope, 'number')} in {self.array({}, depth + 1)}",
            lambda: f"{self.bind(scope, 'string')} := {text}",
            lambda: (
                f"[{self.bind(scope, 'number')}, {self.bind(scope, 'string')}] = input.pairs[_]"
            ),
            lambda: f"input.o[{self.bind(scope, 'string')}] = {number}",
            lambda: f"{self.bind(scope, 'number')} = data.q[{self.bind(scope, 'string')}]",
            lambda: f'{self.bind(scope, "number")} := data.q.r2 with input as {{"n": {known}}}',
            lambda: f"{self.bind(scope, 'number')} := data.q[{text}] with data.q.r1 as {known}",
            lambda: f"{self.bind(scope, 'number')} := data.e[_].n with data.e.x.n as {number}",
            lambda: f"{self.bind(scope, 'number')} := input.xs[_] with input.xs as [7, 8]",
            *(
                lambda f=f: f"{self.bind(scope, 'number')} := {f}(1) with {f} as {known}"
                for f in self.functions
            ),
        ]
        item = self.fresh()
        testing = [
            f"{number} {self.one('<', '>', '==', '!=')} {self.number(scope, depth)}",
            f"startswith({text}, {self.string(scope)})",
            f"{number} in {self.array(scope, depth + 1)}",
            f"not {known} == {self.one('1', '2', 'input.missing', *before)}",
            f"not data.q[{self.one(*self.known(scope, 'string'), 'input.s')}]",
            f"every {item} in {self.one('input.xs', '[]', 'input.ys')} {{ {item} < {number} }}",
            self.one("input.t", "not input.f", "not input.missing", f"{known} > 0"),
        ]
        return self.one(*binding, *testing)

    def rule(self, number: int) -> str:
        scope: dict[str, str] = {}
        body = "; ".join(self.literal(scope) for _ in range(self.chance.randint(1, 4)))
        value, text = self.number(scope, 1), self.string(scope)
        name, known = f"r{number}", self.one("input.n", *self.known(scope, "number"))
        return self.one(
            f"{name} if {{ {body} }}",
            f"{name} contains {self.one(value, text)} if {{ {body} }}",
            f"{name}[{text}] := {known} if {{ {body} }}",
            f"{name}[{text}][{text}] := input.n if {{ {body} }}\n{name}.a.z := 1",
            f"{name}[{text}] contains {value} if {{ {body} }}",
            f"default {name} := 0\n{name} := {known} if {{ {body} }}",
            f"{name} := input.n if {{ {body} }} else := 3 if {{ {self.literal({})} }}",
        )

    def program(self) -> str:
        lines = ["package p", "import rego.v1"]
        for number in range(self.chance.randint(0, 2)):
            body = self.literal({"a": "number"})
            lines.append(f"f{number}(a) := {self.one('a', '1', 'a + 1')} if {{ {body} }}")
            self.functions.append(f"f{number}")
        return "\n".join([*lines, *(self.rule(number) for number in range(3))])


def program(chance: random.Random) -> str:
    return Generator(chance).program()


@pytest.mark.slow
def test_both_evaluators_agree_on_random_programs(query):
    evaluated = 0
    for seed in range(400):
        source = program(random.Random(seed))
        try:
            outcome = query([source, OTHER], "data.p = x", input=INPUT, data=DATA)
        except RegoErrors:  # an unused or repeated variable, say
            continue
        evaluated += outcome != "eval_conflict_error"
    assert evaluated > 200
