"""`--output`: several formats at once, files whole or not at all, and no outcome lost."""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys

import pytest

from cli_environment import environment
from probanda.cli import run
from probanda.cli.surroundings import public_address
from probanda.parse.xml import parse_xml

AS_OF = ("--as-of", "2026-11-20T12:00:00Z")


@pytest.fixture
def check(probanda, words, monkeypatch):
    monkeypatch.chdir(words.root)

    def command(*arguments):
        return probanda("check", *AS_OF, *arguments)

    return command


def test_three_formats_at_once_tell_one_story(check, words, tmp_path):
    words.words("foo", "bar")
    sarif, junit = tmp_path / "out.sarif", tmp_path / "junit.xml"

    result = check("--output", "json", "--output", f"sarif={sarif}", "--output", f"junit={junit}")

    decision = json.loads(result.out)["decisions"][0]
    (log,) = json.loads(sarif.read_text())["runs"]
    suite = parse_xml(junit.read_bytes(), path="junit.xml")[0]
    assert (result.code, result.err) == (1, "")
    assert [item["fingerprint"] for item in decision["checks"][0]["findings"]] == [
        item["partialFingerprints"]["probanda/v1"] for item in log["results"]
    ]
    assert (suite.get("name"), suite.get("failures")) == ("pr", "1")


@pytest.mark.parametrize("name", ["text", "json", "sarif", "junit", "github", "markdown"])
def test_every_format_is_the_same_on_stdout_and_in_a_file_and_again(check, words, tmp_path, name):
    words.words("foo")
    file = tmp_path / "file"

    shown = check("--output", name).out
    again = check("--format", name, "--output", f"{name}={file}").out

    assert shown == again == file.read_text()
    assert "bad-word" in shown
    assert shown.endswith("\n")


def test_text_stays_on_stdout_where_only_files_are_asked_for(check, tmp_path):
    result = check("--output", f"markdown={tmp_path / 'x.md'}")

    assert result.out.endswith("PASSED  1 pass (exit 0)\n")


def test_a_file_is_replaced_through_the_link_that_names_it(check, tmp_path):
    (tmp_path / "real.md").write_text("old")
    (tmp_path / "link.md").symlink_to(tmp_path / "real.md")

    check("--output", f"markdown={tmp_path / 'link.md'}")

    assert (tmp_path / "link.md").is_symlink()
    assert "PASSED" in (tmp_path / "real.md").read_text()


# Command lines that cannot be


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("--output", "sarf"), "there is no output format 'sarf'", "did you mean 'sarif'?"),
        (("--output", "x=y"), "there is no output format 'x'", "formats: text, json, sarif"),
        (("--output", "json", "--output", "sarif"), "stdout takes one format", "--output sarif="),
        (("--output", "sarif", "--format", "json"), "stdout takes one format", "--output json="),
        (("--output", "sarif=a", "--output", "junit=a"), "two outputs go to", "of its own"),
        (("--output", "sarif=no/where/x"), "there is no folder no/where", "make it"),
        (("--output", "sarif=."), "not a file", "write --output sarif=FILE"),
        (("--output", "sarif="), "not a file", "write --output sarif=FILE"),
        (("--output", "json=/dev/null"), "not an ordinary file", "redirect it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_output_exits_2_before_any_gate_runs(check, words, arguments, message, hint):
    result = check(*arguments)

    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert hint in result.err
    assert not words.store.gates()


def test_a_device_is_never_replaced(check):
    check("--output", "json=/dev/null")

    assert not os.path.isfile("/dev/null")  # noqa: PTH113  # a device, still


# Disks that refuse


def test_a_file_that_cannot_be_written_is_an_error_and_the_outcome_is_not_lost(
    words, spawn, tmp_path
):
    """A limit on the size of files stands for the full disk: root ignores permissions."""
    words.words(*(f"word-{number}" for number in range(20)))
    good = tmp_path / "good.md"

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (17_000, 17_000))

    code = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    code += "from probanda.cli import main; main()"
    bad = tmp_path / "bad.sarif"
    outputs = ("--output", f"sarif={bad}", "--output", f"markdown={good}")
    result = spawn("check", *outputs, code=code, cwd=words.root, preexec_fn=limit)

    assert result.code == 2
    assert f"error: cannot write sarif to {bad}: File too large" in result.err
    assert "hint: the gates ended BLOCKED (1 fail; 20 open findings; exit 1)" in result.err
    assert "BLOCKED" in result.out
    assert "BLOCKED" in good.read_text()
    assert words.store.read("pr").decision.exit_code == 1
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["good.md"]


# Decisions of an earlier run


