# METADATA
# title: Data stays in its region
package intelgraph.residency.v2

# METADATA
# title: A dataset is stored only in its own region
# description: Regions that are missing, null, empty, of the wrong type or unknown are denied.
# custom:
#   id: store
#   severity: critical
#   remediation: Write to the dataset's region, or state the region where it is missing.
default allow_store := false

allow_store if same_region(input.dataset.region, input.user.region)

# METADATA
# title: A dataset is exported only within its region and without personal data
# description: Personal data is absent only where contains_pii is exactly false.
# custom:
#   id: export
#   severity: critical
#   remediation: >-
#     Export within the dataset's region, and state contains_pii false only once the personal
#     data has been removed.
default allow_export := false

allow_export if {
	same_region(input.dataset.region, input.request.region)
	input.dataset.contains_pii == false
}

same_region(stored, asked) if {
	is_string(stored)
	trim(stored, " ") != ""
	stored == asked
	exists(stored)
}

exists(_) if not regions_listed

exists(region) if region in input.parameters.regions

default regions_listed := false

# Whatever stands there, even null or false, is a list of regions that must name the region.
regions_listed if object.get(object.get(input, "parameters", {}), "regions", "absent") != "absent"
