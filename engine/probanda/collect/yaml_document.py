"""Any single YAML document, as plain JSON values.

Rules: YAML 1.2 core schema (`NO` is text, `22:22` is text); duplicate keys, keys that
are not text, and alias bombs are refused, and so are `.nan` and `.inf`, which JSON
does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.parse.tree import to_plain
from probanda.parse.yaml import load_yaml


class YamlCollector:
    """`from: yaml`."""

    name = "yaml"
    media_type = "application/yaml"
    timestamped = False
    # libyaml events are Python objects: 16 MiB already take seconds.
    max_bytes = 16 << 20
    options_schema = NO_OPTIONS
    empty = None

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """The document's value."""
        return Reading(to_plain(load_yaml(data, path=source)), self.media_type)
