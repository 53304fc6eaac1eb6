"""How much untrusted text a reader takes before it refuses.

Example:

    >>> load_json(data, path="sbom.cdx.json", limits=Limits(max_bytes=1 << 20))
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from probanda.errors import ParseError
from probanda.model.location import Location


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds for one text.

    Attributes:
        max_bytes: size of the text.
        max_depth: nested collections; the outermost counts 1.
        max_nodes: values and keys, aliases counted as often as they are used.
    """

    max_bytes: int = 64 << 20
    max_depth: int = 128
    max_nodes: int = 5_000_000


# Artifacts of other tools: a large SBOM has some 20 MB and 500,000 nodes.
DEFAULT = Limits()
# Documents that people write.
DOCUMENT = Limits(max_bytes=1 << 20, max_depth=64, max_nodes=50_000)


def decode(data: bytes, *, path: str, limits: Limits) -> str:
    """UTF-8 text of `data`, without a byte-order mark.

    Raises:
        ParseError: too large, or not UTF-8.
    """
    if len(data) > limits.max_bytes:
        raise ParseError(
            f"larger than the limit of {limits.max_bytes} bytes", location=Location(path)
        )
    try:
        # The codec `utf-8-sig` takes longer than all the rest of a small text.
        return data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ParseError("not valid UTF-8", location=Location(path, line)) from None
