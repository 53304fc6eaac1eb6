package probanda.evidence.stub_test

import data.probanda.evidence.stub

test_a_verdict_is_a_word_and_no_sentence if {
	every word in ["PASSED", "ok", " Success! ", "true", "Compliant."] {
		stub.is_verdict(word)
	}
	every word in ["PASSED in 3 s", "not ok", "340", "", "passport"] {
		not stub.is_verdict(word)
	}
	not stub.is_verdict(true)
}

test_names_are_compared_without_case_and_marks if {
	stub.is_label("run_id")
	stub.is_label("Generated-At")
	stub.is_verdict_name("Is_Valid")
	not stub.is_label("p95")
	not stub.is_label("coverage")
	not stub.is_verdict_name("statuses")
}

test_the_last_name_on_the_way_counts if {
	stub.leaf_name(["a", 3, "b", 0]) == "b"
	stub.leaf_name([0, 1]) == "value"
	stub.leaf_name([]) == "value"
}

test_a_pointer_names_the_place if {
	stub.pointer(["a", 3, "b"]) == "/a/3/b"
	stub.pointer([]) == "/"
}

test_a_digest_is_a_measure_whatever_its_name if {
	digest := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	stub.is_measure("id", digest)
	stub.is_measure("id", concat("", ["sha256:", digest]))
	not stub.is_measure("id", substring(digest, 0, 40))
}

test_what_took_time_says_so if {
	stub.one_took_time([{"seconds": "0"}, {"seconds": "0.001"}])
	not stub.one_took_time([{"seconds": "0"}, {}])
	not stub.one_took_time([])
}
