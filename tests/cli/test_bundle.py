"""`probanda bundle`: the trusted half, which records and signs what a keyless job left."""

from __future__ import annotations

import resource

import pytest

from probanda.canonical import sha256_hex
from projects import words_check

AS_OF = ("--as-of", "2026-11-20T12:00:00Z")


@pytest.fixture
def cell(probanda, tmp_path):
    folder = tmp_path / "cell"
    assert probanda("cell", "init", folder, "--name", "acme", "--unsafe-demo").code == 0
    return folder


@pytest.fixture
def bundle(probanda, words, cell):
    return lambda *arguments: probanda(
        "bundle", "--project", words.root, "--cell", cell, *arguments
    )


@pytest.fixture
def checked(probanda, words):
    assert probanda("check", "--project", words.root, *AS_OF).code == 0
    return words


def test_stdout_is_the_bundles_path_and_nothing_else(bundle, checked):
    result = bundle()

    path = checked.root / ".probanda/bundles/pr-20261120T120000Z.tar"
    assert (result.code, result.out) == (0, f"{path}\n")
    assert path.is_file()
    assert "signed by spiffe://acme/UNSAFE-DEMO/signer" in result.err
    assert "outcome pass" in result.err
    assert "the first of its chain" in result.err


def test_a_failed_gate_is_evidence_too(bundle, probanda, words):
    words.words("foo")
    probanda("check", "--project", words.root, *AS_OF)

    result = bundle()

    assert result.code == 0
    assert "outcome fail" in result.err


def test_the_next_bundle_names_the_one_before(bundle, checked):
    bundle("--name", "first")

    assert "after first" in bundle("--name", "second").err


def test_without_a_decision_there_is_nothing_to_bundle(bundle):
    result = bundle()

    assert (result.code, result.out) == (3, "")
    assert result.err == "error: there is no decision to record\nhint: run `probanda check` first\n"


def test_a_gate_that_has_not_run_is_named_with_those_that_have(bundle, checked):
    result = bundle("release")

    assert result.code == 3
    assert "no complete decision set for the gate 'release'" in result.err
    assert "there are sets for pr" in result.err


@pytest.mark.parametrize("gate", ["../../etc", "/etc", "..", "PR"])
def test_a_gate_is_a_name_and_no_path(bundle, checked, gate):
    result = bundle(gate)

    assert result.code == 3
    assert "is no name of a gate" in result.err


def test_a_folder_that_is_no_cell_is_an_error(probanda, checked, tmp_path):
    result = probanda("bundle", "--project", checked.root, "--cell", tmp_path)

    assert result.code == 3
    assert "hint: a cell is made by `probanda cell init`" in result.err


def test_a_cell_whose_keys_others_can_read_does_not_sign(bundle, checked, cell):
    (cell / "keys").chmod(0o755)

    result = bundle()

    assert result.code == 3
    assert "is open to others" in result.err
    assert "hint: run: chmod 700" in result.err


def artifacts(project):
    return project.root / ".probanda" / "artifacts"


def test_an_artifact_that_was_tampered_with_stops_it(bundle, checked):
    digest = sha256_hex((checked.root / "words.json").read_bytes())
    (artifacts(checked) / digest).write_bytes(b'{"bad": [], "good": []}')

    result = bundle()

    assert (result.code, result.out) == (3, "")
    assert "words.json changed since it was judged" in result.err
    assert not list(checked.root.glob(".probanda/bundles/*"))


def test_an_artifact_that_was_deleted_stops_it(bundle, checked):
    digest = sha256_hex((checked.root / "words.json").read_bytes())
    (artifacts(checked) / digest).unlink()

    result = bundle()

    assert (result.code, result.out) == (3, "")
    assert f"the artifact {digest} is missing" in result.err
    assert "hint: run `probanda check` again" in result.err


def test_a_decision_that_was_edited_stops_it(bundle, checked):
    path = checked.root / ".probanda/decisions/pr/decision.json"
    path.write_bytes(path.read_bytes().replace(b'"tenant":"acme"', b'"tenant":"evil"'))
    assert bundle().code == 0  # no finding: the tenant is self-asserted
    path.write_bytes(path.read_bytes().replace(b'"exitCode":0', b'"exitCode":1'))

    result = bundle("--name", "again")

    assert (result.code, result.out) == (3, "")
    assert "contradicts itself" in result.err


def test_a_bundle_is_never_overwritten(bundle, checked):
    assert bundle().code == 0

    for arguments in ((), ("--name", "pr-20261120T120000Z")):
        result = bundle(*arguments)
        assert result.code == 3
        assert "exists, and evidence is never overwritten" in result.err
        assert "give another --name or --output" in result.err


@pytest.mark.parametrize("name", ["../up", "a/b", ".x", "a b"])
def test_a_name_is_no_path(bundle, checked, name):
    result = bundle("--name", name)

    assert result.code == 2
    assert "a folder goes with --output" in result.err


def test_output_may_be_anywhere(bundle, checked, tmp_path):
    path = tmp_path / "new folder" / "evidence.tar"

    assert bundle("-o", path).out == f"{path}\n"
    assert path.is_file()


def test_a_file_in_the_way_of_the_output_is_an_error(bundle, checked):
    checked.write("in-the-way", "")

    result = bundle("-o", checked.root / "in-the-way" / "evidence.tar")

    assert result.code == 3
    assert "error: " in result.err
    assert "Traceback" not in result.err


def test_a_full_disk_leaves_no_half_bundle_and_a_whole_ledger(spawn, checked, cell, bundle):
    code = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    code += "from probanda.cli import main; main()"
    assert bundle("--name", "first").code == 0  # so that the logs exist

    # Room for the ledger's pages, and not for the bundle.
    result = spawn(
        "bundle",
        "--cell",
        cell,
        "--name",
        "second",
        code=code,
        cwd=checked.root,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, 9_000)),
    )

    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("error: ")
    assert "Traceback" not in result.err
    names = [path.name for path in (checked.root / ".probanda/bundles").iterdir()]
    assert names == ["first.tar"]
    assert bundle("--name", "second").code == 0


def test_gates_of_one_run_go_together_and_of_several_one_by_one(bundle, probanda, words):
    words.gate("other", words_check())
    probanda("check", "--project", words.root, *AS_OF)
    assert bundle("--name", "both").code == 0
    probanda("check", "other", "--project", words.root, "--as-of", "2026-11-21")

    result = bundle()

    assert result.code == 3
    assert "other 2026-11-21T00:00:00Z, pr 2026-11-20T12:00:00Z" in result.err
    assert bundle("other").code == 0


def test_a_set_that_brings_softer_content_along_is_refused_under_a_base(bundle, probanda, words):
    """All of it is in order: its own gate did let it pass. But it is not the gate of the base."""
    words.commit()
    words.words("foo")
    words.gate("pr", words_check(), mode="warn")
    probanda("check", "--project", words.root, *AS_OF)

    result = bundle("--base", "HEAD")

    assert (result.code, result.out) == (3, "")
    assert "the gate 'pr' was decided by other content than --base holds" in result.err
    probanda("check", "--project", words.root, *AS_OF, "--base", "HEAD")
    assert bundle("--base", "HEAD").code == 0
    assert bundle("--base", "nowhere").code == 2
