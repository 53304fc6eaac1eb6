"""One check over 1,000 and 10,000 files: probanda beside a bare loop over regorus, and conftest.

The files are real SBOMs (the CycloneDX vectors, `PROBANDA_VECTORS`), each with a component and a
serial number of its own. The rule is the same for all three: a component without a version.
probanda reads them as plain JSON, as the others do, and once more as CycloneDX, which holds each
against its schema and which the others do not do. Whole processes; probanda also keeps every
artifact and writes its decision set, which the others do not either.

    PROBANDA_VECTORS=… python bench/check.py [FILES…]
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from timing import machine, run_process, table

from probanda.collect import COLLECTORS, FileCollector
from probanda.errors import CollectError, ParseError

VECTORS = Path(os.environ.get("PROBANDA_VECTORS", "/nonexistent")) / "cyclonedx"
PROBANDA = [sys.executable, "-c", "from probanda.cli import main; main()"]
RUNS = int(os.environ.get("RUNS", "1"))
RULE = """\
{head}

# METADATA
# title: A component without a version
# custom: {{id: no-version, severity: high, remediation: State the version.}}
{rule} if {{
	some component in {components}
	object.get(component, "version", "") == ""
	name := component.name
	{body}
}}
"""
FINDING = 'finding := {"rule": "no-version", "key": name, "message": "no version"}'
LOOP = """\
import json, pathlib, sys, regorus
engine = regorus.Engine()
engine.add_policy("rule.rego", pathlib.Path(sys.argv[1]).read_text())
found = 0
for path in sorted(pathlib.Path(sys.argv[2]).rglob("*.json")):
    engine.set_input_json(path.read_text())
    answer = json.loads(engine.eval_query_as_json("data.main.findings"))
    found += len(answer["result"][0]["expressions"][0]["value"])
print(found)
"""


def main() -> None:
    counts = [int(argument) for argument in sys.argv[1:]] or [1_000, 10_000]
    print(f"One check over many SBOMs; {machine()}\n")
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), count)


@dataclass(slots=True)
class Taken:
    """What runs of one thing took: seconds, seconds of the processors, MiB."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)


def measure(folder: Path, count: int) -> None:
    size = make_project(folder / "project", count)
    taken: dict[str, Taken] = {}
    for name, run in commands(folder, taken):
        taken[name].wall += [run() for _ in range(RUNS)]
    yardstick = statistics.median(taken["regorus, bare loop"].processor)
    rows = []
    for name, each in taken.items():
        busy = statistics.median(each.processor)
        rows.append(
            [
                name,
                f"{statistics.median(each.wall):.1f}",
                f"{busy:.1f}",
                f"{busy / count * 1e3:.2f}",
                f"{busy / yardstick:.1f}",
                f"{max(each.peaks):.0f}",
            ]
        )
    decision = folder / "project/.probanda/decisions/cyclonedx/decision.json"
    print(f"{count:,} files, {size / count / 1024:.1f} KiB each\n")
    header = ["", "wall s", "processor s", "processor ms a file", "× regorus", "peak MiB"]
    print(table(header, rows))
    print(f"\ndecision.json: {decision.stat().st_size / count:.0f} bytes a file\n")


