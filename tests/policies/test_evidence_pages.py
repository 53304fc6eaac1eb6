"""`evidence/freshness` and `evidence/stub` from end to end, on artifacts that others made."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from policy_pages import PageProject
from projects import component, sbom

REPORT = (
    '<testsuite timestamp="2026-11-20T11:30:00Z">'
    '<testcase classname="a" name="b" time="0.5"/></testsuite>'
)
# As k6 1.4 writes it, shortened.
K6 = {
    "metrics": {
        "http_reqs": {"type": "counter", "contains": "default", "values": {"count": 878}},
        "http_req_duration": {
            "type": "trend",
            "contains": "time",
            "values": {"min": 0.3, "avg": 21.4, "med": 20.1, "p(95)": 30.0, "max": 143.3},
        },
    }
}


@pytest.fixture
def fresh(tmp_path):
    project = PageProject(tmp_path / "project", "evidence/freshness")
    project.place(sbom=sbom(component("a")), tests=REPORT)
    return project


@pytest.fixture
def stub(tmp_path):
    return PageProject(tmp_path / "project", "evidence/stub")


def test_evidence_of_the_same_hour_is_fresh(fresh):
    assert fresh.rules() == []


def test_the_same_evidence_an_hour_later_is_stale_by_the_term_of_its_type(fresh):
    assert fresh.rules(as_of=datetime(2026, 11, 20, 12, 30, 1, tzinfo=UTC)) == ["stale"]


def test_evidence_without_a_time_is_refused(fresh):
    fresh.place(sbom=sbom(component("a"), timestamp=""))
    assert fresh.rules() == ["time-missing"]


def test_evidence_of_tomorrow_is_refused(fresh):
    fresh.place(sbom=sbom(component("a"), timestamp="2026-11-21T12:00:00Z"))
    assert fresh.rules() == ["future-dated"]


def test_a_real_sbom_is_fresh_on_its_day_and_stale_today(fresh, vectors):
    data = (vectors / "materials" / "sbom.cyclonedx-1.5.json").read_bytes()
    made = datetime.fromisoformat(json.loads(data)["metadata"]["timestamp"]).astimezone(UTC)
    fresh.place(sbom=data, tests=REPORT.replace("2026-11-20T11:30:00Z", made.isoformat()))

    assert fresh.rules(as_of=made) == []
    assert fresh.rules() == ["stale"]


def test_a_real_report_that_states_no_time_is_refused(fresh, vectors):
    fresh.place(tests=(vectors / "materials" / "junit.xml").read_bytes())
    assert fresh.rules() == ["time-missing"]


def test_what_tools_wrote_is_no_stub(stub, vectors):
    stub.place(load=K6, tests=(vectors / "materials" / "junit.xml").read_bytes())
    assert stub.rules() == []


@pytest.mark.parametrize(
    "summary",
    [
        {"status": "PASSED"},
        {"status": "PASSED", "timestamp": "2026-11-20T11:00:00Z", "version": 1},
        {"tool": "k6", "checks": [{"name": "p95", "status": "ok"}]},
    ],
)
def test_a_summary_that_says_passed_and_nothing_else_is_a_stub(stub, vectors, summary):
    stub.place(load=summary, tests=(vectors / "materials" / "junit.xml").read_bytes())
    assert stub.rules() == ["bare-verdict"]


def test_a_real_report_whose_times_were_zeroed_is_a_stub(stub, vectors):
    report = (vectors / "materials" / "junit.xml").read_text()
    stub.place(load=K6, tests=re.sub(r'time="[0-9.]+"', 'time="0"', report))
    assert stub.rules() == ["zero-durations"]


def test_a_load_test_read_by_its_collector_must_vary(stub, vectors):
    gate = json.loads((stub.root / "gates/page.yaml").read_text())
    gate["spec"]["checks"][0]["facts"]["load"]["from"] = "load"
    stub.write("gates/page.yaml", gate)
    report = (vectors / "materials" / "junit.xml").read_bytes()
    values = K6["metrics"]["http_req_duration"]["values"]
    flat = json.loads(json.dumps(K6))
    flat["metrics"]["http_req_duration"]["values"] = dict.fromkeys(values, 20.0)

    stub.place(load=K6, tests=report)
    assert stub.rules() == []
    stub.place(load=flat, tests=report)
    assert stub.rules() == ["zero-variance"]


def test_a_list_that_a_tool_left_empty_is_empty_evidence(stub, vectors):
    data = (vectors / "materials" / "empty_array.json").read_bytes()
    stub.place(load=data, tests=(vectors / "materials" / "junit.xml").read_bytes())

    assert stub.rules() == ["empty-evidence"]
