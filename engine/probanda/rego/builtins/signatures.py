"""The name, arguments and result of every built-in function of OPA.

Rules:

- Every function that OPA knows is here, also those that we refuse: the checker must be able to
  say "refused, because …" instead of "undefined function".
- Types are written as OPA prints them: `any`, `null`, `boolean`, `number`, `string`,
  `array[T]`, `array<T, U>` (fixed), `set[T]`, `object[K: V]`, `object<k: V>[K: V]`,
  `any<T, U>` (one of).
- A result of `""` means that the function has none (`print`).
- A refused function has a reason in `impure`; it is checked like any other and fails when
  it is called. What depends on `Context` alone (`time.now_ns`, `rand.intn`, `uuid.rfc4122`)
  is pure: the same context gives the same result.

Source: OPA `v1/ast/builtins.go`, and the declarations in its IR plans.

Example:
    SIGNATURES["startswith"].arguments   # ("string", "string")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Signature:
    """The type of a built-in function.

    Attributes:
        name: with dots: `io.jwt.decode`.
        arguments: their types, in order.
        result: its type; empty when the function has none.
        relation: the result is a set of results, each of which is tried (`walk`).
        impure: why we refuse to run it; empty when we do run it.
        variadic: the type of any further arguments (`print`).
        deprecated: refused in Rego v1 modules, kept for v0.
        infix: the operator that stands for it.
    """

    name: str
    arguments: tuple[str, ...]
    result: str
    relation: bool = False
    impure: str = ""
    variadic: str = ""
    deprecated: bool = False
    infix: str = ""

    @property
    def arity(self) -> int:
        """The number of arguments, the result not counted."""
        return len(self.arguments)


_ANY: Final = "any"
_NULL: Final = "null"
_B: Final = "boolean"
_N: Final = "number"
_S: Final = "string"
_ARRAY: Final = "array[any]"
_SET: Final = "set[any]"
_OBJECT: Final = "object[any: any]"
_DICT: Final = "object[string: any]"
_STRINGS: Final = "array[string]"
_LIST: Final = f"any<{_ARRAY}, {_SET}>"
_NUMBERS: Final = "any<array[number], set[number]>"
_KEYS: Final = f"any<{_ARRAY}, {_OBJECT}, {_SET}>"
_TEXTS: Final = "any<string, array[string], set[string]>"
_PATH: Final = f"any<string, {_ARRAY}>"
_PATHS: Final = f"any<array[{_PATH}], set[{_PATH}]>"
_CIDRS: Final = f"any<string, array[{_PATH}], object[string: {_PATH}], set[{_PATH}]>"
_GRAPH: Final = f"object[any: {_LIST}]"
_DOCUMENT: Final = f"any<string, {_OBJECT}>"
_INSTANT: Final = "any<number, array<number, string>>"
_DIFFERENCE: Final = "any<number, set[any]>"
_CERTIFICATES: Final = f"array[{_DICT}]"

_NETWORK: Final = "a decision must not depend on the network"
_HOST: Final = "a decision must not depend on the machine that makes it"

_COMPARISON: Final = ((_ANY, _ANY), _B)
_ARITHMETIC: Final = ((_N, _N), _N)
_ROUNDING: Final = ((_N,), _N)
_BINARY: Final = ((_SET, _SET), _SET)
_PREDICATE: Final = ((_ANY,), _B)
_TEXT: Final = ((_S,), _S)
_TEXT2: Final = ((_S, _S), _S)
_TEXT3: Final = ((_S, _S, _S), _S)
_TEXT_TEST: Final = ((_S,), _B)
_TEXT_TEST2: Final = ((_S, _S), _B)

# name → (argument types, result type); grouped as in OPA's documentation.
_TYPES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    # comparison and membership
    **dict.fromkeys(("eq", "assign", "equal", "neq", "lt", "lte", "gt", "gte"), _COMPARISON),
    "internal.member_2": _COMPARISON,
    "internal.member_3": ((_ANY, _ANY, _ANY), _B),
    # numbers
    **dict.fromkeys(("plus", "mul", "div", "rem"), _ARITHMETIC),
    "minus": ((_DIFFERENCE, _DIFFERENCE), _DIFFERENCE),
    **dict.fromkeys(("round", "ceil", "floor", "abs", "bits.negate"), _ROUNDING),
    **dict.fromkeys(("bits.or", "bits.and", "bits.xor", "bits.lsh", "bits.rsh"), _ARITHMETIC),
    "numbers.range": ((_N, _N), "array[number]"),
    "numbers.range_step": ((_N, _N, _N), "array[number]"),
    "rand.intn": ((_S, _N), _N),
    "to_number": (("any<null, boolean, number, string>",), _N),
    # sets
    "and": _BINARY,
    "or": _BINARY,
    "set_diff": _BINARY,
    "intersection": (("set[set[any]]",), _SET),
    "union": (("set[set[any]]",), _SET),
    # aggregates
    "count": ((f"any<string, {_ARRAY}, {_OBJECT}, {_SET}>",), _N),
    "sum": ((_NUMBERS,), _N),
    "product": ((_NUMBERS,), _N),
    "max": ((_LIST,), _ANY),
    "min": ((_LIST,), _ANY),
    "sort": ((_LIST,), _ARRAY),
    "all": ((_LIST,), _B),
    "any": ((_LIST,), _B),
    # arrays
    "array.concat": ((_ARRAY, _ARRAY), _ARRAY),
    "array.flatten": ((_ARRAY,), _ARRAY),
    "array.reverse": ((_ARRAY,), _ARRAY),
    "array.slice": ((_ARRAY, _N, _N), _ARRAY),
    # objects and JSON documents
    "object.get": ((_OBJECT, _ANY, _ANY), _ANY),
    "object.keys": ((_OBJECT,), _SET),
    "object.remove": ((_OBJECT, _KEYS), _ANY),
    "object.filter": ((_OBJECT, _KEYS), _ANY),
    "object.subset": ((_KEYS, _KEYS), _ANY),
    "object.union": ((_OBJECT, _OBJECT), _ANY),
    "object.union_n": ((f"array[{_OBJECT}]",), _ANY),
    "json.filter": ((_OBJECT, _PATHS), _ANY),
    "json.remove": ((_OBJECT, _PATHS), _ANY),
    "json.patch": ((_ANY, "array[object<op: string, path: any>[any: any]]"), _ANY),
    "json.verify_schema": ((_DOCUMENT,), "array<boolean, any<null, string>>"),
    "json.match_schema": (
        (_DOCUMENT, _DOCUMENT),
        "array<boolean, array[object<desc: string, error: string, field: string, type: string>]>",
    ),
    # types and casts
    **dict.fromkeys(("is_number", "is_string", "is_boolean", "is_array"), _PREDICATE),
    **dict.fromkeys(("is_set", "is_object", "is_null"), _PREDICATE),
    "type_name": ((_ANY,), _S),
    "cast_array": ((_ANY,), _ARRAY),
    "cast_set": ((_ANY,), _SET),
    "cast_string": ((_ANY,), _S),
    "cast_boolean": ((_ANY,), _B),
    "cast_null": ((_ANY,), _NULL),
    "cast_object": ((_ANY,), _OBJECT),
    # strings
    "concat": ((_S, "any<array[string], set[string]>"), _S),
    **dict.fromkeys(("contains", "startswith", "endswith"), _TEXT_TEST2),
    "format_int": ((_N, _N), _S),
    "indexof": ((_S, _S), _N),
    "indexof_n": ((_S, _S), "array[number]"),
    "internal.template_string": ((_ARRAY,), _S),
    **dict.fromkeys(("lower", "upper", "trim_space", "strings.reverse"), _TEXT),
    **dict.fromkeys(("trim", "trim_left", "trim_right", "trim_prefix", "trim_suffix"), _TEXT2),
    "replace": _TEXT3,
    "split": ((_S, _S), _STRINGS),
    "sprintf": ((_S, _ARRAY), _S),
    "strings.any_prefix_match": ((_TEXTS, _TEXTS), _B),
    "strings.any_suffix_match": ((_TEXTS, _TEXTS), _B),
    "strings.count": ((_S, _S), _N),
    "strings.render_template": ((_S, _DICT), _S),
    "strings.split_n": ((_S, _S, _N), _STRINGS),
    "strings.replace_n": (("object[string: string]", _S), _S),
    "substring": ((_S, _N, _N), _S),
    # patterns
    "re_match": _TEXT_TEST2,
    "regex.find_all_string_submatch_n": ((_S, _S, _N), "array[array[string]]"),
    "regex.find_n": ((_S, _S, _N), _STRINGS),
    "regex.globs_match": _TEXT_TEST2,
    "regex.is_valid": _TEXT_TEST,
    "regex.match": _TEXT_TEST2,
    "regex.replace": _TEXT3,
    "regex.split": ((_S, _S), _STRINGS),
    "regex.template_match": ((_S, _S, _S, _S), _B),
    "glob.match": ((_S, "any<null, array[string]>", _S), _B),
    "glob.quote_meta": _TEXT,
    # encodings
    **dict.fromkeys(("base64.encode", "base64.decode", "base64url.encode"), _TEXT),
    **dict.fromkeys(("base64url.encode_no_pad", "base64url.decode"), _TEXT),
    **dict.fromkeys(("hex.encode", "hex.decode", "urlquery.encode", "urlquery.decode"), _TEXT),
    **dict.fromkeys(("base64.is_valid", "json.is_valid", "yaml.is_valid"), _TEXT_TEST),
    "json.marshal": ((_ANY,), _S),
    "json.marshal_with_options": (
        (_ANY, "object<indent: string, prefix: string, pretty: boolean>[string: any]"),
        _S,
    ),
    "json.unmarshal": ((_S,), _ANY),
    "yaml.marshal": ((_ANY,), _S),
    "yaml.unmarshal": ((_S,), _ANY),
    "urlquery.encode_object": ((f"object[string: {_TEXTS}]",), _S),
    "urlquery.decode_object": ((_S,), f"object[string: {_STRINGS}]"),
    # units and versions
    "units.parse": ((_S,), _N),
    "units.parse_bytes": ((_S,), _N),
    "semver.compare": ((_S, _S), _N),
    "semver.is_valid": _PREDICATE,
    "purl.is_valid": _TEXT_TEST,
    "purl.parse": ((_S,), _DICT),
    "uri.is_valid": _TEXT_TEST,
    "uri.parse": ((_S,), _DICT),
    "uuid.parse": ((_S,), _DICT),
    "uuid.rfc4122": _TEXT,
    # time
    "time.now_ns": ((), _N),
    "time.parse_ns": ((_S, _S), _N),
    "time.parse_rfc3339_ns": ((_S,), _N),
    "time.parse_duration_ns": ((_S,), _N),
    "time.date": ((_INSTANT,), "array<number, number, number>"),
    "time.clock": ((_INSTANT,), "array<number, number, number>"),
    "time.weekday": ((_INSTANT,), _S),
    "time.add_date": ((_N, _N, _N, _N), _N),
    "time.diff": (
        (_INSTANT, _INSTANT),
        "array<number, number, number, number, number, number>",
    ),
    "time.format": (
        ("any<number, array<number, string>, array<number, string, string>>",),
        _S,
    ),
    # networks
    **dict.fromkeys(("net.cidr_contains", "net.cidr_intersects"), _TEXT_TEST2),
    "net.cidr_overlap": _TEXT_TEST2,
    "net.cidr_contains_matches": ((_CIDRS, _CIDRS), "set[array<any, any>]"),
    "net.cidr_expand": ((_S,), "set[string]"),
    "net.cidr_is_valid": _TEXT_TEST,
    "net.cidr_merge": (("any<array[any<string>], set[string]>",), "set[string]"),
    "net.lookup_ip_addr": ((_S,), "set[string]"),
    # graphs
    "walk": ((_ANY,), f"array<{_ARRAY}, any>"),
    "graph.reachable": ((_GRAPH, _LIST), _SET),
    "graph.reachable_paths": ((_GRAPH, _LIST), "set[array[any]]"),
    # tokens
    "io.jwt.decode": ((_S,), f"array<{_OBJECT}, {_OBJECT}, string>"),
    "io.jwt.decode_verify": ((_S, _DICT), f"array<boolean, {_OBJECT}, {_OBJECT}>"),
    "io.jwt.encode_sign": ((_DICT, _DICT, _DICT), _S),
    "io.jwt.encode_sign_raw": _TEXT3,
    **{
        f"io.jwt.verify_{family}{bits}": _TEXT_TEST2
        for family in ("rs", "ps", "es", "hs")
        for bits in (256, 384, 512)
    },
    "io.jwt.verify_eddsa": _TEXT_TEST2,
    # cryptography
    **dict.fromkeys(("crypto.md5", "crypto.sha1", "crypto.sha256"), _TEXT),
    **{f"crypto.hmac.{hash_}": _TEXT2 for hash_ in ("md5", "sha1", "sha256", "sha512")},
    "crypto.hmac.equal": _TEXT_TEST2,
    "crypto.parse_private_keys": ((_S,), _CERTIFICATES),
    "crypto.x509.parse_and_verify_certificates": ((_S,), f"array<boolean, {_CERTIFICATES}>"),
    "crypto.x509.parse_and_verify_certificates_with_options": (
        (_S, _DICT),
        f"array<boolean, {_CERTIFICATES}>",
    ),
    "crypto.x509.parse_certificate_request": ((_S,), _DICT),
    "crypto.x509.parse_certificates": ((_S,), _CERTIFICATES),
    "crypto.x509.parse_keypair": ((_S, _S), _DICT),
    "crypto.x509.parse_rsa_private_key": ((_S,), _DICT),
    # GraphQL
    "graphql.is_valid": ((_DOCUMENT, _DOCUMENT), _B),
    "graphql.parse": ((_DOCUMENT, _DOCUMENT), f"array<{_OBJECT}, {_OBJECT}>"),
    "graphql.parse_and_verify": (
        (_DOCUMENT, _DOCUMENT),
        f"array<boolean, {_OBJECT}, {_OBJECT}>",
    ),
    "graphql.parse_query": ((_S,), _OBJECT),
    "graphql.parse_schema": ((_S,), _OBJECT),
    "graphql.schema_is_valid": ((_DOCUMENT,), _B),
    # Rego, tracing, testing
    "rego.metadata.chain": ((), _ARRAY),
    "rego.metadata.rule": ((), _ANY),
    "rego.parse_module": ((_S, _S), _DICT),
    "trace": _TEXT_TEST,
    "print": ((), ""),
    "internal.print": (("array[set[any]]",), ""),
    "internal.test_case": ((_ARRAY,), ""),
    "test.sleep": ((_S,), _NULL),
    # machine and network
    "http.send": ((_DICT,), _OBJECT),
    "opa.runtime": ((), _DICT),
    "providers.aws.sign_req": ((_DICT, _OBJECT, _N), _OBJECT),
}

_IMPURE: Final = {
    "http.send": _NETWORK,
    "net.lookup_ip_addr": _NETWORK,
    "opa.runtime": _HOST,
}

_INFIX: Final = {
    "eq": "=",
    "assign": ":=",
    "equal": "==",
    "neq": "!=",
    "lt": "<",
    "lte": "<=",
    "gt": ">",
    "gte": ">=",
    "plus": "+",
    "minus": "-",
    "mul": "*",
    "div": "/",
    "rem": "%",
    "and": "&",
    "or": "|",
    "internal.member_2": "in",
    "internal.member_3": "in",
}

_DEPRECATED: Final = frozenset(
    {"all", "any", "cast_array", "cast_boolean", "cast_null", "cast_object", "cast_set"}
    | {"cast_string", "net.cidr_overlap", "re_match", "set_diff"}
)

SIGNATURES: Final[Mapping[str, Signature]] = MappingProxyType(
    {
        name: Signature(
            name,
            arguments,
            result,
            relation=name == "walk",
            impure=_IMPURE.get(name, ""),
            variadic=_ANY if name == "print" else "",
            deprecated=name in _DEPRECATED,
            infix=_INFIX.get(name, ""),
        )
        for name, (arguments, result) in _TYPES.items()
    }
)
