"""Test policies: the Rego tests beside them, and their cases.

Rules:

- A case is put to the policy as a gate puts a fact to it: same adapter, same strictness. It holds
  when the rules that it names are exactly those that are broken.
- A case that cannot be evaluated is an error, and no failure, whatever it expects.
- Zero tests are no pass: exit code 3. 1 if anything failed or covers too little, else 3 if
  anything could not be evaluated, else 0.

Example:
    report = policy_report(policy, read_cases(tree, policy.id), TestRequest())
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from probanda import rego
from probanda.content.cases import Case
from probanda.errors import ContentError, PolicyError, ProbandaError, UsageError
from probanda.evaluate import evaluate
from probanda.model.instant import parse_instant
from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS, EXIT_UNDECIDED
from probanda.model.policy import Policy
from probanda.rego.testing import Coverage, Suite, TestResult
from probanda.rego.testing.suite import SECONDS, matcher


@dataclass(frozen=True, slots=True)
class TestRequest:
    """What to run, and how.

    Attributes:
        pattern: RE2; empty for every test and case.
        data: base documents.
        seconds: for one test or case.
        coverage: whether to see what is covered.
        version: of Rego, for modules that are no policy's: 1 or 0.
    """

    __test__ = False  # for pytest, to which every `Test…` is one

    pattern: str = ""
    data: Mapping[str, Any] | None = None
    seconds: float = SECONDS
    coverage: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What came of a case: `pass`, `fail` or `error`, and why."""

    path: str
    title: str
    status: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class TestReport:
    """The results of one suite.

    Attributes:
        name: of the policy; empty for modules that are no policy's.
        tests: in order.
        cases: in order.
        coverage: what both covered.
    """

    __test__ = False  # as above

    name: str
    tests: tuple[TestResult, ...]
    cases: tuple[CaseOutcome, ...] = ()
    coverage: Coverage | None = None

    def count(self, status: str) -> int:
        """How many tests and cases have this status."""
        statuses = [*(each.status for each in self.tests), *(each.status for each in self.cases)]
        return statuses.count(status)

    @property
    def ran(self) -> int:
        """How many tests and cases there were, those only announced apart."""
        return len(self.tests) + len(self.cases) - self.count("skip")


def module_report(modules: Mapping[str, str], request: TestRequest) -> TestReport:
    """Run the tests of modules.

    Raises:
        ContentError: they do not compile.
        UsageError: the pattern is none.
    """
    suite = _compiled(modules, (), request)
    tests = _run(suite, request)
    return TestReport("", tests, (), suite.coverage if request.coverage else None)


def policy_report(policy: Policy, cases: Iterable[Case], request: TestRequest) -> TestReport:
    """Run a policy's tests and cases; raises as above."""
    entrypoints = [entry.rego_path for entry in policy.entrypoints.values()]
    modules = {**policy.modules, **policy.test_modules}
    suite = _compiled(modules, entrypoints, replace(request, version=policy.rego_version))
    wanted = matcher(request.pattern)
    outcomes = tuple(
        case_outcome(policy, suite.policy, case) for case in cases if wanted(case.path)
    )
    tests = _run(suite, request)
    return TestReport(policy.id, tests, outcomes, suite.coverage if request.coverage else None)


def case_outcome(policy: Policy, program: rego.Policy, case: Case) -> CaseOutcome:
    """Put one case to a policy."""
    try:
        found = broken_rules(policy, program, case)
    except ProbandaError as error:
        return CaseOutcome(case.path, case.title, "error", str(error))
    if wrong := _wrong(case, found):
        return CaseOutcome(case.path, case.title, "fail", wrong)
    return CaseOutcome(case.path, case.title, "pass")


def broken_rules(policy: Policy, program: rego.Policy, case: Case) -> list[str]:
    """Ids of the rules that a case breaks, sorted.

    Raises:
        ContentError: it names no entry point, or no instant.
        PolicyError: the policy could not be evaluated.
    """
    entry = policy.entrypoints.get(case.entrypoint)
    if entry is None:
        known = ", ".join(policy.entrypoints)
        raise ContentError(
            f"{case.path}: there is no entry point {case.entrypoint!r}", hint=f"there are: {known}"
        )
    try:
        parse_instant(str(case.context["asOf"]))
    except ValueError as error:
        raise ContentError(f"{case.path}: asOf is {error}") from error
    findings = evaluate(policy, program, entry.name, case.context, subject=case.name)
    return sorted({finding.rule for finding in findings})


def _wrong(case: Case, found: Sequence[str]) -> str:
    """What is wrong about the rules that a case breaks; empty when nothing is."""
    said = ", ".join(found) or "none"
    if case.rules is not None and list(case.rules) != list(found):
        return f"it is to break {', '.join(case.rules) or 'none'}, and breaks {said}"
    if case.expect != ("fail" if found else "pass"):
        return f"it is to {case.expect}, and breaks {said}"
    return ""


def _compiled(
    modules: Mapping[str, str], entrypoints: Sequence[str], request: TestRequest
) -> Suite:
    try:
        return Suite.compile(
            modules,
            entrypoints,
            version=request.version,
            seconds=request.seconds,
            coverage=request.coverage,
        )
    except PolicyError as error:
        raise ContentError(str(error), hint=error.hint) from error


def _run(suite: Suite, request: TestRequest) -> tuple[TestResult, ...]:
    return tuple(suite.run(request.pattern, data=request.data, seconds=request.seconds))


def policy_coverage(reports: Sequence[TestReport]) -> float:
    """Percent of the lines of the policies; of tests only where there is nothing else."""
    covered = missing = 0
    for tests_too in (False, True):
        for report in reports:
            files = {} if report.coverage is None else report.coverage.files()
            for path, each in files.items():
                if tests_too or not path.endswith("_test.rego"):
                    covered += each.covered_lines
                    missing += each.not_covered_lines
        if covered + missing:
            break
    return 100.0 * covered / (covered + missing) if covered + missing else 0.0


def exit_code(reports: Sequence[TestReport], *, pattern: str, threshold: float | None) -> int:
    """See the module's rules; with a pattern, suites that it leaves empty do not count."""
    if threshold is not None and not all(report.coverage for report in reports):
        raise UsageError("--threshold is about coverage", hint="add --coverage")
    if any(report.count("fail") for report in reports):
        return EXIT_BLOCKED
    ran = [report.ran for report in reports]
    if not sum(ran) or (not pattern and 0 in ran) or any(r.count("error") for r in reports):
        return EXIT_UNDECIDED
    if threshold is not None and policy_coverage(reports) < threshold:
        return EXIT_BLOCKED
    return EXIT_PASS
