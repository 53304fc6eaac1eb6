"""What each statement of the plan asks, in Rego's words.

Example:
    described(ir.Dot(…), 3, texts, slots).other      # "input.dataset.region"
"""

from __future__ import annotations

from collections.abc import Callable

from probanda.rego import ir
from probanda.rego.explain.sites import Check, CheckKind
from probanda.rego.explain.texts import Texts


def described(  # noqa: PLR0911  # one for each kind of statement
    statement: ir.Statement,
    slot: int,
    texts: Texts,
    source_of: Callable[[ir.Operand], int | None],
) -> Check | None:
    """The check that a statement is; `None` where it cannot be undefined.

    Args:
        statement: of a segment.
        slot: its own.
        texts: of the locals so far.
        source_of: where the value of an operand is recorded; see `Check.source`.
    """
    match statement:
        case ir.Dot(source=source, key=key):
            whole, before = texts.member(source, key), source_of(source)
            return Check("lookup", slot, texts.operand(source), whole, before)
        case ir.Call(function=name, arguments=arguments):
            return Check("call", slot, texts.call(name, arguments))
        case ir.CallDynamic():
            return Check("call", slot)
        case ir.Equal(a=a, b=b, negated=True) if b.local < 0 and b.constant is False:
            return Check("truth", slot, texts.operand(a), source=source_of(a))
        case ir.Equal(a=a, b=b, negated=negated):
            kind: CheckKind = "unequal" if negated else "equal"
            return Check(kind, slot, texts.operand(a), texts.operand(b))
        case ir.IsType(source=source, kind=wanted):
            return Check("shape", slot, texts.operand(source), wanted, source_of(source))
        case ir.Length(source=source):
            return Check("shape", slot, texts.operand(source), "", source_of(source))
        case ir.IsDefined(source=local, negated=negated):
            text = "input" if local == 0 and not negated else ""
            return Check("defined" if text else "nested", slot, text)
        case ir.Not() | ir.Blocks():
            return Check("nested", slot)
        case ir.Scan(source=local):
            subject, before = texts.local(local), source_of(ir.Operand(local))
            return Check("loop", slot, subject, source=before)
    return None
