"""What is known while code is written, and when it is forgotten."""

from __future__ import annotations

from probanda.rego.backend.facts import Facts, Lookup


def facts() -> Facts[str, Lookup]:
    found: Facts[str, Lookup] = Facts(set())
    found["a"] = Lookup(4, frozenset({1, 2}))
    found["b"] = Lookup(5, frozenset({3}))
    return found


def test_what_depends_on_a_changed_local_is_forgotten_and_nothing_else() -> None:
    known = facts()
    known.forget({2, 9})
    assert dict(known) == {"b": Lookup(5, frozenset({3}))}


def test_a_local_on_which_nothing_depends_changes_nothing() -> None:
    known = facts()
    known.forget({4, 5})
    assert set(known) == {"a", "b"}


def test_a_copy_is_changed_apart_and_knows_what_it_depends_on() -> None:
    known = facts()
    copied = known.copy()
    copied["c"] = Lookup(6, frozenset({7}))
    assert "c" not in known
    copied.forget({1, 7})
    assert set(copied) == {"b"}
    assert set(known) == {"a", "b"}
