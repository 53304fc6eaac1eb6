"""One argument under one verb, as Go's `fmt` prints it.

Rules:

- `Argument` stands for Go's `int` (up to 64 bits) or `*big.Int`, `float64` and `string`.
- A verb that the type does not have prints as `%!verb(type=value)`.

Source: Go `fmt/format.go`, `math/big/intconv.go`, `strconv/ftoa.go`.

Example:
    format_argument(255, "x", Flags(sharp=True))   # "0xff"
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from probanda.rego.builtins.text import octets, quote

Argument: TypeAlias = int | float | str

_INT64: Final = 1 << 63
_BASES: Final = {"b": 2, "o": 8, "O": 8, "d": 10, "v": 10, "x": 16, "X": 16, "s": 10}
_STYLES: Final = {2: "b", 8: "o", 10: "d", 16: "x"}
_EXPONENT: Final = 6
_MAX_CODE: Final = 0x10FFFF


@dataclass
class Flags:
    """What stands between `%` and the verb."""

    sharp: bool = False
    zero: bool = False
    plus: bool = False
    minus: bool = False
    space: bool = False
    width: int | None = None
    precision: int | None = None


def go_type(value: Argument) -> str:
    """The Go type of an argument."""
    if isinstance(value, str):
        return "string"
    if isinstance(value, float):
        return "float64"
    return "int64" if _is_small(value) else "*big.Int"


def _is_small(value: int) -> bool:
    return -_INT64 <= value < _INT64


def format_argument(value: Argument, verb: str, flags: Flags) -> str:
    """The argument's text."""
    if verb == "T":
        return _padded(_cut(go_type(value), flags), flags)
    if verb == "v" and (flags.sharp or flags.plus):
        return _format_v(value, flags)
    if isinstance(value, str):
        return _string(value, verb, flags)
    if isinstance(value, float):
        return _float(value, verb, flags)
    return _integer(value, verb, flags) if _is_small(value) else _big(value, verb, flags)


def _format_v(value: Argument, flags: Flags) -> str:
    """`%#v` is Go syntax; `%+v` is `%v` for all our types."""
    if isinstance(value, int) and not _is_small(value):
        return _big(value, "v", flags)
    plain = replace(flags, sharp=False, plus=False)
    if flags.sharp and isinstance(value, str):
        return _padded(quote(_cut(value, plain)), plain)
    return format_argument(value, "v", plain)


def _bad(value: Argument, verb: str, flags: Flags) -> str:
    """A verb that does not fit."""
    if isinstance(value, str):
        shown = _string(value, "v", flags)
    elif isinstance(value, float):
        shown = _float(value, "v", flags)
    elif _is_small(value):
        shown = _based(value, "v", flags)
    else:
        return f"%!{verb}(big.Int={value})"
    return f"%!{verb}({go_type(value)}={shown})"


def _padded(text: str, flags: Flags, *, zero: bool | None = None) -> str:
    """Text in its width."""
    if not flags.width:
        return text
    if flags.minus:
        return text.ljust(flags.width)
    return text.rjust(flags.width, "0" if (flags.zero if zero is None else zero) else " ")


def _cut(text: str, flags: Flags) -> str:
    return text if flags.precision is None else text[: flags.precision]


def _string(value: str, verb: str, flags: Flags) -> str:
    if verb in {"s", "v"}:
        return _padded(_cut(value, flags), flags)
    if verb == "q":
        text = _cut(value, flags)
        if flags.sharp and _can_backquote(text):
            return _padded(f"`{text}`", flags)
        return _padded(quote(text, ascii_only=flags.plus), flags)
    if verb in {"x", "X"}:
        return _hex_string(value, verb, flags)
    return _bad(value, verb, flags)


def _can_backquote(text: str) -> bool:
    return not any(char in "`\x7f\ufeff" or (char < " " and char != "\t") for char in text)


def _hex_string(value: str, verb: str, flags: Flags) -> str:
    """The bytes of a string in hexadecimal."""
    data = octets(value)[: flags.precision]
    if not data:
        return _padded("", replace(flags, minus=False), zero=flags.zero and not flags.minus)
    prefix = f"0{verb}" if flags.sharp else ""
    parts = [f"{byte:02{verb}}" for byte in data]
    if flags.space:
        return _padded(" ".join(prefix + part for part in parts), flags)
    return _padded(prefix + "".join(parts), flags)


def _integer(value: int, verb: str, flags: Flags) -> str:
    if verb in _BASES and verb != "s":
        return _based(value, verb, flags)
    if verb == "c":
        return _padded(_character(value), flags)
    if verb == "q":
        quoted = quote(_character(value), ascii_only=flags.plus)[1:-1]
        quoted = quoted.replace('\\"', '"').replace("'", "\\'")
        return _padded(f"'{quoted}'", flags)
    if verb == "U":
        return _unicode(value, flags)
    return _bad(value, verb, flags)


def _character(value: int) -> str:
    if 0 <= value <= _MAX_CODE and not 0xD800 <= value <= 0xDFFF:
        return chr(value)
    return "\ufffd"


def _unicode(value: int, flags: Flags) -> str:
    """`U+0078`, with `#` also the character."""
    code = value & (2 * _INT64 - 1)
    text = f"U+{code:0{max(4, flags.precision or 0)}X}"
    if flags.sharp and code <= _MAX_CODE and _character(code).isprintable():
        text += f" '{_character(code)}'"
    return _padded(text, flags, zero=False)


