package probanda.change.required_tests_test

import data.probanda.change.required_tests as tests

test_an_id_matches_itself if {
	tests.matches("api.test_get", {"id": "api.test_get"})
	not tests.matches("api.test_get", {"id": "api.test_get_all"})
}

test_a_prefix_ends_at_a_dot if {
	tests.matches("api.*", {"id": "api.test_get"})
	not tests.matches("api.*", {"id": "apidocs.test_get"})
	not tests.matches("api.*", {"id": "api"})
}

test_a_star_elsewhere_is_no_pattern if {
	not tests.matches("api*", {"id": "api.test_get"})
	not tests.matches("*", {"id": "api.test_get"})
}

test_an_unknown_status_is_a_failure if {
	tests.is_passed_or_skipped({"status": "passed"})
	tests.is_passed_or_skipped({"status": "skipped"})
	not tests.is_passed_or_skipped({"status": "error"})
	not tests.is_passed_or_skipped({"status": "PASSED"})
	not tests.is_passed_or_skipped({"status": null})
	not tests.is_passed_or_skipped({})
}

test_what_is_no_list_lists_nothing if {
	tests.lists_tests({"tests": [{}]})
	not tests.lists_tests({"tests": []})
	not tests.lists_tests({"tests": null})
	not tests.lists_tests({})
}

test_a_test_without_an_id_is_named_so if {
	tests.label({"id": "api.test_get"}) == "api.test_get"
	tests.label({"id": ""}) == "a test without an id"
	tests.label({"id": 7}) == "a test without an id"
	tests.label({}) == "a test without an id"
}

test_a_status_that_is_no_text_is_none if {
	tests.status({"status": "error"}) == "error"
	tests.status({"status": ""}) == "no status"
	tests.status({"status": null}) == "no status"
	tests.status({}) == "no status"
}
