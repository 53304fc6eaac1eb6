"""Shared fixtures."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
