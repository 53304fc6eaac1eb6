"""Throughput of `probanda bundle` and `probanda verify` on one large artifact.

The yardsticks are `sha256sum` and `openssl dgst` on the same bytes in the same run: both commands
of ours must hash what they vouch for. coreutils may be built without the processor's SHA
instructions, which OpenSSL, and with it Python, uses: the second yardstick is the floor. Whole
processes, interleaved; start-up included, which is what the smallest size shows.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from functools import partial
from itertools import count
from pathlib import Path

from timing import interleave, machine, run_process, table

MIB = 1 << 20
SIZES = (16 * MIB, 256 * MIB, 1024 * MIB)
RUNS = 5
YARDSTICKS = {"sha256sum": ["sha256sum"], "openssl dgst": ["openssl", "dgst", "-sha256"]}
PROBANDA = str(Path(sys.executable).with_name("probanda"))

POLICY = """\
package bench.present

# METADATA
# title: The artifact is empty
# custom:
#   id: empty
#   severity: high
findings contains {"rule": "empty", "message": "empty", "key": "data"} if {
	input.facts.data.size == 0
}
"""


def write(path: Path, document: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))


def document(kind: str, metadata: dict[str, str], spec: object) -> dict[str, object]:
    return {"apiVersion": "probanda/v1", "kind": kind, "metadata": metadata, "spec": spec}


def make_project(folder: Path, size: int) -> Path:
    """A project with one gate over one file of `size` random bytes."""
    named = {"title": "A large artifact is there", "owner": "bench"}
    policy = {
        "package": "bench.present",
        "entrypoints": {"findings": {"kind": "findings", "rule": "findings"}},
        "facts": {"data": {"collector": "file"}},
    }
    check = {
        "id": "data",
        "facts": {"data": {"from": "file", "path": "data.bin"}},
        "policy": "bench/present/findings",
    }
    write(folder / "probanda.yaml", document("Project", {"name": "bench"}, {"tenant": "bench"}))
    write(
        folder / "policies/bench/present/policy.yaml",
        document("Policy", {"name": "bench/present", **named}, policy),
    )
    write(folder / "policies/bench/present/present.rego", POLICY)
    write(
        folder / "gates/bench.yaml",
        document(
            "Gate", {"name": "bench", **named}, {"runs": "ci", "mode": "enforce", "checks": [check]}
        ),
    )
    with (folder / "data.bin").open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
    return folder


def measure(size: int) -> list[list[str]]:
    """Rows of the table for one size."""
    with tempfile.TemporaryDirectory(prefix="probanda-bench-") as folder:
        project = make_project(Path(folder), size)
        cell, output = project / "cell", project / "out.tar"
        run_process([PROBANDA, "cell", "init", str(cell), "--unsafe-demo"], cwd=folder)
        run_process([PROBANDA, "check"], cwd=folder)
        peaks: dict[str, list[float]] = {name: [] for name in (*YARDSTICKS, "bundle", "verify")}
        numbers = count()

        def bundle() -> float:
            output.unlink(missing_ok=True)
            command = [PROBANDA, "bundle", "--cell", str(cell), "-o", str(output)]
            command += ["--name", f"run-{next(numbers)}"]
            return run_process(command, cwd=folder, peaks=peaks["bundle"])

        def verify() -> float:
            trust = str(cell / "trusted_root.json")
            command = [PROBANDA, "verify", str(output), "--trust", trust]
            return run_process(command, cwd=folder, peaks=peaks["verify"])

        def reference(what: str) -> float:
            return run_process([*YARDSTICKS[what], "data.bin"], cwd=folder, peaks=peaks[what])

        yardsticks = {what: partial(reference, what) for what in YARDSTICKS}
        samples = interleave({**yardsticks, "bundle": bundle, "verify": verify}, runs=RUNS)
    coreutils, openssl = (samples[what].median for what in YARDSTICKS)
    return [
        [
            f"{size // MIB} MiB",
            what,
            f"{sample.median:.2f}",
            sample.spread,
            f"{size / MIB / sample.median:.0f}",
            f"{sample.median / coreutils:.2f}",
            f"{sample.median / openssl:.2f}",
            f"{max(peaks[what]):.0f}",
        ]
        for what, sample in samples.items()
    ]


def main() -> None:
    rows = []
    for size in SIZES:
        # The artifact, its copy in the run folder, the bundle, and one being written.
        if shutil.disk_usage(tempfile.gettempdir()).free < 5 * size:
            print(f"{size // MIB} MiB: left out, too little free space", file=sys.stderr)
            continue
        rows += measure(size)
    print(f"Bundle and verify, {RUNS} runs, interleaved; {machine()}\n")
    header = ["size", "command", "median s", "min–max ms", "MiB/s", "× sha256sum"]
    header += ["× openssl", "peak MiB"]
    print(table(header, rows))


if __name__ == "__main__":
    main()
