"""The shape of an index: every field, its type and its bounds, and what must agree.

Rules:

- Unknown and missing fields are refused; texts and lists are bounded.
- What follows from the controls (summary, gaps, bundles) must agree with them.

Example:
    if problem := index_problem(document):
        raise ParseError(problem)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from probanda.model.control import Automation, Frequency
from probanda.model.instant import format_instant, parse_instant
from probanda.model.outcome import ControlStatus, Mode, Outcome

VERSION = "probanda/index/v1"
VERDICTS = ("good", "bad", "unknown")
STANDINGS = ("latest", "earlier", "notCounted")
MAX_CONTROLS = 10_000
MAX_SIGNATURES = 64
_MAX_TEXT = 4_096
_MAX_SIGNATURE = 64 << 10
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
# RFC 3986 reference without whitespace, quotes, angle brackets or control characters.
_URI = re.compile(r"[!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]{1,4096}", re.ASCII)

Check = Callable[[Any, str], None]


def index_problem(document: Any) -> str:
    """Why `document` is an index in neither form; empty when it is one."""
    try:
        _object(document, "the index")
        _version(document.get("version"), "version")
        if document["version"] == VERSION:
            _INDEX(document, "the index")
            _consistent(document)
        else:
            _SHORT(document, "the index")
        _distinct((control["id"] for control in document["controls"]), "control")
    except _WrongError as error:
        return str(error)
    return ""


class _WrongError(ValueError):
    """A value breaks the format; becomes a `ParseError` with the file's name."""


def _object(value: Any, what: str) -> None:
    if not isinstance(value, dict):
        raise _WrongError(f"{what} is not an object")


def _text(value: Any, what: str) -> None:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise _WrongError(f"{what} is not a string of at most {_MAX_TEXT} characters")


def _version(value: Any, what: str) -> None:
    _text(value, what)
    if value != VERSION and value.startswith("probanda/"):
        raise _WrongError(f"{what} {value!r} is not known; this reads {VERSION!r}")


def _some_text(value: Any, what: str) -> None:
    _text(value, what)
    if not value:
        raise _WrongError(f"{what} is empty")


def _uri(value: Any, what: str) -> None:
    if not isinstance(value, str) or not _URI.fullmatch(value):
        raise _WrongError(f"{what} is no URI reference")


def _sha256(value: Any, what: str) -> None:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise _WrongError(f"{what} is not 64 lower-case hexadecimal digits")


def _count(value: Any, what: str) -> None:
    # `True` is an int in Python, not in JSON.
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise _WrongError(f"{what} is not a whole number from 0 to 2^53-1")


def _instant(value: Any, what: str) -> None:
    _text(value, what)
    try:
        normal = format_instant(parse_instant(value))
    except ValueError:
        normal = ""
    if normal != value:
        raise _WrongError(f"{what} is not an instant such as 2026-11-20T00:00:00Z")


def _optional_instant(value: Any, what: str) -> None:
    if value != "":
        _instant(value, what)


def _signature(value: Any, what: str) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_SIGNATURE:
        raise _WrongError(f"{what} is not a string of 1 to {_MAX_SIGNATURE} characters")


def _one_of(*words: str) -> Check:
    def check(value: Any, what: str) -> None:
        if value not in words:
            raise _WrongError(f"{what} is none of {', '.join(words)}")

    return check


def _list_of(item: Check, *, limit: int | None = None) -> Check:
    def check(value: Any, what: str) -> None:
        if not isinstance(value, list):
            raise _WrongError(f"{what} is not a list")
        if limit is not None and len(value) > limit:
            raise _WrongError(f"{what} has more than {limit} items")
        for position, element in enumerate(value):
            item(element, f"{what}[{position}]")

    return check


def _fields(**fields: Check) -> Check:
    def check(value: Any, what: str) -> None:
        _object(value, what)
        for name in value:
            if name not in fields:
                raise _WrongError(f"{what} has the unknown field {name!r}")
        for name, field in fields.items():
            if name not in value:
                raise _WrongError(f"{what} lacks the field {name!r}")
            field(value[name], name if what == "the index" else f"{what}.{name}")

    return check


