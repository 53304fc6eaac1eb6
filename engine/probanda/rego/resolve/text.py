"""References and terms as messages show them.

Example:
    show_ref((ast.String("a"), ast.String("b c"), ast.Var("x")))   # 'data.a["b c"][x]'
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from probanda.rego import ast

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def written(name: str) -> str:
    """The name of a local as it was written: `x#1` was `x`, `$3` was `_`."""
    if name.startswith("$"):
        return "_"
    return name.split("#", 1)[0]


def show_ref(parts: Sequence[ast.Term], head: str = "data") -> str:
    """A reference, its plain names with dots."""
    text = head
    for part in parts:
        if isinstance(part, ast.String) and _NAME.fullmatch(part.value):
            text += f".{part.value}"
        else:
            text += f"[{show(part)}]"
    return text


def show_path(path: Sequence[str], head: str = "data") -> str:
    """A path of plain strings."""
    return show_ref([ast.String(part) for part in path], head)


def show(term: ast.Term) -> str:  # noqa: PLR0911  # one per kind of term
    """A term on one line; closures shortened."""
    match term:
        case ast.Null():
            return "null"
        case ast.Boolean():
            return "true" if term.value else "false"
        case ast.Number():
            return term.text
        case ast.String():
            return json.dumps(term.value, ensure_ascii=False)
        case ast.Var():
            return written(term.name)
        case ast.Ref():
            return show_ref(term.path, show(term.head))
        case ast.Array():
            return f"[{', '.join([show(item) for item in term.items])}]"
        case ast.Set():
            return (
                f"{{{', '.join([show(item) for item in term.items])}}}" if term.items else "set()"
            )
        case ast.Object():
            return f"{{{', '.join([f'{show(key)}: {show(value)}' for key, value in term.pairs])}}}"
        case ast.Call():
            return f"{'.'.join(term.operator)}({', '.join([show(a) for a in term.arguments])})"
        case ast.ArrayComprehension():
            return "[…]"
        case _:
            return "{…}"


def kind_name(term: ast.Term) -> str:
    """What OPA calls a kind of term: `array`, `ref`, `objectcomprehension`."""
    return type(term).__name__.lower()


def nearest(name: str, names: Iterable[str]) -> str:
    """A hint with the name that was probably meant; empty if none is near."""
    found = get_close_matches(name, [other for other in names if other != name], n=1, cutoff=0.7)
    return f"did you mean `{found[0]}`?" if found else ""


def place(span: ast.Span) -> str:
    """`path:row`."""
    return f"{span.path}:{span.row}"
