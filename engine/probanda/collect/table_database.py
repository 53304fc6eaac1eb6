"""DuckDB, locked: it sees one file in memory and nothing else.

Rules:

- The bytes lie in an anonymous file in memory; its path is the only one allowed, and access to
  any other, the network included, is off before the file is read. Extensions are neither
  loaded nor installed, no spill file is written, and the configuration cannot be changed.
- One thread in the file's order, so that the same bytes give the same rows.
- No statement comes from outside: names are quoted, and there is no free SQL.
- Values are exact: integers beyond ±(2^53−1), decimals, dates and times are text. NaN and
  infinity, which JSON does not have, are refused.
- DuckDB's own messages repeat values, so that only the kind of an error is passed on.

Example:

    with open_parquet(data, source="a.parquet") as table:
        print(table.types, table.count(), table.rows(["id"], limit=10))
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from probanda.collect.record import exact
from probanda.errors import CollectError
from probanda.model.location import Location

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FUNCTIONS = ("count", "distinct", "max", "min", "nulls")
MEMORY = "1GB"
_SQL: Mapping[str, str] = {
    "count": "count({0})",
    "distinct": "count(DISTINCT {0})",
    "max": "max({0})",
    "min": "min({0})",
    "nulls": "count(*) - count({0})",
}
# DuckDB's types, and how text in normal form becomes them.
_PARQUET: Mapping[str, str] = {
    "BOOLEAN": "boolean",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"), "integer"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), "integer"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "number"),
    **dict.fromkeys(("VARCHAR", "UUID"), "text"),
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    **dict.fromkeys(
        ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), "local-timestamp"
    ),
}
_CASTS: Mapping[str, str] = {
    "boolean": "BOOLEAN",
    "integer": "HUGEINT",
    "decimal": "DECIMAL(38, 19)",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
    "text": "VARCHAR",
}
_HINT = "pip install 'probanda[data]'"


@dataclass(frozen=True, slots=True)
class Table:
    """An open table.

    Attributes:
        types: by column, in the file's order; `""` where there is no plain value to give.
        source: its name in messages.
    """

    types: Mapping[str, str]
    source: str
    _connection: DuckDBPyConnection
    _as_written: bool

    def count(self) -> int:
        """The number of rows."""
        return int(self._query("SELECT count(*) FROM input")[0][0])

    def rows(self, columns: Sequence[str], limit: int) -> list[dict[str, Any]]:
        """The first rows in the file's order, without nulls."""
        fields = ", ".join(self._printed(_quoted(name), self.types[name]) for name in columns)
        return [
            {
                name: self._value(value, name)
                for name, value in zip(columns, row, strict=True)
                if value is not None
            }
            for row in self._query(f"SELECT {fields} FROM input LIMIT {int(limit)}")  # noqa: S608 - names are quoted
        ]

    def aggregate(self, column: str, functions: Sequence[str]) -> dict[str, Any]:
        """Aggregates of a column; `min` and `max` are absent where all is null."""
        value = self._typed(column)
        fields = [
            self._printed(_SQL[one].format(value), self.types[column], written=False)
            if one in {"max", "min"}
            else _SQL[one].format(value)
            for one in functions
        ]
        (row,) = self._query(f"SELECT {', '.join(fields)} FROM input")  # noqa: S608 - names are quoted
        return {
            one: self._extreme(found, column) if one in {"max", "min"} else int(found)
            for one, found in zip(functions, row, strict=True)
            if found is not None
        }

    def _extreme(self, text: str, column: str) -> Any:
        """A least or greatest value, without the zeros that our own cast adds."""
        if self._as_written and self.types[column] == "decimal":
            return text.rstrip("0").removesuffix(".")
        return self._value(text, column)

    def _typed(self, column: str) -> str:
        """The column with its type; text in normal form is only text until then."""
        name = _quoted(column)
        return f"CAST({name} AS {_CASTS[self.types[column]]})" if self._as_written else name

    def _printed(self, expression: str, kind: str, *, written: bool = True) -> str:
        """An expression as text, a 32-bit float as the number that it is."""
        if self._as_written and written:
            if kind != "timestamp":
                return expression
            expression = f"CAST({expression} AS TIMESTAMPTZ)"
        if kind == "number":
            expression = f"CAST({expression} AS DOUBLE)"
        return f"CAST({expression} AS VARCHAR)"

    def _value(self, text: str, column: str) -> Any:
        """A printed value as JSON."""
        kind = self.types[column]
        if kind == "boolean":
            return text == "true"
        if kind == "integer":
            return exact(int(text))
        if kind == "number":
            number = float(text)
            if not isfinite(number):
                message = f"column {column[:80]!r} holds a number that is not finite"
                raise CollectError(message, location=Location(self.source))
            return number
        if kind == "timestamp":
            return re.sub(r"\+00$", "Z", text.replace(" ", "T", 1))
        if kind == "local-timestamp":
            return text.replace(" ", "T", 1)
        return text

    def _query(self, sql: str) -> list[Any]:
        with _failures(self.source):
            return self._connection.execute(sql).fetchall()


