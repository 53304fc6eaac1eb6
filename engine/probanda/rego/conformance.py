"""Run OPA's conformance cases, as OPA's own runner does, and stricter.

Rules:

- A file holds one case a line (JSON Lines, plain or gzip): `file`, `index`, `note`, `modules`,
  `data`, `input` or `input_term`, `query`, and what is wanted.
- `want_result`: the binding sets, compared as a set after conversion to JSON; `sort_bindings`
  sorts each value first; `[]` means no result.
- `want_error_code` must be the exact code, `want_error` part of the message. An error where
  none is wanted fails. Nothing is skipped.
- With `plans`, the plan that OPA made (`plan`, `entrypoints`) is run instead of the source:
  that tests the back end apart from parser, resolver and planner.

Source: OPA v1/test/cases and the runner in v1/topdown/exported_test.go.

Example:
    report = run_file(Path("opa-conformance.jsonl.gz"))
    print(report.passed, "of", report.total)
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from probanda.errors import ParseError, PolicyError
from probanda.rego.engine import compile as compile_modules
from probanda.rego.engine import load_plan
from probanda.rego.values import UNDEFINED, to_json

# A line of the largest known case has some 300 KiB.
MAX_LINE_BYTES = 16 << 20
SECONDS = 10.0
# 2025-01-01: some cases hold certificates and tokens, which are valid for a time only.
NOW_NS = 1_735_689_600_000_000_000


@dataclass(frozen=True, slots=True)
class Failure:
    """One case that was not answered as OPA answers it."""

    file: str
    index: int
    note: str
    reason: str

    def to_json(self) -> dict[str, Any]:
        """`{file, index, note, reason}`."""
        return {"file": self.file, "index": self.index, "note": self.note, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class ConformanceReport:
    """How many cases there were, and which failed."""

    total: int
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> int:
        """Cases answered exactly."""
        return self.total - len(self.failures)

    def to_json(self) -> dict[str, Any]:
        """`{total, passed, failed, failures}`."""
        return {
            "total": self.total,
            "passed": self.passed,
            "failed": len(self.failures),
            "failures": [failure.to_json() for failure in self.failures],
        }


def read_cases(path: Path) -> Iterator[dict[str, Any]]:
    """The cases of a file.

    Raises:
        ParseError: unreadable, or a line is no JSON object.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rb") as lines:
            while line := lines.readline(MAX_LINE_BYTES):
                case = json.loads(line)
                if not isinstance(case, dict):
                    raise ParseError(f"{path}: a line is no object")
                yield case
    except (OSError, ValueError, EOFError) as error:
        raise ParseError(f"{path}: {error}") from error


def run_file(path: Path, *, plans: bool = False, now_ns: int = NOW_NS) -> ConformanceReport:
    """Run every case of a file; with `plans`, OPA's own plans.

    Raises:
        ParseError: the file holds something else than cases.
    """
    total, failures = 0, []
    wanted = {"plan", "entrypoints"} if plans else {"query"}
    for case in read_cases(path):
        total += 1
        if not wanted <= case.keys():
            raise ParseError(f"{path}: case {total} has no {' or '.join(sorted(wanted))}")
        reason = run_case(case, plans=plans, now_ns=now_ns)
        if reason:
            failures.append(
                Failure(
                    str(case.get("file", "")),
                    int(case.get("index", 0)),
                    str(case.get("note", "")),
                    reason,
                )
            )
    return ConformanceReport(total, tuple(failures))


def run_case(case: Mapping[str, Any], *, plans: bool = False, now_ns: int = 0) -> str:
    """Why the case fails at the clock `now_ns`; empty when it passes."""
    try:
        found = _run_plan(case, now_ns) if plans else _run_source(case, now_ns)
    except PolicyError as error:
        return _judge_error(case, error, plans=plans)
    except RecursionError:
        return "RecursionError"
    return _judge_result(case, found, plans=plans)


def _run_source(case: Mapping[str, Any], now_ns: int) -> list[dict[str, Any]]:
    modules = {f"test-{i}.rego": text for i, text in enumerate(case.get("modules") or [])}
    policy = (
        compile_modules(modules, [])
        if modules
        else compile_modules({"empty.rego": "package empty"}, [])
    )
    return policy.query(
        case["query"],
        input=case.get("input", UNDEFINED),
        input_term=case.get("input_term"),
        data=case.get("data"),
        strict_builtin_errors=bool(case.get("strict_error")),
        now_ns=now_ns,
        seconds=SECONDS,
    )


def _run_plan(case: Mapping[str, Any], now_ns: int) -> list[Any]:
    policy = load_plan(case["plan"])
    return policy.run(
        case["entrypoints"][0],
        input=case.get("input", UNDEFINED),
        input_term=case.get("input_term"),
        data=case.get("data"),
        strict_builtin_errors=bool(case.get("strict_error")),
        now_ns=now_ns,
        seconds=SECONDS,
    )


def _judge_error(case: Mapping[str, Any], error: PolicyError, *, plans: bool) -> str:
    code, text = case.get("want_error_code"), case.get("want_error")
    if plans and text is not None:
        # The plans' own tables of files call the modules so.
        text = re.sub(r"^test-(\d+)\.rego", r"module-\1.rego", text)
    if code is None and text is None:
        return f"unexpected error: {error.code}: {error.message}"
    if code is not None and error.code != code:
        return f"wanted {code}, got {error.code}: {error.message}"
    if text is not None and text not in error.message:
        return f"wanted an error with {text!r}, got {error.message!r}"
    return ""


def _judge_result(case: Mapping[str, Any], found: Sequence[Any], *, plans: bool) -> str:
    if case.get("want_error_code") is not None or case.get("want_error") is not None:
        return f"wanted {case.get('want_error_code')} {case.get('want_error')!r}, got a result"
    wanted = case.get("want_plan_result") if plans else case.get("want_result")
    if wanted is None:
        return "the case says nothing that it wants"
    sort = bool(case.get("sort_bindings"))
    left = sorted({_text(to_json(item), sort=sort) for item in found})
    right = sorted({_text(item, sort=sort) for item in wanted})
    return "" if left == right else f"wanted {_short(right)}, got {_short(left)}"


def _text(binding: Any, *, sort: bool) -> str:
    """Canonical text of a binding set, in which 1 and 1.0 are one number."""
    if sort and isinstance(binding, dict):
        binding = {
            key: sorted(value, key=_key) if isinstance(value, list) else value
            for key, value in binding.items()
        }
    return _key(binding)


def _key(value: Any) -> str:
    return json.dumps(_numbers(value), sort_keys=True, default=str)


def _numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    return value


def _short(items: Sequence[str]) -> str:
    text = "[" + ", ".join(items) + "]"
    return text if len(text) <= 300 else text[:300] + "…"
