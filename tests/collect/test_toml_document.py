"""TOML: as plain values, or refused."""

from __future__ import annotations

import tomllib
from importlib.metadata import files
from pathlib import Path

import pytest

from probanda.canonical import canonical
from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

ROOT = Path(__file__).resolve().parents[2]


def read(text):
    data = text if isinstance(text, bytes) else text.encode()
    return COLLECTORS["toml"].read(data, source="a.toml", options={}).data


def test_our_own_file_is_read_as_it_is():
    data = read((ROOT / "pyproject.toml").read_bytes())
    assert data == tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert canonical(data)


def test_what_another_library_writes_is_read():
    tomlkit = pytest.importorskip("tomlkit")
    document = {"a": {"b": [1, 2.5, "ä", True]}, "table": [{"x": 1}, {"x": 2}]}
    assert read(tomlkit.dumps(document)) == document


def test_dates_and_times_become_rfc_3339_text():
    text = (
        "a = 1979-05-27T07:32:00Z\nb = 1979-05-27T00:32:00.999-07:00\n"
        "c = 1979-05-27T07:32:00\nd = 1979-05-27\ne = 07:32:00\n"
    )
    assert read(text) == {
        "a": "1979-05-27T07:32:00Z",
        "b": "1979-05-27T00:32:00.999000-07:00",
        "c": "1979-05-27T07:32:00",
        "d": "1979-05-27",
        "e": "07:32:00",
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\na = 2\n", 2),
        ("a = \n", 1),
        ("[a]\nb = 1\n[a]\n", 3),
        ("a = 1\nb = 'x\n", 2),
        ("a", 1),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(text, line):
    with pytest.raises(ParseError, match="not valid TOML") as caught:
        read(text)
    assert caught.value.location.line == line


@pytest.mark.parametrize("value", ["inf", "-inf", "nan", "[1, {x = nan}]"])
def test_numbers_that_json_does_not_have_are_refused(value):
    with pytest.raises(CollectError, match="infinity and NaN"):
        read(f"a = {value}")


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 200 + "]" * 200,
        "a = " + "[" * 100_000,
        "a = " + "{b = " * 300 + "1" + "}" * 300,
        ".".join("a" * 150) + " = 1",
        ' . '.join(['"a"', "b"] * 100) + " = 1",
        "x = 1\n[" + ".".join("a" * 200_000) + "]",
    ],
)  # fmt: skip
def test_deep_nesting_is_refused_however_it_is_written(text):
    with pytest.raises(ParseError, match="nested deeper"):
        read(text)


def test_long_text_with_dots_is_no_nesting():
    text = "a = '''\n" + "One. Two. Three four. " * 200 + "\n'''\nb = '" + "a.b" * 20_000 + "'\n"
    with pytest.raises(ParseError, match="nested deeper"):
        read(text)
    assert read("a = '''\n" + "First one. Then two. " * 2000 + "\n'''")["a"]
    assert read("a = '" + "A1+/" * 500_000 + "'")["a"]


@pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = 2026-02-30", b"a = '\xff'"])
def test_numbers_dates_and_bytes_that_do_not_exist_are_refused(text):
    with pytest.raises(ParseError):
        read(text)


def test_an_empty_document_is_an_empty_table():
    assert read("") == {}
    assert read(b"\xef\xbb\xbf# only a comment\n") == {}


def test_files_of_installed_packages_are_read():
    paths = [
        Path(str(file.locate()))
        for name in ("types-defusedxml", "types-jsonschema", "types-pyyaml")
        for file in files(name) or ()
        if file.name.endswith(".toml")
    ]
    assert paths
    for path in paths:
        assert read(path.read_bytes())["version"]
