"""What the wheel ships, what it leaves out, and that it works where it is installed.

The tests on top read files only. Those marked `wheel` build the sdist, build the wheel from it,
install that into an environment of its own and run the commands there (`make wheel-check`).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WHEEL = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
SDIST = PYPROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]

ROOMS = ("controls", "contracts", "policies", "gates", "evidence")
# Library content. What else lies in the rooms is about this repository itself: its own gates,
# waivers, clarifications and trust roots must never reach another project as built in.
SHIPPED = (
    "controls",
    "contracts/schema",
    "policies",
    "evidence/predicates",
    "evidence/packs",
    "gates/ci",
)
OURS = (
    "evidence/waivers",
    "evidence/baselines",
    "evidence/roster.yaml",
    "evidence/clarifications",
    "evidence/trust",
    "evidence/bundles",
)


def tree(*folders: str) -> set[str]:
    """Files of the checkout below `folders`, tracked or new, without what git ignores."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()}


def room_files(room: str) -> list[Path]:
    return [
        path
        for path in (ROOT / room).rglob("*")
        if path.is_file() and not {".probanda", "__pycache__"} & set(path.parts)
    ]


def test_the_wheel_is_the_package_and_the_library_content():
    assert sorted(WHEEL["only-include"]) == sorted(["engine/probanda", *SHIPPED])


def test_every_room_is_mapped_below_the_package():
    assert WHEEL["sources"] == {
        "engine/probanda": "probanda",
        **{room: f"probanda/_content/{room}" for room in ROOMS},
    }


def test_what_the_wheel_ships_is_in_the_sdist_that_it_is_built_from():
    included = SDIST["only-include"]

    assert {path.split("/")[0] for path in WHEEL["only-include"]} <= set(included)
    assert [path for path in included if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_python_lies_in_a_room(room):
    assert room_files(room)
    assert [path for path in room_files(room) if path.suffix in {".py", ".pyc", ".so"}] == []


@pytest.mark.parametrize("name", [*ROOMS, "engine", "tests", "docs", "examples"])
def test_git_ignores_no_folder_of_ours_wherever_it_lies(name):
    patterns = (ROOT / ".gitignore").read_text(encoding="utf-8").split()

    # Hatchling leaves out what git ignores: a bare `evidence/` would empty the wheel in silence.
    assert not {name, f"{name}/", f"**/{name}", f"**/{name}/", "*"} & set(patterns)


def pins() -> dict[str, str]:
    """Name → version of every line of constraints.txt."""
    found = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+]*)", line)
        assert match, f"not NAME==VERSION: {line!r}"
        name = canonicalize_name(match[1])
        assert name not in found, f"pinned twice: {name}"
        found[name] = match[2]
    return found


def declared() -> list[Requirement]:
    extras = PYPROJECT["project"]["optional-dependencies"].values()
    texts = [*PYPROJECT["project"]["dependencies"], *(text for extra in extras for text in extra)]
    return [Requirement(text) for text in texts]


def test_constraints_hold_versions_alone_no_address_and_no_path():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")

    assert len(pins()) > 50
    assert not re.search(r"://|@|[/\\]|^\s*-", text, re.MULTILINE)


def test_constraints_pin_every_dependency_within_its_range():
    wrong = [
        str(requirement)
        for requirement in declared()
        if not requirement.specifier.contains(pins().get(canonicalize_name(requirement.name), "0"))
    ]

    assert wrong == []


def test_constraints_pin_what_the_dependencies_depend_on():
    known, missing, seen = pins(), set(), set()
    waiting = [(item, frozenset(item.extras)) for item in declared()]
    while waiting:
        requirement, extras = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        if name not in known:
            missing.add(name)
        try:
            further = [Requirement(text) for text in requires(name) or ()]
        except PackageNotFoundError:
            continue  # a tool that this environment goes without
        for each in further:
            chosen = [{"extra": extra} for extra in ("", *extras)]
            if each.marker is None or any(each.marker.evaluate(one) for one in chosen):
                waiting.append((each, frozenset(each.extras)))

    assert len(seen) > 40
    assert missing == set()


def run(*command: str | Path, cwd: Path, expect: int = 0) -> str:
    """Standard output of a command that sees nothing of this checkout and must exit so."""
    hidden = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PIP_CONSTRAINT"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expect, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory) -> tuple[Path, Path]:
    """The sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def installed(distributions, tmp_path_factory) -> Path:
    """The `bin` folder of an environment that holds the wheel and what it depends on."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    options = ["--quiet", "--disable-pip-version-check", "-c", ROOT / "constraints.txt"]
    run(python, "-m", "pip", "install", *options, distributions[1], cwd=folder.parent)
    return folder / "bin"


