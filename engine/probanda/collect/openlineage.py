"""OpenLineage events: which run of which job read and wrote which datasets.

The file holds one event, a JSON list of events, or one event a line (JSON Lines).

Data: `{events, runs, jobs, datasets, edges, columnEdges, downstream}`.

- `events` is their number.
- A run is `{id, job, state, startedAt, lastAt, states, inputs, outputs, parent, root, nominal,
  engine, tags, facets}`; `state` is that of its latest event that has one, `states` all of them
  in order of time. `START` and `COMPLETE` are the specification's words.
- A job is `{key, namespace, name, inputs, outputs, type, owners, tags, facets}`, its inputs
  and outputs those of all its events; a dataset `{key, namespace, name, schema, version,
  storage, owners, symlinks, tags, quality, statistics, facets}`, each facet as of its latest
  event. `symlinks` are the keys of other names of the same data.
  `schema` is `[{name, type}]`; `quality` the assertions `[{assertion, column, success}]`;
  `statistics` `{rowCount, size, fileCount}` (size in bytes).
- `key` is `namespace/name`. `edges` are `{from, to, job}` from each input of a job to each of
  its outputs, and without `job` those that a lineage facet states; `columnEdges` are
  `{from, fromField, to, toField, transformations}` of the column lineage facet, where a
  `fromField` without `toField` bears on the whole dataset. Edges of all events add up.
  `downstream` maps a dataset to those directly behind it, in the shape that Rego's
  `graph.reachable` takes.
- `facets` are the names of all facets, known here or not. Their other content is left
  behind: queries, source code, error messages and environment variables may hold secrets.

What no event says is absent.

Rules:

- The required fields of OpenLineage 2-0-2 are required: `eventTime` with a zone, `producer` and
  `schemaURL`; `run.runId` (a UUID) with `job`, or `job`, or `dataset`; namespace and name;
  of a facet `_producer` and `_schemaURL`. An event is of one kind.
- One run belongs to one job. Two datasets with the same key are refused.

Example:

    >>> read(events)["downstream"]["postgres://a/orders"]
    ['s3://lake/orders']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from probanda.canonical import canonical
from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.collect.openlineage_facets import (
    URI,
    read_assertions,
    read_facets,
    read_owners,
    read_parent,
    read_picked,
    read_schema,
    read_statistics,
    read_symlinks,
    read_tags,
)
from probanda.collect.record import Record, exact, kind_of, present
from probanda.errors import CollectError, ParseError
from probanda.model.instant import format_instant, parse_instant
from probanda.model.location import Location
from probanda.parse.json import load_json

MAX_EVENTS = 200_000
MAX_EDGES = 500_000
# OpenLineage 2-0-2, `RunEvent.eventType`.
_STATES = ("START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HINT = "RunEvent, JobEvent or DatasetEvent of openlineage.io/spec/2-0-2"


@dataclass(slots=True)
class _Graph:
    """What the events read so far say together; later events replace a facet."""

    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    columns: dict[str, dict[bytes, dict[str, Any]]] = field(default_factory=dict)
    stated: dict[str, set[tuple[str, str]]] = field(default_factory=dict)


class OpenLineageCollector:
    """`from: openlineage`."""

    name = "openlineage"
    media_type = "application/json"
    timestamped = True
    max_bytes = 64 << 20
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {
        "events": 0,
        "runs": [],
        "jobs": [],
        "datasets": [],
        "edges": [],
        "columnEdges": [],
        "downstream": {},
    }

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """Runs, jobs, datasets and how they hang together.

        Raises:
            ParseError: neither JSON nor JSON Lines.
            CollectError: an event against the specification, or none at all.
        """
        events = sorted(_events(data, source), key=lambda one: one[0])
        if not events:
            raise CollectError("the file holds no event", location=Location(source), hint=_HINT)
        graph = _Graph()
        for moment, event in events:
            _take(graph, moment, event)
        value = {
            "events": len(events),
            "runs": sorted(graph.runs.values(), key=lambda one: str(one["id"])),
            "jobs": [_sorted_sides(job) for _, job in sorted(graph.jobs.items())],
            "datasets": [dataset for _, dataset in sorted(graph.datasets.items())],
            **_edges(graph, source),
        }
        oldest = format_instant(events[0][0])
        producers = sorted({event.text("producer") for _, event in events})
        media_type = self.media_type if len(events) == 1 else "application/jsonl"
        return Reading(value, media_type, ", ".join(producers)[:200], oldest)


def _events(data: bytes, source: str) -> Iterator[tuple[datetime, Record]]:
    """Time and content of each event, in the order of the file."""
    for number, (place, value, line) in enumerate(_values(data, source), 1):
        where = Location(source, line)
        if number > MAX_EVENTS:
            raise CollectError(f"more than the limit of {MAX_EVENTS} events", location=where)
        if not isinstance(value, dict):
            message = f"{place}: {kind_of(value)} where an event belongs"
            raise CollectError(message, location=where, hint=_HINT)
        event = Record(exact(value), where, place)
        for key in ("producer", "schemaURL"):
            if not URI.fullmatch(event.text(key)):
                raise event.error("is no URI", key)
        event.required("eventTime", str)
        event.optional_instant("eventTime")
        yield parse_instant(event.text("eventTime")), event


def _values(data: bytes, source: str) -> Iterator[tuple[str, Any, int]]:
    """Place, value and line of what stands in the file: a list, one event, or one a line."""
    try:
        whole = load_json(data, path=source)
    except ParseError:
        lines = [(number, line) for number, line in enumerate(data.split(b"\n"), 1) if line.strip()]
        # One value over several lines is broken JSON, and its own error says where.
        if len(lines) < 2 or not lines[0][1].rstrip().endswith(b"}"):
            raise
        for number, line in lines:
            yield "$", _line(line, source, number), number
        return
    if isinstance(whole, list):
        for number, value in enumerate(whole):
            yield f"$[{number}]", value, 0
    else:
        yield "$", whole, 0


def _line(line: bytes, source: str, number: int) -> Any:
    try:
        return load_json(line, path=source)
    except ParseError as error:
        column = error.location.column if error.location is not None else 0
        raise ParseError(error.message, location=Location(source, number, column)) from None


def _take(graph: _Graph, moment: datetime, event: Record) -> None:
    """Add one event."""
    run, job, dataset = (event.optional_record(key) for key in ("run", "job", "dataset"))
    if run is not None and job is not None:
        key = _job(graph, job)
        _run(graph, run, key, moment, event)
    elif job is not None:
        key = _job(graph, job)
    elif dataset is not None and run is None:
        _dataset(graph, dataset)
        return
    else:
        raise event.error("neither a run with its job, a job, nor a dataset", hint=_HINT)
    for side in ("inputs", "outputs"):
        for one in event.records(side):
            found = _dataset(graph, one)
            graph.jobs[key][side].add(found)
            if run is not None:
                _append(graph.runs[run.text("runId").lower()][side], found)


def _run(graph: _Graph, run: Record, job: str, moment: datetime, event: Record) -> None:
    """A run, and its state at this moment."""
    identity = run.text("runId").lower()
    if not _UUID.fullmatch(identity):
        raise run.error("is no UUID", "runId")
    entry = graph.runs.setdefault(
        identity,
        {"id": identity, "job": job, "states": [], "inputs": [], "outputs": [], "facets": []},
    )
    if entry["job"] != job:
        raise run.error("belongs to two jobs", "runId")
    state = event.optional_text("eventType")
    instant = format_instant(moment)
    entry["lastAt"] = instant
    if state is not None:
        if state not in _STATES:
            raise event.error(f"is not one of {', '.join(_STATES)}", "eventType")
        entry["states"].append(state)
        entry["state"] = state
        if state == "START":
            entry.setdefault("startedAt", instant)
    facets = read_facets(run, entry)
    entry |= present(
        parent=read_parent(facets.get("parent")),
        root=read_parent(facets["parent"].optional_record("root")) if "parent" in facets else None,
        nominal=read_picked(facets.get("nominalTime"), "nominalStartTime", "nominalEndTime"),
        engine=read_picked(facets.get("processing_engine"), "name", "version"),
        tags=read_tags(facets.get("tags")),
    )


def _job(graph: _Graph, job: Record) -> str:
    """A job; its key."""
    entry = _entry(graph.jobs, job, inputs=set(), outputs=set())
    facets = read_facets(job, entry)
    entry |= present(
        type=read_picked(facets.get("jobType"), "processingType", "integration", "jobType"),
        owners=read_owners(facets.get("ownership")),
        tags=read_tags(facets.get("tags")),
    )
    for one in facets["lineage"].records("entries") if "lineage" in facets else ():
        if one.text("type") == "DATASET":
            _lineage(graph, one, str(_entry(graph.datasets, one)["key"]))
    return str(entry["key"])


def _dataset(graph: _Graph, dataset: Record) -> str:
    """A dataset; its key."""
    entry = _entry(graph.datasets, dataset)
    facets = read_facets(dataset, entry)
    special = {
        **read_facets(dataset, entry, "inputFacets"),
        **read_facets(dataset, entry, "outputFacets"),
    }
    version = facets.get("version")
    entry |= present(
        schema=read_schema(facets.get("schema")),
        version=version.text("datasetVersion") if version else None,
        storage=read_picked(facets.get("storage"), "storageLayer", "fileFormat"),
        owners=read_owners(facets.get("ownership")),
        symlinks=read_symlinks(facets.get("symlinks")),
        tags=read_tags(facets.get("tags")),
        quality=read_assertions(
            special.get("dataQualityAssertions", facets.get("dataQualityAssertions"))
        ),
        statistics=read_statistics(special.get("outputStatistics")),
    )
    key = str(entry["key"])
    if "lineage" in facets:
        _lineage(graph, facets["lineage"], key)
    if "columnLineage" in facets:
        known = graph.columns.setdefault(key, {})
        for edge in _column_edges(graph, facets["columnLineage"], key):
            known[canonical(edge)] = edge
    return key


def _entry(known: dict[str, dict[str, Any]], thing: Record, **more: Any) -> dict[str, Any]:
    """The entry of a job or dataset, made where there is none."""
    namespace, name = thing.text("namespace"), thing.text("name")
    key = f"{namespace}/{name}"
    entry = known.setdefault(
        key, {"key": key, "namespace": namespace, "name": name, "facets": [], **more}
    )
    if (entry["namespace"], entry["name"]) != (namespace, name):
        raise thing.error("has the same key as another", "name")
    return entry


def _lineage(graph: _Graph, facet: Record, to: str) -> None:
    """The datasets from which the lineage facet says that a dataset was made."""
    targets = [facet, *(target for _, target in facet.entries("fields"))]
    inputs = [one for target in targets for one in target.records("inputs")]
    graph.stated.setdefault(to, set()).update(
        (str(_entry(graph.datasets, one)["key"]), to)
        for one in inputs
        if one.text("type") == "DATASET"
    )


def _column_edges(graph: _Graph, facet: Record, to: str) -> Iterator[dict[str, Any]]:
    """Which columns a dataset's columns were made from, and those that bear on all of it."""
    for name, target in facet.entries("fields"):
        for one in target.records("inputFields"):
            yield _column_edge(graph, one, to) | {"toField": name}
    for one in facet.records("dataset"):
        yield _column_edge(graph, one, to)


