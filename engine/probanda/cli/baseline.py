"""`probanda baseline write`, `prune`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from probanda.cli.options import as_of_option, find_project, now, project_option, terms_options

if TYPE_CHECKING:
    from probanda.model.decision import Decision


@click.group("baseline")
def command() -> None:
    """Adopt a gate: known findings are excused for a while, new ones block."""


@command.command("write")
@click.argument("gate")
@click.option("--replace", "replace_old", is_flag=True, help="Take the place of an older one.")
@terms_options
@as_of_option
@project_option
def write(
    gate: str,
    replace_old: bool,
    owner: str,
    approver: str,
    ticket: str,
    reason: str,
    days: int | None,
    as_of: datetime | None,
    project: Path | None,
) -> int:
    """Write what GATE finds in the working tree to evidence/baselines/GATE.yaml.

    It excuses nothing until its approver has signed it, and it always expires.
    """
    from probanda.content import WorkingTree, load
    from probanda.gates.exception_documents import Terms, completed, write_baseline

    root, clock = find_project(project), as_of or now()
    catalogue = load(WorkingTree(root))
    longest = catalogue.project.waivers.max_days
    terms = completed(catalogue, Terms(owner, approver, ticket, reason, clock, days or longest))
    decision = _decide(root, gate, clock)
    path, count = write_baseline(root, catalogue, decision, terms, replace_old=replace_old)
    click.echo(str(path))
    click.echo(
        f"{count} known finding{'' if count == 1 else 's'}; next: {terms.approver} reviews and"
        f" signs it:\n  probanda sign {path} --key KEY",
        err=True,
    )
    return 0


@command.command("prune")
@click.argument("gate")
@as_of_option
@project_option
def prune(gate: str, as_of: datetime | None, project: Path | None) -> int:
    """Take out of GATE's baseline what the gate does not find any more."""
    from probanda.content import WorkingTree, load
    from probanda.errors import UsageError
    from probanda.exceptions import stale_findings
    from probanda.gates.exception_documents import prune_baseline

    root = find_project(project)
    catalogue = load(WorkingTree(root))
    baseline = catalogue.baselines.get(gate)
    if baseline is None:
        known = ", ".join(catalogue.baselines) or "none"
        raise UsageError(f"the gate {gate!r} has no baseline", hint=f"there are: {known}")
    decision = _decide(root, gate, as_of or now())
    stale = list(stale_findings(baseline, decision.checks))
    for each in stale:
        click.echo(f"{each.rule} {each.key}: {each.gone} gone", err=True)
    if not stale:
        click.echo("nothing is gone", err=True)
        return 0
    path = prune_baseline(
        root, baseline, {(each.fingerprint, each.path): each.gone for each in stale}
    )
    click.echo(str(path))
    if path.exists():
        click.echo(f"next: {baseline.approver} signs it again:", err=True)
        click.echo(f"  probanda sign {path} --key KEY", err=True)
    else:
        click.echo("nothing is left: it was removed with its signature", err=True)
    return 0


def _decide(root: Path, gate: str, as_of: datetime) -> Decision:
    """What the gate says of the working tree."""
    from probanda.gates.run import GateRequest, run_gates

    (decision,) = run_gates(GateRequest(root=root, as_of=as_of, gates=(gate,))).decisions
    return decision
