"""What a renderer is given, and what it returns.

Rules:

- A renderer is a function `RunReport → str`. It is pure: no clock, no file, no environment.
  Same report, same bytes.
- Texts of findings come from artifacts that somebody else made. Each renderer makes them
  harmless for its own readers, and says when it leaves something out.
- A report says no more than was decided: what could not be judged never reads like a pass.

Example:
    report = RunReport(decisions=run.decisions, exit_code=run.exit_code)
    print(render(report))
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from probanda.model.decision import CheckResult, Decision
from probanda.model.policy import Policy

if TYPE_CHECKING:
    from probanda.content import Catalogue
    from probanda.gates.admission import Admission
    from probanda.rego.explain import Explanation


@dataclass(frozen=True, slots=True)
class SourceTree:
    """The repository whose change was judged; every field may be empty.

    Attributes:
        folder: the project's folder in it, POSIX; empty for its top, or without a repository.
        commit: full id of the commit that was checked out.
        address: URI of the repository, without user names and passwords.
        branch: name of the branch.
    """

    folder: str = ""
    commit: str = ""
    address: str = ""
    branch: str = ""


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run of gates, and what is known around it.

    Attributes:
        decisions: one per gate, in the run's order.
        exit_code: of the run.
        catalogue: the content that judged; `None` where only decisions are known.
        pages: text of the page beside each policy, by the policy's name in a check.
        explanations: by gate and check, where asked for.
        admissions: by gate, check and fingerprint: what, added to a parameter, lets it pass.
        cached: by gate and check: how many of its many files were not judged anew.
        source: the repository.
        project: what `--project` has to say for a replay; empty: nothing.
        earlier: decisions to compare with, by gate; `None` where none were given.
        colour: whether text for people may hold colours.
        width: columns of the reader's terminal; 0: lines are not broken.
    """

    decisions: Sequence[Decision]
    exit_code: int
    catalogue: Catalogue | None = None
    pages: Mapping[str, str] = field(default_factory=dict)
    explanations: Mapping[str, Mapping[str, Explanation]] = field(default_factory=dict)
    admissions: Mapping[str, Mapping[str, Mapping[str, Admission]]] = field(default_factory=dict)
    cached: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    source: SourceTree = field(default_factory=SourceTree)
    project: str = ""
    earlier: Mapping[str, Decision] | None = None
    colour: bool = False
    width: int = 0

    def policy(self, check: CheckResult) -> Policy | None:
        """The policy that judged `check`, where it is known."""
        from probanda.errors import ContentError

        if self.catalogue is None:
            return None
        try:
            return self.catalogue.entrypoint(check.policy)[0]
        except ContentError:  # rules in code, such as those about judging content
            return None


class Renderer(Protocol):
    """A rendering of a run."""

    def __call__(self, report: RunReport) -> str:
        """The text, ending in a newline."""
        ...
