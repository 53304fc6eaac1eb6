"""A full disk is a clear error and exit 3, leaves nothing half-written, and costs nothing later."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from probanda.errors import LedgerError
from probanda.gates.record import Logs
from probanda.ledger import LogEntry, MerkleLog
from probanda.sign import Cell
from shop import Shop, figure, lacking, open_shop

KIB = 1024
Done = subprocess.CompletedProcess[str]
SIZE = 16 << 20
# Free space for each attempt; the last ones are plenty.
STEPS = [0, *(4 * KIB * 2**power for power in range(12))]


@pytest.fixture
def small(tmp_path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    if os.geteuid() != 0:
        lacking("root", "mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "probanda-proof", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        lacking("root", f"a file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def shop(small) -> Shop:
    return open_shop(small / "shop")


def free(folder: Path) -> int:
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


@contextmanager
def only(left: int, folder: Path) -> Iterator[None]:
    """A disk on which `left` bytes are free, and one more file of the size of the rest."""
    filler = folder / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(free(folder) - left, 1))
    try:
        yield
    finally:
        filler.unlink()


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and path.name != "filler"}


def said_so(error: str) -> bool:
    """Whether a person knows what happened and what to do."""
    return ("space" in error or "full" in error) and "hint:" in error and "Traceback" not in error


def attempts(shop: Shop, small: Path, run: Callable[[int], Done]) -> tuple[int, int]:
    """Run with more and more free space until it succeeds; (failures, bytes that sufficed)."""
    for failures, left in enumerate(STEPS):
        before = files(shop.root)
        with only(left, small):
            done = run(failures)
        if done.returncode != 3:
            return failures, left
        assert said_so(done.stderr), f"{left} bytes free: {done.stderr}"
        new = files(shop.root) - before
        for path in new:
            if path.suffix == ".tar":  # the pack itself, when only what belongs beside it failed
                shop.verify(path)
        assert not [path for path in new if path.name.startswith(".")], new
        if (shop.cell / "ledger.sqlite").exists():
            with Logs.open(Cell.open(shop.cell)) as logs:
                logs.ledger.verify()
                logs.signatures.verify()
    pytest.fail("not even a disk with space was enough")


def test_check_says_so_and_works_when_there_is_space(shop: Shop, small: Path):
    failures, left = attempts(shop, small, lambda _: shop.check(expect=None))

    assert failures > 0
    shop.check()
    shop.bundle("after")
    shop.verify(shop.bundles / "after.tar")
    figure(f"disk full: check refused {failures} times, passed with {left // KIB} KiB free")


def test_bundle_says_so_and_works_when_there_is_space(shop: Shop, small: Path):
    shop.check()
    failures, left = attempts(shop, small, lambda _: shop.bundle("b", expect=None))

    assert failures > 0
    shop.verify(shop.bundles / "b.tar")
    figure(f"disk full: bundle refused {failures} times, passed with {left // KIB} KiB free")


def test_pack_says_so_and_works_when_there_is_space(shop: Shop, small: Path):
    shop.check()
    shop.bundle("b")
    packs = shop.root / ".probanda" / "packs"

    def pack(attempt: int) -> Done:
        return shop.pack("-o", packs / f"p{attempt}.tar", expect=None)

    failures, left = attempts(shop, small, pack)

    assert failures > 0
    shop.verify(packs / f"p{failures}.tar")
    assert (packs / f"p{failures}.tar").with_suffix(".html").stat().st_size > KIB
    figure(f"disk full: pack refused {failures} times, passed with {left // KIB} KiB free")


def test_a_log_is_made_whole_or_not_at_all_whatever_the_space(small: Path):
    hints = []
    for left in range(0, 160 * KIB, 4 * KIB):
        path = small / f"log-{left}.sqlite"
        with only(left, small):
            try:
                MerkleLog(path, origin="log.proof.invalid").close()
            except LedgerError as error:
                hints.append(error.hint or "")
        with MerkleLog(path, origin="log.proof.invalid") as log:
            assert log.append([LogEntry(b"leaf")]) == range(1)
            assert log.verify().size == 1

    assert hints
    assert [hint for hint in hints if "full" not in hint] == []
    figure(f"disk full: a new log refused {len(hints)} of 40 times, never made in part")


def test_a_cell_is_made_whole_or_not_at_all(shop: Shop, small: Path):
    folder = shop.root / "second"
    with only(0, small):
        done = shop.run("cell", "init", folder, expect=3)

    assert said_so(done.stderr)
    assert not folder.exists()
    assert not [path for path in shop.root.iterdir() if path.name.startswith(".second")]
    shop.run("cell", "init", folder)
