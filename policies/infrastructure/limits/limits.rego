# METADATA
# title: Arguments of modules and resources, against limits
# description: >-
#   An argument is judged wherever a module call or a resource sets it. A value that is not known
#   yet, is secret, or is computed cannot be judged, and so is a finding.
package probanda.infrastructure.limits

# METADATA
# title: No argument has a limit
# description: A plan in which nothing is limited proves nothing.
# custom:
#   id: nothing-limited
#   severity: high
#   remediation: Check that the plan is the right one, and that limits names its arguments.
findings contains finding if {
	count(judged) == 0
	finding := {
		"rule": "nothing-limited",
		"key": "plan",
		"message": "no module call or resource of the plan sets an argument that has a limit",
	}
}

# METADATA
# title: A required argument is not set
# custom:
#   id: argument-missing
#   severity: high
#   remediation: Set the argument; a default of the module may change without anybody seeing it.
findings contains finding if {
	some pattern, wanted in input.parameters.required
	some argument in wanted
	some place in places_of(pattern)
	not argument in object.keys(place.values)
	finding := {
		"rule": "argument-missing",
		"key": sprintf("%s.%s", [place.address, argument]),
		"message": sprintf("%s does not set %s", [place.address, argument]),
	}
}

# METADATA
# title: What must be in the plan is not there
# custom:
#   id: address-missing
#   severity: high
#   remediation: Correct the pattern in the gate, or plan what it names.
findings contains finding if {
	some pattern, _ in input.parameters.required
	count(places_of(pattern)) == 0
	finding := {
		"rule": "address-missing",
		"key": pattern,
		"message": sprintf("the plan has no module call and no resource like %s", [pattern]),
	}
}

# METADATA
# title: An argument cannot be judged
# description: It is known only after apply, secret, or made of references.
# custom:
#   id: argument-undecided
#   severity: high
#   remediation: Write the value as a constant where the module is called.
findings contains finding if {
	some [address, argument, value, _] in judged
	is_undecided(value)
	finding := {
		"rule": "argument-undecided",
		"key": sprintf("%s.%s", [address, argument]),
		"message": sprintf("%s sets %s to what nobody can see in the plan", [address, argument]),
	}
}

# METADATA
# title: An argument is beyond its limit
# custom:
#   id: limit-broken
#   severity: high
#   remediation: Set the argument within its limit.
findings contains finding if {
	some [address, argument, value, limit] in judged
	not is_undecided(value)
	not is_within(value, limit)
	finding := {
		"rule": "limit-broken",
		"key": sprintf("%s.%s", [address, argument]),
		"message": sprintf("%s sets %s to %v; it must be %s", [address, argument, value, told(limit)]),
	}
}

# The plans' figures.
defaults := {
	"rotation_days": {"minimum": 1, "maximum": 90},
	"per_tenant_max_mb": {"equals": 512},
	"ttl_minutes": {"minimum": 1, "maximum": 60},
	"approvers": {"nonEmpty": true},
	"encrypted": {"equals": true},
	"signed_webhooks": {"equals": true},
}

# A limit of the gate replaces the one of its argument.
limits := object.union(
	{name: limit | some name, limit in defaults; not name in stated},
	object.get(input.parameters, "limits", {}),
)

stated contains name if some name, _ in input.parameters.limits

places contains {"address": call.module, "values": call.arguments} if some call in input.facts.plan.moduleCalls

# What is deleted or forgotten has no values any more.
places contains {"address": resource.address, "values": resource.after} if {
	some resource in input.facts.plan.resources
	is_object(resource.after)
}

places_of(pattern) := {place | some place in places; glob.match(pattern, ["."], place.address)}

judged contains [place.address, argument, value, limits[argument]] if {
	some place in places
	some argument, value in place.values
}

is_undecided(value) if {
	is_object(value)
	some mark in ["$unknown", "$sensitive", "$references"]
	mark in object.keys(value)
}

is_within(value, limit) if {
	is_above(value, limit)
	is_below(value, limit)
	is_equal(value, limit)
	is_filled(value, limit)
}

is_above(_, limit) if not "minimum" in object.keys(limit)

is_above(value, limit) if {
	is_number(value)
	value >= limit.minimum
}

is_below(_, limit) if not "maximum" in object.keys(limit)

is_below(value, limit) if {
	is_number(value)
	value <= limit.maximum
}

is_equal(_, limit) if not "equals" in object.keys(limit)

is_equal(value, limit) if value == limit.equals

is_filled(_, limit) if not "nonEmpty" in object.keys(limit)

# A list of empty names is as empty as no list.
is_filled(value, _) if {
	is_array(value)
	count(value) > 0
	every item in value {
		is_string(item)
		trim_space(item) != ""
	}
}

told(limit) := concat(", ", [part |
	some word, value in limit
	part := sprintf("%s %v", [word, value])
])
