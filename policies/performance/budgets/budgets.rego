# METADATA
# title: Latency, rate and failures of a load test, against named budgets
# description: >-
#   Each scenario that the gate lists must be in the report with everything that its budget asks
#   for. What the report does not state is a finding, never a zero.
package probanda.performance.budgets

# METADATA
# title: No request was made
# description: A run without requests proves nothing, and neither does a gate that lists no scenario.
# custom:
#   id: no-load
#   severity: high
#   remediation: Check that the load test ran, and that the gate lists the scenarios to judge.
findings contains finding if {
	not made_requests
	finding := {
		"rule": "no-load",
		"key": "load",
		"message": "the report holds no request to the scenarios that the gate lists",
	}
}

# METADATA
# title: A budget is unknown
# custom:
#   id: budget-unknown
#   severity: high
#   remediation: >-
#     Use a budget that comes with the policy, or state percentile and milliseconds of your own
#     under budgets.
findings contains finding if {
	some name, word in input.parameters.scenarios
	not is_budget(word)
	finding := {
		"rule": "budget-unknown",
		"key": name,
		"message": sprintf("%s has a budget that is not known or incomplete: %v", [name, word]),
	}
}

# METADATA
# title: A scenario is not in the report
# custom:
#   id: scenario-missing
#   severity: high
#   remediation: >-
#     Run the scenario, or change the gate's list when it was renamed. k6 reports a scenario where
#     a threshold names its sub-metric.
findings contains finding if {
	some name, _ in input.parameters.scenarios
	not name in reported
	finding := {
		"rule": "scenario-missing",
		"key": name,
		"message": sprintf("%s is not in the report", [name]),
	}
}

# METADATA
# title: The percentile of a budget is not in the report
# custom:
#   id: percentile-missing
#   severity: high
#   remediation: Let the tool state it; k6 needs it in summaryTrendStats, pytest-benchmark its raw data.
findings contains finding if {
	some [name, scenario, budget] in judged
	not states(scenario, budget.percentile)
	finding := {
		"rule": "percentile-missing",
		"key": name,
		"message": sprintf("%s states no %s", [name, budget.percentile]),
	}
}

# METADATA
# title: A scenario is slower than its budget
# custom:
#   id: too-slow
#   severity: high
#   remediation: Make it faster; a budget is raised by whoever made the promise, in the gate.
findings contains finding if {
	some [name, scenario, budget] in judged
	states(scenario, budget.percentile)
	scenario.latency_ms[budget.percentile] > budget.milliseconds
	finding := {
		"rule": "too-slow",
		"key": name,
		"message": sprintf("%s has %s %v ms, at most %v ms", [
			name, budget.percentile, scenario.latency_ms[budget.percentile], budget.milliseconds,
		]),
	}
}

# METADATA
# title: Too few latencies lie behind a percentile
# custom:
#   id: too-few-samples
#   severity: high
#   remediation: Let the test run longer, or lower minSamples in the gate.
findings contains finding if {
	some [name, scenario, _] in judged
	not has_samples(scenario)
	finding := {
		"rule": "too-few-samples",
		"key": name,
		"message": sprintf("%s rests on %v latencies, at least %v", [name, shown(scenario, "samples"), least_samples]),
	}
}

# METADATA
# title: The wanted rate was not reached
# description: A service that is asked more slowly than promised is faster than promised.
# custom:
#   id: rate-too-low
#   severity: high
#   remediation: Let the test ask at the budget's rate or a little above; check that the tool reports it.
findings contains finding if {
	some [name, scenario, budget] in judged
	wanted := budget.ratePerSecond
	not reaches(scenario, wanted)
	finding := {
		"rule": "rate-too-low",
		"key": name,
		"message": sprintf("%s ran at %v requests a second, at least %v", [name, shown(scenario, "rate_per_second"), wanted]),
	}
}

