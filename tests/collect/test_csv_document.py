"""CSV: strict, typed, and refused with a line."""

from __future__ import annotations

import csv
import io

import pytest

from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["csv"]


def read(text, **options):
    data = text if isinstance(text, bytes) else text.encode()
    return COLLECTOR.read(data, source="a.csv", options=options).data


def test_files_of_real_tools_are_read(vectors):
    quoted = read((vectors / "materials" / "sigcheck-report.csv").read_bytes())
    assert quoted["rowCount"] == 2
    assert quoted["rows"][1]["Verified"] == "Unsigned"
    assert quoted["rows"][0]["Path"] == "c:\\windows\\system32\\ntdll.dll"
    tabs = (vectors / "materials" / "sigcheck-report-tab.csv").read_bytes()
    assert read(tabs, delimiter="\t")["columns"] == ["Path", "Verified", "Company"]
    assert read(tabs)["columns"] == ["Path\tVerified\tCompany"]


def test_real_tables_have_the_rows_that_they_have(vectors):
    tables = sorted((vectors / "tables").rglob("*.csv"))
    assert tables
    for path in tables:
        lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
        data = read(path.read_bytes())
        assert data["columns"] == lines[0]
        assert data["rowCount"] == len(lines) - 1
        assert [list(row.values()) for row in data["rows"]] == lines[1:]


def test_what_python_writes_is_read_back():
    rows = [["a", "b,c"], ['quote " here', "two\nlines"], ["ä", "x"], ["", " spaced "]]
    for delimiter in ",;|\t":
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerows(rows)
        data = read(text.getvalue(), delimiter=delimiter)
        assert [list(row.values()) for row in data["rows"]] == rows[1:]


def test_types_are_those_that_the_check_declares():
    text = (
        "i,d,b,t,s\n"
        "9007199254740991,0.10,TRUE,2026-01-02T03:04:05.6+02:00,007\n"
        "-5,-12345678901234567890.123,false,2026-01-02,\n"
        ",,,,\n"
    )
    types = {"i": "integer", "d": "decimal", "b": "boolean", "t": "instant"}
    first, second, third = read(text, types=types)["rows"]
    assert first == {
        "i": 2**53 - 1, "d": "0.10", "b": True, "t": "2026-01-02T01:04:05Z", "s": "007",
    }  # fmt: skip
    assert second == {
        "i": -5, "d": "-12345678901234567890.123", "b": False, "t": "2026-01-02T00:00:00Z", "s": "",
    }  # fmt: skip
    assert third == {"i": None, "d": None, "b": None, "t": None, "s": ""}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "1.0"), ("integer", " 1"), ("integer", "9007199254740992"), ("integer", "1e3"),
        ("integer", "٣"), ("integer", "0x1F"), ("decimal", "1e3"), ("decimal", "NaN"),
        ("decimal", "1."), ("decimal", "1,5"), ("decimal", "inf"), ("boolean", "1"),
        ("boolean", "yes"), ("instant", "2026-01-02T03:04:05"), ("instant", "yesterday"),
        ("instant", "2026-02-30"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_with_line_and_column(kind, value):
    text = f'a;b\n"two\nlines";5\nx;{value}\n'
    with pytest.raises(CollectError, match=f"column 'b' holds a value that is no {kind}") as caught:
        read(text, delimiter=";", types={"b": kind} if value != "5" else {})
    assert str(caught.value.location) in {"a.csv:4", "a.csv:2"}
    assert value not in caught.value.message


def test_a_ragged_row_is_refused_with_its_line():
    for row, cells in (("1", 1), ("1,2,3", 3), ("", 0)):
        with pytest.raises(CollectError, match=f"{cells} cells, the header 2") as caught:
            read(f"a,b\n1,2\n{row}\n3,4\n")
        assert str(caught.value.location) == "a.csv:3"
        assert "delimiter" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no header"),
        ("\n", "no header"),
        ("a,a\n1,2\n", "two columns are named 'a'"),
        ("a,\n1,2\n", "no name"),
        ("a, \n1,2\n", "no name"),
        ('a,b\n1,"2\n', "not valid CSV"),
        ('a,b\n1,"2"3\n', "not valid CSV"),
        ("a\n" + "x" * 200_000, "not valid CSV"),
        (",".join(f"c{number}" for number in range(1001)), "more than 1000 columns"),
    ],
)
def test_what_is_no_table_is_refused(text, reason):
    with pytest.raises(CollectError, match=reason):
        read(text)


def test_text_that_is_no_utf_8_is_refused():
    with pytest.raises(ParseError, match="UTF-8"):
        read("a\nä\n".encode("latin-1"))


def test_a_byte_order_mark_is_no_part_of_the_first_column():
    assert read(b"\xef\xbb\xbfa,b\r\n1,2\r\n")["rows"] == [{"a": "1", "b": "2"}]


def test_more_cells_than_the_limit_are_refused(monkeypatch):
    from probanda.collect import csv_document
    from probanda.parse.limits import Limits

    monkeypatch.setattr(csv_document, "_LIMITS", Limits(max_nodes=4))
    assert read("a,b\n1,2\n3,4\n")["rowCount"] == 2
    with pytest.raises(CollectError, match="more than the limit of 4 cells"):
        read("a,b\n1,2\n3,4\n5,6\n7,8\n")


def test_a_table_without_rows_has_zero_rows():
    assert read("a,b\n") == {"columns": ["a", "b"], "rows": [], "rowCount": 0}
    assert read("a,b")["rowCount"] == 0


def test_columns_that_options_name_must_be_there_and_filled():
    with pytest.raises(CollectError, match="no column 'c'") as caught:
        read("a,b\n1,2\n", types={"c": "integer"})
    assert caught.value.hint == "it has a, b"
    with pytest.raises(CollectError, match="no column 'c'"):
        read("a,b\n1,2\n", required=["c"])
    with pytest.raises(CollectError, match="column 'b' is empty") as caught:
        read("a,b\n1,2\n1,\n", required=["b"])
    assert str(caught.value.location) == "a.csv:3"
