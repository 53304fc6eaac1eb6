"""Tables: CSV, TSV, JSON Lines and Parquet; rows as they are, or aggregates of all of them.

Data: `{format, rowCount, columns, rows, aggregates}`.

- `columns` are `{name, type}` in the file's order. The types are `text`, `boolean`, `integer`,
  `decimal`, `number` (a double), `date`, `time`, `timestamp` (with a zone, as RFC 3339 in UTC)
  and `local-timestamp` (without one).
- `rows` are objects by column, in the file's order; null is absent. Decimals, dates and times
  are text, and so are integers beyond ±(2^53−1); a `number` is a JSON number.
- `aggregates` is `{column: {count, nulls, distinct, min, max}}` over all rows: `count` of values
  that are not null, `distinct` exact. `min` and `max` are absent where every value is null.

Options:

- `format`: `csv`, `tsv`, `jsonl`, `parquet`; else by the file's extension.
- `columns`: only these. The others are not looked at, whatever they hold.
- `types` of columns of CSV, TSV and JSON Lines (see `table_text`), and `nulls`, words that stand
  for null in CSV and TSV (default: the empty field).
- `aggregates`: `{column: [function, …]}`.
- `maxRows` (default 10,000): a table with more is refused, not cut off; 0 leaves `rows` out, for
  aggregates of large tables.

Rules:

- Text is read by our own strict readers, Parquet by a locked DuckDB (see `table_database`),
  which also computes the aggregates; there is no free SQL.
- The least and greatest of numbers that are only text would be wrong (`10` < `9`): `min` and
  `max` of CSV columns need a declared type.

Example:

    orders:
      from: table
      path: in/orders.csv
      options: {types: {amount: decimal}, aggregates: {amount: [min, nulls]}, maxRows: 0}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any

from probanda.collect.interface import Reading
from probanda.collect.table_database import FUNCTIONS, Table, open_parquet, open_text
from probanda.collect.table_text import MAX_ROWS, TYPES, read_text
from probanda.errors import CollectError
from probanda.model.location import Location

_MEDIA_TYPES: Mapping[str, str] = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
    "tsv": "text/tab-separated-values",
}
_EXTENSIONS: Mapping[str, str] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".tsv": "tsv",
}
DEFAULT_ROWS = 10_000
_NAME: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 1_000}


class TableCollector:
    """`from: table`."""

    name = "table"
    media_type = "text/csv"
    timestamped = False
    max_bytes = 256 << 20
    options_schema: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "format": {"enum": sorted(_MEDIA_TYPES)},
            "columns": {"type": "array", "items": _NAME, "minItems": 1, "uniqueItems": True},
            "types": {"type": "object", "additionalProperties": {"enum": list(TYPES)}},
            "nulls": {"type": "array", "items": {"type": "string", "maxLength": 100}},
            "maxRows": {"type": "integer", "minimum": 0, "maximum": 100_000},
            "aggregates": {
                "type": "object",
                "additionalProperties": {
                    "type": "array",
                    "items": {"enum": list(FUNCTIONS)},
                    "minItems": 1,
                    "uniqueItems": True,
                },
            },
        },
    }
    empty: Mapping[str, Any] = {"rowCount": 0, "columns": [], "rows": [], "aggregates": {}}

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:
        """Rows and aggregates.

        Raises:
            ParseError: text that is not UTF-8, or not JSON.
            CollectError: not the format that it should be, a value of another type, a column
                that is not there, or more rows than allowed.
        """
        form = _format(source, options)
        with _open(data, source, form, options) as table:
            columns = _columns(table, options)
            count, limit = table.count(), int(options.get("maxRows", DEFAULT_ROWS))
            if count > MAX_ROWS or 0 < limit < count:
                raise CollectError(
                    f"{count} rows, more than {min(limit or MAX_ROWS, MAX_ROWS)}",
                    location=Location(source),
                    hint="raise option `maxRows`, or set it to 0 and ask for `aggregates`",
                )
            value = {
                "format": form,
                "rowCount": count,
                "columns": [{"name": name, "type": table.types[name]} for name in columns],
                "rows": table.rows(columns, limit) if limit else [],
                "aggregates": {
                    name: table.aggregate(name, _functions(table, name, wanted, form, options))
                    for name, wanted in sorted(options.get("aggregates", {}).items())
                },
            }
        if limit == 0:
            del value["rows"]  # not asked for is not the same as none
        return Reading(value, _MEDIA_TYPES[form])


def _format(source: str, options: Mapping[str, Any]) -> str:
    """The stated format, else that of the extension."""
    suffix = PurePosixPath(source).suffix.lower()
    form = str(options.get("format", _EXTENSIONS.get(suffix, "")))
    if not form:
        hint = f"set option `format`: {', '.join(sorted(_MEDIA_TYPES))}"
        raise CollectError("no known kind of table", location=Location(source), hint=hint)
    if form == "parquet" and ("types" in options or "nulls" in options):
        message = "a Parquet file has types and nulls of its own"
        raise CollectError(message, location=Location(source), hint="remove `types` and `nulls`")
    return form


@contextmanager
def _open(data: bytes, source: str, form: str, options: Mapping[str, Any]) -> Iterator[Table]:
    """The table, whichever form it has."""
    if form == "parquet":
        with open_parquet(data, source=source) as table:
            yield table
        return
    text = read_text(
        data,
        source=source,
        form=form,
        types=options.get("types", {}),
        nulls=options.get("nulls", [""]),
        only=[*options["columns"], *options.get("aggregates", {})]
        if "columns" in options
        else None,
    )
    with open_text(text.data, text.types, source=source) as table:
        if table.count() != text.rows:
            raise CollectError("DuckDB reads another number of rows", location=Location(source))
        yield table


def _columns(table: Table, options: Mapping[str, Any]) -> list[str]:
    """The columns of the fact, in the file's order."""
    wanted = options.get("columns", list(table.types))
    for name in (*wanted, *options.get("aggregates", {})):
        if name not in table.types:
            message = f"there is no column {name[:80]!r}"
            raise CollectError(message, location=Location(table.source))
        if not table.types[name]:
            raise CollectError(
                f"column {name[:80]!r} is nested or binary", location=Location(table.source),
                hint="name the others in option `columns`",
            )  # fmt: skip
    return [name for name in table.types if name in set(wanted)]


def _functions(
    table: Table, name: str, wanted: list[str], form: str, options: Mapping[str, Any]
) -> list[str]:
    """The functions, once they mean something for the column."""
    guessed = form in {"csv", "tsv"} and name not in options.get("types", {})
    if guessed and not {"max", "min"}.isdisjoint(wanted):
        raise CollectError(
            f"column {name[:80]!r} has no type to compare by", location=Location(table.source),
            hint="state it in option `types`",
        )  # fmt: skip
    return sorted(wanted)
