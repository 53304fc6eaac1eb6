"""Terraform and OpenTofu plans: the output of `terraform show -json PLAN`.

Data: `{formatVersion, terraformVersion, timestamp, variables, resources, drift, moduleCalls,
outputs, checks, counts}`.

- A resource change, from whichever module, is `{address, previousAddress, module, mode, type,
  name, index, deposed, provider, action, actions, deletes, replaces, imports, reason, before,
  after, sensitive, unknown}`. `action` is one word for `actions`: `no-op`, `create`, `read`,
  `update`, `delete`, `replace` or `forget`; `deletes` holds for `replace` too. `module` is
  empty for the root. `drift` has what was changed outside Terraform, in the same shape.
- In `before` and `after` a sensitive value is `{"$sensitive": true}` and one that is known
  only after apply `{"$unknown": true}`; `sensitive` and `unknown` list their places in
  `after` as JSON pointers.
- A module call is `{module, source, version, arguments}`: a constant argument is its value,
  any other `{"$references": […]}`, which only the resources below can decide.
- An output is `{name, action, sensitive, before, after}`; a check `{address, kind, status,
  problems}` with the number of problems; `counts` are resources by action.

Rules:

- Format 0.2 or 1.x. Format 0.1 (Terraform before 0.15) does not say which values are
  sensitive, and so cannot be read without spreading them.
- A plan that failed, that is incomplete (`-target`, deferred changes) or that has actions
  of an unknown kind is refused; so is a state, which `terraform show -json` prints too.
- Values of variables that the configuration declares sensitive, or not at all, are masked,
  and so are arguments of modules that declare them so. The original file holds all secrets
  in plain text: keep it where secrets may be kept.

Example:

    >>> read(plan)["resources"][0]["after"]["input"]["rotation_days"]
    90
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.collect.record import SENSITIVE, UNKNOWN, Record, exact, present
from probanda.parse.json import load_json

# developer.hashicorp.com/terraform/internals/json-format: reject unsupported major versions.
_VERSION = re.compile(r"(?:0\.2|1\.[0-9]{1,4})")
_ACTIONS: Mapping[tuple[str, ...], str] = {
    ("no-op",): "no-op",
    ("create",): "create",
    ("read",): "read",
    ("update",): "update",
    ("delete",): "delete",
    ("forget",): "forget",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("create", "forget"): "replace",
    ("forget", "create"): "replace",
}
_Collection = TypeVar("_Collection", dict[str, Any], list[Any])
_HINT = "terraform plan -out=FILE && terraform show -json FILE"


class TerraformPlanCollector:
    """`from: terraform-plan`."""

    name = "terraform-plan"
    media_type = "application/json"
    timestamped = True
    max_bytes = 64 << 20
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {
        "variables": {},
        "resources": [],
        "drift": [],
        "moduleCalls": [],
        "outputs": [],
        "checks": [],
        "counts": {},
    }

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """What the plan would change.

        Raises:
            ParseError: not strict JSON.
            CollectError: no plan, a failed or incomplete one, or of a format not known.
        """
        plan = Record.root(load_json(data, path=source), source, expected=_HINT)
        version = _check(plan)
        resources = _resources(plan, "resource_changes")
        timestamp = plan.optional_instant("timestamp")
        terraform = plan.optional_text("terraform_version")
        value = present(
            formatVersion=version,
            terraformVersion=terraform,
            timestamp=timestamp,
            variables=_variables(plan),
            resources=resources,
            drift=_resources(plan, "resource_drift"),
            moduleCalls=_module_calls(plan),
            outputs=[
                _output(*one)
                for one in sorted(plan.entries("output_changes"), key=lambda one: one[0])
            ],
            checks=[_checked(one) for one in plan.records("checks")],
            counts=dict(sorted(Counter(one["action"] for one in resources).items())),
        )
        producer = f"terraform {terraform}" if terraform else ""
        return Reading(value, self.media_type, producer, timestamp or "")


def _check(plan: Record) -> str:
    """The format's version, once the plan is whole."""
    version = plan.text("format_version")
    if not _VERSION.fullmatch(version):
        raise plan.error(
            f"format {version[:20]!r} is not 0.2 or 1.x", "format_version",
            hint="0.1 does not say which values are sensitive: use Terraform 0.15 or later",
        )  # fmt: skip
    if "planned_values" not in plan.values:
        raise plan.error("this is no plan", "planned_values", hint=_HINT)
    if plan.optional_boolean("errored"):
        raise plan.error("planning failed: the plan is not what would happen", "errored")
    if plan.optional_boolean("complete") is False or plan.optional("deferred_changes", list):
        raise plan.error(
            "the plan is incomplete", "complete", hint="plan without -target and deferred changes"
        )
    return version


