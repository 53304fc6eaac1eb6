"""Signing requests for AWS: the published example, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from probanda.rego.builtins import BUILTINS, OperandError

MOMENT = int(datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()) * 1_000_000_000
CONFIG = {
    "aws_service": "iam",
    "aws_access_key": "AKIDEXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "aws_region": "us-east-1",
}
REQUEST = {
    "method": "GET",
    "url": "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
    "headers": {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
}


def sign(request: Any, config: Any = CONFIG, moment: Any = MOMENT) -> Any:
    return BUILTINS["providers.aws.sign_req"].function(request, config, moment)


def test_the_signature_of_awss_own_example_comes_out() -> None:
    made = sign(REQUEST)
    assert made["headers"]["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request,"
        "SignedHeaders=content-type;host;x-amz-date,"
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )
    assert made["headers"]["x-amz-date"] == "20150830T123600Z"
    assert made["headers"]["host"] == "iam.amazonaws.com"
    assert REQUEST["headers"] == {"Content-Type": REQUEST["headers"]["Content-Type"]}


def test_everything_that_is_signed_changes_the_signature() -> None:
    changes: list[dict[str, Any]] = [
        {"method": "POST"},
        {"url": "https://iam.amazonaws.com/x?Action=ListUsers&Version=2010-05-08"},
        {"headers": {"X": "y"}},
        {"body": {"a": 1}},
        {"raw_body": "a"},
    ]
    found = {sign(REQUEST | change)["headers"]["Authorization"] for change in [{}, *changes]}
    assert len(found) == 6


def test_headers_that_proxies_change_are_not_signed() -> None:
    made = sign(REQUEST | {"headers": {"User-Agent": "x", "a": "b"}})["headers"]
    assert "SignedHeaders=a;host;x-amz-date," in made["Authorization"]
    assert made["User-Agent"] == "x"


def test_storage_has_the_digest_of_the_body_and_tokens_are_sent() -> None:
    config = CONFIG | {"aws_service": "s3", "aws_session_token": "t"}
    made = sign(REQUEST | {"raw_body": "abc"}, config)["headers"]
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert made["x-amz-content-sha256"] == digest
    assert made["x-amz-security-token"] == "t"
    unsigned = sign(REQUEST, config | {"disable_payload_signing": True})["headers"]
    assert unsigned["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"


@pytest.mark.parametrize(
    ("request_", "config", "moment", "message"),
    [
        (REQUEST, {}, MOMENT, r'missing required AWS config parameters\(s\): {"aws_access_key"'),
        (REQUEST, CONFIG | {"aws_region": 1}, MOMENT, r'invalid values .*: {"aws_region"}'),
        (REQUEST, CONFIG | {"disable_payload_signing": 1}, MOMENT, "disable_payload_signing"),
        (REQUEST, CONFIG, 1.5, "could not convert time_ns value into a unix timestamp"),
        ({"url": "http://a"}, CONFIG, MOMENT, r'missing required request .*: {"method"}'),
        (REQUEST | {"x": 1}, CONFIG, MOMENT, r'invalid request parameters\(s\): {"x"}'),
        (REQUEST | {"url": 1}, CONFIG, MOMENT, r'invalid values for required request .*{"url"}'),
        (REQUEST | {"headers": 1}, CONFIG, MOMENT, "must be object but got number"),
    ],
)
def test_wrong_operands_are_refused_without_showing_a_secret(
    request_: Any, config: Any, moment: Any, message: str
) -> None:
    with pytest.raises(OperandError, match=message) as caught:
        sign(request_, config, moment)
    assert CONFIG["aws_secret_access_key"] not in str(caught.value)
