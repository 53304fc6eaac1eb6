r"""JSON Lines: a log with one JSON object a line.

Data: `{records, recordCount, first, last}`. `records` are in the order of the file; `first`
and `last` are the oldest and the newest instant of the field that the option `time` names
(RFC 3339, UTC), empty without it and without records.

Options: `required`: fields that every record has, `null` and `""` being none; `time`: the field
with the record's instant, which every record then has; `maxLines`, 1,000,000 by default.

Rules:

- Each line is strict JSON of its own; an error names the line. An empty line is refused, the
  end of the last line may be missing. A record cut in half is no JSON.
- The newest instant is when the log was made; without `time`, `maxAge` cannot hold.
- No lines is a log with zero records; whether that passes is not decided here.

Example:

    >>> LogsCollector().read(b'{"a": 1}\n', source="a.jsonl", options={}).data["recordCount"]
    1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from probanda.collect.interface import Reading
from probanda.errors import CollectError, ParseError
from probanda.model.instant import format_instant, parse_instant
from probanda.model.location import Location
from probanda.parse.json import load_json
from probanda.parse.limits import DEFAULT, decode

_MAX_LINES = 1_000_000


class LogsCollector:
    """`from: logs`."""

    name = "logs"
    media_type = "application/jsonl"
    timestamped = True
    max_bytes = 64 << 20
    options_schema: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "required": {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
            "time": {"type": "string", "minLength": 1},
            "maxLines": {"type": "integer", "minimum": 1, "maximum": _MAX_LINES},
        },
    }
    empty: Mapping[str, Any] = {"records": [], "recordCount": 0, "first": "", "last": ""}

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:
        """Records.

        Raises:
            ParseError: a line that is no strict JSON.
            CollectError: a line that is no object or lacks a field, or too many lines.
        """
        decode(data, path=source, limits=DEFAULT)
        # Only a line feed ends a record: JSON text may hold what else Python takes for an end.
        lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        if not lines[-1]:
            lines.pop()
        limit = options.get("maxLines", _MAX_LINES)
        if len(lines) > limit:
            _refuse(source, limit + 1, f"more than the limit of {limit} lines")
        wanted = sorted({*options.get("required", ()), *filter(None, [options.get("time")])})
        records, moments = [], []
        for number, line in enumerate(lines, 1):
            record = _record(line, source, number, wanted)
            records.append(record)
            if "time" in options:
                moments.append(_moment(record[options["time"]], source, number))
        first = format_instant(min(moments)) if moments else ""
        last = format_instant(max(moments)) if moments else ""
        value = {"records": records, "recordCount": len(records), "first": first, "last": last}
        return Reading(value, self.media_type, produced_at=last)


def _record(line: bytes, source: str, number: int, wanted: Sequence[str]) -> dict[str, Any]:
    """The object on a line, with the fields that are wanted."""
    if not line.strip():
        _refuse(source, number, "the line is empty")
    try:
        record = load_json(line, path=source)
    except ParseError as error:
        column = error.location.column if error.location else 0
        where = Location(source, number, column)
        raise ParseError(error.message, location=where, hint=error.hint) from None
    if not isinstance(record, dict):
        _refuse(source, number, "the line is no JSON object")
    for name in wanted:
        if record.get(name) in (None, ""):
            _refuse(source, number, f"the record has no {name[:80]!r}")
    return record


def _moment(value: Any, source: str, number: int) -> datetime:
    try:
        # A number, which some write for an instant, has no unit.
        return parse_instant(value if isinstance(value, str) else "")
    except ValueError:
        _refuse(source, number, "the record's time is no RFC 3339 instant with a time zone")


def _refuse(source: str, line: int, reason: str) -> NoReturn:
    raise CollectError(reason, location=Location(source, line))