def _column_edge(graph: _Graph, one: Record, to: str) -> dict[str, Any]:
    transformations = [
        present(
            type=step.text("type"),
            subtype=step.optional_text("subtype"),
            masking=step.optional_boolean("masking"),
        )
        for step in one.records("transformations")
    ]
    return present(
        **{"from": _entry(graph.datasets, one)["key"]},
        fromField=one.text("field"),
        to=to,
        transformations=transformations or None,
    )


def _append(items: list[str], item: str) -> None:
    if item not in items:
        items.append(item)


def _sorted_sides(job: dict[str, Any]) -> dict[str, Any]:
    return {**job, "inputs": sorted(job["inputs"]), "outputs": sorted(job["outputs"])}


def _edges(graph: _Graph, source: str) -> dict[str, Any]:
    """Edges between datasets and between columns, and the datasets behind each."""
    number = sum(len(job["inputs"]) * len(job["outputs"]) for job in graph.jobs.values())
    if number > MAX_EDGES:
        raise CollectError(f"more than the limit of {MAX_EDGES} edges", location=Location(source))
    edges = [
        {"from": start, "to": end, "job": key}
        for key, job in sorted(graph.jobs.items())
        for start in sorted(job["inputs"])
        for end in sorted(job["outputs"])
    ]
    edges += [
        {"from": start, "to": end}
        for _, pairs in sorted(graph.stated.items())
        for start, end in sorted(pairs)
    ]
    columns = [
        edge for _, found in sorted(graph.columns.items()) for _, edge in sorted(found.items())
    ]
    behind: dict[str, set[str]] = {key: set() for key in graph.datasets}
    for edge in (*edges, *columns):
        behind[edge["from"]].add(edge["to"])
    return {
        "edges": edges,
        "columnEdges": columns,
        "downstream": {key: sorted(found) for key, found in sorted(behind.items())},
    }
