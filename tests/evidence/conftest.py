"""A house with a cell and two logs that makes bundles, and tools to damage them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from probanda.canonical import canonical
from probanda.evidence.bundle import Recorded, Source, Written, write_bundle
from probanda.evidence.trust import Trust, load_trust
from probanda.ledger import LogEntry, MerkleLog, make_record
from probanda.sign import Cell

AS_OF = "2026-11-20T00:00:00Z"
CREATED = datetime(2026, 11, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def opener(data: bytes) -> Callable[[], io.BytesIO]:
    return lambda: io.BytesIO(data)


@dataclass
class House:
    """One cell with its logs."""

    folder: Path
    cell: Cell
    ledger: MerkleLog
    signatures: MerkleLog

    @classmethod
    def build(cls, folder: Path, *, name: str = "acme", unsafe_demo: bool = False) -> House:
        folder.mkdir()
        cell = Cell.create(folder / "cell", name=name, unsafe_demo=unsafe_demo, now=CREATED)
        return cls(
            folder,
            cell,
            MerkleLog(folder / "ledger.db", origin=cell.origins["ledger"]),
            MerkleLog(folder / "signatures.db", origin=cell.origins["signatures"]),
        )

    @property
    def trust_path(self) -> Path:
        return self.folder / "cell" / "trusted_root.json"

    @property
    def trust(self) -> Trust:
        return load_trust(self.trust_path)

    def record(self, payload: bytes, *, kind: str = "decision", tenant: str = "acme") -> int:
        record = make_record(
            kind=kind,
            tenant=tenant,
            as_of=AS_OF,
            recorded_at="2026-11-20T11:00:00Z",
            digests={},
            payload=payload,
            salt=self.cell.salt,
        )
        return self.ledger.append([LogEntry(record.leaf, payload)]).start

    def write(self, path: Path, **changes) -> Written:
        """A bundle of two artifacts and one recorded decision, unless told otherwise."""
        decision = canonical({"kind": "Decision", "outcome": "pass"})
        arguments = {
            "kind": "Bundle",
            "name": "nightly-21",
            "tenant": "acme",
            "as_of": AS_OF,
            "sources": [
                Source("decisions/release.json", "decision", "application/json", opener(decision)),
                Source(
                    "artifacts/sbom.cdx.json",
                    "artifact",
                    "application/vnd.cyclonedx+json",
                    opener(b'{"bomFormat":"CycloneDX"}'),
                    source="sbom.cdx.json",
                    type="cyclonedx",
                    controls=("soc2/CC8.1",),
                ),
                Source("artifacts/licence.txt", "artifact", "text/plain", opener(b"MIT\n" * 300)),
            ],
            "cell": self.cell,
            "ledger": self.ledger,
            "signatures": self.signatures,
            "now": NOW,
        }
        if "sources" not in changes:
            arguments["recorded"] = [Recorded("decisions/release.json", self.record(decision))]
        return write_bundle(path, **{**arguments, **changes})


@pytest.fixture(scope="session")
def house(tmp_path_factory) -> House:
    built = House.build(tmp_path_factory.mktemp("evidence") / "house")
    # Neighbours, so that inclusion proofs have something to prove.
    for number in range(5):
        built.record(b"neighbour %d" % number)
        built.signatures.append([LogEntry(b"neighbour %d" % number, None)])
    return built


@pytest.fixture(scope="session")
def stranger(tmp_path_factory) -> House:
    """Another cell that calls itself the same."""
    return House.build(tmp_path_factory.mktemp("evidence") / "stranger")


@pytest.fixture(scope="session")
def build_house() -> Callable[..., House]:
    """For tests that need a cell of another kind."""
    return House.build


@pytest.fixture(scope="session")
def bundle(house: House, tmp_path_factory) -> Path:
    """A good bundle; tests damage copies of it."""
    return house.write(tmp_path_factory.mktemp("bundle") / "good.tar").path


@pytest.fixture
def no_network(monkeypatch):
    """Whoever opens a socket fails."""

    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was touched")

    monkeypatch.setattr("socket.socket.__init__", refuse)
    monkeypatch.setattr("socket.create_connection", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
