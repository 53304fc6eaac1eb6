"""Run gates: load → collect → evaluate → decide. Keyless; recording and signing come after.

Rules:

- Judging content (gates, policies, controls, exceptions, roster, clarifications, `optional`) comes
  from the base revision when there is one; artifacts come from the working tree. The
  head's content is loaded too: it must be valid, and how it differs is itself judged.
- Nothing here reads the clock: `as_of` is given.

Example:
    run = run_gates(GateRequest(root=Path("."), as_of=now))
    for decision in run.decisions: ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from probanda import __version__, rego
from probanda.canonical import sha256_hex
from probanda.collect import Workspace
from probanda.content import Catalogue, RevisionTree, Tree, WorkingTree, load
from probanda.decide import decide_gate, overall_exit_code
from probanda.errors import CollectError, ContentError, UsageError
from probanda.gates.admission import Admission
from probanda.gates.approvals import resolve_exceptions
from probanda.gates.check import Session, run_check
from probanda.gates.each_file import FileRun
from probanda.gates.file_cache import FileCache
from probanda.gates.host_facts import host_facts
from probanda.gates.judging import judge_content
from probanda.model.decision import CheckResult, Decision, JudgingContent
from probanda.model.gate import Check, Gate, Runs
from probanda.repository import Repository

if TYPE_CHECKING:
    from probanda.rego.explain import Explanation

MAX_TENANT = 200


@dataclass(frozen=True, slots=True)
class GateRequest:
    """What to run.

    Attributes:
        root: the project's folder.
        as_of: the decision's clock (aware, UTC).
        gates: names; empty means every CI gate.
        base: revision whose content judges; empty: the working tree judges itself.
        tenant: empty means the project's default.
        approved_by: approvers who have approved the head's judging content.
        explain: whether to say why an `allow` was denied.
        admit: whether to look for additions to parameters that let a finding pass.
        jobs: processes for checks of many files; 0 for as many as they need.
        cache: opens what remembers findings about files; nothing does by default.
    """

    root: Path
    as_of: datetime
    gates: tuple[str, ...] = ()
    base: str = ""
    tenant: str = ""
    approved_by: tuple[str, ...] = ()
    explain: bool = False
    admit: bool = False
    jobs: int = 0
    cache: Callable[[], FileCache | None] | None = None


@dataclass(frozen=True, slots=True)
class GateRun:
    """What came of it.

    Attributes:
        decisions: one per gate, in the order asked for, or by name.
        originals: by gate, SHA-256 → bytes or path of the artifacts behind its facts.
        content: path → bytes of the content that judged.
        exit_code: see `decide.overall_exit_code`.
        catalogue: the content that judged.
        tree: where that content was read from.
        repository: around the project, if there is one and it can be read.
        explanations: by gate and check, where asked for. They hold values of facts, and are no
            part of any decision.
        admissions: by gate, check and fingerprint, where asked for; no part of any decision.
        cached: by gate and check, how many files were not judged anew; no part of a decision
            either, which is the same with and without a cache.
    """

    decisions: tuple[Decision, ...]
    originals: Mapping[str, Mapping[str, bytes | Path]]
    content: Mapping[str, bytes]
    exit_code: int
    catalogue: Catalogue
    tree: Tree
    repository: Repository | None = None
    explanations: Mapping[str, Mapping[str, Explanation]] = field(default_factory=dict)
    admissions: Mapping[str, Mapping[str, Mapping[str, Admission]]] = field(default_factory=dict)
    cached: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


# Told before each check: how many are done, how many there are, which comes next.
Progress = Callable[[int, int, str], None]


def run_gates(request: GateRequest, progress: Progress | None = None) -> GateRun:
    """Run the gates of `request`.

    Raises:
        ContentError: the project's content, of the base or of the head, is wrong (exit 2).
        UsageError: an unknown gate, base, approver, or no tenant's name (exit 2).
        CollectError: git cannot say what the base is or what changed (exit 3).
    """
    head_tree: Tree = WorkingTree(request.root)
    head = load(head_tree)
    judging, tree, commit = head, head_tree, ""
    repository = _repository(request)
    if repository is not None and request.base:
        commit = resolve_base(repository, request.base)
        tree = RevisionTree(repository, commit, request.base)
        judging = load(tree)
    gates = _chosen(request, judging, head)
    exceptions = resolve_exceptions(judging, request.as_of)
    session = Session(
        workspace=Workspace(request.root, request.base, commit, repository),
        judging=judging,
        tenant=_tenant(request) or judging.project.tenant,
        as_of=request.as_of,
        changed=tuple(repository.changed_paths(commit, None)) if repository and commit else None,
        host_facts=host_facts(judging, request.as_of),
        exceptions=exceptions,
        files=FileRun(jobs=request.jobs, cache=request.cache),
    )
    changes = judge_content(judging, head, session, request.approved_by) if commit else None
    told = _Told(progress, sum(len(gate.checks) for gate in gates))
    contents = _contents(tree, judging)
    run = _run(session, gates, changes, head, contents, tree=tree, told=told, request=request)
    return replace(run, repository=repository)


class _Told:
    """Counts checks for whoever wants to know."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.done = progress, total, 0

    def each(self, gate: Gate) -> Iterator[Check]:
        """The checks of `gate`; each is told before it is handed out."""
        for check in gate.checks:
            if self.progress is not None:
                self.progress(self.done, self.total, f"{gate.name}/{check.id}")
            yield check
            self.done += 1


