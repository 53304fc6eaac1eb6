"""DSSE envelopes and detached document signatures."""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from probanda.errors import CannotVerifyError, ParseError, VerificationFailedError
from probanda.sign import (
    DOCUMENT_TYPE,
    fingerprint,
    generate_ed25519,
    generate_p256,
    pae,
    parse_envelope,
    private_pem,
    public_pem,
    sign_document,
    verify_document,
    verify_envelope,
)
from probanda.sign.keys import sign_bytes

DOCUMENT = "kind: Waiver\nreason: größer\n".encode()


@pytest.fixture(scope="module", params=[generate_p256, generate_ed25519])
def key(request):
    return request.param()


@pytest.fixture
def signed(key):
    return json.loads(sign_document(DOCUMENT, private_pem(key)))


def check(key, document, payload=DOCUMENT):
    verify_document(payload, json.dumps(document), public_pem(key.public_key()))


def test_the_encoding_counts_bytes_not_characters():
    # DSSE protocol.md.
    assert (
        pae("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("größe", "ä".encode()) == "DSSEv1 7 größe 2 ä".encode()


def test_the_vector_of_the_dsse_specification_verifies():
    # DSSE protocol.md, "Test Vectors": P-256, raw r ‖ s.
    x = 46950820868899156662930047687818585632848591499744589407958293238635476079160
    y = 5640078356564379163099075877009565129882514886557779369047442380624545832820
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    envelope = {
        "payload": "aGVsbG8gd29ybGQ=",
        "payloadType": "http://example.com/HelloWorld",
        "signatures": [
            {
                "sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJ"
                "PcIAriEGAHTVeCUjW2JIZA=="
            }
        ],
    }
    parsed = parse_envelope(json.dumps(envelope))
    names = verify_envelope(parsed, [public], payload_type="http://example.com/HelloWorld")
    assert names == (fingerprint(public),)


def test_a_document_signature_holds_and_is_deterministic(key, signed):
    check(key, signed)
    assert signed["payloadType"] == DOCUMENT_TYPE
    assert base64.b64decode(signed["payload"]) == DOCUMENT
    assert json.loads(sign_document(DOCUMENT, private_pem(key))) == signed


def test_a_public_key_may_be_given_as_text(key, signed):
    verify_document(DOCUMENT, json.dumps(signed), public_pem(key.public_key()).decode())


def test_url_safe_base64_is_read_too(key):
    payload = bytes(range(256)) * 3
    document = json.loads(sign_document(payload, private_pem(key)))
    for item in (document, *document["signatures"]):
        for name in ("payload", "sig"):
            if name in item:
                item[name] = item[name].replace("+", "-").replace("/", "_")
    assert "_" in document["payload"]
    check(key, document, payload)


def test_a_missing_or_false_key_id_changes_nothing(key, signed):
    del signed["signatures"][0]["keyid"]
    check(key, signed)
    signed["signatures"][0]["keyid"] = "somebody else"
    check(key, signed)


def test_other_bytes_than_the_signed_ones_are_refused(key, signed):
    with pytest.raises(VerificationFailedError, match="other bytes"):
        check(key, signed, DOCUMENT + b" ")
    other = DOCUMENT.replace(b"Waiver", b"Weaver")
    signed["payload"] = base64.b64encode(other).decode()
    with pytest.raises(VerificationFailedError, match="0 of 1"):
        check(key, signed, other)


def test_another_payload_type_is_refused(key, signed):
    signed["payloadType"] = "application/vnd.in-toto+json"
    with pytest.raises(VerificationFailedError, match="payload type"):
        check(key, signed)


def test_another_key_is_refused(signed):
    for generate in (generate_p256, generate_ed25519):
        with pytest.raises(VerificationFailedError):
            check(generate(), signed)


def test_zero_signatures_never_pass(key, signed):
    signed["signatures"] = []
    with pytest.raises(VerificationFailedError):
        check(key, signed)


def test_an_unknown_algorithm_is_refused(signed):
    stranger = ec.generate_private_key(ec.SECP384R1())
    with pytest.raises(CannotVerifyError):
        check(stranger, signed)
    with pytest.raises(CannotVerifyError):
        verify_document(DOCUMENT, json.dumps(signed), b"no key")


def test_one_key_counts_once_however_often_it_signs():
    first, second = generate_p256(), generate_ed25519()
    message = pae(DOCUMENT_TYPE, DOCUMENT)
    signature = {"sig": base64.b64encode(sign_bytes(first, message)).decode()}
    document = {
        "payloadType": DOCUMENT_TYPE,
        "payload": base64.b64encode(DOCUMENT).decode(),
        "signatures": [{**signature, "keyid": "a"}, {**signature, "keyid": "b"}],
    }
    keys = [first.public_key(), first.public_key(), second.public_key()]
    twice = parse_envelope(json.dumps(document))
    with pytest.raises(VerificationFailedError, match="1 of 2"):
        verify_envelope(twice, keys, payload_type=DOCUMENT_TYPE, threshold=2)
    with pytest.raises(CannotVerifyError):
        verify_envelope(twice, keys[:2], payload_type=DOCUMENT_TYPE, threshold=2)
    document["signatures"].append({"sig": base64.b64encode(sign_bytes(second, message)).decode()})
    both = parse_envelope(json.dumps(document))
    assert len(verify_envelope(both, keys, payload_type=DOCUMENT_TYPE, threshold=2)) == 2


@pytest.mark.parametrize("threshold", [0, -1])
def test_a_threshold_of_nothing_never_passes(key, signed, threshold):
    with pytest.raises(CannotVerifyError):
        verify_envelope(
            parse_envelope(json.dumps(signed)),
            [key.public_key()],
            payload_type=DOCUMENT_TYPE,
            threshold=threshold,
        )
    with pytest.raises(CannotVerifyError):
        verify_envelope(parse_envelope(json.dumps(signed)), [], payload_type=DOCUMENT_TYPE)


GOOD = {"payloadType": "t", "payload": "", "signatures": [{"sig": "AAAA"}]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        "{",
        "[" * 100_000,
        b"\xff",
        "\ud800",
        json.dumps({**GOOD, "payloadType": 1}),
        json.dumps({**GOOD, "payload": None}),
        json.dumps({**GOOD, "payload": "AAA"}),
        json.dumps({**GOOD, "payload": "A A="}),
        json.dumps({**GOOD, "payload": "\ud800"}),
        json.dumps({**GOOD, "signatures": {}}),
        json.dumps({**GOOD, "signatures": ["AAAA"]}),
        json.dumps({**GOOD, "signatures": [{}]}),
        json.dumps({**GOOD, "signatures": [{"sig": ""}]}),
        json.dumps({**GOOD, "signatures": [{"sig": "A" * 10_000}]}),
        json.dumps({**GOOD, "signatures": [{"sig": "AAAA"}] * 65}),
        json.dumps(GOOD)[:-1] + ', "payload": "AAAA"}',
        " " * (16 * 1024 * 1024 + 1),
    ],
)
def test_what_is_not_an_envelope_is_refused(text):
    with pytest.raises(ParseError):
        parse_envelope(text)


def test_unknown_fields_of_an_envelope_are_ignored():
    assert parse_envelope(json.dumps({**GOOD, "more": 1})) == parse_envelope(json.dumps(GOOD))
