"""Graphs, and the walk through a value.

Rules:

- A graph maps each vertex to an array or set of its neighbours; vertices that are no keys of it
  are not in it.
- `walk` gives all `[path, value]` pairs as one array; who plans a call iterates it.

Source: OPA `v1/topdown/reachable.go`, `walk.go`.

Example:
    reachable({"a": ["b"], "b": []}, ["a"])   # {"a", "b"}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from probanda.rego.builtins.interface import (
    MAX_OUTPUT,
    Builtin,
    define,
    limit,
    mapping,
    wrong_type,
)
from probanda.rego.values import RegoSet, key, sorted_keys, unkey


def _vertices(value: Any) -> list[Any]:
    """The members of an array or set; of anything else, none."""
    if isinstance(value, RegoSet):
        return [value.members[name] for name in sorted_keys(value.members)]
    return value if isinstance(value, list) else []


def _initial(value: Any) -> list[Any]:
    if isinstance(value, list | RegoSet):
        return _vertices(value)
    raise wrong_type(2, value, "{array, set}")


def reachable(graph: Any, initial: Any) -> RegoSet:
    """The vertices that can be reached, the initial ones included."""
    edges = mapping(graph, 1)
    reached: dict[Any, Any] = {}
    waiting = _initial(initial)[::-1]
    while waiting:
        vertex = waiting.pop()
        stored = key(vertex)
        if stored in edges and stored not in reached:
            reached[stored] = vertex
            waiting.extend(_vertices(edges[stored]))
    return RegoSet.of(reached)


def reachable_paths(graph: Any, initial: Any) -> RegoSet:
    """Paths from the initial vertices as far as they lead.

    A path ends where the graph does, or before a vertex that has already led somewhere from the
    same first edge.
    """
    edges = mapping(graph, 1)
    search = _Search(edges)
    for vertex in _initial(initial):
        stored = key(vertex)
        if stored in edges:
            neighbours = _vertices(edges[stored])
            if not neighbours:
                search.found.add([vertex])
            for neighbour in neighbours:
                search.run(neighbour, [vertex], {stored})
    return search.found


class _Search:
    """One search for paths."""

    def __init__(self, edges: dict[Any, Any]) -> None:
        self.edges = edges
        self.found = RegoSet()
        self.size = 0

    def add(self, path: list[Any]) -> None:
        self.size += len(path) + 1
        limit("the paths", MAX_OUTPUT, self.size)
        self.found.add(path)

    def run(self, vertex: Any, path: list[Any], reached: set[Any]) -> None:
        """Go on from a vertex, depth first."""
        # Paths with what remains to be seen from their ends.
        open_paths: list[tuple[list[Any], Iterator[Any]]] = []
        self.enter(vertex, path, open_paths)
        while open_paths:
            path, neighbours = open_paths[-1]
            for neighbour in neighbours:
                if key(neighbour) in reached:
                    self.add(path)
                    continue
                reached.add(key(path[-1]))
                self.enter(neighbour, path, open_paths)
                break
            else:
                open_paths.pop()

    def enter(
        self, vertex: Any, path: list[Any], open_paths: list[tuple[list[Any], Iterator[Any]]]
    ) -> None:
        """Take a vertex into the path, if the graph has it."""
        stored = key(vertex)
        if stored not in self.edges:
            self.add(path)
            return
        longer = [*path, vertex]
        neighbours = _vertices(self.edges[stored])
        if neighbours:
            open_paths.append((longer, iter(neighbours)))
        else:
            self.add(longer)


def walk(value: Any) -> list[list[Any]]:
    """All pairs of a path and the value that it leads to, depth first."""
    pairs: list[list[Any]] = []
    size = 0
    waiting: list[tuple[list[Any], Any]] = [([], value)]
    while waiting:
        path, node = waiting.pop()
        pairs.append([path, node])
        size += len(path) + 1
        limit("the walk", MAX_OUTPUT * 10, size)
        waiting.extend([([*path, name], item) for name, item in _children(node)][::-1])
    return pairs


def _children(node: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(node, list):
        return enumerate(node)
    if isinstance(node, dict):
        return ((unkey(name), node[name]) for name in sorted_keys(node))
    if isinstance(node, RegoSet):
        return ((item, item) for item in _vertices(node))
    return ()


BUILTINS: Final[list[Builtin]] = define(
    {"graph.reachable": reachable, "graph.reachable_paths": reachable_paths, "walk": walk}
)
