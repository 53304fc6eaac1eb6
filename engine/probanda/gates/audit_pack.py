"""The audit pack of a period: verified bundles, their index, one page, exports; sealed.

Rules:

- Each bundle is verified here, with the trust that the caller was given; what does not
  verify is listed with its verdict and counts for nothing.
- The pack carries the bundles whole, so that whoever holds the pack re-verifies them.
- Same bundles, controls and as-of clock → the same index, page and manifest, byte for byte.

Example:
    written = write_pack(request, catalogue, cell, trust)
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

from probanda import __version__, rego
from probanda.canonical import pretty, sha256_hex, sha256_stream
from probanda.content import Catalogue
from probanda.errors import EvidenceError, ParseError, UsageError
from probanda.evidence.archive import ArchiveReader
from probanda.evidence.bundle import Source, Written, write_bundle
from probanda.evidence.index import BundleEvidence, BundleVerdict, Period, build_index
from probanda.evidence.index_signature import sign_index
from probanda.evidence.manifest import Manifest
from probanda.evidence.names import MANIFEST, SIGNATURE
from probanda.evidence.pack import PageProof, exports, render_page
from probanda.evidence.report import Report
from probanda.evidence.sigstore_bundle import SigstoreBundle
from probanda.evidence.statement import Predicate, Statement
from probanda.evidence.trust import Trust
from probanda.evidence.verify import verify_bundle
from probanda.gates.files import make_folder, write_file
from probanda.gates.record import Logs, append_written
from probanda.model.instant import format_instant
from probanda.parse.json import load_json
from probanda.sign import Cell

# Decisions are read whole; a larger file is not one of ours.
MAX_DECISION_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class PackRequest:
    """What to pack.

    Attributes:
        bundles: files to take evidence from.
        framework: `soc2`.
        tenant: whose pack it is.
        start: first instant of the period (inclusive).
        end: end of the period (exclusive).
        as_of: the pack's clock.
        now: the time of signing.
        output: file to write; beside it go the page (`.html`), the signed index
            (`.index.json`) and its detached seal (`.index.json.sigstore.json`).
    """

    bundles: Sequence[Path]
    framework: str
    tenant: str
    start: datetime
    end: datetime
    as_of: datetime
    now: datetime
    output: Path


def write_pack(
    request: PackRequest, catalogue: Catalogue, cell: Cell, trust: Trust | None
) -> Written:
    """Verify the bundles, build index and page, and write the sealed pack.

    Raises:
        UsageError: the output has the name of its page.
        EvidenceError: no bundle, a bundle of another tenant, or the disk refuses.
        CannotVerifyError: a trust file is malformed.
    """
    if not request.bundles:
        raise EvidenceError(
            "there is no bundle to take evidence from", hint="run `probanda bundle` first"
        )
    for path in (request.output, page_of(request.output), *index_of(request.output)):
        if path.exists():
            raise EvidenceError(
                f"{path} exists, and evidence is never overwritten",
                hint="give another --output",
            )
    opened = [_open(path, trust) for path in sorted(request.bundles)]
    index = _index(request, catalogue, opened)
    page = render_page(index, statement_info=_proof(opened, cell, request.output.name))
    make_folder(request.output.parent)
    with Logs.open(cell) as logs:
        written = write_bundle(
            request.output,
            kind="Pack",
            name=request.output.stem,
            tenant=request.tenant,
            as_of=format_instant(request.as_of),
            sources=_sources(index, page, request.bundles, opened),
            cell=cell,
            ledger=logs.ledger,
            signatures=logs.signatures,
            now=request.now,
        )
        append_written(logs.ledger, written, cell, request.now)
        # Beside the pack, not in it: a signature would make the same pack differ each time.
        signed, sealed = sign_index(index, cell, logs.signatures, request.now)
    index_path, seal_path = index_of(request.output)
    _write_beside(
        request.output,
        {
            page_of(request.output): page,
            index_path: pretty(signed).encode(),
            seal_path: pretty(sealed).encode(),
        },
    )
    return written


def _index(request: PackRequest, catalogue: Catalogue, opened: Sequence[Opened]) -> dict[str, Any]:
    return build_index(
        catalogue.controls.values(),
        [evidence for evidence, _, _ in opened],
        tenant=request.tenant,
        period=Period(request.start, request.end),
        as_of=request.as_of,
        engine={"name": "probanda", "version": __version__, "rego": rego.ENGINE},
        framework=request.framework,
    )


def page_of(pack: Path) -> Path:
    """Where the page of a pack stands: beside it.

    Raises:
        UsageError: the pack itself is called so.
    """
    page = pack.with_suffix(".html")
    if page == pack:
        raise UsageError(
            f"{pack.name} is the name of the pack's page", hint="call the pack something.tar"
        )
    return page


def index_of(pack: Path) -> tuple[Path, Path]:
    """Where the signed index of a pack and its detached seal stand: beside it."""
    return pack.with_suffix(".index.json"), pack.with_suffix(".index.json.sigstore.json")


def _write_beside(pack: Path, files: Mapping[Path, bytes]) -> None:
    for path, data in files.items():
        try:
            write_file(path, data)
        except OSError as error:
            raise EvidenceError(
                f"cannot write {path}: {error.strerror or error}",
                hint=f"the pack itself is whole: {pack}",
            ) from error


Opened = tuple[BundleEvidence, Report, Predicate]


def _open(path: Path, trust: Trust | None) -> Opened:
    """A bundle with its verdict; one that cannot even be read is an error, not a gap."""
    report = verify_bundle(path, trust=trust)
    verdict = {
        0: BundleVerdict.GOOD,
        1: BundleVerdict.BAD,
        3: BundleVerdict.UNKNOWN,
    }[report.exit_code]
    try:
        with ArchiveReader(path) as reader:
            parts = {member.name: member for member, _ in reader}
            read = partial(_read, reader, parts)
            manifest = Manifest.parse(read(MANIFEST))
            predicate = Statement.parse(SigstoreBundle.parse(read(SIGNATURE)).payload).predicate
            decisions = {
                entry.path: load_json(read(entry.path), path=f"{path}#{entry.path}")
                for entry in manifest.entries
                if entry.role == "decision"
            }
        with path.open("rb") as stream:
            digest, _ = sha256_stream(stream)
    except (ParseError, KeyError, OSError) as error:
        raise EvidenceError(
            f"{path} cannot be read as a bundle: {error}",
            hint="move it out of the folder; a bad bundle is not silently left out of a pack",
        ) from error
    if report.manifest_sha256 not in {"", manifest.digest}:
        raise EvidenceError(f"{path} changed while it was being read", hint="run again")
    evidence = BundleEvidence(
        name=path.name,
        sha256=digest,
        manifest=manifest,
        decisions=decisions,
        verdict=verdict,
        signer=report.signer.identity if report.signer else "",
        fingerprint=report.signer.issuer_key_id if report.signer else "",
        reason="" if verdict is BundleVerdict.GOOD else report.summary,
    )
    return evidence, report, predicate


def _read(reader: ArchiveReader, parts: Mapping[str, Any], name: str) -> bytes:
    member = parts[name]
    if member.size > MAX_DECISION_BYTES:
        raise ParseError(f"{name} is larger than {MAX_DECISION_BYTES} bytes")
    with reader.open(member) as stream:
        return stream.read()


def _proof(opened: Sequence[Opened], cell: Cell, name: str) -> PageProof:
    """What the page prints: who seals the pack, and the ledger's head in its latest good bundle.

    The pack's own checkpoint would name the moment of recording; the page must not.
    """
    heads = [
        predicate
        for evidence, _, predicate in opened
        if evidence.verdict is BundleVerdict.GOOD
        and predicate.ledger.origin in cell.origins.values()
    ]
    latest = max(heads, key=lambda item: item.ledger.size, default=None)
    return PageProof(
        ledger_root=base64.b64encode(latest.ledger.root).decode() if latest else "none yet",
        ledger_size=latest.ledger.size if latest else 0,
        origin=cell.origins["ledger"],
        fingerprint=cell.fingerprint,
        signer=cell.identity,
        verify_command=f"probanda verify {name} --trust trusted_root.json",
        unsafe_demo=cell.unsafe_demo or any(report.unsafe_demo for _, report, _ in opened),
    )


def _sources(
    index: Mapping[str, Any], page: bytes, bundles: Sequence[Path], opened: Sequence[Opened]
) -> list[Source]:
    made = [
        ("index.json", "index", "application/json", pretty(index).encode()),
        ("index.html", "page", "text/html; charset=utf-8", page),
        *(
            (f"exports/{name}", "export", "text/csv; charset=utf-8", data)
            for name, data in exports(index).items()
        ),
    ]
    sources = [
        Source(
            path=path,
            role=role,
            media_type=media_type,
            opener=_bytes(data),
            expected_sha256=sha256_hex(data),
            producer=f"probanda {__version__}",
        )
        for path, role, media_type, data in made
    ]
    digests = {evidence.name: evidence.sha256 for evidence, _, _ in opened}
    sources.extend(
        Source(
            path=f"bundles/{path.name}",
            role="artifact",
            media_type="application/x-tar",
            opener=cast("Callable[[], BinaryIO]", partial(path.open, "rb")),
            expected_sha256=digests[path.name],
            type="Bundle",
            producer=f"probanda {__version__}",
        )
        for path in bundles
    )
    return sources


def _bytes(data: bytes) -> Callable[[], BinaryIO]:
    return lambda: BytesIO(data)
