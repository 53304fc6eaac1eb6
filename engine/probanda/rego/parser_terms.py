"""Terms of Rego: values, references, calls, operators, comprehensions.

Rules:

- Operators bind as in OPA, loosest first: `in`; comparisons; `|`; `&`; `+ -`; `* / %`. All
  associate to the left. `=` and `:=` are statements and never part of a term.
- A reference or call goes on only without white space: `f (x)` and `x [1]` are two terms.
- `[x | …]` and `{x | …}` are comprehensions when they can be, else unions.
- Bracketed terms are remembered by place, so that a second attempt costs nothing and nested
  attempts stay linear.

Source: the grammar and parser of OPA (openpolicyagent.org/docs/policy-reference#grammar).
"""

from __future__ import annotations

from collections.abc import Callable

from probanda.rego.ast import (
    Array,
    ArrayComprehension,
    Body,
    Boolean,
    Call,
    Literal,
    Null,
    Number,
    Object,
    ObjectComprehension,
    Ref,
    Set,
    SetComprehension,
    String,
    TemplateString,
    Term,
    Var,
)
from probanda.rego.lexer import Tokens
from probanda.rego.parser_cursor import BINARY, WORDS, Cursor, Failure, name_of

ROOTS = frozenset({"data", "input"})
_HEADS = (
    Var,
    Array,
    Object,
    Set,
    ArrayComprehension,
    SetComprehension,
    ObjectComprehension,
    Call,
)


