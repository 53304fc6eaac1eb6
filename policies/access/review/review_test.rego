package probanda.access.review_test

import data.probanda.access.review

roster := {"people": [
	{"name": "ada", "logins": ["Ada-L"], "emails": ["ada@example.org"]},
	{"name": "grace", "logins": ["grace-h", "shared"], "emails": null},
	{"name": "linus", "logins": ["shared"]},
]}

test_a_person_is_found_by_name_login_or_address_in_any_case if {
	every text in ["ada", "ADA", "ada-l", "Ada@Example.org"] {
		review.person(text) == "ada" with input.facts.roster as roster
	}
}

test_what_two_people_are_called_names_neither if {
	not review.person("shared") with input.facts.roster as roster
	review.person("grace-h") == "grace" with input.facts.roster as roster
}

test_nobody_is_found_by_what_is_no_text if {
	not review.person(null) with input.facts.roster as roster
	not review.person(3) with input.facts.roster as roster
	not review.person("") with input.facts.roster as roster
}

test_roles_and_groups_are_powers if {
	review.roles_of({"roles": ["a"], "groups": ["b", "a"]}) == {"a", "b"}
	review.roles_of({"roles": null}) == set()
	review.roles_of({}) == set()
}

test_a_power_is_called_by_system_account_and_role if {
	review.label({"system": "erp", "account": "ada", "role": "admin"}) == "erp/ada/admin"
	review.label({"system": "erp", "account": "ada"}) == "erp/ada"
	review.decision_label({"system": "erp"}, 1) == "decision 2"
	review.decision_label({"account": "ada"}, 0) == "decision 1"
	review.decision_label(null, 0) == "decision 1"
}

test_an_instant_has_a_zone_and_a_day_that_exists if {
	review.is_instant("2026-11-20T10:00:00Z")
	review.is_instant("2024-02-29T10:00:00.5+05:30")
	every text in ["2026-11-20T10:00:00", "2026-11-20", "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "9999-01-01T00:00:00Z", ""] {
		not review.is_instant(text)
	}
	not review.is_instant(null)
}

test_digests_that_nobody_knows_do_not_agree if {
	not review.is_of_snapshot with input.facts.campaign.snapshot.sha256 as null with input.evidence.snapshot.sha256 as null
	review.is_of_snapshot with input.facts.campaign.snapshot.sha256 as "a" with input.evidence.snapshot.sha256 as "a"
}
