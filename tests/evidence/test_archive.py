from __future__ import annotations

import gzip
import hashlib
import io
import os
import resource
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probanda.errors import CannotVerifyError, EvidenceError, ParseError
from probanda.evidence import tar
from probanda.evidence.archive import ArchiveReader, create_archive, read_archive, write_archive

ROOT = Path(__file__).resolve().parents[2]
END = bytes(1024)


def opener(data: bytes):
    return lambda: io.BytesIO(data)


def read_all(path: Path) -> dict[str, bytes]:
    return {member.name: stream.read() for member, stream in read_archive(path)}


def file(name: str, data: bytes) -> bytes:
    return tar.header(name, len(data)) + data + bytes(tar.padding(len(data)))


def refused(tmp_path: Path, data: bytes, match: str) -> None:
    path = tmp_path / "bad.tar"
    path.write_bytes(data)
    with pytest.raises(ParseError, match=match):
        read_all(path)


LONG = "l/" * 80 + "ong.txt"
FILES = {"a.txt": b"a", "b/empty": b"", "c/ü.json": b"{}" * 300, LONG: bytes(512), "z": b"z" * 5000}


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.tar"
    write_archive(path, [(name, opener(data)) for name, data in FILES.items()])
    return path


def test_what_is_written_is_read_back(good: Path):
    assert read_all(good) == FILES


def test_writing_reports_digest_and_size(tmp_path: Path):
    written = write_archive(tmp_path / "x.tar", [("a", opener(b"abc"))])
    assert written == {"a": (hashlib.sha256(b"abc").hexdigest(), 3)}


def test_the_same_files_give_the_same_bytes(good: Path, tmp_path: Path):
    write_archive(tmp_path / "again.tar", [(name, opener(data)) for name, data in FILES.items()])
    assert (tmp_path / "again.tar").read_bytes() == good.read_bytes()


