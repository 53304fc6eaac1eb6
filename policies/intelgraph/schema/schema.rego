# METADATA
# title: Access to fields of the public schema
package intelgraph.schema

# METADATA
# title: A deprecated field is not served
# description: A field that is missing, null, empty, of the wrong type or no dotted name is denied.
# custom:
#   id: allow
#   severity: medium
#   remediation: Query the field that replaces it; the deprecation notice names it.
default allow := false

allow if allow_field(input.field)

allow_field(field) if {
	is_array(deprecated_fields)
	is_string(field)

	# " Attribute.value" would not be the deprecated field, and is no field at all.
	regex.match("^[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z_][A-Za-z0-9_]*)*$", field)
	not deprecated(field)
}

deprecated(field) if field in deprecated_fields

default deprecated_fields := ["Attribute.value"]

deprecated_fields := input.parameters.deprecated
