"""What a project has, kind by kind: as rows for programs, and as a table for people.

Rules:

- Rows hold what a person chooses by; `probanda explain` says the rest.
- Sorted: controls as reports list them, everything else by name.

Example:
    print(render("gates", rows("gates", catalogue)))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from probanda.collect import COLLECTORS
from probanda.content import Catalogue
from probanda.content.support import support
from probanda.evidence.index_document import criterion_key
from probanda.model.instant import format_instant
from probanda.output.text import clean

Row = dict[str, Any]

# Columns of the table, in their order; every other field stands in the JSON alone.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "controls": ("id", "owner", "frequency", "automation", "gates", "title"),
    "policies": ("id", "owner", "entrypoints", "title"),
    "gates": ("name", "owner", "runs", "mode", "checks", "title"),
    "contracts": ("name", "dataset", "version", "tenant", "license", "retention"),
    "collectors": ("name", "mediaType", "statesTime", "options"),
    "waivers": ("name", "owner", "approver", "expires", "ticket"),
}


def rows(kind: str, catalogue: Catalogue) -> list[Row]:
    """Everything of a kind, one of `LISTED`."""
    return _ROWS[kind](catalogue)


def render(kind: str, found: Sequence[Row]) -> str:
    """A table of `found`, ending in a newline; one line alone where there is nothing."""
    if not found:
        return f"no {kind}\n"
    columns = _COLUMNS[kind]
    table = [columns, *(tuple(_cell(row[column]) for column in columns) for row in found)]
    widths = [max(len(line[place]) for line in table) for place in range(len(columns))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return clean(", ".join(map(str, value))) or "–"
    return clean(str(value)) or "–"


def _controls(catalogue: Catalogue) -> list[Row]:
    found = []
    for control in sorted(
        catalogue.controls.values(), key=lambda one: (one.framework, criterion_key(one.criterion))
    ):
        supporters = support(catalogue, control.id)
        fed = [each for each in supporters.checks if not each.misplaced]
        found.append(
            {
                "id": control.id,
                "title": control.title,
                "owner": control.owner,
                "frequency": control.frequency.value,
                "automation": control.automation.value,
                "policies": list(supporters.policies),
                "gates": sorted({each.gate for each in fed}),
            }
        )
    return found


def _policies(catalogue: Catalogue) -> list[Row]:
    return [
        {
            "id": name,
            "title": policy.title,
            "owner": policy.owner,
            "entrypoints": sorted(policy.entrypoints),
            "controls": list(policy.controls),
            "builtin": policy.builtin,
        }
        for name, policy in sorted(catalogue.policies.items())
    ]


def _gates(catalogue: Catalogue) -> list[Row]:
    return [
        {
            "name": name,
            "title": gate.title,
            "owner": gate.owner,
            "runs": gate.runs.value,
            "mode": gate.mode.value,
            "checks": [check.id for check in gate.checks],
            "controls": _sorted(name for check in gate.checks for name in check.controls),
        }
        for name, gate in sorted(catalogue.gates.items())
    ]


def _contracts(catalogue: Catalogue) -> list[Row]:
    return [
        {
            "name": name,
            "dataset": contract.dataset_id,
            "version": contract.version,
            "tenant": contract.tenant_id,
            "license": contract.license,
            "purposes": list(contract.purposes),
            "retention": contract.retention,
        }
        for name, contract in sorted(catalogue.contracts.items())
    ]


def _collectors(_catalogue: Catalogue) -> list[Row]:
    return [
        {
            "name": name,
            "mediaType": collector.media_type,
            "statesTime": collector.timestamped,
            "options": sorted(collector.options_schema.get("properties", {})),
        }
        for name, collector in sorted(COLLECTORS.items())
    ]


def _waivers(catalogue: Catalogue) -> list[Row]:
    return [
        {
            "name": name,
            "owner": waiver.owner,
            "approver": waiver.approver,
            "ticket": waiver.ticket,
            "expires": format_instant(waiver.expires),
            "fingerprints": list(waiver.fingerprints),
        }
        for name, waiver in sorted(catalogue.waivers.items())
    ]


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(set(names))


_ROWS: Mapping[str, Callable[[Catalogue], list[Row]]] = {
    "controls": _controls,
    "policies": _policies,
    "gates": _gates,
    "contracts": _contracts,
    "collectors": _collectors,
    "waivers": _waivers,
}
LISTED: tuple[str, ...] = tuple(_ROWS)
