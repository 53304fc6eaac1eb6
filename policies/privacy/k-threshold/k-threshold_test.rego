package probanda.privacy.k_threshold_test

import data.probanda.privacy.k_threshold as threshold

test_spellings_of_a_person_are_one_person if {
	threshold.person_of({"who": " A1 "}) == "a1" with input as {"parameters": {"subject": "who"}}
	threshold.person_of({"who": 1}) == "1" with input as {"parameters": {"subject": "who"}}
}

test_nobody_is_nobody if {
	not threshold.person_of({"who": null}) with input as {"parameters": {"subject": "who"}}
	not threshold.person_of({"who": "  "}) with input as {"parameters": {"subject": "who"}}
	not threshold.person_of({}) with input as {"parameters": {"subject": "who"}}
}

test_k_is_five_unless_it_is_said_to_be_more_or_less if {
	threshold.k == 5 with input as {"parameters": {}}
	threshold.k == 2 with input as {"parameters": {"k": 2}}
	threshold.k == 5 with input as {"parameters": {"k": 1}}
	threshold.k == 5 with input as {"parameters": {"k": "20"}}
	threshold.k == 5 with input as {"parameters": {"k": null}}
}

test_a_missing_cell_is_a_value if {
	threshold.group_of({"age": 3}) == [3, null] with input as {"parameters": {"quasiIdentifiers": ["age", "zip"]}}
	threshold.group_of({"age": 3, "zip": null}) == [3, null] with input as {"parameters": {"quasiIdentifiers": ["age", "zip"]}}
}

test_columns_have_names_of_their_own_or_are_names if {
	threshold.columns["age"] with input as {"facts": {"table": {"columns": ["age"]}}}
	threshold.columns["age"] with input as {"facts": {"table": {"columns": [{"name": "age", "type": "text"}]}}}
}

test_what_is_left_out_is_text if {
	threshold.is_suppressed(["*", "*"]) with input as {"parameters": {"suppressed": "*"}}
	not threshold.is_suppressed(["*", "10"]) with input as {"parameters": {"suppressed": "*"}}
	not threshold.is_suppressed([null, null]) with input as {"parameters": {"suppressed": null}}
	threshold.is_left_out({"n": "<5"}) with input as {"parameters": {"subjects": "n", "suppressed": "<5"}}
	not threshold.is_left_out({"n": null}) with input as {"parameters": {"subjects": "n", "suppressed": null}}
}

test_a_table_is_called_by_its_quasi_identifiers if {
	threshold.label == "age, zip" with input as {"parameters": {"quasiIdentifiers": ["age", "zip"]}}
	threshold.label == "the table" with input as {"parameters": {"quasiIdentifiers": []}}
	threshold.label == "the table" with input as {"parameters": {}}
}
