package intelgraph.schema_test

import data.intelgraph.schema

test_a_current_field_is_served if {
	schema.allow_field("Attribute.name")
	not schema.deprecated("Attribute.name")
}

test_a_deprecated_field_is_not_served if {
	schema.deprecated("Attribute.value")
	not schema.allow_field("Attribute.value")
}

test_what_is_no_field_name_is_not_served if {
	not schema.allow_field(" Attribute.value")
	not schema.allow_field("Attribute.value.")
	not schema.allow_field("")
	not schema.allow_field(null)
	not schema.allow_field(["Attribute.name"])
}

test_nothing_is_served_by_default if {
	schema.allow == false
}