def commands(folder: Path, taken: dict[str, Taken]) -> Iterator[tuple[str, Callable[[], float]]]:
    """Each thing to run, by name; a cold run empties the cache and the run folder first."""
    project, plain = folder / "project", folder / "plain"
    plain.mkdir()
    rego = plain / "rule.rego"
    rego.write_text(rule("package main", "findings contains finding", "input.components", FINDING))
    loop = plain / "loop.py"
    loop.write_text(LOOP)
    os.environ |= {"XDG_CACHE_HOME": str(folder / "c"), "XDG_STATE_HOME": str(folder / "s")}

    def add(
        name: str, command: list[str], *, expect: int, cold: bool = True
    ) -> tuple[str, Callable[[], float]]:
        noted = taken.setdefault(name, Taken())

        def run() -> float:
            if cold:
                shutil.rmtree(project / ".probanda", ignore_errors=True)
                shutil.rmtree(folder / "c", ignore_errors=True)
            return run_process(command, expect=expect, peaks=noted.peaks, processor=noted.processor)

        return name, run

    yield add(
        "regorus, bare loop", [sys.executable, str(loop), str(rego), str(project / "in")], expect=0
    )
    if conftest := shutil.which("conftest"):
        policy = folder / "conftest"
        policy.mkdir()
        text = rule("package main", "deny contains msg", "input.components", "msg := name")
        (policy / "rule.rego").write_text(text)
        arguments = ["test", str(project / "in"), "--policy", str(policy), "--output", "json"]
        yield add("conftest", [conftest, *arguments], expect=1)
    for gate in ("json", "cyclonedx"):
        base = [*PROBANDA, "check", gate, "--project", str(project), "--format", "json"]
        for jobs in ("1", "2"):
            command = [*base, "--no-cache", "--jobs", jobs]
            yield add(f"probanda, {gate}, {jobs} job(s)", command, expect=1)
        command = [*base, "--cache", "--jobs", "1"]
        yield add(f"probanda, {gate}, fills the cache", command, expect=1)
        yield add(f"probanda, {gate}, from the cache", command, expect=1, cold=False)


def rule(head: str, rule: str, components: str, body: str) -> str:
    return RULE.format(head=head, rule=rule, components=components, body=body)


def make_project(root: Path, count: int) -> int:
    """A project with `count` files; their size in all."""
    seeds = list(sboms())
    if not seeds:
        print("no SBOMs: PROBANDA_VECTORS must name the folder of the vectors")
        raise SystemExit(0)
    size = 0
    for number in range(count):
        document = dict(seeds[number % len(seeds)])
        document["serialNumber"] = f"urn:uuid:00000000-0000-4000-8000-{number:012x}"
        own = {"type": "library", "name": f"own-{number}", "version": "1"}
        # Every hundredth fails.
        if number % 100 == 0:
            own = {"type": "library", "name": f"own-{number}", "version": ""}
        document["components"] = [*document.get("components", []), own]
        path = root / "in" / f"{number // 100:03d}" / f"{number:05d}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_bytes(json.dumps(document).encode())
    write_content(root)
    return size


def sboms() -> Iterator[dict[str, object]]:
    """The vectors that the collector takes."""
    collector = COLLECTORS["cyclonedx"]
    assert isinstance(collector, FileCollector)
    for path in sorted(VECTORS.rglob("*.json")):
        data = path.read_bytes()
        try:
            read = collector.read(data, source=path.name, options={}).data
        except (CollectError, ParseError):
            continue
        document = json.loads(data)
        if all(each.get("version") for each in read["components"]):
            yield document


def write_content(root: Path) -> None:
    def write(path: str, kind: str, metadata: dict[str, str], spec: dict[str, object]) -> None:
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        document = {"apiVersion": "probanda/v1", "kind": kind, "metadata": metadata, "spec": spec}
        target.write_text(json.dumps(document))

    write("probanda.yaml", "Project", {"name": "bench"}, {"tenant": "acme"})
    for collector in ("json", "cyclonedx"):
        package = f"bench.{collector}"
        folder = f"policies/bench/{collector}"
        spec: dict[str, object] = {
            "package": package,
            "entrypoints": {"findings": {"kind": "findings", "rule": "findings"}},
            "facts": {"sbom": {"collector": collector}},
        }
        metadata = {"name": f"bench/{collector}", "title": "Versions", "owner": "bench"}
        write(f"{folder}/policy.yaml", "Policy", metadata, spec)
        text = rule(
            f"package {package}",
            "findings contains finding",
            "input.facts.sbom.components",
            FINDING,
        )
        (root / folder / f"{collector}.rego").write_text(text)
        fact = {"from": collector, "path": "in/**/*.json"}
        check = {"id": "each", "facts": {"sbom": fact}, "policy": f"bench/{collector}/findings"}
        gate: dict[str, object] = {"runs": "ci", "mode": "enforce", "checks": [check]}
        metadata = {"name": collector, "title": "Versions", "owner": "bench"}
        write(f"gates/{collector}.yaml", "Gate", metadata, gate)


if __name__ == "__main__":
    main()
