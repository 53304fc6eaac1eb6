"""The privacy policies over artifacts, by the snippets of their pages."""

from __future__ import annotations

import csv
from collections import defaultdict

import pytest

from snippets import run_snippet

K = "privacy/k-threshold"


def visits(*rows):
    return "age,region,person,note\n" + "".join(f"{row},-\n" for row in rows)


FIVE = [f"30-39,north,p{number}" for number in range(5)]


@pytest.mark.parametrize(
    ("rows", "ended"),
    [
        (FIVE, ("pass", [])),
        ([*FIVE[:4], "30-39,north,p0"], ("fail", ["group-too-small"])),
        ([*FIVE[:4], "30-39,north,"], ("fail", ["group-too-small"])),
        ([*FIVE[:4], ",north,p4"], ("fail", ["group-too-small"])),
        ([], ("fail", ["nothing-counted"])),
    ],
    ids=["five", "four-and-one-twice", "four-and-nobody", "without-age", "none"],
)
def test_a_release_is_judged_by_people(tmp_path, rows, ended):
    assert run_snippet(tmp_path, K, {"release/visits.csv": visits(*rows)}) == ended


@pytest.mark.parametrize(("people", "ended"), [(5, "pass"), (4, "fail")])
def test_a_release_of_counts_is_judged_by_its_counts(tmp_path, people, ended):
    counts = f"region,people\nnorth,{people}\nsouth,90\n"

    assert run_snippet(tmp_path, K, {"release/counts.csv": counts}, number=1)[0] == ended


@pytest.mark.parametrize("columns", [["engines"], ["type"], ["manufacturer"], ["year", "seats"]])
def test_a_real_table_is_judged_as_the_standard_library_counts_it(vectors, tmp_path, columns):
    data = (vectors / "tables" / "planes.csv").read_bytes()
    members = defaultdict(set)
    for row in csv.DictReader(data.decode().splitlines()):
        members[tuple(row[column] for column in columns)].add(row["tailnum"])
    smallest = min(len(people) for people in members.values())

    def judge(k):
        return run_snippet(
            tmp_path / str(k),
            K,
            {"release/visits.csv": data},
            facts={"table": {"from": "table", "path": "release/visits.csv"}},
            parameters={"quasiIdentifiers": columns, "subject": "tailnum", "k": k},
        )

    assert judge(smallest + 1) == ("fail", ["group-too-small"])
    if smallest >= 2:
        assert judge(smallest) == ("pass", [])
