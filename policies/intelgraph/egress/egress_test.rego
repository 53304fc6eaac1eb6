package intelgraph.egress_test

import data.intelgraph.egress

test_the_allowed_purpose_may_leave if {
	egress.purposes_allowed(["investigation"], ["investigation"])
}

test_every_purpose_must_be_allowed if {
	egress.purposes_allowed(["investigation", "fraud-risk"], ["fraud-risk", "investigation"])
	not egress.purposes_allowed(["investigation", "marketing"], ["investigation"])
}

test_no_purpose_is_no_reason if {
	not egress.purposes_allowed([], ["investigation"])
}

test_a_purpose_is_an_item_of_a_list if {
	not egress.purposes_allowed("investigation", ["investigation"])
	not egress.purposes_allowed({"investigation": "investigation"}, ["investigation"])
	not egress.purposes_allowed(null, ["investigation"])
}

test_without_parameters_only_investigation_is_allowed if {
	egress.allowed_purposes == ["investigation"]
}

test_nothing_may_leave_by_default if {
	egress.allow == false
}

test_allowed_purposes_are_a_list_of_texts if {
	not egress.purposes_allowed(["investigation"], {"investigation": "investigation"})
	not egress.purposes_allowed([7], [7])
}
