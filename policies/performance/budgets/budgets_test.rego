package probanda.performance.budgets_test

import data.probanda.performance.budgets

test_the_plans_figures_are_the_defaults if {
	budgets.defaults.reads == {"percentile": "p95", "milliseconds": 350, "ratePerSecond": 10}
	budgets.defaults.writes.milliseconds == 700
	budgets.defaults["graph-1-hop"].milliseconds == 300
	budgets.defaults["graph-2-3-hops"].milliseconds == 1200
	budgets.defaults.temporal == {"percentile": "p95", "milliseconds": 1200, "ratePerSecond": 5}
	budgets.defaults.search == {"percentile": "p95", "milliseconds": 350, "ratePerSecond": 10}
	budgets.defaults.analytics == {"percentile": "p95", "milliseconds": 450, "ratePerSecond": 10}
	budgets.defaults["file-drop"].milliseconds == 100
	budgets.defaults["key-service"].milliseconds == 20
	budgets.defaults["plan-preview"].ratePerSecond == 15
	budgets.defaults.safelisted.ratePerSecond == 300
	every _, budget in budgets.defaults {
		budget.percentile == "p95"
	}
}

test_a_gate_changes_a_budget_field_by_field if {
	changed := budgets.budgets with input as {"parameters": {"budgets": {"reads": {"milliseconds": 200}}}}
	changed.reads == {"percentile": "p95", "milliseconds": 200, "ratePerSecond": 10}
	changed.writes.milliseconds == 700
}

test_a_budget_is_complete if {
	budgets.is_budget("reads") with input as {"parameters": {}}
	not budgets.is_budget("cpu") with input as {"parameters": {}}
	not budgets.is_budget("cpu") with input as {"parameters": {"budgets": {"cpu": {"milliseconds": 5}}}}
	not budgets.is_budget("cpu") with input as {"parameters": {"budgets": {"cpu": {"percentile": "p95"}}}}
	not budgets.is_budget("cpu") with input as {"parameters": {"budgets": {"cpu": {"percentile": "mean", "milliseconds": 5}}}}
}

test_what_is_not_stated_is_shown_as_such if {
	budgets.shown({"samples": 5}, "samples") == 5
	budgets.shown({"samples": null}, "samples") == "an unknown number of"
	budgets.shown({}, "samples") == "an unknown number of"
}
