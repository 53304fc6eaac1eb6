# METADATA
# title: Independent approval of a change
# description: >-
#   Who approves is a person of the roster, under whichever login. Who wrote any of its commits, is
#   named in them as co-author, opened it or pushed last is not independent. An approval counts for
#   the head commit alone, and a later opinion of the same person replaces it.
package probanda.change.review

# METADATA
# title: Nothing says which change this is
# custom:
#   id: unknown-change
#   severity: high
#   remediation: Run the gate on an event of a pull request, with its author and head commit.
findings contains finding if {
	not states_change
	finding := {
		"rule": "unknown-change",
		"key": "event",
		"message": "the event states no author or no head commit",
	}
}

# METADATA
# title: Nobody asked for the reviews
# description: An event alone has none; not asked is not the same as none.
# custom:
#   id: reviews-missing
#   severity: high
#   remediation: Have the job add the reviews to the event, all pages of them.
findings contains finding if {
	not lists_reviews
	finding := {
		"rule": "reviews-missing",
		"key": "event",
		"message": "the event comes without reviews",
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
# title: The commits are not those of the change
# description: No commit, or not up to the head that the event states.
# custom:
#   id: other-commits
#   severity: high
#   remediation: Check out the head of the pull request with its history, not a merge of it.
findings contains finding if {
	not has_its_commits
	finding := {
		"rule": "other-commits",
		"key": "change",
		"message": "the commits that were read are not those up to the head of the pull request",
	}
}

# METADATA
# title: Nobody knows who pushed last
# description: >-
#   The head may hold what its last pusher put there under somebody else's name. An event of a push
#   (action synchronize) says who it was; otherwise the job must ask.
# custom:
#   id: unknown-pusher
#   severity: high
#   remediation: Have the job add the last push to the event, from the repository's activity.
findings contains finding if {
	not has_pusher
	finding := {
		"rule": "unknown-pusher",
		"key": "event",
		"message": "nothing says who pushed last",
	}
}

# METADATA
# title: Somebody who is not on the roster contributed
# description: They may be the reviewer under another name.
# custom:
#   id: unknown-contributor
#   severity: high
#   remediation: Add their logins and addresses to the roster, or set allowUnmappedContributors.
findings contains finding if {
	some identity in contributing
	not person(identity)
	not allows_unmapped
	finding := {
		"rule": "unknown-contributor",
		"key": label(identity),
		"message": sprintf("%s contributed and is not on the roster", [label(identity)]),
	}
}

# METADATA
# title: Too few independent people approved the head commit
# custom:
#   id: approvals-missing
#   severity: high
#   remediation: Ask somebody on the roster who did not contribute to approve the head commit.
findings contains finding if {
	count(approving) < wanted
	finding := {
		"rule": "approvals-missing",
		"key": "approvals",
		"message": sprintf("%d independent people approve the head commit, %d must", [count(approving), wanted]),
	}
}

# METADATA
# title: Nobody with a required role approved
# custom:
#   id: role-missing
#   severity: high
#   remediation: Ask somebody with the role who did not contribute to approve the head commit.
findings contains finding if {
	some role in input.parameters.roles
	not is_held(role)
	finding := {
		"rule": "role-missing",
		"key": role,
		"message": sprintf("nobody with the role %s approves the head commit", [role]),
	}
}

# METADATA
# title: Somebody on the roster asks for changes
# description: Their last opinion, whichever commit they gave it on.
# custom:
#   id: changes-requested
#   severity: high
#   remediation: Settle it with them; they approve, or somebody dismisses the review and says why.
findings contains finding if {
	some name, review in opinions
	review.state == "changesRequested"
	finding := {
		"rule": "changes-requested",
		"key": name,
		"message": sprintf("%s asks for changes", [name]),
	}
}

states_change if {
	is_named(input.facts.event.author.login)
	is_named(input.facts.event.head.sha)
}

lists_reviews if is_array(input.facts.event.reviews)

has_its_commits if {
	is_array(input.facts.change.commits)
	input.facts.change.commits[count(input.facts.change.commits) - 1].id == input.facts.event.head.sha
	input.facts.change.head == input.facts.event.head.sha
}

has_pusher if is_named(input.facts.event.pusher.login)

default allows_unmapped := false

allows_unmapped if input.parameters.allowUnmappedContributors == true

# Logins and addresses of everybody who had a hand in it; null stands for one that cannot be read.
contributing contains identity if {
	some field in ["author", "pusher"]
	identity := input.facts.event[field].login
}

contributing contains identity if {
	some commit in input.facts.change.commits
	some field in ["author", "committer"]
	identity := address(object.get(commit, [field, "email"], null))
	# GitHub itself commits what is edited on its pages; the author is the person then.
	not is_forge(field, identity)
}

contributing contains identity if {
	some commit in input.facts.change.commits
	some trailer in commit.trailers
	fold(trailer.key) in {"co-authored-by", "co-developed-by"}
	identity := address(bracketed(trailer.value))
}

is_forge("committer", identity) if identity == "noreply@github.com"

bracketed(text) := parts[1] if {
	[parts] := regex.find_all_string_submatch_n(`<([^<>]*)>\s*$`, text, 1)
} else := null

# GitHub's address for those who hide theirs is a login: ID+LOGIN@users.noreply.github.com.
address(text) := login[1] if {
	is_string(text)
	[login] := regex.find_all_string_submatch_n(`^(?:[0-9]+\+)?([A-Za-z0-9-]+(?:\[bot\])?)@users\.noreply\.github\.com$`, lower(text), 1)
} else := text

involved contains name if {
	some identity in contributing
	name := person(identity)
}

# Of each person, under all their logins, the last opinion; comments are none.
opinions[name] := review if {
	some name in reviewers
	given := [position |
		some position, review in input.facts.event.reviews
		is_opinion_of(review, name)
	]
	review := input.facts.event.reviews[max(given)]
}

reviewers contains name if {
	some review in input.facts.event.reviews
	name := person(review.reviewer.login)
	review.state != "commented"
}

is_opinion_of(review, name) if {
	person(review.reviewer.login) == name
	review.state != "commented"
}

approving contains name if {
	some name, review in opinions
	review.state == "approved"
	review.commit == input.facts.event.head.sha
	review.reviewer.type == "User"
	not name in involved
	states_change
	has_its_commits
}

is_held(role) if {
	some somebody in input.facts.roster.people
	somebody.name in approving
	role in somebody.roles
}

# Everything that a person is called; what two people are called names neither.
names_by_identity[identity] contains somebody.name if {
	some somebody in input.facts.roster.people
	is_named(somebody.name)
	some field in ["logins", "emails"]
	some written in somebody[field]
	identity := fold(written)
}

person(text) := name if {
	names := names_by_identity[fold(text)]
	count(names) == 1
	some name in names
}

fold(text) := lower(text) if is_string(text)

is_named(text) if {
	is_string(text)
	trim_space(text) != ""
}

wanted := object.get(input.parameters, "approvals", 1)

label(identity) := identity if {
	is_named(identity)
} else := "somebody without an address"
