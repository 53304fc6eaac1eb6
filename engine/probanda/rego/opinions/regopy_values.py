r"""JSON values on their way into the engine and back, without a change in meaning.

Rules:

- What the engine would alter is refused, never rounded: NaN, infinities and
  decimals with more than 15 significant digits; lone surrogates; anything that
  is not JSON. Integers are exact at any size (up to `MAX_DIGITS` digits).
- A decimal with an integral value travels as that integer: in Rego `3.0 == 3`.
- regopy 1.5.2 compares and counts strings in their *escaped* form (`"\u00e9"`
  is not `"é"` there, `count("\n")` is 2, and a line break ends with `n`). So the
  characters that JSON must escape travel as private-use stand-ins, one for one,
  and are put back in results. The order of strings that hold them is that of
  the stand-ins; `TEXTUAL` lists the built-ins that would see the difference,
  and `refusal` says when one meets such text.

Example:

    >>> encode({"message": "a\nb"}).special
    True
    >>> decode(json.loads(encode(["a\nb", 3.0]).text))
    ['a\nb', 3]
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from probanda.errors import PolicyError

# Nesting that no fact of ours approaches; the engine's own recursion ends far above it.
MAX_DEPTH: Final = 200
MAX_BYTES: Final = 64 << 20
# CPython's default limit for text ↔ int conversion is 4,300 (CVE-2020-10735).
MAX_DIGITS: Final = 4_000
# regopy prints decimals with 15 significant digits.
_DIGITS: Final = 15
# Below it, decimals are or become subnormal, and the engine's parser fails on those.
_SMALLEST: Final = 1e-300

# Supplementary Private Use Area-A: U+F0000 + the code point it stands for.
_BASE: Final = 0xF0000
_SPECIAL: Final = {*range(0x20), ord('"'), ord("\\")}
_STAND_IN: Final = {code: chr(_BASE + code) for code in _SPECIAL}
_ORIGINAL: Final = {_BASE + code: chr(code) for code in _SPECIAL}
_HAS_SPECIAL: Final = re.compile(r'[\x00-\x1f"\\]')
_HAS_STAND_IN: Final = re.compile(r"[\U000F0000-\U000F001F\U000F0022\U000F005C]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")

_FOREIGN: Final = re.compile(r"[^\x00-\x7f\U000F0000-\U000F001F\U000F0022\U000F005C]")

# Built-ins whose regopy version knows ASCII only.
ASCII_ONLY: Final = frozenset({"lower", "upper"})
# Built-ins (or their families) that look into characters, encode, hash or sort text.
TEXTUAL: Final = re.compile(
    r"(regex|json|yaml|crypto|hex|urlquery|glob|graphql|io\.jwt)\..*"
    r"|base64.*|trim_space|sort|min|max|strings\.render_template"
)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value as the engine's JSON text.

    Attributes:
        text: JSON; strings hold stand-ins.
        special: whether any string needed one.
    """

    text: str
    special: bool

    @property
    def foreign(self) -> bool:
        """Whether it holds text beyond ASCII."""
        return not self.text.isascii() and _FOREIGN.search(self.text) is not None


def encode(value: Any) -> Encoded:
    """The engine's form of a JSON value.

    Raises:
        PolicyError: the value is not JSON, beyond a limit, or would be altered.
    """
    special = False

    def walk(node: Any, depth: int) -> Any:
        nonlocal special
        if isinstance(node, str):
            text = stand_in(node)
            special = special or text is not node
            return text
        if node is None or isinstance(node, bool):
            return node
        if isinstance(node, int | float):
            return _number(node)
        if depth >= MAX_DEPTH:
            raise PolicyError(f"input is nested deeper than {MAX_DEPTH} levels")
        if isinstance(node, Mapping):
            return {walk(_key(key), depth): walk(item, depth + 1) for key, item in node.items()}
        if isinstance(node, list | tuple):
            return [walk(item, depth + 1) for item in node]
        raise PolicyError(f"input holds a {type(node).__name__}, which is not JSON")

    text = json.dumps(walk(value, 0), ensure_ascii=False, allow_nan=False)
    if len(text.encode()) > MAX_BYTES:
        raise PolicyError(f"input is larger than {MAX_BYTES} bytes")
    return Encoded(text, special)


def stand_in(text: str) -> str:
    """`text` with stand-ins; the same object when it needs none.

    Raises:
        PolicyError: it holds a lone surrogate, or a stand-in already.
    """
    if text.isascii() and not _HAS_SPECIAL.search(text):
        return text
    if _SURROGATE.search(text):
        raise PolicyError("a string holds a lone surrogate, which is not Unicode text")
    if _HAS_STAND_IN.search(text):
        raise PolicyError("a string holds a private-use character (U+F0000…) that is reserved here")
    return text.translate(_STAND_IN) if _HAS_SPECIAL.search(text) else text


def decode(value: Any) -> Any:
    """A result of the engine with the original characters put back."""
    if isinstance(value, str):
        return value.translate(_ORIGINAL) if not value.isascii() else value
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        return {decode(key): decode(item) for key, item in value.items()}
    return value


def refusal(builtins: Iterable[str], *encoded: Encoded) -> str:
    """Why the engine cannot apply one of `builtins` to these texts; empty when it can."""
    special = any(each.special for each in encoded)
    foreign = any(each.foreign for each in encoded)
    for name in builtins:
        if special and TEXTUAL.fullmatch(name):
            return f"{name} to text that holds quotes, backslashes or control characters"
        if foreign and name in ASCII_ONLY:
            return f"{name} to text beyond ASCII"
    return ""


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise PolicyError(f"input has a key of type {type(key).__name__}; JSON keys are strings")
    return key


def _number(number: float) -> float:
    if isinstance(number, int):
        if abs(number) >= 10**MAX_DIGITS:
            raise PolicyError(f"input holds an integer of more than {MAX_DIGITS} digits")
        return number
    if not math.isfinite(number):
        raise PolicyError("input holds NaN or an infinity, which is not JSON")
    if number.is_integer():
        return int(number)
    if abs(number) < _SMALLEST or float(f"{number:.{_DIGITS}g}") != number:
        raise PolicyError(
            f"input holds a decimal of more than {_DIGITS} significant digits",
            hint="the engine would round it; write it as a string or round it before",
        )
    return number
