"""`strings.render_template`: Go's `text/template`.

Rules:

- A variable that is not there is an error, as OPA asks (`missingkey=error`).
- Rendering takes at most 1,000,000 steps and characters.

Source: OPA `v1/topdown/template.go`; Go `text/template`.

Example:
    render_template("hello {{.name}}", {"name": "probanda"})   # "hello probanda"
"""

from __future__ import annotations

from typing import Any, Final

from probanda.rego.builtins.interface import (
    MAX_OUTPUT,
    Builtin,
    BuiltinError,
    define,
    halt,
    limit,
    mapping,
    string,
)
from probanda.rego.builtins.json_text import decode
from probanda.rego.builtins.template_parser import (
    Body,
    Branch,
    Command,
    Jump,
    Operand,
    Pipeline,
    parse_template,
    place_of,
)
from probanda.rego.builtins.template_values import (
    FUNCTIONS,
    TemplateError,
    from_rego,
    go_type,
    is_true,
    shown,
)
from probanda.rego.builtins.text import rego_text

MAX_STEPS: Final = 1_000_000
# What a command is given by the one before it, when there is none.
_NONE: Final = object()


def render_template(template: Any, variables: Any) -> str:
    """The text of a template.

    Raises:
        BuiltinError: the template is malformed, or a variable is missing.
    """
    text, given = string(template, 1), mapping(variables, 2)
    try:
        # OPA reads the variables' Rego text as JSON: sets and other keys than strings are none.
        decode(rego_text(given))
        data = from_rego(given)
        body = parse_template(text, FUNCTIONS.keys() | {"and", "or"})
        return _Renderer(text, data).render(body)
    except RecursionError:
        raise halt("a template is nested too deeply", code="eval_limit_error") from None


class _Break(Exception):  # noqa: N818  # a jump, no error
    """`{{break}}`."""


class _Continue(Exception):  # noqa: N818  # a jump, no error
    """`{{continue}}`."""


