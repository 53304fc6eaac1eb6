"""Facts + a policy → findings. The same function serves gates and guards.

Rules:

- The Rego input is the standard one, `{facts, evidence, parameters, asOf, tenant}`, or what the
  entry point's declared adapter picks from the context. Nothing else reaches a policy:
  no file, no clock, no network.
- A `findings` entry point must yield a set of `{rule, message, key}` objects (with an
  optional `location`) whose rule ids the policy's annotations describe. Anything else is
  a `PolicyError`: a policy that answers nonsense has not answered.
- An `allow` entry point passes on exactly `true`; undefined, `1`, `"true"` are denials.
- The host states facts. A request that brings the key `verified`, which only the host
  fills, is denied before the policy sees it.

Example:
    findings = evaluate(policy, program, "findings", context, subject="sbom.cdx.json")
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from probanda import rego
from probanda.errors import PolicyError
from probanda.model.finding import Finding, order
from probanda.model.instant import parse_instant
from probanda.model.location import Location
from probanda.model.outcome import Severity
from probanda.model.policy import Entrypoint, EntrypointKind, Policy, Rule

if TYPE_CHECKING:
    from probanda.rego.explain import Explanation

STANDARD_INPUT = ("facts", "evidence", "parameters", "asOf", "tenant")

# Rule id of the finding for a request that claims what only the host may state.
HOST_FACTS_RULE = "request-states-host-facts"


def evaluate(
    policy: Policy,
    program: rego.Policy,
    entrypoint: str,
    context: Mapping[str, Any],
    *,
    subject: str,
) -> tuple[Finding, ...]:
    """Evaluate one entry point.

    Args:
        policy: the loaded policy folder.
        program: its modules, compiled with this entry point.
        entrypoint: a name of `policy.entrypoints`.
        context: JSON values under `facts`, `parameters`, `asOf`, `tenant`, for facts read
            from artifacts `evidence`, and for requests `request` and `verified`.
        subject: what an `allow` entry point's denial is about; its finding's key.

    Returns:
        findings in canonical order (rule, key, message, place); empty means it passed.

    Raises:
        PolicyError: the policy could not be evaluated or answered out of shape.
    """
    entry = policy.entrypoints[entrypoint]
    tenant = str(context["tenant"])
    request = context.get("request")
    if isinstance(request, Mapping) and "verified" in request:
        return (
            Finding(
                policy=policy.id,
                rule=HOST_FACTS_RULE,
                message="the request states `verified`, which only the host may fill",
                key=subject,
                tenant=tenant,
                remediation="remove the key `verified` from the request",
            ),
        )
    answer = _ask(policy, program, entry, context)
    if entry.kind is EntrypointKind.ALLOW:
        return () if answer is True else (_denial(policy, entry, answer, subject, tenant),)
    return _findings(policy, entry, answer, tenant)


def explain_denial(
    policy: Policy, program: rego.Policy, entrypoint: str, context: Mapping[str, Any]
) -> Explanation | None:
    """Why an `allow` entry point denies; `None` for `findings`, which say it themselves.

    The same question as `evaluate` asks. The answer holds values of the facts: it is for whoever
    may read these, and no part of a decision.
    """
    entry = policy.entrypoints[entrypoint]
    if entry.kind is not EntrypointKind.ALLOW:
        return None
    return program.explain(
        entry.rego_path, rego_input(entry, context), {}, **_terms(policy, context)
    )


def _ask(
    policy: Policy, program: rego.Policy, entry: Entrypoint, context: Mapping[str, Any]
) -> Any:
    decide = program.prepare(entry.rego_path, **_terms(policy, context))
    return decide(rego_input(entry, context), {})


def _terms(policy: Policy, context: Mapping[str, Any]) -> dict[str, Any]:
    """How a policy is asked: strictly, with the decision's clock, and so that it replays."""
    as_of = str(context["asOf"])
    return {
        "strict_builtin_errors": True,
        "now_ns": int(parse_instant(as_of).timestamp()) * 1_000_000_000,
        "seed": f"{policy.digest} {context['tenant']} {as_of}",
    }


