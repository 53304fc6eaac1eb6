"""Events of pull requests: GitHub's examples, our own with reviews, and wrong ones."""

from __future__ import annotations

import json

import pytest

from probanda.canonical import canonical
from probanda.collect import COLLECTORS, github_event
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["github-event"]
HEAD, OLD = "e" * 40, "0" * 40
ADDRESS = "https://api.github.com/repos/acme/shop/pulls/7"


def read(document):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return COLLECTOR.read(data, source="event.json", options={}).data


def person(login, number, kind="User"):
    return {"login": login, "id": number, "type": kind, "token": "hunter2"}


def event(**more):
    return {
        "action": "synchronize",
        "sender": person("ann", 1),
        "repository": {"full_name": "acme/shop", "temp_clone_token": "hunter2"},
        "pull_request": {
            "number": 7,
            "state": "open",
            "title": "hunter2",
            "body": "hunter2",
            "draft": False,
            "user": person("ann", 1),
            "labels": [{"name": "risk"}, {"name": "docs"}],
            "base": {"ref": "main", "sha": "b" * 40, "repo": {"full_name": "acme/shop"}},
            "head": {"ref": "topic", "sha": HEAD, "repo": {"full_name": "acme/shop"}},
            "commits": 2,
            "changed_files": 3,
            **more,
        },
    }


def review(login, number, state, at=0, *, commit=HEAD, **more):
    return {
        "id": number * 100 + at,
        "user": person(login, number),
        "state": state,
        "commit_id": commit,
        "submitted_at": f"2026-11-20T18:00:{at:02}Z",
        "pull_request_url": ADDRESS,
        "body": "hunter2",
        **more,
    }


def with_reviews(*reviews, **more):
    return {"event": event(), "reviews": list(reviews), "reviewsComplete": True, **more}


def test_every_example_of_a_pull_request_event_is_read_and_no_other(vectors):
    path = vectors / "webhooks" / "index.json"
    if not path.is_file():
        pytest.skip("no webhook examples among the vectors")
    seen = 0
    for kind in json.loads(path.read_bytes()):
        for example in kind["examples"]:
            if kind["name"].startswith("pull_request"):
                fact = read(example)
                assert fact["head"]["sha"] == example["pull_request"]["head"]["sha"]
                assert fact["author"]["login"] == example["pull_request"]["user"]["login"]
                canonical(fact)
                seen += 1
            else:
                with pytest.raises(CollectError):
                    read(example)
    assert seen > 30


def test_a_review_event_of_github_is_taken_for_a_review(vectors):
    path = vectors / "webhooks" / "index.json"
    if not path.is_file():
        pytest.skip("no webhook examples among the vectors")
    (kind,) = (one for one in json.loads(path.read_bytes()) if one["name"] == "pull_request_review")
    for example in kind["examples"]:
        document = {"event": example, "reviews": [example["review"]], "reviewsComplete": True}
        (found,) = read(document)["reviews"]
        assert found["state"] == example["review"]["state"]
        assert found["onHead"] is True


def test_the_event_says_who_proposes_what():
    fact = read(event())
    assert fact["author"] == {"login": "ann", "id": 1, "type": "User"}
    assert (fact["repository"], fact["number"], fact["draft"]) == ("acme/shop", 7, False)
    assert fact["labels"] == ["docs", "risk"]
    assert fact["head"] == {"ref": "topic", "sha": HEAD, "repository": "acme/shop"}
    assert (fact["commits"], fact["changedFiles"], fact["fork"]) == (2, 3, False)
    for absent in ("additions", "merged", "reviews", "opinions", "approvals"):
        assert absent not in fact


def test_nothing_but_the_named_fields_is_copied():
    assert "hunter2" not in json.dumps(read(with_reviews(review("bob", 2, "APPROVED"))))


@pytest.mark.parametrize("repository", [{"full_name": "eve/shop"}, None])
def test_a_head_from_elsewhere_is_a_fork(repository):
    fact = read(event(head={"ref": "x", "sha": HEAD, "repo": repository}))
    assert fact["fork"] is True


@pytest.mark.parametrize(
    ("reviews", "approvals"),
    [
        ([], []),
        ([review("bob", 2, "APPROVED")], ["bob"]),
        ([review("bob", 2, "approved"), review("cay", 3, "APPROVED")], ["bob", "cay"]),
        ([review("bob", 2, "APPROVED", commit=OLD)], []),
        ([review("bob", 2, "APPROVED", commit=None)], []),
        ([review("bob", 2, "APPROVED", 1), review("bob", 2, "COMMENTED", 2)], ["bob"]),
        ([review("bob", 2, "APPROVED", 1), review("bob", 2, "CHANGES_REQUESTED", 2)], []),
        ([review("bob", 2, "APPROVED", 2), review("bob", 2, "CHANGES_REQUESTED", 1)], ["bob"]),
        ([review("bob", 2, "APPROVED", 1), review("bob", 2, "DISMISSED", 2)], []),
        ([review("bob", 2, "APPROVED", 1), review("Bob", 2, "CHANGES_REQUESTED", 2)], []),
        ([review("ann", 1, "APPROVED")], []),
        ([review("ann-renamed", 1, "APPROVED")], []),
        ([review("bob", 2, "APPROVED", user=None)], []),
        ([review("bob", 2, "PENDING", submitted_at=None)], []),
    ],
)
def test_approvals_are_the_latest_opinions_on_the_head_commit(reviews, approvals):
    assert read(with_reviews(*reviews))["approvals"] == approvals


