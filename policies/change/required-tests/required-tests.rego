# METADATA
# title: Test results of a change
package probanda.change.required_tests

# METADATA
# title: No test ran
# description: A report without tests proves nothing.
# custom:
#   id: no-tests
#   severity: high
#   remediation: Check that the test command ran and wrote its report where the gate reads it.
findings contains finding if {
	not lists_tests(input.facts.tests)
	finding := {
		"rule": "no-tests",
		"key": "tests",
		"message": "the report holds no test",
	}
}

# METADATA
# title: A test failed
# description: Any status other than passed and skipped is a failure.
# custom:
#   id: test-failed
#   severity: high
#   remediation: Mend the code or the test, and run the tests again.
findings contains finding if {
	some test in input.facts.tests.tests
	not is_passed_or_skipped(test)
	finding := {
		"rule": "test-failed",
		"key": label(test),
		"message": sprintf("%s did not pass: %s", [label(test), status(test)]),
	}
}

# METADATA
# title: A test passed only when it was run again
# custom:
#   id: test-flaky
#   severity: medium
#   remediation: Make the test deterministic, or set allowFlaky in the gate.
findings contains finding if {
	some test in input.facts.tests.tests
	test.flaky == true
	not allows_flaky
	finding := {
		"rule": "test-flaky",
		"key": label(test),
		"message": sprintf("%s failed and passed when it was run again", [label(test)]),
	}
}

# METADATA
# title: A required test did not run
# custom:
#   id: required-test-missing
#   severity: high
#   remediation: Run the test, or change the gate's list when the test was renamed.
findings contains finding if {
	some wanted in input.parameters.required
	not is_found(wanted)
	finding := {
		"rule": "required-test-missing",
		"key": wanted,
		"message": sprintf("no test in the report is %s", [wanted]),
	}
}

# METADATA
# title: A required test was skipped
# custom:
#   id: required-test-not-passed
#   severity: high
#   remediation: Let the test run where the gate runs.
findings contains finding if {
	some wanted in input.parameters.required
	some test in input.facts.tests.tests
	test.status == "skipped"
	matches(wanted, test)
	finding := {
		"rule": "required-test-not-passed",
		"key": label(test),
		"message": sprintf("%s is required and was skipped", [label(test)]),
	}
}

# METADATA
# title: Too many tests were skipped
# custom:
#   id: too-many-skipped
#   severity: medium
#   remediation: Let the tests run, or raise maxSkipped in the gate.
findings contains finding if {
	skipped := [test | some test in input.facts.tests.tests; test.status == "skipped"]
	number := count(skipped)
	number > input.parameters.maxSkipped
	finding := {
		"rule": "too-many-skipped",
		"key": "tests",
		"message": sprintf("%d tests were skipped, %d may be", [number, input.parameters.maxSkipped]),
	}
}

lists_tests(report) if {
	is_array(report.tests)
	count(report.tests) > 0
}

is_passed_or_skipped(test) if test.status == "passed"

is_passed_or_skipped(test) if test.status == "skipped"

default allows_flaky := false

allows_flaky if input.parameters.allowFlaky == true

is_found(wanted) if {
	some test in input.facts.tests.tests
	matches(wanted, test)
}

matches(wanted, test) if test.id == wanted

# "tests.api.*" is everything below "tests.api.", and not "tests.apidocs".
matches(wanted, test) if {
	endswith(wanted, ".*")
	startswith(test.id, trim_suffix(wanted, "*"))
}

label(test) := test.id if {
	is_string(test.id)
	test.id != ""
} else := "a test without an id"

status(test) := test.status if {
	is_string(test.status)
	test.status != ""
} else := "no status"
