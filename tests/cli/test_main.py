"""What holds for every command: codes, streams, helpful errors, interrupts, bugs, closed pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import probanda as package
from probanda.cli import COMMANDS, cli, main, run

PIPE = "from probanda.cli import main; main()"


@pytest.fixture(autouse=True)
def interrupts():
    """`main` stops listening to Ctrl-C in the end; the tests go on."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, handler)


def test_the_version_is_the_packages(probanda):
    result = probanda("--version")

    assert (result.code, result.out) == (0, f"probanda {package.__version__}\n")


def test_help_names_every_command_with_what_it_does(probanda):
    result = probanda("--help")

    assert result.code == 0
    for name, (_, text) in COMMANDS.items():
        assert f"{name} " in result.out
        assert text in " ".join(result.out.split())


def test_no_command_is_a_usage_error_that_shows_the_commands(probanda):
    result = probanda()

    assert result.code == 2
    assert result.out == ""
    assert "validate" in result.err


@pytest.mark.parametrize("name", [*COMMANDS, "cell init"])
def test_every_command_has_help_with_its_options_and_a_description(probanda, name):
    for option in ("--help", "-h"):
        result = probanda(*name.split(), option)
        assert result.code == 0
        assert f"Usage: probanda {name}" in result.out
        assert len(result.out) > 150


@pytest.mark.parametrize("name", [*COMMANDS, "cell init"])
def test_every_option_of_every_command_says_what_it_is_for(name):
    import click

    command, context = cli, click.Context(cli)
    for part in name.split():
        command = command.get_command(context, part)
    silent = [
        parameter.name
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
        if parameter.name not in {"help", "format_"}
    ]
    assert silent == []
    assert command.help


@pytest.mark.parametrize(
    ("typed", "meant"), [("chek", "check"), ("verfy", "verify"), ("bundel", "bundle")]
)
def test_a_misspelt_command_is_answered_with_the_nearest(probanda, typed, meant):
    result = probanda(typed)

    assert result.code == 2
    assert result.err == f"error: there is no command {typed!r}\nhint: did you mean {meant!r}?\n"


def test_a_command_like_no_other_is_answered_with_all(probanda):
    assert "hint: commands: baseline, bundle, cell, check" in probanda("xyzzy").err


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["check", "--bas", "x"], "no such option '--bas'"),
        (["check", "--as-of", "yesterday"], "'yesterday'"),
        (["check", "--as-of", "2026-02-30"], "there is no such instant: '2026-02-30'"),
        (["check", "--as-of", "2026-11-20T12:00:00"], "with a time zone"),
        (["check", "--as-of", "0001-01-01T00:00:00+05:00"], "no such instant"),
        (["check", "--format", "xml"], "'xml' is not one of"),
        (["check", "--project", "/nowhere"], "'/nowhere' does not exist"),
        (["bundle"], "missing option '--cell'"),
        (["bundle", "--cell", "/nowhere"], "'/nowhere' does not exist"),
        (["pack", "--cell", "."], "missing option '--period'"),
        (["verify"], "missing argument 'FILE'"),
        (["verify", "a", "b"], "unexpected extra argument (b)"),
        (["schema"], "missing argument 'KIND'"),
        (["sign", "/nowhere", "--key", "/nowhere"], "'/nowhere' does not exist"),
        (["cell", "create"], "no such command 'create'"),
    ],
)
def test_a_wrong_command_line_is_one_error_one_hint_and_exit_code_2(probanda, arguments, error):
    result = probanda(*arguments)

    assert (result.code, result.out) == (2, "")
    first, second = result.err.splitlines()
    assert first.startswith("error: ")
    assert error in first
    assert second == f"hint: see probanda {arguments[0]} --help"