class _Renderer:
    """One rendering: what is out, and the variables in scope."""

    def __init__(self, text: str, data: Any) -> None:
        self.text = text
        self.out: list[str] = []
        self.size = 0
        self.steps = 0
        self.variables: list[tuple[str, Any]] = [("$", data)]

    def render(self, body: Body) -> str:
        """The text of the whole template."""
        self._body(body, self.variables[0][1])
        return "".join(self.out)

    def _write(self, text: str) -> None:
        self.size += len(text)
        limit("the text of a template", MAX_OUTPUT, self.size)
        self.out.append(text)

    def _step(self) -> None:
        self.steps += 1
        limit("the steps of a template", MAX_STEPS, self.steps)

    def _error(self, operand: Operand, text: str, message: str) -> BuiltinError:
        place = place_of(self.text, operand.place)
        shown_text = text if len(text) <= 20 else f"{text[:20]}..."
        return BuiltinError(
            f'template: template:{place}: executing "template" at <{shown_text}>: {message}'
        )

    # --- parts -----------------------------------------------------------------------------

    def _body(self, body: Body, dot: Any) -> None:
        for part in body:
            self._step()
            if isinstance(part, str):
                self._write(part)
            elif isinstance(part, Pipeline):
                value = self._pipeline(part, dot)
                if not part.variables:
                    self._write(shown(value, inside=False))
            elif isinstance(part, Branch):
                self._branch(part, dot)
            else:
                self._jump(part)

    def _jump(self, jump: Jump) -> None:
        raise _Break if jump.kind == "break" else _Continue

    def _branch(self, branch: Branch, dot: Any) -> None:
        mark = len(self.variables)
        try:
            if branch.kind == "range":
                self._range(branch, dot)
                return
            value = self._pipeline(branch.pipeline, dot)
            if not is_true(value):
                self._body(branch.otherwise, dot)
            else:
                self._body(branch.body, value if branch.kind == "with" else dot)
        finally:
            del self.variables[mark:]

    def _range(self, branch: Branch, dot: Any) -> None:
        value = self._commands(branch.pipeline.commands, dot)
        pairs = self._pairs(branch.pipeline.commands[0][0], value)
        names = branch.pipeline.variables
        mark = len(self.variables)
        for index, item in pairs:
            self._step()
            found = (item,) if len(names) == 1 else (index, item)
            if branch.pipeline.declares:
                self.variables += zip(names, found, strict=False)
            else:
                for name, one in zip(names, found, strict=False):
                    self._assign(name, one)
            try:
                self._body(branch.body, item)
            except _Break:
                return
            except _Continue:
                continue
            finally:
                del self.variables[mark:]
        if not pairs:
            self._body(branch.otherwise, dot)

    def _pairs(self, operand: Operand, value: Any) -> list[tuple[Any, Any]]:
        """What `range` goes over: indexes or keys, and items."""
        if value is None:
            return []
        if isinstance(value, list):
            return list(enumerate(value))
        if isinstance(value, dict):
            return sorted(value.items())
        if type(value) is int:
            limit("the steps of a template", MAX_STEPS, value)
            return [(number, number) for number in range(value)]
        raise self._error(operand, operand.text, f"range can't iterate over {shown(value)}")

    def _assign(self, name: str, value: Any) -> None:
        for place in range(len(self.variables) - 1, -1, -1):
            if self.variables[place][0] == name:
                self.variables[place] = (name, value)
                return

    # --- pipelines -------------------------------------------------------------------------

    def _pipeline(self, pipeline: Pipeline, dot: Any) -> Any:
        value = self._commands(pipeline.commands, dot)
        for name in pipeline.variables:
            if pipeline.declares:
                self.variables.append((name, value))
            else:
                self._assign(name, value)
        return value

    def _commands(self, commands: tuple[Command, ...], dot: Any) -> Any:
        value: Any = _NONE
        for command in commands:
            value = self._command(command, dot, value)
        return value

    def _command(self, command: Command, dot: Any, final: Any) -> Any:
        """One command; `final` is what the one before it gave."""
        self._step()
        first, *rest = command
        if first.kind == "function":
            return self._function(command, dot, final)
        if rest or final is not _NONE:
            message = f"can't give argument to non-function {first.text}"
            raise self._error(first, first.text, message)
        return self._operand(first, dot)

    def _operand(self, operand: Operand, dot: Any) -> Any:
        value = dot
        if operand.kind == "literal":
            value = operand.value
        elif operand.kind == "variable":
            value = next(one for name, one in reversed(self.variables) if name == operand.value)
        elif operand.kind == "pipeline":
            value = self._pipeline(operand.value, dot)
        elif operand.kind == "function":
            value = self._function((operand,), dot, _NONE)
        for name in operand.fields:
            value = self._field(operand, value, name)
        return value

    def _field(self, operand: Operand, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            if name in value:
                return value[name]
            message = f'map has no entry for key "{name}"'
        elif value is None:
            message = f"nil pointer evaluating interface {{}}.{name}"
        else:
            message = f"can't evaluate field {name} in type {go_type(value)}"
        raise self._error(operand, operand.text, message)

    def _function(self, command: Command, dot: Any, final: Any) -> Any:
        first, *rest = command
        name = first.value
        text = " ".join(operand.text for operand in command)
        if name in {"and", "or"}:
            return self._short_circuit(command, dot, final)
        function, least, most = FUNCTIONS[name]
        arguments = [self._operand(operand, dot) for operand in rest]
        if final is not _NONE:
            arguments.append(final)
        if not least <= len(arguments) <= most:
            wanted = f"{'at least ' if most > least else ''}{least}"
            message = f"wrong number of args for {name}: want {wanted} got {len(arguments)}"
            raise self._error(first, text, message)
        try:
            value = function(*arguments)
        except TemplateError as error:
            raise self._error(first, text, f"error calling {name}: {error}") from None
        for one in first.fields:
            value = self._field(first, value, one)
        return value

    def _short_circuit(self, command: Command, dot: Any, final: Any) -> Any:
        """`and` and `or`: the argument that decides; those after it are not evaluated."""
        first, *rest = command
        if not rest and final is _NONE:
            message = f"wrong number of args for {first.value}: want at least 1 got 0"
            raise self._error(first, first.text, message)
        value: Any = None
        for operand in rest:
            value = self._operand(operand, dot)
            if is_true(value) == (first.value == "or"):
                return value
        return value if final is _NONE else final


BUILTINS: Final[list[Builtin]] = define({"strings.render_template": render_template})
