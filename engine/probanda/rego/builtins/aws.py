"""`providers.aws.sign_req`: AWS Signature Version 4 of an HTTP request.

Rules:

- The signature is a function of the request, the credentials and the time that the policy
  gives. Nothing is sent, and no message repeats a credential.
- Headers that proxies change are not signed.

Source: AWS "Signature Version 4 signing process"; OPA `v1/topdown/providers.go`,
`internal/providers/aws/signing_v4.go`.

Example:
    sign_request(request, {"aws_service": "s3", …}, 1442774400000000000)["headers"]["Authorization"]
"""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from probanda.rego.builtins.go import write_json
from probanda.rego.builtins.interface import (
    Builtin,
    BuiltinError,
    define,
    mapping,
    number,
    whole_number,
    wrong_operand,
    wrong_type,
)
from probanda.rego.builtins.text import octets, rego_text
from probanda.rego.values import RegoSet, unkey

_REQUIRED: Final = ("aws_service", "aws_access_key", "aws_secret_access_key", "aws_region")
_UNSIGNED_HEADERS: Final = {"authorization", "user-agent", "x-amzn-trace-id"}
_UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
_INT64: Final = 1 << 63
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ENCODED: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/\[\]-]|%[0-9A-Fa-f]{2})*")
# What a request may hold (OPA's `http.send`).
_PARAMETERS: Final = frozenset(
    {"method", "url", "body", "enable_redirect", "force_json_decode", "force_yaml_decode"}
    | {"headers", "raw_body", "tls_use_system_certs", "tls_ca_cert", "tls_ca_cert_file"}
    | {"tls_ca_cert_env_variable", "tls_client_cert", "tls_client_cert_file"}
    | {"tls_client_cert_env_variable", "tls_client_key", "tls_client_key_file"}
    | {"tls_client_key_env_variable", "tls_insecure_skip_verify", "tls_server_name", "timeout"}
    | {"cache", "force_cache", "force_cache_duration_seconds", "raise_error", "caching_mode"}
    | {"max_retry_attempts", "cache_ignored_headers"}
)


def sign_request(request: Any, config: Any, time_ns: Any) -> dict[Any, Any]:
    """The request with the headers of its signature."""
    asked, given = mapping(request, 1), mapping(config, 1)
    _check_config(given)
    moment = whole_number(number(time_ns, 1))
    if moment is None or not -_INT64 <= moment < _INT64:
        raise wrong_operand(3, "could not convert time_ns value into a unix timestamp")
    _check_request(asked)
    headers = asked.get("headers", {})
    if not isinstance(headers, dict):
        raise wrong_type(0, headers, "object")
    made = {
        name: value if isinstance(value, str) else ""
        for name, value in headers.items()
        if isinstance(name, str)
    }
    stamp = (_EPOCH + timedelta(seconds=moment // 1_000_000_000)).strftime("%Y%m%dT%H%M%SZ")
    return asked | {"headers": made | _signature(asked, given, made, stamp)}


def _check_config(config: dict[Any, Any]) -> None:
    """The credentials must be there, and strings."""
    if missing := [name for name in _REQUIRED if name not in config]:
        names = rego_text(RegoSet(missing))
        raise wrong_operand(2, f"missing required AWS config parameters(s): {names}")
    if invalid := [name for name in _REQUIRED if not isinstance(config[name], str)]:
        names = rego_text(RegoSet(invalid))
        raise wrong_operand(2, f"invalid values for required AWS config parameters(s): {names}")
    if not isinstance(config.get("disable_payload_signing", False), bool):
        raise wrong_operand(2, "invalid value for 'disable_payload_signing' in AWS config")


def _check_request(request: dict[Any, Any]) -> None:
    """The request must have a method and an address, and nothing that is unknown."""
    if unknown := [unkey(name) for name in request if name not in _PARAMETERS]:
        raise wrong_operand(1, f"invalid request parameters(s): {rego_text(RegoSet(unknown))}")
    if missing := [name for name in ("method", "url") if name not in request]:
        raise wrong_operand(
            1, f"missing required request parameters(s): {rego_text(RegoSet(missing))}"
        )
    if invalid := [name for name in ("method", "url") if not isinstance(request[name], str)]:
        names = rego_text(RegoSet(invalid))
        raise wrong_operand(1, f"invalid values for required request parameters(s): {names}")


def _body(request: dict[Any, Any]) -> bytes:
    """The body as it will be sent."""
    if "raw_body" in request:
        raw = request["raw_body"]
        return octets(raw) if isinstance(raw, str) else b""
    return octets(write_json(request["body"])) if "body" in request else b""


def _signature(
    request: dict[Any, Any], config: dict[Any, Any], headers: dict[str, str], stamp: str
) -> dict[str, str]:
    """The headers that sign the request at a time."""
    try:
        address = urlsplit(request["url"])
    except ValueError:
        raise BuiltinError("the url of the request is malformed") from None
    unsigned = config.get("disable_payload_signing", False)
    digest = _UNSIGNED_PAYLOAD if unsigned else sha256(_body(request)).hexdigest()
    added = {"host": address.netloc.rpartition("@")[2], "x-amz-date": stamp}
    if config["aws_service"] in {"s3", "glacier"}:
        added["x-amz-content-sha256"] = digest
    token = config.get("aws_session_token")
    if isinstance(token, str) and token:
        added["x-amz-security-token"] = token
    lowered = {name.lower(): value for name, value in headers.items()}
    signed = added | {
        name: value for name, value in lowered.items() if name not in _UNSIGNED_HEADERS
    }
    names = ";".join(sorted(signed))
    lines = [f"{name}:{signed[name]}" for name in sorted(signed)]
    path = address.path
    if not _ENCODED.fullmatch(path):
        path = quote(unquote(path), safe="/$&+,:;=@!*'()~")
    canonical = [request["method"], path, address.query, *lines, "", names, digest]
    scope = f"{stamp[:8]}/{config['aws_region']}/{config['aws_service']}/aws4_request"
    hashed = sha256(octets("\n".join(canonical))).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    key = octets(f"AWS4{config['aws_secret_access_key']}")
    for part in scope.split("/"):
        key = hmac.digest(key, octets(part), "sha256")
    signature = hmac.digest(key, octets(text), "sha256").hex()
    credential = f"Credential={config['aws_access_key']}/{scope}"
    value = f"AWS4-HMAC-SHA256 {credential},SignedHeaders={names},Signature={signature}"
    return {"Authorization": value} | added


BUILTINS: Final[list[Builtin]] = define({"providers.aws.sign_req": sign_request})
