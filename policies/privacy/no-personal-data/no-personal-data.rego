# METADATA
# title: Personal data where none belongs
# description: >-
#   Every text, number, key and column name is looked at. A finding says where, which kind and how
#   often; it never repeats a value, nor a key that could be one.
package probanda.privacy.no_personal_data

# METADATA
# title: There is nothing to look at
# description: An empty log, or a gate that gives no fact, proves nothing.
# custom:
#   id: nothing-looked-at
#   severity: high
#   remediation: Give the check at least one of events, table and document, and none that is empty.
findings contains finding if {
	some source in array.concat([name | some name in given], [name | count(given) == 0; name := "facts"])
	not source in filled
	finding := {
		"rule": "nothing-looked-at",
		"key": source,
		"message": sprintf("%s hold nothing that could be looked at", [source]),
	}
}

# METADATA
# title: A field is named like personal data
# custom:
#   id: personal-field
#   severity: high
#   remediation: Leave the field out at its source; allow it, with kind name, where the name misleads.
findings contains finding if {
	"name" in kinds
	some source, fields in named
	some field in fields
	not is_allowed(field, "name")
	finding := {
		"rule": "personal-field",
		"key": sprintf("%s %s", [source, field]),
		"message": sprintf("the field %s of %s is named like personal data", [field, source]),
	}
}

# METADATA
# title: Values look like personal data
# description: Numbers that carry check digits are held against them.
# custom:
#   id: personal-value
#   severity: critical
#   remediation: >-
#     Leave the value out at its source, or keep a keyed hash of it; what was written already is to
#     be deleted where it stands.
findings contains finding if {
	some label, places in hits
	[source, field, kind] := label
	not is_allowed(field, kind)
	finding := {
		"rule": "personal-value",
		"key": sprintf("%s %s %s", [source, field, kind]),
		"message": sprintf("the field %s of %s holds what looks like %s, %d times", [field, source, kind, count(places)]),
	}
}

# METADATA
# title: Text is too long to be a name or an id
# custom:
#   id: free-text
#   severity: medium
#   remediation: Replace free text by a code; allow it, with kind text, where it is meant.
findings contains finding if {
	longest := input.parameters.maxTextLength
	some source, field
	texts[source][field]
	lengths := [size | some size in texts[source][field]; size > longest]
	not is_allowed(field, "text")
	finding := {
		"rule": "free-text",
		"key": sprintf("%s %s", [source, field]),
		"message": sprintf("the field %s of %s holds text of %d characters, at most %d", [field, source, max(lengths), longest]),
	}
}

default kinds := {"card", "email", "es-dni", "fr-nir", "iban", "ip", "name", "phone", "us-ssn"}

kinds := {kind | some kind in input.parameters.kinds} if is_array(input.parameters.kinds)

# A fact that is there and null was given, and shows nothing.
given contains source if {
	some source in ["events", "table", "document"]
	source in object.keys(input.facts)
}

content["events"] := input.facts.events.records

content["table"] := input.facts.table.rows

content["document"] := input.facts.document

filled contains source if {
	some source, value in content
	is_collection(value)
	count(value) > 0
}

is_collection(value) if is_array(value)

is_collection(value) if is_object(value)

# Keys, wherever they stand, and columns, whether or not they have a value.
named[source] contains field_of(source, path) if {
	some source, value in content
	walk(value, [path, _])
	is_personal_name(key_of(path))
}

named["table"] contains field_of("table", [0, name]) if {
	some name in columns
	is_personal_name(name)
}

columns contains column if {
	some column in input.facts.table.columns
	is_string(column)
}

columns contains column.name if some column in input.facts.table.columns

hits[[source, field_of(source, path), kind]] contains path if {
	some source, value in content
	walk(value, [path, leaf])
	some kind in kinds_in[text_of(leaf)]
}

# A map may be keyed by what should not be there.
hits[[source, field_of(source, path), kind]] contains path if {
	some source, value in content
	walk(value, [path, _])
	some kind in kinds_in[key_of(path)]
}

# Each text once, and only those that could be anything: logs repeat themselves.
kinds_in[text] contains kind if {
	some text in all_texts
	regex.match(`@|%40|:.*:|(?:[0-9][^0-9]*){4}`, text)
	some kind in found(text)
}

all_texts contains text_of(leaf) if {
	some value in content
	walk(value, [_, leaf])
}

all_texts contains key_of(path) if {
	some value in content
	walk(value, [path, _])
}

texts[source][field_of(source, path)] contains count(leaf) if {
	some source, value in content
	walk(value, [path, leaf])
	is_string(leaf)
}

key_of(path) := path[count(path) - 1] if is_string(path[count(path) - 1])

text_of(leaf) := leaf if is_string(leaf)

text_of(leaf) := sprintf("%v", [leaf]) if is_number(leaf)

# The number of the record is no part of a field's path.
field_of("document", path) := concat(".", [shown(part, `[\w-]`) | some part in path])

field_of("events", path) := concat(".", [shown(part, `[\w-]`) | some number, part in path; number > 0])

# A column's name may be words.
field_of("table", path) := concat(".", [shown(part, `[\w ./-]`) | some number, part in path; number > 0])

shown(part, characters) := part if {
	is_string(part)
	regex.match(concat("", [`^[A-Za-z_]`, characters, `{0,63}$`]), part)
	found(part) == set()
} else := "*"

is_allowed(field, kind) if {
	some entry in input.parameters.allow
	glob.match(entry.field, ["."], field)
	kind in entry.kinds
}

