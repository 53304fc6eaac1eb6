"""What a test came to.

Rules:

- A test passes when its rule is `true`; one that is driven by data, when each of its cases is.
- An error is no failure: a test that could not be evaluated says nothing about the policy.
- A test that is driven by data and came to no case fails, with the reason: nothing was tested.

Example:
    TestResult(test, "fail", cases=(CaseResult("two", "fail"),)).passed      # False
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from probanda.rego.explain import Explanation
from probanda.rego.testing.discover import Test

Status: TypeAlias = Literal["pass", "fail", "error", "skip"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case of a test that is driven by data; with cases of its own where names are nested."""

    name: str
    status: Status
    cases: tuple[CaseResult, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As OPA writes it."""
        document: dict[str, Any] = {"name": self.name}
        if self.status == "fail":
            document["fail"] = True
        if self.cases:
            document["sub_results"] = {each.name: each.to_json() for each in self.cases}
        return document

    def lines(self, indent: str) -> Iterator[str]:
        """For people."""
        yield f"{indent}{self.name}: {self.status}"
        for each in self.cases:
            yield from each.lines(indent + "  ")


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test.

    Attributes:
        test: which.
        status: what came of it.
        cases: of a test that is driven by data.
        message: why, where it is an error or not plain.
        output: what its `print` calls wrote.
        explanation: of a failure: which expression failed, on which values.
    """

    __test__ = False  # as above

    test: Test
    status: Status
    cases: tuple[CaseResult, ...] = ()
    message: str = ""
    output: str = ""
    explanation: Explanation | None = None

    @property
    def passed(self) -> bool:
        """Whether it did."""
        return self.status == "pass"

    def to_json(self) -> dict[str, Any]:
        """As OPA writes it, with the message and the output as text."""
        where = self.test.location
        document: dict[str, Any] = {
            "location": {"file": where.path, "row": where.line, "col": where.column},
            "package": ".".join(("data", *self.test.package)),
            "name": self.test.title,
        }
        if self.status != "pass":
            document[self.status] = self.message if self.status == "error" else True
        if self.message and self.status != "error":
            document["message"] = self.message
        if self.output:
            document["output"] = self.output
        if self.cases:
            document["sub_results"] = {each.name: each.to_json() for each in self.cases}
        return document
