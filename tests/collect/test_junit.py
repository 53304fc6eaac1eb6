"""JUnit reports: of real tools, and cut, edited or odd ones."""

from __future__ import annotations

import subprocess
import sys
import zipfile

import pytest

from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["junit"]


def read(xml, source="junit.xml"):
    data = xml if isinstance(xml, bytes) else xml.encode()
    return COLLECTOR.read(data, source=source, options={})


def statuses(xml):
    return {test["id"]: test["status"] for test in read(xml).data["tests"]}


def counts(tests=0, passed=0, failed=0, errors=0, skipped=0):
    return {
        "tests": tests, "passed": passed, "failed": failed, "errors": errors, "skipped": skipped,
    }  # fmt: skip


def test_a_report_with_nested_suites_is_read_whole(vectors):
    reading = read((vectors / "materials" / "junit.xml").read_bytes())
    assert reading.data["counts"] == counts(tests=9, passed=8, failed=1)
    (failed,) = (test for test in reading.data["tests"] if test["status"] == "failed")
    assert failed["id"] == "Tests.Authentication.testCase9"
    assert failed["message"] == "Assertion error message"
    assert reading.produced_at == ""


def test_what_is_no_report_is_refused(vectors):
    with pytest.raises(ParseError, match="not valid XML"):
        read((vectors / "materials" / "junit-invalid.xml").read_bytes())
    with pytest.raises(ParseError, match="document type"):
        read((vectors / "materials" / "jacoco.xml").read_bytes())


def test_thirteen_reports_of_gradle_are_read_and_their_counts_agree(vectors):
    with zipfile.ZipFile(vectors / "materials" / "tests.zip") as archive:
        readings = {name: read(archive.read(name), name) for name in archive.namelist()}
    assert len(readings) == 13
    assert sum(reading.data["counts"]["tests"] for reading in readings.values()) == 47
    failing = [name for name, reading in readings.items() if reading.data["counts"]["failed"]]
    assert failing == [
        "TEST-org.springframework.samples.petclinic.PostgresIntegrationTests.xml"
    ]  # fmt: skip
    # Their times have no zone.
    assert {reading.produced_at for reading in readings.values()} == {""}


PYTEST_FILE = """
import pytest

@pytest.fixture
def broken_teardown():
    yield
    raise RuntimeError("teardown")

@pytest.fixture
def broken_setup():
    raise RuntimeError("setup")

def test_passes(): pass
def test_fails(): assert 0, "first line\\nsecond line"
def test_error_in_teardown(broken_teardown): pass
def test_fails_and_error_in_teardown(broken_teardown): assert 0
def test_fails_again_and_error_in_teardown(broken_teardown): assert 0
def test_error_in_setup(broken_setup): pass
@pytest.mark.skip(reason="why")
def test_skipped(): pass
@pytest.mark.xfail
def test_expected_failure(): assert 0
@pytest.mark.xfail
def test_unexpected_pass(): pass
@pytest.mark.parametrize("value", ["<&>", "\\x00", "ä"])
def test_parameters(value): pass
"""


@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_the_report_of_the_pytest_in_use_is_understood(tmp_path, family):
    (tmp_path / "test_it.py").write_text(PYTEST_FILE)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\njunit_family = {family}\n")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--junitxml=o.xml", "-p", "no:cacheprovider"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    reading = read((tmp_path / "o.xml").read_bytes())
    found = {test["name"]: test["status"] for test in reading.data["tests"]}
    assert found.pop("test_passes") == "passed"
    assert found.pop("test_fails") == "failed"
    for name in ("test_error_in_teardown", "test_fails_and_error_in_teardown",
                 "test_fails_again_and_error_in_teardown", "test_error_in_setup"):  # fmt: skip
        assert found.pop(name) == "error"
    assert found.pop("test_skipped") == "skipped"
    assert found.pop("test_expected_failure") == "skipped"
    assert found.pop("test_unexpected_pass") == "passed"
    assert len(found) == 3
    assert set(found.values()) == {"passed"}
    assert reading.produced_at.endswith("Z")
    failed = next(test for test in reading.data["tests"] if test["name"] == "test_fails")
    assert "first line" in failed["message"]
    assert "second" not in failed["message"]


