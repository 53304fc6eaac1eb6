"""Facts out of a git repository, and files of its base revision."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess

import pytest

from probanda.canonical import canonical
from probanda.collect import Workspace, collect
from probanda.errors import CollectError, MissingArtifactError
from probanda.model.gate import FactSource, MissingArtifact
from probanda.repository import Repository

NOW = "2026-11-20T18:44:00Z"


@pytest.fixture
def git(tmp_path, monkeypatch):
    """A function that runs git in a new repository at `tmp_path`."""
    for name, value in {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    run("init", "-q", "-b", "main")
    return run


@pytest.fixture
def workspace(tmp_path, git):
    """`a.json` is 1 at the base, 2 at the head, 3 in the working tree; `x` is a folder."""
    (tmp_path / "x").mkdir()
    for value in (1, 2):
        (tmp_path / "a.json").write_text(f"{value}")
        (tmp_path / "x" / "a.json").write_text(f"1{value}")
        (tmp_path / "link.json").unlink(missing_ok=True)
        (tmp_path / "link.json").symlink_to("a.json")
        git("add", "-A")
        git("commit", "-q", "-m", f"commit {value}")
    (tmp_path / "a.json").write_text("3")
    base = git("rev-parse", "HEAD~1")
    return Workspace(tmp_path, "HEAD~1", base, Repository.discover(tmp_path))


def gather(workspace, collector="json", path="a.json", **more):
    source = FactSource("fact", collector, path=path, **more)
    return collect(source, workspace, collected_at=NOW)


def test_a_file_of_the_base_is_read_from_the_commit(workspace):
    collected = gather(workspace, ref="base")
    assert collected.fact.data == 1
    assert collected.original == b"1"
    assert collected.fact.artifact.source == f"{workspace.base_commit}:a.json"
    assert collected.fact.artifact.sha256 == hashlib.sha256(b"1").hexdigest()
    assert gather(workspace).fact.data == 3


def test_any_file_of_the_base_is_known_by_digest(workspace):
    collected = gather(workspace, "file", ref="base")
    assert collected.original == b"1"
    assert collected.fact.data["sha256"] == hashlib.sha256(b"1").hexdigest()
    assert collected.fact.data["mediaType"] == "application/json"


def test_a_project_in_a_folder_of_the_repository_reads_its_own_files(workspace):
    root = workspace.root / "x"
    inner = Workspace(root, "HEAD~1", workspace.base_commit, Repository.discover(root))
    assert gather(inner, ref="base").fact.data == 11
    assert gather(inner, "git", "").fact.data["changedPaths"] == ["../a.json", "a.json"]


def test_a_file_that_the_base_lacks_is_missing_or_empty(workspace):
    with pytest.raises(MissingArtifactError):
        gather(workspace, path="b.json", ref="base")
    empty = gather(workspace, path="b.json", ref="base", missing=MissingArtifact.EMPTY)
    assert empty.fact.artifact is None


def test_a_link_in_the_base_is_refused_and_not_taken_for_missing(workspace):
    with pytest.raises(CollectError, match="symbolic link") as caught:
        gather(workspace, path="link.json", ref="base", missing=MissingArtifact.EMPTY)
    assert not isinstance(caught.value, MissingArtifactError)


def test_a_base_without_a_repository_is_an_error(tmp_path):
    with pytest.raises(CollectError, match="no git repository") as caught:
        gather(Workspace(tmp_path, "main", "0" * 40), ref="base", missing=MissingArtifact.EMPTY)
    assert not isinstance(caught.value, MissingArtifactError)


def test_a_git_fact_holds_the_range_and_its_bytes_can_be_kept_as_evidence(workspace, git):
    collected = gather(workspace, "git", "")
    data = collected.fact.data
    head = git("rev-parse", "HEAD")
    assert (data["base"], data["head"]) == (workspace.base_commit, head)
    assert data["changedPaths"] == ["a.json", "x/a.json"]
    assert data["dirty"] is True
    (commit,) = data["commits"]
    assert commit["id"] == head
    assert commit["subject"] == "commit 2"
    assert commit["author"] == {"name": "Ada", "email": "ada@example.org"}
    assert commit["signature"] == {"state": "absent", "format": "", "verified": False}
    assert collected.original == canonical(data)
    assert json.loads(collected.original) == data
    artifact = collected.fact.artifact
    assert artifact.source == f"git:{workspace.base_commit}..{head}"
    assert artifact.sha256 == hashlib.sha256(collected.original).hexdigest()
    git("checkout", "-q", "a.json")
    assert gather(workspace, "git", "").fact.data["dirty"] is False


def test_a_git_fact_without_base_or_repository_is_never_empty(workspace, tmp_path):
    for lacking in (
        Workspace(workspace.root, repository=workspace.repository),
        Workspace(tmp_path),
    ):
        with pytest.raises(CollectError) as caught:
            gather(lacking, "git", "", missing=MissingArtifact.EMPTY)
        assert not isinstance(caught.value, MissingArtifactError)
        assert caught.value.hint


def test_a_git_fact_takes_neither_path_nor_ref(workspace):
    for more in ({"path": "a.json"}, {"path": "", "ref": "base"}):
        with pytest.raises(CollectError, match="takes no path"):
            gather(workspace, "git", **more)
