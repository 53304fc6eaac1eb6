"""The syntax tree of Rego, with a location on every node.

Rules:

- Nodes are frozen. Equality ignores locations, so that trees can be compared.
- Operators are calls by the names of OPA's built-ins: `==` is `equal`, `=` is `eq`, `:=` is
  `assign`, `!=` `neq`, `<` `lt`, `<=` `lte`, `>` `gt`, `>=` `gte`, `+` `plus`, `-` `minus`,
  `*` `mul`, `/` `div`, `%` `rem`, `&` `and`, `|` `or`; `x in xs` is `internal.member_2`,
  `k, v in xs` is `internal.member_3`.
- A number keeps the text it was written with; nothing here rounds.
- `Ref.head` is a `Var` (`data`, `input`, a local, a rule) or, for `f(x)[i]` and `[1, 2][i]`,
  any other term.

Source: OPA's `v1/ast` package and the grammar in its policy-language documentation.

Example:
    Ref(Var("input"), (String("user"), Var("i")))   # input.user[i]
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias


class Span(NamedTuple):
    """A piece of a file: 1-based rows and columns (columns count characters), end exclusive."""

    path: str
    row: int
    column: int
    end_row: int = 0
    end_column: int = 0


NOWHERE = Span("", 0, 0)


@dataclass(frozen=True, slots=True)
class Node:
    """What every node has."""

    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


# --- terms -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Null(Node):
    """`null`."""


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number, as written."""

    text: str


@dataclass(frozen=True, slots=True)
class String(Node):
    """A string, decoded."""

    value: str


@dataclass(frozen=True, slots=True)
class TemplateString(Node):
    """`$"a {x} b"`: texts and the terms between them; an undefined part shows `<undefined>`.

    A part is a `Literal` only when it has a `with`: `$"{x with input as 1}"`.
    """

    parts: tuple[str | Term | Literal, ...]


@dataclass(frozen=True, slots=True)
class Var(Node):
    """A variable; the parser names each wildcard `_` apart: `$0`, `$1` and so on."""

    name: str

    @property
    def is_wildcard(self) -> bool:
        """Whether it was written `_`."""
        return self.name.startswith("$")


@dataclass(frozen=True, slots=True)
class Ref(Node):
    """`head[a][b]`; `.name` is a `String`."""

    head: Term
    path: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Array(Node):
    """`[a, b]`."""

    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Object(Node):
    """`{k: v}`, pairs in source order."""

    pairs: tuple[tuple[Term, Term], ...]


@dataclass(frozen=True, slots=True)
class Set(Node):
    """`{a, b}` or `set()`."""

    items: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class ArrayComprehension(Node):
    """`[term | body]`."""

    term: Term
    body: Body


@dataclass(frozen=True, slots=True)
class SetComprehension(Node):
    """`{term | body}`."""

    term: Term
    body: Body


@dataclass(frozen=True, slots=True)
class ObjectComprehension(Node):
    """`{key: value | body}`."""

    key: Term
    value: Term
    body: Body


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`operator(arguments)`.

    Attributes:
        operator: the parts of its name: `("io", "jwt", "decode")`, `("plus",)`, or
            `("data", "a", "f")` once resolved.
        arguments: as written; one more than the arity where the last one takes the result.
        infix: written as an operator; only messages care.
    """

    operator: tuple[str, ...]
    arguments: tuple[Term, ...]
    infix: bool = field(default=False, compare=False)


Term: TypeAlias = (
    Null
    | Boolean
    | Number
    | String
    | TemplateString
    | Var
    | Ref
    | Array
    | Object
    | Set
    | ArrayComprehension
    | SetComprehension
    | ObjectComprehension
    | Call
)

# --- bodies ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SomeDecl(Node):
    """`some x, y`."""

    variables: tuple[Var, ...]


@dataclass(frozen=True, slots=True)
class SomeIn(Node):
    """`some value in collection`, `some key, value in collection`; both may be patterns."""

    key: Term | None
    value: Term
    collection: Term


@dataclass(frozen=True, slots=True)
class Every(Node):
    """`every value in domain { body }`, `every key, value in domain { body }`."""

    key: Var | None
    value: Var
    domain: Term
    body: Body


@dataclass(frozen=True, slots=True)
class With(Node):
    """`with target as value`; the target is `input…`, `data…` or the name of a function."""

    target: Ref | Var
    value: Term


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """One statement of a body: `[not] expression [with …]`."""

    expression: Term | SomeDecl | SomeIn | Every
    negated: bool = False
    withs: tuple[With, ...] = ()


Body: TypeAlias = tuple[Literal, ...]

# --- rules -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Annotations(Node):
    """A `# METADATA` block: its YAML as plain values, as OPA's annotations document them."""

    values: dict[str, object] = field(hash=False)
    scope: str = "rule"


@dataclass(frozen=True, slots=True)
class Head(Node):
    """The head of a rule.

    Attributes:
        ref: name and path as written: `a.b[x]` is `(String a, String b, Var x)`; the first
            part is always a `String`.
        arguments: of a function, else `None`; `f()` has none and is `()`.
        key: of `ref contains key`.
        value: after `:=` or `=`; `None` means `true` (or, with `key`, no value).
        assigned: whether it was written with `:=`.
    """

    ref: tuple[Term, ...]
    arguments: tuple[Term, ...] | None = None
    key: Term | None = None
    value: Term | None = None
    assigned: bool = False


@dataclass(frozen=True, slots=True)
class Rule(Node):
    """`head if body else …`; a missing body is `()`, which is true."""

    head: Head
    body: Body = ()
    default: bool = False
    otherwise: Rule | None = None
    annotations: tuple[Annotations, ...] = ()


@dataclass(frozen=True, slots=True)
class Import(Node):
    """`import path as alias`; the path starts with `data`, `input`, `rego` or `future`."""

    path: tuple[str, ...]
    alias: str = ""

    @property
    def name(self) -> str:
        """The name under which it is used."""
        return self.alias or self.path[-1]


@dataclass(frozen=True, slots=True)
class Module(Node):
    """One file.

    Attributes:
        path: its name, as given to `compile`.
        package: parts without the leading `data`.
        imports: in source order.
        rules: in source order; several bodies of one head (v0) become several rules.
        annotations: of the package (scopes `package` and `subpackages`).
        version: 1, or 0 for v0 syntax.
        source: the text, for messages.
    """

    path: str
    package: tuple[str, ...]
    imports: tuple[Import, ...] = ()
    rules: tuple[Rule, ...] = ()
    annotations: tuple[Annotations, ...] = ()
    version: int = 1
    source: str = field(default="", compare=False, repr=False)
