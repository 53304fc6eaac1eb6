"""SARIF 2.1.0: what analysis tools found, with every default resolved.

Data: `{runs, counts}`. A run is `{tool: {name, version}, computed, successful, rules,
results}`; a rule `{id, name, level, securitySeverity}`; a result `{ruleId, kind, level,
message, suppressed, baselineState, securitySeverity, locations, fingerprints}`; a location
`{uri, uriBaseId, line, column}`, with 0 for a line or column that is not stated. Results are
sorted. `counts` is `{runs, results, open, error, warning, note, none, suppressed}`: `open` and
the levels count results of kind `fail`, `open` or `review` that are neither suppressed nor
`absent` from the run.

Rules:

- Strict JSON, then checks of our own of all that is read: no installed library brings the
  schema.
- `level` by section 3.27.10: stated; else `none` unless the kind is `fail`; else the override
  of the result's invocation, the rule's default, `warning`. A level beside another kind than
  `fail` is against the standard and kept: it could only hide something.
- `suppressed` (3.27.23, 3.35.3): there is a suppression, and none is rejected or under review.
- `computed` is false where a run has no `results` at all: the tool did not look (3.14.23).
  `successful` is `true` or `false` as the invocations state it, `null` where there are none.
- `securitySeverity` is the text that code scanning reads (`properties.security-severity`), or
  empty; `to_number` makes an exact number of it.
- Results in other files (external properties) cannot be judged: refused.

Example:

    >>> SarifCollector().read(data, source="scan.sarif", options={}).data["counts"]["error"]
    2
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.collect.json_node import Node, read_node

_LEVELS = ("none", "note", "warning", "error")
_KINDS = ("fail", "pass", "open", "review", "informational", "notApplicable")
# Kinds that ask for something: 3.27.9.
_OPEN_KINDS = frozenset({"fail", "open", "review"})
_BASELINE_STATES = ("new", "unchanged", "updated", "absent")
_STATUSES = ("accepted", "underReview", "rejected")
_MAX_MESSAGE = 200
_SEVERITY = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,4})?")
_PLACEHOLDER = re.compile(r"\{([0-9]{1,3})\}")


class SarifCollector:
    """`from: sarif`."""

    name = "sarif"
    media_type = "application/sarif+json"
    timestamped = True
    max_bytes = 64 << 20
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {
        "runs": [],
        "counts": {
            "runs": 0, "results": 0, "open": 0, "error": 0, "warning": 0, "note": 0, "none": 0,
            "suppressed": 0,
        },
    }  # fmt: skip

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """Runs, rules and results.

        Raises:
            ParseError: not strict JSON.
            CollectError: not SARIF 2.1.0, or one that contradicts itself.
        """
        log = read_node(data, source=source)
        if log.value.get("version") != "2.1.0":
            log.refuse("is not SARIF 2.1.0", hint="have the tool write SARIF 2.1.0")
        log.child("runs")
        if log.items("inlineExternalProperties"):
            log.child("inlineExternalProperties").refuse("holds parts of runs, which are not read")
        runs = log.objects("runs")
        read = [_run(run) for run in runs]
        value = {"runs": read, "counts": _count(read)}
        names = dict.fromkeys(
            f"{run['tool']['name']} {run['tool']['version']}".strip() for run in read
        )
        times = [_ended(run) for run in runs]
        oldest = min(times) if times and all(times) else ""
        return Reading(value, self.media_type, ", ".join(names)[:_MAX_MESSAGE], oldest)


def _count(runs: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    results = [result for run in runs for result in run["results"]]
    standing = [
        one
        for one in results
        if one["kind"] in _OPEN_KINDS and not one["suppressed"] and one["baselineState"] != "absent"
    ]
    levels = Counter(one["level"] for one in standing)
    return {
        "runs": len(runs),
        "results": len(results),
        "open": len(standing),
        **{level: levels[level] for level in reversed(_LEVELS)},
        "suppressed": sum(one["suppressed"] for one in results),
    }


@dataclass(frozen=True, slots=True)
class _Components:
    """Tool components of a run, driver first, and their rules."""

    nodes: Sequence[Node]
    rules: Sequence[Sequence[Node]]
    positions: Sequence[Mapping[str, int]]

    @classmethod
    def of(cls, tool: Node) -> _Components:
        """Driver and extensions; of rules with one id the first counts."""
        nodes = [tool.object("driver"), *tool.objects("extensions")]
        rules = [node.objects("rules") for node in nodes]
        positions = [
            {rule.text("id"): len(many) - 1 - back for back, rule in enumerate(reversed(many))}
            for many in rules
        ]
        return cls(nodes, rules, positions)

    def named(self, reference: Node | None) -> int:
        """Position of the component that a `toolComponentReference` means; the driver's."""
        if reference is None:
            return 0
        if "index" in reference:
            index = _index(reference)
            if index >= len(self.nodes) - 1:
                reference.child("index").refuse("is beyond the extensions")
            return index + 1 if index >= 0 else 0
        for key in ("guid", "name"):
            if key in reference:
                wanted = reference.text(key)
                for position, node in enumerate(self.nodes):
                    if node.value.get(key) == wanted:
                        return position
                reference.child(key).refuse("names no tool component")
        return 0


