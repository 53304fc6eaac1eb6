# METADATA
# title: Ways to the internet in Terraform plans and Kubernetes manifests
# description: >-
#   Every destination must lie within the networks that may be reached. One that the plan does not
#   show, or that cannot be read, does not.
package probanda.infrastructure.no_internet_egress

# METADATA
# title: There is nothing to judge
# description: A plan without resources and modules, and manifests without workloads, prove nothing.
# custom:
#   id: nothing-judged
#   severity: high
#   remediation: Give the check a plan or manifests, and check that they are the right ones.
findings contains finding if {
	some source in array.concat([name | some name in given], [name | count(given) == 0; name := "facts"])
	not source in filled
	finding := {
		"rule": "nothing-judged",
		"key": source,
		"message": sprintf("%s hold nothing that could reach anything", [source]),
	}
}

# METADATA
# title: A module may reach the internet
# custom:
#   id: module-egress
#   severity: critical
#   remediation: Set internet_egress to the constant false where the module is called.
findings contains finding if {
	some call in input.facts.plan.moduleCalls
	is_concerned(call)
	not is_closed(call)
	finding := {
		"rule": "module-egress",
		"key": call.module,
		"message": sprintf("%s does not set internet_egress to false", [call.module]),
	}
}

# METADATA
# title: A module that must be there is not in the plan
# custom:
#   id: module-missing
#   severity: high
#   remediation: Correct the pattern in the gate, or plan what it names.
findings contains finding if {
	some pattern in input.parameters.modules
	count([call | some call in input.facts.plan.moduleCalls; glob.match(pattern, ["."], call.module)]) == 0
	finding := {
		"rule": "module-missing",
		"key": pattern,
		"message": sprintf("the plan calls no module like %s", [pattern]),
	}
}

# METADATA
# title: A rule lets traffic out beyond the networks that may be reached
# custom:
#   id: open-egress
#   severity: critical
#   remediation: >-
#     Name the networks that are needed; in AWS write egress = [] where none is, since the provider
#     decides what is left out.
findings contains finding if {
	some address, destinations in reached
	some destination in destinations
	not is_allowed(destination)
	finding := {
		"rule": "open-egress",
		"key": sprintf("%s %s", [address, shown(destination)]),
		"message": sprintf("%s lets traffic out to %s", [address, shown(destination)]),
	}
}

# METADATA
# title: A gateway to the internet is planned
# custom:
#   id: internet-gateway
#   severity: critical
#   remediation: Remove it; what is needed from outside comes in by file.
findings contains finding if {
	some resource in present
	is_gateway(resource)
	finding := {
		"rule": "internet-gateway",
		"key": resource.address,
		"message": sprintf("%s is a way to the internet", [resource.address]),
	}
}

# METADATA
# title: Nothing denies a namespace its egress
# description: Without a policy that selects all pods and lists no way out, Kubernetes lets all of it pass.
# custom:
#   id: namespace-open
#   severity: critical
#   remediation: >-
#     Add a NetworkPolicy to the namespace with podSelector {}, policyTypes [Egress] and no egress.
findings contains finding if {
	some namespace in namespaces
	not namespace in denied
	finding := {
		"rule": "namespace-open",
		"key": called(namespace),
		"message": sprintf("no network policy denies all egress in %s", [called(namespace)]),
	}
}

# METADATA
# title: A network policy of another kind cannot be judged
# custom:
#   id: policy-unknown
#   severity: high
#   remediation: Use networking.k8s.io/v1, or waive the policy once somebody has read it.
findings contains finding if {
	some entry in input.facts.manifests.objects
	contains(entry.kind, "NetworkPolicy")
	not is_network_policy(entry)
	finding := {
		"rule": "policy-unknown",
		"key": entry.key,
		"message": sprintf("%s is a network policy that may open more than is seen here", [entry.key]),
	}
}

# METADATA
# title: A pod uses the network of its node
# description: Network policies do not hold there.
# custom:
#   id: host-network
#   severity: critical
#   remediation: Remove hostNetwork.
findings contains finding if {
	some workload in workloads
	object.get(pod_of(workload), "hostNetwork", false) != false
	finding := {
		"rule": "host-network",
		"key": workload.key,
		"message": sprintf("%s uses the network of its node", [workload.key]),
	}
}

# METADATA
# title: A service faces outside
# custom:
#   id: service-outside
#   severity: high
#   remediation: Use a ClusterIP, or leave the type out of serviceTypes.
findings contains finding if {
	some entry in input.facts.manifests.objects
	entry.kind == "Service"
	entry.object.spec.type in input.parameters.serviceTypes
	finding := {
		"rule": "service-outside",
		"key": entry.key,
		"message": sprintf("%s is a service of type %s", [entry.key, entry.object.spec.type]),
	}
}

# RFC 1918, RFC 4193, RFC 6598; link-local addresses hold the metadata of clouds, not the internet.
default networks := [
	"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
	"fc00::/7", "fe80::/10", "::1/128",
]

networks := input.parameters.networks

# A fact that is there and null was given, and shows nothing.
given contains source if {
	some source in ["plan", "manifests"]
	source in object.keys(input.facts)
}

filled contains "plan" if count(input.facts.plan.resources) > 0

filled contains "plan" if count(input.facts.plan.moduleCalls) > 0

filled contains "manifests" if count(workloads) > 0

# --- Terraform

is_concerned(call) if "internet_egress" in object.keys(call.arguments)

is_concerned(call) if {
	some pattern in input.parameters.modules
	glob.match(pattern, ["."], call.module)
}

is_closed(call) if call.arguments.internet_egress == false

