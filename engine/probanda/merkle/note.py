"""C2SP signed notes and checkpoints.

Rules:

- A note is text, a blank line, and signature lines `— name base64(key id ‖ signature)`
  (C2SP signed-note). Only Ed25519, signature type 0x01, is spoken.
- Signatures of unknown keys are ignored; one of the known key must verify, and any
  that does not verify spoils the note.
- A checkpoint is a note of at least three lines: origin, size, root (C2SP
  tlog-checkpoint). Parsing is strict: what is read back and written again is the
  same bytes.
- The text of a note means nothing before `verify_note` has returned it.

Example:

    note = sign_note(checkpoint.text, name=checkpoint.origin, public_key=raw, sign=key.sign)
    Checkpoint.parse(verify_note(note, name=origin, public_key=raw, verify=check).text)
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from probanda.errors import CannotVerifyError, ParseError, VerificationFailedError
from probanda.merkle.hashing import HASH_BYTES

# C2SP signed-note: limits SHOULD exist and MUST admit 16 signatures.
MAX_NOTE_BYTES = 64 * 1024
MAX_SIGNATURES = 64
# 2^63 - 1: what a signed 64-bit column can hold.
MAX_SIZE = (1 << 63) - 1

_ED25519_TYPE = b"\x01"
_ED25519_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_VERIFIER_KEY_PARTS = 3
_CHECKPOINT_LINES = 3

Sign = Callable[[bytes], bytes]
# (signature, message) → does it hold?
Verify = Callable[[bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: who it is, how many leaves, which root.

    Attributes:
        origin: the log's unique name; a URL without a scheme.
        size: number of leaves.
        root: Merkle tree hash, 32 bytes.
        extensions: opaque further lines; C2SP advises against them.

    Raises:
        ParseError: a field that has no place in a checkpoint's text.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_name(self.origin)
        if not 0 <= self.size <= MAX_SIZE:
            raise ParseError("a checkpoint's size is out of range")
        if len(self.root) != HASH_BYTES:
            raise ParseError(f"a checkpoint's root is not {HASH_BYTES} bytes long")
        for line in self.extensions:
            if not line or _has_control(line):
                raise ParseError("a checkpoint's extension line is empty or has control characters")

    @property
    def text(self) -> str:
        """The note's text: origin, size and root, each on a line."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode()]
        return "\n".join([*lines, *self.extensions]) + "\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a (verified) note.

        Raises:
            ParseError: it is not a checkpoint.
        """
        lines = text.split("\n")
        # What follows the final newline must be empty.
        if lines.pop() != "" or len(lines) < _CHECKPOINT_LINES:
            raise ParseError("a checkpoint has an origin, a size and a root, each on its line")
        origin, size, root, *extensions = lines
        if not _SIZE.fullmatch(size):
            raise ParseError("a checkpoint's size is not a plain decimal number")
        return cls(origin, int(size), _base64(root, "a checkpoint's root"), tuple(extensions))


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: key name, key id (4 bytes), signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. Its text is not to be believed before `verify_note`."""

    text: str
    signatures: tuple[NoteSignature, ...]


def key_id(name: str, public_key: bytes) -> bytes:
    """SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), whole; a note carries its first four bytes.

    All 32 bytes are the log id of Sigstore's Rekor v2.
    """
    if len(public_key) != _ED25519_KEY_BYTES:
        raise ParseError(f"an Ed25519 public key has {_ED25519_KEY_BYTES} bytes")
    return hashlib.sha256(name.encode() + b"\n" + _ED25519_TYPE + public_key).digest()


def verifier_key(name: str, public_key: bytes) -> str:
    """The C2SP form `name+hex key id+base64(type ‖ key)` of a public key."""
    _check_name(name)
    short = key_id(name, public_key)[:_KEY_ID_BYTES].hex()
    return f"{name}+{short}+{base64.b64encode(_ED25519_TYPE + public_key).decode()}"


