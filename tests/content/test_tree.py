"""Where documents come from."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from probanda.content import ResourceTree, RevisionTree, WorkingTree, builtin_tree, find_root, load
from probanda.content.tree import MAX_BYTES, provides_builtin
from probanda.errors import ContentError, MultipleContentError
from probanda.repository import Repository

ROOT = Path(__file__).resolve().parents[2]


def git(root, *arguments):
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }
    subprocess.run(["git", *arguments], cwd=root, env=environment, check=True, capture_output=True)


@pytest.fixture
def committed(workshop, tmp_path):
    """The small project in `<repository>/service`, committed."""
    workshop.write(tmp_path / "service")
    (tmp_path / "elsewhere.yaml").write_text("x: 1")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    return tmp_path / "service"


def revision(root, label="main"):
    repository = Repository.discover(root)
    assert repository is not None
    return RevisionTree(repository, repository.resolve("HEAD"), label)


def test_a_working_tree_and_its_revision_are_the_same_project(committed):
    working, at_head = WorkingTree(committed), revision(committed)
    assert at_head.files("") == working.files("")
    assert at_head.files("gates") == ["gates/pull-request.yaml", "gates/store.yaml"]
    assert load(at_head, builtin=False).digest == load(working, builtin=False).digest


def test_a_revision_does_not_see_the_working_tree(committed):
    gate = committed / "gates" / "store.yaml"
    gate.write_text(gate.read_text().replace("mode: enforce", "mode: shadow"))
    (committed / "gates" / "new.yaml").write_text("nonsense")
    assert load(revision(committed), builtin=False).gates["store"].mode.value == "enforce"
    with pytest.raises(MultipleContentError):
        load(WorkingTree(committed), builtin=False)


def test_errors_at_a_revision_name_it(committed):
    gate = committed / "gates" / "store.yaml"
    gate.write_text(gate.read_text().replace("mode: enforce", "mode: enforced"))
    git(committed, "commit", "-q", "-a", "-m", "two")
    with pytest.raises(MultipleContentError) as caught:
        load(revision(committed, "origin/main"), builtin=False)
    assert str(caught.value).startswith("origin/main:gates/store.yaml:6:9: spec.mode must be")


def test_a_file_that_is_missing_at_a_revision_is_a_content_error(committed):
    with pytest.raises(ContentError, match="no such file"):
        revision(committed).read("gates/nothing.yaml")


def test_a_linked_file_at_a_revision_is_refused(committed):
    (committed / "gates" / "link.yaml").symlink_to("store.yaml")
    git(committed, "add", "-A")
    git(committed, "commit", "-q", "-m", "link")
    with pytest.raises(MultipleContentError) as caught:
        load(revision(committed), builtin=False)
    assert [error.location.path for error in caught.value.errors] == ["main:gates/link.yaml"]


def test_a_link_that_leads_out_of_the_project_is_refused(workshop, tmp_path):
    tree = workshop.write(tmp_path / "project")
    secret = tmp_path / "secret.yaml"
    secret.write_text("password: x")
    (tmp_path / "project/gates/out.yaml").symlink_to(secret)
    with pytest.raises(MultipleContentError) as caught:
        load(tree, builtin=False)
    assert [str(error) for error in caught.value.errors] == [
        "gates/out.yaml: a link that leads out of the project"
    ]
    for path in ("../secret.yaml", str(secret)):
        with pytest.raises(ContentError, match="leads out"):
            tree.read(path)


def test_a_linked_folder_is_not_passed_over_in_silence(workshop, tmp_path):
    tree = workshop.write(tmp_path / "project")
    (tmp_path / "hidden").mkdir()
    (tmp_path / "project/policies/linked").symlink_to(tmp_path / "hidden")
    shutil.move(tmp_path / "project/gates", tmp_path / "project/moved")
    (tmp_path / "project/gates").symlink_to("moved")
    with pytest.raises(MultipleContentError) as caught:
        load(tree, builtin=False)
    paths = [error.location.path for error in caught.value.errors]
    assert paths == ["gates", "policies/linked"]


def test_loops_pipes_folders_and_large_files_are_refused(tmp_path):
    tree = WorkingTree(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "large").write_bytes(b"x" * (MAX_BYTES + 1))
    (tmp_path / "limit").write_bytes(b"x" * MAX_BYTES)
    for path, words in [
        ("loop", "cannot be read"),
        ("pipe", "not an ordinary file"),
        ("folder", "not an ordinary file"),
        ("large", "larger than the limit"),
        ("nothing", "no such file"),
        ("nul\0", "cannot be read"),
    ]:
        with pytest.raises(ContentError, match=words):
            tree.read(path)
    assert len(tree.read("limit")) == MAX_BYTES


def test_files_of_editors_are_left_out(workshop, tmp_path):
    tree = workshop.write(tmp_path)
    (tmp_path / "gates/.store.yaml.swp").write_text("x")
    (tmp_path / "policies/.cache").mkdir()
    (tmp_path / "policies/.cache/x").write_text("x")
    assert load(tree, builtin=False).project.name == "demo"


def test_a_room_that_is_not_there_is_empty(tmp_path):
    assert WorkingTree(tmp_path).files("gates") == []


def test_content_in_a_zip_is_read_like_a_folder(workshop, tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for path, text in workshop.files.items():
            archive.writestr(f"_content/{path}", text)
    tree = ResourceTree(zipfile.Path(tmp_path / "x.zip", "_content/"))
    assert tree.files("gates") == ["gates/pull-request.yaml", "gates/store.yaml"]
    assert load(tree, builtin=False).digest == workshop.load().digest
    assert tree.files("nothing") == []
    with pytest.raises(ContentError, match="no such file"):
        tree.read("gates/nothing.yaml")


def test_the_built_in_content_is_that_of_the_checkout():
    tree = builtin_tree()
    assert tree.label == "builtin"
    assert provides_builtin(WorkingTree(ROOT))
    for room in ("controls", "policies"):
        assert tree.files(room) == WorkingTree(ROOT).files(room)


def test_the_root_is_found_from_any_folder_below_it(workshop, tmp_path):
    workshop.write(tmp_path)
    assert find_root(tmp_path / "policies/residency") == tmp_path.resolve()
    assert find_root(tmp_path) == tmp_path.resolve()


def test_no_root_is_an_error_with_a_hint(tmp_path):
    with pytest.raises(ContentError, match=r"no probanda\.yaml") as caught:
        find_root(tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "provides"),
    [
        ('[project]\nname = "probanda"\n', True),
        ('[project]\nname = "other"\n', False),
        ('project = "probanda"\n', False),
        ("not toml", False),
        (b"\xff", False),
        (None, False),
    ],
)
def test_probandas_own_source_is_known_by_its_name(workshop, text, provides):
    if text is not None:
        workshop.files["pyproject.toml"] = text
    assert provides_builtin(workshop.tree()) is provides
