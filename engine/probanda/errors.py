"""Every error that probanda raises, grouped by whose fault it is.

Rules:

- Verdicts are values (`model.outcome.Outcome`), never exceptions. An exception
  says that something *could not be done*.
- "Could not check" never inherits from "checked and bad": `CannotVerifyError`
  and `VerificationFailedError` are siblings.
- An error about a file carries a `Location` when one is known, and a hint when
  there is something that the reader can do.
- Messages never hold secrets or values of the data under test.

Example:

    raise ContentError("unknown field 'polcy'", location=where, hint="did you mean 'policy'?")
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from probanda.model.location import Location


class ProbandaError(Exception):
    """The root of all errors of this package.

    Args:
        message: one sentence, lower case, without a full stop.
        location: the place in a file that the message is about.
        hint: what the reader can do next.
    """

    def __init__(
        self, message: str, *, location: Location | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location is not None else ""
        return f"{place}{self.message}"


class ParseError(ProbandaError):
    """Untrusted text (YAML, JSON, XML) is malformed or beyond a limit."""


class ContentError(ProbandaError):
    """A document of the project (gate, policy, control, …) is wrong."""


class MultipleContentError(ContentError):
    """All content errors of one load, so that a user mends them in one go."""

    def __init__(self, errors: Sequence[ContentError]) -> None:
        super().__init__(f"{len(errors)} error(s) in the project's content")
        self.errors: tuple[ContentError, ...] = tuple(errors)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class UsageError(ProbandaError):
    """The command line asks for something that does not exist or cannot be combined."""


class CollectError(ProbandaError):
    """An artifact exists but cannot be read into a fact."""


class MissingArtifactError(CollectError):
    """An artifact that a check names does not exist."""


class PolicyError(ProbandaError):
    """A policy cannot be compiled or evaluated.

    `code` is OPA's error code where one applies (`rego_parse_error`,
    `rego_type_error`, `eval_builtin_error`, `eval_conflict_error`, …), else
    `policy_error`.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "policy_error",
        location: Location | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, location=location, hint=hint)
        self.code = code

    def __str__(self) -> str:
        # OPA's own wording of an evaluation's error starts with the place.
        placed = self.location is not None and self.message.startswith(f"{self.location.path}:")
        return self.message if placed else super().__str__()


class LedgerError(ProbandaError):
    """The ledger cannot be opened, written, or contradicts itself."""


class SigningError(ProbandaError):
    """A cell, key or certificate is missing, unusable or would be overwritten."""


class EvidenceError(ProbandaError):
    """Evidence cannot be built (a digest no longer matches, an artifact is gone …)."""


class CannotVerifyError(ProbandaError):
    """Verification could not be carried out: no trust root, unknown signer, unreadable input."""


class VerificationFailedError(ProbandaError):
    """Verification was carried out, and the evidence is bad."""
