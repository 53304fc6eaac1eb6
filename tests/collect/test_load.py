"""Load reports of three tools: read into one shape, and cut, edited or odd ones."""

from __future__ import annotations

import json
import statistics

import pytest

from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["load"]
LOCUST_COLUMNS = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,"
    "Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,"
    "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
)


def reading(report):
    if not isinstance(report, bytes):
        report = (report if isinstance(report, str) else json.dumps(report)).encode()
    return COLLECTOR.read(report, source="load.json", options={})


def read(report):
    return reading(report).data


def scenario(report, name="(all)"):
    (one,) = [one for one in read(report)["scenarios"] if one["name"] == name]
    return one


# k6

TREND = {"avg": 21.4, "min": 0.26, "med": 20.1, "max": 143.3, "p(90)": 26.36, "p(95)": 30.03}


def k6(trend=TREND, count=878, failed=349, thresholds=None, **metrics):
    """What `handleSummary` is given."""
    duration = {"type": "trend", "contains": "time", "values": trend}
    if thresholds is not None:
        duration["thresholds"] = thresholds
    return {
        "root_group": {"name": "", "path": "", "groups": [], "checks": []},
        "options": {"summaryTrendStats": ["avg", "min", "med", "max", "p(90)", "p(95)"]},
        "state": {"isStdErrTTY": False, "testRunDurationMs": 24425.289882},
        "metrics": {
            "http_reqs": {"type": "counter", "values": {"count": count, "rate": 35.946349}},
            "http_req_failed": {
                "type": "rate",
                "values": {"rate": 0.39, "passes": failed, "fails": count - failed},
            },
            "http_req_duration": duration,
            "vus": {"type": "gauge", "values": {"value": 1, "min": 1, "max": 19}},
            **metrics,
        },
    }


def exported(summary):
    """The same as `--summary-export` writes it."""
    metrics = {}
    for name, metric in summary["metrics"].items():
        thresholds = {key: not value["ok"] for key, value in metric.get("thresholds", {}).items()}
        metrics[name] = metric["values"] | ({"thresholds": thresholds} if thresholds else {})
    return {"metrics": metrics, "root_group": summary["root_group"]}


def versioned(trend=TREND, count=878, failed=349, **more):
    """What k6 writes since the summary has a version."""
    metrics = [
        {"name": "http_reqs", "type": "counter", "contains": "default", "values": {"count": count}},
        {"name": "http_req_failed", "type": "rate", "contains": "default",
         "values": {"matches": failed, "rate": 0.39, "total": count}},
        {"name": "http_req_duration", "type": "trend", "contains": "time", "values": trend},
    ]  # fmt: skip
    return {
        "version": "1.0.0",
        "metadata": {"generatedAt": "2026-01-02T03:04:05.123456+01:00", "k6Version": "1.4.0"},
        "config": {"duration": 24.5, "execution": "local", "script": "test.js"},
        "results": {"metrics": metrics},
        **more,
    }


def test_the_summary_of_k6_is_read_in_each_of_its_three_forms():
    thresholds = {"p(95)<1000": {"ok": True}, "p(95)<10": {"ok": False}}
    new = k6(thresholds=thresholds)
    first, second, third = (scenario(one) for one in (new, exported(new), versioned()))
    assert first == second == {
        "name": "(all)",
        "requests": 878,
        "samples": 878,
        "failures": 349,
        "rate_per_second": 35.946349,
        "latency_ms": {
            "max": 143.3, "mean": 21.4, "min": 0.26, "p50": 20.1, "p90": 26.36, "p95": 30.03,
        },
    }  # fmt: skip
    assert third == first | {"rate_per_second": 878 / 24.5}
    assert (
        read(new)["thresholds"]
        == read(exported(new))["thresholds"]
        == [
            {"metric": "http_req_duration", "expression": "p(95)<10", "ok": False},
            {"metric": "http_req_duration", "expression": "p(95)<1000", "ok": True},
        ]
    )
    found = reading(versioned())
    assert (found.producer, found.produced_at) == ("k6 1.4.0", "2026-01-02T02:04:05Z")
    assert (found.data["duration_seconds"], read(new)["duration_seconds"]) == (24.5, 24.425289882)
    assert "duration_seconds" not in read(exported(new))


