"""Several processes: what becomes of the files when one dies, and of the processes when we do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli_environment import environment
from deadly import DeadlyTask
from probanda.collect import Match
from probanda.content import WorkingTree, load
from probanda.gates import file_pool
from probanda.gates.file_pool import default_jobs, judge_files
from probanda.gates.file_task import FileTask
from probanda.model.outcome import Outcome
from projects import AS_OF, Project, words_check


def task_of(project: Project, kind=FileTask) -> FileTask:
    project.gate("pr", words_check(facts={"words": {"from": "json", "path": "in/*.json"}}))
    catalogue = load(WorkingTree(project.root))
    policy, entry = catalogue.entrypoint("demo/words/findings")
    source = catalogue.gates["pr"].checks[0].files
    return kind(
        root=project.root,
        source=source,
        facts={},
        host_facts={},
        policy=policy,
        entrypoint=entry.name,
        parameters={},
        as_of=AS_OF,
        tenant="acme",
        seconds=10.0,
    )


def files(project: Project, *contents) -> list[Match]:
    made = []
    for number, content in enumerate(contents):
        path = f"in/{number:03d}.json"
        project.write(path, {"bad": content})
        made.append(Match(path, 20))
    return made


@pytest.mark.slow
def test_a_file_that_kills_its_process_is_an_error_and_no_other_is(words):
    contents = [[] for _ in range(40)]
    contents[7] = ["kill"]
    contents[35] = ["foo"]
    matches = files(words, *contents)

    results = list(judge_files(task_of(words, DeadlyTask), matches, jobs=2))

    assert [each.reference["source"] for each in results] == [each.path for each in matches]
    assert [n for n, each in enumerate(results) if each.undecided] == [7]
    assert results[7].undecided is Outcome.ERROR
    assert "ended without an answer" in results[7].reason
    assert [n for n, each in enumerate(results) if each.findings] == [35]


@pytest.mark.slow
def test_after_a_few_deaths_the_rest_is_an_error_too(words, monkeypatch):
    monkeypatch.setattr(file_pool, "MAX_LOST", 2)
    matches = files(words, [], ["kill"], [], ["kill"], *([["foo"]] * 36))

    results = list(judge_files(task_of(words, DeadlyTask), matches, jobs=2))

    assert len(results) == 40
    assert [each.undecided for each in results[:4]] == [None, Outcome.ERROR, None, Outcome.ERROR]
    assert {each.undecided for each in results[4:]} == {Outcome.ERROR}
    assert not any(each.findings for each in results)


def test_a_small_run_stays_in_one_process():
    assert default_jobs([Match(f"{n}", 1_000) for n in range(500)]) == 1
    assert default_jobs([Match("big", 1 << 30)]) >= 1
    assert default_jobs([Match(f"{n}", 1) for n in range(5_000)]) == len(os.sched_getaffinity(0))


RUN = """
import sys
from probanda.cli import main
main(sys.argv[1:])
"""


def workers(parent: int) -> list[int]:
    """Processes that somewhere descend from `parent` (Linux)."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found, left = [], [parent]
    while left:
        below = children.get(left.pop(), [])
        found += below
        left += below
    return found


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_an_interrupted_or_killed_run(words, number):
    task_of(words)
    # Each file takes far longer than the test waits.
    rego = """\
package demo.words

# METADATA
# title: Takes long
# custom: {id: bad-word, severity: high, remediation: Take less.}
findings contains {"rule": "bad-word", "key": "k", "message": "m"} if {
\tsome a in numbers.range(1, 30000)
\tsome b in numbers.range(1, 30000)
\ta * b == -1
}
"""
    words.policy(rego, entrypoints={"findings": {"kind": "findings", "rule": "findings"}})
    files(words, *([[]] * 80))
    with subprocess.Popen(
        [sys.executable, "-c", RUN, "check", "--project", words.root, "--jobs", "2", "--no-cache"],
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 60
        # Two workers and Python's own tracker of resources.
        while len(started := workers(process.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1.0)
        if number is signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.kill()
        _, errors = process.communicate(timeout=60)
    while any(map(alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert len(started) >= 3
    assert [pid for pid in started if alive(pid)] == []
    assert process.returncode == (130 if number is signal.SIGINT else -signal.SIGKILL)
    assert "Traceback" not in errors
    assert not (words.root / ".probanda").exists()
