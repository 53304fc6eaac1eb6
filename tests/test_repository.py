"""Real git repositories, made here; some of them hostile."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from probanda.errors import CollectError, MissingArtifactError
from probanda.repository import Repository
from probanda.repository.commit import parse_commit, parse_trailers

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-01-02T03:04:05+01:00",
    "GIT_COMMITTER_NAME": "Bob",
    "GIT_COMMITTER_EMAIL": "bob@example.org",
    "GIT_COMMITTER_DATE": "2026-01-03T00:00:00Z",
}


class Sandbox:
    """A repository on disk, and the way to change it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.root,
            env=ENVIRONMENT,
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def write(self, path: str, text: str = "x\n") -> Path:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return target

    def commit(self, message: str = "change", **files: str) -> str:
        for path, text in files.items():
            self.write(path, text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    @property
    def repository(self) -> Repository:
        found = Repository.discover(self.root)
        assert found is not None
        return found


@pytest.fixture(autouse=True)
def _no_user_configuration(monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")


@pytest.fixture
def sandbox(tmp_path) -> Sandbox:
    return Sandbox(tmp_path / "repository")


# discover


def test_a_folder_outside_of_git_has_no_repository(tmp_path):
    assert Repository.discover(tmp_path) is None
    assert Repository.discover(tmp_path / "absent") is None


def test_a_bare_repository_has_no_working_tree_to_judge(sandbox, tmp_path):
    sandbox.git("init", "-q", "--bare", str(tmp_path / "bare"))
    assert Repository.discover(tmp_path / "bare") is None


def test_paths_are_relative_to_the_discovered_folder(sandbox):
    base = sandbox.commit(**{"project/gates/a.yaml": "1", "other/b": "1"})
    head = sandbox.commit(**{"project/gates/a.yaml": "2", "other/b": "2"})
    inner = Repository.discover(sandbox.root / "project")
    assert inner is not None
    assert inner.toplevel == sandbox.root
    assert inner.root == sandbox.root / "project"
    assert inner.read(head, "gates/a.yaml") == b"2"
    assert inner.files(head, "gates") == ["gates/a.yaml"]
    assert inner.files(head) == ["gates/a.yaml"]
    assert inner.changed_paths(base, head) == ["../other/b", "gates/a.yaml"]


def test_the_origin_is_what_the_configuration_names(sandbox):
    repository = Repository.discover(sandbox.root)
    assert repository.origin() == ""

    sandbox.git("remote", "add", "origin", "https://me:secret@example.org/a.git")

    assert repository.origin() == "https://me:secret@example.org/a.git"


def test_a_working_tree_that_is_configured_elsewhere_is_refused(sandbox, tmp_path):
    sandbox.commit(a="1")
    (tmp_path / "elsewhere").mkdir()
    sandbox.git("config", "core.worktree", str(tmp_path / "elsewhere"))
    with pytest.raises(CollectError, match="elsewhere"):
        Repository.discover(sandbox.root)


def test_a_machine_without_git_is_told_to_install_it(sandbox, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CollectError, match="git is not installed") as caught:
        Repository.discover(sandbox.root)
    assert "install git" in caught.value.hint


def test_a_git_that_cannot_be_restrained_is_refused(sandbox, monkeypatch, tmp_path):
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.20.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(old.parent))
    with pytest.raises(CollectError, match=r"2\.20 is too old"):
        Repository.discover(sandbox.root)


@pytest.mark.skipif(os.geteuid() != 0, reason="changing an owner needs root")
def test_a_repository_of_another_user_is_reported_with_the_way_to_trust_it(sandbox):
    for path in (sandbox.root, sandbox.root / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(CollectError, match="another user owns it") as caught:
        Repository.discover(sandbox.root)
    assert "safe.directory" in caught.value.hint


# resolve


def test_branches_tags_and_abbreviations_resolve_to_full_ids(sandbox):
    commit = sandbox.commit(a="1")
    sandbox.git("tag", "-a", "v1", "-m", "one")
    sandbox.git("branch", "feature/ä")
    for ref in ("main", "v1", "feature/ä", commit, commit[:10], "HEAD", "refs/heads/main"):
        assert sandbox.repository.resolve(ref) == commit
    assert sandbox.repository.head() == commit


@pytest.mark.parametrize(
    "ref", ["", "--all", "-h", "--output=x", ":/a", "HEAD:a", "main..HEAD", "a b", "a\nb", "a\0b"]
)
def test_what_is_no_name_of_a_commit_never_reaches_git(sandbox, ref):
    sandbox.commit(a="1")
    with pytest.raises(CollectError, match="not a name of a commit"):
        sandbox.repository.resolve(ref)


def test_an_unknown_name_is_an_error_with_a_hint(sandbox):
    sandbox.commit(a="1")
    with pytest.raises(CollectError, match="no commit 'absent'") as caught:
        sandbox.repository.resolve("absent")
    assert "fetch it" in caught.value.hint


def test_a_file_is_no_commit(sandbox):
    sandbox.commit(a="1")
    blob = sandbox.git("rev-parse", "HEAD:a")
    with pytest.raises(CollectError, match="no commit"):
        sandbox.repository.resolve(blob)


def test_a_name_of_a_branch_and_a_tag_is_ambiguous_even_if_git_is_told_to_be_quiet(sandbox):
    sandbox.commit(a="1")
    sandbox.git("branch", "both")
    sandbox.commit(a="2")
    sandbox.git("tag", "both")
    sandbox.git("config", "core.warnAmbiguousRefs", "false")
    with pytest.raises(CollectError, match="several things") as caught:
        sandbox.repository.resolve("both")
    assert "refs/heads/NAME" in caught.value.hint
    assert sandbox.repository.resolve("refs/tags/both") == sandbox.git("rev-parse", "main")


# read and files


def test_content_comes_from_the_commit_and_not_from_the_working_tree(sandbox):
    commit = sandbox.commit(**{"gates/a.yaml": "committed"})
    sandbox.write("gates/a.yaml", "changed")
    assert sandbox.repository.read(commit, "gates/a.yaml") == b"committed"
    assert sandbox.repository.read("main", "gates/a.yaml") == b"committed"


def test_an_absent_file_is_missing(sandbox):
    commit = sandbox.commit(a="1")
    for path in ("b", "a/b", ":(top)a", "*", "A"):
        with pytest.raises(MissingArtifactError):
            sandbox.repository.read(commit, path)


@pytest.mark.parametrize("path", ["", ".", "/etc/passwd", "../x", "a/../../x", "a\0b"])
def test_paths_outside_of_the_project_are_refused(sandbox, path):
    commit = sandbox.commit(a="1")
    with pytest.raises(CollectError, match="not a path"):
        sandbox.repository.read(commit, path)


def test_links_folders_and_submodules_are_no_content(sandbox, tmp_path):
    sandbox.write("folder/a")
    (sandbox.root / "link").symlink_to("/etc/passwd")
    other = Sandbox(tmp_path / "other")
    other.commit(a="1")
    sandbox.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.root), "m")
    commit = sandbox.commit()
    for path, what in (("link", "symbolic link"), ("folder", "a folder"), ("m", "a submodule")):
        with pytest.raises(CollectError, match=what) as caught:
            sandbox.repository.read(commit, path)
        assert not isinstance(caught.value, MissingArtifactError)
    with pytest.raises(MissingArtifactError):
        sandbox.repository.read(commit, "link/x")
    assert {"link", "m"} <= set(sandbox.repository.files(commit))


