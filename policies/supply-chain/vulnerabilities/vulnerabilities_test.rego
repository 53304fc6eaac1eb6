package probanda.supply_chain.vulnerabilities_test

import data.probanda.supply_chain.vulnerabilities as subject

test_a_package_is_this_one_with_or_without_version_and_qualifiers if {
	component := {"purl": "pkg:deb/debian/curl@7.50?arch=i386#usr"}
	every written in ["pkg:deb/debian/curl@7.50?arch=i386#usr", "pkg:deb/debian/curl@7.50", "pkg:deb/debian/curl"] {
		subject.is_package(written, component)
	}
	every written in ["pkg:deb/debian/curl@7.50?arch=amd64", "pkg:deb/debian/curl@7.5", "pkg:deb/debian", "curl", ""] {
		not subject.is_package(written, component)
	}
}

test_a_scope_is_no_version if {
	subject.unversioned("pkg:npm/%40acme/a@1.0") == "pkg:npm/%40acme/a"
	subject.unversioned("pkg:npm/@acme/a") == "pkg:npm/@acme/a"
}

test_an_unknown_severity_is_the_worst if {
	subject.severity({"severity": "low"}) == "low"
	subject.severity({"severity": "unknown"}) == "critical"
	subject.severity({}) == "critical"
}

test_names_are_the_id_and_the_aliases if {
	subject.names({"id": "A", "aliases": ["B"]}) == {"A", "B"}
	subject.names({"id": "A"}) == {"A"}
}

test_a_place_is_a_path_or_unknown if {
	subject.place({"locations": [{"uri": "a.lock"}]}) == "a.lock"
	subject.place({"locations": [{"uri": ""}]}) == "an unknown place"
	subject.place({"locations": []}) == "an unknown place"
}

test_an_instant_has_a_zone_and_a_day_that_exists if {
	subject.is_instant("2026-11-20T10:00:00Z")
	subject.is_instant("2024-02-29T10:00:00.5+05:30")
	every text in ["2026-11-20T10:00:00", "2026-11-20", "2026-02-29T00:00:00Z", "2026-11-31T00:00:00Z", "9999-01-01T00:00:00Z", ""] {
		not subject.is_instant(text)
	}
	not subject.is_instant(null)
}
