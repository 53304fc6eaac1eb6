"""Numbers: exact integers, and fractions as OPA computes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probanda.rego.builtins import BUILTINS, BuiltinError, numeric
from probanda.rego.values import UNDEFINED, RegoSet


def call(name: str, *arguments: Any) -> Any:
    return BUILTINS[name].function(*arguments)


@pytest.mark.parametrize(
    ("name", "left", "right", "result"),
    [
        ("plus", 0.1, 0.2, Decimal("0.3")),
        ("plus", 9007199254740993, 1, 9007199254740994),
        ("minus", 1, Decimal("0.75"), Decimal("0.25")),
        ("minus", 1, Decimal("0.9"), Decimal("0.10000000000000000002")),
        ("mul", Decimal("1.5"), 2, 3),
        ("div", 1, 3, Decimal("0.33333333333333333334")),
        ("div", 10, 4, Decimal("2.5")),
        ("div", 6, 3, 2),
        ("div", -2, 3, Decimal("-0.6666666666666666667")),
        # As big.Float's 64 bits have it.
        ("plus", Decimal("9808172.7887"), Decimal("60.81"), Decimal("9808233.5987000000005")),
        ("rem", 7, 4, 3),
        ("rem", -7, 4, -3),
        ("rem", 7, -4, 3),
        ("rem", 10, 1 << 64, 10),
    ],
)
def test_arithmetic_gives_what_opa_gives(name: str, left: Any, right: Any, result: Any) -> None:
    given_ = call(name, left, right)
    assert given_ == result
    assert isinstance(given_, int) == isinstance(result, int)


@pytest.mark.parametrize(
    ("name", "left", "right", "message"),
    [
        ("div", 1, 0, "divide by zero"),
        ("div", 1, 0.0, "divide by zero"),
        ("rem", 1, 0, "modulo by zero"),
        ("rem", 1.1, 1, "modulo on floating-point number"),
    ],
)
def test_what_has_no_result_is_an_error(name: str, left: Any, right: Any, message: str) -> None:
    with pytest.raises(BuiltinError) as caught:
        call(name, left, right)
    assert caught.value.message == message


@given(st.integers(), st.integers())
def test_sums_and_products_of_integers_are_exact(left: int, right: int) -> None:
    assert call("plus", left, right) == left + right
    assert call("mul", left, right) == left * right


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-1e9, max_value=1e9))
def test_a_decimal_survives_being_divided_by_one(number: Decimal) -> None:
    assert call("div", number, 1) == number


@pytest.mark.parametrize(
    ("name", "number", "result"),
    [
        ("round", Decimal("2.5"), 3),
        ("round", Decimal("-2.5"), -3),
        ("ceil", Decimal("-1.99999"), -1),
        ("ceil", Decimal("1.01"), 2),
        # Between −1 and 0 OPA goes by the sign of the integer part.
        ("floor", Decimal("-0.5"), 0),
        ("ceil", Decimal("-0.5"), 1),
        ("floor", Decimal("-1.5"), -2),
        # What OPA holds is a float of 64 bits.
        ("round", Decimal("1.49999999999999999999"), 2),
        ("ceil", Decimal("3.0000000000000000000001"), 3),
        ("abs", Decimal("-3.0000000000000000000001"), 3),
        ("round", Decimal("1E+40"), 9999999999999999999783686092270256259072),
        ("product", [Decimal("0.1"), 3], Decimal("0.30000000000000004")),
        ("product", [Decimal("1.1"), Decimal("1.1")], Decimal("1.2100000000000002")),
        ("product", [2, 3, 10**30], 6 * 10**30),
        ("sum", [Decimal("0.1"), Decimal("0.2")], Decimal("0.3")),
        ("floor", 2.9, 2),
        ("abs", Decimal("-1.5"), Decimal("1.5")),
        ("abs", -(10**30), 10**30),
        ("bits.negate", 5, -6),
    ],
)
def test_rounding_and_signs(name: str, number: Any, result: Any) -> None:
    assert call(name, number) == result


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (10**20, "1" + "0" * 20),
        (Decimal("1E+21"), "1e21"),
        (Decimal("1.0"), "1.0"),
        (Decimal("-0.0"), "-0.0"),
        (Decimal("2.50"), "2.50"),
        (1.0, "1.0"),
        (0.000001, "0.000001"),
        (1.5e-7, "1.5e-07"),
        (-2.5, "-2.5"),
    ],
)
def test_the_text_of_a_number(number: Any, text: str) -> None:
    assert numeric.number_text(number) == text


def test_aggregates() -> None:
    assert call("sum", [1, Decimal("0.5"), 2.0]) == Decimal("3.5")
    assert call("sum", []) == 0
    assert call("product", RegoSet([2, 3, 4])) == 24
    assert call("max", [1, "a", None]) == "a"
    assert call("min", RegoSet([True, 2])) is True
    assert call("max", []) is UNDEFINED
    assert call("sort", RegoSet([[], "a", 1, None, {}, True])) == [None, True, 1, "a", [], {}]
    assert call("all", [True, 1]) is False
    assert call("any", RegoSet([True])) is True


def test_membership_tells_true_from_one() -> None:
    assert call("internal.member_2", 1, [True]) is False
    assert call("internal.member_2", 1, [1.0]) is True
    assert call("internal.member_2", "a", {"k": "a"}) is True
    assert call("internal.member_2", True, RegoSet([1])) is False
    assert call("internal.member_3", 1, "b", ["a", "b"]) is True
    assert call("internal.member_3", "b", "b", RegoSet(["b"])) is True
    assert call("internal.member_2", "a", "abc") is False


def test_ranges_run_both_ways() -> None:
    assert call("numbers.range", 1, 3) == [1, 2, 3]
    assert call("numbers.range", 3, 1) == [3, 2, 1]
    assert call("numbers.range_step", 0, 10, 4) == [0, 4, 8]
    assert call("numbers.range_step", 0, -10, 4) == [0, -4, -8]
    with pytest.raises(BuiltinError, match="step must be a positive integer"):
        call("numbers.range_step", 0, 1, 0)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("-0.50", Decimal("-0.5")), ("+3", 3), (".5", Decimal("0.5")), ("1e3", 1000)],
)
def test_text_becomes_a_number(text: str, number: Any) -> None:
    assert call("to_number", text) == number


@pytest.mark.parametrize("text", ["", " 1", "1 ", "a", "1e400", "1__0", "٣"])
def test_text_that_is_no_number_is_an_error(text: str) -> None:
    with pytest.raises(BuiltinError, match=r"strconv\.ParseFloat"):
        call("to_number", text)
