"""Digests and codes: published values, bytes that are no text, operand errors."""

from __future__ import annotations

import pytest

from probanda.rego.builtins import BUILTINS, OperandError, describe


def call(name: str, *operands: object) -> object:
    return BUILTINS[name].function(*operands)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("md5", "900150983cd24fb0d6963f7d28e17f72"),  # RFC 1321 §A.5
        ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),  # FIPS 180
        ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ],
)
def test_digests_are_the_published_ones(name: str, digest: str) -> None:
    assert call(f"crypto.{name}", "abc") == digest


def test_codes_are_those_of_rfc_4231_case_2() -> None:
    message, key = "what do ya want for nothing?", "Jefe"
    assert call("crypto.hmac.sha256", message, key) == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert call("crypto.hmac.sha512", message, key) == (
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    )


def test_bytes_that_are_no_text_are_hashed_as_they_are() -> None:
    decoded = call("base64.decode", "/w==")
    expected = "a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89"
    assert call("crypto.sha256", decoded) == expected


def test_codes_compare_as_equal_only_when_they_are() -> None:
    assert call("crypto.hmac.equal", "aé", "aé") is True
    assert call("crypto.hmac.equal", "a", "b") is False
    assert call("crypto.hmac.equal", "a", "") is False


@pytest.mark.parametrize("name", ["crypto.md5", "crypto.sha1", "crypto.sha256"])
def test_what_is_no_string_is_refused(name: str) -> None:
    with pytest.raises(OperandError) as caught:
        call(name, 1)
    assert describe(name, caught.value) == f"{name}: operand 1 must be string but got number"


def test_a_code_names_its_wrong_operand() -> None:
    with pytest.raises(OperandError, match="operand 2 must be string but got null"):
        call("crypto.hmac.sha256", "a", None)
