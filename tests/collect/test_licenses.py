"""Licence entries in all the shapes that tools write them."""

from __future__ import annotations

import pytest

from probanda.collect.license_names import CONTRACT_TERMS, FAMILIES, IDENTIFIERS
from probanda.collect.licenses import parse_expression, read_licenses


def by_id(identifier, **more):
    return {"license": {"id": identifier, **more}}


def by_name(name, **more):
    return {"license": {"name": name, **more}}


def alternatives(*entries):
    return read_licenses(entries)["alternatives"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", [["MIT"]]),
        ("mit", [["MIT"]]),
        ("MIT OR Apache-2.0", [["Apache-2.0"], ["MIT"]]),
        ("MIT AND Apache-2.0", [["Apache-2.0", "MIT"]]),
        ("(MIT OR ISC) AND (Zlib OR 0BSD)",
         [["0BSD", "ISC"], ["0BSD", "MIT"], ["ISC", "Zlib"], ["MIT", "Zlib"]]),
        ("MIT OR (MIT AND GPL-3.0-only)", [["MIT"]]),
        ("GPL-2.0+", [["GPL-2.0-or-later"]]),
        ("GPL-2.0", [["GPL-2.0-only"]]),
        ("GPL-2.0-only WITH classpath-exception-2.0",
         [["GPL-2.0-only WITH Classpath-exception-2.0"]]),
        ("LicenseRef-Own OR DocumentRef-a:LicenseRef-b",
         [["DocumentRef-a:LicenseRef-b"], ["LicenseRef-Own"]]),
        ("MIT-OK AND Restricted-TOS", [["LicenseRef-MIT-OK", "LicenseRef-Restricted-TOS"]]),
        ("GPL-2.0 WITH AdditionRef-own", [["GPL-2.0-only WITH AdditionRef-own"]]),
    ],
)  # fmt: skip
def test_an_expression_becomes_a_choice_of_sets(expression, expected):
    read = read_licenses([{"expression": expression}])
    assert read["alternatives"] == expected
    assert read["unknown"] == []
    assert read["ids"] == sorted({name for group in expected for name in group})


@pytest.mark.parametrize(
    "expression",
    [
        "", " ", "NOASSERTION", "NONE", "MIT AND", "MIT OR (", "MIT OR Own-License", "BSD",
        "GPL", "GPL 2.0", "BSD-2", "MIT, Apache-2.0", "MIT/X11", "MIT WITH MIT",
        "Classpath-exception-2.0", "MIT WITH Classpath-exception-2.0 WITH x", "NOT MIT",
        "LicenseRef-", "LicenseRef-a b", "MIT\0", "scancode-free-unknown", "a" * 3000,
        "(" * 900 + "MIT" + ")" * 900 + "x",
    ],
)  # fmt: skip
def test_an_expression_with_any_part_that_is_not_understood_is_unknown(expression):
    assert parse_expression(expression) == frozenset()
    read = read_licenses([{"expression": expression}])
    assert read["alternatives"] == []
    assert len(read["unknown"]) == 1
    assert len(read["unknown"][0]) <= 200


def test_a_reference_is_never_taken_for_a_licence_that_others_know_by_it():
    # license-expression's index has this as an alias of MIT.
    assert alternatives({"expression": "LicenseRef-MIT-TC"}) == [["LicenseRef-MIT-TC"]]


def test_more_than_64_alternatives_are_unknown():
    pairs = [f"(LicenseRef-a{number} OR LicenseRef-b{number})" for number in range(40)]
    assert len(parse_expression(" AND ".join(pairs[:6]))) == 64
    assert parse_expression(" AND ".join(pairs[:7])) == frozenset()
    assert parse_expression(" AND ".join(pairs)) == frozenset()
    read = read_licenses([{"expression": pair} for pair in pairs])
    assert (read["alternatives"], len(read["unknown"])) == ([], 40)


def test_no_entry_at_all_offers_no_alternative():
    assert read_licenses([]) == {"expression": "", "ids": [], "alternatives": [], "unknown": []}


def test_several_entries_all_apply():
    assert alternatives(by_id("MIT"), by_id("ISC")) == [["ISC", "MIT"]]
    read = read_licenses([{"expression": "MIT OR ISC"}, by_id("Zlib")])
    assert read["alternatives"] == [["ISC", "Zlib"], ["MIT", "Zlib"]]
    assert read["expression"] == "(ISC AND Zlib) OR (MIT AND Zlib)"


