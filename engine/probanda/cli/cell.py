"""`probanda cell init`."""

from __future__ import annotations

from pathlib import Path

import click

from probanda.cli.options import now


@click.group("cell")
def command() -> None:
    """A self-contained trust domain: CA, log key, time-stamping key, trust files."""


@command.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", default="", help="Name of the cell. Default: the folder's name.")
@click.option(
    "--unsafe-demo",
    is_flag=True,
    help="For demonstrations: keys lie unprotected on disk, and every file says so.",
)
def init(folder: Path, name: str, unsafe_demo: bool) -> int:
    """Create a cell in FOLDER, which must not exist yet.

    Writes trusted_root.json and trust_config.json: give one of them to whoever verifies.
    """
    from probanda.sign import Cell

    cell = Cell.create(
        folder, name=name or folder.resolve().name, unsafe_demo=unsafe_demo, now=now()
    )
    click.echo(str(folder / "trusted_root.json"))
    click.echo(f"created the cell {cell.name} in {folder}; it signs as {cell.identity}", err=True)
    if unsafe_demo:
        click.echo("UNSAFE DEMO: anyone who reads this folder can sign in its name", err=True)
    return 0
