"""Tables: real ones, every type, and what must not be read or run."""

from __future__ import annotations

import csv
import io
import json

import duckdb
import pytest

from probanda.canonical import canonical
from probanda.collect import COLLECTORS, Workspace, collect, table, table_text
from probanda.collect.table_database import open_parquet, open_text
from probanda.errors import CollectError, ParseError
from probanda.model.gate import FactSource

COLLECTOR = COLLECTORS["table"]


def read(data, source="a.csv", **options):
    data = data.encode() if isinstance(data, str) else data
    value = COLLECTOR.read(data, source=source, options=options).data
    canonical(value)
    return value


def parquet(tmp_path, select):
    path = tmp_path / "a.parquet"
    duckdb.connect().execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


# real tables


@pytest.mark.parametrize(
    "name", ["airlines", "airports", "diamonds", "mpg", "penguins", "planes", "planets"]
)
def test_real_tables_are_read_as_the_standard_library_reads_them(vectors, name):
    data = (vectors / "tables" / f"{name}.csv").read_bytes()
    expected = [
        {key: value for key, value in row.items() if value}
        for row in csv.DictReader(io.StringIO(data.decode(), newline=""))
    ]
    fact = read(data, maxRows=100_000)
    assert fact["rows"] == expected
    assert fact["rowCount"] == len(expected)


def test_aggregates_of_a_real_table_are_those_of_its_rows(vectors):
    data = (vectors / "tables" / "planes.csv").read_bytes()
    fact = read(
        data,
        nulls=["NA"],
        types={"year": "integer", "seats": "integer"},
        aggregates={"year": ["count", "nulls", "min", "max", "distinct"], "seats": ["max"]},
        maxRows=0,
    )
    years = [row["year"] for row in csv.DictReader(io.StringIO(data.decode(), newline=""))]
    known = [int(year) for year in years if year != "NA"]
    assert len(known) < len(years)
    assert fact["aggregates"]["year"] == {
        "count": len(known),
        "nulls": len(years) - len(known),
        "min": min(known),
        "max": max(known),
        "distinct": len(set(known)),
    }
    assert "rows" not in fact


def test_a_table_says_the_same_in_every_format(tmp_path):
    select = """
        SELECT * FROM (VALUES
            (1::BIGINT, 'x,"y"', 0.50::DECIMAL(4, 2), true, DATE '2026-02-28', 0.1::DOUBLE),
            (9007199254740993, NULL, NULL, false, NULL, NULL)
        ) AS t(id, name, amount, paid, day, share)"""
    rows = [
        {"id": 1, "name": 'x,"y"', "amount": "0.50", "paid": True, "day": "2026-02-28",
         "share": 0.1},
        {"id": "9007199254740993", "paid": False},
    ]  # fmt: skip
    types = {"id": "integer", "amount": "decimal", "paid": "boolean", "day": "date",
             "share": "number"}  # fmt: skip
    texts = {
        "a.csv": 'id,name,amount,paid,day,share\r\n1,"x,""y""",0.50,true,2026-02-28,0.1\r\n'
        "9007199254740993,,,false,,\r\n",
        "a.tsv": 'id\tname\tamount\tpaid\tday\tshare\n1\t"x,""y"""\t0.50\ttrue\t2026-02-28\t0.1\n'
        "9007199254740993\t\t\tfalse\t\t",
        "a.jsonl": '{"id": 1, "name": "x,\\"y\\"", "amount": 0.50, "paid": true,'
        ' "day": "2026-02-28", "share": 0.1}\n\n{"id": 9007199254740993, "paid": false}\n',
    }
    from_parquet = read(parquet(tmp_path, select), "a.parquet")
    assert from_parquet["rows"] == rows
    for source, text in texts.items():
        fact = read(text, source, types=types)
        assert (fact["rows"], fact["columns"]) == (rows, from_parquet["columns"])


# values


@pytest.mark.parametrize(
    ("expression", "kind", "value"),
    [
        ("9223372036854775807::BIGINT", "integer", "9223372036854775807"),
        ("9007199254740991::BIGINT", "integer", (1 << 53) - 1),
        ("1.10::DECIMAL(38, 2)", "decimal", "1.10"),
        ("0.1::FLOAT", "number", 0.10000000149011612),
        ("TIMESTAMPTZ '2026-11-20 18:44:00.5+02'", "timestamp", "2026-11-20T16:44:00.5Z"),
        ("TIMESTAMP '2026-11-20 18:44:00'", "local-timestamp", "2026-11-20T18:44:00"),
        ("TIME '18:44:00'", "time", "18:44:00"),
        ("''", "text", ""),
        ("'ä'", "text", "ä"),
    ],
)
def test_values_of_parquet_are_exact(tmp_path, expression, kind, value):
    fact = read(parquet(tmp_path, f"SELECT {expression} AS x"), "a.parquet")
    assert fact["columns"] == [{"name": "x", "type": kind}]
    assert fact["rows"] == [{"x": value}]


