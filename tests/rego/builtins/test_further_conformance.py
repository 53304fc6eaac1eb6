"""OPA's conformance cases for tokens, cryptography, GraphQL, JSON schema and Rego itself.

OPA's own plans run through our back end: what fails here is a built-in.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from probanda.errors import PolicyError
from probanda.rego.backend import Context, compile_plan
from probanda.rego.builtins import BUILTINS
from probanda.rego.ir import load_plan
from probanda.rego.values import UNDEFINED, to_json

FAMILIES = ("crypto.", "io.jwt.", "graphql.", "json.match_", "json.verify_", "rego.parse_")
# After every certificate of the cases has become valid, before one expires.
NOW = 1_760_000_000_000_000_000


def cases(vectors: Path) -> list[dict[str, Any]]:
    """The cases whose plans call one of our families."""
    path = vectors / "rego" / "opa-conformance.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [case for case in found if any(name.startswith(FAMILIES) for name in called(case))]


def called(case: dict[str, Any]) -> list[str]:
    """The built-ins of a case's plan."""
    static = (case.get("plan") or {}).get("static", {})
    return [one["name"] for one in static.get("builtin_funcs") or []]


def outcome(case: dict[str, Any]) -> Any:
    """The bindings, or code and message of the error."""
    strict = bool(case.get("strict_error") or case.get("want_error_code"))
    compiled = compile_plan(load_plan(case["plan"]), BUILTINS)
    context = Context(strict=strict, now_ns=NOW, seed="case", max_steps=10**7)
    try:
        found = compiled.evaluate("eval", case.get("input", UNDEFINED), case.get("data"), context)
    except PolicyError as error:
        return error.code, str(error)
    return [to_json(one) for one in found]


def passes(case: dict[str, Any]) -> bool:
    """Whether a case has the outcome that OPA has."""
    got = outcome(case)
    if not case.get("want_error_code"):
        return got == (case.get("want_plan_result") or case["want_result"])
    code, message = got
    return code == case["want_error_code"] and case.get("want_error", "") in message


def test_every_case_of_our_families_has_opas_outcome(vectors: Path) -> None:
    found = cases(vectors)
    assert len(found) >= 189
    assert [case["note"] for case in found if not passes(case)] == []


def test_a_wrong_outcome_would_be_noticed(vectors: Path) -> None:
    case = next(one for one in cases(vectors) if one["note"].startswith("jwtverifyrsa/success"))
    assert passes(case)
    wrong = [{"x": False}]
    assert not passes(case | {"want_result": wrong, "want_plan_result": wrong})


@pytest.mark.parametrize("family", ["crypto.", "io.jwt.", "graphql.", "json.match_schema"])
def test_every_built_in_of_a_family_is_there(family: str) -> None:
    from probanda.rego.builtins import SIGNATURES

    names = [name for name in SIGNATURES if name.startswith(family)]
    assert names
    assert [name for name in names if name not in BUILTINS] == []
