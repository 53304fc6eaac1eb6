package intelgraph.residency.v2_test

import data.intelgraph.residency.v2 as residency

test_the_same_region_is_the_same if {
	residency.same_region("eu-1", "eu-1")
}

test_another_region_is_another if {
	not residency.same_region("eu-1", "us-1")
	not residency.same_region("eu-1", "EU-1")
}

test_two_absences_are_not_the_same_region if {
	not residency.same_region(null, null)
	not residency.same_region("", "")
	not residency.same_region(" ", " ")
	not residency.same_region(false, false)
}

test_nothing_is_stored_or_exported_by_default if {
	residency.allow_store == false
	residency.allow_export == false
}

test_a_region_exists_when_it_is_listed_or_nothing_is if {
	residency.exists("eu-1") with input as {"parameters": {"regions": ["eu-1"]}}
	not residency.exists("us-1") with input as {"parameters": {"regions": ["eu-1"]}}
	residency.exists("us-1") with input as {"parameters": {}}
}
