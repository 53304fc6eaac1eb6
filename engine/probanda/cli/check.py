"""`probanda check [GATE…]`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from probanda.cli.options import (
    as_of_option,
    base_from_environment,
    find_project,
    now,
    project_option,
    wants_colour,
)


@click.command("check")
@click.argument("gates", nargs=-1, metavar="[GATE]...")
@click.option(
    "--base",
    default=None,
    metavar="REF",
    help="Revision whose content judges. Default: the CI's target branch; else none.",
)
@click.option(
    "--approved-by",
    multiple=True,
    metavar="NAME",
    help="An approver of the base revision who approved the changed judging content."
    " The CI job states this, never the change itself.",
)
@click.option("--tenant", default="", help="Tenant. Default: the project's.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option(
    "--explain",
    is_flag=True,
    help="Show which expression of a policy denied, with its values. They are printed, not kept.",
)
@as_of_option
@project_option
def command(
    gates: tuple[str, ...],
    base: str | None,
    approved_by: tuple[str, ...],
    tenant: str,
    format_: str,
    explain: bool,
    as_of: datetime | None,
    project: Path | None,
) -> int:
    """Run GATEs (default: every CI gate) against this project's artifacts.

    Leaves the decision set below .probanda/ for a trusted job to sign. Exits 0 when
    everything passed, 1 when a finding blocks, 2 for a wrong command line or content,
    3 when something could not be decided.
    """
    from probanda.gates.decision_set import RUN_FOLDER, DecisionStore
    from probanda.gates.run import GateRequest, run_gates
    from probanda.output import json, text

    root = find_project(project)
    run = run_gates(
        GateRequest(
            root=root,
            as_of=as_of or now(),
            gates=gates,
            base=base_from_environment() if base is None else base,
            tenant=tenant,
            approved_by=approved_by,
            explain=explain,
        )
    )
    # Stored first: whoever reads only the first line of the output gets evidence all the same.
    store = DecisionStore(root / RUN_FOLDER)
    for decision in run.decisions:
        store.write(decision, run.content, run.originals[decision.gate])
    if format_ == "json":
        shown = json.render(run.decisions, exit_code=run.exit_code, explanations=run.explanations)
    else:
        shown = text.render(
            run.decisions,
            exit_code=run.exit_code,
            colour=wants_colour(),
            explanations=run.explanations,
        )
    click.echo(shown, nl=False)
    return run.exit_code
