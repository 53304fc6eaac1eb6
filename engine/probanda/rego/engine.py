"""Rego compiled to Python: modules in, callables out.

Rules:

- `compile` parses, checks and plans; a `Policy` that exists has passed every check.
- Input and data are plain JSON values, never copied and never changed; swapping data is
  passing another dictionary.
- An evaluation knows no clock, no network and no disk. `now_ns` and `seed` are arguments.
- Limits end a hostile evaluation with a `PolicyError`; it never hangs or crashes the caller.
- A policy may be shared by threads and pickled.

Example:
    policy = compile({"p.rego": text}, ["a/b/allow"])
    allow = policy.prepare("a/b/allow")
    allow({"user": "ada"}, {})            # True, False, … or UNDEFINED
    policy.query("data.a.b.allow = x", input={"user": "ada"})
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from probanda import __version__
from probanda.errors import PolicyError
from probanda.parse.json import load_json
from probanda.rego.backend import CompiledPlan, Context, compile_plan
from probanda.rego.builtins import BUILTINS
from probanda.rego.ir import load_plan as load_ir
from probanda.rego.parser import parse_module, parse_query
from probanda.rego.plan import plan_program
from probanda.rego.resolve import Program, resolve, resolve_query
from probanda.rego.values import UNDEFINED, from_json, to_json

if TYPE_CHECKING:
    from probanda.rego.explain import Explanation, Tracer
    from probanda.rego.ir import Plan

# Name and version of the engine, for decisions.
ENGINE: Final = f"probanda {__version__}"
DEFAULT_SECONDS: Final = 10.0
MAX_MODULES: Final = 1_000
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_QUERY: Final = "query"
_TERM: Final = "term"

Evaluate = Callable[..., Any]


def compile(  # noqa: A001  # the interface's word, as in re.compile
    modules: Mapping[str, str],
    entrypoints: Sequence[str] | None = None,
    *,
    version: int = 1,
    seconds: float = DEFAULT_SECONDS,
) -> Policy:
    """Compile Rego modules (path → text).

    Args:
        modules: by path; the paths appear in errors.
        entrypoints: `package/path/rule`; default: every rule that takes no arguments.
        version: 1, or 0 for Rego v0 syntax.
        seconds: for one evaluation.

    Raises:
        PolicyError: with OPA's code; a `RegoErrors` when the modules are wrong.
    """
    if not 0 < len(modules) <= MAX_MODULES:
        raise PolicyError(f"a policy has 1 to {MAX_MODULES} modules, not {len(modules)}")
    wanted = None if entrypoints is None else tuple(entrypoints)
    return _compiled(tuple(sorted(modules.items())), wanted, version, seconds)


# Compiling is pure; policies are frozen. The key holds the texts, so a digest is not needed.
@lru_cache(maxsize=128)
def _compiled(
    modules: tuple[tuple[str, str], ...],
    entrypoints: tuple[str, ...] | None,
    version: int,
    seconds: float,
) -> Policy:
    with _collector_paused():
        parsed = [parse_module(text, path=path, version=version) for path, text in modules]
        program = resolve(parsed, entrypoints=entrypoints)
        names = entrypoints
        if names is None:
            names = tuple(
                "/".join(path) for path, group in program.groups.items() if group.kind != "function"
            )
        plan = compile_plan(load_ir(plan_program(program, list(names))), BUILTINS)
    return Policy(plan=plan, program=program, entrypoints=names, seconds=seconds)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """No search for unreachable cycles meanwhile.

    Compiling makes many objects and hardly any garbage, and each search goes through all of
    them: a third of the time of a large policy. How many there are is bounded by the size of
    modules and plans.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load_plan(plan: Mapping[str, Any], *, seconds: float = DEFAULT_SECONDS) -> Policy:
    """A policy from a plan of `opa build -t plan` (parsed `plan.json`), validated as untrusted.

    Raises:
        PolicyError: the plan is not one, or calls a function that nobody defines.
    """
    loaded = load_ir(plan)
    compiled = compile_plan(loaded, BUILTINS)
    return Policy(compiled, None, compiled.entries, seconds, source=loaded)


