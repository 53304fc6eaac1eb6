"""What is known around a run: its repository, its policies' pages, and how far it is.

Example:
    source = source_tree(run.repository)
    with progress(quiet=False) as told:
        run_gates(request, told)
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from probanda.output.interface import SourceTree

if TYPE_CHECKING:
    from probanda.gates.run import GateRun, Progress
    from probanda.repository import Repository

_SCHEMES = ("http", "https", "ssh", "git")
_HOST = re.compile(r"[A-Za-z0-9.-]+")
# RFC 3986's characters of a path.
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_SCP = re.compile(r"(?:[^@/:\s]+@)?([A-Za-z0-9.-]+):(?!//)/?([^\s:]+)")


def source_tree(repository: Repository | None) -> SourceTree:
    """The repository of a run, as the CI or git name it; what cannot be known stays empty."""
    from probanda.errors import CollectError

    if repository is None:
        return SourceTree()
    folder = repository.root.relative_to(repository.toplevel).as_posix()
    try:
        commit, address = repository.head(), repository.origin()
    except CollectError:  # a repository without a commit
        commit, address = "", ""
    return SourceTree(
        folder="" if folder == "." else folder,
        commit=commit,
        address=public_address(_address_of_the_job() or address),
        branch=os.environ.get("GITHUB_HEAD_REF") or os.environ.get("CI_COMMIT_REF_NAME", ""),
    )


def _address_of_the_job() -> str:
    server, name = os.environ.get("GITHUB_SERVER_URL", ""), os.environ.get("GITHUB_REPOSITORY", "")
    return f"{server}/{name}" if server and name else os.environ.get("CI_PROJECT_URL", "")


def public_address(address: str) -> str:
    """`address` as a URI without user and password; empty where it names no host."""
    if (short := _SCP.fullmatch(address)) is not None:
        return f"ssh://{short[1]}/{short[2]}"
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    host = parts.hostname or ""
    if parts.scheme not in _SCHEMES or not _HOST.fullmatch(host) or not _PATH.fullmatch(parts.path):
        return ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def policy_pages(run: GateRun) -> dict[str, str]:
    """The page beside each policy that a check of `run` names, by that name."""
    from probanda.content import policy_page
    from probanda.errors import ContentError

    pages = {}
    for check in (check for decision in run.decisions for check in decision.checks):
        try:
            policy, _ = run.catalogue.entrypoint(check.policy)
        except ContentError:  # rules in code have no page
            continue
        if page := policy_page(run.tree, policy):
            pages[check.policy] = page
    return pages


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress | None]:
    """Something to tell which check comes next: a bar on a terminal, gone when all is done."""
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if quiet or not terminal or os.environ.get("CI") or os.environ.get("TERM") == "dumb":
        yield None
        return
    with ExitStack() as stack:
        bar: Any = None

        def told(done: int, total: int, name: str) -> None:
            nonlocal bar
            if bar is None:
                # Runs last: the bar has ended its line by then.
                stack.callback(click.echo, "\x1b[1A\x1b[2K", nl=False, err=True)
                bar = stack.enter_context(
                    click.progressbar(
                        length=total,
                        file=sys.stderr,
                        show_eta=False,
                        show_pos=True,
                        item_show_func=lambda item: item or "",
                    )
                )
            bar.update(done - bar.pos, name)
            # Without a step, `update` shows nothing.
            bar.render_progress()

        yield told
