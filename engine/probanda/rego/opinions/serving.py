"""The child's side of `worker`: read a message, let the engine answer, write the answer.

Rules:

- Engines write to stdout as they please, so the protocol does not use it.
- A timer of the child's own ends it when the parent is no longer there to. It leaves no core
  file, which would hold input data, and no more memory than its engine may have.
- The process holds one policy. Messages: `{"do": "compile", modules, entrypoints, data}` → an
  object of the engine's; `{"do": "evaluate", entrypoint, input}` → `{"value": JSON text}` or
  `{"undefined": true}`; either may be answered `{"error": {code, message, hint, module, line}}`.

Example:

    serve(Engine())  # until the parent closes the pipe
"""

from __future__ import annotations

import os
import resource
import signal
from typing import Any, Protocol

from probanda.errors import PolicyError
from probanda.rego.opinions.protocol import EndOfStreamError, read_frame, write_frame


class Serving(Protocol):
    """An engine inside of its child."""

    def compile(self, modules: list[str], entrypoints: list[str], data: str) -> dict[str, Any]:
        """Hold this policy over `data` (JSON text); what the client wants to know of it."""
        ...

    def evaluate(self, entrypoint: str, text: str) -> dict[str, Any]:
        """The answer for one input (JSON text)."""
        ...


def answer(engine: Serving, message: dict[str, Any]) -> dict[str, Any]:
    """One message in, one message out."""
    try:
        if message["do"] == "compile":
            return engine.compile(message["modules"], message["entrypoints"], message["data"])
        return engine.evaluate(message["entrypoint"], message["input"])
    except PolicyError as error:
        notes = getattr(error, "__notes__", [])
        return {
            "error": {
                "code": error.code,
                "message": error.message,
                "hint": error.hint,
                "module": int(notes[0]) if notes else None,
                "line": int(notes[1]) if notes else 0,
            }
        }


def serve(engine: Serving, *, memory_bytes: int = 0) -> None:
    """Serve until the parent closes the pipe; `memory_bytes` of address space at most, 0: any."""
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    # An interrupt is the parent's to handle; a crash must not leave input data in a core file.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_bytes:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    while True:
        try:
            message = read_frame(requests)
            signal.setitimer(signal.ITIMER_REAL, message["seconds"] + 1)
            write_frame(answers, answer(engine, message))
            signal.setitimer(signal.ITIMER_REAL, 0)
        except EndOfStreamError:
            return
