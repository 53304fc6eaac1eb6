"""Which rules define one document together.

Rules:

- A rule belongs to the group at the strings that its ref starts with, or to a group further up
  when a rule with variable (or other non-string) parts stands there: see `program`.
- Functions are groups of their own, whatever stands above them.

Example:
    group_paths(tree)[info]   # ("a", "p")
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from probanda.rego.resolve.program import Kind, Path, ResolvedRule, RuleGroup
from probanda.rego.resolve.tree import RuleInfo, RuleTree


def group_paths(tree: RuleTree) -> dict[RuleInfo, Path]:
    """The path of the group of each rule."""
    open_paths = {
        info.path for info in tree.rules if len(info.path) < len(info.ref) and not info.is_function
    }
    return {info: _group_path(info, open_paths) for info in tree.rules}


def _group_path(info: RuleInfo, open_paths: set[Path]) -> Path:
    if not info.is_function:
        for size in range(1, len(info.path)):
            if info.path[:size] in open_paths:
                return info.path[:size]
    return info.path


def build_groups(
    paths: Mapping[RuleInfo, Path], resolved: Sequence[tuple[RuleInfo, ResolvedRule]]
) -> dict[Path, RuleGroup]:
    """Groups of resolved rules, by path."""
    members: dict[Path, list[tuple[RuleInfo, ResolvedRule]]] = {}
    for info, rule in resolved:
        members.setdefault(paths[info], []).append((info, rule))
    return {path: _group(path, members[path]) for path in sorted(members)}


def _group(path: Path, members: Sequence[tuple[RuleInfo, ResolvedRule]]) -> RuleGroup:
    first = members[0][0]
    kind: Kind = "complete"
    if first.is_function:
        kind = "function"
    elif any(rule.keys for _, rule in members):
        kind = "partial-object"
    elif first.is_multi:
        kind = "partial-set"
    defaults = [rule for info, rule in members if info.rule.default]
    return RuleGroup(
        path=path,
        kind=kind,
        arity=first.arity,
        rules=tuple(rule for info, rule in members if not info.rule.default),
        default=next((rule for rule in defaults if not rule.keys), None),
        key_defaults=tuple(rule for rule in defaults if rule.keys),
    )
