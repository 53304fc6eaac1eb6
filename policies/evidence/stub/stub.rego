# METADATA
# title: Evidence that nobody measured
# description: >-
#   A summary that says PASSED and nothing else, samples without any variance, one file under two
#   names, tests that took no time, text that nobody filled in. Each of them has an innocent
#   explanation, and somebody has to give it.
package probanda.evidence.stub

# METADATA
# title: There is no evidence
# custom:
#   id: no-evidence
#   severity: high
#   remediation: Name the facts that are to be examined in the gate.
findings contains finding if {
	not has_evidence
	finding := {
		"rule": "no-evidence",
		"key": "evidence",
		"message": "the check reads no artifact, so nothing was examined",
	}
}

# METADATA
# title: Evidence is empty
# description: No bytes, no content, no test, no request; or an artifact that was not there at all.
# custom:
#   id: empty-evidence
#   severity: high
#   remediation: Produce the artifact in the run, and check that it holds what it should.
findings contains finding if {
	some name, item in input.evidence
	not holds_something(name, item)
	finding := {
		"rule": "empty-evidence",
		"key": name,
		"message": sprintf("%s holds nothing", [name]),
	}
}

# METADATA
# title: Evidence is a verdict without a measurement
# description: >-
#   It says that all is well, and every other value in it is a label, empty or zero. A number
#   other than zero, a digest, or a value under a name that is no label is a measurement.
# custom:
#   id: bare-verdict
#   severity: high
#   remediation: Keep what the tool itself wrote, with what it measured, instead of a summary of it.
findings contains finding if {
	some name, item in input.evidence
	is_document(item)
	states_verdict(input.facts[name])
	not measures(input.facts[name])
	finding := {
		"rule": "bare-verdict",
		"key": name,
		"message": sprintf("%s states a verdict and no measurement behind it", [name]),
	}
}

# METADATA
# title: Measurements do not vary at all
# description: Latencies of a run whose fastest and slowest request agree, or a list of equal numbers.
# custom:
#   id: zero-variance
#   severity: high
#   remediation: Attach the tool's own output; if the values are right, waive the finding with the reason.
findings contains finding if {
	some name, item in input.evidence
	some place in unvarying(item, input.facts[name])
	finding := {
		"rule": "zero-variance",
		"key": sprintf("%s %s", [name, place]),
		"message": sprintf("the samples of %s at %s are all the same", [name, place]),
	}
}

# METADATA
# title: Two facts are the same file
# description: One digest under two names. Two periods, tenants or revisions do not agree to the byte.
# custom:
#   id: same-digest
#   severity: high
#   remediation: Produce each artifact by itself, or list the fact under shared.
findings contains finding if {
	some name, item in input.evidence
	some other, twin in input.evidence
	name < other
	item.sha256 == twin.sha256
	not may_share(name)
	not may_share(other)
	finding := {
		"rule": "same-digest",
		"key": sprintf("%s %s", [name, other]),
		"message": sprintf("%s and %s are the same bytes", [name, other]),
	}
}

# METADATA
# title: Tests took no time
# description: Not one test that passed says that it took any time.
# custom:
#   id: zero-durations
#   severity: high
#   remediation: Keep the report that the test runner wrote; if it writes no times, turn them on.
findings contains finding if {
	some name, item in input.evidence
	item.type == "junit"
	passed := [test | some test in input.facts[name].tests; test.status == "passed"]
	count(passed) >= minimum_samples
	not one_took_time(passed)
	finding := {
		"rule": "zero-durations",
		"key": name,
		"message": sprintf("%s has %d tests that passed, and none took any time", [name, count(passed)]),
	}
}

# METADATA
# title: Evidence holds text that nobody filled in
# description: Placeholders, template variables that were not replaced, filler text.
# custom:
#   id: boilerplate
#   severity: medium
#   remediation: Fill it in, or remove what does not apply.
findings contains finding if {
	some name, item in input.evidence
	is_document(item)
	walk(input.facts[name], [path, value])
	is_boilerplate(value)
	finding := {
		"rule": "boilerplate",
		"key": sprintf("%s %s", [name, pointer(path)]),
		"message": sprintf("%s has a placeholder at %s", [name, pointer(path)]),
	}
}

has_evidence if {
	is_object(input.evidence)
	count(input.evidence) > 0
}

# Facts whose content is the artifact itself.
is_document(item) if item.type in {"json", "yaml", "toml"}

# Bytes were read, and what they say is not nothing.
holds_something(name, item) if {
	item.size > 0
	is_string(item.sha256)
	not is_hollow(item.type, object.get(input.facts, name, null))
}

is_hollow(_, content) if content in [null, "", [], {}]

is_hollow("junit", content) if not some_of(content, "tests")

is_hollow("load", content) if not some_of(content, "scenarios")

is_hollow("load", content) if content.requests == 0

# A verdict where a document belongs.
is_hollow(type, content) if {
	type in {"json", "yaml"}
	not is_object(content)
	not is_array(content)
}

some_of(content, key) if {
	is_array(content[key])
	count(content[key]) > 0
}

states_verdict(content) if {
	walk(content, [_, value])
	is_verdict(value)
}

states_verdict(content) if {
	walk(content, [path, value])
	is_boolean(value)
	is_verdict_name(leaf_name(path))
}

