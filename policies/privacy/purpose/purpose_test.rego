package probanda.privacy.purpose_test

import data.probanda.privacy.purpose

test_an_instant_is_in_utc if {
	purpose.second("2026-11-20T12:00:00Z") == "2026-11-20T12:00:00"
	purpose.second("2026-11-20T12:00:00.5Z") == "2026-11-20T12:00:00"
	not purpose.second("2026-11-20T12:00:00+01:00")
	not purpose.second("2026-11-20")
	not purpose.second("2026-13-20T12:00:00Z")
	not purpose.second("2026-11-20T24:00:00Z")
	not purpose.second(null)
	not purpose.second(20261120)
}

test_a_use_is_called_by_its_id_or_its_line if {
	purpose.label(0, {"id": "u-1"}) == "u-1"
	purpose.label(0, {"id": " "}) == "line 1"
	purpose.label(1, {}) == "line 2"
	purpose.label(2, {"id": 7}) == "line 3"
}

test_terms_stand_in_the_document_or_its_spec if {
	purpose.terms_of({"datasetId": "a"}) == {"datasetId": "a"}
	purpose.terms_of({"kind": "Contract", "spec": {"datasetId": "a"}}) == {"datasetId": "a"}
}

test_the_bases_of_the_regulation_are_six if {
	count(purpose.bases) == 6
}
