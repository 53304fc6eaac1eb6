"""Canonical text of syntax trees.

Rules:

- `parse(unparse(tree)) == tree` for every tree that the parser makes.
- Two spaces of indentation, one statement a line, keywords as in v1; a v0 module is written
  in v0 syntax.
- Parentheses stand only where the grammar needs them, and around every `|`, which would
  otherwise read as a comprehension.

Example:
    unparse(parse_term("1+2 *3"))  # '1 + (2 * 3)' is '1 + 2 * 3'
"""

from __future__ import annotations

import json
import re
from typing import Final

from probanda.rego.ast import (
    Annotations,
    Array,
    ArrayComprehension,
    Body,
    Boolean,
    Call,
    Every,
    Head,
    Import,
    Literal,
    Module,
    Node,
    Null,
    Number,
    Object,
    ObjectComprehension,
    Ref,
    Rule,
    Set,
    SetComprehension,
    SomeDecl,
    SomeIn,
    String,
    TemplateString,
    Term,
    Var,
    With,
)

_MARKS: Final = {
    "assign": (0, ":="),
    "eq": (0, "="),
    "member_2": (1, "in"),
    "equal": (2, "=="),
    "neq": (2, "!="),
    "lt": (2, "<"),
    "lte": (2, "<="),
    "gt": (2, ">"),
    "gte": (2, ">="),
    "or": (3, "|"),
    "and": (4, "&"),
    "plus": (5, "+"),
    "minus": (5, "-"),
    "mul": (6, "*"),
    "div": (6, "/"),
    "rem": (6, "%"),
}
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What may not stand alone in a list: tighter than `in`, looser than comparisons.
_LIST, _TERM = 1, 7


def unparse(node: Node | Body) -> str:
    """The text of a node, or of a body with one statement a line."""
    if isinstance(node, tuple):
        return "\n".join(_literal(literal) for literal in node)
    return _Printer().node(node)


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _name(name: str) -> str:
    return "_" if name.startswith("$") else name


def _ref(head: str, path: tuple[Term, ...]) -> str:
    parts = [head]
    for part in path:
        if isinstance(part, String) and _NAME.fullmatch(part.value):
            parts.append(f".{part.value}")
        else:
            parts.append(f"[{_term(part, 0)}]")
    return "".join(parts)


def _term(term: Term, tightness: int = _LIST) -> str:  # noqa: PLR0911  # one for each kind
    """A term where only operators that bind at least so tightly may stand bare."""
    match term:
        case Null():
            return "null"
        case Boolean(value):
            return "true" if value else "false"
        case Number(text):
            return text
        case String(value):
            return _string(value)
        case Var(name):
            return _name(name)
        case Ref(head, path):
            return _ref(_term(head, _TERM), path)
        case Call():
            return _call(term, tightness)
        case TemplateString(parts):
            return f'$"{"".join(_template_part(part) for part in parts)}"'
        case _:
            return _collection(term)


def _collection(term: Term) -> str:
    match term:
        case Array(items):
            return f"[{_items(items)}]"
        case Set(items):
            return f"{{{_items(items)}}}" if items else "set()"
        case Object(pairs):
            # `{k: a | b}` would be a comprehension; `|` brings its own parentheses.
            return f"{{{', '.join(f'{_term(key)}: {_term(value)}' for key, value in pairs)}}}"
        case ArrayComprehension(head, body):
            return f"[{_term(head, _TERM)} | {_statements(body)}]"
        case SetComprehension(head, body):
            return f"{{{_term(head, _TERM)} | {_statements(body)}}}"
        case ObjectComprehension(key, value, body):
            return f"{{{_term(key)}: {_term(value, _TERM)} | {_statements(body)}}}"
        case _:
            raise TypeError(f"no text for {type(term).__name__}")


def _items(items: tuple[Term, ...]) -> str:
    return ", ".join(_term(item) for item in items)


def _statements(body: Body) -> str:
    return "; ".join(_literal(literal) for literal in body)


def _template_part(part: str | Term | Literal) -> str:
    if isinstance(part, str):
        return _string(part)[1:-1].replace("{", "\\{")
    inner = _literal(part) if isinstance(part, Literal) else _term(part, 0)
    return f"{{{inner}}}"


def _call(call: Call, tightness: int) -> str:
    name = call.operator[-1]
    if not call.infix:
        return f"{_ref(call.operator[0], _path(call.operator))}({_items(call.arguments)})"
    if name == "member_3":
        key, value, collection = (_term(argument, 2) for argument in call.arguments)
        text = f"{key}, {value} in {collection}"
        return f"({text})" if tightness > 0 else text
    level, mark = _MARKS[name]
    left, right = call.arguments
    # All associate to the left. A `=` or `:=` takes whole expressions on both sides.
    sides = (_term(left, level), _term(right, level + 1 if level else 0))
    text = f"{sides[0]} {mark} {sides[1]}"
    return f"({text})" if level < tightness or name == "or" else text


