"""Functions: one for each group of rules.

Rules:

- Two rules with different values for one document or call are a conflict (`AssignVarOnceStmt`,
  `ObjectInsertOnceStmt`), equal ones are not.
- Where all rules of a group have the same constant as value, the first that is true returns:
  no other could say anything else.
- The body of an `else` runs where the ones before it gave no value.
- Rules that reach deepest into a partial object come first, so that a rule that sets what
  others reach into meets their object, and conflicts.
- Each rule uses the same locals anew.

Example:
    FunctionPlanner(library, group, context, "g0.data.a.allow").plan()
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

from probanda.rego import ast
from probanda.rego.plan.bodies import Bodies
from probanda.rego.plan.builder import Library
from probanda.rego.plan.context import Context
from probanda.rego.plan.operand import JSON, TRUE, Operand
from probanda.rego.resolve.program import ResolvedRule, RuleGroup


class FunctionPlanner(Bodies):
    """Plans one group of rules."""

    def __init__(self, library: Library, group: RuleGroup, context: Context, name: str) -> None:
        super().__init__(library, context=context)
        self._group = group
        self._name = name
        self._blocks: list[list[JSON]] = []
        self.mocks = {target: self.local() for target in context.values}
        self._parameters = [self.local() for _ in range(group.arity)]
        self._return = self.local()

    def plan(self) -> JSON:
        """The function, as a plan writes it."""
        group = self._group
        rules = [*group.rules, *([group.default] if group.default else []), *group.key_defaults]
        self.span = rules[0].span
        if group.kind == "partial-set":
            self._partial_set()
        elif group.kind == "partial-object":
            self._partial_object()
        elif _same_constant(group.rules):
            self._constant()
        else:
            self._complete()
        if group.default is not None:
            self._default(group.default)
        self.span = rules[0].span
        with self._block():
            self.emit("ReturnLocalStmt", source=self._return)
        prefix, _, _ = self._name.partition(".")
        operands = [*self.mocks.values(), *self._parameters]
        return {
            "name": self._name,
            "params": [0, 1, *(operand.value for operand in operands)],
            "return": self._return.value,
            "blocks": [{"stmts": block} for block in self._blocks],
            "path": [prefix, *group.path],
        }

    @property
    def place(self) -> tuple[str, int]:
        """The function and the number of its block that is being written."""
        return self._name, len(self._blocks) - 1

    def _block(self) -> AbstractContextManager[list[JSON]]:
        block: list[JSON] = []
        self._blocks.append(block)
        return self.inside(block)

    def _start(self, rule: ResolvedRule, first_local: int) -> None:
        """Begin a rule: fresh locals, its parameters bound."""
        self.next_local = first_local
        self.forget_names()
        self.span = rule.span
        for parameter, pattern in zip(self._parameters, rule.arguments, strict=True):
            self.match(parameter, pattern)

    # --- complete documents and functions ------------------------------------------------

    def _constant(self) -> None:
        """Any rule that is true decides."""
        first = self.next_local
        for rule in self._group.rules:
            for branch in _chain(rule):
                with self._block():
                    self._start(branch, first)
                    self.body(branch.body)
                    self.span = branch.span
                    value = self.term(branch.value)
                    self.emit("AssignVarStmt", source=value, target=self._return)
                    returns = self.within == 0
                    if returns:
                        self.emit("ReturnLocalStmt", source=self._return)
                if not returns:
                    with self._block():
                        self.emit("IsDefinedStmt", source=self._return)
                        self.emit("ReturnLocalStmt", source=self._return)

    def _complete(self) -> None:
        result = self.local()
        first = self.next_local
        for rule in self._group.rules:
            target = self._return if rule.otherwise is None else result
            for branch in _chain(rule):
                with self._block():
                    self.span = branch.span
                    if branch is not rule:
                        self.emit("IsUndefinedStmt", source=result)
                    elif target is result:
                        self.emit("ResetLocalStmt", target=result)
                    self._start(branch, first)
                    self.body(branch.body)
                    self.span = branch.span
                    value = self.term(branch.value)
                    self.emit("AssignVarOnceStmt", source=value, target=target)
            if target is result:
                with self._block():
                    self.emit("IsDefinedStmt", source=result)
                    self.emit("AssignVarOnceStmt", source=result, target=self._return)

    def _default(self, rule: ResolvedRule) -> None:
        with self._block():
            self.span = rule.span
            self.emit("IsUndefinedStmt", source=self._return)
            self._start(rule, self.next_local)
            self.body(rule.body)
            self.span = rule.span
            value = self.term(rule.value)
            self.emit("AssignVarOnceStmt", source=value, target=self._return)

    # --- partial documents ---------------------------------------------------------------

    def _partial_set(self) -> None:
        with self._block():
            self.emit("MakeSetStmt", target=self._return)
        first = self.next_local
        for rule in self._group.rules:
            assert rule.key is not None
            with self._block():
                self._start(rule, first)
                self.body(rule.body)
                self.span = rule.span
                self.emit("SetAddStmt", set=self._return, value=self.term(rule.key))

    def _partial_object(self) -> None:
        with self._block():
            self.emit("MakeObjectStmt", target=self._return)
        done = self.local()
        first = self.next_local
        for rule in sorted(self._group.rules, key=_depth, reverse=True):
            for branch in _chain(rule):
                with self._block():
                    self.span = branch.span
                    if branch is not rule:
                        self.emit("IsUndefinedStmt", source=done)
                    elif rule.otherwise is not None:
                        self.emit("ResetLocalStmt", target=done)
                    self._start(branch, first)
                    self.body(branch.body)
                    self.span = branch.span
                    self._insert(branch)
                    if rule.otherwise is not None:
                        self.emit("AssignVarStmt", source=TRUE, target=done)
        for rule in self._group.key_defaults:
            with self._block():
                self._start(rule, first)
                with self.inside([]) as present:
                    self.path(self._return, rule.keys)
                self.emit("NotStmt", block={"stmts": present})
                self.body(rule.body)
                self.span = rule.span
                self._insert(rule)

    def _insert(self, rule: ResolvedRule) -> None:
        """Put a rule's value, or its member, at its keys."""
        keys = [self.term(key) for key in rule.keys]
        value = self.term(rule.value if rule.key is None else rule.key)
        containers = [self._return]
        for key in keys[:-1]:
            containers.append(self._at(containers[-1], key, "MakeObjectStmt"))
        if rule.key is None:
            self.emit("ObjectInsertOnceStmt", object=containers[-1], key=keys[-1], value=value)
        else:
            containers.append(self._at(containers[-1], keys[-1], "MakeSetStmt"))
            self.emit("SetAddStmt", set=containers[-1], value=value)
        pairs = list(zip(containers, keys, containers[1:], strict=False))
        for container, key, child in reversed(pairs):
            self.emit("ObjectInsertStmt", object=container, key=key, value=child)

    def _at(self, container: Operand, key: Operand, kind: str) -> Operand:
        """The collection at a key, made if absent."""
        child = self.local()
        with self.inside([]) as inner:
            self.emit("DotStmt", source=container, key=key, target=child)
            self.emit("BreakStmt", index=1)
        with self.inside([]) as outer:
            self.blocks(inner)
            self.emit(kind, target=child)
        self.blocks(outer)
        return child


def _chain(rule: ResolvedRule) -> Iterator[ResolvedRule]:
    """A rule and its `else` branches."""
    branch: ResolvedRule | None = rule
    while branch is not None:
        yield branch
        branch = branch.otherwise


def _depth(rule: ResolvedRule) -> int:
    return len(rule.keys) + (rule.key is not None)


def _same_constant(rules: tuple[ResolvedRule, ...]) -> bool:
    """Whether every rule and every `else` has the same constant as its value."""
    values = [branch.value for rule in rules for branch in _chain(rule)]
    return bool(values) and all(
        isinstance(value, ast.Null | ast.Boolean | ast.Number | ast.String) and value == values[0]
        for value in values
    )