def test_a_percentile_that_k6_was_not_asked_for_is_absent_and_not_zero():
    assert "p99" not in scenario(k6())["latency_ms"]
    assert scenario(k6({"p(99)": 40.5}))["latency_ms"] == {"p99": 40.5}
    assert scenario(k6({"p(50)": 4}))["latency_ms"] == {"p50": 4}


def test_failures_that_k6_does_not_state_are_absent_and_not_zero():
    summary = k6()
    del summary["metrics"]["http_req_failed"]
    assert "failures" not in scenario(summary)


def test_scenarios_of_k6_are_its_submetrics():
    summary = k6(
        **{
            "http_req_duration{scenario:read}": {"values": {"p(95)": 10.5}},
            "http_reqs{scenario:read}": {"values": {"count": 5, "rate": 0.5}},
            "http_req_duration{scenario:write}": {"values": {"p(95)": 20.5}},
            "http_req_duration{expected_response:true}": {"values": {"p(95)": 1}},
            "http_req_duration{scenario:read,status:200}": {"values": {"p(95)": 2}},
            "http_req_duration{name:http://a/{id}}": {"values": {"p(95)": 3}},
        }
    )
    assert [one["name"] for one in read(summary)["scenarios"]] == ["(all)", "read", "write"]
    assert scenario(summary, "read") == {
        "name": "read", "requests": 5, "samples": 5, "rate_per_second": 0.5,
        "latency_ms": {"p95": 10.5},
    }  # fmt: skip
    assert scenario(summary, "write") == {"name": "write", "latency_ms": {"p95": 20.5}}


def test_a_run_without_requests_has_zero_requests_and_no_latencies():
    zeros = dict.fromkeys(TREND, 0)
    summary = k6(zeros, count=0, failed=0)
    for name in ("http_reqs", "http_req_failed"):
        del summary["metrics"][name]
    assert read(summary)["requests"] == 0
    assert scenario(summary) == {"name": "(all)", "requests": 0, "samples": 0, "latency_ms": {}}
    submetric = k6(**{"http_req_duration{scenario:x}": {"values": zeros}})
    assert scenario(submetric, "x")["latency_ms"] == {}
    with pytest.raises(CollectError, match="latencies and no requests"):
        read(k6(count=0, failed=0))


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ({"status": "PASSED"}, "is no known load report"),
        ([], "must be an object"),
        ({"metrics": {}}, "no iteration was run"),
        ({"metrics": []}, "must be an object"),
        ({"metrics": {"http_reqs": 5}}, "must be an object"),
        (k6(failed=879), "more failures than requests"),
        (k6({"p(95)": 30, "p(90)": 31}), "p90 above p95"),
        (k6({"med": 5, "max": 4}), "p50 above max"),
        (k6({"avg": 5, "min": 1, "max": 4}), "mean outside"),
        (k6({"p(95)": -1}), "from 0"),
        (k6({"p(95)": "30"}), "must be a number"),
        (k6({"p(95)": None}), "must be a number"),
        (k6(thresholds={"p(95)<1": {"ok": "yes"}}), "must be true or false"),
        (k6(thresholds={"p(95)<1": "ok"}), "must be true or false"),
        (k6(http_reqs={"values": {"count": -1}}), "from 0"),
        (k6(http_reqs={"values": {"count": 1.5}}), "whole number"),
        (k6(http_reqs={"values": {}}), "count is missing"),
        (versioned(version="2.0.0"), "no known version"),
        (versioned(config={}), "duration is missing"),
        (versioned(metadata={"generatedAt": "now", "k6Version": "1"}), "no RFC 3339 instant"),
        (versioned(results={}), "metrics is missing"),
        (versioned(results={"metrics": [{"name": "a", "values": {}}] * 2}), "another metric"),
    ],
)
def test_what_is_no_summary_of_k6_or_contradicts_itself_is_refused(report, reason):
    with pytest.raises(CollectError, match=reason) as caught:
        read(report)
    assert str(caught.value).startswith("load.json:1:")


