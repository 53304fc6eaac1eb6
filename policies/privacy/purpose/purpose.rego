# METADATA
# title: Uses of data, against the purposes of their contracts
# description: >-
#   A use is one line of a log, {id, dataset, purpose, basis, at, consent}. Whatever it does not say,
#   or says in another form, is a finding.
package probanda.privacy.purpose

# METADATA
# title: There is no use to judge
# description: A log that is empty or missing proves nothing.
# custom:
#   id: no-uses
#   severity: high
#   remediation: Check that each use of the data writes its line where the gate reads it.
findings contains finding if {
	not lists_uses
	finding := {
		"rule": "no-uses",
		"key": "uses",
		"message": "the log holds no use of data",
	}
}

# METADATA
# title: A contract names no dataset or no purpose
# custom:
#   id: contract-invalid
#   severity: high
#   remediation: State datasetId and at least one purpose in the contract.
findings contains finding if {
	not are_contracts
	finding := {
		"rule": "contract-invalid",
		"key": "contracts",
		"message": "a contract names no dataset or no purpose",
	}
}

# METADATA
# title: A dataset is used without a contract
# custom:
#   id: dataset-unknown
#   severity: high
#   remediation: Name the dataset in the use, and give its contract to the check.
findings contains finding if {
	some number, use in input.facts.uses.records
	not has_contract(use)
	finding := {
		"rule": "dataset-unknown",
		"key": label(number, use),
		"message": sprintf("%s names no dataset that has a contract", [label(number, use)]),
	}
}

# METADATA
# title: A use states no purpose
# custom:
#   id: purpose-missing
#   severity: high
#   remediation: State the purpose when the data is asked for; nobody can add it afterwards.
findings contains finding if {
	some number, use in input.facts.uses.records
	count(purposes(use)) == 0
	finding := {
		"rule": "purpose-missing",
		"key": label(number, use),
		"message": sprintf("%s states no purpose", [label(number, use)]),
	}
}

# METADATA
# title: A purpose is not in the vocabulary
# custom:
#   id: purpose-unknown
#   severity: high
#   remediation: Use a word of the gate's list, in its spelling.
findings contains finding if {
	some number, use in input.facts.uses.records
	some purpose in purposes(use)
	not purpose in vocabulary
	finding := {
		"rule": "purpose-unknown",
		"key": sprintf("%s %v", [label(number, use), purpose]),
		"message": sprintf("%s states an unknown purpose: %v", [label(number, use), purpose]),
	}
}

# METADATA
# title: The contract does not allow the purpose
# description: Every contract of the dataset has to; of several versions the strictest holds.
# custom:
#   id: purpose-not-allowed
#   severity: critical
#   remediation: Do not use the data for it; a new purpose needs a new contract, and a notice.
findings contains finding if {
	some number, use in input.facts.uses.records
	some purpose in purposes(use)
	purpose in vocabulary
	is_refused(use, purpose)
	finding := {
		"rule": "purpose-not-allowed",
		"key": sprintf("%s %v", [label(number, use), purpose]),
		"message": sprintf("%s uses %s for %v, which its contract does not allow", [label(number, use), use.dataset, purpose]),
	}
}

# METADATA
# title: A use rests on no known basis
# custom:
#   id: basis-unknown
#   severity: high
#   remediation: State the legal basis, one that the gate lists.
findings contains finding if {
	some number, use in input.facts.uses.records
	not has_basis(use)
	finding := {
		"rule": "basis-unknown",
		"key": label(number, use),
		"message": sprintf("%s rests on no basis that may be relied on", [label(number, use)]),
	}
}

# METADATA
# title: A use rests on consent that does not hold
# description: >-
#   Consent holds from givenAt until, and without, expiresAt and withdrawnAt, for its own purposes.
# custom:
#   id: consent-invalid
#   severity: critical
#   remediation: Stop the use; ask for consent again, and keep givenAt, expiresAt and purposes with it.
findings contains finding if {
	some number, use in input.facts.uses.records
	use.basis == "consent"
	not has_consent(use)
	finding := {
		"rule": "consent-invalid",
		"key": label(number, use),
		"message": sprintf("%s rests on consent that is missing, over, or for something else", [label(number, use)]),
	}
}

vocabulary contains purpose if some purpose in input.parameters.purposes

default bases := ["consent", "contract", "legal-obligation", "vital-interests", "public-task", "legitimate-interests"]

bases := input.parameters.bases

# Without arguments: a negated call is undefined, not true, when its argument is (OPA #8387).
lists_uses if {
	is_array(input.facts.uses.records)
	count(input.facts.uses.records) > 0
}

# One document, or a list of them.
documents contains document if {
	is_array(input.facts.contracts)
	some document in input.facts.contracts
}

documents contains input.facts.contracts if not is_list

is_list if is_array(input.facts.contracts)

are_contracts if {
	count(documents) > 0
	every document in documents {
		is_contract(document)
	}
}

# `ig.contract.v1` as it is, or a document of kind Contract.
terms_of(document) := document.spec if {
	document.kind == "Contract"
} else := document

is_contract(document) if {
	terms := terms_of(document)
	is_text(terms.datasetId)
	is_array(terms.purpose)
	count(terms.purpose) > 0
	every purpose in terms.purpose {
		is_text(purpose)
	}
}

# A contract that is not valid allows nothing.
allowed[terms.datasetId] contains purposes_of if {
	some document in documents
	terms := terms_of(document)
	is_text(terms.datasetId)
	purposes_of := {purpose | is_contract(document); some purpose in terms.purpose}
}

has_contract(use) if allowed[use.dataset]

is_refused(use, purpose) if {
	some listed in allowed[use.dataset]
	not purpose in listed
}

purposes(use) := use.purpose if {
	is_array(use.purpose)
} else := [use.purpose] if {
	is_text(use.purpose)
} else := []

has_basis(use) if use.basis in bases

has_consent(use) if {
	moment := second(use.at)
	second(use.consent.givenAt) <= moment
	moment < second(use.consent.expiresAt)
	not is_withdrawn(use, moment)
	every purpose in purposes(use) {
		purpose in use.consent.purposes
	}
}

is_withdrawn(use, moment) if {
	withdrawn := object.get(use.consent, "withdrawnAt", null)
	withdrawn != null
	not is_later(withdrawn, moment)
}

is_later(withdrawn, moment) if second(withdrawn) > moment

# UTC only: then the order of the text is the order of time.
second(instant) := substring(instant, 0, 19) if {
	is_string(instant)
	regex.match(`^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?Z$`, instant)
}

is_text(value) if {
	is_string(value)
	trim_space(value) != ""
}

label(number, use) := use.id if {
	is_text(use.id)
} else := sprintf("line %d", [number + 1])
