"""Who is who: look-ups find one person or nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from probanda.model.roster import Absence, Key, Person, Roster

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
AWAY = Absence(datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC))
SECOND = timedelta(seconds=1)
ADA = Person(
    name="ada",
    logins=(("github", ("Ada-L",)), ("gitlab", ("ada",))),
    emails=("ada@example.org",),
    keys=(Key("f" * 64, "PEM", "ada.pem"),),
    roles=("security",),
    joins=START,
    leaves=END,
    absences=(AWAY,),
)
GRACE = Person(name="Grace H.", emails=("grace@example.org",))
ROSTER = Roster((ADA, GRACE))


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("ada", ADA),
        ("ADA", ADA),
        ("ada-l", ADA),
        ("Ada@Example.org", ADA),
        ("grace h.", GRACE),
        ("grace", None),
        ("", None),
    ],
)
def test_a_document_may_call_a_person_by_name_login_or_address(text, person):
    assert ROSTER.who_is(text) is person


def test_a_login_counts_on_its_forge_or_on_any_when_none_is_named():
    assert ROSTER.who_has_login("ADA-L") is ADA
    assert ROSTER.who_has_login("ada-l", "github") is ADA
    assert ROSTER.who_has_login("ada-l", "gitlab") is None


def test_addresses_and_keys_lead_to_their_person_or_to_nobody():
    assert ROSTER.who_has_email("GRACE@example.org") is GRACE
    assert ROSTER.who_has_email("ada") is None
    assert ROSTER.who_has_key("f" * 64) is ADA
    assert ROSTER.who_has_key("e" * 64) is None


@pytest.mark.parametrize(
    ("moment", "belongs", "present"),
    [
        (START - SECOND, False, False),
        (START, True, True),
        (AWAY.start - SECOND, True, True),
        (AWAY.start, True, False),
        (AWAY.end, True, True),
        (END - SECOND, True, True),
        (END, False, False),
    ],
)
def test_membership_and_absence_begin_and_end_at_an_instant(moment, belongs, present):
    assert (ADA.belongs(moment), ADA.present(moment)) == (belongs, present)


def test_policies_see_who_is_there_and_no_keys():
    assert ROSTER.to_fact(START) == {
        "people": [
            {"name": "Grace H.", "logins": [], "emails": ["grace@example.org"], "roles": []},
            {
                "name": "ada",
                "logins": ["Ada-L", "ada"],
                "emails": ["ada@example.org"],
                "roles": ["security"],
            },
        ]
    }
    assert [person["name"] for person in ROSTER.to_fact(END)["people"]] == ["Grace H."]
    assert Roster().to_fact(START) == {"people": []}