# Locust


def locust_row(name, count, failures=0, kind="GET", latencies="20,30,40,50,60,70,80,90,90,90,90"):
    return f"{kind},{name},{count},{failures},20,25.5,1.5,95.25,100,12.5,0.0,{latencies}"


def locust(*rows, columns=LOCUST_COLUMNS):
    return "\n".join([columns, *rows, ""])


def test_the_statistics_of_locust_are_read():
    report = locust(
        locust_row("/a", 30, 1), locust_row("/a", 10, kind="POST"),
        locust_row("Aggregated", 40, 1, kind=""),
    )  # fmt: skip
    found = reading(report)
    assert (found.media_type, found.producer) == ("text/csv", "locust")
    assert [one["name"] for one in found.data["scenarios"]] == ["(all)", "GET /a", "POST /a"]
    assert found.data["requests"] == 40
    assert scenario(report) == {
        "name": "(all)",
        "requests": 40,
        "samples": 40,
        "failures": 1,
        "rate_per_second": 12.5,
        "latency_ms": {
            "max": 95.25, "mean": 25.5, "min": 1.5, "p50": 20, "p90": 60, "p95": 70, "p99": 90,
        },
    }  # fmt: skip


def test_percentiles_that_locust_rounded_may_pass_its_maximum():
    row = "GET,/a,5,0,120,123.4,123.4,123.4,1,2.5,0.0," + ",".join(["130"] * 11)
    total = row.replace("GET,/a", ",Aggregated")
    assert scenario(locust(row, total))["latency_ms"]["p99"] == 130


def test_a_run_of_locust_without_requests_has_no_latencies():
    row = ",Aggregated,0,0,0,0.0,0,0,0,0.0,0.0," + ",".join(["N/A"] * 11)
    assert read(locust(row))["requests"] == 0
    assert scenario(locust(row))["latency_ms"] == {}


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (locust(), "Aggregated is missing"),
        (locust(locust_row("/a", 5)), "Aggregated is missing"),
        (locust(locust_row("/a", 5), locust_row("Aggregated", 6, kind="")), "Aggregated states 6"),
        (locust(locust_row("/a", 5, 1), locust_row("Aggregated", 5, kind="")), "0 failures"),
        (locust(*[locust_row("/a", 5)] * 2, locust_row("Aggregated", 10, kind="")), "there twice"),
        (locust(locust_row("/a", -5)), "no count"),
        (locust(locust_row("/a", "")), "no count"),
        (locust(locust_row("/a", 5, 6)), "more failures than requests"),
        (locust(locust_row("/a", 5, latencies="9,8,7,6,5,4,3,2,1,1,1")), "p50 above p90"),
        (locust(locust_row("/a", 5, latencies="nan,8,7,6,5,4,3,2,1,1,1")), "no number from 0"),
        (locust(locust_row("/a", 5).replace("25.5", "99.9")), "mean outside"),
        (locust(locust_row("/a", 5) + ",1"), "23 cells"),
        (locust(columns="Timestamp,User Count,Type,Name,Requests/s"), "'Request Count' is missing"),
        ("", "no header"),
    ],
)
def test_what_is_no_statistics_of_locust_or_contradicts_itself_is_refused(report, reason):
    with pytest.raises(CollectError, match=reason) as caught:
        read(report)
    assert str(caught.value).startswith("load.json:")


# pytest-benchmark