def test_the_same_test_twice_has_its_worst_status_and_is_listed():
    reading = read(
        """<testsuite><testcase classname="c" name="a"/>
        <testcase classname="c" name="a"><failure/></testcase>
        <testcase classname="c" name="a"><skipped/></testcase>
        <testcase classname="c" name="b"/></testsuite>"""
    )
    assert {test["id"]: test["status"] for test in reading.data["tests"]} == {
        "c.a": "failed",
        "c.b": "passed",
    }
    assert reading.data["duplicates"] == ["c.a"]
    assert reading.data["counts"] == counts(tests=2, passed=1, failed=1)


def test_the_worst_of_a_test_case_is_its_status():
    assert statuses(
        """<testsuite>
        <testcase name="a"><skipped/><failure/><error/></testcase>
        <testcase name="b"><skipped/><failure/></testcase>
        <testcase name="c"><skipped/></testcase>
        <testcase name="d"><system-out>x</system-out><properties/></testcase></testsuite>"""
    ) == {"a": "error", "b": "failed", "c": "skipped", "d": "passed"}


def test_reruns_of_surefire_are_failures_when_they_stayed_and_flaky_when_they_went():
    reading = read(
        """<testsuite tests="3" failures="1" errors="1">
        <testcase name="stayed"><failure/><rerunFailure>x</rerunFailure></testcase>
        <testcase name="went"><flakyFailure>x</flakyFailure><flakyError/></testcase>
        <testcase name="only-rerun"><rerunError/></testcase></testsuite>"""
    )
    assert {test["name"]: (test["status"], test["flaky"]) for test in reading.data["tests"]} == {
        "stayed": ("failed", False),
        "went": ("passed", True),
        "only-rerun": ("error", False),
    }


def test_attributes_of_gtest_and_ctest_are_understood():
    assert statuses(
        """<testsuites tests="5" failures="1" disabled="2" errors="0"><testsuite>
        <testcase name="a" status="run" result="completed"/>
        <testcase name="b" status="notrun" result="suppressed"/>
        <testcase name="c" status="run" result="skipped"/>
        <testcase name="d" status="fail"/>
        <testcase name="e" status="PASSED"/></testsuite></testsuites>"""
    ) == {"a": "passed", "b": "skipped", "c": "skipped", "d": "failed", "e": "passed"}


def test_an_error_of_a_suite_is_not_lost():
    reading = read(
        """<testsuite name="s" tests="0" errors="1"><error message="cannot start"/></testsuite>"""
    )
    (test,) = reading.data["tests"]
    assert (test["id"], test["status"], test["message"]) == ("s.(suite)", "error", "cannot start")
    for stated in ('tests="1"', 'tests="1" failures="0"', 'tests="1" failures="1"'):
        xml = f'<testsuite name="s" {stated}><testcase name="a"/><failure/></testsuite>'
        assert statuses(xml) == {"a": "passed", "s.(suite)": "failed"}


@pytest.mark.parametrize(
    "attributes",
    ['tests="3"', 'tests="1"', 'failures="1"', 'errors="1"', 'skipped="1"', 'disabled="1"',
     'tests="2" failures="0" errors="0" skipped="2"', 'tests="0"'],
)  # fmt: skip
def test_stated_counts_that_the_test_cases_do_not_bear_out_are_refused(attributes):
    suite = f'<testsuite {attributes}><testcase name="a"/><testcase name="b"/></testsuite>'
    nested = f"<testsuites><testsuite>{suite}</testsuite></testsuites>"
    for xml in (suite, f"<testsuites>{suite}</testsuites>", nested):
        with pytest.raises(CollectError, match="its test cases show"):
            read(xml)


def test_counts_of_the_root_are_checked_too():
    with pytest.raises(CollectError, match="tests=5"):
        read('<testsuites tests="5"><testsuite tests="1"><testcase name="a"/></testsuite>'
             "</testsuites>")  # fmt: skip


