"""Put a policy's cases to another engine, and report every disagreement.

Rules:

- The other engine runs in a process of its own and decides nothing.
- "It refuses the module" is not a disagreement: there is no answer to compare.
- A case is `cases/<name>.yaml` of the policy's folder: `entrypoint` and `input`.

Example:
    count, differences = disagreements(policy, WorkingTree(root))
"""

from __future__ import annotations

from typing import Any

from probanda import rego
from probanda.canonical import canonical
from probanda.content import Tree
from probanda.errors import ContentError, PolicyError
from probanda.evaluate import rego_input
from probanda.model.policy import Policy
from probanda.parse.yaml import load_yaml, to_plain
from probanda.rego.opinions import regopy


def disagreements(policy: Policy, tree: Tree) -> tuple[int, list[str]]:
    """How many cases the other engine answered, and where it answered otherwise."""
    names = [entry.rego_path for entry in policy.entrypoints.values()]
    ours = rego.compile(policy.modules, names, version=policy.rego_version)
    try:
        theirs = regopy.compile(policy.modules, names)
    except PolicyError as error:
        return 0, [f"{policy.id}: {regopy.ENGINE} refuses the module: {error.message}"]
    answered, found = 0, []
    with theirs:
        for path in tree.files(f"policies/{policy.id}/cases"):
            case = _case(tree, path)
            entry = policy.entrypoints.get(str(case.get("entrypoint")))
            if entry is None:
                raise ContentError(f"{path}: there is no entry point {case.get('entrypoint')!r}")
            value = rego_input(entry, _context(case.get("input")))
            left = _answer(ours, entry.rego_path, value)
            right = _answer(theirs, entry.rego_path, value)
            answered += 1
            if left != right:
                found.append(f"{path}: we answer {left}, {regopy.ENGINE} answers {right}")
    return answered, found


def _case(tree: Tree, path: str) -> dict[str, Any]:
    case = to_plain(load_yaml(tree.read(path), path=path))
    if not isinstance(case, dict):
        raise ContentError(f"{path}: a case is a mapping")
    return case


def _context(given: Any) -> dict[str, Any]:
    context = {"facts": {}, "parameters": {}, "asOf": "1970-01-01T00:00:00Z", "tenant": "case"}
    return context | (given if isinstance(given, dict) else {})


def _answer(policy: Any, entrypoint: str, value: Any) -> str:
    """The answer as canonical text; an error by its code."""
    try:
        answer = policy.prepare(entrypoint)(value, {})
    except PolicyError as error:
        return error.code
    return "undefined" if answer is rego.UNDEFINED else canonical(answer).decode()
