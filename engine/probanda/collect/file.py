"""Any file, known by digest, size and media type; its content is never looked at.

Rules: a file of any size is hashed in flat memory. The media type is the option
`mediaType`, else a guess from the extension out of a fixed table: the tables of the
operating system would make the same file differ between machines.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from probanda.collect.interface import Reading

# RFC 6838 section 4.2, `restricted-name`.
_NAME = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_DEFAULT = "application/octet-stream"
# IANA media types.
_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tar": "application/x-tar",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
    ".zst": "application/zstd",
}


class PlainFileCollector:
    """`from: file`; data `{path, sha256, size, mediaType}`."""

    name = "file"
    media_type = _DEFAULT
    timestamped = False
    options_schema: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "mediaType": {"type": "string", "pattern": f"^{_NAME}/{_NAME}$"},
        },
    }
    empty = None

    def describe(
        self, *, sha256: str, size: int, source: str, options: Mapping[str, Any]
    ) -> Reading:
        """Digest, size and media type."""
        guess = _MEDIA_TYPES.get(PurePosixPath(source).suffix.lower(), _DEFAULT)
        media_type = str(options.get("mediaType", guess))
        data = {"path": source, "sha256": sha256, "size": size, "mediaType": media_type}
        return Reading(data, media_type)