def test_a_blob_beyond_the_limit_is_refused_before_it_is_read(sandbox):
    commit = sandbox.commit(big="x" * 1001)
    with pytest.raises(CollectError, match="1001 bytes; 1000 allowed"):
        sandbox.repository.read(commit, "big", max_bytes=1000)
    assert len(sandbox.repository.read(commit, "big", max_bytes=1001)) == 1001


def test_files_are_those_of_one_folder(sandbox):
    commit = sandbox.commit(**{"gates/b.yaml": "1", "gates/a/c.yaml": "1", "gates2/x": "1"})
    expected = ["gates/a/c.yaml", "gates/b.yaml"]
    assert sandbox.repository.files(commit, "gates") == expected
    assert sandbox.repository.files(commit, "gates/") == expected
    assert sandbox.repository.files(commit, "absent") == []


def test_a_path_that_is_not_utf_8_is_listed_with_escapes_and_cannot_be_read(sandbox):
    base = sandbox.commit(a="1")
    Path(os.fsdecode(os.fsencode(sandbox.root) + b"/caf\xe9.txt")).write_text("x")
    head = sandbox.commit()
    assert sandbox.repository.changed_paths(base, head) == ["caf\\xe9.txt"]
    assert "caf\\xe9.txt" in sandbox.repository.files(head)
    with pytest.raises(MissingArtifactError):
        sandbox.repository.read(head, "caf\\xe9.txt")


