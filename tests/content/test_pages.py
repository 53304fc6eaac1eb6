"""The page beside a policy: the project's own, or the built-in one."""

from __future__ import annotations

from probanda.content import WorkingTree, load, policy_page
from projects import Project


def test_a_built_in_policys_page_is_found_whatever_the_project(words):
    tree = WorkingTree(words.root)
    policy, _ = load(tree).entrypoint("builtin:supply-chain/license-allowlist/findings")

    assert policy_page(tree, policy).startswith("# Licence allow list\n")


def test_a_projects_page_is_its_own_and_may_be_missing(words: Project):
    tree = WorkingTree(words.root)
    policy, _ = load(tree).entrypoint("demo/words/findings")
    assert policy_page(tree, policy) == ""

    words.write("policies/demo/words/README.md", b"# Words \xff\n")

    assert policy_page(tree, policy) == "# Words \ufffd\n"
