r"""Which rules are tests, and how those of one name are told apart.

Rules:

- A rule is a test when a part of its name begins with `test_`, and one that is only announced
  when it begins with `todo_test_`. The name ends at that part: of `test_x[case]` it is `test_x`.
- Several rules of one name are several tests: `test_x`, `test_x#01`, `test_x#02`.
- A rule with a variable behind its name is driven by data: each value of the variable that its
  body comes to is a case. `mark` lets the engine say which those are.
- Order: by file, then as written.

Source: OPA `v1/tester/runner.go` (`ruleName`, `shouldRun`, `rewriteDuplicateTestNames`,
`injectTestCaseFunc`).

Example:
    renamed, tests = discover([parse_module("package a\ntest_x if true", path="a.rego")])
    tests[0].name      # "data.a.test_x"
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from probanda.model.location import Location
from probanda.rego import ast
from probanda.rego.recursion import room
from probanda.rego.resolve.program import Path, Program, ResolvedRule
from probanda.rego.resolve.walk import own_variables, roots_of
from probanda.rego.testing.trees import FRAMES, rewritten
from probanda.rego.unparse import unparse

TEST: Final = "test_"
TODO: Final = "todo_test_"
# What says that a case begins; the engine knows it and does nothing.
MARK: Final = ("internal", "test_case")
# The key of what a `print` is given, where it is noted like a case.
PRINT: Final = "print()"


@dataclass(frozen=True, slots=True)
class Test:
    """One test.

    Attributes:
        package: without the leading `data`.
        parts: of its name, duplicates told apart.
        location: of the rule.
        todo: only announced.
        driven: by data, so that it has cases.
        function: takes arguments, so that it cannot be run.
    """

    __test__ = False  # for pytest, to which every `Test…` is one

    package: Path
    parts: Path
    location: Location
    todo: bool = False
    driven: bool = False
    function: bool = False

    @property
    def path(self) -> Path:
        """Where its value stands below `data`."""
        return (*self.package, *self.parts)

    @property
    def title(self) -> str:
        """Its name without the package."""
        return ".".join(self.parts)

    @property
    def name(self) -> str:
        """Its whole name, as Rego refers to it."""
        return unparse(ast.Ref(ast.Var("data"), tuple(map(ast.String, self.path))))


def discover(modules: Sequence[ast.Module]) -> tuple[list[ast.Module], list[Test]]:
    """The modules with their tests' names made unique, and the tests."""
    seen: dict[Path, int] = {}
    renamed, tests = [], []
    for module in sorted(modules, key=lambda each: each.path):
        rules = []
        for rule in module.rules:
            test = _test(module, rule)
            if test is None:
                rules.append(rule)
                continue
            number = 0 if test.todo else seen.get(test.path, 0)
            seen[test.path] = number + 1
            unique = _numbered(test, number)
            tests.append(unique)
            rules.append(_renamed(rule, unique.parts))
        renamed.append(replace(module, rules=tuple(rules)))
    return renamed, tests


def _test(module: ast.Module, rule: ast.Rule) -> Test | None:
    head = rule.head
    parts: list[str] = []
    for term in head.ref:
        if not isinstance(term, ast.String):
            return None
        parts.append(term.value)
        if term.value.startswith((TEST, TODO)):
            break
    else:
        return None
    beyond = head.ref[len(parts) :]
    return Test(
        package=module.package,
        parts=tuple(parts),
        location=Location(module.path, rule.span.row, rule.span.column),
        todo=parts[-1].startswith(TODO),
        driven=head.key is None and any(not isinstance(term, ast.String) for term in beyond),
        function=head.arguments is not None,
    )


def _numbered(test: Test, number: int) -> Test:
    if not number:
        return test
    return replace(test, parts=(*test.parts[:-1], f"{test.parts[-1]}#{number:02d}"))


def _renamed(rule: ast.Rule, parts: Path) -> ast.Rule:
    place = len(parts) - 1
    old = rule.head.ref[place]
    new = ast.String(parts[-1], span=old.span)
    ref = (*rule.head.ref[:place], new, *rule.head.ref[place + 1 :])
    return replace(rule, head=replace(rule.head, ref=ref))


def mark(program: Program, tests: Sequence[Test]) -> Program:
    """The program in which each test that is driven by data says which case it has come to."""
    groups = dict(program.groups)
    for test in tests:
        # Groups end where a name begins to vary, or before it: `test_x.a[b]` is `test_x.a`.
        for path in [path for path in groups if path[: len(test.path)] == test.path]:
            if not test.driven or test.todo:
                continue
            rest = tuple(map(ast.String, path[len(test.path) :]))
            group = groups[path]
            rules = tuple(_marked(rule, rest) for rule in group.rules)
            groups[path] = replace(group, rules=rules)
    return replace(program, groups=groups)


def _marked(rule: ResolvedRule, before: tuple[ast.Term, ...]) -> ResolvedRule:
    """The rule with the mark where all that names the case is known, and no later."""
    body = _early(rule.body, rule.keys)
    wanted = {name for key in rule.keys for name in own_variables(key)}
    place = 0
    for number, literal in enumerate(body):
        if not wanted:
            break
        found = {name for term in roots_of(literal) for name in own_variables(term)}
        if wanted & found:
            wanted -= found
            place = number + 1
    names = ast.Array((*before, *rule.keys), span=rule.span)
    marked = ast.Literal(ast.Call(MARK, (names,), span=rule.span), span=rule.span)
    otherwise = None if rule.otherwise is None else _marked(rule.otherwise, before)
    return replace(rule, body=(*body[:place], marked, *body[place:]), otherwise=otherwise)


def _early(body: ast.Body, keys: tuple[ast.Term, ...]) -> ast.Body:
    """The body with what computes a key (`test_x[c.note]`) as early as it can be computed."""
    names = {key.name for key in keys if isinstance(key, ast.Var)}
    found = list(body)
    for literal in body:
        match literal.expression:
            case ast.Call(("eq",), (ast.Var(name), value)) if name in names and not literal.withs:
                needed = set(own_variables(value))
            case _:
                continue
        if not name.startswith("#"):
            continue  # written so by the author
        place = 0
        for index, other in enumerate(found):
            if other is literal:
                break
            mine = {each for term in roots_of(other) for each in own_variables(term)}
            if mine & needed:
                needed -= mine
                place = index + 1
        found.remove(literal)
        found.insert(place, literal)
    return tuple(found)


def with_prints(modules: Sequence[ast.Module]) -> list[ast.Module]:
    """The modules with calls of `print`, which compiling leaves out, noted instead.

    An operand that is undefined is printed so, and ends nothing: each stands in a set.
    """
    with room(FRAMES):
        return [rewritten(module, _noted) for module in modules]


def _noted(literal: ast.Literal) -> list[ast.Literal]:
    match literal.expression:
        case ast.Call(("print",), operands):
            pass
        case _:
            return [literal]
    span = literal.span
    local = ast.Var("__printed__", span=span)
    sets = [
        ast.SetComprehension(
            local, (ast.Literal(ast.Call(("assign",), (local, each), infix=True)),), span=span
        )
        for each in operands
    ]
    note = ast.Object(((ast.String(PRINT), ast.Array(tuple(sets))),), span=span)
    given = ast.Array((note,), span=span)
    return [replace(literal, expression=ast.Call(MARK, (given,), span=span))]
