r"""Plain values as YAML that people review: block style, keys in the order given.

Text that another YAML reader might take for something else is quoted. PyYAML knows what YAML 1.1
takes for something else; in YAML 1.2 more texts are numbers, and none of them begins with a letter.

Example:

    >>> write_yaml({"name": "NO", "ids": ["a", "1e9"]})
    "name: 'NO'\nids:\n- a\n- '1e9'\n"
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import yaml


def write_yaml(value: Any) -> str:
    """A YAML document of dicts, lists, texts, numbers and booleans, ending in a newline."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Of its own, so that nobody else's texts are written in our way."""

    Dumper.add_representer(str, _text)
    text: str = yaml.dump(
        value,
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=96,
    )
    return text


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None if text[:1].isalpha() else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