def _sign(value: float, flags: Flags) -> str:
    if value < 0:
        return "-"
    return "+" if flags.plus else " " if flags.space else ""


def _based(value: int, verb: str, flags: Flags) -> str:
    """An integer in a base."""
    base = _BASES[verb]
    sign = _sign(value, flags)
    digits = format(abs(value), _STYLES[base])
    if flags.precision is not None:
        if flags.precision == 0 and value == 0:
            return " " * (flags.width or 0)
        digits = digits.rjust(flags.precision, "0")
    elif flags.zero and not flags.minus and flags.width is not None:
        digits = digits.rjust(flags.width - len(sign), "0")
    if flags.sharp and base == 8 and not digits.startswith("0"):
        digits = f"0{digits}"
    prefix = {2: "0b", 16: "0x"}.get(base, "") if flags.sharp else ""
    if verb == "O":
        prefix = "0o"
    text = prefix + digits
    return _padded(sign + (text.upper() if verb == "X" else text), flags, zero=False)


def _big(value: int, verb: str, flags: Flags) -> str:
    """An integer beyond 64 bits."""
    if verb not in _BASES:
        return _bad(value, verb, flags)
    base = _BASES[verb]
    sign = _sign(value, flags)
    digits = format(abs(value), "X" if verb == "X" else _STYLES[base])
    prefix = ""
    if flags.sharp and verb in "boxX":
        prefix = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}[verb]
    if verb == "O":
        prefix = "0o"
    if flags.precision is not None:
        digits = digits.rjust(flags.precision, "0")
    elif flags.zero and not flags.minus and flags.width is not None:
        digits = digits.rjust(flags.width - len(sign) - len(prefix), "0")
    return _padded(sign + prefix + digits, flags, zero=False)


# --- floats --------------------------------------------------------------------------------


def _float(value: float, verb: str, flags: Flags) -> str:
    if verb not in "vbgGxXfFeE":
        return _bad(value, verb, flags)
    precision = flags.precision
    if precision is None and verb in "fFeE":
        precision = 6
    style = {"v": "g", "F": "f"}.get(verb, verb)
    body = _digits(abs(value), style, precision)
    if flags.sharp and style != "b":
        body = _sharpened(body, style, precision)
    sign = "-" if math.copysign(1, value) < 0 else _sign(value, flags)
    if flags.zero and not flags.minus and sign and flags.width is not None:
        return sign + body.rjust(flags.width - len(sign), "0")
    return _padded(sign + body, flags)


def _digits(value: float, style: str, precision: int | None) -> str:  # noqa: PLR0911  # one return a notation
    """A positive number as `strconv.FormatFloat` writes it."""
    if style == "b":
        mantissa, exponent = math.frexp(value) if value else (0.0, -1021)
        return f"{int(mantissa * 2**53)}p{exponent - 53:+d}"
    if value == 0 and precision is None and style in "gG":
        return "0"
    if style in "xX":
        return _hexadecimal(value, style, precision)
    if precision is not None:
        return format(value, f".{precision}{style}")
    # The shortest digits; an exponent below 1e-4 and from 1e6 on is Go's choice.
    digits, _, power = repr(value).partition("e")
    whole, _, fraction = digits.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(power or 0)
    significant = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(significant)
    significant = significant.rstrip("0")
    exponent = point - 1
    if exponent < -4 or exponent >= _EXPONENT:
        rest = f".{significant[1:]}" if len(significant) > 1 else ""
        mark = "E" if style == "G" else "e"
        return f"{significant[0]}{rest}{mark}{exponent:+03d}"
    if point <= 0:
        return f"0.{'0' * -point}{significant}"
    if len(significant) <= point:
        return significant.ljust(point, "0")
    return f"{significant[:point]}.{significant[point:]}"


def _hexadecimal(value: float, style: str, precision: int | None) -> str:
    """`0x1.8p+00`."""
    mantissa, exponent = math.frexp(value)
    bits, exponent = int(mantissa * 2**53), exponent - 1 if value else 0
    if precision is not None and precision < 13:
        drop = 4 * (13 - precision)
        kept, rest = divmod(bits, 1 << drop)
        half = 1 << (drop - 1)
        kept += rest > half or (rest == half and kept & 1)
        bits = kept << drop
        if bits >> 53:
            bits, exponent = bits >> 1, exponent + 1
    fraction = f"{bits & ((1 << 52) - 1):013x}"
    fraction = (
        fraction.rstrip("0") if precision is None else fraction[:precision].ljust(precision, "0")
    )
    point = f".{fraction}" if fraction else ""
    text = f"0x{bits >> 52}{point}p{exponent:+03d}"
    return text.upper() if style == "X" else text


def _sharpened(body: str, style: str, precision: int | None) -> str:
    """`%#g`: a point always, and zeros at the end kept."""
    mark = "p" if style in "xX" else "e"
    at = body.lower().find(mark)
    number, tail = (body, "") if at < 0 else (body[:at], body[at:])
    wanted = 0
    if style in "gGx":
        wanted = 6 if precision is None else precision
        wanted -= len(number.replace(".", "").lstrip("0"))
    if "." not in number:
        if number == "0":
            wanted -= 1
        number += "."
    return number + "0" * max(0, wanted) + tail
