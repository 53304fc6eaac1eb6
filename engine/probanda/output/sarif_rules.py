"""The rules and taxonomies of a SARIF run: what could have been found, and which controls it shows.

Rules:

- One rule of SARIF per rule of a policy, `<area>/<slug>/<rule>`, whether or not it found
  anything. Texts come from the Rego's METADATA and the page beside the policy.
- A control is a taxon of its framework's taxonomy; a rule relates to the controls of the
  checks that use its policy.
- At most ten tags a rule: code scanning drops the others.

Example:
    rules = Rules.of(decision, report)
    rules.index["supply-chain/license-allowlist/denied-license"]   # 0
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probanda.content.catalogue import BUILTIN
from probanda.model.decision import CheckResult, Decision
from probanda.model.finding import Finding
from probanda.model.outcome import Severity
from probanda.model.policy import Policy, Rule
from probanda.output.interface import RunReport
from probanda.output.safe_text import clean, cut

# docs.github.com, "SARIF support for code scanning": above 9.0 is critical, 7.0 to 8.9 high,
# 4.0 to 6.9 medium, 0.1 to 3.9 low.
LEVELS = {
    Severity.CRITICAL: ("error", "9.5"),
    Severity.HIGH: ("error", "8.0"),
    Severity.MEDIUM: ("warning", "5.5"),
    Severity.LOW: ("note", "2.0"),
}
# docs.github.com, "SARIF results exceed one or more limits": of 20 tags, 10 are kept.
MAX_TAGS = 10
# The same page: a longer description is cut.
MAX_DESCRIPTION = 1_024
# Ours: a page is repeated in every rule of its policy.
MAX_PAGE = 16_000


def rule_id(finding: Finding) -> str:
    """`<area>/<slug>/<rule>`."""
    return f"{finding.policy}/{finding.rule}"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a run could have found.

    Attributes:
        descriptors: `tool.driver.rules`, sorted by id.
        index: rule id → position among them.
        taxonomies: `run.taxonomies`, one a framework.
        taxa: control id → (taxonomy, taxon), as positions.
    """

    descriptors: list[dict[str, Any]]
    index: Mapping[str, int]
    taxonomies: list[dict[str, Any]]
    taxa: Mapping[str, tuple[int, int]]

    @classmethod
    def of(cls, decision: Decision, report: RunReport) -> Rules:
        """The rules of every policy that the checks of `decision` name."""
        taxonomies, taxa = _taxonomies(decision, report)
        found: dict[str, tuple[Rule, str]] = {}
        controls: dict[str, set[str]] = {}
        for check in decision.checks:
            policy = report.policy(check)
            page = report.pages.get(check.policy, "")
            for name, rule in _rules(check, policy):
                found.setdefault(name, (rule, page))
                controls.setdefault(name, set()).update(check.controls)
        made = cls([], {name: at for at, name in enumerate(sorted(found))}, taxonomies, taxa)
        for name in made.index:
            made.descriptors.append(made.describe(name, *found[name], sorted(controls[name])))
        return made

    def describe(self, name: str, rule: Rule, page: str, controls: list[str]) -> dict[str, Any]:
        """A reportingDescriptor (SARIF 2.1.0, section 3.49)."""
        level, severity = LEVELS[rule.severity]
        descriptor: dict[str, Any] = {
            "id": name,
            "name": rule.id,
            "shortDescription": {"text": _line(rule.title)},
            "fullDescription": {"text": _line(rule.description or rule.title)},
            "help": _help(rule, page),
            "defaultConfiguration": {"level": level},
            "properties": {
                "precision": "very-high",
                "security-severity": severity,
                "severity": rule.severity.value,
                "tags": ["security", *controls][:MAX_TAGS],
            },
        }
        if rule.reference:
            descriptor["helpUri"] = rule.reference
        if relations := [
            {"target": self.reference(control), "kinds": ["relevant"]}
            for control in controls
            if control in self.taxa
        ]:
            descriptor["relationships"] = relations
        return descriptor

    def reference(self, control: str) -> dict[str, Any]:
        """A reportingDescriptorReference (section 3.52) to the taxon of a control."""
        taxonomy, taxon = self.taxa[control]
        component = self.taxonomies[taxonomy]
        return {
            "id": component["taxa"][taxon]["id"],
            "index": taxon,
            "toolComponent": {"name": component["name"], "index": taxonomy},
        }


def _rules(check: CheckResult, policy: Policy | None) -> Iterator[tuple[str, Rule]]:
    """Rules of a check by SARIF's id: those that METADATA declares, and what was found besides."""
    own = policy.id if policy is not None else check.policy.removeprefix(BUILTIN)
    if policy is not None:
        for rule in policy.rules.values():
            yield f"{own.removeprefix(BUILTIN)}/{rule.id}", rule
    for finding in (*check.findings, *(waived.finding for waived in check.waived)):
        title = finding.rule.replace("-", " ").capitalize()
        yield rule_id(finding), Rule(finding.rule, title, finding.severity, finding.remediation)


def _help(rule: Rule, page: str) -> dict[str, Any]:
    remediation = rule.remediation or "The policy's author states no remediation."
    sentences = [remediation, rule.description]
    text = " ".join(_line(part) for part in sentences if part)
    if not page:
        return {"text": text}
    title = f"**{_line(rule.title)}.** {_line(rule.description)}".rstrip()
    cut_page = page
    if len(page) > MAX_PAGE:
        cut_page = page[:MAX_PAGE] + "\n\n(The rest of the policy's page is left out here.)\n"
    markdown = f"{title}\n\n**Fix.** {_line(remediation)}\n\n---\n\n{cut_page}"
    return {"text": text, "markdown": markdown}


def _taxonomies(
    decision: Decision, report: RunReport
) -> tuple[list[dict[str, Any]], dict[str, tuple[int, int]]]:
    """The controls that the checks name, by framework; those of the catalogue only."""
    known = report.catalogue.controls if report.catalogue is not None else {}
    named = sorted({name for check in decision.checks for name in check.controls if name in known})
    taxonomies: list[dict[str, Any]] = []
    taxa: dict[str, tuple[int, int]] = {}
    for framework in sorted({known[name].framework for name in named}):
        controls = [known[name] for name in named if known[name].framework == framework]
        for position, control in enumerate(controls):
            taxa[control.id] = (len(taxonomies), position)
        taxonomies.append(
            {
                "name": framework,
                "fullName": f"{framework} criteria that the checks of this gate support",
                "shortDescription": {"text": "Paraphrased, not the publisher's own text."},
                "isComprehensive": False,
                "taxa": [
                    {
                        "id": control.criterion,
                        "name": control.id,
                        "shortDescription": {"text": _line(control.title)},
                        "fullDescription": {"text": _line(control.statement)},
                    }
                    for control in controls
                ],
            }
        )
    return taxonomies, taxa


def _line(text: str) -> str:
    return cut(clean(" ".join(text.split())), MAX_DESCRIPTION)
