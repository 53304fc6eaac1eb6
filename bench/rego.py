"""Rego: microseconds per decision and milliseconds per compilation, through the public interface.

Residency (a two-line rule) and RBAC over 10 to 1,000,000 users; dict in, and JSON bytes in and
out; a policy of 500 rules; compilation of 100 to 5,000 lines. Peers in the same run: regopy (a
built bundle, called directly), and regorus where it is installed. One thread; medians of 7.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

from timing import table

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


def rbac_data(users: int) -> dict[str, Any]:
    grants = [{"action": a, "type": t} for a in ("read", "write") for t in ("order", "bill")]
    roles = {f"user{i}": ["staff", "clerk"] for i in range(users)}
    return {"user_roles": roles, "role_grants": {"staff": grants[:1], "clerk": grants}}


def rules(count: int) -> str:
    lines = ["package many", "default allow := false"]
    lines += [f'allow if {{ input.kind == "k{i}"; input.level > {i % 9} }}' for i in range(count)]
    return "\n".join(lines)


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


def ours(text: str, path: str, value: Any, data: Any) -> dict[str, float]:
    evaluate = rego.compile({"p.rego": text}, [path]).prepare(path)
    raw = json.dumps(value).encode()
    return {
        "dict in": microseconds(lambda: evaluate(value, data)),
        "JSON in and out": microseconds(lambda: json.dumps(evaluate(json.loads(raw), data))),
    }


def regopy_bundle(text: str, path: str, value: Any, data: Any) -> float | None:
    if importlib.util.find_spec("regopy") is None:
        return None
    from regopy import Input, Interpreter

    builder = Interpreter()
    builder.add_module("p.rego", text)
    if data:
        builder.add_data_json(json.dumps(data))
    bundle = builder.build(None, [path])
    given = json.dumps(value)

    def call() -> Any:
        builder.set_input_term(given)
        return str(builder.query_bundle_entrypoint(bundle, path))

    del Input
    return microseconds(call)


def regorus_json(text: str, path: str, value: Any, data: Any) -> float | None:
    if importlib.util.find_spec("regorus") is None:
        return None
    import regorus

    engine = regorus.Engine()
    engine.add_policy("p.rego", text)
    if data:
        engine.add_data_json(json.dumps(data))
    rule, given = "data." + path.replace("/", "."), json.dumps(value)

    def call() -> Any:
        engine.set_input_json(given)
        return engine.eval_rule_as_json(rule)

    return microseconds(call)


def row(name: str, text: str, path: str, value: Any, data: Any, *, peers: bool) -> list[str]:
    own = ours(text, path, value, data)
    cells = [name, f"{own['dict in']:.2f}", f"{own['JSON in and out']:.2f}"]
    for peer in (regopy_bundle, regorus_json):
        found = peer(text, path, value, data) if peers else None
        if found is None:
            cells.append("–")
        else:
            cells.append(f"{found:.1f} ({found / own['JSON in and out']:.1f}×)")
    return cells


def compile_milliseconds(lines: int) -> float:
    samples = []
    for turn in range(5):
        text = rules(lines).replace("package many", f"package many{turn}")
        start = time.perf_counter()
        rego.compile({"p.rego": text}, [f"many{turn}/allow"])
        samples.append(time.perf_counter() - start)
    return statistics.median(samples) * 1e3


def main() -> None:
    rows = [row("residency", RESIDENCY, "residency/allow_export", RESIDENCY_INPUT, {}, peers=True)]
    for users in (10, 1_000, 100_000, 1_000_000):
        # A peer takes minutes to load the larger data.
        small = users <= 1_000
        name = f"RBAC, {users:,} users"
        rows.append(row(name, RBAC, "rbac/allow", RBAC_INPUT, rbac_data(users), peers=small))
    value = {"kind": "k250", "level": 9}
    rows.append(row("500 rules", rules(500), "many/allow", value, {}, peers=True))
    print("µs per decision, one thread, median of 7 (peers JSON to JSON; × our JSON to JSON)\n")
    print(table(["policy", "dict in", "JSON in and out", "regopy", "regorus"], rows))
    print("\nCompilation, ms, median of 5\n")
    sizes = (100, 500, 1_000, 5_000)
    print(table(["lines", "ms"], [[str(n), f"{compile_milliseconds(n):.0f}"] for n in sizes]))


if __name__ == "__main__":
    main()
