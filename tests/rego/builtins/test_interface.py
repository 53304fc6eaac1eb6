"""How built-ins are declared, called and fail."""

from __future__ import annotations

import importlib
from decimal import Decimal
from pathlib import Path

import pytest

from probanda.errors import PolicyError
from probanda.rego.builtins import (
    BUILTINS,
    FAMILIES,
    SIGNATURES,
    BuiltinError,
    OperandError,
    describe,
    interface,
    json_text,
    text,
)
from probanda.rego.builtins.interface import MAX_OUTPUT, integer, limit, strings
from probanda.rego.values import RegoSet

# What is no function of a value: the compiler rewrites these away.
LANGUAGE = {"assign", "rego.metadata.chain", "rego.metadata.rule"}


def test_every_builtin_has_a_signature_and_its_arity() -> None:
    assert set(BUILTINS) <= set(SIGNATURES)
    for name, builtin in BUILTINS.items():
        assert (builtin.name, builtin.arity) == (name, SIGNATURES[name].arity)


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_family_defines_what_the_table_says_and_no_more(family: str) -> None:
    module = importlib.import_module(f"probanda.rego.builtins.{family}")
    assert sorted(one.name for one in module.BUILTINS) == sorted(FAMILIES[family].split())


def test_no_builtin_belongs_to_two_families() -> None:
    names = [name for names in FAMILIES.values() for name in names.split()]
    assert len(names) == len(set(names)) == len(BUILTINS)
    assert set(names) == set(SIGNATURES) - LANGUAGE


def test_every_module_with_builtins_is_a_family() -> None:
    folder = Path(interface.__file__).parent
    found = {path.stem for path in folder.glob("*.py") if "\nBUILTINS: " in path.read_text()}
    assert found - {"__init__"} == set(FAMILIES)


def test_a_name_that_is_no_builtin_is_not_found() -> None:
    assert "no.such" not in BUILTINS
    assert BUILTINS.get("no.such") is None
    assert list(BUILTINS) == [name for names in FAMILIES.values() for name in names.split()]


def test_the_language_s_own_functions_are_no_builtins() -> None:
    assert not LANGUAGE & set(BUILTINS)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("http.send", [{"url": "https://a.example", "method": "get"}]),
        ("net.lookup_ip_addr", ["a.example"]),
        ("opa.runtime", []),
    ],
)
def test_a_refused_builtin_fails_the_query_and_is_never_undefined(
    name: str, arguments: list[object]
) -> None:
    assert SIGNATURES[name].impure
    with pytest.raises(PolicyError, match=f"{name} is refused") as caught:
        BUILTINS[name].function(*arguments)
    assert not isinstance(caught.value, BuiltinError)


def test_a_limit_fails_the_query_and_is_never_undefined() -> None:
    with pytest.raises(PolicyError, match="would exceed the limit of 3") as caught:
        limit("it", 3, 4)
    assert not isinstance(caught.value, BuiltinError)
    assert caught.value.code == "eval_limit_error"


def test_the_message_of_an_error_starts_with_the_function_s_name() -> None:
    assert describe("div", BuiltinError("divide by zero")) == "div: divide by zero"


@pytest.mark.parametrize("value", [1.5, Decimal("0.1"), 1 << 63, -(1 << 63) - 1])
def test_an_operand_that_is_no_integer_of_64_bits_is_refused(value: object) -> None:
    with pytest.raises(OperandError, match="operand 2 must be integer number but got floating-p"):
        integer(value, 2)


def test_a_whole_number_written_with_a_point_is_an_integer() -> None:
    assert integer(3.0, 1) == 3


def test_the_first_wrong_member_of_a_set_in_order_is_named() -> None:
    with pytest.raises(OperandError, match="set of strings but got set containing null"):
        strings(RegoSet(["a", 1, None]), 1)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("count", [1], "operand 1 must be one of {array, object, set, string} but got number"),
        ("sum", [["a"]], "operand 1 must be array of numbers but got array containing string"),
        ("minus", [RegoSet(), 1], "operand 2 must be set but got number"),
        ("minus", [1, RegoSet()], "operand 2 must be number but got set"),
        ("bits.and", ["1", 1], "operand 1 must be integer but got string"),
        ("bits.lsh", [1, -1], "operand 2 must be an unsigned integer number but got a negative"),
        ("format_int", [1, 3], "operand 2 must be one of {2, 8, 10, 16}"),
        ("concat", [",", "a"], "operand 2 must be one of {set, array} but got string"),
        ("object.filter", [{}, 1], "operand 2 must be one of {object, set, array} but got number"),
        ("json.remove", [{}, [1]], "operand 2 must be one of {set, array} containing string paths"),
        ("strings.replace_n", [{"a": 1}, "a"], "operand 1 non-string value found in pattern"),
        ("glob.match", ["*", "x", "y"], "operand 2 must be one of {array, null} but got string"),
        ("to_number", ["NaN"], "operand 1 must be valid number string but got string"),
        ("graph.reachable", [{}, "a"], "operand 2 must be {array, set} but got string"),
        ("object.subset", [{}, []], "both arguments object.subset must be of the same type or"),
    ],
)
def test_operand_errors_say_what_opa_says(name: str, arguments: list[object], message: str) -> None:
    with pytest.raises(OperandError) as caught:
        BUILTINS[name].function(*arguments)
    assert message in caught.value.message
    assert caught.value.code == "eval_type_error"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("numbers.range", [0, MAX_OUTPUT + 1]),
        ("sprintf", ["%2000000d", [1]]),
        ("concat", ["x" * 1000, ["a"] * 1001]),
        ("replace", ["a" * 1000, "a", "b" * 1001]),
        ("regex.replace", ["a" * 1000, "a", "b" * 1001]),
        ("array.concat", [[0] * MAX_OUTPUT, [0]]),
        ("net.cidr_expand", ["10.0.0.0/8"]),
        ("bits.lsh", [1, 1_000_000]),
        ("mul", [10**3999, 10**3999]),
        ("units.parse", ["1e999999"]),
        ("regex.match", ["a" * 30_000, "a"]),
        ("json.unmarshal", ["[" * 10_000]),
        ("yaml.unmarshal", ["[" * 10_000]),
    ],
)
def test_what_would_get_too_large_fails_the_query(name: str, arguments: list[object]) -> None:
    with pytest.raises(PolicyError, match="would exceed the limit") as caught:
        BUILTINS[name].function(*arguments)
    assert not isinstance(caught.value, BuiltinError)


def test_a_value_that_shares_its_parts_does_not_become_endless_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (json_text, text):
        monkeypatch.setattr(module, "MAX_TEXT", 10_000)
    value: object = "x"
    for _ in range(60):
        value = [value, value]
    for name in ("json.marshal", "yaml.marshal", "internal.template_string"):
        argument = [RegoSet.of({"k": value})] if name.startswith("internal") else value
        with pytest.raises(PolicyError, match="would exceed the limit"):
            BUILTINS[name].function(argument)
