"""What the proofs share: real processes on a real project, and figures for the summary.

`PROBANDA_PROOF=quick` shortens the loops. A proof that needs root skips without it, or fails
where PROBANDA_REQUIRE lists `root`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUICK = os.environ.get("PROBANDA_PROOF") == "quick"
REQUIRED = os.environ.get("PROBANDA_REQUIRE", "").split(",")

PROBANDA = [sys.executable, "-c", "from probanda.cli import main; main()"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "engine")}
PERIOD = "2020-01-01/2040-01-01"

FIGURES: list[str] = []


def lacking(what: str, reason: str) -> None:
    """Skip, or fail where `what` is required."""
    if what in REQUIRED:
        pytest.fail(f"PROBANDA_REQUIRE={what}, but {reason}")
    pytest.skip(reason)


@dataclass
class Shop:
    """A project whose merge is blocked, decided, with a cell that signs for it."""

    root: Path
    prefix: list[str] = field(default_factory=list)

    @property
    def cell(self) -> Path:
        return self.root / ".probanda" / "cell"

    @property
    def bundles(self) -> Path:
        return self.root / ".probanda" / "bundles"

    @property
    def trust(self) -> Path:
        return self.cell / "trusted_root.json"

    def command(self, *arguments: object) -> list[str]:
        return [*self.prefix, *PROBANDA, *map(str, arguments)]

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run a command of probanda to its end; it must exit with `expect`."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=300)
        if expect is not None:
            assert process.returncode == expect, f"{arguments}: {process.returncode}\n{out}{err}"
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def check(self, expect: int | None = 1) -> subprocess.CompletedProcess[str]:
        return self.run("check", expect=expect)

    def bundle(self, name: str, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        return self.run("bundle", "--cell", self.cell, "--name", name, expect=expect)

    def verify(self, path: Path, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        return self.run("verify", path, "--trust", self.trust, expect=expect)

    def pack(self, *more: object, expect: int | None = 0) -> subprocess.CompletedProcess[str]:
        options = ["--period", PERIOD, "--cell", self.cell, "--trust", self.trust]
        return self.run("pack", *options, *more, expect=expect)


def open_shop(root: Path) -> Shop:
    """The example project in `root`, with a cell; nothing is decided yet."""
    example = ROOT / "examples" / "blocked-merge"
    shutil.copytree(example, root, ignore=shutil.ignore_patterns(".probanda"), dirs_exist_ok=True)
    shop = Shop(root)
    shop.run("cell", "init", shop.cell, "--name", "proof", "--unsafe-demo")
    return shop


def extract(bundle: Path, folder: Path, *names: str) -> list[Path]:
    """Write some members of a bundle into `folder`, with a tool that is not ours."""
    with tarfile.open(bundle) as archive:
        for name in names:
            archive.extract(name, folder, filter="data")
    return [folder / name for name in names]


def figure(line: str) -> None:
    """Print a line with the summary."""
    FIGURES.append(line)
