"""`probanda validate`."""

from __future__ import annotations

from pathlib import Path

import click

from probanda.cli.options import find_project, project_option


@click.command("validate")
@click.option("--base", default="", metavar="REF", help="Validate a revision instead.")
@project_option
def command(base: str, project: Path | None) -> int:
    """Check every document of the project, and compile every policy; run nothing.

    Reports all errors at once, each with file, line, field and hint. Exits 0 or 2.
    """
    from probanda import rego
    from probanda.content import RevisionTree, WorkingTree, load
    from probanda.errors import ContentError, MultipleContentError, PolicyError, UsageError
    from probanda.repository import Repository

    root = find_project(project)
    if base:
        repository = Repository.discover(root)
        if repository is None:
            raise UsageError("--base needs a git repository", hint="leave --base out")
        catalogue = load(RevisionTree(repository, repository.resolve(base), base))
    else:
        catalogue = load(WorkingTree(root))
    errors: list[ContentError] = []
    for policy in catalogue.policies.values():
        paths = [entry.rego_path for entry in policy.entrypoints.values()]
        try:
            rego.compile(policy.modules, paths).close()
        except PolicyError as error:
            errors.append(
                ContentError(
                    f"policy {policy.id}: {error.message}",
                    location=error.location or policy.location,
                    hint=error.hint,
                )
            )
    if errors:
        raise MultipleContentError(errors)
    counts = {
        "gates": len(catalogue.gates),
        "policies": len(catalogue.policies),
        "controls": len(catalogue.controls),
        "contracts": len(catalogue.contracts),
        "waivers": len(catalogue.waivers),
        "clarifications": len(catalogue.clarifications),
    }
    click.echo("valid: " + ", ".join(f"{count} {noun}" for noun, count in counts.items()))
    return 0
