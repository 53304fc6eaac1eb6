"""The rooms of the package and who may import whom; lengths and suppressions of every module.

The checker reads source with `ast` and runs nothing, so imports inside functions
and under `TYPE_CHECKING` count as much as those on top. Every violation reads
`file:line: what happened (rule)`. The second half of this file feeds the checker
small wrong sources, one per rule, so that a checker that sees nothing fails too.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "engine" / "probanda"

# Each room may import only itself and the rooms before it.
ORDER = (
    "errors",
    "canonical",
    "model",
    "parse",
    "repository",
    "merkle",
    "rego",
    "collect",
    "content",
    "evaluate",
    "exceptions",
    "decide",
    "sign",
    "ledger",
    "evidence",
    "gates",
    "output",
    "cli",
    "__main__",
)

# `__init__` is imported by every room, so it may import none.
ROOT_MODULE = "__init__"

# Third-party libraries by the rooms that may import them. A library that is not
# here may be imported nowhere; a room that is in no row is standard library only.
THIRD_PARTY = {
    "asn1crypto": {"sign", "evidence"},  # made in one, read in the other
    "click": {"cli"},
    "cryptography": {
        "sign",
        "ledger",
        "evidence",
        "rego",
    },  # rego: tokens, keys and certificates that policies read
    "cyclonedx": {"collect"},
    "defusedxml": {"parse"},
    "duckdb": {"collect"},
    "graphql": {"rego"},
    "jinja2": {"evidence"},
    "markupsafe": {"evidence"},
    "jsonschema": {"parse", "collect", "content", "evaluate", "gates"},
    "license_expression": {"collect"},
    "pydantic": {"content"},
    "pydantic_core": {"content"},  # pydantic's own half; its custom error is exported only there
    "re2": {"rego"},
    "referencing": {"content"},  # jsonschema's own registry, here without a way to the network
    "isoduration": {"parse"},  # jsonschema's, imported late
    "regopy": {"rego"},
    "regorus": {"rego"},
    "rfc3161_client": {"evidence"},
    "rfc3987_syntax": {"parse"},  # jsonschema's, imported late
    "rfc8785": {"canonical"},
    "sigstore": {"evidence"},
    "sigstore_models": {"evidence"},  # sigstore's own trust-root type, which it does not re-export
    "yaml": {"parse", "rego"},  # located trees there; here events alone, as OPA reads YAML 1.1
}

# Rooms that no row of THIRD_PARTY may ever name: pure by design.
PURE = ("errors", "model", "merkle", "exceptions", "decide")

# The only imports that may point down the list, for annotations alone.
TYPE_ONLY = {
    ("errors", "model.location"): "an error carries a Location and only names its type",
}

MODULE_LINES = 400
FUNCTION_LINES = 50

_SUPPRESSION = re.compile(
    r"#\s*(?:noqa\b(?:\s*:\s*[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)?"
    r"|type:\s*ignore(?:\[[^\]]*\])?)"
)


@dataclass(frozen=True)
class Import:
    """One imported module, absolute and dotted; `type_only` under `if TYPE_CHECKING`."""

    target: str
    line: int
    type_only: bool = False


def room_of(module: str) -> str:
    """`probanda.collect.junit` → `collect`; `probanda` → `__init__`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ROOT_MODULE


def module_name(path: Path) -> str:
    """Dotted module name of a file below the package."""
    parts = list(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(source: str, *, module: str, is_package: bool = False) -> Iterator[Import]:
    """Every import of `source` at any depth, `importlib.import_module("…")` included."""
    tree = ast.parse(source)
    type_only: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            type_only.update(inner for part in node.body for inner in ast.walk(part))
    for node in ast.walk(tree):
        quiet = node in type_only
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, quiet)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module, is_package=is_package)
            for alias in node.names:
                # `from probanda import collect` imports the room, not the root.
                yield Import(f"{base}.{alias.name}", node.lineno, quiet)
        elif isinstance(node, ast.Call) and _is_dynamic_import(node.func):
            yield Import(_literal(node.args), node.lineno, quiet)


