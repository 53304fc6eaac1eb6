package probanda.supply_chain.license_allowlist_test

import data.probanda.supply_chain.license_allowlist as licenses

test_one_allowed_alternative_suffices if {
	licenses.one_allowed([["GPL-3.0-only"], ["MIT"]], {"allow": ["MIT"]})
}

test_an_alternative_is_allowed_as_a_whole if {
	not licenses.one_allowed([["Apache-2.0", "LicenseRef-X"]], {"allow": ["Apache-2.0"]})
}

test_deny_wins_over_allow if {
	not licenses.one_allowed([["MIT"]], {"allow": ["MIT"], "deny": ["MIT"]})
}

test_no_alternative_is_not_allowed if {
	not licenses.one_allowed([], {"allow": ["MIT"]})
	not licenses.one_allowed([[]], {"allow": ["MIT"]})
}

test_denied_means_that_no_alternative_is_left if {
	licenses.all_denied([["A", "B"], ["C"]], ["B", "C"])
	not licenses.all_denied([["A", "B"], ["C"]], ["B"])
	not licenses.all_denied([], ["B"])
}

test_an_exception_is_a_licence_of_its_own if {
	not licenses.one_allowed([["GPL-2.0-only"]], {"allow": ["GPL-2.0-only WITH Classpath-exception-2.0"]})
}

test_a_clarification_is_for_exactly_one_package_url if {
	licenses.clarifies({"purl": "pkg:pypi/a@1"}, {"purl": "pkg:pypi/a@1"})
	not licenses.clarifies({"purl": "pkg:pypi/a@1"}, {"purl": "pkg:pypi/a@2"})
	not licenses.clarifies({"purl": ""}, {"purl": ""})
}

test_what_is_no_list_lists_nothing if {
	licenses.lists_components with input as {"facts": {"sbom": {"components": [{}]}}}
	not licenses.lists_components with input as {"facts": {"sbom": {"components": []}}}
	not licenses.lists_components with input as {"facts": {"sbom": {"components": null}}}
	not licenses.lists_components with input as {"facts": {"sbom": {}}}
}
