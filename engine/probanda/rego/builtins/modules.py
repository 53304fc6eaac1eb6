"""`rego.parse_module`: a module's syntax tree in the shape of OPA's JSON.

Rules:

- The module is Rego v1. Locations are left out, as OPA leaves them out, but for comments.
- Errors are OPA's, all of them in one message.

Source: OPA `v1/topdown/parse.go`, `v1/ast/policy.go`, `v1/ast/term.go`.

Example:
    parse_module("a.rego", "package a")["package"]["path"][1]   # {"type": "string", "value": "a"}
"""

from __future__ import annotations

from typing import Any, Final

from probanda.rego import ast
from probanda.rego.builtins.go import base64_text
from probanda.rego.builtins.interface import Builtin, BuiltinError, define, string
from probanda.rego.builtins.text import octets
from probanda.rego.depth import depth_of
from probanda.rego.diagnostic import RegoErrors
from probanda.rego.lexer import tokenize
from probanda.rego.parser import parse_module as parse
from probanda.rego.recursion import room
from probanda.rego.values import sorted_values, spelled

Json = dict[str, Any]

# Frames for one level of a tree, at most.
_FRAMES: Final = 6
_BASE: Final = 100
_TRUE: Final[Json] = {"type": "boolean", "value": True}


def parse_module(name: Any, text: Any) -> Json:
    """The syntax tree of a module."""
    path, source = string(name, 1), string(text, 2)
    try:
        module = parse(source, path=path)
    except RegoErrors as errors:
        raise BuiltinError(_message(errors)) from None
    with room(depth_of(module) * _FRAMES + _BASE):
        made = _module(module)
    comments = tokenize(source, path=path).comments
    if comments:
        made["comments"] = [
            {
                "Text": base64_text(octets(comment)),
                "Location": {"file": path, "row": row, "col": column},
            }
            for row, column, comment in comments
        ]
    return made


def _message(errors: RegoErrors) -> str:
    """All errors as OPA prints them: a count, and a line each."""
    found = [
        f"{_place(one.span)}: {one.code}: {one.message}"
        for one in sorted(errors.diagnostics, key=lambda one: (one.span.row, one.span.column))
    ]
    if len(found) == 1:
        return f"1 error occurred: {found[0]}"
    return "\n".join([f"{len(found)} errors occurred:", *found])


def _place(span: ast.Span) -> str:
    """`file:row`; without a file, `row:column`."""
    return f"{span.path}:{span.row}" if span.path else f"{span.row}:{span.column}"


# --- modules and rules ---------------------------------------------------------------------


def _module(module: ast.Module) -> Json:
    made: Json = {"package": {"path": _path(("data", *module.package))}}
    if module.imports:
        made["imports"] = [_import(one) for one in module.imports]
    if module.rules:
        made["rules"] = [_rule(rule) for rule in module.rules]
    return made


def _path(parts: tuple[str, ...]) -> list[Json]:
    """A reference that begins with a variable: `data.a`."""
    head, *rest = parts
    return [{"type": "var", "value": head}, *({"type": "string", "value": one} for one in rest)]


def _import(imported: ast.Import) -> Json:
    made: Json = {"path": {"type": "ref", "value": _path(imported.path)}}
    return made | ({"alias": imported.alias} if imported.alias else {})


def _rule(rule: ast.Rule) -> Json:
    made: Json = {"head": _head(rule.head)}
    made["body"] = _body(rule.body) or [{"index": 0, "terms": _TRUE}]
    if rule.default:
        made["default"] = True
    if rule.otherwise is not None:
        made["else"] = _rule(rule.otherwise)
    return made


def _head(head: ast.Head) -> Json:
    first, *rest = head.ref
    assert isinstance(first, ast.String)
    made: Json = {"ref": [{"type": "var", "value": first.value}, *map(_term, rest)]}
    if not rest:
        made["name"] = first.value
    if head.arguments:
        made["args"] = [_term(argument) for argument in head.arguments]
    if head.key is not None:
        made["key"] = _term(head.key)
    if head.value is not None:
        made["value"] = _term(head.value)
    elif head.key is None:
        made["value"] = _TRUE
    if head.assigned:
        made["assign"] = True
    return made


