"""Put a policy's cases to other engines, and report every disagreement.

Rules:

- The other engines run in processes of their own and decide nothing.
- An engine that has no opinion (absent, refuses the module, crashed, too slow) is counted apart:
  it neither agrees nor disagrees.
- A disagreement whose cause is on the list of known ones is reported with that reason and fails
  nothing; any other is news.
- Where OPA answers and we report an error, OPA is asked again without its rule index and early
  exit, which skip what would have failed: see `known`.
- A case is `cases/<name>.yaml` of the policy's folder: `entrypoint` and `input`.

Example:
    with engine.session(10.0) as session:
        opinions = compare(policy, WorkingTree(root), engine, session)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probanda import rego
from probanda.content import Tree
from probanda.errors import ContentError, PolicyError
from probanda.evaluate import rego_input
from probanda.model.policy import Policy
from probanda.parse.yaml import load_yaml, to_plain
from probanda.rego.opinions.interface import (
    UNDEFINED_ANSWER,
    Answer,
    Engine,
    Kind,
    Question,
    Session,
    value_answer,
)
from probanda.rego.opinions.known import INDEXED, Known, explanation


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One case that another engine answers otherwise; `known` says why where that is known."""

    case: str
    ours: Answer
    engine: str
    theirs: Answer
    known: Known | None

    def __str__(self) -> str:
        if self.known is None:
            return f"{self.case}: we answer {self.ours}, {self.engine} answers {self.theirs}"
        return (
            f"{self.case}: {self.engine} differs, known: {self.known.reason} ({self.known.source})"
        )


@dataclass(frozen=True, slots=True)
class Opinions:
    """What one engine makes of one policy.

    Attributes:
        asked: cases.
        answered: cases about which it has an opinion.
        silence: why it has none about the others; each reason once.
        disagreements: the cases that it answers otherwise.
    """

    asked: int
    answered: int
    silence: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]

    @property
    def news(self) -> tuple[Disagreement, ...]:
        """Disagreements that no known cause explains."""
        return tuple(each for each in self.disagreements if each.known is None)


def compare(policy: Policy, tree: Tree, engine: Engine, session: Session) -> Opinions:
    """Put the policy's cases to the engine.

    Raises:
        PolicyError, ContentError: the policy or a case is wrong.
    """
    names = [entry.rego_path for entry in policy.entrypoints.values()]
    ours = rego.compile(policy.modules, names, version=policy.rego_version)
    cases = dict(_cases(policy, tree))
    questions = list(cases.values())
    if policy.rego_version != 1:
        return Opinions(len(questions), 0, ("it is asked about Rego v1 alone",), ())
    theirs = session.answers(policy.modules, questions)
    answered, silence, found = 0, dict[str, None](), []
    for place, question, answer in zip(cases, questions, theirs, strict=True):
        if answer.kind is Kind.NO_OPINION:
            silence[answer.text] = None
            continue
        answered += 1
        own = own_answer(ours, question, strict=engine.strict)
        if not engine.agrees(own, answer):
            known = explain(policy, engine, session, question, (own, answer))
            found.append(Disagreement(place, own, engine.name, answer, known))
    return Opinions(len(questions), answered, tuple(silence), tuple(found))


def own_answer(
    policy: rego.Policy, question: Question, *, strict: bool, data: Mapping[str, Any] | None = None
) -> Answer:
    """Our own engine's answer, in the form in which answers are compared."""
    evaluate = policy.prepare(question.entrypoint, strict_builtin_errors=strict)
    try:
        found = evaluate(question.input, data)
    except PolicyError as error:
        return Answer(Kind.ERROR, error.code)
    return UNDEFINED_ANSWER if found is rego.UNDEFINED else value_answer(json.dumps(found))


def explain(
    policy: Policy,
    engine: Engine,
    session: Session,
    question: Question,
    answers: tuple[Answer, Answer],
) -> Known | None:
    """The known cause of a disagreement between our answer and theirs, if there is one."""
    ours, theirs = answers
    if engine.exact and ours.kind is Kind.ERROR:
        again = session.answers(policy.modules, [question], plainly=True)[0]
        return INDEXED if engine.agrees(ours, again) else None
    return explanation(engine.name, policy.modules, ours, theirs)


def _cases(policy: Policy, tree: Tree) -> Iterator[tuple[str, Question]]:
    for path in tree.files(f"policies/{policy.id}/cases"):
        case = to_plain(load_yaml(tree.read(path), path=path))
        if not isinstance(case, dict):
            raise ContentError(f"{path}: a case is a mapping")
        entry = policy.entrypoints.get(str(case.get("entrypoint")))
        if entry is None:
            raise ContentError(f"{path}: there is no entry point {case.get('entrypoint')!r}")
        yield path, Question(entry.rego_path, rego_input(entry, _context(case.get("input"))))


def _context(given: Any) -> dict[str, Any]:
    context = {"facts": {}, "parameters": {}, "asOf": "1970-01-01T00:00:00Z", "tenant": "case"}
    return context | (given if isinstance(given, dict) else {})
