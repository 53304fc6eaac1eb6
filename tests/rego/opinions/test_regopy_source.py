from __future__ import annotations

import pytest

from probanda.errors import PolicyError
from probanda.rego.opinions.regopy_source import MAX_BYTES, RuleName, check_names, scan


def refused(text):
    with pytest.raises(PolicyError) as caught:
        scan(text, path="m.rego")
    assert caught.value.code == "rego_parse_error"
    return caught.value


def test_package_and_rules_are_found_with_their_lines():
    text = (
        "# comment\npackage a.b.c\n\nimport data.x.y\n\ndefault allow := false\n"
        "allow if {\n\tinput.x\n\tother := 1\n}\n\nf(x) := y if {\n\ty := x\n} else := 2\n"
        'limit :=\n\t3\np contains {\n\t"a": 1,\n} if allow\n'
    )

    source = scan(text, path="m.rego")

    assert source.package == "a.b.c"
    assert source.rules == (
        RuleName("allow", 6, function=False),
        RuleName("allow", 7, function=False),
        RuleName("f", 12, function=True),
        RuleName("limit", 15, function=False),
        RuleName("p", 17, function=False),
    )


@pytest.mark.parametrize(
    "rule",
    [
        "allow { input.x }",
        "allow = true { input.x }",
        "allow := 1 { input.x }",
        "deny[msg] { msg := 1 }",
        "f(x) { x == 1 }",
        "allow if { input.x } { input.y }",
        "allow if { input.x } else { input.y }",
        'p := "a" { input.y }',
        "p := [1] { input.y }",
        "p := false { input.y }",
    ],
)
def test_a_body_without_if_is_refused(rule):
    error = refused(f"package t\nimport rego.v1\n{rule}\n")

    assert error.location is not None
    assert error.location.line == 3


@pytest.mark.parametrize(
    "rule",
    [
        "allow if { input.x }",
        "allow if {\n\tinput.x\n} else := 1 if {\n\tinput.y\n}",
        'p := {"a": 1}',
        "p := {1, 2} | {3}",
        "p contains {1} if true",
        "p if input.x in {1, 2}",
        "p := [{1}]",
        "p if not {1} == input",
    ],
)
def test_braces_of_v1_are_taken(rule):
    assert scan(f"package t\n{rule}\n", path="m.rego").package == "t"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        "allow := true",
        "package",
        'package "a"',
        "\ufeffpackage t",
        "package t\np := \x00",
        "package t\np := (1",
        "package t\np := 1)",
        'package t\np := "abc',
        "package t\np := `abc",
        'package t\np := "\\q"',
        'package t\np := "\\ud800"',
        "package t\np := '1'",
        'package t\np := $"a{1}"',
        "package t\np := " + "[" * 101 + "]" * 101,
        "package t\n#" + "x" * MAX_BYTES,
        'package t\np := "\\\\d"',
        "package t\np := `\\d`",
        "package t\np := `a\nb`",
        'package t\np := "\U000f000a"',
        "package t\nq if p with input as {}",
    ],
    ids=range(22),
)
def test_what_the_engine_would_take_or_trip_over_is_refused(text):
    refused(text)


def test_a_field_or_text_named_with_is_no_keyword():
    text = 'package t\np if input.with == "with" # with input as x\n'

    assert scan(text, path="m.rego").rules[0].name == "p"


def test_the_text_for_the_engine_keeps_its_lines():
    text = 'package t\n\np := "a\\nb"\nq := `"`\n'

    source = scan(text, path="m.rego")

    assert source.text == 'package t\n\np := "a\U000f000ab"\nq := "\U000f0022"\n'
    assert source.literals.special


def names(*texts):
    check_names([scan(text, path=f"m{i}.rego") for i, text in enumerate(texts)], texts)


@pytest.mark.parametrize(
    "rule",
    [
        "p contains lib if input.libs[lib].bad",
        "p if { some lib in input; lib == 1 }",
        "lib := 1",
        "f(lib) := lib",
    ],
)
def test_a_name_that_the_engine_takes_for_a_package_is_refused(rule):
    with pytest.raises(PolicyError, match="first part of a package") as caught:
        names(f"package t\n{rule}", "package lib.x\nq := 1")

    assert str(caught.value.location) == "m0.rego:2"


@pytest.mark.parametrize(
    "rule",
    [
        "p := input.lib",
        'p := {"lib": 1}',
        "p := data.lib.x.q",
        "import data.lib\np := lib.x.q",
        "p := 1 # lib",
    ],
)
def test_a_field_a_text_or_an_import_of_that_name_is_not(rule):
    names(f"package t\n{rule}", "package lib.x\nq := 1")
