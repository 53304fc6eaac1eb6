"""Strings.

Rules:

- Positions and lengths count characters (Unicode code points), never bytes.
- Upper and lower case map one character to one, as Go does: `upper("ß")` is `"ß"`.

Source: OPA `v1/topdown/strings.go`; Go `strings`, `unicode`.

Example:
    substring("día", 1, 1)   # "í"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from probanda.rego.builtins.interface import (
    MAX_OUTPUT,
    Builtin,
    BuiltinError,
    array,
    define,
    halt,
    integer,
    limit,
    mapping,
    number,
    string,
    strings,
    wrong_operand,
    wrong_type,
    wrong_value,
)
from probanda.rego.builtins.text import from_octets, octets, plain_text
from probanda.rego.values import RegoSet, equal, exact, sorted_keys, type_name

_FORMATS: Final = {2: "b", 8: "o", 10: "d", 16: "x"}
# Go's unicode.IsSpace, as strings.TrimSpace takes it.
_SPACE: Final = "\t\n\v\f\r \x85\xa0 \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
_SPACES: Final = _SPACE + "\u2009\u200a\u2028\u2029\u202f\u205f\u3000"


def concat(separator: Any, parts: Any) -> str:
    """The strings of an array or set in one."""
    between = string(separator, 1)
    if not isinstance(parts, list | RegoSet):
        raise wrong_type(2, parts, "set", "array")
    found = strings(parts, 2)
    limit("the string", MAX_OUTPUT, sum(map(len, found)) + len(between) * len(found))
    return between.join(found)


def contains(text: Any, part: Any) -> bool:
    """Whether a string occurs in another."""
    whole = string(text, 1)
    return string(part, 2) in whole


def startswith(text: Any, prefix: Any) -> bool:
    """Whether a string begins with another."""
    return string(text, 1).startswith(string(prefix, 2))


def endswith(text: Any, suffix: Any) -> bool:
    """Whether a string ends with another."""
    return string(text, 1).endswith(string(suffix, 2))


def format_int(value: Any, base: Any) -> str:
    """The whole part of a number in base 2, 8, 10 or 16."""
    exactly, radix = exact(number(value, 1)), number(base, 2)
    style = next((_FORMATS[known] for known in _FORMATS if equal(radix, known)), None)
    if style is None:
        raise wrong_value(2, "2", "8", "10", "16")
    if isinstance(exactly, Decimal):
        limit("the digits of a number", MAX_OUTPUT, exactly.adjusted())
    return format(int(exactly), style)


def indexof(text: Any, part: Any) -> int:
    """Where a string first occurs in another, or −1."""
    whole, wanted = string(text, 1), string(part, 2)
    if not wanted:
        raise BuiltinError("empty search character")
    return whole.find(wanted)


def indexof_n(text: Any, part: Any) -> list[int]:
    """Where a string occurs in another; occurrences may overlap."""
    whole, wanted = string(text, 1), string(part, 2)
    if not wanted:
        raise BuiltinError("empty search character")
    found, at = [], whole.find(wanted)
    while at >= 0:
        found.append(at)
        at = whole.find(wanted, at + 1)
    return found


def substring(text: Any, offset: Any, length: Any) -> str:
    """A piece of a string; a negative length means up to its end."""
    whole, start, size = string(text, 1), integer(offset, 2), integer(length, 3)
    if start < 0:
        raise BuiltinError("negative offset")
    return whole[start:] if size < 0 else whole[start : start + size]


def lower(text: Any) -> str:
    """The string in lower case."""
    whole = string(text, 1)
    return whole.lower() if whole.isascii() else "".join(map(_lower, whole))


def upper(text: Any) -> str:
    """The string in upper case."""
    whole = string(text, 1)
    return whole.upper() if whole.isascii() else "".join(map(_upper, whole))


def _lower(char: str) -> str:
    # The only character whose simple lower case Python expands.
    if char == "\u0130":
        return "i"
    changed = char.lower()
    return changed if len(changed) == 1 else char


def _upper(char: str) -> str:
    changed = char.upper()
    if len(changed) == 1:
        return changed
    # Greek letters with iota subscript have a simple upper case, which is their title case.
    titled = char.title()
    return titled if len(titled) == 1 else char


def split(text: Any, delimiter: Any) -> list[str]:
    """The pieces between delimiters; without a delimiter, the characters."""
    whole, between = string(text, 1), string(delimiter, 2)
    if between:
        return whole.split(between)
    return list(whole)


def split_n(text: Any, delimiter: Any, count: Any) -> list[str]:
    """The first pieces of a string, or with a negative count the last ones."""
    pieces, wanted = split(text, delimiter), integer(count, 3)
    return pieces[:wanted] if wanted >= 0 else pieces[wanted:]


def replace(text: Any, old: Any, new: Any) -> str:
    """The string with all occurrences of one string replaced."""
    whole, wanted, instead = string(text, 1), string(old, 2), string(new, 3)
    return _replaced(whole, {wanted: instead})


def replace_n(patterns: Any, text: Any) -> str:
    """The string with all occurrences of several strings replaced, in one pass."""
    table = mapping(patterns, 1)
    whole = string(text, 2)
    for old in sorted_keys(table):
        if not isinstance(old, str):
            raise wrong_operand(1, "non-string key found in pattern object")
        if not isinstance(table[old], str):
            raise wrong_operand(1, "non-string value found in pattern object")
    return _replaced(whole, {old: table[old] for old in sorted_keys(table)})


def _replaced(text: str, table: dict[str, str]) -> str:
    """Go's `strings.Replacer`; the empty string is there at every byte."""
    if not table:
        return text
    if "" not in table or text.isascii():
        return _scanned(text, table)
    by_bytes = {_spread(old): _spread(new) for old, new in table.items()}
    return from_octets(_scanned(_spread(text), by_bytes).encode("latin-1"))


