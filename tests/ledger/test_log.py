"""The log: durable, append-only, never forked, and honest about damage."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import probanda
from probanda.errors import LedgerError, ParseError
from probanda.ledger import LogEntry, MerkleLog
from probanda.merkle import (
    EMPTY_ROOT,
    Checkpoint,
    leaf_hash,
    new_nodes,
    root,
    verify_consistency,
    verify_inclusion,
)

ORIGIN = "ledger.black-cell.invalid"
ENGINE = Path(probanda.__file__).resolve().parents[1]


def entries(start, stop):
    return [LogEntry(b"leaf %d" % n, b"payload %d" % n) for n in range(start, stop)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.db"


@pytest.fixture
def log(path):
    with MerkleLog(path, origin=ORIGIN) as opened:
        yield opened


def expected_root(size):
    store = {}
    for number in range(size):
        hashed = leaf_hash(b"leaf %d" % number)
        for level, index, value in new_nodes(number, hashed, lambda *key: store[key]):
            store[level, index] = value
    return root(size, lambda *key: store[key])


def test_a_new_log_is_empty_and_says_so(log):
    assert log.size == 0
    assert log.checkpoint() == Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert log.append([]) == range(0)
    assert log.verify() == log.checkpoint()


def test_what_is_appended_is_there_and_numbered(log):
    assert log.append(entries(0, 3)) == range(3)
    assert log.append(entries(3, 4)) == range(3, 4)
    assert [log.leaf(n) for n in range(4)] == [b"leaf %d" % n for n in range(4)]
    assert log.payload(2) == b"payload 2"
    assert log.size == 4


@pytest.mark.parametrize("group", [1, 2, 7, 70])
def test_the_root_does_not_depend_on_how_entries_were_grouped(log, group):
    for start in range(0, 70, group):
        log.append(entries(start, min(start + group, 70)))
    for size in range(71):
        assert log.root(size) == expected_root(size)
    assert log.verify().root == expected_root(70)


def test_inclusion_and_consistency_proofs_of_past_sizes_verify(log):
    log.append(entries(0, 37))
    for size in (1, 2, 8, 36, 37):
        for index in range(size):
            verify_inclusion(
                index=index,
                size=size,
                leaf=leaf_hash(log.leaf(index)),
                proof=log.inclusion_proof(index, size),
                root=log.root(size),
            )
        verify_consistency(
            old_size=size,
            new_size=37,
            old_root=log.root(size),
            new_root=log.root(),
            proof=log.consistency_proof(size),
        )
    assert log.inclusion_proof(5) == log.inclusion_proof(5, 37)


def test_sizes_and_leaves_that_do_not_exist_are_refused(log):
    log.append(entries(0, 3))
    for work in (
        lambda: log.root(4),
        lambda: log.root(-1),
        lambda: log.leaf(3),
        lambda: log.leaf(-1),
        lambda: log.inclusion_proof(3),
        lambda: log.inclusion_proof(0, 4),
        lambda: log.consistency_proof(2, 4),
        lambda: log.consistency_proof(3, 2),
    ):
        with pytest.raises(LedgerError):
            work()


def test_a_log_is_found_again_with_all_it_held(path):
    with MerkleLog(path, origin=ORIGIN) as log:
        log.append(entries(0, 5))
        before = log.checkpoint()
    with MerkleLog(path, origin=ORIGIN) as log:
        assert log.checkpoint() == before
        log.append(entries(5, 9))
        assert log.verify(since=before).root == expected_root(9)


def test_another_origin_is_refused_and_none_is_no_origin(path, log):
    with pytest.raises(LedgerError, match="another origin"):
        MerkleLog(path, origin="ledger.white-cell.invalid")
    for origin in ("", "a b", "a+b", "a\n"):
        with pytest.raises(ParseError):
            MerkleLog(path.with_name("other"), origin=origin)
    assert not path.with_name("other").exists()


def test_an_error_among_the_entries_adds_nothing(log):
    log.append(entries(0, 3))

    def broken():
        yield LogEntry(b"good")
        raise KeyError("no more")

    with pytest.raises(KeyError):
        log.append(broken())
    with pytest.raises(LedgerError, match="longer than"):
        log.append([LogEntry(b"good"), LogEntry(bytes(1024 * 1024 + 1))])
    with pytest.raises(LedgerError, match="longer than"):
        LogEntry(b"", bytes(64 * 1024 * 1024 + 1))
    assert log.verify().root == expected_root(3)
    assert log.append(entries(3, 4)) == range(3, 4)


def test_a_full_disk_adds_nothing_and_says_so(log):
    log.append(entries(0, 3))
    (pages,) = log._connection.execute("PRAGMA page_count").fetchone()
    log._connection.execute(f"PRAGMA max_page_count={pages + 2}")
    with pytest.raises(LedgerError, match="full") as caught:
        log.append([LogEntry(b"large", bytes(1024 * 1024))])
    assert "nothing of this was recorded" in caught.value.hint
    assert log.verify().root == expected_root(3)
    log._connection.execute("PRAGMA max_page_count=1000000")
    assert log.append(entries(3, 4)) == range(3, 4)


def test_expired_payloads_are_gone_from_the_file_but_their_leaves_stay(path, log):
    log.append([LogEntry(b"a", b"needle-one"), LogEntry(b"b", b"needle-two"), LogEntry(b"c")])
    before = log.checkpoint()
    assert log.expire([0, 2, 99]) == 1
    assert [log.payload(n) for n in range(3)] == [None, b"needle-two", None]
    assert log.verify() == before
    files = b"".join(file.read_bytes() for file in path.parent.glob("ledger.db*"))
    assert b"needle-two" in files
    assert b"needle-one" not in files


def test_a_reader_that_holds_old_pages_makes_expiry_say_so(path, log):
    log.append([LogEntry(b"a", b"needle")])
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM leaves").fetchone()
    log._connection.execute("PRAGMA busy_timeout=10")
    with pytest.raises(LedgerError, match="still in the file"):
        log.expire([0])
    reader.close()
    assert log.expire([0]) == 0


# Damage -----------------------------------------------------------------------------------


def damage(path, statement, *values):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints=ON")
    assert connection.execute(statement, values).rowcount > 0
    connection.close()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE leaves SET data = x'00' WHERE number = 17", "leaf 17 was changed"),
        ("UPDATE leaves SET hash = zeroblob(32) WHERE number = 17", "leaf 17 was changed"),
        ("DELETE FROM leaves WHERE number = 17", "leaf 17 is missing"),
        ("DELETE FROM leaves WHERE number = 0", "leaf 0 is missing"),
        ("UPDATE leaves SET number = -1 WHERE number = 0", "leaf 0 is missing"),
        ("UPDATE nodes SET hash = zeroblob(32) WHERE level = 3 AND number = 2", "leaf 16: .* 3"),
        ("DELETE FROM nodes WHERE level = 3 AND number = 2", "leaf 16: .* 3 .* missing"),
        ("INSERT INTO nodes VALUES (3, 900, zeroblob(32))", "35 inner hashes .* 34 belong"),
        ("INSERT INTO payloads VALUES (38, x'00')", "belong to no leaf"),
        ("DELETE FROM leaves WHERE number = 36", "34 inner|35 inner|belong to no leaf"),
    ],
)
def test_the_first_bad_leaf_of_a_damaged_log_is_named(path, statement, message):
    with MerkleLog(path, origin=ORIGIN) as log:
        log.append(entries(0, 37))
    damage(path, statement)
    for read_only in (True, False):
        with (
            MerkleLog(path, origin=ORIGIN, read_only=read_only) as log,
            pytest.raises(LedgerError, match=message),
        ):
            log.verify()


def test_a_leaf_rewritten_with_its_hash_is_found_by_the_node_above(path, log):
    log.append(entries(0, 37))
    damage(
        path,
        "UPDATE leaves SET data = ?, hash = ? WHERE number = 17",
        b"forged",
        leaf_hash(b"forged"),
    )
    with pytest.raises(LedgerError, match="leaf 16: the hash of level 1"):
        log.verify()


def test_a_column_of_another_type_is_refused(path, log):
    log.append(entries(0, 5))
    damage(path, "UPDATE leaves SET data = 'text' WHERE number = 3")
    with pytest.raises(LedgerError):
        log.verify()
    with pytest.raises(LedgerError, match="does not hold bytes"):
        log.leaf(3)


def test_a_log_cut_off_or_rewritten_is_found_by_its_earlier_checkpoint(path):
    with MerkleLog(path, origin=ORIGIN) as log:
        log.append(entries(0, 4))
        kept = log.checkpoint()
        log.append(entries(4, 8))
        later = log.checkpoint()
        assert log.verify(since=kept) == later
        with pytest.raises(LedgerError, match="is of other"):
            log.verify(since=Checkpoint("other", 4, kept.root))
    shorter, forked = path.with_name("shorter"), path.with_name("forked")
    with MerkleLog(shorter, origin=ORIGIN) as log:
        log.append(entries(0, 4))
        with pytest.raises(LedgerError, match="cut off"):
            log.verify(since=later)
        assert log.verify(since=kept) == kept
    with MerkleLog(forked, origin=ORIGIN) as log:
        log.append([LogEntry(b"other"), *entries(1, 9)])
        with pytest.raises(LedgerError, match="a fork"):
            log.verify(since=later)


def test_damaged_pages_are_reported_with_what_to_do(path):
    with MerkleLog(path, origin=ORIGIN) as log:
        log.append([LogEntry(b"leaf %d" % n * 50) for n in range(400)])
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 4096] = os.urandom(4096)
    path.write_bytes(data)
    with (
        MerkleLog(path, origin=ORIGIN, read_only=True) as log,
        pytest.raises(LedgerError, match=r"damaged|malformed|was changed") as caught,
    ):
        log.verify()
    assert "restore" in caught.value.hint


@pytest.mark.parametrize("data", [b"", b"not a database", b"x" * 8192, b"SQLite format 3\0"])
@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_log_is_refused_and_left_alone(path, data, read_only):
    path.write_bytes(data)
    with pytest.raises(LedgerError) as caught:
        MerkleLog(path, origin=ORIGIN, read_only=read_only)
    assert caught.value.hint
    assert path.read_bytes() == data


def test_a_database_with_foreign_or_extra_tables_is_refused(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE leaves (a)")
    connection.close()
    with pytest.raises(LedgerError, match="not a log"):
        MerkleLog(path, origin=ORIGIN)
    other = path.with_name("other.db")
    MerkleLog(other, origin=ORIGIN).close()
    connection = sqlite3.connect(other)
    connection.execute("CREATE TRIGGER spoil AFTER INSERT ON leaves BEGIN DELETE FROM leaves; END")
    connection.close()
    with pytest.raises(LedgerError, match="not a log"):
        MerkleLog(other, origin=ORIGIN)


def test_a_log_of_another_version_is_refused(path):
    MerkleLog(path, origin=ORIGIN).close()
    damage(path, "UPDATE meta SET value = '2' WHERE name = 'schema'")
    with pytest.raises(LedgerError, match="another version"):
        MerkleLog(path, origin=ORIGIN)


def test_a_path_that_cannot_hold_a_log_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "log", tmp_path, Path("/proc/log")):
        with pytest.raises(LedgerError) as caught:
            MerkleLog(path, origin=ORIGIN)
        assert caught.value.hint


# Read-only ----------------------------------------------------------------------------------


def test_read_only_makes_and_changes_nothing(path):
    with pytest.raises(LedgerError, match="is not a file"):
        MerkleLog(path, origin=ORIGIN, read_only=True)
    assert not path.exists()
    with MerkleLog(path, origin=ORIGIN) as log:
        log.append(entries(0, 3))
    before = path.read_bytes()
    with MerkleLog(path, origin=ORIGIN, read_only=True) as log:
        assert log.verify().root == expected_root(3)
        for work in (lambda: log.append(entries(3, 4)), lambda: log.expire([0])):
            with pytest.raises(LedgerError) as caught:
                work()
            assert "nothing was recorded" in caught.value.hint
    assert path.read_bytes() == before


def test_read_only_sees_what_a_writer_has_just_committed(path, log):
    log.append(entries(0, 3))
    with MerkleLog(path, origin=ORIGIN, read_only=True) as reader:
        assert reader.size == 3
        log.append(entries(3, 5))
        assert reader.verify().root == expected_root(5)


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may write everywhere"
)
def test_a_copy_on_a_read_only_medium_can_be_verified(path):
    with MerkleLog(path, origin=ORIGIN) as log:
        log.append(entries(0, 3))
    path.chmod(0o444)
    for folder in list(path.parents)[:2]:
        folder.chmod(0o555)
    script = (
        "import sys; from pathlib import Path; from probanda.ledger import MerkleLog;"
        f"log = MerkleLog(Path(sys.argv[1]), origin={ORIGIN!r}, read_only=True);"
        "print(log.verify().size)"
    )
    command = [sys.executable, "-c", script, path.name]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    done = subprocess.run(
        command,
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        capture_output=True,
        text=True,
        check=False,
    )
    for folder in list(path.parents)[:2]:
        folder.chmod(0o755)
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr


# Many at once ---------------------------------------------------------------------------------

APPEND = """
import sys
from pathlib import Path
from probanda.ledger import LogEntry, MerkleLog

