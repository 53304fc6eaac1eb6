"""Write the SBOM pair of this example: `head` adds one package under restrictive terms.

Run it from anywhere; it rewrites `sbom/base.cdx.json` and `sbom/head.cdx.json` byte for byte.
"""

from __future__ import annotations

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "sbom"

BASE = [
    ("requests", "2.32.5", {"id": "Apache-2.0"}),
    ("urllib3", "2.5.0", {"id": "MIT"}),
    ("idna", "3.11", {"id": "BSD-3-Clause"}),
]
NEW = ("geo-tiles-client", "4.1.0", {"name": "Restricted-TOS"})


def sbom(packages: list[tuple[str, str, dict[str, str]]]) -> str:
    """A CycloneDX 1.6 document of the given (name, version, licence) packages."""
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "licenses": [{"license": licence}],
        }
        for name, version, licence in packages
    ]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "bom-ref": "shop", "name": "shop", "version": "1"}
        },
        "components": components,
    }
    return json.dumps(document, indent=2) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "base.cdx.json").write_text(sbom(BASE), encoding="utf-8")
    (FOLDER / "head.cdx.json").write_text(sbom([*BASE, NEW]), encoding="utf-8")
