r"""CSV with a header: rows by column name, in the types that the check declares.

Data: `{columns, rows, rowCount}`; a row maps each column to its value. Without a declared
type a value is text. Types: `string`; `integer` (within 2^53-1); `decimal`, kept as text so
that no digit is lost, `to_number` makes an exact number of it; `boolean` (`true`, `false`, in
any case); `instant` (RFC 3339 with a zone, given in UTC, whole seconds). An empty cell of
another type than `string` is `null`.

Options: `delimiter` (`,` by default, `;`, `|` or a tab), `types` by column, `required`: columns
that may have no empty cell.

Rules:

- Python's reader in strict mode, RFC 4180 quoting, UTF-8 with or without a byte-order mark.
- Every row has as many cells as the header: a ragged row is refused with its line, and so is
  an empty line. Column names are there, and no two are the same.
- Values are not trimmed: `" 5"` is no integer.
- No rows is a table with zero rows; whether that passes is not decided here.

Example:

    >>> options = {"types": {"seconds": "integer"}}
    >>> CsvCollector().read(b"id,seconds\na,5\n", source="a.csv", options=options).data["rows"]
    [{'id': 'a', 'seconds': 5}]
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from probanda.collect.interface import Reading
from probanda.collect.json_node import MAX_INTEGER
from probanda.errors import CollectError
from probanda.model.instant import format_instant, parse_instant
from probanda.model.location import Location
from probanda.parse.limits import Limits, decode

# Values, as for the other formats; a million rows of five columns.
_LIMITS = Limits(max_nodes=5_000_000)
_MAX_COLUMNS = 1_000
_INTEGER = re.compile(r"-?[0-9]{1,16}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?", re.ASCII)


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or abs(int(text)) > MAX_INTEGER:
        raise ValueError(text)
    return int(text)


def _decimal(text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return text


def _boolean(text: str) -> bool:
    if text.lower() not in {"true", "false"}:
        raise ValueError(text)
    return text.lower() == "true"


def _instant(text: str) -> str:
    return format_instant(parse_instant(text))


_READERS: Mapping[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "decimal": _decimal,
    "instant": _instant,
    "integer": _integer,
    "string": str,
}


class CsvCollector:
    """`from: csv`."""

    name = "csv"
    media_type = "text/csv"
    timestamped = False
    max_bytes = 64 << 20
    options_schema: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "delimiter": {"enum": [",", ";", "\t", "|"]},
            "types": {"type": "object", "additionalProperties": {"enum": sorted(_READERS)}},
            "required": {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
        },
    }
    empty: Mapping[str, Any] = {"columns": [], "rows": [], "rowCount": 0}

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:
        """Columns and rows.

        Raises:
            ParseError: too large, or not UTF-8.
            CollectError: no header, a ragged row, a value of another type, bad quoting.
        """
        text = decode(data, path=source, limits=_LIMITS)
        table = read_table(text, source=source, delimiter=options.get("delimiter", ","))
        required = frozenset(options.get("required", ()))
        types = dict(options.get("types", {}))
        for name in sorted({*required, *types}):
            if name not in table.columns:
                raise CollectError(
                    f"no column {name[:80]!r}",
                    location=Location(source, 1),
                    hint=f"it has {', '.join(table.columns)[:200]}",
                )
        readers = {name: _READERS[types.get(name, "string")] for name in table.columns}
        rows = [_typed(row, readers, required, source) for row in table.rows]
        value = {"columns": list(table.columns), "rows": rows, "rowCount": len(rows)}
        return Reading(value, self.media_type)


@dataclass(frozen=True, slots=True)
class Row:
    """A row, and the line on which it begins."""

    cells: Mapping[str, str]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below a header, as text."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(text: str, *, source: str, delimiter: str = ",") -> Table:
    """The table that `text` is; see the module's rules.

    Raises:
        CollectError: no header, a ragged row, bad quoting, beyond a limit.
    """
    lines = _lines(text, source, delimiter)
    line, header = next(lines, (1, []))
    if not header:
        _refuse(source, line, "there is no header", hint="write the column names first")
    if len(header) > _MAX_COLUMNS:
        _refuse(source, line, f"more than {_MAX_COLUMNS} columns")
    for name in header:
        if not name.strip():
            _refuse(source, line, "a column has no name")
        if header.count(name) > 1:
            _refuse(source, line, f"two columns are named {name[:80]!r}")
    rows: list[Row] = []
    for begin, cells in lines:
        if len(cells) != len(header):
            _refuse(
                source,
                begin,
                f"the row has {len(cells)} cells, the header {len(header)}",
                hint="quote cells that hold the delimiter, or set the option delimiter",
            )
        if len(rows) * len(header) > _LIMITS.max_nodes:
            _refuse(source, begin, f"more than the limit of {_LIMITS.max_nodes} cells")
        rows.append(Row(dict(zip(header, cells, strict=True)), begin))
    return Table(tuple(header), tuple(rows))


def _lines(text: str, source: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows and the lines on which they begin."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            _refuse(source, line, f"not valid CSV: {error}")
        yield line, cells


def _typed(
    row: Row, readers: Mapping[str, Callable[[str], Any]], required: frozenset[str], source: str
) -> dict[str, Any]:
    """The row's values."""
    values: dict[str, Any] = {}
    for name, text in row.cells.items():
        if not text:
            if name in required:
                _refuse(source, row.line, f"column {name[:80]!r} is empty")
            values[name] = text if readers[name] is str else None
            continue
        try:
            values[name] = readers[name](text)
        except ValueError:
            kind = next(word for word, reader in _READERS.items() if reader is readers[name])
            _refuse(source, row.line, f"column {name[:80]!r} holds a value that is no {kind}")
    return values


def _refuse(source: str, line: int, reason: str, *, hint: str | None = None) -> NoReturn:
    raise CollectError(reason, location=Location(source, line), hint=hint)
