"""C2SP signed notes and checkpoints."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from probanda.errors import CannotVerifyError, ParseError, VerificationFailedError
from probanda.merkle import (
    EMPTY_ROOT,
    Checkpoint,
    key_id,
    parse_note,
    parse_verifier_key,
    sign_note,
    verifier_key,
    verify_note,
)

# The example of Go's note package (golang.org/x/mod/sumdb/note), which C2SP describes.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
ORIGIN = "ledger.black-cell.invalid"
CHECKPOINT = Checkpoint(ORIGIN, 1000, hashlib.sha256(b"root").digest())


def check(public_key):
    def holds(signature, message):
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    return holds


def signed(text=CHECKPOINT.text, name=ORIGIN):
    return sign_note(text, name=name, public_key=PUBLIC, sign=KEY.sign)


def verify(note, name=ORIGIN, public_key=PUBLIC):
    return verify_note(note, name=name, public_key=public_key, verify=check(public_key))


def test_the_example_of_gos_note_package_verifies():
    name, public_key = parse_verifier_key(GO_KEY)
    assert name == "PeterNeumann"
    assert verify(GO_NOTE, name, public_key).text == GO_NOTE.partition("\n\n")[0] + "\n"
    assert verifier_key(name, public_key) == GO_KEY


def test_a_changed_third_party_note_is_refused():
    name, public_key = parse_verifier_key(GO_KEY)
    with pytest.raises(VerificationFailedError):
        verify(GO_NOTE.replace("problem is", "problem was"), name, public_key)


def test_a_checkpoint_goes_through_a_note_and_comes_back():
    note = signed()
    assert note.startswith(f"{ORIGIN}\n1000\n{base64.b64encode(CHECKPOINT.root).decode()}\n\n— ")
    assert Checkpoint.parse(verify(note).text) == CHECKPOINT
    assert Checkpoint.parse(verify(note.encode()).text) == CHECKPOINT


def test_the_key_id_is_the_hash_of_name_type_and_key():
    expected = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + PUBLIC).digest()
    assert key_id(ORIGIN, PUBLIC) == expected
    assert parse_note(signed()).signatures[0].key_id == expected[:4]


def test_extension_lines_survive():
    checkpoint = Checkpoint(ORIGIN, 0, EMPTY_ROOT, ("one", "two"))
    assert Checkpoint.parse(checkpoint.text) == checkpoint


def test_signatures_of_unknown_keys_are_ignored_but_ours_must_be_there():
    other = Ed25519PrivateKey.generate()
    line = sign_note(
        CHECKPOINT.text,
        name="witness.example/w1",
        public_key=other.public_key().public_bytes_raw(),
        sign=other.sign,
    ).rpartition("\n\n")[2]
    assert verify(signed() + line).text == CHECKPOINT.text
    with pytest.raises(CannotVerifyError, match="not signed by"):
        verify(f"{CHECKPOINT.text}\n{line}")


def test_a_second_bad_signature_of_our_key_spoils_the_note():
    short = key_id(ORIGIN, PUBLIC)[:4]
    line = f"— {ORIGIN} {base64.b64encode(short + bytes(64)).decode()}\n"
    for note in (signed() + line, f"{CHECKPOINT.text}\n{line}" + signed().rpartition("\n\n")[2]):
        with pytest.raises(VerificationFailedError):
            verify(note)


def test_a_key_with_the_right_name_but_another_id_is_unknown():
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(CannotVerifyError):
        verify(signed(), public_key=other)


def test_a_signature_under_another_name_is_unknown():
    with pytest.raises(CannotVerifyError):
        verify(signed(name="ledger.white-cell.invalid"))


def test_a_text_with_empty_lines_is_split_at_the_last_one():
    text = "one\n\n\ntwo\n"
    assert verify(signed(text)).text == text


def test_sixteen_signatures_are_accepted_and_too_many_are_not():
    note = signed()
    line = note.rpartition("\n\n")[2]
    verify(note + line * 15)
    with pytest.raises(ParseError, match="more than"):
        parse_note(note + line * 64)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        signed()[:-1],
        signed().replace("—", "-"),
        signed().replace("— ", "—"),
        signed().replace("\n1000", "\r\n1000"),
        signed().replace("1000", "10\x0000"),
        signed() + "\n",
        signed() + "no signature\n",
        f"{CHECKPOINT.text}\n— {ORIGIN} AAAA\n",
        f"{CHECKPOINT.text}\n— {ORIGIN} AAAAAA\n",
        f"{CHECKPOINT.text}\n— {ORIGIN} AAAAAAB=\n",
        f"{CHECKPOINT.text}\n— {ORIGIN} AAAA_-AA\n",
        f"{CHECKPOINT.text}\n—  AAAAAAAA\n",
        f"{CHECKPOINT.text}\n— a+b AAAAAAAA\n",
        f"{CHECKPOINT.text}\n— a\u2003b AAAAAAAA\n",
        "\ud800\n\n— a AAAAAAAA\n",
        b"\xff\n\n\xe2\x80\x94 a AAAAAAAA\n",
        "x" * 70_000 + "\n\n— a AAAAAAAA\n",
    ],
)
def test_what_is_not_a_note_is_refused(note):
    with pytest.raises(ParseError):
        parse_note(note)


ROOT = base64.b64encode(EMPTY_ROOT).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        f"origin\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"origin\n01\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n+1\n{ROOT}\n",
        f"origin\n1_0\n{ROOT}\n",
        f"origin\n١\n{ROOT}\n",
        f"origin\n9223372036854775808\n{ROOT}\n",
        f"origin\n{'9' * 5000}\n{ROOT}\n",
        f"origin\n\n{ROOT}\n",
        "origin\n1\nAAAA\n",
        f"origin\n1\n{ROOT[:-1]}\n",
        f"origin\n1\n {ROOT}\n",
        f"origin\n1\n{ROOT}\n\n",
        f"origin\n1\n{ROOT}\n\nextension\n",
        f"ori gin\n1\n{ROOT}\n",
        f"ori+gin\n1\n{ROOT}\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text):
    with pytest.raises(ParseError):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "name",
        "name+c74f20a3",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("PeterNeumann", "Peter"),
        GO_KEY.replace("+ARpc", "+AhpC"),
        GO_KEY[:-4],
    ],
)
def test_what_is_not_a_verifier_key_is_refused(key):
    with pytest.raises(ParseError):
        parse_verifier_key(key)


def test_a_text_without_final_newline_or_with_control_characters_is_not_signed():
    for text in ("text", "te\txt\n", "te\rxt\n"):
        with pytest.raises(ParseError):
            signed(text)
