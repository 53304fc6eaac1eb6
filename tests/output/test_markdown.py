"""The comment on a change: the verdict first, everything that helps, and nothing that harms."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from probanda.model.outcome import Mode, Outcome
from probanda.output import markdown
from probanda.output.interface import SourceTree
from reports import (
    CHECK,
    DECISION,
    FINDING,
    PASSED,
    catalogue,
    decision,
    report,
    undecided,
    waived,
    waiver,
)

EARLIER = replace(DECISION, as_of="2026-11-01T00:00:00Z")


def test_the_verdict_comes_first_after_the_marker_of_the_comment():
    first, second, *_ = markdown.render(report(DECISION)).splitlines()

    assert first == markdown.MARKER
    assert second == "## ❌ BLOCKED · 1 fail; 1 open finding"


def test_a_blocked_gate_is_told_whole():
    made = replace(DECISION, content=replace(DECISION.content, base="main", base_commit="b" * 40))
    source = SourceTree(folder="services/api", commit="c" * 40)

    shown = markdown.render(report(made, catalogue=catalogue(), source=source))

    for line in (
        "| `pull-request` | `licenses` | ❌ fail | `soc2/CC8.1` | 1 |",
        "### `pull-request / licenses` fail",
        "**`denied-license`** (high) `pkg:pypi/geo@4.1.0`",
        "- **why** `geo 4.1.0 is under LicenseRef-Restricted-TOS`",
        "- **fix** replace it",
        "- **where** `services/api/sbom.json:3:5`",
        f"On commit `{'c' * 40}`, with the artifacts of this job in place:",
        f"probanda check pull-request --as-of 2026-11-20T12:00:00Z --base {'b' * 40}",
    ):
        assert line in shown.splitlines()
    assert f"- **or** `probanda waive {FINDING.fingerprint}`" in shown


def test_a_remediation_that_the_judging_content_does_not_have_is_shown_as_code():
    made = decision(replace(CHECK, findings=(replace(FINDING, remediation="do *this*"),)))

    assert "- **fix** `do *this*`" in markdown.render(report(made, catalogue=catalogue()))


def test_an_undecided_check_says_why_and_what_to_do():
    shown = markdown.render(report(decision(undecided(Outcome.ERROR))))

    assert "## ❌ UNDECIDED · 1 error" in shown
    assert "- **why** `no file 'sbom.json'`" in shown
    assert "- **hint** `make it`" in shown


@pytest.mark.parametrize("given_report", [report(), report(decision())], ids=["run", "gate"])
def test_nothing_checked_never_reads_like_a_pass(given_report):
    shown = markdown.render(given_report)

    assert "nothing has passed" in shown
    assert "✅" not in shown


def test_a_gate_that_only_warns_says_so():
    shown = markdown.render(report(decision(CHECK, mode=Mode.WARN)))

    assert "## ✅ PASSED · 1 fail; 1 open finding; reported, not enforced" in shown
    assert "❌ fail (reported, not enforced)" in shown


# The decision diff


def test_against_an_earlier_decision_it_says_what_is_new_fixed_and_unchanged():
    new = replace(FINDING, key="pkg:pypi/new@1")
    earlier = decision(
        replace(CHECK, findings=(FINDING, replace(FINDING, key="pkg:pypi/old@1"))),
        as_of="2026-11-01T00:00:00Z",
    )
    now = decision(replace(CHECK, findings=(FINDING, new)))

    shown = markdown.render(report(now, earlier={"pull-request": earlier})).splitlines()

    assert "### `pull-request` since `2026-11-01T00:00:00Z`" in shown
    assert "1 new, 1 fixed, 1 unchanged" in shown
    assert "- **new** `licenses` `denied-license` `pkg:pypi/new@1`" in shown
    assert "- **fixed** `licenses` `denied-license` `pkg:pypi/old@1`" in shown


def test_outcomes_that_changed_are_told():
    shown = markdown.render(report(decision(PASSED), earlier={"pull-request": EARLIER}))

    assert "- the gate: fail → pass" in shown
    assert "- licenses: fail → pass" in shown


def test_a_gate_without_an_earlier_decision_says_so():
    shown = markdown.render(report(DECISION, earlier={}))

    assert "### `pull-request`: no earlier decision to compare with" in shown


# Waivers


@pytest.mark.parametrize(
    ("expires", "said"),
    [
        ("2026-11-21", "ends 2026-11-21T00:00:00Z (0 days left)"),
        ("2026-11-22", "ends 2026-11-22T00:00:00Z (1 day left)"),
        ("2026-12-20", "ends 2026-12-20T00:00:00Z (29 days left)"),
        ("2026-12-21", None),
    ],
)
def test_a_waiver_in_use_that_ends_soon_is_told(expires, said):
    content = catalogue(waiver(expires=expires))

    shown = markdown.render(report(decision(waived("geo")), catalogue=content))

    if said is None:
        assert "Waivers that end soon" not in shown
    else:
        assert f"- `geo` {said}; owner `grace@example.org`, ticket `SEC-1`" in shown


def test_a_waiver_that_nothing_uses_is_not_told():
    content = catalogue(waiver(expires="2026-11-22"))

    assert "end soon" not in markdown.render(report(decision(PASSED), catalogue=content))


# Limits and harm


@given(st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_whatever_an_artifact_says_the_page_has_no_html_link_or_image(text):
    hostile = replace(
        FINDING,
        message=f"{text}\n\n<img src=x>![x](https://evil.example)`",
        key=f"`{text}</code><script>",
        remediation=f"[x](javascript:1) {text} @all",
    )
    made = decision(
        replace(CHECK, findings=(hostile,)),
        undecided(reason=f"|{text}|\n# x", hint=f"``{text}", id="other"),
    )
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(
        markdown.render(report(made, catalogue=catalogue(), earlier={"pull-request": EARLIER}))
    )

    inline = [child for token in tokens for child in token.children or ()]
    html = {token.content for token in (*tokens, *inline) if token.type.startswith("html")}
    assert html <= {"<!-- -->", f"{markdown.MARKER}\n"}
    assert not {"link_open", "image", "s_open", "em_open"} & {token.type for token in inline}
    assert [token.tag for token in tokens if token.type == "heading_open"] == ["h2", *["h3"] * 4]


@pytest.mark.parametrize("count", [200, 5_000])
def test_a_comment_is_never_longer_than_a_forge_takes_and_says_what_was_cut(count):
    findings = tuple(
        replace(FINDING, key=f"k{number}", message="m" * 700) for number in range(count)
    )
    made = decision(replace(CHECK, findings=findings))

    shown = markdown.render(report(made, catalogue=catalogue(), earlier={"pull-request": EARLIER}))

    assert markdown.MAX_COMMENT - 5_000 < len(shown) <= markdown.MAX_COMMENT
    told = shown.count("**`denied-license`**")
    assert f"**… and {count - told} more that do not fit here**" in shown
    assert "### Replay it locally" in shown


def test_many_gates_are_cut_to_what_fits():
    gates = [replace(DECISION, gate=f"gate-{number}" * 20) for number in range(900)]

    shown = markdown.render(report(*gates, earlier={}))

    assert len(shown) <= markdown.MAX_COMMENT
    assert "BLOCKED · 900 fail" in shown
    assert "Too long for a comment" in shown


def test_the_same_report_gives_the_same_bytes():
    made = report(DECISION, catalogue=catalogue(), earlier={"pull-request": EARLIER})

    assert markdown.render(made) == markdown.render(made)
