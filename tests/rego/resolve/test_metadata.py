"""What rules see of their annotations."""

from probanda.rego import ast
from probanda.rego.resolve.metadata import annotations_object, to_term
from probanda.rego.unparse import unparse

TEXT = """# METADATA
# scope: subpackages
# title: Above
package a

# METADATA
# title: Other
q := 1
"""

OWN = """# METADATA
# title: Package
package a.b

# METADATA
# title: Rule
# authors:
# - Jane Doe <jane@example.com>
# custom: {id: x, size: 1.5}
p := rego.metadata.rule()

chain := rego.metadata.chain()

nothing := rego.metadata.rule()

used if rego.metadata.rule(x)
"""


def _value(program, *path):
    rule = program(TEXT, OWN).groups[path].rules[0]
    return unparse(rule.value)


def test_a_rule_sees_its_annotation_as_a_constant(program):
    value = _value(program, "a", "b", "p")
    assert '"title": "Rule"' in value
    assert '"email": "jane@example.com"' in value
    assert '"size": 1.5' in value


def test_a_rule_without_annotation_sees_an_empty_object(program):
    assert _value(program, "a", "b", "nothing") == "{}"


def test_a_chain_goes_from_the_rule_to_the_packages_above(program):
    value = _value(program, "a", "b", "chain")
    assert [value.index(text) for text in ('["a", "b", "chain"]', "Package", "Above")] == sorted(
        value.index(text) for text in ('["a", "b", "chain"]', "Package", "Above")
    )


def test_the_result_may_be_an_argument(program):
    assert program(TEXT, OWN).groups["a", "b", "used"].rules[0].body


def test_annotations_are_kept_by_the_path_of_their_group(program):
    found = program(TEXT, OWN).annotations
    assert [item.values["title"] for item in found["a", "b", "p"]] == ["Rule"]


def test_strings_become_objects_as_in_opa():
    item = ast.Annotations(
        {
            "authors": ["Jane <j@x>", "Joe", "<a@b>"],
            "related_resources": ["https://example.com", {"ref": "y", "description": "z"}],
            "schemas": [{"input.a": "schema.b"}, {"data": {"type": "object"}}],
            "title": "",
            "scope": "rule",
        }
    )
    assert annotations_object(item) == {
        "scope": "rule",
        "authors": [{"name": "Jane", "email": "j@x"}, {"name": "Joe"}, {"email": "a@b"}],
        "related_resources": [{"ref": "https://example.com"}, {"ref": "y", "description": "z"}],
        "schemas": [
            {"path": ["input", "a"], "schema": ["schema", "b"]},
            {"path": ["data"], "definition": {"type": "object"}},
        ],
    }


def test_plain_values_become_constants():
    value = {"a": [None, True, 1, 1.5, "x"]}
    assert unparse(to_term(value, ast.NOWHERE)) == '{"a": [null, true, 1, 1.5, "x"]}'
