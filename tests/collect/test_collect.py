"""From a fact source to a fact: finding, confining and hashing."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from probanda.canonical import canonical
from probanda.collect import (
    COLLECTORS,
    FileCollector,
    RepositoryCollector,
    StreamCollector,
    Workspace,
    collect,
    files,
)
from probanda.errors import CollectError, MissingArtifactError, ParseError
from probanda.model.gate import FactSource, MissingArtifact

NOW = "2026-11-20T18:44:00Z"


def gather(root, collector="json", path="a.json", *, workspace=None, **more):
    source = FactSource("fact", collector, path=path, **more)
    return collect(source, workspace or Workspace(root), collected_at=NOW)


# the table


def test_the_table_is_keyed_by_name_and_every_collector_has_one_kind():
    assert list(COLLECTORS) == sorted(COLLECTORS)
    for name, collector in COLLECTORS.items():
        assert collector.name == name
        kinds = [
            isinstance(collector, kind)
            for kind in (FileCollector, StreamCollector, RepositoryCollector)
        ]
        assert kinds.count(True) == 1
        canonical(collector.empty)


def test_only_artifacts_that_state_their_time_are_timestamped():
    stamped = {name for name, collector in COLLECTORS.items() if collector.timestamped}
    assert stamped == {
        "coverage",
        "cyclonedx",
        "junit",
        "load",
        "logs",
        "openlineage",
        "sarif",
        "secrets-inventory",
        "spdx",
        "terraform-plan",
        "vex",
    }


def test_an_unknown_collector_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(CollectError, match="no collector 'xml'") as caught:
        gather(tmp_path, "xml")
    assert "junit" in caught.value.hint


# facts


def test_a_fact_identifies_the_bytes_that_were_read(tmp_path):
    data = b'\xef\xbb\xbf{"b": [1, true, null], "a": "\xc3\xa4"}'
    (tmp_path / "a.json").write_bytes(data)
    collected = gather(tmp_path)
    assert collected.original == data
    fact = collected.fact
    assert fact.data == {"b": [1, True, None], "a": "ä"}
    assert (fact.name, fact.type, fact.collected_at) == ("fact", "json", NOW)
    assert fact.artifact is not None
    assert fact.artifact.source == "a.json"
    assert fact.artifact.sha256 == hashlib.sha256(data).hexdigest()
    assert fact.artifact.size == len(data)
    assert fact.artifact.media_type == "application/json"


def test_yaml_becomes_plain_values_by_the_core_schema(tmp_path):
    (tmp_path / "a.yaml").write_text("region: NO\ntime: 22:22\nlist: [1, 1.5, ~, true]\n")
    assert gather(tmp_path, "yaml", "a.yaml").fact.data == {
        "region": "NO",
        "time": "22:22",
        "list": [1, 1.5, None, True],
    }


@pytest.mark.parametrize("text", ["a: .nan", "- [.inf]", "-.inf"])
def test_yaml_numbers_that_json_does_not_have_are_refused(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(CollectError, match="infinity and NaN"):
        gather(tmp_path, "yaml", "a.yaml")


@pytest.mark.parametrize("text", ["5", "text", "[]", "null", "1.5"])
def test_any_yaml_value_may_stand_at_the_top(tmp_path, text):
    (tmp_path / "a.yaml").write_text(text)
    (tmp_path / "a.json").write_text(f'"{text}"' if text == "text" else text)
    assert gather(tmp_path, "yaml", "a.yaml").fact.data == gather(tmp_path).fact.data


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("json", '{"a": 1, "a": 2}', "duplicate key"),
        ("json", "{", "not valid JSON"),
        ("yaml", "a: 1\na: 2", "duplicate key"),
        ("yaml", "a: [", "not valid YAML"),
        ("junit", "<a", "not valid XML"),
        ("junit", "<a/>", "no JUnit report"),
        ("cyclonedx", "{}", "not a CycloneDX"),
        ("coverage", "<a/>", "no coverage report"),
        ("csv", "", "no header"),
        ("load", "{}", "no known load report"),
        ("logs", "{", "not valid JSON"),
        ("sarif", "{}", "not SARIF"),
        ("spdx", "{}", "not SPDX"),
        ("toml", "a", "not valid TOML"),
        ("vex", "{}", "no VEX"),
    ],
)
def test_a_broken_artifact_is_an_error_also_where_a_missing_one_is_empty(
    tmp_path, name, text, reason
):
    (tmp_path / "a").write_text(text)
    for missing in MissingArtifact:
        with pytest.raises(CollectError, match=reason) as caught:
            gather(tmp_path, name, "a", missing=missing)
        assert not isinstance(caught.value, MissingArtifactError)


def test_any_file_is_known_by_digest_and_stays_on_disk(tmp_path):
    data = os.urandom(3 << 20)
    (tmp_path / "dump.PARQUET").write_bytes(data)
    collected = gather(tmp_path, "file", "dump.PARQUET")
    digest = hashlib.sha256(data).hexdigest()
    assert collected.original == (tmp_path / "dump.PARQUET").resolve()
    assert collected.fact.data == {
        "path": "dump.PARQUET",
        "sha256": digest,
        "size": len(data),
        "mediaType": "application/vnd.apache.parquet",
    }
    assert collected.fact.artifact is not None
    assert collected.fact.artifact.sha256 == digest


def test_the_media_type_of_a_file_can_be_stated(tmp_path):
    (tmp_path / "a").write_bytes(b"")
    given = gather(tmp_path, "file", "a", options={"mediaType": "text/x-own"})
    assert given.fact.artifact is not None
    assert given.fact.artifact.media_type == "text/x-own"
    guessed = gather(tmp_path, "file", "a").fact
    assert guessed.data["mediaType"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "options"),
    [("file", {"mediaType": "text"}), ("file", {"mediatype": "a/b"}), ("file", {"mediaType": 1}),
     ("json", {"x": 1}), ("junit", {"x": 1})],
)  # fmt: skip
def test_options_that_a_collector_does_not_have_are_refused(tmp_path, name, options):
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(CollectError, match="wrong option"):
        gather(tmp_path, name, options=options)


# missing


@pytest.mark.parametrize("name", sorted(set(COLLECTORS) - {"git"}))
def test_what_is_not_there_is_missing_or_empty_as_the_check_says(tmp_path, name):
    (tmp_path / "file").write_text("")
    for path in ("absent", "absent/a", "file/a"):
        with pytest.raises(MissingArtifactError):
            gather(tmp_path, name, path)
        collected = gather(tmp_path, name, path, missing=MissingArtifact.EMPTY)
        assert collected.original is None
        assert collected.fact.artifact is None
        assert collected.fact.data == COLLECTORS[name].empty


def test_a_base_revision_that_the_run_does_not_have_is_missing(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(MissingArtifactError, match="base revision") as caught:
        gather(tmp_path, ref="base")
    assert caught.value.hint == "pass --base REF"
    empty = gather(tmp_path, ref="base", missing=MissingArtifact.EMPTY)
    assert empty.fact.artifact is None


def test_another_revision_than_the_base_is_refused(tmp_path):
    with pytest.raises(CollectError, match="no revision 'head'"):
        gather(tmp_path, ref="head", missing=MissingArtifact.EMPTY)


def test_a_fact_from_a_file_needs_a_path(tmp_path):
    for path in ("", "."):
        with pytest.raises(CollectError) as caught:
            gather(tmp_path, path=path, missing=MissingArtifact.EMPTY)
        assert not isinstance(caught.value, MissingArtifactError)


# confinement


@pytest.mark.parametrize("path", ["/etc/passwd", "../a", "x/../../a", "a\0b", ".."])
def test_paths_that_leave_the_project_are_refused(tmp_path, path):
    for name in ("json", "file"):
        with pytest.raises(CollectError, match="not a path within"):
            gather(tmp_path, name, path, missing=MissingArtifact.EMPTY)


def test_links_inside_the_project_are_followed_and_others_refused(tmp_path):
    root = tmp_path / "root"
    (root / "real").mkdir(parents=True)
    (root / "real" / "a.json").write_text("1")
    (tmp_path / "secret.json").write_text("2")
    (root / "inside").symlink_to("real")
    (root / "file.json").symlink_to(root / "real" / "a.json")
    (root / "outside").symlink_to(tmp_path)
    (root / "out.json").symlink_to("../secret.json")
    (root / "dangling-out.json").symlink_to("../absent.json")
    (root / "loop").symlink_to("loop")
    assert gather(root, path="inside/a.json").fact.data == 1
    assert gather(root, path="file.json").fact.data == 1
    for path in ("outside/secret.json", "out.json", "dangling-out.json", "loop", "loop/a"):
        for name in ("json", "file"):
            with pytest.raises(CollectError) as caught:
                gather(root, name, path, missing=MissingArtifact.EMPTY)
            assert not isinstance(caught.value, MissingArtifactError)


def test_a_project_behind_a_link_is_a_project(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.json").write_text("1")
    (tmp_path / "link").symlink_to("real")
    assert gather(tmp_path / "link").fact.data == 1


def test_a_link_that_is_put_in_place_after_the_check_is_not_followed(tmp_path, monkeypatch):
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "folder" / "a.json").write_text("1")
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "a.json").write_text('"secret"')
    resolve = files._resolve

    def exchange(*arguments):
        resolved = resolve(*arguments)
        (root / "folder").rename(root / "moved")
        (root / "folder").symlink_to(tmp_path / "evil")
        return resolved

    monkeypatch.setattr(files, "_resolve", exchange)
    with pytest.raises(CollectError):
        gather(root, path="folder/a.json")


@pytest.mark.parametrize("name", ["json", "file"])
def test_only_regular_files_are_opened(tmp_path, name):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "null").symlink_to(os.devnull)
    for path in ("fifo", "folder", "null"):
        with pytest.raises(CollectError) as caught:
            gather(tmp_path, name, path, missing=MissingArtifact.EMPTY)
        assert not isinstance(caught.value, MissingArtifactError)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_not_missing(tmp_path):
    (tmp_path / "a.json").write_text("1")
    (tmp_path / "a.json").chmod(0)
    with pytest.raises(CollectError, match="cannot read"):
        gather(tmp_path, missing=MissingArtifact.EMPTY)


def test_a_file_beyond_the_collectors_limit_is_refused(tmp_path):
    with (tmp_path / "a.yaml").open("wb") as stream:
        stream.truncate(COLLECTORS["yaml"].max_bytes + 1)
    with pytest.raises(CollectError, match="larger than"):
        gather(tmp_path, "yaml", "a.yaml")
    assert gather(tmp_path, "file", "a.yaml").fact.data["size"] == (16 << 20) + 1


@pytest.mark.parametrize("change", ["append", "rewrite", "truncate"])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch, change):
    target = tmp_path / "a.bin"
    target.write_bytes(b"x" * 100)
    digest = files.sha256_stream

    def meanwhile(stream):
        result = digest(stream)
        if change == "append":
            with target.open("ab") as other:
                other.write(b"y")
        elif change == "truncate":
            os.truncate(target, 10)
        else:
            target.write_bytes(b"y" * 100)
        return result

    monkeypatch.setattr(files, "sha256_stream", meanwhile)
    with pytest.raises(CollectError, match="changed while it was read"):
        gather(tmp_path, "file", "a.bin")


def test_collecting_twice_gives_the_same(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"b": 1, "a": [2, 3]}))
    assert gather(tmp_path) == gather(tmp_path)
    assert replace(gather(tmp_path).fact, collected_at="x") != gather(tmp_path).fact
    assert isinstance(gather(tmp_path, "file").original, Path)


def test_importing_the_collectors_loads_no_heavy_library():
    heavy = "{'cyclonedx', 'license_expression', 'jsonschema', 'defusedxml', 'duckdb', 'lark'}"
    code = f"import sys, probanda.collect; sys.exit(str({heavy} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.strip() == "set()"


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("coverage", "jacoco.xml"),
        ("csv", "sigcheck-report.csv"),
        ("sarif", "checkmarx.sarif"),
        ("spdx", "sbom-spdx-with-described-package.json"),
        ("vex", "openvex_v0.2.0.json"),
        ("vex", "csaf_security_advisory.json"),
    ],
)
def test_a_damaged_artifact_is_read_or_refused_and_never_crashes(vectors, name, file):
    data = (vectors / "materials" / file).read_bytes()
    chance = random.Random(file)
    refused: list[CollectError | ParseError] = []
    for _ in range(150):
        start = chance.randrange(len(data))
        end = start + chance.choice((0, 1, 2, 20, len(data)))
        put = chance.choice((b"", b'"', b"null", b"-1", b"[]", b"{", b"\xff", b",", b"1e999"))
        damaged = data[:start] + put + data[end:]
        try:
            reading = COLLECTORS[name].read(damaged, source=file, options={})
        except (CollectError, ParseError) as error:
            refused.append(error)
        else:
            canonical(reading.data)
    assert len(refused) > (20 if name == "csv" else 60)
    assert all(error.location is not None or file in str(error) for error in refused)


def test_the_page_on_facts_names_every_field_at_the_top_of_one():
    page = (Path(__file__).resolve().parents[2] / "docs" / "facts.md").read_text(encoding="utf-8")
    sections = {section.partition("\n")[0]: section for section in page.split("\n## ")[1:]}
    for title, section in sections.items():
        for name in re.findall(r"`([a-z-]+)`", title):
            for field in COLLECTORS[name].empty or ():
                assert f"`{field}`" in section or f"`{field}[" in section, (name, field)
