"""`probanda waive FINGERPRINT`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from probanda.cli.options import as_of_option, find_project, now, project_option, terms_options


@click.command("waive")
@click.argument("fingerprint")
@click.option(
    "--gate", "gates", multiple=True, metavar="GATE", help="Only here. Default: where it blocks."
)
@terms_options
@as_of_option
@project_option
def command(
    fingerprint: str,
    gates: tuple[str, ...],
    owner: str,
    approver: str,
    ticket: str,
    reason: str,
    days: int | None,
    as_of: datetime | None,
    project: Path | None,
) -> int:
    """Write a waiver for the open finding FINGERPRINT of the last `probanda check`.

    The beginning of a fingerprint is enough where it is unique. The waiver excuses nothing until
    its approver has signed it, and counts once it is part of the base revision.
    """
    from probanda.content import WorkingTree, load
    from probanda.gates.decision_set import RUN_FOLDER, DecisionStore
    from probanda.gates.exception_documents import Terms, completed, find_blocked, write_waiver

    root = find_project(project)
    catalogue = load(WorkingTree(root))
    blocked = find_blocked(DecisionStore(root / RUN_FOLDER), fingerprint.lower(), gates)
    terms = Terms(
        owner, approver, ticket, reason, as_of or now(), days or catalogue.project.waivers.max_days
    )
    terms = completed(catalogue, terms)
    path = write_waiver(root, catalogue, blocked, terms)
    click.echo(str(path))
    click.echo(f"next: {terms.approver} reviews and signs it:", err=True)
    click.echo(f"  probanda sign {path} --key KEY", err=True)
    return 0
