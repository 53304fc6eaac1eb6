"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from projects import Project

ROOT = Path(__file__).resolve().parents[1]
VECTORS = Path(os.environ.get("PROBANDA_VECTORS", ROOT.parent / "shared" / "vectors"))


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Third-party test data; absent → skip, or fail where PROBANDA_REQUIRE lists `vectors`."""
    if not VECTORS.is_dir():
        if "vectors" in os.environ.get("PROBANDA_REQUIRE", "").split(","):
            pytest.fail(f"PROBANDA_REQUIRE=vectors, but {VECTORS} is absent")
        pytest.skip(f"third-party vectors not found at {VECTORS}; set PROBANDA_VECTORS")
    return VECTORS


@pytest.fixture
def words(tmp_path: Path) -> Project:
    """A project that passes: one gate `pr`, one check, no bad words."""
    return Project.with_words(tmp_path / "project")
