"""Decisions of an earlier run: what probanda writes is read, anything else is refused."""

from __future__ import annotations

import os

import pytest

from probanda.canonical import canonical, pretty
from probanda.errors import UsageError
from probanda.gates.earlier import read_earlier
from projects import words_check


@pytest.fixture
def two(words):
    words.gate("release", words_check())
    run = words.store_run()
    return words, {decision.gate: decision for decision in run.decisions}


def test_a_run_folder_its_decisions_and_printed_json_hold_the_same(two, tmp_path):
    words, decisions = two
    printed = tmp_path / "printed.json"
    printed.write_text(
        pretty({"exitCode": 0, "decisions": [each.to_json() for each in decisions.values()]})
    )
    run_folder = words.root / ".probanda"

    for path in (run_folder, run_folder / "decisions", printed):
        assert read_earlier(path) == decisions


def test_a_single_decision_is_its_gates(two):
    words, decisions = two

    found = read_earlier(words.root / ".probanda/decisions/pr/decision.json")

    assert found == {"pr": decisions["pr"]}


def test_a_gate_twice_is_refused(two, tmp_path):
    _, decisions = two
    file = tmp_path / "twice.json"
    file.write_bytes(canonical({"decisions": [decisions["pr"].to_json()] * 2}))

    with pytest.raises(UsageError, match="two decisions of the gate 'pr'"):
        read_earlier(file)


def test_a_folder_without_decisions_and_a_fifo_are_nothing_to_compare_with(tmp_path):
    os.mkfifo(tmp_path / "fifo")

    for path, said in ((tmp_path, "there is no decision in"), (tmp_path / "fifo", "cannot read")):
        with pytest.raises(UsageError, match=said):
            read_earlier(path)
