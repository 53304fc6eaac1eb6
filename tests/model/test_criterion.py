"""One spelling of a criterion's id."""

from __future__ import annotations

import pytest

from probanda.model.criterion import canonical_control


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("CC6.1", "soc2/CC6.1"),
        ("cc6.1", "soc2/CC6.1"),
        ("cc_6_1", "soc2/CC6.1"),
        ("CC6-1", "soc2/CC6.1"),
        ("soc2/CC6.1", "soc2/CC6.1"),
        ("soc2/cc6.1", "soc2/CC6.1"),
        ("SOC2_CC_6_1", "soc2/CC6.1"),
        ("soc-2/cc6.1", "soc2/CC6.1"),
        ("cc_a_1_1", "soc2/A1.1"),
        ("cc_c_1_2", "soc2/C1.2"),
        ("cc_pi_1_3", "soc2/PI1.3"),
        ("PP1.3", "soc2/PI1.3"),
        ("p6.07", "soc2/P6.7"),
        ("cc10.11", "soc2/CC10.11"),
    ],
)
def test_every_spelling_of_a_criterion_becomes_one(spelling, canonical):
    assert canonical_control(spelling) == canonical
    assert canonical_control(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "own/CC6.1",
        "iso/A.5",
        "cc61",
        "CC6",
        "CC6.1.1",
        "CC 6.1",
        "XC6.1",
        "soc2/OP-1",
        "cc६.1",
        "CC6.1\n",
        "access/review",
    ],
)
def test_what_is_no_soc_2_criterion_stands_as_it_is(text):
    assert canonical_control(text) == text
