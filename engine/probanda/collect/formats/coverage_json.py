"""The JSON of `coverage json` (coverage.py), formats 2 and 3.

Rules, beside those of `from: coverage`: lines and branches are counted from the lists of
executed and missing ones, which no two lists share; summaries and totals must agree. Its time
has no zone, so that it is no instant.

Example:

    >>> read_coverage_json(read_node(data, source="coverage.json"), check=True).producer
    'coverage.py 7.6.1'
"""

from __future__ import annotations

from probanda.collect.formats.covered import FileCoverage, Report
from probanda.collect.json_node import Node

_FORMATS = (2, 3)
_HINT = "it is cut off or was edited: run `coverage json` again"


def read_coverage_json(document: Node, *, check: bool) -> Report:
    """A report of coverage.py."""
    meta = document.object("meta")
    if meta.count("format") not in _FORMATS:
        meta.child("format").refuse("is no known format of coverage.py's JSON")
    with_branches = meta.flag("branch_coverage")
    files = tuple(
        _file(path.replace("\\", "/"), node.expect(dict), with_branches=with_branches, check=check)
        for path, node in document.object("files").entries()
    )
    if check:
        _check(document.object("totals"), FileCoverage.sum(files), with_branches=with_branches)
    return Report(files, producer=f"coverage.py {meta.text('version', '')}".strip())


def _file(path: str, node: Node, *, with_branches: bool, check: bool) -> FileCoverage:
    executed, missing = _lines(node, "executed_lines"), _lines(node, "missing_lines")
    if executed & missing:
        node.refuse("has lines that are both executed and missing", hint=_HINT)
    branches = (0, 0)
    if with_branches:
        done, open_ = (_branches(node, key) for key in ("executed_branches", "missing_branches"))
        if done & open_:
            node.refuse("has branches that are both executed and missing", hint=_HINT)
        branches = (len(done), len(done) + len(open_))
    found = FileCoverage(path, (len(executed), len(executed) + len(missing)), branches)
    if check:
        _check(node.object("summary"), found, with_branches=with_branches)
    return found


def _lines(node: Node, key: str) -> set[int]:
    node.child(key)
    return {item.as_count() for item in node.items(key)}


def _branches(node: Node, key: str) -> set[tuple[int, int]]:
    """Pairs of lines; a negative one is the way out of a function."""
    node.child(key)
    found = set()
    for item in node.items(key):
        ends = item.expect(list).value
        if len(ends) != 2 or not all(type(end) is int for end in ends):
            item.refuse("must be two line numbers")
        found.add((ends[0], ends[1]))
    return found


def _check(summary: Node, found: FileCoverage, *, with_branches: bool) -> None:
    claims = [("covered_lines", found.lines[0]), ("num_statements", found.lines[1])]
    if with_branches:
        claims += [("covered_branches", found.branches[0]), ("num_branches", found.branches[1])]
    for key, number in claims:
        if summary.count(key) != number:
            summary.child(key).refuse(f"is not the {number} that the lines show", hint=_HINT)
