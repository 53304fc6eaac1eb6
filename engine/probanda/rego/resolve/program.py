"""What the resolver hands to the planner: rules grouped by path, every name resolved.

Rules:

- A `Var` is a local whose name is unique within its rule or query. `data` and `input` occur
  only as the head of a `Ref`; a bare `input` is `Ref(Var("input"), ())`.
- A group's path has no leading `data`. It is the longest prefix of plain strings of its rules'
  refs, package included. Rules whose refs lie below a group with variable parts belong to that
  group: `p[q].r := 1` and `p.a.r := 2` are one group `p` with keys `(q, "r")` and `("a", "r")`,
  and so are `p[q] := 1` and `p.s contains 2` (keys `("s",)`, key `2`). So no group's path is a
  prefix of another's, functions apart.
- Literals of every body are ordered so that each variable is bound before it must be.

Example:
    program = resolve([parse_module(text, path="a.rego")])
    program.groups["a", "allow"].kind       # "complete"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from probanda.rego.ast import Annotations, Body, Module, Span, Term
from probanda.rego.diagnostic import Diagnostic

Path: TypeAlias = tuple[str, ...]
Kind: TypeAlias = Literal["complete", "partial-set", "partial-object", "function"]


@dataclass(frozen=True, slots=True)
class ResolvedRule:
    """One rule, or one `else` branch of a rule.

    Attributes:
        arguments: patterns of a function's parameters.
        keys: the parts of the head's ref beyond the group's path, outermost first.
        key: the member that a rule with `contains` adds (at `keys`), else `None`.
        value: what the rule is, at `keys`; `true` for a rule with `key`.
        body: in the order of evaluation; empty means true.
        otherwise: what is tried when the body is undefined.
        span: of the rule.
        module_path: the file's name.
        annotations: of the rule.
    """

    arguments: tuple[Term, ...]
    keys: tuple[Term, ...]
    key: Term | None
    value: Term
    body: Body
    otherwise: ResolvedRule | None
    span: Span
    module_path: str
    annotations: tuple[Annotations, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """All rules that define one document or function.

    Attributes:
        path: without the leading `data`.
        kind: `partial-object` may hold rules with a `key` too (sets within the object).
        arity: of a function, else 0.
        rules: in the order of modules and source, without the defaults.
        default: the value of a complete document or function that no rule defines.
        key_defaults: of a partial object: defaults of single `keys`, all plain strings.
    """

    path: Path
    kind: Kind
    arity: int
    rules: tuple[ResolvedRule, ...]
    default: ResolvedRule | None = None
    key_defaults: tuple[ResolvedRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that was compiled together.

    Attributes:
        groups: by path, sorted by it.
        modules: as parsed.
        warnings: unused variables and imports, and the like.
        annotations: of rules, by the group's path, in source order.
    """

    groups: Mapping[Path, RuleGroup]
    modules: tuple[Module, ...]
    warnings: tuple[Diagnostic, ...]
    annotations: Mapping[Path, tuple[Annotations, ...]]


@dataclass(frozen=True, slots=True)
class ResolvedQuery:
    """A query, resolved like a body.

    Attributes:
        variables: named variables to answer with, in order of appearance; the names of
            variables declared by `:=` or `some` are those they were written with.
        names: the local that holds each of `variables`; the same length.
    """

    body: Body
    variables: tuple[str, ...]
    names: tuple[str, ...]
