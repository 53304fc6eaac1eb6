"""Facts and a policy become findings, through the real engine; nonsense becomes an error."""

from __future__ import annotations

import pytest

from probanda import rego
from probanda.errors import PolicyError
from probanda.evaluate import HOST_FACTS_RULE, evaluate, rego_input
from probanda.model.location import Location
from probanda.model.outcome import Severity
from probanda.model.policy import Entrypoint, EntrypointKind, Policy, Rule

RULES = {
    "too-large": Rule("too-large", "Too large", Severity.CRITICAL, "Make it smaller."),
    "may": Rule("may", "It may happen", Severity.LOW, "Ask first."),
}
CONTEXT = {
    "facts": {"items": [1, 5, 9]},
    "parameters": {"limit": 4},
    "asOf": "2026-11-20T12:00:00Z",
    "tenant": "acme",
}


def run(body: str, *, kind: str = "findings", name: str = "findings", adapter=None, **context):
    """Evaluate one rule of a policy."""
    entry = Entrypoint(name, EntrypointKind(kind), f"p/{name}", adapter or {})
    policy = Policy(
        id="demo/p",
        title="A policy",
        package="p",
        entrypoints={name: entry},
        rules=RULES,
        facts={},
        parameters_schema={},
        request_schema=None,
        controls=(),
        modules={"p.rego": f"package p\n\n{body}\n"},
        test_modules={},
        files={},
        digest="0" * 64,
    )
    program = rego.compile(policy.modules, [entry.rego_path])
    return evaluate(policy, program, name, {**CONTEXT, **context}, subject="x.json")


def finding(*fields: str) -> str:
    """A rule that yields one object with these fields."""
    return "findings contains finding if {\n\tfinding := {" + ", ".join(fields) + "}\n}"


GOOD = ('"rule": "too-large"', '"key": "k"', '"message": "m"')


def test_findings_carry_what_the_rule_says_about_itself():
    (found,) = run(finding(*GOOD, '"location": {"path": "a.json", "line": 3, "column": 2}'))

    assert (found.policy, found.rule, found.key) == ("demo/p", "too-large", "k")
    assert (found.severity, found.remediation) == (Severity.CRITICAL, "Make it smaller.")
    assert found.location == Location("a.json", 3, 2)
    assert found.tenant == "acme"


def test_findings_are_in_canonical_order_whatever_the_policy_does():
    body = """\
findings contains finding if {
\tsome item in input.facts.items
\titem > input.parameters.limit
\tfinding := {"rule": "too-large", "key": sprintf("%d", [item]), "message": "m"}
}"""

    assert [found.key for found in run(body, facts={"items": [9, 5, 7, 9]})] == ["5", "7", "9"]


def test_findings_that_differ_in_their_place_alone_have_an_order_too():
    body = """\
findings contains finding if {
\tsome item in input.facts.items
\tplace := {"path": "a.json", "line": item}
\tfinding := {"rule": "too-large", "key": "k", "message": "m", "location": place}
}"""

    assert [str(found.location) for found in run(body)] == ["a.json:1", "a.json:5", "a.json:9"]


def test_no_finding_is_a_pass():
    assert run(finding(*GOOD).replace("if {", "if {\n\tinput.parameters.limit > 4")) == ()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (GOOD[:2], "non-empty string `message`"),
        ((*GOOD[:2], '"message": ""'), "non-empty string `message`"),
        ((*GOOD[:2], '"message": 7'), "non-empty string `message`"),
        ((GOOD[0], GOOD[2], '"key": null'), "non-empty string `key`"),
        (GOOD[1:], "non-empty string `rule`"),
        ((*GOOD, '"severity": "low"'), "unknown field 'severity'"),
        (('"rule": "too-lagre"', *GOOD[1:]), "'too-lagre' has no METADATA"),
        ((*GOOD, '"location": "a.json"'), "locations"),
        ((*GOOD, '"location": {}'), "locations"),
        ((*GOOD, '"location": {"path": ""}'), "locations"),
        ((*GOOD, '"location": {"path": "a", "lime": 3}'), "locations"),
        ((*GOOD, '"location": {"path": "a", "line": "3"}'), "whole line and column"),
        ((*GOOD, '"location": {"path": "a", "line": 1.5}'), "whole line and column"),
        ((*GOOD, '"location": {"path": "a", "line": -1}'), "whole line and column"),
        ((*GOOD, '"location": {"path": "a", "line": true}'), "whole line and column"),
    ],
)
def test_findings_out_of_shape_are_an_error_and_no_verdict(fields, message):
    with pytest.raises(PolicyError, match=message):
        run(finding(*fields))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('findings := "none"', "str"),
        ("findings := true", "bool"),
        ("findings := null", "NoneType"),
        ('findings := {"a": 1}', "dict"),
        ("findings := [1]", "int"),
        ('findings := ["too large"]', "str"),
        ("findings := [] if input.facts.absent", "nothing"),
    ],
)
def test_what_is_no_set_of_findings_is_an_error(body, said):
    with pytest.raises(PolicyError, match=f"it yielded {said}"):
        run(body)


