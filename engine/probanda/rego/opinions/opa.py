"""OPA itself, where an `opa` binary is on the PATH: the judge of what Rego means.

Rules:

- One short-lived process for all questions about a policy: `opa exec` evaluates one input file
  after the other and reports each error beside its file. A driver module of ours picks the entry
  point, so that one process serves them all.
- `opa check` comes first, with its capabilities restricted: without the built-ins that reach the
  network, the machine or a clock, and with no host allowed. What it refuses is never run.
- No configuration, no environment, no network, a folder of its own, a time limit; a process that
  does not end is killed, and its questions have no opinion.
- `opa exec` and OPA's default evaluation skip rules by an index and stop early; `plainly` asks
  `opa eval` without both, one process a question.
- Base data lies in the bundle, so it may not stand where the policy has rules.

Example:

    with OPA.session(10.0) as session:
        session.answers({"p.rego": text}, [Question("a/b/allow", {"user": "ada"})])
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from probanda.rego.opinions.interface import (
    IMPURE,
    UNDEFINED_ANSWER,
    Answer,
    Engine,
    Kind,
    Question,
    parsed_answer,
    unrepeatable,
)
from probanda.rego.opinions.worker import COMPILE_SECONDS, kept_environment

# The driver's package; a policy of ours would have to be called so on purpose.
_DRIVER: Final = "probanda_second_opinion_driver"
# A file name that sorts like its question.
_INPUT: Final = "{:08d}.json"
_BREAKAGE: Final = frozenset({"eval_internal_error", "eval_cancel_error"})
_UNDEFINED: Final = "opa_undefined_error"


class _Session:
    """Calls the binary once or twice a policy; nothing stays running between."""

    def __init__(self, binary: str, seconds: float) -> None:
        self._binary, self._seconds = binary, seconds

    def answers(
        self,
        modules: Mapping[str, str],
        questions: Sequence[Question],
        data: Mapping[str, Any] | None = None,
        *,
        plainly: bool = False,
    ) -> tuple[Answer, ...]:
        """One answer for each question, in order."""
        if impure := unrepeatable(modules):
            silent = Answer(Kind.NO_OPINION, f"{impure} answers differently every time")
            return tuple(silent for _ in questions)
        try:
            with tempfile.TemporaryDirectory(prefix="probanda-opa-") as name:
                return self._asked(Path(name), modules, questions, data or {}, plainly=plainly)
        except subprocess.TimeoutExpired:
            reason = "it did not end in time"
        except (OSError, ValueError, LookupError, TypeError) as error:
            reason = f"it cannot be asked: {error}"
        return tuple(Answer(Kind.NO_OPINION, reason) for _ in questions)

    def _asked(
        self,
        folder: Path,
        modules: Mapping[str, str],
        questions: Sequence[Question],
        data: Mapping[str, Any],
        *,
        plainly: bool,
    ) -> tuple[Answer, ...]:
        (folder / "capabilities.json").write_text(_capabilities(self._binary), encoding="utf-8")
        _write(folder, modules, questions, data)
        if refused := self._refusal(folder):
            return tuple(refused for _ in questions)
        if plainly:
            return tuple(self._one(folder, index) for index in range(len(questions)))
        return self._exec(folder, questions)

    def _refusal(self, folder: Path) -> Answer | None:
        arguments = ["check", "--format", "json", "--capabilities", "capabilities.json", "bundle"]
        done = self._call(folder, arguments, COMPILE_SECONDS)
        if done.returncode == 0:
            return None
        try:
            return _error(json.loads(done.stdout or done.stderr)["errors"][0])
        except (ValueError, LookupError, TypeError):
            return Answer(Kind.NO_OPINION, _failed(done))

    def _exec(self, folder: Path, questions: Sequence[Question]) -> tuple[Answer, ...]:
        # The limit is one evaluation's; a process has many.
        seconds = COMPILE_SECONDS + self._seconds * len(questions)
        arguments = ["exec", "--decision", f"{_DRIVER}/answer", "--bundle", "bundle", "inputs"]
        done = self._call(folder, arguments, seconds)
        try:
            found = json.loads(done.stdout, parse_float=Decimal)["result"]
            by_name = {Path(each["path"]).name: each for each in found}
            return tuple(_answer(by_name[_INPUT.format(i)]) for i in range(len(questions)))
        except (ValueError, LookupError, TypeError):
            broken = Answer(Kind.NO_OPINION, _failed(done))
            return tuple(broken for _ in questions)

    def _one(self, folder: Path, index: int) -> Answer:
        """The answer without index and early exit, which `opa exec` cannot switch off."""
        arguments = [
            *("eval", "--format", "json", "--disable-indexing", "--disable-early-exit"),
            *("--capabilities", "capabilities.json", "--bundle", "bundle"),
            *("--input", f"inputs/{_INPUT.format(index)}", f"data.{_DRIVER}.answer"),
        ]
        done = self._call(folder, arguments, COMPILE_SECONDS + self._seconds)
        try:
            found = json.loads(done.stdout, parse_float=Decimal)
            if "errors" in found:
                return _error(found["errors"][0])
            if "result" not in found:
                return UNDEFINED_ANSWER
            return parsed_answer(found["result"][0]["expressions"][0]["value"])
        except (ValueError, LookupError, TypeError):
            return Answer(Kind.NO_OPINION, _failed(done))

    def _call(
        self, folder: Path, arguments: Sequence[str], seconds: float
    ) -> subprocess.CompletedProcess[str]:
        return _run(self._binary, arguments, folder=folder, seconds=seconds)


def _run(
    binary: str, arguments: Sequence[str], *, folder: Path | str = "/", seconds: float
) -> subprocess.CompletedProcess[str]:
    """Run the binary to its end, or kill it."""
    return subprocess.run(
        [binary, *arguments],
        cwd=folder,
        env=kept_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def _write(
    folder: Path,
    modules: Mapping[str, str],
    questions: Sequence[Question],
    data: Mapping[str, Any],
) -> None:
    bundle, inputs = folder / "bundle", folder / "inputs"
    bundle.mkdir()
    inputs.mkdir()
    # Numbered: a module's path is anything, and a file's name is not.
    for index, text in enumerate(modules.values()):
        (bundle / f"module-{index}.rego").write_text(text, encoding="utf-8")
    (bundle / "driver.rego").write_text(_driver(questions), encoding="utf-8")
    (bundle / "data.json").write_text(json.dumps(data, allow_nan=False), encoding="utf-8")
    for index, question in enumerate(questions):
        given = {"entrypoint": question.entrypoint, "value": question.input}
        (inputs / _INPUT.format(index)).write_text(
            json.dumps(given, allow_nan=False), encoding="utf-8"
        )


def _driver(questions: Sequence[Question]) -> str:
    """The module whose rule `answer` asks the entry point that the input names."""
    lines = [f"package {_DRIVER}"]
    for entrypoint in dict.fromkeys(question.entrypoint for question in questions):
        path = "".join(f"[{json.dumps(part)}]" for part in entrypoint.split("/"))
        lines.append(
            f"answer := value if {{ input.entrypoint == {json.dumps(entrypoint)};"
            f" value := data{path} with input as input.value }}"
        )
    return "\n".join(lines) + "\n"


def _answer(found: Mapping[str, Any]) -> Answer:
    """The answer in one of `opa exec`'s results."""
    if "error" not in found:
        return parsed_answer(found["result"])
    code = str(found["error"]["code"])
    return UNDEFINED_ANSWER if code == _UNDEFINED else _error(found["error"])