def test_other_tar_programs_read_it(good: Path, tmp_path: Path):
    with tarfile.open(good) as archive:
        assert {m.name: archive.extractfile(m).read() for m in archive} == FILES
        assert {(m.mtime, m.uid, m.gid, m.mode, m.uname) for m in archive} == {(0, 0, 0, 0o644, "")}
    (tmp_path / "out").mkdir()
    done = subprocess.run(
        ["tar", "xf", good, "-C", tmp_path / "out"], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert (tmp_path / "out" / LONG).read_bytes() == FILES[LONG]


def test_headers_equal_those_of_tarfile(good: Path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in FILES.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    content = good.read_bytes()
    assert buffer.getvalue()[: len(content)] == content


@given(st.text(min_size=1, max_size=200), st.binary(max_size=2000))
def test_any_name_is_either_refused_or_read_back(tmp_path_factory, name: str, data: bytes):
    path = tmp_path_factory.mktemp("names") / "x.tar"
    try:
        write_archive(path, [(name, opener(data))])
    except EvidenceError:
        assert list(path.parent.iterdir()) == []
    else:
        assert read_all(path) == {name: data}


def test_reading_a_stream_in_part_does_not_disturb_the_next_file(good: Path):
    names = [(member.name, stream.read(1)) for member, stream in read_archive(good)]
    assert names == [(name, data[:1]) for name, data in FILES.items()]


def test_a_member_can_be_read_again_by_offset(good: Path):
    with ArchiveReader(good) as reader:
        members = [member for member, _ in reader]
        assert [reader.open(member).read() for member in members] == list(FILES.values())


def test_every_truncation_is_refused(good: Path, tmp_path: Path):
    data = good.read_bytes()
    cuts = {*range(0, len(data), 97), *range(0, len(data), 512), len(data) - 1, len(data) - 512}
    for cut in sorted(cuts):
        refused(tmp_path, data[:cut], "truncated|an empty file|padding|only one")


def test_every_flipped_bit_is_refused_but_for_contents_and_pax_names(tmp_path: Path):
    """A pax name has no checksum, as contents have none: the manifest's digests guard both."""
    data = file("a.txt", b"content") + file("ü", b"x") + END
    start = data.index("path=ü".encode()) + len("path=")
    unguarded = {*range(512, 519), *range(start, start + 2), 2560}
    path = tmp_path / "flipped.tar"
    path.write_bytes(data)
    assert read_all(path) == {"a.txt": b"content", "ü": b"x"}
    for position in range(len(data)):
        if position in unguarded:
            continue
        flipped = bytearray(data)
        flipped[position] ^= 1 << (position % 8)
        path.write_bytes(flipped)
        with pytest.raises(ParseError):
            read_all(path)


@pytest.mark.parametrize(
    ("tail", "match"),
    [
        (b"\0" * 512, "after the end"),
        (b"\0", "after the end"),
        (b"garbage", "after the end"),
        (file("b", b"") + END, "after the end"),
    ],
)
def test_nothing_may_follow_the_end(tmp_path: Path, tail: bytes, match: str):
    refused(tmp_path, file("a", b"a") + END + tail, match)


def test_two_archives_in_a_row_are_refused(good: Path, tmp_path: Path):
    refused(tmp_path, good.read_bytes() * 2, "after the end")


@pytest.mark.parametrize("zeros", [0, 512, 1023])
def test_a_missing_end_of_archive_is_truncation(tmp_path: Path, zeros: int):
    refused(tmp_path, file("a", b"a") + bytes(zeros), "truncated")


def test_data_hidden_in_padding_is_refused(tmp_path: Path):
    bad = file("a", b"a")[:-1] + b"!"
    refused(tmp_path, bad + END, "padding")


@pytest.mark.parametrize("kind", sorted(tar.TYPES))
def test_only_regular_files_are_read(tmp_path: Path, kind: bytes):
    info = tarfile.TarInfo("link")
    info.type = kind
    info.linkname = "/etc/passwd"
    refused(tmp_path, info.tobuf(tarfile.USTAR_FORMAT) + END, "regular files only")


@pytest.mark.parametrize("kind", [b"\0", b"A", b"N", b"X", b"9"])
def test_unknown_types_are_refused(tmp_path: Path, kind: bytes):
    info = tarfile.TarInfo("file")
    info.type = kind
    refused(tmp_path, info.tobuf(tarfile.USTAR_FORMAT) + END, "type|regular")


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../up",
        "a/../../up",
        "a/./b",
        "./a",
        "a//b",
        "a/",
        "a\\b",
        "C:evil",
        "a\nb",
        "a\x1b[2Jb",
        "a\u202eb",
        "e\u0301",
        "x" * 256,
        "x/" * 512 + "x",
    ],
)
def test_unsafe_names_are_refused_by_reader_and_writer(tmp_path: Path, name: str):
    refused(tmp_path, file(name, b"") + END, "path .* (has|holds|is)|not in canonical")
    with pytest.raises(EvidenceError, match="path"):
        write_archive(tmp_path / "out.tar", [(name, opener(b""))])
    assert [p.name for p in tmp_path.iterdir()] == ["bad.tar"]


@pytest.mark.parametrize(
    ("first", "second", "match"),
    [
        ("a", "a", "twice"),
        ("Straße", "STRASSE", "differ in case"),
        ("A/b", "a/B", "differ in case"),
        ("a", "a/b", "file and a folder"),
        ("a/b", "A", "file and a folder"),
    ],
)
def test_names_that_collide_are_refused(tmp_path: Path, first: str, second: str, match: str):
    refused(tmp_path, file(first, b"1") + file(second, b"2") + END, match)
    with pytest.raises(EvidenceError, match=match):
        write_archive(tmp_path / "o.tar", [(first, opener(b"")), (second, opener(b""))])


def test_a_huge_declared_size_is_refused_at_once(tmp_path: Path):
    refused(tmp_path, tar.header("a", 8**11 - 1) + b"short" + END, "claims 8589934591 bytes")


@pytest.mark.parametrize(
    ("start", "field"),
    [
        (124, b"\x80" + b"\0" * 10 + b"\x01"),
        (124, b"-0000000001\0"),
        (124, b" 0000000001\0"),
        (124, b"0_0_0000001\0"),
        (100, b"0000777\0"),
        (108, b"0001750\0"),
        (136, b"14000000000\0"),
        (265, b"root\0\0\0\0"),
        (345, b"../../etc"),
        (500, b"hidden"),
    ],
)
def test_a_header_in_another_spelling_is_refused(tmp_path: Path, start: int, field: bytes):
    block = bytearray(tar.header("a", 1))
    block[start : start + len(field)] = field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    refused(tmp_path, bytes(block) + b"x" + bytes(511) + END, "canonical|damaged")


