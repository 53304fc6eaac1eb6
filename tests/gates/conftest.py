"""A cell for the tests that record and pack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probanda.sign import Cell

CREATED = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def make_cell(tmp_path: Path) -> Callable[..., Cell]:
    """A cell of its own, with empty logs."""

    def make(name: str = "acme") -> Cell:
        return Cell.create(tmp_path / f"cell-{name}", name=name, unsafe_demo=True, now=CREATED)

    return make


@pytest.fixture
def cell(make_cell: Callable[..., Cell]) -> Cell:
    """The cell that signs."""
    return make_cell()
