"""Which secrets exist, whose they are and how old: never what they are.

Data: `{secrets, count, generatedAt}`. A secret is `{name, store, kind, owner, createdAt,
rotatedAt, expiresAt, deletedAt, rotation}`, sorted by store and name; instants are RFC 3339,
UTC. `rotation` is `{enabled, everyDays, nextAt}`. What the inventory does not say is absent:
a secret without `rotatedAt` was never rotated, or nobody knows.

Formats (option `format`):

- `inventory` (default): JSON or YAML, `{generatedAt?, secrets: [{name, store?, kind?, owner?,
  createdAt?, rotatedAt?, expiresAt?}]}`; `generatedAt` is when the list was made.
- `csv`: the same fields as columns.
- `aws-secrets-manager`: `aws secretsmanager list-secrets`. `rotatedAt` is `LastRotatedDate`;
  `LastChangedDate` is not taken for it, for a new tag changes it. `owner` is the tag that
  option `ownerTag` names (default `owner`, in any case).
- `github-actions`: `GET /repos/{owner}/{repo}/actions/secrets`. `rotatedAt` is `updated_at`:
  a secret there is only ever replaced.

Rules:

- A field that would hold a value (`value`, `password`, `SecretString`, …) is refused, and so
  is any text in the form of a well-known credential. The message does not repeat it.
- Unknown fields are refused in our own format; of other tools' fields the listed are taken.
- Impossible orders are refused: rotated before created, expired before created or rotated,
  anything of the past later than `generatedAt`.
- A list that says that it goes on (`NextToken`, `total_count`) is refused, and so is a
  secret listed twice. An empty list is a list of none: whether that passes is a policy's
  matter.

Example:

    >>> read(b"secrets: [{name: db, rotatedAt: 2026-11-01}]")["secrets"][0]["rotatedAt"]
    '2026-11-01T00:00:00Z'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from probanda.collect.interface import Reading
from probanda.collect.record import Record, kind_of, present
from probanda.collect.rows import read_rows
from probanda.errors import CollectError
from probanda.model.instant import format_instant, parse_instant
from probanda.model.location import Location
from probanda.parse.json import load_json, load_json_tree
from probanda.parse.yaml import MappingNode, SequenceNode, YamlNode, load_yaml, to_plain

MAX_SECRETS = 100_000
_FIELDS = ("name", "store", "kind", "owner", "createdAt", "rotatedAt", "expiresAt")
_DATES = ("createdAt", "rotatedAt", "expiresAt")
_HINT = f"fields: {', '.join(_FIELDS)}"
# Lower case, without separators.
_VALUES = frozenset(
    [
        "value",
        "secret",
        "secretvalue",
        "secretstring",
        "secretbinary",
        "password",
        "passphrase",
        "plaintext",
        "ciphertext",
        "data",
        "token",
        "credential",
        "credentials",
        "privatekey",
        "key",
        "content",
        "encryptedvalue",
    ]
)
# The prefixes that their issuers document for secret scanning.
_CREDENTIAL = re.compile(
    r"(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22}"
    r"|glpat-[A-Za-z0-9_-]{20}|xox[abeprs]-[A-Za-z0-9-]{10}|sk_live_[A-Za-z0-9]{16}"
    r"|hv[sb]\.[A-Za-z0-9_-]{24}|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
_Read = Callable[[bytes, str, Mapping[str, Any]], tuple[list[dict[str, Any]], str | None]]


class SecretsInventoryCollector:
    """`from: secrets-inventory`."""

    name = "secrets-inventory"
    media_type = "application/json"
    timestamped = True
    max_bytes = 16 << 20
    options_schema: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "format": {"enum": ["inventory", "csv", "aws-secrets-manager", "github-actions"]},
            "ownerTag": {"type": "string", "minLength": 1, "maxLength": 128},
            "store": {"type": "string", "minLength": 1, "maxLength": 256},
        },
    }
    empty: Mapping[str, Any] = {"secrets": [], "count": 0}

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:
        """The secrets of the inventory.

        Raises:
            ParseError: not JSON, YAML or CSV.
            CollectError: a value in it, an impossible order, a duplicate, or a part of a list.
        """
        form = str(options.get("format", "inventory"))
        secrets, generated = _FORMATS[form](data, source, options)
        if len(secrets) > MAX_SECRETS:
            message = f"more than the limit of {MAX_SECRETS} secrets"
            raise CollectError(message, location=Location(source))
        seen: set[tuple[str, str]] = set()
        for secret in secrets:
            identity = (secret.get("store", ""), secret["name"])
            if identity in seen:
                message = f"{secret['name'][:80]!r} is listed twice"
                raise CollectError(message, location=Location(source), hint="name its `store`")
            seen.add(identity)
        secrets.sort(key=lambda one: (one.get("store", ""), one["name"]))
        value = present(secrets=secrets, count=len(secrets), generatedAt=generated)
        media_type = {"csv": "text/csv"}.get(form, self.media_type)
        return Reading(value, media_type, produced_at=generated or "")


def _inventory(
    data: bytes, source: str, options: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], str | None]:
    """Our own format."""
    root = _tree(data, source)
    if not isinstance(root, MappingNode):
        raise CollectError(
            "the document is not a mapping",
            location=Location(source),
            hint="`secrets: [{name: …}]`",
        )
    items = root.entries.get("secrets")
    entries = {key: value for key, value in root.entries.items() if key != "secrets"}
    document = Record({key: to_plain(value) for key, value in entries.items()}, root.location)
    document.only("generatedAt")
    if not isinstance(items, SequenceNode):
        raise document.error("is missing or no list", "secrets", hint="`secrets: [{name: …}]`")
    generated = document.optional_instant("generatedAt")
    records = []
    for number, item in enumerate(items.items):
        values = to_plain(item)
        if not isinstance(values, dict):
            message = f"$.secrets[{number}]: {kind_of(values)} where a secret belongs"
            raise CollectError(message, location=item.location)
        records.append(Record(values, item.location, f"$.secrets[{number}]"))
    return [_own(record, options, generated) for record in records], generated


def _tree(data: bytes, source: str) -> YamlNode:
    """JSON is read as JSON, anything else as YAML."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return load_json_tree(data, path=source)
    return load_yaml(data, path=source)