def test_replacement_objects_do_not_change_what_a_commit_holds(sandbox):
    base = sandbox.commit(a="good")
    sandbox.git("checkout", "-q", "--orphan", "fake")
    fake = sandbox.commit(a="bad")
    sandbox.git("replace", base, fake)
    assert sandbox.git("show", f"{base}:a") == "bad"
    assert sandbox.repository.read(base, "a") == b"good"


def test_grafts_do_not_change_the_parents_of_a_commit(sandbox):
    base = sandbox.commit(a="1")
    middle = sandbox.commit(a="2")
    head = sandbox.commit(a="3")
    (sandbox.root / ".git" / "info" / "grafts").write_text(f"{head} {base}\n")
    assert [commit.id for commit in sandbox.repository.commits(base)] == [middle, head]


# changed_paths


def test_changes_are_counted_from_the_merge_base(sandbox):
    sandbox.commit(a="1", b="1")
    sandbox.git("checkout", "-q", "-b", "feature")
    head = sandbox.commit(a="2")
    sandbox.git("checkout", "-q", "main")
    base = sandbox.commit(b="2", c="1")
    assert sandbox.repository.changed_paths(base, head) == ["a"]


def test_both_sides_of_a_rename_count(sandbox):
    base = sandbox.commit(**{"policies/old.rego": "package x\n" * 20})
    sandbox.git("mv", "policies/old.rego", "new.rego")
    assert sandbox.repository.changed_paths(base, None) == ["new.rego", "policies/old.rego"]
    head = sandbox.commit("rename")
    assert sandbox.repository.changed_paths(base, head) == ["new.rego", "policies/old.rego"]


def test_the_working_tree_counts_with_staged_unstaged_deleted_and_untracked_files(sandbox):
    base = sandbox.commit(staged="1", unstaged="1", deleted="1", same="1", **{".gitignore": "*.o"})
    sandbox.commit(committed="1")
    sandbox.write("staged", "2")
    sandbox.git("add", "staged")
    sandbox.write("unstaged", "2")
    (sandbox.root / "deleted").unlink()
    sandbox.write("folder/untracked with spaces\nand lines")
    sandbox.write("ignored.o")
    assert sandbox.repository.changed_paths(base, None) == [
        "committed",
        "deleted",
        "folder/untracked with spaces\nand lines",
        "staged",
        "unstaged",
    ]
    assert sandbox.repository.dirty_paths() == [
        "deleted",
        "folder/untracked with spaces\nand lines",
        "staged",
        "unstaged",
    ]


def test_a_clean_working_tree_has_no_dirty_paths_even_after_a_touch(sandbox):
    sandbox.commit(a="1")
    os.utime(sandbox.root / "a", (1, 1))
    assert sandbox.repository.dirty_paths() == []


def test_a_repository_can_not_hide_a_moved_submodule_or_untracked_files(sandbox, tmp_path):
    other = Sandbox(tmp_path / "other")
    other.commit(a="1")
    sandbox.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.root), "m")
    sandbox.git("config", "-f", ".gitmodules", "submodule.m.ignore", "all")
    base = sandbox.commit()
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "2"], cwd=sandbox.root / "m",
                   env=ENVIRONMENT, check=True)  # fmt: skip
    sandbox.git("config", "status.showUntrackedFiles", "no")
    sandbox.git("config", "diff.ignoreSubmodules", "all")
    sandbox.write("new")
    assert sandbox.repository.changed_paths(base, None) == ["m", "new"]
    sandbox.git("add", "-f", "m")
    head = sandbox.commit()
    assert sandbox.repository.changed_paths(base, head) == ["m", "new"]


