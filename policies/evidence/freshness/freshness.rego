# METADATA
# title: Age of the evidence that a gate reads
# description: >-
#   Judges where facts come from (`input.evidence`), never what they hold. The time is the one that
#   the artifact itself states; when it was collected says nothing about when it was made.
package probanda.evidence.freshness

# METADATA
# title: There is no evidence
# description: Without a single fact nothing is fresh.
# custom:
#   id: no-evidence
#   severity: high
#   remediation: Name the facts whose age counts in the gate.
findings contains finding if {
	not has_evidence
	finding := {
		"rule": "no-evidence",
		"key": "evidence",
		"message": "the check reads no artifact, so nothing shows how old it is",
	}
}

# METADATA
# title: Evidence does not say when it was made
# description: An artifact without a time may be of any age, and one that is not there has none.
# custom:
#   id: time-missing
#   severity: high
#   remediation: Have its producer write a timestamp, or list its collector under untimed.
findings contains finding if {
	some name, item in input.evidence
	not states_time(item)
	finding := {
		"rule": "time-missing",
		"key": name,
		"message": sprintf("%s does not say when it was made", [name]),
	}
}

# METADATA
# title: Evidence states a time that is none
# custom:
#   id: time-unreadable
#   severity: high
#   remediation: Have its producer write RFC 3339 with a time zone.
findings contains finding if {
	some name, item in input.evidence
	states_time(item)
	not is_instant(stated(item))
	finding := {
		"rule": "time-unreadable",
		"key": name,
		"message": sprintf("the time that %s states is not RFC 3339 with a zone", [name]),
	}
}

# METADATA
# title: Evidence is older than accepted
# custom:
#   id: stale
#   severity: high
#   remediation: Produce it again, or lengthen the term in the gate.
findings contains finding if {
	some name, item in input.evidence
	is_instant(stated(item))
	not is_recent(item)
	finding := {
		"rule": "stale",
		"key": name,
		"message": sprintf("%s was made at %s, longer ago than its term allows", [name, stated(item)]),
	}
}

# METADATA
# title: Evidence is of the future
# description: Later than the decision, or than its own collection, by more than the skew.
# custom:
#   id: future-dated
#   severity: high
#   remediation: Check the clocks of its producer and of the run.
findings contains finding if {
	some name, item in input.evidence
	is_instant(stated(item))
	not is_past(item)
	finding := {
		"rule": "future-dated",
		"key": name,
		"message": sprintf("%s says it was made at %s, before it could be collected", [name, stated(item)]),
	}
}

has_evidence if {
	is_object(input.evidence)
	count(input.evidence) > 0
}

states_time(item) if {
	is_string(stated(item))
	stated(item) != ""
}

stated(item) := item.producedAt

# A declared-empty fact was collected too; only bytes that were read have an age.
stated(item) := item.collectedAt if {
	is_object(item)
	not "producedAt" in object.keys(item)
	item.type in input.parameters.untimed
	is_string(item.sha256)
}

is_recent(item) if moment(input.asOf) - moment(stated(item)) <= term(item)

is_past(item) if {
	made := moment(stated(item)) - skew
	made <= moment(input.asOf)
	made <= moment(item.collectedAt)
}

term(item) := duration(input.parameters.maxAgeByType[item.type])

term(item) := duration(input.parameters.maxAge) if {
	not item.type in object.keys(object.get(input.parameters, "maxAgeByType", {}))
}

skew := duration(object.get(input.parameters, "skew", "5m"))

# Only what time.parse_rfc3339_ns takes: an error would leave the check undecided.
is_instant(text) if {
	is_string(text)
	regex.match(
		`^(19[7-9][0-9]|2[01][0-9]{2})-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`,
		text,
	)
}

# 29 February of a leap year; 1900 and 2100, which are none, are out of reach or refused.
is_instant(text) if {
	is_string(text)
	regex.match(`^(19[7-9][0-9]|20[0-9]{2})-02-29T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`, text)
	to_number(substring(text, 0, 4)) % 4 == 0
}

moment(text) := time.parse_rfc3339_ns(text) if is_instant(text)

duration(text) := to_number(parts[1]) * units[parts[2]] if {
	[parts] := regex.find_all_string_submatch_n(`^([0-9]{1,6})([smhdw])$`, text, 1)
}

units := {
	"s": 1000000000,
	"m": 60000000000,
	"h": 3600000000000,
	"d": 86400000000000,
	"w": 604800000000000,
}
