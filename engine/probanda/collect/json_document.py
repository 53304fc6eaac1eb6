"""Any JSON document, as it is.

Rules: strict JSON (no duplicate keys, no NaN, bounded); no schema is checked here: the
policy that reads the fact says what it expects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.parse.json import load_json


class JsonCollector:
    """`from: json`."""

    name = "json"
    media_type = "application/json"
    timestamped = False
    max_bytes = 64 << 20
    options_schema = NO_OPTIONS
    empty = None

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """The document's value."""
        return Reading(load_json(data, path=source), self.media_type)
