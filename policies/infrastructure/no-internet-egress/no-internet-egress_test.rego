package probanda.infrastructure.no_internet_egress_test

import data.probanda.infrastructure.no_internet_egress as egress

test_private_networks_may_be_reached if {
	every destination in ["10.0.0.0/8", "10.1.2.0/24", "172.16.0.0/12", "192.168.1.1/32", "100.64.0.0/10", "169.254.169.254/32", "127.0.0.1/32", "fc00::/7", "fd00::/8", "fe80::/10", "::1/128"] {
		egress.is_allowed(destination)
	}
}

test_other_networks_may_not if {
	every destination in ["0.0.0.0/0", "::/0", "0.0.0.0/1", "172.0.0.0/8", "8.8.8.8/32", "2000::/3", "*", "Internet", "", null, {"$unknown": true}] {
		not egress.is_allowed(destination)
	}
}

test_networks_of_azure_itself_may_be_reached if {
	egress.is_allowed("VirtualNetwork")
	egress.is_allowed("AzureLoadBalancer")
	not egress.is_allowed("Storage")
}

test_networks_of_the_gate_replace_the_private_ones if {
	egress.is_allowed("198.51.100.7/32") with input as {"parameters": {"networks": ["198.51.100.0/24"]}}
	not egress.is_allowed("10.0.0.0/8") with input as {"parameters": {"networks": ["198.51.100.0/24"]}}
	not egress.is_allowed("10.0.0.0/8") with input as {"parameters": {"networks": []}}
}

test_what_the_plan_does_not_show_is_not_shown if {
	egress.shown("::/0") == "::/0"
	egress.shown({"$sensitive": true}) == "what nobody can see in the plan"
}

test_a_namespace_has_a_name_or_none if {
	egress.called("cell") == "namespace cell"
	egress.called("") == "the namespace that the manifests leave open"
}

test_pods_lie_where_their_kind_has_them if {
	egress.pod_of({"kind": "Pod", "object": {"spec": {"a": 1}}}) == {"a": 1}
	egress.pod_of({"kind": "CronJob", "object": {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"a": 1}}}}}}}) == {"a": 1}
	egress.pod_of({"kind": "Deployment", "object": {}}) == {}
	every kind in ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"] {
		egress.pod_of({"kind": kind, "object": {"spec": {"template": {"spec": {"a": 1}}}}}) == {"a": 1}
	}
}
