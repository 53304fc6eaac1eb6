"""X.509 certificates, parsed as Go's `crypto/x509` parses them.

Rules:

- `parse` reads the structure; which extensions it understands decides which critical ones
  are left unhandled, and an unhandled one fails verification.
- Malformed certificates raise `DerError`. Nothing is verified here.

Source: RFC 5280 §4; Go `crypto/x509/parser.go`.

Example:
    parse(der).dns_names   # ["openpolicyagent.org"]
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from probanda.rego.builtins.der import (
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    OID,
    SEQUENCE,
    SET,
    DerError,
    Element,
    ascii_text,
    bits,
    boolean,
    children,
    elements,
    first,
    identifier,
    integer,
    only,
    read,
    text,
    time,
)

_EXTENSION: Final = (2, 5, 29)
_AUTHORITY_ACCESS: Final = (1, 3, 6, 1, 5, 5, 7, 1, 1)
_OCSP: Final = (1, 3, 6, 1, 5, 5, 7, 48, 1)
_ISSUERS: Final = (1, 3, 6, 1, 5, 5, 7, 48, 2)
MAX_BYTES: Final = 1 << 20

_PURPOSES: Final = (1, 3, 6, 1, 5, 5, 7, 3)
# Extended key usages by Go's numbers for them.
USAGES: Final[dict[tuple[int, ...], int]] = {
    (2, 5, 29, 37, 0): 0,
    **{(*_PURPOSES, number): number for number in range(1, 10)},
    (1, 3, 6, 1, 4, 1, 311, 10, 3, 3): 10,
    (2, 16, 840, 1, 113730, 4, 1): 11,
    (1, 3, 6, 1, 4, 1, 311, 2, 1, 22): 12,
    (1, 3, 6, 1, 4, 1, 311, 61, 1, 1): 13,
}

Name = list[tuple[tuple[int, ...], str]]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(slots=True)
class Subtrees:
    """One half of a name constraint."""

    dns: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    uris: list[str] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension as it stands in the certificate."""

    identifier: tuple[int, ...]
    critical: bool
    value: bytes


@dataclass(slots=True)
class Certificate:
    """What a certificate says; filled by `parse`, not changed after."""

    raw: bytes
    signed: bytes = b""
    version: int = 1
    serial: int = 0
    algorithm: Element | None = None
    issuer_raw: bytes = b""
    issuer: Name = field(default_factory=list)
    subject_raw: bytes = b""
    subject: Name = field(default_factory=list)
    not_before: datetime | None = None
    not_after: datetime | None = None
    key_raw: bytes = b""
    signature: bytes = b""
    extensions: list[Extension] = field(default_factory=list)
    unhandled: list[tuple[int, ...]] = field(default_factory=list)
    key_usage: int = 0
    usages: list[int] | None = None
    unknown_usages: list[tuple[int, ...]] | None = None
    constrained: bool = False  # basic constraints are there
    authority: bool = False
    path_length: int = 0
    subject_key: bytes = b""
    authority_key: bytes = b""
    dns_names: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)
    uris: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    ocsp: list[str] = field(default_factory=list)
    issuing: list[str] = field(default_factory=list)
    revocation: list[str] = field(default_factory=list)
    policies: list[tuple[int, ...]] = field(default_factory=list)
    names_critical: bool = False
    permitted: Subtrees = field(default_factory=Subtrees)
    excluded: Subtrees = field(default_factory=Subtrees)

    @property
    def has_alternative_names(self) -> bool:
        """Whether it has a subject alternative name, the only names that constraints bind."""
        return any(extension.identifier == (*_EXTENSION, 17) for extension in self.extensions)


def parse(data: bytes) -> Certificate:
    """A certificate from DER.

    Raises:
        DerError: it is malformed.
    """
    try:
        return _parse(data)
    except (ValueError, IndexError):  # too few parts, too many, or of the wrong kind
        raise DerError("certificate") from None


def _parse(data: bytes) -> Certificate:
    made = Certificate(raw=data)
    whole, made.algorithm, signature = children(only(data, SEQUENCE))
    made.signed, made.signature = whole.raw, bits(signature)[0]
    fields = children(whole)
    if fields[0].context == 0:
        made.version = integer(only(fields.pop(0).body)) + 1
    if len(fields) < 6 or fields[1].raw != made.algorithm.raw:
        raise DerError("certificate")
    made.serial = integer(fields[0])
    made.issuer_raw, made.issuer = fields[2].raw, parse_name(fields[2])
    made.not_before, made.not_after = (time(moment) for moment in children(fields[3]))
    made.subject_raw, made.subject = fields[4].raw, parse_name(fields[4])
    made.key_raw = fields[5].raw
    for part in fields[6:]:
        if part.context == 3:
            made.extensions = parse_extensions(only(part.body, SEQUENCE))
    if len({extension.identifier for extension in made.extensions}) != len(made.extensions):
        raise DerError("duplicate extension")
    for extension in made.extensions:
        if not _understand(made, extension) and extension.critical:
            made.unhandled.append(extension.identifier)
    return made


def parse_name(element: Element) -> Name:
    """The attributes of a distinguished name, in order."""
    found: Name = []
    for group in children(element):
        for pair in children(group, SET):
            kind, value = children(pair)
            found.append((identifier(kind), text(value)))
    return found


