"""From syntax trees to a resolved `Program`: names, order, checks."""

from probanda.rego.resolve.program import (
    Kind,
    Path,
    Program,
    ResolvedQuery,
    ResolvedRule,
    RuleGroup,
)

__all__ = ["Kind", "Path", "Program", "ResolvedQuery", "ResolvedRule", "RuleGroup"]
