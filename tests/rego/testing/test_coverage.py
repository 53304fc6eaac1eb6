"""Coverage: what was evaluated, what never held, and how near it is to OPA's."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from probanda.errors import PolicyError
from probanda.rego.testing import Suite

POLICIES = Path(__file__).resolve().parents[3] / "policies"


def covered(policy, tests=""):
    modules = {"p.rego": f"package p\n\n{policy}\n", "p_test.rego": f"package p_test\n\n{tests}\n"}
    suite = Suite.compile(modules, coverage=True)
    suite.run()
    return suite.coverage.files()["p.rego"]


def places(spans):
    return [(span.row, span.column) for span in spans]


def test_an_expression_that_was_reached_is_covered_and_the_one_behind_a_false_one_is_not():
    found = covered("a if {\n\tinput.x == 1\n\tinput.y\n}", "test_a if not data.p.a")

    assert places(found.covered) == [(4, 2)]
    assert places(found.not_covered) == [(3, 1), (5, 2)]
    assert places(found.never_true) == [(4, 2)]


def test_a_rule_that_gave_a_value_is_covered_by_its_head_too():
    found = covered("a if 1 == 1", "test_a if data.p.a")

    assert places(found.covered) == [(3, 1), (3, 6)]
    assert (found.not_covered, found.never_true, found.percent) == ((), (), 100.0)


def test_expressions_within_comprehensions_every_and_else_count():
    first = "a := [x | some x in [1]; x > 1]"
    policy = f"{first}\n\nb if {{\n\tevery x in [1] {{\n\t\tx > 1\n\t}}\n}}\n\nelse := 2 if 1 == 2"

    found = covered(policy, "test_a if { data.p.a == [] }\n\ntest_b if not data.p.b")

    assert {(3, 26), (6, 2), (7, 3), (11, 14)} <= set(places(found.covered))
    assert {(3, 26), (7, 3), (11, 14)} <= set(places(found.never_true))


def test_a_default_counts_when_it_stood():
    policy = "default a := false\n\na if input.x"

    given = covered(policy, "test_a if data.p.a with input.x as 1")
    assert (3, 1) not in places(given.covered)
    found = covered(policy, "test_a if not data.p.a")
    assert any(row == 3 for row, _ in places(found.covered))


def test_probes_do_not_change_what_comes_out():
    for folder in sorted(path.parent for path in POLICIES.glob("*/*/policy.yaml")):
        modules = {str(path): path.read_text() for path in folder.glob("*.rego")}
        plain, probed = (Suite.compile(modules, coverage=each).run() for each in (False, True))

        assert [each.to_json() for each in plain] == [each.to_json() for each in probed]


def test_coverage_that_nobody_asked_for_is_not_made_up():
    suite = Suite.compile({"a_test.rego": "package a_test\ntest_a if true"})

    with pytest.raises(PolicyError, match="without coverage"):
        _ = suite.coverage


def test_the_document_has_the_shape_of_opas():
    modules = {"p_test.rego": "package p_test\n\ntest_a if {\n\t1 == 2\n\ttrue\n}\n"}
    suite = Suite.compile(modules, coverage=True)
    suite.run()

    document = json.loads(json.dumps(suite.coverage.to_json()))

    assert document["files"]["p_test.rego"] == {
        "covered": [{"start": {"row": 4, "col": 2}, "end": {"row": 4, "col": 8}}],
        "not_covered": [
            {"start": {"row": 3, "col": 1}, "end": {"row": 3, "col": 7}},
            {"start": {"row": 5, "col": 2}, "end": {"row": 5, "col": 6}},
        ],
        "never_true": [{"start": {"row": 4, "col": 2}, "end": {"row": 4, "col": 8}}],
        "covered_lines": 1,
        "not_covered_lines": 2,
        "coverage": 100 / 3,
    }
    assert (document["covered_lines"], document["not_covered_lines"]) == (1, 2)


def rows(ranges):
    return {row for each in ranges for row in range(each["start"]["row"], each["end"]["row"] + 1)}


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in POLICIES.glob("*/*/policy.yaml")), ids=lambda p: p.name
)
def test_lines_are_covered_as_opa_has_them_but_for_the_reasons_that_are_listed(folder):
    found = shutil.which("opa")
    if found is None:
        pytest.skip("opa is not on the PATH")
    paths = sorted(folder.glob("*.rego"))
    done = subprocess.run(
        [found, "test", "--coverage", "--coverage-runs", "", *map(str, paths)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    suite = Suite.compile({str(path): path.read_text() for path in paths}, coverage=True)
    suite.run()
    ours, theirs = suite.coverage.to_json()["files"], json.loads(done.stdout)["files"]

    for path in paths:
        lines = path.read_text().splitlines()
        mine, peer = ours[str(path)], theirs[str(path)]
        # OPA's rule index and early exit leave out what cannot matter.
        assert rows(peer.get("covered", [])) <= rows(mine["covered"])
        # OPA does not report a `some … in` that it did not reach.
        more = rows(mine.get("not_covered", [])) - rows(peer.get("not_covered", []))
        assert all(lines[row - 1].strip().startswith("some ") for row in more)
        less = rows(peer.get("not_covered", [])) - rows(mine.get("not_covered", []))
        assert less <= rows(mine["covered"])