def _absolute(node: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    kept = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _is_dynamic_import(function: ast.expr) -> bool:
    name = ast.unparse(function)
    return name == "__import__" or name.split(".")[-1] == "import_module"


def _literal(arguments: list[ast.expr]) -> str:
    """The name that a dynamic import spells out, `?` when its room is computed.

    `f"probanda.cli.{command}"` spells out the room, which is all that the rules need.
    """
    match arguments:
        case [ast.Constant(value=str(name)), *_]:
            return name
        case [ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]), *_] if re.match(
            r"probanda\.\w+\.", start
        ):
            return start.rstrip(".")
    return "?"


def import_violations(
    source: str, *, module: str, path: str, is_package: bool = False
) -> Iterator[str]:
    """Imports of `source` that the order or the allow-table forbids."""
    room = room_of(module)
    for found in imports_of(source, module=module, is_package=is_package):
        where = f"{path}:{found.line}"
        if found.target == "?":
            yield f"{where}: imports a computed name (rule: an import spells out its room)"
            continue
        top = found.target.split(".")[0]
        if top == "probanda":
            yield from _order_violations(found, room, where)
        elif top not in sys.stdlib_module_names:
            if top not in THIRD_PARTY:
                yield f"{where}: imports {top}, which no room may (rule: THIRD_PARTY)"
            elif room not in THIRD_PARTY[top]:
                allowed = ", ".join(sorted(THIRD_PARTY[top]))
                yield f"{where}: {room} imports {top}; only {allowed} may (rule: THIRD_PARTY)"


def _order_violations(found: Import, room: str, where: str) -> Iterator[str]:
    parts = found.target.split(".")[1:]
    if not parts or parts[0].startswith("__"):  # `probanda` and `probanda.__version__`
        return
    target = parts[0]
    if found.type_only and (room, ".".join(parts[:2])) in TYPE_ONLY:
        return
    if room == ROOT_MODULE:
        yield f"{where}: the root imports {target} (rule: it imports no room)"
    elif target not in ORDER:
        yield f"{where}: imports {target}, which is no room (rule: ORDER)"
    elif room not in ORDER:
        yield f"{where}: {room} is no room (rule: ORDER)"
    elif ORDER.index(target) > ORDER.index(room):
        yield f"{where}: {room} imports {target}, a later room (rule: ORDER)"


def length_violations(source: str, *, path: str) -> Iterator[str]:
    """Modules and functions that are too long; a `Length:` line of the docstring excuses them.

    A function's docstring does not count: saying more about it is never punished.
    """
    tree = ast.parse(source)
    if any(
        line.strip().startswith("Length:") for line in (ast.get_docstring(tree) or "").split("\n")
    ):
        return
    lines = source.count("\n")
    if lines > MODULE_LINES:
        yield f"{path}:1: {lines} lines (rule: at most {MODULE_LINES} a module)"
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if ast.get_docstring(node) is not None:
            length -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
        if length > FUNCTION_LINES:
            rule = f"rule: at most {FUNCTION_LINES} a function"
            yield f"{path}:{node.lineno}: {node.name} has {length} lines ({rule})"


def suppression_violations(source: str, *, path: str) -> Iterator[str]:
    """`noqa` and `type: ignore` comments that do not say why."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT or not _SUPPRESSION.search(token.string):
            continue
        reason = _SUPPRESSION.sub("", token.string).strip(" #:–—-")
        if len(reason.split()) < 2:
            place = f"{path}:{token.start[0]}"
            yield f"{place}: {token.string} (rule: a suppression says why, after it)"


def entry_violations(names: list[str]) -> Iterator[str]:
    """Entries of the package's folder that are no room."""
    for name in names:
        if name not in {"__init__.py", "py.typed"} and name.removesuffix(".py") not in ORDER:
            yield f"engine/probanda/{name}: no such room (rule: ORDER lists every entry)"


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def relative(path: Path) -> str:
    """Path as messages print it."""
    return path.relative_to(ROOT).as_posix()


