"""OpenLineage events: the specification's facets, graphs of our own, and wrong events."""

from __future__ import annotations

import json

import pytest

from probanda.canonical import canonical
from probanda.collect import COLLECTORS, openlineage
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["openlineage"]
RUN = "f69a6e9b-9bac-3c9a-9cf6-eacb70ecc9a9"


def collect(document):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return COLLECTOR.read(data, source="events.json", options={})


def read(document):
    value = collect(document).data
    canonical(value)
    return value


def dataset(name, **more):
    return {"namespace": "s3://lake", "name": name, **more}


def facet(**fields):
    return {"_producer": "https://x.example", "_schemaURL": "https://y.example", **fields}


def event(kind="COMPLETE", *, at="10:00:00", inputs=(), outputs=(), run=RUN, job="load", **more):
    return {
        "eventTime": f"2026-11-20T{at}Z",
        "producer": "https://tool.example",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "eventType": kind,
        "run": {"runId": run},
        "job": {"namespace": "etl", "name": job},
        "inputs": [dataset(name) for name in inputs],
        "outputs": [dataset(name) for name in outputs],
        **more,
    }


def test_the_full_example_of_the_specification_is_read(vectors):
    fact = read((vectors / "openlineage" / "example_full_event.json").read_bytes())
    assert fact["runs"] == [
        {
            "id": RUN,
            "job": "food_delivery/dbt",
            "state": "COMPLETE",
            "states": ["COMPLETE"],
            "lastAt": "2023-07-17T10:54:22Z",
            "inputs": [],
            "outputs": [],
            "facets": [],
        }
    ]
    assert fact["jobs"][0]["facets"] == ["sql"]


def test_every_facet_example_of_the_specification_is_kept_by_name(vectors):
    paths = sorted((vectors / "openlineage").glob("*Facet/*.json"))
    assert len(paths) > 30
    for path in paths:
        facets, kind = json.loads(path.read_bytes()), path.parent.name
        document = event(outputs=["orders"])
        target, key = document["outputs"][0], "facets"
        if kind.endswith("RunFacet"):
            target = document["run"]
        elif kind.endswith("JobFacet"):
            target = document["job"]
        elif kind.endswith("InputDatasetFacet"):
            key = "inputFacets"
        elif kind.endswith("OutputDatasetFacet"):
            key = "outputFacets"
        target[key] = facets
        fact = read(document)
        found = [*fact["runs"], *fact["jobs"], *fact["datasets"]]
        assert [one["facets"] for one in found if one["facets"]] == [sorted(facets)], path


def test_facets_of_the_specification_say_what_they_say(vectors):
    def example(path):
        return json.loads((vectors / "openlineage" / path).read_bytes())

    document = event(outputs=["orders"])
    document["run"]["facets"] = example("ParentRunFacet/2.json")
    document["job"]["facets"] = example("OwnershipJobFacet/1.json")
    document["outputs"][0]["facets"] = example("SchemaDatasetFacet/1.json")
    document["outputs"][0]["outputFacets"] = example("OutputStatisticsOutputDatasetFacet/1.json")
    fact = read(document)
    assert fact["runs"][0]["parent"]["job"] == "airflow/my_dag.my_task"
    assert fact["runs"][0]["root"]["id"] == "a0000000-3c3c-1a1a-2b2b-c1b95c24ff11"
    assert all(owner["name"] for owner in fact["jobs"][0]["owners"])
    assert all(column["name"] for column in fact["datasets"][0]["schema"])
    assert fact["datasets"][0]["statistics"]["rowCount"] > 0


def test_lineage_facets_of_the_specification_become_edges(vectors):
    document = event(outputs=["orders"])
    path = vectors / "openlineage" / "LineageFacet" / "dataset-to-dataset.json"
    document["outputs"][0]["facets"] = json.loads(path.read_bytes())
    origin = "postgresql://warehouse:5432/public.customers"
    assert read(document)["downstream"][origin] == ["s3://lake/orders"]
    path = vectors / "openlineage" / "LineageFacet" / "mixed-sources.json"
    document["outputs"][0]["facets"] = {}
    document["job"]["facets"] = json.loads(path.read_bytes())
    fact = read(document)["downstream"]
    assert fact["postgresql://warehouse:5432/public.orders"] == [
        "postgresql://warehouse:5432/public.enriched_orders"
    ]


def test_column_lineage_of_the_specification_becomes_column_edges(vectors):
    (path,) = (vectors / "openlineage" / "ColumnLineageDatasetFacet").glob("*.json")
    document = event(outputs=["orders"])
    document["outputs"][0]["facets"] = json.loads(path.read_bytes())
    edges = read(document)["columnEdges"]
    assert edges
    assert all(one["to"] == "s3://lake/orders" and one["fromField"] for one in edges)


EVENTS = [
    event("COMPLETE", at="10:05:00", inputs=["raw"], outputs=["clean"]),
    event("START", at="10:00:00", inputs=["raw"]),
    event("COMPLETE", at="11:00:00", run=RUN.replace("f", "0"), job="publish",
          inputs=["clean"], outputs=["report", "export"]),
]  # fmt: skip


