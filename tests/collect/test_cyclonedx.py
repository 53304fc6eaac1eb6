"""CycloneDX files: the specification's own, those of real tools, and broken ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from probanda.collect import COLLECTORS
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["cyclonedx"]


def read(document, source="sbom.cdx.json"):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return COLLECTOR.read(data, source=source, options={})


def bom(*components, version="1.6", **more):
    return {
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "version": 1,
        "components": list(components),
        **more,
    }


def component(name="a", **more):
    return {"type": "library", "name": name, **more}


def test_every_valid_file_of_the_specification_is_accepted(vectors):
    paths = sorted((vectors / "cyclonedx").glob("*/valid-*.json"))
    assert len(paths) > 100
    for path in paths:
        reading = read(path.read_bytes(), path.name)
        document = json.loads(path.read_bytes())
        names = _names(document.get("components", []))
        names += _names(document.get("metadata", {}).get("component", {}).get("components", []))
        assert sorted(one["name"] for one in reading.data["components"]) == sorted(names), path
        assert reading.data["componentCount"] == len(names)
        assert reading.data["specVersion"] == path.parent.name


def _names(components):
    return [
        name for one in components for name in (one["name"], *_names(one.get("components", [])))
    ]


def test_every_invalid_file_of_the_specification_is_refused(vectors):
    paths = sorted((vectors / "cyclonedx").glob("*/invalid-*.json"))
    assert len(paths) > 60
    for path in paths:
        with pytest.raises(CollectError, match=path.name) as caught:
            read(path.read_bytes(), path.name)
        assert len(str(caught.value)) < 400


def test_files_of_real_tools_are_read_whole(vectors):
    materials = vectors / "materials"
    new = read((materials / "sbom.cyclonedx-1.5.json").read_bytes())
    assert (new.producer, new.produced_at) == ("syft 0.101.1", "2024-01-27T21:30:07Z")
    assert new.data["componentCount"] == 250
    old = read((materials / "sbom.cyclonedx-1.5-legacy-tools.json").read_bytes())
    assert old.producer == "syft 0.73.0"
    assert old.data["components"] == new.data["components"]
    nameless = read((materials / "sbom.cyclonedx-1.4-empty-tool-version.json").read_bytes())
    assert nameless.producer == "Hub"
    for name in ("sbom.cyclonedx-1.5-null-cwes.json", "sbom.cyclonedx-invalid-schema.json",
                 "sbom-spdx-with-described-package.json", "empty_array.json"):  # fmt: skip
        with pytest.raises(CollectError):
            read((materials / name).read_bytes(), name)


def test_the_output_of_cyclonedx_py_for_this_environment_is_read(tmp_path):
    tool = Path(sys.executable).with_name("cyclonedx-py")
    if not tool.exists():
        pytest.skip("cyclonedx-bom is not installed")
    output = tmp_path / "sbom.cdx.json"
    subprocess.run(
        [tool, "environment", "--output-reproducible", "--no-validate", "--of", "JSON",
         "--sv", "1.6", "-o", output, sys.executable],
        check=True, capture_output=True, env={"SOURCE_DATE_EPOCH": "1700000000"},
    )  # fmt: skip
    reading = read(output.read_bytes())
    assert reading.producer.startswith("cyclonedx-py ")
    assert reading.produced_at == "2023-11-14T22:13:20Z"
    by_name = {one["name"]: one for one in reading.data["components"]}
    assert by_name["pytest"]["licenses"]["alternatives"] == [["MIT"]]
    assert by_name["pytest"]["key"] == f"pkg:pypi/pytest@{pytest.__version__}"
    # Two alternatives in one expression; an id and a classifier that say the same.
    assert by_name["cryptography"]["licenses"]["expression"] == "Apache-2.0 OR BSD-3-Clause"
    assert by_name["requests"]["licenses"]["alternatives"] == [["Apache-2.0"]]
    for one in reading.data["components"]:
        known = bool(one["licenses"]["alternatives"])
        assert known != bool(one["licenses"]["unknown"]) or one["licenses"]["ids"] == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not valid JSON"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "bomFormat": "x"}', "duplicate key"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": NaN}', "NaN"),
        (b'{"bomFormat": "CycloneDX", "specVer', "not valid JSON"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 100_000, "nested|not valid JSON"),
    ],
)
def test_what_is_no_strict_json_is_refused(data, reason):
    with pytest.raises(ParseError, match=reason):
        read(data)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        None,
        {"bomFormat": "CycloneDX"},
        {"bomFormat": "CycloneDX", "specVersion": "1.3", "version": 1},
        {"bomFormat": "CycloneDX", "specVersion": "2.0", "version": 1},
        {"bomFormat": "CycloneDX", "specVersion": 1.6, "version": 1},
        {"bomFormat": "CycloneDX", "specVersion": ["1.6"], "version": 1},
        {"spdxVersion": "SPDX-2.3"},
    ],
)
def test_what_is_no_supported_cyclonedx_is_refused(document):
    with pytest.raises(CollectError, match=r"not a CycloneDX 1\.4 to 1\.7 document"):
        read(document)


@pytest.mark.parametrize(
    "document",
    [
        bom(component(unheard_of=1)),
        bom(component(purl=5)),
        bom(component(name=None)),
        bom(component(licenses=[{"license": {"id": "Not-A-License"}}])),
        bom(component(licenses=[{"license": {"name": "x", "id": "MIT"}}])),
        bom(component("a"), component("a")),
        bom(metadata={"timestamp": "yesterday"}),
        bom(metadata={"timestamp": "2026-01-01T00:00:00"}),
        bom(component(externalReferences=[{"type": "website", "url": "http://[::"}])),
        bom(component(externalReferences=[{"type": "website", "url": "é" * 501}])),
        bom(serialNumber="1"),
        bom("a"),
    ],
)
def test_what_violates_the_schema_is_refused_with_its_place(document):
    with pytest.raises(CollectError, match=r"not valid CycloneDX 1\.6: \$"):
        read(document)


@pytest.mark.parametrize(
    "url",
    ["https://example.org/a?b=c#d", "https://example.org:8443/%7Ea", "git+ssh://git@example.org/a",
     "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1", "https://example.org/ä", "../LICENSE", ""],
)  # fmt: skip
def test_urls_of_all_kinds_are_accepted(url):
    document = bom(component(externalReferences=[{"type": "website", "url": url}]))
    assert read(document).data["componentCount"] == 1


def test_components_inside_components_and_inside_the_subject_count():
    inner = component("c", components=[component("d")])
    subject = component("app", type="application", version="1", components=[component("e")])
    reading = read(bom(component("b", components=[inner]), metadata={"component": subject}))
    assert [one["key"] for one in reading.data["components"]] == ["b", "c", "d", "e"]
    assert reading.data["subject"]["key"] == "app@1"


def test_the_key_is_the_package_url_or_else_group_name_and_version():
    reading = read(
        bom(
            component("x", version="1", purl="pkg:pypi/x@1"),
            component("y", group="g", version="2"),
            component("z", scope="excluded"),
        )
    )
    assert [one["key"] for one in reading.data["components"]] == ["g/y@2", "pkg:pypi/x@1", "z"]
    assert [one["scope"] for one in reading.data["components"]] == [
        "required",
        "required",
        "excluded",
    ]


def test_two_entries_of_one_component_are_both_kept():
    mit, gpl = ([{"license": {"id": name}}] for name in ("MIT", "GPL-3.0-only"))
    reading = read(bom(component(licenses=mit), component(licenses=gpl)))
    assert [one["licenses"]["ids"] for one in reading.data["components"]] == [
        ["GPL-3.0-only"],
        ["MIT"],
    ]


def test_the_data_do_not_depend_on_the_order_in_the_file():
    parts = [component("a", version=str(number)) for number in range(5)]
    assert read(bom(*parts)).data == read(bom(*parts[::-1])).data


def test_times_are_given_in_utc():
    reading = read(bom(metadata={"timestamp": "2026-01-02T03:04:05.678+02:00"}))
    assert reading.produced_at == "2026-01-02T01:04:05Z"
    assert read(bom()).produced_at == ""


def test_tools_of_both_forms_are_the_producer():
    old = bom(version="1.4", metadata={"tools": [{"vendor": "v", "name": "t", "version": "1"}]})
    assert read(old).producer == "t 1"
    tools = {"components": [component("c", version="2")], "services": [{"name": "s"}]}
    assert read(bom(metadata={"tools": tools})).producer == "c 2, s"
    many = {"components": [component(f"c{number}") for number in range(100)]}
    assert len(read(bom(metadata={"tools": many})).producer) == 200


def nested(depth):
    part = component("x")
    for _ in range(depth - 1):
        part = component("x", components=[part])
    return bom(part)


def test_nesting_is_read_as_deep_as_the_parser_allows_or_refused_and_never_crashes():
    assert read(nested(20)).data["componentCount"] == 20
    with pytest.raises(ParseError, match="nested deeper"):
        read(nested(100))
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    try:
        with pytest.raises(CollectError, match="too deeply"):
            read(nested(60))
    finally:
        sys.setrecursionlimit(limit)


def test_thousands_of_components_are_validated():
    # Comparing every two of them, as the stock validator does, would take minutes.
    parts = [
        component(f"n{i}", externalReferences=[{"type": "vcs", "url": f"https://a.b/{i}"}])
        for i in range(5000)
    ]
    assert read(json.dumps(bom(*parts)).encode()).data["componentCount"] == 5000


def test_empty_data_have_the_same_shape_as_those_of_a_file():
    assert set(COLLECTOR.empty) == set(read(bom()).data)
    assert COLLECTOR.empty["components"] == []
