"""Identifier lists and control maps: into domain types, and what they say about each other.

Rules:

- A map relates controls that exist to ids that its target lists: an unknown one is an error with
  the nearest as its hint.
- One pair is related once. A relation without targets says that a control has nothing in common
  with the whole target, and then it is the control's only one.
- Neither judges anything: changing a map changes no verdict.

Example:

    mapped = convert_map(source)
    check_map(source, lists, controls, errors)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from probanda.content.citations import near
from probanda.content.complaints import nearest, one_of
from probanda.content.map_documents import ControlMap, IdentifierList
from probanda.content.source import Errors, Source
from probanda.model import control_map
from probanda.model.control import Control
from probanda.model.control_map import MappedControl, Relation


def convert_identifiers(source: Source[IdentifierList]) -> control_map.IdentifierList:
    """The list."""
    metadata, spec = source.document.metadata, source.document.spec
    return control_map.IdentifierList(
        metadata.name, metadata.title, spec.document, spec.version, spec.ids, source.at()
    )


def convert_map(source: Source[ControlMap]) -> control_map.ControlMap:
    """The map."""
    metadata, spec = source.document.metadata, source.document.spec
    return control_map.ControlMap(
        name=metadata.name,
        title=metadata.title,
        source=spec.source,
        target=spec.target,
        relations=tuple(
            MappedControl(entry.from_, Relation(entry.relation), entry.to or (), entry.strength)
            for entry in spec.relations
        ),
        location=source.at(),
    )


def check_name(source: Source[IdentifierList] | Source[ControlMap], errors: Errors) -> None:
    """A list or map is called what its file is called."""
    if source.document.metadata.name != source.name:
        message = f"the name must be the file's: '{source.name}'"
        errors.add(source.error(("metadata", "name"), message, hint="rename the file"))


def check_map(
    source: Source[ControlMap],
    lists: Mapping[str, control_map.IdentifierList],
    controls: Mapping[str, Control],
    broken: Collection[str],
    errors: Errors,
) -> None:
    """What a map relates exists, once.

    `broken` holds names of lists and, in lower case, of controls whose documents are wrong.
    """
    spec = source.document.spec
    frameworks = {control.framework for control in controls.values()}
    if spec.source not in frameworks:
        message = f"no framework '{spec.source}'"
        hint = nearest(spec.source, frameworks) or one_of(frameworks)
        errors.add(source.error(("spec", "source"), message, hint=hint))
        return
    if spec.target not in lists:
        if spec.target not in broken:
            message, hint = f"no identifier list '{spec.target}'", nearest(spec.target, lists)
            errors.add(source.error(("spec", "target"), message, hint=hint or one_of(lists)))
        return
    known = set(lists[spec.target].ids)
    seen: dict[str, set[str]] = {}
    for index, entry in enumerate(spec.relations):
        path = ("spec", "relations", index)
        if entry.from_ not in controls and entry.from_.lower() not in broken:
            hint = near(entry.from_, controls)
            errors.add(source.error((*path, "from"), f"no control '{entry.from_}'", hint=hint))
        elif entry.from_.partition("/")[0] != spec.source:
            message = f"'{entry.from_}' is no control of '{spec.source}'"
            errors.add(source.error((*path, "from"), message))
        _check_targets(source, index, known, seen, errors)


def _check_targets(
    source: Source[ControlMap],
    index: int,
    known: set[str],
    seen: dict[str, set[str]],
    errors: Errors,
) -> None:
    """Targets of one relation; `seen` collects those of each control."""
    entry = source.document.spec.relations[index]
    path = ("spec", "relations", index)
    before = seen.setdefault(entry.from_, set())
    if entry.to is None and entry.relation != Relation.NO_RELATIONSHIP.value:
        message = f"'{entry.relation}' needs targets"
        errors.add(source.error(path, message, hint="add 'to: [ID, …]'"))
        return
    for position, target in enumerate(entry.to or ()):
        if target not in known:
            hint = nearest(target.partition("(")[0], known)
            errors.add(source.error((*path, "to", position), f"no id '{target}'", hint=hint))
        elif target in before:
            message = f"'{entry.from_}' and '{target}' are related already"
            errors.add(source.error((*path, "to", position), message))
    if "" in before or (entry.to is None and before):
        message = f"'{entry.from_}' has nothing in common with the target, and has other relations"
        errors.add(source.error((*path, "from"), message, hint="keep one of the two"))
    before.update(entry.to or {""})
