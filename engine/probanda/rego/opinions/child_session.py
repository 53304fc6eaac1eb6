"""Sessions of engines that live in a child of ours: compile, ask, sort the endings.

Rules:

- What ends in OPA's evaluation codes is the engine's answer. A refusal of the modules, a crash,
  a timeout and what our wrapper refuses to hand over are no opinion.
- One child serves all policies of a session; it is ended with the session.

Example:

    with child_session(compile, "probanda.rego.opinions.regorus_worker")(10.0) as session: …
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

from probanda.errors import PolicyError
from probanda.rego.opinions.interface import (
    UNDEFINED_ANSWER,
    Answer,
    Kind,
    Question,
    value_answer,
)
from probanda.rego.opinions.worker import Client
from probanda.rego.values import UNDEFINED

# The child is gone, or it ran out of time: that says nothing about the policy.
_BREAKAGE: Final = frozenset({"eval_internal_error", "eval_cancel_error"})


class Compiled(Protocol):
    """A policy in a child."""

    def prepare(self, entrypoint: str) -> Callable[[Any, Any], Any]:
        """A function of (input, data); it raises `PolicyError`."""
        ...


class Compile(Protocol):
    """How an engine compiles modules in the child of `client`."""

    def __call__(
        self,
        modules: Mapping[str, str],
        entrypoints: Sequence[str],
        *,
        seconds: float,
        client: Client,
    ) -> Compiled:
        """Compile, or raise `PolicyError`."""
        ...


class ChildSession:
    """One child, and the policies that it is given."""

    def __init__(self, compile: Compile, client: Client, seconds: float) -> None:  # noqa: A002  # as in re.compile
        self._compile, self._client, self._seconds = compile, client, seconds

    def answers(
        self,
        modules: Mapping[str, str],
        questions: Sequence[Question],
        data: Mapping[str, Any] | None = None,
        *,
        plainly: bool = False,  # noqa: ARG002  # these engines have one mode
    ) -> tuple[Answer, ...]:
        """One answer for each question, in order."""
        entrypoints = list(dict.fromkeys(question.entrypoint for question in questions))
        try:
            policy = self._compile(modules, entrypoints, seconds=self._seconds, client=self._client)
        except PolicyError as error:
            refused = Answer(Kind.NO_OPINION, f"refuses the module: {error.message}")
            return tuple(refused for _ in questions)
        return tuple(_answer(policy, question, data) for question in questions)


def _answer(policy: Compiled, question: Question, data: Mapping[str, Any] | None) -> Answer:
    try:
        found = policy.prepare(question.entrypoint)(question.input, data)
    except PolicyError as error:
        if error.code.startswith("eval_") and error.code not in _BREAKAGE:
            return Answer(Kind.ERROR, error.code, error.message)
        return Answer(Kind.NO_OPINION, error.message)
    return UNDEFINED_ANSWER if found is UNDEFINED else value_answer(json.dumps(found))


def child_session(
    compile: Compile,  # noqa: A002  # as in re.compile
    module: str,
) -> Callable[[float], Any]:
    """What `Engine.session` is for an engine whose child runs `module`."""

    @contextmanager
    def session(seconds: float) -> Iterator[ChildSession]:
        client = Client(module)
        try:
            yield ChildSession(compile, client, seconds)
        finally:
            client.close()

    return session
