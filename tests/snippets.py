"""The gate snippets of the policies' pages, run in a project as a reader would run them.

Example:

    outcome, rules = run_snippet(tmp_path, "performance/budgets", {".probanda/k6.json": summary})
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from probanda.parse.yaml import load_yaml, to_plain
from projects import Project

POLICIES = Path(__file__).resolve().parents[1] / "policies"
_BLOCK = re.compile(r"```yaml\n(?P<text>- id: .*?)```", re.DOTALL)


def snippets(policy: str) -> list[dict[str, Any]]:
    """The checks on a policy's page, in their order."""
    page = (POLICIES / policy / "README.md").read_text(encoding="utf-8")
    return [
        check
        for block in _BLOCK.finditer(page)
        for check in to_plain(load_yaml(block["text"].encode(), path="README.md"))
    ]


def run_snippet(
    root: Path, policy: str, files: Mapping[str, Any], *, number: int = 0, **changes: Any
) -> tuple[str, list[str]]:
    """Run a snippet over files; how its check ended, and the rules that found something.

    Args:
        root: where the project is made.
        policy: `<area>/<slug>`, the built-in one.
        files: by the paths that the snippet reads; text, bytes, or what becomes JSON.
        number: which snippet of the page.
        changes: fields of the check that differ from the page.
    """
    project = Project(root)
    project.project()
    project.gate("page", {**snippets(policy)[number], **changes})
    for path, content in files.items():
        project.write(path, content)
    (decision,) = project.run().decisions
    check, *_ = decision.checks
    return check.outcome.value, sorted({finding.rule for finding in check.findings})
