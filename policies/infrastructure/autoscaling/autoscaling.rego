# METADATA
# title: Autoscalers in manifests, and what they did
# description: >-
#   What Kubernetes would fill in is not taken for granted: bounds, a measured target and the window
#   of stabilisation must be written.
package probanda.infrastructure.autoscaling

# METADATA
# title: There is nothing to scale
# description: Manifests without a workload or an autoscaler prove nothing.
# custom:
#   id: nothing-to-scale
#   severity: high
#   remediation: Render the manifests of the service, and check the path.
findings contains finding if {
	count(workloads) + count(autoscalers) == 0
	finding := {
		"rule": "nothing-to-scale",
		"key": "manifests",
		"message": "the manifests hold no workload that scales and no autoscaler",
	}
}

# METADATA
# title: A workload has no autoscaler
# custom:
#   id: autoscaler-missing
#   severity: medium
#   remediation: Add a HorizontalPodAutoscaler that names it, or list it under exempt.
findings contains finding if {
	some workload in workloads
	name := name_of(workload)
	not name in targets
	not is_exempt(name)
	finding := {
		"rule": "autoscaler-missing",
		"key": name,
		"message": sprintf("no autoscaler scales %s", [name]),
	}
}

# METADATA
# title: An autoscaler is written for an old interface
# description: Only autoscaling/v2 has a behaviour and metrics other than CPU.
# custom:
#   id: autoscaler-outdated
#   severity: medium
#   remediation: Write it for autoscaling/v2.
findings contains finding if {
	some autoscaler in autoscalers
	autoscaler.apiVersion != "autoscaling/v2"
	finding := {
		"rule": "autoscaler-outdated",
		"key": name_of(autoscaler),
		"message": sprintf("%s is written for %s", [name_of(autoscaler), autoscaler.apiVersion]),
	}
}

# METADATA
# title: An autoscaler is not bounded as it has to be
# custom:
#   id: replicas-unbounded
#   severity: high
#   remediation: State minReplicas and maxReplicas as whole numbers within the gate's bounds.
findings contains finding if {
	some autoscaler in autoscalers
	not is_bounded(autoscaler.object)
	finding := {
		"rule": "replicas-unbounded",
		"key": name_of(autoscaler),
		"message": sprintf("%s must have minReplicas from %d and maxReplicas to %d", [name_of(autoscaler), smallest, largest]),
	}
}

# METADATA
# title: An autoscaler measures nothing
# custom:
#   id: metrics-missing
#   severity: high
#   remediation: Name CPU, memory, requests or the depth of a queue under metrics, each with a target.
findings contains finding if {
	some autoscaler in autoscalers
	not is_measuring(autoscaler.object)
	finding := {
		"rule": "metrics-missing",
		"key": name_of(autoscaler),
		"message": sprintf("%s has no metrics, or one without a target", [name_of(autoscaler)]),
	}
}

# METADATA
# title: The target for CPU leaves no room
# custom:
#   id: target-too-high
#   severity: medium
#   remediation: Lower averageUtilization, so that pods start before those that run are full.
findings contains finding if {
	some autoscaler in autoscalers
	some metric in autoscaler.object.spec.metrics
	resource_of(metric).name == "cpu"
	resource_of(metric).target.averageUtilization > highest
	finding := {
		"rule": "target-too-high",
		"key": name_of(autoscaler),
		"message": sprintf("%s scales at %v%% of CPU, at most %d%%", [
			name_of(autoscaler), resource_of(metric).target.averageUtilization, highest,
		]),
	}
}

# METADATA
# title: Scaling down is not damped
# custom:
#   id: scale-down-unstable
#   severity: medium
#   remediation: State behavior.scaleDown.stabilizationWindowSeconds, at least as long as the gate says.
findings contains finding if {
	some autoscaler in autoscalers
	not is_damped(autoscaler.object)
	finding := {
		"rule": "scale-down-unstable",
		"key": name_of(autoscaler),
		"message": sprintf("%s must wait %d seconds before it scales down", [name_of(autoscaler), window]),
	}
}

# METADATA
# title: An event cannot be read
# custom:
#   id: event-unreadable
#   severity: high
#   remediation: Write a line for each operation with time (UTC) and autoscaler, or Kubernetes' own events.
findings contains finding if {
	some number, event in given_events
	not is_readable(event)
	finding := {
		"rule": "event-unreadable",
		"key": sprintf("line %d", [number + 1]),
		"message": sprintf("line %d of the events states no time and no autoscaler", [number + 1]),
	}
}

