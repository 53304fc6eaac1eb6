"""Coverage reports: of real tools, counted anew, and cut, edited or odd ones."""

from __future__ import annotations

import json

import pytest

from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["coverage"]
JACOCO_TYPE = '<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">'
COBERTURA_TYPE = (
    "<!DOCTYPE coverage SYSTEM 'https://cobertura.sourceforge.net/xml/coverage-04.dtd'>"
)


def reading(report, **options):
    data = report if isinstance(report, bytes) else report.encode()
    return COLLECTOR.read(data, source="coverage.xml", options=options)


def read(report, **options):
    return reading(report, **options).data


def counts(covered, total):
    return {"covered": covered, "total": total}


def klass(lines, filename="a.py", methods=""):
    return (
        f'<class name="c" filename="{filename}"><methods>{methods}</methods>'
        f"<lines>{lines}</lines></class>"
    )


def line(number, hits=1, condition=""):
    branch = f' branch="true" condition-coverage="{condition}"' if condition else ""
    return f'<line number="{number}" hits="{hits}"{branch}/>'


def cobertura(*classes, head=COBERTURA_TYPE, **stated):
    attributes = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in stated.items())
    return (
        f'<?xml version="1.0"?>\n{head}\n<coverage{attributes}><packages><package name="p">'
        f"<classes>{''.join(classes)}</classes></package></packages></coverage>"
    )


def counter(kind, covered, missed):
    return f'<counter type="{kind}" missed="{missed}" covered="{covered}"/>'


def jacoco(inside, counters="", head=JACOCO_TYPE):
    session = '<sessioninfo id="x" start="1700000000000" dump="1700000001000"/>'
    return f'<?xml version="1.0"?>{head}<report name="r">{session}{inside}{counters}</report>'


def sourcefile(lines, counters="", name="A.java"):
    return f'<sourcefile name="{name}">{lines}{counters}</sourcefile>'


# reports of others


def test_the_report_of_jacoco_is_read_and_its_counters_agree(vectors):
    found = reading((vectors / "materials" / "jacoco.xml").read_bytes())
    assert found.produced_at == "2015-07-02T15:47:41Z"
    assert found.data == {
        "format": "jacoco",
        "files": [
            {
                "path": "myapplicationtest/MainActivity.java",
                "lines": counts(3, 13),
                "branches": counts(1, 4),
            }
        ],
        "fileCount": 1,
        "lines": counts(3, 13),
        "branches": counts(1, 4),
    }


def test_a_report_of_jacoco_that_was_edited_anywhere_is_refused(vectors):
    text = (vectors / "materials" / "jacoco.xml").read_text()
    for old, new in (
        ('<line nr="11" mi="0" ci="2"', '<line nr="11" mi="2" ci="0"'),
        ('<line nr="8" mi="3" ci="0"', '<line nr="8" mi="0" ci="3"'),
        ('<line nr="41" mi="4" ci="0" mb="0" cb="0"/>', ""),
        ('mb="2" cb="0"', 'mb="0" cb="2"'),
        ('<counter type="LINE" missed="10" covered="3"/>',
         '<counter type="LINE" missed="0" covered="13"/>'),
        ('\n  <counter type="BRANCH" missed="3" covered="1"/>',
         '\n  <counter type="BRANCH" missed="0" covered="4"/>'),
    ):  # fmt: skip
        assert text.count(old) >= 1
        edited = text.replace(old, new)
        with pytest.raises(CollectError, match="its lines show"):
            read(edited)
        assert read(edited, stated="ignore")["fileCount"] == 1


def test_other_files_of_others_are_refused(vectors):
    materials = vectors / "materials"
    for name in ("junit.xml", "junit-invalid.xml", "checkmarx.sarif", "empty_array.json",
                 "simple.txt", "gl-sonarqube-report.json"):  # fmt: skip
        with pytest.raises((CollectError, ParseError)):
            reading((materials / name).read_bytes())


# Cobertura


def test_lines_and_branches_are_counted_from_the_lines():
    lines = line(1) + line(2, 0) + line(3, 5, "50% (1/2)") + line(4, "12.0", "100% (3/3)")
    data = read(
        cobertura(
            klass(lines),
            klass(line(1, 0), "src\\b.py"),
            lines_valid=5, lines_covered=3, line_rate="0.6",
            branches_valid=5, branches_covered=4, branch_rate="0.8",
        )
    )  # fmt: skip
    assert data["format"] == "cobertura"
    assert data["files"] == [
        {"path": "a.py", "lines": counts(3, 4), "branches": counts(4, 5)},
        {"path": "src/b.py", "lines": counts(0, 1), "branches": counts(0, 0)},
    ]
    assert (data["lines"], data["branches"]) == (counts(3, 5), counts(4, 5))


