# METADATA
# title: Age, expiry and owners of secrets
# description: >-
#   Judges an inventory, never a secret. A secret that its store has deleted is out of use and not
#   judged. What the inventory does not say counts against the secret.
package probanda.secrets.rotation

# METADATA
# title: The inventory lists no secret
# description: An empty or unreadable list proves nothing.
# custom:
#   id: no-secrets
#   severity: high
#   remediation: Check that the inventory was made with the right to list the store.
findings contains finding if {
	not lists_secrets
	finding := {
		"rule": "no-secrets",
		"key": "inventory",
		"message": "the inventory lists no secret, so none was checked",
	}
}

# METADATA
# title: A secret has no owner
# custom:
#   id: no-owner
#   severity: medium
#   remediation: Name who answers for it in its store, or an owner for the store in the gate.
findings contains finding if {
	some secret in judged
	not has_owner(secret)
	finding := {
		"rule": "no-owner",
		"key": label(secret),
		"message": sprintf("nobody is named who answers for %s", [label(secret)]),
	}
}

# METADATA
# title: A secret has expired
# custom:
#   id: expired
#   severity: critical
#   remediation: Rotate it now, and find out what ran on it since.
findings contains finding if {
	some secret in judged
	moment(secret.expiresAt) <= now
	finding := {
		"rule": "expired",
		"key": label(secret),
		"message": sprintf("%s expired at %s", [label(secret), secret.expiresAt]),
	}
}

# METADATA
# title: A secret is about to expire, and no rotation has begun
# custom:
#   id: expiring
#   severity: high
#   remediation: Start its rotation; the log of rotations must show it.
findings contains finding if {
	some secret in judged
	expiry := moment(secret.expiresAt)
	expiry > now
	expiry - now < expiry_days * day
	not is_being_rotated(secret)
	finding := {
		"rule": "expiring",
		"key": label(secret),
		"message": sprintf("%s expires at %s, and no rotation has begun", [label(secret), secret.expiresAt]),
	}
}

# METADATA
# title: A secret is older than allowed
# custom:
#   id: too-old
#   severity: high
#   remediation: Rotate it.
findings contains finding if {
	some secret in judged
	now - moment(secret.rotatedAt) > max_age_days * day
	finding := {
		"rule": "too-old",
		"key": label(secret),
		"message": sprintf("%s was last rotated at %s, more than %d days ago", [label(secret), secret.rotatedAt, max_age_days]),
	}
}

# METADATA
# title: A secret was never rotated
# description: >-
#   Or nobody knows when. A secret that was made within the allowed age needs no rotation yet; one
#   of unknown age does.
# custom:
#   id: never-rotated
#   severity: high
#   remediation: Rotate it, and have the inventory state when.
findings contains finding if {
	some secret in judged
	not states(secret, "rotatedAt")
	not is_young(secret)
	finding := {
		"rule": "never-rotated",
		"key": label(secret),
		"message": sprintf("nothing shows that %s was ever rotated", [label(secret)]),
	}
}

# METADATA
# title: A planned rotation did not happen
# custom:
#   id: rotation-overdue
#   severity: high
#   remediation: Look why the store's rotation failed, and rotate it.
findings contains finding if {
	some secret in judged
	secret.rotation.enabled == true
	moment(secret.rotation.nextAt) < now
	finding := {
		"rule": "rotation-overdue",
		"key": label(secret),
		"message": sprintf("the rotation of %s was due at %s", [label(secret), secret.rotation.nextAt]),
	}
}

# METADATA
# title: Dates of a secret cannot be true
# description: Unreadable, of the future, or in an order in which they cannot have happened.
# custom:
#   id: impossible-date
#   severity: high
#   remediation: Correct the inventory, or the clock of what wrote it.
findings contains finding if {
	some secret in judged
	some problem in impossible(secret)
	finding := {
		"rule": "impossible-date",
		"key": sprintf("%s %s", [label(secret), problem]),
		"message": sprintf("%s of %s cannot be true", [problem, label(secret)]),
	}
}

# METADATA
# title: The log of rotations cannot be read
# description: A log without a list of rotations shows none, and excuses nothing.
# custom:
#   id: unreadable-rotations
#   severity: high
#   remediation: "Write {rotations: [{store, name, triggeredAt, state}]}."
findings contains finding if {
	"rotations" in object.keys(input.facts)
	not lists_rotations
	not input.evidence.rotations.missing == "empty"
	finding := {
		"rule": "unreadable-rotations",
		"key": "rotations",
		"message": "the log of rotations holds no list `rotations`",
	}
}

lists_secrets if {
	is_array(input.facts.inventory.secrets)
	count(input.facts.inventory.secrets) > 0
}

lists_rotations if is_array(input.facts.rotations.rotations)

judged contains secret if {
	some secret in input.facts.inventory.secrets
	not is_deleted(secret)
}

is_deleted(secret) if moment(secret.deletedAt) <= now

has_owner(secret) if is_named(secret.owner)

has_owner(secret) if {
	not states(secret, "owner")
	is_named(input.parameters.owners[secret.store])
}

is_named(text) if {
	is_string(text)
	trim_space(text) != ""
}

# Begun since the last rotation, not failed, and recent enough to be about this expiry.
is_being_rotated(secret) if {
	lists_rotations
	some rotation in input.facts.rotations.rotations
	rotation.name == secret.name
	object.get(rotation, "store", null) == object.get(secret, "store", null)
	rotation.state in {"triggered", "running", "succeeded"}
	begun := moment(rotation.triggeredAt)
	begun <= now
	now - begun <= expiry_days * day
	begun > last_change(secret)
}

last_change(secret) := moment(secret.rotatedAt) if {
	states(secret, "rotatedAt")
} else := moment(secret.createdAt) if {
	states(secret, "createdAt")
} else := 0

is_young(secret) if now - moment(secret.createdAt) <= max_age_days * day

states(secret, key) if {
	is_object(secret)
	key in object.keys(secret)
}

# Names of the dates that cannot be true.
impossible(secret) := unreadable | future | reversed if {
	unreadable := {key |
		some key in {"createdAt", "rotatedAt", "expiresAt", "deletedAt"}
		states(secret, key)
		not is_instant(secret[key])
	}
	future := {key |
		some key in {"createdAt", "rotatedAt"}
		moment(secret[key]) > now + skew
	}
	reversed := {later |
		some [earlier, later] in [
			["createdAt", "rotatedAt"],
			["createdAt", "expiresAt"],
			["rotatedAt", "expiresAt"],
		]
		moment(secret[earlier]) > moment(secret[later])
	}
}

label(secret) := concat("/", [part | some part in [secret.store, secret.name]]) if {
	is_named(secret.name)
	is_named(secret.store)
} else := secret.name if {
	is_named(secret.name)
} else := "a secret without a name"

max_age_days := object.get(input.parameters, "maxAgeDays", 90)

expiry_days := object.get(input.parameters, "expiryDays", 7)

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
