"""Where documents come from: the working tree, a git revision, or probanda itself.

Rules:

- A tree gives names and bytes, nothing else. It never follows a symbolic link out
  of its root, reads no device or pipe, and no file beyond `MAX_BYTES`.
- Names that begin with a dot are left out everywhere: editors and file managers
  leave them in folders, and no rule takes them.
- The same project read as a working tree and at a revision has the same names.

Example:

    tree = RevisionTree(repository, commit, label="origin/main")
    tree.read("probanda.yaml")
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Protocol

import probanda
from probanda.errors import CollectError, ContentError, MissingArtifactError
from probanda.model.location import Location
from probanda.repository import Repository

MAX_BYTES = 1 << 20
# A room with more files than this is not written by people.
MAX_FILES = 20_000
PROJECT_FILE = "probanda.yaml"
# Rooms that ship with probanda and hold documents.
BUILTIN_ROOMS = ("controls", "policies")


class Tree(Protocol):
    """A read-only folder of documents.

    Attributes:
        label: prefix of locations (`origin/main`, `builtin`); empty for the working tree.
    """

    @property
    def label(self) -> str:
        """See above."""
        ...

    def files(self, prefix: str) -> list[str]:
        """Sorted paths of all files below the folder `prefix` (empty: all), without dotfiles."""
        ...

    def read(self, path: str) -> bytes:
        """The bytes of one file.

        Raises:
            ContentError: it is not there, is no ordinary file, leads outside, or is too large.
        """
        ...


def locate(tree: Tree, path: str, line: int = 0, column: int = 0) -> Location:
    """A place in a file of `tree`; a name that would write to a terminal is escaped."""
    path = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in path
    )
    return Location(f"{tree.label}:{path}" if tree.label else path, line, column)


def exists(tree: Tree, path: str) -> bool:
    """Whether `tree` has the file `path`."""
    return path in tree.files(str(PurePosixPath(path).parent).removeprefix("."))


class WorkingTree:
    """A folder on disk."""

    label = ""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def files(self, prefix: str) -> list[str]:
        """See `Tree`. A linked folder is listed as if it were a file, and read as an error."""
        start = self.root / prefix
        if start.is_symlink():
            return [prefix]
        found: list[str] = []
        for folder, folders, names in os.walk(start, followlinks=False):
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            folders[:] = [name for name in folders if name not in links and _visible(name)]
            relative = Path(folder).relative_to(self.root)
            found += [(relative / name).as_posix() for name in [*names, *links] if _visible(name)]
            if len(found) > MAX_FILES:
                raise ContentError(f"more than {MAX_FILES} files", location=Location(prefix))
        return sorted(found)

    def read(self, path: str) -> bytes:
        """See `Tree`."""
        where = locate(self, path)
        try:
            target = (self.root / path).resolve(strict=True)
            if not target.is_relative_to(self.root):
                raise ContentError("a link that leads out of the project", location=where)
            if not stat.S_ISREG(target.stat().st_mode):
                raise ContentError("not an ordinary file", location=where)
            with target.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise ContentError("no such file", location=where) from None
        except (OSError, RuntimeError, ValueError) as error:
            # RuntimeError: a loop of links (Python 3.12 and older); ValueError: a NUL.
            raise ContentError("cannot be read", location=where) from error
        return _bounded(data, where)


class RevisionTree:
    """The project at a git revision; the working tree is not looked at.

    Args:
        repository: seen from the project's root.
        commit: full commit id.
        label: how messages call the revision.
    """

    def __init__(self, repository: Repository, commit: str, label: str) -> None:
        self.repository = repository
        self.commit = commit
        self.label = label
        self._listing: list[str] | None = None

    def files(self, prefix: str) -> list[str]:
        """See `Tree`."""
        if self._listing is None:
            listing = self.repository.files(self.commit, "")
            self._listing = [path for path in listing if _visible_path(path)]
        below = f"{prefix.rstrip('/')}/" if prefix else ""
        return [path for path in self._listing if path.startswith(below) or path == prefix]

    def read(self, path: str) -> bytes:
        """See `Tree`."""
        where = locate(self, path)
        try:
            return self.repository.read(self.commit, path, max_bytes=MAX_BYTES)
        except MissingArtifactError:
            raise ContentError("no such file", location=where) from None
        except CollectError as error:
            raise ContentError(error.message, location=where, hint=error.hint) from error


class ResourceTree:
    """Content inside the installed package, which may be a zip file."""

    label = "builtin"

    def __init__(self, root: Traversable) -> None:
        self._root = root

    def files(self, prefix: str) -> list[str]:
        """See `Tree`."""
        start = self._root.joinpath(*PurePosixPath(prefix).parts)
        return sorted(_walk(start, prefix)) if start.is_dir() else []

    def read(self, path: str) -> bytes:
        """See `Tree`."""
        where = locate(self, path)
        try:
            return _bounded(self._root.joinpath(*PurePosixPath(path).parts).read_bytes(), where)
        except OSError:
            raise ContentError("no such file", location=where) from None


class _CheckoutTree(WorkingTree):
    """The rooms of a source checkout, as built-in content."""

    label = "builtin"


def builtin_tree() -> Tree:
    """The content that probanda ships: in the wheel, or beside the sources.

    Raises:
        ContentError: the installation has neither.
    """
    packaged = package_files(probanda).joinpath("_content")
    if packaged.is_dir():
        return ResourceTree(packaged)
    checkout = Path(probanda.__file__).resolve().parents[2]
    tree = _CheckoutTree(checkout)
    if not provides_builtin(tree):
        raise ContentError("probanda is installed without its content", hint="install it again")
    return tree


def provides_builtin(tree: Tree) -> bool:
    """Whether `tree` is probanda's own source: then its rooms *are* the built-in content.

    Judged by content and not by place, so that a revision of the checkout counts as well.
    """
    try:
        document = tomllib.loads(tree.read("pyproject.toml").decode())
    except (ContentError, ValueError, RecursionError):
        return False
    project = document.get("project")
    return isinstance(project, dict) and project.get("name") == "probanda"


def find_root(start: Path) -> Path:
    """The nearest folder at or above `start` that holds `probanda.yaml`.

    Raises:
        ContentError: there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise ContentError(
        f"no {PROJECT_FILE} in {start} or above it",
        hint=f"run in a project, or write a {PROJECT_FILE}",
    )


def _walk(folder: Traversable, prefix: str) -> Iterator[str]:
    for entry in folder.iterdir():
        path = f"{prefix}/{entry.name}" if prefix else entry.name
        if not _visible(entry.name):
            continue
        if entry.is_dir():
            yield from _walk(entry, path)
        else:
            yield path


def _visible(name: str) -> bool:
    return not name.startswith(".") and name != "__pycache__"


def _visible_path(path: str) -> bool:
    return all(_visible(part) for part in path.split("/"))


def _bounded(data: bytes, where: Location) -> bytes:
    if len(data) > MAX_BYTES:
        raise ContentError(f"larger than the limit of {MAX_BYTES} bytes", location=where)
    return data
