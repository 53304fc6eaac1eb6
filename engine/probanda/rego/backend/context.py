"""What one evaluation may know and use.

Rules:

- Time and "randomness" come from here alone, so that the same context gives the same result.
- `max_steps` counts items of loops that may run more than once, calls, and what built-ins
  return; a step takes some 100 ns. `deadline` is a value of `time.monotonic()`, looked at
  every few thousand steps. Beyond either the evaluation ends with `eval_cancel_error`.
- `seconds` count from the first look at the clock, a few hundred steps after the start: a short
  evaluation never reads the clock.
- `max_output` bounds the values (arrays, objects, strings, …) of a result turned into JSON.

Example:
    Context(strict=True, now_ns=1_700_000_000_000_000_000, deadline=time.monotonic() + 1)
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """The surroundings of one evaluation.

    Attributes:
        strict: errors of built-ins end the evaluation instead of being undefined.
        now_ns: nanoseconds since 1970, for `time.now_ns`.
        seed: what `rand.intn` and `uuid.rfc4122` are derived from.
        max_steps: loop items and calls.
        deadline: `time.monotonic()` at which to give up; `None` for never.
        seconds: to give up after, when there is no deadline; `None` for never.
        max_output: values in a JSON result.
    """

    strict: bool = False
    now_ns: int = 0
    seed: str = ""
    max_steps: int = 50_000_000
    deadline: float | None = None
    seconds: float | None = None
    max_output: int = 1_000_000
