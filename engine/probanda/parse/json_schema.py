"""jsonschema, imported without what hardly any document needs.

Rules:

- With its format extras, jsonschema 4.26 imports rfc3987_syntax, which compiles 39 Earley
  grammars as it is imported (0.8 s, twice what all the rest of `probanda check` takes), and
  isoduration, which imports arrow with every language that it knows. They serve the formats
  `iri`, `iri-reference` and `duration` alone.
- Nothing is switched off: the formats are checked as before, and a library is imported when
  the first value asks for it. One that is not installed stays unknown to jsonschema.
- Every function that imports jsonschema calls `prepare` first; a test holds `check` to it.

Example:

    prepare()
    from jsonschema import Draft202012Validator
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any


def _is_valid_syntax(term: str, value: str) -> Any:
    from rfc3987_syntax import is_valid_syntax

    return is_valid_syntax(term, value)


def _parse_duration(text: str) -> Any:
    from isoduration import parse_duration

    return parse_duration(text)


# What `jsonschema._format` takes from each.
_LATE: Mapping[str, Mapping[str, Any]] = {
    "rfc3987_syntax": {"is_valid_syntax": _is_valid_syntax},
    # ValueError is the base class of isoduration's exception.
    "isoduration": {"parse_duration": _parse_duration, "DurationParsingException": ValueError},
}


def prepare() -> None:
    """Import jsonschema; later imports find it complete."""
    if "jsonschema" in sys.modules:
        return
    stand_ins = {
        name: ModuleType(name)
        for name in _LATE
        if name not in sys.modules and importlib.util.find_spec(name) is not None
    }
    for name, module in stand_ins.items():
        vars(module).update(_LATE[name])
        sys.modules[name] = module
    try:
        importlib.import_module("jsonschema")
    finally:
        for name in stand_ins:
            del sys.modules[name]
