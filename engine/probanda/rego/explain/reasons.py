"""Why an attempt at an expression came to nothing, in one sentence.

Rules:

- The sentence holds texts of the policy and types of values, never values.
- A look-up that found nothing names what was looked for; beside it stand the keys that there
  are, the most similar first.

Example:
    reason(check, …).text       # "input.dataset.region is undefined"
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final

from probanda.rego import ast
from probanda.rego.explain.probes import ABSENT, Attempt, Frame
from probanda.rego.explain.sites import Check, Segment
from probanda.rego.values import UNDEFINED, RegoSet, type_name

MAX_NEAR: Final = 5
# Keys that are looked at for similar ones.
_MAX_KEYS: Final = 200
_SHAPES: Final = {"list": "an array", "dict": "an object", "set": "a set"}


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence, and what may not be told without values.

    Attributes:
        text: the sentence.
        about: the text of what it is about, to be found in the source.
        detail: what a built-in said.
        near: similar keys.
        said: the sentence tells the value of what it is about.
    """

    text: str
    about: str = ""
    detail: str = ""
    near: tuple[str, ...] = ()
    said: bool = False


def failed_check(segment: Segment, attempt: Attempt) -> Check | None:
    """The statement at which an attempt ended."""
    return next((each for each in segment.checks if each.slot > attempt.last), None)


def reason(  # noqa: PLR0911  # one for each kind of check
    segment: Segment,
    attempt: Attempt,
    frame: Frame,
    literal: ast.Literal | None,
    *,
    head: bool = False,
) -> Reason:
    """Why an attempt came to nothing; `head`: of a rule's head."""
    check = failed_check(segment, attempt)
    match check:
        case Check(kind="lookup"):
            return _lookup(check, attempt, frame, replaced=segment.replaced)
        case Check(kind="call", subject=subject):
            name = subject or "the call"
            if attempt.error:
                return Reason(f"{name} failed", subject, attempt.error)
            return Reason(f"{name} is undefined", subject)
        case Check(kind="truth", subject=subject) if subject:
            return Reason(f"{subject} is false", subject, said=True)
        case Check(kind="equal" | "shape") if head:
            return Reason("the arguments do not match")
        case Check(kind="equal", subject=a, other=b) if a and b:
            return Reason(f"{a} is not equal to {b}")
        case Check(kind="unequal", subject=a, other=b) if a and b:
            return Reason(f"{a} is equal to {b}")
        case Check(kind="shape", subject=subject, other=other):
            wanted = _SHAPES.get(other, "a value of the expected length")
            return Reason(f"{subject or 'the value'} is not {wanted}", subject)
        case Check(kind="defined", subject=subject):
            return Reason(f"{subject} is undefined", subject)
        case Check(kind="loop"):
            return _loop(check, attempt, frame)
    return Reason(_nested(literal))


def _nested(literal: ast.Literal | None) -> str:
    if literal is not None and literal.negated:
        return "the negated expression is true"
    if literal is not None and isinstance(literal.expression, ast.Every):
        return "its body does not hold for every item"
    return "its condition does not hold"


def _value(check: Check, attempt: Attempt, frame: Frame) -> Any:
    """The value that a check looked into; `ABSENT` where it was not recorded."""
    if check.source is None:
        return ABSENT
    if check.source < 0:
        return frame.input if check.source == -1 else frame.data
    return attempt.values[check.source]


def _lookup(check: Check, attempt: Attempt, frame: Frame, *, replaced: bool) -> Reason:
    about = check.other or "a part"
    # Within a `with` the whole input or data at that time is not known any more.
    known = not (replaced and check.source is not None and check.source < 0)
    value = _value(check, attempt, frame) if known else ABSENT
    if value is UNDEFINED:
        return Reason(f"{check.subject} is undefined", check.other)
    if value is not ABSENT and type(value) not in {dict, list, RegoSet}:
        kind = type_name(value)
        article = "an" if kind in {"array", "object"} else "a"
        what = kind if kind == "null" else f"{article} {kind}"
        return Reason(f"{about} is undefined: {check.subject} is {what}", check.other)
    near = _near(value, check) if type(value) is dict else ()
    return Reason(f"{about} is undefined", check.other, near=near)


def _near(value: dict[Any, Any], check: Check) -> tuple[str, ...]:
    part = check.other.removeprefix(check.subject)
    if not part.startswith("."):
        return ()
    keys = [each for each in list(value)[:_MAX_KEYS] if type(each) is str]
    wanted = part[1:].lower()
    ranked = sorted(keys, key=lambda key: (-_likeness(wanted, key.lower()), key))
    return tuple(ranked[:MAX_NEAR])


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other[:200]).ratio()


def _loop(check: Check, attempt: Attempt, frame: Frame) -> Reason:
    subject = check.subject or "the collection"
    value = _value(check, attempt, frame)
    if value is UNDEFINED:
        return Reason(f"{subject} is undefined", check.subject)
    if value is ABSENT or type(value) in {dict, list, RegoSet}:
        return Reason(f"{subject} has no items", check.subject)
    return Reason(f"{subject} has no items: it is of type {type_name(value)}", check.subject)
