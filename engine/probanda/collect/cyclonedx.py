"""CycloneDX JSON, 1.4 to 1.7: which components, under which licences.

Data: `{specVersion, serialNumber, componentCount, components, subject}`. A component is
`{key, name, version, purl, type, scope, licenses}`, sorted by key; the key is the
package URL, else `group/name@version`; `licenses` is what `licenses.read_licenses` says.
Where the document states its vulnerabilities, an empty list of them included, so does
`vulnerabilities` (`formats.cyclonedx_vulnerabilities`); without the key nobody looked.

Rules:

- Strict JSON, then the official JSON Schema with formats, as the strict validator of
  cyclonedx-python-lib holds it. The library's object model is not used: it drops what
  it does not know.
- Nested components count, also those of `metadata.component`; that one itself is the
  `subject`. Left out: services, `pedigree` (what a component was made from), and
  `formulation` (what it was made with).
- A duplicate key is kept: two entries with different licences must both be judged.
- Signatures inside the document (JSF) are not verified.
- Licences observed in files (`evidence.licenses`) are not licences granted: left out.

Example:

    >>> CycloneDxCollector().read(data, source="sbom.cdx.json", options={}).data["componentCount"]
    94
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from probanda.canonical import canonical
from probanda.collect.formats.cyclonedx_vulnerabilities import read_vulnerabilities
from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.collect.licenses import read_licenses
from probanda.errors import CollectError
from probanda.model.instant import format_instant, parse_instant
from probanda.parse.json import load_json
from probanda.parse.json_schema import prepare

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

VERSIONS = ("1.4", "1.5", "1.6", "1.7")
_MAX_PRODUCER = 200
# A subset of RFC 3986 `URI-reference`: an authority without user information, a scheme with a
# path (`urn:…`, `mailto:…`), or a path whose first part has no colon; then query and fragment.
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_PLAIN_REFERENCE = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://[A-Za-z0-9.-]+(?::[0-9]{{1,5}})?(?:/{_CHARACTER}*)*|/?{_CHARACTER}+(?:/{_CHARACTER}*)*)"
    rf"|/?(?:(?!:){_CHARACTER})+(?:/{_CHARACTER}*)*)"
    rf"(?:\?(?:{_CHARACTER}|[/?])*)?"
    rf"(?:#(?:{_CHARACTER}|[/?])*)?",
    re.ASCII,
)
# The full grammar is parsed in cubic time.
_MAX_UNUSUAL_IRI = 500


class CycloneDxCollector:
    """`from: cyclonedx`."""

    name = "cyclonedx"
    media_type = "application/vnd.cyclonedx+json"
    timestamped = True
    max_bytes = 64 << 20
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {
        "specVersion": "",
        "serialNumber": "",
        "componentCount": 0,
        "components": [],
        "subject": None,
    }

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """Components and licences.

        Raises:
            ParseError: not strict JSON.
            CollectError: not CycloneDX 1.4 to 1.7, or against its schema.
        """
        bom = load_json(data, path=source)
        version = validate(bom, source)
        metadata = bom.get("metadata", {})
        subject = metadata.get("component")
        components = [_component(one) for one in _flatten(bom.get("components", []))]
        if subject is not None:
            components += [_component(one) for one in _flatten(subject.get("components", []))]
        components.sort(key=lambda one: (one["key"], canonical(one)))
        value = {
            "specVersion": version,
            "serialNumber": bom.get("serialNumber", ""),
            "componentCount": len(components),
            "components": components,
            "subject": None if subject is None else _component(subject),
        }
        if "vulnerabilities" in bom:
            value["vulnerabilities"] = read_vulnerabilities(bom, _by_reference(bom), source)
        return Reading(value, self.media_type, _producer(metadata), _produced_at(metadata, source))


def validate(bom: Any, source: str) -> str:
    """The document's `specVersion`, once it matches that version's schema."""
    prepare()
    from jsonschema.exceptions import best_match

    version = bom.get("specVersion") if isinstance(bom, dict) else None
    if not isinstance(bom, dict) or bom.get("bomFormat") != "CycloneDX" or version not in VERSIONS:
        raise CollectError(
            f"{source} is not a CycloneDX {VERSIONS[0]} to {VERSIONS[-1]} document",
            hint="write JSON, for instance with `cyclonedx-py environment --of JSON`",
        )
    try:
        error = best_match(_validator(str(version)).iter_errors(bom))
    except RecursionError as deep:
        raise CollectError(f"{source} nests components too deeply to be validated") from deep
    if error is not None:
        # The message of `anyOf` and `type` holds the value: the place and the keyword do not.
        detail = error.message if error.validator in {"required", "additionalProperties"} else ""
        reason = detail[:160] or f"violates {error.validator!r}"
        raise CollectError(
            f"{source} is not valid CycloneDX {version}: {error.json_path}: {reason}"
        )
    return str(version)


@lru_cache(maxsize=len(VERSIONS))
def _validator(version: str) -> Validator:
    """The library's strict validator, made linear in the size of the document.

    It checks `iri-reference` with an Earley parser, 14 ms for every URL, and
    `uniqueItems` by comparing every two components.
    """
    prepare()
    from cyclonedx.exception import MissingOptionalDependencyException
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator
    from jsonschema import Draft7Validator, FormatChecker
    from jsonschema.validators import extend

    strict = JsonStrictValidator(SchemaVersion.from_version(version))
    hint = "install cyclonedx-python-lib[json-validation]"
    try:
        strict.validate_str("{}")
    except MissingOptionalDependencyException as error:
        raise CollectError("CycloneDX files cannot be validated", hint=hint) from error
    # Not public, but the only way to the schemas and what they refer to.
    given: Any = strict._validator  # noqa: SLF001 - see above
    known = given.format_checker.checkers
    if not {"iri-reference", "date-time", "idn-email"} <= set(known):
        raise CollectError("CycloneDX formats cannot be validated", hint=hint)
    checker = FormatChecker(())
    checker.checkers = dict(known)

    # The same few references stand in many documents.
    @lru_cache(maxsize=4096)
    def is_iri_reference(value: object) -> bool:
        if not isinstance(value, str) or _PLAIN_REFERENCE.fullmatch(value):
            return True
        return len(value) <= _MAX_UNUSUAL_IRI and given.format_checker.conforms(
            value, "iri-reference"
        )

    checker.checkers["iri-reference"] = (is_iri_reference, ())
    linear: Any = extend(  # type: ignore[no-untyped-call]  # its stub has no types
        Draft7Validator, {"uniqueItems": _unique_items}
    )
    bounded: Validator = linear(
        given.schema,
        registry=given._registry,  # noqa: SLF001 - see above
        format_checker=checker,
    )
    return bounded


def _unique_items(
    _validator: Validator,
    wanted: bool,  # noqa: FBT001 - jsonschema calls it so
    items: Any,
    _schema: Any,
) -> Iterator[Any]:
    """`uniqueItems` by hashing; takes 1 and 1.0 for different, which no list here mixes."""
    from jsonschema import ValidationError

    if wanted and isinstance(items, list):
        seen = {json.dumps(item, sort_keys=True) for item in items}
        if len(seen) != len(items):
            yield ValidationError("has the same item twice")


def _flatten(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Components and those inside them; the parser bounds the depth."""
    for component in components:
        yield component
        yield from _flatten(component.get("components", []))


