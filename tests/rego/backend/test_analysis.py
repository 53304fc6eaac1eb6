"""What is known of a plan before code is written."""

from __future__ import annotations

from dataclasses import fields

import pytest

from probanda.rego import ir
from probanda.rego.backend.analysis import BodyFacts, mutated, read

HERE = (0, 1, 1)


KINDS = [
    each
    for each in vars(ir).values()
    if isinstance(each, type) and issubclass(each, ir.Statement) and each is not ir.Statement
]


def local(number: int) -> ir.Operand:
    return ir.Operand(number)


def nested() -> tuple[ir.Statement, ...]:
    append = ir.ArrayAppend(HERE, local(4), 5)
    call = ir.Call(HERE, "f", (local(0), ir.Operand(constant="x"), local(4)), 6)
    scan = ir.Scan(HERE, 2, 3, 4, (append, call))
    return (ir.Make(HERE, 5, kind="list"), ir.Not(HERE, (scan,)), ir.Return(HERE, 5))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_statement_says_what_it_reads_and_writes(kind: type[ir.Statement]) -> None:
    locals_ = {"a": 11, "b": 12, "key": 13, "value": 14, "source": 15, "local": 16, "array": 17}
    locals_ |= {"set": 18, "object": 19, "target": 20, "result": 21}
    values: dict[str, object] = {"block": (), "blocks": (), "index": 0, "function": "f"}
    values |= {"kind": "list", "once": True, "negated": False}
    expected: set[int] = set()
    types = {each.name: str(each.type) for each in fields(kind) if each.name != "place"}
    for name, written in types.items():
        if written == "tuple[Operand, ...]":
            values[name] = (local(30), ir.Operand(constant="c"))
            expected.add(30)
        elif written in {"int", "Operand"} and name in locals_:
            values[name] = locals_[name] if written == "int" else local(locals_[name])
            expected.add(locals_[name])
    values |= {"path": ("p",)} if types.get("path") == "tuple[str, ...]" else {}
    values |= {"value": 1} if kind is ir.MakeNumber else {}
    made = kind(HERE, **{name: values[name] for name in types})
    inside = BodyFacts(((made,),), ()).inside((made,))
    assert set(inside.mentions) == expected
    assert {*read(made), *inside.written} == expected
    assert inside.mutated == ({mutated(made)} if mutated(made) >= 0 else set())


def test_a_block_holds_what_its_nested_blocks_hold() -> None:
    block = nested()
    inside = BodyFacts((block,), (0, 1)).inside(block)
    assert inside.mentions == {0: 1, 2: 1, 3: 1, 4: 3, 5: 3, 6: 1}
    assert inside.written == {3, 4, 5, 6}
    assert inside.mutated == {5}
    assert inside.ordered


def test_a_body_knows_who_makes_and_who_changes_an_aggregate() -> None:
    facts = BodyFacts((nested(),), (0, 1))
    assert (facts.makers[5], facts.changes[5], facts.foreign) == (1, 1, set())
    assert BodyFacts((nested(),), (0, 5)).foreign == {5}
    assert not facts.has_with
    changed = ir.With(HERE, 0, (), local(2), nested())
    assert BodyFacts(((changed,),), (0, 1)).has_with