@pytest.fixture
def project(tmp_path) -> Path:
    """The example of a merge that is blocked, far from the checkout."""
    ignore = shutil.ignore_patterns(".probanda")
    return shutil.copytree(ROOT / "examples" / "blocked-merge", tmp_path / "shop", ignore=ignore)


@pytest.mark.wheel
def test_the_wheel_holds_the_tree_and_nothing_else(distributions):
    with zipfile.ZipFile(distributions[1]) as wheel:
        names = wheel.namelist()
    metadata = [name for name in names if name.split("/")[0].endswith(".dist-info")]
    expected = {name.removeprefix("engine/") for name in tree("engine/probanda")}
    expected |= {f"probanda/_content/{name}" for name in tree(*SHIPPED)}

    assert len(names) == len(set(names))
    assert {name.rsplit("/", 1)[1] for name in metadata} == {
        "METADATA",
        "RECORD",
        "WHEEL",
        "entry_points.txt",
        "LICENSE",
    }
    assert sorted(set(names) - set(metadata)) == sorted(expected)


@pytest.mark.wheel
def test_what_is_about_this_repository_itself_is_not_in_the_wheel(distributions):
    with zipfile.ZipFile(distributions[1]) as wheel:
        inside = {
            name.removeprefix("probanda/_content/")
            for name in wheel.namelist()
            if name.startswith("probanda/_content/")
        }
    own = {name for name in tree(*OURS) if not name.endswith("README.md")}
    own |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "gates").glob("*.yaml")}

    assert {PurePosixPath(name).parts[1] for name in own} >= {"trust", "clarifications"}
    assert any(name.startswith("gates/") for name in own)
    assert inside & own == set()
    assert not [name for name in inside if name.startswith(OURS)]
    assert "probanda.yaml" not in inside


@pytest.mark.wheel
def test_the_sdist_holds_the_sources_and_no_output_of_a_run(distributions):
    with tarfile.open(distributions[0]) as sdist:
        names = {member.name.partition("/")[2] for member in sdist if member.isfile()}

    assert tree("engine", "tests", "policies", "controls", "docs") <= names
    assert not [name for name in names if {".probanda", ".venv"} & set(name.split("/"))]


@pytest.mark.wheel
def test_the_installed_wheel_is_what_runs(installed, tmp_path):
    version = run(installed / "probanda", "--version", cwd=tmp_path).split()
    where = run(
        installed / "python", "-c", "import probanda; print(probanda.__file__)", cwd=tmp_path
    )

    assert version[0] == "probanda"
    assert Path(where.strip()).is_relative_to(installed.parent)


@pytest.mark.wheel
def test_the_installed_wheel_blocks_records_signs_verifies_and_packs(installed, project):
    probanda, cell = installed / "probanda", project / ".probanda" / "cell"
    trust = ["--trust", cell / "trusted_root.json"]
    run(probanda, "validate", cwd=project)
    verdict = run(probanda, "check", cwd=project, expect=1)
    run(probanda, "cell", "init", cell, "--unsafe-demo", cwd=project)
    bundle = run(probanda, "bundle", "--cell", cell, cwd=project).strip()
    verified = run(probanda, "verify", bundle, *trust, cwd=project)
    period = ["--period", "2020-01-01/2040-01-01"]
    pack = run(probanda, "pack", *period, "--cell", cell, *trust, cwd=project).strip()
    run(probanda, "verify", pack, *trust, cwd=project)

    assert "LicenseRef-Restricted-TOS" in verdict
    assert verified
    assert (Path(project, pack).with_suffix(".html")).stat().st_size > 1_000


@pytest.mark.wheel
def test_the_installed_wheel_brings_its_policies_and_controls(installed, tmp_path):
    (tmp_path / "probanda.yaml").write_text(
        "apiVersion: probanda/v1\nkind: Project\nmetadata: {name: bare}\nspec: {tenant: bare}\n"
    )
    program = (
        "from pathlib import Path; from probanda.content import WorkingTree, load;"
        " print(*sorted(load(WorkingTree(Path())).policies), sep='\\n')"
    )
    policies = run(installed / "python", "-c", program, cwd=tmp_path).split()
    folders = {path.parent.relative_to(ROOT / "policies") for path in room_files("policies")}
    expected = {f"builtin:{path}" for path in folders if (ROOT / "policies" / path).is_dir()}

    assert policies
    assert set(policies) == {
        name
        for name in expected
        if (ROOT / "policies" / name.removeprefix("builtin:") / "policy.yaml").is_file()
    }
