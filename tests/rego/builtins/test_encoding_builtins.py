"""JSON, YAML, Base64, hexadecimal, URLs, package URLs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from probanda.rego.builtins import BUILTINS, BuiltinError
from probanda.rego.values import RegoSet, equal, key


def call(name: str, *arguments: Any) -> Any:
    return BUILTINS[name].function(*arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        (
            "json.marshal",
            [{"b": RegoSet([2, 1]), "a": "<é\u2028\n\x01>", 1: None}],
            '{"1":null,"a":"\\u003cé\\u2028\\n\\u0001\\u003e","b":[1,2]}',
        ),
        ("json.marshal", [[1.0, Decimal("0.10"), 1e21]], "[1.0,0.10,1e21]"),
        ("json.marshal", [{key([1]): True}], '{"[1]":true}'),
        (
            "json.marshal_with_options",
            [{"a": [1, {}]}, {"indent": " ", "prefix": ">"}],
            '>{\n> "a": [\n>  1,\n>  {}\n> ]\n>}',
        ),
        ("json.marshal_with_options", [[1], {"pretty": False, "indent": " "}], "[1]"),
        ("json.unmarshal", ['{"a":1.50,"a":2e2,"b":"\\ud800"}'], {"a": 200, "b": "\ufffd"}),
        ("json.unmarshal", ["9007199254740993"], 9007199254740993),
        ("json.is_valid", ["[1,]"], False),
        ("json.is_valid", ["NaN"], False),
        ("json.is_valid", [1], False),
        (
            "yaml.unmarshal",
            ["a: [yes, 010, 1_0, 1e3, .5, 2001-01-01, ~, 'no', 0o7]\n1: x"],
            {"a": ["yes", 8, 10, 1000, Decimal("0.5"), "2001-01-01", None, "no", 7], "1": "x"},
        ),
        (
            "yaml.unmarshal",
            ["a: &x {b: 1}\nc: {<<: *x, d: 2}"],
            {"a": {"b": 1}, "c": {"b": 1, "d": 2}},
        ),
        ("yaml.unmarshal", ["a: 1\n---\nb: 2"], {"a": 1}),
        ("yaml.unmarshal", [""], None),
        ("yaml.is_valid", ["a: [1"], False),
        ("yaml.is_valid", [".nan"], False),
        (
            "yaml.marshal",
            [{"a10": 1, "a2": ["yes", "x\ny", "1.0", ""], "e": {}}],
            'a2:\n  - "yes"\n  - |-\n    x\n    y\n  - "1.0"\n  - ""\na10: 1\ne: {}\n',
        ),
        ("base64.encode", ["é?>"], "w6k/Pg=="),
        ("base64.decode", ["w6k/\nPg=="], "é?>"),
        ("base64.is_valid", ["w6k"], False),
        ("base64url.encode", ["é?>"], "w6k_Pg=="),
        ("base64url.encode_no_pad", ["é?>"], "w6k_Pg"),
        ("base64url.decode", ["w6k_Pg"], "é?>"),
        ("hex.encode", ["é"], "c3a9"),
        ("hex.decode", ["C3a9"], "é"),
        ("urlquery.encode", ["a b&é~"], "a+b%26%C3%A9~"),
        ("urlquery.decode", ["a+b%26"], "a b&"),
        (
            "urlquery.encode_object",
            [{"b": RegoSet(["2", "1"]), "a": "x y", "c": []}],
            "a=x+y&b=1&b=2",
        ),
        ("urlquery.decode_object", ["a=1&b&a=2&&=x"], {"a": ["1", "2"], "b": [""], "": ["x"]}),
        (
            "uri.parse",
            ["https://u:p@A.example:8443/x%2Fy?z=1#f%20g"],
            {
                "scheme": "https",
                "hostname": "A.example",
                "port": "8443",
                "path": "/x/y",
                "raw_path": "/x%2Fy",
                "raw_query": "z=1",
                "fragment": "f g",
            },
        ),
        ("uri.parse", ["//[::1]:80"], {"hostname": "::1", "port": "80"}),
        ("uri.is_valid", [""], False),
        ("uri.is_valid", ["http://[::1"], False),
        ("uri.is_valid", ["a:b:c"], True),
        (
            "purl.parse",
            ["pkg:npm/@scope/Name@1.0?b=2&a=x%20y#sub/dir"],
            {
                "type": "npm",
                "namespace": "@scope",
                "name": "Name",
                "version": "1.0",
                "qualifiers": {"a": "x y", "b": "2"},
                "subpath": "sub/dir",
            },
        ),
        ("purl.parse", ["pkg:PyPI/Foo_Bar"], {"type": "pypi", "name": "foo-bar"}),
        ("purl.is_valid", ["pkg:swift/x"], False),
        ("purl.is_valid", ["npm/x"], False),
    ],
)
def test_encodings(name: str, arguments: list[Any], result: Any) -> None:
    assert equal(call(name, *arguments), result)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("base64.decode", "QQ=", "illegal base64 data at input byte 3"),
        ("base64.decode", "Q Q=", "illegal base64 data at input byte 1"),
        ("base64url.decode", "Q", "illegal base64url string: Q"),
        ("hex.decode", "fg", "encoding/hex: invalid byte: U+0067 'g'"),
        ("hex.decode", "fff", "encoding/hex: odd length hex string"),
        ("urlquery.decode", "%zz", 'invalid URL escape "%zz"'),
        ("urlquery.decode_object", "a=1;b=2", "invalid semicolon separator in query"),
        ("json.unmarshal", "{", "unexpected EOF"),
        ("yaml.unmarshal", "a: b: c", "yaml: mapping values are not allowed in this context"),
        ("yaml.unmarshal", "*a", "yaml: unknown anchor 'a' referenced"),
        ("uri.parse", "http://a b/", 'parse "http://a b/": invalid character " " in host name'),
        ("purl.parse", "pkg:npm", 'invalid PURL "pkg:npm": purl is missing type or name'),
    ],
)
def test_malformed_text_is_an_error_in_go_s_words(name: str, text: str, message: str) -> None:
    with pytest.raises(BuiltinError) as caught:
        call(name, text)
    assert caught.value.message == message


def test_bytes_that_are_no_text_survive_decoding_and_encoding() -> None:
    decoded = call("base64.decode", "/wA=")
    assert call("count", decoded) == 2
    assert call("hex.encode", decoded) == "ff00"
    assert call("json.marshal", decoded) == '"\\ufffd\\u0000"'


def test_yaml_that_multiplies_itself_is_refused() -> None:
    lines = ["a0: &a0 [x, x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)
    ]
    with pytest.raises(Exception, match="nodes of YAML would exceed"):
        call("yaml.unmarshal", "\n".join(lines))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "EOF"),
        ("[1,2", "unexpected EOF"),
        ("nul", "unexpected EOF"),
        ("1.", "unexpected EOF"),
        ("{a:1}", "invalid character 'a' looking for beginning of object key string"),
        ('{"a"}', "invalid character '}' after object key"),
        ('{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("[1}", "invalid character '}' after array element"),
        ("trux", "invalid character 'x' in literal true (expecting 'e')"),
        ('"a\\x"', "invalid character 'x' in string escape code"),
        ('"\\u12"', "invalid character '\"' in \\u hexadecimal character escape"),
        ('"\t"', "invalid character '\\t' in string literal"),
        ("-a", "invalid character 'a' in numeric literal"),
        ("1.a", "invalid character 'a' after decimal point in numeric literal"),
        ("1e+x", "invalid character 'x' in exponent of numeric literal"),
        ("NaN", "invalid character 'N' looking for beginning of value"),
        ("é", "invalid character 'Ã' looking for beginning of value"),
        ('1 "x"', "error: invalid character 'x' after top-level value"),
        ("{} {}", "error: invalid character '{' after top-level value"),
        ("12.34.5", "invalid character '.' looking for beginning of value"),
        ("2020-01", "error: invalid character '-0' after top-level value"),
    ],
)
def test_malformed_json_is_described_as_go_describes_it(text: str, message: str) -> None:
    with pytest.raises(BuiltinError) as caught:
        call("json.unmarshal", text)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": {"b": [{"c": 1, "d": [2]}]}}, "a:\n  b:\n    - c: 1\n      d:\n        - 2\n"),
        ([[1, 2], [3]], "- - 1\n  - 2\n- - 3\n"),
        ({"": ""}, '"": ""\n'),
        ("", '""\n'),
        ("word " * 30 + "x", "word " * 30 + "x\n"),
        ("\U0001f600", '"\\U0001F600"\n'),
        (["on", "1.0", "~"], '- "on"\n- "1.0"\n- "~"\n'),
    ],
)
def test_yaml_is_written_with_sequences_indented_and_lines_whole(value: Any, text: str) -> None:
    assert call("yaml.marshal", value) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[a-z]+", "yaml: did not find expected <document start>"),
        ("%YAML 1.2\n---\na", "yaml: found incompatible YAML document"),
        ("a: b\nc", "yaml: line 2: could not find expected ':'"),
    ],
)
def test_malformed_yaml_is_an_error(text: str, message: str) -> None:
    with pytest.raises(BuiltinError) as caught:
        call("yaml.unmarshal", text)
    assert caught.value.message == message
    assert call("yaml.is_valid", text) is False
