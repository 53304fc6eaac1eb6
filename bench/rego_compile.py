"""Compilation of Rego, stage by stage: milliseconds of processor time, 100 to 5,000 lines.

Ordinary policies (rules, functions, comprehensions, `every`, `with`, partial sets and objects),
one rule of many one-line bodies, a literal array of 10,000 numbers, and the bench policies of
others where PROBANDA_VECTORS names their folder. Medians of 5, one thread, nothing cached.

Usage: python bench/rego_compile.py [--profile LINES --kind ordinary]
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import os
import pstats
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "engine"))

from timing import table  # noqa: E402 – path first

from probanda.rego.backend import CompiledPlan, source  # noqa: E402 – path first
from probanda.rego.builtins import BUILTINS  # noqa: E402 – path first
from probanda.rego.ir import load_plan  # noqa: E402 – path first
from probanda.rego.lexer import tokenize  # noqa: E402 – path first
from probanda.rego.parser import parse_module  # noqa: E402 – path first
from probanda.rego.plan import plan_program  # noqa: E402 – path first
from probanda.rego.resolve import resolve  # noqa: E402 – path first

STAGES = ("lex", "parse", "resolve", "plan", "read the plan", "emit", "Python")

# 50 lines of ordinary Rego; `@` is the number of the part.
PART = """
# METADATA
# title: Containers of part @
# description: Images come from our registry and do not run as root.
deny contains message if {
	some index, container in input.spec.containers@
	not startswith(container.image, registry@)
	message := sprintf("container %d: image %q is from elsewhere", [index, container.image])
}

deny contains message if {
	some container in input.spec.containers@
	privileged@(container)
	message := sprintf("%s runs as root", [container.name])
}

registry@ := "registry.example/"

default privileged@(_) := false

privileged@(container) if container.securityContext.privileged == true

privileged@(container) if {
	container.securityContext.runAsUser == 0
	not container.name in {"init", "sidecar-@"}
}

names@ := {container.name | some container in input.spec.containers@}

by_team@[team] := sorted if {
	some team in {object.get(one, "team", "none") | some one in input.spec.containers@}
	sorted := sort([one.name | some one in input.spec.containers@; one.team == team])
}

limits@ := {one.name: one.resources.limits.memory | some one in input.spec.containers@}

default small@ := false

small@ if {
	every name, limit in limits@ {
		units.parse_bytes(limit) <= 512 * 1024 * 1024
		name != ""
	}
	count(limits@) == count(names@)
} else if input.spec.exempt@

allowed@ if {
	count(deny) == 0 with input.spec.containers@ as []
	small@ with input.spec.exempt@ as true
}
"""


def ordinary(lines: int) -> str:
    """A module of about so many lines."""
    count = max(1, lines // PART.count("\n"))
    return "package bench\n" + "".join(PART.replace("@", str(part)) for part in range(count))


def bodies(lines: int) -> str:
    """One rule with a one-line body for each line."""
    text = ["package bench", "default allow := false"]
    text += [f'allow if {{ input.kind == "k{i}"; input.level > {i % 9} }}' for i in range(lines)]
    return "\n".join(text)


def numbers(count: int) -> str:
    """A rule that is a literal array of so many numbers."""
    return f"package bench\nxs := [{', '.join(str(i * 7) for i in range(count))}]\n"


def stages(modules: Mapping[str, str]) -> list[float]:
    """Seconds of each stage, for rules without arguments as entry points."""
    gc.collect()
    gc.disable()  # as `rego.compile` does
    taken: list[float] = []

    def timed(function: Callable[[], Any]) -> Any:
        start = time.process_time()
        result = function()
        taken.append(time.process_time() - start)
        return result

    timed(lambda: [tokenize(text, path=path) for path, text in modules.items()])
    parsed = timed(lambda: [parse_module(text, path=path) for path, text in modules.items()])
    taken[1] -= taken[0]  # the parser tokenises by itself
    program = timed(lambda: resolve(parsed))
    names = ["/".join(path) for path, one in program.groups.items() if one.kind != "function"]
    plan = timed(lambda: plan_program(program, names))
    read = timed(lambda: load_plan(plan))
    emitted = timed(lambda: source(read, BUILTINS))
    timed(lambda: CompiledPlan(emitted))
    gc.enable()
    return taken


def policies() -> dict[str, dict[str, str]]:
    found = {
        f"ordinary, {lines:,} lines": {"p.rego": ordinary(lines)} for lines in (100, 1_000, 5_000)
    }
    found |= {
        f"one rule, {lines:,} bodies": {"p.rego": bodies(lines)} for lines in (100, 1_000, 5_000)
    }
    found["10,000 numbers"] = {"p.rego": numbers(10_000)}
    folder = Path(os.environ.get("PROBANDA_VECTORS", "")) / "rego" / "bench" / "policies"
    # All are `package bench`; each gets a package of its own.
    others = {
        path.name: path.read_text().replace("package bench", f"package {path.stem}")
        for path in sorted(folder.glob("*.rego"))
    }
    if others:
        found["nine policies of others"] = others
    return found


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--profile", type=int, default=0, metavar="LINES")
    options.add_argument("--kind", choices=("ordinary", "bodies", "numbers"), default="ordinary")
    options.add_argument("--runs", type=int, default=5)
    given = options.parse_args()
    if given.profile:
        modules = {"p.rego": globals()[given.kind](given.profile)}
        stages({"p.rego": "package a\nx := count([1])"})
        profile = cProfile.Profile()
        profile.runcall(stages, modules)
        pstats.Stats(profile).sort_stats("tottime").print_stats(80)
        return
    rows = []
    for name, modules in policies().items():
        samples = [stages(modules) for _ in range(given.runs)]
        medians = [statistics.median(column) * 1e3 for column in zip(*samples, strict=True)]
        rows.append([name, *(f"{one:.1f}" for one in medians), f"{sum(medians):.0f}"])
    print(f"ms, median of {given.runs}\n")
    print(table(["policy", *STAGES, "all"], rows))


if __name__ == "__main__":
    main()