def _csv(
    data: bytes, source: str, options: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], str | None]:
    """Our own fields as columns."""
    _, rows = read_rows(data, source=source, hint=_HINT)
    return [_own(row, options, None) for row in rows], None


def _own(record: Record, options: Mapping[str, Any], generated: str | None) -> dict[str, Any]:
    _refuse_values(record)
    record.only(*_FIELDS)
    secret = present(
        name=record.text("name"),
        store=record.optional_text("store") or options.get("store"),
        kind=record.optional_text("kind"),
        owner=record.optional_text("owner"),
        **{key: record.optional_instant(key) for key in _DATES},
    )
    return _checked(secret, record, generated)


def _aws(
    data: bytes, source: str, options: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], str | None]:
    """AWS Secrets Manager, API version 2017-10-17, `SecretListEntry`."""
    hint = "aws secretsmanager list-secrets"
    document = Record.root(load_json(data, path=source), source, expected=hint)
    if document.optional_text("NextToken"):
        raise document.error("the list goes on", "NextToken", hint=f"{hint} without --max-items")
    document.required("SecretList", list)
    return [_aws_secret(one, options) for one in document.records("SecretList")], None


def _aws_secret(record: Record, options: Mapping[str, Any]) -> dict[str, Any]:
    _refuse_values(record)
    rules = record.optional_record("RotationRules")
    tags = {tag.text("Key").lower(): tag.optional_text("Value") for tag in record.records("Tags")}
    rotation = present(
        enabled=record.optional_boolean("RotationEnabled"),
        everyDays=rules.optional_integer("AutomaticallyAfterDays") if rules else None,
        nextAt=_aws_instant(record, "NextRotationDate"),
    )
    secret = present(
        name=record.text("Name"),
        store=options.get("store", "aws-secrets-manager"),
        owner=tags.get(str(options.get("ownerTag", "owner")).lower()),
        createdAt=_aws_instant(record, "CreatedDate"),
        rotatedAt=_aws_instant(record, "LastRotatedDate"),
        deletedAt=_aws_instant(record, "DeletedDate"),
        rotation=rotation or None,
    )
    return _checked(secret, record, None)


def _aws_instant(record: Record, key: str) -> str | None:
    """RFC 3339 as version 2 of the command line prints, or seconds since 1970 as version 1."""
    value = record.optional(key, (str, int, float))
    if value is None or isinstance(value, str):
        return record.optional_instant(key)
    try:
        return format_instant(datetime.fromtimestamp(value, UTC))
    except (ValueError, OverflowError, OSError):
        raise record.error("is no instant", key) from None


def _github(
    data: bytes, source: str, options: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], str | None]:
    """GitHub REST API 2022-11-28, secrets of a repository, environment or organisation."""
    hint = "gh api repos/OWNER/REPOSITORY/actions/secrets?per_page=100"
    document = Record.root(load_json(data, path=source), source, expected=hint)
    document.required("secrets", list)
    records = list(document.records("secrets"))
    if document.required("total_count", int) != len(records):
        raise document.error("the list does not hold them all", "total_count", hint=hint)
    secrets = []
    for record in records:
        _refuse_values(record)
        secret = present(
            name=record.text("name"),
            store=options.get("store", "github-actions"),
            createdAt=record.optional_instant("created_at"),
            rotatedAt=record.optional_instant("updated_at"),
        )
        secrets.append(_checked(secret, record, None))
    return secrets, None


_FORMATS: Mapping[str, _Read] = MappingProxyType(
    {"inventory": _inventory, "csv": _csv, "aws-secrets-manager": _aws, "github-actions": _github}
)


def _refuse_values(record: Record) -> None:
    """Refuse a field or a text that gives a secret away."""
    for key, value in record.values.items():
        if re.sub(r"[^a-z]", "", key.lower()) in _VALUES:
            raise record.error(
                "a field for a secret's value",
                key,
                hint="an inventory lists secrets, without values",
            )
        _refuse_credential(record, key, value)


def _refuse_credential(record: Record, key: str, value: Any) -> None:
    if isinstance(value, str) and _CREDENTIAL.search(value):
        raise record.error(
            "holds what looks like a credential", key, hint="remove it, and rotate it"
        )


def _checked(secret: dict[str, Any], record: Record, generated: str | None) -> dict[str, Any]:
    """The secret, once its dates can all be true and none of its words is a secret itself."""
    for key, value in secret.items():
        _refuse_credential(record, key, value)
    orders = (
        ("createdAt", "rotatedAt"),
        ("createdAt", "expiresAt"),
        ("rotatedAt", "expiresAt"),
        ("createdAt", "deletedAt"),
    )
    for earlier, later in orders:
        if earlier in secret and later in secret:
            _refuse_order(record, (earlier, secret[earlier]), (later, secret[later]))
    if generated is not None:
        for key in ("createdAt", "rotatedAt"):
            if key in secret:
                _refuse_order(record, (key, secret[key]), ("generatedAt", generated))
    return secret


def _refuse_order(record: Record, first: tuple[str, str], second: tuple[str, str]) -> None:
    if parse_instant(first[1]) > parse_instant(second[1]):
        raise record.error(f"{first[0]} is later than {second[0]}")
