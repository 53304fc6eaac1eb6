"""References: paths into values, and documents under `data`, which rules and data share.

Rules:

- A part with an unbound variable is a loop over keys; any other part is a look-up.
- Below a group of rules everything is the rules' own value: they hide base data of that path.
- A whole package is the object of its defined rules, merged over the base data of that path.
- Where the next part of a `data` path is not known at planning time, every rule that it may
  name is tried, and base data for the keys that no rule has. Where this binds variables, all
  solutions are collected first and then looped over, so that what follows is planned once.

Example:
    references.ref(Ref(Var("data"), (String("users"), Var("name"))))
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from probanda.rego import ast
from probanda.rego.plan.context import Context
from probanda.rego.plan.operand import DATA, INPUT, JSON, Operand
from probanda.rego.plan.tree import Node
from probanda.rego.plan.unification import Unification
from probanda.rego.resolve.program import RuleGroup

# From so many rules on, a computed name is looked up instead of compared with each.
_MANY = 4


class _Base(NamedTuple):
    """A place in base data: looked up only where it is needed."""

    operand: Operand
    pending: tuple[ast.Term, ...] = ()

    def then(self, part: ast.Term) -> _Base:
        return _Base(self.operand, (*self.pending, part))


class References(Unification):
    """Plans references and the values of rules."""

    def ref(self, ref: ast.Ref) -> Operand:
        """Plan a reference."""
        match ref.head:
            case ast.Var(name="data"):
                return self._document(self._visible(self.library.tree), _Base(DATA), ref.path)
            case ast.Var(name="input"):
                if not ref.path:
                    self.emit("IsDefinedStmt", source=INPUT)
                return self.path(INPUT, ref.path)
        return self.path(self.term(ref.head), ref.path)

    def path(self, operand: Operand, parts: tuple[ast.Term, ...]) -> Operand:
        """Look up one part after the other in a value."""
        for part in parts:
            if self.is_open(part):
                key, operand = self.scan(operand)
                self.match(key, part)
            else:
                operand = self.dot(operand, self.term(part))
        return operand

    def dot(self, source: Operand, key: Operand) -> Operand:
        """One look-up."""
        target = self.local()
        self.emit("DotStmt", source=source, key=key, target=target)
        return target

    def value_of(self, group: RuleGroup) -> Operand:
        """The value of a document that rules define."""
        return self.call_function(group, self.context, [])

    def call_function(
        self, group: RuleGroup, context: Context, arguments: list[Operand]
    ) -> Operand:
        """Call the function of a group of rules."""
        name, relevant = self.library.function(group, context)
        result = self.local()
        mocks = [self.mocks[target] for target in relevant.values]
        arguments = [INPUT, DATA, *mocks, *arguments]
        self.emit("CallStmt", func=name, args=[item.json() for item in arguments], result=result)
        return result

    # --- documents under data ------------------------------------------------------------

    def _visible(self, node: Node | None) -> Node | None:
        """The node, unless `with` replaced it."""
        return None if node is None or node.path in self.context.shadows else node

    def _children(self, node: Node) -> Iterator[Node]:
        for _, child in sorted(node.children.items()):
            if self._visible(child) is not None:
                yield child

    def _document(self, node: Node | None, base: _Base, parts: tuple[ast.Term, ...]) -> Operand:
        for index, part in enumerate(parts):
            if node is None:
                return self.path(base.operand, (*base.pending, *parts[index:]))
            if node.group is not None:
                return self.path(self.value_of(node.group), parts[index:])
            name = self._known(part)
            if name is not None:
                node = self._visible(node.children.get(name))
                base = base.then(ast.String(name))
            elif isinstance(part, ast.Number | ast.Boolean | ast.Null):
                node, base = None, base.then(part)  # no rule has such a name
            else:
                return self._computed(node, base, part, parts[index + 1 :])
        if node is None:
            return self.path(base.operand, base.pending)
        if node.group is not None:
            return self.value_of(node.group)
        return self._extent(node, base)

    def _known(self, part: ast.Term) -> str | None:
        """The text of a part where planning knows it."""
        match part:
            case ast.String(value=text):
                return text
            case ast.Var(name=name):
                operand = self.bound(name)
                return None if operand is None else self.statics.text(operand)
        return None

    def _extent(self, node: Node, base: _Base) -> Operand:
        """All that lies below a node: its rules' values over the base data."""
        virtual = self._virtual_extent(node)
        result = self.local()
        inner: list[JSON] = []
        outer: list[JSON] = []
        with self.inside(inner):
            document = self.path(base.operand, base.pending)
            self.emit("ObjectMergeStmt", a=document, b=virtual, target=result)
            self.emit("BreakStmt", index=1)
        with self.inside(outer):
            self.blocks(inner)
            self.emit("AssignVarStmt", source=virtual, target=result)
        self.blocks(outer)
        return result

    def _virtual_extent(self, node: Node) -> Operand:
        target = self.local()
        self.emit("MakeObjectStmt", target=target)
        for child in self._children(node):
            key = self.statics.string(child.path[-1])
            if child.group is None:
                value = self._virtual_extent(child)
                self.emit("ObjectInsertStmt", object=target, key=key, value=value)
                continue
            with self.inside([]) as block:
                value = self.value_of(child.group)
                self.emit("ObjectInsertStmt", object=target, key=key, value=value)
            self.blocks(block)
        return target

    # --- computed names of documents -----------------------------------------------------

    def _computed(
        self, node: Node, base: _Base, part: ast.Term, rest: tuple[ast.Term, ...]
    ) -> Operand:
        """The value at a name that is only known at run time, or at each name."""
        key = None if self.is_open(part) else self.term(part)
        unbound = [part, *rest] if key is None else list(rest)
        names = [name for name in dict.fromkeys(_variables(unbound)) if self.bound(name) is None]
        if key is not None and not names:
            return self._one(node, base, key, rest)
        solutions = self.local()
        self.emit("MakeArrayStmt", capacity=0, target=solutions)

        def collect(value: Operand) -> None:
            found = [self.bound(name) for name in names]
            entry = self.array([item for item in found if item is not None] + [value])
            self.emit("ArrayAppendStmt", array=solutions, value=entry)

        self._each(node, base, (part, key), rest, collect)
        _, entry = self.scan(solutions)
        for index, name in enumerate(names):
            self.bind(name, self.dot(entry, self.integer(index)))
        return self.dot(entry, self.integer(len(names)))

    def array(self, items: list[Operand]) -> Operand:
        """A new array."""
        target = self.local()
        self.emit("MakeArrayStmt", capacity=len(items), target=target)
        for item in items:
            self.emit("ArrayAppendStmt", array=target, value=item)
        return target

    def _one(self, node: Node, base: _Base, key: Operand, rest: tuple[ast.Term, ...]) -> Operand:
        """The one value at a known key."""
        result = self.reset()

        def keep(value: Operand) -> None:
            self.emit("AssignVarStmt", source=value, target=result)

        generation = self._shared_generation(node)
        if generation is None:
            self._each(node, base, (None, key), rest, keep)
            self.emit("IsDefinedStmt", source=result)
            return result
        path = [self.statics.string(name) for name in (generation, *node.path)]
        with self.inside([]) as call:
            self.emit(
                "CallDynamicStmt",
                args=[INPUT.value, DATA.value, *self._mock_locals(node)],
                path=[item.json() for item in (*path, key)],
                result=result,
            )
        with self.inside([]) as lookup:
            self._base_case(node, base, (None, key), (), keep)
        with self.inside([]) as middle:
            self.blocks(call, lookup)
        with self.inside([]) as outer:
            self.blocks(middle)
        self.blocks(outer)  # an evaluator may leave three blocks when the call is undefined
        self.emit("IsDefinedStmt", source=result)
        return self.path(result, rest)

    def _shared_generation(self, node: Node) -> str | None:
        """The common prefix of the children's functions, where calling by name is possible."""
        children = list(self._children(node))
        groups = [child.group for child in children if child.group is not None]
        if len(groups) != len(children) or len(groups) < _MANY or node.functions:
            return None
        found = {self.library.function(group, self.context) for group in groups}
        prefixes = {(name.partition(".")[0], context) for name, context in found}
        return prefixes.pop()[0] if len(prefixes) == 1 else None

    def _mock_locals(self, node: Node) -> list[int]:
        group = next(child.group for child in self._children(node) if child.group is not None)
        _, relevant = self.library.function(group, self.context)
        return [self.held(self.mocks[target]).value for target in relevant.values]

    def _each(
        self,
        node: Node,
        base: _Base,
        name: tuple[ast.Term | None, Operand | None],
        rest: tuple[ast.Term, ...],
        use: Callable[[Operand], None],
    ) -> None:
        """One block for each document that the name may be, and one for base data."""
        pattern, key = name
        blocks = []
        for child in self._children(node):
            part = ast.String(child.path[-1])
            with self.inside([]) as block:
                if key is not None:
                    self.equal(key, self.statics.string(part.value))
                elif pattern is not None:
                    self.match(self.statics.string(part.value), pattern)
                use(self._document(child, base.then(part), rest))
            blocks.append(block)
        with self.inside([]) as block:
            self._base_case(node, base, name, rest, use)
        self.blocks(*blocks, block)

    def _base_case(
        self,
        node: Node,
        base: _Base,
        name: tuple[ast.Term | None, Operand | None],
        rest: tuple[ast.Term, ...],
        use: Callable[[Operand], None],
    ) -> None:
        """Base data below a node, at the keys that no rule or package has."""
        pattern, key = name
        hidden = {child.path[-1] for child in self._children(node)} | node.functions
        exclude = self.local()
        self.emit("MakeSetStmt", target=exclude)
        for text in sorted(hidden):
            self.emit("SetAddStmt", set=exclude, value=self.statics.string(text))
        value = self.path(base.operand, base.pending)
        if key is None:
            key, value = self.scan(value)
            self._unless_member(exclude, key)
        else:
            self._unless_member(exclude, key)
            value = self.dot(value, key)
        if pattern is not None and self.is_open(pattern):
            self.match(key, pattern)
        use(self.path(value, rest))

    def _unless_member(self, exclude: Operand, key: Operand) -> None:
        with self.inside([]) as block:
            self.dot(exclude, key)
        self.emit("NotStmt", block={"stmts": block})


def _variables(terms: list[ast.Term]) -> Iterator[str]:
    """The names that planning terms would bind: all but those inside comprehensions."""
    pending = list(reversed(terms))
    while pending:
        match pending.pop():
            case ast.Var(name=name) if name not in {"data", "input"}:
                yield name
            case ast.Ref(head=head, path=path):
                pending += [*reversed(path), head]
            case ast.Array(items=items) | ast.Set(items=items):
                pending += reversed(items)
            case ast.Object(pairs=pairs):
                pending += [term for pair in reversed(pairs) for term in reversed(pair)]
            case ast.Call(arguments=arguments):
                pending += reversed(arguments)
