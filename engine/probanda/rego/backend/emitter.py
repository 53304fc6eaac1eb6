"""Writes the body of one Python function: lines, blocks that can be left, what is known.

Rules:

- An IR block becomes `while True: … break` (only where something leaves it), a scan a `for`.
  Leaving the innermost loop is `break` or `continue`; leaving an outer one sets a flag that
  each loop on the way looks at. A block whose end is followed by nothing, or by a `break`,
  is left by going to where that leads (`Level.onward`).
- A line is text made here; what comes from a plan enters it only as a local's number, as
  `repr` of a checked constant, or as an index into the table of constants.
- CPython allows 20 nested loops: from `MAX_LOOPS` on, a block moves into a function of its
  own beside the others, and returns the number of the level to leave.
- A line that only gives a value to a local which no text reads is dropped at the end.

Example:
    emitter = Emitter(Target("rule", "f0", "l0, l1, m, s"), constants, facts)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from probanda.rego import ir
from probanda.rego.backend.analysis import BodyFacts
from probanda.rego.backend.facts import Facts, Lookup
from probanda.rego.backend.lines import Line, mentioned, needed

# Loops and `try` in one Python function; CPython's limit is 20, and a statement may need two.
MAX_LOOPS: Final = 16
# Longer strings go to the table of constants.
_INLINE: Final = 200
# Kinds that a value shares with each value that equals it.
SHARED: Final = frozenset({"str", "bool", "list", "dict", "set"})
# The mark of a value that is not constant.
ABSENT: Final = object()


@dataclass(eq=False, slots=True)
class Level:
    """An IR block being written.

    Attributes:
        number: for its flag's name.
        kind: `block`, `scan` or `with`; `end` and `return` stand for leaving the function.
        frame: the Python function it is in (0: the main one).
        used: something breaks to or through it, so that it must be a loop.
        left: something leaves it before its end.
        bare: never a loop: its failures are written as nested `if`s.
        flagged: its flag is set somewhere.
        local: of a `with`: what it replaces.
        restore: of a `with`: the statements that put it back.
        onward: where leaving it leads; `None`: to its end.
        skip: a local, and where leaving it leads while that local is undefined.
        passes: outer levels that its end must pass on to.
    """

    number: int
    kind: str
    frame: int
    used: bool = False
    left: bool = False
    bare: bool = False
    flagged: bool = False
    local: int = -1
    restore: str = ""
    onward: Level | None = None
    skip: tuple[int, Level] | None = None
    passes: list[Level] = field(default_factory=list)


# Not frozen, since that makes it four times as slow to make, and every statement makes one.
@dataclass(eq=False, slots=True)
class Known:
    """What is known of a local's value; never changed.

    Attributes:
        kind: `dict`, `list`, `set`, `str`, `bool`, `int` or ``""``.
        text: an expression that gives the value, cheaper than or equal to the local.
        uses: locals in `text`.
        defined: it is not undefined (`None`: unknown, `False`: it is undefined).
        condition: texts of a boolean and of its opposite, to be used instead of the local.
        value: the value itself where it is constant, else `ABSENT`.
        stable: nothing changes the value in place.
    """

    kind: str = ""
    text: str = ""
    uses: frozenset[int] = frozenset()
    defined: bool | None = None
    condition: tuple[str, str] = ("", "")
    value: Any = ABSENT
    stable: bool = False


NOTHING: Final = Known()
# Where a function ends without a value.
END: Final = Level(-1, "end", -1)


Snapshot = tuple[Facts[int, Known], Facts[tuple[str, str], Lookup], set[int]]


class Constants:
    """The table of constants of a compiled plan."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._names: dict[tuple[type, Any], str] = {}
        self._known: dict[str | bool | None, Known] = {}

    def name(self, value: Any) -> str:
        """The global that holds `value`."""
        if isinstance(value, str | Decimal):
            if (type(value), value) not in self._names:
                self._names[type(value), value] = self._add(value)
            return self._names[type(value), value]
        return self._add(value)

    def _add(self, value: Any) -> str:
        self.values.append(value)
        return f"C{len(self.values) - 1}"

    def known(self, constant: Any) -> Known:
        """What is known of a constant operand."""
        found = self._known.get(constant)
        if found is None:
            kind = "str" if isinstance(constant, str) else "bool"
            found = Known(kind, self.text(constant), defined=True, value=constant)
            self._known[constant] = found
        return found

    def text(self, value: Any) -> str:
        """A literal where that is safe and short, else a name."""
        if value is None or value is True or value is False:
            return str(value)
        if (type(value) is int and abs(value) < 1 << 63) or (
            type(value) is str and len(value) <= _INLINE
        ):
            return repr(value)
        return self.name(value)


