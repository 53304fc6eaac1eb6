"""Without any network, the stock `sigstore` command and `probanda verify` accept our bundle."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from probanda.sign import Cell
from shop import ENVIRONMENT, Shop, extract, figure, lacking

SEAL = "manifest.sigstore.json"


@pytest.fixture
def nowhere(tmp_path) -> list[str]:
    """A command's prefix: a network namespace of its own, in which nothing is up."""
    unshare = shutil.which("unshare")
    if unshare is None:
        lacking("root", "there is no `unshare` here")
    probe = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)"
    for prefix in ([unshare, "--net"], [unshare, "--map-root-user", "--net"]):
        if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:
            tried = subprocess.run(
                [*prefix, sys.executable, "-c", probe], capture_output=True, text=True, check=False
            )
            assert "Network is unreachable" in tried.stderr
            return prefix
    lacking("root", "a network namespace cannot be made here")
    raise AssertionError


@pytest.fixture
def bundle(shop: Shop) -> Path:
    shop.bundle("offline")
    return shop.bundles / "offline.tar"


def sigstore(
    prefix: list[str], shop: Shop, folder: Path, *, identity: str = ""
) -> subprocess.CompletedProcess[str]:
    """The stock command line on the extracted manifest and seal."""
    cell = Cell.open(shop.cell)
    command = [
        *(*prefix, sys.executable, "-m", "sigstore"),
        *("--trust-config", str(shop.cell / "trust_config.json")),
        *("verify", "identity", "--bundle", SEAL),
        *("--cert-identity", identity or cell.identity, "--cert-oidc-issuer", cell.issuer),
        "manifest.json",
    ]
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def test_the_stock_command_accepts_a_bundle_without_network(shop, bundle, nowhere, tmp_path):
    extract(bundle, tmp_path, "manifest.json", SEAL)
    done = sigstore(nowhere, shop, tmp_path)

    assert done.returncode == 0, done.stderr
    assert "OK: manifest.json" in done.stdout + done.stderr
    figure(
        "offline: the stock sigstore command accepts manifest.json in an empty network namespace"
    )


def test_the_stock_command_refuses_another_manifest(shop, bundle, nowhere, tmp_path):
    manifest, _ = extract(bundle, tmp_path, "manifest.json", SEAL)
    manifest.write_bytes(manifest.read_bytes().replace(b"offline", b"0ffline"))

    assert sigstore(nowhere, shop, tmp_path).returncode != 0


def test_the_stock_command_refuses_another_identity_and_another_statement(
    shop, bundle, nowhere, tmp_path
):
    _, seal = extract(bundle, tmp_path, "manifest.json", SEAL)
    assert sigstore(nowhere, shop, tmp_path, identity="spiffe://other/signer").returncode != 0

    document = json.loads(seal.read_text())
    payload = base64.b64decode(document["dsseEnvelope"]["payload"])
    assert b'"fail"' in payload
    forged = payload.replace(b'"fail"', b'"pass"')
    document["dsseEnvelope"]["payload"] = base64.b64encode(forged).decode()
    seal.write_text(json.dumps(document))
    assert sigstore(nowhere, shop, tmp_path).returncode != 0


def test_probanda_verifies_packs_and_checks_without_network(shop, bundle, nowhere):
    shop.prefix = nowhere
    shop.verify(bundle)
    shop.check()
    pack = Path(shop.pack().stdout.strip())
    shop.verify(shop.root / pack)


def test_the_stock_command_accepts_a_pack_without_network(shop, bundle, nowhere, tmp_path):
    pack = shop.root / shop.pack().stdout.strip()
    extract(pack, tmp_path, "manifest.json", SEAL)

    assert sigstore(nowhere, shop, tmp_path).returncode == 0
