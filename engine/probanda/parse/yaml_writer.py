r"""Plain values as YAML that people review: block style, keys in the order given.

Text that another YAML reader might take for something else is quoted.

Example:

    >>> write_yaml({"name": "NO", "ids": ["a"]})
    "name: 'NO'\nids:\n- a\n"
"""

from __future__ import annotations

from typing import Any


def write_yaml(value: Any) -> str:
    """A YAML document of dicts, lists, texts, numbers and booleans, ending in a newline."""
    import yaml

    text: str = yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True, default_flow_style=False, width=96
    )
    return text
