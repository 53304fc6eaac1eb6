"""Findings of files that were judged before, by everything that they depend on.

Rules:

- An entry answers for one file name, one SHA-256 of its bytes, one collector with its options,
  one policy digest and entry point, one set of parameters and other facts, one tenant and one
  state of the engine and its libraries; and for one clock, unless the policy's plan shows that
  it reads neither the clock nor anything that holds it. Anything else is another entry.
- Only verdicts are kept, never errors; before exceptions, which are applied each time.
- It lies in the user's cache folder (mode 0700, of this user, outside the project): the
  checkout is where a pull request writes. Each entry carries a MAC under a key that lies
  elsewhere, so that a folder restored from somewhere else answers nothing.
- What is malformed, of another owner or of another MAC is no entry. A cache that cannot be
  written is none; it never stops a run.
- Whoever runs code as this user can write to both places. A job that signs judges anew.

Example:
    cache = open_cache(root)
    entry = cache.bound(inputs).get("sboms/a.json", sha256)
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import stat
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

import probanda
from probanda.model.finding import Finding
from probanda.model.location import Location
from probanda.model.outcome import Severity

MAX_ENTRY_BYTES = 256 << 10
# Per shard, of which there are 256; the older half goes when there are more.
MAX_SHARD_ENTRIES = 1_000
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Entry:
    """What is remembered of a file: what its artifact says of itself, and the findings."""

    media_type: str
    producer: str
    produced_at: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class FileCache:
    """A folder of entries.

    Attributes:
        folder: of this user alone.
        key: of the MAC.
        inputs: digest of all that the files of one check have in common.
    """

    folder: Path
    key: bytes = field(repr=False)
    inputs: str = ""

    def bound(self, inputs: Mapping[str, Any]) -> FileCache:
        """The cache for files that share `inputs`, JSON values."""
        text = json.dumps([engine_state(), inputs], sort_keys=True, default=str)
        return replace(self, inputs=hashlib.sha256(text.encode()).hexdigest())

    def get(self, path: str, sha256: str) -> Entry | None:
        """The entry of a file with these bytes, if there is one that can be believed."""
        name = self._name(path, sha256)
        try:
            handle = os.open(self._file(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as file:
                status = os.fstat(handle)
                if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                    return None
                data = file.read(MAX_ENTRY_BYTES + 1)
        except OSError:
            return None
        mac, _, body = data.partition(b"\n")
        if len(data) > MAX_ENTRY_BYTES or not hmac.compare_digest(mac, self._mac(name, body)):
            return None
        return _decode(body)

    def put(self, path: str, sha256: str, entry: Entry) -> None:
        """Remember an entry, if the disk lets us."""
        name = self._name(path, sha256)
        body = _encode(entry)
        data = self._mac(name, body) + b"\n" + body
        if len(data) > MAX_ENTRY_BYTES:
            return
        target = self._file(name)
        temporary = target.with_name(f".{secrets.token_hex(8)}")
        with suppress(OSError):
            target.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                temporary.replace(target)
            finally:
                temporary.unlink(missing_ok=True)
            # Names are digests: each shard is looked at after some sixty new entries.
            if name[2:4] < "04":
                _prune(target.parent)

    def _name(self, path: str, sha256: str) -> str:
        return hashlib.sha256(f"{self.inputs} {sha256} {path}".encode()).hexdigest()

    def _file(self, name: str) -> Path:
        return self.folder / name[:2] / name

    def _mac(self, name: str, body: bytes) -> bytes:
        return hmac.new(self.key, name.encode() + body, hashlib.sha256).hexdigest().encode()


def open_cache(project: Path, environment: Mapping[str, str]) -> FileCache | str:
    """The user's cache, or why there is none.

    Args:
        project: it may not lie in there.
        environment: for `XDG_CACHE_HOME`, `XDG_STATE_HOME` and `HOME`.
    """
    try:
        folder = _home(environment, "XDG_CACHE_HOME", ".cache") / "probanda" / "findings"
        state = _home(environment, "XDG_STATE_HOME", ".local/state") / "probanda"
        for each in (folder, state):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
            if problem := _problem(each, project):
                return problem
        return FileCache(folder.resolve(), _key(state / "cache.key"))
    except OSError as error:
        return f"{error.filename or 'the cache'}: {error.strerror}"


def _home(environment: Mapping[str, str], variable: str, default: str) -> Path:
    """A base folder; a relative one is ignored (XDG Base Directory Specification)."""
    given = environment.get(variable, "")
    if given.startswith("/"):
        return Path(given)
    home = environment.get("HOME", "")
    if not home.startswith("/"):
        raise OSError(0, "there is no home folder", variable)
    return Path(home) / default


def _problem(folder: Path, project: Path) -> str:
    """Why somebody else might write there; empty if nobody."""
    real = folder.resolve()
    if real.is_relative_to(project.resolve()):
        return f"{folder} lies in the project"
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode):
        return f"{folder} is no folder"
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        return f"{folder} is open to others (chmod 700)"
    return ""


def _key(path: Path) -> bytes:
    """The key of the MAC, made when there is none.

    Raises:
        OSError: it cannot be made, or is open to others.
    """
    with suppress(FileExistsError):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        key = file.read(_KEY_BYTES + 1)
    if status.st_uid != os.geteuid() or status.st_mode & 0o077 or len(key) != _KEY_BYTES:
        raise OSError(0, "is open to others, or no key", str(path))
    return key


def engine_state() -> Sequence[Any]:
    """What of this installation a verdict may depend on: our code, Python, and the libraries."""
    root = Path(probanda.__file__).parent
    ours = [
        (path.relative_to(root).as_posix(), path.stat().st_size, path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*.py"))
    ]
    libraries = {
        entry.name
        for folder in sys.path
        if folder and Path(folder).is_dir()
        for entry in os.scandir(folder)
        if entry.name.endswith((".dist-info", ".egg-info"))
    }
    return [1, probanda.__version__, sys.version, ours, sorted(libraries)]


def _encode(entry: Entry) -> bytes:
    findings = [
        {
            "policy": each.policy,
            "rule": each.rule,
            "message": each.message,
            "key": each.key,
            "tenant": each.tenant,
            "severity": each.severity.value,
            "remediation": each.remediation,
            "location": each.location and astuple(each.location),
        }
        for each in entry.findings
    ]
    document = [entry.media_type, entry.producer, entry.produced_at, findings]
    # Lone surrogates, which a policy may make, survive as escapes.
    return json.dumps(document).encode()


def _decode(body: bytes) -> Entry | None:
    """The entry; a form that is not ours is none."""
    try:
        media_type, producer, produced_at, listed = json.loads(body)
        findings = tuple(_finding(**each) for each in listed)
    except (ValueError, TypeError, RecursionError):
        return None
    return Entry(media_type, producer, produced_at, findings)


def _finding(*, severity: str, location: list[Any] | None, **texts: str) -> Finding:
    place = None if location is None else Location(*location)
    return Finding(severity=Severity(severity), location=place, **texts)


def _prune(shard: Path) -> None:
    """Drop the older half of a shard that has too many entries."""
    with os.scandir(shard) as listing:
        entries = sorted((entry.stat().st_mtime_ns, entry.path) for entry in listing)
    if len(entries) > MAX_SHARD_ENTRIES:
        for _, path in entries[: len(entries) // 2]:
            Path(path).unlink(missing_ok=True)
