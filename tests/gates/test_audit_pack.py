"""Audit packs: of verified bundles, deterministic, and honest about what did not verify."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probanda.content import WorkingTree, load
from probanda.errors import EvidenceError, UsageError
from probanda.evidence.archive import ArchiveReader
from probanda.evidence.trust import load_trust
from probanda.evidence.verify import verify_bundle
from probanda.gates.audit_pack import PackRequest, write_pack
from probanda.gates.record import record
from projects import AS_OF, Project

NOW = datetime(2026, 11, 20, 13, 0, 0, tzinfo=UTC)


@pytest.fixture
def bundles(words, cell) -> list[Path]:
    """Two bundles of the project: one failed, then one passed."""
    made = []
    for name, bad in (("first", ["foo"]), ("second", [])):
        words.words(*bad)
        words.store_run(as_of=AS_OF + timedelta(minutes=len(made)))
        made.append(record(words.store, cell, name=name, now=NOW).path)
    return made


def pack(project: Project, cell, bundles, trust="own", **changes):
    request = {
        "bundles": bundles,
        "framework": "soc2",
        "tenant": "acme",
        "start": datetime(2026, 1, 1, tzinfo=UTC),
        "end": datetime(2027, 1, 1, tzinfo=UTC),
        "as_of": NOW,
        "now": NOW,
        "output": project.root / "pack.tar",
    }
    believed = load_trust(cell.folder / "trusted_root.json") if trust == "own" else trust
    catalogue = load(WorkingTree(project.root))
    return write_pack(PackRequest(**request | changes), catalogue, cell, believed)


def inside(path: Path) -> dict[str, bytes]:
    with ArchiveReader(path) as reader:
        return {member.name: stream.read() for member, stream in reader}


def control(index, name: str):
    return next(card for card in index["controls"] if card["id"] == name)


def test_a_pack_holds_index_page_tables_and_the_bundles_whole(words, cell, bundles):
    written = pack(words, cell, bundles)

    stored = inside(written.path)
    assert stored["bundles/first.tar"] == bundles[0].read_bytes()
    assert stored["index.html"] == (words.root / "pack.html").read_bytes()
    index = json.loads(stored["index.json"])
    assert [row["verdict"] for row in index["bundles"]] == ["good", "good"]
    standings = [row["standing"] for row in control(index, "CC8.1")["decisions"]]
    assert standings == ["latest", "earlier"]
    trust = load_trust(cell.folder / "trusted_root.json")
    assert verify_bundle(written.path, trust=trust, at=NOW).exit_code == 0


def test_no_bundle_is_no_pack(words, cell):
    with pytest.raises(EvidenceError, match="no bundle") as caught:
        pack(words, cell, [])

    assert caught.value.hint == "run `probanda bundle` first"


def test_bundles_that_nobody_vouches_for_count_for_nothing_and_are_listed(words, cell, bundles):
    written = pack(words, cell, bundles, trust=None)

    index = json.loads(inside(written.path)["index.json"])
    assert {row["verdict"] for row in index["bundles"]} == {"unknown"}
    assert control(index, "CC8.1")["status"] == "notEvaluated"
    assert b"could not be verified" in (words.root / "pack.html").read_bytes()


def test_a_stranger_vouches_for_nothing(words, cell, bundles, make_cell):
    other = load_trust(make_cell("other").folder / "trusted_root.json")

    written = pack(words, cell, bundles, trust=other)

    index = json.loads(inside(written.path)["index.json"])
    assert {row["verdict"] for row in index["bundles"]} == {"unknown"}


def test_a_damaged_bundle_is_listed_as_bad_and_never_left_out(words, cell, bundles):
    data = bundles[1].read_bytes()
    bundles[1].write_bytes(data.replace(b'{"bad": []}', b'{"bad": {}}', 1).replace(
        b'"bad": []', b'"bad": {}', 1))  # fmt: skip

    written = pack(words, cell, bundles)

    index = json.loads(inside(written.path)["index.json"])
    verdicts = {row["name"]: row["verdict"] for row in index["bundles"]}
    assert verdicts == {"first.tar": "good", "second.tar": "bad"}
    assert control(index, "CC8.1")["status"] in {"fail", "notEvaluated"}


@pytest.mark.parametrize("data", [b"", b"no tar at all", b"\x1f\x8b gzip"])
def test_what_is_no_bundle_stops_the_pack(words, cell, bundles, data):
    stray = words.write("stray.tar", data)

    with pytest.raises(EvidenceError, match=r"stray\.tar cannot be read") as caught:
        pack(words, cell, [*bundles, stray])

    assert "not silently left out" in str(caught.value.hint)
    assert not (words.root / "pack.tar").exists()


def test_a_bundle_of_another_tenant_stops_the_pack(words, cell, bundles):
    with pytest.raises(EvidenceError, match="another tenant"):
        pack(words, cell, bundles, tenant="globex")


def test_a_pack_is_no_bundle(words, cell, bundles):
    first = pack(words, cell, bundles)

    with pytest.raises(EvidenceError, match="no bundle but a Pack"):
        pack(words, cell, [first.path], output=words.root / "again.tar")


def test_the_same_bundle_twice_is_an_error(words, cell, bundles):
    with pytest.raises(EvidenceError, match="two bundles are called"):
        pack(words, cell, [bundles[0], bundles[0]])


def test_a_framework_without_controls_is_an_error(words, cell, bundles):
    with pytest.raises(EvidenceError, match="no control of iso27001"):
        pack(words, cell, bundles, framework="iso27001")


@pytest.mark.parametrize(
    "existing", ["pack.tar", "pack.html", "pack.index.json", "pack.index.json.sigstore.json"]
)
def test_nothing_of_a_pack_is_ever_overwritten(words, cell, bundles, existing):
    words.write(existing, "mine")

    with pytest.raises(EvidenceError, match="never overwritten"):
        pack(words, cell, bundles)

    assert (words.root / existing).read_text() == "mine"


def test_a_pack_may_not_be_called_like_its_page(words, cell, bundles):
    with pytest.raises(UsageError, match="name of the pack's page"):
        pack(words, cell, bundles, output=words.root / "pack.html")


def test_decisions_outside_of_the_period_are_counted_and_not_shown(words, cell, bundles):
    start = AS_OF + timedelta(minutes=1)

    written = pack(words, cell, bundles, start=start)

    index = json.loads(inside(written.path)["index.json"])
    assert index["decisions"] == {"inPeriod": 1, "outsidePeriod": 1, "duplicates": 0}


def test_a_pack_is_the_same_whatever_order_its_bundles_come_in_and_whenever_it_is_signed(
    words, cell, bundles
):
    one = pack(words, cell, bundles, output=words.root / "a" / "pack.tar")
    two = pack(
        words,
        cell,
        bundles[::-1],
        output=words.root / "b" / "pack.tar",
        now=NOW + timedelta(days=1),
    )

    assert one.manifest.to_bytes() == two.manifest.to_bytes()
    assert (words.root / "a/pack.html").read_bytes() == (words.root / "b/pack.html").read_bytes()
    first, second = inside(one.path), inside(two.path)
    assert {name for name in first if first[name] != second[name]} <= {
        "manifest.sigstore.json",
        "proofs/checkpoint.txt",
    }


def test_a_page_that_cannot_be_written_leaves_the_pack_whole_and_says_so(
    words, cell, bundles, monkeypatch
):
    from probanda.gates import audit_pack

    def full(target, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(audit_pack, "write_file", full)

    with pytest.raises(EvidenceError, match="cannot write") as caught:
        pack(words, cell, bundles)

    assert "the pack itself is whole" in str(caught.value.hint)
    trust = load_trust(cell.folder / "trusted_root.json")
    assert verify_bundle(words.root / "pack.tar", trust=trust, at=NOW).exit_code == 0