@dataclass(frozen=True, slots=True)
class _Context:
    """What results of a run refer to."""

    components: _Components
    invocations: Sequence[Node]
    artifacts: Sequence[Node]


def _run(run: Node) -> dict[str, Any]:
    """One run of a tool."""
    if run.value.get("externalPropertyFileReferences"):
        run.child("externalPropertyFileReferences").refuse(
            "name other files, which are not read", hint="have the tool write one file"
        )
    components = _Components.of(run.object("tool"))
    context = _Context(components, run.objects("invocations"), run.objects("artifacts"))
    successes = [one.flag("executionSuccessful") for one in context.invocations]
    results = [_result(one, context) for one in run.objects("results")]
    driver = components.nodes[0]
    return {
        "tool": {
            "name": driver.text("name"),
            "version": driver.text("semanticVersion", "") or driver.text("version", ""),
        },
        "computed": "results" in run,
        "successful": all(successes) if successes else None,
        "rules": [_rule(rule) for rules in components.rules for rule in rules],
        "results": sorted(results, key=_order),
    }


def _order(result: Mapping[str, Any]) -> tuple[Any, ...]:
    places = [(one["uri"], one["line"], one["column"]) for one in result["locations"]]
    return (
        result["ruleId"],
        places,
        result["message"],
        result["level"],
        result["suppressed"],
        sorted(result["fingerprints"].items()),
    )


def _rule(rule: Node) -> dict[str, Any]:
    return {
        "id": rule.text("id"),
        "name": rule.text("name", ""),
        "level": _configured(rule, "defaultConfiguration") or "warning",
        "securitySeverity": _severity(rule),
    }


def _configured(holder: Node, key: str) -> str:
    """The level of a `reportingConfiguration`; empty where it states none."""
    configuration = holder.object_or_none(key)
    return "" if configuration is None else configuration.word("level", _LEVELS, "")


def _severity(holder: Node) -> str:
    """`properties.security-severity`, a number from 0.0 to 10.0 as text."""
    properties = holder.object_or_none("properties")
    if properties is None or "security-severity" not in properties:
        return ""
    node = properties.child("security-severity")
    text = node.value if isinstance(node.value, str) else repr(node.value)
    if not _SEVERITY.fullmatch(text) or float(text) > 10:
        node.refuse("is no severity from 0.0 to 10.0")
    return text


def _result(result: Node, context: _Context) -> dict[str, Any]:
    """One result."""
    place = _find_rule(result, context.components)
    rule = context.components.rules[place[0]][place[1]] if place[1] >= 0 else None
    kind = result.word("kind", _KINDS, "fail")
    fingerprints = {
        name: str(node.expect(str).value)
        for key in ("partialFingerprints", "fingerprints")
        for name, node in (result.object(key).entries() if key in result else ())
    }
    return {
        "ruleId": _rule_id(result, rule),
        "kind": kind,
        "level": _level(result, kind, place, context),
        "message": _message(result, rule),
        "suppressed": _is_suppressed(result),
        "baselineState": result.word("baselineState", _BASELINE_STATES, ""),
        "securitySeverity": _severity(result) or (_severity(rule) if rule is not None else ""),
        "locations": [_location(one, context.artifacts) for one in result.objects("locations")],
        "fingerprints": fingerprints,
    }


def _index(node: Node, key: str = "index") -> int:
    """An index, with -1 for none (3.7.4)."""
    return -1 if node.value.get(key, -1) == -1 else node.count(key)


def _rule_id(result: Node, rule: Node | None) -> str:
    reference = result.object_or_none("rule")
    stated = result.text("ruleId", "") or (reference.text("id", "") if reference else "")
    return stated or (rule.text("id") if rule is not None else "")


