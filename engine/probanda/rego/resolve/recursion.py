"""Rules that depend on themselves.

Rules:

- A rule depends on every rule that its references, calls and replacements may reach; a part that
  is not constant reaches every rule it could be. What `with` replaces counts too.
- Rules of one group are evaluated together. A group that has to evaluate itself is refused, also
  where OPA would find an order (`p.b := p.a` beside `p[x] := 1`).

Source: OPA `v1/ast/compile.go`: `checkRecursion`, `NewGraph`.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from probanda.rego.resolve.program import Path, ResolvedRule
from probanda.rego.resolve.report import RECURSION, Report, Stage
from probanda.rego.resolve.text import show_path, show_ref
from probanda.rego.resolve.tree import RuleInfo, RuleTree
from probanda.rego.resolve.uses import data_references

N = TypeVar("N", bound=Hashable)
# The rules behind one shape of reference stand for it: the tree gives equal shapes one tuple.
Reach = tuple[RuleInfo, ...]


def check_recursion(
    tree: RuleTree,
    resolved: Sequence[tuple[RuleInfo, ResolvedRule]],
    paths: Mapping[RuleInfo, Path],
    report: Report,
) -> None:
    """Report every rule that depends on itself, with the way back to it."""
    reaches: dict[int, Reach] = {}
    edges: dict[RuleInfo, list[int]] = {}
    for info, rule in resolved:
        own: dict[int, None] = {}
        for parts in data_references(rule):
            reach = tree.dependencies(parts)
            reaches[id(reach)] = reach
            own[id(reach)] = None
        edges[info] = list(own)
    found = _check_rules(edges, reaches, report)
    if not found:
        _check_groups(edges, reaches, paths, report)


def _check_rules(
    edges: Mapping[RuleInfo, Sequence[int]], reaches: Mapping[int, Reach], report: Report
) -> bool:
    graph: dict[RuleInfo | int, Sequence[RuleInfo | int]] = dict(edges.items())
    graph.update(reaches.items())
    found = False
    for component in components(graph):
        members = set(component)
        for node in component:
            if isinstance(node, RuleInfo) and len(members) > 1:
                found = True
                way = [show_ref(info.ref) for info in _cycle(graph, node, members)]
                message = f"rule {way[0]} is recursive: {' -> '.join(way)}"
                report.error(Stage.RECURSION, RECURSION, message, node.rule.span)
    return found


def _cycle(
    graph: Mapping[RuleInfo | int, Sequence[RuleInfo | int]],
    start: RuleInfo,
    members: set[RuleInfo | int],
) -> list[RuleInfo]:
    """The shortest way from a rule back to itself."""
    came: dict[RuleInfo | int, RuleInfo | int] = {}
    level: list[RuleInfo | int] = [start]
    while level:
        following: list[RuleInfo | int] = []
        for node in level:
            for target in graph.get(node, ()):
                if target in members and target not in came:
                    came[target] = node
                    following.append(target)
        if start in came:
            break
        level = following
    way: list[RuleInfo] = [start]
    node = came[start]
    while node != start:
        if isinstance(node, RuleInfo):
            way.append(node)
        node = came[node]
    return [start, *reversed(way[1:]), start]


def _check_groups(
    edges: Mapping[RuleInfo, Sequence[int]],
    reaches: Mapping[int, Reach],
    paths: Mapping[RuleInfo, Path],
    report: Report,
) -> None:
    graph: dict[Path, dict[Path, None]] = {}
    first: dict[Path, RuleInfo] = {}
    by_reach = {key: dict.fromkeys(paths[info] for info in reach) for key, reach in reaches.items()}
    for info, own in edges.items():
        targets = graph.setdefault(paths[info], {})
        first.setdefault(paths[info], info)
        for key in own:
            targets.update(by_reach[key])
    for component in components({node: list(targets) for node, targets in graph.items()}):
        for path in component:
            if path in first and (len(component) > 1 or path in graph[path]):
                name = show_path(path)
                message = f"rule {name} is recursive: rules below {name} are evaluated together"
                span = first[path].rule.span
                report.error(Stage.RECURSION, RECURSION, message, span)


def components(graph: Mapping[N, Sequence[N]]) -> list[list[N]]:
    """Strongly connected components (Tarjan), without recursion."""
    index: dict[N, int] = {}
    low: dict[N, int] = {}
    stack: list[N] = []
    on_stack: set[N] = set()
    result: list[list[N]] = []
    for root in graph:
        if root in index:
            continue
        work: list[tuple[N, int]] = [(root, 0)]
        while work:
            node, position = work.pop()
            if position == 0:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
            targets = graph.get(node, ())
            for offset in range(position, len(targets)):
                target = targets[offset]
                if target not in index:
                    work.append((node, offset + 1))
                    work.append((target, 0))
                    break
                if target in on_stack:
                    low[node] = min(low[node], index[target])
            else:
                if low[node] == index[node]:
                    result.append(_pop_to(node, stack, on_stack))
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
    return result


def _pop_to(node: N, stack: list[N], on_stack: set[N]) -> list[N]:
    component: list[N] = []
    while True:
        member = stack.pop()
        on_stack.discard(member)
        component.append(member)
        if member == node:
            return component
