"""New waivers and baselines as documents to review and sign.

Rules:

- Written only if everything but the signature would hold: people, dates and bounds are judged by
  `probanda.exceptions`, as the gate will.
- A new document never takes the place of another.
- What was written is read again by the project's own loader before the command succeeds.

Example:
    path = write_waiver(root, catalogue, found, terms)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from probanda.content import Catalogue, WorkingTree, load
from probanda.errors import ContentError, EvidenceError, MultipleContentError, UsageError
from probanda.exceptions import Exemption, approvers, resolve
from probanda.gates.decision_set import DecisionStore
from probanda.gates.files import make_folder, write_file
from probanda.model.baseline import BASELINE_PREFIX, Baseline, KnownFinding, identity_of
from probanda.model.decision import OWN_CHECKS, CheckResult, Decision
from probanda.model.finding import Finding
from probanda.model.instant import format_instant
from probanda.model.waiver import Waiver
from probanda.parse.yaml_writer import write_yaml

# Shorter beginnings of a fingerprint are more likely a slip than a name.
MIN_PREFIX = 6
_HEX = re.compile(r"[0-9a-f]+", re.ASCII)
_MAX_NAME = 60


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person says about an exception; `approver` may be left to `completed`."""

    owner: str
    approver: str
    ticket: str
    reason: str
    created: datetime
    days: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """An open finding of the last decisions, and the gates and checks that it blocks."""

    finding: Finding
    gates: tuple[str, ...]
    checks: tuple[str, ...]


def find_blocked(store: DecisionStore, prefix: str, gates: Sequence[str] = ()) -> Blocked:
    """The one open finding whose fingerprint begins with `prefix`, in the last decision sets.

    Raises:
        UsageError: no fingerprint, unknown, or several begin so.
        EvidenceError: nothing was decided yet, or a decision set is malformed.
    """
    if not _HEX.fullmatch(prefix) or not MIN_PREFIX <= len(prefix) <= 64:
        raise UsageError(
            f"{prefix[:80]!r} is no fingerprint",
            hint=f"at least {MIN_PREFIX} of its digits; `probanda check` prints it",
        )
    known = store.gates()
    if not known:
        raise EvidenceError("nothing was decided yet", hint="run `probanda check` first")
    for name in gates:
        if name not in known:
            raise UsageError(
                f"there is no decision of the gate {name!r}", hint=f"there is {', '.join(known)}"
            )
    found: dict[str, list[tuple[Finding, str, str]]] = {}
    excused: dict[str, str] = {}
    for gate in gates or known:
        for check in store.read(gate).decision.checks:
            for finding in check.findings:
                found.setdefault(finding.fingerprint, []).append((finding, gate, check.id))
            excused |= {each.finding.fingerprint: each.by for each in check.waived}
    names = [name for name in found if name.startswith(prefix)]
    if len(names) > 1:
        raise UsageError(
            f"{len(names)} findings begin with {prefix!r}", hint="write more of its digits"
        )
    if not names:
        raise _unknown(prefix, found, excused)
    places = found[names[0]]
    return Blocked(
        finding=places[0][0],
        gates=tuple(dict.fromkeys(gate for _, gate, _ in places)),
        checks=tuple(dict.fromkeys(check for _, _, check in places)),
    )


def _unknown(prefix: str, found: Iterable[str], excused: Mapping[str, str]) -> UsageError:
    for name, by in excused.items():
        if name.startswith(prefix):
            return UsageError(f"the finding {name[:12]}… is excused already, by {by}")
    by_start = {name[: len(prefix)]: name for name in found}
    near = get_close_matches(prefix, by_start, n=1, cutoff=0.5)
    known = ", ".join(sorted(name[:12] for name in found)[:10])
    hint = f"did you mean {by_start[near[0]][:12]}? " if near else ""
    return UsageError(
        f"no open finding has a fingerprint that begins with {prefix!r}",
        hint=f"{hint}open findings: {known or 'none'}",
    )


