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
