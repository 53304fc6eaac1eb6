"""Suggested additions to a parameter were tried with the policy itself; nothing is guessed."""

from __future__ import annotations

import json

import pytest

from probanda.gates import admission
from probanda.gates.admission import Admission
from projects import Project, component, sbom, words_check

LIST = {"type": "array", "items": {"type": "string", "minLength": 1}}
CHECK = {
    "id": "licenses",
    "facts": {"sbom": {"from": "cyclonedx", "path": "sbom.json"}},
    "policy": "builtin:supply-chain/license-allowlist/findings",
    "parameters": {"allow": ["MIT"], "deny": ["LicenseRef-Bad"]},
    "controls": ["soc2/CC8.1"],
}


@pytest.fixture
def licenses(tmp_path) -> Project:
    project = Project(tmp_path / "project")
    project.project()
    project.gate("pr", CHECK)
    return project


def admissions(project: Project) -> dict[str, Admission]:
    """By key of the finding."""
    run = project.run(admit=True)
    (check,) = run.decisions[0].checks
    found = run.admissions["pr"].get(check.id, {})
    return {
        each.key: found[each.fingerprint] for each in check.findings if each.fingerprint in found
    }


def test_the_licence_that_would_have_to_be_allowed_is_named(licenses):
    licenses.write("sbom.json", sbom(component("a", id="ISC"), component("b", id="MIT")))

    assert admissions(licenses) == {"pkg:pypi/a@1.0.0": Admission("allow", "ISC")}


def test_what_was_suggested_lets_it_pass(licenses):
    licenses.write("sbom.json", sbom(component("a", id="ISC")))
    (found,) = admissions(licenses).values()

    grown = {**CHECK["parameters"], found.parameter: ["MIT", found.value]}
    licenses.gate("pr", {**CHECK, "parameters": grown})

    assert licenses.run().exit_code == 0


def test_one_entry_serves_every_finding_that_it_lets_pass(licenses):
    licenses.write("sbom.json", sbom(*(component(f"a{n}", id="ISC") for n in range(30))))

    assert set(admissions(licenses).values()) == {Admission("allow", "ISC")}
    assert len(admissions(licenses)) == 30


def test_what_no_single_entry_lets_pass_has_no_suggestion(licenses):
    both = component("a", expression="ISC AND BSD-3-Clause")
    licenses.write("sbom.json", sbom(both, component("b", id="LicenseRef-Bad"), component("c")))

    assert admissions(licenses) == {}


def test_a_decision_is_the_same_whether_or_not_something_was_looked_for(licenses):
    licenses.write("sbom.json", sbom(component("a", id="ISC")))

    plain, advised = (licenses.run(admit=admit).decisions for admit in (False, True))

    assert plain == advised
    assert licenses.run().admissions == {}


def test_large_artifacts_are_not_evaluated_again(licenses, monkeypatch):
    licenses.write("sbom.json", sbom(component("a", id="ISC")))
    monkeypatch.setattr("probanda.gates.check.MAX_BYTES", 10)

    assert admissions(licenses) == {}


def exempting(words: Project, body: str) -> None:
    """A policy whose parameter `exempt` lists words; and what it says to a list that holds `x`."""
    rego = f"""\
package demo.words

# METADATA
# title: A bad word
# custom: {{id: bad-word, severity: high, remediation: Use another word.}}
findings contains finding if {{
\tsome word in input.facts.words.bad
\tnot word in object.get(input.parameters, "exempt", [])
\tfinding := {{"rule": "bad-word", "key": word, "message": sprintf("the word %s", [word])}}
}}

{body}

# METADATA
# title: No word
# custom: {{id: allow, severity: high, remediation: Use no words.}}
allow if input.facts.words.bad == []
"""
    properties = {"exempt": {**LIST, "maxItems": 2}, "other": {"type": "integer"}}
    words.policy(rego, parameters={"type": "object", "properties": properties})


def test_an_entry_that_makes_something_else_wrong_is_no_suggestion(words):
    exempting(
        words,
        """# METADATA
# title: An exemption that may not be
# custom: {id: no-exemption, severity: high, remediation: Take it out.}
findings contains {"rule": "no-exemption", "key": "foo", "message": "foo may not be exempt"} if {
\t"foo" in input.parameters.exempt
}""",
    )
    words.words("foo", "bar")

    assert admissions(words) == {"bar": Admission("exempt", "bar")}


def test_the_schema_of_the_parameters_holds_for_a_suggestion_too(words):
    exempting(words, "")
    words.words("foo")

    words.gate("pr", words_check(parameters={"exempt": ["a"]}))
    assert admissions(words) == {"foo": Admission("exempt", "foo")}

    words.gate("pr", words_check(parameters={"exempt": ["a", "b"]}))
    assert admissions(words) == {}


def test_trials_are_counted(words, monkeypatch):
    exempting(words, "")
    words.words("foo", "bar")
    monkeypatch.setattr(admission, "MAX_TRIALS", 1)

    assert admissions(words) == {"bar": Admission("exempt", "bar")}


def test_a_policy_that_breaks_on_a_trial_still_decides(words):
    exempting(
        words,
        """# METADATA
# title: Broken
# custom: {id: broken, severity: high, remediation: Mend it.}
findings contains {"rule": "unheard-of", "key": "k", "message": "m"} if {
\tcount(input.parameters.exempt) > 0
}""",
    )
    words.words("foo")

    assert admissions(words) == {}
    assert words.run(admit=True).exit_code == 1
    assert json.dumps(words.run(admit=True).decisions[0].to_json())
