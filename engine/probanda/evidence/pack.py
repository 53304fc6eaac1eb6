"""The face of a pack: one self-contained HTML page, and tables for spreadsheets.

Rules:

- A pure function of the index and the proof: same input → same bytes. No clock, no
  network, no script; `assert_inert` scans every page before it is returned.
- Metadata only: what the index does not say, the page cannot show.
- The page never claims to be verified. It prints the command that verifies, the ledger
  root and the signer's fingerprint, and never the digest of the index, which lists it.
- Text of others is escaped, and characters that hide or reorder text are spelled out.
- Cells that a spreadsheet would take for a formula start with an apostrophe.

    page = render_page(index, statement_info=PageProof(...))
    tables = exports(index)  # {"controls.csv": b"...", ...}
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from probanda.errors import EvidenceError
from probanda.evidence.control_status import WORST_FIRST
from probanda.evidence.index_document import follow
from probanda.evidence.index_shape import VERSION, index_problem
from probanda.evidence.inert_page import assert_inert, content_security_policy
from probanda.model.instant import parse_instant
from probanda.model.outcome import ControlStatus

TEMPLATE = "soc2.html.j2"
STYLE = "soc2.css"

# A page that a person reads; the tables hold every row.
_LATEST_SHOWN = 40
_OTHERS_SHOWN = 25
_ARTIFACTS_SHOWN = 25

_FRAMEWORKS = {"soc2": "SOC 2"}
_LABELS = {
    "pass": "Pass",
    "fail": "Fail",
    "notEvaluated": "Not evaluated",
    "gap": "Gap",
    "stale": "Stale",
    "manual": "Manual",
    "waived": "Waived",
}
_SYMBOLS = {
    "pass": "✓",
    "fail": "✕",
    "notEvaluated": "?",
    "gap": "○",
    "stale": "◔",
    "manual": "✎",
    "waived": "◐",
}
_OUTCOMES = {
    "pass": "pass",
    "fail": "fail",
    "waived": "waived",
    "skipped": "skipped",
    "error": "error",
    "notEvaluated": "not evaluated",
}
_VERDICTS = {"good": "verified", "bad": "bad", "unknown": "could not be verified"}
_MEANINGS = {
    "fail": "The latest decision of a check has an open finding.",
    "notEvaluated": "A latest decision is an error, lacks an artifact, or comes from a bundle that "
    "did not verify.",
    "gap": "Expected evidence has no decision in the period, or only such as prove nothing.",
    "stale": "The latest decision is older than the control's frequency allows.",
    "manual": "Evidence comes from people alone, and none is in the pack.",
    "waived": "Nothing but findings that an approved, expiring waiver excuses.",
    "pass": "Every automated piece of evidence has a passing decision in a bundle that verified "
    "when the pack was built. Evidence by people may still be outstanding.",
}
_TODO = {
    "fail": "Mend what the findings name, or have a waiver approved; then run the gate again.",
    "notEvaluated": "Mend what kept it from being decided; then run the gate again.",
    "gap": "Run the gate that decides the missing evidence, and record the result.",
    "stale": "Run the gate again, and see to it that it runs as often as the control says.",
    "manual": "Collect the evidence that is listed below, and keep it beside the pack.",
    "waived": "Mend the cause before the waiver expires.",
}
# Other: control, format (bidirectional overrides), surrogate, private, unassigned; separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# What spreadsheets take for the start of a formula; OWASP "CSV Injection", full-width forms too.
_FORMULA = tuple("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20")


@dataclass(frozen=True, slots=True)
class PageProof:
    """What a reader of the page needs in order to check it.

    Attributes:
        ledger_root: Merkle root of the ledger, as its checkpoint writes it.
        ledger_size: number of entries under it.
        origin: name of the log.
        fingerprint: of the signer's trust anchor.
        signer: identity in the signer's certificate.
        verify_command: one line that verifies the pack.
        unsafe_demo: signed with keys made for demonstrations.
    """

    ledger_root: str
    ledger_size: int
    origin: str
    fingerprint: str
    signer: str
    verify_command: str
    unsafe_demo: bool


def render_page(
    index: Mapping[str, Any], *, statement_info: PageProof, templates: Traversable | None = None
) -> bytes:
    """The page for a `probanda/index/v1` document.

    `templates` holds `soc2.html.j2` and `soc2.css`; built-in ones when `None`.

    Raises:
        EvidenceError: not such an index, a template is missing or wrong, or the page is
            not inert.
    """
    from jinja2 import DictLoader, StrictUndefined, TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from markupsafe import Markup

    if problem := index_problem(index) or _other_version(index):
        raise EvidenceError(f"index: {problem}")
    source, style = (_read(templates or _builtin(), name) for name in (TEMPLATE, STYLE))
    environment = ImmutableSandboxedEnvironment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=DictLoader({}),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: value if isinstance(value, Markup) else show(str(value)),
    )
    environment.filters |= {"readable": _readable, "human_size": _human_size}
    try:
        # The style is a file of ours and `assert_inert` scans it: it must not be escaped.
        text = environment.from_string(source).render(
            **_view(index),
            proof=statement_info,
            policy=content_security_policy(style),
            style=Markup(style),  # noqa: S704  # see above
        )
    except TemplateError as error:
        raise EvidenceError(f"template {TEMPLATE}: {error}") from error
    page = text.encode()
    assert_inert(page)
    return page


def exports(index: Mapping[str, Any]) -> dict[str, bytes]:
    """`controls.csv`, `decisions.csv`, `artifacts.csv` (RFC 4180, UTF-8), by file name."""
    controls, decisions, artifacts = [], [], []
    for control in index["controls"]:
        controls.append(
            [control[key] for key in ("id", "title", "owner", "frequency", "automation", "status")]
            + [control["reason"], control["population"]["count"]]
            + [control["findings"]["open"], control["findings"]["waived"]]
            + [len(control["artifacts"]), "; ".join(control["outstanding"])]
        )
        decisions += [[control["id"], *row.values()] for row in _rows(control, "decisions")]
        artifacts += [[control["id"], *row.values()] for row in _rows(control, "artifacts")]
    return {
        "controls.csv": _csv(
            "control title owner frequency automation status reason decisions openFindings "
            "waivedFindings artifacts outstanding",
            controls,
        ),
        "decisions.csv": _csv(" ".join(("control", *_COLUMNS["decisions"])), decisions),
        "artifacts.csv": _csv(" ".join(("control", *_COLUMNS["artifacts"])), artifacts),
    }


_COLUMNS = {
    "decisions": (
        *("gate", "check", "policy", "mode", "outcome"),
        *("asOf", "standing", "reason", "bundle", "document"),
    ),
    "artifacts": (
        *("name", "type", "producer", "collectedAt"),
        *("size", "sha256", "mediaType", "uri"),
    ),
}


def _rows(control: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    return [{key: row[key] for key in _COLUMNS[kind]} for row in control[kind]]


def _csv(head: str, rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(head.split())
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    """A cell that no spreadsheet runs: leading blanks do not hide a formula either."""
    text = str(value)
    dangerous = text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA)
    return show(f"'{text}" if dangerous else text)


def show(text: str) -> str:
    """`text` with every character that hides or reorders text spelled out as `⟨U+202E⟩`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"⟨U+{ord(character):04X}⟩" if unicodedata.category(character) in _HIDDEN else character
        for character in text
    )