def _path(operator: tuple[str, ...]) -> tuple[Term, ...]:
    return tuple(String(part) for part in operator[1:])


def _literal(literal: Literal, indent: str = "") -> str:
    expression = literal.expression
    match expression:
        case SomeDecl(variables):
            text = f"some {', '.join(_name(variable.name) for variable in variables)}"
        case SomeIn(key, value, collection):
            keys = "" if key is None else f"{_term(key, 2)}, "
            text = f"some {keys}{_term(value, _LIST if not keys else 2)} in {_term(collection, 2)}"
        case Every(key, value, domain, body):
            keys = "" if key is None else f"{_name(key.name)}, "
            head = f"every {keys}{_name(value.name)} in {_term(domain, 2)}"
            text = f"{head} {_block(body, indent)}"
        case _:
            text = _term(expression, 0)
    text = f"not {text}" if literal.negated else text
    return " ".join([text, *(_with(each) for each in literal.withs)])


def _with(node: With) -> str:
    return f"with {_term(node.target, _TERM)} as {_term(node.value, 0)}"


def _block(body: Body, indent: str) -> str:
    lines = [f"{indent}  {_literal(literal, indent + '  ')}" for literal in body]
    return "\n".join(["{", *lines, f"{indent}}}"])


class _Printer:
    """Text of modules and rules, which need to know the version."""

    def __init__(self, version: int = 1) -> None:
        self.version = version

    def node(self, node: Node) -> str:  # noqa: PLR0911  # one for each kind
        """The text of any node."""
        match node:
            case Module():
                return self.module(node)
            case Rule():
                return self.rule(node)
            case Head():
                return self.head(node)
            case Import():
                return _import(node)
            case Annotations():
                return _annotations(node)
            case Literal():
                return _literal(node)
            case With():
                return _with(node)
            case SomeDecl() | SomeIn() | Every():
                return _literal(Literal(node))
            case _:
                assert isinstance(node, Term)  # nothing else is a node
                return _term(node, 0)

    def module(self, module: Module) -> str:
        """A whole file."""
        self.version = module.version
        above = "\n\n".join(_annotations(each) for each in module.annotations)
        blocks = [above] if above else []
        first, *path = module.package
        blocks.append(f"package {_ref(first, tuple(String(part) for part in path))}\n")
        blocks += [_import(each) for each in module.imports]
        written: set[int] = set()
        for rule in module.rules:
            new = [each for each in rule.annotations if id(each) not in written]
            written.update(id(each) for each in new)
            # Blocks are comments: an empty line keeps two of them apart.
            above = "\n\n".join(_annotations(each) for each in new)
            blocks.append("\n".join(["", *([above] if above else []), self.rule(rule)]))
        return "\n".join(blocks) + "\n"

    def rule(self, rule: Rule) -> str:
        """A rule with its `else` branches."""
        parts = ["default " if rule.default else "", self.head(rule.head)]
        parts += [self.body(rule)]
        branch = rule.otherwise
        while branch is not None:
            parts += [" else", _value(branch.head), self.body(branch)]
            branch = branch.otherwise
        return "".join(parts)

    def body(self, rule: Rule) -> str:
        """A body with what stands before it."""
        if not rule.body:
            return ""
        head = rule.head
        # In v0, `p.q { … }` would be a member of a set.
        value = len(head.ref) == 2 and head.arguments is None and head.value is None
        word = "if " if self.version or (value and head.key is None) else ""
        return f" {word}{_block(rule.body, '')}"

    def head(self, head: Head) -> str:
        """Name, arguments, key, value."""
        first = head.ref[0]
        assert isinstance(first, String)  # by construction of heads
        text = _ref(first.value, head.ref[1:])
        if head.arguments is not None:
            text += f"({_items(head.arguments)})"
        if head.key is not None:
            if self.version or len(head.ref) > 1:
                return f"{text} contains {_term(head.key, 0)}"
            return f"{text}[{_term(head.key, 0)}]"
        return text + _value(head)


def _value(head: Head) -> str:
    if head.value is None:
        return ""
    return f" {':=' if head.assigned else '='} {_term(head.value, 0)}"


def _import(node: Import) -> str:
    first, *path = node.path
    text = f"import {_ref(first, tuple(String(part) for part in path))}"
    return f"{text} as {node.alias}" if node.alias else text


def _annotations(node: Annotations) -> str:
    values = {**node.values, "scope": node.scope}
    return f"# METADATA\n# {json.dumps(values, ensure_ascii=False)}"