@pytest.mark.parametrize("kind", ["json", "file", "folder"])
def test_against_earlier_decisions_markdown_tells_what_changed(check, words, tmp_path, kind):
    words.words("foo", "old")
    check("--output", f"json={tmp_path / 'earlier.json'}")
    earlier = {
        "json": tmp_path / "earlier.json",
        "file": words.root / ".probanda/decisions/pr/decision.json",
        "folder": words.root / ".probanda",
    }[kind]
    words.words("foo", "new")

    result = check("--output", "markdown", "--against-decisions", earlier)

    assert result.code == 1
    assert "1 new, 1 fixed, 1 unchanged" in result.out
    assert "- **new** `words` `bad-word` `new`" in result.out


@pytest.mark.parametrize(
    "content",
    ["", "{", "{}", "[]", '{"decisions": 3}', '{"decisions": []}', '{"decisions": [{}]}'],
)
def test_what_is_no_decision_is_nothing_to_compare_with(check, words, tmp_path, content):
    file = tmp_path / "earlier.json"
    file.write_text(content)

    result = check("--against-decisions", file)

    assert (result.code, result.out) == (2, "")
    assert "error: " in result.err
    assert "hint: " in result.err


def test_an_edited_earlier_decision_is_refused(check, words, tmp_path):
    words.words("foo")
    check("--output", f"json={tmp_path / 'earlier.json'}")
    document = json.loads((tmp_path / "earlier.json").read_text())
    document["decisions"][0]["outcome"] = "pass"
    (tmp_path / "earlier.json").write_text(json.dumps(document))

    result = check("--against-decisions", tmp_path / "earlier.json")

    assert result.code == 2
    assert "contradicts itself" in result.err


# The repository


def test_places_and_provenance_are_the_repositorys(probanda, words, monkeypatch):
    words.words("foo")
    commit = words.commit(where=words.root.parent)
    words.git("remote", "add", "origin", "https://me:secret@example.org/a/b.git", where=words.root)
    monkeypatch.chdir(words.root.parent)

    result = probanda("check", *AS_OF, "--project", "project", "--output", "sarif")

    (log,) = json.loads(result.out)["runs"]
    assert log["versionControlProvenance"] == [
        {
            "repositoryUri": "https://example.org/a/b.git",
            "revisionId": commit,
            "mappedTo": {"uriBaseId": "%SRCROOT%"},
        }
    ]
    (place,) = log["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "project/words.json"
    assert "secret" not in result.out


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:secret@example.org/a/b.git", "https://example.org/a/b.git"),
        ("https://example.org:8443/a?token=secret#x", "https://example.org:8443/a"),
        ("git@example.org:a/b.git", "ssh://example.org/a/b.git"),
        ("ssh://git@example.org/a/b.git", "ssh://example.org/a/b.git"),
        ("/home/somebody/repository", ""),
        ("file:///home/somebody/repository", ""),
        ("ext::sh -c touch% x", ""),
        ("https://[::1", ""),
        ("https://exa mple.org/x", ""),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_its_secrets(address, shown):
    assert public_address(address) == shown


def test_the_replay_reaches_the_same_decision(check, words, probanda):
    words.words("foo")
    words.commit()
    shown = check("--base", "HEAD", "--tenant", "globex").out
    first = words.store.read("pr").decision_bytes
    (line,) = [line for line in shown.splitlines() if "again: " in line]

    result = probanda(*line.split("again: probanda ")[1].split())

    again = words.store.read("pr").decision
    assert result.code == 1
    assert again.content.base_commit == again.content.base != ""
    kept = json.loads(first)
    kept["content"]["base"] = again.content.base
    assert again.to_json() == kept


# Terminals


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("arguments", "variables", "wanted"),
    [
        ((), {"TERM": "xterm"}, True),
        (("--quiet",), {"TERM": "xterm"}, False),
        ((), {"TERM": "xterm", "CI": "true"}, False),
        ((), {"TERM": "dumb"}, False),
    ],
    ids=str,
)
def test_progress_is_for_people_at_a_terminal(words, monkeypatch, arguments, variables, wanted):
    monkeypatch.delenv("CI", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)

    assert run(["check", "--project", str(words.root), *arguments]) == 0

    assert ("pr/words" in terminal.getvalue()) is wanted
    assert bool(terminal.getvalue()) is wanted


@pytest.mark.parametrize(
    ("arguments", "variables", "wanted"),
    [
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {}, False),
        ((), {}, False),
    ],
    ids=str,
)
def test_colour_in_a_pipe_is_for_who_asks(words, arguments, variables, wanted):
    done = subprocess.run(
        [sys.executable, "-c", "from probanda.cli import main; main()", "check", *arguments],
        cwd=words.root,
        env=environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert ("\x1b[" in done.stdout) is wanted


def test_no_colour_ever_reaches_a_file(check, tmp_path):
    check("--color", "always", "--output", f"text={tmp_path / 'x'}", "--output", "json")

    assert "\x1b" not in (tmp_path / "x").read_text()
