"""From syntax trees to a resolved `Program`: names, order, checks."""

from probanda.rego.resolve.program import (
    Kind,
    Path,
    Program,
    ResolvedQuery,
    ResolvedRule,
    RuleGroup,
)
from probanda.rego.resolve.resolver import resolve, resolve_query

__all__ = [
    "Kind",
    "Path",
    "Program",
    "ResolvedQuery",
    "ResolvedRule",
    "RuleGroup",
    "resolve",
    "resolve_query",
]