def test_without_a_project_the_error_says_where_it_looked(probanda, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    result = probanda("check")

    assert result.code == 2
    assert f"no probanda.yaml in {tmp_path}" in result.err
    assert "hint: " in result.err


def test_a_current_folder_that_is_gone_is_an_error(probanda, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    result = probanda("validate")

    assert result.code == 2
    assert "does not exist any more" in result.err


def test_an_argument_cannot_write_to_the_terminal(probanda):
    result = probanda("\x1b[2J\x1b[31m")

    assert "\x1b" not in result.err


def test_a_shell_can_complete_commands(spawn):
    variables = {
        "_PROBANDA_COMPLETE": "bash_complete",
        "COMP_WORDS": "probanda ve",
        "COMP_CWORD": "1",
    }

    result = spawn(env=variables)

    assert (result.code, result.out) == (0, "plain,verify\n")


# Processes of their own


def test_a_bug_of_ours_exits_3_with_its_traceback_and_never_1(spawn):
    code = """
import probanda.cli.validate, sys
def broken(folder): raise KeyError("oh no")
probanda.cli.validate.find_project = broken
from probanda.cli import main; main(["validate"])
"""
    result = spawn(code=code)

    assert result.code == 3
    assert result.out == ""
    assert "Traceback" in result.err
    assert "KeyError: 'oh no'" in result.err
    assert "this is a bug in probanda; nothing was decided" in result.err


@pytest.mark.parametrize("error", ["MemoryError()", "RecursionError()", "ValueError('x')"])
def test_no_kind_of_bug_reads_like_a_verdict(monkeypatch, capsys, error):
    def broken(arguments):
        raise eval(error)

    monkeypatch.setattr("probanda.cli.run", broken)

    with pytest.raises(SystemExit) as caught:
        main([])

    assert caught.value.code == 3
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_says_that_nothing_half_written_is_left(monkeypatch, capsys):
    def interrupted(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr("probanda.cli.validate.find_project", interrupted)

    assert run(["validate"]) == 130
    assert "interrupted: nothing half-written was left behind" in capsys.readouterr().err


def test_an_interrupt_that_was_wrapped_is_one(monkeypatch, capsys):
    """Python 3.11 turns what `__set_name__` raises into a RuntimeError."""

    def wrapped(arguments):
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()

    monkeypatch.setattr("probanda.cli.run", wrapped)

    with pytest.raises(SystemExit) as caught:
        main([])

    assert caught.value.code == 130
    assert "Traceback" not in capsys.readouterr().err


def test_an_interrupt_outside_of_a_command_is_no_traceback_either(monkeypatch, capsys):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("probanda.cli.run", interrupted)

    with pytest.raises(SystemExit) as caught:
        main([])

    assert caught.value.code == 130
    assert "Traceback" not in capsys.readouterr().err


def test_an_error_of_the_system_is_an_error_and_no_traceback(monkeypatch, capsys):
    def full(folder):
        raise OSError(28, "No space left on device", "/some/where")

    monkeypatch.setattr("probanda.cli.validate.find_project", full)

    assert run(["validate"]) == 3
    assert capsys.readouterr().err == "error: /some/where: No space left on device\n"


def test_whoever_closes_the_pipe_gets_no_verdict(office, spawn):
    """`probanda check | head -1`: 1 would say blocked and 0 passed; the evidence is there."""
    code = f"""
import os
reader, writer = os.pipe(); os.dup2(writer, 1); os.close(writer); os.close(reader)
{PIPE}
"""
    for arguments in (["schema", "Gate"], ["verify", str(office.bundle)], ["--help"]):
        result = spawn(*arguments, code=code)
        assert (result.code, result.err) == (3, "")


def test_a_check_whose_reader_leaves_has_stored_its_decision(words, spawn):
    with subprocess.Popen(
        [sys.executable, "-c", PIPE, "check", "--project", words.root],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    ) as process:
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (3, b"")
    assert words.store.read("pr").decision.exit_code == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
def test_output_that_cannot_be_written_is_never_a_pass(spawn):
    script = f"import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)\n{PIPE}"

    for arguments in (["schema", "Gate"], ["--version"]):
        result = spawn(*arguments, code=script)
        assert result.code == 3
        assert "No space left on device" in result.err
        assert "Traceback" not in result.err


def test_a_closed_stdout_is_no_traceback(office, spawn):
    script = f"import os, sys; sys.stdout = None\n{PIPE}"

    result = spawn("verify", office.bundle, "--trust", office.trust, code=script)

    assert (result.code, result.err) == (0, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_a_terminal_without_unicode_shows_the_output_all_the_same(office, spawn, encoding):
    result = spawn(
        "verify",
        office.bundle,
        "--trust",
        office.trust,
        env={"PYTHONIOENCODING": encoding},
        encoding=encoding,
        # click takes ASCII for a mistake and writes UTF-8 then.
        errors="replace",
    )

    assert result.code == 0, result.err
    assert "GOOD" in result.out
    assert result.err == ""
