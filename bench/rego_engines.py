"""Engines to time, each as fast as its own interface allows, in this process where it can be.

Each is made for a policy, one entry point and base data, and returns a function that takes the
JSON text of an input and returns the JSON text of the answer (OPA: microseconds, see `opa`).
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from probanda import rego

Answer = Callable[[str], str]
UNDEFINED = "undefined"


def ours(text: str, path: str, data: Any) -> Answer:
    decide = rego.compile({"p.rego": text}, [path]).prepare_json(path)

    def call(given: str) -> str:
        found = decide(given.encode(), data)
        return UNDEFINED if found is None else found.decode()

    return call


def regopy(text: str, path: str, data: Any) -> Answer | None:
    """A built bundle, asked in this process: what regopy's own documentation calls fastest."""
    if importlib.util.find_spec("regopy") is None:
        return None
    from regopy import Interpreter
    from regopy.rego_shared import RegoError

    builder = Interpreter()
    try:
        builder.add_module("p.rego", text)
        builder.add_data_json(json.dumps(data))
        bundle = builder.build(None, [path])
    except RegoError:
        return None
    if not bundle.ok():
        return None

    def call(given: str) -> str:
        builder.set_input_term(given)
        found = str(builder.query_bundle_entrypoint(bundle, path))
        return UNDEFINED if found == UNDEFINED else json.dumps(json.loads(found)["expressions"][0])

    return call


def regorus(text: str, path: str, data: Any) -> Answer | None:
    """JSON in, JSON out: its other entry point turns `False` into a number."""
    if importlib.util.find_spec("regorus") is None:
        return None
    import regorus as library

    engine = library.Engine()
    engine.add_policy("p.rego", text)
    engine.add_data_json(json.dumps(data))
    rule = "data." + path.replace("/", ".")

    def call(given: str) -> str:
        engine.set_input_json(given)
        found = engine.eval_rule_as_json(rule)
        return UNDEFINED if found == '"<undefined>"' else found

    return call


def opa(text: str, path: str, data: Any, inputs: list[str]) -> list[tuple[float, str]]:
    """`opa bench`, for each input: microseconds per prepared evaluation, and OPA's answer.

    The input is parsed once, outside of what is timed: to be compared with a dictionary in.
    Empty where there is no `opa`.
    """
    if shutil.which("opa") is None:
        return []
    found = []
    # `bench` wants a defined result unless told otherwise; its histograms cost time.
    runs = "3" if len(inputs) == 1 else "1"
    options = ("--fail=false", "--metrics=false", "--benchmem=false")
    query = "data." + path.replace("/", ".")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "p.rego").write_text(text)
        (folder / "data.json").write_text(json.dumps(data))
        for given in inputs:
            (folder.parent / f"{folder.name}.json").write_text(given)
            common = ["--bundle", name, "--input", f"{name}.json", "--format", "json", query]
            answer = json.loads(_run("eval", *common))
            done = json.loads(
                "[" + _joined(_run("bench", "--count", runs, *options, *common)) + "]"
            )
            micro = statistics.median(each["T"] / each["N"] / 1e3 for each in done)
            value = answer["result"][0]["expressions"][0]["value"] if "result" in answer else None
            found.append((micro, UNDEFINED if "result" not in answer else json.dumps(value)))
        Path(f"{name}.json").unlink()
    return found


def opa_compile(text: str) -> float | None:
    """Milliseconds that OPA takes to parse and compile a module, by its own timers."""
    if shutil.which("opa") is None:
        return None
    with tempfile.TemporaryDirectory() as name:
        Path(name, "p.rego").write_text(text)
        samples = []
        for _ in range(5):
            out = json.loads(_run("eval", "--metrics", "--format", "json", "--data", name, "true"))
            timers = ("timer_rego_data_parse_ns", "timer_rego_module_parse_ns",
                      "timer_rego_module_compile_ns")  # fmt: skip
            samples.append(sum(out["metrics"].get(timer, 0) for timer in timers) / 1e6)
    return statistics.median(samples)


def _run(*arguments: str) -> str:
    done = subprocess.run(["opa", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"opa {arguments[0]} failed:\n{done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout


def _joined(text: str) -> str:
    """Several JSON documents, one after the other, as the items of a list."""
    decoder, items, position = json.JSONDecoder(), [], 0
    while text[position:].strip():
        position += len(text[position:]) - len(text[position:].lstrip())
        _, end = decoder.raw_decode(text, position)
        items.append(text[position:end])
        position = end
    return ",".join(items)