def _component(component: Mapping[str, Any]) -> dict[str, Any]:
    """What a policy needs to know of a component."""
    name, version = component["name"], component.get("version", "")
    group, purl = component.get("group", ""), component.get("purl", "")
    full_name = f"{group}/{name}" if group else name
    return {
        "key": purl or (f"{full_name}@{version}" if version else full_name),
        "name": name,
        "version": version,
        "purl": purl,
        "type": component.get("type", ""),
        "scope": component.get("scope", "required"),
        "licenses": read_licenses(component.get("licenses", [])),
    }


def _by_reference(bom: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What a policy sees of components and of the subject, by `bom-ref`; the subject under ""."""
    subject = bom.get("metadata", {}).get("component")
    found: dict[str, Mapping[str, Any]] = {} if subject is None else {"": _component(subject)}
    roots = [*bom.get("components", []), *([] if subject is None else [subject])]
    for one in _flatten(roots):
        if "bom-ref" in one:
            found[one["bom-ref"]] = _component(one)
    return found


def _producer(metadata: Mapping[str, Any]) -> str:
    """`name version` of each tool; a list before 1.5, components and services since."""
    tools = metadata.get("tools", [])
    if isinstance(tools, dict):
        tools = [*tools.get("components", []), *tools.get("services", [])]
    names = (f"{tool.get('name', '')} {tool.get('version', '')}".strip() for tool in tools)
    text = ", ".join(name for name in names if name)
    return text if len(text) <= _MAX_PRODUCER else text[: _MAX_PRODUCER - 1] + "…"


def _produced_at(metadata: Mapping[str, Any], source: str) -> str:
    """`metadata.timestamp` in UTC."""
    text = metadata.get("timestamp", "")
    try:
        return format_instant(parse_instant(text)) if text else ""
    except ValueError as error:
        raise CollectError(f"{source}: metadata.timestamp is no instant") from error