@contextmanager
def open_parquet(data: bytes, *, source: str) -> Iterator[Table]:
    """A Parquet file.

    Raises:
        CollectError: not a whole Parquet file, or DuckDB is not installed.
    """
    with _open(data, source) as (connection, path), _failures(source):
        connection.execute(f"CREATE VIEW input AS SELECT * FROM read_parquet('{path}')")  # noqa: S608 - our own path
        described = connection.execute("DESCRIBE input").fetchall()
        types = {name: _kind(str(given)) for name, given, *_ in described}
        yield Table(types, source, connection, _as_written=False)


@contextmanager
def open_text(data: bytes, types: Mapping[str, str], *, source: str) -> Iterator[Table]:
    """CSV in the normal form of `table_text`.

    Raises:
        CollectError: DuckDB is not installed.
    """
    columns = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in types)
    with _open(data, source) as (connection, path), _failures(source):
        connection.execute(
            "CREATE VIEW input AS SELECT * FROM read_csv("  # noqa: S608 - quoted, and our own path
            f"'{path}', columns={{{columns}}}, auto_detect=false, header=false, delim=',', "
            "quote='\"', escape='\"', new_line='\\n', nullstr='N', allow_quoted_nulls=false, "
            "strict_mode=true, parallel=false, compression='none', max_line_size=67108864)"
        )
        yield Table(dict(types), source, connection, _as_written=True)


@contextmanager
def _open(data: bytes, source: str) -> Iterator[tuple[DuckDBPyConnection, str]]:
    """A locked connection, and the path of the only file that it may open."""
    try:
        import duckdb
    except ImportError as error:
        raise CollectError("tables need DuckDB", location=Location(source), hint=_HINT) from error
    descriptor = os.memfd_create("table")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            stream.write(data)
        path = f"/proc/self/fd/{descriptor}"
        connection = duckdb.connect(
            ":memory:",
            config={
                "allow_community_extensions": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "max_temp_directory_size": "0KiB",
                "memory_limit": MEMORY,
                "preserve_insertion_order": "true",
                "temp_directory": "",
                "threads": "1",
            },
        )
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"SET allowed_paths = ['{path}']")
            # In this order: afterwards nothing can be allowed any more.
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection, path
        finally:
            connection.close()
    finally:
        os.close(descriptor)


@contextmanager
def _failures(source: str) -> Iterator[None]:
    """DuckDB's errors as ours, without the values that its messages repeat."""
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException:
        message = f"reading it takes more memory than {MEMORY}"
        raise CollectError(message, location=Location(source)) from None
    except duckdb.Error as error:
        message = f"DuckDB cannot read it: {type(error).__name__}"
        raise CollectError(message, location=Location(source)) from None


def _kind(given: str) -> str:
    """Our type for one of DuckDB's; empty where a value has no plain form."""
    if given.startswith("DECIMAL("):
        return "decimal"
    if given.startswith("ENUM("):
        return "text"
    return _PARQUET.get(given, "")


def _quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"
