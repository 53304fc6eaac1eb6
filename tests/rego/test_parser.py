"""What the parser makes of Rego: shapes of trees, v1 and v0."""

from __future__ import annotations

import pytest

from probanda.rego.ast import (
    Array,
    ArrayComprehension,
    Boolean,
    Call,
    Every,
    Head,
    Literal,
    Null,
    Number,
    Object,
    ObjectComprehension,
    Ref,
    Rule,
    Set,
    SetComprehension,
    SomeDecl,
    SomeIn,
    Span,
    String,
    TemplateString,
    Var,
    With,
)
from probanda.rego.parser import parse_module, parse_query, parse_term
from probanda.rego.unparse import unparse

ONE, TWO, THREE = Number("1"), Number("2"), Number("3")
A, B, C, X, Y = Var("a"), Var("b"), Var("c"), Var("x"), Var("y")
INPUT = Ref(Var("input"), ())


def call(name, *arguments):
    return Call((name,), arguments)


def statement(text):
    [literal] = parse_query(text)
    return literal


def rules(text, version=1):
    return parse_module(f"package t\n{text}", path="t.rego", version=version).rules


def rule(text, version=1):
    [found] = rules(text, version)
    return found


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("null", Null()),
        ("true", Boolean(True)),
        ("-1", Number("-1")),
        ("- 1.50", Number("-1.50")),
        ("1e5", Number("1e5")),
        (".5", Number("0.5")),
        ("12345678901234567890", Number("12345678901234567890")),
        (r'"a\n\u00e9\"\/"', String('a\né"/')),
        (r'"\ud83d\ude00 \ud83d"', String("\U0001f600 \ufffd")),
        ("`a\\n\nb`", String("a\\n\nb")),
        ("input", INPUT),
        ("input.a[0][x].if", Ref(Var("input"), (String("a"), Number("0"), X, String("if")))),
        ('x["a b"]', Ref(X, (String("a b"),))),
        ("if.x", Ref(Var("if"), (String("x"),))),
        ("contains", Var("contains")),
        ("[]", Array(())),
        ("[1, a,]", Array((ONE, A))),
        ("[, 1]", Array((ONE,))),
        ("{}", Object(())),
        ("{1}", Set((ONE,))),
        ("set()", Set(())),
        ("{1: 2, a: b,}", Object(((ONE, TWO), (A, B)))),
        ("{a, b}", Set((A, B))),
        ("[a | b]", ArrayComprehension(A, (Literal(B),))),
        ("{a | b}", SetComprehension(A, (Literal(B),))),
        ("{a: b | c}", ObjectComprehension(A, B, (Literal(C),))),
        ("{1 + 2: 3 | a}", ObjectComprehension(call("plus", ONE, TWO), THREE, (Literal(A),))),
        ("[1 + 2 | 3]", Array((call("or", call("plus", ONE, TWO), THREE),))),
        ("[, 1 | 2]", Array((call("or", ONE, TWO),))),
        ("[a | b, c]", Array((call("or", A, B), C))),
        ("{a | b, c}", Set((call("or", A, B), C))),
        ("{a: b + c | x}", Object(((A, call("or", call("plus", B, C), X)),))),
        ("f(1, a)", call("f", ONE, A)),
        ("io.jwt.decode(x)", Call(("io", "jwt", "decode"), (X,))),
        ("f(x)[0].y", Ref(call("f", X), (Number("0"), String("y")))),
        ("[1, 2][x]", Ref(Array((ONE, TWO)), (X,))),
        ("{x | y}[1]", Ref(SetComprehension(X, (Literal(Y),)), (ONE,))),
        ("set(1)", call("set", ONE)),
        ('$"a {x} b"', TemplateString(("a ", X, " b"))),
        ('$""', TemplateString(())),
        (r'$"\{x}\n{1}"', TemplateString(("{x}\n", ONE))),
        ("$`a\\n{x}\n\\{`", TemplateString(("a\\n", X, "\n{"))),
        ('$"{$"{a}"}"', TemplateString((TemplateString((A,)),))),
        (
            '$"{{1: 2}[1]} {{a}}"',
            TemplateString((Ref(Object(((ONE, TWO),)), (ONE,)), " ", Set((A,)))),
        ),
    ],
)
def test_terms(text, term):
    assert parse_term(text) == term
    assert parse_term(unparse(term)) == term


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("1 - 2 - 3", "(1 - 2) - 3"),
        ("1 * 2 / 3 % a", "((1 * 2) / 3) % a"),
        ("a & b + c", "a & (b + c)"),
        ("x := a | b & c", "x := (a | (b & c))"),
        ("a == b | c", "a == (b | c)"),
        ("a < b == c", "(a < b) == c"),
        ("a in b == c", "a in (b == c)"),
        ("a in b in c", "(a in b) in c"),
        ("a, b in c", "(a, b in c)"),
        ("a, b == c in x", "(a, (b == c) in x)"),
        ("x = a in b", "x = (a in b)"),
        ("1\n+ 2", "1 + 2"),
        ("x -1", "x - 1"),
    ],
)
def test_operators_group_as_in_opa(text, grouped):
    assert parse_query(text) == parse_query(grouped)
    assert parse_query(unparse(parse_query(text))) == parse_query(text)