class TermParser(Cursor):
    """Parses terms; bodies are left to the class below it."""

    def __init__(self, tokens: Tokens, version: int) -> None:
        super().__init__(tokens, version)
        self.known: dict[int, tuple[Term, tuple[int, int]] | Failure] = {}
        self._starts: dict[str, Callable[[], Term]] = {
            "ident": self.variable,
            "contains": self.variable,
            "string": self._string,
            "number": self._number,
            "-": self._negative,
            "true": self._boolean,
            "false": self._boolean,
            "null": self._null,
            "[": self._array,
            "{": self._braces,
            "(": self._parenthesis,
            "template": self._template,
            "template{": self._template,
        }

    def body(self, end: str) -> Body:
        """Statements up to the token `end`, which is left."""
        raise NotImplementedError

    def literal(self) -> Literal:
        """One statement."""
        raise NotImplementedError

    # --- operators ------------------------------------------------------------------------

    def expression(self, *, pairs: bool = True) -> Term:
        """A term with operators; with `pairs`, also `k, v in xs`."""
        start = self.place
        left = self._infix(2)
        if pairs and self.kinds[self.place] == ",":
            left = self._pair_in(left, start)
        links = 0
        while self.kinds[self.place] == "in":
            links = self.operator(links)
            right = self._infix(2)
            left = Call(("internal", "member_2"), (left, right), infix=True, span=self.span(start))
        return left

    def _pair_in(self, left: Term, start: int) -> Term:
        """`left, middle in right`; `left` alone when the comma means something else."""
        mark = self.mark()
        self.place += 1
        try:
            middle = self._infix(2)
        except Failure:
            self.reset(mark)
            return left
        if self.kinds[self.place] != "in":
            self.reset(mark)
            return left
        self.operator(0)
        right = self._infix(2)
        arguments = (left, middle, right)
        return Call(("internal", "member_3"), arguments, infix=True, span=self.span(start))

    def _infix(self, minimum: int) -> Term:
        """Operators that bind at least as tightly as `minimum`."""
        start = self.place
        left = self.term()
        links = 0
        while True:
            found = BINARY.get(self.kinds[self.place])
            if found is None or found[0] < minimum:
                return left
            links = self.operator(links)
            right = self._infix(found[0] + 1)
            left = Call((found[1],), (left, right), infix=True, span=self.span(start))

    # --- terms ----------------------------------------------------------------------------

    def term(self) -> Term:
        """A term without operators, its `.x`, `[x]` and `(x)` included."""
        start = self.place
        kind = self.kinds[start]
        parse = self._starts.get(kind)
        if parse is None:
            self.unexpected()
        if kind in "([{":
            return self._remembered(parse, start)
        return self._finish(parse(), start)

    def _remembered(self, parse: Callable[[], Term], start: int) -> Term:
        known = self.known.get(start)
        if isinstance(known, Failure):
            raise known
        if known is not None:
            self.reset(known[1])
            return known[0]
        try:
            term = self._finish(parse(), start)
        except Failure as failure:
            self.known[start] = failure.with_traceback(None)
            raise
        self.known[start] = (term, self.mark())
        return term

    def variable(self) -> Var:
        """The name here."""
        start = self.place
        name = self.texts[start]
        if name == "_":
            name = f"${self.wildcards}"
            self.wildcards += 1
        self.place += 1
        return Var(name, span=self.at(start))

    def _string(self) -> Term:
        self.place += 1
        return String(self.texts[self.place - 1], span=self.at(self.place - 1))

    def _number(self) -> Term:
        self.place += 1
        return Number(self.texts[self.place - 1], span=self.at(self.place - 1))

    def _negative(self) -> Term:
        """`-1`; `-x` is `0 - x`."""
        start = self.place
        self.place += 1
        if self.kinds[self.place] == "ident":
            operands = Number("0", span=self.at(start)), self.term()
            return Call(("minus",), operands, infix=True, span=self.span(start))
        if self.kinds[self.place] != "number":
            self.unexpected("expected number")
        self.place += 1
        return Number(f"-{self.texts[self.place - 1]}", span=self.span(start))

    def _boolean(self) -> Term:
        self.place += 1
        start = self.place - 1
        return Boolean(self.kinds[start] == "true", span=self.at(start))

    def _null(self) -> Term:
        self.place += 1
        return Null(span=self.at(self.place - 1))

    def _parenthesis(self) -> Term:
        self.place += 1
        term = self.expression()
        if self.kinds[self.place] != ")":
            if self.kinds[self.place] in {":=", "="}:
                self.unexpected("expected )", hint="`:=` and `=` are statements of their own")
            self.fail("non-terminated expression", hint="expected `)`")
        self.place += 1
        return term

    def _template(self) -> Term:
        start = self.place
        parts: list[str | Term | Literal] = []
        while True:
            kind, text = self.kinds[self.place], self.texts[self.place]
            self.place += 1
            if text:
                parts.append(text)
            if not kind.endswith("{"):
                return TemplateString(tuple(parts), span=self.span(start))
            parts.append(self._template_part())
            if not self.kinds[self.place].startswith("}template"):
                self.unexpected("expected } to end template string expression")

    def _template_part(self) -> Term | Literal:
        """What stands between the braces: a term, or a literal for its `with`."""
        place = self.place
        literal = self.literal()
        expression = literal.expression
        what = ""
        if literal.negated:
            what = "negation ('not')"
        elif not isinstance(expression, Term):
            what = "'every'" if type(expression).__name__ == "Every" else "'some'"
        elif isinstance(expression, Call) and expression.infix:
            names = {"eq": "unification ('=')", "assign": "assignment (':=')"}
            what = names.get(expression.operator[-1], "")
        if what:
            self.fail(f"unexpected {what} in template-string expression", place=place)
        assert isinstance(expression, Term)  # all others were refused
        return literal if literal.withs else expression

    # --- references and calls -------------------------------------------------------------

    def _finish(self, head: Term, start: int) -> Term:
        """`head` with all `.x`, `[x]` and `(x)` that follow it directly."""
        if self.spaces[self.place] or self.kinds[self.place] not in {".", "[", "("}:
            return self._bare(head)
        if not isinstance(head, _HEADS):
            self.fail(f"illegal ref (head cannot be {name_of(head)})", place=start)
        while True:
            path = self.path()
            if self.kinds[self.place] == "(" and not self.spaces[self.place]:
                if isinstance(head, Call):
                    self.unexpected()
                head = self._call(head, path, start)
                if self.spaces[self.place] or self.kinds[self.place] not in {".", "["}:
                    return head
                continue
            return Ref(head, path, span=self.span(start))

    def _bare(self, head: Term) -> Term:
        if isinstance(head, Var) and head.name in ROOTS:
            return Ref(head, (), span=head.span)
        return head

    def path(self, *, loose: bool = False) -> tuple[Term, ...]:
        """All `.x` and `[x]` here; `loose` lets white space stand before the first."""
        path: list[Term] = []
        kinds, spaces = self.kinds, self.spaces
        while loose or not spaces[self.place]:
            loose = False
            if kinds[self.place] == ".":
                self.place += 1
                if kinds[self.place] not in WORDS or spaces[self.place]:
                    self.unexpected("expected identifier")
                path.append(String(self.texts[self.place], span=self.at(self.place)))
                self.place += 1
            elif kinds[self.place] == "[":
                self.place += 1
                path.append(self.expression())
                self.expect("]", "expected ]")
            else:
                break
        return tuple(path)

    def _call(self, head: Term, path: tuple[Term, ...], start: int) -> Term:
        names = [head.name] if isinstance(head, Var) else []
        names += [part.value for part in path if isinstance(part, String)]
        if len(names) != len(path) + 1 or names[0].startswith("$"):
            self.unexpected(hint="a function is called by its name")
        arguments = self.arguments()
        if names == ["set"] and not arguments:
            return Set((), span=self.span(start))
        return Call(tuple(names), arguments, span=self.span(start))

    def arguments(self) -> tuple[Term, ...]:
        """`(a, b)`."""
        self.place += 1
        return self._list(")")

    # --- collections ----------------------------------------------------------------------

    def _list(self, end: str, *first: Term) -> tuple[Term, ...]:
        """Terms between commas, up to and over `end`."""
        items = list(first)
        while self.kinds[self.place] != end:
            items.append(self.expression(pairs=False))
            if self.kinds[self.place] == ",":
                self.place += 1
            elif self.kinds[self.place] != end:
                self.unexpected(f'expected "," or "{end}"')
        self.place += 1
        return tuple(items)

    def _array(self) -> Term:
        start = self.place
        self.place += 1
        if self.kinds[self.place] == "]":
            self.place += 1
            return Array((), span=self.span(start))
        comprehension = not self._leading_comma()
        mark = self.mark()
        head = self.term()
        if self.kinds[self.place] == "|" and comprehension:
            body = self._comprehension("]")
            if body is not None:
                return ArrayComprehension(head, body, span=self.span(start))
        if self.kinds[self.place] == ",":
            self.place += 1
            return Array(self._list("]", head), span=self.span(start))
        self.reset(mark)
        return Array(self._list("]"), span=self.span(start))

    def _leading_comma(self) -> bool:
        """`[, x]`, which OPA takes for old times' sake."""
        if self.kinds[self.place] != ",":
            return False
        self.place += 1
        return True

    def _comprehension(self, end: str) -> Body | None:
        """`| body` and the bracket; nothing when it is a union in a list after all."""
        mark = self.mark()
        self.place += 1
        try:
            body = self.body(end)
        except Failure as failure:
            if self.kinds[failure.place] != ",":
                raise
            self.reset(mark)
            return None
        self.place += 1
        return body

    def _braces(self) -> Term:
        """A set, an object or a comprehension of one."""
        start = self.place
        self.place += 1
        if self.kinds[self.place] == "}":
            self.place += 1
            return Object((), span=self.span(start))
        comprehension = not self._leading_comma()
        mark = self.mark()
        head = self.term()
        kind = self.kinds[self.place]
        if kind == "|" and comprehension:
            body = self._comprehension("}")
            if body is not None:
                return SetComprehension(head, body, span=self.span(start))
        if kind not in {",", "}", ":"}:
            self.reset(mark)
            head = self.expression(pairs=False)
            kind = self.kinds[self.place]
        if kind == ":":
            self.place += 1
            return self._object(start, head, comprehension=comprehension)
        if kind not in {",", "}"}:
            self.unexpected("non-terminated set", hint="" if kind == "eof" else "expected `}`")
        self.place += kind == ","
        return Set(self._list("}", head), span=self.span(start))

    def _object(self, start: int, key: Term, *, comprehension: bool) -> Term:
        """An object whose first key and colon are read."""
        mark = self.mark()
        value = self.term()
        if self.kinds[self.place] == "|" and comprehension:
            body = self._comprehension("}")
            if body is not None:
                return ObjectComprehension(key, value, body, span=self.span(start))
        if self.kinds[self.place] not in {",", "}"}:
            self.reset(mark)
            value = self.expression(pairs=False)
        pairs = [(key, value)]
        while self.kinds[self.place] == ",":
            self.place += 1
            if self.kinds[self.place] == "}":
                break
            key = self.expression(pairs=False)
            self.expect(":", 'expected ":"')
            pairs.append((key, self.expression(pairs=False)))
        if self.kinds[self.place] != "}":
            self.unexpected("non-terminated object")
        self.place += 1
        return Object(tuple(pairs), span=self.span(start))
