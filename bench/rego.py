"""Rego: microseconds per decision and milliseconds per compilation, against other engines.

    python bench/rego.py [--rows WORDS] [--no-compile]

Prints Markdown for docs/rego.md. Policies: residency (a two-line rule), RBAC over 10 to 1,000,000
users, 500 rules told apart by one field, comprehensions over nested lists, and the nine policies
of third parties below PROBANDA_VECTORS where that is there (the mean over their inputs). Engines:
ours with a dictionary in and with JSON bytes in and out; regopy (a built bundle); regorus (JSON in
and out); OPA (`opa bench`: prepared, the input parsed beforehand) where `opa` is on the PATH.

Rules: one thread; medians of 7 interleaved turns, OPA's of 3 runs after them (of one an input,
where there are several); each answer is compared with ours. On a busy machine the ratios count.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import rego_engines as engines
from timing import machine, table

from probanda import rego

RESIDENCY = """package residency
default allow_export := false
allow_export if {
	input.dataset.region == input.request.region
	not input.dataset.contains_pii
}
"""
RESIDENCY_INPUT = {"dataset": {"region": "eu", "contains_pii": False}, "request": {"region": "eu"}}

RBAC = """package rbac
default allow := false
allow if {
	some role in data.user_roles[input.user]
	some grant in data.role_grants[role]
	grant.action == input.action
	grant.type == input.type
}
"""
RBAC_INPUT = {"user": "user3", "action": "write", "type": "order"}

COMPREHENSIONS = """package heavy
by_owner := {owner: names |
	some owner in {item.owner | some item in input.items}
	names := [item.name | some item in input.items; item.owner == owner]
}
untagged := {item.name |
	some item in input.items
	count([tag | some tag in item.tags; tag != ""]) == 0
}
findings contains {"rule": "untagged", "key": name} if some name in untagged
findings contains {"rule": "greedy", "key": owner} if {
	some owner, names in by_owner
	count(names) > 12
}
"""
COMPREHENSIONS_INPUT = {
    "items": [
        {"name": f"item{i}", "owner": f"owner{i % 9}", "tags": ["a", "b"] if i % 7 else [""]}
        for i in range(100)
    ]
}
# regopy copies base data for every decision: a decision over more takes it too long.
REGOPY_USERS = 1_000


@dataclass(frozen=True)
class Case:
    """A policy, its entry point, inputs and base data."""

    name: str
    text: str
    path: str
    inputs: list[Any]
    data: Any = field(default_factory=dict)
    skip: frozenset[str] = frozenset()


def rbac_data(users: int) -> dict[str, Any]:
    grants = [{"action": a, "type": t} for a in ("read", "write") for t in ("order", "bill")]
    roles = {f"user{i}": ["staff", "clerk"] for i in range(users)}
    return {"user_roles": roles, "role_grants": {"staff": grants[:1], "clerk": grants}}


def rules(count: int) -> str:
    lines = ["package many", "default allow := false"]
    lines += [f'allow if {{ input.kind == "k{i}"; input.level > {i % 9} }}' for i in range(count)]
    return "\n".join(lines)


def cases() -> list[Case]:
    found = [Case("residency", RESIDENCY, "residency/allow_export", [RESIDENCY_INPUT])]
    for users in (10, 1_000, 100_000, 1_000_000):
        skip = frozenset({"regopy"} if users > REGOPY_USERS else ())
        name = f"RBAC, {users:,} users"
        found.append(Case(name, RBAC, "rbac/allow", [RBAC_INPUT], rbac_data(users), skip))
    value = {"kind": "k250", "level": 9}
    found.append(Case("500 rules", rules(500), "many/allow", [value]))
    found.append(Case("comprehensions", COMPREHENSIONS, "heavy/findings", [COMPREHENSIONS_INPUT]))
    folder = Path(os.environ.get("PROBANDA_VECTORS", "")) / "rego" / "bench"
    for policy in sorted(folder.glob("policies/*.rego")):
        stem = policy.stem.removesuffix("_policy")
        inputs = [json.loads(p.read_bytes()) for p in sorted(folder.glob(f"inputs/{stem}_in*"))]
        found.append(Case(stem, policy.read_text(), "bench/allow", inputs))
    return found


def interleaved(calls: Mapping[str, Callable[[], Any]], *, budget: float = 0.1) -> dict[str, float]:
    """Microseconds of each call: medians of 7 turns, A B C A B C …, so that load falls on all."""
    numbers = {}
    for name, call in calls.items():
        call()
        start = time.perf_counter()
        call()
        numbers[name] = max(1, int(budget / max(time.perf_counter() - start, 1e-7)))
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(7):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(numbers[name]):
                call()
            samples[name].append((time.perf_counter() - start) / numbers[name])
    return {name: statistics.median(each) * 1e6 for name, each in samples.items()}


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def same(left: str, right: str) -> bool:
    """Whether two answers are one value."""
    if engines.UNDEFINED in {left, right}:
        return left == right
    return bool(json.loads(left) == json.loads(right))


def row(case: Case, losses: list[str]) -> list[str]:
    evaluate = rego.compile({"p.rego": case.text}, [case.path]).prepare(case.path)
    asked = {"ours": engines.ours(case.text, case.path, case.data)}
    for name, make in (("regopy", engines.regopy), ("regorus", engines.regorus)):
        peer = None if name in case.skip else make(case.text, case.path, case.data)
        if peer is not None:
            asked[name] = peer
    taken: dict[str, list[float]] = {}
    answers: dict[str, list[str]] = {}
    for value in case.inputs:
        text = json.dumps(value)
        calls: dict[str, Callable[[], Any]] = {"dict": partial(evaluate, value, case.data)}
        for name, ask in asked.items():
            answers.setdefault(name, []).append(ask(text))
            calls[name] = partial(ask, text)
        for name, micro in interleaved(calls).items():
            taken.setdefault(name, []).append(micro)
    judged = engines.opa(case.text, case.path, case.data, [json.dumps(v) for v in case.inputs])
    if judged:
        taken["OPA"], answers["OPA"] = [micro for micro, _ in judged], [text for _, text in judged]

    def cell(name: str, base: str) -> str:
        if name not in taken:
            return "–"
        if not all(map(same, answers[name], answers["ours"])):
            return "answers otherwise"
        times = mean(taken[name]) / mean(taken[base])
        if times < 1:
            losses.append(f"{case.name}: {name}, {times:.2f}×")
        return f"{mean(taken[name]):.1f} ({times:.1f}×)"

    own = [f"{mean(taken[name]):.2f}" for name in ("dict", "ours")]
    return [case.name, *own, cell("regopy", "ours"), cell("regorus", "ours"), cell("OPA", "dict")]


def milliseconds(make: Callable[[str], Any], lines: int, turns: int = 5) -> float:
    """Median of `turns` compilations, each of a text that nobody has seen."""
    samples = []
    for turn in range(turns):
        text = rules(lines).replace("package many", f"package many{turn}_{lines}")
        start = time.perf_counter()
        make(text)
        samples.append(time.perf_counter() - start)
    return statistics.median(samples) * 1e3


def entry(text: str) -> str:
    return text.split(maxsplit=2)[1] + "/allow"


def compile_row(lines: int) -> list[str]:
    own = milliseconds(lambda text: rego.compile({"p.rego": text}, [entry(text)]), lines)
    text = rules(lines)
    rego.compile({"p.rego": text}, ["many/allow"])
    again = interleaved({"": lambda: rego.compile({"p.rego": text}, ["many/allow"])}, budget=0.02)
    cells = [f"{lines:,}", f"{own:.0f}", f"{again[''] / 1e3:.4f}"]

    def first(make: Any) -> Callable[[str], Any]:
        def built(text: str) -> None:
            answer = make(text, entry(text), {})
            if answer is not None:
                answer("{}")

        return built

    for make in (engines.regopy, engines.regorus):
        if make(rules(1), "many/allow", {}) is None:
            cells.append("–")
            continue
        peer = milliseconds(first(make), lines, turns=3)
        cells.append(f"{peer:.0f} ({peer / own:.2f}×)")
    opa = engines.opa_compile(text)
    return [*cells, "–" if opa is None else f"{opa:.0f} ({opa / own:.2f}×)"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Rego: time per decision and per compilation.")
    parser.add_argument("--rows", default="", help="only rows whose name holds these words")
    parser.add_argument("--no-compile", action="store_true", help="decisions alone")
    options = parser.parse_args()
    losses: list[str] = []
    chosen = [case for case in cases() if options.rows in case.name]
    if not chosen:
        parser.error(f"no row's name holds {options.rows!r}")
    rows = [row(case, losses) for case in chosen]
    print("µs per decision; × is the peer's time by ours: regopy and regorus by our JSON in and")
    print(f"out, OPA by our dict in. {machine()}; load {os.getloadavg()[0]:.0f}.\n")
    print(table(["policy", "dict in", "JSON in and out", "regopy", "regorus", "OPA"], rows))
    print(f"\nWe lose: {'; '.join(losses) if losses else 'nowhere'}.")
    if options.no_compile:
        return
    print("\nCompilation, ms; of regopy and regorus with a first decision, of OPA by its timers.\n")
    made = [compile_row(lines) for lines in (100, 1_000, 5_000)]
    print(table(["lines", "ours", "again", "regopy", "regorus", "OPA"], made))


if __name__ == "__main__":
    main()
