"""Inventories of secrets: our own, those of real tools, and what must never be in one."""

from __future__ import annotations

import json

import pytest

from probanda.canonical import canonical
from probanda.collect import COLLECTORS, secrets_inventory
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["secrets-inventory"]


def collect(document, **options):
    text = document if isinstance(document, str) else json.dumps(document)
    return COLLECTOR.read(text.encode(), source="secrets.json", options=options)


def read(document, **options):
    value = collect(document, **options).data
    canonical(value)
    return value


def inventory(*secrets, **more):
    return {"secrets": list(secrets), **more}


def secret(name="db", **more):
    return {"name": name, **more}


def test_json_yaml_and_csv_say_the_same():
    full = secret(
        store="vault", kind="password", owner="ops", createdAt="2026-01-01T00:00:00Z",
        rotatedAt="2026-11-01T02:00:00+02:00", expiresAt="2027-01-30",
    )  # fmt: skip
    expected = [
        {
            **full,
            "rotatedAt": "2026-11-01T00:00:00Z",
            "expiresAt": "2027-01-30T00:00:00Z",
        }
    ]
    rows = f"{','.join(full)}\n{','.join(full.values())}\n"
    yaml = "secrets:\n- {" + ", ".join(f"{key}: '{value}'" for key, value in full.items()) + "}\n"
    assert read(inventory(full))["secrets"] == expected
    assert read(yaml)["secrets"] == expected
    assert read(rows, format="csv")["secrets"] == expected
    assert read(json.dumps(inventory(full), indent="\t"))["count"] == 1


def test_what_is_not_said_is_absent():
    assert read(inventory(secret(rotatedAt=None, owner=""))) == {
        "secrets": [{"name": "db"}],
        "count": 1,
    }
    assert read("name,rotatedAt\ndb,\n", format="csv")["secrets"] == [{"name": "db"}]
    assert read(inventory()) == {"secrets": [], "count": 0}


def test_secrets_are_sorted_and_the_inventory_states_its_time():
    reading = collect(inventory(secret("b"), secret("a"), generatedAt="2026-11-20T00:00:00Z"))
    assert [one["name"] for one in reading.data["secrets"]] == ["a", "b"]
    assert reading.produced_at == reading.data["generatedAt"] == "2026-11-20T00:00:00Z"


# The fields that docs.aws.amazon.com lists for SecretListEntry; invented content.
AMAZON = {
    "ARN": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:db-a1b2c3",
    "Name": "prod/db",
    "Description": "of the shop",
    "RotationEnabled": True,
    "RotationRules": {"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)"},
    "LastRotatedDate": "2026-11-01T10:00:00.123000+01:00",
    "LastChangedDate": "2026-11-19T00:00:00+00:00",
    "NextRotationDate": 1796083200.5,
    "CreatedDate": 1767225600.0,
    "Tags": [{"Key": "Owner", "Value": "ops"}],
    "SecretVersionsToStages": {"EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE": ["AWSCURRENT"]},
}


def test_a_list_of_aws_secrets_manager_is_read():
    assert read({"SecretList": [AMAZON]}, format="aws-secrets-manager")["secrets"] == [
        {
            "name": "prod/db",
            "store": "aws-secrets-manager",
            "owner": "ops",
            "createdAt": "2026-01-01T00:00:00Z",
            "rotatedAt": "2026-11-01T09:00:00Z",
            "rotation": {"enabled": True, "everyDays": 30, "nextAt": "2026-12-01T00:00:00Z"},
        }
    ]


def test_a_change_of_metadata_is_no_rotation():
    never = {key: value for key, value in AMAZON.items() if key != "LastRotatedDate"}
    (found,) = read({"SecretList": [never]}, format="aws-secrets-manager")["secrets"]
    assert "rotatedAt" not in found


def test_a_list_of_github_is_read():
    one = {
        "name": "KEY",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-02-01T00:00:00Z",
    }
    document = {"total_count": 1, "secrets": [one]}
    assert read(document, format="github-actions", store="acme/shop")["secrets"] == [
        {
            "name": "KEY",
            "store": "acme/shop",
            "createdAt": "2026-01-01T00:00:00Z",
            "rotatedAt": "2026-02-01T00:00:00Z",
        }
    ]


