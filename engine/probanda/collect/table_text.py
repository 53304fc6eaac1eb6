"""CSV, TSV and JSON Lines in one normal form that DuckDB cannot misunderstand.

DuckDB 2.0.0 drops a last row whose quote is never closed, refuses Windows line ends when its
guessing is off, and rewrites 1.10 as 1.1 in JSON. So text is read here, strictly, and handed
over as CSV with every field quoted, line feeds, and an unquoted word for null.

Rules:

- Every cell of a column has the column's type: the one that `types` declares, else text in CSV,
  and in JSON Lines what all its cells are: text, boolean, integer or decimal. A cell of another
  type is an error with its line; the value is not repeated.
- Types are held to one way of writing: no `1e3`, `0x1F`, `+1`, ` 12` or `007` for a number, and
  a time needs its zone.
- In CSV an empty field is null, and so is every word of `nulls`. In JSON Lines null is null, and
  so is a key that a line does not have.

Example:

    table = read_text(data, source="a.csv", form="csv", types={"amount": "decimal"}, nulls=("",))
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from probanda.collect.rows import MAX_COLUMNS, RowLimits, read_rows
from probanda.errors import CollectError, ParseError
from probanda.model.instant import parse_instant
from probanda.model.location import Location
from probanda.parse.json import load_json_tree
from probanda.parse.tree import MappingNode, ScalarNode

MAX_ROWS = 5_000_000
MAX_CELL = 65_536
# DuckDB's widest integer and decimal have 38 digits.
_WRITTEN: Mapping[str, re.Pattern[str]] = {
    "boolean": re.compile(r"true|false"),
    "integer": re.compile(r"-?(?:0|[1-9][0-9]{0,37})"),
    "decimal": re.compile(r"-?(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,19})?"),
    "number": re.compile(r"-?(?:0|[1-9][0-9]{0,307})(?:\.[0-9]{1,100})?(?:[eE][-+]?[0-9]{1,3})?"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "timestamp": re.compile(
        r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
        r"(?:Z|[-+][0-9]{2}:[0-9]{2})"
    ),
}
TYPES = ("text", *_WRITTEN)
# Unquoted; a text of this one letter is quoted. Not empty: a line of nothing is no row.
NULL = "N"


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table in normal form.

    Attributes:
        types: by column, in the file's order.
        data: CSV in normal form, without a header.
        rows: how many.
    """

    types: Mapping[str, str]
    data: bytes
    rows: int


@dataclass(frozen=True, slots=True)
class _Cell:
    """A value as written; `kind` is the JSON type that it was written with, if any."""

    text: str
    kind: str = ""


_Row = tuple[Location, list[_Cell | None]]


def read_text(
    data: bytes,
    *,
    source: str,
    form: str,
    types: Mapping[str, str],
    nulls: Iterable[str],
    only: Sequence[str] | None = None,
) -> TextTable:
    """The table, once every cell fits its column; with `only` the other columns are dropped.

    Raises:
        ParseError: not UTF-8, or not JSON.
        CollectError: a malformed row, a cell of another type, or beyond a limit.
    """
    if form == "jsonl":
        columns, rows = _json_lines(data, source, None if only is None else {*only, *types})
    else:
        delimiter = "\t" if form == "tsv" else ","
        columns, rows = _csv(data, source, delimiter, frozenset(nulls))
    for name in (*types, *(only or ())):
        if name not in columns:
            message = f"there is no column {name[:80]!r}"
            raise CollectError(message, location=Location(source))
    if form != "jsonl" and only is not None:
        columns, rows = _picked(columns, rows, {*only, *types})
    found = {name: types.get(name, "" if form == "jsonl" else "text") for name in columns}
    text = io.StringIO(newline="")
    count = 0
    for where, cells in rows:
        count += 1
        for name, cell in zip(columns, cells, strict=True):
            if cell is not None:
                found[name] = _fit(cell, found[name], name in types, where, name)
        text.write(_line(cells))
    # A column that is null everywhere has any type.
    settled = {name: kind or "text" for name, kind in found.items()}
    return TextTable(settled, text.getvalue().encode(), count)


def _line(cells: list[_Cell | None]) -> str:
    """A row in normal form."""
    fields = (NULL if cell is None else '"' + cell.text.replace('"', '""') + '"' for cell in cells)
    return ",".join(fields) + "\n"