@dataclass(frozen=True, slots=True)
class Policy:
    """A compiled policy.

    Attributes:
        plan: what runs.
        program: the resolved modules; `None` when loaded from a plan.
        entrypoints: what `prepare` takes.
        seconds: for one evaluation.
        source: the plan that it was loaded from; `None` when it was compiled from modules.
    """

    plan: CompiledPlan
    program: Program | None
    entrypoints: tuple[str, ...]
    seconds: float = DEFAULT_SECONDS
    source: Plan | None = None
    _queries: dict[str, tuple[CompiledPlan, tuple[str, ...]]] = field(
        default_factory=dict, compare=False, repr=False
    )
    _tracers: dict[tuple[str, str], Tracer] = field(default_factory=dict, compare=False, repr=False)

    def prepare(
        self,
        entrypoint: str,
        *,
        strict_builtin_errors: bool = False,
        now_ns: int = 0,
        seed: str = "",
    ) -> Evaluate:
        """A callable `(input, data=None) → plain JSON value | UNDEFINED`.

        Raises:
            PolicyError: there is no such entry point.
        """
        if entrypoint not in self.entrypoints:
            raise PolicyError(
                f"undefined entry point {entrypoint!r}",
                code="rego_compile_error",
                hint=f"compiled with: {', '.join(self.entrypoints) or 'none'}",
            )
        context = Context(
            strict=strict_builtin_errors, now_ns=now_ns, seed=seed, seconds=self.seconds
        )
        return self.plan.answer(entrypoint, context)

    def prepare_json(
        self,
        entrypoint: str,
        *,
        strict_builtin_errors: bool = False,
        now_ns: int = 0,
        seed: str = "",
    ) -> Callable[[bytes, Any], bytes | None]:
        """A callable `(input: JSON, data=None) → compact JSON | None where undefined`.

        The input is read as `parse.json` reads: two equal keys are refused, not resolved.

        Raises:
            PolicyError: there is no such entry point. The callable also raises `ParseError`.
        """
        decide = self.prepare(
            entrypoint, strict_builtin_errors=strict_builtin_errors, now_ns=now_ns, seed=seed
        )

        def answer(body: bytes, data: Any = None) -> bytes | None:
            value = decide(load_json(body, path="input"), data)
            if value is True:
                return b"true"
            if value is False:
                return b"false"
            return None if value is UNDEFINED else _ENCODE(value).encode()

        return answer

    def run(
        self,
        plan: str,
        *,
        input: Any = UNDEFINED,  # noqa: A002  # Rego's word
        input_term: str | None = None,
        data: Any = None,
        strict_builtin_errors: bool = False,
        now_ns: int = 0,
        seconds: float | None = None,
    ) -> list[Any]:
        """The result objects of one plan, as OPA's evaluators give them."""
        given = parse_value(input_term) if input_term is not None else input
        context = Context(
            strict=strict_builtin_errors,
            now_ns=now_ns,
            deadline=time.monotonic() + (self.seconds if seconds is None else seconds),
        )
        return self.plan.evaluate(plan, given, {} if data is None else data, context)

    def query(
        self,
        text: str,
        *,
        input: Any = UNDEFINED,  # noqa: A002  # Rego's word
        input_term: str | None = None,
        data: Any = None,
        strict_builtin_errors: bool = False,
        now_ns: int = 0,
        seconds: float | None = None,
    ) -> list[dict[str, Any]]:
        """Every set of bindings that makes the query true; values as the engine has them.

        Args:
            text: `data.a.b = x; x > 1`.
            input: JSON value; left out, `input` is undefined.
            input_term: the input as a Rego term instead (it may hold sets).
            data: base documents.
            strict_builtin_errors: errors of built-ins end the evaluation.
            now_ns: the clock, nanoseconds since 1970.
            seconds: overrides the policy's limit.

        Returns:
            bindings by the variables of the query; convert with `to_json`.

        Raises:
            PolicyError: the query is wrong, or its evaluation failed.
        """
        plan, names = self._planned(text)
        given = parse_value(input_term) if input_term is not None else input
        context = Context(
            strict=strict_builtin_errors,
            now_ns=now_ns,
            deadline=time.monotonic() + (self.seconds if seconds is None else seconds),
        )
        found = plan.evaluate(_QUERY, given, {} if data is None else data, context)
        return [{name: item[name] for name in names} for item in found]

    def explain(
        self,
        entrypoint: str,
        input: Any = UNDEFINED,  # noqa: A002  # Rego's word
        data: Any = None,
        *,
        strict_builtin_errors: bool = False,
        now_ns: int = 0,
        seed: str = "",
    ) -> Explanation:
        """Why an entry point answers as it does; its value is the one that `prepare` gives.

        An error that `prepare` would raise is part of the explanation.

        Raises:
            PolicyError: there is no such entry point.
        """
        from probanda.rego.explain import trace_entry
        from probanda.rego.explain.probes import TracedContext

        self.prepare(entrypoint)  # which refuses one that there is not
        tracer = self._tracers.get(("entry", entrypoint))
        if tracer is None:
            tracer = trace_entry(entrypoint, self.program, self.source)
            self._tracers["entry", entrypoint] = tracer
        context = TracedContext(
            strict=strict_builtin_errors,
            now_ns=now_ns,
            seed=seed,
            deadline=time.monotonic() + self.seconds,
        )
        return tracer.explain(entrypoint, input, {} if data is None else data, context)

    def explain_query(
        self,
        text: str,
        *,
        input: Any = UNDEFINED,  # noqa: A002  # Rego's word
        data: Any = None,
        strict_builtin_errors: bool = False,
        now_ns: int = 0,
    ) -> Explanation:
        """Why a query answers as it does; its value is the one that `query` gives, as JSON.

        Raises:
            PolicyError: the query is wrong.
        """
        from probanda.rego.explain import QUERY, trace_query
        from probanda.rego.explain.probes import TracedContext

        if self.program is None:
            raise PolicyError("a policy that was loaded as a plan answers no queries")
        tracer = self._tracers.get(("query", text))
        if tracer is None:
            body = parse_query(text, path=QUERY)
            resolved = resolve_query(body, self.program)
            tracer = self._tracers["query", text] = trace_query(text, body, resolved, self.program)
        context = TracedContext(
            strict=strict_builtin_errors,
            now_ns=now_ns,
            deadline=time.monotonic() + self.seconds,
        )
        return tracer.explain(text, input, {} if data is None else data, context)

    def _planned(self, text: str) -> tuple[CompiledPlan, tuple[str, ...]]:
        if self.program is None:
            raise PolicyError("a policy that was loaded as a plan answers no queries")
        known = self._queries.get(text)
        if known is None:
            resolved = resolve_query(parse_query(text), self.program)
            plan = plan_program(self.program, [], {_QUERY: resolved})
            known = (compile_plan(load_ir(plan), BUILTINS), resolved.variables)
            self._queries[text] = known
        return known


@lru_cache(maxsize=1024)
def parse_value(term: str) -> Any:
    """The value of a ground Rego term, such as `{"a": {1, 2}}`.

    Raises:
        PolicyError: it is none.
    """
    policy = _compiled(
        (("term.rego", f"package term\n\nvalue := {term}\n"),), ("term/value",), 1, 1.0
    )
    found = policy.plan.evaluate("term/value", UNDEFINED, {}, Context())
    return found[0]["result"] if found else UNDEFINED


__all__ = [
    "ENGINE",
    "UNDEFINED",
    "Policy",
    "compile",
    "from_json",
    "load_plan",
    "parse_value",
    "to_json",
]