def rego_input(entry: Entrypoint, context: Mapping[str, Any]) -> dict[str, Any]:
    """The Rego input for `entry`: the standard one, or what its adapter picks.

    A path that leads nowhere leaves its key out, so that the policy sees it as missing.
    """
    if not entry.input:
        given = {"evidence": {}, **context}
        return {key: given[key] for key in STANDARD_INPUT}
    picked = {key: _pick(context, path.split(".")) for key, path in entry.input.items()}
    return {key: value for key, value in picked.items() if value is not rego.UNDEFINED}


def _pick(value: Any, path: list[str]) -> Any:
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return rego.UNDEFINED
        value = value[part]
    return value


def _denial(policy: Policy, entry: Entrypoint, answer: Any, subject: str, tenant: str) -> Finding:
    rule = policy.rules.get(entry.name) or Rule(
        id=entry.name, title=f"{policy.title}: not allowed", severity=Severity.HIGH
    )
    said = "nothing" if answer is rego.UNDEFINED else type(answer).__name__
    said = "false" if answer is False else said
    return Finding(
        policy=policy.id,
        rule=rule.id,
        message=f"{rule.title} (the policy must answer true; it answered {said})",
        key=subject,
        tenant=tenant,
        severity=rule.severity,
        remediation=rule.remediation,
    )


def _findings(policy: Policy, entry: Entrypoint, answer: Any, tenant: str) -> tuple[Finding, ...]:
    if not isinstance(answer, list):
        raise _out_of_shape(entry, "a set of findings", answer)
    findings = {_finding(policy, entry, item, tenant) for item in answer}
    return tuple(sorted(findings, key=order))


def _finding(policy: Policy, entry: Entrypoint, item: Any, tenant: str) -> Finding:
    if not isinstance(item, Mapping):
        raise _out_of_shape(entry, "finding objects", item)
    unknown = set(item) - {"rule", "message", "key", "location"}
    if unknown:
        raise PolicyError(
            f"{entry.rego_path}: a finding has the unknown field {min(unknown)!r}",
            hint="a finding is {rule, message, key, location?}; severity and remediation"
            " belong in the rule's METADATA",
        )
    for name in ("rule", "message", "key"):
        if not isinstance(item.get(name), str) or not item[name]:
            raise _out_of_shape(entry, f"findings with a non-empty string `{name}`", item.get(name))
    rule = policy.rules.get(item["rule"])
    if rule is None:
        raise PolicyError(
            f"{entry.rego_path}: the rule id {item['rule']!r} has no METADATA block",
            hint=f"known rule ids: {', '.join(sorted(policy.rules)) or 'none'}",
        )
    return Finding(
        policy=policy.id,
        rule=rule.id,
        message=item["message"],
        key=item["key"],
        tenant=tenant,
        severity=rule.severity,
        remediation=rule.remediation,
        location=_location(entry, item.get("location")),
    )


def _location(entry: Entrypoint, value: Any) -> Location | None:
    if value is None:
        return None
    path = value.get("path") if isinstance(value, Mapping) else None
    if not isinstance(path, str) or not path or set(value) - {"path", "line", "column"}:
        raise _out_of_shape(entry, "locations `{path, line?, column?}`", value)
    line, column = value.get("line", 0), value.get("column", 0)
    if any(type(number) is not int or number < 0 for number in (line, column)):
        raise _out_of_shape(entry, "locations with whole line and column numbers", value)
    return Location(path, line, column)


def _out_of_shape(entry: Entrypoint, wanted: str, got: Any) -> PolicyError:
    said = "nothing" if got is rego.UNDEFINED else type(got).__name__
    return PolicyError(f"{entry.rego_path} must yield {wanted}; it yielded {said}")
