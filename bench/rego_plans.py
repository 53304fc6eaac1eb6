"""Microseconds per decision of compiled policies, from source, on one thread.

Usage: python bench/rego_plans.py [--source NAME]
PROBANDA_VECTORS names the folder with the bench policies of others; without it, ours run.
"""

from __future__ import annotations

import json
import os
import sys
import time
import timeit
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "engine"))

from probanda.rego.backend import CompiledPlan, Context, compile_plan  # noqa: E402 – path first
from probanda.rego.builtins import BUILTINS  # noqa: E402 – path first
from probanda.rego.ir import load_plan  # noqa: E402 – path first
from probanda.rego.parser import parse_module  # noqa: E402 – path first
from probanda.rego.plan import plan_program  # noqa: E402 – path first
from probanda.rego.resolve import resolve  # noqa: E402 – path first

RESIDENCY = """package residency
default allow_export := false
allow_export if {
	input.dataset.region == input.request.region
	not input.dataset.contains_pii
}
"""

RBAC = """package rbac
default allow := false
allow if "admin" in data.user_roles[input.user]
allow if {
	some grant in user_is_granted
	input.action == grant.action
	input.type == grant.type
}
user_is_granted contains grant if {
	some role in data.user_roles[input.user]
	some grant in data.role_grants[role]
}
"""

GRANTS = {
    "customer": [{"action": "read", "type": kind} for kind in ("dog", "cat", "adopt")],
    "employee": [
        {"action": action, "type": kind}
        for action in ("read", "update")
        for kind in ("dog", "cat", "turtle")
    ],
    "billing": [{"action": "read", "type": "finance"}, {"action": "update", "type": "finance"}],
}


def compiled(text: str, entry: str) -> CompiledPlan:
    """A policy's compiled plan."""
    program = resolve([parse_module(text, path="p.rego")], entrypoints=[entry])
    return compile_plan(load_plan(plan_program(program, [entry])), BUILTINS)


def users(count: int) -> dict[str, object]:
    """Data with so many users."""
    roles = {f"user{number}": ["customer", "employee"] for number in range(count)}
    return {"user_roles": roles, "role_grants": GRANTS}


def cases() -> list[tuple[str, CompiledPlan, str, object, object]]:
    """Name, plan, entry, input, data."""
    residency = {"dataset": {"region": "eu"}, "request": {"region": "eu"}}
    plan = compiled(RESIDENCY, "residency/allow_export")
    found = [("residency", plan, "residency/allow_export", residency, {})]
    plan = compiled(RBAC, "rbac/allow")
    for count in (10, 100_000, 1_000_000):
        data = users(count)
        ask = {"user": "user7", "action": "update", "type": "cat"}
        deny = {"user": "user7", "action": "delete", "type": "cat"}
        found.append((f"rbac allow, {count} users", plan, "rbac/allow", ask, data))
        found.append((f"rbac deny, {count} users", plan, "rbac/allow", deny, data))
    folder = Path(os.environ.get("PROBANDA_VECTORS", "")) / "rego" / "bench"
    for policy in sorted(folder.glob("policies/*.rego")):
        plan = compiled(policy.read_text(), "bench/allow")
        stem = policy.stem.removesuffix("_policy")
        for path in sorted(folder.glob(f"inputs/{stem}_input*.json")):
            name = path.stem.replace("_input", " ")
            found.append((name, plan, "bench/allow", json.loads(path.read_text()), {}))
    return found


def main() -> None:
    """Print a line for each case."""
    show = sys.argv[2] if len(sys.argv) > 2 else ""
    context = Context(seconds=10.0)
    for name, plan, entry, question, data in cases():
        if show and show in name:
            print(plan.source.text)
            return
        decide = plan.answer(entry, context)
        answer = decide(question, data)
        timer = timeit.Timer(
            lambda f=decide, q=question, d=data: f(q, d),
            timer=time.process_time,
        )
        number, _ = timer.autorange()
        best = min(timer.repeat(9, max(number // 4, 1))) / max(number // 4, 1)
        print(f"{name:28} {best * 1e6:8.2f} µs  {answer}")


if __name__ == "__main__":
    main()
