"""Identifier list and control map as people write them: one pydantic model per kind.

Rules: as in `documents.py`. What a map says about other documents is checked in `maps.py`.

Example:

    ControlMap.model_validate(unwrap(load_yaml(data, path="controls/maps/soc2-to-nist-csf-2.yaml")))
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from probanda.content.documents import ApiVersion, Model
from probanda.content.fields import ControlId, ExternalId, Line, Slug, WholeNumber, unique, word

UniqueIds = Annotated[
    tuple[ExternalId, ...],
    Field(min_length=1, json_schema_extra={"uniqueItems": True}),
    AfterValidator(unique),
]


class MapMetadata(Model):
    """Name and title."""

    name: Slug
    """The file's name."""
    title: Line
    """One line for people."""


class IdentifierListSpec(Model):
    """A publication's identifiers, without its text."""

    document: Line
    """The publication."""
    version: Line
    """Its version."""
    ids: UniqueIds
    """Identifiers, in its order."""


class IdentifierList(Model):
    """What a publication identifies."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["IdentifierList"], BeforeValidator(word)]
    """What this document is."""
    metadata: MapMetadata
    """Name and title."""
    spec: IdentifierListSpec
    """The identifiers."""


class RelationEntry(Model):
    """How one control relates to some identifiers."""

    from_: Annotated[ControlId, Field(alias="from")]
    """The control, in any spelling."""
    relation: Annotated[
        Literal["equal", "subset-of", "superset-of", "intersects-with", "no-relationship"],
        BeforeValidator(word),
    ]
    """The control is this to each identifier (NIST IR 8477)."""
    to: UniqueIds | None = None
    """Identifiers of the target; left out: `no-relationship` with any of them."""
    strength: Annotated[WholeNumber, Field(ge=1, le=10)] | None = None
    """How strong the relation is, from 1 to 10."""


class ControlMapSpec(Model):
    """Which framework is related to what, and how."""

    source: Slug
    """The framework of the controls."""
    target: Slug
    """Name of an identifier list."""
    relations: Annotated[tuple[RelationEntry, ...], Field(min_length=1)]
    """The relations."""


class ControlMap(Model):
    """How the controls of a framework relate to what a publication identifies."""

    api_version: ApiVersion
    """The version of this format."""
    kind: Annotated[Literal["ControlMap"], BeforeValidator(word)]
    """What this document is."""
    metadata: MapMetadata
    """Name and title."""
    spec: ControlMapSpec
    """Which framework is related to what, and how."""
