"""The gate that a policy's page shows, run on real artifacts by real collectors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from probanda.model.decision import CheckResult
from probanda.parse.yaml import load_yaml, to_plain
from projects import Project

POLICIES = Path(__file__).resolve().parents[1] / "policies"


def shown(policy: str) -> Any:
    """The check in the first YAML block of the page."""
    page = (POLICIES / policy / "README.md").read_text(encoding="utf-8")
    match = re.search(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert match, f"{policy}: its page shows no gate"
    (check,) = to_plain(load_yaml(match[1].encode(), path=f"{policy}/README.md"))
    return check


class PageProject(Project):
    """A project whose one gate is the one on a policy's page."""

    def __init__(self, root: Path, policy: str) -> None:
        super().__init__(root)
        self.project()
        self.gate("page", shown(policy))

    def place(self, **artifacts: Any) -> None:
        """Put artifacts where the gate's facts of these names are read."""
        check = to_plain(load_yaml((self.root / "gates/page.yaml").read_bytes(), path="page"))
        for name, content in artifacts.items():
            self.write(check["spec"]["checks"][0]["facts"][name]["path"], content)

    def result(self, **request: Any) -> CheckResult:
        """What came of the one check."""
        (decision,) = self.run("page", **request).decisions
        (check,) = [one for one in decision.checks if one.id != "judging-content"]
        return check

    def rules(self, **request: Any) -> list[str]:
        """The rules that it breaks; it must have been decided."""
        check = self.result(**request)
        assert check.outcome.value in {"pass", "fail"}, check.reason
        return sorted({finding.rule for finding in check.findings})
