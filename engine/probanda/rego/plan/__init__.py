"""Resolved rules → OPA's intermediate representation."""

from probanda.rego.plan.planner import plan_program

__all__ = ["plan_program"]
