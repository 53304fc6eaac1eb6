"""`probanda pack`: the audit pack of a period."""

from __future__ import annotations

import shutil

import pytest

AS_OF = ("--as-of", "2026-11-20T12:00:00Z")
PERIOD = ("--period", "2026-01-01/2027-01-01")


@pytest.fixture
def own(office, tmp_path):
    """A copy of the shared project and cell, so that a test may write."""
    shutil.copytree(office.project.root, tmp_path / "project")
    shutil.copytree(office.cell, tmp_path / "cell")
    shutil.rmtree(tmp_path / "project/.probanda/packs")
    return tmp_path


@pytest.fixture
def pack(probanda, own):
    def command(*arguments, trust=True):
        believed = ("--trust", own / "cell/trusted_root.json") if trust else ()
        at = ("--project", own / "project", "--cell", own / "cell")
        return probanda("pack", *at, *believed, *arguments)

    return command


def test_stdout_is_the_packs_path_and_the_page_stands_beside_it(pack, own):
    result = pack(*PERIOD, *AS_OF)

    packs = own / "project/.probanda/packs"
    name = "soc2-20260101-20270101-20261120T120000Z"
    assert (result.code, result.out) == (0, f"{packs / name}.tar\n")
    assert result.err == f"page: {packs / name}.html\nsigned index: {packs / name}.index.json\n"
    assert (packs / f"{name}.html").read_bytes().startswith(b"<!doctype html>")


@pytest.mark.parametrize(
    "period",
    [
        "2026",
        "2026-01-01",
        "2026-01-01/",
        "/2026-01-01",
        "2026-01-01/2026-02-30",
        "2026-01-01/2027-01-01/2028-01-01",
        "2026-01-01T00:00:00/2027-01-01",
        "2026-01-01/P1Y",
        "2026-01-01..2027-01-01",
        "",
    ],
)
def test_what_is_no_interval_is_a_usage_error_that_shows_one(pack, period):
    result = pack("--period", period, *AS_OF)

    assert (result.code, result.out) == (2, "")
    assert f"--period {period!r} is no interval" in result.err
    assert "hint: write it as 2026-01-01/2027-01-01" in result.err


@pytest.mark.parametrize("period", ["2026-01-01/2026-01-01", "2027-01-01/2026-01-01"])
def test_a_period_ends_after_it_starts(pack, period):
    result = pack("--period", period, *AS_OF)

    assert (result.code, "ends before it starts" in result.err) == (2, True)


def test_a_period_may_have_times_and_zones(pack):
    period = "2026-07-01T00:00:00+02:00/2027-07-01T00:00:00+02:00"

    result = pack("--period", period, *AS_OF)

    assert result.code == 0
    assert "soc2-20260630T220000Z-20270630T220000Z-" in result.out


def test_without_a_bundle_there_is_no_pack(pack, own):
    shutil.rmtree(own / "project/.probanda/bundles")

    result = pack(*PERIOD, *AS_OF)

    assert (result.code, result.out) == (3, "")
    assert "there is no bundle to take evidence from" in result.err
    assert "hint: run `probanda bundle` first" in result.err


def test_another_tenants_bundle_stops_it(pack):
    result = pack(*PERIOD, *AS_OF, "--tenant", "globex")

    assert (result.code, result.out) == (3, "")
    assert "belongs to another tenant than 'globex'" in result.err


def test_without_trust_the_bundles_count_for_nothing_and_the_page_says_so(pack, own):
    result = pack(*PERIOD, *AS_OF, trust=False)

    assert result.code == 0
    page = next((own / "project/.probanda/packs").glob("*.html")).read_text()
    assert "could not be verified" in page


def test_a_framework_that_is_not_there_is_an_error(pack):
    result = pack(*PERIOD, *AS_OF, "--framework", "iso27001")

    assert (result.code, "no control of iso27001" in result.err) == (3, True)


def test_bundles_can_be_named(pack, office):
    assert pack(office.bundle, *PERIOD, *AS_OF).code == 0
    assert pack("/nowhere.tar", *PERIOD, *AS_OF).code == 2


def test_a_pack_is_never_overwritten(pack):
    assert pack(*PERIOD, *AS_OF).code == 0

    result = pack(*PERIOD, *AS_OF)

    assert result.code == 3
    assert "evidence is never overwritten" in result.err
    assert "hint: give another --output" in result.err


def test_a_pack_called_like_a_page_is_a_usage_error(pack, own):
    result = pack(*PERIOD, *AS_OF, "-o", own / "pack.html")

    assert (result.code, "call the pack something.tar" in result.err) == (2, True)


def test_the_same_pack_made_again_has_the_same_page(pack, own):
    for name in ("one", "two"):
        assert pack(*PERIOD, *AS_OF, "-o", own / name / "pack.tar").code == 0

    assert (own / "one/pack.html").read_bytes() == (own / "two/pack.html").read_bytes()


def test_a_stray_file_among_the_bundles_is_named(pack, own):
    (own / "project/.probanda/bundles/notes.tar").write_text("not a bundle")

    result = pack(*PERIOD, *AS_OF)

    assert (result.code, result.out) == (3, "")
    assert "notes.tar cannot be read as a bundle" in result.err
    assert "hint: move it out of the folder" in result.err