def parse_extensions(element: Element) -> list[Extension]:
    """The extensions, in order."""
    found: list[Extension] = []
    for part in children(element):
        pieces = children(part)
        critical = pieces[1].tag == BOOLEAN if len(pieces) == 3 else False
        if len(pieces) not in {2, 3} or pieces[-1].tag != OCTET_STRING:
            raise DerError("extension")
        flag = boolean(pieces[1]) if critical else False
        found.append(Extension(identifier(pieces[0]), flag, pieces[-1].body))
    return found


def _understand(made: Certificate, extension: Extension) -> bool:
    """Read an extension into the certificate; whether it was one that we know."""
    value = extension.value
    if extension.identifier == _AUTHORITY_ACCESS:
        _authority_access(made, value)
        return True
    if extension.identifier[:-1] != _EXTENSION:
        return False
    kind = extension.identifier[-1]
    if kind == 15:
        data, length = bits(only(value))
        made.key_usage = sum(
            1 << place for place in range(min(length, 9)) if data[place // 8] >> 7 - place % 8 & 1
        )
    elif kind == 19:
        _basic_constraints(made, value)
    elif kind == 17:
        return _alternative_names(made, only(value, SEQUENCE))
    elif kind == 30:
        made.names_critical = extension.critical
        return _name_constraints(made, value)
    elif kind == 37:
        _extended_usages(made, value)
    else:
        return _identifiers(made, kind, value)
    return True


def _identifiers(made: Certificate, kind: int, value: bytes) -> bool:
    """The extensions that name keys, lists and policies."""
    if kind == 14:
        made.subject_key = only(value, OCTET_STRING).body
    elif kind == 35:
        for part in children(only(value)):
            if part.context == 0:
                made.authority_key = part.body
    elif kind == 31:
        _revocation_lists(made, value)
    elif kind == 32:
        made.policies = [identifier(first(part)) for part in children(only(value))]
    else:
        return False
    return True


def _basic_constraints(made: Certificate, value: bytes) -> None:
    parts = children(only(value))
    made.constrained, made.path_length = True, -1
    if parts and parts[0].tag == BOOLEAN:
        made.authority = boolean(parts.pop(0))
    if parts and parts[0].tag == INTEGER:
        made.path_length = integer(parts.pop(0))
        if not 0 <= made.path_length < 1 << 31:
            raise DerError("path length")


def _extended_usages(made: Certificate, value: bytes) -> None:
    for part in children(only(value)):
        if part.tag != OID:
            raise DerError("extended key usage")
        known = USAGES.get(identifier(part))
        if known is not None:
            made.usages = [*(made.usages or []), known]
        else:
            made.unknown_usages = [*(made.unknown_usages or []), identifier(part)]


def _alternative_names(made: Certificate, names: Element) -> bool:
    """The names of a subject alternative name; whether there was one that we know."""
    made.emails, made.dns_names, made.uris, made.addresses = alternative_names(names)
    return bool(made.emails or made.dns_names or made.uris or made.addresses)


def alternative_names(names: Element) -> tuple[list[str], list[str], list[str], list[str]]:
    """The emails, host names, URIs and addresses of a subject alternative name."""
    found: tuple[list[str], list[str], list[str], list[str]] = ([], [], [], [])
    for name in children(names):
        if name.context in {1, 2, 6}:
            found[{1: 0, 2: 1, 6: 2}[name.context]].append(ascii_text(name.body))
        elif name.context == 7:
            if len(name.body) not in {4, 16}:
                raise DerError("address")
            found[3].append(str(ipaddress.ip_address(name.body)))
    return found


def _name_constraints(made: Certificate, value: bytes) -> bool:
    """Permitted and excluded subtrees; `False` when one is of a kind that we do not check."""
    known = True
    for half in children(only(value)):
        trees = {0: made.permitted, 1: made.excluded}.get(half.context)
        if trees is None:
            raise DerError("name constraints")
        for part in elements(half.body):
            base = read(part.body)[0]
            known &= _subtree(trees, base)
    return known


def _subtree(trees: Subtrees, base: Element) -> bool:
    if base.context == 7:
        half = len(base.body) // 2
        if half not in {4, 16}:
            raise DerError("address")
        mask = int.from_bytes(base.body[half:], "big")
        length = mask.bit_count()
        if mask != (1 << 8 * half) - (1 << 8 * half - length):
            raise DerError("mask")
        network = ipaddress.ip_network((base.body[:half], length), strict=False)
        trees.networks.append(network)
    elif base.context in {1, 2, 6}:
        place = {1: trees.emails, 2: trees.dns, 6: trees.uris}[base.context]
        place.append(ascii_text(base.body))
    else:
        return False
    return True


def _revocation_lists(made: Certificate, value: bytes) -> None:
    for point in children(only(value)):
        for part in children(point):
            if part.context != 0:
                continue
            full = read(part.body)[0]
            if full.context == 0:
                made.revocation += [
                    ascii_text(name.body) for name in elements(full.body) if name.context == 6
                ]


def _authority_access(made: Certificate, value: bytes) -> None:
    for part in children(only(value)):
        method, place = children(part)
        targets: dict[tuple[int, ...], list[str]] = {_OCSP: made.ocsp, _ISSUERS: made.issuing}
        target = targets.get(identifier(method))
        if target is not None and place.context == 6:
            target.append(ascii_text(place.body))
