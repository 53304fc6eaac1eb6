# METADATA
# title: Terms of a data contract
# description: Judges an ig.contract.v1 document, or the spec of a Contract document.
package probanda.contracts.terms

# METADATA
# title: The document is no data contract
# description: Also where terms stand in two places, so that two readers could see two contracts.
# custom:
#   id: contract-unreadable
#   severity: high
#   remediation: State the terms once, as ig.contract.v1 or under spec of kind Contract.
findings contains finding if {
	not is_object(terms)
	finding := {
		"rule": "contract-unreadable",
		"key": "contract",
		"message": "the document states no terms, or states them in two places",
	}
}

# METADATA
# title: Dataset, version or tenant is not stated
# custom:
#   id: identity-missing
#   severity: high
#   remediation: State datasetId, version and tenantId as non-empty text.
findings contains finding if {
	is_object(terms)
	some field in ["datasetId", "version", "tenantId"]
	not has_text(terms, field)
	finding := {
		"rule": "identity-missing",
		"key": sprintf("%s %s", [label, field]),
		"message": sprintf("%s does not state its %s", [label, field]),
	}
}

# METADATA
# title: The licence is missing, unknown or not allowed
# custom:
#   id: license-invalid
#   severity: high
#   remediation: Use a licence class that the gate allows.
findings contains finding if {
	is_object(terms)
	not has_allowed_license(terms)
	finding := {
		"rule": "license-invalid",
		"key": label,
		"message": sprintf("%s is under no allowed licence class: %s", [label, shown("license")]),
	}
}

# METADATA
# title: No purpose is stated
# custom:
#   id: purpose-missing
#   severity: high
#   remediation: List at least one purpose for which the data may be used.
findings contains finding if {
	is_object(terms)
	not has_purposes(terms)
	finding := {
		"rule": "purpose-missing",
		"key": label,
		"message": sprintf("%s states no purpose", [label]),
	}
}

# METADATA
# title: A purpose is unknown
# custom:
#   id: purpose-unknown
#   severity: high
#   remediation: Use a purpose that the gate lists.
findings contains finding if {
	some purpose in terms.purpose
	not is_known_purpose(purpose)
	finding := {
		"rule": "purpose-unknown",
		"key": sprintf("%s %v", [label, purpose]),
		"message": sprintf("%s states an unknown purpose: %v", [label, purpose]),
	}
}

# METADATA
# title: The retention class is missing or unknown
# custom:
#   id: retention-invalid
#   severity: high
#   remediation: Use one of the retention classes of ig.contract.v1.
findings contains finding if {
	is_object(terms)
	not has_retention(terms)
	finding := {
		"rule": "retention-invalid",
		"key": label,
		"message": sprintf("%s is under no known retention class: %s", [label, shown("retention")]),
	}
}

# METADATA
# title: The data is kept too long
# custom:
#   id: retention-too-long
#   severity: medium
#   remediation: Choose a retention class within the gate's maximum.
findings contains finding if {
	has_retention(terms)
	is_too_long(terms.retention, input.parameters.maxRetention)
	finding := {
		"rule": "retention-too-long",
		"key": label,
		"message": sprintf("%s is kept for %s, at most %s", [label, terms.retention, input.parameters.maxRetention]),
	}
}

# METADATA
# title: No service level is stated
# custom:
#   id: sla-missing
#   severity: medium
#   remediation: State ingestLatencyMs, completenessPct or dedupe under sla.
findings contains finding if {
	is_object(terms)
	not has_service_level(terms)
	finding := {
		"rule": "sla-missing",
		"key": label,
		"message": sprintf("%s promises no service level", [label]),
	}
}

# METADATA
# title: A service level is no such level
# custom:
#   id: sla-invalid
#   severity: medium
#   remediation: >-
#     Give ingestLatencyMs as a number from 0, completenessPct as a number from 0 to 100, and
#     dedupe as true or false.
findings contains finding if {
	some field, value in terms.sla
	not is_level(field, value)
	finding := {
		"rule": "sla-invalid",
		"key": sprintf("%s %v", [label, field]),
		"message": sprintf("%s promises an invalid %v", [label, field]),
	}
}

license_classes := ["MIT-OK", "Open-Data-OK", "Restricted-TOS", "Proprietary-Client", "Embargoed"]

# Days; legal-hold has no end.
retention_days := {
	"ephemeral-7d": 7,
	"short-30d": 30,
	"standard-365d": 365,
	"long-1825d": 1825,
	"legal-hold": 1000000,
}

service_levels := ["ingestLatencyMs", "completenessPct", "dedupe"]

default terms := null

terms := terms_of(input.facts.contract)

terms_of(document) := document.spec if {
	document.kind == "Contract"
	is_object(document.spec)
	not states_terms(document)
}

terms_of(document) := document if {
	is_object(document)
	object.get(document, "spec", "absent") == "absent"
	object.get(document, "kind", "absent") == "absent"
}

states_terms(document) if {
	some field in ["datasetId", "version", "tenantId", "license", "purpose", "retention", "sla"]
	object.get(document, field, "absent") != "absent"
}

default allowed_licenses := ["MIT-OK", "Open-Data-OK", "Restricted-TOS", "Proprietary-Client", "Embargoed"]

allowed_licenses := input.parameters.licenses

has_text(document, field) if {
	is_string(document[field])
	trim(document[field], " ") != ""
}

has_allowed_license(document) if {
	document.license in license_classes
	document.license in allowed_licenses
}

has_purposes(document) if {
	is_array(document.purpose)
	count(document.purpose) > 0
}

is_known_purpose(purpose) if {
	is_string(purpose)
	trim(purpose, " ") != ""
	not is_unlisted(purpose)
}

is_unlisted(purpose) if {
	listed := input.parameters.purposes
	not purpose in listed
}

has_retention(document) if {
	is_string(document.retention)
	some class, _ in retention_days
	class == document.retention
}

is_too_long(retention, longest) if retention_days[retention] > retention_days[longest]

has_service_level(document) if {
	is_object(document.sla)
	some field in service_levels
	object.get(document.sla, field, "absent") != "absent"
}

is_level("ingestLatencyMs", value) if {
	is_number(value)
	value >= 0
}

is_level("completenessPct", value) if {
	is_number(value)
	value >= 0
	value <= 100
}

is_level("dedupe", value) if is_boolean(value)

# The schema is open: a level that it does not name promises nothing here.
is_level(field, _) if not field in service_levels

label := sprintf("%s@%s", [terms.datasetId, terms.version]) if {
	has_text(terms, "datasetId")
	has_text(terms, "version")
} else := "a contract without a name"

shown(field) := terms[field] if {
	is_string(terms[field])
} else := "none"
