"""Rules of Rego: heads, bodies, `else`, defaults, in the syntax of v1 and v0.

Rules:

- A v1 rule says `if` before its body and `contains` for its members; what v0 let be left out
  is an error with OPA's words, and parsing goes on.
- In v0 `p[x] { … }` is a member of a set, and `p { … } { … }` is two rules.
- A rule without a body stands for a body that is true.

Source: OPA's `v1/ast/parser.go` (`parseRules`, `parseElse`, `parseHead`), `parser_ext.go`
and `rego_v1.go`.
"""

from __future__ import annotations

from dataclasses import replace

from probanda.rego.ast import (
    Body,
    Boolean,
    Call,
    Every,
    Head,
    Null,
    Number,
    Ref,
    Rule,
    Set,
    SomeDecl,
    SomeIn,
    String,
    Term,
    Var,
)
from probanda.rego.lexer import KEYWORDS, MAX_DEPTH
from probanda.rego.parser_bodies import BodyParser
from probanda.rego.parser_cursor import BINARY, Failure, name_of
from probanda.rego.parser_default import default_errors
from probanda.rego.parser_terms import ROOTS
from probanda.rego.unparse import unparse

_GROUND = (String, Number, Boolean, Null)
_CONTAINS_REQUIRED = "`contains` keyword is required for partial set rules"


