from __future__ import annotations

import base64
import io
import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from probanda.canonical import canonical, pretty, sha256_hex
from probanda.evidence import tar
from probanda.evidence.archive import read_archive
from probanda.evidence.bundle import Recorded, Source
from probanda.evidence.manifest import Manifest
from probanda.evidence.report import UNSAFE_WARNING, Step, StepOutcome, Verdict, judge
from probanda.evidence.seal import seal
from probanda.evidence.statement import Statement
from probanda.evidence.trust import Trust, load_trust
from probanda.evidence.verify import STEPS, verify_bundle

pytestmark = pytest.mark.usefixtures("no_network")

MANIFEST, SIGNATURE = "manifest.json", "manifest.sigstore.json"
CHECKPOINT, RECORDS = "proofs/checkpoint.txt", "proofs/records.json"
DECISION = "decisions/release.json"
NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


def members(path: Path) -> dict[str, bytes]:
    return {member.name: stream.read() for member, stream in read_archive(path)}


def raw_tar(files) -> bytes:
    parts = [
        tar.header(name, len(data)) + data + bytes(tar.padding(len(data))) for name, data in files
    ]
    return b"".join(parts) + tar.END


def damaged(tmp_path: Path, files: dict[str, bytes]) -> Path:
    """A well-formed archive of these files, in the order of a bundle."""
    tail = [MANIFEST, CHECKPOINT, RECORDS, SIGNATURE]
    order = sorted(set(files) - set(tail)) + [name for name in tail if name in files]
    path = tmp_path / "damaged.tar"
    path.write_bytes(raw_tar([(name, files[name]) for name in order]))
    return path


def outcomes(report) -> dict[int, str]:
    return {step.number: step.outcome.value for step in report.steps}


def bad_steps(report) -> list[int]:
    return [step.number for step in report.steps if step.outcome is StepOutcome.BAD]


@pytest.fixture
def files(bundle) -> dict[str, bytes]:
    return members(bundle)


# --- good bundles ---------------------------------------------------------------------------


def test_a_good_bundle_is_good(house, bundle):
    report = verify_bundle(bundle, trust=house.trust)
    assert outcomes(report) == {
        **dict.fromkeys(range(1, 11), "good"),
        11: "note",
        12: "note",
    }
    assert (report.verdict, report.exit_code) == (Verdict.GOOD, 0)
    assert report.signer.identity == "spiffe://acme/signer"
    assert report.signed_at == "2026-11-20T12:00:00Z"
    assert report.trusted_by == f"{house.trust_path} (--trust)"
    assert report.bundle_name == "nightly-21"
    assert "good: signed by spiffe://acme/signer" in report.summary


def test_every_step_is_reported_once_and_cites_its_specification(house, bundle):
    report = verify_bundle(bundle, trust=house.trust)
    assert [(step.title, step.spec) for step in report.steps] == list(STEPS)
    assert all(spec for _, spec in STEPS)


def test_the_report_is_plain_json(house, bundle):
    document = verify_bundle(bundle, trust=house.trust).to_json()
    assert json.loads(json.dumps(document)) == document
    assert document["exitCode"] == 0
    assert document["manifestSha256"] == sha256_hex(members(bundle)[MANIFEST])


def test_the_wrapper_for_the_stock_command_line_is_trust_too(house, bundle):
    trust = load_trust(house.folder / "cell" / "trust_config.json")
    assert verify_bundle(bundle, trust=trust).exit_code == 0


def test_of_several_roots_the_one_that_vouches_is_named(house, stranger, bundle):
    trust = Trust((*stranger.trust.roots, *house.trust.roots))
    report = verify_bundle(bundle, trust=trust)
    assert report.exit_code == 0
    assert str(house.trust_path) in report.trusted_by


def test_it_says_what_is_not_proved(house, bundle):
    report = verify_bundle(bundle, trust=house.trust)
    assert not report.anchored
    assert "can back-date" in report.steps[-1].detail
    assert "unanchored" in report.steps[-1].detail


def test_a_bundle_verifies_after_its_certificate_has_expired(house, bundle):
    later = NOW + timedelta(days=365)
    assert verify_bundle(bundle, trust=house.trust, at=later).exit_code == 0


def test_a_demonstration_cell_is_called_so(build_house, tmp_path):
    house = build_house(tmp_path / "demo", unsafe_demo=True)
    path = house.write(tmp_path / "x.tar").path
    report = verify_bundle(path, trust=house.trust)
    assert report.exit_code == 0
    assert report.unsafe_demo
    assert report.warnings == (UNSAFE_WARNING,)
    assert verify_bundle(path, trust=None).unsafe_demo


def test_an_honest_cell_is_not_called_a_demonstration(house, bundle):
    assert verify_bundle(bundle, trust=house.trust).warnings == ()


# --- signer unknown -------------------------------------------------------------------------