def test_pages_of_reviews_are_joined_and_the_oldest_comes_first():
    pages = [[review("bob", 2, "COMMENTED", 5)], [review("cay", 3, "APPROVED", 1)], []]
    fact = read({**with_reviews(), "reviews": pages})
    assert [one["reviewer"]["login"] for one in fact["reviews"]] == ["cay", "bob"]
    assert [one["reviewer"]["login"] for one in fact["opinions"]] == ["bob", "cay"]


@pytest.mark.parametrize("stated", [None, False, "true", 1])
@pytest.mark.parametrize("number", [1, 30, 100])
def test_reviews_that_nobody_calls_complete_are_refused(stated, number):
    reviews = [review("bob", 2, "APPROVED", id=count) for count in range(number)]
    with pytest.raises(CollectError, match="reviewsComplete"):
        read({**with_reviews(*reviews), "reviewsComplete": stated})
    assert len(read(with_reviews(*reviews))["reviews"]) == number


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "not an object"),
        ({}, "pull_request: is missing"),
        ({"ref": "refs/heads/main", "commits": []}, "no event of a pull request"),
        (event(head={"ref": "x", "sha": "abc"}), "no full commit id"),
        (event(head=None), "head: is missing"),
        (event(base={"ref": "x", "sha": HEAD, "repo": None}), "has no repository"),
        (event(user=None), "user: is missing"),
        (event(draft="false"), "text where a boolean"),
        (event(commits=-1), "out of range"),
        (event(labels=["x"]), "not an object"),
        (with_reviews(review("bob", 2, "LGTM")), "no known state"),
        (with_reviews(review("bob", 2, "APPROVED"), review("bob", 2, "APPROVED")), "twice"),
        (with_reviews(review("bob", 2, "APPROVED", submitted_at=None)), "submitted_at: is missing"),
        (with_reviews(review("bob", 2, "APPROVED", pull_request_url=None)), "pull_request_url"),
        (with_reviews("x"), "not an object"),
        (with_reviews(extra=1), "no known field"),
        ({"event": event(), "reviews": {}, "reviewsComplete": True}, "an object where a list"),
    ],
)  # fmt: skip
def test_what_says_too_little_or_contradicts_itself_is_refused(document, reason):
    with pytest.raises(CollectError, match=reason):
        read(document)


@pytest.mark.parametrize("address", [ADDRESS.replace("/7", "/8"), ADDRESS.replace("acme", "eve")])
def test_reviews_of_another_pull_request_are_refused(address):
    with pytest.raises(CollectError, match="another pull request"):
        read(with_reviews(review("bob", 2, "APPROVED", pull_request_url=address)))


@pytest.mark.parametrize("data", [b"", b'{"action": "opened"', b'{"a":1,"a":2}', b"\xff"])
def test_broken_json_is_refused(data):
    with pytest.raises(ParseError):
        read(data)


def test_more_reviews_than_the_limit_are_refused(monkeypatch):
    monkeypatch.setattr(github_event, "MAX_REVIEWS", 1)
    with pytest.raises(CollectError, match="limit of 1"):
        read(with_reviews(review("bob", 2, "APPROVED"), review("cay", 3, "APPROVED")))


def test_the_pusher_is_who_sent_the_event_of_the_push():
    assert read(event())["pusher"] == {"login": "ann", "id": 1, "type": "User"}
    assert "pusher" not in read({**event(), "action": "opened"})


def test_the_pusher_is_who_the_activity_of_the_head_names():
    push = {"ref": "refs/heads/topic", "after": HEAD, "actor": person("bob", 2)}

    fact = read(with_reviews(push=push))

    assert fact["pusher"] == {"login": "bob", "id": 2, "type": "User"}


@pytest.mark.parametrize(
    "push",
    [
        {"ref": "refs/heads/topic", "after": "c" * 40, "actor": person("bob", 2)},
        {"ref": "refs/heads/other", "after": HEAD, "actor": person("bob", 2)},
        {"ref": "refs/heads/topic", "after": HEAD, "actor": None},
        {"ref": "refs/heads/topic", "after": HEAD[:7], "actor": person("bob", 2)},
        None,
        [],
    ],
)
def test_another_push_or_one_of_nobody_is_refused(push):
    with pytest.raises(CollectError):
        read(with_reviews(push=push))
