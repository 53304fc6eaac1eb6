"""Snapshots of accounts: CSV and SCIM in one shape, and partial or ambiguous ones."""

from __future__ import annotations

import json

import pytest

from probanda.canonical import canonical
from probanda.collect import COLLECTORS, Workspace, collect
from probanda.errors import CollectError, ParseError
from probanda.model.gate import FactSource

COLLECTOR = COLLECTORS["access-snapshot"]
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def read(document, **options):
    text = document if isinstance(document, str) else json.dumps(document)
    value = COLLECTOR.read(text.encode(), source="users", options=options).data
    canonical(value)
    return value


def users(*resources, total=None):
    return {
        "schemas": [LIST],
        "totalResults": len(resources) if total is None else total,
        "startIndex": 1,
        "itemsPerPage": len(resources),
        "Resources": list(resources),
    }


def user(login="ann", **more):
    return {"schemas": [USER], "userName": login, "active": True, **more}


def scim(*resources, **more):
    return read(users(*resources, **more), format="scim", system="erp")


def test_csv_and_scim_of_the_same_account_are_the_same():
    rows = (
        "Login,E-mail,State,Roles,Groups,Made\n"
        "ann,ann@acme.example,Enabled,writer; admin;,staff,2026-01-01\n"
    )
    columns = {"account": "Login", "subject": "E-mail", "status": "State", "roles": "Roles",
               "groups": "Groups", "createdAt": "Made"}  # fmt: skip
    resource = user(
        emails=[{"value": "a@home.example"}, {"value": "ann@acme.example", "primary": True}],
        roles=[{"value": "admin"}, {"value": "writer"}],
        groups=[{"value": "17", "display": "staff"}],
        meta={"created": "2026-01-01T00:00:00Z"},
        password="hunter2",
        name={"familyName": "left behind"},
    )
    from_scim = scim(resource)
    assert read(rows, columns=columns, system="erp") == from_scim
    assert from_scim["accounts"] == [
        {
            "system": "erp",
            "account": "ann",
            "subject": "ann@acme.example",
            "status": "active",
            "roles": ["admin", "writer"],
            "groups": ["staff"],
            "createdAt": "2026-01-01T00:00:00Z",
        }
    ]


# The example of RFC 7644 section 3.4.2, its first user completed as section 8.2 of RFC 7643 does.
def test_the_response_of_the_specification_is_read():
    fact = scim(
        {"schemas": [USER], "id": "2819c223-7f76-453a-919d-413861904646", "externalId": "701984",
         "userName": "bjensen@example.com", "active": True,
         "emails": [{"value": "bjensen@example.com", "type": "work", "primary": True},
                    {"value": "babs@jensen.org", "type": "home"}],
         "meta": {"resourceType": "User", "created": "2010-01-23T04:56:22Z"}},
        {"schemas": [USER], "id": "c75ad752-64ae-4823-840d-ffa80929976c", "userName": "jsmith"},
    )  # fmt: skip
    assert [one["account"] for one in fact["accounts"]] == ["bjensen@example.com", "jsmith"]
    assert "status" not in fact["accounts"][1]
    assert fact["count"] == 2


def test_an_address_that_is_not_the_only_one_stands_for_nobody():
    mails = [{"value": "a@x.example"}, {"value": "b@x.example"}]
    assert "subject" not in scim(user(emails=mails))["accounts"][0]
    assert scim(user(emails=mails, externalId="17"))["accounts"][0]["subject"] == "17"


def test_fields_under_their_own_names_need_no_mapping_and_others_are_left_behind():
    fact = read(
        "system,account,status,lastUsedAt,reviewer,salary\n"
        "erp,bob,suspended,2026-11-20T10:00:00+01:00,cay,100\n"
        "crm,ann,,,,200\n"
    )
    assert fact["accounts"] == [
        {"system": "crm", "account": "ann"},
        {"system": "erp", "account": "bob", "status": "disabled",
         "lastUsedAt": "2026-11-20T09:00:00Z", "reviewer": "cay"},
    ]  # fmt: skip
    assert fact["systems"] == ["crm", "erp"]


def test_words_of_the_file_are_mapped_by_option():
    statuses = {"Gesperrt": "disabled"}
    fact = read("account,status\nann,GESPERRT\n", system="erp", statuses=statuses)
    assert fact["accounts"][0]["status"] == "disabled"


@pytest.mark.parametrize(
    ("text", "options", "reason"),
    [
        ("account\nann\n", {}, "which system is it"),
        ("account\nann\nANN\n", {"system": "a"}, "users:3: row 2.account: 'ANN' is listed twice"),
        ("login\nann\n", {"system": "a"}, "users:1: there is no column 'account'"),
        ("account\n", {"system": "a", "columns": {"roles": "Roles"}}, "no column 'Roles'"),
        ("account,status\nann,on leave\n", {"system": "a"}, "no known status"),
        ("account,lastUsedAt\nann,11/20/2026\n", {"system": "a"}, "no RFC 3339 instant"),
        ("account,status\n,active\n", {"system": "a"}, "account: is missing"),
        ("account,status\nann\n", {"system": "a"}, "users:2: 1 fields"),
        ("", {"system": "a"}, "the file is empty"),
    ],
)
def test_a_file_that_leaves_something_open_is_refused(text, options, reason):
    with pytest.raises(CollectError, match=reason):
        read(text, **options)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "not an object"),
        ({}, "no ListResponse"),
        ({**users(), "schemas": [USER]}, "no ListResponse"),
        ({**users(), "totalResults": None}, "totalResults: is missing"),
        (users(user(), total=201), "201 results, of which 1 are here"),
        (users(user(), user("ANN")), "listed twice"),
        (users(user(schemas=["urn:ietf:params:scim:schemas:core:2.0:Group"])), "no user"),
        (users(user(userName="")), "userName: is missing"),
        (users(user(active="true")), "text where a boolean"),
        (users(user(roles=["admin"])), "not an object"),
        (users(user(meta={"created": "yesterday"})), "no RFC 3339"),
    ],
)
def test_a_response_that_is_not_whole_is_refused(document, reason):
    with pytest.raises(CollectError, match=reason):
        read(document, format="scim", system="erp")


def test_broken_json_is_refused():
    for text in ("", "{", '{"schemas": [], "schemas": []}'):
        with pytest.raises(ParseError):
            read(text, format="scim", system="erp")


@pytest.mark.parametrize(
    "options",
    [
        {"format": "ldap"},
        {"columns": {"accuont": "x"}},
        {"statuses": {"x": "gone"}},
        {"system": ""},
    ],
)
def test_wrong_options_are_refused(tmp_path, options):
    (tmp_path / "a").write_text("account\n")
    source = FactSource("fact", "access-snapshot", path="a", options=options)
    with pytest.raises(CollectError, match="wrong option"):
        collect(source, Workspace(tmp_path), collected_at="2026-11-20T18:44:00Z")
