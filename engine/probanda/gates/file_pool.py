"""Judge many files in several processes, in the order of the files.

Rules:

- Results come in the order of the paths, whatever the number of processes: the same bytes.
- Processes are spawned, never forked: nothing of the caller's threads and locks is copied. An
  embedding program that asks for several needs Python's `if __name__ == "__main__"`.
- A chunk of files is one errand, and only a few errands are under way, so that memory does not
  grow with the number of files.
- A worker that dies (out of memory, killed) takes its whole pool along. The chunk that was
  waited for is then judged file by file in a process of its own: only the file that kills
  again is lost, as an `error`. After a few of these nothing more is tried.
- Workers end when this process does, however it ends: they wait at a pipe that only it holds
  open. Ctrl-C is for this process alone.

Example:
    for result in judge_files(task, matches, jobs=2): ...
"""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from probanda.collect import Match
from probanda.gates.file_task import FileResult, FileTask, judge_file, lost

# A chunk ends at whichever comes first.
CHUNK_FILES = 32
CHUNK_BYTES = 1 << 20
# Below both of these a second process costs more than it brings: half a second each.
PARALLEL_FILES = 2_000
PARALLEL_BYTES = 4 << 20
MAX_JOBS = 64
MAX_LOST = 8

_CRASHED = "the process that judged it ended without an answer"
_GIVEN_UP = f"not judged: {MAX_LOST} processes before ended without an answer"


def default_jobs(matches: Sequence[Match]) -> int:
    """As many processes as there are processors; one in a small run."""
    size = sum(match.size for match in matches)
    if len(matches) < PARALLEL_FILES and size < PARALLEL_BYTES:
        return 1
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, MAX_JOBS)


def judge_files(task: FileTask, matches: Sequence[Match], *, jobs: int = 0) -> Iterator[FileResult]:
    """The result of each file, in order; `jobs` is the number of processes, 0 the default's."""
    chunks = _chunks(matches)
    jobs = min(jobs or default_jobs(matches), MAX_JOBS, len(chunks))
    if jobs < 2:
        for match in matches:
            yield judge_file(task, match.path)
        return
    pending = deque(chunks)
    losses = 0
    while pending:
        broken = yield from _together(task, pending, jobs)
        if broken:
            for path, result in _one_by_one(task, pending.popleft(), MAX_LOST - losses):
                losses += result is None
                yield result or lost(task, path, _CRASHED)
        if losses >= MAX_LOST:
            yield from (lost(task, path, _GIVEN_UP) for chunk in pending for path in chunk)
            return


def _chunks(matches: Sequence[Match]) -> list[list[str]]:
    chunks: list[list[str]] = []
    size = CHUNK_BYTES
    for match in matches:
        if size >= CHUNK_BYTES or len(chunks[-1]) >= CHUNK_FILES:
            chunks.append([])
            size = 0
        chunks[-1].append(match.path)
        size += match.size
    return chunks


def _together(
    task: FileTask, pending: deque[list[str]], jobs: int
) -> Generator[FileResult, None, bool]:
    """Results of the chunks, each taken from `pending` with its results; whether it broke."""
    with _pool(task, jobs) as pool:
        asked: deque[Future[list[FileResult]]] = deque()
        while pending:
            try:
                while len(asked) < min(2 * jobs, len(pending)):
                    with _interrupts_held():
                        asked.append(pool.submit(_judge_chunk, pending[len(asked)]))
                results = asked[0].result()
            except BrokenProcessPool:
                return True
            asked.popleft()
            pending.popleft()
            yield from results
    return False


def _one_by_one(
    task: FileTask, paths: Sequence[str], patience: int
) -> Iterator[tuple[str, FileResult | None]]:
    """Each path with its result, or `None` where its process died; a new one for the next."""
    left = deque(paths)
    while left and patience > 0:
        with _pool(task, 1) as pool:
            while left:
                path = left.popleft()
                try:
                    with _interrupts_held():
                        asked = pool.submit(_judge_chunk, [path])
                    (result,) = asked.result()
                except BrokenProcessPool:
                    patience -= 1
                    yield path, None
                    break
                yield path, result
    for path in left:
        yield path, lost(task, path, _GIVEN_UP)


@contextmanager
def _pool(task: FileTask, jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Worker processes that are gone when the block ends, however it ends."""
    context = get_context("spawn")
    alive, held = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start, initargs=(task, alive))
    finished = False
    try:
        yield pool
        finished = True
    finally:
        if not finished:
            held.close()
        pool.shutdown(wait=True, cancel_futures=True)
        held.close()
        alive.close()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Processes that are started inside inherit that SIGINT is blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# What the worker's errands have in common; set once, when the process starts.
_task: FileTask | None = None


def _start(task: FileTask, alive: Connection) -> None:
    global _task  # noqa: PLW0603  # a pool's initializer has no other place
    _task = task
    threading.Thread(target=_end_with, args=(alive,), daemon=True).start()


def _end_with(alive: Connection) -> None:
    """End this process at once when the one that started it closes its end, or is gone."""
    try:
        alive.recv_bytes()
    except (EOFError, OSError):
        os._exit(1)


def _judge_chunk(paths: list[str]) -> list[FileResult]:
    task = _task
    if task is None:
        raise RuntimeError("a worker without a task")
    return [judge_file(task, path) for path in paths]