def test_a_suite_may_count_its_own_test_cases_or_those_of_inner_suites_too():
    inner = '<testsuite tests="1"><testcase name="b"/></testsuite>'
    for number in (1, 2):
        xml = f'<testsuite tests="{number}"><testcase name="a"/>{inner}</testsuite>'
        assert read(xml).data["counts"]["tests"] == 2
    with pytest.raises(CollectError):
        read(f'<testsuite tests="3"><testcase name="a"/>{inner}</testsuite>')


@pytest.mark.parametrize("count", ["-1", "1.0", "x", "9" * 20, "１"])
def test_a_count_that_is_none_is_refused(count):
    with pytest.raises(CollectError, match="is no count"):
        read(f'<testsuite tests="{count}"><testcase name="a"/></testsuite>')


@pytest.mark.parametrize(
    "xml",
    [
        "<report/>",
        "<testcase name='a'/>",
        "<testsuites2><testsuite/></testsuites2>",
        '<testsuites xmlns="urn:x"/>',
        '<testsuite><testcase classname="c"/></testsuite>',
        '<testsuite><testcase name=""/></testsuite>',
        '<testsuite><properties><testcase name="hidden"/></properties></testsuite>',
        '<testsuite><testcase name="a"><testcase name="b"/></testcase></testsuite>',
    ],
)
def test_what_would_be_read_by_half_is_refused(xml):
    with pytest.raises(CollectError):
        read(xml)


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<testsuite",
        "<testsuite><testcase name='a'>",
        "<!DOCTYPE x [<!ENTITY a 'b'>]><testsuite><testcase name='&a;'/></testsuite>",
        "<!DOCTYPE x SYSTEM 'file:///etc/passwd'><testsuite/>",
        "<testsuite>" * 1000 + "</testsuite>" * 1000,
    ],
)
def test_what_is_no_plain_xml_is_refused(xml):
    with pytest.raises(ParseError):
        read(xml)


def test_a_report_without_test_cases_says_zero_tests():
    for xml in ("<testsuites/>", '<testsuites tests="0"><testsuite tests="0"/></testsuites>'):
        assert read(xml).data == COLLECTOR.empty


def test_the_oldest_time_counts_and_only_if_all_have_a_zone():
    suite = '<testsuite timestamp="{}"/>'
    aware = ["2026-01-02T03:04:05.123456+01:00", "2026-01-02T03:04:05Z"]

    def produced(*times):
        return read(f"<testsuites>{''.join(map(suite.format, times))}</testsuites>").produced_at

    assert produced(*aware) == "2026-01-02T02:04:05Z"
    assert produced(*aware, "2020-01-01T00:00:00") == ""
    assert produced("yesterday") == ""
    assert produced() == ""


def test_long_messages_are_cut_and_come_from_the_text_if_need_be():
    (test,) = read(
        f"<testsuite><testcase name='a' file='f.py'><failure>\n {'x' * 500}\nmore</failure>"
        "</testcase></testsuite>"
    ).data["tests"]
    assert len(test["message"]) == 200
    assert test["file"] == "f.py"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("2.113871", "2.113871"),
        ("0", "0"),
        ("0.000", "0"),
        ("1e-05", "0.00001"),
        ("1,234.5", "1234.5"),
        ("100", "100"),
        ("1e-99999999", "0"),
        # What says no duration is absent, never 0.
        ("", None),
        ("-1", None),
        ("NaN", None),
        ("inf", None),
        ("1e400", None),
        ("fast", None),
    ],
)
def test_a_duration_is_plain_decimal_text_or_absent(written, seconds):
    report = f'<testsuite><testcase classname="a" name="b" time="{written}"/></testsuite>'

    (test,) = read(report).data["tests"]

    assert test.get("seconds") == seconds


def test_durations_of_a_real_report_are_those_it_states(vectors):
    tests = read((vectors / "materials" / "junit.xml").read_bytes()).data["tests"]

    by_id = {test["id"]: test["seconds"] for test in tests}
    assert by_id["Tests.Registration.testCase1"] == "2.113871"
    assert by_id["Tests.Authentication.testCase9"] == "0.982"