def test_a_pax_header_holds_one_path_and_nothing_else(tmp_path: Path):
    for pax in (
        {"path": "ü", "mtime": "1.5"},
        {"linkpath": "/etc/passwd"},
        {"size": "99999"},
        {"GNU.sparse.major": "1", "GNU.sparse.name": "x"},
        {"path": "a"},
        {"path": "b" * 90_000},
    ):
        info = tarfile.TarInfo("a")
        info.pax_headers = pax
        refused(tmp_path, info.tobuf(tarfile.PAX_FORMAT) + END, "pax|canonical")


def test_gnu_long_names_are_refused(tmp_path: Path):
    info = tarfile.TarInfo("n" * 150)
    refused(tmp_path, info.tobuf(tarfile.GNU_FORMAT) + END, "GNU|POSIX")


def test_compressed_files_are_named_and_refused(good: Path, tmp_path: Path):
    refused(tmp_path, gzip.compress(good.read_bytes()), "gzip data: a bundle is a plain")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("manifest.json", "{}")
    refused(tmp_path, packed.getvalue(), "zip data")
    for magic, name in ((b"BZh9", "bzip2"), (b"\xfd7zXZ\0\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd")):
        refused(tmp_path, magic + bytes(2000), f"{name} data")


def test_other_files_are_refused(tmp_path: Path):
    refused(tmp_path, b"", "empty")
    refused(tmp_path, b"{}", "truncated")
    refused(tmp_path, b"x" * 4096, "not a POSIX tar")


def test_an_archive_of_nothing_is_never_written(tmp_path: Path):
    with pytest.raises(EvidenceError, match="0 files"):
        write_archive(tmp_path / "x.tar", [])
    assert list(tmp_path.iterdir()) == []


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("probanda.evidence.archive.MAX_MEMBERS", 3)
    members = b"".join(file(f"f{n}", b"") for n in range(4))
    refused(tmp_path, members + END, "more than 3 files")


@pytest.mark.parametrize("what", ["missing", "folder", "fifo"])
def test_what_cannot_be_opened_was_not_checked(tmp_path: Path, what: str):
    path = tmp_path / "x.tar"
    if what == "folder":
        path.mkdir()
    if what == "fifo":
        os.mkfifo(path)
    with pytest.raises(CannotVerifyError):
        read_all(path)


def test_an_interrupt_leaves_nothing(tmp_path: Path):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_archive(tmp_path / "x.tar", [("a", opener(bytes(9000))), ("b", interrupted)])
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_older_archive_untouched(good: Path):
    before = good.read_bytes()
    archive = create_archive(good)
    archive.__enter__().add("a", io.BytesIO(b"new"))
    assert archive.__exit__(ValueError, ValueError("late"), None) is not True
    assert good.read_bytes() == before
    assert [p.name for p in good.parent.iterdir()] == ["good.tar"]


def test_a_folder_that_refuses_is_an_error_with_a_hint(tmp_path: Path):
    with pytest.raises(EvidenceError, match="cannot write") as caught:
        write_archive(tmp_path / "absent" / "x.tar", [("a", opener(b""))])
    assert caught.value.hint == "create the folder first"


WRITE = """
import io, resource, signal, sys
from pathlib import Path
from probanda.evidence.archive import write_archive
from probanda.errors import EvidenceError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_archive(Path(sys.argv[1]), [("a", lambda: io.BytesIO(bytes(3_000_000)))])
except EvidenceError as error:
    print(error.hint)
"""


def test_a_full_disk_leaves_nothing(tmp_path: Path):
    """The kernel refuses the write (EFBIG through RLIMIT_FSIZE), as it does on a full disk."""
    done = subprocess.run(
        [sys.executable, "-c", WRITE, tmp_path / "x.tar"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "engine")},
    )
    assert "file size limit" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_writing_and_reading_stay_flat_in_memory(tmp_path: Path):
    size = 64 << 20

    class Zeros(io.RawIOBase):
        left = size

        def read(self, count: int = -1) -> bytes:
            count = min(count, self.left)
            self.left -= count
            return bytes(count)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    write_archive(tmp_path / "big.tar", [("zeros", Zeros)])
    for _, stream in read_archive(tmp_path / "big.tar"):
        while stream.read(1 << 20):
            pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 24 << 10
