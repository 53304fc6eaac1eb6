"""Nobody else's text becomes markup: held against a Markdown parser."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from probanda.output.markdown_text import cell, code, fenced, prose
from probanda.output.safe_text import clean

# GitHub's dialect: tables, strikethrough, HTML let through.
PARSER = MarkdownIt("gfm-like", {"html": True, "linkify": False}).enable("table")

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<!-- --> </details><script>",
    "[click](https://evil.example)",
    "![x](https://evil.example/pixel.png)",
    "<https://evil.example>",
    "`code` ``more`` ```fence",
    "**bold** _it_ ~~gone~~",
    "a\n# heading\n- list\n> quote\n/close",
    "| a | b |\n|---|---|",
    "&lt;b&gt; &#x3c;",
    "\\`\\`",
    "` ",
    " `",
    "[x]: https://evil.example",
    "@everyone see #1 and GH-2",
    "www.evil.example http://evil.example",
    "$x$ ^a^ =b=",
)

texts = st.text(max_size=60) | st.text("`|\\<>[]()!*_~#@ \n-&;a", max_size=40)


def inline(markdown: str) -> list:
    """Tokens of one paragraph that begins as our lines do."""
    tokens = PARSER.parse(f"- **why** {markdown}\n")
    kinds = [token.type for token in tokens]
    assert kinds == [
        "bullet_list_open",
        "list_item_open",
        "paragraph_open",
        "inline",
        "paragraph_close",
        "list_item_close",
        "bullet_list_close",
    ], kinds
    return [token for token in tokens[3].children if token.content or "strong" not in token.type]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_in_code_is_one_code_span(text):
    tokens = [token for token in inline(code(text)) if token.type == "code_inline"]

    assert [token.content for token in tokens] == [clean(text)]


@given(texts)
@settings(deadline=None)
@example("``")
@example(" ` ")
def test_any_text_in_code_is_one_code_span_with_that_text(text):
    tokens = inline(code(text))
    kinds = {token.type for token in tokens}

    assert kinds <= {"text", "code_inline"}
    if text.strip() and clean(text).strip():
        (span,) = [token for token in tokens if token.type == "code_inline"]
        assert span.content == clean(text)


@given(texts)
@settings(deadline=None)
@example("https://evil.example www.evil.example @all #1 GH-1")
def test_any_prose_is_text_alone_and_reads_as_it_was_written(text):
    tokens = inline(prose(text))

    assert {token.type for token in tokens} <= {"text", "text_special", "html_inline"}
    assert {token.content for token in tokens if token.type == "html_inline"} <= {"<!-- -->"}
    shown = "".join(token.content for token in tokens if token.type != "html_inline")
    assert shown.removeprefix("why").strip() == clean(text).strip()


@given(texts)
@settings(deadline=None)
def test_prose_mentions_nobody_and_links_nothing(text):
    said = prose(text)

    assert not re.search(r"[@#]\w", said)
    assert not re.search(r"(?i)\b(https?|ftp)://|\bwww\.|\bGH-", said)


@given(texts)
@settings(deadline=None)
def test_a_cell_stays_one_cell(text):
    (body,) = [
        token
        for token in PARSER.parse(f"| a | b |\n|---|---|\n| {cell(code(text))} | end |\n")
        if token.type == "tbody_open"
    ]
    row = PARSER.render(f"| a | b |\n|---|---|\n| {cell(code(text))} | end |\n")

    assert body.nesting == 1
    assert row.count("<td>") == 2
    assert "<td>end</td>" in row


@given(texts)
@settings(deadline=None)
def test_a_block_ends_where_it_is_closed(text):
    tokens = PARSER.parse("\n".join([*fenced(text, "sh"), "", "after"]))

    assert [token.type for token in tokens if token.type in {"fence", "paragraph_open"}] == [
        "fence",
        "paragraph_open",
    ]
