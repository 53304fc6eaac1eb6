"""The steps of verification that are about a seal, whatever it seals.

Rules:

- A step returns what it showed, or raises: bad evidence, could not be decided, skipped.
- Later steps lean on what earlier ones have shown; without it they are skipped.
- Trust is an argument; nothing in the seal adds to it.

Example:
    class _Verification(SealSteps): ...   # sets `sealed`, then runs the steps in order
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from probanda.errors import (
    CannotVerifyError,
    EvidenceError,
    LedgerError,
    ParseError,
    VerificationFailedError,
)
from probanda.evidence import certificates, checks
from probanda.evidence.report import Report, Signer, Step, StepOutcome, judge
from probanda.evidence.sigstore_bundle import SigstoreBundle
from probanda.evidence.trust import Authority, Trust, TrustRoot
from probanda.model.instant import format_instant

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_Shown = TypeVar("_Shown")

# Between this machine's clock and the stamper's.
_CLOCK_SKEW = timedelta(minutes=5)

SIGNATURE_STEP = ("the signature fits the statement", "DSSE 1.0.2, FIPS 186-5")
TIME_STEP = ("a timestamp proves when it was signed", "RFC 3161, RFC 5816")
CERTIFICATE_STEP = ("a trusted authority certified the signer", "RFC 5280, RFC 6962 §3")
LOG_STEP = ("the signature is in the log", "RFC 9162 §2.1.3.2, C2SP tlog-checkpoint")
OPINION_STEP = ("a second verifier agrees", "Sigstore bundle v0.3, sigstore-python")
LIMITS_STEP = ("what is not proved", "RFC 3161 §4, C2SP tlog-witness")


class SkippedError(Exception):
    """An earlier step left nothing to look at."""


class NotApplicableError(Exception):
    """The step is about something that this evidence rightly does not have."""


class SealSteps:
    """One run over one seal: what the steps have shown so far."""

    def __init__(
        self,
        titles: Sequence[tuple[str, str]],
        *,
        trust: Trust | None,
        at: datetime | None,
        identity: str,
        issuer: str,
    ) -> None:
        self.titles, self.trust = titles, trust
        self.at, self.identity, self.issuer = at, identity, issuer
        self.steps: list[Step] = []
        self.seal_bytes = b""
        self.sealed: SigstoreBundle | None = None
        self.certificate: Certificate | None = None
        self.signer: Signer | None = None
        self.anchor: tuple[TrustRoot, Authority] | None = None
        self.moment: datetime | None = None
        self.stampers: list[Authority] = []
        self.certified = False

    def report(
        self,
        path: Path,
        checks: Iterable[Callable[[], str]],
        name: Callable[[], tuple[str, str]] = lambda: ("", ""),
    ) -> Report:
        """Run `checks` in order; what came of them. `name` then gives digest and name."""
        for check in checks:
            self.step(check)
        manifest_sha256, bundle_name = name()
        return Report(
            path=path,
            steps=tuple(self.steps),
            verdict=judge(self.steps, trusted=self.anchor is not None and self.certified),
            signer=self.signer,
            signed_at=format_instant(self.moment) if self.moment else "",
            trusted_by=f"{self.anchor[0].path} ({self.anchor[0].source})" if self.anchor else "",
            anchored=self.anchored,
            unsafe_demo=self.signer is not None and certificates.is_unsafe_demo(self.signer),
            manifest_sha256=manifest_sha256,
            bundle_name=bundle_name,
        )

    def step(self, check: Callable[[], str]) -> None:
        """Run one check and note what came of it."""
        number = len(self.steps) + 1
        outcome = StepOutcome.NOTE if number == len(self.titles) else StepOutcome.GOOD
        try:
            detail = check()
        except (ParseError, VerificationFailedError, EvidenceError, LedgerError) as error:
            outcome, detail = StepOutcome.BAD, str(error)
        except CannotVerifyError as error:
            outcome = StepOutcome.UNKNOWN
            detail = f"{error}; {error.hint}" if error.hint else str(error)
        except SkippedError as error:
            outcome, detail = StepOutcome.SKIPPED, str(error)
        except NotApplicableError as error:
            outcome, detail = StepOutcome.NOTE, str(error)
        title, spec = self.titles[number - 1]
        self.steps.append(Step(number, title, spec, outcome, detail))

    def check_signature(self) -> str:
        """With the embedded certificate; whose it is comes later."""
        sealed = need(self.sealed)
        certificate = certificates.load_certificate(sealed.certificate)
        signer = certificates.describe(certificate)
        checks.check_signature(sealed, certificate)
        self.certificate, self.signer = certificate, signer
        return f"key with SPKI SHA-256 {signer.fingerprint}"

    def check_time(self) -> str:
        """Over this signature, by an authority that the signer's root trusts."""
        sealed, certificate = need(self.sealed), need(self.certificate)
        stamps = checks.stamps(sealed)
        root = self.root(certificate)
        if root is None:
            claimed = format_instant(stamps[0].tst_info.gen_time)
            raise CannotVerifyError(f"{claimed}, says an authority that is not known")
        trusted = [checks.trusted_stamp(stamp, sealed.signature, root) for stamp in stamps]
        self.stampers = [authority for _, authority in trusted]
        # The latest: every certificate must have been valid even then.
        self.moment = max(moment for moment, _ in trusted)
        signed = f"signed at {format_instant(self.moment)}"
        if self.at is not None and self.moment > self.at:
            raise VerificationFailedError(f"{signed}, after the time to verify at")
        if self.at is None and self.moment > datetime.now(UTC) + _CLOCK_SKEW:
            raise CannotVerifyError(
                f"{signed}, in the future of this machine's clock",
                hint="mend the clock, or say which time to verify at",
            )
        return signed

    def check_certified(self) -> str:
        """Issued by a trusted authority, valid then, for an identity it vouches for."""
        certificate = need(self.certificate)
        signer = need(self.signer)
        stranger = f"{signer.identity or 'nobody'}, certified by {signer.issuer}"
        if self.trust is None:
            raise CannotVerifyError(f"no trust root was given; it says: {stranger}")
        found = certificates.find_issuer(certificate, self.trust)
        if found is None:
            count = len(self.trust.roots)
            raise CannotVerifyError(f"unknown to the {count} trust root(s); it says: {stranger}")
        root, authority = found
        moment = need(self.moment)
        certificates.check_certificate(certificate, authority, root, moment)
        name = certificates.check_identity(
            certificate, authority, identity=self.identity, issuer=self.issuer
        )
        self.anchor, self.certified = found, True
        return f"{name}, trusted by {root.path} ({root.source})"

    def check_logged(self) -> str:
        """The entry is of this signature, under a checkpoint that the log signed."""
        sealed, certificate = need(self.sealed), need(self.certificate)
        checkpoint = checks.check_log_entry(sealed)
        place = f"entry {sealed.entry.index} of {checkpoint.size} in {checkpoint.origin}"
        root = self.root(certificate)
        if root is None:
            raise CannotVerifyError(f"{place}, a log that is not known")
        note = sealed.entry.checkpoint
        checks.check_checkpoint_signature(note, root, log_id=sealed.entry.log_id)
        return place

    def check_second_opinion(self) -> str:
        """The stock verifier comes to the same finding about the seal."""
        sealed = need(self.sealed)
        if self.anchor is None:
            raise SkippedError("there is no trust to ask it with")
        from probanda.evidence.second_opinion import accepts

        about = {title for title, _ in (SIGNATURE_STEP, TIME_STEP, CERTIFICATE_STEP, LOG_STEP)}
        bad = any(step.outcome is StepOutcome.BAD for step in self.steps if step.title in about)
        root, authority = self.anchor
        refusal = accepts(self.seal_bytes, sealed.payload, root, authority)
        if refusal and not bad:
            raise VerificationFailedError(f"it refuses what these checks accept: {refusal}")
        if bad and not refusal:
            raise VerificationFailedError("it accepts what these checks refuse")
        return "sigstore-python comes to the same finding"

    def check_time_limits(self) -> str:
        """Said aloud, because a signature looks as if it proved everything."""
        if self.anchored:
            return "the time is vouched for by an authority apart from the signer's"
        return "the time is only claimed: who holds the signer's cell can back-date"

    @property
    def anchored(self) -> bool:
        """Whether every stamp's root certificate is another than the signer's."""
        if self.anchor is None or not self.stampers:
            return False
        own = self.anchor[1].chain[-1]
        return all(stamper.chain[-1] != own for stamper in self.stampers)

    def root(self, certificate: Certificate) -> TrustRoot | None:
        """The trust root whose authority certified the signer; `None` for a stranger."""
        if self.trust is None:
            return None
        found = certificates.find_issuer(certificate, self.trust)
        return found[0] if found else None


def need(value: _Shown | None) -> _Shown:
    """What an earlier step has shown; without it, this step is skipped."""
    if value is None:
        raise SkippedError("an earlier step left nothing to look at")
    return value
