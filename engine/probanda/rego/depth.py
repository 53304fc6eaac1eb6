"""How deep a syntax tree is, without recursion.

Example:
    depth_of(parse_term("[[1]]"))  # 3
"""

from __future__ import annotations

from dataclasses import fields

from probanda.rego.ast import Node


def depth_of(node: object) -> int:
    """Nodes on the longest way down; tuples count nothing."""
    deepest = 0
    pending: list[tuple[object, int]] = [(node, 0)]
    while pending:
        value, depth = pending.pop()
        if isinstance(value, tuple):
            pending.extend((item, depth) for item in value)
        elif isinstance(value, Node):
            deepest = max(deepest, depth + 1)
            pending.extend(
                (getattr(value, each.name), depth + 1)
                for each in fields(value)
                if each.name != "span"
            )
    return deepest
