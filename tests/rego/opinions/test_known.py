"""Every known disagreement has an example, and its engine is still wrong about it."""

from __future__ import annotations

import shutil

import pytest

from probanda import rego
from probanda.gates.second_opinion import own_answer
from probanda.rego.opinions.interface import UNDEFINED_ANSWER, Answer, Kind, Question
from probanda.rego.opinions.known import INDEXED, KNOWN, explanation
from probanda.rego.opinions.table import ENGINES

# Name, engine → body, input, the right answer. OPA confirms the right answer where it is there.
EXAMPLES = {
    ("negated-arguments", "regopy"): ('p if not startswith(input.x, "a")', {}, "undefined"),
    ("negated-arguments", "regorus"): ('p if not startswith(input.x, "a")', {}, "undefined"),
    ("partial-object-of-objects", "regorus"): (
        'p[k] contains v if { k := "a"; v := input.x }', {}, "{}",
    ),
    ("membership-of-key", "regopy"): ("p := [1 | input.x, 1 in input]", {}, "[]"),
    ("membership-of-key", "regorus"): ('p if { "a", [input.x] in {} }', {}, "undefined"),
    ("order-of-types", "regopy"): ("p if { {} < set() }", {}, "true"),
    ("order-of-types", "regorus"): ("p if { {} < set() }", {}, "true"),
    ("decimals", "regorus"): ("p := 0.1 + 0.2", {}, '{"decimal":"0.3"}'),
    ("order-of-evaluation", "regopy"): (
        'p := 1 if { input.x == 1; every y in [input.x] { z := to_number("a"); z == y } }',
        {}, "undefined",
    ),
    ("order-of-evaluation", "regorus"): (
        'p := 1 if { x := to_number("a"); input.x == x }', {}, "undefined",
    ),
}  # fmt: skip


def modules(body):
    return {"p.rego": f"package t\n{body}\n"}


def answer(name, body, value):
    engine = ENGINES[name]
    if reason := engine.absence():
        pytest.skip(f"{name}: {reason}")
    with engine.session(10.0) as session:
        return session.answers(modules(body), [Question("t/p", value)])[0]


def own(body, value, *, strict):
    return own_answer(rego.compile(modules(body)), Question("t/p", value), strict=strict)


def test_every_known_disagreement_has_an_example():
    assert {(known.name, known.engine) for known in KNOWN} == set(EXAMPLES)
    assert all(known.reason and known.source for known in (*KNOWN, INDEXED))


@pytest.mark.parametrize(
    ("name", "engine"), [key for key in EXAMPLES if "order-of-e" not in key[0]]
)
def test_the_engine_is_still_wrong_and_we_are_right(name, engine):
    body, value, right = EXAMPLES[name, engine]

    ours, theirs = own(body, value, strict=True), answer(engine, body, value)

    assert str(ours) == right
    assert theirs.kind is not Kind.NO_OPINION
    assert not ENGINES[engine].agrees(ours, theirs)
    known = explanation(engine, modules(body), ours, theirs)
    assert known is not None
    assert known.name == name


@pytest.mark.skipif(not shutil.which("opa"), reason="there is no `opa` on the PATH")
@pytest.mark.parametrize("key", EXAMPLES, ids="-".join)
def test_opa_confirms_what_is_right(key):
    body, value, right = EXAMPLES[key]

    assert str(answer("opa", body, value)) == right


def test_an_explanation_is_about_its_engine_its_construct_and_its_answers():
    true, absent = Answer(Kind.VALUE, "true"), UNDEFINED_ANSWER
    negated = modules("p if not count(input.x) == 1")

    assert explanation("regopy", negated, absent, true).name == "negated-arguments"
    assert explanation("opa", negated, absent, true) is None
    for plain in ("p if not input.x", "p if not input.x == 1", "p if count(input.x) == 1"):
        assert explanation("regopy", modules(plain), absent, true) is None, plain
    sums = modules("p := input.x + 0.1")
    near = Answer(Kind.VALUE, '{"decimal":"0.30000000000000004"}')
    assert explanation("regorus", sums, Answer(Kind.VALUE, '{"decimal":"0.3"}'), near)
    assert explanation("regorus", sums, Answer(Kind.VALUE, '{"decimal":"0.4"}'), near) is None


def test_an_error_of_a_builtin_that_one_engine_meets_is_a_matter_of_order():
    failed = Answer(Kind.ERROR, "eval_builtin_error")
    conflict = Answer(Kind.ERROR, "eval_conflict_error")
    text = modules("p if input.x")

    for engine in ("regopy", "regorus"):
        known = explanation(engine, text, UNDEFINED_ANSWER, failed)
        assert known.name == "order-of-evaluation"
        assert explanation(engine, text, UNDEFINED_ANSWER, conflict) is None


def test_what_does_not_parse_is_explained_by_nothing():
    broken = {"p.rego": "package t\np if {"}

    assert explanation("regopy", broken, UNDEFINED_ANSWER, Answer(Kind.VALUE, "1")) is None
