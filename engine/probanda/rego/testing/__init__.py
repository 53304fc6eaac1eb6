"""Tests of Rego: run them, see what they cover, and whether they notice a change of the policy.

Rules:

- `Suite` runs tests as `opa test` does; `coverage` tells which expressions they came to;
  `mutants` makes the policies that differ in one place, which tests should notice.
- Nothing here reads a file or a clock, but for the limits of an evaluation.

Example:
    Suite.compile({"a_test.rego": text}).run()
"""

from probanda.rego.testing.coverage import Coverage, FileCoverage
from probanda.rego.testing.discover import Test
from probanda.rego.testing.results import CaseResult, TestResult
from probanda.rego.testing.suite import Suite

__all__ = ["CaseResult", "Coverage", "FileCoverage", "Suite", "Test", "TestResult"]
