"""Options that several commands share, and the values they turn into."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from probanda.errors import UsageError
from probanda.model.instant import parse_instant

if TYPE_CHECKING:
    from probanda.gates.file_cache import FileCache

F = TypeVar("F", bound=Callable[..., Any])

# Longer lines are hard to read, however wide the terminal.
MAX_WIDTH = 110


class Instant(click.ParamType[datetime]):
    """An RFC 3339 instant or a date."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Parse, or fail with click's usage error."""
        if isinstance(value, datetime):
            return value
        try:
            return parse_instant(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def project_option(command: F) -> F:
    """`--project DIR`: the project's folder; default: the nearest one upwards."""
    return click.option(
        "--project",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        default=None,
        help="The project's folder. Default: the nearest folder upwards with a probanda.yaml.",
    )(command)


def as_of_option(command: F) -> F:
    """`--as-of TIME`: the decision's clock; default: now, in whole seconds."""
    return click.option(
        "--as-of",
        type=Instant(),
        default=None,
        help="The clock of the decision (RFC 3339 or a date). Default: now.",
    )(command)


def cache_option(command: F) -> F:
    """`--cache` and `--no-cache`; neither leaves it to `find_cache`."""
    return click.option(
        "--cache/--no-cache",
        default=None,
        help="Remember findings about files. Default: PROBANDA_CACHE (on, off), else on"
        " outside of CI. A job that signs judges anew.",
    )(command)


def find_cache(project: Path, *, wanted: bool | None) -> Callable[[], FileCache | None] | None:
    """Opens the user's cache, if it is wanted; one that cannot be trusted is none.

    stderr says so, once.

    Raises:
        UsageError: PROBANDA_CACHE is neither `on` nor `off`.
    """
    if wanted is None:
        said = os.environ.get("PROBANDA_CACHE", "")
        if said not in {"", "on", "off"}:
            raise UsageError(f"PROBANDA_CACHE is {said[:20]!r}", hint="write 'on' or 'off'")
        wanted = said == "on" or (not said and not os.environ.get("CI"))
    if not wanted:
        return None

    @lru_cache(maxsize=1)
    def opened() -> FileCache | None:
        from probanda.gates.file_cache import open_cache

        found = open_cache(project, os.environ)
        if isinstance(found, str):
            click.echo(f"note: no cache: {found}", err=True)
            return None
        return found

    return opened


def colour_option(command: F) -> F:
    """`--color WHEN`: whether text for people has colours."""
    return click.option(
        "--color",
        "colour",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colours in text on stdout. NO_COLOR turns them off where they are automatic.",
    )(command)


def terminal_width() -> int:
    """Columns of the terminal that stdout is; 0 where it is none, so that no line is broken."""
    if sys.stdout is None or not sys.stdout.isatty():
        return 0
    return min(shutil.get_terminal_size().columns, MAX_WIDTH)


def wants_colour(when: str = "auto") -> bool:
    """Whether stdout is a terminal whose user has not asked for plain text (no-color.org)."""
    if when != "auto":
        return when == "always"
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    # A closed stdout is `None`.
    return sys.stdout is not None and sys.stdout.isatty() and not plain


def now() -> datetime:
    """The wall clock in whole seconds; the only place of the command line that reads it."""
    return datetime.now(UTC).replace(microsecond=0)


def find_project(folder: Path | None) -> Path:
    """The project's root.

    Raises:
        ContentError: there is none.
    """
    from probanda.content import find_root

    return find_root(folder or current_folder())


def current_folder() -> Path:
    """Where the command runs.

    Raises:
        ContentError: that folder is gone.
    """
    from probanda.errors import ContentError

    try:
        return Path.cwd()
    except OSError as error:
        raise ContentError(
            "the current folder does not exist any more", hint="cd to another one"
        ) from error


# Environment variables in which CI systems name the branch that a change is merged into.
_BASE_VARIABLES = (
    ("GITHUB_BASE_REF", "origin/{}"),
    ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "{}"),
    ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "origin/{}"),
    ("BITBUCKET_PR_DESTINATION_COMMIT", "{}"),
)


def base_from_environment() -> str:
    """The base revision of the pull request that this CI job runs for; empty outside of one."""
    for variable, pattern in _BASE_VARIABLES:
        if value := os.environ.get(variable, ""):
            return pattern.format(value)
    return ""


def terms_options(command: F) -> F:
    """What a person says about an exception: `--owner`, `--ticket` and the like."""
    for decorate in reversed(_TERMS):
        command = decorate(command)
    return command


_TERMS = (
    click.option("--owner", required=True, help="Who asks for it and answers for it."),
    click.option("--approver", default="", help="Who will sign it. Default: the only one left."),
    click.option("--ticket", required=True, help="Reference to the discussion."),
    click.option("--reason", required=True, help="Why the exception is acceptable."),
    click.option(
        "--days",
        type=click.IntRange(1, 366),
        default=None,
        help="How long it holds. Default: as long as the project allows.",
    ),
)
