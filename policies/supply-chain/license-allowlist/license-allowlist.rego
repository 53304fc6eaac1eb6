# METADATA
# title: Licences of the components that a change brings in
# description: >-
#   A component is judged unless the base SBOM has the same key with the same licences, so a
#   change of version or of licence is new.
package probanda.supply_chain.license_allowlist

# METADATA
# title: The SBOM lists no component
# description: An empty or unreadable list proves nothing.
# custom:
#   id: empty-sbom
#   severity: high
#   remediation: Generate the SBOM from the installed environment, and check that it lists packages.
findings contains finding if {
	not lists_components
	finding := {
		"rule": "empty-sbom",
		"key": "sbom",
		"message": "the SBOM lists no component, so no licence was checked",
	}
}

# METADATA
# title: A component is only available under a denied licence
# custom:
#   id: denied-license
#   severity: critical
#   remediation: Remove or replace the component, or choose a version under an allowed licence.
findings contains finding if {
	some component in input.facts.sbom.components
	is_denied(component)
	is_new(component)
	finding := {
		"rule": "denied-license",
		"key": label(component),
		"message": sprintf("%s is under a denied licence: %s", [label(component), stated(component)]),
	}
}

# METADATA
# title: No licence of a component is on the allow list
# custom:
#   id: unlisted-license
#   severity: high
#   remediation: Add the licence to the gate's allow list once it was reviewed, or replace the component.
findings contains finding if {
	some component in input.facts.sbom.components
	not is_denied(component)
	is_known(component)
	not is_listed(component)
	is_new(component)
	finding := {
		"rule": "unlisted-license",
		"key": label(component),
		"message": sprintf("%s is under no allowed licence: %s", [label(component), stated(component)]),
	}
}

# METADATA
# title: The licence of a component is not known
# custom:
#   id: unknown-license
#   severity: high
#   remediation: Add a signed clarification for exactly this package URL, or replace the component.
findings contains finding if {
	some component in input.facts.sbom.components
	not is_denied(component)
	not is_known(component)
	is_new(component)
	finding := {
		"rule": "unknown-license",
		"key": label(component),
		"message": sprintf("%s states no licence that could be recognised: %s", [label(component), stated(component)]),
	}
}

# Without arguments: a negated call is undefined, not true, when its argument is (OPA #8387).
lists_components if {
	is_array(input.facts.sbom.components)
	count(input.facts.sbom.components) > 0
}

is_new(component) if not in_base(component)

in_base(component) if {
	some old in input.facts.base.components
	old.key == component.key
	old.licenses == component.licenses
}

# A clarification names a licence where the package names none; it cannot lift a denial.
is_denied(component) if all_denied(component.licenses.alternatives, input.parameters.deny)

is_denied(component) if {
	some text in component.licenses.unknown
	text in input.parameters.deny
}

is_denied(component) if {
	not states_license(component)
	some clarification in input.facts.clarifications
	clarifies(clarification, component)
	all_denied(alternatives_of(clarification), input.parameters.deny)
}

is_known(component) if states_license(component)

is_known(component) if is_clarified(component)

is_listed(component) if {
	states_license(component)
	one_allowed(component.licenses.alternatives, input.parameters)
}

# Every clarification of the package must pass: two that disagree settle nothing.
is_listed(component) if {
	not states_license(component)
	is_clarified(component)
	not is_clarified_badly(component)
}

states_license(component) if {
	is_array(component.licenses.alternatives)
	count(component.licenses.alternatives) > 0
	component.licenses.unknown == []
}

is_clarified(component) if {
	some clarification in input.facts.clarifications
	clarifies(clarification, component)
}

is_clarified_badly(component) if {
	some clarification in input.facts.clarifications
	clarifies(clarification, component)
	not is_allowed_clarification(clarification)
}

is_allowed_clarification(clarification) if {
	one_allowed(alternatives_of(clarification), input.parameters)
}

clarifies(clarification, component) if {
	is_string(component.purl)
	component.purl != ""
	clarification.purl == component.purl
}

alternatives_of(clarification) := clarification.alternatives if {
	is_array(clarification.alternatives)
} else := [[clarification.license]]

all_denied(alternatives, deny) if {
	count(alternatives) > 0
	every alternative in alternatives {
		some license in alternative
		license in deny
	}
}

one_allowed(alternatives, parameters) if {
	some alternative in alternatives
	count(alternative) > 0
	every license in alternative {
		is_permitted(license, parameters)
	}
}

is_permitted(license, parameters) if {
	license in parameters.allow
	not is_denied_id(license, parameters)
}

is_denied_id(license, parameters) if license in parameters.deny

label(component) := component.key if {
	is_string(component.key)
	component.key != ""
} else := "a component without a key"

stated(component) := component.licenses.expression if {
	is_string(component.licenses.expression)
	component.licenses.expression != ""
} else := component.licenses.unknown[0] if {
	is_string(component.licenses.unknown[0])
} else := "none stated"