CREDENTIALS = [
    "AKIA" + "A" * 16,
    "ghp_" + "a" * 36,
    "eyJhbGciOi00.eyJzdWIiOi00",
    "glpat-" + "x" * 20,
]


@pytest.mark.parametrize(
    "field", ["value", "Secret_Value", "password", "SecretString", "private-key", "data", "token"]
)
def test_a_field_for_a_value_is_refused_without_repeating_it(field):
    for document, form in (
        (inventory(secret(**{field: "hunter2"})), "inventory"),
        ({"SecretList": [{**AMAZON, field: "hunter2"}]}, "aws-secrets-manager"),
        ({"total_count": 1, "secrets": [{"name": "a", field: "hunter2"}]}, "github-actions"),
        (f"name,{field}\na,hunter2\n", "csv"),
    ):
        with pytest.raises(CollectError, match="a field for a secret's value") as caught:
            read(document, format=form)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_what_looks_like_a_credential_is_refused_without_repeating_it(credential):
    tagged = {**AMAZON, "Tags": [{"Key": "owner", "Value": credential}]}
    for document, form in (
        (inventory(secret(owner=f"see {credential}")), "inventory"),
        ({"SecretList": [tagged]}, "aws-secrets-manager"),
    ):
        with pytest.raises(CollectError, match="looks like a credential") as caught:
            read(document, format=form)
        assert credential not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (inventory(secret(createdAt="2026-02-01", rotatedAt="2026-01-01")), "createdAt is later"),
        (inventory(secret(createdAt="2026-02-01", expiresAt="2026-01-01")), "createdAt is later"),
        (inventory(secret(rotatedAt="2026-02-01", expiresAt="2026-01-01")), "rotatedAt is later"),
        (inventory(secret(createdAt="2026-02-01"), generatedAt="2026-01-01"), "than generatedAt"),
        (inventory(secret(rotatedAt="2026-02-30")), "no RFC 3339 instant"),
        (inventory(secret(rotatedAt="2026-02-01T00:00:00")), "no RFC 3339 instant"),
        (inventory(secret(rotatedAt=20260201)), "a number where text"),
        (inventory(secret(""), ), "name: is missing"),
        (inventory(secret("a"), secret("a")), "'a' is listed twice"),
        (inventory(secret(ownr="x")), "ownr: is no known field"),
        (inventory(version=2), "version: is no known field"),
        (inventory("x"), "text where a secret belongs"),
        ({"secrets": {}}, "no list"),
        ({}, "no list"),
        ("[]", "not a mapping"),
    ],
)  # fmt: skip
def test_an_inventory_that_cannot_be_true_is_refused(document, reason):
    with pytest.raises(CollectError, match=reason) as caught:
        read(document)
    assert str(caught.value).startswith("secrets.json")


@pytest.mark.parametrize(
    ("document", "form", "reason"),
    [
        ({"SecretList": [], "NextToken": "x"}, "aws-secrets-manager", "the list goes on"),
        ({"Secrets": []}, "aws-secrets-manager", "SecretList: is missing"),
        ({"SecretList": [{**AMAZON, "CreatedDate": 1e300}]}, "aws-secrets-manager", "no instant"),
        ({"SecretList": [{**AMAZON, "Name": None}]}, "aws-secrets-manager", "Name: is missing"),
        ({"SecretList": [AMAZON, AMAZON]}, "aws-secrets-manager", "listed twice"),
        ({"total_count": 31, "secrets": []}, "github-actions", "does not hold them all"),
        ({"secrets": []}, "github-actions", "total_count: is missing"),
        ("owner\nops\n", "csv", "name: is missing"),
        ("name\na\na\n", "csv", "listed twice"),
    ],
)
def test_a_list_of_a_tool_that_is_not_whole_is_refused(document, form, reason):
    with pytest.raises(CollectError, match=reason):
        read(document, format=form)


@pytest.mark.parametrize(
    "text", ["", "{", '{"secrets": [], "secrets": []}', "a: [", "secrets: &a [*a]"]
)
def test_broken_text_is_refused(text):
    with pytest.raises(ParseError):
        read(text)


def test_more_secrets_than_the_limit_are_refused(monkeypatch):
    monkeypatch.setattr(secrets_inventory, "MAX_SECRETS", 1)
    with pytest.raises(CollectError, match="limit of 1"):
        read(inventory(secret("a"), secret("b")))
