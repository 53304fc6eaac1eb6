"""Hundreds of check and bundle cycles in one process: one chain, one log, flat memory."""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import tarfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from probanda.cli import run
from probanda.evidence.manifest import Manifest
from probanda.evidence.sigstore_bundle import SigstoreBundle
from probanda.evidence.statement import Predicate, Statement
from probanda.gates.record import Logs
from probanda.merkle import verify_consistency
from probanda.model.instant import format_instant
from probanda.sign import Cell
from shop import QUICK, Shop, figure, open_shop

CYCLES = 20 if QUICK else 200
START = datetime(2026, 1, 1, tzinfo=UTC)
# What one cycle's garbage may leave between two collections.
GROWTH_MIB = 16.0


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def sealed(path: Path) -> tuple[Manifest, Predicate]:
    with tarfile.open(path) as archive:
        parts = {
            name: archive.extractfile(name).read()
            for name in ("manifest.json", "manifest.sigstore.json")
        }
    statement = Statement.parse(SigstoreBundle.parse(parts["manifest.sigstore.json"]).payload)
    return Manifest.parse(parts["manifest.json"]), statement.predicate


def cycle(shop: Shop, number: int) -> None:
    project = ["--project", str(shop.root)]
    as_of = format_instant(START + timedelta(hours=number))
    bundle = ["bundle", "--cell", str(shop.cell), "--name", f"v{number:03}", *project]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert run(["check", "--as-of", as_of, *project]) == 1
        assert run(bundle) == 0


def test_the_chain_is_unbroken_every_step_is_consistent_and_memory_is_flat(tmp_path):
    shop = open_shop(tmp_path / "shop")
    memory, seconds = [], []
    for number in range(CYCLES):
        start = time.monotonic()
        cycle(shop, number)
        seconds.append(time.monotonic() - start)
        memory.append(resident_mib())
    bundles = [sealed(shop.bundles / f"v{number:03}.tar") for number in range(CYCLES)]

    assert bundles[0][1].previous is None
    with Logs.open(Cell.open(shop.cell)) as logs:
        logs.ledger.verify()
        logs.signatures.verify()
        for (older, before), (newer, after) in pairwise(bundles):
            assert after.previous is not None
            assert (after.previous.name, after.previous.sha256) == (older.name, older.digest)
            assert newer.digest != older.digest
            first, second = before.ledger, after.ledger
            assert first.size < second.size
            proof = logs.ledger.consistency_proof(first.size, second.size)
            verify_consistency(
                old_size=first.size,
                new_size=second.size,
                old_root=first.root,
                new_root=second.root,
                proof=proof,
            )
        size = logs.ledger.size
    shop.verify(shop.bundles / f"v{CYCLES - 1:03}.tar")

    quarter = CYCLES // 4
    early = statistics.median(memory[quarter : 2 * quarter])
    late = statistics.median(memory[-quarter:])
    assert late - early < GROWTH_MIB
    figure(
        f"soak: {CYCLES} cycles of check and bundle, {size} records, chain and"
        f" {CYCLES - 1} consistency proofs verified; resident {early:.0f} MiB in the second"
        f" quarter, {late:.0f} MiB in the last; the last quarter's cycles took"
        f" {statistics.median(seconds[-quarter:]) / statistics.median(seconds[:quarter]):.2f} ×"
        " the first's"
    )
