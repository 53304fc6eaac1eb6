"""What the documentation says is so: links, snippets, commands, and the output that it shows."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from probanda.cli import COMMANDS, cli, run
from probanda.content import WorkingTree, load
from probanda.content.tree import Tree
from probanda.parse.yaml import load_yaml, to_plain

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("controls", "contracts", "docs", "evidence", "examples", "gates", "policies")
PAGES = sorted(
    [*ROOT.glob("*.md"), *(page for room in ROOMS for page in ROOT.glob(f"{room}/**/*.md"))]
)
SOURCES = sorted((ROOT / "engine" / "probanda").rglob("*.py"))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!\!)\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose(path: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", text(path))


def blocks(*languages: str) -> list[tuple[str, str]]:
    """Fenced blocks of all pages: where, and what."""
    return [
        (f"{name(page)}#{number}", block[2])
        for page in PAGES
        for number, block in enumerate(_FENCE.finditer(text(page)), 1)
        if block[1] in languages
    ]


def test_there_are_pages_to_look_at():
    assert {"README.md", "CONTRIBUTING.md", "docs/exit-codes.md"} <= {name(page) for page in PAGES}


# Links


def anchors(page: Path) -> set[str]:
    """Anchors that GitHub makes of a page's headings."""
    titles = (
        re.sub(r"[^\w\- ]", "", title.strip().lower()) for title in _HEADING.findall(prose(page))
    )
    return {title.replace(" ", "-") for title in titles}


def links() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for target in _LINK.findall(prose(page)):
            if not re.match(r"[a-z]+:", target):
                yield name(page), target


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_a_relative_link_leads_somewhere(page, target):
    path, _, anchor = unquote(target).partition("#")
    found = (ROOT / page).parent / path if path else ROOT / page

    assert found.exists(), f"{page} links to {target}"
    assert found.resolve().is_relative_to(ROOT)
    if anchor:
        assert anchor in anchors(found)


# Snippets


class Overlay:
    """This repository with one document in the place of another, or beside them."""

    label = ""

    def __init__(self, below: Tree, path: str, data: bytes) -> None:
        self.below, self.path, self.data = below, path, data

    def files(self, prefix: str) -> list[str]:
        files = set(self.below.files(prefix))
        if self.path.startswith(f"{prefix}/"):
            files.add(self.path)
        return sorted(files)

    def read(self, path: str) -> bytes:
        return self.data if path == self.path else self.below.read(path)


# Manifests of Kubernetes are tried where their policy is.
OURS = [(where, block) for where, block in blocks("yaml") if ".k8s.io/" not in block]
SNIPPETS = [(where, block) for where, block in OURS if "apiVersion:" in block]
PARTS = [(where, block) for where, block in OURS if "apiVersion:" not in block]


def place(kind: str, title: str) -> str:
    return {
        "Gate": f"gates/{title}.yaml",
        "Control": f"controls/{title.lower()}.yaml",
        "Policy": f"policies/{title}/policy.yaml",
        "Roster": "evidence/roster.yaml",
        "Waiver": f"evidence/waivers/{title}.yaml",
        "Contract": f"contracts/{title}/contract.yaml",
    }[kind]


def test_there_are_snippets_to_look_at():
    assert any(where.startswith("README.md") for where, _ in SNIPPETS)


@pytest.mark.parametrize(("where", "block"), SNIPPETS, ids=[where for where, _ in SNIPPETS])
def test_a_document_in_the_documentation_is_valid(where, block, tmp_path):
    document = to_plain(load_yaml(block.encode(), path=where))
    if document["kind"] == "Project":
        (tmp_path / "probanda.yaml").write_text(block)
        assert load(WorkingTree(tmp_path)).project.name == document["metadata"]["name"]
        return

    path = place(document["kind"], document["metadata"]["name"])

    assert load(Overlay(WorkingTree(ROOT), path, block.encode())).files


CHECKS = [(where, block) for where, block in PARTS if block.startswith("- id:")]