def report(violations: list[str]) -> None:
    """Fail with one violation a line."""
    if violations:
        pytest.fail("\n".join(violations), pytrace=False)


def test_the_package_has_modules_to_walk() -> None:
    assert len(modules()) > 10


def test_every_entry_of_the_package_is_a_room_of_the_order() -> None:
    names = [entry.name for entry in PACKAGE.iterdir() if entry.name != "__pycache__"]
    report(list(entry_violations(sorted(names))))


def test_every_import_points_up_the_order_and_every_library_stays_in_its_rooms() -> None:
    report(
        [
            violation
            for path in modules()
            for violation in import_violations(
                path.read_text(encoding="utf-8"),
                module=module_name(path),
                path=relative(path),
                is_package=path.name == "__init__.py",
            )
        ]
    )


def test_modules_and_functions_are_short_or_say_why_not() -> None:
    report(
        [
            violation
            for path in modules()
            for violation in length_violations(
                path.read_text(encoding="utf-8"), path=relative(path)
            )
        ]
    )


def test_every_suppression_says_why() -> None:
    report(
        [
            violation
            for path in modules()
            for violation in suppression_violations(
                path.read_text(encoding="utf-8"), path=relative(path)
            )
        ]
    )


def test_every_module_has_a_docstring() -> None:
    report(
        [
            f"{relative(path)}:1: no module docstring (rule: it states the module's rules)"
            for path in modules()
            if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        ]
    )


def test_the_tables_name_rooms_only_and_pure_rooms_stay_pure() -> None:
    rooms = set().union(*THIRD_PARTY.values())
    assert rooms <= set(ORDER)
    assert not rooms & set(PURE)
    assert len(set(ORDER)) == len(ORDER)


# What follows feeds the checker wrong sources: each class of violation must be caught.


def problems(source: str, *, module: str = "probanda.collect.junit", package: bool = False) -> str:
    """What the import rules say about `source`, one violation a line."""
    return "\n".join(import_violations(source, module=module, path="x.py", is_package=package))


@pytest.mark.parametrize(
    "source",
    [
        "from probanda.gates import run",
        "import probanda.gates.run",
        "from probanda import gates",
        "from ..gates import run",
        "from .. import gates",
    ],
)
def test_an_import_of_a_later_room_is_caught(source: str) -> None:
    assert problems(source) == "x.py:1: collect imports gates, a later room (rule: ORDER)"


def test_a_relative_import_in_a_package_is_resolved_from_the_package_itself() -> None:
    wrong = problems("from ..gates import run", module="probanda.collect", package=True)
    assert "collect imports gates" in wrong
    assert not problems("from .junit import read", module="probanda.collect", package=True)


def test_a_lazy_import_inside_a_function_is_caught_with_its_line() -> None:
    source = '"""Doc."""\n\ndef late():\n    from probanda.cli import main\n    return main\n'
    assert problems(source).startswith("x.py:4: collect imports cli")


def test_an_import_under_type_checking_is_caught() -> None:
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import probanda.cli\n"
    assert problems(source).startswith("x.py:3: collect imports cli")


def test_a_type_only_exception_holds_for_annotations_alone() -> None:
    lazy = "from probanda.model.location import Location"
    guarded = f"if TYPE_CHECKING:\n    {lazy}\n"
    assert not problems(guarded, module="probanda.errors")
    assert "errors imports model" in problems(lazy, module="probanda.errors")
    other = guarded.replace("location", "fact")
    assert "errors imports model" in problems(other, module="probanda.errors")


def test_an_import_by_literal_name_is_caught_like_any_other() -> None:
    assert "collect imports cli" in problems('importlib.import_module("probanda.cli")')
    assert "collect imports regopy" in problems('__import__("regopy")')


def test_an_import_by_computed_name_is_caught() -> None:
    for argument in ("name", 'f"{room}.x"', 'f"probanda.{room}"', 'f"prob{x}"', "*names", ""):
        assert "computed name" in problems(f"importlib.import_module({argument})"), argument


