"""What a change consists of: commits and paths from the base to the working tree.

Data: `{base, head, commits, changedPaths, dirty}`; commits parents first, as
`Commit.to_json` writes them; changed paths with uncommitted and untracked ones.

Rules: without a base or a repository there is nothing to report, and that is an error
rather than a missing artifact: `missing: empty` must not make a change look empty.
The artifact is the RFC 8785 form of the data, so that it can be kept as evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probanda.canonical import canonical
from probanda.collect.interface import NO_OPTIONS, Reading, RepositoryReading, Workspace
from probanda.errors import CollectError


class GitCollector:
    """`from: git`."""

    name = "git"
    media_type = "application/json"
    timestamped = False
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {
        "base": "",
        "head": "",
        "commits": [],
        "changedPaths": [],
        "dirty": False,
    }

    def read_repository(
        self,
        workspace: Workspace,
        *,
        options: Mapping[str, Any],  # noqa: ARG002 - it has none
    ) -> RepositoryReading:
        """The range from the workspace's base to its working tree."""
        repository = workspace.repository
        if repository is None:
            raise CollectError(
                f"{workspace.root} is in no git repository", hint="run in a git checkout"
            )
        if not workspace.base_commit:
            raise CollectError("a git fact needs a base revision", hint="pass --base REF")
        base, head = workspace.base_commit, repository.head()
        data = {
            "base": base,
            "head": head,
            "commits": [commit.to_json() for commit in repository.commits(base, head)],
            "changedPaths": repository.changed_paths(base, None),
            "dirty": bool(repository.dirty_paths()),
        }
        return RepositoryReading(
            Reading(data, self.media_type), canonical(data), f"git:{base}..{head}"
        )
