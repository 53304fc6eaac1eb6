"""Disagreements whose cause is known: which engine is wrong about what, and who says so.

Rules:

- An entry is about one engine and one construct. It applies to a policy in which the construct
  stands; a disagreement about any other policy is news.
- It explains, it does not hide: what it explains is reported with its reason and fails nothing.
- OPA has no entry. Where it and we differ, one of us has a fault to mend.
- `tests/rego/opinions/test_known.py` holds that each engine is still wrong about each example;
  when one is mended, its entry goes.

Example:

    known = explanation("regopy", modules)  # None, or the first entry that applies
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Known:
    """One known cause.

    Attributes:
        name: kebab-case, for reports and tests.
        engine: whose answer differs.
        reason: what it does, in one clause.
        source: where that is written down.
    """

    name: str
    engine: str
    reason: str
    source: str


INDEXED: Final = Known(
    "indexed",
    "opa",
    "its rule index skips a rule of which another expression is undefined before the error is"
    " met; without the index it answers as we do",
    "docs/rego.md, What surprises",
)


def explanation(engine: str, modules: object) -> Known | None:
    return None
