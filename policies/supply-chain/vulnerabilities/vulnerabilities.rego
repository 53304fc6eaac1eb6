# METADATA
# title: Known vulnerabilities of components
# description: >-
#   Judges what a scan found, by severity and age. A VEX statement excuses a finding only if it is
#   about this vulnerability in this version of this component, is the newest of its kind, and says
#   why. A severity that nobody stated counts as critical.
package probanda.supply_chain.vulnerabilities

# METADATA
# title: Nobody looked for vulnerabilities
# description: >-
#   No scan, one of nothing, an SBOM without a list of vulnerabilities, or a run that failed. An
#   empty list of a scan that looked is fine.
# custom:
#   id: not-scanned
#   severity: high
#   remediation: Scan the SBOM, and have the scanner write CycloneDX with vulnerabilities, or SARIF.
findings contains finding if {
	some problem in unscanned
	finding := {
		"rule": "not-scanned",
		"key": problem,
		"message": sprintf("%s does not show that vulnerabilities were looked for", [problem]),
	}
}

# METADATA
# title: A component is vulnerable
# custom:
#   id: vulnerable
#   severity: high
#   remediation: Update or remove the component; if it is not affected, state why in a VEX document.
findings contains finding if {
	some found in standing
	weight(found.severity) >= weight(threshold)
	not is_in_grace(found)
	finding := {
		"rule": "vulnerable",
		"key": label(found),
		"message": sprintf("%s is %s", [label(found), found.severity]),
	}
}

# METADATA
# title: A vulnerability is known to be exploited
# description: Whatever its severity, and without any days of grace.
# custom:
#   id: known-exploited
#   severity: critical
#   remediation: Update or remove the component now.
findings contains finding if {
	some found in standing
	some name in found.names
	name in exploited
	finding := {
		"rule": "known-exploited",
		"key": label(found),
		"message": sprintf("%s is exploited, by the list of known exploited vulnerabilities", [label(found)]),
	}
}

# METADATA
# title: The list of exploited vulnerabilities cannot be read
# custom:
#   id: unreadable-exploited
#   severity: high
#   remediation: Fetch the list again, in the form of CISA's catalogue.
findings contains finding if {
	"exploited" in object.keys(input.facts)
	count(exploited) == 0
	finding := {
		"rule": "unreadable-exploited",
		"key": "exploited",
		"message": "the list of exploited vulnerabilities names none",
	}
}

unscanned contains "scan" if {
	"scan" in object.keys(input.facts)
	not is_scanned
}

unscanned contains "sarif" if {
	"sarif" in object.keys(input.facts)
	not is_run
}

unscanned contains "the check" if {
	not "scan" in object.keys(input.facts)
	not "sarif" in object.keys(input.facts)
}

is_scanned if {
	is_array(input.facts.scan.vulnerabilities)
	input.facts.scan.componentCount > 0
}

is_run if {
	count(input.facts.sarif.runs) > 0
	every run in input.facts.sarif.runs {
		run.computed == true
		run.successful != false
		is_array(run.results)
	}
}

# What a scan found in a component, unless statements excuse it.
standing contains found if {
	some vulnerability in input.facts.scan.vulnerabilities
	some component in affected(vulnerability)
	found := {
		"names": names(vulnerability),
		"component": component.key,
		"severity": severity(vulnerability),
		"publishedAt": object.get(vulnerability, "publishedAt", null),
	}
	not is_excused(found.names, component)
}

# SARIF names a place and no component, so no statement can be about it.
standing contains found if {
	some run in input.facts.sarif.runs
	some result in run.results
	result.kind in {"fail", "open", "review"}
	result.suppressed != true
	result.baselineState != "absent"
	found := {
		"names": {result.ruleId} | {name | some name in regex.find_n(`CVE-[0-9]{4}-[0-9]{4,}`, result.ruleId, -1)},
		"component": place(result),
		"severity": scored(result),
		"publishedAt": null,
	}
}

affected(vulnerability) := vulnerability.affects if {
	is_array(vulnerability.affects)
	count(vulnerability.affects) > 0
} else := [{"key": "an unknown component"}]

names(vulnerability) := {name |
	some name in array.concat([object.get(vulnerability, "id", "")], object.get(vulnerability, "aliases", []))
	name != ""
}

place(result) := result.locations[0].uri if {
	result.locations[0].uri != ""
} else := "an unknown place"

severities := {"none": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}

severity(vulnerability) := vulnerability.severity if {
	vulnerability.severity in object.keys(severities)
} else := "critical"

weight(word) := severities[word]

