"""Workflow files: real ones, our own, and broken ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from probanda.canonical import canonical
from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["workflow"]
ROOT = Path(__file__).resolve().parents[2]
COMMIT = "08c6903cd8c0fde910a37f88322edcfb5dd907a8"


def read(text):
    data = text if isinstance(text, bytes) else text.encode()
    return COLLECTOR.read(data, source="ci.yml", options={}).data


def workflow(steps, *, head="on: push", job=""):
    return f"{head}\njobs:\n  a:\n    runs-on: x\n{job}    steps:\n{steps}"


def step(text):
    return read(workflow(f"      - {text}\n"))["jobs"][0]["steps"][0]


def test_this_repositorys_own_workflow_is_pinned_and_may_only_read():
    fact = read((ROOT / ".github" / "workflows" / "ci.yml").read_bytes())
    assert [one["event"] for one in fact["triggers"]] == ["pull_request", "push"]
    assert fact["uses"]
    assert all(one["pinned"] for one in fact["uses"])
    scopes = {level for job in fact["jobs"] for level in job["permissions"]["scopes"].values()}
    assert scopes <= {"read"}


def test_real_workflows_are_read_whole(vectors):
    paths = sorted((vectors / "workflows").glob("*.y*ml"))
    if not paths:
        pytest.skip("no workflow files among the vectors")
    for path in paths:
        fact = read(path.read_bytes())
        assert fact["jobs"]
        assert fact["triggers"]
        jobs = yaml.load(path.read_bytes(), Loader=yaml.BaseLoader)["jobs"]
        steps = [one for job in jobs.values() for one in (job, *job.get("steps", []))]
        assert [one["text"] for one in fact["uses"]] == [
            one["uses"] for one in steps if "uses" in one
        ]
        canonical(fact)


@pytest.mark.parametrize(
    ("head", "events"),
    [
        ("on: push", ["push"]),
        ("on: [push, pull_request_target]", ["pull_request_target", "push"]),
        ("on: {workflow_dispatch: }", ["workflow_dispatch"]),
        ('"on": {schedule: [{cron: "0 0 * * *"}]}', ["schedule"]),
    ],
)
def test_triggers_have_one_shape(head, events):
    fact = read(workflow("      - run: x\n", head=head))
    assert [one["event"] for one in fact["triggers"]] == events


def test_filters_of_a_trigger_are_kept():
    fact = read(workflow("      - run: x\n", head="on: {push: {branches: [main]}}"))
    assert fact["triggers"] == [{"event": "push", "branches": ["main"]}]


@pytest.mark.parametrize(
    ("uses", "kind", "pinned"),
    [
        (f"actions/checkout@{COMMIT}", "action", True),
        (f"actions/checkout@{COMMIT[:39]}", "action", False),
        (f"actions/checkout@{COMMIT.upper()}", "action", False),
        ("actions/checkout@v4", "action", False),
        (f"github/codeql-action/init@{COMMIT}", "action", True),
        ("./.github/actions/x", "local", True),
        ("docker://alpine:3", "docker", False),
        (f"docker://alpine@sha256:{'a' * 64}", "docker", True),
    ],
)
def test_what_a_step_uses_is_pinned_or_not(uses, kind, pinned):
    used = step(f"uses: {uses}")["uses"]
    assert (used["kind"], used["pinned"]) == (kind, pinned)


def test_a_called_workflow_and_its_secrets_are_seen():
    fact = read(
        "on: push\njobs:\n  a:\n    uses: o/r/.github/workflows/x.yml@main\n    secrets: inherit\n"
    )
    assert fact["jobs"][0]["secretsInherit"] is True
    assert fact["uses"] == [
        {
            "text": "o/r/.github/workflows/x.yml@main",
            "kind": "workflow",
            "repository": "o/r",
            "path": ".github/workflows/x.yml",
            "ref": "main",
            "pinned": False,
            "job": "a",
        }
    ]


@pytest.mark.parametrize(
    ("head", "job", "expected"),
    [
        ("", "", {"source": "repository"}),
        ("permissions: {}\n", "", {"source": "workflow", "default": "none", "scopes": {}}),
        ("permissions: read-all\n", "", {"source": "workflow", "default": "read", "scopes": {}}),
        (
            "permissions: write-all\n",
            "    permissions: {contents: read}\n",
            {"source": "job", "default": "none", "scopes": {"contents": "read"}},
        ),
    ],
)
def test_permissions_are_the_effective_ones(head, job, expected):
    fact = read(workflow("      - run: x\n", head=f"{head}on: push", job=job))
    assert fact["jobs"][0]["permissions"] == expected


def test_secrets_are_found_by_name_in_expressions_only():
    text = (
        "{run: 'cat secrets.txt ${{ secrets.A }}', env: {B: \"${{ secrets['b-c'] || '' }}\","
        " C: \"${{ 'secrets.NO' }}\"}, if: \"secrets.D != ''\"}"
    )
    found = step(text)
    assert found["secrets"] == ["A", "D", "b-c"]
    assert "allSecrets" not in found
    assert found["expressions"] == ["secrets.A"]
    assert step("{run: '${{ toJSON(secrets) }}'}")["allSecrets"] is True
    assert step("{run: '${{ secrets[matrix.name] }}'}")["allSecrets"] is True


def test_expressions_written_into_a_script_are_listed():
    found = step('{run: "echo ${{ github.event.pull_request.title }}"}')
    assert found["expressions"] == ["github.event.pull_request.title"]
    assert "expressions" not in step("run: echo")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no document"),
        ("[]", "not a mapping"),
        ("on: push\n", r"jobs: there is none"),
        ("on: push\njobs: {}\n", r"jobs: there is none"),
        ("jobs: {a: {runs-on: x, steps: [{run: x}]}}", r"on: names no event"),
        ("on: []\njobs: {a: {uses: ./x}}", r"on: names no event"),
        ("on: 5\njobs: {a: {uses: ./x}}", r"on: a number where an object belongs"),
        ("runs: {using: composite, steps: []}", "an action, not a workflow"),
        ("on: push\njobs: {a: {runs-on: x}}", "either `steps` or `uses`"),
        ("on: push\njobs: {a: {runs-on: x, steps: []}}", "no list of steps"),
        ("on: push\njobs: {a: {runs-on: x, steps: [x]}}", "step 1 is no mapping"),
        ("on: push\njobs: {a: []}", "is no mapping"),
        ("on: push\njobs: {a: {steps: [{name: x}]}}", "either `uses` or `run`"),
        ("on: push\njobs: {a: {steps: [{run: x, uses: ./y}]}}", "either `uses` or `run`"),
        ("on: push\njobs: {a: {steps: [{uses: checkout}]}}", "names neither an action"),
        ("on: push\npermissions: {contents: admin}\njobs: {a: {uses: ./x}}", "is not one of none"),
        ("on: push\npermissions:\njobs: {a: {uses: ./x}}", "permissions: is empty"),
        ("on: push\npermissions: all\njobs: {a: {uses: ./x}}", "text where an object belongs"),
    ],
)
def test_what_is_no_workflow_is_refused_with_a_reason(text, reason):
    with pytest.raises((CollectError, ParseError), match=reason):
        read(text)


@pytest.mark.parametrize("text", ["on: push\non: pull_request", "on: [", "on: !!python/name:a x"])
def test_broken_yaml_is_refused_with_its_line(text):
    with pytest.raises(ParseError, match=r"ci\.yml:"):
        read(text)