# --- bodies --------------------------------------------------------------------------------


def _body(body: ast.Body) -> list[Json]:
    return [_literal(literal, index) for index, literal in enumerate(body)]


def _literal(literal: ast.Literal, index: int) -> Json:
    made: Json = {"index": index, "terms": _expression(literal.expression)}
    if literal.negated:
        made["negated"] = True
    if literal.withs:
        made["with"] = [
            {"target": _target(one.target), "value": _term(one.value)} for one in literal.withs
        ]
    return made


def _target(target: ast.Ref | ast.Var) -> Json:
    if isinstance(target, ast.Var):
        return {"type": "ref", "value": [_term(target)]}
    return _term(target)


def _expression(expression: ast.Term | ast.SomeDecl | ast.SomeIn | ast.Every) -> Any:
    """The terms of an expression: one, or those of a call, or a declaration."""
    if isinstance(expression, ast.Call):
        return _call(expression)
    if isinstance(expression, ast.SomeDecl):
        return {"symbols": [_term(variable) for variable in expression.variables]}
    if isinstance(expression, ast.SomeIn):
        parts = [expression.key] if expression.key is not None else []
        terms = [*parts, expression.value, expression.collection]
        name = f"member_{len(terms)}"
        operator = {"type": "ref", "value": _path(("internal", name))}
        call = {"type": "call", "value": [operator, *map(_term, terms)]}
        return {"symbols": [call]}
    if isinstance(expression, ast.Every):
        return {
            "key": _term(expression.key) if expression.key is not None else None,
            "value": _term(expression.value),
            "domain": _term(expression.domain),
            "body": _body(expression.body),
        }
    return _term(expression)


def _call(call: ast.Call) -> list[Json]:
    operator: Json = {"type": "ref", "value": _path(call.operator)}
    return [operator, *map(_term, call.arguments)]


# --- terms ---------------------------------------------------------------------------------


def _scalar(term: ast.Null | ast.Boolean | ast.Number | ast.String) -> Json:
    if isinstance(term, ast.Null):
        return {"type": "null", "value": {}}
    if isinstance(term, ast.Number):
        return {"type": "number", "value": spelled(term.text)}
    kind = "boolean" if isinstance(term, ast.Boolean) else "string"
    return {"type": kind, "value": term.value}


def _term(term: ast.Term) -> Json:
    """A term: its type and its value."""
    if isinstance(term, ast.Null | ast.Boolean | ast.Number | ast.String):
        return _scalar(term)
    if isinstance(term, ast.Var):
        return {"type": "var", "value": term.name}
    if isinstance(term, ast.Ref):
        return {"type": "ref", "value": [_term(term.head), *map(_term, term.path)]}
    if isinstance(term, ast.Call):
        return {"type": "call", "value": _call(term)}
    return _composite(term)


def _composite(term: Any) -> Json:
    """Collections, comprehensions and template strings."""
    if isinstance(term, ast.Array):
        return {"type": "array", "value": [_term(item) for item in term.items]}
    if isinstance(term, ast.Set):
        return {"type": "set", "value": sorted_values([_term(item) for item in term.items])}
    if isinstance(term, ast.Object):
        return {
            "type": "object",
            "value": [[_term(key), _term(value)] for key, value in term.pairs],
        }
    if isinstance(term, ast.ObjectComprehension):
        parts = {"key": _term(term.key), "value": _term(term.value), "body": _body(term.body)}
        return {"type": "objectcomprehension", "value": parts}
    if isinstance(term, ast.TemplateString):
        return {"type": "templatestring", "value": {"parts": [_part(one) for one in term.parts]}}
    kind = "array" if isinstance(term, ast.ArrayComprehension) else "set"
    value = {"term": _term(term.term), "body": _body(term.body)}
    return {"type": f"{kind}comprehension", "value": value}


def _part(part: str | ast.Term | ast.Literal) -> Json:
    """A text, or an expression, of a template string."""
    if isinstance(part, str):
        return {"type": "string", "value": part}
    if isinstance(part, ast.Literal):
        return _literal(part, 0)
    return {"index": 0, "terms": _expression(part)}


BUILTINS: Final[list[Builtin]] = define({"rego.parse_module": parse_module})
