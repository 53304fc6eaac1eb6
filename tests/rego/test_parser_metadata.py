"""`# METADATA` blocks: what they hold, whom they belong to, where they are wrong."""

from __future__ import annotations

import pytest

from probanda.rego.ast import Annotations, Span
from probanda.rego.diagnostic import RegoErrors
from probanda.rego.parser import parse_module
from probanda.rego.unparse import unparse


def parse(text):
    return parse_module(text, path="t.rego")


def error(text):
    with pytest.raises(RegoErrors) as caught:
        parse(text)
    [found] = caught.value.diagnostics
    assert found.code == "rego_parse_error"
    return found


def test_blocks_belong_to_the_rule_or_package_below():
    module = parse(
        """# METADATA
# title: The package
# organizations: [a, b]
package t

# METADATA
# title: First
#
# description: |
#   Two
#   lines
# custom:
#   id: x
# more: is left out

p := 1

q := 2 # no block

# METADATA
# title: 1.10
q := 2
"""
    )
    assert module.annotations == (
        Annotations({"title": "The package", "organizations": ["a", "b"]}, "package"),
    )
    first, second, third = module.rules
    assert first.annotations == (
        Annotations(
            {"title": "First", "description": "Two\nlines\n", "custom": {"id": "x"}}, "rule"
        ),
    )
    assert first.annotations[0].span == Span("t.rego", 6, 1, 6, 11)
    assert second.annotations == ()
    assert third.annotations == (Annotations({"title": "1.10"}, "rule"),)
    assert parse(unparse(module)) == module


def test_several_blocks_may_stand_above_one_rule():
    [rule] = parse("package t\n# METADATA\n# title: A\n\n# METADATA\n# title: B\np := 1").rules
    assert [each.values["title"] for each in rule.annotations] == ["A", "B"]


def test_a_document_block_belongs_to_all_rules_of_the_name():
    module = parse("package t\np := 1 if x\n# METADATA\n# entrypoint: true\np := 2 if y\nq := 3\n")
    document = Annotations({"entrypoint": True}, "document")
    assert [each.annotations for each in module.rules] == [(document,), (document,), ()]


def test_packages_have_two_scopes():
    module = parse(
        "# METADATA\n# scope: subpackages\n# title: A\n\n# METADATA\n# title: B\npackage t"
    )
    assert [each.scope for each in module.annotations] == ["subpackages", "package"]


def test_authors_resources_and_schemas_have_the_form_in_which_opa_hands_them_out():
    [rule] = parse(
        """package t
# METADATA
# authors:
# - Jane Doe <jane@example.com>
# - John
# - {name: Jim, email: jim@example.com}
# related_resources:
# - https://example.com
# - {ref: https://example.org, description: More}
# schemas:
# - input.x: schema.y
# - data.z: {type: object}
p := 1
"""
    ).rules
    assert rule.annotations[0].values == {
        "authors": [
            {"name": "Jane Doe", "email": "jane@example.com"},
            {"name": "John"},
            {"name": "Jim", "email": "jim@example.com"},
        ],
        "related_resources": [
            {"ref": "https://example.com"},
            {"ref": "https://example.org", "description": "More"},
        ],
        "schemas": [
            {"path": ["input", "x"], "schema": ["schema", "y"]},
            {"path": ["data", "z"], "definition": {"type": "object"}},
        ],
    }


@pytest.mark.parametrize(
    ("block", "place", "message"),
    [
        ("# METADATA\n# title: [\n", (3, 11), "yaml: not valid YAML"),
        ("# METADATA\n# a: 1\n# a: 2\n", (4, 3), "yaml: duplicate key 'a'"),
        ("# METADATA\n#title: x\n#entrypoint: 3\n", (4, 2), "'entrypoint' is true or false"),
        ("# METADATA\n# title: [x]\n", (3, 3), "'title' is text"),
        ("# METADATA\n# custom: x\n", (3, 3), "'custom' is a mapping"),
        ("# METADATA\n# authors: x\n", (3, 3), "'authors' is a list"),
        ("# METADATA\n# authors: ['']\n", (3, 3), "author is an empty string"),
        ("# METADATA\n# authors: [{}]\n", (3, 3), "'name' and/or 'email' values required"),
        ("# METADATA\n# authors: [1]\n", (3, 3), "invalid value type, must be string or map"),
        ("# METADATA\n# related_resources: [{}]\n", (3, 3), "'ref' value required in object"),
        ("# METADATA\n# related_resources: [1]\n", (3, 3), "invalid value type"),
        ("# METADATA\n# organizations: [1]\n", (3, 3), "'organizations' is a list of texts"),
        ("# METADATA\n# schemas: [{input.x: y}]\n", (3, 3), "invalid schema reference"),
        ("# METADATA\n# schemas: [{'': schema}]\n", (3, 3), "invalid document reference"),
        ("# METADATA\n# schemas: [x]\n", (3, 3), "'schemas' is a list of one pair each"),
        ("# METADATA\n# - x\n", (2, 1), "metadata is a mapping"),
        ("# METADATA\n\n", (2, 1), "expected METADATA block, found whitespace"),
        ("# METADATA\n# scope: file\n", (2, 1), "invalid annotation scope 'file'. Use one of"),
        ("# METADATA\n# scope: package\n", (2, 1), "must be applied to package (have rule)"),
        (
            "# METADATA\n# scope: rule\n# entrypoint: true\n",
            (2, 1),
            "annotation entrypoint applied to non-document or package scope 'rule'",
        ),
    ],
)
def test_bad_blocks_are_refused_where_they_are_wrong(block, place, message):
    found = error(f"package t\n{block}p := 1\n")
    assert message in found.message
    assert (found.span.row, found.span.column) == place


def test_a_block_above_nothing_is_refused():
    found = error("package t\np := 1\n# METADATA\n# title: x\n")
    assert "invalid annotation scope ''" in found.message
    assert found.hint == "a block stands directly above a package or a rule"
    assert "(have import)" in error("package t\n# METADATA\n# scope: rule\nimport data.x").message


def test_a_comment_that_is_no_neighbour_ends_the_block():
    [rule] = parse("package t\n# METADATA\n# title: x\n  # entrypoint: 3\np := 1").rules
    assert rule.annotations == (Annotations({"title": "x"}, "rule"),)