# The bounds of CVSS; a rule without a score goes by its level.
scored(result) := word if {
	is_string(result.securitySeverity)
	result.securitySeverity != ""
	score := to_number(result.securitySeverity)
	word := [name |
		some [bound, name] in [[9, "critical"], [7, "high"], [4, "medium"], [0.1, "low"], [0, "none"]]
		score >= bound
	][0]
} else := {"error": "high", "warning": "medium", "note": "low", "none": "none"}[result.level] if {
	result.kind == "fail"
} else := "critical"

threshold := object.get(input.parameters, "threshold", "high")

is_in_grace(found) if {
	days := input.parameters.graceDays[found.severity]
	age := now - moment(found.publishedAt)
	age >= 0
	age < days * day
}

# CISA's catalogue: {vulnerabilities: [{cveID, …}]}.
exploited contains entry.cveID if {
	some entry in input.facts.exploited.vulnerabilities
	is_string(entry.cveID)
}

# Statements

statements := [object.union(statement, {"author": object.get(document, "author", "")}) |
	some name in ["vex", "supplierVex"]
	document := input.facts[name]
	some statement in document.statements
]

is_excused(identities, component) if {
	current := [statement |
		some statement in statements
		is_about(statement, identities, component)
		not is_replaced(statement, identities, component)
	]
	count(current) > 0
	every statement in current {
		excuses(statement, component)
	}
}

is_about(statement, identities, component) if {
	is_named(statement, identities)
	some product in statement.products
	covers(product, statement.status, component)
}

is_named(statement, identities) if statement.vulnerability in identities

is_named(statement, identities) if {
	some alias in statement.aliases
	alias in identities
}

# By one that is newer; of one without a date nobody can say what is newer.
is_replaced(statement, identities, component) if {
	some other in statements
	is_about(other, identities, component)
	moment(other.statedAt) > moment(statement.statedAt)
}

excuses(statement, _) if {
	statement.status == "not_affected"
	statement.justification in justifications
	is_credible(statement)
}

# "Fixed" holds for the version in which it is fixed, so it must name one.
excuses(statement, component) if {
	statement.status == "fixed"
	some product in statement.products
	covers(product, statement.status, component)
	names_version(product, component)
	is_credible(statement)
}

is_credible(statement) if {
	is_past(statement)
	is_accepted(statement.author)
}

is_past(statement) if statement.statedAt == ""

is_past(statement) if moment(statement.statedAt) <= now + skew

is_accepted(_) if not "authors" in object.keys(input.parameters)

is_accepted(author) if author in input.parameters.authors

# OpenVEX's and CSAF's five, and those of CycloneDX that have no counterpart there.
justifications := {
	"component_not_present",
	"vulnerable_code_not_present",
	"vulnerable_code_not_in_execute_path",
	"vulnerable_code_cannot_be_controlled_by_adversary",
	"inline_mitigations_already_exist",
	"requires_configuration",
	"requires_dependency",
	"requires_environment",
}

# The component itself …
covers(product, status, component) if {
	product.subcomponents == []
	is_package(reference(product), component)
	is_version(product.versions, status, component)
}

# … or a part of what the SBOM is about.
covers(product, status, component) if {
	reference(product) in {input.facts.scan.subject.purl, input.facts.scan.subject.key}
	some part in product.subcomponents
	is_package(part, component)
	is_version(product.versions, status, component)
}

reference(product) := product.purl if {
	product.purl != ""
} else := product.id

# Without qualifiers it means any of them, without a version any version.
is_package(written, component) if written in {component.purl, plain(component.purl), unversioned(component.purl)}

# A range that nobody can resolve counts against, and excuses nothing.
is_version(versions, _, _) if versions == []

is_version(versions, _, component) if component.version in versions

is_version(versions, status, _) if {
	not status in {"not_affected", "fixed"}
	some version in versions
	startswith(version, "vers:")
}

names_version(product, component) if component.version in product.versions

names_version(product, component) if {
	some written in array.concat([reference(product)], product.subcomponents)
	written in {component.purl, plain(component.purl)}
	written != unversioned(component.purl)
}

plain(purl) := regex.replace(purl, `[?#].*$`, "")

unversioned(purl) := regex.replace(plain(purl), `@[^@/]*$`, "")

label(found) := sprintf("%s %s", [concat(" ", sort(found.names)), found.component])

now := moment(input.asOf)

day := ((24 * 60) * 60) * 1000000000

skew := (5 * 60) * 1000000000

# Only what time.parse_rfc3339_ns takes: an error would leave the check undecided.
is_instant(text) if {
	is_string(text)
	regex.match(
		`^(19[7-9][0-9]|2[01][0-9]{2})-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`,
		text,
	)
}

is_instant(text) if {
	is_string(text)
	regex.match(`^(19[7-9][0-9]|20[0-9]{2})-02-29T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`, text)
	to_number(substring(text, 0, 4)) % 4 == 0
}

moment(text) := time.parse_rfc3339_ns(text) if is_instant(text)
