"""What came of a check, and how strictly a gate takes it."""

from __future__ import annotations

from enum import Enum


class Outcome(Enum):
    """The outcome of one check or of a whole gate. A value, never an exception."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"
    SKIPPED = "skipped"
    ERROR = "error"
    NOT_EVALUATED = "notEvaluated"


# Outcomes of a check that was evaluated.
VERDICTS = frozenset({Outcome.PASS, Outcome.FAIL, Outcome.WAIVED})


class Mode(Enum):
    """How strictly a gate takes findings. An undecided check blocks in `enforce` and `warn`."""

    ENFORCE = "enforce"
    WARN = "warn"
    SHADOW = "shadow"

    @property
    def strictness(self) -> int:
        """0 (shadow) to 2 (enforce); lowering it is a loosening."""
        return {Mode.SHADOW: 0, Mode.WARN: 1, Mode.ENFORCE: 2}[self]


class Severity(Enum):
    """Severity of a finding. Blocking does not depend on it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ControlStatus(Enum):
    """Status of a control in an index: an enum of its own, so that a gap is never a pass."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"
    STALE = "stale"
    GAP = "gap"
    NOT_EVALUATED = "notEvaluated"
    MANUAL = "manual"


# Process exit codes of `probanda check`.
EXIT_PASS = 0
EXIT_BLOCKED = 1
EXIT_USAGE = 2
EXIT_UNDECIDED = 3
