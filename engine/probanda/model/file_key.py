"""Keys of findings in checks that are made for each of many files.

Rules:

- The key names the file and what it is about in it: `sboms/a.json#pkg:pypi/x@1`. So the same
  finding in two files has two fingerprints, and a waiver of one is none of the other.
- `#` and `%` in a path are `%23` and `%25`: the first `#` ends the path, whoever named the file.

Example:

    >>> file_key("sboms/a.json", "pkg:pypi/x@1")
    'sboms/a.json#pkg:pypi/x@1'
    >>> file_of("sboms/a.json#pkg:pypi/x@1")
    'sboms/a.json'
"""

from __future__ import annotations

from dataclasses import replace

from probanda.model.finding import Finding
from probanda.model.location import Location


def file_key(path: str, key: str) -> str:
    """The key of a finding about `key` in the file; one about the file itself is its path."""
    name = path.replace("%", "%25").replace("#", "%23")
    return name if key == path else f"{name}#{key}"


def file_of(key: str) -> str:
    """The path that a key begins with."""
    return key.partition("#")[0].replace("%23", "#").replace("%25", "%")


def of_file(path: str, finding: Finding) -> Finding:
    """The finding as one in this file: in its key, and as its place where it states none."""
    place = finding.location or Location(path)
    return replace(finding, key=file_key(path, finding.key), location=place)