def test_numbers_of_json_lines_are_not_rewritten():
    text = '{"x": 1}\n{"x": 1.10}\n{"x": 0.1234567890123456789}\n'
    fact = read(text, "a.jsonl", aggregates={"x": ["min", "max", "distinct"]})
    assert [row["x"] for row in fact["rows"]] == ["1", "1.10", "0.1234567890123456789"]
    assert fact["aggregates"]["x"] == {"min": "0.1234567890123456789", "max": "1.1", "distinct": 3}


def test_an_instant_of_a_text_is_given_in_utc():
    fact = read("at\n2026-11-20T18:44:00.25+02:00\n", types={"at": "timestamp"})
    assert fact["rows"] == [{"at": "2026-11-20T16:44:00.25Z"}]


def test_nulls_are_absent_also_where_a_row_has_nothing_else():
    assert read('x\nN\n\n""\nNA\n', nulls=["", "NA"])["rows"] == [{"x": "N"}, {}, {}]
    assert read('{"x": null, "y": 1}\n{}\n', "a.jsonl")["rows"] == [{"y": 1}, {}]


def test_only_the_named_columns_are_looked_at(tmp_path):
    fact = read("b,a,secret\n1,2,hunter2\n", columns=["a", "b"])
    assert fact["rows"] == [{"b": "1", "a": "2"}]
    assert "hunter2" not in json.dumps(fact)
    fact = read("b,a\n1,2\n", columns=["b"], types={"a": "integer"}, aggregates={"a": ["max"]})
    assert (fact["rows"], fact["aggregates"]) == ([{"b": "1"}], {"a": {"max": 2}})
    assert read('{"a": 1, "n": {"x": []}}', "a.jsonl", columns=["a"])["rows"] == [{"a": 1}]
    data = parquet(tmp_path, "SELECT 1 AS a, [1] AS n")
    assert read(data, "a.parquet", columns=["a"])["rows"] == [{"a": 1}]
    with pytest.raises(CollectError, match="'n' is nested"):
        read(data, "a.parquet")


def test_names_that_look_like_sql_are_only_names(tmp_path):
    name = "x\"; DROP VIEW input; --'"
    text = '"' + name.replace('"', '""') + '"\n7\n'
    fact = read(text, types={name: "integer"}, aggregates={name: ["max"]})
    assert fact["aggregates"] == {name: {"max": 7}}
    assert fact["rows"] == [{name: 7}]


def test_the_same_bytes_give_the_same_rows_in_their_order():
    text = "n\n" + "".join(f"{number}\n" for number in range(5_000))
    assert [row["n"] for row in read(text)["rows"]] == [str(number) for number in range(5_000)]
    assert canonical(read(text)) == canonical(read(text))


# refusals


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "1e3"), ("integer", "0x1F"), ("integer", " 12"), ("integer", "007"),
        ("integer", "1_000"), ("integer", "9" * 39), ("integer", "1.0"), ("integer", "\u0661"),
        ("decimal", "1e3"), ("decimal", ".5"), ("decimal", "1,5"), ("decimal", "NaN"),
        ("decimal", "0." + "1" * 20), ("number", "inf"), ("number", "1e400"), ("boolean", "yes"),
        ("boolean", "TRUE"), ("date", "2026-02-30"), ("date", "20/11/2026"),
        ("timestamp", "2026-11-20T18:44:00"), ("timestamp", "2026-11-20 18:44:00Z"),
        ("timestamp", "2026-02-30T00:00:00Z"),
    ],
)  # fmt: skip
def test_a_cell_of_another_type_is_refused_with_its_line_and_without_its_value(kind, text):
    data = (
        f'x\n"{"1" if kind != "boolean" else "true"}"\n'
        if kind in {"integer", "decimal"}
        else "x\n"
    )
    with pytest.raises(CollectError, match=f"holds what is no {kind}") as caught:
        read(f'{data}"{text}"\n', types={"x": kind})
    assert str(caught.value).startswith(f"a.csv:{data.count(chr(10)) + 1}: ")
    assert text not in str(caught.value).replace("column 'x' ", "")


