# METADATA
# title: Groups of a table that stand for too few people
# description: >-
#   A group is what shares the values of all quasi-identifiers; a missing value is a value. People
#   are counted, not rows. No finding repeats a value of the table.
package probanda.privacy.k_threshold

# METADATA
# title: There is nothing to count
# description: An empty table, or a gate that names no subject or no quasi-identifier, proves nothing.
# custom:
#   id: nothing-counted
#   severity: high
#   remediation: >-
#     Let the collector hand over rows (maxRows above 0), and name quasiIdentifiers and either
#     subject or subjects.
findings contains finding if {
	not has_groups
	finding := {
		"rule": "nothing-counted",
		"key": label,
		"message": "no group could be counted",
	}
}

# METADATA
# title: A column that the gate names is not in the table
# custom:
#   id: column-missing
#   severity: high
#   remediation: Correct the name in the gate, or in the collector's option columns.
findings contains finding if {
	some column in wanted
	not column in columns
	finding := {
		"rule": "column-missing",
		"key": column,
		"message": sprintf("the table has no column %s", [column]),
	}
}

# METADATA
# title: A number of subjects is no number
# custom:
#   id: count-invalid
#   severity: high
#   remediation: >-
#     State a whole number in each row and declare the column's type as integer; state suppressed
#     where small numbers were left out.
findings contains finding if {
	some row in groups
	not is_count(row)
	finding := {
		"rule": "count-invalid",
		"key": label,
		"message": sprintf("a row has no whole number of subjects under %s", [input.parameters.subjects]),
	}
}

# METADATA
# title: Groups stand for too few subjects
# description: >-
#   The key holds how many and how small, so that a waiver ends when more or smaller ones appear.
# custom:
#   id: group-too-small
#   severity: critical
#   remediation: >-
#     Generalise a quasi-identifier, leave the groups out, or suppress them and state how.
findings contains finding if {
	small := [size | some size in sizes; size < k]
	finding := {
		"rule": "group-too-small",
		"key": sprintf("%s: %d below %d, from %v", [label, count(small), k, min(small)]),
		"message": sprintf("%d of %d groups by %s stand for fewer than %d subjects; the smallest for %v", [
			count(small), count(sizes), label, k, min(small),
		]),
	}
}

default k := 5

k := input.parameters.k if {
	is_number(input.parameters.k)
	input.parameters.k >= 2
}

default label := "the table"

label := concat(", ", input.parameters.quasiIdentifiers) if names_columns

# Without arguments: a negated call is undefined, not true, when its argument is (OPA #8387).
has_groups if {
	names_columns
	count(sizes) > 0
}

names_columns if {
	is_array(input.parameters.quasiIdentifiers)
	count(input.parameters.quasiIdentifiers) > 0
}

counts_groups if is_string(input.parameters.subjects)

wanted contains column if some column in input.parameters.quasiIdentifiers

wanted contains input.parameters.subject

wanted contains input.parameters.subjects

# Names, as `csv` hands them over, or names with types, as `table` does.
columns contains column if some column in input.facts.table.columns

columns contains column.name if some column in input.facts.table.columns

# Sizes of the groups; those that are suppressed have none.
sizes := [size(group) | some group in released] if not counts_groups

sizes := [row[input.parameters.subjects] | some row in groups; is_count(row)] if counts_groups

# Rows that are about one record each.
records contains [number, group_of(row)] if {
	some number, row in input.facts.table.rows
	not is_suppressed(group_of(row))
}

released contains group if some [_, group] in records

members[group] contains person if {
	some [number, group] in records
	person := person_of(input.facts.table.rows[number])
}

size(group) := count([person | some person in members[group]])

# A missing cell is a value of its own: a unique row without an age is as unique as any.
group_of(row) := [cell(row, column) | some column in input.parameters.quasiIdentifiers]

cell(row, column) := object.get(row, column, null)

# Only a group that is suppressed as a whole was left out.
is_suppressed(group) if {
	is_string(input.parameters.suppressed)
	every value in group {
		value == input.parameters.suppressed
	}
}

# "A1", "a1 " and 1 and "1" are one person: counting too few is the safe side.
person_of(row) := name if {
	value := row[input.parameters.subject]
	value != null
	name := lower(trim_space(sprintf("%v", [value])))
	name != ""
}

# Rows that are one group each.
groups contains row if {
	some row in input.facts.table.rows
	not is_left_out(row)
}

is_left_out(row) if {
	is_string(input.parameters.suppressed)
	row[input.parameters.subjects] == input.parameters.suppressed
}

is_count(row) if {
	number := row[input.parameters.subjects]
	is_number(number)
	number == floor(number)
}
