from __future__ import annotations

import pytest

from probanda.rego.opinions.interface import (
    UNDEFINED_ANSWER,
    Answer,
    Kind,
    unrepeatable,
    value_answer,
)
from probanda.rego.opinions.table import ENGINES

TRUE = Answer(Kind.VALUE, "true")
SILENT = Answer(Kind.NO_OPINION, "crashed")
BUILTIN = Answer(Kind.ERROR, "eval_builtin_error")
CONFLICT = Answer(Kind.ERROR, "eval_conflict_error")


def test_the_table_names_each_engine_by_its_name():
    assert list(ENGINES) == ["regopy", "regorus", "opa"]
    assert all(engine.name == name for name, engine in ENGINES.items())
    assert [name for name, engine in ENGINES.items() if engine.exact] == ["opa"]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", "1.0"),
        ("100", "1e2"),
        ("0.30000000000000004", "0.300000000000000041"),
        ('{"b": 1, "a": 2}', '{"a":2,"b":1}'),
        ('"\\u00e9"', '"é"'),
    ],
)
def test_one_value_has_one_text(left, right):
    assert value_answer(left) == value_answer(right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("1", "true"),
        ("1", '"1"'),
        ("9007199254740993", "9007199254740992"),
        ("0.1", "0.2"),
        ("[1, 2]", "[2, 1]"),
        ("null", "false"),
        ('{"decimal": "0.1"}', "0.2"),
    ],
)
def test_different_values_have_different_texts(left, right):
    assert value_answer(left) != value_answer(right)


def test_a_gigantic_exponent_does_not_become_digits():
    assert len(value_answer("1e999999").text) < 40


def test_the_detail_of_an_error_is_for_people_alone():
    error = Answer(Kind.ERROR, "eval_builtin_error", "divide by zero")

    assert error == BUILTIN
    assert str(error) == "error eval_builtin_error (divide by zero)"
    assert str(UNDEFINED_ANSWER) == "undefined"
    assert str(TRUE) == "true"


@pytest.mark.parametrize("name", list(ENGINES))
def test_no_opinion_neither_agrees_nor_is_agreed_with(name):
    engine = ENGINES[name]

    assert engine.agrees(TRUE, TRUE)
    assert not engine.agrees(TRUE, UNDEFINED_ANSWER)
    assert not engine.agrees(TRUE, SILENT)
    assert not engine.agrees(SILENT, SILENT)
    assert not engine.agrees(UNDEFINED_ANSWER, BUILTIN)


def test_codes_of_errors_count_for_the_exact_engine_alone():
    assert ENGINES["regorus"].agrees(BUILTIN, CONFLICT)
    assert not ENGINES["opa"].agrees(BUILTIN, CONFLICT)
    assert ENGINES["opa"].agrees(CONFLICT, CONFLICT)


def test_what_answers_differently_every_time_is_found_by_name():
    assert unrepeatable({"a": "package a", "b": "p := time.now_ns()"}) == "time.now_ns"
    assert unrepeatable({"a": "p := http.send({})"}) == "http.send"
    assert unrepeatable({"a": "p := time.now_ns_of(1)\nq := mytime.now"}) == ""
