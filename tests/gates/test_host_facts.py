"""What the host states: clarifications whose signature it has checked, and nothing else."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from probanda.content import WorkingTree, load
from probanda.errors import MultipleContentError
from probanda.gates.host_facts import verified_clarifications
from projects import Project

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def project(tmp_path) -> Project:
    made = Project(tmp_path)
    made.approver("ada@example.org", KEY)
    return made


def verified(project: Project):
    return verified_clarifications(load(WorkingTree(project.root)))


def clarify(project: Project, expression: str, key: Ed25519PrivateKey = KEY) -> None:
    path = project.clarification("pkg:pypi/left@1.0.0", expression, author="ada@example.org")
    project.sign(path, key)


def test_a_project_without_clarifications_states_none(project):
    assert verified(project) == []


def test_a_verified_clarification_is_what_policies_see(project):
    clarify(project, "MIT OR (Apache-2.0 AND BSD-3-Clause)")

    (fact,) = verified(project)

    assert fact == {
        "purl": "pkg:pypi/left@1.0.0",
        "license": "MIT OR (Apache-2.0 AND BSD-3-Clause)",
        "alternatives": [["Apache-2.0", "BSD-3-Clause"], ["MIT"]],
        "author": "ada@example.org",
    }


def test_a_clarification_that_is_no_expression_is_refused(project):
    clarify(project, "MIT AND")

    with pytest.raises(MultipleContentError, match="SPDX"):
        verified(project)


def test_every_bad_clarification_is_reported_at_once(project):
    clarify(project, "MIT", Ed25519PrivateKey.generate())
    first = project.root / "evidence/clarifications/one.yaml"
    text = first.read_text().replace('"one"', '"two"').replace("left", "right")
    project.write("evidence/clarifications/two.yaml", text)
    project.sign(project.root / "evidence/clarifications/two.yaml", Ed25519PrivateKey.generate())

    with pytest.raises(MultipleContentError) as caught:
        verified(project)

    assert [error.location.path for error in caught.value.errors] == [
        "evidence/clarifications/one.yaml",
        "evidence/clarifications/two.yaml",
    ]