def test_unrelated_histories_have_no_changes_to_report(sandbox):
    base = sandbox.commit(a="1")
    sandbox.git("checkout", "-q", "--orphan", "other")
    head = sandbox.commit(b="1")
    with pytest.raises(CollectError, match="no common ancestor") as caught:
        sandbox.repository.changed_paths(base, head)
    assert "unrelated" in caught.value.hint


def test_after_a_criss_cross_merge_the_changes_since_every_merge_base_count(sandbox):
    sandbox.commit(a="1")
    sandbox.git("checkout", "-q", "-b", "left")
    left = sandbox.commit(left="1")
    sandbox.git("checkout", "-q", "-b", "right", "main")
    right = sandbox.commit(right="1")
    sandbox.git("merge", "-q", "-m", "m1", left)
    sandbox.git("checkout", "-q", "left")
    sandbox.git("merge", "-q", "-m", "m2", right)
    assert sandbox.repository.changed_paths("left", "right") == ["left", "right"]


def test_a_repository_without_commits_is_an_error(sandbox):
    with pytest.raises(CollectError, match="no commit 'HEAD'"):
        sandbox.repository.changed_paths("HEAD", None)


# commits


def test_commits_are_listed_parents_first_with_authors_times_and_trailers(sandbox):
    base = sandbox.commit("first", a="1")
    one = sandbox.commit("second", a="2")
    two = sandbox.commit("third\n\nBody: text\nmore\n\nCo-authored-by: C <c@example.org>", a="3")
    commits = sandbox.repository.commits(base)
    assert [commit.id for commit in commits] == [one, two]
    last = commits[-1]
    assert last.parents == (one,)
    assert last.subject == "third"
    assert (last.author_name, last.author_email) == ("Ada", "ada@example.org")
    assert (last.committer_name, last.committer_email) == ("Bob", "bob@example.org")
    assert last.authored_at == "2026-01-02T02:04:05Z"
    assert last.committed_at == "2026-01-03T00:00:00Z"
    assert last.trailers == (("Co-authored-by", "C <c@example.org>"),)
    assert (last.signature, last.signature_format, last.verified) == ("absent", "", False)
    assert sandbox.repository.commits(two, two) == []


def test_a_merge_has_two_parents(sandbox):
    base = sandbox.commit(a="1")
    sandbox.git("checkout", "-q", "-b", "side")
    side = sandbox.commit(b="1")
    sandbox.git("checkout", "-q", "main")
    main = sandbox.commit(c="1")
    sandbox.git("merge", "-q", "-m", "merge", "side")
    commits = sandbox.repository.commits(base)
    assert {commit.id for commit in commits[:2]} == {side, main}
    assert commits[2].parents == (main, side)


@pytest.mark.parametrize(
    ("armour", "name"),
    [("PGP SIGNATURE", "openpgp"), ("SSH SIGNATURE", "ssh"), ("SIGNED MESSAGE", "x509"),
     ("SOMETHING", "unknown")],
)  # fmt: skip
def test_a_signature_is_reported_as_present_and_never_as_verified(sandbox, armour, name):
    base = sandbox.commit("first", a="1")
    raw = sandbox.git("cat-file", "commit", "HEAD")
    head, _, body = raw.partition("\n\n")
    signed = (
        f"{head}\nparent {base}\ngpgsig -----BEGIN {armour}-----\n \n AAAA\n -----END\n\n{body}\n"
    )
    lines = signed.split("\n")
    lines.insert(1, lines.pop(next(i for i, x in enumerate(lines) if x.startswith("parent"))))
    made = sandbox.git(
        "hash-object", "-t", "commit", "-w", "--stdin", stdin="\n".join(lines).encode()
    )
    (commit,) = sandbox.repository.commits(base, made)
    assert (commit.signature, commit.signature_format, commit.verified) == ("present", name, False)
    assert commit.to_json()["signature"] == {"state": "present", "format": name, "verified": False}


