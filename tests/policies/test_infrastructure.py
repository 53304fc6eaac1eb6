"""The infrastructure policies over plans and manifests, by the snippets of their pages."""

from __future__ import annotations

import pytest

from snippets import POLICIES, run_snippet

LIMITS = "infrastructure/limits"


def plan(modules, *resources):
    """What `terraform show -json` prints of module calls with constants, and of resources."""
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "timestamp": "2026-11-20T11:00:00Z",
        "planned_values": {},
        "resource_changes": list(resources),
        "configuration": {
            "root_module": {
                "module_calls": {
                    name: {
                        "source": f"./modules/{name}",
                        "expressions": {
                            key: value if isinstance(value, dict) else {"constant_value": value}
                            for key, value in arguments.items()
                        },
                        "module": {"variables": {key: {} for key in arguments}},
                    }
                    for name, arguments in modules.items()
                }
            }
        },
    }


def resource(kind, name="a", /, unknown=None, **after):
    """A resource that would be created."""
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider_name": "registry.terraform.io/hashicorp/x",
        "change": {
            "actions": ["create"],
            "before": None,
            "after": after,
            "after_unknown": unknown or {},
            "before_sensitive": False,
            "after_sensitive": {},
        },
    }


# The samples of the sprint plans.
MODULES = {
    "cmk": {"provider": "aws_kms", "per_tenant_alias": True, "rotation_days": 90},
    "edge_caps": {"per_tenant_max_mb": 512},
    "jit_tokens": {"ttl_minutes": 60, "approvers": ["sec@intelgraph"]},
    "relocation_queue": {"visibility_timeout": 600, "encrypted": True},
    "chatops": {"providers": ["slack", "teams"], "signed_webhooks": True},
}


def changed(module, **arguments):
    return {**MODULES, module: {**MODULES[module], **arguments}}


def test_the_modules_of_the_plans_are_within_their_limits(tmp_path):
    assert run_snippet(tmp_path, LIMITS, {"plan.json": plan(MODULES)}) == ("pass", [])


@pytest.mark.parametrize(
    ("modules", "rule"),
    [
        (changed("cmk", rotation_days=91), "limit-broken"),
        (changed("cmk", rotation_days={"references": ["var.days"]}), "argument-undecided"),
        (changed("edge_caps", per_tenant_max_mb=1024), "limit-broken"),
        (changed("jit_tokens", ttl_minutes=61), "limit-broken"),
        (changed("jit_tokens", approvers=[]), "limit-broken"),
        (changed("relocation_queue", encrypted=False), "limit-broken"),
        (changed("chatops", signed_webhooks=False), "limit-broken"),
        ({**MODULES, "cmk": {"per_tenant_alias": True}}, "argument-missing"),
        ({name: MODULES[name] for name in ("jit_tokens", "chatops")}, "address-missing"),
    ],
)
def test_a_module_beyond_its_limit_is_found(tmp_path, modules, rule):
    assert run_snippet(tmp_path, LIMITS, {"plan.json": plan(modules)}) == ("fail", [rule])


EGRESS = "infrastructure/no-internet-egress"
CELL = {
    "blackcell": {"internet_egress": False, "node_count": 3, "storage_class": "encrypted-local"}
}
MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: cell}
spec:
  template:
    spec: {hostNetwork: no, containers: [{name: gateway, image: gateway}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-egress, namespace: cell}
spec: {podSelector: {}, policyTypes: [Egress]}
---
apiVersion: v1
kind: Service
metadata: {name: gateway, namespace: cell}
spec: {type: ClusterIP}
"""
OPEN_RULE = """\
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: allow, namespace: cell}
spec: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}
"""


def judge_egress(root, *, cell=None, manifests=MANIFESTS):
    files = {"plan.json": cell or plan(CELL), "cell.yaml": manifests}
    return run_snippet(root, EGRESS, files)


def test_a_closed_cell_passes(tmp_path):
    assert judge_egress(tmp_path) == ("pass", [])


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        (plan({"blackcell": {"internet_egress": True}}), "module-egress"),
        (plan({"blackcell": {"internet_egress": {"references": ["var.e"]}}}), "module-egress"),
        (plan({"blackcell": {"node_count": 3}}), "module-egress"),
        (plan({"cell": {"internet_egress": False}}), "module-missing"),
        (plan(CELL, resource("aws_internet_gateway")), "internet-gateway"),
        (plan(CELL, resource("aws_security_group", unknown={"egress": True})), "open-egress"),
        (
            plan(CELL, resource("aws_security_group", egress=[{"cidr_blocks": ["0.0.0.0/0"]}])),
            "open-egress",
        ),
    ],
)
def test_a_plan_that_opens_the_cell_is_found(tmp_path, cell, rule):
    assert judge_egress(tmp_path, cell=cell) == ("fail", [rule])


@pytest.mark.parametrize(
    ("manifests", "rule"),
    [
        (MANIFESTS + OPEN_RULE, "open-egress"),
        (MANIFESTS.replace("policyTypes: [Egress]", "policyTypes: [Ingress]"), "namespace-open"),
        (MANIFESTS.replace("hostNetwork: no", "hostNetwork: yes"), "host-network"),
        (MANIFESTS.replace("ClusterIP", "LoadBalancer"), "service-outside"),
    ],
)
def test_a_manifest_that_opens_the_cell_is_found(tmp_path, manifests, rule):
    assert judge_egress(tmp_path, manifests=manifests) == ("fail", [rule])


def test_the_policy_on_the_page_closes_a_namespace(tmp_path):
    page = (POLICIES / EGRESS / "README.md").read_text(encoding="utf-8")
    shown = page.split("```yaml\n", 1)[1].split("```", 1)[0]
    deployment = MANIFESTS.split("---\n", 1)[0]

    assert judge_egress(tmp_path / "closed", manifests=f"{deployment}---\n{shown}")[0] == "pass"
    assert judge_egress(tmp_path / "open", manifests=deployment) == ("fail", ["namespace-open"])


AUTOSCALING = "infrastructure/autoscaling"
# The plan's Helm values, rendered.
RENDERED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: search, namespace: shop}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: search, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: search}
  minReplicas: 3
  maxReplicas: 12
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 65}}
  behavior:
    scaleDown: {stabilizationWindowSeconds: 300}
"""


def scaling(*minutes):
    return "".join(
        f'{{"time":"2026-11-20T10:{minute:02}:00Z","autoscaler":"shop/search"}}\n'
        for minute in minutes
    )


@pytest.mark.parametrize(
    ("manifests", "minutes", "rules"),
    [
        (RENDERED, (0, 2, 4, 6, 8), []),
        (RENDERED, (), []),
        (RENDERED, (0, 2, 4, 6, 8, 9), ["thrashing"]),
        (RENDERED.replace("maxReplicas: 12", "maxReplicas: 40"), (), ["replicas-unbounded"]),
        (RENDERED.replace("name: search, namespace: shop}\n---", "name: api}\n---"), (),
         ["autoscaler-missing"]),
        (RENDERED.replace("stabilizationWindowSeconds: 300", "policies: []"), (),
         ["scale-down-unstable"]),
    ],
)  # fmt: skip
def test_autoscalers_and_their_events_are_judged(tmp_path, manifests, minutes, rules):
    files = {"rendered.yaml": manifests, "scaling.jsonl": scaling(*minutes)}

    ended = run_snippet(tmp_path, AUTOSCALING, files)

    assert ended == ("fail" if rules else "pass", rules)
