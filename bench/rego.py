"""Rego: microseconds per decision and milliseconds per compilation, against other engines.

    python bench/rego.py [--rows WORDS] [--no-compile]

Prints Markdown for docs/rego.md. Policies: residency (a two-line rule), RBAC over 10 to 1,000,000
users, 500 rules told apart by one field, comprehensions over nested lists, and the nine policies
of third parties below PROBANDA_VECTORS where that is there (the mean over their inputs). Engines:
ours with a dictionary in and with JSON bytes in and out; regopy (a built bundle); regorus (JSON in
and out); OPA (`opa bench`: prepared, the input parsed beforehand) where `opa` is on the PATH.

Rules: one thread; medians of 7 turns, OPA's of 3 runs (of one an input, where there are several);
before it is timed, each engine's answer is compared with ours. On a busy machine the ratios count.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
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


def microseconds(call: Callable[[], Any], *, budget: float = 0.15) -> float:
    """Median of 7 timings, each of as many calls as fill `budget` seconds."""
    call()
    start = time.perf_counter()
    call()
    once = max(time.perf_counter() - start, 1e-7)
    number = max(1, int(budget / once))
    samples = []
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(number):
            call()
        samples.append((time.perf_counter() - start) / number)
    return statistics.median(samples) * 1e6


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def same(left: str, right: str) -> bool:
    """Whether two answers are one value."""
    if engines.UNDEFINED in {left, right}:
        return left == right
    return bool(json.loads(left) == json.loads(right))


def row(case: Case, losses: list[str]) -> list[str]:
    evaluate = rego.compile({"p.rego": case.text}, [case.path]).prepare(case.path)
    own = engines.ours(case.text, case.path, case.data)
    texts = [json.dumps(value) for value in case.inputs]
    right = [own(text) for text in texts]
    plain = mean([microseconds(lambda v=v: evaluate(v, case.data)) for v in case.inputs])
    whole = mean([microseconds(lambda t=t: own(t)) for t in texts])
    cells = [case.name, f"{plain:.2f}", f"{whole:.2f}"]

    def cell(name: str, micro: float, answers: list[str], base: float) -> str:
        if not all(map(same, answers, right)):
            return "answers otherwise"
        if micro < base:
            losses.append(f"{case.name}: {name}, {micro / base:.2f}×")
        return f"{micro:.1f} ({micro / base:.1f}×)"

    for name, make in (("regopy", engines.regopy), ("regorus", engines.regorus)):
        peer = None if name in case.skip else make(case.text, case.path, case.data)
        if peer is None:
            cells.append("–")
            continue
        answers = [peer(text) for text in texts]
        micro = mean([microseconds(lambda t=t, p=peer: p(t)) for t in texts])
        cells.append(cell(name, micro, answers, whole))
    judged = engines.opa(case.text, case.path, case.data, texts)
    if not judged:
        return [*cells, "–"]
    micro = mean([each for each, _ in judged])
    return [*cells, cell("OPA", micro, [answer for _, answer in judged], plain)]


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
    again = microseconds(lambda: rego.compile({"p.rego": text}, ["many/allow"]), budget=0.02)
    cells = [f"{lines:,}", f"{own:.0f}", f"{again / 1e3:.3f}"]

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
    rows = [row(case, losses) for case in cases() if options.rows in case.name]
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
