"""How many changes of a policy its tests and cases notice.

Rules:

- Each mutant is compiled and put to the policy's cases, then to its tests, until one no longer
  ends as it says: it is *killed*. An error, or an evaluation beyond the budget, kills too.
- A mutant that does not compile, or that compiles to the same plan, is none, and is counted. One
  that is listed in the policy's `tests/equivalents.yaml`, with a reason, is left out of the score;
  an entry that names no mutant, or one that is killed, is an error: the list stays true.
- The original must pass first; otherwise everything would be killed.
- Mutants are many: beyond `limit` a sample is taken, by a seed that the report states.
- Score: killed ÷ (killed + survived). Without any mutant there is no score, and no pass.

Example:
    score = mutate(policy, cases, equivalents, MutationRequest())
    score.percent, [mutant.after for mutant in score.survivors]
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing import get_context
from typing import Any, Final

from probanda import rego
from probanda.content.cases import Case
from probanda.errors import ContentError, PolicyError
from probanda.gates.policy_tests import case_outcome
from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS, EXIT_UNDECIDED
from probanda.model.policy import Policy
from probanda.rego.ast import Module
from probanda.rego.backend import compile_plan
from probanda.rego.builtins import BUILTINS
from probanda.rego.ir import load_plan
from probanda.rego.parser import parse_module
from probanda.rego.plan import plan_program
from probanda.rego.resolve import resolve
from probanda.rego.testing import Suite
from probanda.rego.testing.mutants import Mutant, mutants, sample

LIMIT: Final = 2_000
# Below this a process of its own takes longer to start than it saves.
_FEW: Final = 150
_PLACES: Final = frozenset({"file", "row", "col"})


@dataclass(frozen=True, slots=True)
class MutationRequest:
    """How to go about it.

    Attributes:
        limit: the most mutants of one policy.
        seed: of the sample.
        jobs: processes.
        seconds: for each evaluation of a mutant.
    """

    limit: int = LIMIT
    seed: int = 0
    jobs: int = 1
    seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: `killed` (by what), `survived`, `same` or `broken`."""

    mutant: Mutant
    outcome: str
    by: str = ""


@dataclass(frozen=True)
class MutationScore:
    """What became of all of them.

    Attributes:
        policy: its id.
        verdicts: in the order of the mutants; those of the list of equivalents too.
        equivalents: id → why no test can tell it from the original.
        total: how many mutants there are, before sampling.
        seed: of the sample.
        seconds: how long it took; no part of the JSON, which is the same for the same inputs.
    """

    policy: str
    verdicts: tuple[Verdict, ...]
    equivalents: Mapping[str, str]
    total: int
    seed: int
    seconds: float = field(default=0.0, compare=False)

    @cached_property
    def survivors(self) -> tuple[Mutant, ...]:
        """Those that nothing noticed, listed ones left out."""
        return tuple(
            each.mutant
            for each in self.verdicts
            if each.outcome == "survived" and each.mutant.id not in self.equivalents
        )

    def count(self, outcome: str) -> int:
        """How many; of survivors those that are not listed, of `equivalent` those that are."""
        if outcome == "survived":
            return len(self.survivors)
        if outcome == "equivalent":
            return sum(
                each.outcome == "survived" and each.mutant.id in self.equivalents
                for each in self.verdicts
            )
        return sum(each.outcome == outcome for each in self.verdicts)

    @property
    def percent(self) -> float | None:
        """Of mutants that could be noticed; `None` where there is none."""
        killed, survived = self.count("killed"), self.count("survived")
        return 100.0 * killed / (killed + survived) if killed + survived else None


def mutate(
    policy: Policy,
    cases: Sequence[Case],
    equivalents: Mapping[str, str],
    request: MutationRequest,
) -> MutationScore:
    """The mutation score of a policy.

    Raises:
        ContentError: the original does not pass; the list of equivalents is not true.
    """
    started = time.monotonic()
    bench = Bench(policy, tuple(cases), request.seconds)
    if not cases and not bench.tests:
        raise ContentError(f"{policy.id} has neither tests nor cases")
    if failed := bench.failure(bench.modules):
        raise ContentError(
            f"{policy.id}: {failed} does not pass, so nothing can be said about mutants",
            hint=f"see: probanda rego test policies/{policy.id}",
        )
    every = bench.mutants
    chosen = sample(every, request.limit, request.seed)
    numbers = _numbers(every, chosen)
    outcomes = _outcomes(bench, numbers, request)
    verdicts = tuple(
        Verdict(every[number], outcome, by)
        for number, (outcome, by) in zip(numbers, outcomes, strict=True)
    )
    _check_equivalents(policy.id, every, verdicts, equivalents)
    taken = time.monotonic() - started
    return MutationScore(policy.id, verdicts, equivalents, len(every), request.seed, taken)


def exit_code(scores: Sequence[MutationScore], threshold: float) -> int:
    """1 if any score is below the threshold, else 3 if a policy has none, or there is no policy."""
    known = [score.percent for score in scores]
    if any(percent is not None and percent < threshold for percent in known):
        return EXIT_BLOCKED
    return EXIT_UNDECIDED if not known or None in known else EXIT_PASS


