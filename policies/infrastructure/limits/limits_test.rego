package probanda.infrastructure.limits_test

import data.probanda.infrastructure.limits

test_the_plans_figures_are_the_defaults if {
	limits.limits == {
		"rotation_days": {"minimum": 1, "maximum": 90},
		"per_tenant_max_mb": {"equals": 512},
		"ttl_minutes": {"minimum": 1, "maximum": 60},
		"approvers": {"nonEmpty": true},
		"encrypted": {"equals": true},
		"signed_webhooks": {"equals": true},
	} with input as {"parameters": {}}
}

test_a_limit_of_the_gate_replaces_the_default if {
	changed := limits.limits with input as {"parameters": {"limits": {"ttl_minutes": {"maximum": 15}, "nodes": {"minimum": 3}}}}
	changed.ttl_minutes == {"maximum": 15}
	changed.nodes == {"minimum": 3}
	changed.rotation_days.maximum == 90
}

test_a_limit_is_told if {
	limits.told({"minimum": 1, "maximum": 90}) == "maximum 90, minimum 1"
}

test_a_list_of_empty_names_is_empty if {
	limits.is_filled(["sec"], {"nonEmpty": true})
	not limits.is_filled([], {"nonEmpty": true})
	not limits.is_filled(["sec", " "], {"nonEmpty": true})
	not limits.is_filled([null], {"nonEmpty": true})
	not limits.is_filled("sec", {"nonEmpty": true})
}
