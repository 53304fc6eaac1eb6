package probanda.secrets.rotation_test

import data.probanda.secrets.rotation as secrets

test_an_instant_has_a_zone_and_a_day_that_exists if {
	secrets.is_instant("2026-11-20T10:00:00Z")
	secrets.is_instant("2024-02-29T10:00:00.5+05:30")
	every text in ["2026-11-20T10:00:00", "2026-11-20", "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "1969-12-31T00:00:00Z", "9999-01-01T00:00:00Z", ""] {
		not secrets.is_instant(text)
	}
	not secrets.is_instant(null)
	not secrets.is_instant(20261120)
}

test_a_name_is_text_with_something_in_it if {
	secrets.is_named("ada")
	not secrets.is_named(" ")
	not secrets.is_named(null)
	not secrets.is_named(["ada"])
}

test_a_secret_is_called_by_its_store_and_name if {
	secrets.label({"store": "vault", "name": "a"}) == "vault/a"
	secrets.label({"name": "a"}) == "a"
	secrets.label({"store": "vault"}) == "a secret without a name"
	secrets.label(null) == "a secret without a name"
}

test_dates_that_cannot_be_true_are_named if {
	secrets.impossible({"createdAt": "never", "expiresAt": null}) == {"createdAt", "expiresAt"} with input.asOf as "2026-11-20T00:00:00Z"
	secrets.impossible({}) == set() with input.asOf as "2026-11-20T00:00:00Z"
}
