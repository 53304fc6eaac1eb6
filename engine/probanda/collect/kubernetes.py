"""Kubernetes manifests: a YAML stream, as `helm template` and `kustomize build` print it, or JSON.

Data: `{objects, count, kinds, duplicates}`. An object is `{key, apiVersion, kind, namespace,
name, generateName, source, line, object}`, in the order of the file; `key` is
`group/kind/namespace/name` with empty parts for the core group and for no namespace.
`kinds` counts objects by kind; `duplicates` are keys that occur more than once. What is not
written is absent: no namespace is not `default`, for the object may have none.

Rules:

- Lists (`kind: List`, `PodList`, …) are replaced by their items; empty documents are left
  out. A file without any object is refused.
- Plain scalars mean what kubectl takes them for, which is YAML 1.1 in part: `yes`, `on`
  and `y` are true, `0644` is octal. By YAML 1.2 `privileged: yes` would be text, and no
  policy would see a privileged container.
- The values of a Secret's `data` and `stringData`, and on every object the annotation
  `kubectl.kubernetes.io/last-applied-configuration`, which repeats them, are replaced by
  `{"$sensitive": true}`. Nothing else is recognised as secret: not the `env` of a container.
- Nothing is defaulted and no schema is checked. Templates and `kustomization.yaml` are
  refused: render them.

Example:

    >>> read(b"{apiVersion: v1, kind: Namespace, metadata: {name: a}}")["objects"][0]["key"]
    '/Namespace//a'
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.collect.record import SENSITIVE, Record, exact, present
from probanda.errors import CollectError, ParseError
from probanda.model.location import Location
from probanda.parse.json import load_json_tree
from probanda.parse.limits import Limits
from probanda.parse.tree import resolve
from probanda.parse.yaml import (
    MappingNode,
    ScalarNode,
    SequenceNode,
    YamlNode,
    load_yaml_documents,
)

MAX_OBJECTS = 10_000

_API_VERSION = re.compile(r"(?:[a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[a-z][a-z0-9-]*")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# sigs.k8s.io/yaml, `goyaml.v2/resolve.go`: what kubectl, Helm and the API server read by.
_TRUE = frozenset(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE = frozenset(("n", "N", "no", "No", "NO", "off", "Off", "OFF"))
_GO_INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0[oO]?(?P<octal>[0-7]+)|0[xX](?P<hexadecimal>[0-9a-fA-F]+)"
    r"|0[bB](?P<binary>[01]+)|(?P<decimal>0|[1-9][0-9]*))"
)
_GO_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = {"octal": 8, "hexadecimal": 16, "binary": 2, "decimal": 10}
_HINT = "render it first: `helm template`, `kustomize build`"


class KubernetesCollector:
    """`from: kubernetes`."""

    name = "kubernetes"
    media_type = "application/yaml"
    timestamped = False
    max_bytes = 16 << 20
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {"objects": [], "count": 0, "kinds": {}, "duplicates": []}

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """The objects of the stream.

        Raises:
            ParseError: neither YAML nor JSON, or beyond a limit.
            CollectError: no object, or a document that is none.
        """
        objects: list[dict[str, Any]] = []
        for root in _documents(data, source):
            for node, defaults in _expand(root, {}):
                objects.append(_object(node, defaults, source))
                if len(objects) > MAX_OBJECTS:
                    raise CollectError(
                        f"more than the limit of {MAX_OBJECTS} objects", location=node.location
                    )
        if not objects:
            raise CollectError("the file holds no object", location=Location(source))
        keys = Counter(one["key"] for one in objects if "name" in one)
        value = {
            "objects": objects,
            "count": len(objects),
            "kinds": dict(sorted(Counter(one["kind"] for one in objects).items())),
            "duplicates": sorted(key for key, times in keys.items() if times > 1),
        }
        return Reading(value, self.media_type)


def _documents(data: bytes, source: str) -> tuple[YamlNode, ...]:
    """The documents of the stream; JSON may be indented with tabs, which YAML forbids."""
    limits = Limits(max_bytes=KubernetesCollector.max_bytes)
    if data.startswith((b'{"', b"{\n", b"{\r\n", b"{\t", b"{ ")) and data.rstrip().endswith(b"}"):
        with suppress(ParseError):  # a flow mapping begins like an object
            return (load_json_tree(data, path=source, limits=limits),)
    try:
        return load_yaml_documents(data, path=source, limits=limits)
    except ParseError as error:
        if b"{{" not in data:
            raise
        raise ParseError(error.message, location=error.location, hint=_HINT) from error


def _expand(
    root: YamlNode, defaults: Mapping[str, str]
) -> Iterator[tuple[MappingNode, Mapping[str, str]]]:
    """The objects of a document; those in a typed list may leave their kind to it."""
    if not isinstance(root, MappingNode):
        raise CollectError("a document that is no object", location=root.location)
    kind, items = root.entries.get("kind"), root.entries.get("items")
    name = kind.text if isinstance(kind, ScalarNode) else ""
    if not name.endswith("List") or not isinstance(items, SequenceNode):
        yield root, defaults
        return
    version = root.entries.get("apiVersion")
    inner: dict[str, str] = {}
    if name != "List" and isinstance(version, ScalarNode):
        inner = {"apiVersion": version.text, "kind": name.removesuffix("List")}
    for item in items.items:
        yield from _expand(item, inner)


def _object(node: MappingNode, defaults: Mapping[str, str], source: str) -> dict[str, Any]:
    """One object, with its identity and place."""
    value = exact({**defaults, **_value(node)})
    record = Record(value, node.location)
    version, kind = record.text("apiVersion"), record.text("kind")
    if not _API_VERSION.fullmatch(version) or not _KIND.fullmatch(kind):
        raise record.error("apiVersion or kind is malformed", hint=_HINT)
    metadata = record.optional_record("metadata")
    if metadata is None:
        raise record.error(f"a {kind[:80]} without metadata", hint=_HINT)
    name, generated = metadata.optional_text("name"), metadata.optional_text("generateName")
    if name is None and generated is None:
        raise metadata.error("is missing or empty", "name", hint=_HINT)
    namespace = metadata.optional_text("namespace")
    group = version.rpartition("/")[0]
    return present(
        key="/".join((group, kind, namespace or "", name or f"{generated}*")),
        apiVersion=version,
        kind=kind,
        namespace=namespace,
        name=name,
        generateName=generated,
        source=source,
        line=node.location.line,
        object=_masked(value, record, metadata),
    )


def _masked(value: dict[str, Any], record: Record, metadata: Record) -> dict[str, Any]:
    """The object without values that are secret by their kind."""
    annotations = metadata.optional_record("annotations")
    if annotations is not None and _LAST_APPLIED in annotations.values:
        changed = {**annotations.values, _LAST_APPLIED: dict(SENSITIVE)}
        value = {**value, "metadata": {**metadata.values, "annotations": changed}}
    if value["kind"] == "Secret" and value["apiVersion"] == "v1":
        for field in ("data", "stringData"):
            inner = record.optional_record(field)
            if inner is not None:
                value = {**value, field: {key: dict(SENSITIVE) for key in inner.values}}
    return value


def _value(node: YamlNode) -> Any:
    """The tree as plain values, as kubectl reads it."""
    if isinstance(node, ScalarNode):
        return _scalar(node)
    if isinstance(node, SequenceNode):
        return [_value(item) for item in node.items]
    return {key: _value(value) for key, value in node.entries.items()}


def _scalar(node: ScalarNode) -> Any:
    """What a plain scalar means to `sigs.k8s.io/yaml`."""
    if node.tag:
        return resolve(node)
    if node.text in _TRUE or node.text in _FALSE:
        return node.text in _TRUE
    plain = node.text.replace("_", "") if node.text[:1] in "+-0123456789" else node.text
    match = _GO_INTEGER.fullmatch(plain)
    if match is not None and len(plain) <= 64:
        base = next(name for name in _BASES if match[name] is not None)
        number = int(match[base], _BASES[base])
        number = -number if match["sign"] == "-" else number
        # Go's int64 and uint64; beyond them it falls back to a float.
        return number if -(1 << 63) <= number < 1 << 64 else float(number)
    return resolve(ScalarNode(plain, "", node.location) if _GO_FLOAT.fullmatch(plain) else node)
