"""A pull request on GitHub: the event that started the run, and the reviews so far.

The file is the webhook event itself (`$GITHUB_EVENT_PATH`), or, to have reviews too, an object
that the job puts together:

    {"event": …, "push": …, "reviews": […], "reviewsComplete": true}

`reviews` as `GET /repos/{owner}/{repo}/pulls/{number}/reviews` gives them, all pages in one
list; `gh api --paginate --slurp` gives a list of pages, which is taken too. `push`, which may
lack, is the newest entry of `GET /repos/{owner}/{repo}/activity?ref=…` of the head's repository.

Data: `{action, repository, number, state, author, sender, draft, merged, labels, base, head,
fork, commits, additions, deletions, changedFiles, requestedReviewers, requestedTeams,
createdAt, updatedAt, pusher, reviews, opinions, approvals}`.

- A person is `{login, id, type, association}`; `type` tells a `Bot` from a `User`.
- `base` and `head` are `{ref, sha, repository}`; `fork`: they lie in different repositories,
  or the head's is gone.
- A review is `{id, reviewer, state, commit, submittedAt, onHead}`, oldest first; `state` is
  `approved`, `changesRequested`, `commented` or `dismissed`; `onHead`: it was given on the
  head commit. Reviews not yet submitted are left out.
- `pusher` pushed the head commit: whoever `push` names, or the sender of a `synchronize` event.
  A commit names its author and committer as they please, and other events have other senders.
- `opinions` holds for each reviewer the review that counts: the last one that is no mere
  comment, else the last comment. `approvals` are the logins whose opinion is `approved`, on
  the head commit, and who are not the author. Whether they are independent of each other and
  of whoever wrote the commits is a roster's matter, not decided here.

What the event does not say is absent, and without `reviews` so are `opinions` and
`approvals`: not asked is not the same as none.

Rules:

- Fields are taken by name; titles, texts, tokens and addresses are left behind.
- Reviews must be stated to be complete: a first page looks like all of them, and a request
  for changes may stand on the next.
- Reviews must be of this pull request, each once; the push must be of its head, and its last.

Example:

    >>> read(event)["author"]["login"]
    'octocat'
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from probanda.collect.interface import NO_OPTIONS, Reading
from probanda.collect.record import Record, kind_of, present
from probanda.parse.json import load_json

MAX_REVIEWS = 10_000
# REST and GraphQL write capitals, webhooks small letters.
_STATES: Mapping[str, str] = {
    "approved": "approved",
    "changes_requested": "changesRequested",
    "commented": "commented",
    "dismissed": "dismissed",
}
_PENDING = "pending"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ADDRESS = re.compile(r"https://[^/]+/(?:api/v3/)?repos/([^/]+/[^/]+)/pulls/([0-9]+)")
_HINT = "the event of `pull_request`, `pull_request_target` or `pull_request_review`"


class GithubEventCollector:
    """`from: github-event`."""

    name = "github-event"
    media_type = "application/json"
    timestamped = False
    # GitHub sends at most 25 MB: docs.github.com/webhooks, "Payload cap".
    max_bytes = 64 << 20
    options_schema = NO_OPTIONS
    empty: Mapping[str, Any] = {}

    def read(self, data: bytes, *, source: str, options: Mapping[str, Any]) -> Reading:  # noqa: ARG002 - it has none
        """The pull request, and what reviewers said.

        Raises:
            ParseError: not strict JSON.
            CollectError: no event of a pull request, or reviews that may not be all.
        """
        document = Record.root(load_json(data, path=source), source, expected=_HINT)
        if "event" not in document.values:
            value, _ = _pull_request(document)
            return Reading(value, self.media_type)
        document.only("event", "push", "reviews", "reviewsComplete")
        value, author = _pull_request(document.record("event"))
        if "push" in document.values:
            value["pusher"] = _pusher(document.record("push"), value["head"])
        if "reviews" in document.values:
            value |= _judgement(_reviews(document, value), author)
        return Reading(value, self.media_type)


def _pull_request(event: Record) -> tuple[dict[str, Any], int]:
    """What the event says, and the author's number."""
    if "pull_request" not in event.values:
        raise event.error(
            "is missing: this is no event of a pull request", "pull_request", hint=_HINT
        )
    request = event.record("pull_request")
    base, head = _side(request, "base"), _side(request, "head")
    if "repository" not in base:
        raise request.error("has no repository", "base")
    author = _person(request, "user")
    sender = _person(event, "sender") if event.optional_record("sender") else None
    action = event.optional_text("action")
    association = request.optional_text("author_association")
    number = request.required("number", int)
    value = present(
        action=action,
        repository=base["repository"],
        number=number,
        state=request.text("state"),
        author=present(**author, association=association),
        sender=sender,
        pusher=sender if action == "synchronize" else None,
        draft=request.optional_boolean("draft"),
        merged=request.optional_boolean("merged"),
        labels=sorted(label.text("name") for label in request.records("labels")),
        base=base,
        head=head,
        fork=head.get("repository") != base["repository"],
        commits=request.optional_integer("commits"),
        additions=request.optional_integer("additions"),
        deletions=request.optional_integer("deletions"),
        changedFiles=request.optional_integer("changed_files"),
        requestedReviewers=_names(request, "requested_reviewers", "login"),
        requestedTeams=_names(request, "requested_teams", "slug"),
        createdAt=request.optional_instant("created_at"),
        updatedAt=request.optional_instant("updated_at"),
    )
    return value, author["id"]


