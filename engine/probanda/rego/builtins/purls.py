"""`purl.*`: package URLs.

Rules:

- A package URL is `pkg:type/namespace/name@version?qualifiers#subpath`; type and name are
  required, and some types have rules of their own.
- What types write in lower case comes in lower case.

Source: OPA `v1/topdown/purl.go`; packageurl-go; the package URL specification.

Example:
    purl_parse("pkg:pypi/Foo_Bar@1")   # {"type": "pypi", "name": "foo-bar", "version": "1"}
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Final

from probanda.rego.builtins.interface import Builtin, BuiltinError, define, string
from probanda.rego.builtins.text import quote
from probanda.rego.builtins.uris import UrlError, unescape

_TYPE: Final = re.compile(r"[a-z.+-][a-z0-9.+-]*", re.ASCII)
_KEY: Final = re.compile(r"[a-z._-][a-z0-9._-]*", re.ASCII)
_CHROME_NAME: Final = re.compile(r"[a-z]{32}")
_CHROME_VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9]+){0,3}", re.ASCII)
_LOWER_BOTH: Final = frozenset(
    {"alpm", "apk", "bitbucket", "brew", "composer", "deb", "github", "golang"}
)
_LOWER_NAMESPACE: Final = _LOWER_BOTH | {"qpkg", "rpm"}
_LOWER_NAME: Final = _LOWER_BOTH | {"bitnami", "chrome-extension"}
_NO_NAMESPACE: Final = {
    "chrome-extension": "a chrome-extension",
    "julia": "a julia",
    "otp": "an otp",
    "vcpkg": "a vcpkg",
}
_NEEDS_NAMESPACE: Final = frozenset({"swift", "vscode-extension"})


class _PurlError(Exception):
    """What is wrong."""


def _parse(text: str) -> dict[str, Any]:
    """The parts of a package URL; empty ones are absent."""
    if text[:4].lower() != "pkg:":
        raise _PurlError(f'purl scheme is not "pkg": {quote(text)}')
    rest, _, subpath = text[4:].lstrip("/").partition("#")
    rest, _, query = rest.partition("?")
    kind, slash, rest = rest.partition("/")
    if not slash:
        raise _PurlError("purl is missing type or name")
    parts: dict[str, Any] = {"type": kind.lower()}
    subpath = "/".join(_decoded(part, "subpath") for part in subpath.split("/"))
    qualifiers = _qualifiers(query)
    parts |= _names(parts["type"], rest)
    if not _TYPE.fullmatch(parts["type"]):
        raise _PurlError(f"invalid type {quote(parts['type'])}")
    _check_repeated(sorted(key for key, _ in qualifiers))
    if {".", ".."} & set(subpath.split("/")[1:]):
        raise _PurlError(f"invalid Package URL subpath: {quote(subpath)}")
    parts["subpath"] = subpath.strip("/")
    parts["qualifiers"] = dict(qualifiers)
    _adjust(parts)
    _check(parts)
    return {name: part for name, part in parts.items() if part}


def _decoded(text: str, what: str) -> str:
    try:
        return unescape(text)
    except UrlError as problem:
        raise _PurlError(f"error unescaping {what}: {problem}") from None


def _names(kind: str, rest: str) -> dict[str, str]:
    """Namespace, name and version."""
    if rest.startswith("@") and (kind != "npm" or "/" not in rest):
        raise _PurlError("purl is missing name")
    version = ""
    if rest.rfind("@") > 0:
        rest, _, version = rest.rpartition("@")
    namespace, _, name = rest.rpartition("/")
    found = {
        "version": _decoded(version, "version"),
        "name": _decoded(name, "name"),
        "namespace": "/".join(
            _decoded(part, "namespace") for part in namespace.split("/") if part
        ).strip("/"),
    }
    if not found["name"]:
        raise _PurlError("purl is missing name")
    return found


def _qualifiers(query: str) -> list[tuple[str, str]]:
    """Keys and values, empty values left out."""
    found = []
    for pair in filter(None, query.split("&")):
        if ";" in pair:
            raise _PurlError("invalid qualifiers: invalid semicolon separator in query")
        key, _, value = pair.partition("=")
        key = key.lower()
        if not _KEY.fullmatch(key):
            raise _PurlError(f"invalid qualifiers: invalid qualifier key: '{key}'")
        try:
            value = unescape(value)
        except UrlError:
            what = 'invalid qualifiers: error unescaping qualifier value ""'
            raise _PurlError(what) from None
        if value:
            found.append((key, value))
    return found


def _check_repeated(keys: list[str]) -> None:
    for key, other in pairwise(keys):
        if key == other:
            raise _PurlError(f"invalid qualifiers: duplicate qualifier key: {quote(key)}")


def _adjust(parts: dict[str, Any]) -> None:
    """Put into lower case what the type writes so."""
    kind = parts["type"]
    if kind in _LOWER_NAMESPACE:
        parts["namespace"] = parts["namespace"].lower()
    databricks = "databricks" in parts["qualifiers"].get("repository_url", "")
    if kind in _LOWER_NAME or (kind == "mlflow" and databricks):
        parts["name"] = parts["name"].lower()
    if kind == "pypi":
        parts["name"] = parts["name"].replace("_", "-").lower()
    if kind == "huggingface":
        parts["version"] = parts["version"].lower()


def _check(parts: dict[str, Any]) -> None:
    """The rules of some types."""
    kind, namespace, name, version = (
        parts[part] for part in ("type", "namespace", "name", "version")
    )
    if kind in _NO_NAMESPACE and namespace:
        raise _PurlError(f"{_NO_NAMESPACE[kind]} purl must not have a namespace")
    if kind in _NEEDS_NAMESPACE and not namespace:
        raise _PurlError("namespace is required")
    if kind == "chrome-extension":
        if not _CHROME_NAME.fullmatch(name):
            raise _PurlError("a chrome-extension name must be 32 lowercase ASCII letters")
        if version and not _CHROME_VERSION.fullmatch(version):
            what = "a chrome-extension version must be 1 to 4 dot-separated integers"
            raise _PurlError(what)
    if kind == "cpan":
        if namespace.upper() != namespace:
            raise _PurlError("a cpan purl namespace must use uppercase characters")
        if "::" in name:
            raise _PurlError("a cpan distribution name must not contain '::'")
    if kind == "julia" and "uuid" not in parts["qualifiers"]:
        raise _PurlError("a julia purl must have a uuid qualifier")


def purl_parse(text: Any) -> dict[str, Any]:
    """The parts of a package URL."""
    whole = string(text, 1)
    try:
        return _parse(whole)
    except _PurlError as problem:
        raise BuiltinError(f"invalid PURL {quote(whole)}: {problem}") from None


def purl_is_valid(text: Any) -> bool:
    """Whether it is a package URL."""
    if not isinstance(text, str):
        return False
    try:
        _parse(text)
    except _PurlError:
        return False
    return True


BUILTINS: Final[list[Builtin]] = define({"purl.is_valid": purl_is_valid, "purl.parse": purl_parse})
