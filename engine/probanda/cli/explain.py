"""`probanda explain ID`."""

from __future__ import annotations

from pathlib import Path

import click

from probanda.cli.options import find_project, project_option


@click.command("explain")
@click.argument("id_", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, with every field.")
@project_option
def command(id_: str, as_json: bool, project: Path | None) -> int:
    """Explain a control (in any spelling), policy, gate, collector, contract or waiver.

    Where several things have the name, write its kind before it: gate:NAME.
    """
    from probanda.canonical import pretty
    from probanda.content import WorkingTree, builtin_tree, load
    from probanda.content.lookup import find
    from probanda.output.description import describe
    from probanda.output.explanation import render

    tree = WorkingTree(find_project(project))
    catalogue = load(tree, maps=True)
    description = describe(find(id_, catalogue), catalogue, tree, builtin_tree())
    click.echo(pretty(description) if as_json else render(description), nl=False)
    return 0
