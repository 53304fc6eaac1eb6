"""jsonschema, imported without the grammars that hardly any document needs.

Rules:

- With its format extras, jsonschema 4.26 imports rfc3987_syntax, which compiles 39 Earley
  grammars as it is imported: 0.8 s, twice what all the rest of `probanda check` takes. They serve
  the formats `iri` and `iri-reference` alone.
- Nothing is switched off: the formats are checked as before, and the grammars are compiled when
  the first value asks for them.
- Every function that imports jsonschema calls `prepare` first; a test holds `check` to it.

Example:

    prepare()
    from jsonschema import Draft202012Validator
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType

_GRAMMARS = "rfc3987_syntax"


def prepare() -> None:
    """Import jsonschema; its later imports find it complete."""
    if "jsonschema" in sys.modules or _GRAMMARS in sys.modules:
        return
    if importlib.util.find_spec(_GRAMMARS) is None:
        return  # then jsonschema must see that it is missing, and know no such formats
    late = ModuleType(_GRAMMARS)
    late.__dict__["is_valid_syntax"] = _is_valid_syntax
    sys.modules[_GRAMMARS] = late
    try:
        importlib.import_module("jsonschema")
    finally:
        if sys.modules.get(_GRAMMARS) is late:
            del sys.modules[_GRAMMARS]


def _is_valid_syntax(term: str, value: str) -> bool:
    """rfc3987_syntax's function of that name, imported when it is first called."""
    return bool(importlib.import_module(_GRAMMARS).is_valid_syntax(term, value))