def _counts(value: Any, what: str) -> None:
    _fields(**{status.value: _count for status in ControlStatus})(value, what)


_STATUS = _one_of(*(status.value for status in ControlStatus))
_SHORT = _fields(
    version=_some_text,
    controls=_list_of(_fields(id=_some_text, artifacts=_list_of(_uri)), limit=MAX_CONTROLS),
    signatures=_list_of(_signature, limit=MAX_SIGNATURES),
)
_CONTROL = _fields(
    id=_some_text,
    title=_some_text,
    statement=_some_text,
    owner=_some_text,
    frequency=_one_of(*(frequency.value for frequency in Frequency)),
    automation=_one_of(*(automation.value for automation in Automation)),
    status=_STATUS,
    reason=_text,
    evidence=_list_of(
        _fields(
            title=_some_text,
            kind=_one_of("automated", "manual"),
            collector=_text,
            query=_text,
            policy=_text,
            population=_text,
            review=_text,
            artifact=_text,
            status=_STATUS,
            decisions=_count,
            latest=_optional_instant,
        )
    ),
    outstanding=_list_of(_some_text),
    decisions=_list_of(
        _fields(
            gate=_some_text,
            check=_some_text,
            policy=_some_text,
            mode=_one_of(*(mode.value for mode in Mode)),
            outcome=_one_of(*(outcome.value for outcome in Outcome)),
            asOf=_instant,
            bundle=_some_text,
            document=_uri,
            standing=_one_of(*STANDINGS),
            reason=_text,
        )
    ),
    population=_fields(description=_text, count=_count),
    findings=_fields(
        open=_count,
        waived=_count,
        rules=_list_of(_fields(policy=_some_text, rule=_some_text, open=_count, waived=_count)),
    ),
    artifacts=_list_of(
        _fields(
            uri=_uri,
            name=_some_text,
            type=_text,
            sha256=_sha256,
            size=_count,
            mediaType=_some_text,
            producer=_text,
            collectedAt=_instant,
        )
    ),
)
_INDEX = _fields(
    version=_one_of(VERSION),
    framework=_some_text,
    tenant=_some_text,
    period=_fields(**{"from": _instant, "to": _instant}),
    asOf=_instant,
    engine=_fields(name=_some_text, version=_some_text, rego=_some_text),
    summary=_counts,
    controls=_list_of(_CONTROL, limit=MAX_CONTROLS),
    bundles=_list_of(
        _fields(
            name=_some_text,
            sha256=_sha256,
            manifestSha256=_sha256,
            asOf=_instant,
            outcome=_one_of(*(outcome.value for outcome in Outcome)),
            decisions=_count,
            signer=_text,
            fingerprint=_text,
            verdict=_one_of(*VERDICTS),
            reason=_text,
        )
    ),
    decisions=_fields(inPeriod=_count, outsidePeriod=_count, duplicates=_count),
    unknownControls=_list_of(_some_text),
    gaps=_list_of(_some_text),
    signatures=_list_of(_signature, limit=MAX_SIGNATURES),
)


def _distinct(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise _WrongError(f"{what} {name!r} stands there twice")
        seen.add(name)


def _consistent(index: Mapping[str, Any]) -> None:
    """What follows from the controls must agree with them: summary, gaps, bundles, period."""
    _distinct((bundle["name"] for bundle in index["bundles"]), "bundle")
    statuses = [control["status"] for control in index["controls"]]
    if not statuses:
        raise _WrongError("the index has no controls; zero controls prove nothing")
    if index["summary"] != {status.value: statuses.count(status.value) for status in ControlStatus}:
        raise _WrongError("summary does not count the controls' statuses")
    gap = ControlStatus.GAP.value
    if index["gaps"] != [c["id"] for c in index["controls"] if c["status"] == gap]:
        raise _WrongError("gaps does not list the controls with the status 'gap'")
    if parse_instant(index["period"]["from"]) >= parse_instant(index["period"]["to"]):
        raise _WrongError("period ends before it starts")
