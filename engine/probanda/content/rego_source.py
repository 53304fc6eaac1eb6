"""Rule metadata from Rego comments: stands in until `rego.annotations` is merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from probanda.errors import ParseError, PolicyError
from probanda.model.location import Location
from probanda.parse.limits import DOCUMENT
from probanda.parse.yaml import load_yaml, to_plain


@dataclass(frozen=True, slots=True)
class Annotation:
    """One metadata block."""

    id: str
    title: str
    severity: str
    remediation: str
    description: str
    rule: str
    line: int


def extract(module_source: str, path: str) -> list[Annotation]:
    """The blocks of a module.

    Raises:
        PolicyError: a block is not YAML.
    """
    found: list[Annotation] = []
    lines = module_source.split("\n")
    index = 0
    while index < len(lines):
        if lines[index].strip() != "# METADATA":
            index += 1
            continue
        start = index + 1
        block: list[str] = []
        while (index := index + 1) < len(lines) and lines[index].startswith("#"):
            block.append(lines[index].removeprefix("#").removeprefix(" "))
        try:
            text = "\n".join(block).encode()
            plain: Any = to_plain(load_yaml(text, path=path, limits=DOCUMENT))
        except ParseError as error:
            raise PolicyError(error.message, location=Location(path, start)) from None
        custom = plain.get("custom", {})
        values = {
            name: str(custom.get(name, plain.get(name, "")))
            for name in ("id", "title", "severity", "remediation", "description")
        }
        rule = lines[index].split(" ")[0] if index < len(lines) else ""
        found.append(Annotation(**values, rule=rule, line=start))
    return found