# METADATA
# title: Nothing says how many requests failed
# custom:
#   id: failures-unknown
#   severity: high
#   remediation: Let the tool report requests and failures of the scenario.
findings contains finding if {
	some [name, scenario, _] in judged
	not knows_failures(scenario)
	finding := {
		"rule": "failures-unknown",
		"key": name,
		"message": sprintf("%s does not state how many of its requests failed", [name]),
	}
}

# METADATA
# title: Too many requests failed
# custom:
#   id: too-many-failures
#   severity: high
#   remediation: Mend the failures first; an answer that fails is often a fast one.
findings contains finding if {
	some [name, scenario, _] in judged
	knows_failures(scenario)
	failures(scenario) > scenario.requests * largest_ratio
	finding := {
		"rule": "too-many-failures",
		"key": name,
		"message": sprintf("%s failed %v of %v times, the ratio may be %v", [
			name, failures(scenario), scenario.requests, largest_ratio,
		]),
	}
}

# METADATA
# title: All latencies are the same
# description: Real answers differ; a stub, a clock that stands, or a rounding tool does not.
# custom:
#   id: no-variance
#   severity: low
#   remediation: Check what was measured; set allowNoVariance where it is right.
findings contains finding if {
	some [name, scenario, _] in judged
	scenario.latency_ms.min == scenario.latency_ms.max
	not allows_no_variance
	finding := {
		"rule": "no-variance",
		"key": name,
		"message": sprintf("%s took the same time for every request", [name]),
	}
}

# The plans' figures. A rate stands where they name one.
defaults := {
	"reads": {"percentile": "p95", "milliseconds": 350, "ratePerSecond": 10},
	"writes": {"percentile": "p95", "milliseconds": 700},
	"graph-1-hop": {"percentile": "p95", "milliseconds": 300},
	"graph-2-3-hops": {"percentile": "p95", "milliseconds": 1200},
	"temporal": {"percentile": "p95", "milliseconds": 1200, "ratePerSecond": 5},
	"search": {"percentile": "p95", "milliseconds": 350, "ratePerSecond": 10},
	"analytics": {"percentile": "p95", "milliseconds": 450, "ratePerSecond": 10},
	"file-drop": {"percentile": "p95", "milliseconds": 100},
	"key-service": {"percentile": "p95", "milliseconds": 20},
	"plan-preview": {"percentile": "p95", "milliseconds": 350, "ratePerSecond": 15},
	"safelisted": {"percentile": "p95", "milliseconds": 350, "ratePerSecond": 300},
}

budgets := object.union(defaults, object.get(input.parameters, "budgets", {}))

default least_samples := 100

least_samples := input.parameters.minSamples

default largest_ratio := 0.01

largest_ratio := input.parameters.maxErrorRatio

allows_no_variance if input.parameters.allowNoVariance == true

# Without arguments: a negated call is undefined, not true, when its argument is (OPA #8387).
made_requests if {
	count(input.parameters.scenarios) > 0
	is_number(input.facts.load.requests)
	input.facts.load.requests > 0
}

is_budget(word) if {
	budgets[word].percentile in ["p50", "p90", "p95", "p99"]
	is_number(budgets[word].milliseconds)
}

reported contains scenario.name if some scenario in input.facts.load.scenarios

judged contains [scenario.name, scenario, budgets[word]] if {
	some scenario in input.facts.load.scenarios
	word := input.parameters.scenarios[scenario.name]
}

states(scenario, percentile) if is_number(scenario.latency_ms[percentile])

has_samples(scenario) if {
	is_number(scenario.samples)
	scenario.samples >= least_samples
}

reaches(scenario, wanted) if {
	is_number(scenario.rate_per_second)
	scenario.rate_per_second >= wanted
}

knows_failures(scenario) if {
	is_number(scenario.requests)
	is_number(failures(scenario))
}

# A benchmark that failed is not in the file of pytest-benchmark.
failures(scenario) := scenario.failures

failures(scenario) := 0 if {
	input.facts.load.tool == "pytest-benchmark"
	not "failures" in object.keys(scenario)
}

shown(scenario, field) := scenario[field] if {
	is_number(scenario[field])
} else := "an unknown number of"