def test_lists_hold_no_pairs_before_in():
    assert parse_term("[1, 2 in a]") == Array((ONE, Call(("internal", "member_2"), (TWO, A))))
    assert parse_term("f((1, 2 in a))") == call("f", Call(("internal", "member_3"), (ONE, TWO, A)))


@pytest.mark.parametrize("text", ["x\n[1]", "f\n(1)", "x\n{1}"])
def test_white_space_ends_a_reference(text):
    assert len(parse_query(text)) == 2


def test_statements():
    assert statement("x := 1").expression == call("assign", X, ONE)
    assert statement("[x, 1] = y").expression == call("eq", Array((X, ONE)), Y)
    assert statement("not x == 1") == Literal(call("equal", X, ONE), negated=True)
    assert statement("some x, y").expression == SomeDecl((X, Y))
    assert statement("some x in y").expression == SomeIn(None, X, Y)
    assert statement("some x, {1: y} in a").expression == SomeIn(X, Object(((ONE, Y),)), A)
    assert statement("every x in a { x; y }").expression == Every(
        None, X, A, (Literal(X), Literal(Y))
    )
    assert statement("every x, y in {1} { x }").expression == Every(
        X, Y, Set((ONE,)), (Literal(X),)
    )
    assert len(parse_query("x; y\nz # done\n")) == 3
    assert len(parse_query("some x\nx")) == 2


def test_with_chains_hold_targets_and_values():
    literal = statement("x with input.a as 1 with data.b as {2}\n with http.send as f")
    assert literal.withs == (
        With(Ref(Var("input"), (String("a"),)), ONE),
        With(Ref(Var("data"), (String("b"),)), Set((TWO,))),
        With(Ref(Var("http"), (String("send"),)), Var("f")),
    )
    assert statement("some x in input with input as [1]").withs == (With(INPUT, Array((ONE,))),)
    part = parse_term('$"{a with input as 1}"')
    assert part == TemplateString((Literal(A, withs=(With(INPUT, ONE),)),))


