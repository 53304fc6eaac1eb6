"""Ways to look at what the resolver makes of a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from probanda.rego.diagnostic import Diagnostic, RegoErrors
from probanda.rego.parser import parse_module
from probanda.rego.resolve import Program, ResolvedRule, resolve
from probanda.rego.unparse import unparse


def _modules(texts: Sequence[str], version: int = 1) -> list:
    return [
        parse_module(
            text if "package " in text else f"package test\n{text}",
            path=f"{index}.rego",
            version=version,
        )
        for index, text in enumerate(texts)
    ]


def _lines(rule: ResolvedRule) -> list[str]:
    return [" ".join(unparse(literal).split()) for literal in rule.body]


@pytest.fixture
def program() -> Callable[..., Program]:
    """Texts → program; a text without a package is in `test`."""

    def build(*texts: str, version: int = 1, entrypoints: Sequence[str] | None = None) -> Program:
        return resolve(_modules(texts, version), entrypoints=entrypoints)

    return build


@pytest.fixture
def body(program: Callable[..., Program]) -> Callable[..., list[str]]:
    """Texts → the literals of the last rule of `data.test.p`, one line each."""

    def build(*texts: str, version: int = 1) -> list[str]:
        return _lines(program(*texts, version=version).groups["test", "p"].rules[-1])

    return build


@pytest.fixture
def refused() -> Callable[..., list[Diagnostic]]:
    """Texts → the errors; it is a failure when there is none."""

    def build(
        *texts: str, version: int = 1, entrypoints: Sequence[str] | None = None
    ) -> list[Diagnostic]:
        modules = _modules(texts, version)
        with pytest.raises(RegoErrors) as caught:
            resolve(modules, entrypoints=entrypoints)
        return list(caught.value.diagnostics)

    return build
