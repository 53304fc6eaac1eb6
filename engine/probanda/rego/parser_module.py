"""Modules of Rego: `package`, `import`, rules, and going on after an error.

Rules:

- After an error reading goes on at the next line that starts as far left as the failed
  statement with a name or with `default`, `import`, `package`.
- Keywords of v0 begin where they are imported.

Source: OPA's `v1/ast/parser.go` (`Parse`, `parsePackage`, `parseImport`, `futureImport`).
"""

from __future__ import annotations

from typing import Final

from probanda.rego.ast import Body, Import, Module, Rule, Span, String, Term
from probanda.rego.depth import depth_of
from probanda.rego.lexer import FUTURE, KEYWORDS, MAX_ERRORS, MAX_TREE, V0_KEYWORDS
from probanda.rego.parser_cursor import SPLIT, WORDS, Failure, name_of
from probanda.rego.parser_metadata import Statement, attach, read_blocks
from probanda.rego.parser_rules import RuleParser

_STARTS: Final = frozenset({"default", "ident", "import", "package"})
# Nodes that one bracket can add on the way down, operators left out.
_LEVELS: Final = 6
_ROOTS: Final = ("data", "future", "input", "rego")


class ModuleParser(RuleParser):
    """Parses modules."""

    def module(self, text: str) -> Module:
        """All statements of a file; errors are left in `diagnostics`."""
        package: tuple[str, ...] = ()
        imports: list[Import] = []
        rules: list[Rule] = []
        statements: list[Statement] = []
        if self.kinds[0] == "eof":
            self.fail("empty module")
        while self.kinds[self.place] != "eof" and len(self.diagnostics) < MAX_ERRORS:
            start = self.place
            self.furthest = None
            self.operators = 0
            self.known.clear()
            kind = self.kinds[start]
            try:
                if kind == "package":
                    found = self._package(first=start == 0)
                    package = package or found
                    statements.append(Statement("package", self.span(start)))
                elif kind == "import":
                    imports.append(self._import())
                    statements.append(Statement("import", self.span(start)))
                else:
                    for rule in self._checked(self.rules(), start):
                        statements.append(Statement("rule", rule.span, len(rules)))
                        rules.append(rule)
            except Failure as failure:
                self.add(failure)
                self._recover(start, failure)
            if start == 0 and kind != "package":
                self.report("package expected", self.at(0), "start with `package name`")
        blocks, problems = read_blocks(self.tokens)
        for problem in problems:
            self.report(problem.message, problem.span, problem.hint)
        attached = attach(blocks, statements, rules)
        for problem in attached.problems:
            self.report(problem.message, problem.span, problem.hint)
        return Module(
            self.tokens.path,
            package,
            tuple(imports),
            attached.rules,
            attached.package,
            self.version,
            text,
            span=self.tokens.span(0, len(self.kinds) - 1),
        )

    def query(self) -> Body:
        """A whole text as a body."""
        body = self.body("eof")
        self._check_depth(body, 0)
        return body

    def one_term(self) -> Term:
        """A whole text as a term."""
        term = self.expression()
        if self.kinds[self.place] != "eof":
            self.unexpected("expected exactly one term")
        self._check_depth(term, 0)
        return term

    def add(self, failure: Failure) -> None:
        """Keep the most telling error of a failed statement."""
        best = self.furthest or failure
        if best.diagnostic is not None and len(self.diagnostics) < MAX_ERRORS:
            self.diagnostics.append(best.diagnostic)

    def _recover(self, start: int, failure: Failure) -> None:
        """Move to where the next statement probably begins."""
        best = self.furthest or failure
        first = start
        while self.spaces[first] != 2 and first:
            first -= 1
        column = self.tokens.columns[first]
        place = best.place
        while self.spaces[place] != 2 and place > start:
            place -= 1
        place = max(place, start + 1)
        while self.kinds[place] != "eof":
            starts = self.spaces[place] == 2 and self.tokens.columns[place] <= column
            if starts and self.kinds[place] in _STARTS:
                break
            place += 1
        self.place = place

    # --- depth ----------------------------------------------------------------------------

    def _checked(self, rules: list[Rule], start: int) -> list[Rule]:
        for rule in rules:
            self._check_depth(rule, start)
        return rules

    def _check_depth(self, node: Rule | Body | Term, start: int) -> None:
        """Refuse trees deeper than MAX_TREE; most texts are known to be flat without a look."""
        bound = self.operators + _LEVELS * self.tokens.depth
        if bound > MAX_TREE and depth_of(node) > MAX_TREE:
            self.place = start
            self.furthest = None  # attempts are forgotten: the text itself was read
            self.fail(f"nested deeper than the limit of {MAX_TREE} nodes", hint=SPLIT)

    # --- package and imports --------------------------------------------------------------

    def _package(self, *, first: bool) -> tuple[str, ...]:
        start = self.place
        self.place += 1
        path = self._dotted()
        if not first:
            self.report("unexpected package", self.span(start), "one file is one package")
        return path

    def _dotted(self) -> tuple[str, ...]:
        """`a.b["c"]`, keywords allowed."""
        if self.kinds[self.place] not in WORDS:
            if self.kinds[self.place] == "eof":
                self.fail("expected path")
            self.unexpected("expected path")
        parts = [self.texts[self.place]]
        self.place += 1
        place = self.place
        for part in self.path():
            if not isinstance(part, String):
                self.fail(f"unexpected {name_of(part)} token: expecting string", place=place + 1)
            parts.append(part.value)
        return tuple(parts)

    def _import(self) -> Import:
        start = self.place
        self.place += 1
        path_place = self.place
        path = self._dotted()
        where = self.span(path_place)
        if path[0] not in _ROOTS:
            self.fail(
                "unexpected import path, must begin with one of: "
                f"{{{', '.join(_ROOTS)}}}, got: {path[0]}",
                place=path_place,
            )
        alias = ""
        if self.kinds[self.place] == "as":
            self.place += 1
            if self.kinds[self.place] != "ident":
                self.unexpected("expected var")
            alias = self.texts[self.place]
            if alias in {"data", "input"}:
                message = f"unexpected import alias, must not be a reserved name, got: {alias}"
                self.report(message, self.at(self.place))
            self.place += 1
        keywords = KEYWORDS if self.version else V0_KEYWORDS
        if not alias and path[0] != "future" and path[-1] in keywords:
            message = f"unexpected import path, must not end with a keyword, got: {path[-1]}"
            self.report(message, where, "import a different path or use an alias")
        if path[0] == "future":
            self._future(path, alias, where)
        elif path[0] == "rego":
            self._rego(path, alias, where)
        return Import(path, alias, span=self.span(start))

    def _future(self, path: tuple[str, ...], alias: str, where: Span) -> None:
        if len(path) == 1 or path[1] != "keywords" or len(path) > 3:
            self.report("invalid import, must be `future.keywords`", where)
        elif alias:
            self.report("`future` imports cannot be aliased", where)
        elif len(path) == 2:
            self._enable(FUTURE)
        elif path[2] not in FUTURE:
            known = " ".join(sorted(FUTURE))
            self.report(f"unexpected keyword, must be one of [{known}]", where)
        else:
            self._enable(frozenset({path[2], "in"} if path[2] == "every" else {path[2]}))

    def _rego(self, path: tuple[str, ...], alias: str, where: Span) -> None:
        if path != ("rego", "v1"):
            self.report(f"invalid import `{'.'.join(path)}`, must be `rego.v1`", where)
            return
        if alias:
            self.report("`rego` imports cannot be aliased", where)
        if not self.version:
            self._enable(FUTURE)
            self.version = 1

    def _enable(self, keywords: frozenset[str]) -> None:
        """Make keywords of what follows; already known ones cost nothing."""
        keywords -= self.enabled
        if not keywords:
            return
        self.enabled |= keywords
        kinds, texts, spaces = self.kinds, self.texts, self.spaces
        for place in range(self.place, len(kinds)):
            if kinds[place] == "ident" and texts[place] in keywords:
                after = place + 1
                if spaces[after] or kinds[after] not in {".", "["}:
                    kinds[place] = texts[place]
