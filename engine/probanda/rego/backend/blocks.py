"""Writes blocks, loops, `with`, breaks and returns, and thereby whole functions.

Rules:

- `not` is a block that ends in `break 1`. A `with` restores what it replaced however its
  block ends, and has a memo of its own.
- A loop over an object or set goes in OPA's order where the order can be seen (appending to
  an array, adding results).
- Items of loops that stand in loops or in repeated functions are charged, and so is each call
  of a frequent function.

Example:
    FunctionWriter(emitter, unit).function(blocks)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from probanda.rego import ir
from probanda.rego.backend.analysis import Block
from probanda.rego.backend.dispatch import Run, runs
from probanda.rego.backend.emitter import END, MAX_LOOPS, NOTHING, Known, Level
from probanda.rego.backend.lines import Line
from probanda.rego.backend.statements import Writer

# A block of simple statements that ends in a break becomes nested `if`s up to this length.
_BARE: Final = 10
Groups = tuple[tuple[Block, ...], ...]


class FunctionWriter(Writer):
    """Writes the blocks of one function."""

    def function(self, blocks: tuple[Block, ...]) -> None:
        """The blocks of a function or plan, each a level of its own."""
        body, emitter = self.emitter.body, self.emitter
        for local in body.once - emitter.parameters:
            emitter.known[local] = Known(defined=False)
        for local in emitter.parameters - set(body.changes):
            emitter.known[local] = Known(stable=True)
        if self._sequence(blocks, None) is not False:
            emitter.line(emitter.ending("U"))

    # --- blocks --------------------------------------------------------------------------

    def _sequence(self, blocks: tuple[Block, ...], then: ir.Statement | None) -> Level | bool:
        """Blocks in turn, with the statement `then` after them; see `_body` for the result."""
        chosen = {found.start: found for found in runs(blocks, self.emitter.body)}
        index = 0
        while index < len(blocks):
            if index in chosen:
                self._choose(chosen[index])
                index = chosen[index].end
                continue
            block, last = blocks[index], index + 1 == len(blocks)
            following = then if last else next(iter(blocks[index + 1]), None)
            skip = self._skip(blocks[index + 1 :][:2], last=index + 2 == len(blocks), then=then)
            ends = self._one(block, self._onward(following, last=last), skip)
            if ends is not True:
                if isinstance(ends, Level) and not last:
                    self.emitter.line(self.emitter.leave(ends))
                    ends = False
                return ends
            index += 1
        return True

    def _choose(self, found: Run) -> None:
        """Run the blocks of the one constant that a value equals: a search tree of `if`s."""
        emitter = self.emitter
        self.aggregates.before_read([found.root])
        self.aggregates.flush()
        path, table = (emitter.constants.name(each) for each in (found.path, found.table))
        name, indent = f"i{emitter.number()}", emitter.indent
        emitter.line(f"{name} = H({emitter.local(found.root)}, {path}, {table})")
        emitter.line(f"if {name} >= 0:")
        known = emitter.snapshot()
        self._half(found.groups, name, 0, len(found.groups))
        emitter.indent = indent
        emitter.outside.pop()
        blocks = [block for group in found.groups for block in group]
        emitter.restore(known, set().union(*map(self._changed, blocks)))

    def _half(self, groups: Groups, name: str, low: int, high: int) -> None:
        """The groups from `low` to `high`, in a branch."""
        emitter = self.emitter
        emitter.indent += 1
        if high - low > 1:
            middle = (low + high) // 2
            emitter.line(f"if {name} < {middle}:")
            self._half(groups, name, low, middle)
            emitter.line("else:")
            self._half(groups, name, middle, high)
        else:
            known = emitter.snapshot()
            emitter.line("pass")
            for block in groups[low]:
                ends = self._one(block, None, None)
                if ends is not True:
                    if isinstance(ends, Level):
                        emitter.line(emitter.leave(ends))
                    break
            emitter.outside.pop()
            emitter.restore(known, set())
        emitter.indent -= 1

    def _onward(self, following: ir.Statement | None, *, last: bool) -> Level | None:
        """Where leaving a block leads when nothing but a break, or nothing at all, follows."""
        levels = self.emitter.levels
        if isinstance(following, ir.Break):
            index = following.index - (0 if last else 1)
            return levels[-1 - index] if index >= 0 else None
        if isinstance(following, ir.Return) and not levels:
            return Level(-2 - following.source, "return", 0)
        if not last or following is not None:
            return None
        if not levels:
            return END
        return levels[-1] if levels[-1].kind != "with" else None

    def _skip(
        self, following: tuple[Block, ...], *, last: bool, then: ir.Statement | None
    ) -> tuple[int, Level] | None:
        """The local that the next block wants defined, and where leaving that block leads."""
        if not following or not following[0]:
            return None
        wanted = following[0][0]
        if not isinstance(wanted, ir.IsDefined) or wanted.negated:
            return None
        after = then if last else next(iter(following[1]), None)
        onward = self._onward(after, last=last)
        return (wanted.source, onward) if onward is not None else None

    def _one(
        self, block: Block, onward: Level | None, skip: tuple[int, Level] | None
    ) -> Level | bool:
        """One block of a sequence."""
        emitter = self.emitter
        self.aggregates.flush()
        if emitter.loops >= MAX_LOOPS:
            return self._apart(lambda: self._one(block, onward, skip), block)
        snapshot = emitter.snapshot()
        start, indent = len(emitter.lines), emitter.indent
        level = emitter.open("block")
        level.onward, level.skip = onward, skip
        level.bare = self._is_bare(block)
        ends = self._body(block, level)
        emitter.indent = indent + 1
        emitter.close(level, start, falls=ends is True)
        emitter.outside.pop()
        if level.left or level.used or ends is not True:
            emitter.restore(snapshot, self._changed(block))
        emitter.pass_on(level)
        if level.used or (level.bare and ends is not True):
            return True
        return ends

    def _changed(self, block: Block) -> set[int]:
        """The locals that hold something else after a block, or while it runs again."""
        body = self.emitter.body
        inside = body.inside(block)
        return inside.written | (inside.mutated & body.foreign)

    @staticmethod
    def _is_bare(block: Block) -> bool:
        """Whether nested `if`s can stand for the block: simple, short, ending in a break out."""
        if not 1 < len(block) <= _BARE or not isinstance(block[-1], ir.Break):
            return False
        return block[-1].index > 0 and not any(
            isinstance(each, ir.Break | ir.Return) or ir.children(each) for each in block[:-1]
        )

    def _body(self, block: Block, level: Level) -> Level | bool:
        """The statements of a block.

        Returns:
            True when control may come to its end, False when it never does, or the level to
            leave at its end, which the caller must see to.
        """
        outer = self.aggregates.mentions
        self.aggregates.mentions = self.emitter.body.inside(block).mentions
        ends: Level | bool = True
        for index, statement in enumerate(block):
            then = block[index + 1] if index + 1 < len(block) else None
            ends = self._statement(statement, then)
            if ends is not True:
                break
        self.aggregates.flush()
        self.aggregates.mentions = outer
        return self._jump(ends, level) if isinstance(ends, Level) else ends

    def _statement(self, statement: ir.Statement, then: ir.Statement | None) -> Level | bool:
        match statement:
            case ir.Break():
                return self.emitter.up(statement.index)
            case ir.Return():
                return self._return(statement)
            case ir.Blocks():
                return self._sequence(statement.blocks, then)
            case ir.Not():
                negated = (*statement.block, ir.Break(statement.place, 1))
                return self._sequence((negated,), then)
            case ir.Scan():
                self._scan(statement)
            case ir.With():
                self._with(statement)
            case _:
                self.simple(statement)
        return True

    def _jump(self, target: Level, level: Level) -> Level | bool:
        """Leave `target` at the end of `level`, by going on where that is the same."""
        emitter = self.emitter
        if target is not level:
            target = emitter.destination(target)
        if level.kind == "block" and not level.used and not level.bare:
            return True if target is level else target
        if level.kind == "scan" and target is level:
            return True
        emitter.line(emitter.leave(target))
        return False

    def _return(self, statement: ir.Return) -> bool:
        emitter = self.emitter
        self.aggregates.before_read([statement.source])
        text = emitter.local(statement.source)
        known = emitter.known.get(statement.source, NOTHING)
        if emitter.straight() and not known.uses:
            emitter.result = known
        if emitter.frame:
            emitter.line(emitter.exit(-2 - statement.source))
        else:
            emitter.line(emitter.ending(text))
        return False

    # --- functions apart -----------------------------------------------------------------

    def _apart(self, write: Callable[[], Level | bool], block: Block) -> bool:
        """Write deeper blocks into a Python function of their own, and call it."""
        emitter = self.emitter
        self.aggregates.flush()
        outer = (emitter.lines, emitter.indent, emitter.frame, emitter.loops, emitter.exits)
        emitter.frames += 1
        emitter.lines, emitter.indent, emitter.exits = [], 2, set()
        emitter.frame, emitter.loops = emitter.frames, 0
        name = f"h{emitter.frame}"
        ends = write()
        if isinstance(ends, Level):
            emitter.line(emitter.leave(ends))
        lines, codes = emitter.lines, emitter.exits
        emitter.lines, emitter.indent, emitter.frame, emitter.loops, emitter.exits = outer
        changed = sorted(self._changed(block))
        emitter.unbound.update(changed)
        names = ", ".join([*(f"l{local}" for local in changed), "m"])
        head = [Line(1, f"def {name}():"), Line(2, f"nonlocal {names}")]
        emitter.helpers += [*head, *lines, Line(2, "return 0")]
        result = f"a{emitter.number()}"
        emitter.line(f"{result} = {name}()")
        levels = {level.number: level for level in emitter.levels}
        for code in sorted(codes):
            emitter.line(f"if {result} == {code}: {self._exit(code, levels)}")
        return True

    def _exit(self, code: int, levels: dict[int, Level]) -> str:
        """What to do when a function apart returned `code`."""
        emitter = self.emitter
        if code in levels:
            return emitter.leave(levels[code])
        if code == END.number:
            return emitter.leave(END)
        if emitter.frame:
            return emitter.exit(code)
        return emitter.ending(f"l{-2 - code}")

    # --- loops ---------------------------------------------------------------------------

    def _scan(self, statement: ir.Scan) -> None:
        emitter = self.emitter
        self.aggregates.before_read([statement.source])
        self.aggregates.flush()
        if emitter.loops >= MAX_LOOPS:
            self._apart(lambda: self._loop(statement), (statement,))
        else:
            self._loop(statement)

    def _loop(self, statement: ir.Scan) -> bool:
        emitter = self.emitter
        source = emitter.local(statement.source)
        kind = emitter.of(ir.Operand(statement.source)).kind
        stable = emitter.of(ir.Operand(statement.source)).stable
        if emitter.scans or emitter.charged:
            self._charge(source, kind)
        inside = emitter.body.inside(statement.block)
        if not stable and inside.mutated:
            source, kind = f"T({source})", ""
        head = self._head(statement, source, kind, ordered=inside.ordered)
        snapshot = emitter.snapshot()
        changed = self._changed((statement,))
        emitter.forget(changed)
        emitter.lines.append(head)
        start = len(emitter.lines)
        level = emitter.open("scan")
        emitter.scans += 1
        for local in (statement.key, statement.value):
            emitter.bound.add(local)
            emitter.known[local] = Known(defined=True, stable=stable)
        self._body(statement.block, level)
        emitter.scans -= 1
        emitter.levels.pop()
        emitter.indent -= 1
        emitter.loops -= 1
        if level.flagged:
            emitter.lines.insert(start, Line(emitter.indent + 1, f"x{level.number} = False"))
        elif all(line.pure >= 0 for line in emitter.lines[start:]):
            emitter.lines.append(Line(emitter.indent + 1, "pass"))
        emitter.outside.pop()
        emitter.restore(snapshot, changed)
        emitter.pass_on(level)
        return True

    def _charge(self, source: str, kind: str) -> None:
        """One step for each item."""
        emitter = self.emitter
        if kind != "list":
            other = f"if type({source}) is not list: Y({source}, s)"
            emitter.charge(other, f"else: s[0] -= len({source})")
        else:
            emitter.charge(f"s[0] -= len({source})")

    def _head(self, statement: ir.Scan, source: str, kind: str, *, ordered: bool) -> Line:
        """The `for` line: keys and items, or what is read of them; in order where that shows."""
        suffix = "O" if kind != "list" and ordered else ""
        pairs, items = f"I{suffix}({source})", f"V{suffix}({source})"
        if source.startswith("T("):
            pass
        elif kind == "list":
            pairs, items = f"enumerate({source})", source
        elif kind != "set":
            simple = f"if type({source}) is list else"
            pairs = f"(enumerate({source}) {simple} {pairs})"
            items = f"({source} {simple} {items})"
        key, item = statement.key, statement.value
        item_only = f"for l{item} in {items}:"
        # What had a value before the loop may be read after it.
        neither = item_only if item in self.emitter.bound else f"for _ in {items}:"
        head = (key, item, item_only, neither)
        return Line(
            self.emitter.indent,
            f"for l{key}, l{item} in {pairs}:",
            head=None if key == item or key in self.emitter.bound else head,
        )

    # --- with ----------------------------------------------------------------------------

    def _with(self, statement: ir.With) -> None:
        emitter = self.emitter
        self.aggregates.before_read([statement.value.local, statement.local])
        self.aggregates.flush()
        if emitter.loops >= MAX_LOOPS:
            self._apart(lambda: self._replaced(statement), (statement,))
        else:
            self._replaced(statement)

    def _replaced(self, statement: ir.With) -> bool:
        emitter, local = self.emitter, statement.local
        number = emitter.number()
        if statement.path:
            text = emitter.require(statement.value)
            path = emitter.constants.name(statement.path)
            text = f"W({emitter.local(local)}, {path}, {text})"
        else:
            text = emitter.text(statement.value)
        saved = emitter.local(local)
        emitter.line(f"w{number} = {saved}; v{number} = m; y{number} = True; m = {{}}")
        emitter.forget({local})
        emitter.line(f"l{local} = {text}")
        if local not in emitter.body.changes:
            emitter.known[local] = Known(stable=True)
        snapshot = emitter.snapshot()
        start = len(emitter.lines)
        level = emitter.open("with")
        level.local, level.restore = local, f"l{local} = w{number}; m = v{number}"
        emitter.bound.add(local)
        ends = self._body(statement.block, level)
        if ends is True:
            emitter.line(f"y{number} = False")
        emitter.close(level, start, falls=ends is True)
        emitter.outside.pop()
        emitter.restore(snapshot, self._changed((statement,)))
        emitter.line(level.restore)
        emitter.pass_on(level)
        emitter.fail_if(f"y{number}", f"not y{number}")
        return True
