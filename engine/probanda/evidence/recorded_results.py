"""Check results, read from the decisions that bundles hold.

Rules:

- A decision is read strictly and of one tenant only: anything else is an error, never
  left out in silence.
- Decisions outside the period, or later than the pack's clock, are left out and counted.
  The same decision in two bundles counts once, from the bundle that verified.
- A fact whose bytes the bundle does not hold makes its check's result incomplete: nobody
  could re-perform it.

Metadata only: neither a finding's message nor its key is kept.

    results, counts = read_results(bundles, tenant="acme", period=period, as_of=now)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from probanda.canonical import canonical, sha256_hex
from probanda.errors import EvidenceError
from probanda.evidence.control_status import Event
from probanda.evidence.index_document import link
from probanda.evidence.manifest import Entry, Manifest
from probanda.evidence.report import Verdict
from probanda.model.instant import format_instant, parse_instant
from probanda.model.outcome import Mode, Outcome


@dataclass(frozen=True, slots=True)
class Period:
    """The half-open interval [start, end), both aware.

    Raises:
        EvidenceError: naive, empty or reversed.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise EvidenceError("a period needs instants with a time zone")
        if self.start >= self.end:
            raise EvidenceError("the period ends before it starts")


@dataclass(frozen=True, slots=True)
class BundleEvidence:
    """One bundle, as the caller found it.

    Attributes:
        name: file name, `nightly-2026-11-20.tar`; unique in a pack.
        sha256: of the file.
        manifest: what it holds.
        decisions: path in the bundle → decision document (`Decision.to_json()`).
        verdict: of `verify_bundle`; see `report.Verdict`.
        signer: identity in the certificate; empty when unsigned.
        fingerprint: of the signer's trust anchor; empty when unsigned.
        reason: why the verdict is not good; half a sentence.
    """

    name: str
    sha256: str
    manifest: Manifest
    decisions: Mapping[str, Mapping[str, Any]]
    verdict: Verdict
    signer: str = ""
    fingerprint: str = ""
    reason: str = ""

    @property
    def untrusted(self) -> str:
        """Why its decisions prove nothing; empty when they do."""
        if self.verdict is Verdict.GOOD:
            return ""
        words = "did not verify" if self.verdict is Verdict.BAD else "could not be verified"
        return f"bundle {self.name} {words}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True, slots=True)
class Result:
    """One check result with what an index says about it."""

    controls: frozenset[str]
    event: Event
    artifacts: tuple[Mapping[str, Any], ...]
    rules: tuple[tuple[str, str, bool], ...]  # policy, rule, open


def read_results(
    bundles: Iterable[BundleEvidence], *, tenant: str, period: Period, as_of: datetime
) -> tuple[list[Result], dict[str, int]]:
    """Check results of the period, and how many decisions were in, outside, or duplicate."""
    results: list[Result] = []
    seen: set[str] = set()
    counts = {"inPeriod": 0, "outsidePeriod": 0, "duplicates": 0}
    # Verified bundles first: of a decision that stands in two, the one that proves something.
    for bundle in sorted(bundles, key=lambda b: (b.verdict is not Verdict.GOOD, b.name)):
        if bundle.manifest.kind != "Bundle":
            raise EvidenceError(f"{bundle.name} is no bundle but a {bundle.manifest.kind}")
        if bundle.manifest.tenant != tenant:
            raise EvidenceError(f"bundle {bundle.name} belongs to another tenant than {tenant!r}")
        entries = {entry.path: entry for entry in bundle.manifest.entries}
        for path, document in sorted(bundle.decisions.items()):
            where = f"{bundle.name}#{path}"
            if path not in entries or entries[path].role != "decision":
                raise EvidenceError(f"{where} is not listed as a decision by the manifest")
            try:
                clock = _clock(document, tenant, where)
                if not period.start <= clock < period.end or clock > as_of:
                    counts["outsidePeriod"] += 1
                    continue
                digest = sha256_hex(canonical(dict(document)))
                # A bundle that did not verify proves nothing, so nothing hangs on its digests.
                if bundle.verdict is Verdict.GOOD and digest != entries[path].sha256:
                    raise EvidenceError(f"{where} is not the document that the manifest lists")
                if digest in seen:
                    counts["duplicates"] += 1
                    continue
                read = [
                    _result(document, check, clock, bundle, path) for check in document["checks"]
                ]
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise EvidenceError(f"{where} is no decision: {error}") from error
            seen.add(digest)
            counts["inPeriod"] += 1
            results += read
    return results, counts


def _clock(document: Mapping[str, Any], tenant: str, where: str) -> datetime:
    """The decision's clock, once it is known to be this tenant's decision."""
    if document["apiVersion"] != "probanda/v1" or document["kind"] != "Decision":
        raise EvidenceError(f"{where} is not of kind Decision, probanda/v1")
    if document["tenant"] != tenant:
        raise EvidenceError(f"{where} belongs to another tenant than {tenant!r}")
    return parse_instant(document["asOf"])


def _result(
    document: Mapping[str, Any],
    check: Mapping[str, Any],
    clock: datetime,
    bundle: BundleEvidence,
    path: str,
) -> Result:
    """One check result; malformed documents raise what the caller turns into an error."""
    artifacts, lost = _artifacts(check["facts"], bundle)
    incomplete = f"{lost} artifact{'s' if lost != 1 else ''} not in the bundle" if lost else ""
    event = Event(
        gate=str(document["gate"]["name"]),
        check=str(check["id"]),
        policy=str(check["policy"]["entrypoint"]).removeprefix("builtin:"),
        mode=Mode(document["gate"]["mode"]),
        outcome=Outcome(check["outcome"]),
        as_of=clock,
        open=len(check["findings"]),
        waived=len(check["waived"]),
        untrusted=bundle.untrusted,
        incomplete=incomplete,
        bundle=bundle.name,
        document=path,
        # An empty fact was not read: there was nothing.
        collectors=frozenset(
            str(fact["type"]) for fact in check["facts"] if fact.get("missing") != "empty"
        ),
    )
    rules = [(str(f["policy"]), str(f["rule"]), True) for f in check["findings"]]
    rules += [(str(f["policy"]), str(f["rule"]), False) for f in check["waived"]]
    return Result(frozenset(check["controls"]), event, tuple(artifacts), tuple(rules))


def _artifacts(
    facts: Sequence[Mapping[str, Any]], bundle: BundleEvidence
) -> tuple[list[dict[str, Any]], int]:
    """The bundle's entries that hold the facts' bytes, and how many facts have none."""
    held: dict[str, Entry] = {}
    for entry in bundle.manifest.entries:
        # An artifact first; a contract, say, may be kept as judging content alone.
        if entry.role == "artifact" or (entry.role == "content" and entry.sha256 not in held):
            held[entry.sha256] = entry
    rows, lost = [], 0
    for fact in facts:
        if fact.get("missing") == "empty":
            continue
        # One of many files that could not be read has no digest.
        entry_of_fact = held.get(fact["sha256"]) if "sha256" in fact else None
        if entry_of_fact is None or entry_of_fact.size != fact["size"]:
            lost += 1
            continue
        rows.append(
            {
                "uri": link(bundle.name, entry_of_fact.path),
                "name": entry_of_fact.source or str(fact["source"]) or entry_of_fact.path,
                "type": str(fact["type"]),
                "sha256": entry_of_fact.sha256,
                "size": entry_of_fact.size,
                "mediaType": entry_of_fact.media_type,
                "producer": str(fact.get("producer", "")) or entry_of_fact.producer,
                "collectedAt": format_instant(parse_instant(fact["collectedAt"])),
            }
        )
    return rows, lost
