package intelgraph.edge_test

import data.intelgraph.edge

test_own_tenant_is_served if {
	edge.same_tenant("acme", "acme")
}

test_other_tenant_is_not if {
	not edge.same_tenant("acme", "globex")
	not edge.same_tenant("acme", "ACME")
}

test_two_absences_are_not_the_same_tenant if {
	not edge.same_tenant("", "")
	not edge.same_tenant(" ", " ")
	not edge.same_tenant(null, null)
	not edge.same_tenant(1, 1)
}

test_a_missing_tenant_is_a_leak if {
	edge.suspicious_leak == true
	edge.allow == false
}
