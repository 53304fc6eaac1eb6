"""`probanda pack`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from probanda.cli.options import as_of_option, find_project, now, project_option


@click.command("pack")
@click.argument("bundles", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--framework", default="soc2", show_default=True, help="Framework of the controls.")
@click.option(
    "--period",
    required=True,
    metavar="A/B",
    help="ISO 8601 interval: from A (inclusive) to B (exclusive).",
)
@click.option(
    "--cell",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the cell that signs.",
)
@click.option(
    "--trust",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Whom to believe about the bundles. Default: your trust store, else the project's.",
)
@click.option("--tenant", default="", help="Tenant. Default: the project's.")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="File to write. Default: .probanda/packs/FRAMEWORK-A-B-ASOF.tar.",
)
@as_of_option
@project_option
def command(
    bundles: tuple[Path, ...],
    framework: str,
    period: str,
    folder: Path,
    trust: Path | None,
    tenant: str,
    output: Path | None,
    as_of: datetime | None,
    project: Path | None,
) -> int:
    """Build the audit pack of a period from BUNDLES (default: all in .probanda/bundles).

    Verifies every bundle, derives each control's status, and writes a sealed pack and its
    page. Prints the pack's path.
    """
    from probanda.content import WorkingTree, load
    from probanda.evidence.trust import resolve_trust
    from probanda.gates.audit_pack import PackRequest, index_of, page_of, write_pack
    from probanda.gates.decision_set import RUN_FOLDER
    from probanda.sign import Cell

    start, end = _interval(period)
    root = find_project(project)
    catalogue = load(WorkingTree(root))
    clock = as_of or now()
    run = root / RUN_FOLDER
    request = PackRequest(
        bundles=bundles or sorted((run / "bundles").glob("*.tar")),
        framework=framework,
        tenant=tenant or catalogue.project.tenant,
        start=start,
        end=end,
        as_of=clock,
        now=now(),
        output=output
        or run / "packs" / f"{framework}-{_digits(start)}-{_digits(end)}-{_digits(clock)}.tar",
    )
    believed = resolve_trust(
        explicit=trust, project=[root / path for path in catalogue.project.trust]
    )
    written = write_pack(request, catalogue, Cell.open(folder), believed)
    click.echo(str(written.path))
    click.echo(f"page: {page_of(written.path)}", err=True)
    click.echo(f"signed index: {index_of(written.path)[0]}", err=True)
    return 0


def _digits(moment: datetime) -> str:
    """`20260101` for midnight, else `20260101T120000Z`."""
    from probanda.model.instant import format_instant

    return format_instant(moment).translate({ord("-"): "", ord(":"): ""}).removesuffix("T000000Z")


def _interval(text: str) -> tuple[datetime, datetime]:
    from probanda.errors import UsageError
    from probanda.model.instant import parse_instant

    try:
        first, last = text.split("/")
        start, end = parse_instant(first), parse_instant(last)
    except ValueError as error:
        raise UsageError(
            f"--period {text!r} is no interval",
            hint="write it as 2026-01-01/2027-01-01: from A (inclusive) to B (exclusive)",
        ) from error
    if start >= end:
        raise UsageError(f"--period {text!r} ends before it starts")
    return start, end
