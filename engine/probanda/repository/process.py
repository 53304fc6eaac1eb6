"""Running the `git` binary over a repository that may be hostile.

Rules:

- Plumbing commands with fixed argument lists, no shell. Nothing that a caller or
  the repository names is ever parsed as an option.
- No hook, pager, file-system monitor, filter, text conversion, external diff,
  transport or signature program of the repository's configuration runs: each is
  overridden or cannot be reached from the commands used here. CVE-2022-24765 and
  CVE-2022-24975 are about what `.git/config` can start.
- Replacement objects, grafts and the commit-graph file are ignored: a commit id
  means the commit with that id.
- `GIT_*` variables of the caller's environment are dropped, except those that name
  the user's and the system's configuration (`safe.directory` lives there).
- Reading never takes optional locks, asks for a password or goes to the network.

Example:

    >>> run_git(Path("."), ["rev-parse", "--is-shallow-repository"]).strip()
    b'false'
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from probanda.errors import CollectError

TIMEOUT_SECONDS = 120
# Far above any listing; blobs have limits of their own.
MAX_OUTPUT_BYTES = 256 << 20

_KEPT_VARIABLES = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"})
_INSTALL_HINT = "install git 2.31 or newer and put it on PATH"
_VERSION = re.compile(r"git version (\d+)\.(\d+)")
# 2.31 brought GIT_CONFIG_COUNT, the only safe way to override a key with `=` in its name.
_OLDEST = (2, 31)

# Order: `--no-pager` and `-c` must precede the command.
_OPTIONS = (
    "--no-pager",
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c", "core.fsmonitor=false",
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.sshCommand=false",
    "-c", "core.commitGraph=false",
    "-c", "core.quotePath=false",
    "-c", "core.warnAmbiguousRefs=true",
    "-c", "protocol.allow=never",
    "-c", "log.showSignature=false",
    "-c", "gpg.program=false",
)  # fmt: skip


def run_git(
    folder: Path,
    arguments: Sequence[str],
    *,
    stdin: bytes = b"",
    settings: Mapping[str, str] | None = None,
    max_bytes: int = MAX_OUTPUT_BYTES,
) -> bytes:
    """Standard output of `git -C folder …`.

    `settings` overrides configuration keys that are not known beforehand.

    Raises:
        GitError: git answered with a failure, or with more than `max_bytes`.
        CollectError: git is absent, too old or too slow.
    """
    command = [_git(), *_OPTIONS, "-C", str(folder), *arguments]
    # A file, not a pipe: output of any size cannot block git or fill the memory.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as source:
        source.write(stdin)
        source.seek(0)
        try:
            done = subprocess.run(
                command,
                stdin=source,
                stdout=output,
                stderr=subprocess.PIPE,
                env=_environment(settings or {}),
                timeout=TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CollectError(f"git {arguments[0]} took over {TIMEOUT_SECONDS} s") from error
        except (OSError, ValueError) as error:
            raise CollectError(f"cannot run git: {error}", hint=_INSTALL_HINT) from error
        stderr = done.stderr.decode("utf-8", "replace").strip()
        if done.returncode != 0:
            raise GitError(arguments[0], done.returncode, stderr)
        if "is ambiguous" in stderr:
            raise GitError(arguments[0], 0, stderr)
        if output.seek(0, os.SEEK_END) > max_bytes:
            raise GitError(arguments[0], 0, f"more than {max_bytes} bytes of output")
        output.seek(0)
        return output.read()


class GitError(CollectError):
    """git ran and failed.

    Attributes:
        code: its exit status.
        stderr: what it said, in English (`LC_ALL=C`).
    """

    def __init__(self, command: str, code: int, stderr: str) -> None:
        last = stderr.splitlines()[-1] if stderr else f"exit status {code}"
        hint = None
        if "dubious ownership" in stderr or "unsafe repository" in stderr:
            last = "git refuses the repository because another user owns it"
            hint = "git config --global --add safe.directory FOLDER, if you trust its owner"
        elif "is ambiguous" in stderr:
            hint = "write refs/heads/NAME, refs/tags/NAME or the full commit id"
        super().__init__(f"git {command}: {last}", hint=hint)
        self.code = code
        self.stderr = stderr


def filter_overrides(folder: Path) -> dict[str, str]:
    """Settings that switch off every content filter that any configuration defines.

    `git status` runs the `clean` or `process` program of a filter over files whose
    stat data changed; an empty program is none.
    """
    try:
        listing = run_git(folder, ["config", "-z", "--name-only", "--get-regexp", r"^filter\."])
    except GitError as error:
        if error.code == 1 and not error.stderr:  # git-config(1): the section or key is absent
            return {}
        raise
    overrides: dict[str, str] = {}
    for name in listing.decode("utf-8", "surrogateescape").split("\0"):
        driver = name.rpartition(".")[0]
        if driver:
            overrides |= {f"{driver}.{key}": "" for key in ("clean", "smudge", "process")}
            overrides[f"{driver}.required"] = "false"
    return overrides


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what could redirect git, and with its brakes on."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in _KEPT_VARIABLES
    }
    environment |= {
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        # Older gits know no GIT_NO_LAZY_FETCH; this list of one unknown protocol allows none.
        "GIT_ALLOW_PROTOCOL": "none",
        # Below a file: cannot exist, and git does not advise about grafts that are absent.
        "GIT_GRAFT_FILE": f"{os.devnull}/none",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def _git() -> str:
    """Path of a git that is new enough."""
    path = shutil.which("git")
    if path is None:
        raise CollectError("git is not installed", hint=_INSTALL_HINT)
    version = _version(path)
    if version < _OLDEST:
        raise CollectError(f"git {version[0]}.{version[1]} is too old", hint=_INSTALL_HINT)
    return path


@lru_cache(maxsize=4)
def _version(path: str) -> tuple[int, int]:
    """Major and minor version of the git at `path`."""
    try:
        text = subprocess.run(
            [path, "version"], capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise CollectError(f"cannot run git: {error}", hint=_INSTALL_HINT) from error
    match = _VERSION.match(text)
    if not match:
        raise CollectError("git does not state its version", hint=_INSTALL_HINT)
    return int(match[1]), int(match[2])
