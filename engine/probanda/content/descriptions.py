"""What the docstring below a field says, read when a JSON Schema is asked for.

pydantic's `use_attribute_docstrings` parses the source of every model whenever the models are
imported: a tenth of what `probanda check` needs for its imports, for texts that it never shows.

Example:

    >>> field_descriptions(Named)["name"]
    'Unique among the documents of its kind.'
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise


def field_descriptions(model: type) -> dict[str, str]:
    """Field → the docstring below it, of `model` and the models that it extends."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if each.__module__.startswith("probanda."):
            found |= _own(each)
    return found


def _own(model: type) -> dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(tree, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(tree.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
