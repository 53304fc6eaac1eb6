"""`change/review` from end to end: a repository, an event, a roster; and both decisions."""

from __future__ import annotations

import pytest

from policy_pages import PageProject

PEOPLE = (
    {"name": "ada", "logins": {"github": ["ada-l"]}, "emails": ["ada@example.org"]},
    {"name": "grace", "logins": {"github": ["grace-h", "gh2"]}, "emails": ["grace@example.org"]},
)


class PullRequest:
    """One branch of one commit by Ada, and an event that says what a test wants."""

    def __init__(self, project: PageProject) -> None:
        self.project = project
        self.base = project.commit()
        project.git("checkout", "-q", "-b", "topic")
        project.write("a.txt", "changed")
        self.head = project.commit()

    def person(self, login: str, number: int) -> dict[str, object]:
        return {"login": login, "id": number, "type": "User"}

    def review(self, login: str, number: int, **more: object) -> dict[str, object]:
        return {
            "id": number,
            "user": self.person(login, number),
            "state": "APPROVED",
            "commit_id": self.head,
            "submitted_at": "2026-11-20T10:00:00Z",
            "pull_request_url": "https://api.github.com/repos/acme/shop/pulls/7",
            **more,
        }

    def rules(self, *reviews: object, pusher: str = "ada-l", **more: object) -> list[str]:
        sides = {
            side: {"ref": ref, "sha": sha, "repo": {"full_name": "acme/shop"}}
            for side, ref, sha in (("base", "main", self.base), ("head", "topic", self.head))
        }
        event = {
            "action": "submitted",
            "sender": self.person("grace-h", 2),
            "repository": {"full_name": "acme/shop"},
            "pull_request": {
                "number": 7,
                "state": "open",
                "user": self.person("ada-l", 1),
                "labels": [],
                **sides,
            },
        }
        push = {"ref": "refs/heads/topic", "after": self.head, "actor": self.person(pusher, 9)}
        document = {"event": event, "reviews": list(reviews), "reviewsComplete": True}
        self.project.write(".probanda/event.json", {**document, "push": push, **more})
        return self.project.rules(base="main")


@pytest.fixture
def pull_request(tmp_path):
    project = PageProject(tmp_path / "project", "change/review")
    project.write(".gitignore", "/.probanda/\n")
    project.roster(*PEOPLE)
    return PullRequest(project)


def test_an_independent_approval_of_the_head_passes(pull_request):
    assert pull_request.rules(pull_request.review("grace-h", 2)) == []


def test_an_approval_of_the_base_is_none_of_the_head(pull_request):
    review = pull_request.review("grace-h", 2, commit_id=pull_request.base)
    assert pull_request.rules(review) == ["approvals-missing"]


def test_the_author_does_not_approve(pull_request):
    assert pull_request.rules(pull_request.review("ada-l", 1)) == ["approvals-missing"]


def test_whoever_pushed_last_does_not_approve_under_another_login(pull_request):
    review = pull_request.review("grace-h", 2)
    assert pull_request.rules(review, pusher="gh2") == ["approvals-missing"]


def test_a_stranger_does_not_approve_and_a_change_cannot_put_them_on_the_roster(pull_request):
    review = pull_request.review("eve", 3)
    assert pull_request.rules(review) == ["approvals-missing"]

    pull_request.project.roster(*PEOPLE, {"name": "eve", "logins": {"github": ["eve"]}})
    assert pull_request.rules(review) == ["approvals-missing"]


def test_a_request_for_changes_blocks(pull_request):
    review = pull_request.review("grace-h", 2, state="CHANGES_REQUESTED")
    assert pull_request.rules(review) == ["approvals-missing", "changes-requested"]


def test_commits_that_the_event_does_not_know_were_not_approved(pull_request):
    review = pull_request.review("grace-h", 2)
    pull_request.project.write("b.txt", "more")
    pull_request.project.commit()
    assert pull_request.rules(review) == ["approvals-missing", "other-commits"]
