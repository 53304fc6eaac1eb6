"""What a built-in function is, how it fails, and how it checks its operands.

Rules:

- `Builtin.function(*values)` (with the evaluation's context first, where `context` is set)
  gives a value or `UNDEFINED`. It never changes an operand.
- It fails with `BuiltinError`, or with its subclass `OperandError` where an operand has the
  wrong type. Either makes the expression undefined, or in strict mode fails the query. The
  message says what OPA says, without the function's name: `describe` puts that in front.
- What must never be taken for "undefined" (a limit, a refused function, a conflict) is
  raised as another `PolicyError` (`limit`, `halt`) and fails the query in every mode.
- Operands are numbered from 1.

Source: OPA `v1/topdown/builtins/builtins.go`, `handleBuiltinErr` in `v1/topdown/builtins.go`.

Example:
    def base64_is_valid(x: Any) -> bool:
        return _decodes(string(x, 1))     # OperandError: operand 1 must be string but got number
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from probanda.errors import PolicyError
from probanda.rego.builtins.signatures import SIGNATURES
from probanda.rego.values import RegoSet, sorted_values, type_name

# No built-in may make a string, array or set with more parts than this.
MAX_OUTPUT: Final = 1_000_000
# No text of a value (which may share its parts) gets longer than this.
MAX_TEXT: Final = 5_000_000
_INT64: Final = 1 << 63


class BuiltinError(PolicyError):
    """A built-in function cannot give a result; undefined unless strict."""

    def __init__(self, message: str, *, code: str = "eval_builtin_error") -> None:
        super().__init__(message, code=code)


class OperandError(BuiltinError):
    """An operand has a type or value that the function does not take."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="eval_type_error")


class EvaluationContext(Protocol):
    """What a built-in function may know about the evaluation."""

    @property
    def now_ns(self) -> int:
        """The time of the query, in nanoseconds since 1970."""

    @property
    def seed(self) -> str:
        """What "random" values are derived from."""


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in function.

    Attributes:
        name: with dots.
        arity: the number of operands, without the context.
        function: the implementation.
        context: whether the evaluation's context comes first.
    """

    name: str
    arity: int
    function: Callable[..., Any]
    context: bool = False


def define(functions: Mapping[str, Callable[..., Any]], *, context: bool = False) -> list[Builtin]:
    """Built-ins of these names; their arities are those of `SIGNATURES`."""
    return [
        Builtin(name, SIGNATURES[name].arity, function, context)
        for name, function in functions.items()
    ]


def describe(name: str, error: BuiltinError) -> str:
    """The message of an error with the function's name in front, as OPA words it."""
    return f"{name}: {error.message}"


def halt(message: str, *, code: str = "eval_builtin_error") -> PolicyError:
    """An error that fails the query in every mode."""
    return PolicyError(message, code=code)


def limit(what: str, bound: int, size: int) -> None:
    """Refuse what would be larger than a bound.

    Raises:
        PolicyError: `size` exceeds `bound`; not `BuiltinError`, since "too large" is not
            "undefined", which a `not` would turn into true.
    """
    if size > bound:
        raise halt(f"{what} would exceed the limit of {bound}", code="eval_limit_error")


# --- operand errors ------------------------------------------------------------------------


def wrong_operand(position: int, message: str) -> OperandError:
    """`operand 1 …`."""
    return OperandError(f"operand {position} {message}")


def wrong_type(position: int, got: Any, *expected: str) -> OperandError:
    """`operand 1 must be string but got number`."""
    want = expected[0] if len(expected) == 1 else f"one of {{{', '.join(expected)}}}"
    return wrong_operand(position, f"must be {want} but got {type_name(got)}")


def wrong_element(position: int, composite: Any, got: Any, *expected: str) -> OperandError:
    """`operand 1 must be array of numbers but got array containing string`."""
    kind = type_name(composite)
    want = f"{expected[0]}s" if len(expected) == 1 else f"(any of) {{{', '.join(expected)}}}"
    text = f"must be {kind} of {want} but got {kind} containing {type_name(got)}"
    return wrong_operand(position, text)


def wrong_value(position: int, *expected: str) -> OperandError:
    """`operand 2 must be one of {2, 8, 10, 16}`."""
    want = expected[0] if len(expected) == 1 else f"one of {{{', '.join(expected)}}}"
    return wrong_operand(position, f"must be {want}")


# --- operands ------------------------------------------------------------------------------


def is_number(value: Any) -> bool:
    """Whether it is a Rego number (a boolean is not)."""
    return isinstance(value, int | float | Decimal) and value is not True and value is not False


def string(value: Any, position: int) -> str:
    """The operand as a string."""
    if isinstance(value, str):
        return value
    raise wrong_type(position, value, "string")


def number(value: Any, position: int) -> int | float | Decimal:
    """The operand as a number."""
    if is_number(value):
        return value  # type: ignore[no-any-return]  # is_number has just said so
    raise wrong_type(position, value, "number")


def integer(value: Any, position: int) -> int:
    """The operand as an integer of 64 bits."""
    whole = machine_integer(number(value, position))
    if whole is None:
        raise wrong_operand(position, "must be integer number but got floating-point number")
    return whole


def machine_integer(value: float | Decimal) -> int | None:
    """A number as an integer of 64 bits; what is spelled like `1e3` is none to OPA, `1.0` is."""
    if not isinstance(value, int) and "e" in str(value).lower():
        return None
    whole = whole_number(value)
    return None if whole is None or not -_INT64 <= whole < _INT64 else whole


def big_integer(value: Any, position: int) -> int:
    """The operand as an integer of any size."""
    if not is_number(value):
        raise wrong_type(position, value, "integer")
    whole = whole_number(value)
    if whole is None:
        raise wrong_operand(position, "must be integer number but got floating-point number")
    return whole


def whole_number(value: float | Decimal) -> int | None:
    """A number as an `int`, or `None` when it has a fraction (or too many digits to expand)."""
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        if not isinstance(exponent, int) or exponent > MAX_OUTPUT:
            return None
        whole = int(value)
        return whole if whole == value else None
    return int(value) if value.is_integer() else None


def array(value: Any, position: int) -> list[Any]:
    """The operand as an array."""
    if isinstance(value, list):
        return value
    raise wrong_type(position, value, "array")


def mapping(value: Any, position: int) -> dict[Any, Any]:
    """The operand as an object; its keys are in stored form (`values.unkey`)."""
    if isinstance(value, dict):
        return value
    raise wrong_type(position, value, "object")


def members(value: Any, position: int) -> RegoSet:
    """The operand as a set."""
    if isinstance(value, RegoSet):
        return value
    raise wrong_type(position, value, "set")


def items(value: Any, position: int, *expected: str) -> Iterable[Any]:
    """The members of an array or a set; `expected` words the error."""
    if isinstance(value, list | RegoSet):
        return value
    raise wrong_type(position, value, *(expected or ("array", "set")))


def strings(value: Any, position: int) -> list[str]:
    """The operand as an array or set of strings, sets in order."""
    found = list(items(value, position))
    if isinstance(value, RegoSet):
        found = sorted_values(found)
    for item in found:
        if not isinstance(item, str):
            raise wrong_element(position, value, item, "string")
    return found
