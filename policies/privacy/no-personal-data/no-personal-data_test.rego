package probanda.privacy.no_personal_data_test

import data.probanda.privacy.no_personal_data as personal

kinds_of(text) := personal.found(text)

test_e_mail_addresses if {
	kinds_of("ada@example.org") == {"email"}
	kinds_of("to=ada%40mail.example.org;") == {"email"}
	kinds_of("pkg:npm/left@1.0.10") == set()
	kinds_of("@scope/name") == set()
	kinds_of("ada@localhost") == set()
}

test_telephone_numbers if {
	kinds_of("call +1 (555) 123-4567 now") == {"phone"}
	kinds_of("+4930901820") == {"phone"}
	kinds_of("(555) 123-4567") == {"phone"}
	kinds_of("555-123-4567") == {"phone"}
	kinds_of("2026-01-01T00:00:00+10:00") == set()
	kinds_of("+123456") == set()
	kinds_of("12345678901") == set()
}

test_addresses_of_machines if {
	kinds_of("from 192.0.2.1:443") == {"ip"}
	kinds_of("2001:db8::1") == {"ip"}
	kinds_of("2001:db8:0:0:0:0:0:1") == {"ip"}
	kinds_of("::1") == {"ip"}
	kinds_of("::") == set()
	kinds_of("1.2.3") == set()
	kinds_of("1.2.3.4.5") == set()
	kinds_of("256.0.0.1") == set()
	kinds_of("12:30:45") == set()
	kinds_of("std::string") == set()
}

test_cards_have_a_check_digit if {
	kinds_of("4111111111111111") == {"card"}
	kinds_of("5500-0000-0000-0004") == {"card"}
	kinds_of("3400 0000 0000 009") == {"card"}
	kinds_of("4111111111111112") == set()
	kinds_of("1111111111111117") == set()
	kinds_of("411111111111") == set()
	kinds_of("41111111111111111111") == set()
}

test_bank_accounts_have_two if {
	kinds_of("DE89370400440532013000") == {"iban"}
	kinds_of("gb82 west 1234 5698 7654 32") == {"iban"}
	kinds_of("NO9386011117947") == {"iban"}
	kinds_of("DE88370400440532013000") == set()
	kinds_of("ZZ89370400440532013000") == set()
	personal.is_iban("DE89370400440532013000")
	not personal.is_iban("DE863704004405320130")
}

test_american_numbers_that_were_given_out if {
	kinds_of("078-05-1120") == {"us-ssn"}
	kinds_of("899-05-1120") == {"us-ssn"}
	kinds_of("000-05-1120") == set()
	kinds_of("666-05-1120") == set()
	kinds_of("900-05-1120") == set()
	kinds_of("078-00-1120") == set()
	kinds_of("078-05-0000") == set()
}

test_spanish_numbers_have_a_letter if {
	kinds_of("12345678Z") == {"es-dni"}
	kinds_of("12345678-z") == {"es-dni"}
	kinds_of("X1234567L") == {"es-dni"}
	kinds_of("Y1234567X") == {"es-dni"}
	kinds_of("Z1234567R") == {"es-dni"}
	kinds_of("12345678A") == set()
}

test_french_numbers_have_two_digits if {
	"fr-nir" in kinds_of("2 55 08 14 168 025 38")
	"fr-nir" in kinds_of("255081416802538")
	not "fr-nir" in kinds_of("255081416802539")
	not "fr-nir" in kinds_of("255001416802546")
}

test_names_of_fields if {
	every name in [
		"email", "userEmail", "e-mail", "E-mail address", "contact_phone", "msisdn", "SSN", "dateOfBirth",
		"birth_date", "last_name", "surname", "clientIp", "ip", "ip_address", "zipCode", "credit_card", "cardNumber",
	] {
		personal.is_personal_name(name) with input as {"parameters": {}}
	}
	every name in ["businessname", "className", "tenant_id", "quantity", "kind", "ship", "zip_file", "name"] {
		not personal.is_personal_name(name) with input as {"parameters": {}}
	}
}

test_names_that_the_gate_adds_are_whole_words if {
	personal.is_personal_name("patient_code") with input as {"parameters": {"names": ["patient"]}}
	personal.is_personal_name("the_patient") with input as {"parameters": {"names": ["patient"]}}
	not personal.is_personal_name("impatient") with input as {"parameters": {"names": ["patient"]}}
}

test_a_path_repeats_nothing_that_could_be_a_value if {
	personal.field_of("events", [7, "user", "mails", 0]) == "user.mails.*"
	personal.field_of("events", [7, "by", "ada@example.org"]) == "by.*"
	personal.field_of("events", [7, "by", "X1234567L"]) == "by.*"
	personal.field_of("events", [7, "by", "X1234567L"]) == "by.X1234567L" with input as {"parameters": {"kinds": ["email"]}}
	personal.field_of("document", ["users", 3, "mail"]) == "users.*.mail"
	personal.field_of("document", ["Ada Lovelace"]) == "*"
	personal.field_of("table", [0, "E-mail address"]) == "E-mail address"
	personal.field_of("table", [0, "4711"]) == "*"
}

# The registry of ISO 13616 once more, the other way round.
test_bank_accounts_have_the_length_of_their_country if {
	by_length := {
		15: {"NO"},
		16: {"BE"},
		18: {"DK", "FI", "FO", "GL", "NL", "SD"},
		19: {"MK", "SI"},
		20: {"AT", "BA", "EE", "KZ", "LT", "LU", "XK"},
		21: {"CH", "HR", "LI", "LV"},
		22: {"BG", "BH", "CR", "DE", "GB", "GE", "IE", "ME", "RS", "VA"},
		23: {"AE", "GI", "IL", "IQ", "TL"},
		24: {"AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"},
		25: {"LY", "PT", "ST"},
		26: {"IS", "TR"},
		27: {"FR", "GR", "IT", "MC", "MR", "SM"},
		28: {"AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "PL", "SV"},
		29: {"BR", "EG", "PS", "QA", "UA"},
		30: {"JO", "KW", "MU"},
		31: {"MT", "SC"},
		32: {"LC"},
	}
	every length, countries in by_length {
		countries == {country | some country, size in personal.iban_lengths; size == length}
	}
	count(personal.iban_lengths) == sum([count(countries) | some countries in by_length])
}