def test_without_trust_it_is_intact_and_the_signer_unknown(bundle):
    report = verify_bundle(bundle, trust=None)
    assert report.exit_code == 3
    assert report.summary == "intact, signer unknown"
    assert len(report.fingerprint) == 64
    assert report.signer.issuer == "CN=acme CA,O=acme"
    assert report.trusted_by == ""


def test_a_stranger_of_the_same_name_is_unknown_not_good(house, stranger, tmp_path):
    path = stranger.write(tmp_path / "x.tar").path
    report = verify_bundle(path, trust=house.trust)
    assert report.signer.identity == "spiffe://acme/signer"
    assert report.exit_code == 3
    assert report.summary == "intact, signer unknown"


def test_a_bundle_swapped_and_signed_again_by_a_stranger_is_never_good(
    house, stranger, files, tmp_path
):
    """An attacker with a cell of his own replaces an artifact and seals the result himself."""
    evil = dict(files)
    evil["artifacts/licence.txt"] = b"GPL\n"
    manifest = Manifest.parse(files[MANIFEST])
    entries = tuple(
        entry
        if entry.path != "artifacts/licence.txt"
        else type(entry)(entry.path, sha256_hex(b"GPL\n"), 4, entry.media_type, entry.role)
        for entry in manifest.entries
    )
    forged = Manifest(manifest.kind, manifest.name, manifest.tenant, manifest.as_of, entries)
    evil[MANIFEST] = forged.to_bytes()
    statement = Statement(forged.digest, _statement(files).predicate)
    evil[SIGNATURE] = pretty(
        seal(statement.to_bytes(), stranger.cell, stranger.signatures, NOW)
    ).encode()
    report = verify_bundle(damaged(tmp_path, evil), trust=house.trust)
    assert report.exit_code == 3
    assert not report.trusted_by


def test_a_file_that_is_not_there_was_not_checked(house, tmp_path):
    report = verify_bundle(tmp_path / "absent.tar", trust=house.trust)
    assert report.exit_code == 3
    assert outcomes(report) == {1: "unknown", **dict.fromkeys(range(2, 13), "skipped")}


def test_a_folder_was_not_checked(house, tmp_path):
    assert verify_bundle(tmp_path, trust=house.trust).exit_code == 3


def test_a_signature_from_the_future_is_not_believed(house, bundle):
    report = verify_bundle(bundle, trust=house.trust, at=NOW - timedelta(seconds=1))
    assert report.exit_code == 1
    assert bad_steps(report)[0] == 6


def test_a_slow_clock_makes_the_time_undecided(house, bundle, monkeypatch):
    class Slow(datetime):
        @classmethod
        def now(cls, tz=None):
            return NOW - timedelta(days=400)

    monkeypatch.setattr("probanda.evidence.seal_steps.datetime", Slow)
    report = verify_bundle(bundle, trust=house.trust)
    assert report.exit_code == 3
    assert "future of this machine's clock" in report.steps[5].detail


# --- damaged archives -----------------------------------------------------------------------


def test_every_truncation_is_bad(house, bundle, tmp_path):
    data = bundle.read_bytes()
    cuts = sorted({0, 1, 511, 512, len(data) - 1, *range(0, len(data), 389)})
    for cut in cuts:
        path = tmp_path / "cut.tar"
        path.write_bytes(data[:cut])
        assert verify_bundle(path, trust=house.trust).exit_code == 1, cut


def test_flipped_bits_are_bad_and_nothing_is_raised(house, bundle, tmp_path):
    """Bits all over the file, and some in every region; a known seed, so that it repeats."""
    data = bundle.read_bytes()
    chance = random.Random(20261120)
    positions = {chance.randrange(len(data)) for _ in range(700)}
    path = tmp_path / "flipped.tar"
    for position in sorted(positions):
        flipped = bytearray(data)
        flipped[position] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        assert verify_bundle(path, trust=house.trust).exit_code == 1, position


@pytest.mark.parametrize("name", [MANIFEST, CHECKPOINT, RECORDS, SIGNATURE, DECISION])
def test_flipped_bits_in_each_part_are_bad(house, files, tmp_path, name):
    chance = random.Random(name)
    for _ in range(60):
        flipped = bytearray(files[name])
        position = chance.randrange(len(flipped))
        flipped[position] ^= 1 << chance.randrange(8)
        path = damaged(tmp_path, {**files, name: bytes(flipped)})
        report = verify_bundle(path, trust=house.trust)
        assert report.exit_code == 1, (name, position)


def test_flipped_bits_without_trust_are_bad_outside_what_only_trust_can_check(files, tmp_path):
    chance = random.Random(7)
    for name in (MANIFEST, CHECKPOINT, DECISION):
        for _ in range(20):
            flipped = bytearray(files[name])
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            path = damaged(tmp_path, {**files, name: bytes(flipped)})
            assert verify_bundle(path, trust=None).exit_code == 1


