"""The built-in functions of Rego, one file per family.

Rules:

- `BUILTINS` is the one table. Every name in `SIGNATURES` that is not a relation of the
  language itself is in it, refused ones too.
- A family is a module with `BUILTINS`, a list made by `interface.define`.

Example:
    BUILTINS["startswith"].function("probanda", "pro")   # True
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from probanda.rego.builtins import (
    aggregates,
    arithmetic,
    arrays,
    aws,
    casts,
    clock,
    crypto,
    encodings,
    globs,
    graphql,
    graphs,
    json_patch,
    json_schema,
    json_text,
    jwt,
    misc,
    modules,
    networks,
    objects,
    private_keys,
    purls,
    regex,
    sets,
    sprintf,
    strings,
    template,
    units,
    uris,
    x509,
    yaml_read,
    yaml_write,
)
from probanda.rego.builtins.interface import Builtin, BuiltinError, OperandError, describe
from probanda.rego.builtins.signatures import SIGNATURES, Signature

__all__ = [
    "BUILTINS",
    "SIGNATURES",
    "Builtin",
    "BuiltinError",
    "OperandError",
    "Signature",
    "describe",
]

# Core families.
_CORE: Final[tuple[Sequence[Builtin], ...]] = (
    aggregates.BUILTINS,
    arithmetic.BUILTINS,
    arrays.BUILTINS,
    aws.BUILTINS,
    casts.BUILTINS,
    clock.BUILTINS,
    encodings.BUILTINS,
    globs.BUILTINS,
    graphs.BUILTINS,
    json_patch.BUILTINS,
    json_text.BUILTINS,
    misc.BUILTINS,
    networks.BUILTINS,
    objects.BUILTINS,
    purls.BUILTINS,
    regex.BUILTINS,
    sets.BUILTINS,
    sprintf.BUILTINS,
    strings.BUILTINS,
    units.BUILTINS,
    uris.BUILTINS,
    yaml_read.BUILTINS,
    yaml_write.BUILTINS,
)

# Cryptography, tokens, schemas, GraphQL, templates, Rego itself.
_EXTENDED: Final[tuple[Sequence[Builtin], ...]] = (
    crypto.BUILTINS,
    jwt.BUILTINS,
    private_keys.BUILTINS,
    x509.BUILTINS,
    json_schema.BUILTINS,
    graphql.BUILTINS,
    template.BUILTINS,
    modules.BUILTINS,
)


def _table() -> Mapping[str, Builtin]:
    """One table of all families; a name that two of them define is a mistake."""
    table: dict[str, Builtin] = {}
    for family in (*_CORE, *_EXTENDED):
        for builtin in family:
            if builtin.name in table:
                raise AssertionError(f"built-in {builtin.name} is defined twice")
            table[builtin.name] = builtin
    return MappingProxyType(table)


BUILTINS: Final[Mapping[str, Builtin]] = _table()
