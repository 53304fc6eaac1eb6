"""Same inputs and same clock: the same bytes, in any folder, process and hash seed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probanda.evidence.archive import ArchiveReader
from probanda.sign import Cell
from projects import Project, words_check

SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from probanda.content import WorkingTree, load
from probanda.evidence.archive import ArchiveReader
from probanda.evidence.trust import load_trust
from probanda.gates.audit_pack import PackRequest, write_pack
from probanda.gates.decision_set import DecisionStore
from probanda.gates.record import record
from probanda.gates.run import GateRequest, run_gates
from probanda.sign import Cell

root, cell_folder, out, bundle = map(Path, sys.argv[1:])
as_of = datetime(2026, 11, 20, 12, tzinfo=UTC)
run = run_gates(GateRequest(root=root, as_of=as_of, base="HEAD"))
store = DecisionStore(out / "run")
for decision in run.decisions:
    store.write(decision, run.content, run.originals[decision.gate])
cell = Cell.open(cell_folder)
record(store, cell, name="bundle", output=out / "bundle.tar", now=as_of)
request = PackRequest(
    bundles=[bundle], framework="soc2", tenant="acme",
    start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC),
    as_of=as_of, now=as_of, output=out / "pack.tar",
)
write_pack(request, load(WorkingTree(root)), cell, load_trust(cell_folder / "trusted_root.json"))
"""


def produce(folder: Path, cell: Path, bundle: Path, *, seed: str) -> Path:
    """Run everything in a process of its own, and pack `bundle`; where it wrote."""
    project = Project.with_words(folder / "project", "zeta", "alpha", "mid")
    places = words_check(
        id="places",
        facts={"words": {"from": "json", "path": "places.json"}},
        policy="demo/places/findings",
    )
    project.policy(PLACES_REGO, name="demo/places", entrypoints=ONE_ENTRY)
    project.write("places.json", {"bad": [5, 3, 9, 1, 7]})
    project.gate("pr", words_check(), places)
    project.waiver("one", "1" * 64, expires="2027-01-01")
    project.commit()
    project.gate("pr", words_check(parameters={"b": 1, "a": [1, 2]}), places)
    out = folder / "out"
    out.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, project.root, cell, out, bundle],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return out


ONE_ENTRY = {"findings": {"kind": "findings", "rule": "findings"}}
# Findings that differ in nothing but their place.
PLACES_REGO = """\
package demo.places

# METADATA
# title: A place
# custom: {id: place, severity: low, remediation: Go elsewhere.}
findings contains finding if {
\tsome line in input.facts.words.bad
\tplace := {"path": "a.txt", "line": line}
\tfinding := {"rule": "place", "key": "k", "message": "m", "location": place}
}
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> tuple[Path, Path]:
    """Two processes, folders and hash seeds; two cells with the same keys; one bundle packed."""
    folder = tmp_path_factory.mktemp("determinism")
    created = datetime(2026, 11, 1, tzinfo=UTC)
    cell = Cell.create(folder / "cell", name="acme", unsafe_demo=True, now=created).folder
    shutil.copytree(cell, folder / "twin")
    bundle = folder / "one" / "out" / "bundle.tar"
    one = produce(folder / "one", cell, bundle, seed="0")
    two = produce(folder / "elsewhere" / "two", folder / "twin", bundle, seed="4242")
    return one, two


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def inside(path: Path) -> dict[str, bytes]:
    with ArchiveReader(path) as reader:
        return {member.name: stream.read() for member, stream in reader}


def differing(one: dict[str, bytes], two: dict[str, bytes]) -> set[str]:
    assert set(one) == set(two)
    return {name for name in one if one[name] != two[name]}


def test_decision_sets_and_page_are_the_same_bytes(runs):
    one, two = map(files, runs)

    assert {"run/decisions/pr/decision.json", "pack.html"} <= set(one)
    # These hold signatures.
    assert differing(one, two) == {
        "bundle.tar",
        "pack.tar",
        "pack.index.json",
        "pack.index.json.sigstore.json",
    }


def test_bundle_and_pack_differ_in_their_signatures_alone(runs):
    """The leaf of each signature has a key of its own; manifest, index and tables are the same."""
    for name in ("bundle.tar", "pack.tar"):
        one, two = (inside(run / name) for run in runs)
        assert differing(one, two) == {"manifest.sigstore.json"}


def test_findings_that_differ_in_their_place_alone_stand_in_its_order(runs):
    decision = json.loads((runs[1] / "run/decisions/pr/decision.json").read_bytes())

    lines = [found["location"]["line"] for found in decision["checks"][1]["findings"]]
    assert lines == [1, 3, 5, 7, 9]
