"""`probanda list KIND`."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

import click

from probanda.cli.options import find_project, project_option


@click.command("list")
@click.argument("kind")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with every field.")
@project_option
def command(kind: str, as_json: bool, project: Path | None) -> int:
    """List everything of KIND: controls, policies, gates, contracts, collectors or waivers."""
    from probanda.canonical import pretty
    from probanda.content import WorkingTree, load
    from probanda.errors import UsageError
    from probanda.output.listing import LISTED, render, rows

    if kind not in LISTED:
        near = get_close_matches(kind.lower(), LISTED, n=1)
        known = f"kinds: {', '.join(LISTED)}"
        hint = f"did you mean {near[0]!r}? {known}" if near else known
        raise UsageError(f"there is no list of {kind!r}", hint=hint)
    found = rows(kind, load(WorkingTree(find_project(project))))
    click.echo(pretty({kind: found}) if as_json else render(kind, found), nl=False)
    return 0
