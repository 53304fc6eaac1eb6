"""OPA's conformance cases: the engine may refuse, but it must not answer wrongly."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter

import pytest

from probanda.errors import PolicyError
from probanda.rego.opinions import regopy as rego


def canonical(value):
    """Without the order of lists: the cases do not say which of them are sets."""
    if isinstance(value, dict):
        return {key: canonical(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return sorted((canonical(item) for item in value), key=json.dumps)
    return value


def verdict(case):
    """`right`, `wrong`, `refused`, or `error` where the case wants one; None if not comparable."""
    query = re.fullmatch(r"data\.([\w.]+) = x", case.get("query") or "")
    modules = case.get("modules") or []
    if not query or not modules or "input_term" in case:
        return None
    # An absent input is undefined there and null here.
    if case.get("input") is None and any("input" in module for module in modules):
        return None
    entrypoint = query[1].replace(".", "/")
    try:
        texts = {f"m{index}": text for index, text in enumerate(modules)}
        with rego.compile(texts, [entrypoint]) as policy:
            answer = policy.prepare(entrypoint)(case.get("input"), case.get("data") or {})
    except PolicyError:
        return "error" if case.get("want_error_code") or case.get("want_error") else "refused"
    if case.get("want_error_code") or case.get("want_error"):
        return "wrong"
    results = case["want_result"]
    if not results or answer is rego.UNDEFINED:
        return "right" if not results and answer is rego.UNDEFINED else "wrong"
    return "right" if canonical(answer) == canonical(results[0]["x"]) else "wrong"


# A tenth of them in every run; all of them take minutes.
@pytest.mark.parametrize("step", [10, pytest.param(1, marks=pytest.mark.proof)])
def test_no_case_is_answered_wrongly(vectors, step):
    with gzip.open(vectors / "rego" / "opa-conformance.jsonl.gz") as lines:
        cases = [json.loads(line) for line in lines][::step]

    verdicts = {case["note"]: verdict(case) for case in cases}

    assert [note for note, each in verdicts.items() if each == "wrong"] == []
    count = Counter(verdicts.values())
    assert count["right"] > len(cases) / 2
