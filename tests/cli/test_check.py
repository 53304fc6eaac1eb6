"""`probanda check`: verdicts as exit codes, data on stdout, and the base of the CI."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys

import pytest

from cli_environment import environment
from probanda.cli import run
from projects import Project, words_check

AS_OF = ("--as-of", "2026-11-20T12:00:00Z")


@pytest.fixture
def check(probanda, words):
    def command(*arguments):
        return probanda("check", "--project", words.root, *AS_OF, *arguments)

    return command


def test_a_pass_exits_0_and_leaves_a_decision_set(check, words):
    result = check()

    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("PASSED  1 pass (exit 0)\n")
    assert words.store.read("pr").decision.exit_code == 0


def test_a_finding_exits_1_and_says_why_what_to_do_and_where(check, words):
    words.words("foo")

    result = check()

    assert result.code == 1
    for line in (
        "  ✗ words  fail  soc2/CC8.1",
        "bad-word (high)  foo",
        "why    foo is a bad word",
        "fix    Use another word.",
        "where  words.json",
        "BLOCKED  1 fail; 1 open finding (exit 1)",
    ):
        assert line in result.out
    assert words.store.read("pr").decision.exit_code == 1


def test_a_denial_is_explained_on_request_and_no_value_is_kept(check, words):
    words.gate("pr", words_check(policy="demo/words/allow"))
    words.words("foo-is-secret")

    plain, explained = check(), check("--explain")

    assert (plain.code, explained.code) == (1, 1)
    assert "foo-is-secret" not in plain.out
    for line in (
        "data.demo.words.allow is undefined  — No word is bad",
        "= input.facts.words.bad is not equal to []",
        'input.facts.words.bad = ["foo-is-secret"]',
    ):
        assert line in explained.out
    assert "foo-is-secret" not in json.dumps(words.store.read("pr").decision.to_json())


def test_an_explanation_stands_beside_the_decisions_in_json(check, words):
    words.gate("pr", words_check(policy="demo/words/allow"))
    words.words("foo")

    document = json.loads(check("--explain", "--format", "json").out)

    rule = document["explanations"]["pr"]["words"]["rules"][0]
    assert rule["definitions"][0]["status"] == "failed"
    assert "explanations" not in json.loads(check("--format", "json").out)


def test_findings_explain_themselves_and_a_pass_needs_no_explanation(check, words):
    assert check("--explain").out == check().out
    words.words("foo")
    assert check("--explain").out == check().out


def test_broken_content_exits_2_with_file_line_and_column(check, words):
    words.write("gates/pr.yaml", (words.root / "gates/pr.yaml").read_text().replace("mode", "mod"))

    result = check()

    assert (result.code, result.out) == (2, "")
    assert "error: gates/pr.yaml:11:3: unknown field 'mod' in spec" in result.err
    assert "hint: did you mean 'mode'?" in result.err


def test_what_could_not_be_decided_exits_3(check, words):
    (words.root / "words.json").unlink()

    result = check()

    assert result.code == 3
    assert "UNDECIDED  1 notEvaluated (exit 3)" in result.out
    assert "why    no file 'words.json'" in result.out


def test_json_is_one_document_with_the_exit_code_and_nothing_else(check, words):
    words.words("foo")

    result = check("--format", "json")

    document = json.loads(result.out)
    assert document["exitCode"] == result.code == 1
    assert [item["gate"]["name"] for item in document["decisions"]] == ["pr"]
    assert document["decisions"][0] == words.store.read("pr").decision.to_json()
    assert result.err == ""


def test_a_misspelt_gate_is_answered_with_the_nearest_one(check):
    result = check("prr")

    assert result.code == 2
    assert result.err == "error: there is no gate 'prr'\nhint: did you mean 'pr'? known gates: pr\n"


def test_the_nearest_project_upwards_is_the_one(probanda, words, monkeypatch):
    deep = words.root / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)

    assert probanda("check", *AS_OF).code == 0
    assert words.store.gates() == ["pr"]


def test_a_tenant_can_be_given(check, words):
    assert "tenant globex" in check("--tenant", "globex").out
    assert words.store.read("pr").decision.tenant == "globex"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GITHUB_BASE_REF", "main"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "{commit}"),
        ("BITBUCKET_PR_DESTINATION_COMMIT", "{commit}"),
    ],
)
def test_the_base_of_the_ci_judges(check, words, monkeypatch, variable, value):
    commit = words.commit()
    words.git("update-ref", "refs/remotes/origin/main", commit)
    words.words("foo")
    words.policy("package demo.words\n" + WEAK)
    monkeypatch.setenv(variable, value.format(commit=commit))

    result = check()

    assert result.code == 1
    assert "foo is a bad word" in result.out
    assert "policy-changed" in result.out
    assert words.store.read("pr").decision.content.base_commit == commit


WEAK = """
# METADATA
# title: Nothing is bad
# custom: {id: bad-word, severity: high, remediation: Nothing.}
findings contains finding if {
\tsome word in []
\tfinding := {"rule": "bad-word", "key": word, "message": word}
}

