"""Record decision sets in the ledger and write the signed bundle: the trusted half of a run.

Rules:

- Every artifact is hashed again on its way into the bundle; one that is no longer what the
  decision saw is refused, and no bundle is written.
- Order: decisions and facts enter the ledger, the bundle is sealed over the ledger's head,
  the bundle's own digest enters the ledger. An interruption in between leaves a longer
  ledger and no bundle; running again is safe.
- Each bundle names the one before it of the same tenant: a chain that the ledger keeps.

Example:
    written = record(store, cell, gates=(), name="", output=None, now=now)
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from probanda.canonical import canonical, sha256_hex
from probanda.decide import overall_exit_code
from probanda.errors import EvidenceError
from probanda.evidence.bundle import Recorded, Source, Written, write_bundle
from probanda.evidence.statement import Previous
from probanda.gates.decision_set import DecisionSet, DecisionStore, make_folder
from probanda.ledger import LogEntry, MerkleLog, Record, make_record
from probanda.model.instant import format_instant
from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS
from probanda.sign import Cell

LEDGER_FILE = "ledger.sqlite"
SIGNATURES_FILE = "signatures.sqlite"


@dataclass(frozen=True, slots=True)
class Logs:
    """The two logs of a cell: what was decided, and what was signed."""

    ledger: MerkleLog
    signatures: MerkleLog

    @classmethod
    def open(cls, cell: Cell) -> Logs:
        """Open or make both in the cell's folder.

        Raises:
            LedgerError: one of them is not this cell's, damaged, or cannot be written.
        """
        return cls(
            MerkleLog(cell.folder / LEDGER_FILE, origin=cell.origins["ledger"]),
            MerkleLog(cell.folder / SIGNATURES_FILE, origin=cell.origins["signatures"]),
        )

    def __enter__(self) -> Logs:
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close()
        self.signatures.close()


def record(
    store: DecisionStore,
    cell: Cell,
    *,
    gates: Sequence[str] = (),
    name: str = "",
    output: Path | None = None,
    now: datetime,
) -> Written:
    """Record the decision sets of `gates` (default: all in the store) and bundle them.

    Args:
        store: the run folder.
        cell: signs and holds the logs.
        gates: which decision sets.
        name: of the bundle; default: the gates' names joined, and the as-of time.
        output: where to write; default: `bundles/<name>.tar` in the run folder.
        now: the ledger's clock and the time of signing (aware, UTC).

    Raises:
        EvidenceError: no decision set, sets of several tenants or times, an artifact gone
            or changed, or the disk refuses.
        LedgerError, SigningError: the ledger or the cell refuses.
    """
    sets = [store.read(gate) for gate in dict.fromkeys(gates) or store.gates()]
    if not sets:
        raise EvidenceError("there is no decision to record", hint="run `probanda check` first")
    tenant = _same(sets, "tenant")
    as_of = _same(sets, "asOf")
    joined = "-".join(item.gate for item in sets)
    name = name or f"{joined}-{re.sub('[:-]', '', as_of)}"
    output = output or store.folder / "bundles" / f"{name}.tar"
    if output.exists():
        raise EvidenceError(
            f"{output} exists, and evidence is never overwritten",
            hint="decide again, or give another --name or --output",
        )
    make_folder(output.parent)
    with Logs.open(cell) as logs:
        previous = _previous(logs.ledger, tenant)
        recorded = _append_decisions(logs.ledger, sets, cell, now)
        written = write_bundle(
            output,
            kind="Bundle",
            name=name,
            tenant=tenant,
            as_of=as_of,
            sources=_sources(store, sets),
            recorded=recorded,
            outcome=_outcome(sets),
            previous=previous,
            cell=cell,
            ledger=logs.ledger,
            signatures=logs.signatures,
            now=now,
        )
        append_written(logs.ledger, written, cell, now)
    return written


def append_written(ledger: MerkleLog, written: Written, cell: Cell, now: datetime) -> None:
    """Enter a finished bundle or pack into the ledger, so that the next one can name it."""
    manifest = written.manifest
    payload = {"name": manifest.name, "manifest": manifest.digest}
    entry = _entry(
        manifest.kind.lower(),
        canonical(payload),
        {"manifest": manifest.digest},
        of=(manifest.tenant, manifest.as_of),
        cell=cell,
        now=now,
    )
    ledger.append([entry])


def _same(sets: Sequence[DecisionSet], field: str) -> str:
    values = sorted({str(item.decision[field]) for item in sets})
    if len(values) != 1:
        raise EvidenceError(
            f"the decisions differ in {field}: {', '.join(values)}",
            hint="decide them in one run, or bundle them one by one: probanda bundle GATE",
        )
    return values[0]


def _outcome(sets: Sequence[DecisionSet]) -> str:
    """The worst outcome: `fail` before `error` before what passed."""
    code = overall_exit_code([int(item.decision["exitCode"]) for item in sets])
    if code != EXIT_PASS:
        return "fail" if code == EXIT_BLOCKED else "error"
    outcomes = {str(item.decision["outcome"]) for item in sets}
    order = ("fail", "error", "notEvaluated", "waived", "pass", "skipped")
    return next(outcome for outcome in order if outcome in outcomes)


def _append_decisions(
    ledger: MerkleLog, sets: Sequence[DecisionSet], cell: Cell, now: datetime
) -> list[Recorded]:
    """One transaction: each decision, followed by the facts that it rests on."""
    entries: list[LogEntry] = []
    paths: list[str] = []
    for item in sets:
        clocks = (str(item.decision["tenant"]), str(item.decision["asOf"]))
        digests = {
            "decision": sha256_hex(item.decision_bytes),
            "gate": str(item.decision["gate"]["sha256"]),
            "content": str(item.decision["content"]["baseSha256"]),
        }
        entries.append(
            _entry("decision", item.decision_bytes, digests, of=clocks, cell=cell, now=now)
        )
        paths.append(_decision_path(item))
        for fact in _facts(item.decision):
            payload = canonical(dict(fact))
            digests = {"artifact": str(fact["sha256"])}
            entries.append(_entry("fact", payload, digests, of=clocks, cell=cell, now=now))
            paths.append("")
    numbers = ledger.append(entries)
    return [Recorded(path, number) for path, number in zip(paths, numbers, strict=True)]


def _entry(
    kind: str,
    payload: bytes,
    digests: Mapping[str, str],
    *,
    of: tuple[str, str],
    cell: Cell,
    now: datetime,
) -> LogEntry:
    """A ledger entry `of` a tenant and an as-of time, recorded `now`."""
    tenant, as_of = of
    made = make_record(
        kind=kind,
        tenant=tenant,
        as_of=as_of,
        recorded_at=format_instant(now),
        digests=digests,
        payload=payload,
        salt=cell.salt,
    )
    return LogEntry(made.leaf, payload)


def _previous(ledger: MerkleLog, tenant: str) -> Previous | None:
    for number in range(ledger.size - 1, -1, -1):
        found = Record.parse(ledger.leaf(number))
        if found.kind == "bundle" and found.tenant == tenant:
            payload = ledger.payload(number)
            name = json.loads(payload)["name"] if payload is not None else "expired"
            return Previous(name, found.digests["manifest"])
    return None


def _facts(decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """References of the facts with an artifact, each artifact once per decision."""
    facts = {
        fact["sha256"]: fact
        for check in decision["checks"]
        for fact in check["facts"]
        if "sha256" in fact
    }
    return [facts[digest] for digest in sorted(facts)]


def _sources(store: DecisionStore, sets: Sequence[DecisionSet]) -> list[Source]:
    sources: dict[str, Source] = {}
    for item in sets:
        controls = sorted({c for check in item.decision["checks"] for c in check["controls"]})
        path = _decision_path(item)
        sources[path] = Source(
            path=path,
            role="decision",
            media_type="application/json",
            opener=_opener(item.decision_bytes),
            expected_sha256=sha256_hex(item.decision_bytes),
            type="Decision",
            producer=f"probanda {item.decision['engine']['version']}",
            controls=tuple(controls),
        )
        for content_path, digest in item.content.items():
            path = "content/" + content_path.replace("builtin:", "builtin/", 1)
            sources[path] = Source(
                path=path,
                role="content",
                media_type=_media_type(content_path),
                opener=cast("Callable[[], BinaryIO]", partial(store.open_artifact, digest)),
                expected_sha256=digest,
                source=content_path,
            )
        for check in item.decision["checks"]:
            for fact in check["facts"]:
                if "sha256" in fact:
                    _add_artifact(sources, store, fact, check["controls"])
    return list(sources.values())


def _add_artifact(
    sources: dict[str, Source],
    store: DecisionStore,
    fact: Mapping[str, Any],
    controls: Sequence[str],
) -> None:
    """Add a fact's artifact once, for all the controls of the checks that used it."""
    digest = str(fact["sha256"])
    path = f"artifacts/{digest[:12]}/{_file_name(str(fact['source']))}"
    known = sources[path].controls if path in sources else ()
    sources[path] = Source(
        path=path,
        role="artifact",
        media_type=str(fact["mediaType"]),
        opener=cast("Callable[[], BinaryIO]", partial(store.open_artifact, digest)),
        expected_sha256=digest,
        source=str(fact["source"]),
        type=str(fact["type"]),
        producer=str(fact.get("producer", "")),
        controls=tuple(sorted({*known, *controls})),
    )


def _decision_path(item: DecisionSet) -> str:
    return f"decisions/{item.gate}.json"


def _opener(data: bytes) -> Callable[[], BinaryIO]:
    return lambda: BytesIO(data)


def _file_name(source: str) -> str:
    if source.startswith("git:"):
        return "git.json"
    name = re.sub(r"[^A-Za-z0-9._-]", "_", source.rsplit("/", 1)[-1].rsplit(":", 1)[-1])
    return name.strip(".") or "artifact"


_MEDIA_TYPES = {
    ".yaml": "application/yaml",
    ".json": "application/json",
    ".rego": "text/plain",
    ".pem": "application/x-pem-file",
}


def _media_type(path: str) -> str:
    return _MEDIA_TYPES.get(Path(path).suffix, "application/octet-stream")