def _resources(plan: Record, key: str) -> list[dict[str, Any]]:
    """Changes by address; one address may have several deposed objects."""
    changes = [_resource(one) for one in plan.records(key)]
    times = Counter((one["address"], one.get("deposed")) for one in changes)
    for (address, _), number in times.items():
        if number > 1:
            raise plan.error(f"{address[:200]!r} stands there {number} times", key)
    return sorted(changes, key=lambda one: (one["address"], one.get("deposed", "")))


def _resource(entry: Record) -> dict[str, Any]:
    """One resource change."""
    change = entry.record("change")
    actions = change.texts("actions")
    action = _ACTIONS.get(tuple(actions))
    if action is None:
        raise change.error("is no known combination of actions", "actions")
    before, _, _ = _marked(change, "before")
    after, sensitive, unknown = _marked(change, "after")
    return present(
        address=entry.text("address"),
        previousAddress=entry.optional_text("previous_address"),
        module=entry.optional_text("module_address") or "",
        mode=entry.text("mode"),
        type=entry.text("type"),
        name=entry.text("name"),
        index=entry.optional("index", (str, int)),
        deposed=entry.optional_text("deposed"),
        provider=entry.text("provider_name"),
        action=action,
        actions=actions,
        deletes="delete" in actions,
        replaces=action == "replace",
        imports=change.optional_record("importing") is not None,
        reason=entry.optional_text("action_reason"),
        before=before,
        after=after,
        sensitive=sensitive,
        unknown=unknown,
    )


def _marked(change: Record, key: str) -> tuple[Any, list[str], list[str]]:
    """A side of a change with its marks set, and where they are."""
    value = change.values.get(key)
    masks = change.values.get(f"{key}_sensitive")
    later = change.values.get("after_unknown") if key == "after" else None
    if value is None and not _any(later):
        return None, [], []
    if value is not None and masks is None:
        raise change.error("nothing says which values are sensitive", f"{key}_sensitive")
    marks = _Marks()
    marked = marks.set(exact(value), masks, later, "")
    return marked, sorted(marks.sensitive), sorted(marks.unknown)


class _Marks:
    """Sets marks into a value and remembers where."""

    def __init__(self) -> None:
        self.sensitive: set[str] = set()
        self.unknown: set[str] = set()

    def set(self, value: Any, masks: Any, later: Any, pointer: str) -> Any:
        """`value` with its marks; a mask that does not fit the value's shape hides all of it."""
        if masks is True or not _fits(value, masks):
            self.sensitive.add(pointer)
            if later is True:
                self.unknown.add(pointer)
            return dict(SENSITIVE)
        if later is True or not _fits(value, later):
            self.unknown.add(pointer)
            return dict(UNKNOWN)
        if isinstance(value, dict) or (value is None and isinstance(later, dict) and _any(later)):
            return self._object(_as(dict, value), _as(dict, masks), _as(dict, later), pointer)
        if isinstance(value, list) or (value is None and isinstance(later, list) and _any(later)):
            return self._list(_as(list, value), _as(list, masks), _as(list, later), pointer)
        return value

    def _object(
        self, value: dict[str, Any], masks: dict[str, Any], later: dict[str, Any], pointer: str
    ) -> dict[str, Any]:
        marked = {}
        for key in {**value, **later}:
            if key not in value and not _any(later.get(key)):
                continue  # `output: {}`: nothing there is unknown
            escaped = key.replace("~", "~0").replace("/", "~1")  # RFC 6901 section 4
            marked[key] = self.set(
                value.get(key), masks.get(key), later.get(key), f"{pointer}/{escaped}"
            )
        return marked

    def _list(
        self, value: list[Any], masks: list[Any], later: list[Any], pointer: str
    ) -> list[Any]:
        return [
            self.set(
                value[number] if number < len(value) else None,
                masks[number] if number < len(masks) else None,
                later[number] if number < len(later) else None,
                f"{pointer}/{number}",
            )
            for number in range(max(len(value), len(later)))
        ]


