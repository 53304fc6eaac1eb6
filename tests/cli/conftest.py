"""The command line, in this process and in others; and things that commands have made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli_environment import environment
from probanda.cli import run
from projects import Project

CI_VARIABLES = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_COMMIT",
)
AS_OF = "2026-11-20T12:00:00Z"


@dataclass(frozen=True)
class Result:
    """What a command returned and wrote."""

    code: int
    out: str
    err: str


Command = Callable[..., Result]


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch, tmp_path):
    """No CI, no trust store, no colours of the machine that runs the tests."""
    for name in (*CI_VARIABLES, "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def probanda(capsys) -> Command:
    """Run a command in this process; `None` and paths among the arguments are welcome."""

    def command(*arguments: object) -> Result:
        code = run([str(item) for item in arguments])
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return command


# What the script that an installation makes does.
MAIN = "from probanda.cli import main; main()"


@pytest.fixture
def spawn() -> Command:
    """Run a command in a process of its own."""

    def command(*arguments: object, code: str = MAIN, **options) -> Result:
        variables = options.pop("env", {})
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **options,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    return command


@dataclass(frozen=True)
class Office:
    """A project with a cell, a bundle and a pack; read only, since tests share it."""

    project: Project
    cell: Path
    bundle: Path
    pack: Path

    @property
    def trust(self) -> Path:
        return self.cell / "trusted_root.json"


@pytest.fixture(scope="session")
def office(tmp_path_factory) -> Office:
    folder = tmp_path_factory.mktemp("office")
    project = Project.with_words(folder / "project", "foo")
    at = ("--project", str(project.root))
    assert run(["cell", "init", str(folder / "cell"), "--name", "acme", "--unsafe-demo"]) == 0
    assert run(["check", *at, "--as-of", AS_OF]) == 1
    assert run(["bundle", *at, "--cell", str(folder / "cell")]) == 0
    (bundle,) = (project.root / ".probanda/bundles").glob("*.tar")
    trust = str(folder / "cell" / "trusted_root.json")
    period = ["--period", "2026-01-01/2027-01-01", "--as-of", AS_OF]
    assert run(["pack", *at, *period, "--cell", str(folder / "cell"), "--trust", trust]) == 0
    (pack,) = (project.root / ".probanda/packs").glob("*.tar")
    return Office(project, folder / "cell", bundle, pack)
