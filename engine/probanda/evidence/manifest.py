"""The manifest: every file of a bundle or pack with its digest, size and meaning.

Rules:

- Deterministic: same inputs and as-of clock → same bytes. It is written in RFC 8785
  form, entries sorted by path, and only that form is read back: one manifest has
  one digest.
- It never lists itself, its signature or `proofs/`; it always lists at least one
  file, since zero entries prove nothing.
- Constructing a `Manifest` checks every rule, so that what can be written can be read.

Example:

    >>> entry = Entry("artifacts/a.txt", "0" * 64, 3, "text/plain", "artifact")
    >>> Manifest("Bundle", "nightly", "acme", "2026-11-20T00:00:00Z", (entry,)).entries[0].size
    3
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from probanda.canonical import canonical, sha256_hex
from probanda.errors import EvidenceError, ParseError
from probanda.evidence.names import MANIFEST, is_reserved, names_problem
from probanda.model.instant import format_instant, parse_instant
from probanda.model.location import Location

API_VERSION = "probanda/v1"
KINDS = ("Bundle", "Pack")
ROLES = ("decision", "artifact", "content", "record", "index", "page", "export")

MAX_ENTRIES = 100_000
MAX_BYTES = 16 << 20
# I-JSON's largest exact integer, RFC 8785 §3.2.2.3.
_MAX_SIZE = (1 << 53) - 1
_MAX_TEXT = 4_096
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
# RFC 6838 §4.2, with parameters as RFC 2045 §5.1 writes them.
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}(; ?[\w.-]+=[\w.+-]+)*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_ENTRY_KEYS = {
    "path": "path",
    "sha256": "sha256",
    "size": "size",
    "mediaType": "media_type",
    "role": "role",
    "source": "source",
    "type": "type",
    "producer": "producer",
    "controls": "controls",
}
_REQUIRED_ENTRY_KEYS = ("path", "sha256", "size", "mediaType", "role")
_KEYS = ("apiVersion", "kind", "name", "tenant", "asOf", "entries")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a bundle.

    Attributes:
        path: in the bundle; see `names`.
        sha256: of its bytes, lower-case hexadecimal.
        size: in bytes.
        media_type: IANA media type.
        role: one of `ROLES`.
        source: where the bytes came from, as `Artifact.source`; may be empty.
        type: name of the collector that read it, or kind of document; may be empty.
        producer: the tool that made it, as the file itself states; may be empty.
        controls: ids of the controls that it supports.
    """

    path: str
    sha256: str
    size: int
    media_type: str
    role: str
    source: str = ""
    type: str = ""
    producer: str = ""
    controls: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The form in which a manifest lists it; empty optional fields are left out."""
        document: dict[str, Any] = {
            "path": self.path,
            "sha256": self.sha256,
            "size": self.size,
            "mediaType": self.media_type,
            "role": self.role,
        }
        for key in ("source", "type", "producer"):
            if value := getattr(self, key):
                document[key] = value
        if self.controls:
            document["controls"] = sorted(set(self.controls))
        return document

    def problem(self) -> str:
        """Which rule it breaks (the path's own rules apart); empty when none."""
        if is_reserved(self.path):
            return f"path {self.path!r} belongs to the bundle format"
        if not _SHA256.fullmatch(self.sha256):
            return f"{self.path!r}: sha256 is not 64 lower-case hexadecimal digits"
        if type(self.size) is not int or not 0 <= self.size <= _MAX_SIZE:
            return f"{self.path!r}: size is not an integer from 0 to 2^53-1"
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            return f"{self.path!r}: {self.media_type!r} is no media type"
        if self.role not in ROLES:
            return f"{self.path!r}: role {self.role!r} is none of {', '.join(ROLES)}"
        for text in (self.source, self.type, self.producer, *self.controls):
            if len(text) > _MAX_TEXT or _CONTROL.search(text):
                return f"{self.path!r}: a text is too long or holds a control character"
        if "" in self.controls:
            return f"{self.path!r}: a control id is empty"
        return ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle or a pack holds.

    Attributes:
        kind: `Bundle` or `Pack`.
        name: of the bundle.
        tenant: whose evidence it is.
        as_of: RFC 3339 UTC; the clock that its content was made with.
        entries: never empty; kept sorted by path.

    Raises:
        EvidenceError: a rule of this module or of `names` is broken.
    """

    kind: str
    name: str
    tenant: str
    as_of: str
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.entries, key=lambda entry: entry.path))
        object.__setattr__(self, "entries", ordered)
        problem = _problem(self)
        if problem:
            raise EvidenceError(f"manifest: {problem}")

    def to_json(self) -> dict[str, Any]:
        """The document as plain JSON values."""
        return {
            "apiVersion": API_VERSION,
            "kind": self.kind,
            "name": self.name,
            "tenant": self.tenant,
            "asOf": self.as_of,
            "entries": [entry.to_json() for entry in self.entries],
        }

    def to_bytes(self) -> bytes:
        """The bytes of `manifest.json`: RFC 8785, no final newline."""
        return canonical(self.to_json())

    @property
    def digest(self) -> str:
        """SHA-256 of `to_bytes()`, hexadecimal: the identity of the bundle."""
        return sha256_hex(self.to_bytes())

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read an untrusted `manifest.json`.

        Raises:
            ParseError: too large, not JSON, not this schema, or not in canonical form.
        """
        from probanda.parse.json import load_json
        from probanda.parse.limits import Limits

        where = Location(MANIFEST)
        limits = Limits(max_bytes=MAX_BYTES, max_depth=5, max_nodes=40 * MAX_ENTRIES)
        document = load_json(data, path=MANIFEST, limits=limits)
        fields = _fields(document, _KEYS, _KEYS, "the manifest")
        if fields["apiVersion"] != API_VERSION:
            raise ParseError(f"apiVersion is not {API_VERSION!r}", location=where)
        entries = fields["entries"]
        if not isinstance(entries, list):
            raise ParseError("'entries' is not a list", location=where)
        texts = {key: _text(fields, key, "the manifest") for key in ("kind", "name", "tenant")}
        as_of = _text(fields, "asOf", "the manifest")
        try:
            manifest = cls(
                **texts,
                as_of=as_of,
                entries=tuple(_entry(item, index) for index, item in enumerate(entries)),
            )
            same = manifest.to_bytes() == data
        except EvidenceError as error:
            raise ParseError(error.message, location=where) from error
        if not same:
            raise ParseError("not in canonical form (RFC 8785, sorted entries)", location=where)
        return manifest


def _problem(manifest: Manifest) -> str:
    """Which rule a manifest breaks; empty when none."""
    if manifest.kind not in KINDS:
        return f"kind {manifest.kind!r} is none of {', '.join(KINDS)}"
    for key, text in (("name", manifest.name), ("tenant", manifest.tenant)):
        if not text or len(text) > _MAX_TEXT or _CONTROL.search(text):
            return f"{key} is empty, too long or holds a control character"
    try:
        normal = format_instant(parse_instant(manifest.as_of))
    except ValueError:
        normal = ""
    if normal != manifest.as_of:
        return f"asOf {manifest.as_of!r} is not an instant such as 2026-11-20T00:00:00Z"
    if not manifest.entries:
        return "lists no files; zero entries prove nothing"
    if len(manifest.entries) > MAX_ENTRIES:
        return f"lists more than {MAX_ENTRIES} files"
    problems = (entry.problem() for entry in manifest.entries)
    return names_problem(entry.path for entry in manifest.entries) or next(
        filter(None, problems), ""
    )


def _fields(
    value: object, allowed: tuple[str, ...], required: tuple[str, ...], what: str
) -> Mapping[str, Any]:
    """`value` as an object with exactly these keys."""
    where = Location(MANIFEST)
    if not isinstance(value, dict):
        raise ParseError(f"{what} is not an object", location=where)
    if unknown := sorted(set(value) - set(allowed)):
        raise ParseError(f"{what} has the unknown field {unknown[0]!r}", location=where)
    if missing := sorted(set(required) - set(value)):
        raise ParseError(f"{what} lacks the field {missing[0]!r}", location=where)
    return value


def _text(fields: Mapping[str, Any], key: str, what: str) -> str:
    """The string at `key`."""
    value = fields[key]
    if not isinstance(value, str):
        raise ParseError(f"{what}: {key!r} is not a string", location=Location(MANIFEST))
    return value


def _entry(value: object, index: int) -> Entry:
    """One item of `entries`."""
    what = f"entry {index}"
    fields = _fields(value, tuple(_ENTRY_KEYS), _REQUIRED_ENTRY_KEYS, what)
    arguments: dict[str, Any] = {}
    for key, attribute in _ENTRY_KEYS.items():
        if key not in fields:
            continue
        if key == "size":
            arguments[attribute] = fields[key]
        elif key == "controls":
            controls = fields[key]
            if not isinstance(controls, list) or not all(isinstance(c, str) for c in controls):
                raise ParseError(
                    f"{what}: 'controls' is not a list of strings", location=Location(MANIFEST)
                )
            arguments[attribute] = tuple(controls)
        else:
            arguments[attribute] = _text(fields, key, what)
    return Entry(**arguments)
