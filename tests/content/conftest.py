"""A small, complete project that tests bend in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from probanda.content import WorkingTree, load
from probanda.content.tree import Tree, locate
from probanda.errors import ContentError, MultipleContentError
from probanda.model.finding import Finding

PEM = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n"

# Of policy, rule, key and tenant as the baseline below has them.
DENIED_X = Finding("supply-chain/license-allowlist", "denied", "", "x", "acme").fingerprint

FILES = {
    "probanda.yaml": """\
apiVersion: probanda/v1
kind: Project
metadata: {name: demo}
spec:
  tenant: acme
  approvers:
    - {name: ada@example.org, publicKey: keys/ada.pem}
    - {name: grace}
  trust: [evidence/trust/root.json]
""",
    "keys/ada.pem": PEM,
    "evidence/trust/root.json": "{}",
    "evidence/trust/approvers/ada.pub.pem": PEM,
    "gates/pull-request.yaml": """\
apiVersion: probanda/v1
kind: Gate
metadata: {name: pull-request, title: What a pull request must prove, owner: security}
spec:
  runs: ci
  mode: enforce
  checks:
    - id: new-licenses
      when: {paths: ["pyproject.toml"]}
      facts:
        sbom: {from: cyclonedx, path: .probanda/sbom.cdx.json, maxAge: 1h}
        base: {from: cyclonedx, path: sbom.cdx.json, ref: base, missing: empty}
      policy: supply-chain/license-allowlist/findings
      parameters: {deny: [NO, LicenseRef-Restricted-TOS]}
      controls: [soc2/CC8.1]
""",
    "gates/store.yaml": """\
apiVersion: probanda/v1
kind: Gate
metadata: {name: store, title: May it be stored here, owner: security}
spec:
  runs: runtime
  mode: enforce
  request:
    schema:
      type: object
      properties: {dataset: {$ref: "#/$defs/dataset"}}
      $defs: {dataset: {type: object}}
  checks:
    - {id: residency, policy: residency/dataset/store, controls: [soc2/CC8.1]}
""",
    "policies/supply-chain/license-allowlist/policy.yaml": """\
apiVersion: probanda/v1
kind: Policy
metadata: {name: supply-chain/license-allowlist, title: Only licences we may use, owner: security}
spec:
  package: probanda.supply_chain.license_allowlist
  entrypoints:
    findings: {kind: findings, rule: findings}
  facts: {sbom: {collector: cyclonedx}, base: {collector: cyclonedx, optional: true}}
  parameters:
    type: object
    additionalProperties: false
    required: [deny]
    properties:
      deny: {type: array, items: {type: string}}
      level: {enum: [low, high]}
      name: {type: string, pattern: "^a"}
  controls: [soc2/CC8.1]
""",
    "policies/supply-chain/license-allowlist/license-allowlist.rego": """\
package probanda.supply_chain.license_allowlist

# METADATA
# title: A licence that we may not use
# custom: {id: denied, severity: high, remediation: Replace the package.}
findings contains {"rule": "denied", "key": "x", "message": "no"} if {
	some component in input.facts.sbom.components
	component.license in input.parameters.deny
}
""",
    "policies/supply-chain/license-allowlist/license-allowlist_test.rego": """\
package probanda.supply_chain.license_allowlist_test

test_nothing if true
""",
    "policies/supply-chain/license-allowlist/cases/red.json": "{}",
    "policies/supply-chain/license-allowlist/README.md": "# licences",
    "policies/residency/dataset/policy.yaml": """\
apiVersion: probanda/v1
kind: Policy
metadata: {name: residency/dataset, title: Data stays in its region, owner: security}
spec:
  package: intelgraph.residency.v2
  entrypoints:
    store: {kind: allow, rule: allow_store, input: {dataset: request.dataset}}
""",
    "policies/residency/dataset/dataset.rego": """\
package intelgraph.residency.v2

default allow_store := false

# METADATA
# title: Stored in its region
# custom: {id: store, severity: critical, remediation: Store it in its region.}
allow_store if input.dataset.region == "eu"
""",
    "controls/soc2/cc8.1.yaml": """\
apiVersion: probanda/v1
kind: Control
metadata: {name: soc2/CC8.1, title: Changes are authorised}
spec:
  statement: >
    Changes are authorised, tested and approved
    before they go live.
  owner: security
  frequency: per-change
  automation: hybrid
  evidence:
    - {title: Decisions, collector: cyclonedx, policy: supply-chain/license-allowlist/findings,
       population: all merged changes}
    - {title: Minutes, review: that the board met}
""",
    "controls/identifiers/letters.yaml": """\
apiVersion: probanda/v1
kind: IdentifierList
metadata: {name: letters, title: Letters}
spec: {document: The alphabet, version: "1.10", ids: [A-1, A-2, B-1]}
""",
    "controls/maps/ours.yaml": """\
