"""`providers.aws.sign_req`: a request object with AWS Signature Version 4 headers.

Rules:

- Nothing is sent; the time is an operand. So the result depends on the operands alone.

Source: OPA `v1/topdown/providers.go`, `internal/providers/aws`; AWS Signature Version 4.

Example:
    sign_req({"method": "get", "url": "https://s3.example/"}, credentials, 0)["headers"]
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from probanda.rego.builtins.interface import (
    Builtin,
    define,
    mapping,
    number,
    whole_number,
    wrong_operand,
    wrong_type,
)
from probanda.rego.builtins.json_text import encode
from probanda.rego.builtins.text import octets, rego_text
from probanda.rego.builtins.uris import Url, parse_url
from probanda.rego.values import RegoSet, unkey

_INT64: Final = 1 << 63
_REQUIRED: Final = ("aws_access_key", "aws_region", "aws_secret_access_key", "aws_service")
# Headers that proxies may change.
_UNSIGNED: Final = frozenset({"authorization", "user-agent", "x-amzn-trace-id"})
_PARAMETERS: Final = frozenset(
    {"method", "url", "body", "raw_body", "headers", "timeout", "raise_error", "enable_redirect"}
    | {"force_json_decode", "force_yaml_decode", "max_retry_attempts", "caching_mode", "cache"}
    | {"cache_ignored_headers", "force_cache", "force_cache_duration_seconds"}
    | {"tls_use_system_certs", "tls_insecure_skip_verify", "tls_server_name"}
    | {
        f"tls_{what}{suffix}"
        for what in ("ca_cert", "client_cert", "client_key")
        for suffix in ("", "_file", "_env_variable")
    }
)


@dataclass(frozen=True, slots=True)
class _Request:
    """What is signed."""

    method: str
    url: Url
    headers: dict[str, str]
    body: bytes


def sign_req(request: Any, config: Any, time_ns: Any) -> dict[Any, Any]:
    """The request with its headers signed."""
    asked, settings = mapping(request, 1), mapping(config, 1)
    _check_config(settings)
    ns = whole_number(number(time_ns, 1))
    if ns is None or not -_INT64 <= ns < _INT64:
        problem = "could not convert time_ns value into a unix timestamp"
        raise wrong_operand(3, problem)
    _check_request(asked)
    given = asked.get("headers", {})
    if not isinstance(given, dict):
        raise wrong_type(0, given, "object")
    headers = {_text(unkey(name)): _text(value) for name, value in given.items()}
    body = octets(_text(asked["raw_body"])) if "raw_body" in asked else b""
    if "raw_body" not in asked and "body" in asked:
        body = octets(encode(asked["body"]))
    signed = _Request(asked["method"], parse_url(asked["url"]), headers, body)
    unsigned = settings.get("disable_payload_signing", False)
    if not isinstance(unsigned, bool):
        raise wrong_operand(2, "invalid value for 'disable_payload_signing' in AWS config")
    added = _signature(signed, settings, ns, unsigned=unsigned)
    return {**asked, "headers": {**headers, **added}}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _check_config(settings: dict[Any, Any]) -> None:
    missing = [name for name in _REQUIRED if name not in settings]
    if missing:
        shown = rego_text(RegoSet(missing))
        raise wrong_operand(2, f"missing required AWS config parameters(s): {shown}")
    wrong = [name for name in _REQUIRED if not isinstance(settings[name], str)]
    if wrong:
        shown = rego_text(RegoSet(wrong))
        raise wrong_operand(2, f"invalid values for required AWS config parameters(s): {shown}")


def _check_request(asked: dict[Any, Any]) -> None:
    names = [unkey(name) for name in asked]
    unknown = RegoSet(
        name for name in names if not isinstance(name, str) or name not in _PARAMETERS
    )
    if len(unknown):
        raise wrong_operand(1, f"invalid request parameters(s): {rego_text(unknown)}")
    missing = RegoSet(name for name in ("method", "url") if name not in asked)
    if len(missing):
        raise wrong_operand(1, f"missing required request parameters(s): {rego_text(missing)}")
    wrong = RegoSet(name for name in ("method", "url") if not isinstance(asked[name], str))
    if len(wrong):
        shown = rego_text(wrong)
        raise wrong_operand(1, f"invalid values for required request parameters(s): {shown}")


def _signature(
    request: _Request, settings: dict[Any, Any], ns: int, *, unsigned: bool
) -> dict[str, str]:
    """The headers that signing adds."""
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=ns // 1_000_000_000)
    day, instant = when.strftime("%Y%m%d"), when.strftime("%Y%m%dT%H%M%SZ")
    service, region = settings["aws_service"], settings["aws_region"]
    digest = "UNSIGNED-PAYLOAD" if unsigned else hashlib.sha256(request.body).hexdigest()
    added = {"host": request.url.host, "x-amz-date": instant}
    if service in {"s3", "glacier"}:
        added["x-amz-content-sha256"] = digest
    if token := _text(settings.get("aws_session_token")):
        added["x-amz-security-token"] = token
    lowered = {name.lower(): value for name, value in request.headers.items()}
    to_sign = {**added, **{k: v for k, v in lowered.items() if k not in _UNSIGNED}}
    names = ";".join(sorted(to_sign))
    lines = [
        request.method,
        request.url.escaped_path,
        request.url.raw_query,
        *(f"{name}:{to_sign[name]}" for name in sorted(to_sign)),
        "",
        names,
        digest,
    ]
    scope = f"{day}/{region}/{service}/aws4_request"
    canonical = hashlib.sha256(octets("\n".join(lines))).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{instant}\n{scope}\n{canonical}"
    secret = octets(f"AWS4{settings['aws_secret_access_key']}")
    for part in (day, region, service, "aws4_request"):
        secret = _mac(secret, part)
    signature = _mac(secret, text).hex()
    credential = f"{settings['aws_access_key']}/{scope}"
    added["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={names},Signature={signature}"
    )
    return added


def _mac(secret: bytes, text: str) -> bytes:
    return hmac.new(secret, octets(text), hashlib.sha256).digest()


BUILTINS: Final[list[Builtin]] = define({"providers.aws.sign_req": sign_req})
