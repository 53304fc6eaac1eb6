"""An explanation as data: rules, their bodies, the expressions in them, and values.

Rules:

- Values are small copies (see `shown`); with `values=False` neither they, nor keys of input or
  data, nor messages of built-ins are given: types and sizes, places and texts of the policy alone.
- Everything is in the order of evaluation, which is deterministic.

Example:
    explanation.to_dict(values=False)["rules"][0]["definitions"][0]["status"]     # "failed"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from probanda.model.location import Location
from probanda.rego.explain.shown import Shown

Status: TypeAlias = Literal["succeeded", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a variable, reference or call was."""

    name: str
    value: Shown

    def to_dict(self, *, values: bool) -> dict[str, Any]:
        """As JSON."""
        return {"name": self.name, **self.value.to_dict(values=values)}


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression of a body.

    Attributes:
        text: as written, one line of it; from a plan, as the plan has it.
        location: where it begins; `None` where the plan does not say.
        mark: first and last column (1-based, the last exclusive) of what failed on that line.
        line: that line of the source; empty without source.
        negated: whether it stands below a `not`.
        tried: attempts; a loop makes one for each item.
        held: attempts that got through.
        reason: why none did, or why some did not, without values; empty when all did.
        detail: the same with values: what a built-in said.
        near: keys that stand where a look-up failed, the most similar first.
        samples: bindings of failed attempts, or of one that held when none failed.
        nested: expressions within: of `every`, `not`, comprehensions.
        calls: rules and functions that were evaluated for it.
    """

    text: str
    location: Location | None
    mark: tuple[int, int] = (0, 0)
    line: str = ""
    negated: bool = False
    tried: int = 0
    held: int = 0
    reason: str = ""
    detail: str = ""
    near: tuple[str, ...] = ()
    samples: tuple[tuple[Binding, ...], ...] = ()
    nested: tuple[Expression, ...] = ()
    calls: tuple[Evaluation, ...] = ()

    def to_dict(self, *, values: bool) -> dict[str, Any]:
        """As JSON."""
        document: dict[str, Any] = {"text": self.text, "tried": self.tried, "held": self.held}
        if self.location is not None:
            document["location"] = self.location.to_json()
        if self.reason:
            document["reason"] = self.reason
        if self.negated:
            document["negated"] = True
        if values and self.detail:
            document["detail"] = self.detail
        if values and self.near:
            document["near"] = list(self.near)
        for name, items in (("nested", self.nested), ("calls", self.calls)):
            if items:
                document[name] = [each.to_dict(values=values) for each in items]
        if self.samples:
            document["samples"] = [
                [each.to_dict(values=values) for each in sample] for sample in self.samples
            ]
        return document


@dataclass(frozen=True, slots=True)
class Definition:
    """One body of a rule or function.

    Attributes:
        kind: a rule, an `else` branch, or a default.
        status: `skipped` when it was not tried at all.
        reason: why it was skipped; empty otherwise.
        location, text, title: where it stands, its first line, its METADATA title.
        results: how often it came to its end.
        values: what it said, some of it; of a partial object, keys and values in turn.
        expressions: of its body, as far as they were reached.
    """

    kind: Literal["rule", "else", "default"]
    status: Status
    reason: str = ""
    location: Location | None = None
    text: str = ""
    title: str = ""
    results: int = 0
    values: tuple[Shown, ...] = ()
    expressions: tuple[Expression, ...] = ()

    @property
    def failure(self) -> Expression | None:
        """The first expression that no binding satisfied, when the body failed."""
        if self.status != "failed":
            return None
        return next((each for each in self.expressions if not each.held), None)

    def to_dict(self, *, values: bool) -> dict[str, Any]:
        """As JSON."""
        document: dict[str, Any] = {"kind": self.kind, "status": self.status}
        if self.location is not None:
            document["location"] = self.location.to_json()
        told = {"reason": self.reason, "text": self.text, "title": self.title}
        document |= {name: text for name, text in told.items() if text}
        if self.results:
            document["results"] = self.results
            document["values"] = [each.to_dict(values=values) for each in self.values]
        if self.failure is not None:
            document["failed"] = self.expressions.index(self.failure)
        document["expressions"] = [each.to_dict(values=values) for each in self.expressions]
        return document


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A rule, or one call of a function, and what came of it.

    Attributes:
        path: `data.package.name`.
        name: the same as its caller would write it.
        title: METADATA title of the document.
        arguments: of a function.
        value: `None` when it is undefined.
        definitions: in the order of evaluation.
    """

    path: str
    name: str
    title: str = ""
    arguments: tuple[Binding, ...] = ()
    value: Shown | None = None
    definitions: tuple[Definition, ...] = ()

    @property
    def default_used(self) -> bool:
        """Whether the default stands because no other definition gave a value."""
        return any(
            each.kind == "default" and each.status == "succeeded" for each in self.definitions
        )

    def to_dict(self, *, values: bool) -> dict[str, Any]:
        """As JSON."""
        document: dict[str, Any] = {"path": self.path, "defined": self.value is not None}
        if self.title:
            document["title"] = self.title
        if self.arguments:
            document["arguments"] = [each.to_dict(values=values) for each in self.arguments]
        if self.value is not None:
            document["value"] = self.value.to_dict(values=values)
        document["defaultUsed"] = self.default_used
        document["definitions"] = [each.to_dict(values=values) for each in self.definitions]
        return document


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an entry point, or a query, answers as it does.

    Attributes:
        entrypoint: or the query's text.
        value: exactly what `Policy.prepare` gives; of a query, its list of bindings.
        shown: the same, small; `None` when undefined.
        error: what ended the evaluation, with its code in front; empty when it came to its end.
        query: a query's own expressions; empty for an entry point.
        rules: what was evaluated for it.
        dropped: evaluations that were not kept, because there were too many.
    """

    entrypoint: str
    value: Any
    shown: Shown | None
    error: str = ""
    error_code: str = ""
    query: tuple[Expression, ...] = ()
    rules: tuple[Evaluation, ...] = ()
    dropped: int = 0

    @property
    def is_verdict(self) -> bool:
        """Whether the value is a boolean: the decision itself, which is told in any case."""
        return self.value is True or self.value is False

    def to_dict(self, *, values: bool = True) -> dict[str, Any]:
        """As JSON; `values=False` leaves out what may be personal data."""
        document: dict[str, Any] = {
            "entrypoint": self.entrypoint,
            "defined": self.shown is not None,
            "rules": [each.to_dict(values=values) for each in self.rules],
        }
        if self.query:
            document["query"] = [each.to_dict(values=values) for each in self.query]
        if self.shown is not None:
            document["value"] = self.shown.to_dict(values=values or self.is_verdict)
        if self.error_code:
            document["error"] = {"code": self.error_code}
            if values:
                document["error"]["message"] = self.error
        if self.dropped:
            document["dropped"] = self.dropped
        return document

    def failures(self) -> Iterator[Expression]:
        """What failed in the bodies of the rules that were asked first."""
        for rule in self.rules:
            for definition in rule.definitions:
                if definition.failure is not None:
                    yield definition.failure