def test_an_import_by_a_name_that_spells_out_its_room_obeys_the_order() -> None:
    source = 'importlib.import_module(f"probanda.cli.{command}")'
    assert "collect imports cli" in problems(source)
    assert not problems(source, module="probanda.cli", package=True)


def test_an_unlisted_library_is_caught_everywhere() -> None:
    assert problems("import requests") == (
        "x.py:1: imports requests, which no room may (rule: THIRD_PARTY)"
    )


@pytest.mark.parametrize("library", sorted(THIRD_PARTY))
def test_a_listed_library_is_caught_outside_its_rooms(library: str) -> None:
    for room in ORDER:
        caught = problems(f"def f():\n    import {library}.x\n", module=f"probanda.{room}.m")
        assert bool(caught) is (room not in THIRD_PARTY[library]), (library, room)


def test_an_import_of_something_that_is_no_room_is_caught() -> None:
    assert "which is no room" in problems("from probanda.helpers import x")
    assert "helpers is no room" in problems("import probanda.errors", module="probanda.helpers")


def test_the_root_may_import_no_room_while_every_room_may_import_the_root() -> None:
    assert "the root imports errors" in problems("import probanda.errors", module="probanda")
    assert not problems("from probanda import __version__")
    assert not problems("import probanda")


def test_the_standard_library_and_earlier_rooms_are_free() -> None:
    assert not problems("import json, os.path\nfrom probanda.parse.json import load_json\n")
    assert not problems("from probanda.collect.interface import Reading")


def test_an_unlisted_entry_of_the_package_is_caught() -> None:
    assert not list(entry_violations(["__init__.py", "py.typed", "model", "errors.py"]))
    assert [line.split(":")[0] for line in entry_violations(["utils.py", "misc"])] == [
        "engine/probanda/utils.py",
        "engine/probanda/misc",
    ]


def test_a_long_module_is_caught_unless_it_says_why() -> None:
    body = "x = 1\n" * MODULE_LINES
    assert list(length_violations(f'"""Doc."""\n{body}', path="x.py")) == [
        f"x.py:1: {MODULE_LINES + 1} lines (rule: at most {MODULE_LINES} a module)"
    ]
    excused = f'"""Doc.\n\nLength: one table.\n"""\n{body}'
    assert not list(length_violations(excused, path="x.py"))


def test_a_long_function_is_caught_and_its_docstring_is_free() -> None:
    body = "    x = 1\n" * FUNCTION_LINES
    assert "x.py:1: f has 51 lines" in next(length_violations(f"def f():\n{body}", path="x.py"))
    short = "    x = 1\n" * (FUNCTION_LINES - 1)
    documented = f'def f():\n    """One.\n\n    Two.\n    """\n{short}'
    assert not list(length_violations(documented, path="x.py"))
    nested = f"class C:\n    async def g(self):\n{body.replace('    x', '        x')}"
    assert "g has 51 lines" in next(length_violations(nested, path="x.py"))


@pytest.mark.parametrize(
    "comment",
    ["# noqa", "# noqa: S310", "# noqa: S310, B009", "# type: ignore", "# type: ignore[arg-type]"],
)
def test_a_suppression_without_a_reason_is_caught(comment: str) -> None:
    line = f"x = 1  {comment}\n"
    assert "x.py:1" in next(suppression_violations(line, path="x.py"))
    with_reason = f"x = 1  {comment}  # the vendor's stub is wrong\n"
    assert not list(suppression_violations(with_reason, path="x.py"))


def test_two_suppressions_share_one_reason_and_need_one() -> None:
    bare = "x = 1  # type: ignore[misc]  # noqa: S310\n"
    assert list(suppression_violations(bare, path="x.py"))
    reasoned = "x = 1  # type: ignore[misc]  # noqa: S310 – fixed list, no shell\n"
    assert not list(suppression_violations(reasoned, path="x.py"))


def test_a_string_that_talks_about_noqa_is_no_suppression() -> None:
    assert not list(suppression_violations('x = "# noqa"\n', path="x.py"))
