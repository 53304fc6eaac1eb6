"""`--output FORMAT[=FILE]`: what goes where, and writing it.

Rules:

- One output at most goes to stdout; without one for stdout, that is `text`.
- Files are looked at before a gate runs, and written whole or not at all after it. One that
  cannot be written is an error (exit 2) which names the outcome; the others are written.
- Only ordinary files are replaced: a device or a pipe of that name stays what it is.

Example:
    outputs = parse_outputs(("sarif=out.sarif", "text"), None)
    write_outputs(outputs, report, colour=False)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path

import click

from probanda.errors import UsageError
from probanda.output.formats import FORMATS, renderer
from probanda.output.interface import RunReport
from probanda.output.summary import verdict


@dataclass(frozen=True, slots=True)
class Output:
    """One format and the file it goes to; `None` is stdout."""

    format: str
    file: Path | None = None


def parse_outputs(given: Sequence[str], format_: str | None) -> tuple[Output, ...]:
    """The outputs of a command line: `--output` as given, and `--format`.

    Raises:
        UsageError: an unknown format, two for stdout or one file, or a file that cannot be.
    """
    outputs = [_parse(each) for each in given]
    if format_ is not None:
        outputs.append(Output(format_))
    on_stdout = [each.format for each in outputs if each.file is None]
    if len(on_stdout) > 1:
        raise UsageError(
            f"stdout takes one format, not {' and '.join(on_stdout)}",
            hint=f"send the others to files: --output {on_stdout[1]}=FILE",
        )
    files = [each.file.absolute() for each in outputs if each.file is not None]
    if twice := [path for path in files if files.count(path) > 1]:
        raise UsageError(f"two outputs go to {twice[0]}", hint="give each a file of its own")
    return tuple(outputs) if on_stdout else (Output("text"), *outputs)


def _parse(given: str) -> Output:
    name, equals, file = given.partition("=")
    if name not in FORMATS:
        hint = f"formats: {', '.join(FORMATS)}"
        if near := get_close_matches(name, FORMATS, n=1):
            hint = f"did you mean {near[0]!r}? {hint}"
        raise UsageError(f"there is no output format {name!r}", hint=hint)
    if not equals or file == "-":
        return Output(name)
    path = Path(file)
    if not file or path.is_dir():
        raise UsageError(f"--output {given}: not a file", hint=f"write --output {name}=FILE")
    if not path.parent.is_dir():
        raise UsageError(f"--output {given}: there is no folder {path.parent}", hint="make it")
    if path.exists() and not path.is_file():
        raise UsageError(
            f"--output {given}: not an ordinary file",
            hint=f"write --output {name} for stdout, and redirect it",
        )
    return Output(name, path)


def write_outputs(
    outputs: Sequence[Output], report: RunReport, *, colour: bool, width: int
) -> None:
    """Print what goes to stdout, then write every file.

    Raises:
        UsageError: a file could not be written; it says how the gates ended.
    """
    for output in outputs:
        if output.file is None:
            shown = renderer(output.format)(replace(report, colour=colour, width=width))
            click.echo(shown, nl=False, color=colour or None)
    failures = [said for output in outputs if (said := _write(output, report))]
    if failures:
        found = verdict(report)
        raise UsageError(
            "; ".join(failures),
            hint=f"the gates ended {found.word} ({found.tail}; exit {report.exit_code}), and"
            " their decisions are stored; choose another place and run again",
        )


def _write(output: Output, report: RunReport) -> str:
    """Write one output that has a file; what went wrong, empty when nothing did."""
    from probanda.gates.files import write_file

    if output.file is None:
        return ""
    shown = renderer(output.format)(report)
    try:
        # A link is followed: what it names is replaced, not the link.
        write_file(output.file.resolve(), shown.encode("utf-8", "backslashreplace"))
    except OSError as error:
        return f"cannot write {output.format} to {output.file}: {error.strerror or error}"
    return ""
