"""What another Rego engine is asked, and what it may answer.

Rules:

- An answer is one of four: a value, undefined, an error with its code, or no opinion with the
  reason. An engine that crashes, hangs, is absent or lacks a built-in has no opinion; it never
  agrees and never disagrees.
- Values are compared as text in which 1 and 1.0 are one number; integers exactly, decimals as
  doubles, which is what a reader of JSON gets. Sets are arrays in Rego's order.
- Nobody is asked about a policy that names a built-in which reads a clock, chance or the world:
  the answers could not be compared.
- `strict` engines end an evaluation at an error of a built-in, the others go on with undefined;
  we are compared in the same mode.
- `exact` engines are the language's own: their error codes and their refusals count. Of the
  others an error agrees with any error, and a refusal is no opinion.

Example:

    with ENGINES["opa"].session(10.0) as session:
        session.answers(modules, [Question("a/b/allow", {"user": "ada"})])
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Protocol

# https://www.openpolicyagent.org/docs/policy-reference#builtins, marked as not deterministic
# or as touching the world.
IMPURE: Final = frozenset(
    {
        "http.send",
        "net.lookup_ip_addr",
        "opa.runtime",
        "rand.intn",
        "time.now_ns",
        "uuid.rfc4122",
    }
)


class Kind(StrEnum):
    """What sort of answer it is."""

    VALUE = "value"
    UNDEFINED = "undefined"
    ERROR = "error"
    NO_OPINION = "no opinion"


@dataclass(frozen=True, slots=True)
class Answer:
    """One engine's answer.

    Attributes:
        kind: which of the four.
        text: the value's JSON, the error's code, or the reason.
        detail: the error in the engine's words, for people.
    """

    kind: Kind
    text: str = ""
    detail: str = field(default="", compare=False)

    def __str__(self) -> str:
        if self.kind is Kind.VALUE:
            return self.text
        words = f"{self.kind} {self.text}".rstrip()
        return f"{words} ({self.detail})" if self.detail else words


UNDEFINED_ANSWER = Answer(Kind.UNDEFINED)


@dataclass(frozen=True, slots=True)
class Question:
    """An entry point (`package/path/rule`) and the input for it, a JSON value."""

    entrypoint: str
    input: Any


class Session(Protocol):
    """An engine that is ready; its processes end with it."""

    def answers(
        self,
        modules: Mapping[str, str],
        questions: Sequence[Question],
        data: Mapping[str, Any] | None = None,
        *,
        plainly: bool = False,
    ) -> tuple[Answer, ...]:
        """One answer for each question, in order; never raises for what the engine does.

        With `plainly`, without optimisations that skip what would have failed; an engine that
        has no such mode answers as always.
        """
        ...


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine that may be asked.

    Attributes:
        name: on the command line and in the list of known disagreements.
        strict: errors of built-ins end its evaluations.
        exact: it is the language's own; see the module's rules.
        absence: why it cannot be asked here; empty when it can.
        version: of what is installed.
        session: starts it; the argument is the time limit of one evaluation, seconds.
    """

    name: str
    strict: bool
    exact: bool
    absence: Callable[[], str] = field(compare=False)
    version: Callable[[], str] = field(compare=False)
    session: Callable[[float], AbstractContextManager[Session]] = field(compare=False)

    def agrees(self, ours: Answer, theirs: Answer) -> bool:
        """Whether its answer says the same as ours; never, where it has no opinion."""
        if Kind.NO_OPINION in {ours.kind, theirs.kind}:
            return False
        if self.exact or ours.kind is not Kind.ERROR:
            return ours == theirs
        return theirs.kind is Kind.ERROR


_CALLS_IMPURE: Final = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in sorted(IMPURE)))


def unrepeatable(modules: Mapping[str, str]) -> str:
    """A built-in that answers differently every time and that a text names; empty for none.

    Comments and strings are not told apart: an engine that is not asked has no opinion.
    """
    found = (_CALLS_IMPURE.search(text) for text in modules.values())
    return next((match[0] for match in found if match), "")


def value_answer(text: str) -> Answer:
    """The answer for a value's JSON text.

    Raises:
        ValueError: it is no JSON.
    """
    return parsed_answer(json.loads(text, parse_float=Decimal))


def parsed_answer(value: Any) -> Answer:
    """The answer for a JSON value whose decimals were parsed as `Decimal`."""
    text = json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return Answer(Kind.VALUE, text)


def _plain(value: Any) -> Any:
    """Numbers with an integral value as integers, other decimals as their nearest double."""
    if isinstance(value, Decimal):
        # A gigantic exponent must not become digits.
        if value == value.to_integral_value() and value.adjusted() < 4_000:
            return int(value)
        # As readers of JSON hold it; engines print from 15 to 64 digits of the same number.
        return {"decimal": repr(float(value))}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
