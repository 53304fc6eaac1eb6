"""`probanda rego test | mutate`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from probanda.cli.options import find_project, project_option

if TYPE_CHECKING:
    from probanda.content import Tree
    from probanda.gates.policy_tests import TestReport, TestRequest
    from probanda.model.policy import Policy

_PATHS = click.Path(exists=True, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_POLICY_FILE = "policy.yaml"


@click.command("test")
@click.argument("paths", nargs=-1, type=_PATHS)
@click.option("--run", "pattern", default="", metavar="REGEX", help="Only what matches (RE2).")
@click.option("--base-data", type=_FILE, default=None, help="Base documents, JSON.")
@click.option("--timeout", type=click.FloatRange(0.001, 3600), default=5.0, show_default=True,
              help="Seconds for one test or case.")  # fmt: skip
@click.option("--coverage", is_flag=True, help="See which expressions the tests came to.")
@click.option("--threshold", type=click.FloatRange(0, 100), default=None,
              help="Fail below this percentage of the policies' lines.")  # fmt: skip
@click.option("--format", "format_", type=click.Choice(["text", "json", "junit"]), default="text",
              show_default=True)  # fmt: skip
@click.option("--v0", is_flag=True, help="Read the modules as Rego v0.")
@project_option
def test(
    paths: tuple[Path, ...],
    pattern: str,
    base_data: Path | None,
    timeout: float,
    coverage: bool,
    threshold: float | None,
    format_: str,
    v0: bool,
    project: Path | None,
) -> int:
    """Run the tests below PATHS (default: of each policy of the project, with its cases).

    A folder with a policy.yaml is that policy, tested with its cases; other files and folders are
    compiled together, as `opa test` does.

    Exits 0 when everything passed, 1 when something failed or too little is covered, 3 when
    something could not be evaluated or nothing ran.
    """
    from probanda.canonical import pretty
    from probanda.errors import UsageError
    from probanda.gates.policy_tests import TestRequest, exit_code
    from probanda.output import policy_tests
    from probanda.parse.json import load_json

    if threshold is not None and not coverage:
        raise UsageError("--threshold is about coverage", hint="add --coverage")
    data = None
    if base_data is not None:
        data = load_json(base_data.read_bytes(), path=str(base_data))
        if not isinstance(data, dict):
            raise UsageError("base documents are one JSON object", hint=str(base_data))
    request = TestRequest(pattern, data, timeout, coverage, 0 if v0 else 1)
    reports = _reports(paths, request, project)
    code = exit_code(reports, pattern=pattern, threshold=threshold)
    if format_ == "json":
        shown = pretty(policy_tests.to_json(reports, exit_code=code))
    elif format_ == "junit":
        shown = policy_tests.render_junit(reports)
    else:
        shown = policy_tests.render_text(reports)
    click.echo(shown, nl=False)
    return code


def _reports(
    paths: tuple[Path, ...], request: TestRequest, project: Path | None
) -> list[TestReport]:
    from probanda.cli.rego import rego_sources
    from probanda.errors import UsageError
    from probanda.gates.policy_tests import module_report

    if not paths:
        return _policy_reports(find_project(project), (), request)
    folders = [path for path in paths if (path / _POLICY_FILE).is_file()]
    reports: list[TestReport] = []
    for folder in folders:
        root = find_project(project or folder)
        policies = root / "policies"
        try:
            name = folder.resolve().relative_to(policies).as_posix()
        except ValueError:
            raise UsageError(f"{folder} is no policy of the project in {root}") from None
        reports += _policy_reports(root, (name,), request)
    others = tuple(path for path in paths if path not in folders)
    if others:
        sources = rego_sources(others)
        if not sources:
            raise UsageError("there is no .rego file in " + ", ".join(map(str, others)))
        reports.append(module_report(sources, request))
    return reports


def _policy_reports(root: Path, names: Sequence[str], request: TestRequest) -> list[TestReport]:
    from probanda.content.cases import read_cases
    from probanda.gates.policy_tests import policy_report

    tree, policies = _policies(root, names)
    return [
        policy_report(policy, read_cases(tree, policy.id), request) for policy in policies.values()
    ]


def _policies(root: Path, names: Sequence[str]) -> tuple[Tree, Mapping[str, Policy]]:
    """The project's own policies, or those of these names.

    Raises:
        UsageError: there is none.
    """
    from probanda.content import WorkingTree, load
    from probanda.errors import UsageError

    tree = WorkingTree(root)
    own = {name: each for name, each in load(tree).policies.items() if not each.builtin}
    for name in names:
        if name not in own:
            raise UsageError(f"there is no policy {name!r}", hint=f"there are: {', '.join(own)}")
    if not own:
        raise UsageError("the project has no policy of its own")
    return tree, {name: own[name] for name in names or own}


@click.command("mutate")
@click.argument("policies", nargs=-1, metavar="[POLICY]...")
@click.option("--threshold", type=click.FloatRange(0, 100), default=90.0, show_default=True,
              help="The least score of each policy.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 100_000), default=2000, show_default=True,
              help="The most mutants of one policy; beyond it a sample.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample.")
@click.option("--jobs", type=click.IntRange(1, 64), default=None,
              help="Processes. Default: one for each processor.")  # fmt: skip
@click.option("--timeout", type=click.FloatRange(0.001, 3600), default=5.0, show_default=True,
              help="Seconds for one evaluation of a mutant.")  # fmt: skip
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text",
              show_default=True)  # fmt: skip
@project_option
def mutate(
    policies: tuple[str, ...],
    threshold: float,
    limit: int,
    seed: int,
    jobs: int | None,
    timeout: float,
    format_: str,
    project: Path | None,
) -> int:
    """Change POLICY (default: each of the project) in one place at a time; see what notices.

    Exits 0 when each policy's tests and cases notice enough, 1 when not, 3 when there was nothing
    to notice.
    """
    from probanda.canonical import pretty
    from probanda.content.cases import read_cases
    from probanda.content.equivalents import read_equivalents
    from probanda.gates import mutation
    from probanda.output import mutation as output

    request = mutation.MutationRequest(limit, seed, jobs or os.cpu_count() or 1, timeout)
    tree, chosen = _policies(find_project(project), policies)
    scores = [
        mutation.mutate(
            policy, read_cases(tree, policy.id), read_equivalents(tree, policy.id), request
        )
        for policy in chosen.values()
    ]
    code = mutation.exit_code(scores, threshold)
    if format_ == "json":
        shown = pretty(output.to_json(scores, threshold=threshold, exit_code=code))
    else:
        shown = output.render_text(scores)
    click.echo(shown, nl=False)
    return code
