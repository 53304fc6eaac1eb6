package probanda.evidence.freshness_test

import data.probanda.evidence.freshness as fresh

test_an_instant_has_a_zone if {
	fresh.is_instant("2026-11-20T10:00:00Z")
	fresh.is_instant("2026-11-20T10:00:00.123456789+05:30")
	not fresh.is_instant("2026-11-20T10:00:00")
	not fresh.is_instant("2026-11-20")
	not fresh.is_instant("at 2026-11-20T10:00:00Z")
	not fresh.is_instant("2026-11-20T10:00:00Z or so")
	not fresh.is_instant(20261120)
	not fresh.is_instant(null)
}

test_an_instant_is_on_a_day_that_exists if {
	fresh.is_instant("2024-02-29T00:00:00Z")
	not fresh.is_instant("2026-02-29T00:00:00Z")
	not fresh.is_instant("2026-02-30T00:00:00Z")
	not fresh.is_instant("2026-04-31T00:00:00Z")
	not fresh.is_instant("2026-13-01T00:00:00Z")
	not fresh.is_instant("2026-01-01T24:00:00Z")
	not fresh.is_instant("1969-12-31T00:00:00Z")
	not fresh.is_instant("9999-12-31T00:00:00Z")
}

test_an_instant_is_a_number_of_nanoseconds if {
	fresh.moment("1970-01-01T00:00:01Z") == 1000000000
	fresh.moment("2024-02-29T00:00:00Z") == 1709164800000000000
}

test_a_duration_is_a_number_and_a_unit if {
	fresh.duration("90s") == 90000000000
	fresh.duration("15m") == 900000000000
	fresh.duration("1h") == 3600000000000
	fresh.duration("1d") == 86400000000000
	fresh.duration("2w") == 1209600000000000
}

test_anything_else_is_no_duration if {
	every text in ["", "1", "h", "-1h", "1.5h", "1H", "1h30m", "1000000h", " 1h"] {
		not fresh.duration(text)
	}
}
