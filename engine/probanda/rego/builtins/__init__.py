"""The built-in functions of Rego, one file per family.

Rules:

- `FAMILIES` is the one table. Every name in `SIGNATURES` that is not a relation of the
  language itself is in it, refused ones too; types and arities are those of `SIGNATURES`.
- A family is a module with `BUILTINS`, a list made by `interface.define`. It is imported when
  a plan first names one of its functions, not before: most policies need few of them, and some
  are slow to import (cryptography, GraphQL, YAML).

Example:
    BUILTINS["startswith"].function("probanda", "pro")   # True
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Final

from probanda.rego.builtins.interface import Builtin, BuiltinError, OperandError, describe
from probanda.rego.builtins.signatures import SIGNATURES, Signature

__all__ = [
    "BUILTINS",
    "FAMILIES",
    "SIGNATURES",
    "Builtin",
    "BuiltinError",
    "OperandError",
    "Signature",
    "describe",
]

# module → the built-ins that it defines
FAMILIES: Final[Mapping[str, str]] = {
    "aggregates": "all any count internal.member_2 internal.member_3 max min product sort sum",
    "arithmetic": """
        eq equal neq lt lte gt gte plus minus mul div rem abs ceil floor round numbers.range
        numbers.range_step bits.and bits.lsh bits.negate bits.or bits.rsh bits.xor""",
    "arrays": "array.concat array.flatten array.reverse array.slice",
    "aws": "providers.aws.sign_req",
    "casts": """
        cast_array cast_boolean cast_null cast_object cast_set cast_string is_array is_boolean
        is_null is_number is_object is_set is_string to_number type_name""",
    "clock": """
        time.add_date time.clock time.date time.diff time.format time.parse_duration_ns
        time.parse_ns time.parse_rfc3339_ns time.weekday""",
    "crypto": """
        crypto.md5 crypto.sha1 crypto.sha256 crypto.hmac.equal crypto.hmac.md5 crypto.hmac.sha1
        crypto.hmac.sha256 crypto.hmac.sha512""",
    "encodings": """
        base64.decode base64.encode base64.is_valid base64url.decode base64url.encode
        base64url.encode_no_pad hex.decode hex.encode urlquery.decode urlquery.decode_object
        urlquery.encode urlquery.encode_object""",
    "globs": "glob.match glob.quote_meta",
    "graphql": """
        graphql.is_valid graphql.parse graphql.parse_and_verify graphql.parse_query
        graphql.parse_schema graphql.schema_is_valid""",
    "graphs": "graph.reachable graph.reachable_paths walk",
    "json_patch": "json.patch",
    "json_schema": "json.match_schema json.verify_schema",
    "json_text": "json.is_valid json.marshal json.marshal_with_options json.unmarshal",
    "jwt": """
        io.jwt.decode io.jwt.decode_verify io.jwt.encode_sign io.jwt.encode_sign_raw
        io.jwt.verify_eddsa io.jwt.verify_es256 io.jwt.verify_es384 io.jwt.verify_es512
        io.jwt.verify_hs256 io.jwt.verify_hs384 io.jwt.verify_hs512 io.jwt.verify_ps256
        io.jwt.verify_ps384 io.jwt.verify_ps512 io.jwt.verify_rs256 io.jwt.verify_rs384
        io.jwt.verify_rs512""",
    "misc": """
        http.send internal.print internal.test_case net.lookup_ip_addr opa.runtime print
        rand.intn test.sleep time.now_ns trace uuid.parse uuid.rfc4122""",
    "modules": "rego.parse_module",
    "networks": """
        net.cidr_contains net.cidr_contains_matches net.cidr_expand net.cidr_intersects
        net.cidr_is_valid net.cidr_merge net.cidr_overlap""",
    "objects": """
        json.filter json.remove object.filter object.get object.keys object.remove
        object.subset object.union object.union_n""",
    "private_keys": """
        crypto.parse_private_keys crypto.x509.parse_keypair crypto.x509.parse_rsa_private_key""",
    "purls": "purl.is_valid purl.parse",
    "regex": """
        re_match regex.find_all_string_submatch_n regex.find_n regex.globs_match regex.is_valid
        regex.match regex.replace regex.split regex.template_match""",
    "sets": "and intersection or set_diff union",
    "sprintf": "sprintf",
    "strings": """
        concat contains endswith format_int indexof indexof_n internal.template_string lower
        replace split startswith strings.any_prefix_match strings.any_suffix_match strings.count
        strings.replace_n strings.reverse strings.split_n substring trim trim_left trim_prefix
        trim_right trim_space trim_suffix upper""",
    "template": "strings.render_template",
    "units": "semver.compare semver.is_valid units.parse units.parse_bytes",
    "uris": "uri.is_valid uri.parse",
    "x509": """
        crypto.x509.parse_and_verify_certificates
        crypto.x509.parse_and_verify_certificates_with_options
        crypto.x509.parse_certificate_request crypto.x509.parse_certificates""",
    "yaml_read": "yaml.is_valid yaml.unmarshal",
    "yaml_write": "yaml.marshal",
}


class _Table(Mapping[str, Builtin]):
    """All built-ins by name; the one that is asked for brings in its family."""

    def __init__(self, families: Mapping[str, str]) -> None:
        self._families = {
            name: family for family, names in families.items() for name in names.split()
        }
        self._imported: dict[str, Builtin] = {}

    def __getitem__(self, name: str) -> Builtin:
        if name not in self._imported:
            family = self._families[name]
            module = importlib.import_module(f"probanda.rego.builtins.{family}")
            self._imported.update((builtin.name, builtin) for builtin in module.BUILTINS)
        return self._imported[name]

    def __contains__(self, name: object) -> bool:
        return name in self._families

    def __iter__(self) -> Iterator[str]:
        return iter(self._families)

    def __len__(self) -> int:
        return len(self._families)


BUILTINS: Final[Mapping[str, Builtin]] = _Table(FAMILIES)