is_verdict(value) if {
	is_string(value)
	regex.match(`^\s*(?i:pass|passed|passing|ok|okay|success|successful|succeeded|true|yes|green|good|valid|verified|compliant|complete|completed|clean|done|approved|satisfied)[.!]?\s*$`, value)
}

is_verdict_name(name) if {
	regex.match(`^(is)?(status|state|result|outcome|verdict|conclusion|pass|passed|ok|success|successful|valid|verified|compliant|complete|completed|approved|satisfied|healthy)$`, plain(name))
}

# Names of what describes a measurement and is none.
is_label(name) if {
	regex.match(`^((run|build|job|test|check|request|trace|commit|control|report|suite|case|user|tenant|execution|pipeline|workflow|uu|gu)?id|.*name|.*version|(.*ed|start|end|run|scan|report)?date|(.*ed|start|end|run|scan|check|finish)?time|timestamp|(.*ed|start|end|run)at|(.*ed)?by|title|description|summary|message|messages|note|notes|comment|comments|reason|detail|details|text|label|labels|kind|type|schema|tool|generator|author|owner|team|environment|env|stage|branch|commit|ref|revision|repository|repo|project|service|component|suite|suites|test|tests|check|checks|control|controls|category|criterion|severity|level|exitcode|code|run|build|job|workflow|pipeline|url|uri|link|period|quarter|year|tenant)$`, plain(name))
}

# Names of numbers that count or measure nothing.
is_mark(name) if {
	regex.match(`^((run|build|job|test|check|request|trace|commit|control|report|suite|case|user|tenant|execution|pipeline|workflow|uu|gu)?id|.*version|(.*ed|start|end|run|scan|report)?date|(.*ed|start|end|run|scan|check|finish)?time|timestamp|(.*ed|start|end|run)at|exitcode|code|run|build|job|revision|level|period|quarter|year)$`, plain(name))
}

is_mark(name) if is_verdict_name(name)

measures(content) if {
	walk(content, [path, value])
	is_measure(leaf_name(path), value)
}

is_measure(name, value) if {
	is_number(value)
	value != 0
	not is_mark(name)
}

is_measure(_, value) if {
	is_string(value)
	regex.match(`^(sha(256|384|512):)?[0-9a-f]{64,128}$`, value)
}

is_measure(name, value) if {
	is_string(value)
	trim_space(value) != ""
	not is_verdict(value)
	not is_described(name)
}

is_described(name) if is_label(name)

is_described(name) if is_verdict_name(name)

# The last name on the way: a list has none of its own.
leaf_name(path) := names[count(names) - 1] if {
	names := [part | some part in path; is_string(part)]
} else := "value"

plain(name) := lower(regex.replace(name, `[^A-Za-z0-9]`, ""))

# Places where a fact's samples do not vary.
unvarying(item, content) := places if {
	item.type == "load"
	places := {scenario.name |
		some scenario in content.scenarios
		has_samples(scenario)
		is_flat(scenario.latency_ms)
	}
}

unvarying(item, content) := places if {
	is_document(item)
	places := {pointer(path) |
		walk(content, [path, value])
		is_array(value)
		count(value) >= minimum_samples
		every sample in value {
			is_number(sample)
		}
		count({sample | some sample in value}) == 1
	} | {pointer(array.concat(path, [key])) |
		walk(content, [path, value])
		is_array(value)
		count(value) >= minimum_samples
		some key, _ in value[0]
		is_duration_name(key)
		count([sample | some one in value; sample := one[key]; is_number(sample)]) == count(value)
		count({sample | some one in value; sample := one[key]}) == 1
	}
}

is_duration_name(name) if {
	is_string(name)
	regex.match(`latency|duration|elapsed|seconds|millis|p50|p90|p95|p99|ms$`, plain(name))
}

# Where a report does not say how many, it is taken to be many.
has_samples(scenario) if {
	object.get(scenario, "samples", object.get(scenario, "requests", minimum_samples)) >= minimum_samples
}

# Two figures at least, and all the same.
is_flat(latencies) if {
	count(latencies) > 1
	count({value | some value in latencies}) == 1
}

is_flat(latencies) if {
	count(latencies) == 1
	latencies[_] == 0
}

one_took_time(tests) if {
	some test in tests
	to_number(test.seconds) > 0
}

may_share(name) if name in input.parameters.shared

minimum_samples := object.get(input.parameters, "minimumSamples", 5)

is_boilerplate(value) if {
	is_string(value)
	regex.match(`^\s*[\[<({]?\s*(?i:todo|tbd|tba|tbc|fixme|xxx+|placeholder|dummy|sample data|example data|test data|change ?me|fill (me )?in|to be (done|determined|defined|added|completed)|coming soon|asdf+|foo ?bar|lorem ipsum.*)\s*[\]>)}]?[.!:]?\s*$`, value)
}

is_boilerplate(value) if {
	is_string(value)
	regex.match(`\$\{[A-Za-z_][^}]*\}|\{\{[^}]*\}\}|<(?i:your|insert|enter|add)[ _-][^>]*>|(?i:lorem ipsum)`, value)
}

pointer(path) := concat("", [sprintf("/%v", [part]) | some part in path]) if count(path) > 0

pointer([]) := "/"
