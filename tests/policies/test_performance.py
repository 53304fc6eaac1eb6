"""The load budgets over reports as the tools write them."""

from __future__ import annotations

import pytest

from snippets import run_snippet

PAGE = "performance/budgets"


def k6(p95=320.5, count=6000, failed=0, rate=10.2):
    """What `handleSummary` is given."""
    trend = {"avg": 81.2, "min": 2.9, "med": 70.1, "max": 912.0, "p(90)": 300.3, "p(95)": p95}
    return {
        "root_group": {"name": "", "path": "", "groups": [], "checks": []},
        "options": {"summaryTrendStats": ["avg", "min", "med", "max", "p(90)", "p(95)"]},
        "state": {"isStdErrTTY": False, "testRunDurationMs": 600_000.1},
        "metrics": {
            "http_reqs": {"type": "counter", "values": {"count": count, "rate": rate}},
            "http_req_failed": {
                "type": "rate",
                "values": {"rate": failed / count, "passes": failed, "fails": count - failed},
            },
            "http_req_duration": {"type": "trend", "contains": "time", "values": trend},
        },
    }


LOCUST_HEADER = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,"
    "Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,"
    "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\n"
)


def locust(p95):
    numbers = f"6000,12,70,81.2,2.9,912,512,10.1,0.02,70,90,120,150,300,{p95},500,600,800,900,910"
    return f"{LOCUST_HEADER}GET,/search,{numbers}\n,Aggregated,{numbers}\n"


def test_a_summary_of_k6_within_its_budget_passes(tmp_path):
    assert run_snippet(tmp_path, PAGE, {".probanda/k6.json": k6()}) == ("pass", [])


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"p95": 351}, "too-slow"),
        ({"rate": 9.4}, "rate-too-low"),
        ({"failed": 61}, "too-many-failures"),
        ({"count": 499}, "too-few-samples"),
    ],
)
def test_a_summary_of_k6_beyond_its_budget_fails(tmp_path, change, rule):
    assert run_snippet(tmp_path, PAGE, {".probanda/k6.json": k6(**change)}) == ("fail", [rule])


def test_a_summary_without_the_percentile_fails(tmp_path):
    summary = k6()
    del summary["metrics"]["http_req_duration"]["values"]["p(95)"]

    assert run_snippet(tmp_path, PAGE, {".probanda/k6.json": summary}) == (
        "fail",
        ["percentile-missing"],
    )


@pytest.mark.parametrize(("p95", "ended"), [(350, ("pass", [])), (360, ("fail", ["too-slow"]))])
def test_statistics_of_locust_are_judged_by_the_same_budget(tmp_path, p95, ended):
    found = run_snippet(
        tmp_path,
        PAGE,
        {"stats.csv": locust(p95)},
        facts={"load": {"from": "load", "path": "stats.csv"}},
        parameters={"scenarios": {"GET /search": "search", "(all)": "reads"}},
    )

    assert found == ended


def test_a_missing_report_is_no_pass(tmp_path):
    assert run_snippet(tmp_path, PAGE, {}) == ("notEvaluated", [])
