"""The names that files in a bundle may have.

Rules:

- A name is a relative POSIX path in normal form: no empty, `.` or `..` part, no
  leading or trailing slash, no backslash, no drive letter. Whoever unpacks a
  bundle on any system stays inside the folder that he chose.
- No control or format characters (Unicode Cc, Cf, Cs …): a terminal shows what is there.
- NFC only, and two names never differ in case alone: a case-folding file system
  would lose one of them.
- A file is never also a folder.

Example:

    >>> name_problem("artifacts/sbom.cdx.json"), name_problem("../etc/passwd")
    ('', "has the part '..'")
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MANIFEST = "manifest.json"
SIGNATURE = "manifest.sigstore.json"
PROOFS = "proofs/"
CHECKPOINT = "proofs/checkpoint.txt"
RECORDS = "proofs/records.json"

# PATH_MAX and NAME_MAX of Linux are 4,096 and 255; an unpacking folder needs room too.
MAX_NAME_BYTES = 1_024
MAX_PART_BYTES = 255

_DRIVE = re.compile(r"[A-Za-z]:")


def name_problem(name: str) -> str:
    """Why `name` may not stand in a bundle; empty when it may."""
    if not name:
        return "is empty"
    if any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in name):
        return "holds a control character"
    if len(name.encode()) > MAX_NAME_BYTES:
        return f"is longer than {MAX_NAME_BYTES} bytes"
    if not unicodedata.is_normalized("NFC", name):
        return "is not in Unicode normal form C"
    if "\\" in name:
        return "holds a backslash"
    if name.startswith("/") or _DRIVE.match(name):
        return "is absolute"
    for part in name.split("/"):
        if part in {"", ".", ".."}:
            return f"has the part {part!r}"
        if len(part.encode()) > MAX_PART_BYTES:
            return f"has a part longer than {MAX_PART_BYTES} bytes"
    return ""


def is_reserved(name: str) -> bool:
    """Whether the bundle format itself owns `name`, so that no manifest may list it."""
    folded = name.casefold()
    return folded in {MANIFEST, SIGNATURE} or f"{folded}/".startswith(PROOFS)


def names_problem(names: Iterable[str]) -> str:
    """Why these names cannot stand together in one bundle; empty when they can."""
    files: dict[str, str] = {}
    for name in names:
        problem = name_problem(name)
        if problem:
            return f"path {name!r} {problem}"
        folded = unicodedata.normalize("NFC", name.casefold())
        if folded in files:
            other = files[folded]
            if other == name:
                return f"path {name!r} stands there twice"
            return f"paths {other!r} and {name!r} differ in case alone"
        files[folded] = name
    for folded, name in files.items():
        parent = folded
        while "/" in parent:
            parent = parent.rpartition("/")[0]
            if parent in files:
                return f"path {files[parent]!r} is a file and a folder ({name!r})"
    return ""
