"""Every module imports, and importing the command line does not pay for what it may not need."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "engine"
PACKAGE = ENGINE / "probanda"

# Each costs 20 ms to 600 ms at import; `probanda --version` must not pay for any of them.
HEAVY = (
    "cryptography",
    "cyclonedx",
    "jinja2",
    "jsonschema",
    "pydantic",
    "regopy",
    "sigstore",
    "yaml",
)


def modules() -> list[str]:
    """Dotted names of every module; `__main__` runs on import, so it is left out."""
    names = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = list(path.relative_to(ENGINE).with_suffix("").parts)
        if parts[-1] == "__main__":
            continue
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def loaded_after(statement: str) -> set[str]:
    """Top-level packages in `sys.modules` of a fresh interpreter after `statement`."""
    return {name.split(".")[0] for name in modules_after(statement)}


def modules_after(statement: str) -> set[str]:
    """`sys.modules` of a fresh interpreter after `statement`."""
    script = f"import sys, json; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={**os.environ, "PYTHONPATH": str(ENGINE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("name", modules())
def test_every_module_imports_without_a_warning(name: str) -> None:
    assert importlib.import_module(name).__name__ == name


def test_importing_the_package_or_its_command_line_loads_nothing_heavy() -> None:
    statements = ["import probanda"]
    if (PACKAGE / "cli").is_dir():
        statements.append("import probanda.cli")
    for statement in statements:
        loaded = loaded_after(statement)
        assert "probanda" in loaded
        assert not loaded & set(HEAVY), f"{statement} loads {sorted(loaded & set(HEAVY))}"


def test_a_small_policy_imports_no_builtin_that_it_does_not_name() -> None:
    compiled = "from probanda import rego; rego.compile({'p.rego': 'package p\\nx := @'}, ['p/x'])"
    prefix = "probanda.rego.builtins."
    always = {f"{prefix}interface", f"{prefix}signatures"}
    found = modules_after(compiled.replace("@", "input.y"))
    assert {name for name in found if name.startswith(prefix)} == always
    heavy = {*HEAVY, "graphql", "re2", "zoneinfo"}
    assert not {name.split(".")[0] for name in found} & heavy
    found = modules_after(compiled.replace("@", "yaml.is_valid(input.y)"))
    assert f"{prefix}yaml_read" in found
    assert f"{prefix}graphql" not in found


def test_explaining_a_policy_imports_no_builtin_that_it_does_not_name() -> None:
    explained = (
        "from probanda import rego\n"
        "policy = rego.compile({'p.rego': 'package p\\nx if count(input.y) > 1'}, ['p/x'])\n"
        "policy.explain('p/x', {'y': []})"
    )
    found = modules_after(f"exec({explained!r})")
    assert "probanda.rego.explain.instrument" in found
    assert "probanda.rego.builtins.aggregates" in found
    assert not {f"probanda.rego.builtins.{name}" for name in ("graphql", "jwt", "clock")} & found


def test_the_probe_would_see_a_heavy_import() -> None:
    assert "yaml" in loaded_after("import yaml")
