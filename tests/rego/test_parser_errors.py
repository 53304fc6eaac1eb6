"""What the parser refuses: words, places, hints, several errors at once, limits."""

from __future__ import annotations

import sys
import threading

import pytest

from probanda.rego.depth import depth_of
from probanda.rego.diagnostic import RegoErrors
from probanda.rego.lexer import MAX_BYTES, MAX_ERRORS
from probanda.rego.parser import parse_module, parse_query, parse_term
from probanda.rego.recursion import room


def errors(text, version=1):
    with pytest.raises(RegoErrors) as caught:
        parse_module(text, path="t.rego", version=version)
    assert {each.code for each in caught.value.diagnostics} == {"rego_parse_error"}
    return caught.value.diagnostics


def error(text, version=1):
    [found] = errors(f"package t\n{text}", version)
    return found


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("allow", 1, "var cannot be used for rule name"),
        ('"a"', 1, "string cannot be used for rule name"),
        ("[1] = x", 1, "array cannot be used for rule name"),
        ("data", 1, "refs cannot be used for rule head"),
        ("p := 1; q := 2", 7, "multiple expressions cannot be used for rule head"),
        ("p == 1", 1, "rule name conflicts with built-in function"),
        ("not p", 1, "negated expressions cannot be used for rule head"),
        ("some x", 1, "'some' declarations cannot be used for rule head"),
        ("1 with input as 2", 1, "expressions using with keyword cannot be used for rule head"),
        ("every x in y { x }", 1, "expression cannot be used for rule head"),
        ("f()", 1, "rule argument list must take at least one argument"),
        ("p { x }", 1, "`if` keyword is required before rule body"),
        ("f(x) = y { x }", 1, "`if` keyword is required before function body"),
        ("p if { x } else { y }", 12, "`if` keyword is required before rule body"),
        ("p.q", 1, "`contains` keyword is required for partial set rules"),
        ("p.q.r", 1, "rule must have value assignment and/or body declaration"),
        ("if := 1", 1, "if keyword cannot be used for rule name"),
        ("contains := 1", 1, "contains keyword cannot be used for rule name"),
        ("default if := 1", 9, "if keyword cannot be used for rule name"),
        ("default 0", 9, "unexpected number token: expected rule head name"),
        ("default p", 1, "illegal default rule (must have a value)"),
        ("default p := x.y", 1, "illegal default rule (value cannot contain ref)"),
        ("default p := [f(1)]", 1, "illegal default rule (value cannot contain call)"),
        ('default p := $"{x}"', 1, "illegal default rule (value cannot contain var)"),
        ("default f([x]) := 1", 1, "illegal default rule (arguments cannot contain array)"),
        ("default f(x, x) := 1", 1, "illegal default rule (arguments cannot be repeated x)"),
        ("p if {", 7, "unexpected eof token"),
        ("p if { ; }", 8, "unexpected ; token"),
        ("p if { x; }", 11, "unexpected } token"),
        ("p if { x y }", 10, r"unexpected identifier token: expected \n or ; or }"),
        ("p if { x = y = z }", 14, r"unexpected eq token: expected \n or ; or }"),
        ("p if { not some x in y }", 12, "unexpected some keyword: illegal negation of 'some'"),
        ("p if { not not x }", 12, "unexpected not keyword"),
        ("p if { some f(x) }", 13, "expected `x in xs` or `x, y in xs` expression"),
        ("p if { some }", 13, "unexpected } token: expected var"),
        ("p if { some x, }", 16, "unexpected } token: expected var"),
        ("p if { every x { y } }", 16, "expected `x[, y] in xs { ... }` expression"),
        ("p if { every [x] in y { x } }", 14, "expected value to be a variable"),
        ("p if { every 1, x in y { x } }", 14, "expected key to be a variable"),
        ("p if { every x in y }", 21, "unexpected } token: missing body"),
        ("p if { x with y }", 17, "unexpected } token: expected as keyword"),
        ("p if { x with 1 as 2 }", 15, "unexpected number token: expected ident"),
        ("p if { x with f(1) as 2 }", 15, "expected with target path"),
        ("p :=", 5, "unexpected eof token: expected rule value term (e.g., p := <VALUE> { ... })"),
        ("f(x) := ]", 9, "expected function value term (e.g., f(...) := <VALUE> { ... })"),
        ("default p := ]", 14, "expected default rule value term (e.g., default p := <VALUE>)"),
        ("p contains", 11, "expected rule key term (e.g., p contains <VALUE> { ... })"),
        ("p(x) contains y", 6, "the contains keyword can only be used with multi-value rule"),
        ("p if x else", 12, "unexpected eof token: expected else value term or rule body"),
        ("p if x else if", 15, "unexpected eof token: rule body expected"),
        ("p[x] if y else := 1", 11, "else keyword cannot be used on rules with variables in head"),
        ("p contains 1 if y else := 1", 19, "else keyword cannot be used on multi-value rules"),
        ("p if { x } else if { y } { z }", 26, "expected else keyword"),
        ("p if { x } if { y }", 12, "unexpected if keyword"),
        ("p := 1 := 2", 8, "unexpected assign token"),
        ("p := -[1]", 7, "unexpected [ token: expected number"),
        ("p := [1 2]", 9, 'unexpected number token: expected "," or "]"'),
        ("p := [1,,2]", 9, "unexpected , token"),
        ("p := {1 2}", 9, "unexpected number token: non-terminated set"),
        ("p := {1: 2 3}", 12, "unexpected number token: non-terminated object"),
        ("p := {1: 2, 3}", 14, 'unexpected } token: expected ":"'),
        ("p := (1]", 8, "non-terminated expression"),
        ("p := a.1", 7, ""),
        ("p := a.", 8, "unexpected eof token: expected identifier"),
        ("p := a[1", 9, "unexpected eof token: expected ]"),
        ('p := "a".b', 6, "illegal ref (head cannot be string)"),
        ("p := (a.b).c", 6, "illegal ref (head cannot be ref)"),
        ("p := a[x](1)", 10, "unexpected ( token"),
        ('p := "abc', 6, "non-terminated string"),
        ("p := `abc\n", 6, "non-terminated string"),
        (r'p := "\x"', 6, "illegal escape sequence"),
        (r'p := "\u12x4"', 6, "illegal escape sequence"),
        ('p := $"a', 6, "non-terminated string"),
        ('p := $"{x y}"', 11, "expected } to end template string expression"),
        ('p := $"{x := 1}"', 9, "unexpected assignment (':=') in template-string expression"),
        ('p := $"{x = 1}"', 9, "unexpected unification ('=') in template-string expression"),
        ('p := $"{not x}"', 9, "unexpected negation ('not') in template-string expression"),
        ('p := $"{some x in y}"', 9, "unexpected 'some' in template-string expression"),
        ("p := 1.", 6, "expected fraction"),
        ("p := 1e+", 6, "expected exponent"),
        ("p := 01", 6, "expected number without leading zero"),
        ("p := 1a", 6, "illegal number format"),
        ("p := 1e40000", 6, "number too big"),
        ("p := 1e-40000", 6, "number too big"),
        (f"p := 1{'0' * 40_000}", 6, "number too big"),
        ("p := 1e99999999999999999999", 6, "number too big"),
        ("p := @", 6, "illegal token"),
        ("p if !x", 6, "illegal ! character"),
        ("p := \0", 6, "illegal null character"),
        ('p := "\ud800"', 7, "illegal utf-8 character"),
        ("p := 1 # \ufeff", 10, "illegal byte-order mark"),
        ("package b", 1, "unexpected package"),
        ("import foo.bar", 8, "unexpected import path, must begin with one of: {data, future,"),
        ("import data[x]", 13, "unexpected var token: expecting string"),
        ("import data.if", 8, "unexpected import path, must not end with a keyword, got: if"),
        ("import data.x as if", 18, "unexpected if keyword: expected var"),
        ("import future", 8, "invalid import, must be `future.keywords`"),
        ("import future.keywords.x", 8, "must be one of [contains every if in]"),
        ("import future.keywords as x", 8, "`future` imports cannot be aliased"),
        ("import rego.v2", 8, "invalid import `rego.v2`, must be `rego.v1`"),
        ("import", 7, "expected path"),
    ],
)
def test_errors_have_the_words_and_the_place(text, column, message):
    found = error(text)
    assert message in found.message
    assert (found.span.row, found.span.column) == (2, column)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("allow", "write `allow := …` or `allow if { … }`"),
        ("p.q", 'write `p contains "q"`'),
        ("p if { x && y }", "conditions are joined by line breaks or `;`"),
        ("p if x || y", "alternatives are written as several rules of one name"),
        ("p if !x", "negate with `not`"),
        ("p := 'a'", "strings are written in double quotes"),
        ("p := f (x)", "no white space may stand before `(`"),
        ("p if { f (x) }", "no white space may stand before `(`"),
        ("p := (x := 1)", "`:=` and `=` are statements of their own"),
        ("p := [1, {2, 3", "`{` at 2:10 is never closed"),
    ],
)
def test_hints_say_what_to_write_instead(text, hint):
    assert hint in error(text).hint


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("p if { x }", "`import future.keywords.if` to use the `if` keyword"),
        ("p contains 1 { x }", "`import future.keywords.contains`"),
        ("p { some x in y }", "`import future.keywords.in` for `some x in xs` expressions"),
        ("p { every x in y { x } }", "`import future.keywords.every` for `every x in xs"),
        ("p { some x, y in z }", "`import future.keywords.in` for `some x in xs` expressions"),
    ],
)
def test_v0_hints_at_missing_imports(text, hint):
    assert hint in error(text, version=0).hint


