package probanda.change.review_test

import data.probanda.change.review

roster := {"people": [
	{"name": "ada", "logins": ["Ada-L"], "emails": ["ada@example.org"]},
	{"name": "grace", "logins": ["grace-h", "shared"], "emails": null},
	{"name": "linus", "logins": ["shared"]},
]}

test_a_person_is_found_by_login_or_address_in_any_case if {
	review.person("ADA-L") == "ada" with input.facts.roster as roster
	review.person("Ada@Example.org") == "ada" with input.facts.roster as roster
}

test_what_two_people_are_called_names_neither if {
	not review.person("shared") with input.facts.roster as roster
	not review.person(null) with input.facts.roster as roster
}

test_a_hidden_address_is_a_login if {
	review.address("12345+Ada-L@users.noreply.github.com") == "ada-l"
	review.address("ada-l@users.noreply.github.com") == "ada-l"
	review.address("49699333+dependabot[bot]@users.noreply.github.com") == "dependabot[bot]"
	review.address("ada@example.org") == "ada@example.org"
	review.address("ada-l@users.noreply.github.com.evil.example") == "ada-l@users.noreply.github.com.evil.example"
	review.address(null) == null
}

test_an_address_stands_in_brackets_at_the_end if {
	review.bracketed("Ada <ada@example.org>") == "ada@example.org"
	review.bracketed("Ada <x> <ada@example.org> ") == "ada@example.org"
	review.bracketed("ada@example.org") == null
	review.bracketed("<ada@example.org> Ada") == null
}
