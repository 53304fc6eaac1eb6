"""`probanda forecast`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from probanda.cli.options import as_of_option, find_project, now, project_option
from probanda.model.outcome import EXIT_BLOCKED


@click.command("forecast")
@click.option(
    "--days", type=click.IntRange(0, 3650), default=30, show_default=True, help="How far to look."
)
@click.option(
    "--cell",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Folder of a cell whose certificates are looked at too.",
)
@click.option("--fail", is_flag=True, help="Exit 1 when anything is listed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@as_of_option
@project_option
def command(
    days: int,
    cell: Path | None,
    fail: bool,
    as_json: bool,
    as_of: datetime | None,
    project: Path | None,
) -> int:
    """Say what turns red by itself within some days, soonest first, and who answers for it.

    Waivers, baselines, memberships of the roster, evidence with a maxAge of a day or more,
    certificates of the project's trust roots and of a cell. What is over already is overdue.
    """
    from probanda.content import WorkingTree, load
    from probanda.gates.forecast import forecast
    from probanda.output.forecast import render, render_json

    root, clock = find_project(project), as_of or now()
    dues = forecast(root, load(WorkingTree(root)), as_of=clock, days=days, cell=cell)
    show = render_json if as_json else render
    click.echo(show(dues, as_of=clock, days=days), nl=False)
    return EXIT_BLOCKED if fail and dues else 0
