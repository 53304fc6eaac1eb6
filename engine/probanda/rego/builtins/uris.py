"""`uri.*`, and URLs taken apart as Go does.

Rules:

- A part that a URL lacks is absent from `uri.parse`; the path comes decoded and raw.
- `uri.is_valid` takes relative references, but not the empty one.

Source: OPA `v1/topdown/uri.go`; Go `net/url` (`Parse`).

Example:
    uri_parse("https://a.example:8443/x%2Fy?z")
    # {"scheme": "https", "hostname": "a.example", "port": "8443", "path": "/x/y",
    #  "raw_path": "/x%2Fy", "raw_query": "z"}
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote as percent_encode

from probanda.rego.builtins.interface import Builtin, BuiltinError, define, string
from probanda.rego.builtins.text import from_octets, octets, quote

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):", re.ASCII)
_PORT: Final = re.compile(r"(?::[0-9]*)?", re.ASCII)
_USER: Final = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_WRONG_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL)
# What Go leaves as it is in a host; in a zone, also a space.
_HOST_BAD: Final = re.compile(r"[^A-Za-z0-9\-._~!$&'()*+,;=:\[\]<>\"%\x80-\U0010ffff]")
_HOST_PARTS: Final = re.compile(f"%.{{0,2}}|{_HOST_BAD.pattern}", re.DOTALL)
_HOST_ESCAPE: Final = re.compile(r"%(?:25|[89A-Fa-f][0-9A-Fa-f])")
_PATH: Final = re.compile(r"[A-Za-z0-9\-._~$&+,/:;=@!'()*\[\]%]*", re.ASCII)
_PATH_SAFE: Final = "$&+,/:;=@-_.~"


@dataclass(frozen=True, slots=True)
class Url:
    """A URL's parts."""

    scheme: str = ""
    host: str = ""
    path: str = ""
    raw_path: str = ""
    raw_query: str = ""
    fragment: str = ""

    @property
    def hostname(self) -> str:
        """The host without port and brackets."""
        host, _ = _host_and_port(self.host)
        return host[1:-1] if host.startswith("[") and host.endswith("]") else host

    @property
    def port(self) -> str:
        """The port's digits."""
        return _host_and_port(self.host)[1]

    @property
    def escaped_path(self) -> str:
        """The path as it stands in the URL."""
        valid = self.raw_path and _PATH.fullmatch(self.raw_path)
        return self.raw_path if valid else _encoded_path(self.path)


def _host_and_port(text: str) -> tuple[str, str]:
    colon = text.rfind(":")
    if colon >= 0 and _PORT.fullmatch(text[colon:]):
        return text[:colon], text[colon + 1 :]
    return text, ""


def _encoded_path(path: str) -> str:
    return path if path == "*" else percent_encode(octets(path), safe=_PATH_SAFE)


def parse_url(text: str) -> Url:
    """The parts of a URL or relative reference.

    Raises:
        BuiltinError: it is malformed, in Go's words.
    """
    whole, _, fragment = text.partition("#")
    try:
        url = _parse(whole)
    except UrlError as problem:
        raise BuiltinError(f"parse {quote(whole)}: {problem}") from None
    try:
        decoded = unescape(fragment)
    except UrlError as problem:
        raise BuiltinError(f"parse {quote(text)}: {problem}") from None
    return Url(url.scheme, url.host, url.path, url.raw_path, url.raw_query, decoded)


class UrlError(Exception):
    """What is wrong."""


def _parse(text: str) -> Url:
    if _CONTROL.search(text):
        raise UrlError("net/url: invalid control character in URL")
    if text == "*":
        return Url(path="*")
    scheme, rest = _scheme(text)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme=scheme, raw_query=query)
        if ":" in rest.split("/", 1)[0]:
            raise UrlError("first path segment in URL cannot contain colon")
    host = ""
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, rest = rest[2:].partition("/")
        rest = slash + rest
        host = _authority(authority)
    path = unescape(rest)
    return Url(scheme, host, path, rest if _encoded_path(path) != rest else "", query)


def _scheme(text: str) -> tuple[str, str]:
    """The scheme in lower case, and what follows it."""
    if text.startswith(":"):
        raise UrlError("missing protocol scheme")
    match = _SCHEME.match(text)
    return (match[1].lower(), text[match.end() :]) if match else ("", text)


def _authority(authority: str) -> str:
    """The host with its port; the user is only checked."""
    user, at, host = authority.rpartition("@")
    found = _host(host)
    if at:
        if not _USER.fullmatch(user):
            raise UrlError("net/url: invalid userinfo")
        unescape(user)
    return found


def _host(host: str) -> str:
    opening = host.rfind("[")
    if opening > 0:
        raise UrlError("invalid IP-literal")
    if opening == 0:
        return _literal(host)
    colon = host.rfind(":")
    if colon >= 0 and not _PORT.fullmatch(host[colon:]):
        raise UrlError(f"invalid port {quote(host[colon:])} after host")
    return _unescape_host(host)


def _literal(host: str) -> str:
    """An IPv6 address in brackets."""
    inside, bracket, port = host[1:].rpartition("]")
    if not bracket:
        raise UrlError("missing ']' in host")
    if not _PORT.fullmatch(port):
        raise UrlError(f"invalid port {quote(port)} after host")
    address, percent, zone = inside.partition("%25")
    name = _unescape_host(address) + (f"%{_unescape_zone(zone)}" if percent else "")
    try:
        parsed = ipaddress.ip_address(name)
    except ValueError:
        raise UrlError(f"invalid host: ParseAddr({quote(name)}): unable to parse IP") from None
    if parsed.version == 4:
        raise UrlError("invalid IP-literal")
    return f"[{name}]{port}"


def _unescape_host(text: str) -> str:
    for match in _HOST_PARTS.finditer(text):
        part = match[0]
        if part[0] != "%":
            raise UrlError(f"invalid character {quote(part)} in host name")
        # Only bytes beyond ASCII may be escaped in a host.
        if not _HOST_ESCAPE.fullmatch(part):
            raise UrlError(f"invalid URL escape {quote(part)}")
    return unescape(text)


def _unescape_zone(text: str) -> str:
    wrong = _HOST_BAD.search(text.replace(" ", ""))
    if wrong:
        raise UrlError(f"invalid character {quote(wrong[0])} in host name")
    return unescape(text)


def unescape(text: str) -> str:
    """Percent escapes resolved."""
    data = octets(text)
    wrong = _WRONG_ESCAPE.search(data)
    if wrong:
        raise UrlError(f"invalid URL escape {quote(from_octets(wrong[0]))}")
    return from_octets(_ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), data))


def uri_parse(text: Any) -> dict[str, str]:
    """The parts of a URI."""
    url = parse_url(string(text, 1))
    parts = {
        "scheme": url.scheme,
        "hostname": url.hostname,
        "port": url.port,
        "path": url.path,
        "raw_path": url.raw_path or url.path,
        "raw_query": url.raw_query,
        "fragment": url.fragment,
    }
    return {name: part for name, part in parts.items() if part}


def uri_is_valid(text: Any) -> bool:
    """Whether it is a URI or a relative reference with some text."""
    if not isinstance(text, str) or not text:
        return False
    try:
        parse_url(text)
    except BuiltinError:
        return False
    return True


BUILTINS: Final[list[Builtin]] = define({"uri.is_valid": uri_is_valid, "uri.parse": uri_parse})
