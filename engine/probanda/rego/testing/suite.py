r"""Run the tests of Rego modules.

Rules:

- Modules and tests are compiled together, once. Each test is evaluated by itself, with no
  `input` and with the base data given, not strictly, as OPA does.
- One test may take `seconds`; beyond that it is an error, not a failure.
- A failure is explained by evaluating the same test once more, with probes.
- A suite notes what its evaluations came by, so it serves one thread at a time.

Example:
    suite = Suite.compile({"a_test.rego": "package a_test\ntest_x if 1 == 1"})
    [(each.test.name, each.status) for each in suite.run()]     # [("data.a_test.test_x", "pass")]
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from probanda.errors import PolicyError, UsageError
from probanda.rego import ast
from probanda.rego.backend import CompiledPlan, Context, compile_plan
from probanda.rego.builtins import BUILTINS, Builtin
from probanda.rego.engine import MAX_MODULES, Policy
from probanda.rego.explain import QUERY, Explanation, trace_query
from probanda.rego.explain.probes import TracedContext
from probanda.rego.ir import load_plan
from probanda.rego.parser import parse_module, parse_query
from probanda.rego.plan import plan_program
from probanda.rego.resolve import Program, resolve, resolve_query
from probanda.rego.resolve.program import ResolvedQuery
from probanda.rego.testing.coverage import Coverage, Sites, with_probes
from probanda.rego.testing.discover import MARK, Test, discover, mark, with_prints
from probanda.rego.testing.results import CaseResult, Status, TestResult
from probanda.rego.values import UNDEFINED, RegoSet, to_json

SECONDS: Final = 5.0
MAX_OUTPUT: Final = 10_000
_RESULT: Final = "result"


class Recorder:
    """What an evaluation came by: cases, probes, printed lines."""

    def __init__(self) -> None:
        self.cases: list[list[Any]] = []
        self.probes: set[int] = set()
        self.printed: list[str] = []
        self.size = 0

    def begin(self) -> None:
        """A test begins; probes are kept for all of them."""
        self.cases, self.printed, self.size = [], [], 0

    def note(self, what: Any) -> bool:
        """A case (its names), a probe (its number), or what `print` was given."""
        match what:
            case [{"print()": operands}]:
                self._print(operands)
            case list():
                self.cases.append(what)
            case _:
                self.probes.add(int(what))
        return True

    def _print(self, operands: list[Any]) -> None:
        line = " ".join(_shown(operand) for operand in operands)
        self.size += len(line) + 1
        if self.size <= MAX_OUTPUT:
            self.printed.append(line)

    @property
    def output(self) -> str:
        """What was printed, a line for each call; beyond `MAX_OUTPUT` no more."""
        return "\n".join(self.printed)


class _Table(Mapping[str, Builtin]):
    """All built-ins; the one that does nothing notes."""

    def __init__(self, recorder: Recorder) -> None:
        self._noting = Builtin(".".join(MARK), 1, recorder.note)

    def __getitem__(self, name: str) -> Builtin:
        return self._noting if name == self._noting.name else BUILTINS[name]

    def __contains__(self, name: object) -> bool:
        return name in BUILTINS

    def __iter__(self) -> Iterator[str]:
        return iter(BUILTINS)

    def __len__(self) -> int:
        return len(BUILTINS)


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests, compiled.

    Attributes:
        policy: the modules, ready for their entry points.
        program: what explanations are made from; without marks and probes.
        tests: all of them, in order.
        recorder: what evaluations came by.
        sites: where the probes stand; `None` without coverage.
    """

    policy: Policy
    program: Program
    tests: tuple[Test, ...]
    recorder: Recorder
    sites: Sites | None
    _names: dict[Test, str] = field(default_factory=dict, repr=False)

    @classmethod
    def compile(
        cls,
        modules: Mapping[str, str],
        entrypoints: Sequence[str] = (),
        *,
        version: int = 1,
        seconds: float = SECONDS,
        coverage: bool = False,
    ) -> Suite:
        """Compile modules with their tests.

        Args:
            modules: path → text.
            entrypoints: what `policy.prepare` takes besides.
            version: 1, or 0 for Rego v0.
            seconds: for one evaluation of an entry point.
            coverage: whether evaluations note which expressions they came to.

        Raises:
            PolicyError: there are none or too many; `RegoErrors` when they are wrong.
        """
        if not 0 < len(modules) <= MAX_MODULES:
            raise PolicyError(f"a suite has 1 to {MAX_MODULES} modules, not {len(modules)}")
        parsed = [parse_module(text, path=path, version=version) for path, text in modules.items()]
        return cls.of(parsed, entrypoints, seconds=seconds, coverage=coverage)

    @classmethod
    def of(
        cls,
        modules: Sequence[ast.Module],
        entrypoints: Sequence[str] = (),
        *,
        seconds: float = SECONDS,
        coverage: bool = False,
    ) -> Suite:
        """The same, of modules that have been parsed."""
        renamed, tests = discover(modules)
        program = resolve(with_prints(renamed), entrypoints=entrypoints)
        runs = mark(program, tests)
        sites = None
        if coverage:
            runs, sites = with_probes(runs, modules)
        recorder = Recorder()
        names = {
            test: f"{number} {test.name}"
            for number, test in enumerate(tests)
            if not test.todo and not test.function
        }
        queries = {name: _query(test) for test, name in names.items()}
        plan = plan_program(runs, list(entrypoints), queries)
        compiled: CompiledPlan = compile_plan(load_plan(plan), _Table(recorder))
        policy = Policy(compiled, program, tuple(entrypoints), seconds)
        return cls(policy, program, tuple(tests), recorder, sites, names)

    def run(
        self,
        pattern: str = "",
        *,
        data: Any = None,
        seconds: float = SECONDS,
        explain: bool = True,
    ) -> list[TestResult]:
        """The results of the tests whose whole name has a match of `pattern` (RE2).

        Raises:
            UsageError: it is no pattern.
        """
        wanted = matcher(pattern)
        return [
            self._run(test, data, seconds, explain=explain)
            for test in self.tests
            if wanted(test.name)
        ]

    @property
    def coverage(self) -> Coverage:
        """What was covered so far.

        Raises:
            PolicyError: it was not asked for.
        """
        if self.sites is None:
            raise PolicyError("the suite was compiled without coverage")
        return Coverage(self.sites, frozenset(self.recorder.probes))

    def _run(self, test: Test, data: Any, seconds: float, *, explain: bool) -> TestResult:
        if test.todo:
            return TestResult(test, "skip")
        if test.function:
            return TestResult(test, "error", message="a test takes no arguments")
        self.recorder.begin()
        context = Context(deadline=time.monotonic() + seconds)
        given = {} if data is None else data
        try:
            found = self.policy.plan.evaluate(self._names[test], UNDEFINED, given, context)
        except PolicyError as error:
            return TestResult(test, "error", message=str(error), output=self.recorder.output)
        value = to_json(found[0][_RESULT]) if found else UNDEFINED
        result = self._judged(test, value)
        if result.status != "fail" or not explain:
            return result
        why = self._explanation(test, given, seconds)
        return TestResult(
            test, result.status, result.cases, result.message, result.output, explanation=why
        )

    def _judged(self, test: Test, value: Any) -> TestResult:
        output = self.recorder.output
        if not test.driven:
            return TestResult(test, "pass" if value is True else "fail", output=output)
        if value is UNDEFINED:
            return TestResult(test, "fail", output=output)
        tree = _tree(value)
        for names in self.recorder.cases:
            _add(tree, [_text(name) for name in names])
        cases = _cases(tree)
        if not cases:
            return TestResult(test, "fail", message="it came to no case", output=output)
        status: Status = "fail" if any(each.status == "fail" for each in cases) else "pass"
        return TestResult(test, status, cases, output=output)

    def _explanation(self, test: Test, data: Any, seconds: float) -> Explanation | None:
        try:
            body = parse_query(test.name, path=QUERY)
            resolved = resolve_query(body, self.program)
            tracer = trace_query(test.name, body, resolved, self.program)
        except PolicyError:
            return None  # what cannot be explained has failed all the same
        context = TracedContext(deadline=time.monotonic() + seconds)
        return tracer.explain(test.name, UNDEFINED, data, context)


