"""Rego, evaluated: source → syntax tree → checks → OPA plan → Python functions.

Rules:

- One interface: `compile`, `Policy.prepare`, `query`, `explain`, `load_plan`. What does not compile
  soundly is refused with a `PolicyError` that carries OPA's error code.
- Evaluation is pure: no network, no disk, no clock. Limits end what does not end by itself.

Where to look: `lexer`, `parser*` read; `resolve/` gives names, order and checks; `plan/` makes
OPA's intermediate representation, `ir` reads it; `backend/` turns it into Python; `builtins/`
are the functions; `values` is what a value is; `engine` puts them together; `explain/` says why;
`opinions/` asks other engines.

Example:
    policy = compile({"p.rego": text}, ["a/b/allow"])
    policy.prepare("a/b/allow")({"user": "ada"}, {})  # True, False, … or UNDEFINED
"""

from probanda.rego.engine import (
    ENGINE,
    Evaluate,
    Policy,
    compile,  # noqa: A004  # as in re.compile
    from_json,
    load_plan,
    to_json,
)
from probanda.rego.values import UNDEFINED, Undefined

__all__ = [
    "ENGINE",
    "UNDEFINED",
    "Evaluate",
    "Policy",
    "Undefined",
    "compile",
    "from_json",
    "load_plan",
    "to_json",
]
