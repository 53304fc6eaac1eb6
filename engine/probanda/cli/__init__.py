"""The command line: parse, call, render, exit. One file per command, loaded on demand.

stdout is data, stderr talks, `hint:` says what to do next. Exit codes: 0 pass, 1 blocked
(or checked and bad), 2 wrong command line or content, 3 could not decide, which includes
bugs of ours and a reader of our output who left; 130 interrupted.

Example:
    sys.exit(run(["check", "--base", "origin/main"]))
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import signal
import sys
from typing import Any

import click

from probanda import __version__
from probanda.errors import (
    CannotVerifyError,
    ContentError,
    EvidenceError,
    LedgerError,
    MultipleContentError,
    ParseError,
    ProbandaError,
    SigningError,
    UsageError,
    VerificationFailedError,
)
from probanda.model.outcome import EXIT_BLOCKED, EXIT_UNDECIDED, EXIT_USAGE

# name → (module, one line for `--help`); a module is imported only when its command runs.
COMMANDS: dict[str, tuple[str, str]] = {
    "baseline": ("baseline", "Write down what a gate finds already, or take out what is gone."),
    "bundle": ("bundle", "Record decisions in the ledger and write a signed bundle."),
    "cell": ("cell", "Create the keys and trust files of a self-contained trust domain."),
    "check": ("check", "Run gates against this project's artifacts."),
    "diff": ("diff", "Compare decisions by a revision's content and by the working tree's."),
    "explain": ("explain", "Explain a control, policy, gate, collector, contract or waiver."),
    "forecast": ("forecast", "Say what turns red by itself within some days."),
    "list": ("list", "List the project's controls, policies, gates and so on."),
    "pack": ("pack", "Build the audit pack of a period from verified bundles."),
    "rego": ("rego", "Evaluate, check, test and measure Rego by itself."),
    "schema": ("schema", "Print the JSON Schema of a kind of document."),
    "sign": ("sign", "Sign a waiver, baseline or clarification with an approver's key."),
    "validate": ("validate", "Check the project's documents without running anything."),
    "waive": ("waive", "Write a waiver for a finding, to review and sign."),
    "verify": ("verify", "Verify a bundle or pack offline."),
}

# Interrupted by Ctrl-C: 128 + SIGINT, as shells expect.
EXIT_INTERRUPTED = 130

EXIT_CODES: tuple[tuple[type[ProbandaError], int], ...] = (
    (VerificationFailedError, EXIT_BLOCKED),
    (CannotVerifyError, EXIT_UNDECIDED),
    (ContentError, EXIT_USAGE),
    (UsageError, EXIT_USAGE),
    (ParseError, EXIT_USAGE),
    (LedgerError, EXIT_UNDECIDED),
    (SigningError, EXIT_UNDECIDED),
    (EvidenceError, EXIT_UNDECIDED),
    (ProbandaError, EXIT_UNDECIDED),
)


class _LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"probanda.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(COMMANDS.items())])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            known = f"commands: {', '.join(COMMANDS)}"
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            raise UsageError(
                f"there is no command {args[0]!r}",
                hint=f"did you mean {near[0]!r}?" if near else known,
            ) from error


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="probanda", message="%(prog)s %(version)s")
def cli() -> None:
    """Policy and compliance as code: gates that block merges, evidence that verifies offline."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # A command is short and imports much: searching for cycles less often saves a tenth.
    gc.set_threshold(50_000, 20, 100)
    for stream in (sys.stdout, sys.stderr):
        # A terminal without UTF-8 shows `\u2717` rather than an error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _flushed(run(arguments))
    except KeyboardInterrupt:
        code = _interrupted()
    except Exception as error:  # noqa: BLE001  # Python would exit with 1, which says "blocked"
        code = _interrupted() if _was_interrupted(error) else _bug()
    # What is done is done: Python restores the signal's default on its way out, and the exit
    # code would be lost.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; every known error becomes one message."""
    try:
        result: Any = cli.main(args=arguments, prog_name="probanda", standalone_mode=False)
    except click.ClickException as error:
        _report_usage(error)
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        return _interrupted()
    except ProbandaError as error:
        report(error)
        return next(code for kind, code in EXIT_CODES if isinstance(error, kind))
    except SystemExit:
        # click exits by itself in two cases only: it has answered a shell that completes a
        # word, or the reader of our output has gone. Then it exits with 1: "blocked".
        if "_PROBANDA_COMPLETE" in os.environ:
            raise
        return EXIT_UNDECIDED
    except OSError as error:
        # A full disk, a folder that is gone: what no command expects in particular.
        place = f"{error.filename}: " if error.filename else ""
        report(EvidenceError(f"{place}{error.strerror or error}"))
        return EXIT_UNDECIDED
    return result if isinstance(result, int) else 0


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether an error only wraps an interrupt, as Python 3.11 does inside `__set_name__`."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _bug() -> int:
    """Show the traceback that is being handled, and what it means for the caller."""
    import traceback

    traceback.print_exc()
    click.echo("error: this is a bug in probanda; nothing was decided", err=True)
    click.echo("hint: report it together with the lines above", err=True)
    return EXIT_UNDECIDED


def _interrupted() -> int:
    click.echo("interrupted: nothing half-written was left behind", err=True)
    return EXIT_INTERRUPTED


def _flushed(code: int) -> int:
    """`code`, unless what was printed did not get out: then it is no pass."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        # Python flushes once more at the end, and would exit with 120.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  # as above
        report(EvidenceError(f"cannot write to stdout: {error.strerror}"))
        return code or EXIT_UNDECIDED
    return code


def _report_usage(error: click.ClickException) -> None:
    """What click complains of, in our form; `probanda` alone shows what there is."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if context is None or message.startswith("Usage:"):
        click.echo(message or type(error).__name__, err=True)
        return
    text = message[:1].lower() + message[1:].rstrip(".")
    report(UsageError(text, hint=f"see {context.command_path} --help"))


def report(error: ProbandaError) -> None:
    """Write an error, or each of several, to stderr as `error:` and `hint:` lines."""
    from probanda.output.text import clean

    errors = error.errors if isinstance(error, MultipleContentError) else (error,)
    for item in errors:
        lines = str(item).splitlines() or [type(item).__name__]
        click.echo("error: " + "\n       ".join(clean(line) for line in lines), err=True)
        if item.hint:
            click.echo(f"hint: {clean(item.hint)}", err=True)
    if len(errors) > 1:
        click.echo(f"{len(errors)} errors", err=True)
