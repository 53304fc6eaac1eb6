r"""Read-only access to a git repository through the `git` binary.

Rules:

- Paths in and out are relative to `root`, the folder that `discover` was given, with
  `/` between parts; changed paths outside it begin with `../`. A project in a folder
  of a larger repository therefore needs no translation.
- Content is read from commits by full id, never from a working tree; symbolic links
  and submodules are refused as content.
- What cannot be known is an error, never an empty list: an absent base, a shallow
  clone whose cut runs through the range, unrelated histories, ambiguous names.
- Paths that are not UTF-8 are listed with `\xNN` escapes, so that a pattern still
  matches their folder; they cannot be read.
- How git is kept from running code of the repository: see `process`.

Example:

    repository = Repository.discover(Path("."))
    base = repository.resolve("origin/main")
    repository.changed_paths(base, None)
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from probanda.errors import CollectError, MissingArtifactError
from probanda.repository.commit import Commit, parse_commit
from probanda.repository.process import GitError, filter_overrides, run_git

__all__ = ["Commit", "Repository"]

MAX_BLOB_BYTES = 64 << 20
# More commits than a reviewer could look at; a range beyond it has the wrong base.
MAX_COMMITS = 10_000

_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
# gitrevisions(7) without ranges, searches (`:/`), paths (`:`), options and blanks.
_REF = re.compile(r"[^\s\x00-\x20\x7f:*?\[\\-][^\s\x00-\x20\x7f:*?\[\\]*")
_SHALLOW_HINT = (
    "the clone is shallow: fetch the whole history (GitHub actions/checkout: `fetch-depth: 0`)"
)
_FILE_MODES = frozenset({"100644", "100755", "100664"})
_OTHER_MODES = {"120000": "a symbolic link", "160000": "a submodule", "040000": "a folder"}


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository with a working tree, seen from one of its folders.

    Attributes:
        root: the folder to which all paths are relative.
        toplevel: the folder of the repository's working tree that holds `root`.
    """

    root: Path
    toplevel: Path

    @classmethod
    def discover(cls, path: Path) -> Repository | None:
        """The repository around the folder `path`, or `None` where there is none.

        Raises:
            CollectError: git is absent, or refuses the repository (`safe.directory`).
        """
        root = path.resolve()
        if not root.is_dir():
            return None
        try:
            top = run_git(root, ["rev-parse", "--show-toplevel"])
        except GitError as error:
            if "not a git repository" in error.stderr or "work tree" in error.stderr:
                return None
            raise
        toplevel = Path(os.fsdecode(top.removesuffix(b"\n"))).resolve()
        if not root.is_relative_to(toplevel):
            raise CollectError(f"the repository at {root} says that its files are elsewhere")
        return cls(root, toplevel)

    def resolve(self, ref: str) -> str:
        """Full id of the commit that `ref` names.

        Raises:
            CollectError: no such commit, an ambiguous name, or not a name at all.
        """
        if not _REF.fullmatch(ref) or ".." in ref:
            raise CollectError(f"not a name of a commit: {ref!r}")
        try:
            # Without --quiet, which would also silence the warning about ambiguous names.
            answer = self._git("rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}")
        except GitError as error:
            if "is ambiguous" in error.stderr:
                raise CollectError(f"{ref!r} names several things", hint=error.hint) from error
            if error.hint is not None:
                raise
            hint = _SHALLOW_HINT if self.is_shallow() else "fetch it first, or correct the name"
            raise CollectError(f"no commit {ref!r} in {self.toplevel}", hint=hint) from error
        commit = answer.decode("ascii", "replace").strip()
        if not _OBJECT_ID.fullmatch(commit):
            raise CollectError(f"git answers {ref!r} with something that is no commit id")
        return commit

    def head(self) -> str:
        """Full id of the checked-out commit."""
        return self.resolve("HEAD")

    def origin(self) -> str:
        """Address of the remote `origin`, as the repository's configuration has it; may be empty.

        It may hold a password, and names whatever the configuration's author likes.
        """
        try:
            answer = self._git("config", "--get", "remote.origin.url")
        except GitError as error:
            if error.code != 1:
                raise
            return ""
        return answer.decode("utf-8", "replace").strip()

    def is_shallow(self) -> bool:
        """Whether history is cut off somewhere."""
        return self._git("rev-parse", "--is-shallow-repository").strip() == b"true"

    def read(self, commit: str, path: str, *, max_bytes: int = MAX_BLOB_BYTES) -> bytes:
        """Content of the regular file `path` at `commit`.

        Raises:
            MissingArtifactError: there is no such file.
            CollectError: it is a link, submodule or folder, or larger than `max_bytes`.
        """
        commit, where = self._commit(commit), self._within(path)
        if where == ".":
            raise CollectError(f"not a path of a file: {path!r}")
        answer = self._git("ls-tree", "-z", "-l", "--full-tree", commit, "--", where)
        if not answer:
            raise MissingArtifactError(f"no file {path!r} at {commit[:12]}")
        description, _, name = answer.split(b"\0")[0].partition(b"\t")
        mode, kind, blob, size = description.decode("ascii").split()
        if (
            mode not in _FILE_MODES
            or kind != "blob"
            or name.decode("utf-8", "backslashreplace") != where
        ):
            what = _OTHER_MODES.get(mode, "no regular file")
            raise CollectError(f"{path!r} at {commit[:12]} is {what}")
        if int(size) > max_bytes:
            raise CollectError(f"{path!r} at {commit[:12]} has {size} bytes; {max_bytes} allowed")
        content = self._git("cat-file", "blob", blob, max_bytes=max_bytes)
        if len(content) != int(size):
            raise CollectError(f"git returned a part of {path!r} only")
        return content

    def files(self, commit: str, prefix: str = "") -> list[str]:
        """Sorted paths of everything below the folder `prefix` at `commit`.

        Links and submodules are listed too, so that `read` refuses them loudly.
        """
        where = self._within(prefix) if prefix.strip("/") else self._within(".")
        pathspec = [] if where == "." else ["--", where]
        answer = self._git(
            "ls-tree", "-r", "-z", "--full-tree", "--name-only", self._commit(commit), *pathspec
        )
        return self._paths(answer)

    def changed_paths(self, base: str, head: str | None) -> list[str]:
        """Sorted paths that differ between `head` and its merge base with `base`.

        Both sides of a rename count. `head` `None` is the working tree: staged,
        unstaged and untracked files that are not ignored count as well, also when
        they undo what the commits did.

        Raises:
            CollectError: no merge base.
        """
        start, end = self._commit(base), self.head() if head is None else self._commit(head)
        changed: set[str] = set(self.dirty_paths()) if head is None else set()
        # --ignore-submodules=none: `ignore = all` in .gitmodules must not hide a change.
        flags = ("-r", "-z", "--name-only", "--no-renames", "--ignore-submodules=none",
                 "--no-ext-diff", "--no-textconv")  # fmt: skip
        for ancestor in self._merge_bases(start, end):
            changed.update(self._paths(self._git("diff-tree", *flags, ancestor, end)))
        return sorted(changed)

    def dirty_paths(self) -> list[str]:
        """Sorted paths of the working tree that differ from HEAD or are untracked.

        Content filters are switched off: a file whose committed form a filter made
        (Git LFS) counts as changed once its time stamps did.
        """
        answer = run_git(
            self.toplevel,
            ["status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames",
             "--ignore-submodules=dirty"],
            settings=filter_overrides(self.toplevel),
        )  # fmt: skip
        # git-status(1), porcelain v1 with -z: `XY PATH NUL`; without renames one path each.
        return self._paths(b"\0".join(entry[3:] for entry in answer.split(b"\0") if entry))

    def commits(self, base: str, head: str | None = None) -> list[Commit]:
        """Commits that `head` (default: HEAD) has and `base` has not, parents first.

        Raises:
            CollectError: no merge base, too many, or the clone's cut hides some of them.
        """
        start, end = self._commit(base), self.head() if head is None else self._commit(head)
        self._merge_bases(start, end)
        listing = self._git("rev-list", "--topo-order", "--reverse", end, f"^{start}")
        ids = listing.decode("ascii").split()
        if len(ids) > MAX_COMMITS:
            raise CollectError(f"{len(ids)} commits since {base}; {MAX_COMMITS} allowed")
        if self._cut().intersection(ids):
            raise CollectError(f"commits since {base} are missing", hint=_SHALLOW_HINT)
        return [parse_commit(commit, raw) for commit, raw in self._objects(ids)]

    def _objects(self, ids: list[str]) -> list[tuple[str, bytes]]:
        """Raw commits, through one `git cat-file --batch`."""
        if not ids:
            return []
        answer = self._git("cat-file", "--batch", stdin="\n".join(ids).encode() + b"\n")
        objects, offset = [], 0
        for commit in ids:
            line_end = answer.index(b"\n", offset)
            header = answer[offset:line_end].decode("ascii", "replace").split()
            if header[:2] != [commit, "commit"]:
                raise CollectError(f"git does not return the commit {commit}")
            size = int(header[2])
            objects.append((commit, answer[line_end + 1 : line_end + 1 + size]))
            offset = line_end + 1 + size + 1
        return objects

    def _merge_bases(self, base: str, head: str) -> list[str]:
        """Best common ancestors; several after a criss-cross merge.

        All are used, where git itself would take the first: more paths, never fewer.
        """
        try:
            answer = self._git("merge-base", "--all", base, head)
        except GitError as error:
            if error.code != 1 or error.stderr:
                raise
            hint = _SHALLOW_HINT if self.is_shallow() else "the histories are unrelated"
            message = f"no common ancestor of {base[:12]} and {head[:12]}"
            raise CollectError(message, hint=hint) from error
        return answer.decode("ascii").split()

    def _cut(self) -> set[str]:
        """Commits whose parents a shallow clone left out (gitformat: `shallow`)."""
        if not self.is_shallow():
            return set()
        answer = self._git("rev-parse", "--path-format=absolute", "--git-path", "shallow")
        path = Path(os.fsdecode(answer.removesuffix(b"\n")))
        try:
            return set(path.read_text(encoding="ascii").split())
        except (OSError, UnicodeDecodeError) as error:
            raise CollectError("cannot read where the shallow clone is cut") from error

    def _commit(self, commit: str) -> str:
        """`commit` as a full id; ids are taken as they are, names are resolved."""
        return commit if _OBJECT_ID.fullmatch(commit) else self.resolve(commit)

    def _within(self, path: str) -> str:
        """`path`, relative to the repository's top; `.` for the top itself."""
        pure = PurePosixPath(path)
        if not path or pure.is_absolute() or ".." in pure.parts or "\0" in path:
            raise CollectError(f"not a path within the project: {path!r}")
        return (PurePosixPath(self._prefix()) / pure).as_posix()

    def _prefix(self) -> str:
        """`root`, relative to `toplevel`."""
        return self.root.relative_to(self.toplevel).as_posix()

    def _paths(self, listing: bytes) -> list[str]:
        """Sorted paths relative to `root` from a NUL-separated listing."""
        prefix = self._prefix()
        paths = {name.decode("utf-8", "backslashreplace") for name in listing.split(b"\0") if name}
        if prefix != ".":
            paths = {os.path.relpath(path, prefix) for path in paths}
        return sorted(paths)

    def _git(self, *arguments: str, stdin: bytes = b"", max_bytes: int | None = None) -> bytes:
        """Run git at the top of the repository."""
        if max_bytes is None:
            return run_git(self.toplevel, arguments, stdin=stdin)
        return run_git(self.toplevel, arguments, stdin=stdin, max_bytes=max_bytes)
