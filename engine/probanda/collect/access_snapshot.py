"""Who can get in: the accounts of one or more systems at one moment.

Data: `{accounts, count, systems}`. An account is `{system, account, subject, status, roles,
groups, lastUsedAt, createdAt, reviewer}`, sorted by system and account, in the same shape from
either format:

- `account` is the name to log in with, `subject` the person or service behind it (an
  e-mail address or employee number), `status` is `active` or `disabled`.
- `roles` and `groups` are sorted, each once.
- What the snapshot does not say is absent: no `lastUsedAt` does not mean never used.

Formats (option `format`):

- `csv` (default): option `columns` maps our fields to the file's columns, for instance
  `{account: User name, roles: Roles}`; a field of ours that is a column under its own name
  needs no mapping. `separator` (default `;`) splits `roles` and `groups`; `statuses` maps the
  file's words to ours, in any case; known already: active, enabled, true, disabled,
  inactive, suspended, false.
- `scim`: a SCIM 2.0 ListResponse of users (RFC 7644 section 3.4.2). `account` is `userName`;
  `subject` is the primary e-mail address, else the only one, else `externalId`; entitlements
  are left out.

`system` names the system for accounts whose row does not.

Rules:

- Unmapped columns and attributes are left behind: a snapshot is no copy of a directory.
- A column that is mapped must exist. An unknown status is refused, not guessed.
- A part of a list (`totalResults` above what is there) is refused, and so is an account
  listed twice in one system; names are compared without case, as SCIM does.

Example:

    facts: {erp: {from: access-snapshot, path: erp.csv, options: {system: erp}}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from probanda.collect.interface import Reading
from probanda.collect.record import Record, present
from probanda.collect.rows import MAX_ROWS, read_rows
from probanda.errors import CollectError
from probanda.model.location import Location
from probanda.parse.json import load_json

_FIELDS = (
    "account",
    "subject",
    "system",
    "status",
    "roles",
    "groups",
    "lastUsedAt",
    "createdAt",
    "reviewer",
)
_STATUSES: Mapping[str, str] = {
    "active": "active",
    "enabled": "active",
    "true": "active",
    "disabled": "disabled",
    "inactive": "disabled",
    "suspended": "disabled",
    "false": "disabled",
}
# RFC 7644 section 3.4.2, RFC 7643 section 4.1.
_LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
_TEXT: Mapping[str, Any] = {"type": "string", "minLength": 1, "maxLength": 256}


class AccessSnapshotCollector:
    """`from: access-snapshot`."""

    name = "access-snapshot"
    media_type = "text/csv"
    timestamped = False
    max_bytes = 64 << 20
    options_schema: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "format": {"enum": ["csv", "scim"]},
            "system": _TEXT,
            "columns": {
                "type": "object",
                "additionalProperties": False,
                "properties": dict.fromkeys(_FIELDS, _TEXT),
            },
            "separator": {"type": "string", "minLength": 1, "maxLength": 4},
            "statuses": {
                "type": "object",
                "additionalProperties": {"enum": ["active", "disabled"]},
            },
        },
    }
    empty: Mapping[str, Any] = {"accounts": [], "count": 0, "systems": []}

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:
        """The accounts of the snapshot.

        Raises:
            ParseError: not CSV, or not JSON.
            CollectError: a duplicate, a part of a list, or an account that says too little.
        """
        scim = options.get("format") == "scim"
        entries = _scim(data, source) if scim else _csv(data, source, options)
        accounts, seen = [], set()
        for record, account in entries:
            account.setdefault("system", options.get("system"))
            if account["system"] is None:
                raise record.error("which system is it?", "system", hint="set option `system`")
            identity = (account["system"], account["account"].casefold())
            if identity in seen:
                raise record.error(f"{account['account'][:80]!r} is listed twice", "account")
            seen.add(identity)
            accounts.append(account)
        accounts.sort(key=lambda one: (one["system"], one["account"].casefold()))
        value = {
            "accounts": accounts,
            "count": len(accounts),
            "systems": sorted({one["system"] for one in accounts}),
        }
        return Reading(value, "application/scim+json" if scim else self.media_type)


def _csv(
    data: bytes, source: str, options: Mapping[str, Any]
) -> Iterator[tuple[Record, dict[str, Any]]]:
    """One account a row."""
    columns = {**{field: field for field in _FIELDS}, **options.get("columns", {})}
    statuses = {**_STATUSES, **{key.lower(): to for key, to in options.get("statuses", {}).items()}}
    separator = str(options.get("separator", ";"))
    hint = "map columns with option `columns`"
    present_columns, rows = read_rows(data, source=source, hint=hint)
    for field in {"account": "account", **options.get("columns", {})}:
        if columns[field] not in present_columns:
            message = f"there is no column {columns[field][:80]!r}"
            raise CollectError(message, location=Location(source, 1), hint=hint)
    for row in rows:
        named = {field: row.values.get(column) for field, column in columns.items()}
        record = Record(
            {key: _clean(value) for key, value in named.items()}, row.location, row.place
        )
        yield record, _account(record, statuses, separator)


def _clean(value: str | None) -> str | None:
    """The text without spaces around it; `None` when nothing is left."""
    return value.strip() or None if value is not None else None


def _account(record: Record, statuses: Mapping[str, str], separator: str) -> dict[str, Any]:
    status = record.optional_text("status")
    if status is not None and status.lower() not in statuses:
        raise record.error("is no known status", "status", hint="map it with option `statuses`")
    return present(
        account=record.text("account"),
        subject=record.optional_text("subject"),
        system=record.optional_text("system"),
        status=None if status is None else statuses[status.lower()],
        roles=_split(record, "roles", separator),
        groups=_split(record, "groups", separator),
        lastUsedAt=record.optional_instant("lastUsedAt"),
        createdAt=record.optional_instant("createdAt"),
        reviewer=record.optional_text("reviewer"),
    )


def _split(record: Record, key: str, separator: str) -> list[str] | None:
    """The parts of a list; `None` where there is no such column or nothing in it."""
    text = record.optional_text(key)
    if text is None:
        return None
    return sorted({part.strip() for part in text.split(separator) if part.strip()})


def _scim(data: bytes, source: str) -> Iterator[tuple[Record, dict[str, Any]]]:
    """One account a user resource."""
    hint = "GET /Users of a SCIM 2.0 service, all pages in one list"
    response = Record.root(load_json(data, path=source), source, expected=hint)
    if _LIST not in response.texts("schemas"):
        raise response.error("this is no ListResponse", "schemas", hint=hint)
    total = response.required("totalResults", int)
    users = list(response.records("Resources"))
    if len(users) > MAX_ROWS:
        raise response.error(f"more than the limit of {MAX_ROWS}", "Resources")
    if total != len(users):
        raise response.error(
            f"{total} results, of which {len(users)} are here", "totalResults", hint=hint
        )
    for user in users:
        yield user, _user(user, hint)


def _user(user: Record, hint: str) -> dict[str, Any]:
    """RFC 7643 section 4.1, in the shape of `_account`."""
    if _USER not in user.texts("schemas"):
        raise user.error("this resource is no user", "schemas", hint=hint)
    active = user.optional_boolean("active")
    meta = user.optional_record("meta")
    return present(
        account=user.text("userName"),
        subject=_subject(user),
        status=None if active is None else "active" if active else "disabled",
        roles=_values(user, "roles", "value"),
        groups=_values(user, "groups", "display"),
        createdAt=meta.optional_instant("created") if meta else None,
    )


def _subject(user: Record) -> str | None:
    """The e-mail address that stands for the person, else the external id."""
    mails = list(user.records("emails"))
    chosen = [mail for mail in mails if mail.optional_boolean("primary")] or mails
    address = chosen[0].optional_text("value") if len(chosen) == 1 else None
    return address or user.optional_text("externalId")


def _values(user: Record, key: str, field: str) -> list[str] | None:
    """A multi-valued attribute by `field`, else by `value`."""
    if user.optional(key, list) is None:
        return None
    return (
        sorted({one.optional_text(field) or one.text("value") for one in user.records(key)}) or None
    )