# What is deleted or forgotten has no values after it.
present contains resource if {
	some resource in input.facts.plan.resources
	resource.mode == "managed"
	is_object(resource.after)
}

# Values that only apply will tell are mapped to themselves, and no network holds them.
many(values) := values if {
	is_array(values)
} else := [values]

given_of(block, fields) := [value |
	some field in fields
	some value in many(object.get(block, field, []))
	not value in [null, ""]
]

aws_fields := ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids"]

# Left out, `egress` is what the provider finds: unknown when the group is created.
reached[resource.address] contains destination if {
	some resource in present
	resource.type in ["aws_security_group", "aws_default_security_group"]
	some block in many(object.get(resource.after, "egress", []))
	some destination in block_of(block)
}

block_of(block) := [block] if {
	is_undecided(block)
} else := given_of(block, aws_fields)

reached[resource.address] contains destination if {
	some resource in present
	resource.type == "aws_security_group_rule"
	object.get(resource.after, "type", null) != "ingress"
	some destination in given_of(resource.after, aws_fields)
}

reached[resource.address] contains destination if {
	some resource in present
	resource.type == "aws_vpc_security_group_egress_rule"
	some destination in given_of(resource.after, ["cidr_ipv4", "cidr_ipv6", "prefix_list_id"])
}

reached[resource.address] contains destination if {
	some resource in present
	resource.type == "azurerm_network_security_rule"
	some destination in azure(resource.after)
}

reached[resource.address] contains destination if {
	some resource in present
	resource.type == "azurerm_network_security_group"
	some block in many(object.get(resource.after, "security_rule", []))
	some destination in azure_block(block)
}

azure_block(block) := [block] if {
	is_undecided(block)
} else := azure(block)

azure(rule) := given_of(rule, ["destination_address_prefix", "destination_address_prefixes"]) if {
	object.get(rule, "direction", null) != "Inbound"
	object.get(rule, "access", null) != "Deny"
} else := []

reached[resource.address] contains destination if {
	some resource in present
	resource.type == "google_compute_firewall"
	object.get(resource.after, "direction", null) != "INGRESS"
	count(many(object.get(resource.after, "allow", []))) > 0
	some destination in google(resource.after)
}

# Without ranges, a rule for egress means all of them.
google(rule) := given_of(rule, ["destination_ranges"]) if {
	count(given_of(rule, ["destination_ranges"])) > 0
} else := ["0.0.0.0/0"]

reached[resource.address] contains destination if {
	some resource in present
	some destination in given_of(resource.after, route_fields[resource.type])
}

route_fields := {
	"aws_route": ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"],
	"azurerm_route": ["address_prefix"],
	"google_compute_route": ["dest_range"],
}

reached[resource.address] contains destination if {
	some resource in present
	resource.type in ["aws_route_table", "aws_default_route_table", "azurerm_route_table"]
	some block in many(object.get(resource.after, "route", []))
	some destination in route_of(block)
}

route_of(block) := [block] if {
	is_undecided(block)
} else := given_of(block, ["cidr_block", "ipv6_cidr_block", "destination_prefix_list_id", "address_prefix"])

gateways := {
	"aws_internet_gateway", "aws_egress_only_internet_gateway", "azurerm_nat_gateway",
	"google_compute_router_nat",
}

is_gateway(resource) if resource.type in gateways

is_gateway(resource) if {
	resource.type == "aws_nat_gateway"
	object.get(resource.after, "connectivity_type", "public") != "private"
}

is_undecided(value) if {
	is_object(value)
	some mark in ["$unknown", "$sensitive"]
	mark in object.keys(value)
}

is_allowed(destination) if {
	is_string(destination)
	net.cidr_is_valid(destination)
	some network in networks
	net.cidr_contains(network, destination)
}

is_allowed(destination) if destination in ["VirtualNetwork", "AzureLoadBalancer"]

is_allowed(destination) if destination in input.parameters.prefixLists

shown(destination) := destination if {
	is_string(destination)
} else := "what nobody can see in the plan"

# --- Kubernetes

pod_paths := {
	"Pod": ["spec"],
	"Deployment": ["spec", "template", "spec"],
	"StatefulSet": ["spec", "template", "spec"],
	"DaemonSet": ["spec", "template", "spec"],
	"ReplicaSet": ["spec", "template", "spec"],
	"ReplicationController": ["spec", "template", "spec"],
	"Job": ["spec", "template", "spec"],
	"CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
}

workloads contains entry if {
	some entry in input.facts.manifests.objects
	pod_paths[entry.kind]
}

pod_of(workload) := object.get(workload.object, pod_paths[workload.kind], {})

# No namespace is one of its own: that of whoever applies the manifests.
namespaces contains object.get(workload, "namespace", "") if some workload in workloads

policies contains entry if {
	some entry in input.facts.manifests.objects
	is_network_policy(entry)
}

is_network_policy(entry) if {
	entry.kind == "NetworkPolicy"
	startswith(entry.apiVersion, "networking.k8s.io/")
}

denied contains object.get(policy, "namespace", "") if {
	some policy in policies
	policy.object.spec.podSelector == {}
	"Egress" in policy.object.spec.policyTypes
	object.get(policy.object.spec, "egress", []) == []
}

# A rule without `to` lets everything out; one with an empty list does, too.
reached[policy.key] contains "0.0.0.0/0" if {
	some policy in policies
	some rule in policy.object.spec.egress
	count(many(object.get(rule, "to", []))) == 0
}

reached[policy.key] contains peer.ipBlock.cidr if {
	some policy in policies
	some rule in policy.object.spec.egress
	some peer in rule.to
}

called(namespace) := sprintf("namespace %s", [namespace]) if {
	namespace != ""
} else := "the namespace that the manifests leave open"