def test_a_line_of_several_classes_of_a_file_is_one_line():
    both = (klass(line(1) + line(2, 0)), klass(line(2) + line(3, 0)))
    assert read(cobertura(*both))["lines"] == counts(2, 3)
    for valid, covered in ((3, 2), (4, 2)):
        stated = {"lines_valid": valid, "lines_covered": covered}
        assert read(cobertura(*both, **stated))["lines"] == counts(2, 3)
    with pytest.raises(CollectError, match="lines-valid=5"):
        read(cobertura(*both, lines_valid=5))


def test_lines_of_methods_count_where_their_class_does_not_list_them():
    method = f'<method name="m"><lines>{line(1, 0)}{line(9)}</lines></method>'
    assert read(cobertura(klass(line(1), methods=method)))["lines"] == counts(2, 2)


@pytest.mark.parametrize("rate", ["0.6667", "0.66", "0.67", "0.666666666666666", "0.667"])
def test_a_rate_agrees_in_the_digits_that_it_has(rate):
    lines = line(1) + line(2) + line(3, 0)
    assert read(cobertura(klass(lines), line_rate=rate))["lines"] == counts(2, 3)


@pytest.mark.parametrize("rate", ["0.7", "0.65", "1", "0", "0.66766", "1.0", "0.666777"])
def test_a_rate_that_the_lines_do_not_bear_out_is_refused(rate):
    lines = line(1) + line(2) + line(3, 0)
    with pytest.raises(
        CollectError, match=f"states line-rate={rate}, its lines show 2/3"
    ) as caught:
        read(cobertura(klass(lines), line_rate=rate))
    assert "stated: ignore" in caught.value.hint
    assert read(cobertura(klass(lines), line_rate=rate), stated="ignore")["lines"] == counts(2, 3)


def test_the_time_may_be_in_seconds_or_milliseconds():
    for stamp in ("1700000000", "1700000000123"):
        found = reading(cobertura(klass(line(1)), timestamp=stamp))
        assert found.produced_at == "2023-11-14T22:13:20Z"
    for stamp in ("", "0", "now", "-5", "9" * 15):
        assert reading(cobertura(klass(line(1)), timestamp=stamp)).produced_at == ""


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (cobertura(klass(line(1, -1))), "hits that are no number"),
        (cobertura(klass(line(1, "NaN"))), "hits that are no number"),
        (cobertura(klass(line(1, ""))), "a line has no hits"),
        (cobertura(klass(line(-1))), "no count"),
        (cobertura(klass('<line hits="1"/>')), "has no number"),
        (cobertura(klass(line(1, 1, "50%"))), "branch without its condition-coverage"),
        (cobertura(klass(line(1, 1, "150% (3/2)"))), "branch without its condition-coverage"),
        (cobertura(klass('<line number="1" hits="1" branch="true"/>')), "condition-coverage"),
        (cobertura(klass(line(1), "")), "a class has no filename"),
        (cobertura(klass(line(1)), line_rate="NaN"), "no number from 0 to 1"),
        (cobertura(klass(line(1)), line_rate="-0.5"), "no number from 0 to 1"),
        (cobertura(klass(line(1)), branch_rate="1.5e1"), "no number from 0 to 1"),
        (cobertura(klass(line(1)), lines_valid="-1"), "no count"),
        (cobertura(klass(line(1)), lines_covered="0"), "lines-covered=0"),
        (cobertura(klass(line(1)), branches_valid="7"), "branches-valid=7"),
        ("<coverage/>", "lists no packages"),
        ('<coverage clover="4"><project/></coverage>', "lists no packages"),
        ("<a/>", "no coverage report: its root is 'a'"),
    ],
)
def test_what_is_no_cobertura_report_is_refused(report, reason):
    with pytest.raises(CollectError, match=reason) as caught:
        read(report)
    assert str(caught.value).startswith("coverage.xml: ")


def test_a_report_that_is_cut_off_is_refused():
    whole = cobertura(klass(line(1) + line(2)), lines_valid=2)
    for end in range(0, len(whole) - 1, 7):
        with pytest.raises((ParseError, CollectError)):
            read(whole[:end])


def test_a_report_without_lines_has_zero_lines():
    for report in (cobertura(), cobertura(line_rate="1", lines_valid=0), jacoco("")):
        data = read(report)
        assert (data["lines"], data["fileCount"]) == (counts(0, 0), 0)
        assert set(data) == set(COLLECTOR.empty)


# JaCoCo


def test_groups_are_part_of_the_path():
    file = sourcefile('<line nr="1" mi="0" ci="1" mb="0" cb="0"/>', counter("LINE", 1, 0))
    package = f'<package name="p">{file}{counter("LINE", 1, 0)}</package>'
    inner = f'<group name="z">{package}</group>'
    groups = f'<group name="x">{package}</group><group name="y">{inner}</group>'
    data = read(jacoco(groups, counter("LINE", 2, 0)))
    assert [one["path"] for one in data["files"]] == ["x/p/A.java", "y/z/p/A.java"]
    assert data["lines"] == counts(2, 2)


