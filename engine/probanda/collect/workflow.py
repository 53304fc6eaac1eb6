"""GitHub Actions workflow files: what runs, on which event, with which rights.

Data: `{name, triggers, permissions, jobs, uses, secrets}`.

- `triggers` are `{event, …}`, sorted by event, with the filters as written
  (`branches`, `types`, `paths`, `cron`, …).
- `permissions` is `{source, default, scopes}`: `source` says who set them (`job`,
  `workflow`, or `repository`: the file leaves them to the repository's settings, and then
  there is no `default`); `default` is what a scope has that `scopes` does not name. A
  job's are the effective ones: its own replace the workflow's as a whole.
- A job is `{id, line, name, if, needs, runsOn, environment, permissions, uses,
  secretsInherit, secrets, allSecrets, continueOnError, steps}`; a step `{number, line, id,
  name, if, uses, run, expressions, secrets, allSecrets, continueOnError}`. `number` starts
  at 1; `run` is the script; `expressions` are those written into the script, which whoever
  controls their value may turn into commands.
- What `uses` names is `{text, kind, repository, path, ref, pinned}`; the kind is `action`,
  `workflow`, `local` or `docker`. `pinned`: the ref is a full commit id, or the image a
  digest. A local one is as fixed as the commit that holds the file.
- `uses` at the top lists every one with its `job`, and `step` where it has one. `secrets`
  are names, never values; `allSecrets`: an expression takes the whole context or computes
  the name.

What is not written is absent, not empty.

Rules:

- YAML 1.2: `on` is text. PyYAML would make it `true`.
- A composite action, a reusable fragment, or a file without jobs is refused. Expressions
  are found, not evaluated.

Example:

    >>> read(b"{on: push, jobs: {a: {uses: ./.github/workflows/b.yml}}}")["jobs"][0]["id"]
    'a'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.collect.record import Record, exact, kind_of, present
from probanda.errors import CollectError
from probanda.model.location import Location
from probanda.parse.limits import DOCUMENT
from probanda.parse.yaml import MappingNode, SequenceNode, YamlNode, load_yaml, to_plain

_LEVELS = ("none", "read", "write")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_IMAGE_DIGEST = re.compile(r"docker://\S+@sha256:[0-9a-f]{64}")
# `owner/repository[/path]@ref`, as the documentation of `jobs.<job_id>.steps[*].uses` has it.
_REMOTE = re.compile(
    r"(?P<repository>[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)(?:/(?P<path>[^@\s]+))?@(?P<ref>\S+)"
)
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_TEXT_LITERAL = re.compile(r"'(?:[^']|'')*'")
_SECRET = re.compile(
    r"(?<![\w.-])secrets(?![\w-])\s*(?:\.\s*([A-Za-z_][\w-]*)|\[\s*'([^']*)'\s*\])?",
    re.IGNORECASE,
)
_MAX_EXPRESSION = 200
_HINT = "a workflow has `on` and `jobs`"


class WorkflowCollector:
    """`from: workflow`."""

    name = "workflow"
    media_type = "application/yaml"
    timestamped = False
    max_bytes = DOCUMENT.max_bytes
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {"triggers": [], "jobs": [], "uses": [], "secrets": []}

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """Triggers, permissions, jobs and steps.

        Raises:
            ParseError: not YAML, or beyond a limit.
            CollectError: not a workflow.
        """
        root = load_yaml(data, path=source, limits=DOCUMENT)
        if not isinstance(root, MappingNode):
            raise CollectError(
                "the document is not a mapping", location=Location(source), hint=_HINT
            )
        document = _record(root, "$")
        if "jobs" not in root.entries and "runs" in root.entries:
            raise document.error("this is an action, not a workflow", hint=_HINT)
        permissions = _permissions(document, "workflow", {"source": "repository"})
        jobs = [_job(*entry, permissions) for entry in _jobs(root, document)]
        value = present(
            name=document.optional_text("name"),
            triggers=_triggers(document),
            permissions=permissions,
            jobs=jobs,
            uses=list(_all_uses(jobs)),
            secrets=_scan(to_plain(root))[0],
        )
        return Reading(value, self.media_type)


def _record(node: MappingNode, place: str) -> Record:
    """A located mapping as a record."""
    return Record(exact(to_plain(node)), node.location, place)


def _triggers(document: Record) -> list[dict[str, Any]]:
    """`on` in any of its three forms."""
    value = document.values.get("on")
    if isinstance(value, str):
        events: dict[str, Any] = {value: None}
    elif isinstance(value, list):
        events = dict.fromkeys(document.texts("on"))
    else:
        events = document.optional("on", dict) or {}
    if not events:
        raise document.error("names no event", "on", hint=_HINT)
    triggers = []
    for event, filters in events.items():
        if isinstance(filters, list):
            filters = {"entries": filters}  # noqa: PLW2901 - `schedule` is a list of crons
        if filters is not None and not isinstance(filters, dict):
            raise document.error(f"{kind_of(filters)} where filters belong", f"on.{event}")
        triggers.append({**(filters or {}), "event": event})
    return sorted(triggers, key=lambda one: str(one["event"]))


def _permissions(holder: Record, source: str, inherited: Mapping[str, Any]) -> dict[str, Any]:
    """The effective permissions of the token."""
    if "permissions" not in holder.values:
        return dict(inherited)
    value = holder.values["permissions"]
    if isinstance(value, str) and value in {"read-all", "write-all"}:
        return {"source": source, "default": str(value).removesuffix("-all"), "scopes": {}}
    if value is None:
        # GitHub reads an empty key as no permissions at all; not everyone does.
        raise holder.error("is empty", "permissions", hint="write `permissions: {}` for none")
    scopes = holder.record("permissions")
    for scope, level in scopes.values.items():
        if level not in _LEVELS:
            raise scopes.error(f"is not one of {', '.join(_LEVELS)}", scope)
    return {"source": source, "default": "none", "scopes": dict(scopes.values)}


def _jobs(root: MappingNode, document: Record) -> Iterator[tuple[str, MappingNode]]:
    jobs = root.entries.get("jobs")
    if not isinstance(jobs, MappingNode) or not jobs.entries:
        raise document.error("there is none", "jobs", hint=_HINT)
    for identity, node in jobs.entries.items():
        if not isinstance(node, MappingNode):
            raise CollectError(f"$.jobs.{identity[:80]}: is no mapping", location=node.location)
        yield identity, node


def _job(identity: str, node: MappingNode, inherited: Mapping[str, Any]) -> dict[str, Any]:
    """One job; either it has steps or it calls a workflow."""
    job = _record(node, f"$.jobs.{identity[:80]}")
    steps = node.entries.get("steps")
    called = job.optional_text("uses")
    if (called is None) == (steps is None):
        raise job.error("a job has either `steps` or `uses`")
    environment = job.optional("environment", (str, dict))
    inherits = job.values.get("secrets") == "inherit"
    names, everything = _scan({key: job.values[key] for key in job.values if key != "steps"})
    value = present(
        id=identity,
        line=node.location.line,
        name=job.optional("name", str),
        needs=_as_list(job.optional("needs", (list, str))),
        runsOn=job.values.get("runs-on"),
        environment=environment.get("name") if isinstance(environment, dict) else environment,
        permissions=_permissions(job, "job", inherited),
        uses=None if called is None else _uses(job, called, in_job=True),
        secretsInherit=True if inherits else None,
        secrets=names or None,
        allSecrets=True if everything else None,
        continueOnError=job.values.get("continue-on-error"),
        steps=None if steps is None else [_step(*one) for one in _steps(steps, job)],
    )
    return value | present(**{"if": _condition(job)})


def _steps(node: YamlNode, job: Record) -> Iterator[tuple[int, Record]]:
    if not isinstance(node, SequenceNode) or not node.items:
        raise job.error("is no list of steps", "steps")
    for number, item in enumerate(node.items, 1):
        if not isinstance(item, MappingNode):
            raise job.error(f"step {number} is no mapping", "steps")
        yield number, _record(item, f"{job.place}.steps[{number - 1}]")


def _step(number: int, step: Record) -> dict[str, Any]:
    """One step; it uses an action or runs a script."""
    used, script = step.optional_text("uses"), step.optional("run", str)
    if (used is None) == (script is None):
        raise step.error("a step has either `uses` or `run`")
    names, everything = _scan(dict(step.values))
    value = present(
        number=number,
        line=step.location.line,
        id=step.optional_text("id"),
        name=step.optional("name", str),
        uses=None if used is None else _uses(step, used, in_job=False),
        run=script,
        expressions=None if script is None else _expressions(script) or None,
        secrets=names or None,
        allSecrets=True if everything else None,
        continueOnError=step.values.get("continue-on-error"),
    )
    return value | present(**{"if": _condition(step)})


def _condition(holder: Record) -> str | None:
    """`if`, which may be written as a boolean."""
    value = holder.optional("if", (str, bool, int, float))
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _uses(holder: Record, text: str, *, in_job: bool) -> dict[str, Any]:
    """What `uses` names, and whether it can change without this file."""
    kind = "workflow" if in_job else "action"
    if text.startswith("./"):
        return {"text": text, "kind": "local", "path": text[2:], "pinned": True}
    if text.startswith("docker://") and not in_job:
        pinned = _IMAGE_DIGEST.fullmatch(text) is not None
        return {"text": text, "kind": "docker", "pinned": pinned}
    match = _REMOTE.fullmatch(text)
    if match is None:
        raise holder.error("names neither an action nor a workflow", "uses",
                           hint="owner/repository@commit")  # fmt: skip
    return present(
        text=text,
        kind=kind,
        repository=match["repository"],
        path=match["path"],
        ref=match["ref"],
        pinned=_COMMIT.fullmatch(match["ref"]) is not None,
    )


def _all_uses(jobs: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every `uses` of the file, in its order."""
    for job in jobs:
        if "uses" in job:
            yield {**job["uses"], "job": job["id"]}
        for step in job.get("steps", ()):
            if "uses" in step:
                yield {**step["uses"], "job": job["id"], "step": step["number"]}


def _expressions(text: str) -> list[str]:
    """The expressions within a text, shortened, each once."""
    found = (" ".join(one.split())[:_MAX_EXPRESSION] for one in _EXPRESSION.findall(text))
    return list(dict.fromkeys(found))


def _scan(value: Any) -> tuple[list[str], bool]:
    """Names of the secrets that expressions below `value` use; whether any uses them all."""
    names: set[str] = set()
    everything = False
    for expression in _expressions_below(value):
        literals = [match.span() for match in _TEXT_LITERAL.finditer(expression)]
        for match in _SECRET.finditer(expression):
            if any(start < match.start() < end for start, end in literals):
                continue
            name = match[1] or match[2]
            names.update([name] if name else [])
            everything = everything or not name
    return sorted(names), everything


def _expressions_below(value: Any, key: str = "") -> Iterator[str]:
    """Every expression in a value; an `if` is one without `${{ }}` too."""
    if isinstance(value, str):
        yield from [value] if key == "if" else _EXPRESSION.findall(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _expressions_below(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _expressions_below(inner)


def _as_list(value: list[Any] | str | None) -> list[Any] | None:
    return [value] if isinstance(value, str) else value
