"""The cache answers only what was asked before, by this user, of this installation."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta

import pytest

from probanda.canonical import canonical
from probanda.errors import EvidenceError
from probanda.gates import file_cache
from probanda.gates.file_cache import Entry, FileCache, open_cache
from probanda.gates.record import Logs, record
from probanda.ledger import Record
from probanda.model.outcome import Outcome
from projects import AS_OF, WORDS_REGO, Project, words_check

MANY = {"words": {"from": "json", "path": "in/*.json"}}
CLOCK_REGO = WORDS_REGO.replace("some word in", 'input.asOf < "2026-11-21"\n\tsome word in')


@pytest.fixture
def environment(tmp_path):
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def many(tmp_path) -> Project:
    project = Project.with_words(tmp_path / "project")
    project.gate("pr", words_check(facts=MANY))
    for number in range(6):
        project.write(f"in/{number}.json", {"bad": ["foo"] if number == 2 else []})
    return project


@pytest.fixture
def cache(many, environment) -> FileCache:
    found = open_cache(many.root, environment)
    assert isinstance(found, FileCache)
    return found


def cached(run) -> int:
    return run.cached["pr"].get("words", 0)


def entries(cache) -> list:
    return [path for path in cache.folder.rglob("*") if path.is_file()]


def test_the_second_run_judges_nothing_anew_and_decides_the_same_bytes(many, cache):
    plain = many.run()
    first, second = many.run(cache=lambda: cache), many.run(cache=lambda: cache, jobs=2)

    assert [cached(run) for run in (plain, first, second)] == [0, 0, 6]
    assert len({canonical(run.decisions[0].to_json()) for run in (plain, first, second)}) == 1
    assert second.exit_code == 1


def changed_file(project):
    project.write("in/2.json", {"bad": []})


def changed_policy(project):
    project.policy(WORDS_REGO + "\n# a comment\n")


def changed_parameters(project):
    project.gate("pr", words_check(facts=MANY, parameters={"a": 1}))


def changed_options(project):
    project.gate("pr", words_check(facts=MANY, policy="demo/words/allow"))


@pytest.mark.parametrize(
    ("change", "kept"),
    [(changed_file, 5), (changed_policy, 0), (changed_parameters, 0), (changed_options, 0)],
)
def test_whatever_a_verdict_depends_on_is_part_of_its_key(many, cache, change, kept):
    many.run(cache=lambda: cache)
    change(many)

    again = many.run(cache=lambda: cache)

    assert cached(again) == kept
    assert canonical(again.decisions[0].to_json()) == canonical(many.run().decisions[0].to_json())


def test_another_tenant_another_name_and_another_state_of_the_engine_know_nothing(
    many, cache, monkeypatch
):
    many.run(cache=lambda: cache)

    assert cached(many.run(cache=lambda: cache, tenant="other")) == 0
    (many.root / "in/5.json").rename(many.root / "in/6.json")
    assert cached(many.run(cache=lambda: cache)) == 5
    monkeypatch.setattr(file_cache, "engine_state", lambda: ["another"])
    assert cached(many.run(cache=lambda: cache)) == 0


def test_another_clock_knows_nothing_only_where_the_policy_reads_it(many, cache):
    later = AS_OF + timedelta(days=2)
    many.run(cache=lambda: cache)
    assert cached(many.run(cache=lambda: cache, as_of=later)) == 6

    many.policy(CLOCK_REGO)
    assert many.run(cache=lambda: cache).decisions[0].outcome is Outcome.FAIL
    assert cached(many.run(cache=lambda: cache)) == 6
    again = many.run(cache=lambda: cache, as_of=later)
    assert (cached(again), again.decisions[0].outcome) == (0, Outcome.PASS)


def test_another_fact_of_the_check_is_part_of_the_key(many, cache):
    many.policy(facts={"words": {"collector": "json"}, "more": {"collector": "json"}})
    facts = {**MANY, "more": {"from": "json", "path": "more.json"}}
    many.gate("pr", words_check(facts=facts))
    many.write("more.json", {"a": 1})
    many.run(cache=lambda: cache)
    assert cached(many.run(cache=lambda: cache)) == 6

    many.write("more.json", {"a": 2})
    assert cached(many.run(cache=lambda: cache)) == 0


def test_a_waiver_counts_although_the_finding_was_remembered(many, cache):
    fingerprint = many.run(cache=lambda: cache).decisions[0].checks[0].findings[0].fingerprint
    many.waiver("one", fingerprint, expires="2026-12-01")

    now, later = (
        many.run(cache=lambda: cache, as_of=AS_OF + timedelta(days=days)) for days in (0, 30)
    )

    assert [cached(run) for run in (now, later)] == [6, 6]
    assert [run.decisions[0].outcome for run in (now, later)] == [Outcome.WAIVED, Outcome.FAIL]


def test_an_error_is_never_remembered(many, cache):
    many.write("in/broken.json", "{")

    many.run(cache=lambda: cache)
    again = many.run(cache=lambda: cache)

    assert cached(again) == 6
    assert again.decisions[0].checks[0].files[-1]["outcome"] == "error"


def forge_body(path):
    mac, _, body = path.read_bytes().partition(b"\n")
    document = json.loads(body)
    document[0], document[3] = "a/b", []
    path.write_bytes(mac + b"\n" + json.dumps(document).encode())


def link(path):
    path.rename(path.with_suffix(".away"))
    path.symlink_to(path.with_suffix(".away"))


def pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "attack",
    [
        forge_body,
        link,
        pipe,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes() + b" "),
        lambda path: path.write_bytes(b"0" * (1 << 20)),
        lambda path: path.write_bytes(b"\n[]"),
    ],
)
def test_a_poisoned_entry_answers_nothing(many, cache, attack):
    many.run(cache=lambda: cache)
    for path in entries(cache):
        attack(path)

    again = many.run(cache=lambda: cache)

    assert cached(again) == 0
    assert again.decisions[0].outcome is Outcome.FAIL


def test_an_entry_under_the_name_of_another_answers_nothing(many, cache):
    many.run(cache=lambda: cache)
    found = {path: path.read_bytes() for path in entries(cache)}
    for path, data in zip(
        found, [*list(found.values())[1:], next(iter(found.values()))], strict=True
    ):
        path.write_bytes(data)

    assert cached(many.run(cache=lambda: cache)) == 0


def test_a_cache_that_was_made_under_another_key_answers_nothing(
    many, cache, environment, tmp_path
):
    many.run(cache=lambda: cache)
    (tmp_path / "state/probanda/cache.key").write_bytes(b"k" * 32)

    moved = open_cache(many.root, environment)

    assert isinstance(moved, FileCache)
    assert cached(many.run(cache=lambda: moved)) == 0


def test_a_folder_in_the_project_open_to_others_or_without_a_home_is_no_cache(many, tmp_path):
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    inside = open_cache(many.root, state | {"XDG_CACHE_HOME": str(many.root / "c")})
    assert "lies in the project" in str(inside)

    shared = tmp_path / "shared/probanda/findings"
    shared.mkdir(parents=True)
    shared.chmod(0o755)
    found = open_cache(many.root, state | {"XDG_CACHE_HOME": str(tmp_path / "shared")})
    assert "open to others" in str(found)

    assert "home" in str(open_cache(many.root, {"XDG_CACHE_HOME": "relative"}))
    link = tmp_path / "linked"
    (link / "probanda").mkdir(parents=True)
    (link / "probanda/findings").symlink_to(many.root)
    found = open_cache(many.root, state | {"XDG_CACHE_HOME": str(link)})
    assert "lies in the project" in str(found)


def test_a_key_that_others_can_read_is_none(many, environment, tmp_path):
    open_cache(many.root, environment)
    (tmp_path / "state/probanda/cache.key").chmod(0o644)

    assert "cache.key" in str(open_cache(many.root, environment))


def test_a_cache_that_cannot_be_written_stops_nothing(many, cache):
    shutil.rmtree(cache.folder)
    cache.folder.write_text("")

    run = many.run(cache=lambda: cache)

    assert (cached(run), run.exit_code) == (0, 1)


def test_a_full_shard_loses_its_older_half(cache, monkeypatch):
    monkeypatch.setattr(file_cache, "MAX_SHARD_ENTRIES", 2)
    bound = cache.bound({})
    for number in range(6_000):
        bound.put(str(number), "0" * 64, Entry("a/b", "", "", ()))
        if any(len(list(shard.iterdir())) > 2 for shard in cache.folder.iterdir()):
            before = len(entries(cache))
            break
    for more in range(20_000):
        bound.put(str(number + more), "0" * 64, Entry("a/b", "", "", ()))
        if len(entries(cache)) < before:
            return
        before = len(entries(cache))
        assert more < 3_000, "nothing was dropped"


def test_what_was_remembered_is_noted_beside_the_decision_and_in_the_ledger(many, cache, cell):
    many.run(cache=lambda: cache)
    run = many.run(cache=lambda: cache)
    (decision,) = run.decisions
    many.store.write(decision, run.content, run.originals["pr"], cached=run.cached["pr"])

    noted = json.loads(many.store.read("pr").run)
    record(many.store, cell, now=AS_OF)

    assert noted["cached"] == {"words": 6}
    with Logs.open(cell) as logs:
        kinds = [Record.parse(logs.ledger.leaf(n)).kind for n in range(logs.ledger.size)]
        assert kinds[:2] == ["decision", "run"]
        assert json.loads(logs.ledger.payload(1)) == noted


def test_a_note_goes_with_its_decision_and_no_other_is_taken(many, cache):
    many.run(cache=lambda: cache)
    run = many.run(cache=lambda: cache)
    (decision,) = run.decisions
    many.store.write(decision, run.content, run.originals["pr"], cached=run.cached["pr"])
    path = many.root / ".probanda/decisions/pr/run.json"
    document = json.loads(path.read_bytes())
    for forged in ({**document, "decision": "0" * 64}, {**document, "cached": {"words": 0}}, []):
        path.write_bytes(canonical(forged))
        with pytest.raises(EvidenceError, match="malformed"):
            many.store.read("pr")

    many.store_run()
    assert not path.exists()
    assert many.store.read("pr").run == b""