def parse_verifier_key(text: str) -> tuple[str, bytes]:
    """Name and Ed25519 public key out of `verifier_key`'s form.

    Raises:
        ParseError: malformed, another algorithm, or the key id does not fit.
    """
    parts = text.split("+", 2)
    if len(parts) != _VERIFIER_KEY_PARTS:
        raise ParseError("a verifier key has the form name+id+key")
    name, short, encoded = parts
    key = _base64(encoded, "a verifier key")
    if len(key) != _ED25519_KEY_BYTES + 1 or key[:1] != _ED25519_TYPE:
        raise ParseError("a verifier key is not an Ed25519 key")
    _check_name(name)
    if key_id(name, key[1:])[:_KEY_ID_BYTES].hex() != short:
        raise ParseError("a verifier key does not fit its key id")
    return name, key[1:]


def sign_note(text: str, *, name: str, public_key: bytes, sign: Sign) -> str:
    """A note of `text` (ending in a newline) with one Ed25519 signature by `sign`."""
    _check_name(name)
    _check_text(text)
    short = key_id(name, public_key)[:_KEY_ID_BYTES]
    line = base64.b64encode(short + sign(text.encode())).decode()
    return f"{text}\n— {name} {line}\n"


def parse_note(note: str | bytes) -> Note:
    """Take a note apart without believing any of it.

    Raises:
        ParseError: not a note, or beyond a limit.
    """
    raw = note.encode("utf-8", "surrogatepass") if isinstance(note, str) else note
    if len(raw) > MAX_NOTE_BYTES:
        raise ParseError(f"a note is longer than {MAX_NOTE_BYTES} bytes")
    try:
        decoded = raw.decode()
    except UnicodeDecodeError as error:
        raise ParseError("a note is not UTF-8") from error
    text, separator, rest = decoded.rpartition("\n\n")
    text += "\n"
    if not separator or not rest.endswith("\n"):
        raise ParseError("a note has no signatures after a blank line")
    _check_text(text)
    lines = rest[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise ParseError(f"a note has more than {MAX_SIGNATURES} signatures")
    return Note(text, tuple(_parse_signature(line) for line in lines))


def verify_note(note: str | bytes | Note, *, name: str, public_key: bytes, verify: Verify) -> Note:
    """Check that the Ed25519 key `name`, `public_key` signed the note, and return it.

    Raises:
        ParseError: not a note.
        CannotVerifyError: no signature of this key is on it.
        VerificationFailedError: one of this key does not hold.
    """
    parsed = note if isinstance(note, Note) else parse_note(note)
    short = key_id(name, public_key)[:_KEY_ID_BYTES]
    ours = [line for line in parsed.signatures if (line.name, line.key_id) == (name, short)]
    if not ours:
        raise CannotVerifyError(f"the note is not signed by {name} with key id {short.hex()}")
    message = parsed.text.encode()
    if not all(verify(line.signature, message) for line in ours):
        raise VerificationFailedError(f"the signature of {name} on the note does not hold")
    return parsed


def _parse_signature(line: str) -> NoteSignature:
    marker, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if marker != "—":
        raise ParseError("a note's signature line does not begin with an em dash")
    _check_name(name)
    value = _base64(encoded, "a note's signature")
    if len(value) <= _KEY_ID_BYTES:
        raise ParseError("a note's signature is too short")
    return NoteSignature(name, value[:_KEY_ID_BYTES], value[_KEY_ID_BYTES:])


def _base64(text: str, what: str) -> bytes:
    """Canonical standard base64 only: padding and unused bits are checked by encoding again."""
    try:
        value = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ParseError(f"{what} is not base64") from error
    if base64.b64encode(value).decode() != text:
        raise ParseError(f"{what} is not canonical base64")
    return value


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() for c in name) or _has_control(name):
        raise ParseError("a key name or origin is empty or has spaces, plus or control characters")


def _check_text(text: str) -> None:
    # signed-note forbids control characters but the newline, and wants a final one.
    if not text.endswith("\n") or any(_has_control(line) for line in text.split("\n")):
        raise ParseError("a note's text lacks the final newline or has control characters")


def _has_control(text: str) -> bool:
    return any(character < " " or "\ud800" <= character <= "\udfff" for character in text)
