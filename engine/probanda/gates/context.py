"""What a policy is given: facts, parameters, clock and tenant.

Example:
    context = policy_context(policy, parameters, facts, host_facts, as_of=as_of, tenant="acme")
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from probanda.model.fact import Fact
from probanda.model.instant import format_instant
from probanda.model.policy import HOST_FACTS, Policy


def policy_context(
    policy: Policy,
    parameters: Mapping[str, Any],
    facts: Mapping[str, Fact],
    host_facts: Mapping[str, Any],
    *,
    as_of: datetime,
    tenant: str,
) -> dict[str, Any]:
    """The context of an evaluation; `host_facts` by the names of `model.policy.HOST_FACTS`."""
    data = {name: fact.data for name, fact in facts.items()}
    for name, declared in policy.facts.items():
        if declared.collector in HOST_FACTS:
            data[name] = host_facts[declared.collector]
    context: dict[str, Any] = {
        "facts": data,
        "evidence": {name: fact.provenance() for name, fact in facts.items()},
        "parameters": dict(parameters),
        "asOf": format_instant(as_of),
        "tenant": tenant,
    }
    # In CI a recorded request, and what its host had verified, are facts like any other.
    return context | {name: data[name] for name in ("request", "verified") if name in data}
