"""`probanda validate`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from probanda.cli.options import as_of_option, find_project, now, project_option
from probanda.model.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probanda.errors import ContentError, PolicyError
    from probanda.exceptions import Exceptions
    from probanda.model.policy import Policy


@click.command("validate")
@click.option("--base", default="", metavar="REF", help="Validate a revision instead.")
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@as_of_option
@project_option
def command(base: str, strict: bool, as_of: datetime | None, project: Path | None) -> int:
    """Check every document and signature of the project, compile its policies; run nothing.

    Reports all errors at once, each with file, line, field and hint; and warnings: what is
    well formed and probably not meant, such as an exception that excuses nothing. Exits 0 or 2.
    """
    from probanda import rego
    from probanda.content import WorkingTree, load
    from probanda.errors import MultipleContentError, PolicyError
    from probanda.gates.approvals import resolve_exceptions
    from probanda.gates.host_facts import verified_clarifications
    from probanda.gates.run import load_revision

    root = find_project(project)
    catalogue = load_revision(root, base) if base else load(WorkingTree(root), maps=True)
    errors: list[ContentError] = []
    # What is built in was compiled before it was shipped.
    for policy in (item for item in catalogue.policies.values() if not item.builtin):
        paths = [entry.rego_path for entry in policy.entrypoints.values()]
        try:
            rego.compile(policy.modules, paths, version=policy.rego_version)
        except PolicyError as error:
            errors += _errors(policy, error)
    try:
        verified_clarifications(catalogue)
    except MultipleContentError as error:
        errors += error.errors
    warnings = [*catalogue.warnings]
    try:
        warnings += _idle(resolve_exceptions(catalogue, as_of or now()))
    except MultipleContentError as error:
        errors += error.errors
    if strict:
        errors += warnings
    if errors:
        raise MultipleContentError(errors)
    _warn(warnings)
    counts = {
        "gate": len(catalogue.gates),
        "policy": len(catalogue.policies),
        "control": len(catalogue.controls),
        "contract": len(catalogue.contracts),
        "waiver": len(catalogue.waivers),
        "baseline": len(catalogue.baselines),
        "clarification": len(catalogue.clarifications),
    }
    click.echo("valid: " + ", ".join(_counted(count, noun) for noun, count in counts.items()))
    return 0


def _idle(exceptions: Exceptions) -> Iterator[ContentError]:
    """Exceptions that excuse nothing, and why."""
    from probanda.errors import ContentError

    over = [(each, "its time is over") for each in exceptions.expired]
    for each, why in (*over, *exceptions.invalid):
        yield ContentError(
            f"{each.id} excuses nothing: {why}",
            location=each.location,
            hint="see docs/exceptions.md",
        )


def _warn(warnings: Sequence[ContentError]) -> None:
    """Warnings, each with its hint, on stderr."""
    from probanda.output.text import clean

    for warning in warnings:
        click.echo(f"warning: {clean(str(warning))}", err=True)
        if warning.hint:
            click.echo(f"hint: {clean(warning.hint)}", err=True)


def _errors(policy: Policy, error: PolicyError) -> list[ContentError]:
    """Everything that is wrong with a policy's Rego, each with its place."""
    from probanda.errors import ContentError
    from probanda.rego.diagnostic import RegoErrors

    if not isinstance(error, RegoErrors):
        where = error.location or policy.location
        return [
            ContentError(f"policy {policy.id}: {error.message}", location=where, hint=error.hint)
        ]
    return [
        ContentError(
            f"policy {policy.id}: {item.message}",
            location=Location(item.span.path, item.span.row, item.span.column),
            hint=item.hint or None,
        )
        for item in error.diagnostics
    ]


def _counted(count: int, noun: str) -> str:
    """`1 gate`, `2 policies`."""
    if count != 1:
        noun = noun.removesuffix("y") + "ies" if noun.endswith("y") else noun + "s"
    return f"{count} {noun}"