def _as(kind: type[_Collection], value: Any) -> _Collection:
    """The value, or an empty one where nothing of that kind is there."""
    return value if isinstance(value, kind) else kind()


def _fits(value: Any, marks: Any) -> bool:
    """Whether marks have the shape of the value; no marks fit everything."""
    if marks is None or isinstance(marks, bool) or not _any(marks):
        return True
    return value is None or type(value) is type(marks)


def _any(marks: Any) -> bool:
    """Whether anything is marked."""
    if isinstance(marks, dict):
        return any(_any(one) for one in marks.values())
    if isinstance(marks, list):
        return any(_any(one) for one in marks)
    return marks is True


def _variables(plan: Record) -> dict[str, Any]:
    """Values of the root module's variables."""
    configuration = plan.optional_record("configuration")
    root = configuration.optional_record("root_module") if configuration else None
    declared = _declarations(root)
    values = {}
    for name, variable in plan.entries("variables"):
        is_open = name in declared and not declared[name]
        values[name] = exact(variable.values.get("value")) if is_open else dict(SENSITIVE)
    return dict(sorted(values.items()))


def _declarations(module: Record | None) -> dict[str, bool]:
    """Variables that a module declares, and whether they are sensitive."""
    if module is None:
        return {}
    return {
        name: variable.optional_boolean("sensitive")
        or variable.optional_boolean("ephemeral")
        or False
        for name, variable in module.entries("variables")
    }


def _module_calls(plan: Record) -> list[dict[str, Any]]:
    """Every module call, those inside modules as well."""
    configuration = plan.optional_record("configuration")
    root = configuration.optional_record("root_module") if configuration else None
    return sorted(_calls(root, ""), key=lambda one: str(one["module"])) if root else []


def _calls(module: Record, prefix: str) -> Iterator[dict[str, Any]]:
    for name, call in module.entries("module_calls"):
        address = f"{prefix}module.{name}"
        inner = call.optional_record("module")
        declared = _declarations(inner)
        arguments = {
            key: _argument(expression, is_open=key in declared and not declared[key])
            for key, expression in call.entries("expressions")
        }
        yield present(
            module=address,
            source=call.optional_text("source"),
            version=call.optional_text("version_constraint"),
            arguments=dict(sorted(arguments.items())),
        )
        if inner is not None:
            yield from _calls(inner, f"{address}.")


def _argument(expression: Record, *, is_open: bool) -> Any:
    """A constant, or the references that a value is made of."""
    if "constant_value" in expression.values:
        return exact(expression.values["constant_value"]) if is_open else dict(SENSITIVE)
    return {"$references": sorted(set(expression.texts("references")))}


def _output(name: str, change: Record) -> dict[str, Any]:
    """A change of an output value."""
    before, _, _ = _marked(change, "before")
    after, _, _ = _marked(change, "after")
    action = _ACTIONS.get(tuple(change.texts("actions")))
    if action is None:
        raise change.error("is no known combination of actions", "actions")
    sensitive = _any(change.values.get("after_sensitive"))
    return present(name=name, action=action, sensitive=sensitive, before=before, after=after)


def _checked(check: Record) -> dict[str, Any]:
    """The result of a check block or condition."""
    address = check.record("address")
    problems = [
        one for instance in check.records("instances") for one in instance.records("problems")
    ]
    return {
        "address": address.text("to_display"),
        "kind": address.text("kind"),
        "status": check.text("status"),
        "problems": len(problems),
    }
