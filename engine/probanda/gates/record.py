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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from probanda.canonical import canonical, sha256_hex
from probanda.decide import overall_exit_code
from probanda.errors import EvidenceError, UsageError
from probanda.evidence.bundle import Recorded, Source, Written, write_bundle
from probanda.evidence.statement import Previous
from probanda.gates.decision_set import DecisionSet, DecisionStore
from probanda.gates.files import make_folder
from probanda.ledger import LogEntry, MerkleLog, Record, make_record
from probanda.model.decision import Decision
from probanda.model.instant import format_instant
from probanda.model.outcome import EXIT_BLOCKED, EXIT_PASS
from probanda.sign import Cell

LEDGER_FILE = "ledger.sqlite"
SIGNATURES_FILE = "signatures.sqlite"

# The name becomes a file's: no folders, no hidden files.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
MAX_JOINED = 80


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
    judged_by: str = "",
    now: datetime,
) -> Written:
    """Record the decision sets of `gates` (default: all in the store) and bundle them.

    Args:
        store: the run folder.
        cell: signs and holds the logs.
        gates: which decision sets.
        name: of the bundle; default: the gates' names joined, or their number where that
            is too long, and the as-of time.
        output: where to write; default: `bundles/<name>.tar` in the run folder.
        judged_by: digest of the content that must have judged; empty: a set may bring its own.
        now: the ledger's clock and the time of signing (aware, UTC).

    Raises:
        UsageError: the name is none.
        EvidenceError: no decision set, a forged one, sets of several tenants or times, an
            artifact gone or changed, or the disk refuses.
        LedgerError, SigningError: the ledger or the cell refuses.
    """
    if name and not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name of a bundle",
            hint="letters, digits, dots, hyphens and underscores, at most 100; a folder goes"
            " with --output",
        )
    sets = [store.read(gate) for gate in dict.fromkeys(gates) or store.gates()]
    if not sets:
        raise EvidenceError("there is no decision to record", hint="run `probanda check` first")
    _check_judged_by(sets, judged_by)
    tenant = _same(sets, "tenant", {item.gate: item.decision.tenant for item in sets})
    as_of = _same(sets, "as-of time", {item.gate: item.decision.as_of for item in sets})
    name = name or _name([item.gate for item in sets], as_of)
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


def _check_judged_by(sets: Sequence[DecisionSet], digest: str) -> None:
    for item in sets:
        if digest and item.decision.content.base_digest != digest:
            raise EvidenceError(
                f"the gate {item.gate!r} was decided by other content than --base holds",
                hint="run `probanda check --base` with the same revision, and record that",
            )


def _name(gates: Sequence[str], as_of: str) -> str:
    joined = "-".join(gates)
    if len(joined) > MAX_JOINED:
        joined = f"{len(gates)}-gates"
    return f"{joined}-{re.sub('[:-]', '', as_of)}"


def _same(sets: Sequence[DecisionSet], what: str, values: Mapping[str, str]) -> str:
    """The one value that all gates have."""
    if len(set(values.values())) != 1:
        listed = ", ".join(f"{gate} {value}" for gate, value in sorted(values.items()))
        raise EvidenceError(
            f"the decisions differ in {what}: {listed}",
            hint="decide them in one run, or bundle them one by one: probanda bundle GATE",
        )
    return next(iter(values[item.gate] for item in sets))


def _outcome(sets: Sequence[DecisionSet]) -> str:
    """The worst outcome: `fail` before `error` before what passed."""
    code = overall_exit_code([item.decision.exit_code for item in sets])
    if code != EXIT_PASS:
        return "fail" if code == EXIT_BLOCKED else "error"
    outcomes = {item.decision.outcome.value for item in sets}
    order = ("fail", "error", "notEvaluated", "waived", "pass", "skipped")
    return next(outcome for outcome in order if outcome in outcomes)


