"""`probanda bundle [GATE…]`."""

from __future__ import annotations

from pathlib import Path

import click

from probanda.cli.options import find_project, now, project_option


@click.command("bundle")
@click.argument("gates", nargs=-1, metavar="[GATE]...")
@click.option(
    "--cell",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the cell that signs.",
)
@click.option("--name", default="", help="Name of the bundle. Default: gates and as-of time.")
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="File to write. Default: .probanda/bundles/NAME.tar.",
)
@click.option(
    "--base",
    default="",
    metavar="REF",
    help="Refuse decisions that other content than this revision's judged. For decision"
    " sets that somebody else's job made: they bring the content along.",
)
@project_option
def command(
    gates: tuple[str, ...],
    folder: Path,
    name: str,
    output: Path | None,
    base: str,
    project: Path | None,
) -> int:
    """Record the decisions of GATES (default: all) in the ledger and sign a bundle.

    Prints the bundle's path. A failed or undecided gate is evidence too: it is bundled
    like any other, and the bundle says so.
    """
    from probanda.gates.decision_set import RUN_FOLDER, DecisionStore
    from probanda.gates.record import record
    from probanda.gates.run import load_revision
    from probanda.sign import Cell

    root = find_project(project)
    cell = Cell.open(folder)
    written = record(
        DecisionStore(root / RUN_FOLDER),
        cell,
        gates=gates,
        name=name,
        output=output,
        judged_by=load_revision(root, base).digest if base else "",
        now=now(),
    )
    click.echo(str(written.path))
    predicate = written.statement.predicate
    chain = f"after {predicate.previous.name}" if predicate.previous else "the first of its chain"
    click.echo(
        f"signed by {cell.identity}: {len(written.manifest.entries)} files, outcome"
        f" {predicate.outcome}, ledger of {predicate.ledger.size} records, {chain}",
        err=True,
    )
    return 0
