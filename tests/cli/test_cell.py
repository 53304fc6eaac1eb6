"""`probanda cell init`: a trust domain, made whole and never over another."""

from __future__ import annotations

import json
import resource

import pytest


def test_a_cell_is_a_folder_whose_keys_nobody_else_can_read(probanda, tmp_path):
    result = probanda("cell", "init", tmp_path / "acme")

    assert (result.code, result.out) == (0, f"{tmp_path / 'acme' / 'trusted_root.json'}\n")
    assert "signs as spiffe://acme/signer" in result.err
    assert "UNSAFE" not in result.err
    assert (tmp_path / "acme/keys").stat().st_mode & 0o777 == 0o700
    for name in ("trusted_root.json", "trust_config.json"):
        json.loads((tmp_path / "acme" / name).read_bytes())


def test_a_cell_for_demonstrations_says_so(probanda, tmp_path):
    result = probanda("cell", "init", tmp_path / "acme", "--unsafe-demo")

    assert "UNSAFE DEMO: anyone who reads this folder can sign in its name" in result.err


@pytest.mark.parametrize("thing", ["cell", "folder", "file", "link"])
def test_nothing_is_ever_overwritten(probanda, tmp_path, thing):
    place = tmp_path / "acme"
    if thing == "cell":
        assert probanda("cell", "init", place).code == 0
        before = (place / "keys/ca.pem").read_bytes()
    elif thing == "folder":
        place.mkdir()
    elif thing == "file":
        place.write_text("mine")
    else:
        place.symlink_to(tmp_path / "nowhere")

    result = probanda("cell", "init", place)

    assert (result.code, result.out) == (3, "")
    assert "exists and is not overwritten" in result.err
    assert "hint: choose a new folder" in result.err
    if thing == "cell":
        assert (place / "keys/ca.pem").read_bytes() == before


@pytest.mark.parametrize("name", ["Acme", "a b", "-a", "a" * 64, "ä", "a/b"])
def test_a_name_that_is_no_host_label_is_refused(probanda, tmp_path, name):
    result = probanda("cell", "init", tmp_path / "cell", f"--name={name}")

    assert result.code == 3
    assert "no name for a cell" in result.err
    assert not (tmp_path / "cell").exists()


def test_a_folder_whose_name_is_no_host_label_needs_a_name(probanda, tmp_path):
    assert probanda("cell", "init", tmp_path / "My Cell").code == 3
    assert probanda("cell", "init", tmp_path / "My Cell", "--name", "mine").code == 0


def test_a_file_in_the_way_is_an_error(probanda, tmp_path):
    (tmp_path / "file").write_text("in the way")

    result = probanda("cell", "init", tmp_path / "file" / "cell")

    assert result.code == 3
    assert "error: " in result.err
    assert "Traceback" not in result.err


def test_a_full_disk_leaves_no_half_cell(spawn, tmp_path):
    code = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    code += "from probanda.cli import main; main()"

    result = spawn(
        "cell",
        "init",
        tmp_path / "cell",
        code=code,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )

    assert result.code == 3
    assert "cannot be written: File too large" in result.err
    assert list(tmp_path.iterdir()) == []
