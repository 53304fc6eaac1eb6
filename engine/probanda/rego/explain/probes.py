"""What a traced plan calls while it runs, and what is kept of it.

Rules:

- A probe is a built-in of the traced plan; it gets the evaluation's context, which holds the
  recorder, and values. It never changes a value and never makes an expression undefined.
- What is kept is bounded: `MAX_FRAMES` calls, `SAMPLES` failed attempts and `SAMPLES` values
  of each place, `MAX_CALLS` calls of each expression. Everything beyond is counted, not kept.
- Values are kept by reference and made small when the run is over.

Example:
    TracedContext(recorder=Recorder(functions))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from probanda.rego.backend.context import Context
from probanda.rego.builtins import Builtin, BuiltinError
from probanda.rego.values import UNDEFINED

SAMPLES: Final = 3
MAX_FRAMES: Final = 500
# Calls kept of one expression.
MAX_CALLS: Final = 6

ABSENT: Final = object()
_WHOLE_PLAN: Final = -1


@dataclass(eq=False, slots=True)
class Attempt:
    """One way through a segment: the slots' values up to the last one that was reached."""

    last: int
    values: list[Any]
    error: str = ""


class Record:
    """What happened at one segment in one call.

    Attributes:
        reached: how often control came to it.
        failed: how many attempts did not get through; a loop attempts once for each item.
        passed: how many did.
        samples: failed attempts that got furthest, at most `SAMPLES`.
        through: the first attempt that passed.
    """

    __slots__ = (
        "_current", "_error", "_last", "_open", "children", "failed", "passed", "reached",
        "samples", "through",
    )  # fmt: skip

    def __init__(self, slots: int) -> None:
        self.reached = 0
        self.failed = 0
        self.passed = 0
        self.samples: list[Attempt] = []
        self.through: Attempt | None = None
        self.children: list[Frame] = []
        self._current: list[Any] = [ABSENT] * slots
        self._last = -1
        self._open = False
        self._error = ""

    def begin(self, values: tuple[Any, ...]) -> None:
        """Control came to the segment."""
        if self._open:
            self.fail()
        self.reached += 1
        self._restart(0)
        self._current[: len(values)] = values
        self._last = len(values) - 1

    def step(self, slot: int, value: Any) -> None:
        """A statement gave a value, or went well."""
        if slot <= self._last:
            if self._open:
                self.fail()
            self._restart(slot)
        self._open = True
        self._last = slot
        self._current[slot] = value

    def detail(self, slot: int, value: Any) -> None:
        """A value within a statement."""
        self._current[slot] = value

    def error(self, text: str) -> None:
        """A built-in failed."""
        self._error = text

    def pass_(self) -> None:
        """What follows was reached."""
        if self._open:
            self._open = False
            self.passed += 1
            if self.through is None:
                self.through = self._attempt()

    def fail(self) -> None:
        """The attempt came to nothing."""
        self._open = False
        self.failed += 1
        furthest = self.samples[0].last if self.samples else -2
        if self._last > furthest:
            self.samples = [self._attempt()]
        elif self._last == furthest and len(self.samples) < SAMPLES:
            self.samples.append(self._attempt())

    def close(self) -> None:
        """The call is over."""
        if self._open:
            self.fail()

    def _restart(self, slot: int) -> None:
        current = self._current
        for index in range(slot, len(current)):
            current[index] = ABSENT
        self._open = True
        self._error = ""

    def _attempt(self) -> Attempt:
        return Attempt(self._last, self._current.copy(), self._error)


class Frame:
    """One call of a function of the plan."""

    __slots__ = (
        "arguments", "begun", "current", "data", "ended", "function", "input", "kept", "records",
        "value", "values",
    )  # fmt: skip

    def __init__(self, function: int, *, kept: bool) -> None:
        self.function = function
        self.kept = kept
        self.arguments: tuple[Any, ...] = ()
        self.input: Any = UNDEFINED
        self.data: Any = UNDEFINED
        self.value: Any = UNDEFINED
        self.records: dict[int, Record] = {}
        self.begun: set[int] = set()
        self.ended: dict[int, int] = {}
        self.values: dict[int, list[Any]] = {}
        self.current: Record | None = None


class Recorder:
    """What one evaluation leaves behind."""

    def __init__(self) -> None:
        self.root = Frame(_WHOLE_PLAN, kept=True)
        self.stack = [self.root]
        self.frames = 0
        self.dropped = 0
        self.last: dict[int, Frame] = {}

    def frame(self, function: int) -> Frame:
        """The call that is running; those that an error of the plan left open are closed."""
        stack = self.stack
        while stack[-1].function != function and len(stack) > 1:
            stack.pop()
        return stack[-1]

    def enter(self, function: int, arguments: tuple[Any, ...]) -> None:
        """A function is called."""
        caller = self.stack[-1]
        record = caller.current
        kept = caller.kept and record is not None
        if (
            record is not None
            and kept
            and (len(record.children) >= MAX_CALLS or self.frames >= MAX_FRAMES)
        ):
            self.dropped += 1
            kept = False
        frame = Frame(function, kept=kept)
        frame.arguments = arguments
        self.stack.append(frame)
        if kept and record is not None:
            self.frames += 1
            record.children.append(frame)
            self.last[function] = frame

    def leave(self, function: int) -> None:
        """A function returns."""
        frame = self.frame(function)
        if len(self.stack) > 1:
            self.stack.pop()
        if frame.kept:
            for record in frame.records.values():
                record.close()

    def finish(self) -> None:
        """The evaluation is over, perhaps by an error."""
        for frame in self.stack:
            for record in frame.records.values():
                record.close()