def test_v0_with_rego_v1_is_held_to_v1():
    found = errors("package t\nimport rego.v1\np[x] { x := 1 }", version=0)
    assert [each.message for each in found] == [
        "`contains` keyword is required for partial set rules",
        "`if` keyword is required before rule body",
    ]
    assert found[0].hint == "write `p contains x if {`"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty module"),
        ("# only a comment\n", "empty module"),
        ("p := 1", "package expected"),
        ("package", "expected path"),
        ("package 1", "unexpected number token: expected path"),
        ("package a[1]", "unexpected number token: expecting string"),
    ],
)
def test_a_module_begins_with_its_package(text, message):
    assert errors(text)[0].message == message


def test_several_errors_come_at_once_in_the_order_of_the_text():
    text = """package t

p if {
  x := "abc
}

q := [1, 2

r if {
  x ==
}

s := 'x'
t { y }
u := 1
v if { x := (1 }
"""
    found = errors(text)
    assert [(each.span.row, each.message) for each in found] == [
        (4, "non-terminated string"),
        (9, 'unexpected identifier token: expected "," or "]"'),
        (11, "unexpected } token"),
        (13, "illegal token"),
        (14, "`if` keyword is required before rule body"),
        (16, "non-terminated expression"),
    ]


def test_reading_goes_on_at_the_next_rule_of_an_indented_module_too():
    found = errors("  package t\n  p := \n    q\n  r := ]\n  s := [}\n")
    assert [each.span.row for each in found] == [4, 5]


