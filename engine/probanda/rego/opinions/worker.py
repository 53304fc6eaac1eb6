"""A child process in which another engine lives, seen from the parent; `serving` is its side.

Rules:

- The child sees a scrubbed environment and no network credentials; its working folder is `/`.
- Every byte has a deadline (`protocol`). A child that hangs, dies or breaks the protocol is a
  `PolicyError` and costs the child its life; the next question starts a new one.

Example:

    client = Client("probanda.rego.opinions.regopy_worker")
    client.ask({"do": "evaluate", "entrypoint": "a/b", "input": "{}"}, seconds=10.0)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from probanda.errors import PolicyError
from probanda.rego.opinions.protocol import EndOfStreamError, read_frame, write_frame

# Compiling 5,000 lines takes regopy 1.2–2 s on an idle core.
COMPILE_SECONDS: Final = 60.0
# What an engine's child may see of our environment.
KEPT_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "SYSTEMROOT")

# `-I` keeps the current folder, PYTHONPATH and the user's site out; what the parent can import
# is then handed over, so that the child runs the same code wherever probanda comes from.
_BOOT: Final = (
    "import sys; sys.path[:0] = sys.argv[2:]; __import__(sys.argv[1], fromlist=['main']).main()"
)


def kept_environment() -> dict[str, str]:
    """The scrubbed environment."""
    return {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}


class Worker:
    """The child process and its two pipes."""

    def __init__(self, module: str) -> None:
        paths = [path for path in sys.path if Path(path).is_absolute()]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, module, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=kept_environment(),
            cwd="/",
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout
        os.set_blocking(self._requests.fileno(), False)
        os.set_blocking(self._answers.fileno(), False)

    @property
    def pid(self) -> int:
        """Process id, for tests that end it."""
        return self._process.pid

    def ask(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """One round trip.

        Raises:
            TimeoutError, EndOfStreamError, ValueError: as in `protocol`; then `end` it.
        """
        deadline = time.monotonic() + seconds
        write_frame(self._requests.fileno(), {**message, "seconds": seconds}, deadline=deadline)
        answer = read_frame(self._answers.fileno(), deadline=deadline)
        if not isinstance(answer, dict):
            raise ValueError("not a message")  # noqa: TRY004  # a broken protocol, not a type
        return answer

    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def ending(self) -> str:
        """How the process ended, in words."""
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "broke its protocol"
        return (
            f"ended with {signal.Signals(-code).name}"
            if code < 0
            else f"ended with exit code {code}"
        )

    def end(self) -> None:
        """Kill and reap; safe to call twice."""
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self._answers):
            stream.close()


class Client:
    """One child at a time, started when it is needed.

    Attributes:
        worker: the child; `None` when there is none.
        loaded: what the caller last made the child compile; forgotten with the child.
    """

    def __init__(self, module: str) -> None:
        self.worker: Worker | None = None
        self.loaded: object = None
        self._module = module

    def ask(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """One round trip; the child's refusal (`error`) is part of the answer.

        Raises:
            PolicyError: `eval_cancel_error` or `eval_internal_error`; the child is gone then.
        """
        if self.worker is None:
            self.worker = Worker(self._module)
            weakref.finalize(self, self.worker.end)
        try:
            return self.worker.ask(message, seconds)
        except TimeoutError as error:
            self.close()
            raise PolicyError(
                f"the policy took longer than {seconds:g} s", code="eval_cancel_error"
            ) from error
        except (EndOfStreamError, ValueError, RecursionError) as error:
            ending = self.worker.ending()
            self.close()
            raise PolicyError(f"the policy engine {ending}", code="eval_internal_error") from error
        except BaseException:
            # An interrupt between question and answer would leave the next caller a stale answer.
            self.close()
            raise

    def close(self) -> None:
        """End the child; the next question starts another."""
        self.loaded = None
        if self.worker is not None:
            self.worker.end()
            self.worker = None
