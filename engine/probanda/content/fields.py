"""Field types of the documents: what a scalar of a YAML file may become.

Rules:

- Text fields take the text as written: `version: 1.10` stays `1.10`, `name: NO`
  stays `NO`. What reads as null (`~`, `null`, nothing) is refused there, not
  turned into text.
- Free JSON (parameters, schemas, options) follows the YAML 1.2 core schema.
- Terminal escapes, other control characters and bidirectional overrides are
  refused in text: these documents are printed and reviewed (CVE-2021-42574).

Example:

    class Metadata(Model):
        name: Slug
        title: Line
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from probanda.errors import ParseError
from probanda.model.criterion import canonical_control
from probanda.model.instant import parse_duration, parse_instant
from probanda.parse.tree import MappingNode, ScalarNode, SequenceNode, YamlNode, resolve

MAX_TEXT = 10_000

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
POLICY_NAME = r"^[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+(-[a-z0-9]+)*$"
ENTRYPOINT = r"^(builtin:)?[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*){2}$"
CONTROL_ID = r"^[a-z0-9]+(-[a-z0-9]+)*/[A-Za-z0-9]+([.-][A-Za-z0-9]+)*$"
# As documents may refer to one: `soc2/CC8.1`, and the spellings that become it.
CONTROL_REFERENCE = r"^([a-z0-9]+(-[a-z0-9]+)*/)?[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$"
# As publications number what they say: `AC-2`, `PR.AA-01`, `A.5.1`.
EXTERNAL_ID = r"^[A-Za-z0-9]+([.()-][A-Za-z0-9]+)*\)?$"
FACT_NAME = r"^[A-Za-z][A-Za-z0-9_]*$"
COLLECTOR = r"^[a-z0-9]+(-[a-z0-9]+)*$"
REGO_PACKAGE = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$"
REGO_RULE = r"^[A-Za-z_][A-Za-z0-9_]*$"
INPUT_PATH = (
    r"^(facts|evidence|request|verified|parameters|asOf|tenant)(\.[A-Za-z_][A-Za-z0-9_]*)*$"
)
FINGERPRINT = r"^[0-9a-f]{64}$"
PURL = r"^pkg:[a-z][a-z0-9.+-]*/[^@\s]+@[^@\s]+$"
LICENSE = r"^[A-Za-z0-9.+:()\- ]+$"
LOGIN = r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[bot\])?$"
EMAIL = r"^[^@\s]+@[^@\s]+$"
DURATION = r"^[0-9]+[smhdw]$"

# What each pattern means to a person.
MEANINGS = {
    SLUG: "lower-case words joined by hyphens, such as 'pull-request'",
    POLICY_NAME: "'<area>/<slug>', such as 'supply-chain/license-allowlist'",
    ENTRYPOINT: "'<area>/<slug>/<entrypoint>', such as 'supply-chain/license-allowlist/findings'",
    CONTROL_ID: "'<framework>/<criterion>', such as 'soc2/CC8.1'",
    CONTROL_REFERENCE: "'<framework>/<criterion>', such as 'soc2/CC8.1'",
    EXTERNAL_ID: "an identifier, such as 'AC-2' or 'PR.AA-01'",
    FACT_NAME: "a word of letters, digits and underscores, such as 'sbom'",
    REGO_PACKAGE: "a Rego package, such as 'probanda.supply_chain.license_allowlist'",
    REGO_RULE: "the name of a Rego rule, such as 'findings'",
    INPUT_PATH: "a dotted path that begins with facts, evidence, request, verified, parameters, "
    "asOf or tenant",
    FINGERPRINT: "the 64 lower-case hexadecimal digits of a finding's fingerprint",
    PURL: "a package URL with a version, such as 'pkg:pypi/example@1.2.3'",
    LICENSE: "an SPDX licence expression, such as 'MIT OR Apache-2.0'",
    LOGIN: "a login, such as 'ada-l'",
    EMAIL: "an e-mail address",
    DURATION: "a duration such as 15m, 1h or 30d",
}

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
# Unicode's bidirectional embeddings, overrides and isolates.
_BIDIRECTIONAL = re.compile("[\u202a-\u202e\u2066-\u2069]")


def complaint(
    reason: str, *, hint: str = "", path: tuple[str | int, ...] = ()
) -> PydanticCustomError:
    """An error of ours inside pydantic; `path` leads on from the field into its value."""
    return PydanticCustomError(
        "probanda", "{reason}", {"reason": reason, "hint": hint, "path": path}
    )


def unwrap(node: YamlNode) -> Any:
    """Dicts and lists around `ScalarNode`s, which the field types read."""
    if isinstance(node, ScalarNode):
        return node
    if isinstance(node, SequenceNode):
        return [unwrap(item) for item in node.items]
    return {key: unwrap(value) for key, value in node.entries.items()}


def is_null(value: object) -> bool:
    """Whether a scalar reads as null."""
    return isinstance(value, ScalarNode) and value.tag in {"", "null"} and value.text in _NULLS


def word(value: object) -> object:
    """The text of a scalar for a `Literal`; anything else stays and is refused there."""
    return value.text if isinstance(value, ScalarNode) else value


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise complaint(f"must be text, not a {'mapping' if isinstance(value, dict) else 'list'}")
    if is_null(value):
        raise complaint("must be text, but is empty", hint="write a value, or remove the field")
    if not isinstance(value, ScalarNode) or value.tag not in {"", "str"}:
        raise complaint("must be text", hint="quote it")
    return value.text


def _printable(text: str) -> str:
    text = text.strip()
    if not text:
        raise complaint("must not be empty")
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t":
            raise complaint("holds a control character", hint="remove it")
    if _BIDIRECTIONAL.search(text):
        raise complaint("holds a bidirectional control character", hint="remove it")
    return text


def _one_line(text: str) -> str:
    if "\n" in text:
        raise complaint("must be one line")
    return text


def _resolved(value: Any, path: tuple[str | int, ...] = ()) -> Any:
    if isinstance(value, dict):
        return {key: _resolved(inner, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, (*path, index)) for index, inner in enumerate(value)]
    if isinstance(value, ScalarNode):
        try:
            return resolve(value)
        except ParseError as error:
            raise complaint(error.message, hint=error.hint or "", path=path) from None
    return value


def _plain(value: Any) -> Any:
    return _resolved(value)


def _boolean(value: Any) -> bool:
    found = _resolved(value)
    if not isinstance(found, bool):
        raise complaint("must be true or false")
    return found


def _number(value: Any) -> float:
    found = _resolved(value)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise complaint("must be a number")
    return found


def _whole(value: Any) -> int:
    found = _resolved(value)
    if isinstance(found, bool) or not isinstance(found, int):
        raise complaint("must be a whole number")
    return found


def inside(text: str) -> str:
    """A relative POSIX path that stays below the project's root.

    Raises:
        PydanticCustomError: it does not.
    """
    if "\\" in text or "\n" in text:
        raise complaint("must be a path with '/' between its parts")
    if text.startswith(("/", "~")) or re.match(r"[A-Za-z]:", text):
        raise complaint("must be relative to the project's root", hint="remove what leads outside")
    if ".." in PurePosixPath(text).parts:
        raise complaint("must stay inside the project", hint="remove the '..'")
    return text


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except (ValueError, OverflowError):
        raise complaint(f"must be {MEANINGS[DURATION]}") from None


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except (ValueError, OverflowError):
        raise complaint(
            "must be a date such as 2026-11-20 or an instant such as 2026-11-20T18:44:00Z"
        ) from None


def unique(values: tuple[str, ...]) -> tuple[str, ...]:
    """The values, none of them twice."""
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            raise complaint(f"{value!r} is listed twice", path=(index,))
        seen.add(value)
    return values


# `Field` stands innermost: behind a validator, its constraints would be left out of the schema.
Text = Annotated[
    str,
    Field(min_length=1, max_length=MAX_TEXT),
    BeforeValidator(_text),
    AfterValidator(_printable),
]
Line = Annotated[Text, AfterValidator(_one_line)]
Slug = Annotated[str, Field(pattern=SLUG, max_length=100), BeforeValidator(_text)]
PolicyName = Annotated[str, Field(pattern=POLICY_NAME, max_length=200), BeforeValidator(_text)]
EntrypointName = Annotated[str, Field(pattern=ENTRYPOINT, max_length=300), BeforeValidator(_text)]
ControlName = Annotated[
    str,
    Field(pattern=CONTROL_ID, max_length=100),
    BeforeValidator(lambda value: canonical_control(_text(value))),
]
ControlId = Annotated[
    str,
    Field(pattern=CONTROL_REFERENCE, max_length=100),
    BeforeValidator(_text),
    AfterValidator(canonical_control),
]
ExternalId = Annotated[str, Field(pattern=EXTERNAL_ID, max_length=50), BeforeValidator(_text)]
# Keys of mappings are text already.
SlugKey = Annotated[str, Field(pattern=SLUG, max_length=100)]
FactName = Annotated[str, Field(pattern=FACT_NAME, max_length=100)]
CollectorName = Annotated[str, Field(pattern=COLLECTOR, max_length=100), BeforeValidator(_text)]
RegoPackage = Annotated[str, Field(pattern=REGO_PACKAGE, max_length=300), BeforeValidator(_text)]
RegoRule = Annotated[str, Field(pattern=REGO_RULE, max_length=100), BeforeValidator(_text)]
InputPath = Annotated[str, Field(pattern=INPUT_PATH, max_length=300), BeforeValidator(_text)]
Fingerprint = Annotated[str, Field(pattern=FINGERPRINT), BeforeValidator(_text)]
Purl = Annotated[str, Field(pattern=PURL, max_length=500), BeforeValidator(_text)]
LicenseExpression = Annotated[str, Field(pattern=LICENSE, max_length=500), BeforeValidator(_text)]
RelativePath = Annotated[Line, AfterValidator(inside)]
Login = Annotated[str, Field(pattern=LOGIN, max_length=200), BeforeValidator(_text)]
Email = Annotated[
    str,
    Field(pattern=EMAIL, max_length=320),
    BeforeValidator(_text),
    AfterValidator(_printable),
    AfterValidator(_one_line),
]
Flag = Annotated[bool, BeforeValidator(_boolean)]
WholeNumber = Annotated[int, BeforeValidator(_whole)]
Number = Annotated[float, BeforeValidator(_number)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(_plain)]
Duration = Annotated[
    timedelta,
    BeforeValidator(lambda value: _duration(_text(value))),
    WithJsonSchema({"type": "string", "pattern": DURATION}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(lambda value: _instant(_text(value))),
    WithJsonSchema(
        {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]},
    ),
]
UniqueControls = Annotated[
    tuple[ControlId, ...], AfterValidator(unique), Field(json_schema_extra={"uniqueItems": True})
]


def located(node: YamlNode, path: tuple[str | int, ...]) -> YamlNode:
    """The node at `path`, or the deepest one on the way."""
    for part in path:
        if isinstance(node, MappingNode) and part in node.entries:
            node = node.entries[str(part)]
        elif isinstance(node, SequenceNode) and isinstance(part, int) and part < len(node.items):
            node = node.items[part]
        else:
            break
    return node