@pytest.mark.parametrize(
    ("data", "source", "reason"),
    [
        (b"", "a.csv", "the file is empty"),
        (b'a,b\n1,2\n3,"x', "a.csv", "a.csv:3: not valid CSV"),
        (b"a,b\n1\n", "a.csv", "a.csv:2: 1 fields"),
        (b"a,a\n1,2\n", "a.csv", "two columns"),
        (b"a\n\xff\n", "a.csv", "not valid UTF-8"),
        (b"a\nx\0y\n", "a.csv", "NUL"),
        (b"", "a.jsonl", "no row"),
        (b'{"a": 1}\n{"a": 2', "a.jsonl", "a.jsonl:2: not valid JSON"),
        (b'{"a": 1, "a": 2}', "a.jsonl", "a.jsonl:1: duplicate key"),
        (b"[1]\n", "a.jsonl", "a.jsonl:1: the line holds no object"),
        (b'{"a": 1}\n{"a": "x"}\n', "a.jsonl", "a.jsonl:2: column 'a' is integer above"),
        (b'{"a": 1.5}\n{"a": true}\n', "a.jsonl", "is decimal above and boolean here"),
        (b'{"a": [1]}\n', "a.jsonl", "'a' is nested"),
        (b'{"a": 1e400}\n', "a.jsonl", "too large"),
        (b"", "a.parquet", "DuckDB cannot read it"),
        (b"PAR1" + b"x" * 100 + b"PAR1", "a.parquet", "DuckDB cannot read it"),
        (b"a,b\n1,2\n", "a.parquet", "DuckDB cannot read it"),
        (b"a", "a.xlsx", "no known kind of table"),
    ],
)
def test_a_broken_table_is_refused_with_a_reason(data, source, reason):
    with pytest.raises((CollectError, ParseError), match=reason):
        read(data, source)


def test_a_parquet_file_that_is_cut_off_anywhere_is_refused(tmp_path):
    data = parquet(tmp_path, "SELECT range AS x, 'text' || range AS y FROM range(100)")
    for size in range(0, len(data), 97):
        with pytest.raises(CollectError):
            read(data[:size], "a.parquet")


def test_numbers_that_json_does_not_have_are_refused(tmp_path):
    for value in ("nan", "inf", "-inf"):
        data = parquet(tmp_path, f"SELECT '{value}'::DOUBLE AS x")
        with pytest.raises(CollectError, match="not finite"):
            read(data, "a.parquet")
        with pytest.raises(CollectError, match="not finite"):
            read(data, "a.parquet", maxRows=0, aggregates={"x": ["max"]})


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"columns": ["b"]}, "no column 'b'"),
        ({"types": {"b": "integer"}}, "no column 'b'"),
        ({"aggregates": {"b": ["count"]}}, "no column 'b'"),
        ({"aggregates": {"a": ["min"]}}, "no type to compare by"),
        ({"maxRows": 1}, "2 rows, more than 1"),
        ({"format": "parquet", "types": {}}, "types and nulls of its own"),
    ],
)
def test_options_that_do_not_fit_the_table_are_refused(options, reason):
    with pytest.raises(CollectError, match=reason):
        read("a\n1\n2\n", **options)


@pytest.mark.parametrize(
    "options",
    [{"sql": "SELECT 1"}, {"columns": []}, {"types": {"a": "VARCHAR"}}, {"maxRows": 100_001},
     {"aggregates": {"a": ["sum"]}}, {"format": "xlsx"}, {"maxRows": -1}],
)  # fmt: skip
def test_options_that_there_are_not_are_refused(tmp_path, options):
    (tmp_path / "a.csv").write_text("a\n1\n")
    source = FactSource("fact", "table", path="a.csv", options=options)
    with pytest.raises(CollectError, match="wrong option"):
        collect(source, Workspace(tmp_path), collected_at="2026-11-20T18:44:00Z")


def test_more_rows_than_the_limit_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(table_text, "MAX_ROWS", 2)
    monkeypatch.setattr(table, "MAX_ROWS", 2)
    for data, source in (
        ("a\n1\n2\n3\n", "a.csv"),
        ('{"a":1}\n' * 3, "a.jsonl"),
        (parquet(tmp_path, "SELECT range AS a FROM range(3)"), "a.parquet"),
    ):
        with pytest.raises(CollectError, match=r"more than (the limit of )?2"):
            read(data, source, maxRows=0)


# the lock


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM glob('{folder}/*')",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "ATTACH '{folder}/out.db'",
        "INSTALL httpfs",
        "LOAD '{folder}/x.duckdb_extension'",
        "SELECT * FROM read_csv('https://localhost:1/a.csv')",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{secret}']",
        "SET threads = 8",
        "RESET memory_limit",
    ],
)
def test_the_database_reaches_nothing_but_its_file(tmp_path, statement):
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    sql = statement.format(secret=secret, folder=tmp_path)
    with (
        open_text(b'"1"\n', {"a": "text"}, source="a.csv") as opened,
        pytest.raises(CollectError, match="DuckDB cannot read it") as caught,
    ):
        opened._query(sql)
    assert "hunter2" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_parquet_table_is_locked_too(tmp_path):
    data = parquet(tmp_path, "SELECT 1 AS a")
    with open_parquet(data, source="a.parquet") as opened:
        assert opened.count() == 1
        with pytest.raises(CollectError, match="PermissionException"):
            opened._query(f"SELECT * FROM read_parquet('{tmp_path}/a.parquet')")