def _numbers(every: Sequence[Mutant], chosen: Iterable[Mutant]) -> list[int]:
    wanted = {id(each) for each in chosen}
    return [number for number, each in enumerate(every) if id(each) in wanted]


def _check_equivalents(
    policy: str, every: Sequence[Mutant], verdicts: Sequence[Verdict], listed: Mapping[str, str]
) -> None:
    where = f"policies/{policy}/tests/equivalents.yaml"
    known = {each.id for each in every}
    for name in listed:
        if name not in known:
            raise ContentError(f"{where}: there is no mutant {name}", hint="remove the entry")
    for each in verdicts:
        if each.mutant.id in listed and each.outcome != "survived":
            said = f"killed by {each.by}" if each.by else "the same plan, or does not compile"
            raise ContentError(
                f"{where}: {each.mutant.id} is no equivalent: {said}", hint="remove the entry"
            )


def _outcomes(
    bench: Bench, numbers: Sequence[int], request: MutationRequest
) -> list[tuple[str, str]]:
    jobs = min(request.jobs, -(-len(numbers) // _FEW))
    if jobs < 2:
        return [bench.outcome(number) for number in numbers]
    # Spawned, not forked: a process with threads must not be copied.
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_start, initargs=(bench,)
    ) as pool:
        return list(pool.map(_outcome, numbers, chunksize=8))


_bench: list[Bench] = []


def _start(bench: Bench) -> None:
    _bench[:] = [bench]


def _outcome(number: int) -> tuple[str, str]:
    return _bench[0].outcome(number)


class Bench:
    """A policy with its tests and cases, on which mutants are tried; pickles as those."""

    def __init__(self, policy: Policy, cases: tuple[Case, ...], seconds: float) -> None:
        self.policy = policy
        self.cases = _varied(cases)
        self.seconds = seconds
        self.names = tuple(entry.rego_path for entry in policy.entrypoints.values())

    def __reduce__(self) -> tuple[Any, ...]:
        return Bench, (self.policy, self.cases, self.seconds)

    @cached_property
    def modules(self) -> tuple[Module, ...]:
        """The policy's, without tests."""
        return _parsed(self.policy.modules, self.policy.rego_version)

    @cached_property
    def tests(self) -> tuple[Module, ...]:
        """Those beside it."""
        return _parsed(self.policy.test_modules, self.policy.rego_version)

    @cached_property
    def mutants(self) -> list[Mutant]:
        """All of them."""
        return [mutant for module in self.modules for mutant in mutants(module)]

    @cached_property
    def plan(self) -> str:
        """The original's, without places."""
        return _plan(self.modules, self.names)[1]

    def outcome(self, number: int) -> tuple[str, str]:
        """What becomes of a mutant, and what killed it."""
        mutant = self.mutants[number]
        changed = [
            mutant.apply(module) if module.path == mutant.location.path else module
            for module in self.modules
        ]
        try:
            program, plan = _plan(changed, self.names, self.seconds)
        except PolicyError:
            return "broken", ""
        if plan == self.plan:
            return "same", ""
        by = self.failure(changed, program)
        return ("killed", by) if by else ("survived", "")

    def failure(self, modules: Sequence[Module], program: rego.Policy | None = None) -> str:
        """The first case or test that does not pass with these modules; empty when all do."""
        if program is None:
            program = _plan(modules, self.names, self.seconds)[0]
        for case in self.cases:
            if case_outcome(self.policy, program, case).status != "pass":
                return case.path
        return self._failed_test(modules) if self.tests else ""

    def _failed_test(self, modules: Sequence[Module]) -> str:
        try:
            suite = Suite.of([*modules, *self.tests])
        except PolicyError:
            return "tests that do not compile with it"
        results = suite.run(seconds=self.seconds, explain=False)
        return next((each.test.name for each in results if each.status in {"fail", "error"}), "")


def _varied(cases: Sequence[Case]) -> tuple[Case, ...]:
    """The cases in rounds, in each one of every kind of end: what kills is met early."""
    seen: dict[tuple[str, str, tuple[str, ...] | None], int] = {}
    rounds = []
    for place, case in enumerate(cases):
        kind = (case.entrypoint, case.expect, case.rules)
        seen[kind] = seen.get(kind, -1) + 1
        rounds.append((seen[kind], place))
    return tuple(cases[place] for _, place in sorted(rounds))


def _parsed(sources: Mapping[str, str], version: int) -> tuple[Module, ...]:
    return tuple(
        parse_module(text, path=path, version=version) for path, text in sorted(sources.items())
    )


def _plan(
    modules: Sequence[Module], names: tuple[str, ...], seconds: float = 5.0
) -> tuple[rego.Policy, str]:
    """The policy, and its plan as text without places.

    Raises:
        PolicyError: it does not compile.
    """
    program = resolve(modules, entrypoints=names)
    plan = plan_program(program, names)
    compiled = compile_plan(load_plan(plan), BUILTINS)
    text = json.dumps(_without_places(plan), separators=(",", ":"))
    return rego.Policy(compiled, program, names, seconds), text


def _without_places(plan: Any) -> Any:
    if isinstance(plan, dict):
        return {name: _without_places(item) for name, item in plan.items() if name not in _PLACES}
    if isinstance(plan, list):
        return [_without_places(item) for item in plan]
    return plan
