"""Strings, sprintf, templates."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from probanda.errors import PolicyError
from probanda.rego.builtins import BUILTINS, BuiltinError
from probanda.rego.builtins.text import quote, rego_text
from probanda.rego.values import RegoSet, key

BIG = 123456789012345678901234567890


def call(name: str, *arguments: Any) -> Any:
    return BUILTINS[name].function(*arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("concat", [",", RegoSet(["b", "a"])], "a,b"),
        ("format_int", [Decimal("255.9"), 16], "ff"),
        ("format_int", [-5, 2], "-101"),
        ("indexof", ["día día", "ía"], 1),
        ("indexof_n", ["aaa", "aa"], [0, 1]),
        ("substring", ["día", 1, -1], "ía"),
        ("substring", ["abc", 5, 1], ""),
        ("split", ["a.b", ""], ["a", ".", "b"]),
        ("split", ["a.b", "."], ["a", "b"]),
        ("replace", ["abc", "", "x"], "xaxbxcx"),
        ("strings.replace_n", [{"": "-", "a": "1", "ab": "2"}, "xab"], "-x-1-b-"),
        ("strings.replace_n", [{"a": "b", "b": "a"}, "ab"], "ba"),
        ("strings.count", ["aaaa", "aa"], 2),
        ("strings.reverse", ["día"], "aíd"),
        ("strings.any_prefix_match", [["ab", "c"], RegoSet(["x", "a"])], True),
        ("strings.any_suffix_match", ["ab", ["a"]], False),
        ("trim", ["xxaxx", "x"], "a"),
        ("trim", ["a", ""], "a"),
        ("trim_prefix", ["ab", "a"], "b"),
        ("trim_space", [" \u2003a\x85\n"], "a"),
        ("trim_space", ["\x1ca\u200b"], "\x1ca\u200b"),
        ("upper", ["ßŉᾳ"], "ßŉᾼ"),
        ("lower", ["İΣ"], "iσ"),
    ],
)
def test_string_functions(name: str, arguments: list[Any], result: Any) -> None:
    assert call(name, *arguments) == result


def test_an_empty_search_is_an_error_and_so_is_a_negative_offset() -> None:
    with pytest.raises(BuiltinError, match="empty search character"):
        call("indexof", "a", "")
    with pytest.raises(BuiltinError, match="negative offset"):
        call("substring", "a", -1, 1)


@pytest.mark.parametrize(
    ("template", "values", "result"),
    [
        ("%v %s", [{"b": 1, "a": "x"}, RegoSet()], '{"a": "x", "b": 1} set()'),
        ("%d", ["x"], "%!d(string=x)"),
        ("%s", [5], "%!s(int64=5)"),
        ("%d", [1.5], "%!d(float64=1.5)"),
        ("%d %d", [1], "1 %!d(MISSING)"),
        ("x", [1, "a"], "x%!(EXTRA int64=1, string=a)"),
        ("%", [1], "%!(NOVERB)%!(EXTRA int64=1)"),
        ("%[2]d %[1]d", [1, 2], "2 1"),
        ("%[3]d", [1, 2], "%!d(BADINDEX)"),
        ("%*d|%-*d|", [5, 42, 4, 7], "   42|7   |"),
        ("%5.2f|%-8.3e|%+g", [3.14159, 1234.5, 0.5], " 3.14|1.234e+03|+0.5"),
        ("%08.3f", [-3.14159], "-003.142"),
        ("%v %v", [1e6 + 0.5, 123456789.125], "1.0000005e+06 1.23456789125e+08"),
        ("%x %X %#x % x", [255, 255, "hi", "hi"], "ff FF 0x6869 68 69"),
        ("%q %+q %#q", ['a"é', "é", "é"], '"a\\"é" "\\u00e9" `é`'),
        ("%c%U", [128512, 128512], "😀U+1F600"),
        ("%d %x %c", [BIG, -BIG, BIG], f"{BIG} {-BIG:x} %!c(big.Int={BIG})"),
        ("%t %T", [True, True], "%!t(string=true) string"),
        ("%v", [None], "null"),
        ("%5%|%%", [], "%|%"),
        ("%6d|%-6d|%06d|% d", [42, 42, -42, 42], "    42|42    |-00042| 42"),
        ("%.3d|%.0d|", [5, 0], "005||"),
    ],
)
def test_sprintf_prints_as_go_does(template: str, values: list[Any], result: str) -> None:
    assert call("sprintf", template, values) == result


def test_a_template_string_shows_undefined_parts_and_refuses_two_values() -> None:
    parts = ["a ", RegoSet(["x"]), " ", RegoSet(), " ", RegoSet([[1, "y"]]), 1]
    assert call("internal.template_string", parts) == 'a x <undefined> [1, "y"]1'
    with pytest.raises(PolicyError, match="must not produce multiple outputs"):
        call("internal.template_string", [RegoSet([1, 2])])


def test_values_in_rego_s_notation() -> None:
    value = {"b": [True, None], 1: RegoSet([2, "a"]), key(True): 1.5}
    assert rego_text(value) == '{true: 1.5, 1: {2, "a"}, "b": [true, null]}'
    assert quote("a\x00\x7f\u200b\U000e0001\n") == '"a\\x00\\x7f\\u200b\\U000e0001\\n"'
