"""The parser over OPA's conformance modules and real policies: all parse, and come back."""

from __future__ import annotations

import gzip
import json
import random
from contextlib import suppress
from dataclasses import fields

import pytest

from probanda.rego.ast import Head, Node, Ref, String, Term, Var
from probanda.rego.diagnostic import RegoErrors
from probanda.rego.lexer import KEYWORDS, tokenize
from probanda.rego.parser import parse_module, parse_query, parse_term
from probanda.rego.unparse import unparse

_FRAGMENTS = [
    *("{", "}", "[", "]", "(", ")", "{}", "[]", "set()", '"', "`", '$"', "$`", '}"', "#", "\\"),
    *(":=", "=", "==", "|", "&", "+", "-", "*", "/", ".", ",", ";", "!", "$", "@", "'", "?"),
    *("if ", "contains ", "else ", "every ", "some ", "in ", "not ", "with ", "as ", "default "),
    *("import ", "package ", "future.keywords", "rego.v1", "data", "input", "true", "null"),
    *("_", "x", "1", "1.", "e5", "01", "\\u12", "\\ud800", "# METADATA\n", "# title: ["),
    *(" ", "\t", "\r", "\n", "\0", "é", "\ufeff", "\ud800"),
]


@pytest.fixture(scope="module")
def cases(vectors):
    with gzip.open(vectors / "rego" / "opa-conformance.jsonl.gz", "rt") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def modules(cases):
    return sorted({text for case in cases for text in case.get("modules") or ()})


@pytest.fixture(scope="module")
def files(vectors):
    found = sorted((vectors / "rego" / "bench" / "policies").glob("*.rego"))
    assert found
    return [path.read_text() for path in found]


def test_every_module_parses_and_its_text_gives_the_same_tree(modules, files):
    assert len(modules) > 1200
    for text in [*modules, *files]:
        module = parse_module(text, path="t.rego")
        assert parse_module(unparse(module), path="t.rego") == module


def test_every_query_and_input_term_parses_and_comes_back(cases):
    queries = {case["query"] for case in cases if case.get("query")}
    terms = {case["input_term"] for case in cases if case.get("input_term")}
    assert len(queries) > 90
    assert terms
    for text in queries:
        assert parse_query(unparse(parse_query(text))) == parse_query(text)
    for text in terms:
        assert parse_term(unparse(parse_term(text))) == parse_term(text)


def test_the_text_under_every_span_parses_to_the_same_node(modules, files):
    checked = 0
    for text in [*modules, *files]:
        lines = text.split("\n")
        module = parse_module(text, path="t.rego")
        for rule in module.rules:
            # The second of two bodies has its place at its brace, and no head of its own there.
            if _under(lines, rule).startswith("{"):
                continue
            [again, *_] = parse_module(f"package t\n{_under(lines, rule)}", path="t.rego").rules
            assert unparse(again) == unparse(rule)
            for term in _terms(rule):
                assert unparse(parse_query(_under(lines, term))) == unparse(term)
                checked += 1
    assert checked > 20_000


def test_every_place_in_opas_plans_is_the_start_of_a_node(cases):
    checked = 0
    for case in cases:
        plan = case.get("plan") or {}
        files = [each["value"] for each in plan.get("static", {}).get("files") or ()]
        for index, text in enumerate(case.get("modules") or ()):
            if f"module-{index}.rego" not in files:
                continue
            module = parse_module(text, path="t.rego")
            pending, ours = [module], set()
            while pending:
                node = pending.pop()
                ours.add((node.span.row, node.span.column))
                pending += [each for one in fields(node) for each in _flat(getattr(node, one.name))]
            theirs = set(_places(plan, files.index(f"module-{index}.rego"))) - {(0, 0)}
            assert theirs <= ours, case["note"]
            checked += len(theirs)
    assert checked > 5000


def _places(plan, file):
    """Row and column of all statements from one file."""
    pending = [plan]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if value.get("file") == file and "row" in value:
                yield value["row"], value["col"]
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _terms(rule):
    """All terms that have a text of their own, at any depth."""
    pending = [rule]
    while pending:
        node = pending.pop()
        # A keyword is a name only in front of the dot.
        keyword = isinstance(node, Var) and node.name in KEYWORDS
        if isinstance(node, Term) and not keyword:
            yield node
        pending.extend(_children(node))


def _children(node):
    for each in fields(node):
        value = getattr(node, each.name)
        if (type(node), each.name) in {(Head, "ref"), (Ref, "path")}:
            value = [part for part in value if not isinstance(part, String)]
        yield from _flat(value)


def _flat(value):
    if isinstance(value, Node):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)


def _under(lines, node):
    span = node.span
    if span.row == span.end_row:
        return lines[span.row - 1][span.column - 1 : span.end_column - 1]
    first = lines[span.row - 1][span.column - 1 :]
    last = lines[span.end_row - 1][: span.end_column - 1]
    return "\n".join([first, *lines[span.row : span.end_row - 1], last])


@pytest.mark.parametrize("seed", range(4))
def test_mutated_modules_give_a_tree_or_errors_and_nothing_else(modules, seed):
    chance = random.Random(seed)
    short = [text for text in modules if len(text) < 3000]
    parsed = 0
    for _ in range(1500):
        text = _mutated(chance, short)
        version = int(chance.random() < 0.75)
        try:
            module = parse_module(text, path="t.rego", version=version)
        except RegoErrors:
            continue
        parsed += 1
        again = parse_module(unparse(module), path="t.rego", version=module.version)
        assert again == module
    assert parsed


def _mutated(chance, texts):
    text = chance.choice(texts)
    for _ in range(chance.randint(1, 5)):
        place = chance.randint(0, len(text))
        what = chance.random()
        if what < 0.4:
            text = text[:place] + chance.choice(_FRAGMENTS) + text[place:]
        elif what < 0.6:
            text = text[:place] + text[place + chance.randint(1, 8) :]
        elif what < 0.8:
            other = chance.choice(texts)
            start = chance.randint(0, len(other))
            text = text[:place] + other[start : start + 60] + text[place:]
        elif what < 0.9:
            words = [word for word in tokenize(text, path="t.rego").texts if word]
            text = text.replace(chance.choice(words or ["x"]), chance.choice(_FRAGMENTS), 1)
        else:
            text = text[:place] + text[place : place + 30] * 3 + text[place:]
    return text


def test_five_thousand_lines_parse(files):
    body = "\n".join(
        line
        for text in files
        for line in text.split("\n")
        if not line.startswith(("package", "import"))
    )
    text = "package t\n" + body * (5000 // body.count("\n") + 1)
    assert text.count("\n") > 5000
    assert len(parse_module(text, path="t.rego").rules) > 100


_UNITS = [
    *("p if {\n", "p := [1,\n", "{1 | ", "[a | b, ", "f(", "some x, ", "p if x ==\n", "{}", "x = "),
    *(
        "import future.keywords.in\n",
        "# METADATA\n# title: x\np := 1\n",
        "else ",
        '$"{',
        '"a"',
        "\n",
    ),
]


@pytest.mark.parametrize("unit", _UNITS)
@pytest.mark.parametrize("version", [0, 1])
def test_endless_repetition_ends_in_a_tree_or_in_errors(unit, version):
    text = "package t\np := 1\n" + unit * (200_000 // len(unit))
    package = ("t",)
    with suppress(RegoErrors):
        package = parse_module(text, path="t.rego", version=version).package
    assert package == ("t",)