def _side(request: Record, key: str) -> dict[str, Any]:
    """`base` or `head`; its repository is null when it was deleted."""
    side = request.record(key)
    repository = side.optional_record("repo")
    return present(
        ref=side.text("ref"),
        sha=_commit(side, "sha"),
        repository=None if repository is None else repository.text("full_name"),
    )


def _pusher(push: Record, head: Mapping[str, Any]) -> dict[str, Any]:
    """Who made the push that brought the head commit."""
    place = push.text("ref").removeprefix("refs/heads/")
    if (place, _commit(push, "after")) != (head["ref"], head["sha"]):
        raise push.error("is no push of the head commit", "after", hint="take the newest activity")
    return _person(push, "actor")


def _names(request: Record, key: str, field: str) -> list[str] | None:
    """Logins or slugs of a list; `None` where the event has no such list."""
    if request.optional(key, list) is None:
        return None
    return sorted(one.text(field) for one in request.records(key))


def _person(holder: Record, key: str) -> dict[str, Any]:
    person = holder.record(key)
    return present(
        login=person.text("login"),
        id=person.required("id", int),
        type=person.optional_text("type"),
    )


def _commit(holder: Record, key: str) -> str:
    value = holder.text(key)
    if not _COMMIT.fullmatch(value):
        raise holder.error("is no full commit id", key)
    return value


def _reviews(document: Record, request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Submitted reviews, oldest first."""
    if document.optional_boolean("reviewsComplete") is not True:
        raise document.error(
            "nothing says that these are all reviews: they come in pages of 30 to 100",
            "reviewsComplete", hint="fetch all pages (`gh api --paginate --slurp`), then state it",
        )  # fmt: skip
    found = []
    for record in _flat(document):
        state = record.text("state").lower()
        if state == _PENDING:
            continue
        if state not in _STATES:
            raise record.error("is no known state", "state")
        _refuse_foreign(record, request)
        commit = _commit(record, "commit_id") if record.optional_text("commit_id") else None
        reviewer = _person(record, "user") if record.optional_record("user") else None
        if reviewer is not None:
            association = record.optional_text("author_association")
            reviewer = present(**reviewer, association=association)
        submitted = record.optional_instant("submitted_at")
        if submitted is None:
            raise record.error("is missing", "submitted_at")
        found.append(
            present(
                id=record.required("id", int),
                reviewer=reviewer,
                state=_STATES[state],
                commit=commit,
                submittedAt=submitted,
                onHead=commit == request["head"]["sha"],
            )
        )
    if len({one["id"] for one in found}) != len(found):
        raise document.error("the same review stands there twice", "reviews")
    return sorted(found, key=lambda one: (one["submittedAt"], one["id"]))


def _flat(document: Record) -> list[Record]:
    """The reviews of a list, or of a list of pages."""
    items = document.required("reviews", list)
    if items and all(isinstance(page, list) for page in items):
        items = [review for page in items for review in page]
    if len(items) > MAX_REVIEWS:
        raise document.error(f"more than the limit of {MAX_REVIEWS}", "reviews")
    for number, item in enumerate(items):
        if not isinstance(item, dict):
            raise document.error(f"[{number}] is {kind_of(item)}, not an object", "reviews")
    return [
        Record(item, document.location, f"$.reviews[{number}]") for number, item in enumerate(items)
    ]


def _refuse_foreign(review: Record, request: Mapping[str, Any]) -> None:
    """Refuse a review of another pull request."""
    match = _ADDRESS.fullmatch(review.text("pull_request_url"))
    wanted = (request["repository"].lower(), request["number"])
    if match is None or (match[1].lower(), int(match[2])) != wanted:
        raise review.error("is of another pull request than the event", "pull_request_url")


def _judgement(reviews: list[dict[str, Any]], author: int) -> dict[str, Any]:
    """The reviews, the one of each reviewer that counts, and who approves the head commit."""
    opinions: dict[int, dict[str, Any]] = {}
    for review in reviews:
        if "reviewer" not in review:
            continue  # the account is gone: nobody can say whose opinion it was
        known = opinions.get(review["reviewer"]["id"])
        # GitHub: a comment leaves an earlier approval or request for changes standing.
        if known is None or review["state"] != "commented" or known["state"] == "commented":
            opinions[review["reviewer"]["id"]] = review
    latest = sorted(opinions.values(), key=lambda one: str(one["reviewer"]["login"]))
    approvals = [
        one["reviewer"]["login"]
        for one in latest
        if one["state"] == "approved" and one["onHead"] and one["reviewer"]["id"] != author
    ]
    return {"reviews": reviews, "opinions": latest, "approvals": approvals}