def _fit(cell: _Cell, kind: str, declared: bool, where: Location, name: str) -> str:  # noqa: FBT001 - private, and called once
    """The column's type with this cell in it."""
    if not declared and cell.kind:
        if {kind, cell.kind} == {"integer", "decimal"}:
            kind = "decimal"
        if kind not in {"", cell.kind, "decimal" if cell.kind == "integer" else ""}:
            raise CollectError(
                f"column {name[:80]!r} is {kind} above and {cell.kind} here", location=where,
                hint="leave the column out with option `columns`, or mend the file",
            )  # fmt: skip
        kind = kind or cell.kind
    pattern = _WRITTEN.get(kind)
    if pattern is not None and not (pattern.fullmatch(cell.text) and _exists(cell.text, kind)):
        hint = "declare another type in option `types`: a number with an exponent is a `number`"
        message = f"column {name[:80]!r} holds what is no {kind}"
        raise CollectError(message, location=where, hint=hint)
    return kind


def _exists(text: str, kind: str) -> bool:
    """Whether there is such a day, and whether a number fits a double."""
    if kind == "number":
        return abs(float(text)) < float("inf")
    if kind in {"date", "timestamp"}:
        try:
            parse_instant(text)
        except ValueError:
            return False
    return True


def _csv(
    data: bytes, source: str, delimiter: str, nulls: frozenset[str]
) -> tuple[list[str], Iterator[_Row]]:
    limits = RowLimits(MAX_ROWS, MAX_CELL)
    hint = "a header with the columns' names"
    columns, records = read_rows(data, source=source, hint=hint, delimiter=delimiter, limits=limits)

    def rows() -> Iterator[_Row]:
        for record in records:
            values = record.values.values()
            yield record.location, [None if one in nulls else _Cell(one) for one in values]

    return columns, rows()


def _picked(
    columns: list[str], rows: Iterator[_Row], only: Set[str]
) -> tuple[list[str], Iterator[_Row]]:
    """Some of the columns."""
    kept = [number for number, name in enumerate(columns) if name in only]
    return [columns[number] for number in kept], (
        (where, [cells[number] for number in kept]) for where, cells in rows
    )


def _json_lines(
    data: bytes, source: str, wanted: Set[str] | None
) -> tuple[list[str], Iterator[_Row]]:
    """Columns in order of first appearance; all lines are read to know them."""
    names: dict[str, None] = {}
    lines: list[tuple[Location, dict[str, _Cell | None]]] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        where = Location(source, number)
        if len(lines) == MAX_ROWS:
            raise CollectError(f"more than the limit of {MAX_ROWS} rows", location=where)
        cells = _object(line, where, wanted)
        names.update(dict.fromkeys(cells))
        if len(names) > MAX_COLUMNS:
            raise CollectError(f"more than the limit of {MAX_COLUMNS} columns", location=where)
        lines.append((where, cells))
    if not names:
        raise CollectError("the file holds no row", location=Location(source))
    rows = ((where, [cells.get(name) for name in names]) for where, cells in lines)
    return list(names), rows


def _object(line: bytes, where: Location, wanted: Set[str] | None) -> dict[str, _Cell | None]:
    """The cells of a line."""
    try:
        node = load_json_tree(line, path=where.path)
    except ParseError as error:
        raise ParseError(error.message, location=where, hint=error.hint) from None
    if not isinstance(node, MappingNode):
        raise CollectError("the line holds no object", location=where)
    return {
        name: _cell(value, name, where)
        for name, value in node.entries.items()
        if wanted is None or name in wanted
    }


def _cell(node: object, name: str, where: Location) -> _Cell | None:
    """A scalar, with its number as written."""
    if not isinstance(node, ScalarNode):
        message = f"column {name[:80]!r} is nested"
        raise CollectError(message, location=where, hint="flatten the file first")
    if node.tag == "null":
        return None
    if len(node.text) > MAX_CELL or "\0" in node.text:
        raise CollectError(f"column {name[:80]!r} is longer than a cell may be", location=where)
    kinds = {"str": "text", "bool": "boolean", "int": "integer", "float": "decimal"}
    return _Cell(node.text, kinds[node.tag])
