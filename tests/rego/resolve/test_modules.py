"""One module by itself."""

import pytest

from probanda.rego import ast
from probanda.rego.resolve.modules import check_module
from probanda.rego.resolve.report import Report


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import input.foo\nimport data.foo\np := foo",
         "import must not shadow import input.foo"),
        ("import input.foo\nimport input.bar as foo\np := foo",
         "import must not shadow import input.foo"),
        ("input := 1", "rules must not shadow input (use a different rule name)"),
        ("data.x := 1", "rules must not shadow data (use a different rule name)"),
        ("f(input) := 1", "args must not shadow input (use a different variable name)"),
        ("f([1, {\"k\": data}]) := 1",
         "args must not shadow data (use a different variable name)"),
    ],
)  # fmt: skip
def test_documents_and_imports_are_not_shadowed(text, message, refused):
    error = refused(text)[0]
    assert (error.code, error.message) == ("rego_compile_error", message)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("foo", "bar"), ("unexpected import path, must begin with one of: "
         "{data, future, input, rego}, got: foo")),
        (("future", "keywords", "not"), ("unexpected keyword, must be one of "
         "['contains', 'every', 'if', 'in']")),
        (("future", "x"), "invalid import, must be `future.keywords`"),
        (("rego", "v2"), "invalid import, must be `rego.v1`"),
    ],
)  # fmt: skip
def test_unknown_imports_are_refused(path, message):
    """The parser says so first; the resolver does not rely on it."""
    report = Report()
    check_module(ast.Module("a.rego", ("a",), (ast.Import(path),)), report)
    assert report.messages() == [message]


def test_known_imports_are_not(program):
    text = (
        "import rego.v1\nimport future.keywords\nimport future.keywords.in\nimport data\n"
        "import input\nimport data.abc as baz\np := [data.x, input.x, baz.x]"
    )
    assert program(text).groups