def test_a_package_without_files_counts_by_its_counters():
    inner = counter("BRANCH", 1, 3)
    data = read(jacoco(f'<package name="p">{inner}</package>', inner))
    assert data["files"] == [{"path": "p", "lines": counts(0, 0), "branches": counts(1, 4)}]


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (jacoco("<package name='p'>" + sourcefile('<line nr="1" mi="0" ci="-1" mb="0" cb="0"/>')
                + "</package>"), "no count"),
        (jacoco("<package name='p'>" + sourcefile('<line nr="1" mi="0" ci="1" mb="0"/>')
                + "</package>"), "a line has no cb"),
        (jacoco("<package name='p'>" + sourcefile('<line nr="1" ci="1" mb="0" cb="0"/>' * 2)
                + "</package>"), "is there twice"),
        (jacoco("<package name='p'>" + sourcefile("") * 2 + "</package>"), "is there twice"),
        (jacoco("<package name='p'>" + sourcefile("", name="") + "</package>"), "has no name"),
        (jacoco("", counter("LINE", 5, 0)), "states 5 of 5 for LINE"),
        (jacoco("<other/>"), "no JaCoCo report"),
        ("<report/>", "no JaCoCo report"),
        (jacoco("", '<counter type="LINE" missed="0"/>'), "has no covered"),
    ],
)  # fmt: skip
def test_what_is_no_jacoco_report_is_refused(report, reason):
    with pytest.raises(CollectError, match=reason):
        read(report)


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE report [<!ENTITY x "1">]>',
        '<!DOCTYPE report SYSTEM "report.dtd" [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE other SYSTEM "report.dtd">',
        JACOCO_TYPE * 2,
    ],
)
def test_a_document_type_with_entities_or_of_another_root_is_refused(head):
    with pytest.raises(ParseError, match=r"document type|not valid XML"):
        read(jacoco("<package name='&x;'/>" if "x" in head else "", head=head))


def test_an_entity_that_only_an_external_dtd_could_declare_is_refused():
    with pytest.raises(ParseError, match="not valid XML"):
        read(jacoco("<package name='a&undeclared;b'/>"))


# coverage.py


def covered_file(executed=(1,), missing=(), done=(), undone=(), **summary):
    return {
        "executed_lines": list(executed),
        "missing_lines": list(missing),
        "executed_branches": [list(one) for one in done],
        "missing_branches": [list(one) for one in undone],
        "summary": {
            "covered_lines": len(executed),
            "num_statements": len(executed) + len(missing),
            "covered_branches": len(done),
            "num_branches": len(done) + len(undone),
            **summary,
        },
    }


def coverage_json(files, branches=True, **meta):
    totals = {
        key: sum(file["summary"][key] for file in files.values())
        for key in ("covered_lines", "num_statements", "covered_branches", "num_branches")
    }
    head = {"format": 3, "version": "7.6.1", "timestamp": "2026-01-01T00:00:00"}
    return json.dumps(
        {"meta": {**head, "branch_coverage": branches, **meta}, "files": files, "totals": totals}
    )


def test_the_json_of_coverage_py_is_read():
    files = {
        "b.py": covered_file([1, 2], [3]),
        "a\\a.py": covered_file([1], [], [(1, 2)], [(1, -1)]),
    }
    found = reading(coverage_json(files))
    assert (found.producer, found.produced_at) == ("coverage.py 7.6.1", "")
    assert found.media_type == "application/json"
    assert found.data["files"] == [
        {"path": "a/a.py", "lines": counts(1, 1), "branches": counts(1, 2)},
        {"path": "b.py", "lines": counts(2, 3), "branches": counts(0, 0)},
    ]
    assert found.data["lines"] == counts(3, 4)


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (coverage_json({}, format=9), "no known format"),
        (coverage_json({"a": covered_file([1, 2], [2])}), "both executed and missing"),
        (coverage_json({"a": covered_file([1], [], [(1, 2)], [(1, 2)])}), "both executed and"),
        (coverage_json({"a": covered_file([1], covered_lines=2)}), "not the 1 that the lines show"),
        (coverage_json({"a": covered_file([1], num_branches=2)}), "not the 0 that the lines show"),
        (coverage_json({"a": covered_file([-1])}), "from 0"),
        (coverage_json({"a": covered_file([1], [], [(1, 2, 3)])}), "two line numbers"),
        (coverage_json({}).replace('"num_statements": 0', '"num_statements": 5'), "not the 0"),
        ('{"meta": {"format": 3, "branch_coverage": false}}', "files is missing"),
        ("{}", "meta is missing"),
    ],
)
def test_json_that_contradicts_itself_is_refused(report, reason):
    with pytest.raises(CollectError, match=reason):
        read(report)


def test_json_with_a_key_twice_is_refused():
    with pytest.raises(ParseError, match="duplicate key"):
        read('{"meta": {}, "meta": {}}')