def benchmark(times, *, with_data=True, name="tests/test_a.py::test_b", **stats):
    given = {
        "rounds": len(times),
        "iterations": 10,
        "min": min(times),
        "max": max(times),
        "mean": statistics.fmean(times),
        "median": statistics.median(times),
        "ops": 1 / statistics.fmean(times),
        **({"data": times} if with_data else {}),
        **stats,
    }
    return {"group": None, "name": "test_b", "fullname": name, "stats": given}


def benchmarks(*several, **more):
    return {
        "machine_info": {}, "commit_info": {"id": "x"}, "benchmarks": list(several),
        "datetime": "2026-01-02T03:04:05.123456+00:00", "version": "5.1.0", **more,
    }  # fmt: skip


def test_benchmarks_are_read_in_milliseconds():
    times = [number / 1000 for number in range(100, 0, -1)]
    found = reading(benchmarks(benchmark(times)))
    assert (found.producer, found.produced_at) == ("pytest-benchmark 5.1.0", "2026-01-02T03:04:05Z")
    (one,) = found.data["scenarios"]
    assert one["name"] == "tests/test_a.py::test_b"
    assert (one["requests"], one["samples"]) == (1000, 100)
    assert "failures" not in one
    assert one["latency_ms"] == {
        "max": 100.0, "mean": pytest.approx(50.5), "min": 1.0, "p50": 50.5, "p90": 90.0,
        "p95": 95.0, "p99": 99.0,
    }  # fmt: skip


def test_percentiles_of_benchmarks_need_the_raw_times():
    (one,) = read(benchmarks(benchmark([0.5, 0.1, 0.3], with_data=False)))["scenarios"]
    assert sorted(one["latency_ms"]) == ["max", "mean", "min", "p50"]


def test_a_time_without_a_zone_is_no_instant():
    assert reading(benchmarks(datetime="2015-08-15T00:04:18.687119")).produced_at == ""


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        (benchmarks(benchmark([1.0, 2.0], median=1.9)), "median is not what the raw times show"),
        (benchmarks(benchmark([1.0, 2.0], max=3.0)), "max is not what the raw times show"),
        (benchmarks(benchmark([1.0, 2.0], rounds=3)), "2 times for 3 rounds"),
        (benchmarks(benchmark([1.0, 2.0], data=[])), "0 times for 2 rounds"),
        (benchmarks(benchmark([1.0, 2.0], data=[1.0, -2.0])), "from 0"),
        (benchmarks(benchmark([1.0, 2.0], with_data=False, min=5.0)), "contradicts itself"),
        (benchmarks(benchmark([1.0], iterations=0)), "latencies and no requests"),
        (benchmarks(benchmark([1.0]), benchmark([1.0])), "the name of another benchmark"),
        (benchmarks({"fullname": "a"}), "stats is missing"),
        ({"benchmarks": {}}, "must be a list"),
    ],
)
def test_benchmarks_that_contradict_themselves_are_refused(report, reason):
    with pytest.raises(CollectError, match=reason):
        read(report)


# all


def test_reports_without_anything_have_zero_requests():
    assert read(benchmarks()) == {**COLLECTOR.empty, "tool": "pytest-benchmark"}


@pytest.mark.parametrize(
    "data",
    [b'{"metrics": ', b'{"metrics": {}, "metrics": {}}', b'{"metrics": NaN}', b"[" * 100_000],
)
def test_what_is_no_strict_json_is_refused(data):
    with pytest.raises(ParseError):
        reading(data)


def test_files_of_others_that_are_no_load_reports_are_refused(vectors):
    materials = vectors / "materials"
    for name in ("junit.xml", "checkmarx.sarif", "sigcheck-report.csv", "empty_array.json",
                 "sbom.cyclonedx-1.5.json", "simple.txt"):  # fmt: skip
        with pytest.raises((CollectError, ParseError)):
            reading((materials / name).read_bytes())
