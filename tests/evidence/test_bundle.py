from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from probanda.canonical import canonical, sha256_hex
from probanda.errors import EvidenceError, LedgerError
from probanda.evidence.archive import read_archive
from probanda.evidence.bundle import Recorded, Source
from probanda.evidence.manifest import Manifest
from probanda.evidence.statement import Previous, Statement
from probanda.evidence.verify import verify_bundle
from probanda.ledger import LogEntry

ROOT = Path(__file__).resolve().parents[2]


def opener(data: bytes):
    return lambda: io.BytesIO(data)


def text(path: str, data: bytes = b"x", role: str = "artifact", **more) -> Source:
    return Source(path, role, "text/plain", opener(data), **more)


def members(path: Path) -> dict[str, bytes]:
    return {member.name: stream.read() for member, stream in read_archive(path)}


def test_the_archive_holds_files_then_manifest_proofs_and_seal(bundle):
    assert list(members(bundle)) == [
        "artifacts/licence.txt",
        "artifacts/sbom.cdx.json",
        "decisions/release.json",
        "manifest.json",
        "proofs/checkpoint.txt",
        "proofs/records.json",
        "manifest.sigstore.json",
    ]


def test_the_manifest_says_what_the_sources_said(bundle):
    manifest = Manifest.parse(members(bundle)["manifest.json"])
    entry = next(e for e in manifest.entries if e.path == "artifacts/sbom.cdx.json")
    assert entry.sha256 == sha256_hex(b'{"bomFormat":"CycloneDX"}')
    assert (entry.source, entry.type, entry.controls) == (
        "sbom.cdx.json",
        "cyclonedx",
        ("soc2/CC8.1",),
    )


def test_same_inputs_give_the_same_bytes_up_to_and_including_the_manifest(house, tmp_path):
    first = house.write(tmp_path / "a.tar")
    second = house.write(tmp_path / "b.tar")
    assert first.manifest.to_bytes() == second.manifest.to_bytes()
    marks = [
        path.read_bytes().index(b"proofs/checkpoint.txt") for path in (first.path, second.path)
    ]
    assert marks[0] == marks[1]
    assert first.path.read_bytes()[: marks[0]] == second.path.read_bytes()[: marks[0]]


def test_the_order_of_sources_does_not_matter(house, tmp_path):
    sources = [text("b", b"2"), text("a", b"1")]
    one = house.write(tmp_path / "1.tar", sources=sources)
    two = house.write(tmp_path / "2.tar", sources=sources[::-1])
    assert one.manifest == two.manifest


def test_each_source_is_opened_and_read_once(house, tmp_path):
    opened = []

    class Once(io.BytesIO):
        def __init__(self):
            super().__init__(b"once")
            opened.append(self)

        def seek(self, *_):
            raise AssertionError("a source was read twice")

    house.write(tmp_path / "x.tar", sources=[Source("once", "artifact", "text/plain", Once)])
    assert len(opened) == 1
    assert opened[0].closed


def test_no_sources_are_refused(house, tmp_path):
    with pytest.raises(EvidenceError, match="no files"):
        house.write(tmp_path / "x.tar", sources=[])
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_changed_is_named_and_nothing_is_written(house, tmp_path):
    before = house.signatures.size
    changed = text("artifacts/b", b"new", expected_sha256=sha256_hex(b"old"), source="out/b")
    with pytest.raises(EvidenceError, match=r"artifacts/b: out/b changed since it was judged"):
        house.write(tmp_path / "x.tar", sources=[text("artifacts/a"), changed])
    assert list(tmp_path.iterdir()) == []
    assert house.signatures.size == before


def test_a_source_with_the_expected_digest_is_taken(house, tmp_path):
    source = text("a", b"same", expected_sha256=sha256_hex(b"same"))
    assert house.write(tmp_path / "x.tar", sources=[source]).path.exists()


def test_a_source_that_is_gone_is_named_and_nothing_is_written(house, tmp_path):
    gone = tmp_path / "gone.txt"
    source = Source("a", "artifact", "text/plain", lambda: gone.open("rb"), source="gone.txt")
    (tmp_path / "out").mkdir()
    with pytest.raises(EvidenceError, match=r"a: gone.txt: No such file") as caught:
        house.write(tmp_path / "out" / "x.tar", sources=[source])
    assert "run the check again" in caught.value.hint
    assert list((tmp_path / "out").iterdir()) == []


def test_a_source_that_fails_while_it_is_read_is_named(house, tmp_path):
    class Broken(io.BytesIO):
        def read(self, *_):
            raise OSError(5, "Input/output error")

    source = Source("a", "artifact", "text/plain", Broken, source="disk/a")
    with pytest.raises(EvidenceError, match="a: disk/a: Input/output error"):
        house.write(tmp_path / "x.tar", sources=[source])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("sources", "match"),
    [
        ([text("../a")], "part"),
        ([text("/a")], "absolute"),
        ([text("manifest.json")], "belongs to the bundle"),
        ([text("proofs/x")], "belongs to the bundle"),
        ([text("a"), text("a")], "twice"),
        ([text("a"), text("A")], "case alone"),
        ([text("a", role="nonsense")], "role"),
        ([text("d.json", role="decision")], "without a record"),
    ],
)
def test_what_would_not_verify_is_not_written(house, tmp_path, sources, match):
    with pytest.raises(EvidenceError, match=match):
        house.write(tmp_path / "x.tar", sources=sources)
    assert list(tmp_path.iterdir()) == []


