# METADATA
# title: Review of access, held against the snapshots before and after it
# description: >-
#   A campaign decides about every power of an access snapshot; what it revoked must be gone from
#   the next snapshot. People are told apart by the roster. Disabled accounts need no decision.
package probanda.access.review

# METADATA
# title: The snapshot lists no account
# description: Or one that it does not name, so that nobody could decide about it.
# custom:
#   id: no-accounts
#   severity: high
#   remediation: Export the accounts again, with the right to see them all.
findings contains finding if {
	not lists_accounts
	finding := {
		"rule": "no-accounts",
		"key": "snapshot",
		"message": "the snapshot lists no account, so none was reviewed",
	}
}

# METADATA
# title: The roster lists nobody
# custom:
#   id: no-roster
#   severity: high
#   remediation: List who is who in evidence/roster.yaml.
findings contains finding if {
	count(names_by_identity) == 0
	finding := {
		"rule": "no-roster",
		"key": "roster",
		"message": "the roster lists nobody, so nobody can be told from anybody else",
	}
}

# METADATA
# title: The decisions are about another snapshot
# description: The campaign names the digest of the snapshot that it decided about.
# custom:
#   id: other-snapshot
#   severity: high
#   remediation: Give the gate the snapshot that was reviewed, and have the campaign state its SHA-256.
findings contains finding if {
	not is_of_snapshot
	finding := {
		"rule": "other-snapshot",
		"key": "campaign",
		"message": "the campaign does not state the digest of this snapshot",
	}
}

# METADATA
# title: The review is overdue
# description: The snapshot of the last review was taken longer ago than a period, or nobody knows when.
# custom:
#   id: review-overdue
#   severity: high
#   remediation: Take a snapshot, and review it.
findings contains finding if {
	not is_current
	finding := {
		"rule": "review-overdue",
		"key": "campaign",
		"message": sprintf("no snapshot of the last %d days was reviewed", [every_days]),
	}
}

# METADATA
# title: Nobody decided about a power
# description: Neither to keep nor to revoke it; deferred is not decided.
# custom:
#   id: undecided
#   severity: high
#   remediation: Have somebody other than its holder decide about it.
findings contains finding if {
	some power in powers
	count(words_about(power)) == 0
	finding := {
		"rule": "undecided",
		"key": label(power),
		"message": sprintf("nobody decided about %s", [label(power)]),
	}
}

# METADATA
# title: Decisions about a power contradict each other
# custom:
#   id: contradiction
#   severity: high
#   remediation: Settle it, and leave one decision.
findings contains finding if {
	some power in powers
	count(words_about(power)) > 1
	finding := {
		"rule": "contradiction",
		"key": label(power),
		"message": sprintf("%s is both kept and revoked", [label(power)]),
	}
}

# METADATA
# title: A decision is about nothing in the snapshot
# description: No such account, or not with this role; a decision of another campaign, or a slip.
# custom:
#   id: unmatched-decision
#   severity: medium
#   remediation: Correct the account and role, or remove the decision.
findings contains finding if {
	some number, decision in decisions
	not is_matched(decision)
	finding := {
		"rule": "unmatched-decision",
		"key": decision_label(decision, number),
		"message": sprintf("the decision about %s fits no account of the snapshot", [decision_label(decision, number)]),
	}
}

# METADATA
# title: Somebody reviewed themselves
# custom:
#   id: self-review
#   severity: critical
#   remediation: Have somebody else decide.
findings contains finding if {
	some number, decision in decisions
	some account in accounts
	is_about_account(decision, account)
	is_same_person(decision.reviewer, account)
	finding := {
		"rule": "self-review",
		"key": decision_label(decision, number),
		"message": sprintf("the holder of %s decided about it", [decision_label(decision, number)]),
	}
}

# METADATA
# title: A reviewer is nobody on the roster
# custom:
#   id: unknown-reviewer
#   severity: high
#   remediation: Add the person to the roster, or have somebody on it decide.
findings contains finding if {
	some number, decision in decisions
	not is_on_roster(decision)
	finding := {
		"rule": "unknown-reviewer",
		"key": decision_label(decision, number),
		"message": sprintf("whoever decided about %s is not on the roster", [decision_label(decision, number)]),
	}
}

# METADATA
# title: A decision was not made in its term
# description: Before the snapshot, too long after it, in the future, or nobody knows when.
# custom:
#   id: outside-term
#   severity: high
#   remediation: Decide within the term of the campaign, and record when.
findings contains finding if {
	some number, decision in decisions
	not is_in_term(decision)
	finding := {
		"rule": "outside-term",
		"key": decision_label(decision, number),
		"message": sprintf("the decision about %s was not made within %d days of the snapshot", [decision_label(decision, number), within_days]),
	}
}

# METADATA
# title: An account belongs to nobody on the roster
# custom:
#   id: unknown-account
#   severity: high
#   remediation: Find whose it is, or disable it; list it under serviceAccounts if no person is behind it.
findings contains finding if {
	some account in accounts
	not has_holder(account)
	not is_service(account)
	finding := {
		"rule": "unknown-account",
		"key": label(account),
		"message": sprintf("nobody on the roster is behind %s", [label(account)]),
	}
}

# METADATA
# title: An account is kept that nobody uses
# description: Without a time of its last use, an account counts as not used.
# custom:
#   id: dormant
#   severity: medium
#   remediation: Revoke it, or have the snapshot state when it was last used.
findings contains finding if {
	input.parameters.dormantDays
	some account in accounts
	not is_used(account)
	not is_revoked(account)
	finding := {
		"rule": "dormant",
		"key": label(account),
		"message": sprintf("nothing shows that %s was used in the %d days before the snapshot", [label(account), input.parameters.dormantDays]),
	}
}

