r"""Pieces of Markdown in which nobody else's text becomes markup.

Rules:

- A text that may come from an artifact stands in a code span: there neither Markdown, HTML,
  mentions, references nor links mean anything (CommonMark 0.31.2, section 6.1). Its fence is
  longer than any run of backticks in it.
- A text of the judging content is prose with every character escaped that means something
  within a line. `@`, `#` and the beginnings of addresses are cut off from what follows, so that
  nobody is notified and nothing is linked.
- Everything is one line, and no text may begin one, where lists, quotes, headings and the quick
  actions of some forges live: write something of ours before it.

Example:
    >>> code("a`b")
    '`` a`b ``'
    >>> prose("<b>*x*</b>")
    '&lt;b&gt;\\*x\\*&lt;/b&gt;'
"""

from __future__ import annotations

import re

from probanda.output.safe_text import clean, cut

# Ours: longer ones are for the JSON output.
MAX_TEXT = 600

_ESCAPED = re.compile(r"([\\`*_\[\]|~$])")
# Bare addresses become links without markup (GitHub Flavored Markdown, section 6.9), and
# `GH-1` a reference.
_BARE = re.compile(r"(?i)\b(www|https?|ftp|xmpp|mailto|GH)(?=[.:-])")
_CUT = "<!-- -->"
_RUNS = re.compile(r"`+")


def code(text: str, *, limit: int = MAX_TEXT) -> str:
    """A code span that shows `text`; in a table, use `cell`."""
    text = cut(clean(text), limit)
    if not text.strip():
        return "` `" if text else "(empty)"
    fence = "`" * (1 + max((len(run) for run in _RUNS.findall(text)), default=0))
    # One blank of both sides is taken off again where both are there.
    padded = f" {text} " if "`" in text or (text[0] == text[-1] == " ") else text
    return f"{fence}{padded}{fence}"


def prose(text: str, *, limit: int = MAX_TEXT) -> str:
    """A sentence of the judging content; without markup, mentions and links."""
    text = cut(clean(text), limit)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _ESCAPED.sub(r"\\\1", text)
    text = text.replace("@", f"@{_CUT}").replace("#", f"\\#{_CUT}")
    return _BARE.sub(rf"\1{_CUT}", text)


def cell(markdown: str) -> str:
    """Markdown as a table's cell; parsers differ on escaped bars behind backslashes."""
    return markdown.replace("|", "¦")


def fenced(text: str, language: str) -> list[str]:
    """Lines of a code block."""
    fence = "`" * max(3, 1 + max((len(run) for run in _RUNS.findall(text)), default=0))
    return [f"{fence}{language}", *(clean(line) for line in text.split("\n")), fence]
