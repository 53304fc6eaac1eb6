"""`probanda sign FILE`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("sign")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The approver's private key (PEM, P-256 or Ed25519).",
)
def command(file: Path, key: Path) -> int:
    """Sign FILE, a waiver, baseline or clarification, and write FILE.sig.json beside it.

    The signature is a DSSE envelope over the exact bytes of the file.
    """
    from probanda.errors import SigningError
    from probanda.gates.files import write_file
    from probanda.sign.dsse import sign_document

    target = file.with_name(file.name + ".sig.json")
    try:
        signature = sign_document(file.read_bytes(), key.read_bytes())
        write_file(target, signature.encode())
    except OSError as error:
        raise SigningError(f"cannot sign {file}: {error.strerror or error}") from error
    click.echo(str(target))
    return 0
