"""Lists of equivalent mutants."""

from __future__ import annotations

import pytest

from probanda.content.equivalents import equivalents_path, read_equivalents
from probanda.errors import ContentError

POLICY = "demo/words"
ENTRY = "{id: a, change: c, reason: r}"


def test_a_list_gives_reasons_by_id(workshop):
    workshop.files[equivalents_path(POLICY)] = f"[{ENTRY}]"

    assert read_equivalents(workshop.tree(), POLICY) == {"a": "r"}


def test_without_a_list_there_are_none(workshop):
    assert read_equivalents(workshop.tree(), POLICY) == {}


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[x]",
        "[{id: a, change: c}]",
        "[{id: a, change: c, reason: ''}]",
        "[{id: a, change: c, reason: ' '}]",
        "[{id: a, change: c, reason: [r]}]",
        "[{id: a, change: c, reason: r, more: x}]",
        f"[{ENTRY}, {ENTRY}]",
    ],
)
def test_an_entry_without_a_reason_excuses_nothing(workshop, text):
    workshop.files[equivalents_path(POLICY)] = text

    with pytest.raises(ContentError) as caught:
        read_equivalents(workshop.tree(), POLICY)

    assert equivalents_path(POLICY) in str(caught.value.location)
