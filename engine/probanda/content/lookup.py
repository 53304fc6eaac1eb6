"""Find one thing of the catalogue by whatever a person calls it.

Rules:

- A control may be named in any spelling, a policy with or without `builtin:` and with or without
  an entry point; everything else by its name.
- A name that several things have is refused with the ways to tell them apart (`gate:NAME`).
- An unknown name is answered with the nearest of all.

Example:

    find("cc_6_1", catalogue)   # Found("control", "soc2/CC6.1")
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probanda.collect import COLLECTORS
from probanda.content.catalogue import BUILTIN, Catalogue
from probanda.content.complaints import nearest, one_of
from probanda.errors import UsageError
from probanda.model.criterion import canonical_control

KINDS = ("control", "policy", "gate", "collector", "contract", "waiver")


@dataclass(frozen=True, slots=True)
class Found:
    """A thing of the catalogue: its kind, one of `KINDS`, and its name there."""

    kind: str
    name: str


def find(text: str, catalogue: Catalogue) -> Found:
    """The one thing that `text` names.

    Raises:
        UsageError: there is none, or there are several.
    """
    wanted, _, rest = text.partition(":")
    kinds, name = ((wanted,), rest) if wanted in KINDS else (KINDS, text)
    found = [Found(kind, match) for kind in kinds for match in _matches(kind, name, catalogue)]
    if len(found) > 1:
        ways = [f"{each.kind}:{each.name}" for each in found]
        raise UsageError(f"{text!r} may mean several things", hint=f"write {one_of(ways)}")
    if not found:
        known = [known for kind in kinds for known in names(kind, catalogue)]
        # A criterion is near to its like with a framework before it, too.
        hint = nearest(canonical_control(name), known) or nearest(name, known)
        raise UsageError(
            f"there is nothing called {text!r}",
            hint=hint or "see `probanda list controls`, and the other kinds",
        )
    return found[0]


def names(kind: str, catalogue: Catalogue) -> tuple[str, ...]:
    """Names of all things of a kind, sorted."""
    tables = {
        "control": catalogue.controls,
        "policy": catalogue.policies,
        "gate": catalogue.gates,
        "collector": COLLECTORS,
        "contract": catalogue.contracts,
        "waiver": catalogue.waivers,
    }
    return tuple(sorted(tables[kind]))


def _matches(kind: str, text: str, catalogue: Catalogue) -> Iterator[str]:
    known = names(kind, catalogue)
    if kind == "control":
        wanted = canonical_control(text).casefold()
        for name in known:
            if wanted == name.casefold() or text.casefold() == name.partition("/")[2].casefold():
                yield name
    elif kind == "policy":
        own = text.removeprefix(BUILTIN) if catalogue.provides_builtin else text
        parts = own.split("/")
        spellings = {own, "/".join(parts[:2])} if len(parts) == 3 else {own}
        spellings |= {f"{BUILTIN}{each}" for each in spellings}
        yield from (name for name in known if name in spellings)
    else:
        yield from (name for name in known if name == text)