def test_events_of_all_forms_make_one_graph():
    lines = b"\n".join(json.dumps(one).encode() for one in EVENTS) + b"\n\n"
    fact = read(EVENTS)
    assert read(lines) == fact
    assert fact["events"] == 3
    run = next(one for one in fact["runs"] if one["id"] == RUN)
    assert run["states"] == ["START", "COMPLETE"]
    assert (run["startedAt"], run["lastAt"]) == ("2026-11-20T10:00:00Z", "2026-11-20T10:05:00Z")
    assert (run["inputs"], run["outputs"]) == (["s3://lake/raw"], ["s3://lake/clean"])
    assert fact["downstream"] == {
        "s3://lake/raw": ["s3://lake/clean"],
        "s3://lake/clean": ["s3://lake/export", "s3://lake/report"],
        "s3://lake/report": [],
        "s3://lake/export": [],
    }
    assert fact["edges"][0] == {
        "from": "s3://lake/raw",
        "to": "s3://lake/clean",
        "job": "etl/load",
    }


def test_the_oldest_event_and_the_tools_are_stated():
    reading = collect(EVENTS)
    assert (reading.producer, reading.produced_at) == (
        "https://tool.example",
        "2026-11-20T10:00:00Z",
    )


def test_jobs_and_datasets_may_stand_alone():
    job = {key: value for key, value in event(inputs=["a"], outputs=["b"]).items()
           if key not in {"run", "eventType"}}  # fmt: skip
    alone = {key: job[key] for key in ("eventTime", "producer", "schemaURL")}
    fact = read([job, {**alone, "dataset": dataset("c")}])
    assert (len(fact["runs"]), len(fact["jobs"]), len(fact["datasets"])) == (0, 1, 3)


def test_facets_that_may_hold_secrets_are_kept_by_name_only():
    document = event(outputs=["a"])
    document["run"]["facets"] = {
        "environmentVariables": facet(environmentVariables=[{"name": "K", "value": "hunter2"}]),
        "errorMessage": facet(message="hunter2", programmingLanguage="x"),
        "unheard_of": facet(x="hunter2"),
    }
    document["job"]["facets"] = {"sql": facet(query="select 'hunter2'")}
    fact = read(document)
    assert "hunter2" not in json.dumps(fact)
    assert fact["runs"][0]["facets"] == ["environmentVariables", "errorMessage", "unheard_of"]


def test_a_deleted_facet_says_nothing():
    document = event(outputs=["a"])
    document["job"]["facets"] = {"ownership": facet(_deleted=True)}
    assert read(document)["jobs"][0]["facets"] == []


def without(key):
    return {name: value for name, value in event(outputs=["a"]).items() if name != key}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "holds no event"),
        ("x", "text where an event belongs"),
        ([event(), 5], r"\$\[1\]: a number where an event"),
        (without("eventTime"), "eventTime: is missing"),
        (without("producer"), "producer: is missing"),
        (without("schemaURL"), "schemaURL: is missing"),
        (without("job"), "neither a run with its job"),
        ({**event(), "producer": "me"}, "producer: is no URI"),
        ({**event(), "eventTime": "2026-11-20T10:00:00"}, "no RFC 3339 instant"),
        ({**event(), "eventType": "DONE"}, "eventType: is not one of START"),
        (event(run="1"), "is no UUID"),
        (event(job=""), "name: is missing"),
        ([event(), event(job="other")], "belongs to two jobs"),
        ({**event(), "inputs": [{"name": "a"}]}, "namespace: is missing"),
        ({**event(), "inputs": {}}, "an object where a list"),
        ({**event(), "outputs": [dataset("a", facets={"x": {}})]}, "_producer: is missing"),
        ({**event(), "outputs": [dataset("a", facets={"x": 1})]}, "a number where an object"),
    ],
)  # fmt: skip
def test_an_event_against_the_specification_is_refused(document, reason):
    with pytest.raises(CollectError, match=reason):
        read(document)


def test_two_datasets_that_would_be_taken_for_one_are_refused():
    inputs = [{"namespace": "a/b", "name": "c"}, {"namespace": "a", "name": "b/c"}]
    with pytest.raises(CollectError, match="same key"):
        read({**event(), "inputs": inputs})


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "events.json:1:1"),
        (b'{"a": 1', "events.json:1"),
        (json.dumps(event()).encode() + b'\n{"a": ', "events.json:2"),
        (json.dumps(event()).encode() + b"\nx\n", "events.json:2:1"),
        (b'{"a": 1, "a": 2}', "events.json:1"),
        (b"{}\n{}}", "events.json:2|producer"),
    ],
)
def test_broken_text_is_refused_with_its_line(data, place):
    with pytest.raises((ParseError, CollectError), match=place):
        read(data)


def test_more_events_or_edges_than_the_limits_are_refused(monkeypatch):
    monkeypatch.setattr(openlineage, "MAX_EDGES", 5)
    with pytest.raises(CollectError, match="limit of 5 edges"):
        read(event(inputs=["a", "b"], outputs=["c", "d", "e"]))
    monkeypatch.setattr(openlineage, "MAX_EVENTS", 2)
    with pytest.raises(CollectError, match="limit of 2 events"):
        read(EVENTS)