# METADATA
# title: Nothing proves that a power is gone
# description: >-
#   There is no later snapshot of the system, taken after the decision, with the digest that the
#   campaign states.
# custom:
#   id: unproved-revocation
#   severity: high
#   remediation: Take the next snapshot, and have the campaign state its SHA-256 and time.
findings contains finding if {
	some number, decision in revocations
	not is_proved(decision)
	finding := {
		"rule": "unproved-revocation",
		"key": decision_label(decision, number),
		"message": sprintf("no later snapshot shows that %s is gone", [decision_label(decision, number)]),
	}
}

# METADATA
# title: A revoked power is still there
# custom:
#   id: not-revoked
#   severity: critical
#   remediation: Take it away, then take a snapshot.
findings contains finding if {
	some number, decision in revocations
	is_still_there(decision)
	finding := {
		"rule": "not-revoked",
		"key": decision_label(decision, number),
		"message": sprintf("%s was revoked, and the next snapshot still has it", [decision_label(decision, number)]),
	}
}

# Without arguments: a negated call is undefined, not true, when its argument is (OPA #8387).
lists_accounts if {
	is_array(input.facts.snapshot.accounts)
	count(input.facts.snapshot.accounts) > 0
	every account in input.facts.snapshot.accounts {
		is_string(account.system)
		is_string(account.account)
	}
}

is_of_snapshot if {
	is_string(input.evidence.snapshot.sha256)
	input.facts.campaign.snapshot.sha256 == input.evidence.snapshot.sha256
}

taken := moment(input.facts.campaign.snapshot.takenAt)

is_current if {
	taken <= now + skew
	now - taken <= every_days * day
}

# Accounts that can log in; an unknown status counts as one that can.
accounts contains account if {
	some account in input.facts.snapshot.accounts
	is_object(account)
	not is_disabled(account)
}

is_disabled(account) if account.status == "disabled"

# What is decided about: each role and group of an account, or the account where it has none.
powers contains object.union(identity(account), {"role": role}) if {
	some account in accounts
	some role in roles_of(account)
}

powers contains identity(account) if {
	some account in accounts
	count(roles_of(account)) == 0
}

identity(account) := {"system": object.get(account, "system", null), "account": object.get(account, "account", null)}

roles_of(account) := {role |
	some field in ["roles", "groups"]
	some role in account[field]
}

decisions := input.facts.campaign.decisions if is_array(input.facts.campaign.decisions)

revocations[number] := decision if {
	some number, decision in decisions
	decision.decision == "revoke"
}

words_about(power) := {decision.decision |
	some decision in decisions
	is_about_account(decision, power)
	is_about_role(decision, power)
	decision.decision in {"keep", "revoke"}
}

# Names of accounts have no case, as in the snapshot's collector.
is_about_account(decision, account) if {
	decision.system == account.system
	fold(decision.account) == fold(account.account)
}

is_about_role(decision, _) if speaks_of_all(decision)

is_about_role(decision, power) if decision.role == power.role

speaks_of_all(decision) if {
	is_object(decision)
	not "role" in object.keys(decision)
}

is_matched(decision) if {
	some power in powers
	is_about_account(decision, power)
	is_about_role(decision, power)
}

is_on_roster(decision) if person(decision.reviewer)

is_same_person(reviewer, account) if person(reviewer) == holder(account)

# Also where neither is on the roster.
is_same_person(reviewer, account) if fold(reviewer) == fold(account.subject)

is_same_person(reviewer, account) if fold(reviewer) == fold(account.account)

holder(account) := person(account.subject)

holder(account) := person(account.account) if not "subject" in object.keys(account)

has_holder(account) if holder(account)

is_service(account) if label(account) in input.parameters.serviceAccounts

is_in_term(decision) if {
	decided := moment(decision.decidedAt)
	decided >= taken
	decided <= now + skew
	decided - taken <= within_days * day
}

is_used(account) if taken - moment(account.lastUsedAt) <= input.parameters.dormantDays * day

is_revoked(account) if {
	some _, decision in revocations
	is_about_account(decision, account)
	speaks_of_all(decision)
}

is_proved(decision) if {
	decision.system in input.facts.next.systems
	is_string(input.evidence.next.sha256)
	input.facts.campaign.next.sha256 == input.evidence.next.sha256
	later := moment(input.facts.campaign.next.takenAt)
	later >= moment(decision.decidedAt)
	later <= now + skew
}

is_still_there(decision) if {
	some account in input.facts.next.accounts
	not is_disabled(account)
	is_about_account(decision, account)
	is_role_there(decision, account)
}

is_role_there(decision, _) if speaks_of_all(decision)

is_role_there(decision, account) if decision.role in roles_of(account)

# Everything that a person is called; what two people are called names neither.
names_by_identity[identity] contains somebody.name if {
	some somebody in input.facts.roster.people
	is_string(somebody.name)
	some field in ["logins", "emails"]
	some written in somebody[field]
	identity := fold(written)
}

names_by_identity[identity] contains somebody.name if {
	some somebody in input.facts.roster.people
	identity := fold(somebody.name)
}

person(text) := name if {
	names := names_by_identity[fold(text)]
	count(names) == 1
	some name in names
}

fold(text) := lower(text) if is_string(text)

label(power) := sprintf("%s/%s/%s", [power.system, power.account, power.role]) if {
	is_string(power.role)
} else := sprintf("%s/%s", [power.system, power.account])

decision_label(decision, number) := label(decision) if {
	is_string(decision.system)
	is_string(decision.account)
} else := sprintf("decision %d", [number + 1])

every_days := object.get(input.parameters, "everyDays", 92)

within_days := object.get(input.parameters, "withinDays", every_days)

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
