"""`probanda verify FILE`."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import click

from probanda.cli.options import Instant


@click.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--trust",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    help="Trusted root or trust config. Default: your trust store, else the enclosing project's.",
)
@click.option("--identity", default="", help="Expected signer, for roots that vouch for many.")
@click.option("--issuer", default="", help="Expected OIDC issuer, for roots that vouch for many.")
@click.option("--at", type=Instant(), default=None, help="The verifier's clock. Default: now.")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def command(
    file: Path, trust: Path | None, identity: str, issuer: str, at: datetime | None, format_: str
) -> int:
    """Verify a bundle, a pack or a signed index (.json), offline, in numbered steps.

    Exits 0 when it is good and its signer trusted, 1 when it was checked and is bad, 3
    when it could not be checked or is intact but its signer is unknown. Trust never comes
    from the bundle.
    """
    from probanda.evidence.index_signature import verify_index
    from probanda.evidence.trust import resolve_trust
    from probanda.evidence.verify import verify_bundle
    from probanda.output import verification

    check = verify_index if file.suffix == ".json" else verify_bundle
    report = check(
        file,
        trust=resolve_trust(explicit=trust, project=_project_trust(trust)),
        at=at,
        identity=identity,
        issuer=issuer,
    )
    if format_ == "json":
        click.echo(verification.render_json(report), nl=False)
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        click.echo(verification.render(report, colour=colour), nl=False)
    return report.exit_code


def _project_trust(explicit: Path | None) -> list[Path]:
    """Trust files that the project around the current folder declares, if there is one."""
    from probanda.content import WorkingTree, find_root, load
    from probanda.errors import ContentError

    if explicit is not None:
        return []
    try:
        root = find_root(Path.cwd())
    except ContentError:
        return []
    return [root / path for path in load(WorkingTree(root)).project.trust]