def _append_decisions(
    ledger: MerkleLog, sets: Sequence[DecisionSet], cell: Cell, now: datetime
) -> list[Recorded]:
    """One transaction: each decision, followed by the facts that it rests on."""
    entries: list[LogEntry] = []
    paths: list[str] = []
    for item in sets:
        clocks = (item.decision.tenant, item.decision.as_of)
        digests = {
            "decision": sha256_hex(item.decision_bytes),
            "gate": item.decision.gate_digest,
            "content": item.decision.content.base_digest,
        }
        entries.append(
            _entry("decision", item.decision_bytes, digests, of=clocks, cell=cell, now=now)
        )
        paths.append(_decision_path(item))
        if item.run:
            # The decision is the same with and without a cache; that there was one is recorded.
            digests = {"decision": sha256_hex(item.decision_bytes)}
            entries.append(_entry("run", item.run, digests, of=clocks, cell=cell, now=now))
            paths.append("")
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


def _facts(decision: Decision) -> list[Mapping[str, Any]]:
    """References of the facts with an artifact, each artifact once per decision.

    Of several references to one artifact, the first by name stands for it.
    """
    facts: dict[str, Mapping[str, Any]] = {}
    for check in decision.checks:
        for fact in check.facts:
            if "sha256" in fact:
                known = facts.setdefault(fact["sha256"], fact)
                facts[fact["sha256"]] = min(known, fact, key=_identity)
    return [facts[digest] for digest in sorted(facts)]


def _identity(fact: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(fact["source"]), str(fact["type"]), str(fact["name"])


def _sources(store: DecisionStore, sets: Sequence[DecisionSet]) -> list[Source]:
    sources: dict[str, Source] = {}
    for item in sets:
        controls = sorted({name for check in item.decision.checks for name in check.controls})
        path = _decision_path(item)
        sources[path] = Source(
            path=path,
            role="decision",
            media_type="application/json",
            opener=_opener(item.decision_bytes),
            expected_sha256=sha256_hex(item.decision_bytes),
            type="Decision",
            producer=f"probanda {item.decision.engine['version']}",
            controls=tuple(controls),
        )
        for content_path, digest in item.content.items():
            path = "content/" + content_path
            _add(
                sources,
                Source(
                    path=path,
                    role="content",
                    media_type=_media_type(content_path),
                    opener=cast("Callable[[], BinaryIO]", partial(store.open_artifact, digest)),
                    expected_sha256=digest,
                    source=content_path,
                ),
            )
    for source in _artifacts(store, sets):
        _add(sources, source)
    return list(sources.values())


def _add(sources: dict[str, Source], source: Source) -> None:
    """Several gates share judging content; one name for two contents is somebody's doing."""
    known = sources.setdefault(source.path, source)
    if known.expected_sha256 != source.expected_sha256:
        raise EvidenceError(
            f"{source.path} would be two files of different content",
            hint="decide all gates in one run, or bundle them one by one: probanda bundle GATE",
        )


def _artifacts(store: DecisionStore, sets: Sequence[DecisionSet]) -> Iterator[Source]:
    """Each artifact once, for all the controls of all the checks that used it."""
    controls: dict[str, set[str]] = {}
    facts: dict[str, Mapping[str, Any]] = {}
    for item in sets:
        for fact in _facts(item.decision):
            facts[fact["sha256"]] = min(facts.get(fact["sha256"], fact), fact, key=_identity)
        for check in item.decision.checks:
            for fact in check.facts:
                if "sha256" in fact:
                    controls.setdefault(fact["sha256"], set()).update(check.controls)
    for digest, fact in facts.items():
        yield Source(
            path=f"artifacts/{digest[:12]}/{_file_name(str(fact['source']))}",
            role="artifact",
            media_type=str(fact["mediaType"]),
            opener=cast("Callable[[], BinaryIO]", partial(store.open_artifact, digest)),
            expected_sha256=digest,
            source=str(fact["source"]),
            type=str(fact["type"]),
            producer=str(fact.get("producer", "")),
            controls=tuple(sorted(controls[digest])),
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
