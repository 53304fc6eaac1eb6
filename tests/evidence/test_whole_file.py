from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from probanda.evidence.whole_file import SUFFIX, whole_file

ROOT = Path(__file__).resolve().parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def partials(folder: Path) -> list[str]:
    return [name for name in names(folder) if name.endswith(SUFFIX)]


def test_the_file_appears_with_what_was_written(tmp_path):
    with whole_file(tmp_path / "a.tar") as file:
        file.write(b"whole")
        assert not (tmp_path / "a.tar").exists()

    assert (tmp_path / "a.tar").read_bytes() == b"whole"
    assert partials(tmp_path) == []


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, OSError])
def test_an_exception_leaves_the_old_file_and_nothing_else(tmp_path, kind):
    (tmp_path / "a.tar").write_bytes(b"old")

    def fail() -> None:
        with whole_file(tmp_path / "a.tar") as file:
            file.write(b"half")
            raise kind

    with pytest.raises(kind):
        fail()

    assert names(tmp_path) == ["a.tar"]
    assert (tmp_path / "a.tar").read_bytes() == b"old"


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    program = (
        "import os, signal; from pathlib import Path\n"
        "from probanda.evidence.whole_file import whole_file\n"
        "with whole_file(Path('a.tar')) as file:\n"
        "    file.write(b'half'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    for _ in range(2):
        killed = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT / "engine")},
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL
        assert len(partials(tmp_path)) == 1, "the second removed what the first left"

    with whole_file(tmp_path / "b.tar") as file:
        file.write(b"whole")
    assert names(tmp_path) == ["b.tar"]


def test_what_a_living_writer_holds_is_left_alone(tmp_path):
    with whole_file(tmp_path / "a.tar") as first:
        first.write(b"first")
        with whole_file(tmp_path / "b.tar") as second:
            second.write(b"second")
            assert len(partials(tmp_path)) == 2

    assert (tmp_path / "a.tar").read_bytes() == b"first"
    assert (tmp_path / "b.tar").read_bytes() == b"second"


def test_files_of_other_programs_are_left_alone(tmp_path):
    (tmp_path / ".download.partial").write_bytes(b"theirs")
    with whole_file(tmp_path / "a.tar") as file:
        file.write(b"whole")

    assert names(tmp_path) == [".download.partial", "a.tar"]
