r"""Rego's text into its syntax tree.

Rules:

- All of OPA's v1, and v0 with `version=0`; a v0 module that imports `rego.v1` is held to v1.
- What the parser cannot read is reported with row and column, and reading goes on at the next
  rule, so that several errors come at once.
- Limits: 1 MiB of text, 500 levels of nesting, 50 errors. Nothing but `RegoErrors` is raised.

Source: OPA's grammar (openpolicyagent.org/docs/policy-reference#grammar) and `v1/ast/parser.go`.

Example:
    parse_module("package a\n\nallow if input.admin", path="a.rego").rules[0].head.ref
    # (String('allow'),)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from probanda.rego.ast import Body, Module, Term
from probanda.rego.diagnostic import Diagnostic, RegoErrors
from probanda.rego.lexer import KEYWORDS, V0_KEYWORDS, tokenize
from probanda.rego.parser_cursor import Failure
from probanda.rego.parser_module import ModuleParser
from probanda.rego.recursion import room

# Frames of the parser for one level of nesting, at most: a comprehension behind six operators
# takes 16. And for what is not nested.
_FRAMES: Final = 18
_BASE: Final = 100

_Result = TypeVar("_Result")


def parse_module(text: str, *, path: str, version: int = 1) -> Module:
    """A file.

    Raises:
        RegoErrors: all of its syntax errors, `rego_parse_error`.
    """
    parser = _parser(text, path, version)
    return _run(parser, lambda: parser.module(text), text, path)


def parse_query(text: str, *, path: str = "query", version: int = 1) -> Body:
    """The statements of a query, separated by `;` or line breaks.

    Raises:
        RegoErrors: its syntax errors.
    """
    parser = _parser(text, path, version)
    return _run(parser, parser.query, text, path)


def parse_term(text: str, *, path: str = "term") -> Term:
    """One term.

    Raises:
        RegoErrors: its syntax errors, or more than a term.
    """
    parser = _parser(text, path, 1)
    return _run(parser, parser.one_term, text, path)


def _parser(text: str, path: str, version: int) -> ModuleParser:
    tokens = tokenize(text, path=path, keywords=KEYWORDS if version else V0_KEYWORDS)
    return ModuleParser(tokens, version)


def _run(parser: ModuleParser, parse: Callable[[], _Result], text: str, path: str) -> _Result:
    with room(parser.tokens.depth * _FRAMES + _BASE):
        try:
            result = parse()
        except Failure as failure:
            parser.add(failure)
        else:
            if not parser.diagnostics and not parser.tokens.errors:
                return result
    raise RegoErrors(_sorted([*parser.tokens.errors, *parser.diagnostics]), {path: text})


def _sorted(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """In the order of the text, each once."""
    ordered = sorted(diagnostics, key=lambda each: (each.span.row, each.span.column))
    return list(dict.fromkeys(ordered))