@pytest.mark.parametrize(("where", "block"), CHECKS, ids=[where for where, _ in CHECKS])
def test_a_check_in_the_documentation_is_valid_in_a_gate(where, block):
    indented = "".join(f"    {line}\n" for line in block.splitlines())
    runtime = "runs: runtime\n  request: {schema: {type: object}}"
    runs = "runs: ci" if "facts:" in block else runtime
    gate = f"""\
apiVersion: probanda/v1
kind: Gate
metadata: {{name: from-the-documentation, title: A gate, owner: somebody}}
spec:
  {runs}
  mode: enforce
  checks:
{indented}"""

    catalogue = load(Overlay(WorkingTree(ROOT), "gates/from-the-documentation.yaml", gate.encode()))

    assert catalogue.gates["from-the-documentation"].checks


# Commands


def command_lines() -> Iterator[tuple[str, str]]:
    """Every `probanda …` that a page or a message of ours tells somebody to type."""
    for where, block in blocks("sh", "console", "bash", "yaml"):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.match(r"\s*(?:\$ |run: )?(probanda .*)", line)
            if found and not line.strip().endswith(","):
                yield where, found[1].partition(" | ")[0].partition(" > ")[0]
    for path in [*PAGES, *SOURCES]:
        content = prose(path) if path.suffix == ".md" else text(path)
        for line in re.findall(r"`(probanda [^`\n]*)`", content):
            yield name(path), line.partition(" | ")[0]


LINES = sorted(set(command_lines()))


def test_there_are_commands_to_look_at():
    assert len(LINES) > 20


@pytest.mark.parametrize(("where", "line"), LINES, ids=[f"{w}: {c}" for w, c in LINES])
def test_a_command_in_the_documentation_exists_with_its_options(where, line):
    words = shlex.split(line, comments=True)[1:]
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words.pop(0))
        assert found is not None, line
        command = found
    # Not `get_params`: click would remember the help option of this context.
    known = {option for item in command.params for option in item.opts}

    for word in words:
        if word.startswith("-"):
            assert word.partition("=")[0] in known | {"-h", "--help", "--version"}, line


def test_the_explanation_in_the_documentation_is_what_the_command_prints(
    tmp_path, capsys, monkeypatch
):
    page = text(ROOT / "docs/rego.md")
    (given,) = [block[2] for block in _FENCE.finditer(page) if block[1] == "json"]
    (shown,) = [block[2] for block in _FENCE.finditer(page) if "--explain" in block[2]]
    line, _, output = shown.partition("\n")
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    (tmp_path / "input.json").write_text(given)
    monkeypatch.chdir(tmp_path)

    assert run(shlex.split(line)[2:]) == 1
    assert capsys.readouterr().out.startswith(output)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_stands_in_the_readmes_table(command):
    rows = [row for row in text(ROOT / "README.md").splitlines() if row.startswith("| `probanda ")]

    assert [row for row in rows if re.match(rf"\| `probanda {command}\b", row)]


# Output


def masked(output: str) -> str:
    return re.sub(r"(as of|--as-of) \S+", r"\1 TIME", output)


OUTPUTS = [
    (where, block)
    for where, block in blocks("console")
    if block.startswith("$ probanda check --project")
]


def test_the_readme_and_the_page_of_outputs_show_output():
    pages = [where.partition("#")[0] for where, _ in OUTPUTS]

    assert pages.count("README.md") == 1
    assert pages.count("docs/outputs.md") == 3


@pytest.mark.parametrize(("where", "shown"), OUTPUTS, ids=[where for where, _ in OUTPUTS])
def test_an_output_in_the_documentation_is_what_the_command_prints(
    where, shown, tmp_path, capsys, monkeypatch
):
    for variable in ("GITHUB_BASE_REF", "CI_MERGE_REQUEST_DIFF_BASE_SHA"):
        monkeypatch.delenv(variable, raising=False)
    example = "examples/blocked-merge"
    shutil.copytree(ROOT / example, tmp_path / example, ignore=shutil.ignore_patterns(".*"))
    monkeypatch.chdir(tmp_path)
    line, _, output = shown.partition("\n")

    assert run(shlex.split(line)[2:]) == 1

    # A block of the page cannot hold the fence that closes it.
    assert masked(capsys.readouterr().out) == masked(output.replace("~~~", "```"))
