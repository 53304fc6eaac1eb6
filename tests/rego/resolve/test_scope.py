"""What names stand for."""

import pytest


def test_a_rule_of_the_own_package_is_an_absolute_reference(body):
    assert body("p if q.x == 1\nq := {}") == ["data.test.q.x == 1"]


def test_a_rule_of_another_module_of_the_package_is_too(body):
    assert body("p if q", "q := true") == ["data.test.q"]


def test_a_rule_of_another_package_is_not(refused):
    assert refused("p if q", "package other\nq := true")[0].message == "var q is unsafe"


def test_an_import_is_an_absolute_reference(body):
    text = "import data.lib\nimport input.user as who\np if lib.ok[who.name]"
    assert body(text) == ["data.lib.ok[input.user.name]"]


def test_an_import_beats_a_rule_of_the_same_name(body):
    assert body("import data.lib.q\np if q\nq := 1") == ["data.lib.q"]


def test_a_body_variable_beats_a_package_of_its_name(body):
    """ir.md §3, §7.3: `lib` is a variable although a package is called so."""
    text = "package test\np contains lib if input.libs[lib].bad"
    assert body(text, "package lib\nx := 1") == ["input.libs[lib].bad"]


def test_a_body_variable_beats_its_own_package_name(body):
    assert body("package test\np contains test if input.libs[test].bad") == ["input.libs[test].bad"]


def test_a_declared_variable_hides_a_rule_in_its_whole_body(body):
    assert body("q := 1\np if { some q in input; q > 1 }") == ["q = input[#1]", "q > 1"]


def test_a_rule_that_is_hidden_in_a_comprehension_is_seen_outside(body):
    text = "q := 1\np if { [q | q := 2] != []; q == 1 }"
    assert body(text) == ["[q | q = 2] != []", "data.test.q == 1"]


def test_an_argument_hides_a_rule(program):
    group = program("x := 1\nf(x) := x").groups["test", "f"]
    assert group.rules[0].value == group.rules[0].arguments[0]


def test_locals_of_a_comprehension_get_names_of_their_own(body):
    text = "p if { x := 1; ys := [x | x := 2]; x == 1; ys != [] }"
    assert body(text) == ["x = 1", "ys = [x#1 | x#1 = 2]", "x == 1", "ys != []"]


def test_comprehensions_next_to_each_other_do_not_share_variables(body):
    text = "p if { a := [i | input.a[i]]; b := [i | input.b[i]]; a != b }"
    assert body(text) == ["a = [i | input.a[i]]", "b = [i#1 | input.b[i#1]]", "a != b"]


def test_a_comprehension_shares_the_variables_of_its_body(body):
    assert body("p if { input.a[i]; [j | input.b[i] == j; j = 1] != [] }")[1] == (
        "[j | j = 1; input.b[i] == j] != []"
    )


def test_a_comprehension_shares_variables_that_are_bound_later(body):
    assert body("p if { [1 | i > 2] != []; i = input.x }") == [
        "i = input.x",
        "[1 | i > 2] != []",
    ]


def test_the_right_side_of_an_assignment_sees_the_outer_name(body):
    assert body("p if { x := 1; ys := [y | y := x; x := 2; x > y]; ys == [] }")[1] == (
        "ys = [y | y = x; x#1 = 2; x#1 > y]"
    )


def test_every_has_a_scope_of_its_own(body):
    text = "p if { x := 1; every x in input.xs { x > 0 }; x == 1 }"
    assert body(text) == ["x = 1", "every x#1 in input.xs { x#1 > 0 }", "x == 1"]


def test_else_branches_share_arguments_but_not_locals(program):
    rule = program("f(a) := x if { x := a } else := x if { x := a + 1 }").groups["test", "f"]
    first = rule.rules[0]
    assert first.otherwise is not None
    assert first.arguments == first.otherwise.arguments
    assert first.value != first.otherwise.value


def test_no_local_is_called_like_a_root(program):
    rule = program("p := builtin if { builtin := 1 }").groups["test", "p"].rules[0]
    assert rule.value.name == "builtin#1"


def test_a_bare_document_is_a_reference_without_a_path(program):
    rule = program("p if count(input) == 1").groups["test", "p"].rules[0]
    argument = rule.body[0].expression.arguments[0].arguments[0]
    assert (argument.head.name, argument.path) == ("input", ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p if { x := 1; x := 2 }", "var x assigned above"),
        ("p if { some x; x = 1; x := 2 }", "var x declared above"),
        ("p if { x > 1; x := 2 }", "var x referenced above"),
        ("p if { x := x }", "var x referenced above"),
        ("p if { x := 1; some x in input }", "var x assigned above"),
        ("p if { some x, x in input }", ""),
        ("f(x) if { x := 1 }", "arg x redeclared"),
        ("p if { every x in input { x := 1 } }", "var x declared above"),
        ("p if { some x; input.y }", "declared var x unused"),
        ("p if { every x in input { true } }", "declared var x unused"),
        ("p if { 1 := 2 }", "cannot assign to number"),
        ("p if { [x, 1] := [1, 1] }", "cannot assign to number"),
        ("p if { input.x := 2 }", "cannot assign to ref"),
        ("p if { not x := 2 }", "cannot assign vars inside negated expression"),
        ("p if { input := 2 }", "variables must not shadow input (use a different variable name)"),
        ("p if { f := 1; f(1) }\nf(x) := x", "called function f shadowed"),
    ],
)
def test_names_cannot_be_declared_twice_or_after_use(text, message, refused, program):
    if not message:
        program(text)
        return
    error = refused(text)[0]
    assert (error.code, error.message) == ("rego_compile_error", message)


def test_unused_things_are_warned_of(program):
    text = "import data.a\nimport data.b as c\np if { x := 1; y := 2; y > 1 }\nf(z, _) := 1"
    assert [item.message for item in program(text).warnings] == [
        "import data.a unused",
        "import data.b as c unused",
        "assigned var x unused",
        "unused argument z. (hint: use _ (wildcard variable) instead)",
    ]


def test_what_only_print_uses_is_used(program):
    assert not program('p if { x := 1; print("x is", x) }').warnings
