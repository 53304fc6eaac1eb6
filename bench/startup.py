"""Start-up: `probanda --version`, `rego eval` of two lines, `check` on a gate with one check.

Ratios are against a bare interpreter (`python -c pass`) measured in the same run.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from timing import interleave, machine, run_process, table

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = str(ROOT / "examples" / "blocked-merge")
PROBANDA = [str(Path(sys.executable).with_name("probanda"))]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "a.rego"
        policy.write_text("package a\nx := 1 + 1\n")
        measure(policy)


def measure(policy: Path) -> None:
    things = {
        "python -c pass": lambda: run_process([sys.executable, "-c", "pass"]),
        "python -c 'import click'": lambda: run_process([sys.executable, "-c", "import click"]),
        "probanda --version": lambda: run_process([*PROBANDA, "--version"]),
        "probanda rego eval, two lines": lambda: run_process(
            [*PROBANDA, "rego", "eval", "data.a.x", "-d", str(policy)]
        ),
        "probanda check, one check": lambda: run_process(
            [*PROBANDA, "check", "--project", EXAMPLE], expect=1
        ),
    }
    samples = interleave(things, runs=11)
    base = samples["python -c pass"].median
    rows = [
        [name, f"{sample.median * 1e3:.0f}", sample.spread, f"{sample.median / base:.1f}"]
        for name, sample in samples.items()
    ]
    print(f"Start-up, wall time of the whole process, 11 runs, interleaved; {machine()}\n")
    print(table(["command", "median ms", "min–max ms", "× bare python"], rows))


if __name__ == "__main__":
    main()