def test_a_decision_that_is_not_what_was_recorded_is_refused(house, tmp_path):
    index = house.record(b"what was recorded")
    with pytest.raises(EvidenceError, match=r"d.json: not what record \d+ commits to"):
        house.write(
            tmp_path / "x.tar",
            sources=[text("d.json", b"what is bundled", role="decision")],
            recorded=[Recorded("d.json", index)],
        )
    assert list(tmp_path.iterdir()) == []


def test_a_record_that_does_not_exist_is_refused(house, tmp_path):
    with pytest.raises(LedgerError):
        house.write(
            tmp_path / "x.tar",
            sources=[text("d.json", role="decision")],
            recorded=[Recorded("d.json", 10**6)],
        )
    assert list(tmp_path.iterdir()) == []


def test_a_recorded_file_that_is_not_a_source_is_refused(house, tmp_path):
    with pytest.raises(EvidenceError, match="not among the bundle's files"):
        house.write(tmp_path / "x.tar", sources=[text("a")], recorded=[Recorded("d", 0)])


def test_a_record_without_its_file_is_proved_as_a_leaf(house, tmp_path):
    written = house.write(tmp_path / "x.tar", sources=[text("a")], recorded=[Recorded("", 2)])
    assert [record.index for record in written.statement.predicate.records] == [2]
    assert verify_bundle(written.path, trust=house.trust).exit_code == 0


def test_the_signature_log_of_another_cell_is_refused(house, stranger, tmp_path):
    with pytest.raises(EvidenceError, match="not the cell's signature log"):
        house.write(tmp_path / "x.tar", sources=[text("a")], signatures=house.ledger)


def test_outcome_and_previous_bundle_are_signed(house, tmp_path):
    first = house.write(tmp_path / "20.tar", name="nightly-20")
    second = house.write(
        tmp_path / "21.tar",
        outcome="fail",
        previous=Previous("nightly-20", first.manifest.digest),
    )
    seal = json.loads(members(second.path)["manifest.sigstore.json"])
    import base64

    payload = base64.b64decode(seal["dsseEnvelope"]["payload"])
    statement = Statement.parse(payload)
    assert statement == second.statement
    assert statement.predicate.outcome == "fail"
    assert statement.predicate.previous == Previous("nightly-20", first.manifest.digest)


def test_an_interrupt_leaves_nothing(house, tmp_path):
    def interrupted():
        raise KeyboardInterrupt

    sources = [text("a"), Source("b", "artifact", "text/plain", interrupted)]
    with pytest.raises(KeyboardInterrupt):
        house.write(tmp_path / "x.tar", sources=sources)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_ledger_leaves_nothing(house, stranger, tmp_path):
    closed = type(house.ledger)(house.folder / "ledger.db", origin=house.ledger.origin)
    closed.close()
    with pytest.raises(LedgerError):
        house.write(tmp_path / "x.tar", sources=[text("a")], ledger=closed)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_an_error_with_a_sentence(house, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(EvidenceError, match="cannot write"):
        house.write(tmp_path / "file" / "x.tar", sources=[text("a")])


LOCKED = """
import os, sys
from pathlib import Path
from probanda.errors import EvidenceError
from probanda.evidence.archive import create_archive
if os.getuid() == 0:
    os.setuid(65534)
try:
    with create_archive(Path(sys.argv[1])):
        pass
except EvidenceError as error:
    print(error.message, "|", error.hint)
"""


def test_a_folder_without_permission_is_an_error_with_a_hint(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    done = subprocess.run(
        [sys.executable, "-c", LOCKED, tmp_path / "locked" / "x.tar"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "engine")},
    )
    assert "cannot write" in done.stdout
    assert "choose a folder that you may write to" in done.stdout


def test_a_bundle_unpacks_with_any_tar_program(bundle, tmp_path):
    with tarfile.open(bundle) as archive:
        archive.extractall(tmp_path, filter="data")
    assert (tmp_path / "decisions" / "release.json").read_bytes() == canonical(
        {"kind": "Decision", "outcome": "pass"}
    )


def test_many_records_share_one_ledger_head(house, tmp_path):
    payloads = {f"decisions/{n}.json": b'{"n":%d}' % n for n in range(20)}
    recorded = [Recorded(path, house.record(data)) for path, data in payloads.items()]
    house.ledger.append([LogEntry(b"later", None)])
    written = house.write(
        tmp_path / "x.tar",
        sources=[text(path, data, role="decision") for path, data in payloads.items()],
        recorded=recorded,
    )
    report = verify_bundle(written.path, trust=house.trust)
    assert report.exit_code == 0, report.summary
