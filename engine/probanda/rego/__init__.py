r"""Rego: compile modules, ask entry points.

The rest of probanda uses what is named here and nothing else, so that the
engine behind it can change.

Example:

    with rego.compile({"p.rego": "package a\nallow if input.x == 1"}) as policy:
        policy.prepare("a/allow")({"x": 1}, {})  # True
"""

from __future__ import annotations

from probanda.rego.policy import (
    ENGINE,
    Evaluate,
    Policy,
    compile,  # noqa: A004  # as in re.compile
    start_engine,
)
from probanda.rego.values import UNDEFINED, Undefined

__all__ = ["ENGINE", "UNDEFINED", "Evaluate", "Policy", "Undefined", "compile", "start_engine"]
