"""What a default rule may say.

Source: OPA's `v1/ast/parser.go`, `validateDefaultRuleValue` and `validateDefaultRuleArgs`.

Example:
    default_errors(head_of("default allow := input.x"))
    # ['illegal default rule (value cannot contain ref)']
"""

from __future__ import annotations

from probanda.rego.ast import Array, Call, Head, Object, Ref, Set, TemplateString, Term, Var
from probanda.rego.parser_cursor import name_of


def default_errors(head: Head) -> list[str]:
    """All reasons for which a default rule is refused."""
    if head.value is None:
        return ["illegal default rule (must have a value)"]
    errors = [
        f"illegal default rule (value cannot contain {name})"
        for name in dict.fromkeys(_variable_parts(head.value))
    ]
    seen: set[str] = set()
    for argument in head.arguments or ():
        if not isinstance(argument, Var):
            message = f"illegal default rule (arguments cannot contain {name_of(argument)})"
            errors.append(message)
        elif argument.name in seen:
            message = f"illegal default rule (arguments cannot be repeated {argument.name})"
            errors.append(message)
        else:
            seen.add(argument.name)
    return errors


def _variable_parts(value: Term) -> list[str]:
    """Names of the references, variables and calls in it; comprehensions are closed."""
    found: list[str] = []
    pending: list[Term] = [value]
    while pending:
        term = pending.pop()
        if isinstance(term, Ref | Var | Call):
            found.append(name_of(term))
        elif isinstance(term, Array | Set):
            pending.extend(reversed(term.items))
        elif isinstance(term, Object):
            pending.extend(part for pair in reversed(term.pairs) for part in reversed(pair))
        elif isinstance(term, TemplateString):
            pending.extend(part for part in term.parts if isinstance(part, Term))
    return found
