"""Logs in JSON Lines: records, their times, and broken lines."""

from __future__ import annotations

import gzip
import json
import logging
from datetime import UTC, datetime

import pytest

from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError


def reading(text, **options):
    data = text if isinstance(text, bytes) else text.encode()
    return COLLECTORS["logs"].read(data, source="a.jsonl", options=options)


def read(text, **options):
    return reading(text, **options).data


def test_a_thousand_lines_of_others_are_read(vectors):
    data = gzip.decompress((vectors / "rego" / "opa-conformance.jsonl.gz").read_bytes())
    lines = data.splitlines()
    found = read(data, required=["file", "index"])
    assert found["recordCount"] == len(lines) == 1239
    assert found["records"][-1] == json.loads(lines[-1])


def test_what_a_logger_writes_is_read(tmp_path):
    class Formatter(logging.Formatter):
        def format(self, record):
            moment = datetime.fromtimestamp(1_700_000_000 + record.args[0], UTC)
            return json.dumps({"time": moment.isoformat(), "message": record.getMessage()})

    handler = logging.FileHandler(tmp_path / "app.log", encoding="utf-8")
    handler.setFormatter(Formatter())
    logger = logging.Logger("app")  # noqa: LOG001 - not to be seen by other tests
    logger.addHandler(handler)
    for number in (5, 1, 9):
        logger.info("request %d \u2028 ä", number)
    handler.close()
    found = reading((tmp_path / "app.log").read_bytes(), time="time")
    assert [one["message"][:9] for one in found.data["records"]] == [
        "request 5", "request 1", "request 9",
    ]  # fmt: skip
    assert (found.data["first"], found.data["last"]) == (
        "2023-11-14T22:13:21Z",
        "2023-11-14T22:13:29Z",
    )
    assert found.produced_at == found.data["last"]


def test_without_the_option_time_nobody_knows_when_the_log_was_made():
    found = reading('{"time": "2026-01-01T00:00:00Z"}\n')
    assert found.produced_at == found.data["first"] == found.data["last"] == ""


@pytest.mark.parametrize(
    ("text", "reason", "place"),
    [
        ('{"a": 1}\n{"a": \n', "not valid JSON", "a.jsonl:2:7"),
        ('{"a": 1}\n{"a": 1, "a": 2}\n', "duplicate key", "a.jsonl:2:10"),
        ('{"a": 1}\n{"a": NaN}\n', "NaN", "a.jsonl:2:7"),
        ('{"a": 1}\n\n{"a": 1}\n', "empty", "a.jsonl:2"),
        ('{"a": 1}\n \r\n', "empty", "a.jsonl:2"),
        ('{"a": 1}\n\n', "empty", "a.jsonl:2"),
        ('{"a": 1}\n[1]\n', "no JSON object", "a.jsonl:2"),
        ('{"a": 1} {"a": 2}\n', "not valid JSON", "a.jsonl:1:10"),
        ('{"a": 1}\n{"a": ' + "[" * 200 + "]" * 200 + "}", "nested deeper", "a.jsonl:2"),
    ],
)
def test_a_broken_line_is_refused_with_its_number(text, reason, place):
    with pytest.raises((CollectError, ParseError), match=reason) as caught:
        read(text)
    assert str(caught.value.location).startswith(place)


def test_a_log_that_is_cut_off_is_refused():
    whole = '{"a": "b"}\n{"a": "c"}'
    assert read(whole)["recordCount"] == 2
    for end in range(len('{"a": "b"}\n') + 1, len(whole)):
        with pytest.raises(ParseError):
            read(whole[:end])


@pytest.mark.parametrize("record", ["{}", '{"who": null}', '{"who": ""}'])
def test_a_required_field_is_there_and_says_something(record):
    with pytest.raises(CollectError, match="the record has no 'who'") as caught:
        read('{"who": 0}\n{"who": false}\n' + record, required=["who"])
    assert str(caught.value.location) == "a.jsonl:3"


@pytest.mark.parametrize("value", ['"2026-01-01T00:00:00"', "1700000000", '"x"', "{}", "true"])
def test_a_time_without_a_zone_is_refused(value):
    with pytest.raises(CollectError, match="no RFC 3339 instant"):
        read('{"t": ' + value + "}\n", time="t")


def test_more_lines_than_the_option_allows_are_refused():
    assert read("{}\n{}\n", maxLines=2)["recordCount"] == 2
    with pytest.raises(CollectError, match="more than the limit of 2 lines") as caught:
        read("{}\n{}\n{}\n", maxLines=2)
    assert str(caught.value.location) == "a.jsonl:3"


def test_an_empty_log_has_zero_records():
    assert read("") == {"records": [], "recordCount": 0, "first": "", "last": ""}
    assert read("", time="t", required=["a"])["recordCount"] == 0


def test_a_byte_order_mark_and_other_line_ends_are_accepted():
    assert read(b'\xef\xbb\xbf{"a": 1}\r\n{"a": 2}\r\n')["recordCount"] == 2


def test_bytes_that_are_no_utf_8_are_refused():
    with pytest.raises(ParseError, match="UTF-8"):
        read(b'{}\n{"a": "\xff"}\n')