def _find_rule(result: Node, components: _Components) -> tuple[int, int]:
    """Component and position of a result's rule (3.27.5 to 3.27.7); -1 where none is listed."""
    reference = result.object_or_none("rule")
    stated = _rule_id(result, None)
    component = 0
    index = _index(result, "ruleIndex")
    if reference is not None:
        component = components.named(reference.object_or_none("toolComponent"))
        index = _index(reference) if index < 0 else index
    rules = components.rules[component]
    if index >= len(rules):
        result.refuse("names a rule beyond the list of rules")
    if index >= 0:
        listed = rules[index].text("id")
        # A result's id may go on after its rule's: `CA1000/1` (3.27.5).
        if stated and stated != listed and not stated.startswith(f"{listed}/"):
            result.refuse("names one rule by id and another by index")
        return component, index
    while stated:
        if stated in components.positions[component]:
            return component, components.positions[component][stated]
        stated = stated.rpartition("/")[0]
    return component, -1


def _level(result: Node, kind: str, place: tuple[int, int], context: _Context) -> str:
    """Section 3.27.10; `place` is the rule's."""
    if "level" in result:
        return result.word("level", _LEVELS)
    if kind != "fail":
        return "none"
    if place[1] < 0:
        return "warning"
    rule = context.components.rules[place[0]][place[1]]
    provenance = result.object_or_none("provenance")
    index = -1 if provenance is None else _index(provenance, "invocationIndex")
    if index >= len(context.invocations):
        result.refuse("names an invocation beyond the list of invocations")
    if index >= 0:
        for override in context.invocations[index].objects("ruleConfigurationOverrides"):
            level = _configured(override, "configuration")
            if level and _is_meant(override.object("descriptor"), place, context.components):
                return level
    return _configured(rule, "defaultConfiguration") or "warning"


def _is_meant(descriptor: Node, place: tuple[int, int], components: _Components) -> bool:
    """Whether a `reportingDescriptorReference` is to the rule at `place`."""
    if components.named(descriptor.object_or_none("toolComponent")) != place[0]:
        return False
    if "index" in descriptor:
        return _index(descriptor) == place[1]
    return descriptor.text("id", "") == components.rules[place[0]][place[1]].text("id")


def _message(result: Node, rule: Node | None) -> str:
    """First line of the message, in which arguments stand for their placeholders."""
    message = result.object("message")
    text = message.text("text", "")
    if not text and "id" in message and rule is not None and "messageStrings" in rule:
        strings = rule.object("messageStrings")
        if message.text("id") in strings:
            text = strings.object(message.text("id")).text("text", "")
    arguments = message.texts("arguments")

    def argument(match: re.Match[str]) -> str:
        position = int(match[1])
        return arguments[position] if position < len(arguments) else match[0]

    lines = _PLACEHOLDER.sub(argument, text).strip().splitlines()
    line = lines[0].strip() if lines else ""
    return line if len(line) <= _MAX_MESSAGE else line[: _MAX_MESSAGE - 1] + "…"


def _is_suppressed(result: Node) -> bool:
    suppressions = result.objects("suppressions")
    for one in suppressions:
        one.word("kind", {"inSource", "external"})
    return bool(suppressions) and all(
        one.word("status", _STATUSES, "accepted") == "accepted" for one in suppressions
    )


def _location(location: Node, artifacts: Sequence[Node]) -> dict[str, Any]:
    """A physical location; an artifact may be named by its index alone (3.4.5)."""
    found: dict[str, Any] = {"uri": "", "uriBaseId": "", "line": 0, "column": 0}
    physical = location.object_or_none("physicalLocation")
    if physical is None:
        return found
    artifact = physical.object_or_none("artifactLocation")
    if artifact is not None:
        index = _index(artifact)
        if "uri" not in artifact and index >= 0:
            if index >= len(artifacts):
                artifact.child("index").refuse("is beyond the list of artifacts")
            artifact = artifacts[index].object("location")
        found["uri"] = artifact.text("uri", "")
        found["uriBaseId"] = artifact.text("uriBaseId", "")
    region = physical.object_or_none("region")
    if region is not None:
        for key, name in (("startLine", "line"), ("startColumn", "column")):
            found[name] = region.count(key) if key in region else 0
    return found


def _ended(run: Node) -> str:
    """When the run ended; empty unless every invocation says so."""
    times = [one.instant("endTimeUtc") for one in run.objects("invocations")]
    return max(times) if times and all(times) else ""
