"""XML: no DTDs, no entities, within limits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probanda.errors import ParseError
from probanda.parse.limits import Limits
from probanda.parse.xml import parse_xml

LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<lolz>&b;</lolz>"""
EXTERNAL = b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>'


def test_a_test_report_is_read():
    root = parse_xml(b'<testsuite name="a"><testcase name="t">x</testcase></testsuite>', path="j")
    assert root.attrib == {"name": "a"}
    assert [(child.tag, child.text) for child in root] == [("testcase", "x")]


@pytest.mark.parametrize("data", [LAUGHS, EXTERNAL, b'<!DOCTYPE r SYSTEM "http://x/"><r/>'])
def test_document_type_declarations_and_entities_are_refused(data):
    with pytest.raises(ParseError, match="not allowed"):
        parse_xml(data, path="j.xml")


@pytest.mark.parametrize(
    "data", [b"", b"<a>", b"<a></b>", b"<a/><b/>", b"<a>&x;</a>", b"\x00", b"<a b='1' b='2'/>"]
)
def test_malformed_text_is_refused_with_its_place(data):
    with pytest.raises(ParseError, match="not valid XML") as caught:
        parse_xml(data, path="j.xml")
    assert caught.value.location.line == 1


def test_an_unknown_encoding_is_refused():
    with pytest.raises(ParseError):
        parse_xml(b'<?xml version="1.0" encoding="klingon"?><a/>', path="j.xml")


def test_depth_count_and_size_are_limited():
    assert parse_xml(b"<a><b/></a>", path="j", limits=Limits(max_depth=2)) is not None
    with pytest.raises(ParseError, match="nested deeper") as caught:
        parse_xml(b"<a>\n<b><c/></b></a>", path="j", limits=Limits(max_depth=2))
    assert str(caught.value.location) == "j:2:4"
    with pytest.raises(ParseError, match="nodes"):
        parse_xml(b"<a x='1' y='2'/>", path="j", limits=Limits(max_nodes=2))
    with pytest.raises(ParseError, match="bytes"):
        parse_xml(b"<a/>", path="j", limits=Limits(max_bytes=3))
    with pytest.raises(ParseError, match="nested deeper"):
        parse_xml(b"<a>" * 200_000, path="j")


@given(
    st.binary(max_size=200) | st.text(alphabet="<>/a!?&;'\"=[]- xml\n", max_size=60).map(str.encode)
)
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_read_or_refused_as_a_parse_error(data):
    try:
        parse_xml(data, path="x")
    except ParseError:
        return


def test_a_named_document_type_without_entities_is_blanked_and_places_stay():
    data = b'<?xml version="1.0"?>\n<!DOCTYPE r\n SYSTEM "r.dtd">\n<r a="1"/>'
    assert parse_xml(data, path="a.xml", doctype="r").get("a") == "1"
    with pytest.raises(ParseError, match="document type"):
        parse_xml(data, path="a.xml")
    with pytest.raises(ParseError, match="document type"):
        parse_xml(data, path="a.xml", doctype="q")
    with pytest.raises(ParseError, match="not valid XML") as caught:
        parse_xml(data + b"<", path="a.xml", doctype="r")
    assert caught.value.location.line == 4


@pytest.mark.parametrize(
    "head",
    [
        b"<!DOCTYPE r []>",
        b'<!DOCTYPE r [<!ENTITY x "y">]>',
        b'<!DOCTYPE r SYSTEM "r.dtd" [<!ENTITY % p SYSTEM "http://127.0.0.1/">%p;]>',
        b'<!DOCTYPE r SYSTEM "a&b;">',
        b"<!DOCTYPE r><!DOCTYPE r>",
        b"<!-- c --><!DOCTYPE r>",
    ],
)
def test_any_other_document_type_is_refused_as_ever(head):
    with pytest.raises(ParseError):
        parse_xml(head + b"<r/>", path="a.xml", doctype="r")


def test_a_document_type_in_utf_16_is_refused():
    with pytest.raises(ParseError):
        parse_xml("<!DOCTYPE r><r/>".encode("utf-16"), path="a.xml", doctype="r")
