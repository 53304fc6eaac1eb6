"""jsonschema comes without its slow helpers, and judges as with them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# (format, value, whether it is one)
VALUES = [
    ("iri", "https://example.org/ä", True),
    ("iri", "no scheme", False),
    ("iri-reference", "../ö?q#f", True),
    ("iri-reference", "a b", False),
    ("duration", "P1DT2H", True),
    ("duration", "P", False),
    ("duration", "1 day", False),
    ("date-time", "2026-11-20T00:00:00Z", True),
    ("date-time", "yesterday", False),
]


def python(program: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "engine")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def judged(preparation: str) -> list[str]:
    return python(
        f"{preparation}\n"
        "from jsonschema import Draft202012Validator as V\n"
        f"for name, value, _ in {VALUES!r}:\n"
        "    print(V({'format': name}, format_checker=V.FORMAT_CHECKER).is_valid(value))"
    ).split()


@pytest.mark.parametrize(
    "preparation",
    ["", "from probanda.parse.json_schema import prepare; prepare(); prepare()"],
    ids=["stock", "prepared"],
)
def test_formats_are_judged_alike_however_jsonschema_was_imported(preparation):
    assert judged(preparation) == [str(expected) for _, _, expected in VALUES]


def test_the_slow_helpers_are_imported_when_a_value_asks_for_them_and_whole():
    slow = "sorted({'rfc3987_syntax', 'isoduration', 'lark', 'arrow'} & set(sys.modules))"
    printed = python(
        "import sys; from probanda.parse.json_schema import prepare; prepare()\n"
        f"print({slow})\n"
        "from jsonschema import Draft202012Validator as V\n"
        "V({'format': 'iri'}, format_checker=V.FORMAT_CHECKER).is_valid('a:b')\n"
        f"print({slow})\n"
        "import isoduration; print(isoduration.format_duration.__name__)"
    ).splitlines()

    assert printed == ["[]", "['lark', 'rfc3987_syntax']", "format_duration"]


def test_a_check_imports_nothing_that_it_does_not_need(tmp_path):
    heavy = {"sigstore", "sigstore_models", "rfc3987_syntax", "arrow", "lark", "jinja2", "regopy"}
    heavy |= {"cryptography", "asn1crypto", "graphql"}
    example = ROOT / "examples" / "blocked-merge"
    program = (
        "import shutil, sys; from probanda.cli import run\n"
        f"shutil.copytree({str(example)!r}, {str(tmp_path / 'shop')!r},"
        " ignore=shutil.ignore_patterns('.probanda'))\n"
        f"code = run(['check', '--project', {str(tmp_path / 'shop')!r}])\n"
        f"print(code, sorted({heavy!r} & set(sys.modules)))"
    )

    assert python(program).splitlines()[-1] == "1 []"
