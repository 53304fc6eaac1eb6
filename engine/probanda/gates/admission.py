"""What a check's parameters would have to list for one of its findings to pass: tried, not guessed.

Rules:

- Only additions to lists of strings are tried: an allow list grows by one entry. Nothing is taken
  away and no switch is turned, for that would rather hide findings than admit one thing.
- The words of a finding's message and its key are what may be added. An addition counts only if
  the same policy, on the same facts, then finds this one no more, and nothing new.
- Bounded: small artifacts, the first findings of a check, so many evaluations. What was not tried
  is not suggested.
- It is advice and no part of a decision. An admission loosens the gate: an approver decides.

Example:
    admissions = find_admissions(policy, findings, ask, parameters={"allow": ["MIT"]})
    admissions[fingerprint]     # Admission(parameter='allow', value='BSD-3-Clause')
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from probanda.model.finding import Finding
from probanda.model.policy import Policy

# As many findings as the terminal shows, and evaluations of some milliseconds each.
MAX_FINDINGS = 20
MAX_TRIALS = 60
MAX_TRIALS_EACH = 12
# Of all artifacts of the check together: an evaluation's time grows with them.
MAX_BYTES = 1 << 18
MAX_WORD = 200

_EDGES = "\"'`.,:;!?()[]{}<>"
_WORD = re.compile(r"\S+")

# Parameters → what the policy finds with them.
Ask = Callable[[Mapping[str, Any]], Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Admission:
    """A parameter of a check, and the string to add to it."""

    parameter: str
    value: str


def find_admissions(
    policy: Policy, findings: Sequence[Finding], ask: Ask, *, parameters: Mapping[str, Any]
) -> dict[str, Admission]:
    """By fingerprint, the addition that lets a finding pass; only where one was found.

    Raises:
        PolicyError: the policy broke on one of them.
    """
    names = list(_lists(policy, parameters))
    left = MAX_TRIALS if names else 0
    everything = {finding.fingerprint for finding in findings}
    found: dict[str, Admission] = {}
    for finding in findings[:MAX_FINDINGS]:
        if finding.fingerprint in found:
            continue
        candidates = (Admission(name, word) for word in _words(finding) for name in names)
        for candidate in islice(candidates, min(left, MAX_TRIALS_EACH)):
            left -= 1
            rest = _rest(candidate, policy, ask, parameters)
            if rest is not None and rest <= everything - {finding.fingerprint}:
                # One entry often admits several findings.
                found |= dict.fromkeys(everything - rest - set(found), candidate)
                break
    return found


def _lists(policy: Policy, parameters: Mapping[str, Any]) -> Iterator[str]:
    """Parameters that are lists of strings, those that the check gives first."""
    properties = policy.parameters_schema.get("properties")
    if not isinstance(properties, Mapping):
        return
    for name in sorted(properties, key=lambda name: (name not in parameters, name)):
        schema = properties[name]
        listing = isinstance(schema, Mapping) and schema.get("type") == "array"
        items = schema.get("items") if listing else None
        if isinstance(items, Mapping) and items.get("type") == "string":
            yield name


def _words(finding: Finding) -> Iterator[str]:
    """What a message may name: its words, the last first, then the key. Each once."""
    words = [word.strip(_EDGES) for word in _WORD.findall(finding.message)]
    candidates = [*reversed(words), finding.key]
    # A name has a capital, a digit or a separator; a plain word of the sentence comes last.
    candidates.sort(key=lambda word: word.islower() and word.isalpha())
    return iter(dict.fromkeys(word for word in candidates if 0 < len(word) <= MAX_WORD))


def _rest(
    candidate: Admission, policy: Policy, ask: Ask, parameters: Mapping[str, Any]
) -> set[str] | None:
    """Fingerprints of what is found with the candidate in its list; `None`: it may not be there."""
    import jsonschema

    listed = parameters.get(candidate.parameter, ())
    if candidate.value in listed:
        return None
    tried = {**parameters, candidate.parameter: [*listed, candidate.value]}
    if not jsonschema.Draft202012Validator(policy.parameters_schema).is_valid(tried):
        return None
    return {each.fingerprint for each in ask(tried)}
