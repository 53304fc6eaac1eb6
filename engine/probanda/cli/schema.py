"""`probanda schema KIND`."""

from __future__ import annotations

from difflib import get_close_matches

import click


@click.command("schema")
@click.argument("kind")
def command(kind: str) -> int:
    """Print the JSON Schema (draft 2020-12) of KIND (Gate, Policy, Control, …)."""
    from probanda.canonical import pretty
    from probanda.content import KINDS, json_schema
    from probanda.errors import UsageError

    known = {name.lower(): name for name in KINDS}
    if kind.lower() not in known:
        hint = f"kinds: {', '.join(sorted(KINDS))}"
        if near := get_close_matches(kind.lower(), known, n=1):
            hint = f"did you mean {known[near[0]]!r}? {hint}"
        raise UsageError(f"there is no kind {kind!r}", hint=hint)
    click.echo(pretty(json_schema(known[kind.lower()])), nl=False)
    return 0
