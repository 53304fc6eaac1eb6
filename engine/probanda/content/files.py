"""Read the rooms of one tree: documents, Rego, signatures.

Rules:

- Every file of a room is read or refused; none is passed over in silence. Maps, which judge
  nothing, are read where they are asked for.
- What judges is listed with its digest: documents, Rego without tests, signatures.

Example:

    rooms = read_rooms(tree, ROOMS, errors, builtin=False)
    rooms.of("Gate")
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from probanda.canonical import sha256_hex
from probanda.content.rooms import SIGNED, Place, classify, expected
from probanda.content.source import Errors, Source, read_source
from probanda.content.tree import Tree, locate
from probanda.errors import ContentError
from probanda.parse.limits import DOCUMENT, decode

_TEXTS = frozenset({"Rego", "RegoTest", "Signature"})
# Who changes one of these changes what passes. Contracts are facts, tests judge nothing.
_JUDGING = frozenset(
    {"Project", "Gate", "Policy", "Rego", "Control", "Waiver", "Baseline", "Roster"}
    | {"Clarification", "Signature"}
)


@dataclass(slots=True)
class Rooms:
    """What one tree holds.

    Attributes:
        tree: the tree.
        sources: documents by kind, in the order of their paths.
        texts: Rego, Rego tests and signatures: kind → path → text.
        names: kind → names that paths of that kind give, of broken documents too.
        broken: kind → names of the documents that could not be read.
        digests: SHA-256 of each judging file by path.
    """

    tree: Tree
    sources: dict[str, list[Source[Any]]] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    broken: dict[str, set[str]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def of(self, kind: str) -> list[Source[Any]]:
        """Documents of a kind."""
        return self.sources.get(kind, [])

    def text(self, kind: str, folder: str = "") -> dict[str, str]:
        """Other files of a kind below a folder, by path."""
        texts = self.texts.get(kind, {})
        return {path: text for path, text in texts.items() if path.startswith(folder)}


# What relates controls to other publications. It judges nothing, and few commands show it.
MAP_KINDS = frozenset({"IdentifierList", "ControlMap"})


def read_rooms(
    tree: Tree, rooms: tuple[str, ...], errors: Errors, *, builtin: bool, maps: bool = False
) -> Rooms:
    """All files of `rooms`, maps if asked for; what is wrong with them goes to `errors`."""
    found = Rooms(tree)
    for room in rooms:
        paths: list[str] = []
        with errors.collecting():
            paths = tree.files(room)
        for path in paths:
            place = classify(path)
            if place is None:
                errors.add(
                    ContentError(
                        "a file that probanda does not know",
                        location=locate(tree, path),
                        hint=expected(path),
                    )
                )
            elif place.kind != "Ignored" and (maps or place.kind not in MAP_KINDS):
                read_file(found, path, place, errors, builtin=builtin)
    _check_orphans(found, errors)
    return found


def read_file(rooms: Rooms, path: str, place: Place, errors: Errors, *, builtin: bool) -> None:
    """One file into `rooms`."""
    kind = place.kind
    rooms.names.setdefault(kind, set()).add(place.name)
    rooms.broken.setdefault(kind, set()).add(place.name)
    with errors.collecting():
        if kind in _TEXTS:
            data = rooms.tree.read(path)
            where = str(locate(rooms.tree, path))
            rooms.texts.setdefault(kind, {})[path] = decode(data, path=where, limits=DOCUMENT)
            digest = sha256_hex(data)
        else:
            source = read_source(rooms.tree, path, place, builtin=builtin)
            rooms.sources.setdefault(kind, []).append(source)
            digest = source.digest
        if kind in _JUDGING:
            rooms.digests[path] = digest
        rooms.broken[kind].discard(place.name)


def _check_orphans(rooms: Rooms, errors: Errors) -> None:
    """Rego without a policy, signatures without a document."""
    policies = rooms.names.get("Policy", set())
    for path in {**rooms.text("Rego"), **rooms.text("RegoTest")}:
        place = classify(path)
        if place is not None and place.name not in policies:
            errors.add(
                ContentError(
                    "Rego without a policy.yaml beside it",
                    location=locate(rooms.tree, path),
                    hint=f"write policies/{place.name}/policy.yaml",
                )
            )
    signed = SIGNED if rooms.text("Signature") else ()
    documents = {path for folder in signed for path in rooms.tree.files(f"evidence/{folder}")}
    for path in rooms.text("Signature"):
        document = path.removesuffix(".sig.json")
        if document not in documents:
            message = "a signature without the document that it signs"
            errors.add(ContentError(message, location=locate(rooms.tree, path)))