apiVersion: probanda/v1
kind: ControlMap
metadata: {name: ours, title: Ours}
spec:
  source: soc2
  target: letters
  relations:
    - {from: cc_8_1, relation: superset-of, to: [A-1], strength: 7}
    - {from: CC8.1, relation: intersects-with, to: [B-1]}
""",
    "contracts/orders/contract.yaml": """\
apiVersion: probanda/v1
kind: Contract
metadata: {name: orders}
spec:
  datasetId: orders
  version: 1.10
  tenantId: NO
  license: Open-Data-OK
  purpose: [analytics]
  retention: short-30d
  sla: {ingestLatencyMs: 500, completenessPct: 99.5, dedupe: true}
""",
    "contracts/clicks/contract.json": """\
{"datasetId": "clicks", "version": "1", "tenantId": "acme", "license": "MIT-OK",
 "purpose": [], "retention": "legal-hold", "sla": {}, "owner": "somebody"}
""",
    "contracts/schema/any.json": "{}",
    "evidence/waivers/left-pad.yaml": f"""\
apiVersion: probanda/v1
kind: Waiver
metadata: {{name: left-pad, owner: grace}}
spec:
  fingerprints: [{"1" * 64}]
  approver: ada@example.org
  gates: [pull-request]
  checks: [new-licenses]
  ticket: SEC-1
  reason: It is replaced next month.
  created: 2026-11-01
  expires: 2026-12-01
""",
    "evidence/baselines/pull-request.yaml": f"""\
apiVersion: probanda/v1
kind: Baseline
metadata: {{name: pull-request, owner: grace}}
spec:
  tenant: acme
  approver: ada@example.org
  ticket: SEC-2
  reason: They were there before the gate.
  created: 2026-11-01
  expires: 2026-12-01
  findings:
    - {{fingerprint: {DENIED_X}, policy: supply-chain/license-allowlist, rule: denied, key: x,
       path: sbom.cdx.json, count: 2}}
""",
    "evidence/roster.yaml": """\
apiVersion: probanda/v1
kind: Roster
metadata: {name: people, owner: security}
spec:
  people:
    - name: ada
      logins: {github: [Ada-L, ada-ci], gitlab: [Ada-L]}
      emails: [ada@example.org]
      keys: [{path: evidence/trust/approvers/ada.pub.pem}]
      roles: [security]
      joins: 2026-01-01
      leaves: 2028-01-01
      absences: [{from: 2026-12-20, until: 2027-01-04}]
    - name: grace
      emails: [grace@example.org]
""",
    "evidence/clarifications/example.yaml": """\
apiVersion: probanda/v1
kind: Clarification
metadata: {name: example}
spec:
  purl: pkg:pypi/example@1.2.3
  license: MIT OR Apache-2.0
  evidence: LICENSE in the source archive
  author: ada@example.org
""",
    "evidence/clarifications/example.yaml.sig.json": '{"signatures": []}',
    "README.md": "outside the rooms",
}


class MemoryTree:
    """A tree of texts in memory: the real interface, without a disk."""

    def __init__(self, files: dict[str, str | bytes], label: str = "") -> None:
        self.label = label
        self.contents = dict(files)

    def files(self, prefix: str) -> list[str]:
        below = f"{prefix}/" if prefix else ""
        return sorted(path for path in self.contents if path.startswith(below))

    def read(self, path: str) -> bytes:
        if path not in self.contents:
            raise ContentError("no such file", location=locate(self, path))
        text = self.contents[path]
        return text if isinstance(text, bytes) else text.encode()


class Workshop:
    """The small project, and ways to bend it."""

    def __init__(self) -> None:
        self.files: dict[str, str | bytes] = dict(FILES)
        self.pem = PEM

    def bend(self, path: str, old: str, new: str) -> Workshop:
        text = self.files[path]
        assert isinstance(text, str)
        assert old in text, f"{old!r} is not in {path}"
        self.files[path] = text.replace(old, new)
        return self

    def tree(self, label: str = "") -> MemoryTree:
        return MemoryTree(self.files, label)

    def load(self, builtin: bool | Tree = False):
        return load(self.tree(), builtin=builtin)

    def errors(self, builtin: bool | Tree = False) -> list[ContentError]:
        """What is wrong; every error has a place."""
        with pytest.raises(MultipleContentError) as caught:
            self.load(builtin)
        assert all(error.location for error in caught.value.errors)
        return list(caught.value.errors)

    def error(self, builtin: bool | Tree = False) -> ContentError:
        """The one thing that is wrong."""
        errors = self.errors(builtin)
        assert len(errors) == 1, [str(error) for error in errors]
        return errors[0]

    def write(self, root: Path) -> WorkingTree:
        for path, text in self.files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text if isinstance(text, bytes) else text.encode())
        return WorkingTree(root)


@pytest.fixture
def workshop() -> Workshop:
    """A project that is right until a test bends it."""
    return Workshop()
