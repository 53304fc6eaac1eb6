"""`probanda rego eval | check | conformance`; `test` and `mutate` stand beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from probanda.cli.options import find_project, project_option
from probanda.cli.rego_testing import mutate, test

if TYPE_CHECKING:
    from probanda.rego import Policy
    from probanda.rego.explain import Explanation
    from probanda.rego.opinions.interface import Engine

_FILES = click.Path(exists=True, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
# For one evaluation by another engine.
_OPINION_SECONDS = 10.0


@click.group("rego")
def command() -> None:
    """Evaluate, check and test Rego by itself, without a gate."""


command.add_command(test)
command.add_command(mutate)


@command.command("eval")
@click.argument("query")
@click.option("--data", "-d", "modules", multiple=True, type=_FILES, help="Rego file or folder.")
@click.option("--input", "-i", "input_file", type=_FILE, default=None, help="Input, JSON.")
@click.option("--base-data", type=_FILE, default=None, help="Base documents, JSON.")
@click.option("--strict", is_flag=True, help="Errors of built-ins end the evaluation.")
@click.option("--v0", is_flag=True, help="Read the modules as Rego v0.")
@click.option(
    "--explain",
    type=click.Choice(["text", "json"]),
    default=None,
    help="Print why instead: which rule decided, which expression failed, on which values.",
)
@click.option("--no-values", is_flag=True, help="Explain with types and sizes, without values.")
def evaluate(
    query: str,
    modules: tuple[Path, ...],
    input_file: Path | None,
    base_data: Path | None,
    strict: bool,
    v0: bool,
    explain: str | None,
    no_values: bool,
) -> int:
    """Print every set of bindings that makes QUERY true, as a JSON list.

    Exits 0 when there is one, 1 when there is none, 3 when the evaluation failed.
    """
    from probanda import rego
    from probanda.canonical import pretty
    from probanda.errors import UsageError
    from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS
    from probanda.parse.json import load_json

    if no_values and explain is None:
        raise UsageError("--no-values is about explanations", hint="add --explain text")
    sources = rego_sources(modules)
    policy = rego.compile(sources or {"empty.rego": "package empty"}, [], version=0 if v0 else 1)
    given = rego.UNDEFINED
    if input_file is not None:
        given = load_json(input_file.read_bytes(), path=str(input_file))
    data = {}
    if base_data is not None:
        data = load_json(base_data.read_bytes(), path=str(base_data))
    if explain is not None:
        made = policy.explain_query(query, input=given, data=data, strict_builtin_errors=strict)
        return _explained(made, explain, values=not no_values)
    found = policy.query(query, input=given, data=data, strict_builtin_errors=strict)
    click.echo(pretty(rego.to_json(found)), nl=False)
    return EXIT_PASS if found else EXIT_BLOCKED


def _explained(explanation: Explanation, form: str, *, values: bool) -> int:
    """Print an explanation; the exit code is the one of the evaluation that it explains."""
    from probanda.canonical import pretty
    from probanda.errors import PolicyError
    from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS
    from probanda.rego.explain import render

    if form == "json":
        click.echo(pretty(explanation.to_dict(values=values)), nl=False)
    else:
        click.echo(render(explanation, values=values), nl=False)
    if explanation.error_code:
        said = explanation.error if values else explanation.error_code
        raise PolicyError(said, code=explanation.error_code)
    return EXIT_PASS if explanation.value else EXIT_BLOCKED


@command.command("check")
@click.argument("paths", nargs=-1, type=_FILES)
@click.option("--v0", is_flag=True, help="Read the modules as Rego v0.")
@click.option(
    "--second-opinion",
    type=click.Choice(["all", "regopy", "regorus", "opa"]),
    is_flag=False,
    flag_value="all",
    default=None,
    help="Put the cases of the project's policies to other engines too: to all that are"
    " installed, or to one.",
)
@project_option
def check(
    paths: tuple[Path, ...], v0: bool, second_opinion: str | None, project: Path | None
) -> int:
    """Compile PATHS together (default: each policy of the project); report all that is wrong.

    Exits 0 when it compiles (warnings apart), 2 when not. With a second opinion: 1 when an engine
    disagrees and no known cause explains it, 3 when none has an opinion.
    """
    from probanda.errors import UsageError

    if paths:
        if second_opinion:
            raise UsageError(
                "a second opinion is about the cases of a project's policies, not about files",
                hint="leave out the paths, and name the project with --project",
            )
        sources = rego_sources(paths)
        if not sources:
            raise UsageError("there is no .rego file in " + ", ".join(map(str, paths)))
        policy = _compiled(sources, version=0 if v0 else 1)
        _show_warnings(policy, sources)
        click.echo(f"{len(sources)} module(s), {len(policy.entrypoints)} rule(s)")
        return 0
    root = find_project(project)
    _check_policies(root)
    return _ask_others(root, second_opinion) if second_opinion else 0


def _check_policies(root: Path) -> None:
    from probanda.content import WorkingTree, load

    for policy in load(WorkingTree(root)).policies.values():
        names = [entry.rego_path for entry in policy.entrypoints.values()]
        compiled = _compiled(policy.modules, names, version=policy.rego_version)
        _show_warnings(compiled, policy.modules)
        click.echo(f"{policy.id}: {len(names)} entry point(s) compile", err=True)


def _ask_others(root: Path, name: str) -> int:
    """Ask the named engine, or all that are installed, about every case of the project."""
    from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS, EXIT_UNDECIDED
    from probanda.rego.opinions.table import ENGINES

    answered, news = 0, 0
    for engine in ENGINES.values() if name == "all" else [ENGINES[name]]:
        if absence := engine.absence():
            click.echo(f"{engine.name}: not asked: {absence}", err=True)
            continue
        given, unexplained = _ask(root, engine)
        answered += given
        news += unexplained
    if news:
        return EXIT_BLOCKED
    if not answered:
        click.echo("no engine has an opinion", err=True)
    return EXIT_PASS if answered else EXIT_UNDECIDED


def _ask(root: Path, engine: Engine) -> tuple[int, int]:
    """How many cases the engine answered, and how many disagreements are news."""
    from probanda.content import WorkingTree, load
    from probanda.gates.second_opinion import compare

    tree = WorkingTree(root)
    asked, answered, found, news = 0, 0, 0, 0
    with engine.session(_OPINION_SECONDS) as session:
        for policy in load(tree).policies.values():
            if policy.builtin:
                continue
            opinions = compare(policy, tree, engine, session)
            for reason in opinions.silence:
                click.echo(f"{policy.id}: {engine.name} has no opinion: {reason}", err=True)
            for disagreement in opinions.disagreements:
                click.echo(disagreement)
            asked += opinions.asked
            answered += opinions.answered
            found += len(opinions.disagreements)
            news += len(opinions.news)
    click.echo(
        f"{engine.version()}: {answered} of {asked} case(s) answered,"
        f" {found} disagreement(s), {news} of them news"
    )
    return answered, news


@command.command("conformance")
@click.argument("file", type=_FILE)
@click.option("--plans", is_flag=True, help="Run OPA's own plans instead of the source.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def conformance(file: Path, plans: bool, as_json: bool) -> int:
    """Run OPA's conformance cases in FILE (JSON Lines, plain or gzip).

    Exits 0 when every case is answered as OPA answers it, else 1; 3 for no case at all.
    """
    from probanda.canonical import pretty
    from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS, EXIT_UNDECIDED
    from probanda.rego.conformance import run_file

    report = run_file(file, plans=plans)
    if as_json:
        click.echo(pretty(report.to_json()), nl=False)
    else:
        for failure in report.failures:
            click.echo(f"{failure.file} {failure.index}: {failure.reason}")
        click.echo(f"{report.passed} of {report.total} cases")
    if not report.total:
        return EXIT_UNDECIDED
    return EXIT_BLOCKED if report.failures else EXIT_PASS


def _compiled(
    sources: Mapping[str, str], names: Sequence[str] | None = None, *, version: int = 1
) -> Policy:
    """A compiled policy; one that does not compile is wrong content, exit code 2."""
    from probanda import rego
    from probanda.errors import ContentError, PolicyError

    try:
        return rego.compile(sources, names, version=version)
    except PolicyError as error:
        # Its text shows every error with its place, not the first alone.
        raise ContentError(str(error), hint=error.hint) from error


def rego_sources(paths: tuple[Path, ...]) -> dict[str, str]:
    """The texts of these files, and of the Rego files below these folders."""
    return {str(path): _text(path) for path in _rego_files(paths)}


def _rego_files(paths: tuple[Path, ...]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        files += sorted(path.rglob("*.rego")) if path.is_dir() else [path]
    return files


def _text(path: Path) -> str:
    from probanda.errors import ParseError
    from probanda.model.location import Location

    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParseError("not readable as UTF-8 text", location=Location(str(path))) from error


def _show_warnings(policy: object, sources: object) -> None:
    from probanda.rego import Policy

    if isinstance(policy, Policy) and policy.program is not None and isinstance(sources, dict):
        for warning in policy.program.warnings:
            text = warning.render(sources.get(warning.span.path, ""))
            click.echo(f"warning: {text}", err=True)
