"""Random programs of ordinary Rego, with inputs: what engines are compared on.

`program(chance)` draws from a `random.Random`, which may be hypothesis' own. A program is one
module of the package that it is given, beside `LIBRARY`; it is ordinary in that its references
mostly exist and its types mostly fit, and every construct of the language may meet every other.
`inputs(chance)` are documents of the shape that the programs expect, in which fields are missing,
null or of another type.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

INPUT: dict[str, Any] = {
    "n": 2,
    "m": 1.5,
    "s": "a",
    "t": True,
    "f": False,
    "names": ["a", "b", "xb", ""],
    "nums": [1, 2, 3, 2],
    "rows": [
        {"k": "a", "v": 1, "tags": ["x", "y"], "on": True},
        {"k": "b", "v": 2, "tags": [], "on": False},
        {"k": "a", "v": 3, "tags": ["x"]},
    ],
    "by": {"a": 1, "b": 2, "c": 0},
    "groups": {"a": ["a", "b"], "b": [], "c": ["c"]},
    "deep": {"a": {"x": 1, "y": 2}, "b": {"x": 3}},
    "pairs": [[1, "a"], [2, "b"], [3, "a"]],
    "odd": [1, "a", None, True, [1], {"a": 1}, 1.0, False],
}
DATA: dict[str, Any] = {
    "base": {
        "limits": {"a": 1, "b": 5},
        "roles": {"a": ["x", "y"], "b": ["x"], "c": []},
        "list": [3, 1, 2],
        "one": 1,
        "no": False,
        "nested": {"p": {"q": {"n": 1}}, "r": {"q": {"n": 2}}},
    },
    "lib": {"base": 5, "deep": {"z": 1}},
}
LIBRARY = """package lib

limit := 3

word := "a"

flag if input.t

number := input.n

gone := 9 if input.gone

named contains name if some name in input.names

scores[key] := value if some key, value in input.by

double(x) := x * 2

pick(x) := "small" if x < 2

pick(x) := "large" if x >= 2

has(xs, x) if xs[_] == x

first([x, _]) := x

or_else(x) := x if x > 1
else := 0

default safe(_) := -1

