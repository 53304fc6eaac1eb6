"""Which files a pattern means, and what a hostile folder can make of it."""

from __future__ import annotations

import os

import pytest

from probanda.collect import match_files, matches_pattern
from probanda.errors import CollectError, MissingArtifactError


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "project"
    for path in (
        "in/b.json",
        "in/a.json",
        "in/.hidden.json",
        "in/a.jsonx",
        "in/deep/er/c.json",
        "in/[x].json",
        "in/x.json",
        "top.json",
        ".git/config.json",
        ".probanda/sboms/d.json",
        "in/.probanda/e.json",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("{}")
    return root


def paths(root, pattern, limit=100):
    return [match.path for match in match_files(root, pattern, limit=limit)]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("in/*.json", ["in/.hidden.json", "in/[x].json", "in/a.json", "in/b.json", "in/x.json"]),
        ("in/?.json", ["in/a.json", "in/b.json", "in/x.json"]),
        ("in/[x]*.json", ["in/[x].json"]),
        ("in/**/c.json", ["in/deep/er/c.json"]),
        ("in/**/a.json", ["in/a.json"]),
        ("in/*/*/*.json", ["in/deep/er/c.json"]),
        ("./in//a*.json", ["in/a.json"]),
        ("*.json", ["top.json"]),
        (".probanda/*/*.json", [".probanda/sboms/d.json"]),
        ("in/*/e.json", ["in/.probanda/e.json"]),
        ("in/deep/**", ["in/deep/er/c.json"]),
    ],
)
def test_a_pattern_means_what_its_stars_say_in_the_order_of_the_paths(tree, pattern, found):
    assert paths(tree, pattern) == found
    assert all(matches_pattern(path, pattern) for path in found)


def test_folders_of_tools_are_entered_only_where_they_are_named(tree):
    found = paths(tree, "**/*.json")

    assert "in/.probanda/e.json" in found
    assert not [path for path in found if path.startswith((".git/", ".probanda/"))]
    assert not matches_pattern(".probanda/sboms/d.json", "**/*.json")


@pytest.mark.parametrize("path", ["../a.json", "in/../a.json", "in//a.json", "a.json\n", ""])
def test_a_path_that_is_none_matches_nothing(path):
    assert not matches_pattern(path, "**/*.json")


@pytest.mark.parametrize("pattern", ["in/*.xml", "nowhere/*.json", "top.json/*", "in/deep/*"])
def test_no_match_is_a_missing_artifact(tree, pattern):
    with pytest.raises(MissingArtifactError, match="no file matches"):
        paths(tree, pattern)


def test_more_files_than_the_limit_are_refused(tree):
    assert len(paths(tree, "in/*.json", limit=5)) == 5
    with pytest.raises(CollectError, match="more than 4 files") as caught:
        paths(tree, "in/*.json", limit=4)
    assert "maxFiles" in str(caught.value.hint)


def test_links_to_folders_are_not_walked_and_linked_files_are_named(tree, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.json").write_text("{}")
    (tree / "in/out").symlink_to(tmp_path / "outside")
    (tree / "in/loop").symlink_to(tree / "in")
    (tree / "in/link.json").symlink_to(tmp_path / "outside/secret.json")

    found = paths(tree, "in/**/*.json")

    assert "in/link.json" in found
    assert not [path for path in found if "out/" in path or "loop/" in path]


def test_the_fixed_part_of_a_pattern_may_be_a_link_within_the_project_only(tree, tmp_path):
    (tree / "current").symlink_to(tree / "in/deep")
    (tree / "away").symlink_to(tmp_path)

    assert paths(tree, "current/*/*.json") == ["current/er/c.json"]
    for pattern in ("away/*.json", "../*.json"):
        with pytest.raises(CollectError, match=r"leads out|not a path"):
            paths(tree, pattern)


def test_a_name_that_is_not_utf_8_is_an_error(tree):
    os.close(os.open(os.fsencode(tree) + b"/in/\xff.json", os.O_CREAT))

    with pytest.raises(CollectError, match="not UTF-8"):
        paths(tree, "in/*.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list everything")
def test_a_folder_that_cannot_be_listed_is_an_error(tree):
    (tree / "in/deep").chmod(0)
    try:
        with pytest.raises(CollectError, match="cannot list"):
            paths(tree, "in/**/*.json")
    finally:
        (tree / "in/deep").chmod(0o700)


def test_folders_without_end_are_an_error(tree):
    deep = tree / "in"
    for _ in range(70):
        deep /= "d"
    deep.mkdir(parents=True)

    with pytest.raises(CollectError, match="deeper than"):
        paths(tree, "in/**/*.json")


def test_a_pattern_of_many_stars_is_matched_in_time(tree):
    pattern = "in/" + "a*" * 40 + "b"
    (tree / ("in/" + "a" * 200)).write_text("")

    with pytest.raises(MissingArtifactError):
        paths(tree, pattern)