def _error(error: Mapping[str, Any]) -> Answer:
    """An error is an answer, unless it is a fault of OPA's own or a limit."""
    if error["code"] in _BREAKAGE:
        return Answer(Kind.NO_OPINION, str(error["message"]))
    return Answer(Kind.ERROR, str(error["code"]), str(error["message"]).partition("\n")[0])


@lru_cache(maxsize=4)
def _capabilities(binary: str) -> str:
    """The binary's capabilities without the outside world, as JSON text.

    Raises:
        ValueError, LookupError, TypeError: it does not tell.
    """
    done = _run(binary, ["capabilities", "--current"], seconds=COMPILE_SECONDS)
    known = json.loads(done.stdout)
    known["builtins"] = [each for each in known["builtins"] if each["name"] not in IMPURE]
    return json.dumps({**known, "allow_net": []})


def _failed(done: subprocess.CompletedProcess[str]) -> str:
    """Why there is no answer, in one line."""
    lines = (done.stderr or done.stdout).strip().splitlines()
    return f"it ended with exit code {done.returncode}: {lines[0][:200] if lines else 'silently'}"


def _absence() -> str:
    return "" if shutil.which("opa") else "there is no `opa` on the PATH"


def _version() -> str:
    binary = shutil.which("opa")
    assert binary is not None
    done = _run(binary, ["version"], seconds=COMPILE_SECONDS)
    return "opa " + done.stdout.partition("\n")[0].removeprefix("Version:").strip()


@contextmanager
def _session(seconds: float) -> Iterator[_Session]:
    binary = shutil.which("opa")
    assert binary is not None
    yield _Session(binary, seconds)


OPA: Final = Engine(
    name="opa",
    strict=False,
    exact=True,
    absence=_absence,
    version=_version,
    session=_session,
)