safe(x) := 10 / x
"""
# What a field may hold instead of what it should.
WRONG: tuple[Any, ...] = (None, 0, -1, 2.5, "", "z", True, False, [], {}, [1, "a"], {"a": 1}, [[]])

NUMBER, STRING, ANY = "number", "string", "any"
Scope = dict[str, str]


def inputs(chance: random.Random, count: int) -> list[Any]:
    """So many inputs; the first is whole."""
    return [copy.deepcopy(INPUT), *(mangled(chance) for _ in range(count - 1))]


def mangled(chance: random.Random) -> Any:
    """`INPUT` with fields that are missing or wrong, here and deeper."""
    if chance.random() < 0.02:
        return chance.choice(WRONG)
    found: dict[str, Any] = {}
    for name, value in INPUT.items():
        fate = chance.random()
        if fate < 0.1:
            continue
        found[name] = (
            chance.choice(WRONG) if fate < 0.22 else _mangled(chance, copy.deepcopy(value))
        )
    return found


def _mangled(chance: random.Random, value: Any) -> Any:
    if chance.random() < 0.7 or not isinstance(value, list | dict) or not value:
        return value
    if isinstance(value, list):
        place = chance.randrange(len(value))
        inner = _mangled(chance, value[place])
        value[place] = inner if chance.random() < 0.5 else chance.choice(WRONG)
        return value if chance.random() < 0.8 else value[:place]
    name = chance.choice(sorted(value))
    if chance.random() < 0.4:
        del value[name]
    else:
        value[name] = chance.choice((_mangled(chance, value[name]), chance.choice(WRONG)))
    return value


@dataclass
class Program:
    """A module, and what it defines.

    Attributes:
        package: dotted.
        source: its text.
        rules: names of rules without arguments.
    """

    package: str
    source: str
    rules: tuple[str, ...]

    @property
    def entrypoints(self) -> list[str]:
        """`package/path/rule` of each rule."""
        return [f"{self.package.replace('.', '/')}/{rule}" for rule in self.rules]


def program(chance: random.Random, package: str = "p", *, hard: bool = True) -> Program:
    """One program; unless `hard`, without `with`, and nothing but counts is ordered."""
    return Generator(chance, hard=hard).program(package)


@dataclass
class Generator:
    """Draws terms, literals, bodies and rules; `scope` says which variables have a value."""

    chance: random.Random
    hard: bool = True
    count: int = 0
    functions: list[str] = field(default_factory=list)
    rules: dict[str, str] = field(default_factory=dict)
    ground: bool = False

    # Draws.

    def one(self, *options: str | Callable[[], str]) -> str:
        option = self.chance.choice(options)
        return option if isinstance(option, str) else option()

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def fresh(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def bind(self, scope: Scope, kind: str, *, again: bool = False) -> str:
        """A variable that gets its value here; with `again`, now and then one that has one."""
        old = [name for name, of in scope.items() if of == kind]
        if again and old and self.often(0.1):
            return self.chance.choice(old)
        name = self.fresh()
        scope[name] = kind
        return name

    def known(self, scope: Mapping[str, str], *kinds: str) -> list[str]:
        return [name for name, of in scope.items() if of in kinds or not kinds]

    # Terms.

    def text_key(self, scope: Scope) -> str:
        """An index of an object: constant, known, or a variable that iterates."""
        old = self.known(scope, STRING)
        if old and self.often(0.4):
            return self.chance.choice(old)
        if self.ground:
            return self.one('"a"', '"b"', "input.s", "data.lib.word")
        return self.one(
            '"a"', '"b"', "_", "input.s", "lib_word", lambda: self.bind(scope, STRING),
            lambda: self.bind(scope, STRING), lambda: f"input.names[{self.place(scope)}]",
        ).replace("lib_word", "data.lib.word")  # fmt: skip

    def place(self, scope: Scope) -> str:
        """An index of an array."""
        if self.ground:
            return self.one("0", "1", *self.known(scope, NUMBER))
        return self.one(
            "0", "1", "_", lambda: self.bind(scope, NUMBER), lambda: self.bind(scope, NUMBER), "_"
        )

    def number(self, scope: Scope, depth: int = 0) -> str:
        old = self.known(scope, NUMBER)
        if old and self.often(0.35):
            return self.chance.choice(old)
        options: list[str | Callable[[], str]] = [
            lambda: str(self.chance.randint(-1, 4)),
            "input.n",
            "input.m",
            lambda: f"input.nums[{self.place(scope)}]",
            lambda: f"input.by[{self.text_key(scope)}]",
            lambda: f"input.rows[{self.place(scope)}].v",
            lambda: f"input.deep[{self.text_key(scope)}].x",
            lambda: f"input.deep[{self.text_key(scope)}][{self.text_key(scope)}]",
            lambda: f"input.pairs[{self.place(scope)}][0]",
            lambda: f"data.base.limits[{self.text_key(scope)}]",
            lambda: f"data.base.nested[{self.text_key(scope)}].q.n",
            lambda: self.one("data.base.list[0]", "data.base.one", "data.lib.base"),
            lambda: self.one("data.lib.limit", "data.lib.number", "data.lib.gone"),
            lambda: f"data.lib.scores[{self.text_key(scope)}]",
            "input.gone",
            *(lambda r=r: r for r, of in self.rules.items() if of == NUMBER),
        ]
        if depth < 2:
            options += [
                lambda: (
                    f"({self.number(scope, depth + 1)} {self.one('+', '-', '*', '/')}"
                    f" {self.number(scope, depth + 1)})"
                ),
                lambda: f"count({self.collection(scope, depth + 1)})",
                lambda: f"{self.one('sum', 'max', 'min')}({self.collection(scope, depth + 1)})",
                lambda: f"{self.one('abs', 'round', 'floor')}({self.number(scope, depth + 1)})",
                lambda: (
                    f"{self.one('data.lib.double', 'data.lib.or_else', 'data.lib.safe')}"
                    f"({self.number(scope, depth + 1)})"
                ),
                lambda: f"data.lib.first({self.one('input.pairs[0]', '[1, 2]', '[input.n, 1]')})",
                lambda: f"object.get({self.object(scope)}, {self.text(scope, depth + 1)}, 0)",
                lambda: f"to_number({self.text(scope, depth + 1)})",
                *(lambda f=f: self.call(f, scope, depth) for f in self.functions),
            ]
        return self.one(*options)

    def ordered(self, scope: Scope, depth: int) -> str:
        """What `<` and its kin compare; not all engines order values of different types alike."""
        if self.hard:
            return self.number(scope, depth)
        return self.one("1", "2", lambda: f"count({self.collection(scope, depth + 1)})")

    def order(self) -> str:
        return "<=" if self.hard else "=="

    def call(self, function: str, scope: Scope, depth: int) -> str:
        return f"{function}({self.number(scope, depth + 1)})"

    def text(self, scope: Scope, depth: int = 0) -> str:
        old = self.known(scope, STRING)
        if old and self.often(0.35):
            return self.chance.choice(old)
        options: list[str | Callable[[], str]] = [
            '"a"', '"x"', "input.s", "data.lib.word", "input.gone",
            lambda: f"input.names[{self.place(scope)}]",
            lambda: f"input.rows[{self.place(scope)}].k",
            lambda: f"input.pairs[{self.place(scope)}][1]",
            lambda: f"input.rows[{self.place(scope)}].tags[{self.place(scope)}]",
            lambda: f"input.groups[{self.text_key(scope)}][{self.place(scope)}]",
            lambda: f"data.base.roles[{self.text_key(scope)}][{self.place(scope)}]",
            *(lambda r=r: r for r, of in self.rules.items() if of == STRING),
        ]  # fmt: skip
        if depth < 2:
            options += [
                lambda: (
                    f"{self.one('upper', 'lower', 'trim_space')}({self.text(scope, depth + 1)})"
                ),
                lambda: f'concat("-", {self.one("input.names", "data.lib.named", "[input.s]")})',
                lambda: f'sprintf("%v %v", [{self.any(scope, 2)}, {self.text(scope, 2)}])',
                lambda: f'replace({self.text(scope, depth + 1)}, "a", {self.text(scope, 2)})',
                lambda: f"data.lib.pick({self.number(scope, depth + 1)})",
                lambda: f"type_name({self.any(scope, depth + 1)})",
                lambda: f"format_int({self.number(scope, depth + 1)}, 10)",
            ]
        return self.one(*options)

    def object(self, scope: Scope) -> str:
        return self.one(
            "input.by", "input.deep", "input", "data.base.limits", "data.lib.scores", "{}",
            lambda: f"input.deep[{self.text_key(scope)}]",
            lambda: f"input.rows[{self.place(scope)}]",
            lambda: f'{{"a": {self.any(scope, 2)}, {self.text(scope, 2)}: 1}}',
            lambda: f"object.union(input.by, {self.one('data.base.limits', '{}', 'input.deep')})",
        )  # fmt: skip

    def collection(self, scope: Scope, depth: int = 0) -> str:
        options: list[str | Callable[[], str]] = [
            "input.nums", "input.names", "input.rows", "input.odd", "data.base.list", "input.gone",
            "data.lib.named", "input.s", "[]", "set()",
            lambda: f"input.groups[{self.text_key(scope)}]",
            lambda: f"input.rows[{self.place(scope)}].tags",
            lambda: f"data.base.roles[{self.text_key(scope)}]",
            lambda: self.object(scope),
            *(lambda r=r: r for r, of in self.rules.items() if of == "collection"),
        ]  # fmt: skip
        if depth < 2:
            options += [
                lambda: self.comprehension(scope, depth),
                lambda: self.comprehension(scope, depth),
                lambda: f"[{self.any(scope, 2)}, {self.any(scope, 2)}]",
                lambda: f"{{{self.any(scope, 2)}, {self.any(scope, 2)}}}",
                lambda: f"({self.set(scope)} {self.one('|', '&', '-')} {self.set(scope)})",
                lambda: f"array.concat({self.array(scope)}, {self.array(scope)})",
                lambda: f"{self.one('object.keys', 'sort')}({self.collection(scope, 2)})",
                lambda: f'split({self.text(scope, 2)}, "")',
            ]
        return self.one(*options)

    def array(self, scope: Scope) -> str:
        return self.one(
            "input.nums", "input.names", "[1]", "data.base.list", "input.gone",
            lambda: f"[x | some x in {self.collection(scope, 2)}]",
        )  # fmt: skip

    def set(self, scope: Scope) -> str:
        return self.one(
            "data.lib.named", "{1, 2}", '{"a", input.s}',
            lambda: f"{{{self.any(scope, 2)}}}", lambda: "{x | some x in input.nums}",
        )  # fmt: skip

    def comprehension(self, scope: Scope, depth: int) -> str:
        inner = dict(scope)
        body = self.body(inner, depth + 1, most=2)
        return self.one(
            lambda: f"[{self.any(inner, 2)} | {body}]",
            lambda: f"{{{self.any(inner, 2)} | {body}}}",
            lambda: f"{{{self.text(inner, 2)}: {self.any(inner, 2)} | {body}}}",
        )

    def any(self, scope: Scope, depth: int = 0) -> str:
        old = self.known(scope)
        if old and self.often(0.4):
            return self.chance.choice(old)
        return self.one(
            lambda: self.number(scope, depth), lambda: self.number(scope, depth),
            lambda: self.text(scope, depth), lambda: self.collection(scope, depth),
            "null", "true", "false", "input.t", "input.f", "data.base.no",
            lambda: f"input.odd[{self.place(scope)}]",
            lambda: f"[{self.number(scope, 2)}, {self.text(scope, 2)}]",
            lambda: f"input[{self.text_key(scope)}]",
            *self.rules,
        )  # fmt: skip

    # Literals.

    def test(self, scope: Scope, depth: int) -> str:
        """An expression that binds nothing but what iterates in it."""
        return self.one(
            lambda: (
                f"{self.ordered(scope, depth)} {self.one('<', '>', '==', '!=', '<=', '>=')}"
                f" {self.ordered(scope, depth)}"
            ),
            lambda: f"{self.any(scope, depth)} {self.one('==', '!=')} {self.any(scope, depth)}",
            lambda: (
                f"{self.one('startswith', 'endswith', 'contains')}"
                f"({self.text(scope, depth)}, {self.text(scope, 2)})"
            ),
            lambda: f"{self.any(scope, depth)} in {self.collection(scope, depth)}",
            lambda: f"{self.text(scope, 2)}, {self.any(scope, 2)} in {self.object(scope)}",
            lambda: self.one("input.t", "input.f", "input.gone", "data.lib.flag", "data.base.no"),
            lambda: f"input.rows[{self.place(scope)}].on",
            lambda: f"data.lib.has({self.collection(scope, depth)}, {self.any(scope, 2)})",
            lambda: f"data.lib.named[{self.text(scope, 2)}]",
            lambda: f"is_{self.one('string', 'number', 'null', 'object')}({self.any(scope, 2)})",
            *(lambda r=r: r for r in self.rules),
        )

    def binding(self, scope: Scope, depth: int) -> str:
        """A literal that gives variables their values."""
        before = dict(scope)
        number = lambda: self.number(dict(before), depth)  # noqa: E731  # drawn late or never
        text = lambda: self.text(dict(before), depth)  # noqa: E731  # drawn late or never
        return self.one(
            lambda: _assign(number(), self.bind(scope, NUMBER), ":="),
            lambda: _assign(text(), self.bind(scope, STRING), ":="),
            lambda: _assign(self.any(dict(before), depth), self.bind(scope, ANY), ":="),
            lambda: _assign(number(), self.bind(scope, NUMBER, again=True), "="),
            lambda: _assign(
                self.collection(dict(before), depth), self.bind(scope, ANY, again=True), "="
            ),
            lambda: self.some_in(scope, depth),
            lambda: self.some_in(scope, depth),
            lambda: (
                f"[{self.bind(scope, NUMBER, again=True)},"
                f" {self.one(self.bind(scope, STRING), '_')}] = input.pairs[{self.place(scope)}]"
            ),
            lambda: f'{{"a": {self.bind(scope, NUMBER)}, "b": _, "c": 0}} = input.by',
            lambda: f"input.by[{self.bind(scope, STRING, again=True)}] = {number()}",
            lambda: f"{self.bind(scope, NUMBER)} = data.base.limits[{self.bind(scope, STRING)}]",
            lambda: f"walk(input.deep, [{self.bind(scope, ANY)}, {self.bind(scope, ANY)}])",
            lambda: f"data.base.roles[{self.bind(scope, STRING)}][_] == {text()}",
            lambda: self.some_declared(scope),
        )

    def some_in(self, scope: Scope, depth: int) -> str:
        domain = self.collection(dict(scope), depth + 1)
        return self.one(
            lambda: f"some {self.bind(scope, ANY)} in {domain}",
            lambda: f"some {self.bind(scope, NUMBER)} in {self.one('input.nums', '{3, 1}')}",
            lambda: f"some {self.bind(scope, STRING)} in input.names",
            lambda: f"some {self.bind(scope, STRING)}, {self.bind(scope, NUMBER)} in input.by",
            lambda: f"some {self.bind(scope, NUMBER)}, _ in {domain}",
            lambda: (
                f"some [{self.bind(scope, NUMBER)}, {self.bind(scope, STRING)}] in input.pairs"
            ),
            lambda: (
                f'some {{"k": {self.bind(scope, STRING)}, "v": {self.bind(scope, NUMBER)}}}'
                ' in [{"k": "a", "v": input.n}]'
            ),
        )  # fmt: skip

    def some_declared(self, scope: Scope) -> str:
        name = self.fresh()
        scope[name] = STRING
        use = self.one(f"input.by[{name}] > 0", f"input.groups[{name}][_]", f"input.deep[{name}].x")
        return f"some {name}; {use}"

    def every(self, scope: Scope, depth: int) -> str:
        inner = dict(scope)
        domain = self.collection(dict(scope), depth + 1)
        names = [self.fresh()]
        inner[names[0]] = ANY
        if self.often(0.4):
            names.insert(0, self.fresh())
            inner[names[0]] = ANY
        # A variable of `every` that nobody reads is an error.
        uses = [
            f"{name} {self.one('!=', '==', self.order())} {self.any(inner, 2)}" for name in names
        ]
        body = "; ".join([*uses, self.body(inner, depth + 1, most=1)])
        return f"every {', '.join(names)} in {domain} {{ {body} }}"

    def negated(self, scope: Scope, depth: int) -> str:
        """A test in which nothing iterates: what does below a `not` is mostly unsafe."""
        if self.ground or self.often(0.05):
            return self.test(dict(scope), depth)
        self.ground = True
        made = self.test(dict(scope), depth)
        self.ground = False
        return made

    def modifier(self, scope: Scope) -> str:
        value = self.one(lambda: self.number(dict(scope), 2), "null", '"b"', "[4, 5]", '{"a": 7}')
        return self.one(
            lambda: f"with input.n as {value}",
            lambda: f"with input.by as {value}",
            lambda: f"with input.by.a as {value}",
            lambda: f'with input as {{"n": {value}, "nums": [1], "by": {{"z": 1}}}}',
            lambda: f"with data.base.limits as {value}",
            lambda: f"with data.base.limits.c as {value}",
            lambda: f"with data.lib.limit as {value}",
            lambda: f"with data.lib.number as {value}",
            lambda: f"with data.lib.named as {self.one('{7}', '[8]', value)}",
            lambda: f"with data.lib.double as {self.one('data.lib.or_else', '5', 'abs')}",
            lambda: f"with count as {self.one('5', 'data.lib.safe')}",
            lambda: f"with upper as {self.one('lower', '5')}",
            *(
                lambda f=f: f"with {f} as {self.one('data.lib.double', '6', 'abs')}"
                for f in self.functions
            ),
        )

    def literal(self, scope: Scope, depth: int = 0) -> str:
        fate = self.chance.random()
        if fate < 0.4:
            made = self.binding(scope, depth)
        elif fate < 0.55:
            made = f"not {self.negated(scope, depth)}"
        elif fate < 0.63:
            made = self.every(scope, depth)
        else:
            made = self.test(scope, depth)
        for _ in range(self.chance.choice((0, 0, 0, 0, 0, 0, 1, 1, 2)) if self.hard else 0):
            if not made.startswith("some ") or " in " in made:
                made += " " + self.modifier(scope)
        return made

    def body(self, scope: Scope, depth: int = 0, *, most: int = 4) -> str:
        literals = [self.literal(scope, depth) for _ in range(self.chance.randint(1, most))]
        # Order is the engine's to find.
        if self.often(0.15):
            self.chance.shuffle(literals)
        return "; ".join(literals)

    # Rules.

    def function(self, number: int) -> str:
        name = f"f{number}"
        scope: Scope = {"a": NUMBER}
        body = self.body(scope, 1, most=2)
        made = self.one(
            lambda: f"{name}(a) := {self.any(dict(scope), 1)} if {{ {body} }}",
            lambda: f"{name}(a) := {self.number({'a': NUMBER}, 1)}",
            lambda: f"{name}(a) if {{ {body} }}",
            lambda: (
                f"default {name}(_) := 0\n{name}(a) := {self.number({'a': NUMBER}, 1)} if a > 1"
            ),
            lambda: f"{name}(1) := 5\n{name}(a) := a + 1 if a != 1",
            lambda: f"{name}(a) := 1 if a > 1\n{name}(a) := 2 if a > 2",
            lambda: f"{name}(a) := 1 if {{ {body} }} else := {self.number({'a': NUMBER}, 2)}",
        )
        self.functions.append(name)
        return made

    def rule(self, number: int) -> str:
        name = f"r{number}"
        scope: Scope = {}
        body = self.body(scope)
        value = lambda: self.any(scope, 1)  # noqa: E731  # drawn late or never
        key = lambda: self.text(scope, 2)  # noqa: E731  # drawn late or never
        options: list[tuple[str, Callable[[], str]]] = [
            (ANY, lambda: f"{name} if {{ {body} }}"),
            (NUMBER, lambda: f"{name} := {self.number(scope, 1)} if {{ {body} }}"),
            (ANY, lambda: f"{name} := {value()} if {{ {body} }}"),
            (ANY, lambda: f"default {name} := 0\n{name} := {value()} if {{ {body} }}"),
            ("collection", lambda: f"{name} contains {value()} if {{ {body} }}"),
            ("collection", lambda: f"{name} contains {value()} if {{ {body} }}"),
            ("collection", lambda: f"{name}[{key()}] := {value()} if {{ {body} }}"),
            (
                "collection",
                lambda: f"{name}[{key()}][{key()}] := 1 if {{ {body} }}\n{name}.a.z := 1",
            ),
            ("collection", lambda: f"{name}[{key()}] contains {value()} if {{ {body} }}"),
            ("collection", lambda: f"{name}.a[{key()}] := {value()} if {{ {body} }}"),
            ("collection", lambda: f"{name} contains 1 if {{ {body} }}\n{name} contains 2"),
            (
                NUMBER,
                lambda: (
                    f"{name} := {self.number(scope, 1)} if {{ {body} }}"
                    f" else := {self.number({}, 1)} if {{ {self.body({}, most=2)} }}"
                    f"{self.one('', ' else := 7')}"
                ),
            ),
            (ANY, lambda: f"{name} := 1 if {{ {body} }}\n{name} := {self.number({}, 1)}"),
            ("collection", lambda: f"{name} := {self.comprehension({}, 0)}"),
            (ANY, lambda: f"{name} := {self.any({}, 0)}"),
        ]
        kind, make = self.chance.choice(options)
        made = make()
        self.rules[name] = kind
        return made

    def program(self, package: str) -> Program:
        lines = [f"package {package}", ""]
        lines += [self.function(number) for number in range(self.chance.choice((0, 0, 1, 2)))]
        lines += [self.rule(number) for number in range(self.chance.randint(2, 4))]
        return Program(package, "\n\n".join(lines) + "\n", tuple(self.rules))


def _assign(value: str, name: str, operator: str) -> str:
    return f"{name} {operator} {value}"
