"""Digests and message authentication codes.

Rules:

- MD5 and SHA-1 are what a policy asks for by name, to compare with digests of others; nothing
  of ours relies on them.
- Texts are hashed as UTF-8, decoded bytes as they are; results are hexadecimal.

Source: OPA `v1/topdown/crypto.go`.

Example:
    crypto.md5("lorem ipsum")   # "80a751fde577028640c419000e33eba6"
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Final

from probanda.rego.builtins.interface import Builtin, define, string
from probanda.rego.builtins.text import octets


def _bytes(value: Any, position: int) -> bytes:
    return octets(string(value, position))


def _digest(algorithm: str) -> Callable[[Any], str]:
    """A function of the `crypto.sha256` kind."""

    def digest(text: Any) -> str:
        data = _bytes(text, 1)
        return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()

    return digest


def _authenticate(algorithm: str) -> Callable[[Any, Any], str]:
    """A function of the `crypto.hmac.sha256` kind."""

    def authenticate(message: Any, key: Any) -> str:
        data = _bytes(message, 1)
        return hmac.new(_bytes(key, 2), data, algorithm).hexdigest()

    return authenticate


def hmac_equal(left: Any, right: Any) -> bool:
    """Whether two codes are equal, in constant time."""
    return hmac.compare_digest(_bytes(left, 1), _bytes(right, 2))


BUILTINS: Final[list[Builtin]] = define(
    {
        **{f"crypto.{name}": _digest(name) for name in ("md5", "sha1", "sha256")},
        **{
            f"crypto.hmac.{name}": _authenticate(name)
            for name in ("md5", "sha1", "sha256", "sha512")
        },
        "crypto.hmac.equal": hmac_equal,
    }
)