class RuleParser(BodyParser):
    """Parses rules."""

    def rules(self) -> list[Rule]:
        """The rules that one statement makes."""
        start = self.place
        default = self.kinds[start] == "default"
        self.place += default
        if self.kinds[self.place] != "ident":
            self._no_rule(start, default=default)
        head_place = self.place
        head = self._head(default=default)
        if default:
            return [self._default(start, head)]
        if self._follows("if", head):
            self.place += 1
            body = self._if_body()
        elif self.kinds[self.place] == "{":
            head = self._old_head(head, start)
            body = self.braced()
        else:
            return [self._bodiless(start, head)]
        otherwise = self._elses(head) if self.kinds[self.place] == "else" else None
        rule = Rule(head, body, otherwise=otherwise, span=self.span(start))
        return [rule, *self._chained(rule, head_place)]

    # --- heads ----------------------------------------------------------------------------

    def _head(self, *, default: bool = False) -> Head:
        start = self.place
        name = String(self.texts[start], span=self.at(start))
        if self.texts[start] == "_":
            self.wildcards += 1  # as OPA counts; the resolver refuses the name
        self.place += 1
        ref = (name, *self.path(loose=True))
        arguments = None
        if self.kinds[self.place] == "(":
            arguments = self.arguments()
            if self.kinds[self.place] in {".", "[", "("} and not self.spaces[self.place]:
                self.unexpected("expected rule value or body")
        kind = self.kinds[self.place]
        if self._follows("contains"):
            if arguments is not None:
                self.unexpected(
                    "the contains keyword can only be used with multi-value rule definitions "
                    f"(e.g., {_text(ref)} contains <VALUE> {{ ... }})"
                )
            self.place += 1
            if self.kinds[self.place] not in self._starts:
                self.unexpected(
                    f"expected rule key term (e.g., {_text(ref)} contains <VALUE> {{ ... }})"
                )
            key = self.expression()
            return Head(ref, None, key, span=self.span(start))
        value = None
        if kind in {":=", "="}:
            self.place += 1
            value = self._value(ref, default=default, function=arguments is not None)
        return Head(ref, arguments, None, value, kind == ":=", span=self.span(start))

    def _follows(self, keyword: str, head: Head | None = None) -> bool:
        """Whether a keyword is next; `p if[x]` means it, where no value stands before it."""
        if self.kinds[self.place] == keyword:
            return True
        bare = head is None or (head.value is None and head.key is None)
        return bare and keyword in self.enabled and self.is_name(keyword)

    def _value(self, ref: tuple[Term, ...], *, default: bool, function: bool) -> Term:
        """What follows `:=`; a token that can start no term gets OPA's words."""
        if self.kinds[self.place] in self._starts or self.kinds[self.place] == "illegal":
            return self.expression()
        name = _text(ref)
        if default:
            self.unexpected(f"expected default rule value term (e.g., default {name} := <VALUE>)")
        what = "function" if function else "rule"
        example = f"{name}(...)" if function else name
        return self.unexpected(f"expected {what} value term (e.g., {example} := <VALUE> {{ ... }})")

    def _old_head(self, head: Head, start: int) -> Head:
        """A head whose body follows without `if`: v0."""
        what = "function" if head.arguments else "rule"
        plain = head.arguments is None and head.value is None and head.key is None
        member = plain and len(head.ref) == 2
        if self.version:
            name = _text(head.ref)
            where = self.at(start)
            if member:
                key = unparse(head.ref[1])
                hint = f"write `{_text(head.ref[:1])} contains {key} if {{`"
                self.report(_CONTAINS_REQUIRED, where, hint)
            message = f"`if` keyword is required before {what} body"
            self.report(message, where, "" if member else f"write `{name} … if {{`")
        if member:
            return replace(head, ref=head.ref[:1], key=head.ref[1])
        return head

    def _default(self, start: int, head: Head) -> Rule:
        for message in default_errors(head):
            self.report(message, self.span(start))
        return Rule(head, (), default=True, span=self.span(start))

    # --- rules without a body -------------------------------------------------------------

    def _bodiless(self, start: int, head: Head) -> Rule:
        rule = Rule(head, (), span=self.span(start))
        if self.kinds[self.place] == ";":
            message = "multiple expressions cannot be used for rule head"
            self.fail(message, hint="a rule ends without `;`")
        if head.value is not None or head.key is not None:
            self._keyword_name(head, start)
            return rule
        if self.kinds[self.place] in BINARY or self.kinds[self.place] == "in":
            self.place = start
            self._no_rule(start)
        if head.arguments is not None:
            if not head.arguments:
                message = "rule argument list must take at least one argument"
                self.fail(message, place=start)
            return rule
        name = _text(head.ref)
        if len(head.ref) == 1 and name in ROOTS:
            self.fail("refs cannot be used for rule head", place=start)
        if len(head.ref) == 1:
            self.fail(
                "var cannot be used for rule name",
                place=start,
                hint=self._name_hint(name),
            )
        if len(head.ref) == 2:
            if self.version:
                hint = f"write `{_text(head.ref[:1])} contains {unparse(head.ref[1])}`"
                self.report(_CONTAINS_REQUIRED, self.span(start), hint)
            return replace(rule, head=replace(head, ref=head.ref[:1], key=head.ref[1]))
        if self.version:
            message = "rule must have value assignment and/or body declaration"
            self.report(message, self.span(start), f"write `{name} := true`")
        return rule

    def _name_hint(self, name: str) -> str:
        word = self.texts[self.place]
        if self.version == 0 and (self.is_name("if") or self.is_name("contains")):
            return f"`import future.keywords.{word}` to use the `{word}` keyword"
        if name in KEYWORDS:
            return ""
        return f"write `{name} := …` or `{name} if {{ … }}`"

    def _keyword_name(self, head: Head, start: int) -> None:
        name = head.ref[0]
        assert isinstance(name, String)  # by construction of heads
        if self.version and len(head.ref) == 1 and name.value in KEYWORDS:
            message = f"{name.value} keyword cannot be used for rule name"
            self.report(message, self.at(start))

    def _no_rule(self, start: int, *, default: bool = False) -> None:
        """Say why the statement at `start` is no rule.

        Raises:
            Failure: always.
        """
        word, after = self.texts[self.place], self.kinds[self.place + 1 : self.place + 2]
        if self.kinds[self.place] in KEYWORDS and after and after[0] in {":=", "=", "if", "("}:
            self.fail(f"{word} keyword cannot be used for rule name")
        if default:
            self.unexpected("expected rule head name")
        hint = "a condition stands in the body of a rule"
        if self.kinds[self.place] in {"(", "["} and start:
            hint = f"no white space may stand before `{self.kinds[self.place]}`"
        literal = self.literal()
        expression = literal.expression
        message = "expression cannot be used for rule head"
        if literal.withs:
            message = "expressions using with keyword cannot be used for rule head"
        elif literal.negated:
            message = "negated expressions cannot be used for rule head"
        elif isinstance(expression, SomeDecl | SomeIn):
            message = "'some' declarations cannot be used for rule head"
        elif isinstance(expression, Call) and expression.infix:
            message = "rule name conflicts with built-in function"
            if expression.operator in {("eq",), ("assign",)}:
                message = f"{name_of(expression.arguments[0])} cannot be used for rule name"
        elif not isinstance(expression, Every):
            message = f"{name_of(expression)} cannot be used for rule name"
        self.fail(message, place=start, hint=hint)

    # --- bodies ---------------------------------------------------------------------------

    def _if_body(self) -> Body:
        """What follows `if`: a statement, or statements in braces."""
        if self.kinds[self.place] != "{":
            return (self.literal(),)
        mark = self.mark()
        try:
            literal = self.literal()
        except Failure:
            self.reset(mark)
            return self.braced()
        # A set is never false: `if { true }` means the statement, not the set.
        if isinstance(literal.expression, Set):
            self.reset(mark)
            return self.braced()
        return (literal,)

    def _elses(self, head: Head) -> Rule:
        """All `else` branches, the first one outermost."""
        if not all(isinstance(part, _GROUND) for part in head.ref[1:]):
            self.fail("else keyword cannot be used on rules with variables in head")
        if head.key is not None:
            self.fail("else keyword cannot be used on multi-value rules")
        branches: list[Rule] = []
        while self.kinds[self.place] == "else":
            branches.append(self._else(head))
            if len(branches) > MAX_DEPTH:
                self.fail(f"nested deeper than the limit of {MAX_DEPTH}")
            if not branches[-1].body:
                break
        self.operators += len(branches)
        rule = branches[-1]
        for branch in reversed(branches[:-1]):
            rule = replace(branch, otherwise=rule)
        return rule

    def _else(self, head: Head) -> Rule:
        start = self.place
        self.place += 1
        kind = self.kinds[self.place]
        value = None
        if kind in {":=", "="}:
            self.place += 1
            value = self.expression()
        elif kind not in {"{", "if"}:
            self.unexpected("expected else value term or rule body")
        own = replace(head, value=value, assigned=kind == ":=", span=self.span(start))
        body: Body = ()
        if self.kinds[self.place] == "if":
            self.place += 1
            if self.kinds[self.place] == "eof":
                self.unexpected("rule body expected")
            body = self.braced() if self.kinds[self.place] == "{" else (self.literal(),)
        elif self.kinds[self.place] == "{":
            if self.version:
                what = "function" if head.arguments else "rule"
                message = f"`if` keyword is required before {what} body"
                self.report(message, self.at(start), "write `else if {`")
            body = self.braced()
        return Rule(own, body, span=self.span(start))

    def _chained(self, rule: Rule, head_place: int) -> list[Rule]:
        """More bodies in braces, each a rule of its own with the same head."""
        rules = []
        while self.kinds[self.place] == "{":
            if rule.otherwise is not None:
                self.fail("expected else keyword")
            start = self.place
            head = self._head_again(rule.head, head_place)
            body = self.braced()
            rules.append(Rule(head, body, span=self.span(start)))
        return rules

    def _head_again(self, head: Head, head_place: int) -> Head:
        """The head once more, with wildcards of its own."""
        place, wildcards = self.place, self.wildcards
        self.place = head_place
        self.known.clear()
        again = self._head()
        self.known.clear()
        self.place = place
        if self.wildcards == wildcards:
            return head
        if head.key is not None and again.key is None:
            return replace(again, ref=again.ref[:1], key=again.ref[1])
        return again


def _text(ref: tuple[Term, ...]) -> str:
    first = ref[0]
    assert isinstance(first, String)  # by construction of heads
    return unparse(Ref(Var(first.value), ref[1:])) if len(ref) > 1 else first.value
