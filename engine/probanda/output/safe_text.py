r"""Texts of artifacts, made harmless: visible control characters, bounded length.

Example:
    >>> clean("\x1b[2JPASSED\n")
    '\\x1b[2JPASSED\\n'
    >>> cut("abcdef", 4)
    'abc…'
"""

from __future__ import annotations


def clean(text: str) -> str:
    """`text` with control characters (escape sequences, line ends) made visible."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def cut(text: str, limit: int) -> str:
    """`text`, at most `limit` characters of it; an ellipsis says that there was more."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