def test_wildcards_are_told_apart():
    assert parse_term("[_, _._, _]") == Array(
        (Var("$0"), Ref(Var("$1"), (String("_"),)), Var("$2"))
    )
    assert parse_term("[_ + _, _]") == Array((call("plus", Var("$0"), Var("$1")), Var("$2")))


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("p if x", Head((String("p"),))),
        ("p := 1 if x", Head((String("p"),), value=ONE, assigned=True)),
        ("p = 1 if x", Head((String("p"),), value=ONE)),
        ("p contains x if y", Head((String("p"),), key=X)),
        ("p.q contains x if y", Head((String("p"), String("q")), key=X)),
        ("p[x] if y", Head((String("p"), X))),
        ("p[x] := y if a", Head((String("p"), X), value=Y, assigned=True)),
        (
            "p.q[x].r[y] := 1 if a",
            Head((String("p"), String("q"), X, String("r"), Y), value=ONE, assigned=True),
        ),
        (
            "f(x, [1, y]) := a if b",
            Head((String("f"),), (X, Array((ONE, Y))), value=A, assigned=True),
        ),
        ("a.f(x) if b", Head((String("a"), String("f")), (X,))),
        ("f() if b", Head((String("f"),), ())),
        ("if.x if b", Head((String("if"), String("x")))),
        ('p["a b"] if b', Head((String("p"), String("a b")))),
        ("p [x] if b", Head((String("p"), X))),
        ("p contains[x] if b", Head((String("p"),), key=Array((X,)))),
    ],
)
def test_heads(text, head):
    found = rule(text)
    assert found.head == head
    assert found.body
    assert rule(unparse(found)) == found


def test_rules_without_bodies():
    assert rule("p := 1") == Rule(Head((String("p"),), value=ONE, assigned=True))
    assert rule("p contains 1") == Rule(Head((String("p"),), key=ONE))
    assert rule("p[x] := y").head.ref == (String("p"), X)
    assert rule("f(x) := y").head.arguments == (X,)
    assert rule("default p := {1}") == Rule(
        Head((String("p"),), value=Set((ONE,)), assigned=True), default=True
    )
    assert rule("default f(_, x) = 1").head.arguments == (Var("$0"), X)
    assert rule("default p := [x | x := input.y]").default
    assert len(rules("p := 1 q := 2")) == 2
    assert rule("if.x := 1").head.ref == (String("if"), String("x"))
    assert [each.head.ref[0].value for each in rules('p contains "a"\nin.x := 1')] == ["p", "in"]


def test_a_body_in_braces_is_no_set():
    assert rule("p if { true }").body == (Literal(Boolean(True)),)
    assert rule("p if { x }").body == (Literal(X),)
    assert len(rule("p if {\n x\n y\n}").body) == 2
    assert rule("p if {1} == x").body == (Literal(call("equal", Set((ONE,)), X)),)
    assert rule("p if { x | y }").body == (Literal(SetComprehension(X, (Literal(Y),))),)
    assert rule('p if {"a": 1}.a == 1').body[0].expression.arguments[1] == ONE
    assert rule("p if[x] == y").body == (Literal(call("equal", Array((X,)), Y)),)
    assert rule("p if some x in y").body == (Literal(SomeIn(None, X, Y)),)
    assert rule("p if every x in y { x }").body[0].expression == Every(None, X, Y, (Literal(X),))


def test_else_branches_nest_and_share_the_head():
    found = rule("f(x) := 1 if x\nelse := 2 if { y }\nelse = 3")
    assert found.otherwise is not None
    assert found.otherwise.head == Head((String("f"),), (X,), value=TWO, assigned=True)
    assert found.otherwise.otherwise == Rule(Head((String("f"),), (X,), value=THREE))
    assert rule("p if x else if y").otherwise.head.value is None
    assert rule(unparse(found)) == found


def test_chained_bodies_are_rules_with_wildcards_of_their_own():
    first, second = rules("f(_) if { x } { y }")
    assert first.head.arguments == (Var("$0"),)
    assert second.head.arguments == (Var("$1"),)
    assert second.body == (Literal(Y),)
    assert second.span.column == 15


def test_imports_and_packages():
    module = parse_module(
        'package a["b-c"].if\nimport data.x.contains as y\nimport rego.v1\nimport input["a b"]\n'
        "import future.keywords.in\n",
        path="m.rego",
    )
    assert module.package == ("a", "b-c", "if")
    assert [each.path for each in module.imports] == [
        ("data", "x", "contains"),
        ("rego", "v1"),
        ("input", "a b"),
        ("future", "keywords", "in"),
    ]
    assert [each.name for each in module.imports] == ["y", "v1", "a b", "in"]
    assert parse_module(unparse(module), path="m.rego") == module