@pytest.mark.parametrize(
    ("start", "match"),
    [(b"\x1f\x8b", "gzip"), (b"BZh9", "bzip2"), (b"PK\x03\x04", "zip")],
)
def test_compressed_bundles_are_bad_and_named(house, bundle, tmp_path, start, match):
    path = tmp_path / "x.tar.gz"
    path.write_bytes(start + bundle.read_bytes())
    report = verify_bundle(path, trust=house.trust)
    assert (report.exit_code, bad_steps(report)) == (1, [1])
    assert match in report.steps[0].detail


def test_files_in_another_order_are_bad(house, files, tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes(raw_tar(sorted(files.items())))
    report = verify_bundle(path, trust=house.trust)
    assert bad_steps(report) == [1]
    assert "order" in report.steps[0].detail


@pytest.mark.parametrize("name", ["../evil", "/etc/cron.d/evil", "a\\b"])
def test_a_path_that_escapes_is_bad(house, files, tmp_path, name):
    path = tmp_path / "x.tar"
    path.write_bytes(raw_tar([(name, b"x"), *files.items()]))
    report = verify_bundle(path, trust=house.trust)
    assert (report.exit_code, bad_steps(report)) == (1, [1])


def test_a_link_is_bad(house, files, tmp_path):
    import tarfile

    link = tarfile.TarInfo("artifacts/a-link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    path = tmp_path / "x.tar"
    path.write_bytes(link.tobuf(tarfile.USTAR_FORMAT) + raw_tar(files.items()))
    report = verify_bundle(path, trust=house.trust)
    assert "symbolic link" in report.steps[0].detail
    assert report.exit_code == 1


def test_an_artifact_twice_is_bad(house, files, tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes(raw_tar([("artifacts/licence.txt", b"x"), *files.items()]))
    assert bad_steps(verify_bundle(path, trust=house.trust)) == [1]


def test_an_oversized_manifest_is_bad_before_it_is_read(house, files, tmp_path):
    files[MANIFEST] = b" " * ((16 << 20) + 1)
    report = verify_bundle(damaged(tmp_path, files), trust=house.trust)
    assert bad_steps(report) == [1]
    assert "larger than" in report.steps[0].detail


# --- manifest and files ---------------------------------------------------------------------


def test_a_changed_artifact_is_named(house, files, tmp_path):
    files["artifacts/licence.txt"] = files["artifacts/licence.txt"].replace(b"MIT", b"GPL", 1)
    report = verify_bundle(damaged(tmp_path, files), trust=house.trust)
    assert (report.exit_code, bad_steps(report)) == (1, [3])
    assert report.steps[2].detail == "artifacts/licence.txt: changed since it was listed"


def test_swapped_artifacts_are_bad(house, files, tmp_path):
    one, two = "artifacts/licence.txt", "artifacts/sbom.cdx.json"
    files[one], files[two] = files[two], files[one]
    assert bad_steps(verify_bundle(damaged(tmp_path, files), trust=house.trust)) == [3]


def test_an_added_artifact_is_bad(house, files, tmp_path):
    files["artifacts/planted.txt"] = b"planted"
    report = verify_bundle(damaged(tmp_path, files), trust=house.trust)
    assert bad_steps(report) == [3]
    assert "planted.txt: in the archive, but not listed" in report.steps[2].detail


def test_a_file_added_among_the_proofs_is_bad(house, files, tmp_path):
    files["proofs/planted.txt"] = b"planted"
    assert bad_steps(verify_bundle(damaged(tmp_path, files), trust=house.trust)) == [3]


def test_a_removed_artifact_is_bad(house, files, tmp_path):
    del files["artifacts/licence.txt"]
    report = verify_bundle(damaged(tmp_path, files), trust=house.trust)
    assert bad_steps(report) == [3]
    assert "licence.txt: listed, but not in the archive" in report.steps[2].detail


def test_a_removed_decision_is_bad_twice(house, files, tmp_path):
    del files[DECISION]
    assert bad_steps(verify_bundle(damaged(tmp_path, files), trust=house.trust)) == [3, 10]


def test_a_renamed_artifact_is_bad(house, files, tmp_path):
    files["artifacts/license.txt"] = files.pop("artifacts/licence.txt")
    assert bad_steps(verify_bundle(damaged(tmp_path, files), trust=house.trust)) == [3]


@pytest.mark.parametrize("name", [MANIFEST, SIGNATURE, CHECKPOINT, RECORDS])
def test_a_missing_part_is_bad(house, files, tmp_path, name):
    del files[name]
    report = verify_bundle(damaged(tmp_path, files), trust=house.trust)
    assert report.exit_code == 1
    assert any(f"{name} is missing" in step.detail for step in report.steps)


def test_a_manifest_of_nothing_is_bad(house, files, tmp_path):
    document = json.loads(files[MANIFEST]) | {"entries": []}
    tail = {name: files[name] for name in (CHECKPOINT, RECORDS, SIGNATURE)}
    path = damaged(tmp_path, {**tail, MANIFEST: canonical(document)})
    report = verify_bundle(path, trust=house.trust)
    assert report.exit_code == 1
    assert "zero entries prove nothing" in report.steps[1].detail


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"kind":"Bundle"', b'"extra":1,"kind":"Bundle"'),
        (b'"kind":"Bundle"', b'"kind":"Pack","kind":"Bundle"'),
        (b'"tenant":"acme"', b'"tenant":"evil"'),
        (b'{"apiVersion"', b' {"apiVersion"'),
    ],
)
def test_a_manifest_that_says_something_else_is_bad(house, files, tmp_path, old, new):
    assert old in files[MANIFEST]
    files[MANIFEST] = files[MANIFEST].replace(old, new, 1)
    assert verify_bundle(damaged(tmp_path, files), trust=house.trust).exit_code == 1


# --- the seal -------------------------------------------------------------------------------


def _seal(files) -> dict:
    return json.loads(files[SIGNATURE])


def _statement(files) -> Statement:
    return Statement.parse(base64.b64decode(_seal(files)["dsseEnvelope"]["payload"]))


def _entry(document) -> dict:
    return document["verificationMaterial"]["tlogEntries"][0]


def _with_seal(files, tmp_path, change) -> Path:
    document = _seal(files)
    change(document)
    return damaged(tmp_path, {**files, SIGNATURE: json.dumps(document).encode()})


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _signed_twice(document):
    document["dsseEnvelope"]["signatures"] *= 2


def _unsigned(document):
    document["dsseEnvelope"]["signatures"] = []


def _empty_signature(document):
    document["dsseEnvelope"]["signatures"][0]["sig"] = ""


def _wrong_signature(document):
    raw = bytearray(base64.b64decode(document["dsseEnvelope"]["signatures"][0]["sig"]))
    raw[-1] ^= 1
    document["dsseEnvelope"]["signatures"][0]["sig"] = _b64(bytes(raw))


def _payload(document):
    payload = base64.b64decode(document["dsseEnvelope"]["payload"])
    document["dsseEnvelope"]["payload"] = _b64(payload.replace(b"nightly-21", b"nightly-22"))


def _payload_type(document):
    document["dsseEnvelope"]["payloadType"] = "text/plain"


def _no_log(document):
    document["verificationMaterial"]["tlogEntries"] = []


def _no_stamp(document):
    document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] = []


