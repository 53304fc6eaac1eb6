"""What is written is what is read again, by our reader and by others."""

from __future__ import annotations

import pytest
import yaml

from probanda.parse.yaml import load_yaml, to_plain
from probanda.parse.yaml_writer import write_yaml


@pytest.mark.parametrize(
    "text",
    ["NO", "1.10", "12e34567", "22:22", "null", "~", "", " x ", "a: b", "# a", "2026-12-01", "✓",
     "line\nline", "- a", "'", '"', "\\", "é" * 200, "a b " * 60],
    ids=ascii,
)  # fmt: skip
def test_a_text_stays_itself(text):
    value = {"key": text, "list": [text]}

    written = write_yaml(value)

    assert to_plain(load_yaml(written.encode(), path="x.yaml")) == value
    assert yaml.safe_load(written) == value


def test_keys_stay_in_the_order_given():
    assert write_yaml({"b": 1, "a": [True]}) == "b: 1\na:\n- true\n"