# "userEmail", "user-email" and "User e-mail" are the words user_email, user_e_mail.
is_personal_name(name) if regex.match(personal_names, words_of(name))

is_personal_name(name) if {
	some wanted in input.parameters.names
	contains(concat("", ["_", words_of(name), "_"]), concat("", ["_", wanted, "_"]))
}

words_of(name) := lower(regex.replace(regex.replace(name, `([a-z0-9])([A-Z])`, "${1}_${2}"), `[^\pL\pN]+`, "_"))

personal_names := concat("", [
	`(?:^|_)(?:`,
	concat("|", [
		`e_?mails?`, `e?_?mail_?address`, `phones?`, `phone_?numbers?`, `telephone`, `mobile_?(?:phone|number)`, `msisdn`,
		`ssn`, `social_security`, `national_id`, `passport`, `drivers?_licen[cs]e`, `tax_id`, `iban`,
		`credit_?card`, `card_?number`, `birth_?(?:date|day|place)`, `date_of_birth`, `dob`,
		`(?:first|last|middle|given|family|sur|full|maiden)_?name`, `ip`, `(?:client|remote|user)_?ip`, `ip_?addr(?:ess)?`,
		`street`, `(?:home|postal|street)_?address`, `(?:post|postal|zip)_?code`,
	]),
	`)(?:_|$)`,
])

found(text) := {kind | some kind in kinds; looks_like(kind, text)}

# `%40` is how a link spells `@`.
looks_like("email", text) if {
	regex.match(`[^\s@"'<>(),;:=/]+(?:@|%40)(?:[\pL\pN-]+\.)+(?:\pL{2,}|xn--[a-z0-9-]+)`, text)
}

looks_like("phone", text) if regex.match(`(?:^|[^\w+])\+[1-9](?:[ ().-]{0,2}[0-9]){6,14}(?:[^\w]|$)`, text)

looks_like("phone", text) if regex.match(`(?:^|[^\w.-])(?:\([0-9]{3}\) ?|[0-9]{3}[-.])[0-9]{3}[-.][0-9]{4}(?:[^\w-]|$)`, text)

looks_like("ip", text) if {
	some token in regex.find_n(`[0-9]+(?:\.[0-9]+){3,}`, text, -1)
	net.cidr_is_valid(concat("", [token, "/32"]))
}

looks_like("ip", text) if {
	some token in regex.find_n(`[0-9A-Za-z]*(?::[0-9A-Za-z]*){2,}`, text, -1)
	net.cidr_is_valid(concat("", [token, "/128"]))
	token != "::"
}

looks_like("card", text) if {
	some token in regex.find_n(`\b[2-6](?:[ -]?[0-9]){12,18}\b`, text, -1)
	luhn(digits(token))
}

looks_like("iban", text) if {
	some token in regex.find_n(`\b[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?\b`, upper(text), -1)
	is_iban(replace(token, " ", ""))
}

# Never given out: 000, 666 and 9xx, group 00, serial 0000 (ssa.gov, SSN randomisation).
looks_like("us-ssn", text) if {
	some token in regex.find_n(`\b[0-8][0-9]{2}-[0-9]{2}-[0-9]{4}\b`, text, -1)
	not regex.match(`^(?:000|666)|-00-|-0000$`, token)
}

# The letter is the number modulo 23; X, Y and Z of foreigners stand for 0, 1 and 2.
looks_like("es-dni", text) if {
	some token in regex.find_n(`\b[0-9XYZ][0-9]{7}-?[A-Z]\b`, upper(text), -1)
	number := replace(replace(replace(substring(token, 0, 8), "X", "0"), "Y", "1"), "Z", "2")
	substring("TRWAGMYFPDXBNJZSQVHLCKE", to_number(number) % 23, 1) == substring(token, count(token) - 1, 1)
}

# The last two digits are 97 less the others modulo 97.
looks_like("fr-nir", text) if {
	some token in regex.find_n(`\b[12] ?[0-9]{2} ?(?:0[1-9]|[1-9][0-9]) ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b`, text, -1)
	number := digits(token)
	97 - (to_number(substring(number, 0, 13)) % 97) == to_number(substring(number, 13, 2))
}

digits(text) := regex.replace(text, `[^0-9]`, "")

# ISO/IEC 7812-1, annex B.
luhn(number) if {
	size := count(number)
	sum([doubled(to_number(substring(number, place, 1)), (size - place) % 2) |
		some place in numbers.range(0, size - 1)
	]) % 10 == 0
}

doubled(digit, 1) := digit

doubled(digit, 0) := digit * 2 if digit < 5

doubled(digit, 0) := (digit * 2) - 9 if digit >= 5

# ISO 13616-1: with the first four characters at the end and letters as 10 to 35, it is 1 modulo 97.
is_iban(token) if {
	count(token) == iban_lengths[substring(token, 0, 2)]
	turned := concat("", [substring(token, 4, -1), substring(token, 0, 4)])
	number := concat("", [value | some sign in split(turned, ""); value := iban_value(sign)])
	to_number(number) % 97 == 1
}

iban_value(sign) := sign if regex.match(`^[0-9]$`, sign)

iban_value(sign) := sprintf("%d", [indexof("ABCDEFGHIJKLMNOPQRSTUVWXYZ", sign) + 10]) if regex.match(`^[A-Z]$`, sign)

iban_lengths := {
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
	"BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
	"ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
	"HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
	"LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22,
	"MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25,
	"QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
	"ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}
