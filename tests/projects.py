"""Small real projects, written to disk and run: shared by the tests of gates and commands.

Documents are written as JSON, which is YAML. The policy `demo/words` finds each word of its
fact `words` (collector `json`, `{"bad": [...]}`) bad.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from probanda.gates.decision_set import DecisionStore
from probanda.gates.run import GateRequest, GateRun, run_gates
from probanda.sign.dsse import sign_document

AS_OF = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
TENANT = "acme"

WORDS_REGO = """\
package demo.words

# METADATA
# title: A word that may not be used
# custom: {id: bad-word, severity: high, remediation: Use another word.}
findings contains finding if {
\tsome word in input.facts.words.bad
\tfinding := {"rule": "bad-word", "key": word, "message": sprintf("%s is a bad word", [word])}
}

# METADATA
# title: No word is bad
# custom: {id: allow, severity: high, remediation: Use no words.}
allow if input.facts.words.bad == []
"""

# The key of the person who approves.
ADA = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
# What Ada approves of, unless a test says otherwise.
APPROVAL = {
    "approver": "ada@example.org",
    "ticket": "SEC-1",
    "reason": "It is replaced next month.",
    "created": "2026-11-19",
    "expires": "2027-01-01",
}

# Nothing of the machine's own git configuration takes part.
GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-11-19T12:00:00Z",
    "GIT_COMMITTER_DATE": "2026-11-19T12:00:00Z",
}


def document(kind: str, name: str, spec: Mapping[str, Any], **metadata: str) -> dict[str, Any]:
    """A probanda document."""
    return {
        "apiVersion": "probanda/v1",
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": dict(spec),
    }


def words_check(**changes: Any) -> dict[str, Any]:
    """A check of `words.json` by the policy `demo/words`."""
    check = {
        "id": "words",
        "facts": {"words": {"from": "json", "path": "words.json"}},
        "policy": "demo/words/findings",
        "controls": ["soc2/CC8.1"],
    }
    return {key: value for key, value in {**check, **changes}.items() if value is not None}


def sbom(*components: Mapping[str, Any], timestamp: str = "2026-11-20T11:30:00Z") -> dict[str, Any]:
    """A CycloneDX 1.6 document; without a timestamp where it is empty."""
    made: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "components": list(components),
    }
    if timestamp:
        made["metadata"] = {"timestamp": timestamp}
    return made


def component(name: str, version: str = "1.0.0", /, **license_choice: Any) -> dict[str, Any]:
    """A library under `id=…`, `name=…` or `expression=…`; without any, it states no licence."""
    made: dict[str, Any] = {
        "type": "library",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
    }
    if "expression" in license_choice:
        made["licenses"] = [{"expression": license_choice["expression"]}]
    elif license_choice:
        made["licenses"] = [{"license": license_choice}]
    return made


class Project:
    """A project in a folder, with or without a git repository around it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.approvers: list[dict[str, str]] = []

    @classmethod
    def with_words(cls, root: Path, *bad: str, **gate: Any) -> Project:
        """One gate, `pr`, with one check of these words."""
        made = cls(root)
        made.project()
        made.roster()
        made.policy()
        made.gate("pr", words_check(), **gate)
        made.words(*bad)
        return made

    def write(self, path: str, content: Any) -> Path:
        """Bytes and text as they are, anything else as JSON."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            target.write_bytes(content)
        else:
            text = content if isinstance(content, str) else json.dumps(content, indent=1)
            target.write_text(text, encoding="utf-8")
        return target

    def project(self, **spec: Any) -> None:
        approvers = {"approvers": self.approvers} if self.approvers else {}
        self.write(
            "probanda.yaml", document("Project", "demo", {"tenant": TENANT, **approvers, **spec})
        )

    def policy(self, rego: str = WORDS_REGO, /, *, name: str = "demo/words", **spec: Any) -> None:
        slug = name.rpartition("/")[2]
        given = {
            "package": name.replace("/", "."),
            "entrypoints": {
                "findings": {"kind": "findings", "rule": "findings"},
                "allow": {"kind": "allow", "rule": "allow"},
            },
            "facts": {"words": {"collector": "json"}},
            "parameters": {"type": "object"},
        }
        policy = document("Policy", name, {**given, **spec}, title="Words", owner="security")
        self.write(f"policies/{name}/policy.yaml", policy)
        self.write(f"policies/{name}/{slug}.rego", rego)

    def gate(
        self, name: str, *checks: Mapping[str, Any], mode: str = "enforce", runs: str = "ci"
    ) -> None:
        spec = {"runs": runs, "mode": mode, "checks": list(checks)}
        self.write(
            f"gates/{name}.yaml", document("Gate", name, spec, title="A gate", owner="security")
        )

    def words(self, *bad: str) -> None:
        self.write("words.json", {"bad": list(bad)})

    def roster(self, *people: Mapping[str, Any]) -> None:
        """These people, or else Ada, who has a key, and Grace."""
        if not people:
            people = (
                {
                    "name": "ada",
                    "logins": {"github": ["Ada-L"]},
                    "emails": ["ada@example.org"],
                    "keys": [{"path": "keys/roster/ada.pem"}],
                    "roles": ["security"],
                },
                {"name": "grace", "emails": ["grace@example.org"], "roles": ["payments"]},
            )
        self.write("keys/roster/ada.pem", public_pem(ADA))
        roster = document("Roster", "people", {"people": list(people)}, owner="security")
        self.write("evidence/roster.yaml", roster)

    def waiver(
        self,
        name: str,
        *fingerprints: str,
        owner: str = "grace@example.org",
        signer: Ed25519PrivateKey | None = ADA,
        **spec: Any,
    ) -> Path:
        """A waiver that Grace asked for and Ada signed; nobody where `signer` is `None`."""
        spec = {"fingerprints": list(fingerprints), **APPROVAL, **spec}
        return self.approved(document("Waiver", name, spec, owner=owner), signer)

    def baseline(
        self,
        *findings: Mapping[str, Any],
        gate: str = "pr",
        owner: str = "grace@example.org",
        signer: Ed25519PrivateKey | None = ADA,
        **spec: Any,
    ) -> Path:
        """A baseline of a gate, with the same people."""
        spec = {"tenant": TENANT, "findings": list(findings), **APPROVAL, **spec}
        return self.approved(document("Baseline", gate, spec, owner=owner), signer)

    def approved(self, made: dict[str, Any], signer: Ed25519PrivateKey | None) -> Path:
        """Write an exception, signed or not; fields that are `None` are left out."""
        made["spec"] = {key: value for key, value in made["spec"].items() if value is not None}
        if "ada@example.org" not in [entry["name"] for entry in self.approvers]:
            self.approver("ada@example.org")
        folder = f"evidence/{made['kind'].lower()}s"
        path = self.write(f"{folder}/{made['metadata']['name']}.yaml", made)
        if signer is not None:
            self.sign(path, signer)
        return path

    def approver(self, name: str, key: Ed25519PrivateKey | None = None) -> None:
        """Name an approver, with a public key file when there is a key."""
        entry = {"name": name}
        if key is not None:
            entry["publicKey"] = f"keys/{name}.pem"
            self.write(entry["publicKey"], public_pem(key))
        self.approvers.append(entry)
        self.project()

    def clarification(self, purl: str, license: str, *, author: str) -> Path:  # noqa: A002
        spec = {"purl": purl, "license": license, "evidence": "LICENSE", "author": author}
        return self.write(
            "evidence/clarifications/one.yaml", document("Clarification", "one", spec)
        )

    def sign(self, path: Path, key: Ed25519PrivateKey) -> None:
        path.with_name(path.name + ".sig.json").write_text(
            sign_document(path.read_bytes(), private_pem(key))
        )

    def git(self, *arguments: str, where: Path | None = None) -> str:
        done = subprocess.run(
            ["git", "-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false", *arguments],
            cwd=where or self.root,
            env={**os.environ, **GIT_ENVIRONMENT},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, *, where: Path | None = None) -> str:
        """Commit everything; makes the repository where there is none. Its full id."""
        if not (where or self.root).joinpath(".git").exists():
            self.git("init", "-q", where=where)
        self.git("add", "-A", where=where)
        self.git("commit", "-q", "--allow-empty", "-m", "a change", where=where)
        return self.git("rev-parse", "HEAD", where=where)

    def run(self, *gates: str, **request: Any) -> GateRun:
        """Run gates in this process, at `AS_OF` unless told otherwise."""
        return run_gates(
            GateRequest(**{"root": self.root, "as_of": AS_OF, "gates": gates} | request)
        )

    @property
    def store(self) -> DecisionStore:
        return DecisionStore(self.root / ".probanda")

    def store_run(self, *gates: str, **request: Any) -> GateRun:
        """Run gates and leave their decision sets, as `probanda check` does."""
        run = self.run(*gates, **request)
        for decision in run.decisions:
            self.store.write(decision, run.content, run.originals[decision.gate])
        return run


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """The public half of the key, as a project keeps it."""
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """The key as `probanda sign --key` reads it."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
