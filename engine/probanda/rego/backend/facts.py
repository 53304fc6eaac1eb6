"""What is known while code is written, and what of it depends on which locals.

Rules:

- A fact says which locals it depends on (`uses`); when one of them changes, it goes.
- Most locals that get a value are new and nothing depends on them, so `forget` looks at the
  facts only when something ever depended on one of its locals.

Example:
    dots = Facts(set()); dots["l0", "'a'"] = Lookup(2, frozenset({0, 2})); dots.forget({0})
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeVar


class _Dependent(Protocol):
    """What depends on locals."""

    @property
    def uses(self) -> frozenset[int]:
        """The locals."""


_Name = TypeVar("_Name")
_Fact = TypeVar("_Fact", bound=_Dependent)


class Lookup(NamedTuple):
    """A member that was looked up: the local that holds it, and the locals that it depends on."""

    local: int
    uses: frozenset[int]


class Facts(dict[_Name, _Fact]):
    """What is known, by name; `used` are all locals that any of it ever depended on."""

    def __init__(self, used: set[int], known: Mapping[_Name, _Fact] = MappingProxyType({})) -> None:
        super().__init__(known)
        self.used = used

    def __setitem__(self, name: _Name, fact: _Fact) -> None:
        if fact.uses:
            self.used |= fact.uses
        super().__setitem__(name, fact)

    def copy(self) -> Facts[_Name, _Fact]:
        """The same facts, to be changed apart."""
        return Facts(self.used, self)

    def forget(self, locals_: set[int]) -> None:
        """Drop what depends on these locals."""
        if not self.used.isdisjoint(locals_):
            for name in [name for name, fact in self.items() if not fact.uses.isdisjoint(locals_)]:
                del self[name]
