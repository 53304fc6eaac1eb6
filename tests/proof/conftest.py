"""Marks every test here as a proof, gives it a shop, and prints the figures at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from shop import FIGURES, Shop, open_shop


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.proof)


def pytest_terminal_summary(terminalreporter):
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)


@pytest.fixture
def shop(tmp_path) -> Shop:
    made = open_shop(tmp_path / "shop")
    made.check()
    return made
