"""Plans of Terraform: its own, those of its library, and broken ones."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from probanda.canonical import canonical
from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["terraform-plan"]
SENSITIVE, UNKNOWN = {"$sensitive": True}, {"$unknown": True}


def collect(document):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return COLLECTOR.read(data, source="plan.json", options={})


def read(document):
    return collect(document).data


def change(actions=("create",), **more):
    return {
        "actions": list(actions),
        "before": None,
        "after": {},
        "after_unknown": {},
        "before_sensitive": False,
        "after_sensitive": {},
        **more,
    }


def resource(name="a", **more):
    return {
        "address": f"x_key.{name}",
        "mode": "managed",
        "type": "x_key",
        "name": name,
        "provider_name": "registry.terraform.io/x/x",
        "change": change(**more),
    }


def plan(*resources, **more):
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {},
        "resource_changes": list(resources),
        **more,
    }


def after(**more):
    (one,) = read(plan(resource(**more)))["resources"]
    return one


def test_plans_of_terraforms_own_library_are_read_or_refused_by_their_format(vectors):
    paths = sorted((vectors / "terraform").glob("*.json"))
    if not paths:
        pytest.skip("no plans among the vectors")
    known = {"0.2", "1.0", "1.1", "1.2"}
    for path in paths:
        try:
            document = json.loads(path.read_bytes())
        except json.JSONDecodeError:
            document = {}
        if document.get("format_version") in known and "planned_values" in document:
            fact = read(path.read_bytes())
            assert len(fact["resources"]) == len(document.get("resource_changes", []))
            canonical(fact)
        else:
            with pytest.raises((CollectError, ParseError), match=r"plan.json"):
                read(path.read_bytes())


CONFIGURATION = """
variable "password" {
  type      = string
  sensitive = true
  default   = "hunter2"
}
module "egress" {
  source          = "./egress"
  internet_egress = false
  token           = "hunter2"
}
resource "terraform_data" "keys" {
  input = { rotation_days = 90, password = var.password, list = ["a", var.password] }
}
output "password" {
  value     = var.password
  sensitive = true
}
"""
MODULE = """
variable "internet_egress" { type = bool }
variable "token" {
  type      = string
  sensitive = true
}
resource "terraform_data" "network" {
  count = 2
  input = { internet_egress = var.internet_egress }
}
"""


def test_a_plan_that_terraform_makes_here_says_what_changes_and_no_secret(tmp_path):
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("terraform is not installed")
    (tmp_path / "egress").mkdir()
    (tmp_path / "egress" / "main.tf").write_text(MODULE)
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    (tmp_path / "rc").write_text("")
    environment = {"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": str(tmp_path / "rc"),
                   "CHECKPOINT_DISABLE": "1", "HOME": str(tmp_path)}  # fmt: skip
    for command in (["init"], ["plan", "-out=p"], ["show", "-json", "p"]):
        done = subprocess.run([terraform, *command], cwd=tmp_path, env=environment,
                              capture_output=True, check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
    fact = read(done.stdout)
    assert b"hunter2" in done.stdout
    assert "hunter2" not in json.dumps(fact)
    keys = next(one for one in fact["resources"] if one["address"] == "terraform_data.keys")
    assert keys["after"]["input"] == {
        "rotation_days": 90,
        "password": SENSITIVE,
        "list": ["a", SENSITIVE],
    }
    assert keys["sensitive"] == ["/input/list/1", "/input/password"]
    assert keys["unknown"] == ["/id", "/output"]
    assert fact["moduleCalls"] == [
        {
            "module": "module.egress",
            "source": "./egress",
            "arguments": {"internet_egress": False, "token": SENSITIVE},
        }
    ]
    assert fact["counts"] == {"create": 3}
    assert fact["variables"] == {"password": SENSITIVE}


def test_deletion_and_replacement_are_flagged():
    expected = {
        ("no-op",): ("no-op", False, False),
        ("update",): ("update", False, False),
        ("delete",): ("delete", True, False),
        ("delete", "create"): ("replace", True, True),
        ("create", "delete"): ("replace", True, True),
        ("forget",): ("forget", False, False),
    }
    for actions, (action, deletes, replaces) in expected.items():
        one = after(actions=actions)
        assert (one["action"], one["deletes"], one["replaces"]) == (action, deletes, replaces)


@pytest.mark.parametrize(
    ("value", "masks", "later", "marked"),
    [
        ({"a": "s"}, {"a": True}, {}, {"a": SENSITIVE}),
        ({"a": "s"}, True, {}, SENSITIVE),
        ({"a": ["x", "s"]}, {"a": [False, True]}, {}, {"a": ["x", SENSITIVE]}),
        ({}, {}, {"id": True}, {"id": UNKNOWN}),
        ({"a": [None, 1]}, {}, {"a": [True, False]}, {"a": [UNKNOWN, 1]}),
        ({}, {"id": True}, {"id": True}, {"id": SENSITIVE}),
        (None, {}, True, UNKNOWN),
        ({"a": "s"}, {"a": {"b": True}}, {}, {"a": SENSITIVE}),
        ({"a": {"b": "s"}}, {"a": [True]}, {}, {"a": SENSITIVE}),
        ({"a": {"b": 1}}, {"a": [False]}, {"a": []}, {"a": {"b": 1}}),
        ({"a": [1]}, {"a": {}}, {"a": {"b": False}}, {"a": [1]}),
        ({"a": 1}, {}, {"a": {"b": True}}, {"a": UNKNOWN}),
        ({"a": {"b": None}}, {}, {"a": {"b": {"c": True}}}, {"a": {"b": {"c": UNKNOWN}}}),
        ({"a/b": 1 << 60}, {}, {}, {"a/b": str(1 << 60)}),
    ],
)
def test_marks_hide_what_is_sensitive_and_what_is_not_known(value, masks, later, marked):
    one = after(after=value, after_sensitive=masks, after_unknown=later)
    assert one["after"] == marked


def test_places_of_marks_are_json_pointers():
    one = after(after={"a/b": {"~": "s"}}, after_sensitive={"a/b": {"~": True}})
    assert one["sensitive"] == ["/a~1b/~0"]


def test_what_is_deleted_has_no_after():
    one = after(actions=["delete"], before={"a": "s"}, before_sensitive={"a": True}, after=None)
    assert one["before"] == {"a": SENSITIVE}
    assert "after" not in one


def test_module_calls_are_found_at_any_depth():
    inner = {"variables": {"ttl_minutes": {}}}
    outer = {
        "module_calls": {
            "jit": {
                "source": "./jit",
                "expressions": {"ttl_minutes": {"constant_value": 60}, "x": {"constant_value": 1}},
                "module": inner,
            }
        }
    }
    call = {
        "source": "./a",
        "expressions": {"cap": {"references": ["var.z", "var.z"]}},
        "module": outer,
    }
    root = {"module_calls": {"a": call}}
    assert read(plan(configuration={"root_module": root}))["moduleCalls"] == [
        {"module": "module.a", "source": "./a", "arguments": {"cap": {"$references": ["var.z"]}}},
        {
            "module": "module.a.module.jit",
            "source": "./jit",
            "arguments": {"ttl_minutes": 60, "x": SENSITIVE},
        },
    ]


def test_a_variable_is_shown_only_where_the_configuration_says_that_it_is_not_sensitive():
    variables = {name: {"value": 1} for name in ("open", "closed", "fleeting", "undeclared")}
    declared = {"open": {}, "closed": {"sensitive": True}, "fleeting": {"ephemeral": True}}
    fact = read(plan(variables=variables, configuration={"root_module": {"variables": declared}}))
    assert fact["variables"] == {
        "open": 1,
        "closed": SENSITIVE,
        "fleeting": SENSITIVE,
        "undeclared": SENSITIVE,
    }


def test_the_plan_states_its_tool_and_time():
    reading = collect(plan(timestamp="2026-11-20T22:01:05Z"))
    assert (reading.producer, reading.produced_at) == ("terraform 1.11.4", "2026-11-20T22:01:05Z")
    assert collect(plan()).produced_at == ""


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "not an object"),
        ({}, "format_version: is missing"),
        (plan(format_version="0.1"), "format '0.1'"),
        (plan(format_version="2.0"), "format '2.0'"),
        (plan(format_version=1.2), "a number where text"),
        ({"format_version": "1.0", "values": {}}, "this is no plan"),
        (plan(errored=True), "planning failed"),
        (plan(complete=False), "incomplete"),
        (plan(deferred_changes=[{}]), "incomplete"),
        (plan(resource(), resource()), "stands there 2 times"),
        (plan(resource(actions=["explode"])), "no known combination"),
        (plan(resource(actions=[])), "no known combination"),
        (plan(resource(after_sensitive=None)), "nothing says which values"),
        (plan({**resource(), "address": ""}), "address: is missing"),
        (plan({**resource(), "change": None}), "change: is missing"),
        (plan(timestamp="yesterday"), "no RFC 3339"),
        (plan("x"), "not an object"),
    ],
)
def test_what_is_no_whole_plan_is_refused(document, reason):
    with pytest.raises(CollectError, match=reason):
        read(document)


@pytest.mark.parametrize("data", [b"", b'{"format_version": "1.2"', b'{"a":1,"a":2}', b"{}\n{}"])
def test_broken_json_is_refused(data):
    with pytest.raises(ParseError):
        read(data)