def test_errors_show_the_line_and_a_caret():
    with pytest.raises(RegoErrors) as caught:
        parse_module('package t\n\tp := "a" "b"\n', path="a/t.rego")
    assert str(caught.value).splitlines()[:3] == [
        "a/t.rego:2:11: rego_parse_error: string cannot be used for rule name",
        '    \tp := "a" "b"',
        "    \t         ^^^",
    ]
    assert caught.value.location is not None
    assert (caught.value.location.line, caught.value.location.column) == (2, 11)


def test_a_long_line_is_shown_around_the_place():
    with pytest.raises(RegoErrors) as caught:
        parse_module(f"package t\np := [{'1, ' * 5000} ?, {'1, ' * 5000}]", path="t.rego")
    shown = str(caught.value).splitlines()
    assert len(shown[1]) < 250
    assert shown[1][len(shown[2]) - 1] == "?"


def test_errors_are_counted_up_to_a_limit():
    assert len(errors("package t\n" + "p := ]\n" * 1000)) == MAX_ERRORS
    assert len(errors("package t\n" + "é " * 1000)) == MAX_ERRORS


# --- queries and terms --------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "x y", "x;", "x :=", "}", "p if { x }"])
def test_bad_queries_are_refused(text):
    with pytest.raises(RegoErrors, match="query:1:"):
        parse_query(text)