def completed(catalogue: Catalogue, terms: Terms) -> Terms:
    """`terms` with the only approver that the owner may have, where none was named.

    Raises:
        UsageError: there is none, or a choice.
    """
    if terms.approver:
        return terms
    owner = catalogue.roster.who_is(terms.owner)
    names = [
        person.name
        for person in approvers(catalogue.project, catalogue.roster)
        if person != owner and person.present(terms.created)
    ]
    if len(names) != 1:
        raise UsageError(
            "who is to approve it?",
            hint=f"--approver NAME, one of: {', '.join(names)}"
            if names
            else "nobody of the roster who is an approver in probanda.yaml could",
        )
    return replace(terms, approver=names[0])


def write_waiver(root: Path, catalogue: Catalogue, blocked: Blocked, terms: Terms) -> Path:
    """Write a waiver for a finding below `evidence/waivers/`, and say where.

    Raises:
        UsageError: it would not hold even when signed, or is there already.
        EvidenceError: the disk refuses.
    """
    finding = blocked.finding
    name = _name(finding)
    waiver = Waiver(
        name=name,
        fingerprints=(finding.fingerprint,),
        gates=blocked.gates,
        checks=blocked.checks,
        **_approval(terms),
    )
    _refuse_what_never_holds(catalogue, waiver, terms.created)
    spec: dict[str, Any] = {
        "fingerprints": [finding.fingerprint],
        "gates": list(blocked.gates),
        "checks": list(blocked.checks),
        **_terms(waiver),
    }
    document = _document("Waiver", name, terms.owner, spec)
    about = f"# {finding.policy} {finding.rule}: {_printable(finding.key)}\n"
    return _write(root, f"evidence/waivers/{name}.yaml", about + write_yaml(document), new=True)


def write_baseline(
    root: Path, catalogue: Catalogue, decision: Decision, terms: Terms, *, replace_old: bool
) -> tuple[Path, int]:
    """Write what a gate finds as its baseline; where, and how many entries.

    Findings that a waiver excuses stay the waiver's.

    Raises:
        UsageError: there is nothing to write, it would not hold even when signed, or there is
            one already.
        EvidenceError: not every check came to a verdict, or the disk refuses.
    """
    results = [check for check in decision.checks if check.id not in OWN_CHECKS]
    undecided = [check.id for check in results if not check.judged]
    if undecided:
        raise EvidenceError(
            f"without a verdict of {', '.join(undecided)} nobody knows what is there already",
            hint="mend what `probanda check` says first",
        )
    known = tuple(_known(results))
    if not known:
        raise UsageError("the gate finds nothing: there is nothing to write down")
    baseline = Baseline(
        gate=decision.gate, tenant=decision.tenant, findings=known, **_approval(terms)
    )
    _refuse_what_never_holds(catalogue, baseline, terms.created)
    path = _write(
        root,
        f"evidence/baselines/{decision.gate}.yaml",
        _baseline_text(baseline),
        new=not replace_old,
    )
    return path, len(known)


def prune_baseline(root: Path, baseline: Baseline, gone: Mapping[tuple[str, str], int]) -> Path:
    """Take what is gone out of a baseline; one with nothing left is removed with its signature.

    Args:
        root: the project.
        baseline: as it is.
        gone: by identity of a known finding, how many are gone.

    Raises:
        EvidenceError: the disk refuses.
    """
    left = tuple(
        replace(known, count=known.count - gone.get(known.identity, 0))
        for known in baseline.findings
        if known.count > gone.get(known.identity, 0)
    )
    path = root / f"evidence/baselines/{baseline.gate}.yaml"
    if left:
        text = _baseline_text(replace(baseline, findings=left))
        return _write(root, f"evidence/baselines/{baseline.gate}.yaml", text, new=False)
    try:
        path.unlink()
        path.with_name(path.name + ".sig.json").unlink(missing_ok=True)
    except OSError as error:
        raise EvidenceError(f"cannot remove {path}: {error.strerror}") from error
    return path


