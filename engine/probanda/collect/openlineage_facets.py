"""The facets of OpenLineage that a policy may look at; `None` where there is no such facet.

Rules: a facet has a `_producer` and a `_schemaURL`; one that is marked `_deleted` says
nothing. Only the fields read here are copied, for others may hold secrets.

Example:

    facets = read_facets(job, entry)
    owners = read_owners(facets.get("ownership"))
"""

from __future__ import annotations

import re
from typing import Any

from probanda.collect.record import Record, present

# RFC 3986 section 3, loosely: a scheme and something behind it.
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def read_facets(holder: Record, entry: dict[str, Any], key: str = "facets") -> dict[str, Record]:
    """Facets by name; the entry learns their names. A deleted one says nothing."""
    found = {}
    for name, facet in holder.entries(key):
        for wanted in ("_producer", "_schemaURL"):
            if not URI.fullmatch(facet.text(wanted)):
                raise facet.error("is no URI", wanted)
        if not facet.optional_boolean("_deleted"):
            found[name] = facet
    entry["facets"] = sorted({*entry["facets"], *found})
    return found


def read_picked(facet: Record | None, *keys: str) -> dict[str, Any] | None:
    """Some text fields of a facet."""
    return None if facet is None else present(**{key: facet.optional_text(key) for key in keys})


def read_parent(facet: Record | None) -> dict[str, Any] | None:
    """The run that a run is part of."""
    if facet is None:
        return None
    run, job = facet.record("run"), facet.record("job")
    return {
        "id": run.text("runId").lower(),
        "job": f"{job.text('namespace')}/{job.text('name')}",
    }


def read_tags(facet: Record | None) -> list[dict[str, Any]] | None:
    """Tags of a run, job or dataset; `field` where one is of a column."""
    if facet is None:
        return None
    return [
        present(
            key=one.text("key"),
            value=one.optional("value", (str, bool, int, float)),
            field=one.optional_text("field"),
        )
        for one in facet.records("tags")
    ]


def read_owners(facet: Record | None) -> list[dict[str, Any]] | None:
    """Who owns a job or dataset."""
    if facet is None:
        return None
    return [
        present(name=one.text("name"), type=one.optional_text("type"))
        for one in facet.records("owners")
    ]


def read_symlinks(facet: Record | None) -> list[str] | None:
    """Keys under which the same dataset is known."""
    if facet is None:
        return None
    return sorted(
        f"{one.text('namespace')}/{one.text('name')}" for one in facet.records("identifiers")
    )


def read_schema(facet: Record | None) -> list[dict[str, Any]] | None:
    """Columns and their types."""
    if facet is None:
        return None
    return [
        present(name=one.text("name"), type=one.optional_text("type"))
        for one in facet.records("fields")
    ]


def read_assertions(facet: Record | None) -> list[dict[str, Any]] | None:
    """Tests of the data, and whether they held."""
    if facet is None:
        return None
    return [
        present(
            assertion=one.text("assertion"),
            column=one.optional_text("column"),
            success=one.required("success", bool),
        )
        for one in facet.records("assertions")
    ]


def read_statistics(facet: Record | None) -> dict[str, Any] | None:
    """How much was written; `size` in bytes."""
    keys = ("rowCount", "size", "fileCount")
    if facet is None:
        return None
    return present(**{key: facet.optional_integer(key) for key in keys})
