"""What `with` has replaced at the place that is being planned.

Rules:

- A function is planned once for each context it is called in; `g0` is the context without
  replacements. A context that cannot matter to a function, because nothing that it reaches is
  replaced, is not a context: `f with input.x as 1` calls `g0`, too.
- A shadow is a path under `data` whose rules give way to the replaced base document.
- The value of a mock is known only at run time: it is passed on as a further argument.
- Inside a function that stands in for another no mock applies, so that it can call the
  original.

Example:
    inner = context.replace(shadows=[("users",)], mocks={("time.now_ns",): VALUE})
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from probanda.rego.resolve.program import Path

# A built-in's dotted name as the only part, or `data` and the path of a function.
Target: TypeAlias = tuple[str, ...]


class Mock(NamedTuple):
    """What stands in for a function: a built-in, another function, or a value."""

    target: Target = ()

    @property
    def kind(self) -> Literal["builtin", "function", "value"]:
        """Which of these it is."""
        if not self.target:
            return "value"
        return "function" if self.target[0] == "data" else "builtin"


VALUE: Final = Mock()


class Context(NamedTuple):
    """All replacements that apply; equal contexts share their functions."""

    shadows: frozenset[Path] = frozenset()
    mocks: tuple[tuple[Target, Mock], ...] = ()

    def mock(self, target: Target) -> Mock | None:
        """What stands in for a function here."""
        return next((mock for name, mock in self.mocks if name == target), None)

    def replace(self, shadows: Iterable[Path], mocks: Mapping[Target, Mock]) -> Context:
        """This context with further replacements."""
        merged = dict(self.mocks) | dict(mocks)
        return Context(self.shadows | frozenset(shadows), tuple(sorted(merged.items())))

    def without_mocks(self) -> Context:
        """As seen from inside a stand-in."""
        return Context(self.shadows)

    @property
    def values(self) -> tuple[Target, ...]:
        """The functions that a value stands in for: the further arguments, in order."""
        return tuple(name for name, mock in self.mocks if mock.kind == "value")


TOP: Final = Context()