path, origin, name, count = sys.argv[1:]
with MerkleLog(Path(path), origin=origin) as log:
    number = 0
    while number != int(count):
        numbers = log.append([LogEntry(b"%s %d %d" % (name.encode(), number, i)) for i in (0, 1)])
        print(numbers.stop, flush=True)
        number += 1
"""


def spawn(path, name, count):
    return subprocess.Popen(
        [sys.executable, "-c", APPEND, str(path), ORIGIN, name, str(count)],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_that_make_and_append_at_once_never_fork_the_log(path):
    writers = [spawn(path, f"writer-{number}", 40) for number in range(4)]
    acknowledged = []
    for writer in writers:
        acknowledged += [int(line) for line in writer.communicate(timeout=60)[0].split()]
        assert writer.returncode == 0
    assert sorted(acknowledged) == list(range(2, 322, 2))
    with MerkleLog(path, origin=ORIGIN, read_only=True) as log:
        assert log.verify().size == 320
        leaves = [log.leaf(number) for number in range(320)]
    for number in range(4):
        mine = [leaf for leaf in leaves if leaf.startswith(b"writer-%d " % number)]
        assert mine == [b"writer-%d %d %d" % (number, k, i) for k in range(40) for i in (0, 1)]
    # Both leaves of a group lie side by side: nobody came between them.
    assert all(
        leaves[n].endswith(b" 0") and leaves[n + 1].endswith(b" 1") for n in range(0, 320, 2)
    )


def test_threads_share_one_log(log):
    def work(name):
        for number in range(25):
            log.append([LogEntry(b"%d %d" % (name, number))])

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.verify().size == 100


def test_a_log_carried_over_a_fork_is_refused(log, monkeypatch):
    monkeypatch.setattr(log, "_process", -1)
    with pytest.raises(LedgerError, match="fork"):
        log.append([LogEntry(b"")])


def test_a_writer_that_waits_too_long_says_who_is_in_the_way(path, log):
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    log._connection.execute("PRAGMA busy_timeout=10")
    with pytest.raises(LedgerError, match="locked") as caught:
        log.append([LogEntry(b"")])
    assert "another process" in caught.value.hint
    other.close()
    assert log.append([LogEntry(b"")]) == range(1)


def test_what_was_acknowledged_survives_sudden_death(path):
    with MerkleLog(path, origin=ORIGIN) as log:
        log.append(entries(0, 2))
        known = log.checkpoint()
    for number in range(10):
        writer = spawn(path, f"round-{number}", -1)
        printed = writer.stdout.readline()
        time.sleep(0.013 * number)
        writer.send_signal(signal.SIGKILL)
        printed += writer.communicate()[0]
        assert writer.returncode == -signal.SIGKILL
        # A line without its end was not acknowledged.
        acknowledged = int(printed.rpartition("\n")[0].split()[-1])
        with MerkleLog(path, origin=ORIGIN) as log:
            now = log.verify(since=known)
            assert now.size >= acknowledged > known.size
            assert now.size % 2 == 0
            verify_consistency(
                old_size=known.size,
                new_size=now.size,
                old_root=known.root,
                new_root=now.root,
                proof=log.consistency_proof(known.size),
            )
            names = {log.leaf(index).split()[0] for index in range(known.size, now.size)}
            assert names == {b"round-%d" % number}
            known = now
