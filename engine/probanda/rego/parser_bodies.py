"""Bodies of Rego: statements, `not`, `some`, `every`, `with`.

Rules:

- Statements are separated by a line break or `;`; an operator at the start of a line goes on
  with the line before, as in OPA.
- `=` and `:=` stand between two whole expressions, once in a statement.
- `some x, y` declares; `some x in xs` and `some k, v in xs` iterate.

Source: OPA's `v1/ast/parser.go`, `parseQuery` to `parseEvery`.
"""

from __future__ import annotations

from probanda.rego.ast import (
    Body,
    Call,
    Every,
    Literal,
    Ref,
    SomeDecl,
    SomeIn,
    Term,
    Var,
    With,
)
from probanda.rego.parser_terms import TermParser

_IN_HINT = "`import future.keywords.in` for `some x in xs` expressions"
_MEMBER = {("internal", "member_2"), ("internal", "member_3")}


class BodyParser(TermParser):
    """Parses bodies."""

    def body(self, end: str) -> Body:
        """Statements up to the token `end`, which is left."""
        if self.kinds[self.place] == end:
            self.fail("found empty body")
        literals = []
        while True:
            literals.append(self.literal())
            kind = self.kinds[self.place]
            if kind == ";":
                self.place += 1
                if self.kinds[self.place] == end:
                    self.unexpected(hint="a statement follows every `;`")
            elif kind == end:
                return tuple(literals)
            elif self.spaces[self.place] != 2:
                self.unexpected(f"expected \\n or ; or {end}", hint=self._statement_hint())

    def _statement_hint(self) -> str:
        kind = self.kinds[self.place]
        if kind in {":=", "="}:
            return "a statement assigns once"
        if kind in {"(", "["} and self.spaces[self.place]:
            return f"no white space may stand before `{kind}`"
        if self.version == 0 and self.is_name("in"):
            return _IN_HINT
        if self.version == 0 and self.texts[self.place - 1] == "every":
            return "`import future.keywords.every` for `every x in xs { ... }` expressions"
        return ""

    def literal(self) -> Literal:
        """One statement."""
        start = self.place
        negated = self.kinds[start] == "not"
        self.place += negated
        kind = self.kinds[self.place]
        if kind in {"some", "every"} and negated:
            self.unexpected(f"illegal negation of '{kind}'")
        expression = self._statement()
        withs: list[With] = []
        while self.kinds[self.place] == "with":
            if isinstance(expression, SomeDecl):
                self.unexpected()
            withs.append(self._with())
        return Literal(expression, negated, tuple(withs), span=self.span(start))

    def _statement(self) -> Term | SomeDecl | SomeIn | Every:
        """`some …`, `every …`, `term`, `term := term`, `term = term`."""
        start = self.place
        if self.kinds[start] == "some":
            return self._some()
        if self.kinds[start] == "every":
            return self._every()
        left = self.expression()
        kind = self.kinds[self.place]
        if kind not in {":=", "="}:
            return left
        self.place += 1
        right = self.expression()
        name = "assign" if kind == ":=" else "eq"
        return Call((name,), (left, right), infix=True, span=self.span(start))

    def _with(self) -> With:
        start = self.place
        self.place += 1
        if self.kinds[self.place] != "ident":
            self.unexpected("expected ident")
        target_place = self.place
        target = self.term()
        if not isinstance(target, Ref | Var):
            self.fail("expected with target path", place=target_place)
        self.expect("as", "expected as keyword")
        value = self.expression()
        return With(target, value, span=self.span(start))

    def _some(self) -> SomeDecl | SomeIn:
        start = self.place
        declared = self._declared()
        if declared is not None:
            return SomeDecl(declared, span=self.span(start))
        self.place = start + 1
        first = self.place
        term = self.expression()
        if not isinstance(term, Call) or not term.infix or term.operator not in _MEMBER:
            self.place = first if isinstance(term, Call) else self.place
            hint = _IN_HINT if self.version == 0 and self.is_name("in") else ""
            self.unexpected("expected `x in xs` or `x, y in xs` expression", hint=hint)
        *key, value, collection = term.arguments
        return SomeIn(key[0] if key else None, value, collection, span=self.span(start))

    def _declared(self) -> tuple[Var, ...] | None:
        """The variables of `some x, y`; nothing when it must be `some … in …`."""
        place = self.place + 1
        names = 1
        while self.kinds[place] == "ident" and self.kinds[place + 1] == ",":
            place += 2
            names += 1
        if self.kinds[place] != "ident":
            if self.kinds[place] in {"in", "eof", "}", ":=", ";"}:
                self.place = place
                self.unexpected("expected var")
            return None
        after = place + 1
        adjacent = not self.spaces[after] and self.kinds[after] in {".", "[", "("}
        ends = self.spaces[after] == 2 or self.kinds[after] in {";", "}", "]", ")", "eof"}
        if adjacent or not ends or self.kinds[after] == "in":
            if self.kinds[after] == "ident" and self.texts[after] == "in":
                self.place = after
                self.unexpected("expected \\n or ; or }", hint=_IN_HINT)
            return None
        variables = []
        for _ in range(names):
            self.place += 1
            variables.append(self.variable())
        return tuple(variables)

    def _every(self) -> Every:
        start = self.place
        self.place += 1
        first = self.place
        term = self.expression()
        if not isinstance(term, Call) or not term.infix or term.operator not in _MEMBER:
            self.unexpected("expected `x[, y] in xs { ... }` expression")
        *key, value, domain = term.arguments
        if key and not isinstance(key[0], Var):
            self.fail("expected key to be a variable", place=first)
        if not isinstance(value, Var):
            self.fail("expected value to be a variable", place=first)
        if self.kinds[self.place] != "{":
            self.unexpected("missing body")
        body = self.braced()
        assert not key or isinstance(key[0], Var)  # refused above
        name = key[0] if key else None
        return Every(
            name if isinstance(name, Var) else None, value, domain, body, span=self.span(start)
        )

    def braced(self) -> Body:
        """`{ body }`."""
        self.place += 1
        body = self.body("}")
        self.place += 1
        return body
