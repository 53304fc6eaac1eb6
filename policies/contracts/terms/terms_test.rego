package probanda.contracts.terms_test

import data.probanda.contracts.terms

test_terms_are_those_of_the_document if {
	terms.terms_of({"license": "MIT-OK"}) == {"license": "MIT-OK"}
	terms.terms_of({"kind": "Contract", "spec": {"license": "MIT-OK"}}) == {"license": "MIT-OK"}
}

test_terms_in_two_places_are_none if {
	not terms.terms_of({"kind": "Contract", "license": "Embargoed", "spec": {"license": "MIT-OK"}})
	not terms.terms_of({"license": "Embargoed", "spec": {"license": "MIT-OK"}})
	not terms.terms_of({"kind": "Gate", "license": "MIT-OK"})
}

test_terms_of_what_is_no_document if {
	not terms.terms_of(null)
	not terms.terms_of([])
	not terms.terms_of("MIT-OK")
}

test_legal_hold_is_the_longest if {
	terms.is_too_long("legal-hold", "long-1825d")
	not terms.is_too_long("short-30d", "short-30d")
	not terms.is_too_long("ephemeral-7d", "short-30d")
}

test_service_levels_have_types if {
	terms.is_level("completenessPct", 100)
	not terms.is_level("completenessPct", 100.5)
	not terms.is_level("completenessPct", "99")
	not terms.is_level("completenessPct", null)
	terms.is_level("ingestLatencyMs", 0)
	not terms.is_level("ingestLatencyMs", -1)
	terms.is_level("dedupe", false)
	not terms.is_level("dedupe", 0)
}

test_a_purpose_is_a_name if {
	terms.is_known_purpose("investigation")
	not terms.is_known_purpose("")
	not terms.is_known_purpose(" ")
	not terms.is_known_purpose(null)
}

test_retention_classes_have_the_days_of_their_names if {
	terms.retention_days == {
		"ephemeral-7d": 7,
		"short-30d": 30,
		"standard-365d": 365,
		"long-1825d": 1825,
		"legal-hold": 1000000,
	}
}

test_terms_of_a_contract_document_are_its_spec_alone if {
	not terms.terms_of({"kind": "Gate", "spec": {"license": "MIT-OK"}})
	not terms.terms_of({"kind": "Contract", "spec": "MIT-OK"})
	not terms.terms_of({"kind": "Contract", "spec": null})
}

test_a_licence_must_be_a_class_whatever_the_gate_allows if {
	terms.has_allowed_license({"license": "MIT-OK"}) with input as {"parameters": {"licenses": ["MIT-OK"]}}
	not terms.has_allowed_license({"license": "GPL"}) with input as {"parameters": {"licenses": ["GPL"]}}
}

test_completeness_is_a_number_from_0_to_100 if {
	terms.is_level("completenessPct", 0)
	terms.is_level("completenessPct", 0.5)
	not terms.is_level("completenessPct", -1)
	not terms.is_level("completenessPct", -0.5)
	not terms.is_level("completenessPct", false)
}

test_a_level_that_the_schema_does_not_name_may_be_anything if {
	terms.is_level("freshness", "daily")
	terms.is_level("freshness", null)
}

test_terms_are_called_by_name_and_version if {
	terms.label == "orders@2" with input as {"facts": {"contract": {"datasetId": "orders", "version": "2"}}}
	terms.label == "a contract without a name" with input as {"facts": {"contract": {"datasetId": "orders", "version": ""}}}
	terms.label == "a contract without a name" with input as {"facts": {"contract": {"datasetId": "", "version": "2"}}}
	terms.label == "a contract without a name" with input as {"facts": {"contract": {"datasetId": "orders", "version": 2}}}
	terms.label == "a contract without a name" with input as {"facts": {"contract": {}}}
}

test_what_is_no_text_is_shown_as_none if {
	terms.shown("license") == "GPL" with input as {"facts": {"contract": {"license": "GPL"}}}
	terms.shown("license") == "none" with input as {"facts": {"contract": {"license": 7}}}
	terms.shown("license") == "none" with input as {"facts": {"contract": {}}}
}
