"""Ctrl-C at any moment: no traceback, nothing half-written, and the next run goes on."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cli_environment import environment
from probanda.evidence.trust import load_trust
from probanda.evidence.verify import verify_bundle
from probanda.gates.record import Logs
from probanda.sign import Cell

# The marker says that Python has started and our code has the interrupt in hand.
CODE = """
import os
from probanda.cli import main
os.write({marker}, b".")
main()
"""
ROUNDS = int(os.environ.get("PROBANDA_INTERRUPTS", "3"))
AS_OF = "2026-11-20T12:00:00Z"


def interrupted(*arguments: object, after: float) -> tuple[int, str]:
    """Exit code and stderr of a command that gets Ctrl-C, as a terminal sends it, after seconds."""
    reader, marker = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", CODE.format(marker=marker), *map(str, arguments)],
        env=environment(),
        pass_fds=[marker],
        # A terminal signals the whole group, the policy's worker included.
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(marker)
        assert os.read(reader, 1) == b"."
        os.close(reader)
        with suppress(subprocess.TimeoutExpired):
            process.wait(after)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def duration(*arguments: object) -> float:
    """Seconds that the command takes undisturbed."""
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-c", "from probanda.cli import main; main()", *map(str, arguments)],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return time.monotonic() - started


def moments(seconds: float) -> list[float]:
    """Moments all over the command's life, other ones in each run of the tests."""
    return [random.uniform(part, part + 1) / ROUNDS * seconds for part in range(ROUNDS)]


def half_written(folder: Path) -> list[str]:
    return [
        path.name
        for path in folder.rglob("*")
        if path.name.startswith(".") and path.name != ".probanda"
    ]


def check_ended(code: int, errors: str, *, finished: int) -> None:
    assert "Traceback" not in errors
    assert code in {130, finished}, errors
    assert ("interrupted: nothing half-written was left behind" in errors) is (code == 130)


@pytest.fixture
def cell(tmp_path, office) -> Path:
    shutil.copytree(office.cell, tmp_path / "cell")
    return tmp_path / "cell"


def verify_ledger(folder: Path) -> None:
    with Logs.open(Cell.open(folder)) as logs:
        logs.ledger.verify()
        logs.signatures.verify()


@pytest.mark.slow
def test_an_interrupted_check_leaves_a_whole_decision_set_or_none(words):
    words.words(*(f"word-{number}" for number in range(200)))
    command = ("check", "--project", words.root, "--as-of", AS_OF)
    for after in moments(duration(*command)):
        shutil.rmtree(words.root / ".probanda", ignore_errors=True)

        check_ended(*interrupted(*command, after=after), finished=1)

        assert half_written(words.root) == []
        for gate in words.store.gates():
            words.store.read(gate)


@pytest.mark.slow
def test_an_interrupted_bundle_leaves_a_ledger_that_verifies_and_no_half_bundle(words, cell):
    words.store_run()
    bundles = words.root / ".probanda" / "bundles"
    command = ("bundle", "--project", words.root, "--cell", cell, "--name")
    seconds = duration(*command, "undisturbed")
    for number, after in enumerate(moments(seconds)):
        check_ended(*interrupted(*command, f"round-{number}", after=after), finished=0)

        verify_ledger(cell)
        assert half_written(bundles) == []
    trust = load_trust(cell / "trusted_root.json")
    for bundle in bundles.iterdir():
        assert verify_bundle(bundle, trust=trust).exit_code == 0
    check_ended(*interrupted(*command, "after-all", after=20), finished=0)


@pytest.mark.slow
def test_an_interrupted_pack_leaves_no_half_pack(office, cell, tmp_path):
    trust = cell / "trusted_root.json"
    command = ("pack", office.bundle, "--project", office.project.root, "--cell", cell)
    command += ("--trust", trust, "--period", "2026-01-01/2027-01-01", "--as-of", AS_OF, "-o")
    packs = tmp_path / "packs"
    for number, after in enumerate(moments(duration(*command, packs / "undisturbed.tar"))):
        path = packs / f"round-{number}.tar"
        check_ended(*interrupted(*command, path, after=after), finished=0)

        verify_ledger(cell)
        assert half_written(packs) == []
        if path.exists():
            assert verify_bundle(path, trust=load_trust(trust)).exit_code == 0


@pytest.mark.slow
def test_an_interrupted_cell_is_whole_or_not_there(tmp_path):
    command = ("cell", "init", tmp_path / "cell", "--unsafe-demo")
    seconds = duration(*command)
    for after in moments(seconds):
        shutil.rmtree(tmp_path / "cell", ignore_errors=True)

        check_ended(*interrupted(*command, after=after), finished=0)

        assert [path.name for path in tmp_path.iterdir()] in (["cell"], [])
        if (tmp_path / "cell").exists():
            Cell.open(tmp_path / "cell")