def _known(results: Iterable[CheckResult]) -> Iterator[KnownFinding]:
    """What is open, or excused by a baseline; of several checks the one that finds most."""
    counts: Counter[tuple[str, str]] = Counter()
    findings: dict[tuple[str, str], Finding] = {}
    for result in results:
        known = [each.finding for each in result.waived if each.by.startswith(BASELINE_PREFIX)]
        counts |= Counter(map(identity_of, [*result.findings, *known]))
        findings |= {identity_of(each): each for each in [*result.findings, *known]}
    for finding in sorted(findings.values(), key=lambda each: (each.policy, each.rule, each.key)):
        identity = identity_of(finding)
        yield KnownFinding(
            fingerprint=finding.fingerprint,
            policy=finding.policy,
            rule=finding.rule,
            key=finding.key,
            path=identity[1],
            count=counts[identity],
        )


def _baseline_text(baseline: Baseline) -> str:
    findings = [
        {
            "fingerprint": known.fingerprint,
            "policy": known.policy,
            "rule": known.rule,
            "key": known.key,
            **({"path": known.path} if known.path else {}),
            "count": known.count,
        }
        for known in baseline.findings
    ]
    spec = {"tenant": baseline.tenant, **_terms(baseline), "findings": findings}
    return write_yaml(_document("Baseline", baseline.gate, baseline.owner, spec))


def _document(kind: str, name: str, owner: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "owner": owner}
    return {"apiVersion": "probanda/v1", "kind": kind, "metadata": metadata, "spec": dict(spec)}


def _approval(terms: Terms) -> dict[str, Any]:
    return {
        "owner": terms.owner,
        "approver": terms.approver,
        "ticket": terms.ticket,
        "reason": terms.reason,
        "created": terms.created,
        "expires": terms.created + timedelta(days=terms.days),
    }


def _terms(made: Exemption) -> dict[str, str]:
    return {
        "approver": made.approver,
        "ticket": made.ticket,
        "reason": made.reason,
        "created": format_instant(made.created) if made.created else "",
        "expires": format_instant(made.expires),
    }


def _refuse_what_never_holds(catalogue: Catalogue, made: Exemption, now: datetime) -> None:
    """Judge all but the signature.

    Raises:
        UsageError: it would excuse nothing.
    """
    found = resolve(
        [made],
        signed={made.id: ""},
        roster=catalogue.roster,
        project=catalogue.project,
        as_of=now,
    )
    for _, why in found.invalid:
        raise UsageError(f"it would excuse nothing: {why}", hint="see docs/exceptions.md")
    if not found.holding:
        raise UsageError("it would be over before it begins", hint="give it at least one day")


def _write(root: Path, path: str, text: str, *, new: bool) -> Path:
    target = root / path
    if new and target.exists():
        raise UsageError(f"{path} is there already", hint="remove it, or extend it by hand")
    before = target.read_bytes() if target.exists() else None
    make_folder(target.parent)
    try:
        write_file(target, text.encode())
        _read_again(root, path)
    except OSError as error:
        raise EvidenceError(f"cannot write {path}: {error.strerror or error}") from error
    except ContentError as error:
        # What the loader refuses must not stay: it would stop every other command.
        if before is None:
            target.unlink(missing_ok=True)
        else:
            write_file(target, before)
        raise UsageError(f"a document that says this is refused: {error}") from error
    return target


def _read_again(root: Path, path: str) -> None:
    """Load the project with the new document.

    Raises:
        ContentError: the document is wrong. Other documents' errors are not ours to report.
    """
    try:
        load(WorkingTree(root))
    except MultipleContentError as several:
        for error in several.errors:
            if error.location is not None and error.location.path == path:
                raise error from None


def _name(finding: Finding) -> str:
    words = re.findall(r"[a-z0-9]+", f"{finding.rule} {finding.key}".lower(), re.ASCII)
    return f"{'-'.join(words)[:_MAX_NAME].strip('-')}-{finding.fingerprint[:8]}"


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