# METADATA
# title: The events are not there
# custom:
#   id: events-missing
#   severity: high
#   remediation: Export the events; a log without lines says that nothing was scaled, no log says nothing.
findings contains finding if {
	"events" in object.keys(input.facts)
	not is_array(given_events)
	finding := {
		"rule": "events-missing",
		"key": "events",
		"message": "the events hold no list of records",
	}
}

# METADATA
# title: An autoscaler thrashes
# custom:
#   id: thrashing
#   severity: high
#   remediation: Lengthen the window of stabilisation, or scale by a metric that is less nervous.
findings contains finding if {
	some name, times in operations
	some place, late in times
	late - times[place - most] < minutes * 60000000000
	finding := {
		"rule": "thrashing",
		"key": name,
		"message": sprintf("%s was scaled more than %d times within %d minutes", [name, most, minutes]),
	}
}

default smallest := 3

smallest := input.parameters.minReplicas

default largest := 12

largest := input.parameters.maxReplicas

default highest := 65

highest := input.parameters.cpuUtilization

default window := 300

window := input.parameters.stabilizationSeconds

default most := 5

most := input.parameters.maxOperations

default minutes := 10

minutes := input.parameters.windowMinutes

workloads contains entry if {
	some entry in input.facts.manifests.objects
	entry.kind in ["Deployment", "StatefulSet"]
}

autoscalers contains entry if {
	some entry in input.facts.manifests.objects
	entry.kind == "HorizontalPodAutoscaler"
}

targets contains sprintf("%s/%s/%s", [namespace_of(autoscaler), target.kind, target.name]) if {
	some autoscaler in autoscalers
	target := autoscaler.object.spec.scaleTargetRef
}

name_of(entry) := sprintf("%s/%s/%s", [namespace_of(entry), entry.kind, object.get(entry, "name", "?")])

namespace_of(entry) := object.get(entry, "namespace", "")

is_exempt(name) if {
	some pattern in input.parameters.exempt
	glob.match(pattern, ["/"], name)
}

is_bounded(entry) if {
	is_count(entry.spec.minReplicas)
	is_count(entry.spec.maxReplicas)
	entry.spec.minReplicas >= smallest
	entry.spec.maxReplicas <= largest
	entry.spec.minReplicas <= entry.spec.maxReplicas
}

is_count(value) if {
	is_number(value)
	value == floor(value)
}

is_measuring(entry) if {
	is_array(entry.spec.metrics)
	count(entry.spec.metrics) > 0
	every metric in entry.spec.metrics {
		has_target(metric)
	}
}

# The field of a metric is called like its type: Resource is in resource, Pods in pods.
has_target(metric) if {
	field := concat("", [lower(substring(metric.type, 0, 1)), substring(metric.type, 1, -1)])
	some word in ["averageUtilization", "averageValue", "value"]
	is_amount(metric[field].target[word])
}

is_amount(value) if is_number(value)

is_amount(value) if {
	is_string(value)
	regex.match(`^[0-9]+(?:\.[0-9]+)?(?:m|k|Ki|M|Mi|G|Gi)?$`, value)
}

resource_of(metric) := metric.resource if metric.type == "Resource"

resource_of(metric) := metric.containerResource if metric.type == "ContainerResource"

is_damped(entry) if {
	is_number(entry.spec.behavior.scaleDown.stabilizationWindowSeconds)
	entry.spec.behavior.scaleDown.stabilizationWindowSeconds >= window
}

default given_events := null

given_events := input.facts.events.records

# Nanoseconds of each operation, in order; an event that stands for several counts as often.
operations[name] := times if {
	some name in {name_of_event(event) | some event in given_events; is_readable(event)}
	times := sort([moment(event) |
		some event in given_events
		is_readable(event)
		name_of_event(event) == name
		some _ in numbers.range(1, min([times_of(event), most + 1]))
	])
}

# Kubernetes writes events of every kind into one list.
is_readable(event) if is_other_event(event)

is_readable(event) if {
	is_string(name_of_event(event))
	is_number(moment(event))
	is_count(times_of(event))
	times_of(event) >= 1
}

is_other_event(event) if {
	event.kind == "Event"
	is_string(event.reason)
	event.reason != "SuccessfulRescale"
}

name_of_event(event) := event.autoscaler if is_string(event.autoscaler)

name_of_event(event) := sprintf("%s/%s/%s", [event.involvedObject.namespace, event.involvedObject.kind, event.involvedObject.name]) if {
	event.kind == "Event"
	event.reason == "SuccessfulRescale"
}

# Kubernetes counts equal events, and says when the last one was.
times_of(event) := object.get(event, "count", 1)

moment(event) := instant(event.time)

moment(event) := instant(event.lastTimestamp) if event.kind == "Event"

instant(text) := time.parse_rfc3339_ns(text) if {
	is_string(text)
	regex.match(`^[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?Z$`, text)
}