# METADATA
# title: Always
# custom: {id: allow, severity: high, remediation: Nothing.}
allow := true
"""


def test_a_base_of_the_ci_that_was_not_fetched_is_an_error_and_no_pass(check, words, monkeypatch):
    words.commit()
    monkeypatch.setenv("GITHUB_BASE_REF", "main")

    result = check()

    assert (result.code, result.out) == (2, "")
    assert "no commit 'origin/main'" in result.err
    assert "hint: " in result.err


def test_an_approver_of_the_base_can_be_stated(check, words):
    words.approver("ada@example.org")
    words.commit()
    words.gate("pr", words_check(), mode="warn")

    assert check("--base", "HEAD").code == 1
    assert check("--base", "HEAD", "--approved-by", "eve").code == 2
    approved = check("--base", "HEAD", "--approved-by", "ada@example.org")
    assert approved.code == 0
    assert "waived by approver:ada@example.org: gate-weakened" in approved.out


def test_an_option_cannot_be_smuggled_in_as_a_base(check, words):
    words.commit()

    result = check("--base=--upload-pack=touch x")

    assert result.code == 2
    assert "not a name of a commit" in result.err


# Terminals


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
    ids=str,
)
def test_colour_is_for_terminals_whose_user_does_not_object(words, monkeypatch, variables, wanted):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)

    assert run(["check", "--project", str(words.root)]) == 0

    assert ("\x1b[32m" in terminal.getvalue()) is wanted


def test_a_pipe_gets_no_colour(check):
    assert "\x1b" not in check().out


# Disks that refuse


def test_a_file_in_the_way_of_the_run_folder_is_an_error(check, words):
    words.write(".probanda", "in the way")

    result = check()

    assert (result.code, result.out) == (3, "")
    assert "error: cannot store the decision below" in result.err
    assert "hint: " in result.err


def test_a_full_disk_is_an_error_and_nothing_is_half_written(words, spawn):
    """A limit on the size of files stands for the full disk: root ignores permissions."""
    words.write("words.json", {"bad": [f"word-{number:05}" for number in range(400)]})

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    code = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    code += "from probanda.cli import main; main()"
    result = spawn("check", code=code, cwd=words.root, preexec_fn=limit)

    assert (result.code, result.out) == (3, "")
    assert "cannot store the decision" in result.err
    assert "File too large" in result.err
    assert "Traceback" not in result.err
    assert words.store.gates() == []
    assert list((words.root / ".probanda").rglob(".writing-*")) == []


def test_a_project_that_cannot_be_written_to_can_still_be_validated(probanda, words):
    words.write(".probanda", "in the way")

    assert probanda("validate", "--project", words.root).code == 0


def test_two_checks_at_once_leave_one_whole_set(words):
    commands = [
        [sys.executable, "-c", "from probanda.cli import main; main()", "check", "--tenant", tenant]
        for tenant in ("acme", "globex")
    ]
    running = [
        subprocess.Popen(command, cwd=words.root, stdout=subprocess.DEVNULL, env=environment())
        for command in commands
    ]

    assert [process.wait(120) for process in running] == [0, 0]
    assert words.store.read("pr").decision.tenant in {"acme", "globex"}


def test_a_project_may_have_any_name(probanda, tmp_path):
    project = Project.with_words(tmp_path / "wörter und — mehr 'n\"x")

    assert probanda("check", "--project", project.root).code == 0


# --- many files ------------------------------------------------------------------------------


@pytest.fixture
def many(words):
    words.gate("pr", words_check(facts={"words": {"from": "json", "path": "in/*.json"}}))
    for number in range(45):
        words.write(f"in/{number:02d}.json", {"bad": ["foo"] if number % 4 == 0 else []})
    words.write("in/broken.json", "{")
    return words


@pytest.fixture
def homes(monkeypatch, tmp_path):
    """Folders of the user, and no CI."""
    for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    for name in ("CI", "PROBANDA_CACHE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_many_files_are_counted_and_the_first_of_those_that_do_not_pass_are_named(many, check):
    result = check("--no-cache")

    assert result.code == 1
    assert "files  46: 33 pass, 12 fail, 1 error" in result.out
    assert "        fail  in/00.json\n        fail  in/04.json\n" in result.out
    assert "        … and 2 more with fail\n" in result.out
    assert "        error  in/broken.json: in/broken.json:1:2: not valid JSON" in result.out
    assert "1 of 46 files could not be judged" in result.out


@pytest.mark.slow
def test_neither_jobs_nor_cache_change_what_was_decided(many, check, homes):
    stored = many.root / ".probanda/decisions/pr/decision.json"
    seen = set()
    for options in (["--jobs", "1", "--no-cache"], ["--jobs", "2", "--no-cache"], [], []):
        last = check("--output", "json", *options)
        seen.add(stored.read_bytes())

    assert len(seen) == 1
    # Whoever knows of the cache is told; the broken file was read again.
    assert json.loads(last.out)["cached"] == {"pr": {"words": 45}}
    assert "45 from the cache" in check().out
    note = json.loads(stored.with_name("run.json").read_bytes())
    assert note["cached"] == {"words": 45}


@pytest.mark.parametrize(
    ("variables", "options", "used"),
    [
        ({}, [], True),
        ({}, ["--no-cache"], False),
        ({"CI": "true"}, [], False),
        ({"CI": "true"}, ["--cache"], True),
        ({"CI": "true", "PROBANDA_CACHE": "on"}, [], True),
        ({"PROBANDA_CACHE": "off"}, [], False),
        ({"PROBANDA_CACHE": "off"}, ["--cache"], True),
    ],
)
def test_where_jobs_sign_there_is_no_cache_unless_somebody_asks(  # noqa: PLR0917  # fixtures
    many, check, homes, monkeypatch, variables, options, used
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    check(*options)

    assert (homes / "XDG_CACHE_HOME").exists() is used


def test_a_word_for_the_cache_that_is_none_is_refused(check, monkeypatch):
    monkeypatch.setenv("PROBANDA_CACHE", "maybe")

    assert check().code == 2


def test_a_cache_that_others_can_write_is_not_used_and_said(many, check, homes):
    folder = homes / "XDG_CACHE_HOME/probanda/findings"
    folder.mkdir(parents=True)
    folder.chmod(0o777)

    result = check()

    assert "note: no cache: " in result.err
    assert result.code == 1
    assert list(folder.iterdir()) == []


def test_a_check_of_single_files_opens_no_cache(check, homes):
    assert check().code == 0
    assert not (homes / "XDG_CACHE_HOME").exists()
