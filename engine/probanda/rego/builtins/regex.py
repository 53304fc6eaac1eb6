"""`regex.*`: regular expressions in Go's syntax.

Rules:

- Patterns are Go's (RE2): no back-references, no look-around, linear time.
- A template has patterns between two delimiters and literal text around them.
- `regex.globs_match` asks whether two simple patterns (characters, `.`, `[…]`, `+`, `*`) have a
  non-empty string in common.

Source: OPA `v1/topdown/regex.go`, `regex_template.go`; the package glob-intersection.

Example:
    regex_replace("foo", "(o)", "<$1>")   # "f<o><o>"
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

from probanda.rego.builtins.globs_match import globs_match
from probanda.rego.builtins.interface import Builtin, BuiltinError, define, integer, string
from probanda.rego.builtins.patterns import (
    Pattern,
    compile_pattern,
    find_all,
    replace_all,
    split,
)
from probanda.rego.builtins.text import octets, quote

_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")


def regex_is_valid(pattern: Any) -> bool:
    """Whether it is a pattern."""
    if not isinstance(pattern, str):
        return False
    try:
        compile_pattern(pattern)
    except BuiltinError:
        return False
    return True


def regex_match(pattern: Any, text: Any) -> bool:
    """Whether the pattern occurs in the text."""
    wanted, where = string(pattern, 1), string(text, 2)
    return compile_pattern(wanted).matches(where)


def regex_find_n(pattern: Any, text: Any, count: Any) -> list[str]:
    """The first so many matches; all, if negative."""
    return [groups[0] for groups in regex_find_all_string_submatch_n(pattern, text, count)]


def regex_find_all_string_submatch_n(pattern: Any, text: Any, count: Any) -> list[list[str]]:
    """The first so many matches with their groups; all, if negative."""
    wanted, where, how_many = string(pattern, 1), string(text, 2), integer(count, 3)
    return find_all(compile_pattern(wanted), where, how_many)


def regex_replace(text: Any, pattern: Any, template: Any) -> str:
    """The text with every match replaced."""
    where, wanted, new = string(text, 1), string(pattern, 2), string(template, 3)
    return replace_all(compile_pattern(wanted), where, new)


def regex_split(pattern: Any, text: Any) -> list[str]:
    """The pieces between matches."""
    wanted, where = string(pattern, 1), string(text, 2)
    compiled = compile_pattern(wanted)
    return split(compiled, where) if wanted or where else []


def regex_template_match(template: Any, text: Any, start: Any, end: Any) -> bool:
    """Whether the whole text matches a template."""
    pattern, where = string(template, 1), string(text, 2)
    opening, closing = string(start, 3), string(end, 4)
    for name, delimiter in (("start", opening), ("end", closing)):
        if len(octets(delimiter)) != 1:
            what = f"{name} delimiter has to be exactly one character long"
            # Whichever is wrong, OPA tells the length of the first.
            raise BuiltinError(f"{what} but is {len(octets(opening))} long")
    return _compile_template(pattern, opening, closing).matches(where)


@lru_cache(maxsize=256)
def _compile_template(template: str, start: str, end: str) -> Pattern:
    """A template as one pattern."""
    pieces, last = ["^"], 0
    for opening, closing in _delimited(template, start, end):
        inner = template[opening + 1 : closing]
        compile_pattern(f"^{inner}$")
        pieces.append(f"{_literal(template[last:opening])}({inner})")
        last = closing + 1
    pieces.append(f"{_literal(template[last:])}$")
    return compile_pattern("".join(pieces))


def _literal(text: str) -> str:
    return _SPECIAL.sub(r"\\\g<0>", text)


def _delimited(template: str, start: str, end: str) -> list[tuple[int, int]]:
    """Where the outermost delimiters open and close."""
    level, opened, found = 0, 0, []
    for at, char in enumerate(template):
        if char == start:
            level += 1
            if level == 1:
                opened = at
        elif char == end:
            level -= 1
            if level == 0:
                found.append((opened, at))
            elif level < 0:
                break
    if level != 0:
        raise BuiltinError(f"unbalanced braces in {quote(template)}")
    return found


def regex_globs_match(left: Any, right: Any) -> bool:
    """Whether two simple patterns have a non-empty string in common."""
    return globs_match(string(left, 1), string(right, 2))


BUILTINS: Final[list[Builtin]] = define(
    {
        "re_match": regex_match,
        "regex.find_all_string_submatch_n": regex_find_all_string_submatch_n,
        "regex.find_n": regex_find_n,
        "regex.globs_match": regex_globs_match,
        "regex.is_valid": regex_is_valid,
        "regex.match": regex_match,
        "regex.replace": regex_replace,
        "regex.split": regex_split,
        "regex.template_match": regex_template_match,
    }
)
