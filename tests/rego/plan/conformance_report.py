# ruff: noqa: T201  # a report prints
"""Runs OPA's conformance cases from source and groups what fails by its cause.

    PROBANDA_VECTORS=… python tests/rego/plan/conformance_report.py [--show N …] [--filter TEXT]

A case passes when the set of bindings is the wanted one, or the error has the wanted code and
the wanted words.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import time
import traceback
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "engine"))

from probanda.errors import PolicyError  # noqa: E402  # the path first
from probanda.rego.backend import Context, compile_plan  # noqa: E402
from probanda.rego.builtins import BUILTINS  # noqa: E402
from probanda.rego.ir import load_plan  # noqa: E402
from probanda.rego.parser import parse_module, parse_query  # noqa: E402
from probanda.rego.plan import plan_program  # noqa: E402
from probanda.rego.resolve import resolve, resolve_query  # noqa: E402
from probanda.rego.values import UNDEFINED, to_json  # noqa: E402


def context(*, strict: bool = False) -> Context:
    """As OPA's own tests run: errors of built-ins are undefined unless the case is strict."""
    return Context(strict=strict, now_ns=1_767_225_600_000_000_000, seed="case", max_steps=10**8)


def evaluate(modules: list[str], query: str, document: Any, data: Any, *, strict: bool) -> Any:
    """The bindings of a query, by our whole pipeline."""
    program = resolve([parse_module(text, path=f"test-{n}.rego") for n, text in enumerate(modules)])
    resolved = resolve_query(parse_query(query), program)
    plan = plan_program(program, [], {"eval": resolved})
    compiled = compile_plan(load_plan(json.loads(json.dumps(plan))), BUILTINS)
    return compiled.evaluate("eval", document, data, context(strict=strict))


def run(case: dict[str, Any]) -> Any:
    """What a case answers; input may be given as a term."""
    document = case.get("input", UNDEFINED)
    if "input_term" in case:
        document = evaluate([], f"x = {case['input_term']}", UNDEFINED, {}, strict=False)[0]["x"]
    modules, data = case.get("modules") or [], case.get("data") or {}
    return evaluate(modules, case["query"], document, data, strict=bool(case.get("strict_error")))


def same(left: Any, right: Any, *, ordered: bool) -> bool:
    """Equality of JSON: `1` is `1.0`, `true` is not `1`; arrays as sets where OPA's test sorts."""
    return normal(left, ordered=ordered) == normal(right, ordered=ordered)


def normal(value: Any, *, ordered: bool) -> str:
    """One text for equal values."""
    if isinstance(value, dict):
        pairs = sorted(f"{json.dumps(k)}:{normal(v, ordered=ordered)}" for k, v in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        items = [normal(item, ordered=ordered) for item in value]
        return "[" + ",".join(items if ordered else sorted(items)) + "]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value) if not hasattr(value, "as_tuple") else str(value)


def words(error: PolicyError) -> str:
    """An error as OPA prints it: `file:row: code: message`."""
    place = f"{error.location.path}:{error.location.line}: " if error.location else ""
    code = "" if error.message.startswith(error.code) else f"{error.code}: "
    return f"{place}{code}{error.message}"


def cause(case: dict[str, Any]) -> str:  # noqa: PLR0911  # one return for each cause
    """Why a case fails; empty when it passes."""
    wanted = case.get("want_error_code"), case.get("want_error")
    try:
        results = run(case)
    except PolicyError as error:
        text = words(error)
        if not any(wanted):
            return f"unwanted {error.code}: {text.splitlines()[0][:110]}"
        if wanted[0] and error.code != wanted[0]:
            return f"code {error.code}, wanted {wanted[0]}: {text.splitlines()[0][:90]}"
        if wanted[1] and wanted[1] not in text:
            return f"words: {text.splitlines()[0][:90]!r}, wanted {wanted[1]!r}"
        return ""
    except Exception as error:  # noqa: BLE001  # a report goes on
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return f"crash {type(error).__name__}: {error} ({Path(frame.filename).name}:{frame.lineno})"
    if any(wanted):
        return f"wanted error {wanted[0]}, got a result"
    want = case["want_plan_result"] if case.get("want_plan_result") is not None else None
    want = case.get("want_result") if want is None else want
    ordered = not case.get("sort_bindings")
    got = {normal(to_json(item), ordered=ordered) for item in results}
    if got == {normal(item, ordered=ordered) for item in want or []}:
        return ""
    return f"wrong: {case['note']}"


def load() -> list[dict[str, Any]]:
    """All cases."""
    folder = Path(os.environ.get("PROBANDA_VECTORS", ROOT.parent / "shared" / "vectors"))
    with gzip.open(folder / "rego" / "opa-conformance.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main() -> int:
    """Print the score and the causes; 1 if any case fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", type=int, nargs="*", default=[])
    parser.add_argument("--filter", default="")
    options = parser.parse_args()
    cases = load()
    for index in options.show:
        case = {k: v for k, v in cases[index].items() if k not in {"plan", "modules"}}
        print(json.dumps(case, indent=1), *cases[index].get("modules") or [], sep="\n")
        print("got:", cause(cases[index]) or "pass")
        try:
            print([to_json(item) for item in run(cases[index])])
        except Exception:  # noqa: BLE001  # shown
            traceback.print_exc(limit=-6)
    if options.show:
        return 0
    started = time.perf_counter()
    causes: dict[str, list[int]] = defaultdict(list)
    chosen = [i for i, case in enumerate(cases) if options.filter in case["file"] + case["note"]]
    for index in chosen:
        causes[cause(cases[index])].append(index)
    passed = len(causes.pop("", []))
    for text, indexes in sorted(causes.items(), key=lambda item: -len(item[1])):
        print(f"{len(indexes):4} {text} {indexes[:12]}")
    print(f"{passed}/{len(chosen)} in {time.perf_counter() - started:.1f} s")
    return int(passed < len(chosen))


if __name__ == "__main__":
    sys.exit(main())
