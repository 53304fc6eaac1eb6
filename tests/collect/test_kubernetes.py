"""Manifests: as kubectl reads them, real ones, and broken ones."""

from __future__ import annotations

import json

import pytest

from probanda.canonical import canonical
from probanda.collect import COLLECTORS, kubernetes
from probanda.errors import CollectError, ParseError

COLLECTOR = COLLECTORS["kubernetes"]
SENSITIVE = {"$sensitive": True}


def read(text):
    data = text if isinstance(text, bytes) else text.encode()
    return COLLECTOR.read(data, source="all.yaml", options={}).data


def only(text):
    (one,) = read(text)["objects"]
    return one


def config(field):
    """What a field's value is taken for."""
    return only(f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{x: {field}}}")[
        "object"
    ]["spec"]["x"]


AUTOSCALER = """\
# Source: shop/templates/hpa.yaml
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {minReplicas: 2, maxReplicas: 10}
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Egress]}
"""


def test_a_stream_becomes_objects_with_their_place():
    fact = read(f"---\n---\n{AUTOSCALER}---\n# nothing\n---\n{POLICY}...\n")
    assert fact["count"] == 2
    assert fact["kinds"] == {"HorizontalPodAutoscaler": 1, "NetworkPolicy": 1}
    assert [(one["key"], one["line"]) for one in fact["objects"]] == [
        ("autoscaling/HorizontalPodAutoscaler/shop/web", 4),
        ("networking.k8s.io/NetworkPolicy/shop/deny", 11),
    ]
    assert fact["objects"][0]["object"]["spec"]["maxReplicas"] == 10
    assert fact["duplicates"] == []


def test_real_manifests_are_read_whole(vectors):
    paths = sorted((vectors / "kubernetes").glob("*.y*ml"))
    if not paths:
        pytest.skip("no manifests among the vectors")
    for path in paths:
        fact = read(path.read_bytes())
        kinds = [line for line in path.read_text().splitlines() if line.startswith("kind:")]
        assert fact["count"] == len(kinds), path
        canonical(fact)


def test_no_namespace_is_absent_rather_than_default():
    one = only("{apiVersion: v1, kind: Namespace, metadata: {name: a}}")
    assert one["key"] == "/Namespace//a"
    assert "namespace" not in one


# What sigs.k8s.io/yaml 1.4.0, by which kubectl and Helm read, makes of the same text.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True), ("on", True), ("y", True), ("True", True), ("no", False), ("Off", False),
        ("N", False), ("0644", 420), ("0o644", 420), ("1_000", 1000), ("0b11", 3), ("0x1F", 31),
        ("-010", -8), ("0", 0), ("1.5", 1.5), ("1e3", 1000.0), ("089", 89), ("22:22", "22:22"),
        ('"yes"', "yes"), ("'0644'", "0644"), ("yess", "yess"), ("1.2.3", "1.2.3"), ("~", None),
        ("18446744073709551615", "18446744073709551615"), ("512Mi", "512Mi"), ("_1", "_1"),
    ],
)  # fmt: skip
def test_plain_scalars_mean_what_kubectl_takes_them_for(text, value):
    found = config(text)
    assert found == value
    assert type(found) is type(value)


def test_lists_are_replaced_by_their_items():
    inner = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    bare = {"metadata": {"name": "b", "namespace": "c"}}
    text = json.dumps(
        {
            "apiVersion": "v1",
            "kind": "List",
            "items": [inner, {"apiVersion": "v1", "kind": "PodList", "items": [bare]}],
        },
        indent="\t",
    )
    assert [one["key"] for one in read(text)["objects"]] == ["/ConfigMap//a", "/Pod/c/b"]


@pytest.mark.parametrize("kind", ["Secret", "SecretList"])
def test_secret_values_are_never_in_the_fact(kind):
    secret = {
        "metadata": {
            "name": "s",
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": '{"data":{"k":"aHVudGVyMg=="}}',
                "other": "kept",
            },
        },
        "data": {"k": "aHVudGVyMg=="},
        "stringData": {"p": "hunter2"},
        "type": "Opaque",
    }
    document = {"apiVersion": "v1", "kind": kind}
    document |= {"items": [secret]} if kind.endswith("List") else secret
    fact = read(json.dumps(document))
    assert "hunter2" not in json.dumps(fact)
    assert "aHVudGVyMg" not in json.dumps(fact)
    found = fact["objects"][0]["object"]
    assert found["data"] == {"k": SENSITIVE}
    assert found["stringData"] == {"p": SENSITIVE}
    assert found["metadata"]["annotations"]["other"] == "kept"


def test_the_same_object_twice_is_reported():
    fact = read(f"{POLICY}---\n{POLICY}")
    assert fact["duplicates"] == ["networking.k8s.io/NetworkPolicy/shop/deny"]
    generated = "apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n"
    assert read(f"{generated}---\n{generated}")["duplicates"] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no object"),
        ("# nothing\n---\n", "holds no object"),
        ("null", "a document that is no object"),
        ("- a", "a document that is no object"),
        ("kind: Pod", "apiVersion: is missing"),
        ("apiVersion: v1\nkind: pod\nmetadata: {name: a}", "malformed"),
        ("apiVersion: ../v1\nkind: Pod\nmetadata: {name: a}", "malformed"),
        ("apiVersion: v1\nkind: Pod", "without metadata"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {}", "name: is missing"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {name: 5}", "a number where text"),
        ("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: x", "text where an object"),
        (f"{POLICY}---\n- a", "a document that is no object"),
        (f"{POLICY}---\nkind: Pod", "apiVersion: is missing"),
        ("apiVersion: v1\nkind: List\nitems: [x]", "a document that is no object"),
    ],
)
def test_a_document_that_is_no_object_is_refused_with_its_place(text, reason):
    with pytest.raises(CollectError, match=reason) as caught:
        read(text)
    assert str(caught.value).startswith("all.yaml")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\n---\na: 1\na: 2", "all.yaml:4:1: duplicate key"),
        ("a: [", "not valid YAML"),
        ("a: &x 1\n---\nb: *x", "names no anchor"),
        ("a: .inf", "infinity"),
        ("[" * 200, "nested deeper"),
    ],
)
def test_broken_yaml_is_refused_with_its_line(text, reason):
    with pytest.raises(ParseError, match=reason):
        read(text)


def test_an_unrendered_template_says_what_to_do():
    with pytest.raises(ParseError) as caught:
        read("apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Values.name }}}")
    assert "helm template" in (caught.value.hint or "")


def test_more_objects_than_the_limit_are_refused(monkeypatch):
    monkeypatch.setattr(kubernetes, "MAX_OBJECTS", 2)
    text = "\n---\n".join(
        f"{{apiVersion: v1, kind: Pod, metadata: {{name: p{number}}}}}" for number in range(3)
    )
    with pytest.raises(CollectError, match="limit of 2 objects"):
        read(text)