class Emitter:
    """The state of writing one function."""

    def __init__(self, what: str, parameters: tuple[int, ...], constants: Constants) -> None:
        self.what = what
        self.constants = constants
        self.parameters = set(parameters)
        self.body: BodyFacts
        self.charged = False
        self.charges = False
        self.start = 0
        self.result = NOTHING
        self.memo = ""
        self.outer_memo = "m"
        self.lines: list[Line] = []
        self.helpers: list[Line] = []
        self.indent = 1
        self.levels: list[Level] = []
        self.frame = 0
        self.frames = 0
        self.exits: set[int] = set()
        self.loops = 0
        self.scans = 0
        self.known: Facts[int, Known] = Facts(set())
        self.dots: Facts[tuple[str, str], Lookup] = Facts(set())
        self.bound: set[int] = set(parameters)
        self.unbound: set[int] = set()
        self.outside: list[set[int]] = [set(parameters)]
        self.numbers = 0

    # --- lines ---------------------------------------------------------------------------

    def line(self, text: str, pure: int = -1) -> None:
        """Write a line; `pure`: it only gives that local a value."""
        scoped = pure >= 0 and pure not in self.outside[-1]
        self.lines.append(Line(self.indent, text, pure, scoped))

    def straight(self) -> bool:
        """Whether all lines so far only give values."""
        return all(line.pure >= 0 for line in islice(self.lines, self.start, None))

    def charge(self, *lines: str) -> None:
        """Write lines that take steps, and a look at how many are left."""
        self.charges = True
        for text in (*lines, "if s[0] < 0: B(s)"):
            self.line(text)

    def number(self) -> int:
        """A number for a name of our own."""
        self.numbers += 1
        return self.numbers

    def render(self) -> list[str]:
        """The function's lines after its `def`, without values that nothing reads."""
        unbound = self.unbound - self.parameters
        start = [Line(1, f"l{local} = U", local) for local in sorted(unbound)]
        unbound |= mentioned(self.helpers)  # functions apart read what is written later in the text
        lines = needed([*start, *self.helpers, *self.lines], unbound)
        return [f"{' ' * line.indent}{line.text}" for line in lines]

    # --- locals --------------------------------------------------------------------------

    def local(self, number: int) -> str:
        """The expression for a local; notes when it may be read before it is written."""
        known = self.known.get(number, NOTHING)
        if known.text or known.defined is False:
            return known.text or "U"
        return self.name(number)

    def name(self, number: int) -> str:
        """The Python variable of a local, which will have a value, be it undefined."""
        if number not in self.bound:
            self.unbound.add(number)
        return f"l{number}"

    def of(self, operand: ir.Operand) -> Known:
        """What is known of an operand."""
        if operand.local >= 0:
            return self.known.get(operand.local, NOTHING)
        return self.constants.known(operand.constant)

    def text(self, operand: ir.Operand) -> str:
        """The expression for an operand."""
        if operand.local >= 0:
            return self.local(operand.local)
        return self.constants.text(operand.constant)

    def forget(self, locals_: set[int]) -> None:
        """Their values change: drop what is known of them and through them."""
        if not locals_:
            return
        for local in locals_:
            self.known.pop(local, None)
        self.known.forget(locals_)
        self.dots.forget(locals_)

    def snapshot(self) -> Snapshot:
        """What is known where a block begins."""
        bound = set(self.bound)
        self.outside.append(bound)
        return self.known.copy(), self.dots.copy(), bound

    def restore(self, snapshot: Snapshot, changed: set[int]) -> None:
        """Know again what was known there, except of locals changed since."""
        self.known, self.dots, self.bound = snapshot
        self.forget(changed)

    def assign(self, target: int, text: str, known: Known = NOTHING, *, pure: bool = False) -> None:
        """Write `target = text`, and remember what is known."""
        self.forget({target})
        self.line(f"l{target} = {text}", target if pure else -1)
        self.bound.add(target)
        if target not in known.uses:
            self.known[target] = known

    # --- leaving -------------------------------------------------------------------------

    def up(self, index: int) -> Level:
        """The level that `break index` leaves; the end of a loop's body is the loop's."""
        return self.levels[-1 - index]

    def leave(self, level: Level) -> str:
        """The statements, on one line, that leave a level."""
        level = self.destination(level)
        if level.kind in {"end", "return"} and self.frame == 0:
            return self.ending("U" if level is END else self.local(-2 - level.number))
        if level.frame != self.frame:
            return self.exit(level.number)
        level.left = True
        inner = [each for each in self.inner_loops() if each.number > level.number]
        level.used = True
        if not inner:
            return "continue" if level.kind == "scan" else "break"
        level.flagged = True
        for each in inner:
            each.used = True
            if level not in each.passes:
                each.passes.append(level)
        return f"x{level.number} = True; break"

    def exit(self, code: int) -> str:
        """Return from a function apart, with what its `with`s replaced put back."""
        self.exits.add(code)
        own = [each for each in reversed(self.levels) if each.frame == self.frame]
        return "; ".join([*(each.restore for each in own if each.restore), f"return {code}"])

    def destination(self, level: Level) -> Level:
        """Where leaving a level leads, here."""
        # What a `with` has replaced must be put back before it is returned.
        replaced = {-2 - each.local for each in self.levels if each.kind == "with"}
        while True:
            following = level.onward
            if level.skip and self.known.get(level.skip[0], NOTHING).defined is False:
                following = level.skip[1]
            if following is None or following.number in replaced:
                return level
            level = following

    def inner_loops(self) -> list[Level]:
        """The levels of this Python function that are, or may become, loops."""
        return [each for each in self.levels if each.frame == self.frame and not each.bare]

    def fail(self) -> str:
        """Leave the innermost level: undefined."""
        return self.leave(self.levels[-1])

    def fail_if(self, condition: str, opposite: str = "") -> None:
        """Undefined when `condition` holds."""
        if self.levels[-1].bare:
            self.levels[-1].left = True
            self.line(f"if {opposite or f'not ({condition})'}:")
            self.indent += 1
        else:
            self.line(f"if {condition}: {self.fail()}")

    def require(self, operand: ir.Operand) -> str:
        """The expression of an operand that is defined from here on."""
        if operand.local >= 0 and not self.known.get(operand.local, NOTHING).defined:
            text = self.local(operand.local)
            self.fail_if(f"{text} is U", f"{text} is not U")
            self.learn(operand.local)
            return text
        return self.text(operand)

    def learn(self, local: int, kind: str = "") -> None:
        """The local is defined, and of this kind."""
        old = self.known.get(local, NOTHING)
        if not old.defined or (kind and not old.kind):
            self.known[local] = Known(
                old.kind or kind,
                old.text,
                old.uses,
                defined=True,
                condition=old.condition,
                value=old.value,
                stable=old.stable,
            )

    def ending(self, text: str) -> str:
        """Return from the function, storing a rule's result."""
        return (
            f"{self.outer_memo}[{self.memo}] = {text}; return {text}"
            if self.memo
            else f"return {text}"
        )

    # --- levels --------------------------------------------------------------------------

    def open(self, kind: str) -> Level:
        """Start a level; what follows is indented for its loop."""
        level = Level(self.number(), kind, self.frame)
        self.levels.append(level)
        self.indent += 1
        self.loops += 1
        return level

    def close(self, level: Level, start: int, *, falls: bool) -> None:
        """End a block: a loop around the lines since `start` where it is used, and flags.

        `falls`: control comes to the end of the lines.
        """
        self.levels.pop()
        self.indent -= 1
        self.loops -= 1
        lines = self.lines
        if not level.used:
            for index in range(start, len(lines)):
                lines[index].indent -= 1
        else:
            if falls:
                lines.append(Line(self.indent + 1, "break"))
            lines.insert(start, Line(self.indent, "while True:"))
        if level.flagged:
            lines.insert(start, Line(self.indent, f"x{level.number} = False"))

    def pass_on(self, level: Level) -> None:
        """After a loop: leave the outer levels whose flags were set inside."""
        for outer in level.passes:
            self.line(f"if x{outer.number}: {self._onward(outer)}")

    def _onward(self, level: Level) -> str:
        inner = [each for each in self.inner_loops() if each.number > level.number]
        level.used = True
        for each in inner:
            each.used = True
            if level not in each.passes:
                each.passes.append(level)
        return "break" if inner or level.kind != "scan" else "continue"