@dataclass(frozen=True, slots=True)
class TracedContext(Context):
    """A context that probes write to."""

    recorder: Recorder = field(default_factory=Recorder)


@dataclass(frozen=True, slots=True)
class Probe:
    """A place of the traced plan."""

    function: int

    def __call__(self, context: TracedContext, *values: Any) -> bool:
        """Note that it was reached."""
        frame = context.recorder.stack[-1]
        if frame.function != self.function:
            frame = context.recorder.frame(self.function)
        if frame.kept:
            self.note(frame, values)
        return True

    def note(self, frame: Frame, values: tuple[Any, ...]) -> None:
        """Write it down."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Enter(Probe):
    """A function begins."""

    def __call__(self, context: TracedContext, *values: Any) -> bool:
        """Push its frame."""
        context.recorder.enter(self.function, values)
        return True


@dataclass(frozen=True, slots=True)
class Leave(Probe):
    """A function ends."""

    def __call__(self, context: TracedContext, *values: Any) -> bool:  # noqa: ARG002  # a probe's
        """Pop its frame."""
        context.recorder.leave(self.function)
        return True


@dataclass(frozen=True, slots=True)
class Returned(Probe):
    """A function has a value."""

    def note(self, frame: Frame, values: tuple[Any, ...]) -> None:
        """Keep it."""
        frame.value = values[0]


@dataclass(frozen=True, slots=True)
class Root(Probe):
    """What `input` (0) or `data` (1) is from here on."""

    local: int

    def note(self, frame: Frame, values: tuple[Any, ...]) -> None:
        """Keep it."""
        if self.local:
            frame.data = values[0]
        else:
            frame.input = values[0]


@dataclass(frozen=True, slots=True)
class Begun(Probe):
    """A definition is tried."""

    definition: int

    def note(self, frame: Frame, values: tuple[Any, ...]) -> None:  # noqa: ARG002  # a probe's
        """Note it."""
        frame.begun.add(self.definition)


@dataclass(frozen=True, slots=True)
class Ended(Probe):
    """A definition came to its end, with what it says; `last` is its last segment."""

    definition: int
    last: int

    def note(self, frame: Frame, values: tuple[Any, ...]) -> None:
        """Count it, keep some of what it says."""
        count = frame.ended.get(self.definition, 0)
        frame.ended[self.definition] = count + 1
        if count < SAMPLES:
            frame.values.setdefault(self.definition, []).append(values)
        if self.last in frame.records:
            frame.records[self.last].pass_()


@dataclass(frozen=True, slots=True)
class Begin(Probe):
    """A segment begins, so the one before it passed."""

    segment: int
    slots: int
    previous: int

    def note(self, frame: Frame, values: tuple[Any, ...]) -> None:
        """Count it."""
        records = frame.records
        if self.previous in records:
            records[self.previous].pass_()
        record = records.get(self.segment)
        if record is None:
            record = records[self.segment] = Record(self.slots)
        record.begin(values)
        frame.current = record


@dataclass(frozen=True, slots=True)
class Closed(Probe):
    """A chain within a segment came to its end."""

    segment: int
    last: int

    def note(self, frame: Frame, values: tuple[Any, ...]) -> None:  # noqa: ARG002  # a probe's
        """Its last segment passed."""
        if self.last in frame.records:
            frame.records[self.last].pass_()
        frame.current = frame.records.get(self.segment)


@dataclass(frozen=True, slots=True)
class Step(Probe):
    """A statement of a segment went well; `detail`: one within a statement."""

    segment: int
    slot: int
    detail: bool = False

    def note(self, frame: Frame, values: tuple[Any, ...]) -> None:
        """Keep its value."""
        record = frame.current = frame.records.get(self.segment)
        if record is not None:
            value = values[0] if values else ABSENT
            if self.detail:
                record.detail(self.slot, value)
            else:
                record.step(self.slot, value)


@dataclass(frozen=True, slots=True)
class Watched:
    """A built-in whose errors are remembered; they stay what they are."""

    function: Callable[..., Any]
    context: bool

    def __call__(self, context: TracedContext, *values: Any) -> Any:
        """Call it."""
        try:
            return self.function(context, *values) if self.context else self.function(*values)
        except BuiltinError as error:
            frame = context.recorder.stack[-1]
            if frame.kept and frame.current is not None:
                frame.current.error(error.message)
            raise


def watched(builtin: Builtin) -> Builtin:
    """The same built-in, watched."""
    function = Watched(builtin.function, builtin.context)
    return Builtin(builtin.name, builtin.arity, function, context=True)