def _repository(request: GateRequest) -> Repository | None:
    """The repository around the project; a run without a base can do without git."""
    try:
        repository = Repository.discover(request.root)
    except CollectError:
        if request.base:
            raise
        return None
    if repository is None and request.base:
        raise UsageError("--base needs a git repository", hint="leave --base out")
    return repository


def load_revision(root: Path, base: str) -> Catalogue:
    """All content of the project in `root` at the revision that the command line calls `base`.

    Raises:
        UsageError: there is none of that name, or no repository.
        ContentError: it is wrong.
    """
    repository = Repository.discover(root)
    if repository is None:
        raise UsageError("--base needs a git repository", hint="leave --base out")
    return load(RevisionTree(repository, resolve_base(repository, base), base), maps=True)


def resolve_base(repository: Repository, base: str) -> str:
    """Full commit id of the revision that the command line calls `base`.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return repository.resolve(base)
    except CollectError as error:
        raise UsageError(f"--base: {error.message}", hint=error.hint) from error


def _tenant(request: GateRequest) -> str:
    """The tenant asked for; its name goes into every fingerprint, leaf and page."""
    name = request.tenant
    if name != name.strip() or len(name) > MAX_TENANT or not (name or "-").isprintable():
        raise UsageError(
            f"{name[:MAX_TENANT]!r} is no name of a tenant",
            hint=f"one line of at most {MAX_TENANT} characters, without blanks around it",
        )
    return name


def _chosen(request: GateRequest, judging: Catalogue, head: Catalogue) -> list[Gate]:
    """The gates asked for, as the judging content has them."""
    if not request.gates:
        return [gate for gate in judging.gates.values() if gate.runs is Runs.CI]
    known = [name for name, gate in judging.gates.items() if gate.runs is Runs.CI]
    chosen = []
    for name in dict.fromkeys(request.gates):
        gate = judging.gates.get(name)
        if gate is None:
            hint = f"known gates: {', '.join(known) or 'none'}"
            if near := get_close_matches(name, known, n=1):
                hint = f"did you mean {near[0]!r}? {hint}"
            if name in head.gates:
                hint = f"the working tree has it, and {request.base} judges; {hint}"
            raise UsageError(f"there is no gate {name!r}", hint=hint)
        if gate.runs is not Runs.CI:
            raise UsageError(f"the gate {name!r} runs at run time, not in CI")
        chosen.append(gate)
    return chosen


def _contents(tree: Tree, judging: Catalogue) -> dict[str, bytes]:
    """The bytes of the judging documents, which must still be those that were loaded."""
    contents = {path: tree.read(path) for path in judging.files}
    for path, data in contents.items():
        if sha256_hex(data) != judging.files[path]:
            raise ContentError(f"{path} changed while it was being read", hint="run again")
    return contents


def _decide(session: Session, gate: Gate, results: list[CheckResult], head: Catalogue) -> Decision:
    """The decision of one gate from the results of its checks."""
    content = JudgingContent(
        base=session.workspace.base,
        base_commit=session.workspace.base_commit,
        base_digest=session.judging.digest,
        head_digest=head.digest,
    )
    return decide_gate(
        gate,
        results,
        session.exceptions,
        as_of=session.as_of,
        tenant=session.tenant,
        engine={"name": "probanda", "version": __version__, "rego": rego.ENGINE},
        content=content,
        fail_on_unused=session.judging.project.waivers.fail_on_unused,
    )


def _run(
    session: Session,
    gates: list[Gate],
    changes: Callable[[str], CheckResult] | None,
    head: Catalogue,
    contents: Mapping[str, bytes],
    *,
    tree: Tree,
    told: _Told,
    request: GateRequest,
) -> GateRun:
    decisions: list[Decision] = []
    originals: dict[str, dict[str, bytes | Path]] = {}
    explanations: dict[str, dict[str, Explanation]] = {}
    admissions: dict[str, dict[str, dict[str, Admission]]] = {}
    cached: dict[str, dict[str, int]] = {}
    for gate in gates:
        session.files.cached = cached.setdefault(gate.name, {})
        kept = originals.setdefault(gate.name, {})
        why = explanations.setdefault(gate.name, {}) if request.explain else None
        how = admissions.setdefault(gate.name, {}) if request.admit else None
        results = [
            run_check(session, gate.name, check, kept, explanations=why, admissions=how)
            for check in told.each(gate)
        ]
        # An empty gate stays empty: the check of the content itself is no substitute.
        if results and changes is not None:
            results.append(changes(gate.name))
        decisions.append(_decide(session, gate, results, head))
    return GateRun(
        decisions=tuple(decisions),
        originals=originals,
        content=contents,
        exit_code=overall_exit_code([decision.exit_code for decision in decisions]),
        catalogue=session.judging,
        tree=tree,
        explanations=explanations,
        admissions=admissions,
        cached=cached,
    )
