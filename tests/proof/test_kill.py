"""SIGKILL at any moment of `probanda bundle` loses nothing that was finished and leaves no half.

The moments are drawn evenly over the time that an undisturbed run takes, from a printed seed.
"""

from __future__ import annotations

import os
import random
import signal
import statistics
import time
from pathlib import Path

from probanda.evidence.trust import load_trust
from probanda.evidence.verify import verify_bundle
from probanda.gates.record import Logs
from probanda.ledger import MerkleLog, Record
from probanda.sign import Cell
from shop import QUICK, Shop, figure

ROUNDS = 20 if QUICK else 300


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def known(ledger: MerkleLog, manifest: str) -> bool:
    """Whether the ledger holds the record of a finished bundle."""
    records = (Record.parse(ledger.leaf(number)) for number in range(ledger.size))
    return any(each.kind == "bundle" and each.digests["manifest"] == manifest for each in records)


def test_killed_at_any_moment_a_bundle_is_whole_or_absent_and_the_logs_hold(shop: Shop):
    seed = int(os.environ.get("PROBANDA_SEED", random.SystemRandom().randrange(2**32)))
    moments = random.Random(seed)
    cell, trust = Cell.open(shop.cell), load_trust(shop.trust)
    usual = []
    for number in range(3):
        start = time.monotonic()
        shop.bundle(f"usual-{number}")
        usual.append(time.monotonic() - start)
    length = statistics.median(usual)
    before = files(shop.root / ".probanda")
    killed = finished = late = unknown = grown = strays = 0
    made: set[str] = set()
    with Logs.open(cell) as logs:
        checkpoint = logs.ledger.checkpoint()
    for number in range(ROUNDS):
        name = f"round-{number:03}"
        process = shop.start("bundle", "--cell", shop.cell, "--name", name)
        time.sleep(moments.uniform(0.0, 1.1 * length))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        with Logs.open(cell) as logs:
            logs.ledger.verify(since=checkpoint)
            logs.signatures.verify()
            grown += logs.ledger.size > checkpoint.size
            checkpoint = logs.ledger.checkpoint()
        path = shop.bundles / f"{name}.tar"
        made |= {f"bundles/{name}.tar"}
        strays = max(strays, len(files(shop.root / ".probanda") - before - made))
        if path.exists():
            finished += 1
            late += process.returncode != 0
        else:
            shop.bundle(name)
        report = verify_bundle(path, trust=trust)
        assert report.exit_code == 0, report.summary
        with Logs.open(cell) as logs:
            checkpoint = logs.ledger.checkpoint()
            if not known(logs.ledger, report.manifest_sha256):
                # Between the rename and the ledger's last entry; the next one's `previous`
                # passes it over, and nothing else does.
                assert process.returncode == -signal.SIGKILL
                unknown += 1
    shop.bundle("last")
    shop.verify(shop.bundles / "last.tar")
    litter = files(shop.root / ".probanda") - before - made - {"bundles/last.tar"}

    assert killed > ROUNDS // 4
    assert litter == set(), "what killed runs left is removed by the next one"
    figure(
        f"kill loop: {ROUNDS} rounds (seed {seed}), {killed} killed, {grown} after the ledger grew,"
        f" {finished} with the bundle in place ({late} of them killed after the rename, {unknown}"
        f" before the ledger knew of it), at most {strays} stray file(s) at a time, 0 at the end"
    )
