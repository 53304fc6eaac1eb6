"""`probanda verify FILE`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from probanda.cli.options import Instant, current_folder, wants_colour

if TYPE_CHECKING:
    from probanda.evidence.trust import Trust


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
    from probanda.evidence.verify import verify_bundle
    from probanda.output import verification

    check = verify_index if file.suffix == ".json" else verify_bundle
    report = check(
        file,
        trust=_trust(trust),
        at=at,
        identity=identity,
        issuer=issuer,
    )
    if format_ == "json":
        click.echo(verification.render_json(report), nl=False)
    else:
        click.echo(verification.render(report, colour=wants_colour()), nl=False)
    return report.exit_code


def _trust(explicit: Path | None) -> Trust | None:
    """The trust to verify with; the project around is only read when nothing else says whom.

    Raises:
        CannotVerifyError: a trust file is malformed, or the project that declares them is.
    """
    from probanda.content import WorkingTree, find_root, load
    from probanda.errors import CannotVerifyError, ContentError
    from probanda.evidence.trust import resolve_trust

    found = resolve_trust(explicit=explicit)
    if found is not None:
        return found
    try:
        root = find_root(current_folder())
    except ContentError:
        return None
    try:
        declared = load(WorkingTree(root)).project.trust
    except ContentError as error:
        raise CannotVerifyError(
            f"the project in {root} has errors, so whom it trusts is not known",
            hint="pass --trust, or run `probanda validate` and mend them",
        ) from error
    return resolve_trust(project=[root / path for path in declared])
