"""Any TOML document, as plain JSON values.

Rules:

- TOML 1.0 as `tomllib` reads it: duplicate keys are refused. Instants, dates and times become
  RFC 3339 text, as written; `inf` and `nan`, which JSON does not have, are refused.
- No schema is checked here: the policy that reads the fact says what it expects.

Example:

    >>> TomlCollector().read(b'a = {b = 1979-05-27}', source="a.toml", options={}).data
    {'a': {'b': '1979-05-27'}}
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.errors import CollectError, ParseError
from probanda.model.location import Location
from probanda.parse.limits import DEFAULT, decode

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
# A longer chain of dotted keys costs tomllib quadratic time.
_CHAIN = re.compile(
    r"""(?<![A-Za-z0-9_-])(?:(?:"[^"\n]*+"|'[^'\n]*+'|[A-Za-z0-9_-]++)[ \t]*+\.[ \t]*+){129}"""
)


class TomlCollector:
    """`from: toml`."""

    name = "toml"
    media_type = "application/toml"
    timestamped = False
    # A lock file of a large project has 2 MB; tomllib takes a second for 4 MB.
    max_bytes = 8 << 20
    options_schema = NO_OPTIONS
    empty = None

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """The document's value.

        Raises:
            ParseError: not TOML, or beyond a limit.
            CollectError: a number that JSON does not have.
        """
        text = decode(data, path=source, limits=DEFAULT)
        deep = f"nested deeper than the limit of {DEFAULT.max_depth}"
        chain = _CHAIN.search(text)
        if chain:
            where = Location(source, text.count("\n", 0, chain.start()) + 1)
            raise ParseError(deep, location=where)
        try:
            value = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            message = str(error)
            # Without a line it is the end of the document.
            where = Location(source, len(text.splitlines()))
            place = _PLACE.search(message)
            if place and place[1]:
                where = Location(source, int(place[1]), int(place[2]))
            reason = _PLACE.sub("", message)[:160]
            raise ParseError(f"not valid TOML: {reason}", location=where) from None
        except RecursionError:
            raise ParseError(deep, location=Location(source)) from None
        except ValueError:
            # An integer beyond Python's digit limit, or a date that there is not.
            where = Location(source)
            raise ParseError("not valid TOML: no such number or date", location=where) from None
        return Reading(_plain(value, source, 1), self.media_type)


def _plain(value: Any, source: str, depth: int) -> Any:
    """JSON values; the depth is bounded before Python's stack is."""
    if depth > DEFAULT.max_depth:
        message = f"nested deeper than the limit of {DEFAULT.max_depth}"
        raise ParseError(message, location=Location(source))
    if isinstance(value, dict):
        return {key: _plain(inner, source, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, source, depth + 1) for inner in value]
    if isinstance(value, datetime | date | time):
        text = value.isoformat()
        return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
    if isinstance(value, float) and not math.isfinite(value):
        raise CollectError("infinity and NaN are not JSON", location=Location(source))
    return value