def test_the_hint_of_an_unknown_rule_names_the_known_ones():
    with pytest.raises(PolicyError) as caught:
        run(finding('"rule": "other"', *GOOD[1:]))

    assert caught.value.hint == "known rule ids: may, too-large"


# `allow`


def test_allow_passes_on_exactly_true():
    assert run("may := true", kind="allow", name="may") == ()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("false", "false"),
        ('"true"', "str"),
        ("1", "int"),
        ("1.0", "int"),
        ("null", "NoneType"),
        ("{}", "dict"),
        ("[true]", "list"),
        ("true if input.facts.absent", "nothing"),
    ],
)
def test_anything_else_is_one_denial_that_says_what_it_was(value, said):
    (found,) = run(f"may := {value}", kind="allow", name="may")

    assert (found.rule, found.key, found.severity) == ("may", "x.json", Severity.LOW)
    assert f"it answered {said}" in found.message
    assert found.remediation == "Ask first."


def test_an_allow_rule_without_metadata_denies_all_the_same():
    (found,) = run("other := false", kind="allow", name="other")

    assert (found.rule, found.severity) == ("other", Severity.HIGH)


def test_an_evaluation_that_breaks_is_an_error_and_no_denial():
    with pytest.raises(PolicyError):
        run("may if 1 / 0 == 1", kind="allow", name="may")


# Input


def test_the_standard_input_has_five_keys_and_no_more():
    entry = Entrypoint("a", EntrypointKind.ALLOW, "p/a")
    evidence = {"items": {"type": "json", "sha256": "0" * 64}}

    shown = rego_input(entry, {**CONTEXT, "evidence": evidence, "request": {}, "secret": 1})

    assert shown == {**CONTEXT, "evidence": evidence}


def test_where_no_fact_was_read_from_an_artifact_there_is_no_evidence():
    entry = Entrypoint("a", EntrypointKind.ALLOW, "p/a")

    assert rego_input(entry, CONTEXT) == {**CONTEXT, "evidence": {}}


def test_an_adapter_picks_and_leaves_out_what_is_not_there():
    entry = Entrypoint(
        "a",
        EntrypointKind.ALLOW,
        "p/a",
        {"limit": "parameters.limit", "who": "request.user.name", "deep": "tenant.name"},
    )

    assert rego_input(entry, {**CONTEXT, "request": {"user": None}}) == {"limit": 4}
    assert rego_input(entry, {**CONTEXT, "request": {"user": {"name": None}}}) == {
        "limit": 4,
        "who": None,
    }


def test_a_policy_sees_what_its_adapter_picks():
    adapter = {"limit": "parameters.limit", "signed": "verified.signature"}
    body = "may if {\n\tinput.limit == 4\n\tinput.signed\n}"
    request = {"request": {}, "verified": {"signature": True}}

    assert run(body, kind="allow", name="may", adapter=adapter, **request) == ()
    assert run(body, kind="allow", name="may", adapter=adapter, request={}) != ()


@pytest.mark.parametrize("claim", [True, None, {}, {"signature": True}, "no"], ids=str)
def test_a_request_that_states_host_facts_is_denied_before_the_policy_sees_it(claim):
    (found,) = run("may := true", kind="allow", name="may", request={"verified": claim})

    assert found.rule == HOST_FACTS_RULE
    assert "verified" in found.remediation


def test_a_word_that_is_only_like_it_is_the_requests_own():
    assert run("may := true", kind="allow", name="may", request={"Verified": True}) == ()
