"""`probanda diff --against REV [GATE…]`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from probanda.cli.options import as_of_option, find_project, now, project_option

_WAYS = {
    "loosened": ("loosened",),
    "tightened": ("tightened",),
    "any": ("loosened", "tightened"),
    "nothing": (),
}


@click.command("diff")
@click.argument("gates", nargs=-1, metavar="[GATE]...")
@click.option("--against", required=True, metavar="REV", help="The revision to compare with.")
@click.option(
    "--fail-on",
    type=click.Choice(list(_WAYS)),
    default="nothing",
    show_default=True,
    help="Exit with 1 when a check changed so.",
)
@click.option("--tenant", default="", help="Tenant. Default: the project's.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@as_of_option
@project_option
def command(
    gates: tuple[str, ...],
    against: str,
    fail_on: str,
    tenant: str,
    format_: str,
    as_of: datetime | None,
    project: Path | None,
) -> int:
    """Judge the same facts by the content of REV and of the working tree; show what differs.

    Exits 0, 1 as --fail-on says, 2 for a wrong command line or content, 3 when neither side has a
    check, or when --fail-on asks and a check could not be evaluated.
    """
    from probanda.canonical import pretty
    from probanda.gates.decision_diff import decision_diff
    from probanda.output.decision_diff import render_text, to_json

    diff = decision_diff(
        find_project(project),
        against=against,
        as_of=as_of or now(),
        tenant=tenant,
        gates=gates,
    )
    code = diff.exit_code(_WAYS[fail_on])
    shown = pretty(to_json(diff, exit_code=code)) if format_ == "json" else render_text(diff)
    click.echo(shown, nl=False)
    return code
