"""OPA's conformance cases: from source, and OPA's own plans. Every failing case is listed here."""

from __future__ import annotations

import json

import pytest

from probanda import rego
from probanda.errors import PolicyError
from probanda.rego.conformance import read_cases, run_case, run_file

# (file, index) → why we answer otherwise. Nothing else may fail; nothing here may pass.
KNOWN = {
    ("withkeyword/test-with-builtin-mock.json", 24): (
        "puts opa.runtime in the place of another function; we refuse opa.runtime wherever it is"
        " called, since a decision must not depend on the machine that makes it"
    ),
}


@pytest.fixture(scope="module")
def cases(vectors):
    return vectors / "rego" / "opa-conformance.jsonl.gz"


@pytest.mark.parametrize("plans", [False, True], ids=["source", "plans"])
def test_every_case_is_answered_as_opa_answers_it(cases, plans):
    report = run_file(cases, plans=plans)

    failed = {(failure.file, failure.index): failure.reason for failure in report.failures}
    assert report.total >= 1239
    assert set(failed) == set(KNOWN), failed


def test_a_wrong_result_a_missing_error_and_another_message_fail(cases):
    first = next(case for case in read_cases(cases) if case.get("want_result"))
    error = next(case for case in read_cases(cases) if case.get("want_error"))

    assert run_case(first) == ""
    assert "wanted" in run_case({**first, "want_result": [{"x": "something else"}]})
    assert "got a result" in run_case({**first, "want_error_code": "eval_conflict_error"})
    assert run_case(error) == ""
    assert "wanted an error with" in run_case({**error, "want_error": "no such words"})
    assert "wanted" in run_case({**error, "want_error_code": "eval_other_error"})


def test_a_case_that_wants_nothing_fails():
    case = {"modules": ["package a\np := 1"], "query": "data.a.p = x"}

    assert run_case(case) == "the case says nothing that it wants"


def test_plain_and_compressed_files_are_read_alike(tmp_path):
    case = {"modules": ["package a\np := 1"], "query": "data.a.p = x", "want_result": [{"x": 1}]}
    (tmp_path / "cases.jsonl").write_text(json.dumps(case) + "\n")

    assert run_file(tmp_path / "cases.jsonl").passed == 1


# Each row is answered wrongly by other engines on the package index.
ORDINARY = [
    ('p if startswith(input.names[i], "x")', {"names": ["ax", "xa"]}, True),
    ('p if { some i; startswith(input.names[i], "x") }', {"names": ["ax", "xa"]}, True),
    ("p contains k if count(input.r[k]) == 1", {"r": {"a": [1], "b": [1, 2]}}, ["a"]),
    ("p contains k if { x := [input.n[k]]; x == [2] }", {"n": {"a": 2, "b": 3}}, ["a"]),
    ('p contains k if {"v": 2} == {"v": input.n[k]}', {"n": {"a": 2, "b": 3}}, ["a"]),
    ('p if startswith(input.names[_], "x")', {"names": ["ax", "xa"]}, True),
    ("p contains k if k := upper(input.names[_])", {"names": ["a"]}, ["A"]),
    ("p contains x if [x, 1] = [input.n[_], 1]", {"n": [7]}, [7]),
    ("p contains lib if input.libs[lib].bad", {"libs": {"z": {"bad": True}, "y": {}}}, ["z"]),
    ("p if every x in input.xs { x > 1 }", {"xs": [2, 3]}, True),
    ("p := count({1, true, 1.0})", {}, 2),
    ("p if 0.1 + 0.2 == 0.3", {}, True),
    ("p := 9007199254740993 + 1", {}, 9007199254740994),
    ("p if {} < set()", {}, True),
    ("p if not input.x", {"x": False}, True),
    ("p if not input.x", {}, True),
]


@pytest.mark.parametrize(("body", "value", "expected"), ORDINARY, ids=[row[0] for row in ORDINARY])
def test_ordinary_rego_is_answered_rightly(body, value, expected):
    modules = {"p.rego": f"package t\n{body}", "lib.rego": "package lib\nx := 1"}

    assert rego.compile(modules, ["t/p"]).prepare("t/p")(value, {}) == expected


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("p if not blokced", "rego_unsafe_var_error"),
        ("p if not input.x == z", "rego_unsafe_var_error"),
        ("p if { x := 1; x := 2 }", "rego_compile_error"),
        ("f(x) := x\np if not f(1, 2, 3)", "rego_type_error"),
        ("p if nosuch(1)", "rego_type_error"),
        ("p if q\nq if p", "rego_recursion_error"),
        ("p if count(1) == 1", "rego_type_error"),
        ("p if {", "rego_parse_error"),
    ],
)
def test_what_is_unsound_is_refused_with_opas_code(body, code):
    with pytest.raises(PolicyError) as caught:
        rego.compile({"p.rego": f"package t\n{body}"})

    assert caught.value.code == code
    assert caught.value.location.path == "p.rego"