def _same_stamp_twice(document):
    document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"] *= 2


def _garbage_stamp(document):
    stamps = document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    stamps[0]["signedTimestamp"] = _b64(b"\x30\x03\x02\x01\x00")


def _damaged_stamp(document):
    stamps = document["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]
    raw = bytearray(base64.b64decode(stamps[0]["signedTimestamp"]))
    raw[-1] ^= 1
    stamps[0]["signedTimestamp"] = _b64(bytes(raw))


def _other_index(document):
    _entry(document)["logIndex"] = "3"
    _entry(document)["inclusionProof"]["logIndex"] = "3"


def _disagreeing_index(document):
    _entry(document)["logIndex"] = "3"


def _no_proof(document):
    _entry(document)["inclusionProof"]["hashes"] = []


def _wrong_proof(document):
    _entry(document)["inclusionProof"]["hashes"][0] = _b64(bytes(32))


def _other_tree(document):
    _entry(document)["inclusionProof"]["treeSize"] = "99"


def _checkpoint_size(document):
    checkpoint = _entry(document)["inclusionProof"]["checkpoint"]
    lines = checkpoint["envelope"].split("\n")
    lines[1] = str(int(lines[1]) + 1)
    checkpoint["envelope"] = "\n".join(lines)
    _entry(document)["inclusionProof"]["treeSize"] = lines[1]


def _checkpoint_unsigned(document):
    checkpoint = _entry(document)["inclusionProof"]["checkpoint"]
    text, _, line = checkpoint["envelope"].partition("\n\n")
    name = line.split()[1]
    checkpoint["envelope"] = f"{text}\n\n— {name} {_b64(bytes(68))}\n"


def _other_log(document):
    _entry(document)["logId"]["keyId"] = _b64(bytes(32))


def _other_body(document):
    body = base64.b64decode(_entry(document)["canonicalizedBody"])
    _entry(document)["canonicalizedBody"] = _b64(body.replace(b"hashedrekord", b"hashedrekorD"))


def _other_kind(document):
    _entry(document)["kindVersion"]["version"] = "0.0.1"


def _public_key(document):
    del document["verificationMaterial"]["certificate"]
    document["verificationMaterial"]["publicKey"] = {"hint": "x"}


def _not_a_certificate(document):
    document["verificationMaterial"]["certificate"]["rawBytes"] = _b64(b"\x30\x00")


def _media_type(document):
    document["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1"


def _unknown_field(document):
    document["trustedRoot"] = {}


@pytest.mark.parametrize(
    ("change", "first_bad_step"),
    [
        (_signed_twice, 4),
        (_unsigned, 4),
        (_empty_signature, 4),
        (_wrong_signature, 5),
        (_payload, 4),
        (_payload_type, 4),
        (_no_log, 4),
        (_no_stamp, 4),
        (_same_stamp_twice, 4),
        (_garbage_stamp, 6),
        (_damaged_stamp, 6),
        (_other_index, 8),
        (_disagreeing_index, 4),
        (_no_proof, 8),
        (_wrong_proof, 8),
        (_other_tree, 8),
        (_checkpoint_size, 8),
        (_checkpoint_unsigned, 8),
        (_other_log, 8),
        (_other_body, 8),
        (_other_kind, 4),
        (_public_key, 4),
        (_not_a_certificate, 5),
        (_media_type, 4),
        (_unknown_field, 4),
    ],
)
def test_a_damaged_seal_is_bad_at_the_step_that_shows_it(
    house, files, tmp_path, change, first_bad_step
):
    report = verify_bundle(_with_seal(files, tmp_path, change), trust=house.trust)
    assert report.exit_code == 1
    assert bad_steps(report)[0] == first_bad_step, report.summary


def test_a_seal_that_is_not_json_is_bad(house, files, tmp_path):
    for data in (b"", b"{}", b"[]", b"not json", files[SIGNATURE][:-20]):
        path = damaged(tmp_path, {**files, SIGNATURE: data})
        assert bad_steps(verify_bundle(path, trust=house.trust))[0] == 4


def test_the_seal_of_another_bundle_is_bad(house, files, tmp_path):
    other = house.write(tmp_path / "other.tar", name="nightly-20").path
    files[SIGNATURE] = members(other)[SIGNATURE]
    report = verify_bundle(damaged(tmp_path, files), trust=house.trust)
    assert bad_steps(report)[0] == 4
    assert "about another manifest" in report.steps[3].detail


def test_a_log_entry_of_another_signature_is_bad(house, files, tmp_path):
    """GHSA-whqx-f9j3-ch6m: a valid entry of the same log, but not of this signature."""
    other = members(house.write(tmp_path / "other.tar").path)

    def change(document):
        entry = json.loads(other[SIGNATURE])["verificationMaterial"]["tlogEntries"]
        document["verificationMaterial"]["tlogEntries"] = entry

    report = verify_bundle(_with_seal(files, tmp_path, change), trust=house.trust)
    assert "the log entry is of another signature" in report.steps[7].detail
    assert report.exit_code == 1


def test_a_timestamp_of_another_signature_is_bad(house, files, tmp_path):
    other = members(house.write(tmp_path / "other.tar").path)

    def change(document):
        stamps = json.loads(other[SIGNATURE])["verificationMaterial"]["timestampVerificationData"]
        document["verificationMaterial"]["timestampVerificationData"] = stamps

    report = verify_bundle(_with_seal(files, tmp_path, change), trust=house.trust)
    assert "not over this signature" in report.steps[5].detail
    assert report.exit_code == 1


def test_a_timestamp_by_a_stranger_is_bad(house, stranger, files, tmp_path):
    def change(document):
        signature = base64.b64decode(document["dsseEnvelope"]["signatures"][0]["sig"])
        stamps = document["verificationMaterial"]["timestampVerificationData"]
        stamps["rfc3161Timestamps"] = [
            {"signedTimestamp": _b64(stranger.cell.timestamp(signature, NOW))}
        ]

    report = verify_bundle(_with_seal(files, tmp_path, change), trust=house.trust)
    assert "not from a trusted authority" in report.steps[5].detail
    assert report.exit_code == 1


@pytest.mark.parametrize("minutes", [-1, 11, 600])
def test_a_signature_outside_its_certificates_life_is_bad(house, files, tmp_path, minutes):
    """The stamp is genuine; at its time, the ten-minute certificate was not valid."""

    def change(document):
        signature = base64.b64decode(document["dsseEnvelope"]["signatures"][0]["sig"])
        moment = NOW + timedelta(minutes=minutes)
        stamps = document["verificationMaterial"]["timestampVerificationData"]
        stamps["rfc3161Timestamps"] = [
            {"signedTimestamp": _b64(house.cell.timestamp(signature, moment))}
        ]

    report = verify_bundle(_with_seal(files, tmp_path, change), trust=house.trust)
    assert "not valid at the time of signing" in report.steps[6].detail
    assert report.exit_code == 1


def test_a_certificate_that_claims_a_trusted_issuer_is_bad(house, stranger, files, tmp_path):
    """A certificate built to look as if the trusted authority had issued it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    leaf = stranger.cell.issue(NOW)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(house.cell.ca.subject)
        .public_key(leaf.key.public_key())
        .serial_number(7)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(minutes=10))
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(house.cell.ca.public_key()),
            critical=False,
        )
    )
    forged = builder.sign(stranger.cell.keys.ca, hashes.SHA256())
    der = forged.public_bytes(serialization.Encoding.DER)

    def change(document):
        from probanda.sign import pae

        payload = base64.b64decode(document["dsseEnvelope"]["payload"])
        signature = leaf.sign(pae("application/vnd.in-toto+json", payload))
        document["dsseEnvelope"]["signatures"] = [{"sig": _b64(signature)}]
        document["verificationMaterial"]["certificate"]["rawBytes"] = _b64(der)

    report = verify_bundle(_with_seal(files, tmp_path, change), trust=house.trust)
    assert report.exit_code == 1
    assert any("claims to be from" in step.detail for step in report.steps)


# --- statements that a trusted signer would have to answer for ------------------------------


def _resealed(house, files, tmp_path, change, *, tail=None) -> Path:
    """The same cell signs a changed statement: only the content can give it away."""
    document = _statement(files).to_json()
    change(document)
    sealed = seal(canonical(document), house.cell, house.signatures, NOW)
    return damaged(tmp_path, {**files, **(tail or {}), SIGNATURE: pretty(sealed).encode()})


def _two_subjects(document):
    document["subject"] *= 2


def _no_subject(document):
    document["subject"] = []


def _other_subject(document):
    document["subject"][0]["name"] = "other.json"


def _other_digest(document):
    document["subject"][0]["digest"]["sha256"] = "0" * 64


def _no_digest(document):
    document["subject"][0]["digest"] = {}


def _weak_digest(document):
    document["subject"][0]["digest"] = {"sha1": "0" * 40}


def _other_predicate(document):
    document["predicateType"] = "https://slsa.dev/provenance/v1"


def _other_type(document):
    document["_type"] = "https://in-toto.io/Statement/v0.1"


def _other_tenant(document):
    document["predicate"]["tenant"] = "evil"


def _other_name(document):
    document["predicate"]["name"] = "nightly-22"


def _unknown_predicate_field(document):
    document["predicate"]["verdict"] = "pass"


def _no_ledger(document):
    del document["predicate"]["ledger"]


@pytest.mark.parametrize(
    "change",
    [
        _two_subjects,
        _no_subject,
        _other_subject,
        _other_digest,
        _no_digest,
        _weak_digest,
        _other_predicate,
        _other_type,
        _other_tenant,
        _other_name,
        _unknown_predicate_field,
        _no_ledger,
    ],
)
def test_a_signed_statement_about_something_else_is_bad(house, files, tmp_path, change):
    report = verify_bundle(_resealed(house, files, tmp_path, change), trust=house.trust)
    assert report.exit_code == 1
    assert bad_steps(report)[0] == 4


def test_unknown_fields_of_the_statement_itself_are_ignored(house, files, tmp_path):
    """in-toto spec/v1, parsing rules; the control for the test above."""
    path = _resealed(house, files, tmp_path, lambda document: document.update(note="hello"))
    assert verify_bundle(path, trust=house.trust).exit_code == 0


def _no_records(document):
    document["predicate"]["records"] = []


def _other_leaf(document):
    document["predicate"]["records"][0]["sha256leaf"] = "0" * 64


def _other_record_index(document):
    document["predicate"]["records"][0]["index"] += 1


def _other_record_kind(document):
    document["predicate"]["records"][0]["kind"] = "fact"


def _other_ledger_size(document):
    document["predicate"]["ledger"]["size"] += 1


def _other_ledger_root(document):
    document["predicate"]["ledger"]["root"] = _b64(bytes(32))


def _other_ledger_origin(document):
    document["predicate"]["ledger"]["origin"] = "ledger.evil.invalid"


def _other_ledger_note(document):
    document["predicate"]["ledger"]["checkpoint"] += "— x AAAAAAA=\n"


@pytest.mark.parametrize(
    "change",
    [
        _no_records,
        _other_leaf,
        _other_record_index,
        _other_record_kind,
        _other_ledger_size,
        _other_ledger_root,
        _other_ledger_origin,
        _other_ledger_note,
    ],
)
def test_a_signed_ledger_head_that_does_not_fit_is_bad(house, files, tmp_path, change):
    report = verify_bundle(_resealed(house, files, tmp_path, change), trust=house.trust)
    assert (report.exit_code, bad_steps(report)) == (1, [10])


def test_a_ledger_head_signed_by_a_stranger_is_bad(house, stranger, files, tmp_path):
    """Same origin, same size, another key."""
    from probanda.merkle import Checkpoint

    ledger = _statement(files).predicate.ledger
    note = stranger.cell.sign_checkpoint(Checkpoint(ledger.origin, ledger.size, ledger.root))

    def change(document):
        document["predicate"]["ledger"]["checkpoint"] = note

    path = _resealed(house, files, tmp_path, change, tail={CHECKPOINT: note.encode()})
    report = verify_bundle(path, trust=house.trust)
    assert (report.exit_code, bad_steps(report)) == (1, [10])


# --- records --------------------------------------------------------------------------------


def _records(files) -> dict:
    return json.loads(files[RECORDS])


def _with_records(files, tmp_path, change) -> Path:
    document = _records(files)
    change(document["records"])
    return damaged(tmp_path, {**files, RECORDS: canonical(document)})


def _wrong_salt(records):
    records[0]["salt"] = _b64(bytes(32))


def _short_salt(records):
    records[0]["salt"] = _b64(b"x")


def _no_salt(records):
    del records[0]["salt"]


def _no_path(records):
    del records[0]["path"], records[0]["salt"]


def _wrong_hash(records):
    records[0]["proof"][0] = _b64(bytes(32))


def _short_proof(records):
    records[0]["proof"].pop()


def _long_proof(records):
    records[0]["proof"].append(_b64(bytes(32)))


def _moved(records):
    records[0]["index"] = 0


def _changed_leaf(records):
    leaf = base64.b64decode(records[0]["leaf"])
    records[0]["leaf"] = _b64(leaf.replace(b"acme", b"evil"))


def _other_file(records):
    records[0]["path"] = "artifacts/licence.txt"


def _unlisted_file(records):
    records[0]["path"] = "nowhere"


def _dropped(records):
    records.clear()


def _doubled(records):
    records.append(records[0])


def _more(records):
    records[0]["extra"] = 1


@pytest.mark.parametrize(
    "change",
    [
        _wrong_salt,
        _short_salt,
        _no_salt,
        _no_path,
        _wrong_hash,
        _short_proof,
        _long_proof,
        _moved,
        _changed_leaf,
        _other_file,
        _unlisted_file,
        _dropped,
        _doubled,
        _more,
    ],
)
def test_a_record_proof_that_does_not_fit_is_bad(house, files, tmp_path, change):
    path = _with_records(files, tmp_path, change)
    report = verify_bundle(path, trust=house.trust)
    assert (report.exit_code, bad_steps(report)) == (1, [10])
    assert verify_bundle(path, trust=None).exit_code == 1


def test_a_decision_that_was_exchanged_together_with_its_manifest_is_bad(house, files, tmp_path):
    """Even the cell itself cannot put another decision in the place of the recorded one."""
    forged = canonical({"kind": "Decision", "outcome": "fail"})
    manifest = Manifest.parse(files[MANIFEST])
    entries = tuple(
        type(entry)(entry.path, sha256_hex(forged), len(forged), entry.media_type, entry.role)
        if entry.path == DECISION
        else entry
        for entry in manifest.entries
    )
    changed = Manifest(manifest.kind, manifest.name, manifest.tenant, manifest.as_of, entries)

    def change(document):
        document["subject"][0]["digest"]["sha256"] = changed.digest

    tail = {MANIFEST: changed.to_bytes(), DECISION: forged}
    path = _resealed(house, files, tmp_path, change, tail=tail)
    report = verify_bundle(path, trust=house.trust)
    assert (report.exit_code, bad_steps(report)) == (1, [10])
    assert "not what record" in report.steps[9].detail


def test_a_record_of_another_tenant_is_bad(house, tmp_path):
    index = house.record(b"theirs", tenant="other")
    path = house.write(
        tmp_path / "x.tar",
        sources=[Source("a", "artifact", "text/plain", lambda: io.BytesIO(b"x"))],
        recorded=[Recorded("", index)],
    ).path
    report = verify_bundle(path, trust=house.trust)
    assert (report.exit_code, bad_steps(report)) == (1, [10])
    assert "another tenant" in report.steps[9].detail


def _decision_about(data: bytes) -> bytes:
    fact = {"name": "sbom", "sha256": sha256_hex(data), "source": "sbom.cdx.json"}
    return canonical({"kind": "Decision", "checks": [{"id": "c", "facts": [fact]}]})


@pytest.mark.parametrize(
    ("kind", "bundled", "outcome"),
    [("Bundle", b"sbom", "good"), ("Bundle", b"other", "bad"), ("Pack", b"other", "good")],
)
def test_a_bundle_holds_what_its_decisions_rest_on(house, tmp_path, kind, bundled, outcome):
    decision = _decision_about(b"sbom")
    path = house.write(
        tmp_path / "x.tar",
        kind=kind,
        sources=[
            Source("d.json", "decision", "application/json", lambda: io.BytesIO(decision)),
            Source("a.json", "artifact", "application/json", lambda: io.BytesIO(bundled)),
        ],
        recorded=[Recorded("d.json", house.record(decision))],
    ).path
    step = verify_bundle(path, trust=house.trust).steps[9]
    assert step.outcome.value == outcome
    if outcome == "bad":
        assert step.detail == "d.json: rests on sbom.cdx.json, which is left out"


# --- whose word counts ----------------------------------------------------------------------


def _trust(house, tmp_path, change) -> Trust:
    document = json.loads(house.trust_path.read_text())
    change(document)
    path = tmp_path / "changed_root.json"
    path.write_text(json.dumps(document))
    return load_trust(path)


@pytest.mark.parametrize(
    ("expected", "exit_code"),
    [
        (("", ""), 3),
        (("spiffe://acme/signer", ""), 3),
        (("", "https://idp.acme.invalid"), 3),
        (("spiffe://acme/signer", "https://idp.acme.invalid"), 0),
        (("spiffe://acme/other", "https://idp.acme.invalid"), 1),
        (("spiffe://acme/signer", "https://idp.evil.invalid"), 1),
    ],
)
def test_an_authority_that_vouches_for_many_needs_an_expected_identity(
    house, bundle, tmp_path, expected, exit_code
):
    def change(document):
        document["certificateAuthorities"][0]["uri"] = "https://fulcio.example"

    trust = _trust(house, tmp_path, change)
    identity, issuer = expected
    report = verify_bundle(bundle, trust=trust, identity=identity, issuer=issuer)
    assert report.exit_code == exit_code, report.summary


@pytest.mark.parametrize("domain", ["spiffe://other", "spiffe://acm", "spiffe://acme.evil"])
def test_a_cells_authority_vouches_for_its_own_domain_only(house, bundle, tmp_path, domain):
    def change(document):
        document["certificateAuthorities"][0]["uri"] = domain

    report = verify_bundle(bundle, trust=_trust(house, tmp_path, change))
    assert (report.exit_code, bad_steps(report)) == (1, [7])
    assert "is outside" in report.steps[6].detail


def test_an_expected_identity_holds_for_a_cell_too(house, bundle):
    report = verify_bundle(bundle, trust=house.trust, identity="spiffe://acme/other")
    assert report.exit_code == 1


def test_a_stamp_from_another_custody_proves_the_time(house, stranger, files, tmp_path):
    def other_stampers(document):
        other = json.loads(stranger.trust_path.read_text())
        document["timestampAuthorities"] = other["timestampAuthorities"]

    def other_stamp(document):
        signature = base64.b64decode(document["dsseEnvelope"]["signatures"][0]["sig"])
        stamps = document["verificationMaterial"]["timestampVerificationData"]
        stamps["rfc3161Timestamps"] = [
            {"signedTimestamp": _b64(stranger.cell.timestamp(signature, NOW))}
        ]

    trust = _trust(house, tmp_path, other_stampers)
    report = verify_bundle(_with_seal(files, tmp_path, other_stamp), trust=trust)
    assert report.exit_code == 0, report.summary
    assert report.anchored
    assert "apart from the signer's" in report.steps[-1].detail


def _no_stampers(document):
    document["timestampAuthorities"] = []


def _no_logs(document):
    document["tlogs"] = []


def _no_ledger_log(document):
    document["tlogs"] = document["tlogs"][:1]


def _no_certificate_logs(document):
    document["ctlogs"] = []


def _authority_not_yet_trusted(document):
    document["certificateAuthorities"][0]["validFor"] = {"start": "2027-01-01T00:00:00Z"}


def _stamper_no_longer_trusted(document):
    document["timestampAuthorities"][0]["validFor"]["end"] = "2026-11-10T00:00:00Z"


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (_no_stampers, 6),
        (_stamper_no_longer_trusted, 6),
        (_no_certificate_logs, 7),
        (_authority_not_yet_trusted, 7),
        (_no_logs, 8),
        (_no_ledger_log, 10),
    ],
)
def test_a_root_that_trusts_less_accepts_less(house, bundle, tmp_path, change, step):
    report = verify_bundle(bundle, trust=_trust(house, tmp_path, change))
    assert report.exit_code == 1
    assert bad_steps(report)[0] == step


# --- judgement ------------------------------------------------------------------------------


def _step(outcome: StepOutcome) -> Step:
    return Step(1, "t", "s", outcome, "d")


@pytest.mark.parametrize(
    ("found", "trusted", "verdict"),
    [
        ([], True, Verdict.UNKNOWN),
        ([StepOutcome.NOTE], True, Verdict.UNKNOWN),
        ([StepOutcome.GOOD], True, Verdict.GOOD),
        ([StepOutcome.GOOD], False, Verdict.UNKNOWN),
        ([StepOutcome.GOOD, StepOutcome.SKIPPED], True, Verdict.UNKNOWN),
        ([StepOutcome.GOOD, StepOutcome.UNKNOWN], True, Verdict.UNKNOWN),
        ([StepOutcome.UNKNOWN, StepOutcome.BAD], True, Verdict.BAD),
        ([StepOutcome.BAD], False, Verdict.BAD),
    ],
)
def test_the_verdict_fails_closed(found, trusted, verdict):
    assert judge([_step(outcome) for outcome in found], trusted=trusted) is verdict


def test_a_second_verifier_that_refuses_makes_it_bad(house, bundle, monkeypatch):
    monkeypatch.setattr("probanda.evidence.second_opinion.accepts", lambda *_: "no")
    report = verify_bundle(bundle, trust=house.trust)
    assert (report.exit_code, bad_steps(report)) == (1, [9])


def test_a_second_verifier_that_accepts_what_is_refused_is_reported(
    house, files, tmp_path, monkeypatch
):
    monkeypatch.setattr("probanda.evidence.second_opinion.accepts", lambda *_: "")
    path = _with_seal(files, tmp_path, _wrong_proof)
    assert bad_steps(verify_bundle(path, trust=house.trust)) == [8, 9]
