"""A Sigstore v0.3 bundle made with a cell is accepted by the stock verifier, offline."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from sigstore.errors import VerificationError
from sigstore.models import Bundle, ClientTrustConfig, InvalidBundle, TrustedRoot
from sigstore.verify import Verifier, policy

from probanda.canonical import canonical
from probanda.ledger import LogEntry, MerkleLog
from probanda.merkle import leaf_hash
from probanda.sign import Cell, pae

NOW = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)
ARTIFACT = b"evidence bundle v21\n"
STATEMENT_TYPE = "application/vnd.in-toto+json"
STATEMENT = canonical(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "bundle.tar", "digest": {"sha256": hashlib.sha256(ARTIFACT).hexdigest()}}
        ],
        "predicateType": "https://in-toto.io/attestation/svr/v0.2",
        "predicate": {"properties": ["SOC2_CC8_1"]},
    }
)


def b64(data):
    return base64.b64encode(data).decode()


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    return Cell.create(
        tmp_path_factory.mktemp("trust") / "cell", name="black-cell", unsafe_demo=False, now=NOW
    )


@pytest.fixture(scope="module")
def bundle(cell, tmp_path_factory):
    """The smallest assembly that shows what the primitives are for."""
    leaf = cell.issue(NOW)
    signature = leaf.sign(pae(STATEMENT_TYPE, STATEMENT))
    digest = hashlib.sha256(pae(STATEMENT_TYPE, STATEMENT)).digest()
    certificate = {"rawBytes": b64(leaf.der)}
    body = canonical(
        {
            "apiVersion": "0.0.2",
            "kind": "hashedrekord",
            "spec": {
                "hashedRekordV002": {
                    "data": {"algorithm": "SHA2_256", "digest": b64(digest)},
                    "signature": {
                        "content": b64(signature),
                        "verifier": {
                            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                            "x509Certificate": certificate,
                        },
                    },
                }
            },
        }
    )
    path = tmp_path_factory.mktemp("log") / "signatures.db"
    with MerkleLog(path, origin=cell.origins["signatures"]) as log:
        log.append([LogEntry(b"%d" % number) for number in range(777)])
        (index,) = log.append([LogEntry(body)])
        log.append([LogEntry(b"%d" % number) for number in range(778, 1000)])
        checkpoint = log.checkpoint()
        proof = log.inclusion_proof(index, checkpoint.size)
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {
            "certificate": certificate,
            "tlogEntries": [
                {
                    "logIndex": str(index),
                    "logId": {"keyId": b64(cell.log_id("signatures"))},
                    "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
                    "inclusionProof": {
                        "logIndex": str(index),
                        "rootHash": b64(checkpoint.root),
                        "treeSize": str(checkpoint.size),
                        "hashes": [b64(value) for value in proof],
                        "checkpoint": {"envelope": cell.sign_checkpoint(checkpoint)},
                    },
                    "canonicalizedBody": b64(body),
                }
            ],
            "timestampVerificationData": {
                "rfc3161Timestamps": [{"signedTimestamp": b64(cell.timestamp(signature, NOW))}]
            },
        },
        "dsseEnvelope": {
            "payload": b64(STATEMENT),
            "payloadType": STATEMENT_TYPE,
            "signatures": [{"sig": b64(signature)}],
        },
    }


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    for name in ("socket.socket.connect", "socket.getaddrinfo", "socket.create_connection"):
        monkeypatch.setattr(name, refuse)


@pytest.fixture
def verify(cell, no_network):
    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(cell.folder / "trusted_root.json")))

    def run(document, identity=cell.identity):
        expected = policy.Identity(identity=identity, issuer=cell.issuer)
        return verifier.verify_dsse(Bundle.from_json(json.dumps(document)), expected)

    return run


def test_the_stock_verifier_accepts_the_bundle_without_a_network(verify, bundle):
    assert verify(bundle) == (STATEMENT_TYPE, STATEMENT)


def test_the_stock_verifier_refuses_another_identity(verify, bundle):
    with pytest.raises(VerificationError):
        verify(bundle, identity="spiffe://black-cell/other")


def entry(document):
    return document["verificationMaterial"]["tlogEntries"][0]


def other_payload(document):
    document["dsseEnvelope"]["payload"] = b64(STATEMENT.replace(b"CC8_1", b"CC9_1"))


def other_hash(document):
    entry(document)["inclusionProof"]["hashes"][0] = b64(leaf_hash(b""))


def other_size(document):
    checkpoint = entry(document)["inclusionProof"]["checkpoint"]
    checkpoint["envelope"] = checkpoint["envelope"].replace("\n1000\n", "\n1001\n")


def no_timestamp(document):
    document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] = []


def no_log_entry(document):
    document["verificationMaterial"]["tlogEntries"] = []


@pytest.mark.parametrize(
    "tamper", [other_payload, other_hash, other_size, no_timestamp, no_log_entry]
)
def test_the_stock_verifier_refuses_a_tampered_bundle(verify, bundle, tamper):
    document = copy.deepcopy(bundle)
    tamper(document)
    with pytest.raises((VerificationError, InvalidBundle)):
        verify(document)


def test_the_stock_verifier_refuses_a_stamp_after_the_certificate_expired(verify, bundle, cell):
    document = copy.deepcopy(bundle)
    signature = base64.b64decode(document["dsseEnvelope"]["signatures"][0]["sig"])
    late = cell.timestamp(signature, NOW.replace(minute=41))
    document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] = [
        {"signedTimestamp": b64(late)}
    ]
    with pytest.raises(VerificationError):
        verify(document)


def test_the_stock_verifier_refuses_another_cell_of_the_same_name(
    bundle, cell, tmp_path, no_network
):
    other = Cell.create(tmp_path / "cell", name="black-cell", unsafe_demo=False, now=NOW)
    verifier = Verifier(trusted_root=TrustedRoot.from_file(str(other.folder / "trusted_root.json")))
    expected = policy.Identity(identity=other.identity, issuer=other.issuer)
    with pytest.raises(VerificationError):
        verifier.verify_dsse(Bundle.from_json(json.dumps(bundle)), expected)


def test_the_stock_trust_config_holds_the_same_root(cell):
    config = ClientTrustConfig.from_json((cell.folder / "trust_config.json").read_text())
    assert (
        config.trusted_root._inner
        == TrustedRoot.from_file(str(cell.folder / "trusted_root.json"))._inner
    )


def test_the_stock_command_line_accepts_the_bundle(cell, bundle, tmp_path):
    (tmp_path / "bundle.tar").write_bytes(ARTIFACT)
    (tmp_path / "bundle.json").write_text(json.dumps(bundle))
    command = [
        *(sys.executable, "-m", "sigstore"),
        *("--trust-config", str(cell.folder / "trust_config.json")),
        *("verify", "identity", "--bundle", "bundle.json"),
        *("--cert-identity", cell.identity, "--cert-oidc-issuer", cell.issuer),
        "bundle.tar",
    ]
    good = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    (tmp_path / "bundle.tar").write_bytes(ARTIFACT + b"!")
    bad = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert bad.returncode != 0
