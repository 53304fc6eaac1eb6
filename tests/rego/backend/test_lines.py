"""Which lines of generated code are needed."""

from __future__ import annotations

from probanda.rego.backend.lines import Line, mentioned, needed


def texts(lines: list[Line], unbound: frozenset[int] = frozenset()) -> list[str]:
    return [line.text for line in needed(lines, set(unbound))]


def value(indent: int, local: int, text: str, *, scoped: bool = False) -> Line:
    return Line(indent, f"l{local} = {text}", local, scoped)


def test_a_value_that_nothing_reads_goes() -> None:
    assert texts([value(1, 2, "5"), Line(1, "return U")]) == ["return U"]


def test_a_value_that_is_read_stays_also_when_it_is_read_earlier_in_the_text() -> None:
    assert texts([value(1, 2, "5"), Line(1, "return l2")]) == ["l2 = 5", "return l2"]
    loop = [Line(1, "while True:"), Line(2, "if l2: break"), value(2, 2, "5")]
    assert texts(loop) == ["while True:", "if l2: break", "l2 = 5"]


def test_only_lines_marked_pure_go() -> None:
    assert texts([Line(1, "l2 = f1()"), Line(1, "return U")]) == ["l2 = f1()", "return U"]


def test_a_chain_of_values_goes_as_a_whole() -> None:
    chain = [value(1, local, f"l{local - 1}") for local in range(3, 400)]
    assert texts([*chain, Line(1, "return l1")]) == ["return l1"]
    assert len(texts([*chain, Line(1, "return l399")])) == len(chain) + 1


def test_a_local_in_a_longer_name_or_number_is_not_read() -> None:
    assert texts([value(1, 2, "5"), Line(1, "return l22 + xl2")]) == ["return l22 + xl2"]


def test_a_scoped_value_is_read_by_its_own_block_alone() -> None:
    block = [Line(1, "while True:"), value(2, 2, "5", scoped=True), Line(2, "break")]
    after = Line(1, "return l2")
    assert texts([*block, after]) == ["while True:", "break", "return l2"]
    assert texts([*block, after], frozenset({2})) == [line.text for line in [*block, after]]
    block.insert(2, Line(2, "if l2: break"))
    assert texts([*block, after]) == [line.text for line in [*block, after]]


def test_a_scoped_value_goes_once_its_last_reader_in_the_block_is_gone() -> None:
    lines = [
        Line(1, "while True:"),
        value(2, 2, "5", scoped=True),
        value(2, 3, "l2"),
        Line(2, "break"),
        Line(1, "return l2"),
    ]
    assert texts(lines) == ["while True:", "break", "return l2"]


def test_a_loop_is_slimmed_to_what_its_body_reads() -> None:
    def loop(*body: str) -> list[Line]:
        head = (3, 4, "for l4 in V(l2):", "for _ in V(l2):")
        inner = [Line(2, text) for text in body]
        return [Line(1, "for l3, l4 in I(l2):", head=head), *inner, Line(1, "return l5")]

    assert texts(loop("r(l3)", "r(l4)"))[0] == "for l3, l4 in I(l2):"
    assert texts(loop("r(l3)"))[0] == "for l3, l4 in I(l2):"
    assert texts(loop("r(l4)"))[0] == "for l4 in V(l2):"
    assert texts(loop("pass"))[0] == "for _ in V(l2):"
    assert texts(loop("pass"), frozenset({3}))[0] == "for l3, l4 in I(l2):"
    assert texts(loop("pass"), frozenset({4}))[0] == "for l4 in V(l2):"


def test_what_only_the_head_of_a_slimmed_loop_mentioned_goes() -> None:
    head = (3, 4, "for l4 in V(l2):", "for _ in V(l2):")
    lines = [
        value(1, 3, "7"),
        Line(1, "for l3, l4 in I(l2):", head=head),
        Line(2, "r(l4)"),
        Line(1, "return U"),
    ]
    assert texts(lines) == ["for l4 in V(l2):", "r(l4)", "return U"]


def test_lines_without_locals_mention_none() -> None:
    assert mentioned([Line(1, "return U"), Line(1, "l2 = l30")]) == {2, 30}
