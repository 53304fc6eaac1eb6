"""Regular expressions and globs."""

from __future__ import annotations

from typing import Any

import pytest

from probanda.rego.builtins import BUILTINS, BuiltinError


def call(name: str, *arguments: Any) -> Any:
    return BUILTINS[name].function(*arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("regex.match", ["^a.c$", "abc"], True),
        ("regex.match", ["a$", "a\n"], False),
        ("regex.match", ["(?i)É", "é"], True),
        ("regex.find_n", ["a.", "paranormal", 2], ["ar", "an"]),
        ("regex.find_n", ["a*", "baac", -1], ["", "aa", ""]),
        ("regex.find_n", ["a", "aaa", 0], []),
        ("regex.find_all_string_submatch_n", ["a(x)?", "aax", -1], [["a", ""], ["ax", "x"]]),
        ("regex.split", ["a*", "baac"], ["b", "c"]),
        ("regex.split", ["x", ""], [""]),
        ("regex.replace", ["-wy-wxxy-", "w(?P<n>x*)y", "<${n}$1>"], "-<>-<xxxx>-"),
        ("regex.replace", ["foo", "^[a-z]", "F"], "Foo"),
        ("regex.replace", ["ab", "b*", "-"], "-a-"),
        ("regex.replace", ["a", "a", "$1x$$"], "$"),
        ("regex.replace", ["é1aé", "\\B", "|"], "|é1|aé|"),
        ("regex.is_valid", ["(?P<n>a)"], True),
        ("regex.is_valid", ["(?=a)"], False),
        ("regex.is_valid", ["\\C"], False),
        ("regex.is_valid", [1], False),
        ("regex.template_match", ["urn:<.*>.x", "urn:a:b.x", "<", ">"], True),
        ("regex.template_match", ["urn:<.*>.x", "urn:a:bzx", "<", ">"], False),
        ("regex.globs_match", ["a.a.[0-9]+z", ".b.b2359825792*594823z"], True),
        ("regex.globs_match", ["[a-z]+", "[0-9]*"], False),
        ("regex.globs_match", ["a*", "b*"], False),
        ("glob.match", ["*.github.com", ["."], "api.github.com"], True),
        ("glob.match", ["*.com", ["."], "a.b.com"], False),
        ("glob.match", ["**.com", ["."], "a.b.com"], True),
        ("glob.match", ["*", [], "a.b"], False),
        ("glob.match", ["*", None, "a.b"], True),
        ("glob.match", ["{a{b,c},[!x-z]?}", None, "ac"], True),
        ("glob.match", ["a\\*", None, "a*"], True),
        ("glob.match", ["[^a]", None, "^"], True),
        ("glob.match", ["?", ["-", "]"], "]"], False),
        ("glob.match", ["*", None, "a\nb"], True),
        ("glob.quote_meta", ["*.[a]{b}?\\"], "\\*.\\[a\\]\\{b\\}\\?\\\\"),
    ],
)
def test_patterns(name: str, arguments: list[Any], result: Any) -> None:
    assert call(name, *arguments) == result


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("regex.match", ["[a", ""], "error parsing regexp: missing closing ]: `[a`"),
        ("regex.match", ["a(?=b)", ""], "error parsing regexp: invalid or unsupported Perl syntax"),
        ("regex.match", ["a**", ""], "invalid nested repetition operator: `**`"),
        ("regex.template_match", ["<", "", "<", ">"], 'unbalanced braces in "<"'),
        ("regex.template_match", ["", "", "<<", ">"], "exactly one character long but is 2 long"),
        ("regex.globs_match", ["a]", "a"], "input:a], pos:2, set-close ']' with no preceding '['"),
        ("glob.match", ["[a", None, ""], "glob: syntax error at 2: unexpected end of input"),
        ("glob.match", ["é[a", None, ""], "glob: syntax error at 4: unexpected end of input"),
        ("glob.match", ["{a,b", None, ""], "glob: syntax error at 4: unclosed `{`"),
        ("glob.match", ["a\\", None, ""], "glob: syntax error at 2: trailing backslash"),
        ("glob.match", ["[!]", None, ""], "glob: syntax error at 3: could not parse range"),
        ("glob.match", ["[a-bc]", None, ""], "syntax error at 5: expected close range character"),
        ("regex.template_match", ["", "", "<", ">>"], "exactly one character long but is 1 long"),
        (
            "glob.match",
            ["[c-a]", None, ""],
            "glob: syntax error at 5: range hi character is less than lo",
        ),
    ],
)
def test_malformed_patterns_are_errors(name: str, arguments: list[Any], message: str) -> None:
    with pytest.raises(BuiltinError) as caught:
        call(name, *arguments)
    assert message in caught.value.message


def test_a_pattern_that_makes_backtracking_engines_slow_is_fast() -> None:
    assert call("regex.match", "^(a+)+$", "a" * 50_000 + "b") is False
    assert call("glob.match", "*a" * 200, None, "a" * 5_000 + "b") is False
