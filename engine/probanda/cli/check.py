"""`probanda check [GATE…]`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from probanda.cli.options import (
    as_of_option,
    base_from_environment,
    cache_option,
    colour_option,
    find_cache,
    find_project,
    now,
    project_option,
    terminal_width,
    wants_colour,
)
from probanda.output.formats import FORMATS

if TYPE_CHECKING:
    from probanda.gates.run import GateRun
    from probanda.model.decision import Decision
    from probanda.output.interface import RunReport


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
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help=f"What to write where; several times. Formats: {', '.join(FORMATS)}."
    " Default: text on stdout.",
)
@click.option(
    "--format",
    "format_",
    type=click.Choice([*FORMATS]),
    default=None,
    help="The format on stdout: the same as --output FORMAT.",
)
@click.option(
    "--against-decisions",
    type=click.Path(exists=True, path_type=Path),
    default=None,
    metavar="FILE",
    help="Decisions of an earlier run; markdown says what is new and what is fixed since.",
)
@click.option(
    "--explain",
    is_flag=True,
    help="Show which expression of a policy denied, with its values. They are printed, not kept.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress on stderr.")
@colour_option
@click.option(
    "--jobs",
    type=click.IntRange(0, 64),
    default=0,
    metavar="N",
    help="Processes for checks of many files. Default: one for each processor, where it pays.",
)
@cache_option
@as_of_option
@project_option
def command(
    gates: tuple[str, ...],
    base: str | None,
    approved_by: tuple[str, ...],
    tenant: str,
    outputs: tuple[str, ...],
    format_: str | None,
    against_decisions: Path | None,
    explain: bool,
    quiet: bool,
    colour: str,
    jobs: int,
    cache: bool | None,
    as_of: datetime | None,
    project: Path | None,
) -> int:
    """Run GATEs (default: every CI gate) against this project's artifacts.

    Leaves the decision set below .probanda/ for a trusted job to sign. Exits 0 when
    everything passed, 1 when a finding blocks, 2 for a wrong command line or content,
    3 when something could not be decided.
    """
    from probanda.cli.outputs import parse_outputs, write_outputs
    from probanda.cli.surroundings import progress
    from probanda.gates.decision_set import RUN_FOLDER, DecisionStore
    from probanda.gates.earlier import read_earlier
    from probanda.gates.run import GateRequest, run_gates

    wanted = parse_outputs(outputs, format_)
    # Read first: the run is about to replace what lies in the run folder.
    earlier = None if against_decisions is None else read_earlier(against_decisions)
    root = find_project(project)
    request = GateRequest(
        root=root,
        as_of=as_of or now(),
        gates=gates,
        base=base_from_environment() if base is None else base,
        tenant=tenant,
        approved_by=approved_by,
        explain=explain,
        admit=any(each.format in _PEOPLE for each in wanted),
        jobs=jobs,
        cache=find_cache(root, wanted=cache),
    )
    with progress(quiet=quiet) as told:
        run = run_gates(request, told)
    # Stored first: whoever reads only the first line of the output gets evidence all the same.
    store = DecisionStore(root / RUN_FOLDER)
    for decision in run.decisions:
        originals, cached = run.originals[decision.gate], run.cached[decision.gate]
        store.write(decision, run.content, originals, cached=cached)
    report = _report(run, earlier, project, documents=any(each.format in _FULL for each in wanted))
    write_outputs(wanted, report, colour=wants_colour(colour), width=terminal_width())
    return run.exit_code


# Formats that say what would pass.
_PEOPLE = frozenset({"text", "junit", "markdown"})
# Formats that want to know everything around a run; for the others it is not looked up.
_FULL = frozenset({"sarif", "junit", "github", "markdown"})


def _report(
    run: GateRun, earlier: dict[str, Decision] | None, project: Path | None, *, documents: bool
) -> RunReport:
    from probanda.cli.surroundings import policy_pages, source_tree
    from probanda.output.interface import RunReport, SourceTree

    source = source_tree(run.repository) if documents else SourceTree()
    stated = "" if project is None else project.as_posix()
    return RunReport(
        decisions=run.decisions,
        exit_code=run.exit_code,
        catalogue=run.catalogue,
        pages=policy_pages(run) if documents else {},
        explanations=run.explanations,
        admissions=run.admissions,
        cached=run.cached,
        source=source,
        # What others cannot have is no help to them: an absolute path of this machine.
        project="" if stated == "." else source.folder if stated.startswith("/") else stated,
        earlier=earlier,
    )
