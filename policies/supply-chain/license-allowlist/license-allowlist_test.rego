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

denied_component := {
	"key": "pkg:pypi/a@1",
	"purl": "pkg:pypi/a@1",
	"licenses": {"expression": "GPL-3.0-only", "alternatives": [["GPL-3.0-only"]], "unknown": []},
}

unknown_component := {
	"key": "pkg:pypi/b@1",
	"purl": "pkg:pypi/b@1",
	"licenses": {"expression": "", "alternatives": [], "unknown": ["Some License"]},
}

facts(component, base) := {
	"facts": {"sbom": {"components": [component]}, "base": {"components": base}, "clarifications": []},
	"parameters": {"allow": ["MIT"], "deny": ["GPL-3.0-only"]},
}

test_what_the_base_has_as_it_is_is_not_reported_again[name] if {
	some name, component in {"denied": denied_component, "unknown": unknown_component}
	count(licenses.findings) == 1 with input as facts(component, [])
	count(licenses.findings) == 0 with input as facts(component, [component])
}

test_a_clarification_denies_only_its_own_package_and_only_without_a_stated_licence if {
	clarification := {"purl": "pkg:pypi/b@1", "license": "GPL-3.0-only"}
	given := {"facts": {"clarifications": [clarification]}, "parameters": {"deny": ["GPL-3.0-only"]}}
	licenses.is_denied(unknown_component) with input as given
	not licenses.is_denied(object.union(unknown_component, {"purl": "pkg:pypi/c@1"})) with input as given
	stated := {"alternatives": [["MIT"]], "unknown": []}
	not licenses.is_denied(object.union(unknown_component, {"licenses": stated})) with input as given
}

test_two_clarifications_that_disagree_settle_nothing_and_those_of_others_nothing_at_all if {
	parameters := {"allow": ["MIT"], "deny": []}
	good := {"purl": "pkg:pypi/b@1", "license": "MIT"}
	bad := {"purl": "pkg:pypi/b@1", "license": "X11"}
	other := {"purl": "pkg:pypi/c@1", "license": "X11"}
	licenses.is_listed(unknown_component) with input as {"facts": {"clarifications": [good]}, "parameters": parameters}
	licenses.is_listed(unknown_component) with input as {"facts": {"clarifications": [good, other]}, "parameters": parameters}
	not licenses.is_listed(unknown_component) with input as {"facts": {"clarifications": [good, bad]}, "parameters": parameters}
	not licenses.is_listed(unknown_component) with input as {"facts": {"clarifications": []}, "parameters": parameters}
}

test_a_licence_is_stated_by_alternatives_and_nothing_unknown if {
	licenses.states_license({"licenses": {"alternatives": [["MIT"]], "unknown": []}})
	not licenses.states_license({"licenses": {"alternatives": [["MIT"]], "unknown": ["Some License"]}})
	not licenses.states_license({"licenses": {"alternatives": {"a": ["MIT"]}, "unknown": []}})
	not licenses.states_license({"licenses": {"alternatives": [], "unknown": []}})
}

test_what_is_partly_unknown_is_not_listed if {
	partly := {"licenses": {"alternatives": [["MIT"]], "unknown": ["Some License"]}}
	not licenses.is_listed(partly) with input as {"parameters": {"allow": ["MIT"]}}
}

test_a_package_url_is_a_text if {
	not licenses.clarifies({"purl": 7}, {"purl": 7})
	not licenses.clarifies({"purl": null}, {"purl": null})
}

test_alternatives_of_a_clarification_are_a_list_else_its_licence if {
	licenses.alternatives_of({"alternatives": [["A"], ["B"]], "license": "C"}) == [["A"], ["B"]]
	licenses.alternatives_of({"alternatives": "A", "license": "C"}) == [["C"]]
	licenses.alternatives_of({"license": "C"}) == [["C"]]
}

test_a_component_is_called_by_its_key if {
	licenses.label({"key": "pkg:pypi/a@1"}) == "pkg:pypi/a@1"
	licenses.label({"key": ""}) == "a component without a key"
	licenses.label({"key": 7}) == "a component without a key"
	licenses.label({}) == "a component without a key"
}

test_what_is_stated_is_the_expression_else_what_is_unknown if {
	licenses.stated({"licenses": {"expression": "MIT", "unknown": ["x"]}}) == "MIT"
	licenses.stated({"licenses": {"expression": "", "unknown": ["x"]}}) == "x"
	licenses.stated({"licenses": {"expression": 7, "unknown": ["x"]}}) == "x"
	licenses.stated({"licenses": {"unknown": [7]}}) == "none stated"
	licenses.stated({"licenses": {"unknown": []}}) == "none stated"
}
