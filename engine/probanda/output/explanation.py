"""A description (`output.description`) for people: what it is, who answers for it, what to do.

Rules:

- One indented block per question; long text is wrapped.
- Control characters of documents never reach the terminal.

Example:
    print(render(describe(found, catalogue, tree, shipped)))
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from probanda.output.description import Description
from probanda.output.text import clean

WIDTH = 96
# Cases that a policy's page lists; the JSON output always holds all of them.
SHOWN_CASES = 12


def render(description: Description) -> str:
    """The text of a description, ending in a newline."""
    lines = _PAGES[description["kind"]](description)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _head(description: Description, *fields: str) -> Iterator[str]:
    name = description.get("id") or description["name"]
    title = description.get("title", "")
    yield f"{clean(name)}  {clean(title)}" if title else clean(name)
    yield ""
    if statement := description.get("statement"):
        yield from [*_wrapped(statement, 2), ""]
    yield from _fields(description, fields)


def _fields(values: Mapping[str, Any], fields: Sequence[str], indent: int = 2) -> Iterator[str]:
    width = max((len(_label(field)) for field in fields), default=0)
    for field in fields:
        value = values[field]
        shown = ", ".join(map(str, value)) if isinstance(value, list) else _word(value)
        label = " " * indent + _label(field).ljust(width) + "  "
        yield from _wrapped(shown or "–", len(label), first=label)


def _label(field: str) -> str:
    return {"statesTime": "states its time", "mediaType": "media type"}.get(field, field)


def _word(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _wrapped(text: str, indent: int, *, first: str | None = None) -> list[str]:
    pad = " " * indent
    return textwrap.wrap(
        clean(" ".join(text.split())),
        WIDTH,
        initial_indent=pad if first is None else first,
        subsequent_indent=pad,
        break_on_hyphens=False,
    )


def _control(description: Description) -> Iterator[str]:
    yield from _head(description, "owner", "frequency", "automation", "topics")
    yield from ["", "Evidence"]
    for item in description["evidence"]:
        yield from _evidence(item)
    yield from ["", "Supported by"]
    for policy in description["policies"]:
        yield f"  policy  {clean(policy)}"
    for check in description["checks"]:
        where = f"  gate    {check['gate']}/{check['check']}  {check['policy']}"
        yield clean(where) + ("  MISPLACED: it is about another control" * check["misplaced"])
    if not description["fed"]:
        by_people = description["automation"] == "manual"
        yield "  no gate" + (": evidence comes from people alone" * by_people)
        if not by_people:
            yield "  A control that no gate feeds is a gap in every pack."
    if description["relations"]:
        yield from ["", "Related (NIST IR 8477: this control is … each of these)"]
    for related in description["relations"]:
        first = f"  {related['target']}  {related['relation']}  "
        strength = f" (strength {related['strength']})" if related["strength"] else ""
        ids = ", ".join(related["ids"]) or "with any of it"
        yield from _wrapped(ids + strength, len(first), first=first)


def _evidence(item: Mapping[str, str]) -> Iterator[str]:
    yield from _wrapped(item["title"], 4, first="  • ")
    automated = "policy" in item or "collector" in item
    judge = item.get("policy") or ("any check that names the control" if automated else "a person")
    reads = f", reading {item['collector']}" if "collector" in item else ""
    yield f"    judged by   {clean(judge)}{reads}"
    for field, label in (
        ("query", "query"),
        ("population", "population"),
        ("review", "looks at"),
        ("artifact", "attaches"),
    ):
        if field in item:
            yield from _wrapped(item[field], 16, first="    " + label.ljust(12))


def _policy(description: Description) -> Iterator[str]:
    yield from _head(description, "owner", "package", "builtin", "controls", "checks")
    yield from ["", "Entry points"]
    for entry in description["entrypoints"]:
        yield f"  {clean(entry['name'])}  {entry['kind']}"
    if description["facts"] or description["parameters"]:
        yield from ["", "Reads"]
    for fact in description["facts"]:
        optional = " (may be left out)" if fact["optional"] else ""
        yield clean(f"  fact {fact['name']}, from {fact['collector']}{optional}")
    for parameter in description["parameters"]:
        first = clean(f"  parameter {parameter['name']}: ")
        yield from _wrapped(parameter["description"] or "–", 4, first=first)
    yield from ["", "Rules"]
    for rule in description["rules"]:
        yield from _wrapped(f"{rule['id']} ({rule['severity']})  {rule['title']}", 4, first="  ")
        if rule["remediation"]:
            yield from _wrapped(rule["remediation"], 11, first="    fix    ")
    yield from ["", f"Cases ({len(description['cases'])})"]
    # One that passes says most: it is what the others differ from.
    cases = sorted(description["cases"], key=lambda case: case["expect"] != "pass")
    for case in cases[:SHOWN_CASES]:
        yield from _wrapped(case["title"] or case["name"], 8, first=f"  {case['expect']}  ")
    if len(cases) > SHOWN_CASES:
        yield f"  … and {len(cases) - SHOWN_CASES} more; --json shows all"


def _gate(description: Description) -> Iterator[str]:
    yield from _head(description, "owner", "runs", "mode")
    yield from ["", "Checks"]
    for check in description["checks"]:
        optional = " (optional)" if check["optional"] else ""
        yield clean(f"  {check['id']}{optional}  {check['policy']}")
        for fact in check["facts"]:
            yield clean(f"    reads     {fact['name']}: {fact['collector']} {fact['source']}")
        if check["when"]:
            yield from _wrapped(", ".join(check["when"]), 14, first="    when      ")
        yield from _wrapped(", ".join(check["controls"]) or "none", 14, first="    supports  ")


def _collector(description: Description) -> Iterator[str]:
    fields = ("mediaType", "statesTime", "options", "policies", "checks", "controls")
    yield from _head(description, *fields)


def _contract(description: Description) -> Iterator[str]:
    fields = ("dataset", "version", "tenant", "license", "purposes", "retention")
    yield from _head(description, *fields)


def _waiver(description: Description) -> Iterator[str]:
    yield from _head(description, "owner", "approver", "ticket", "expires", "fingerprints")


_PAGES: Mapping[str, Callable[[Description], Iterator[str]]] = {
    "control": _control,
    "policy": _policy,
    "gate": _gate,
    "collector": _collector,
    "contract": _contract,
    "waiver": _waiver,
}
