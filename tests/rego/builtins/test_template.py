"""Go templates: what they render, what they refuse, and where they say it is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from probanda.errors import PolicyError
from probanda.rego.builtins import BUILTINS, BuiltinError, OperandError
from probanda.rego.values import RegoSet


def render(template: Any, variables: Any = None) -> Any:
    return BUILTINS["strings.render_template"].function(template, variables or {})


@pytest.mark.parametrize(
    ("template", "variables", "text"),
    [
        ("hello {{.name}}", {"name": "é"}, "hello é"),
        ("{{.a.b}}{{$.a.b}}", {"a": {"b": 1}}, "11"),
        ("{{range $i, $x := .l}}{{if $i}},{{end}}{{$x}}{{end}}", {"l": ["a", "b"]}, "a,b"),
        ("{{range .l}}{{.}}{{else}}none{{end}}", {"l": []}, "none"),
        ("{{range $k, $v := .m}}{{$k}}={{$v}};{{end}}", {"m": {"b": 2, "a": 1}}, "a=1;b=2;"),
        ("{{range 3}}{{.}}{{end}}", {}, "012"),
        ("{{range .l}}{{if eq . 1.5}}{{end}}{{.}}{{end}}", {"l": []}, ""),
        ("{{range .l}}{{if eq . `b`}}{{continue}}{{end}}{{.}}{{end}}", {"l": ["a", "b"]}, "a"),
        ("{{range .l}}{{if eq . `b`}}{{break}}{{end}}{{.}}{{end}}", {"l": ["a", "b", "c"]}, "a"),
        ("{{if .a}}a{{else if .b}}b{{else}}c{{end}}", {"a": "", "b": [1]}, "b"),
        ("{{if .a}}a{{else if .b}}b{{else}}c{{end}}", {"a": {}, "b": False}, "c"),
        ("{{if .n}}numbers of the data are texts{{end}}", {"n": 0},
         "numbers of the data are texts"),
        ("{{with .u}}{{.n}}{{else}}no{{end}}", {"u": {"n": "x"}}, "x"),
        ("{{with .u}}{{.n}}{{else}}no{{end}}", {"u": None}, "no"),
        ("a {{- 1 -}} b", {}, "a1b"),
        ("a {{- /* gone */ -}} b", {}, "ab"),
        ("{{$x := 1}}{{if true}}{{$x = 2}}{{end}}{{$x}}", {}, "2"),
        ("{{.l}} {{.m}} {{.n}} {{.b}}", data := {"l": [1, None, "a"], "m": {"k": [True]},
         "n": None, "b": False}, "[1 <nil> a] map[k:[true]] <no value> false"),
        ("{{.d}} {{.s}}", {"d": Decimal("1.50"), "s": ["b", "a"]}, "1.50 [b a]"),
        ('{{printf "%s|%5d|%-3d|%05.1f|%q|%v|%x|%%" .s 7 8 2.25 "q" .l "hi"}}',
         {"s": "S", "l": ["a"]}, 'S|    7|8  |002.2|"q"|[a]|6869|%'),
        ('{{printf "%d %s" 1}}', {}, "1 %!s(MISSING)"),
        ('{{printf "%d" .n}}', {"n": 1}, "%!d(json.Number=1)"),
        ('{{printf "a" 1}}', {}, "a%!(EXTRA int=1)"),
        ('{{print "a" 1 2 "b" true nil}}', {}, "a1 2b" + "true <nil>"),
        ("{{println 1 `a`}}", {}, "1 a\n"),
        ("{{.s | len | printf `%d!`}}", {"s": "é"}, "2!"),
        ("{{len .l}} {{index .l 1}} {{index .m `a` 0}}", {"l": [1, 2], "m": {"a": ["x"]}}, "2 2 x"),
        ("{{slice .s 1 3}}{{slice .l 1}}", {"s": "abcd", "l": [1, 2]}, "bc[2]"),
        ("{{eq .s `b` `a`}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt `b` `a`}} {{ge 1.5 2.5}}",
         {"s": "a"}, "true true true true true false"),
        ("{{eq .n nil}} {{eq .s nil}}", {"n": None, "s": "a"}, "true false"),
        ("{{and 1 0 .missing}} {{or 0 `x` .missing}} {{not 0}}", {}, "0 x true"),
        ("{{(index .l 0).a}} {{(len .l) | print}}", {"l": [{"a": "x"}]}, "x 1"),
        ("{{html .s}}{{js .s}}{{urlquery .s}}", {"s": "<'é&"},
         "&lt;&#39;é&amp;\\u003C\\'é\\u0026%3C%27%C3%A9%26"),
        ("{{'a'}} {{0x10}} {{1_000}} {{-1}} {{1e3}} {{`r\\n`}} {{\"\\u00e9\"}}", {},
         "97 16 1000 -1 1000 r\\n é"),
    ],
)  # fmt: skip
def test_templates_render_as_in_go(template: str, variables: Any, text: str) -> None:
    assert render(template, variables) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "hello {{.missing}}",
            'template:1:8: executing "template" at <.missing>: map has no entry for key "missing"',
        ),
        ("\n {{.a.b}}", 'template:2:3: executing "template" at <.a.b>: can\'t evaluate field b'),
        ("{{.n.b}}", "nil pointer evaluating interface {}.b"),
        ("{{index .l 5}}", "error calling index: index out of range: 5"),
        ("{{index .l `a`}}", "error calling index: cannot index slice/array with type string"),
        ("{{len nil}}", "error calling len: len of nil pointer"),
        ("{{lt 1 `a`}}", "error calling lt: incompatible types for comparison"),
        ("{{lt .l .l}}", "error calling lt: invalid type for comparison"),
        ("{{eq .l .l}}", "error calling eq: non-comparable type []interface {}"),
        ("{{eq .five 5}}", "error calling eq: incompatible types for comparison"),
        ("{{not 1 2}}", "wrong number of args for not: want 1 got 2"),
        ("{{.a 1}}", "can't give argument to non-function .a"),
        ("{{range .a}}{{end}}", "range can't iterate over x"),
        ("{{if .a}}", "template: template:1: unexpected EOF"),
        ("{{end}}", "template: template:1: unexpected {{end}}"),
        ("a\n{{else}}", "template: template:2: unexpected {{else}}"),
        ("{{nope .a}}", 'template: template:1: function "nope" not defined'),
        ("{{$x}}", 'template: template:1: undefined variable "$x"'),
        ("{{if true}}{{$x := 1}}{{end}}{{$x}}", 'undefined variable "$x"'),
        ("{{.a", "unclosed action"),
        ("{{(1}}", "unclosed left paren"),
        ("{{.a | }}", "missing value for command"),
        ("{{1 | 2}}", "non executable command in pipeline stage 2"),
        ("{{break}}", "{{break}} outside {{range}}"),
        ("{{define `x`}}{{end}}", "{{define}} is not supported"),
        ("{{template `x`}}", "{{template}} is not supported"),
        ("{{call .a}}", 'function "call" not defined'),
        ("{{?}}", 'unexpected "?" in operand'),
    ],
)
def test_wrong_templates_are_errors_in_gos_words(template: str, message: str) -> None:
    with pytest.raises(BuiltinError) as caught:
        render(template, {"a": "x", "n": None, "l": [1], "five": 5})
    assert message in caught.value.message


def test_operands_are_a_string_and_an_object() -> None:
    with pytest.raises(OperandError, match="operand 1 must be string but got number"):
        render(1)
    with pytest.raises(OperandError, match="operand 2 must be object but got array"):
        render("", [1])


@pytest.mark.parametrize(
    "template",
    [
        "{{range 2000000}}{{end}}",
        "{{range 2000}}{{range 2000}}{{end}}{{end}}",
        "{{range 100000}}aaaaaaaaaaaaaaaaaaaa{{end}}",
        "{{if true}}" * 200 + "{{end}}" * 200,
        "{{" + "(" * 200 + "1" + ")" * 200 + "}}",
        '{{printf "%1000000000d" 1}}',
        " " * ((1 << 20) + 1),
    ],
)
def test_templates_have_limits(template: str) -> None:
    with pytest.raises(PolicyError, match="limit") as caught:
        render(template)
    assert not isinstance(caught.value, BuiltinError)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"a": RegoSet(["b"])}, "invalid character '}' after object key"),
        ({1: 2}, "invalid character '1' looking for beginning of object key string"),
        ({"a": RegoSet()}, "invalid character 's' looking for beginning of value"),
    ],
)
def test_variables_that_are_no_json_are_refused(variables: Any, message: str) -> None:
    with pytest.raises(BuiltinError) as caught:
        render("x", variables)
    assert message in caught.value.message