def _query(test: Test) -> ResolvedQuery:
    """`result = data.…`, resolved."""
    value = ast.Ref(ast.Var("data"), tuple(map(ast.String, test.path)))
    equal = ast.Call(("eq",), (ast.Var(_RESULT), value), infix=True)
    return ResolvedQuery((ast.Literal(equal),), (_RESULT,), (_RESULT,))


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a name has a match of `pattern` (RE2); every name has one of the empty pattern.

    Raises:
        UsageError: it is no pattern.
    """
    if not pattern:
        return lambda _: True
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        raise UsageError(f"{pattern!r} is no regular expression", hint=str(error)) from error
    return lambda name: compiled.search(name) is not None


# --- cases -----------------------------------------------------------------------------------


def _tree(value: Any) -> dict[str, Any]:
    """Names → whether it is true, or further names; anything but `true` is a failure."""
    if not isinstance(value, dict):
        return {}
    return {
        _text(name): _tree(item) if isinstance(item, dict) else item is True
        for name, item in value.items()
    }


def _add(tree: dict[str, Any], names: list[str]) -> None:
    """A case that was come to; it failed unless it is there already."""
    first, *rest = names
    if not rest:
        tree.setdefault(first, False)
        return
    inner = tree.setdefault(first, {})
    if isinstance(inner, dict):
        _add(inner, rest)


def _cases(tree: Mapping[str, Any]) -> tuple[CaseResult, ...]:
    found = []
    for name, item in sorted(tree.items()):
        inner = _cases(item) if isinstance(item, dict) else ()
        failed = any(each.status == "fail" for each in inner) if inner else item is False
        found.append(CaseResult(name, "fail" if failed else "pass", inner))
    return tuple(found)


def _text(name: Any) -> str:
    """The key that a name is in JSON."""
    if isinstance(name, str):
        return name
    from probanda.canonical import pretty

    return pretty(to_json(name)).strip()


def _shown(operand: Any) -> str:
    """What `print` shows of an operand."""
    if not isinstance(operand, RegoSet):
        return str(operand)
    for value in operand:
        return value if isinstance(value, str) else _text(value)
    return "<undefined>"
