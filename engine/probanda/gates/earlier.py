"""Decisions of an earlier run, to compare with.

Rules:

- Taken are what `probanda check` leaves and prints: a `decision.json`, the document of
  `--output json`, or a run folder (`.probanda`, or its `decisions`).
- They are untrusted input: each decision is read as one of a decision set is. They are
  compared with, and excuse nothing.

Example:
    earlier = read_earlier(Path("main.json"))
    earlier["pull-request"].outcome
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from probanda.canonical import canonical
from probanda.errors import EvidenceError, ParseError, UsageError
from probanda.gates.decision_document import LIMITS, MAX_BYTES, parse_decision
from probanda.gates.files import read_regular
from probanda.model.decision import Decision
from probanda.parse.json import load_json

# Far more gates than a project has.
MAX_DECISIONS = 1_000

_HINT = "give a decision.json, the output of --output json, or a folder .probanda/decisions"


def read_earlier(path: Path) -> dict[str, Decision]:
    """Decisions by gate.

    Raises:
        UsageError: not there, or nothing that probanda writes.
    """
    found: dict[str, Decision] = {}
    try:
        for decision in _decisions(path):
            if decision.gate in found:
                raise UsageError(f"{path} has two decisions of the gate {decision.gate!r}")
            found[decision.gate] = decision
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}", hint=_HINT) from error
    except (ParseError, EvidenceError) as error:
        raise UsageError(str(error), hint=error.hint or _HINT) from error
    if not found:
        raise UsageError(f"there is no decision in {path}", hint=_HINT)
    return found


def _decisions(path: Path) -> Iterator[Decision]:
    if path.is_dir():
        folder = path / "decisions" if (path / "decisions").is_dir() else path
        for file in sorted(folder.glob("*/decision.json"))[:MAX_DECISIONS]:
            yield parse_decision(read_regular(file, max_bytes=MAX_BYTES), path=str(file))
        return
    data = read_regular(path, max_bytes=MAX_BYTES)
    document = load_json(data, path=str(path), limits=LIMITS)
    if not isinstance(document, dict) or "decisions" not in document:
        yield parse_decision(data, path=str(path))
        return
    listed = document["decisions"]
    if not isinstance(listed, list) or len(listed) > MAX_DECISIONS:
        raise ParseError(f"{path}: not a list of decisions")
    for position, each in enumerate(listed):
        yield parse_decision(canonical(each), path=f"{path}: decision {position + 1}")
