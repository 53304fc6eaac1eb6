"""Which files of the project a pattern means.

Rules:

- `*` is any run of characters within one name, `?` is one of them, `**` is any number of
  folders or none. Everything else, `[` included, is itself. Case counts. Names that begin
  with a dot match like others: what is hidden must not be unchecked.
- Wildcards do not enter `.git` and `.probanda` at the project's root; a pattern that spells
  them out does.
- The part before the first wildcard is a path like any other: links may lead around within
  the project. Below it, folders are entered one at a time without following links (CWE-59,
  CWE-367). A link that matches is given back: opening it is where it is judged.
- A folder that cannot be listed is an error. What was found is in the order of code points.

Example:

    >>> [each.path for each in match_files(root, "sboms/**/*.json", limit=20_000)]
    ['sboms/a.json', 'sboms/team/b.json']
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from probanda.collect.files import open_folder
from probanda.errors import CollectError, MissingArtifactError
from probanda.model.gate import is_pattern

# Folders of tools, never of artifacts, unless a pattern names them.
HIDDEN = frozenset({".git", ".probanda"})
MAX_ENTRIES = 1_000_000
MAX_DEPTH = 64


@dataclass(frozen=True, slots=True, order=True)
class Match:
    """A file that a pattern means, by its path; `size` in bytes, as it was listed."""

    path: str
    size: int


def match_files(root: Path, pattern: str, *, limit: int) -> tuple[Match, ...]:
    """The files that `pattern` means, sorted.

    Raises:
        MissingArtifactError: there is none.
        CollectError: more than `limit`, a folder that cannot be listed, or too many entries.
    """
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    fixed = next(number for number, part in enumerate(parts) if is_pattern(part))
    found: list[Match] = []
    try:
        descriptor = open_folder(root, "/".join(parts[:fixed]))
    except MissingArtifactError:
        raise _none(pattern) from None
    try:
        prefix = "".join(f"{part}/" for part in parts[:fixed])
        for match in _Walk(parts[fixed:]).files(descriptor, prefix):
            found.append(match)
            if len(found) > limit:
                raise CollectError(
                    f"more than {limit} files match {pattern!r}",
                    hint="make the pattern narrower, or raise maxFiles",
                )
    finally:
        os.close(descriptor)
    if not found:
        raise _none(pattern)
    return tuple(sorted(found))


def matches_pattern(path: str, pattern: str) -> bool:
    """Whether a path is one that `pattern` may give."""
    parts = path.split("/")
    wanted = [part for part in pattern.split("/") if part not in {"", "."}]
    if parts[0] in HIDDEN and parts[0] != wanted[0]:
        return False
    fine = all(part not in {"", ".", ".."} for part in parts)
    return fine and _whole(pattern).fullmatch(path) is not None


def _none(pattern: str) -> MissingArtifactError:
    return MissingArtifactError(
        f"no file matches {pattern!r}", hint="none is nothing checked, which is no pass"
    )


class _Walk:
    """One walk below the first wildcard."""

    def __init__(self, parts: list[str]) -> None:
        self.parts, self.seen = parts, 0
        # Folders deeper than the pattern are not looked at, unless `**` reaches them.
        self.depth = MAX_DEPTH if "**" in parts else len(parts)
        self.pattern = _whole("/".join(parts))

    def files(self, folder: int, prefix: str, below: str = "", level: int = 1) -> Iterator[Match]:
        """Matches in the open folder, whose path is `prefix + below`."""
        for entry in self._entries(folder, prefix + below):
            name = below + entry.name
            if entry.is_dir(follow_symlinks=False):
                if (level >= self.depth and self.depth < MAX_DEPTH) or (
                    not prefix and level == 1 and entry.name in HIDDEN
                ):
                    continue
                yield from self._enter(folder, entry.name, prefix, f"{name}/", level)
            elif self.pattern.fullmatch(name):
                yield Match(prefix + name, entry.stat(follow_symlinks=False).st_size)

    def _enter(
        self, folder: int, name: str, prefix: str, below: str, level: int
    ) -> Iterator[Match]:
        if level >= MAX_DEPTH:
            raise CollectError(f"{prefix + below!r} lies deeper than {MAX_DEPTH} folders")
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            inner = os.open(name, flags, dir_fd=folder)
        except OSError as error:
            raise CollectError(f"cannot list {prefix + below!r}: {error.strerror}") from error
        try:
            yield from self.files(inner, prefix, below, level + 1)
        finally:
            os.close(inner)

    def _entries(self, folder: int, path: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as listing:
                entries = []
                for entry in listing:
                    self.seen += 1
                    if self.seen > MAX_ENTRIES:
                        raise CollectError(
                            f"more than {MAX_ENTRIES} files and folders to look through",
                            hint="begin the pattern with the folder that is meant",
                        )
                    _check_name(entry.name, path)
                    entries.append(entry)
        except OSError as error:
            raise CollectError(f"cannot list {path!r}: {error.strerror}") from error
        return entries


def _check_name(name: str, path: str) -> None:
    """A name that no document could hold cannot be recorded."""
    try:
        name.encode()
    except UnicodeEncodeError:
        raise CollectError(
            f"a name in {path or '.'!r} is not UTF-8: {name!r}", hint="rename the file"
        ) from None


@lru_cache(maxsize=256)
def _whole(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression over whole relative paths.

    Within one part, each `*` but the last is matched atomically and lazily, so that matching
    takes linear time in the name for each star.
    """
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    text = ""
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            text += r"(?:[^/]+/)*[^/]+" if last else r"(?:[^/]+/)*"
        else:
            text += _part(part) + ("" if last else "/")
    return re.compile(text, re.DOTALL)


def _part(part: str) -> str:
    pieces = [re.escape(piece).replace(r"\?", "[^/]") for piece in re.split(r"\*+", part)]
    first, *rest = pieces
    if not rest:
        return first
    *middle, last = rest
    # What stands between two stars is taken at its first place: later ones give no more matches.
    return first + "".join(f"(?>[^/]*?{piece})" for piece in middle) + "[^/]*" + last