def test_a_malformed_commit_is_an_error():
    for raw in (
        b"",
        b"tree x\nauthor A <a> 1 +0000\n\nmessage",
        b"tree x\nauthor A a 1 +0000\ncommitter A <a> 1 +0000\n\nm",
        b"tree x\nauthor A <a> 1 +0000\nauthor B <b> 1 +0000\ncommitter A <a> 1 +0000\n\nm",
        b"tree x\nauthor A <a> 999999999999 +0000\ncommitter A <a> 1 +0000\n\nm",
    ):
        with pytest.raises(CollectError, match="malformed"):
            parse_commit("0" * 40, raw)


def test_messages_in_other_encodings_are_decoded():
    raw = b"tree x\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\nencoding %s\n\nGr\xfc\xdfe\n"
    assert parse_commit("0" * 40, raw % b"ISO-8859-1").subject == "Grüße"
    assert parse_commit("0" * 40, raw % b"no-such-encoding").subject == "Gr\ufffd\ufffde"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", ()),
        ("Reviewed-by: x", (("Reviewed-by", "x"),)),
        ("A: 1\nB : 2\n  more", (("A", "1"), ("B", "2 more"))),
        ("A: 1\nplain prose", ()),
        ("Reviewed-by: x\n\nlast paragraph", ()),
        ("prose\n\nReviewed-by: x\n \t\n", (("Reviewed-by", "x"),)),
        ("prose\nSigned-off-by: A <a>\nprose", (("Signed-off-by", "A <a>"),)),
        ("p\np\np\np\nSigned-off-by: A <a>", ()),
        ("p\np\np\nSigned-off-by: A <a>", (("Signed-off-by", "A <a>"),)),
        ("Signed-off-by A: 1\nSigned-off-by: x", (("Signed-off-by", "x"),)),
        ("A: 1\n(cherry picked from commit abc)", (("A", "1"),)),
        ("p\np\nA: 1\n(cherry picked from commit abc)", (("A", "1"),)),
        ("http://example.org", (("http", "//example.org"),)),
        ("A:", (("A", ""),)),
        (": no key", ()),
        ("A_b: no key", ()),
        ("A: 1\n---\nB: 2", ()),
        ("---\n\nB: 2", (("B", "2"),)),
    ],
)  # fmt: skip
def test_trailers_are_read_as_git_reads_them(sandbox, body, expected):
    message = f"subject\n\n{body}\n"
    sandbox.git("commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message)
    by_git = sandbox.git("log", "-1", "--format=%(trailers:only,unfold)").splitlines()
    assert [f"{key}: {value}".strip() for key, value in expected] == by_git
    assert parse_trailers(message) == expected


def test_the_subject_is_no_trailer():
    assert parse_trailers("Reviewed-by: x") == ()
    assert parse_trailers("") == ()


# shallow clones


@pytest.fixture
def shallow(sandbox, tmp_path):
    """(base, clone): three commits since `base`, of which the clone has one."""
    base = sandbox.commit(a="1")
    for number in range(3):
        sandbox.commit(a=f"{number + 2}")
    clone = tmp_path / "clone"
    sandbox.git("clone", "-q", "--depth=1", f"file://{sandbox.root}", str(clone))
    return base, clone


def test_a_base_that_a_shallow_clone_lacks_is_reported_with_the_remedy(shallow):
    base, clone = shallow
    repository = Repository.discover(clone)
    assert repository.is_shallow()
    with pytest.raises(CollectError, match="no commit") as caught:
        repository.resolve(base)
    assert "fetch-depth: 0" in caught.value.hint


def test_commits_that_a_shallow_clone_lacks_are_not_left_out_in_silence(shallow):
    base, clone = shallow
    subprocess.run(["git", "fetch", "-q", "--depth=1", "origin", base], cwd=clone, check=True,
                   env=ENVIRONMENT, capture_output=True)  # fmt: skip
    repository = Repository.discover(clone)
    assert repository.resolve(base) == base
    for ask in (repository.commits, lambda ref: repository.changed_paths(ref, None)):
        with pytest.raises(CollectError) as caught:
            ask(base)
        assert "fetch-depth: 0" in caught.value.hint


def test_a_cut_inside_the_range_is_noticed_although_a_merge_base_is_known(sandbox, tmp_path):
    base = sandbox.commit(a="1")
    sandbox.git("checkout", "-q", "-b", "side")
    for number in range(4):
        sandbox.commit(b=str(number))
    sandbox.git("checkout", "-q", "main")
    main = sandbox.commit(c="1")
    sandbox.git("merge", "-q", "-m", "merge", "side")
    clone = tmp_path / "clone"
    sandbox.git("clone", "-q", "--depth=3", f"file://{sandbox.root}", str(clone))
    repository = Repository.discover(clone)
    assert repository.resolve(base) == base
    with pytest.raises(CollectError, match="missing") as caught:
        repository.commits(main)
    assert "fetch-depth: 0" in caught.value.hint


# hostile configuration


def test_nothing_that_the_repository_configures_is_run(sandbox, tmp_path):
    sentinel = tmp_path / "was-run"
    trap = tmp_path / "trap"
    trap.write_text(f'#!/bin/sh\necho "$0 $@" >> {sentinel}\ncat\n')
    trap.chmod(0o755)
    base = sandbox.commit(a="1", **{".gitattributes": "* filter=evil diff=evil\n"})
    sandbox.commit(a="2")
    signed = sandbox.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----\n\n"
    )
    head = sandbox.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=signed.encode())
    sandbox.git("reset", "-q", "--soft", head)
    for key in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "core.askPass",
        "filter.evil.clean", "filter.evil.smudge", "filter.e=v.i;l.clean", "filter.evil.process",
        "diff.evil.command", "diff.evil.textconv", "diff.external", "gpg.program",
        "gpg.ssh.program", "log.showSignature", "credential.helper", "pager.status", "pager.log",
    ):  # fmt: skip
        sandbox.git("config", key, "true" if key == "log.showSignature" else str(trap))
    sandbox.git("config", "filter.evil.required", "true")
    hooks = sandbox.root / ".git" / "hooks"
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        hooks.mkdir(exist_ok=True)
        (hooks / hook).write_text(trap.read_text())
        (hooks / hook).chmod(0o755)
    # Odd names for a filter must be overridden as well.
    sandbox.write(".gitattributes", "* filter=evil\na filter=e=v.i;l\n")
    sandbox.write("a", "3")
    repository = sandbox.repository
    repository.resolve("main")
    assert repository.changed_paths(base, None) == [".gitattributes", "a"]
    assert repository.dirty_paths() == [".gitattributes", "a"]
    assert [commit.signature for commit in repository.commits(base)] == ["present"]
    assert repository.read(head, "a") == b"2"
    assert repository.files(head) == [".gitattributes", "a"]
    assert not sentinel.exists(), sentinel.read_text()
    # The trap works: an ordinary `git status` springs it.
    os.utime(sandbox.root / "a", (1, 1))
    subprocess.run(["git", "status"], cwd=sandbox.root, env=ENVIRONMENT, capture_output=True,
                   check=False)  # fmt: skip
    assert sentinel.exists()


def test_variables_of_an_enclosing_git_do_not_redirect_it(sandbox, tmp_path, monkeypatch):
    commit = sandbox.commit(a="1")
    other = Sandbox(tmp_path / "other")
    other.commit(b="1")
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.root))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git/index"))
    repository = Repository.discover(sandbox.root)
    assert repository.toplevel == sandbox.root
    assert repository.head() == commit
    assert repository.dirty_paths() == []


def test_reading_leaves_the_repository_as_it_was(sandbox):
    base = sandbox.commit(a="1")
    os.utime(sandbox.root / "a", (1, 1))
    index = sandbox.root / ".git" / "index"
    before = index.read_bytes()
    sandbox.repository.changed_paths(base, None)
    assert index.read_bytes() == before