def test_one_unknown_entry_makes_the_whole_unknown_but_keeps_the_ids():
    read = read_licenses([by_id("MIT"), by_name("Acme Commercial License")])
    assert read == {
        "expression": "",
        "ids": ["MIT"],
        "alternatives": [],
        "unknown": ["Acme Commercial License"],
    }


def test_a_concluded_licence_replaces_the_declared_ones():
    declared = by_name("see LICENSE", acknowledgement="declared")
    assert alternatives(declared, by_id("MIT", acknowledgement="concluded")) == [["MIT"]]
    concluded = {"expression": "Zlib", "acknowledgement": "concluded"}
    assert alternatives(by_id("MIT", acknowledgement="declared"), concluded) == [["Zlib"]]
    unknown = by_name("unclear", acknowledgement="concluded")
    assert alternatives(by_id("MIT", acknowledgement="declared"), unknown) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("MIT", "MIT"),
        ("License :: OSI Approved :: MIT License", "MIT"),
        ("MIT License", "MIT"),
        ("Apache Software License", "Apache-2.0"),
        ("License :: OSI Approved :: Python Software Foundation License", "PSF-2.0"),
        ("License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"),
        ("License :: OSI Approved :: Eclipse Public License 2.0 (EPL-2.0)", "EPL-2.0"),
        ("License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0-1.0"),
    ],
)
def test_a_name_with_one_meaning_identifies_the_licence(name, expected):
    assert alternatives(by_name(name)) == [[expected]]


def test_a_name_that_is_an_expression_counts_as_one():
    # cyclonedx-python-lib writes expressions with a LicenseRef as a name.
    assert alternatives(by_name("MIT OR LicenseRef-Own")) == [["LicenseRef-Own"], ["MIT"]]


@pytest.mark.parametrize(
    "name",
    ["", "License :: OSI Approved :: BSD License", "BSD License", "License :: OSI Approved",
     "License :: Public Domain", "License :: Other/Proprietary License", "mit license",
     "The MIT License", "Apache License, Version 2.0", "LICENSE.txt"],
)  # fmt: skip
def test_a_name_with_several_meanings_or_none_is_unknown(name):
    assert alternatives(by_name(name)) == []


def test_a_family_name_does_not_contradict_a_member_of_the_family():
    family = by_name("License :: OSI Approved :: BSD License")
    assert alternatives(by_id("BSD-3-Clause"), family) == [["BSD-3-Clause"]]
    assert alternatives(by_name("OSI Approved"), by_id("MIT")) == [["MIT"]]
    read = read_licenses([by_id("MIT"), family])
    assert (read["alternatives"], read["unknown"]) == ([], [family["license"]["name"]])


@pytest.mark.parametrize("name", ["declared license of 'x'", "declared license file: LICENSE"])
def test_an_attached_text_is_no_identity(name):
    text = by_name(name, text={"content": "Permission is hereby granted"})
    assert alternatives(by_id("MIT"), text) == [["MIT"]]
    assert alternatives(text) == []
    assert read_licenses([text])["unknown"] == [name]
    assert read_licenses([text, by_name("odd")])["unknown"] == sorted([name, "odd"])
    assert alternatives(by_id("MIT"), by_name(name)) == [], "without a text it is a claim"


def test_an_attached_text_that_somebody_concluded_does_not_displace_the_licence():
    text = by_name("concluded license file: L", text={"content": "x"}, acknowledgement="concluded")
    assert alternatives(by_id("MIT", acknowledgement="declared"), text) == [["MIT"]]


def test_the_normal_form_does_not_depend_on_the_order_of_entries():
    entries = [by_id("MIT"), {"expression": "ISC OR Zlib"}, by_id("0BSD")]
    assert read_licenses(entries) == read_licenses(entries[::-1])


def test_every_name_in_the_table_means_a_current_spdx_identifier():
    for name, identifier in IDENTIFIERS.items():
        assert parse_expression(identifier) == {frozenset({identifier})}, name
    assert not set(FAMILIES) & set(IDENTIFIERS)
    assert not set(FAMILIES) & CONTRACT_TERMS
    for prefixes in FAMILIES.values():
        assert any(
            parse_expression(f"{prefix}{end}")
            for prefix in prefixes
            for end in ("", "3.0", "2.0", "only", "1.0-only", "1-only", "1.3-only", "2-Clause")
        ) or prefixes == ("",)  # fmt: skip


@pytest.mark.parametrize("term", sorted(CONTRACT_TERMS))
def test_the_terms_of_data_contracts_are_references(term):
    for entry in ({"expression": term}, by_name(term)):
        assert alternatives(entry) == [[f"LicenseRef-{term}"]]
