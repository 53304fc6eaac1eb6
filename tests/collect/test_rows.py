"""CSV files: read whole, or refused with the line."""

from __future__ import annotations

import csv
import io

import pytest

from probanda.collect.rows import RowLimits, read_rows
from probanda.errors import CollectError, ParseError


def read(data, **more):
    columns, records = read_rows(data, source="a.csv", hint="a header", **more)
    return columns, [(one.location.line, dict(one.values)) for one in records]


def test_rows_are_named_by_the_header_and_know_their_line():
    columns, found = read(b'\xef\xbb\xbfname, owner\r\n"a\r\nb",x\r\n\r\n"c ""d""",\r\n')
    assert columns == ["name", "owner"]
    assert found == [
        (2, {"name": "a\r\nb", "owner": "x"}),
        (5, {"name": 'c "d"', "owner": ""}),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"a,a\n1,2\n", "two columns are named 'a'"),
        (b"a,\n1,2\n", "a column without a name"),
        (b"a,b\n1\n", "a.csv:2: 1 fields where the header has 2"),
        (b"a,b\n1,2\n1,2,3\n", "a.csv:3: 3 fields"),
        (b'a\n"b', "a.csv:2: not valid CSV"),
        (b'a\n"b"c\n', "a.csv:2: not valid CSV"),
        (b"a\nb\0c\n", "NUL"),
        (b"a\n" + b"x" * 5000 + b"\n", "a.csv:2: a field longer"),
        (b",".join(b"c%d" % number for number in range(201)) + b"\n", "limit of 200 columns"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(data, reason):
    with pytest.raises(CollectError, match=reason):
        read(data)


def test_other_encodings_are_refused():
    with pytest.raises(ParseError, match="not valid UTF-8"):
        read("näme\n".encode("latin-1"))


def test_more_rows_than_the_limit_are_refused():
    limits = RowLimits(rows=3)
    assert len(read(b"a\n1\n2\n3\n", limits=limits)[1]) == 3
    with pytest.raises(CollectError, match=r"a\.csv:5: more than the limit of 3 rows"):
        read(b"a\n1\n2\n3\n4\n", limits=limits)


@pytest.mark.parametrize("name", ["airlines", "airports", "diamonds", "mpg", "penguins", "planets"])
def test_real_tables_are_read_as_the_standard_library_reads_them(vectors, name):
    data = (vectors / "tables" / f"{name}.csv").read_bytes()
    expected = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert [values for _, values in read(data)[1]] == expected
    assert len(expected) > 10
