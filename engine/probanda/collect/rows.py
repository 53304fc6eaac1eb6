"""Rows of a CSV file that people or tools exported, as records.

Rules:

- RFC 4180 with any line ending: UTF-8 with or without a byte-order mark, one header. Column
  names are unique and not empty; every row has as many fields as the header.
- A row is not half-read: a stray quote, a NUL, a short or a long row refuses the file.
- Text stays text. An empty field is an empty text; what that means is the caller's matter.
- Limits on rows, columns and the size of a field; the bytes are bounded by the caller.

Example:

    columns, rows = read_rows(data, source="accounts.csv", hint="export with a header")
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from probanda.collect.record import MAX_TEXT, Record
from probanda.errors import CollectError
from probanda.model.location import Location
from probanda.parse.limits import Limits, decode

MAX_ROWS = 200_000
MAX_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class RowLimits:
    """How many rows, and how many characters in a field."""

    rows: int = MAX_ROWS
    field: int = MAX_TEXT


def read_rows(
    data: bytes, *, source: str, hint: str, delimiter: str = ",", limits: RowLimits | None = None
) -> tuple[list[str], Iterator[Record]]:
    """The columns, and each row below them, at the line where it begins.

    Raises:
        ParseError: not UTF-8.
        CollectError: malformed, or beyond a limit; see the module's rules. Of rows: when
            they are reached.
    """
    limits = limits or RowLimits()
    text = decode(data, path=source, limits=Limits(max_bytes=len(data)))
    if "\0" in text:
        raise CollectError("a NUL character in the text", location=Location(source))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    rows = _rows(reader, source, limits)
    header = next(rows, None)
    if header is None:
        raise CollectError("the file is empty", location=Location(source), hint=hint)
    columns = _columns(header[1], source, hint)
    return columns, _records(columns, rows, source, limits)


def _records(
    columns: list[str], rows: Iterator[tuple[int, list[str]]], source: str, limits: RowLimits
) -> Iterator[Record]:
    """Rows with their columns' names."""
    for number, (line, row) in enumerate(rows, 1):
        where = Location(source, line)
        if number > limits.rows:
            raise CollectError(f"more than the limit of {limits.rows} rows", location=where)
        if len(row) != len(columns):
            message = f"{len(row)} fields where the header has {len(columns)}"
            raise CollectError(message, location=where)
        yield Record(dict(zip(columns, row, strict=True)), where, f"row {number}")


def _rows(reader: Any, source: str, limits: RowLimits) -> Iterator[tuple[int, list[str]]]:
    """Line and fields of every row; empty lines are no rows."""
    while True:
        line = reader.line_num
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = Location(source, line + 1)
            raise CollectError(f"not valid CSV: {str(error)[:80]}", location=where) from None
        if not row:
            continue
        where = Location(source, line + 1)
        if any(len(field) > limits.field for field in row):
            raise CollectError(f"a field longer than {limits.field} characters", location=where)
        yield line + 1, row


def _columns(header: list[str], source: str, hint: str) -> list[str]:
    """The names of the columns."""
    names = [name.strip() for name in header]
    where = Location(source, 1)
    if len(names) > MAX_COLUMNS:
        raise CollectError(f"more than the limit of {MAX_COLUMNS} columns", location=where)
    if "" in names:
        raise CollectError("a column without a name", location=where, hint=hint)
    for name in names:
        if names.count(name) > 1:
            raise CollectError(f"two columns are named {name[:80]!r}", location=where, hint=hint)
    return names