@pytest.mark.parametrize("text", ["", "x y", "x := 1", "1; 2", "[", "not x"])
def test_more_or_less_than_a_term_is_refused(text):
    with pytest.raises(RegoErrors, match="term:1:"):
        parse_term(text)


# --- limits -------------------------------------------------------------------------------


def test_text_over_one_mebibyte_is_refused():
    parse_module("package t\n" + "#" * (MAX_BYTES - 10), path="t.rego")
    assert "larger than the limit" in errors("package t\n" + "#" * MAX_BYTES)[0].message
    assert "larger than the limit" in errors("package t\n#" + "é" * (MAX_BYTES // 2))[0].message


_NESTED = [
    ("[", "]"),
    ("(", ")"),
    ("{", "}"),
    ("{1: ", "}"),
    ("f(", ")"),
    ("a[", "]"),
    ('$"{', '}"'),
    ("[x | ", "]"),
    ("{x | ", ", 2}"),
    ("{a: 1 | ", ", b: 2}"),
    ("{a: 1 + ", " | 1}"),
    ("[x | every x in xs {", "}]"),
    ("[x | y with input as {", "}]"),
    ("[x | a in b == c | d & e + f * ", "]"),
    ("(a, ", " in x)"),
]


@pytest.mark.parametrize(("opener", "closer"), _NESTED)
@pytest.mark.parametrize("depth", [100, 500, 501, 20_000])
def test_nesting_is_parsed_or_refused_and_never_a_recursion_error(opener, closer, depth):
    before = sys.getrecursionlimit()
    for text in (opener * depth + "1" + closer * depth, opener * depth, "1" + closer * depth):
        if len(text) > MAX_BYTES:
            continue
        try:
            found = depth_of(parse_term(text))
        except RegoErrors:
            continue
        assert found <= 1000
        assert depth <= 500
    assert sys.getrecursionlimit() == before


def test_five_hundred_brackets_are_not_too_deep():
    assert depth_of(parse_term("[" * 500 + "]" * 500)) == 500
    assert "limit of 500" in error("p := " + "[" * 501 + "]" * 501).message


@pytest.mark.parametrize("operator", ["+", "|", "in", "=="])
def test_chains_of_operators_have_a_limit(operator):
    assert depth_of(parse_term(f"1 {operator} " * 900 + "1")) == 901
    assert "nested deeper" in error("p := " + f"1 {operator} " * 200_000 + "1").message


def test_many_operators_that_are_no_chain_are_fine():
    parse_term(f"1 + f([{'a + 1, ' * 5000}]) + 2 + 3")


def test_chains_of_else_have_a_limit():
    chain = "p := 1 if x\n" + "else := 2 if y\n" * 500
    parse_module(f"package t\n{chain}", path="t.rego")
    assert "nested deeper" in error(chain + "else := 2 if y\n" * 500).message


def test_a_small_stack_of_a_thread_is_enough():
    results = []

    def work():
        results.append(depth_of(parse_term("[x | x + " * 300 + "1" + "]" * 300)))

    size = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    assert results == [901]


def test_room_is_given_back_when_the_last_one_leaves():
    before = sys.getrecursionlimit()
    with room(before * 2):
        with room(before * 3):
            assert sys.getrecursionlimit() > before * 3
        assert sys.getrecursionlimit() > before * 2
    assert sys.getrecursionlimit() == before
    with room(10):
        assert sys.getrecursionlimit() == before