def _other_version(index: Mapping[str, Any]) -> str:
    return "" if index["version"] == VERSION else f"version is not {VERSION!r}"


def _builtin() -> Traversable:
    """The templates in the wheel, else those of the checkout."""
    packaged = files("probanda") / "_content" / "evidence" / "packs"
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parents[3] / "evidence" / "packs"


def _read(folder: Traversable, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"the pack's template {name} cannot be read: {error}") from error


def _view(index: Mapping[str, Any]) -> dict[str, Any]:
    """What the template shows, in its order."""
    order = [status.value for status in WORST_FIRST]
    groups = [
        {
            "status": status,
            "controls": [each for each in index["controls"] if each["status"] == status],
        }
        for status in order
        if index["summary"][status] and status != ControlStatus.PASS.value
    ]
    bar, start = [], 0
    for status in order:
        count = index["summary"][status]
        if count:
            bar.append({"status": status, "start": start, "count": count})
        start += count
    return {
        "index": index,
        "framework": _FRAMEWORKS.get(index["framework"], index["framework"]),
        "order": order,
        "bar": bar,
        "open_points": [control for group in groups for control in group["controls"]],
        "open_groups": groups,
        "owners": _owners(groups),
        "by_people": [
            {"control": control["id"], "owner": control["owner"], **item}
            for control in index["controls"]
            for item in control["evidence"]
            if item["kind"] == "manual"
        ],
        "cards": [_card(control) for control in index["controls"]],
        "labels": _LABELS,
        "symbols": _SYMBOLS,
        "outcomes": _OUTCOMES,
        "verdicts": _VERDICTS,
        "meanings": _MEANINGS,
        "todo": _TODO,
    }


def _owners(groups: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each owner with their open controls of each status; who has most of the gravest first."""
    names = {control["owner"] for group in groups for control in group["controls"]}
    rows: list[dict[str, Any]] = [
        {
            "owner": name,
            **{
                group["status"]: [each["id"] for each in group["controls"] if each["owner"] == name]
                for group in groups
            },
        }
        for name in sorted(names)
    ]
    rows.sort(key=lambda row: [-len(row[group["status"]]) for group in groups])
    return rows


def _card(control: Mapping[str, Any]) -> dict[str, Any]:
    """One control with as many rows as a person reads."""
    latest = [row for row in control["decisions"] if row["standing"] == "latest"]
    others = [row for row in control["decisions"] if row["standing"] != "latest"]
    artifacts = sorted(control["artifacts"], key=lambda row: (row["name"], row["uri"]))
    artifacts.sort(key=lambda row: str(row["collectedAt"]), reverse=True)
    named = [{**row, "bundle": (follow(row["uri"]) or ("", ""))[0]} for row in artifacts]
    return {
        "control": control,
        "latest": _some(latest, _LATEST_SHOWN),
        "others": _some(others, _OTHERS_SHOWN),
        "artifacts": _some(named, _ARTIFACTS_SHOWN),
    }


def _some(rows: list[Any], limit: int) -> dict[str, Any]:
    return {"rows": rows[:limit], "rest": max(0, len(rows) - limit)}


def _readable(instant: str) -> str:
    """`2026-08-15 12:00 UTC`; midnight is the date alone, seconds only where there are some."""
    moment = parse_instant(instant)
    if (moment.hour, moment.minute, moment.second) == (0, 0, 0):
        return f"{moment:%Y-%m-%d}"
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment.second else f"{moment:%Y-%m-%d %H:%M}"


def _human_size(size: int) -> str:
    """A size for people: `812 B`, `1.2 KiB`, `3.4 MiB`."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"
