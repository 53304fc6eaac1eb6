# METADATA
# title: What may leave the cell
package intelgraph.egress

# METADATA
# title: Only a verified signed export for allowed purposes may leave
# description: Anything that is missing, null, empty, of the wrong type or unknown is denied.
# custom:
#   id: allow
#   severity: critical
#   remediation: >-
#     Export through the signed_export channel with a valid signature, and only data whose
#     purposes are all allowed.
default allow := false

allow if {
	input.channel == "signed_export"
	input.signature.valid == true
	purposes_allowed(input.dataset.purpose, allowed_purposes)
}

# One allowed purpose among several is not enough: the data was collected for all of them.
purposes_allowed(purposes, allowed) if {
	is_array(purposes)
	is_array(allowed)
	count(purposes) > 0
	every purpose in purposes {
		is_string(purpose)
		purpose in allowed
	}
}

default allowed_purposes := ["investigation"]

allowed_purposes := input.parameters.purposes