# --- v0 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("p { x }", Head((String("p"),))),
        ("p[x] { x }", Head((String("p"),), key=X)),
        ("p.q { x }", Head((String("p"),), key=String("q"))),
        ("p.q.r { x }", Head((String("p"), String("q"), String("r")))),
        ("p[x] = y { x }", Head((String("p"), X), value=Y)),
        ("p = 1 { x }", Head((String("p"),), value=ONE)),
        ("f(x) = y { x }", Head((String("f"),), (X,), value=Y)),
        ("f(x) { x }", Head((String("f"),), (X,))),
        ("if { in }", Head((String("if"),))),
        ("p[x]", Head((String("p"),), key=X)),
        ("p.q.r", Head((String("p"), String("q"), String("r")))),
        ("contains[x] { every }", Head((String("contains"),), key=X)),
    ],
)
def test_v0_heads(text, head):
    found = rule(text, version=0)
    assert found.head == head
    assert rule(unparse_v0(found), version=0) == found


def unparse_v0(found):
    module = parse_module("package t", path="t.rego", version=0)
    text = unparse(type(module)(module.path, module.package, rules=(found,), version=0))
    return text.removeprefix("package t\n")


def test_v0_bodies_and_else():
    assert [each.body for each in rules("p { x } { y }", 0)] == [(Literal(X),), (Literal(Y),)]
    assert rule("p = 1 { x } else = 2 { y } else = 3 { a }", 0).otherwise.otherwise.body == (
        Literal(A),
    )
    assert len(rule("p { some x\n in[x] }", 0).body) == 2


def test_v0_keywords_begin_where_they_are_imported():
    text = "in := 1\nimport future.keywords.every\np { every x in y { x } }"
    assert rules(text, 0)[1].body[0].expression == Every(None, X, Y, (Literal(X),))
    module = parse_module("package t\nimport future.keywords\np.q if { x }", path="t", version=0)
    assert module.rules[0].head.ref == (String("p"), String("q"))
    assert module.version == 0
    assert parse_module(unparse(module), path="t", version=0) == module


def test_v0_with_rego_v1_is_v1():
    module = parse_module("package t\nimport rego.v1\np contains x if x", path="t", version=0)
    assert module.version == 1
    assert module.rules[0].head.key == X


# --- places -------------------------------------------------------------------------------


def test_spans_are_exact():
    text = (
        "package t\n\n# note\nallow := x if {\n\tx := (1 + f(y)[0]) * 2 # more\n} else := `a\nb`\n"
    )
    [found] = parse_module(text, path="t.rego").rules
    assert found.span == Span("t.rego", 4, 1, 7, 3)
    assert found.head.span == Span("t.rego", 4, 1, 4, 11)
    [literal] = found.body
    assert literal.span == Span("t.rego", 5, 2, 5, 24)
    product = literal.expression.arguments[1]
    assert product.span == Span("t.rego", 5, 7, 5, 24)
    total = product.arguments[0]
    assert total.span == Span("t.rego", 5, 8, 5, 19)
    assert total.arguments[1].span == Span("t.rego", 5, 12, 5, 19)
    assert total.arguments[1].head.span == Span("t.rego", 5, 12, 5, 16)
    assert found.otherwise.span == Span("t.rego", 6, 3, 7, 3)
    assert found.otherwise.head.value.span == Span("t.rego", 6, 11, 7, 3)


def test_columns_count_characters_and_a_byte_order_mark_none():
    module = parse_module('\ufeffpackage t\r\np := "é" + x\r\n', path="t")
    assert module.span.column == 1
    total = module.rules[0].head.value
    assert total.arguments[1].span == Span("t", 2, 12, 2, 13)
