package probanda.infrastructure.autoscaling_test

import data.probanda.infrastructure.autoscaling

test_the_plans_figures_are_the_defaults if {
	autoscaling.smallest == 3
	autoscaling.largest == 12
	autoscaling.highest == 65
	autoscaling.window == 300
	autoscaling.most == 5
	autoscaling.minutes == 10
}

test_a_metric_has_a_target_under_the_name_of_its_type if {
	autoscaling.has_target({"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 65}}})
	autoscaling.has_target({"type": "Pods", "pods": {"target": {"averageValue": "100"}}})
	autoscaling.has_target({"type": "External", "external": {"target": {"value": "30k"}}})
	autoscaling.has_target({"type": "ContainerResource", "containerResource": {"target": {"averageUtilization": 65}}})
	not autoscaling.has_target({"type": "Pods", "resource": {"target": {"averageValue": "100"}}})
	not autoscaling.has_target({"type": "Resource", "resource": {"name": "cpu"}})
	not autoscaling.has_target({"type": "Resource", "resource": {"target": {"averageUtilization": null}}})
	not autoscaling.has_target({"type": "Resource", "resource": {"target": {"averageValue": "much"}}})
	not autoscaling.has_target({"resource": {"target": {"averageValue": 1}}})
}

test_an_instant_is_in_utc if {
	autoscaling.instant("1970-01-01T00:00:01Z") == 1000000000
	autoscaling.instant("2024-02-29T00:00:00.5Z")
	not autoscaling.instant("2026-11-20T12:00:00+01:00")
	not autoscaling.instant("2026-04-31T12:00:00Z")
	not autoscaling.instant(1)
}

test_an_event_of_kubernetes_stands_for_several if {
	autoscaling.times_of({"count": 3}) == 3
	autoscaling.times_of({}) == 1
}
