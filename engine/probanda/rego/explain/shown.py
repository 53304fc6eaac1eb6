"""Values made small: what a person can read, and no more than that.

Rules:

- A string longer than `MAX_TEXT` is cut, of a collection `MAX_ITEMS` items are kept, below
  `MAX_DEPTH` nothing; the sizes stand beside it.
- Without values only the type and the size are told.

Example:
    show([1] * 100).text(values=False)      # "array of 100"
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from probanda.rego.values import RegoSet, json_text, sorted_values, to_json, type_name, unkey

MAX_TEXT: Final = 80
MAX_ITEMS: Final = 6
MAX_DEPTH: Final = 3
MAX_LINE: Final = 120
# Larger sets are shown as they come; sorting them would cost more than it tells.
_SORTED: Final = 1_000

_UNITS: Final = {"string": "characters", "object": "keys", "array": "items", "set": "members"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A value, made small.

    Attributes:
        type: Rego's name of its type.
        size: characters, items or keys; `None` for scalars.
        json: the small form; a set is an array.
        truncated: whether anything was left out.
    """

    type: str
    size: int | None
    json: Any
    truncated: bool

    def to_dict(self, *, values: bool) -> dict[str, Any]:
        """As JSON."""
        document: dict[str, Any] = {"type": self.type}
        if self.size is not None:
            document["size"] = self.size
        if values:
            document["value"] = self.json
            if self.truncated:
                document["truncated"] = True
        return document

    def text(self, *, values: bool) -> str:
        """On one line, for a person."""
        what = self.type if self.size is None else f"{self.type} of {self.size}"
        if self.size is not None:
            what += f" {_UNITS[self.type]}" if self.size != 1 else f" {_UNITS[self.type][:-1]}"
        if not values:
            return what
        text = json.dumps(self.json, ensure_ascii=False)
        if self.type == "set":
            text = f"{{{text[1:-1]}}}" if self.json else "set()"
        if len(text) > MAX_LINE:
            return f"{text[: MAX_LINE - 1]}… ({what})"
        return f"{text} ({what})" if self.truncated else text


def show(value: Any) -> Shown:
    """A value, made small."""
    left = [False]
    small = _small(value, MAX_DEPTH, left)
    kind = type_name(value)
    return Shown(kind, len(value) if kind in _UNITS else None, small, left[0])


def _small(value: Any, depth: int, left: list[bool]) -> Any:
    kind = type(value)
    if kind is str:
        if len(value) > MAX_TEXT:
            left[0] = True
            return f"{value[: MAX_TEXT - 1]}…"
        return value
    if kind not in {list, dict, RegoSet}:
        return to_json(value)
    if len(value) and not depth:
        left[0] = True
        return "…"
    left[0] = left[0] or len(value) > MAX_ITEMS
    if kind is dict:
        return {
            (name if type(name) is str else json_text(unkey(name)))[:MAX_TEXT]: _small(
                item, depth - 1, left
            )
            for name, item in islice(value.items(), MAX_ITEMS)
        }
    items = sorted_values(value) if kind is RegoSet and len(value) <= _SORTED else value
    return [_small(item, depth - 1, left) for item in islice(items, MAX_ITEMS)]
