"""A check that is made for each of many files.

Rules:

- No file at all is `notEvaluated`. What several make of the check: `file_outcomes`.
- Neither the number of processes nor the cache shows in the result: how much was remembered
  is noted beside it (`FileRun.cached`).

Example:
    judged = judge_each(task, FileRun(jobs=2), "sboms")
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from probanda.collect import Workspace, check_source, collect, match_files
from probanda.evaluate import explain_denial
from probanda.gates.file_cache import FileCache
from probanda.gates.file_task import FileResult, FileTask
from probanda.model.instant import format_instant
from probanda.rego.dependence import dependence

if TYPE_CHECKING:
    from probanda.rego.explain import Explanation

# Keys of the input that say nothing of when a policy is asked.
_TIMELESS = frozenset({"facts", "parameters", "tenant"})


@dataclass(slots=True)
class FileRun:
    """How checks of many files run, and what is noted of it.

    Attributes:
        jobs: number of processes; 0 for as many as it needs.
        cache: opens what remembers findings, if there is one; asked when a check first needs it.
        cached: by check, how many files were not judged anew.
        progress: told how many files of how many are done.
    """

    jobs: int = 0
    cache: Callable[[], FileCache | None] | None = None
    cached: dict[str, int] = field(default_factory=dict)
    progress: Callable[[int, int], None] | None = None


def judge_each(task: FileTask, run: FileRun, check: str) -> list[FileResult]:
    """The result of each file that the pattern of `task` means, in the order of their paths.

    Raises:
        MissingArtifactError: there is none.
        CollectError: they cannot be listed, or the fact makes no sense.
    """
    from probanda.gates.file_pool import judge_files  # multiprocessing; most checks need none

    check_source(task.source)
    matches = match_files(task.root, task.source.path, limit=task.source.max_files)
    cache = None if run.cache is None else run.cache()
    if cache is not None:
        task = replace(task, cache=cache.bound(_inputs(task)))
    judged: list[FileResult] = []
    for result in judge_files(task, matches, jobs=run.jobs):
        judged.append(result)
        if run.progress is not None:
            run.progress(len(judged), len(matches))
    if cached := sum(result.cached for result in judged):
        run.cached[check] = cached
    return judged


def _inputs(task: FileTask) -> Mapping[str, Any]:
    """What a verdict depends on beside the file itself."""
    data = {name: fact.data for name, fact in task.facts.items()}
    named = json.dumps([data, dict(task.host_facts)], sort_keys=True, default=repr)
    entry = task.policy.entrypoints[task.entrypoint]
    found = dependence(task.program())
    timeless = not found.context and (
        all(path.split(".")[0] in _TIMELESS for path in entry.input.values())
        if entry.input
        else found.keys is not None and found.keys <= _TIMELESS
    )
    return {
        "fact": task.source.name,
        "collector": task.source.collector,
        "options": dict(task.source.options),
        "policy": [task.policy.id, task.policy.digest, task.entrypoint],
        "parameters": dict(task.parameters),
        "facts": hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest(),
        "tenant": task.tenant,
        "asOf": "" if timeless else format_instant(task.as_of),
    }


def explain_first(
    task: FileTask,
    judged: Sequence[FileResult],
    explanations: dict[str, Explanation],
    check: str,
) -> None:
    """Explain the denial of the first file that has one.

    Raises:
        ProbandaError: it cannot be explained.
    """
    path = next((each.reference["source"] for each in judged if each.findings), None)
    if path is None:
        return
    source = replace(task.source, path=path)
    found = collect(source, Workspace(task.root), collected_at=format_instant(task.as_of))
    context = task.context(found.fact)
    explanation = explain_denial(task.policy, task.program(), task.entrypoint, context)
    if explanation is not None:
        explanations[check] = explanation
