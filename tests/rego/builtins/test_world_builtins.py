"""Time, networks, units, versions, identifiers, AWS signatures."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from probanda.errors import PolicyError
from probanda.rego.builtins import BUILTINS, BuiltinError
from probanda.rego.values import UNDEFINED, RegoSet, equal

NS = 1670006453141828752


@dataclass(frozen=True)
class World:
    """A context."""

    now_ns: int = 7
    seed: str = "s"


def call(name: str, *arguments: Any) -> Any:
    return BUILTINS[name].function(*arguments)


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("time.date", [[1517814000 * 10**9, "America/Los_Angeles"]], [2018, 2, 4]),
        ("time.clock", [[1517832000 * 10**9, "Asia/Kolkata"]], [17, 30, 0]),
        ("time.weekday", [-1], "Wednesday"),
        ("time.add_date", [1585852421593912000, 3, 9, 12], 1705257221593912000),
        ("time.add_date", [[0, ""], 0, 1, 30], 60 * 86400 * 10**9 + 86400 * 10**9),
        ("time.diff", [0, [86400 * 10**9 * 59 + 1, "UTC"]], [0, 2, 0, 0, 0, 0]),
        ("time.format", [NS], "2022-12-02T18:40:53.141828752Z"),
        ("time.format", [[NS, "Asia/Kolkata", "RFC1123Z"]], "Sat, 03 Dec 2022 00:10:53 +0530"),
        (
            "time.format",
            [[NS, "Europe/Berlin", "Jan _2 06 3:4:5.00 PM MST 002"]],
            "Dec  2 22 7:40:53.14 PM CET 336",
        ),
        ("time.parse_ns", ["2006-01-02", "1970-01-02"], 86400 * 10**9),
        ("time.parse_ns", ["RFC822Z", "02 Jan 70 00:00 -0100"], 90000 * 10**9),
        ("time.parse_ns", ["2006-002 3:04PM", "1970-032 12:00AM"], 31 * 86400 * 10**9),
        ("time.parse_rfc3339_ns", ["1677-09-21T00:12:43.145224192-00:00"], -(1 << 63)),
        ("time.parse_rfc3339_ns", ["1970-01-01T00:00:00,5Z"], 500_000_000),
        ("time.parse_duration_ns", ["-1h15m30.5s"], -4530500000000),
        ("time.parse_duration_ns", ["1d12h"], 129600000000000),
        ("time.parse_duration_ns", ["-1.5d"], -129600000000000),
        ("time.parse_duration_ns", ["1w"], 604800000000000),
        ("time.parse_duration_ns", ["1y"], 31536000000000000),
        ("net.cidr_merge", [["10.0.0.0/8", "::/0"]], RegoSet(["::/0"])),
        ("net.cidr_contains", ["10.0.0.0/8", "10.1.2.3"], True),
        ("net.cidr_contains", ["10.0.0.0/8", "10.0.0.0/7"], False),
        ("net.cidr_contains", ["::ffff:10.0.0.0/104", "10.1.2.3"], True),
        ("net.cidr_intersects", ["192.168.0.0/16", "192.168.1.0/24"], True),
        ("net.cidr_is_valid", ["01.2.3.4/8"], False),
        (
            "net.cidr_expand",
            ["10.0.0.9/30"],
            RegoSet(["10.0.0.8", "10.0.0.9", "10.0.0.10", "10.0.0.11"]),
        ),
        (
            "net.cidr_contains_matches",
            [{"a": "10.0.0.0/8"}, ["10.1.1.1", "11.0.0.0", ["10.0.0.1"]]],
            RegoSet([["a", 0], ["a", 2]]),
        ),
        (
            "net.cidr_merge",
            [["192.0.128.0/24", "192.0.129.0/24", "fe80::/120"]],
            RegoSet(["192.0.128.0/23", "fe80::/120"]),
        ),
        ("net.cidr_merge", [["10.1.2.3"]], RegoSet(["10.1.2.3/8"])),
        ("units.parse", ["100m"], Decimal("0.1")),
        ("units.parse", ["1.5Ki"], 1536),
        ("units.parse", ["2M"], 2_000_000),
        ("units.parse", ["1e3K"], 1_000_000),
        ("units.parse_bytes", ["1.1kb"], 1100),
        ("units.parse_bytes", ['"10MiB"'], 10 << 20),
        ("semver.compare", ["1.0.0-alpha.2", "v1.0.0-alpha.10"], -1),
        ("semver.compare", ["1.0.0", "1.0.0-rc"], 1),
        ("semver.compare", ["1.0.0+a", "1.0.0+b"], 0),
        ("semver.is_valid", ["1.2"], False),
        ("semver.is_valid", ["01.0.0"], False),
        ("semver.is_valid", ["1.0.0-01"], False),
        ("semver.is_valid", ["1.0.0-"], False),
        ("semver.is_valid", ["1.0.0+"], False),
        ("semver.is_valid", ["v1.0.0-0a.b+01"], True),
        ("semver.is_valid", [1], False),
        (
            "uuid.parse",
            ["000003e8-48b9-21ee-b200-325096b39f47"],
            {
                "clocksequence": 12800,
                "domain": "Person",
                "id": 1000,
                "version": 2,
                "macvariables": "local:unicast",
                "nodeid": "32-50-96-b3-9f-47",
                "time": 1693566990121469600,
                "variant": "RFC4122",
            },
        ),
        (
            "uuid.parse",
            ["{00000000-0000-4000-8000-000000000000}"],
            {"variant": "RFC4122", "version": 4},
        ),
    ],
)
def test_the_world(name: str, arguments: list[Any], result: Any) -> None:
    assert equal(call(name, *arguments), result)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("time.date", [1 << 63], "timestamp too big"),
        ("time.date", [[0, "Mars/Base"]], "unknown time zone Mars/Base"),
        ("time.date", [[0, "../../etc/passwd"]], "time: invalid location name"),
        ("time.add_date", [0, 2262, 1, 1], "time outside of valid range"),
        ("time.parse_rfc3339_ns", ["2262-04-11T23:47:16.854775808Z"], "time outside of valid"),
        (
            "time.parse_rfc3339_ns",
            ["2023-02-29T00:00:00Z"],
            'parsing time "2023-02-29T00:00:00Z": day out of range',
        ),
        ("time.parse_ns", ["2006", "x"], 'parsing time "x" as "2006": cannot parse "x" as "2006"'),
        ("time.parse_duration_ns", ["1x"], 'time: unknown unit "x" in duration "1x"'),
        ("time.parse_duration_ns", ["1dd"], 'time: invalid duration "1dd"'),
        ("time.parse_duration_ns", ["106752d"], 'time: invalid duration "106752d"'),
        ("time.parse_duration_ns", ["é"], 'time: invalid duration "\\xc3\\xa9"'),
        ("units.parse", ["1.2/8"], "unit /8 not recognized"),
        ("net.cidr_expand", ["192.168.1.1/33"], "invalid CIDR address: 192.168.1.1/33"),
        (
            "net.cidr_contains_matches",
            ["10.0.0.0/8", [[]]],
            "operand 2: element must be string or non-empty array",
        ),
        ("net.cidr_merge", [["::1"]], "IPv6 invalid: needs prefix length"),
        ("units.parse", ["1 K"], "units.parse: spaces not allowed in resource strings"),
        ("units.parse", ["K"], "units.parse: no amount provided"),
        ("units.parse", ["1x"], "units.parse: unit x not recognized"),
        ("units.parse_bytes", ["1.2.3"], "units.parse_bytes: could not parse byte amount"),
        ("units.parse", ["1e1234567"], "units.parse: exponent too large"),
        ("semver.compare", ["1", "1.0.0"], 'operand 1: string "1" is not a valid SemVer'),
    ],
)
def test_what_is_wrong_is_said_as_opa_says_it(
    name: str, arguments: list[Any], message: str
) -> None:
    with pytest.raises(BuiltinError) as caught:
        call(name, *arguments)
    assert message in caught.value.message


def test_the_machine_s_time_zone_is_refused() -> None:
    with pytest.raises(PolicyError, match="Local is refused"):
        call("time.date", [0, "Local"])


def test_random_values_depend_on_seed_and_arguments_alone() -> None:
    world = World()
    assert call("time.now_ns", world) == 7
    first = call("uuid.rfc4122", world, "key")
    assert first == call("uuid.rfc4122", World(now_ns=8), "key")
    assert first != call("uuid.rfc4122", world, "other")
    assert first != call("uuid.rfc4122", World(seed="t"), "key")
    assert call("uuid.parse", first) == {"variant": "RFC4122", "version": 4}
    assert call("rand.intn", world, "key", 0) == 0
    assert {call("rand.intn", world, str(n), -6) for n in range(200)} == set(range(6))


def test_a_uuid_that_is_none_is_undefined() -> None:
    assert call("uuid.parse", "00000000-0000-4000-8000-00000000000g") is UNDEFINED


def test_an_aws_request_is_signed_as_amazon_s_documentation_has_it() -> None:
    # Amazon S3 API reference, "Authenticating requests", GET object.
    credentials = {
        "aws_service": "s3",
        "aws_region": "us-east-1",
        "aws_access_key": "AKIAIOSFODNN7EXAMPLE",
        "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    }
    request = {
        "method": "GET",
        "url": "https://examplebucket.s3.amazonaws.com/test.txt",
        "headers": {"Range": "bytes=0-9"},
    }
    headers = call("providers.aws.sign_req", request, credentials, 1369353600 * 10**9)["headers"]
    assert headers["Authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )
    with pytest.raises(BuiltinError, match="missing required AWS config"):
        call("providers.aws.sign_req", request, {}, 0)
