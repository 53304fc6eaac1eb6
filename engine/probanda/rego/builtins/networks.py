"""`net.cidr_*`.

Rules:

- Addresses are read as Go reads them: no leading zeros in IPv4, no zones in a CIDR; an
  IPv4-mapped IPv6 address is its IPv4 address.
- Host bits of a CIDR are cut off. An address without prefix length stands for itself in
  `net.cidr_contains`; in `net.cidr_merge` it has the mask of its old class (A /8, B /16, C /24).
- `net.cidr_expand` gives at most `MAX_ADDRESSES`.

Source: OPA `v1/topdown/cidr.go`, `internal/cidr/merge`; Go `net.ParseCIDR`.

Example:
    cidr_contains("10.0.0.0/8", "10.1.2.3")   # True
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from probanda.rego.builtins.interface import Builtin, BuiltinError, define, limit, string
from probanda.rego.values import RegoSet, sorted_keys, sorted_values, unkey

MAX_ADDRESSES: Final = 1 << 18
_MAX_PAIRS: Final = 1_000_000
_MAPPED: Final = ipaddress.IPv6Address("::ffff:0:0")

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _address(text: str) -> _Address | None:
    """An address as `net.ParseIP` takes it."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            return None
        return found.ipv4_mapped or found
    return found


def _network(text: str) -> _Network:
    """A CIDR as `net.ParseCIDR` takes it."""
    host, slash, digits = text.partition("/")
    if slash and digits.isascii() and digits.isdigit() and len(digits) < 7:
        length = int(digits)
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            address = None
        if (
            address is not None
            and length <= address.max_prefixlen
            and not getattr(address, "scope_id", None)
        ):
            network = ipaddress.ip_network((address, length), strict=False)
            return _unmapped(network)
    raise BuiltinError(f"invalid CIDR address: {text}")


def _unmapped(network: _Network) -> _Network:
    """An IPv6 network of IPv4-mapped addresses as that of the IPv4 addresses."""
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= 96:
        return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def _within(network: _Network, address: _Address) -> bool:
    return address.version == network.version and address in network


def cidr_contains(cidr: Any, inner: Any) -> bool:
    """Whether a network contains an address or a network."""
    network = _network(string(cidr, 1))
    text = string(inner, 1)
    address = _address(text)
    if address is not None:
        return _within(network, address)
    try:
        other = _network(text)
    except BuiltinError:
        problem = "not a valid textual representation of an IP address or CIDR"
        raise BuiltinError(f"{problem}: {text}") from None
    return _within(network, other.network_address) and _within(network, other.broadcast_address)


def cidr_intersects(left: Any, right: Any) -> bool:
    """Whether two networks have an address in common."""
    first, second = _network(string(left, 1)), _network(string(right, 1))
    return _within(first, second.network_address) or _within(second, first.network_address)


def cidr_is_valid(text: Any) -> bool:
    """Whether it is a CIDR."""
    if not isinstance(text, str):
        return False
    try:
        _network(text)
    except BuiltinError:
        return False
    return True


def cidr_expand(cidr: Any) -> RegoSet:
    """All addresses of a network, the first and last included."""
    network = _network(string(cidr, 1))
    limit("the addresses", MAX_ADDRESSES, network.num_addresses)
    return RegoSet(map(str, network))


def cidr_contains_matches(cidrs: Any, inners: Any) -> RegoSet:
    """Pairs of positions (or keys, or members) where the first contains the second."""
    found = RegoSet()
    steps = 0
    for outer, place in _entries(1, cidrs):
        for inner, inner_place in _entries(2, inners):
            steps += 1
            limit("the comparisons", _MAX_PAIRS, steps)
            if cidr_contains(outer, inner):
                found.add([place, inner_place])
    return found


def _entries(position: int, value: Any) -> Iterator[tuple[Any, Any]]:
    """Each CIDR with what names it."""
    if isinstance(value, str):
        yield value, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield _entry(position, item), index
    elif isinstance(value, RegoSet):
        for item in sorted_values(value):
            yield _entry(position, item), item
    elif isinstance(value, dict):
        for name in sorted_keys(value):
            yield _entry(position, value[name]), unkey(name)


def _entry(position: int, item: Any) -> Any:
    """A string, or the first item of an array."""
    if isinstance(item, list) and item:
        return item[0]
    if isinstance(item, str):
        return item
    raise BuiltinError(f"operand {position}: element must be string or non-empty array")


def cidr_merge(addresses: Any) -> RegoSet:
    """The fewest networks that cover the same addresses."""
    if not isinstance(addresses, list | RegoSet):
        raise BuiltinError("operand must be an array")
    networks = [
        _mergeable(item)
        for item in (sorted_values(addresses) if isinstance(addresses, RegoSet) else addresses)
    ]
    merged: list[_Network] = []
    for version in (4, 6):
        same: Any = [network for network, _ in networks if network.version == version]
        merged.extend(ipaddress.collapse_addresses(same))
    if any(network.version == 6 and _MAPPED in network for network in merged):
        # IPv4 addresses are some of IPv6 (RFC 4291 §2.5.5.2).
        merged = [network for network in merged if network.version == 6]
    alone = _alone(networks)
    return RegoSet(alone.get(network, str(network)) for network in merged)


def _alone(networks: list[tuple[_Network, str]]) -> dict[_Network, str]:
    """Networks that neither meet nor touch another one, as they are shown."""
    found: dict[_Network, str] = {}
    for version in (4, 6):
        ranges = sorted(
            (int(network[0]), int(network[-1]), text, network)
            for network, text in networks
            if network.version == version
        )
        before = -2
        for (first, last, text, network), after in zip(ranges, [*ranges[1:], None], strict=False):
            if first > before + 1 and (after is None or after[0] > last + 1):
                found[network] = text
            before = max(before, last)
    return found


def _mergeable(item: Any) -> tuple[_Network, str]:
    """The network of a CIDR or address, and how it is shown when it stays alone."""
    if not isinstance(item, str):
        raise BuiltinError("element must be string")
    address = _address(item)
    if address is None:
        network = _network(item)
        return network, str(network)
    if isinstance(address, ipaddress.IPv6Address):
        raise BuiltinError("IPv6 invalid: needs prefix length")
    first = int(address) >> 24
    length = 8 if first < 0x80 else 16 if first < 0xC0 else 24
    return ipaddress.ip_network((address, length), strict=False), f"{address}/{length}"


BUILTINS: Final[list[Builtin]] = define(
    {
        "net.cidr_contains": cidr_contains,
        "net.cidr_contains_matches": cidr_contains_matches,
        "net.cidr_expand": cidr_expand,
        "net.cidr_intersects": cidr_intersects,
        "net.cidr_is_valid": cidr_is_valid,
        "net.cidr_merge": cidr_merge,
        "net.cidr_overlap": cidr_contains,
    }
)
