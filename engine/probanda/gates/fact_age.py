"""Whether a fact is young enough for its check.

Example:
    refuse_stale(source, fact, as_of)
"""

from __future__ import annotations

from datetime import datetime, timedelta

from probanda.errors import CollectError
from probanda.model.fact import Fact
from probanda.model.gate import FactSource
from probanda.model.instant import parse_instant

# A producer's clock may be this far ahead of ours before its artifact is of the future.
CLOCK_SKEW = timedelta(minutes=5)


class StaleFactError(CollectError):
    """An artifact is older than its check accepts, or does not say how old it is."""


def refuse_stale(source: FactSource, fact: Fact, as_of: datetime) -> None:
    """Hold a fact against its source's `maxAge`, by the time that the artifact states.

    Raises:
        StaleFactError: too old, of the future, or of no stated age.
    """
    if source.max_age is None or fact.artifact is None:
        return
    made, name = fact.artifact.produced_at, fact.artifact.source
    if not made:
        raise StaleFactError(
            f"{name} does not say when it was made",
            hint="have its producer write a timestamp, or take maxAge out of the gate",
        )
    age = as_of - parse_instant(made)
    if age > source.max_age:
        raise StaleFactError(
            f"{name} was made at {made}, longer ago than maxAge allows",
            hint="produce it again in this run",
        )
    if age < -CLOCK_SKEW:
        raise StaleFactError(
            f"{name} says it was made in the future, at {made}",
            hint="check the clocks of its producer and of this run (--as-of)",
        )
