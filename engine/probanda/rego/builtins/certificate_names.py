"""Names in certificates: host names, and the constraints that authorities put on names.

Rules:

- Only alternative names count; a common name is no host name.
- A wildcard is a whole first label and stands for one label.
- A name that cannot be understood is neither permitted nor a match.

Source: Go `crypto/x509/verify.go`, RFC 5280 §4.2.1.10, RFC 6125 §6.4.3.

Example:
    has_host_name(certificate, "www.example.com")
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from probanda.rego.builtins.certificate import Certificate, Subtrees

_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*)", re.IGNORECASE)


def has_host_name(certificate: Certificate, host: str) -> bool:
    """Whether the host name, or address in brackets or bare, is an alternative name."""
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = str(ipaddress.ip_address(bare))
    except ValueError:
        name = host.lower().removesuffix(".")
        return any(_matches(pattern.lower(), name) for pattern in certificate.dns_names)
    return address in certificate.addresses


def _is_host_name(name: str, *, pattern: bool = False) -> bool:
    labels = name.split(".")
    if pattern and labels[0] == "*" and len(labels) > 1:
        labels = labels[1:]
    return bool(name) and all(_LABEL.fullmatch(label) for label in labels)


def _matches(pattern: str, name: str) -> bool:
    if not _is_host_name(pattern, pattern=True) or not _is_host_name(name):
        return pattern == name != ""
    first, _, rest = pattern.partition(".")
    if first == "*":
        return rest == name.partition(".")[2]
    return pattern == name


# --- constraints ---------------------------------------------------------------------------


def constraints_allow(authority: Certificate, chain: list[Certificate], comparisons: int) -> bool:
    """Whether the names of all certificates in `chain` keep to the authority's constraints."""
    halves = (authority.permitted, authority.excluded)
    if not any(half.dns or half.emails or half.uris or half.networks for half in halves):
        return True
    counted = 0
    for certificate in chain:
        if not certificate.has_alternative_names:
            continue
        for names, pick, match in _checks(certificate):
            for name in names:
                permitted, excluded = pick(authority.permitted), pick(authority.excluded)
                counted += len(permitted) + len(excluded)
                if counted > comparisons:
                    return False
                if not _allowed(name, permitted, excluded, match):
                    return False
    return True


def _checks(
    certificate: Certificate,
) -> list[tuple[list[str], Callable[[Subtrees], list[Any]], Callable[[str, Any], bool]]]:
    """Each kind of name: the names, the constraints on them, and how these match."""
    return [
        (certificate.emails, lambda half: half.emails, _email_matches),
        (certificate.dns_names, lambda half: half.dns, _domain_matches),
        (certificate.uris, lambda half: half.uris, _uri_matches),
        (certificate.addresses, lambda half: half.networks, _address_matches),
    ]


def _allowed(
    name: str, permitted: list[Any], excluded: list[Any], match: Callable[[str, Any], bool]
) -> bool:
    try:
        if any(match(name, constraint) for constraint in excluded):
            return False
        return not permitted or any(match(name, constraint) for constraint in permitted)
    except ValueError:
        return False


def _domain_matches(domain: str, constraint: str) -> bool:
    """Whether a host name is in a domain; a constraint with a leading dot needs a subdomain."""
    if not constraint:
        return True
    if not _is_host_name(domain.removeprefix("*.")):
        raise ValueError("host name")
    subdomain_only = constraint.startswith(".")
    labels = domain.lower().split(".")
    wanted = constraint.lower().removeprefix(".").split(".")
    if len(labels) < len(wanted) + subdomain_only:
        return False
    return labels[len(labels) - len(wanted) :] == wanted


def _email_matches(email: str, constraint: str) -> bool:
    local, at, domain = email.rpartition("@")
    if not at or not local:
        raise ValueError("email")
    if "@" in constraint:
        wanted, _, host = constraint.rpartition("@")
        return local == wanted and domain.lower() == host.lower()
    return _domain_matches(domain, constraint)


def _uri_matches(uri: str, constraint: str) -> bool:
    host = urlsplit(uri).hostname
    if not host:
        raise ValueError("a URI without a host cannot be constrained")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return _domain_matches(host, constraint)
    raise ValueError("a URI with an address cannot be constrained")


def _address_matches(address: str, network: Any) -> bool:
    return ipaddress.ip_address(address) in network
