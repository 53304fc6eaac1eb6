"""The kinds of documents, and the JSON Schemas that editors complete them with.

Example:

    >>> json_schema("Gate")["$id"]
    'urn:probanda:schema:gate:v1'
"""

from __future__ import annotations

from typing import Any

from probanda.content.documents import Control, Gate, Model, Policy, Project
from probanda.content.map_documents import ControlMap, IdentifierList
from probanda.content.people_documents import Baseline, Roster
from probanda.content.statements import Clarification, Contract, Waiver

MODELS: dict[str, type[Model]] = {
    "Project": Project,
    "Gate": Gate,
    "Policy": Policy,
    "Control": Control,
    "IdentifierList": IdentifierList,
    "ControlMap": ControlMap,
    "Contract": Contract,
    "Waiver": Waiver,
    "Baseline": Baseline,
    "Roster": Roster,
    "Clarification": Clarification,
}
KINDS: tuple[str, ...] = tuple(MODELS)


def json_schema(kind: str) -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of a kind.

    Raises:
        KeyError: not one of `KINDS`.
    """
    schema = MODELS[kind].model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:probanda:schema:{kind.lower()}:v1",
        **_without_null(schema),
    }


def _without_null(schema: Any) -> Any:
    """Optional fields are left out, never null: the loader refuses null, so the schema does."""
    if isinstance(schema, list):
        return [_without_null(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _without_null(value) for key, value in schema.items()}
    if plain.get("default", ...) is None:
        del plain["default"]
    choices = plain.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        del plain["anyOf"]
        (choice,) = [entry for entry in choices if entry != {"type": "null"}]
        plain = {**choice, **plain}
    return plain
