"""A commit, read from its raw object.

Rules:

- Everything comes from the bytes that the commit id covers. Names and addresses are
  what the author typed, not who the author is.
- A signature is reported as *present*, never as good: verifying one needs keys that
  the repository cannot vouch for, and `gpg.program` in its configuration could be any
  program. The host that merged the commit, or a trust root of the project, says whose
  key it is. `verified` is therefore always false here.
- Trailers follow git-interpret-trailers(1): the last paragraph, when all of it is
  trailers, or at least a quarter of it and one was written by git itself.

Example:

    >>> parse_commit("73844b…", raw).trailers
    (('Co-authored-by', 'Ada <ada@example.org>'),)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from probanda.errors import CollectError
from probanda.model.instant import format_instant

# git-commit-tree(1): `Name <email> seconds-since-epoch ±hhmm`; the name may be empty.
_IDENTITY = re.compile(r"(?P<name>.*?) ?<(?P<email>[^>]*)> (?P<seconds>-?\d{1,12}) [+-]\d{4,6}")
# trailer.c: a token is alphanumeric or `-`, then optional blanks and the separator.
_TRAILER = re.compile(r"(?P<key>[A-Za-z0-9-]+)[ \t]*:(?P<value>.*)")
_GIT_GENERATED = ("Signed-off-by: ", "(cherry picked from commit ")
# One trailer in four lines makes a paragraph a trailer block (trailer.c).
_TRAILER_SHARE = 4

_SIGNATURES = {
    "-----BEGIN PGP SIGNATURE-----": "openpgp",
    "-----BEGIN PGP MESSAGE-----": "openpgp",
    "-----BEGIN SSH SIGNATURE-----": "ssh",
    "-----BEGIN SIGNED MESSAGE-----": "x509",
}


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit.

    Attributes:
        id: full object id.
        parents: their ids; two or more for a merge.
        author_name, author_email: as typed by the author.
        committer_name, committer_email: as typed by the committer.
        authored_at, committed_at: RFC 3339 UTC instants, as typed.
        subject: first line of the message.
        trailers: (key, value) pairs in order.
        signature: `present` or `absent`.
        signature_format: `openpgp`, `ssh`, `x509` or `unknown`; empty when absent.
        verified: always false: see the module's rules.
    """

    id: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    committer_name: str
    committer_email: str
    authored_at: str
    committed_at: str
    subject: str
    trailers: tuple[tuple[str, str], ...]
    signature: str
    signature_format: str = ""
    verified: bool = False

    def to_json(self) -> dict[str, Any]:
        """The form in which a fact holds it."""
        return {
            "id": self.id,
            "parents": list(self.parents),
            "author": {"name": self.author_name, "email": self.author_email},
            "committer": {"name": self.committer_name, "email": self.committer_email},
            "authoredAt": self.authored_at,
            "committedAt": self.committed_at,
            "subject": self.subject,
            "trailers": [{"key": key, "value": value} for key, value in self.trailers],
            "signature": {
                "state": self.signature,
                "format": self.signature_format,
                "verified": self.verified,
            },
        }


def parse_commit(commit: str, raw: bytes) -> Commit:
    """The commit whose id is `commit` and whose object has the content `raw`.

    Raises:
        CollectError: the object is malformed.
    """
    head, _, body = raw.partition(b"\n\n")
    headers = _headers(commit, head)
    encoding = _one(headers, "encoding")
    try:
        message = body.decode(encoding or "utf-8", "replace")
    except LookupError:
        message = body.decode("utf-8", "replace")
    author_name, author_email, authored_at = _identity(commit, "author", headers)
    committer_name, committer_email, committed_at = _identity(commit, "committer", headers)
    signature = _one(headers, "gpgsig") or _one(headers, "gpgsig-sha256")
    return Commit(
        id=commit,
        parents=tuple(value for key, value in headers if key == "parent"),
        author_name=author_name,
        author_email=author_email,
        committer_name=committer_name,
        committer_email=committer_email,
        authored_at=authored_at,
        committed_at=committed_at,
        subject=message.strip().partition("\n")[0].strip(),
        trailers=parse_trailers(message),
        signature="present" if signature else "absent",
        signature_format=_SIGNATURES.get(signature.partition("\n")[0].strip(), "unknown")
        if signature
        else "",
    )


def parse_trailers(message: str) -> tuple[tuple[str, str], ...]:
    """The trailers of a commit message; continuation lines are joined with a space."""
    paragraphs = [part for part in re.split(r"\n[ \t]*\n", message.strip()) if part.strip()]
    if len(paragraphs) < 2:
        return ()
    trailers: list[tuple[str, str]] = []
    others, generated = 0, False
    for line in paragraphs[-1].splitlines():
        generated = generated or line.startswith(_GIT_GENERATED)
        if line[:1] in {" ", "\t"} and trailers:
            key, value = trailers[-1]
            trailers[-1] = key, f"{value} {line.strip()}".strip()
        elif match := _TRAILER.fullmatch(line):
            trailers.append((match["key"], match["value"].strip()))
        elif not line.startswith(_GIT_GENERATED):
            others += 1
    enough = generated and len(trailers) * (_TRAILER_SHARE - 1) >= others
    return tuple(trailers) if others == 0 or enough else ()


def _headers(commit: str, head: bytes) -> list[tuple[str, str]]:
    """Header names and values; a line that starts with a space continues the one before."""
    headers: list[tuple[str, str]] = []
    for line in head.decode("utf-8", "replace").split("\n"):
        if line.startswith(" ") and headers:
            key, value = headers[-1]
            headers[-1] = key, f"{value}\n{line[1:]}"
        elif line:
            key, _, value = line.partition(" ")
            headers.append((key, value))
    for key in ("tree", "author", "committer"):
        if sum(name == key for name, _ in headers) != 1:
            raise CollectError(f"commit {commit} is malformed: not exactly one {key!r} header")
    return headers


def _one(headers: list[tuple[str, str]], name: str) -> str:
    """First value of a header; empty when absent."""
    return next((value for key, value in headers if key == name), "")


def _identity(commit: str, role: str, headers: list[tuple[str, str]]) -> tuple[str, str, str]:
    """Name, e-mail address and instant of an author or committer header."""
    match = _IDENTITY.fullmatch(_one(headers, role))
    if not match:
        raise CollectError(f"commit {commit} is malformed: unreadable {role}")
    try:
        moment = datetime.fromtimestamp(int(match["seconds"]), UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise CollectError(f"commit {commit} is malformed: impossible {role} time") from error
    return match["name"], match["email"], format_instant(moment)
