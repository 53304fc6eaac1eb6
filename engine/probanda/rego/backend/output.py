"""Rego values as bounded plain JSON.

Values may share parts (`[x, x]` of `[x, x]` …): small in memory, endless as JSON. So the
values are counted while they are copied.

Example:
    to_output([{"result": RegoSet(["a"])}], Context())   # [{"result": ["a"]}]
"""

from __future__ import annotations

from typing import Any

from probanda.errors import PolicyError
from probanda.rego.backend.context import Context
from probanda.rego.values import RegoSet, json_text, sorted_values, to_json, unkey


def to_output(results: list[Any], context: Context) -> list[Any]:
    """Plain JSON of results.

    Raises:
        PolicyError: more values than `context.max_output`, or too deep.
    """
    try:
        return [_copy(result, [context.max_output]) for result in results]
    except RecursionError as error:
        raise PolicyError(
            "eval_cancel_error: the result is nested too deeply", code="eval_cancel_error"
        ) from error


def _copy(value: Any, left: list[int]) -> Any:
    kind = type(value)
    if kind is str:
        return to_json(value)
    if kind is bool or kind is int or value is None:
        return value
    if kind is list or kind is dict or kind is RegoSet:
        left[0] -= len(value) + 1
        if left[0] < 0:
            raise PolicyError(
                "eval_cancel_error: the result is too large", code="eval_cancel_error"
            )
        if kind is list:
            return [_copy(item, left) for item in value]
        if kind is RegoSet:
            return [_copy(item, left) for item in sorted_values(value)]
        return {
            to_json(name) if type(name) is str else json_text(unkey(name)): _copy(item, left)
            for name, item in value.items()
        }
    return to_json(value)