def _spread(text: str) -> str:
    """A string with one character for each byte."""
    return octets(text).decode("latin-1")


def _scanned(text: str, table: dict[str, str]) -> str:
    """At each place, the first old string (in order) that is there, replaced."""
    full = re.compile("|".join(map(re.escape, table)))
    # The empty string, which is everywhere, is not taken twice in one place.
    partial = re.compile("|".join(re.escape(old) for old in table if old) or "(?!)")
    everywhere = "" in table
    pieces: list[str] = []
    size, last, at, after_empty = len(text), 0, 0, False
    while at <= len(text):
        pattern = partial if after_empty else full
        match = pattern.match(text, at) if everywhere else pattern.search(text, at)
        after_empty = match is not None and not match.group()
        if match is not None:
            new = table[match.group()]
            size += len(new)
            limit("the string", MAX_OUTPUT, size)
            pieces += [text[last : match.start()], new]
            at = last = match.end()
        elif everywhere:
            at += 1
        else:
            break
    return "".join(pieces) + text[last:]


def strings_count(text: Any, part: Any) -> int:
    """How often a string occurs in another, without overlap."""
    whole = string(text, 1)
    return whole.count(string(part, 2))


def strings_reverse(text: Any) -> str:
    """The characters from last to first."""
    return string(text, 1)[::-1]


def trim(text: Any, characters: Any) -> str:
    """The string without such characters at either end."""
    whole, cut = string(text, 1), string(characters, 2)
    return whole.strip(cut) if cut else whole


def trim_left(text: Any, characters: Any) -> str:
    """The string without such characters at its start."""
    whole, cut = string(text, 1), string(characters, 2)
    return whole.lstrip(cut) if cut else whole


def trim_right(text: Any, characters: Any) -> str:
    """The string without such characters at its end."""
    whole, cut = string(text, 1), string(characters, 2)
    return whole.rstrip(cut) if cut else whole


def trim_prefix(text: Any, prefix: Any) -> str:
    """The string without that beginning."""
    return string(text, 1).removeprefix(string(prefix, 2))


def trim_suffix(text: Any, suffix: Any) -> str:
    """The string without that end."""
    return string(text, 1).removesuffix(string(suffix, 2))


def trim_space(text: Any) -> str:
    """The string without white space at either end."""
    return string(text, 1).strip(_SPACES)


def _affix(test: Callable[[str, tuple[str, ...]], bool]) -> Callable[[Any, Any], bool]:
    """Whether any of some strings has any of some prefixes (or suffixes)."""

    def apply(texts: Any, affixes: Any) -> bool:
        found = _texts(texts, 1)
        wanted = tuple(_texts(affixes, 2))
        return any(test(text, wanted) for text in found)

    return apply


def _texts(value: Any, position: int) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list | RegoSet):
        return strings(value, position)
    raise wrong_type(position, value, "string", "set", "array")


def template_string(parts: Any) -> str:
    """A template's text: a value stands bare or in a set of one; an empty set is undefined."""
    return "".join(map(_part, array(parts, 1)))


def _part(part: Any) -> str:
    if not isinstance(part, list | dict | RegoSet):
        return plain_text(part)
    if not isinstance(part, RegoSet):
        raise halt(f"illegal argument type: {type_name(part)}", code="eval_internal_error")
    if len(part) > 1:
        text = "template-strings must not produce multiple outputs"
        raise halt(text, code="eval_conflict_error")
    return next(map(plain_text, part), "<undefined>")


BUILTINS: Final[list[Builtin]] = define(
    {
        "concat": concat,
        "contains": contains,
        "endswith": endswith,
        "format_int": format_int,
        "indexof": indexof,
        "indexof_n": indexof_n,
        "internal.template_string": template_string,
        "lower": lower,
        "replace": replace,
        "split": split,
        "startswith": startswith,
        "strings.any_prefix_match": _affix(str.startswith),
        "strings.any_suffix_match": _affix(str.endswith),
        "strings.count": strings_count,
        "strings.replace_n": replace_n,
        "strings.reverse": strings_reverse,
        "strings.split_n": split_n,
        "substring": substring,
        "trim": trim,
        "trim_left": trim_left,
        "trim_prefix": trim_prefix,
        "trim_right": trim_right,
        "trim_space": trim_space,
        "trim_suffix": trim_suffix,
        "upper": upper,
    }
)
