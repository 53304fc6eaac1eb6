from __future__ import annotations

import pytest

from probanda.errors import PolicyError
from probanda.model.outcome import Severity
from probanda.rego.annotations import Annotation, declared_rules, read_annotations

MODULE = """\
# METADATA
# title: The package
package a.b

import data.x

# an ordinary comment

# METADATA
# title: A test failed
# description: >-
#   Any status other
#   than passed.
# custom:
#   id: test-failed
#   severity: high
#   remediation: "Mend it: now."
findings contains finding if {
	finding := 1
}

# METADATA
# title: Nothing
# custom: {id: nothing, severity: low}

# in between
findings contains 2

# METADATA
# scope: document
# title: May it
default allow := false
"""


def test_blocks_belong_to_the_rules_that_follow():
    assert read_annotations(MODULE, path="m.rego") == [
        Annotation(rule="", line=1, title="The package", scope="package"),
        Annotation(
            rule="findings",
            line=9,
            title="A test failed",
            description="Any status other than passed.",
            severity=Severity.HIGH,
            remediation="Mend it: now.",
            id="test-failed",
        ),
        Annotation(rule="findings", line=22, title="Nothing", severity=Severity.LOW, id="nothing"),
        Annotation(rule="allow", line=29, title="May it", scope="document"),
    ]


def test_rules_are_declared_by_their_ids():
    rules = declared_rules(read_annotations(MODULE, path="m.rego"), path="m.rego")

    assert list(rules) == ["test-failed", "nothing"]
    assert rules["test-failed"].severity is Severity.HIGH
    assert rules["test-failed"].description == "Any status other than passed."
    assert rules["nothing"].remediation == ""


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("# titel: x", "unknown metadata field 'titel'"),
        ("# custom: {sev: high}", "unknown metadata field 'custom.sev'"),
        ("# custom: [1]", "'custom' is a mapping"),
        ("# custom: {severity: urgent}", "severity is one of"),
        ("# custom: {severity: [high]}", "severity is one of"),
        ("# custom: {id: Test_Failed}", "kebab-case"),
        ("# custom: {id: [a]}", "kebab-case"),
        ("# scope: everything", "invalid annotation scope"),
        ("# scope: [rule]", "'scope' is text"),
        ("# title: [a]", "'title' is text"),
        ("# title: NO\n# title: NO", "duplicate key"),
        ("# just text", "metadata is a mapping"),
        ("# title: 'a", "not valid YAML"),
        ("", "expected METADATA block"),
    ],
)
def test_a_bad_block_is_refused_with_its_place(block, message):
    text = f"package t\n\n# METADATA\n{block}\np := 1\n"

    with pytest.raises(PolicyError, match=message) as caught:
        read_annotations(text, path="m.rego")

    assert caught.value.code == "rego_parse_error"
    assert caught.value.location is not None
    assert caught.value.location.path == "m.rego"


def test_an_error_in_the_yaml_has_the_line_of_the_module():
    text = "package t\n\n# METADATA\n# title: a\n# title: b\np := 1\n"

    with pytest.raises(PolicyError) as caught:
        read_annotations(text, path="m.rego")

    assert caught.value.location.line == 5


@pytest.mark.parametrize("rest", ["", "import data.x\np := 1\n", "# nothing follows\n"])
def test_a_block_that_belongs_to_nothing_is_refused(rest):
    with pytest.raises(PolicyError, match="invalid annotation scope"):
        read_annotations(f"package t\n\n# METADATA\n# title: x\n\n{rest}", path="m.rego")


@pytest.mark.parametrize(
    ("blocks", "message"),
    [
        (["custom: {id: a, severity: low}\n# title: x"] * 2, "declared twice"),
        (["custom: {id: a, severity: low}"], "needs a title"),
        (["custom: {id: a}\n# title: x"], "needs a title and a severity"),
    ],
)
def test_a_rule_is_declared_once_and_in_full(blocks, message):
    text = "package t\n" + "".join(f"\n# METADATA\n# {block}\np contains 1\n" for block in blocks)

    with pytest.raises(PolicyError, match=message):
        declared_rules(read_annotations(text, path="m.rego"), path="m.rego")


@pytest.mark.parametrize(
    "resources",
    ["[https://example.org/a?b#c, https://example.org/d]", "[{ref: https://example.org/a?b#c}]"],
)
def test_a_rule_refers_to_the_first_of_its_related_resources(resources):
    fields = f"# title: T\n# related_resources: {resources}\n# custom: {{id: r, severity: low}}"

    (annotation,) = read_annotations(f"package a\n\n# METADATA\n{fields}\nr := 1\n", path="p.rego")

    assert annotation.reference == "https://example.org/a?b#c"
    assert declared_rules([annotation], path="p.rego")["r"].reference == annotation.reference


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ("https://example.org", "is a list"),
        ("['javascript:alert(1)']", "begins with https://"),
        ("['https://example.org/ <x>']", "begins with https://"),
        ("[3]", "must be string or map"),
        ("[{description: d}]", "'ref' value required"),
    ],
)
def test_a_related_resource_is_an_address(resources, message):
    module = f"package a\n\n# METADATA\n# related_resources: {resources}\nr := 1\n"

    with pytest.raises(PolicyError, match=message):
        read_annotations(module, path="p.rego")
