"""The command line's grammar."""

from __future__ import annotations

import pytest

from quaestor.errors import UsageError
from quaestor.surfaces.cli import demo, refused
from quaestor.surfaces.cli.console import Console
from quaestor.surfaces.cli.options import COMMANDS, COMMON, OPTIONS, Invocation, parse, takes
from quaestor.surfaces.cli.usage import help_text


def refuse(*argv: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse(argv)
    assert caught.value.exit_code == 2
    return caught.value


def test_a_command_with_its_arguments() -> None:
    assert parse(["exec", "SELECT 1"]) == Invocation("exec", ("SELECT 1",))
    assert parse(["sandbox", "okta", "datadog"]) == Invocation("sandbox", ("okta", "datadog"))


@pytest.mark.parametrize(
    "argv",
    [
        ["exec", "SELECT 1", "--output", "json"],
        ["exec", "SELECT 1", "--output=json"],
        ["exec", "-o", "json", "SELECT 1"],
        ["exec", "-ojson", "SELECT 1"],
        ["-o=json", "exec", "SELECT 1"],
        ["--output", "csv", "exec", "SELECT 1", "-o", "json"],
        ["exec", "-o", "json", "--", "SELECT 1"],
    ],
)
def test_the_ways_to_write_a_flag(argv: list[str]) -> None:
    assert parse(argv) == Invocation("exec", ("SELECT 1",), {"output": "json"})


@pytest.mark.parametrize(
    ("word", "value"),
    [("--stats", True), ("--stats=true", True), ("--stats=1", True), ("--stats=false", False), ("--stats=F", False)],
)
def test_switches(word: str, value: bool) -> None:
    assert parse(["exec", "x", word]).values == {"stats": value}


def test_switches_that_turn_off() -> None:
    assert parse(["exec", "x", "-H"]).values == {"header": False}
    assert parse(["exec", "x", "--hideheaders=false"]).values == {"header": True}
    assert parse(["exec", "x", "--no-parents"]).values == {"fill_parents": False}
    assert "neither" in refuse("exec", "x", "--stats=maybe").message


def test_pairs_lists_and_numbers() -> None:
    words = "--var a=1,b=2 --var=c=d --scale users=5,apps=2 --scale groups=1 --endpoint okta=http://127.0.0.1:1"
    values = parse(["exec", "x", "--seed", "7", *words.split()]).values
    assert values["var"] == {"a": "1,b=2", "c": "d"}
    assert values["scale"] == {"users": 5, "apps": 2, "groups": 1}
    assert values["endpoints"] == {"okta": "http://127.0.0.1:1"}
    assert values["seed"] == 7
    assert parse(["provider", "build", "x", "--spec", "a", "--spec", "b"]).values == {"spec": ["a", "b"]}
    assert "whole number" in refuse("exec", "x", "--seed", "many").message
    assert "whole number" in refuse("exec", "x", "--scale", "users=-1").message
    message = refuse("exec", "x", "--var", "canary").message
    assert message == "--var is given as NAME=VALUE, and there is no = in it"


def test_what_is_not_a_flag() -> None:
    assert parse(["exec", "-"]).arguments == ("-",)
    assert parse(["exec", "-- the users\nSELECT 1"]).arguments == ("-- the users\nSELECT 1",)
    assert parse(["exec", "--", "--output"]).arguments == ("--output",)
    assert parse(["exec", ""]).arguments == ("",)
    assert parse(["exec", "x", "-d", "-"]).values == {"delimiter": "-"}


def test_unknown_flags_name_the_nearest() -> None:
    assert "--output" in refuse("exec", "x", "--ouput", "json").hint
    assert "--env.file" in refuse("exec", "x", "--env-file=.env").hint
    assert refuse("exec", "x", "-z").message == "there is no flag -z"
    assert "canary" not in str(refuse("exec", "x", "--tokn=canary").to_dict())


def test_a_flag_without_its_value_or_of_another_command() -> None:
    assert refuse("exec", "x", "--output").message == "--output needs a value"
    error = refuse("exec", "x", "--port", "1")
    assert (error.message, error.hint) == ("--port is not a flag of exec", "of sandbox and record")


def test_unknown_commands() -> None:
    assert "'exec'" in refuse("exce", "x").hint
    assert 'quaestor exec "' in refuse("SELECT 1").hint
    assert "there are exec" in refuse("frobnicate").hint
    assert refuse().message == "nothing to do"


@pytest.mark.parametrize("flag", refused.FLAGS)
def test_stackql_flags_that_are_refused_say_why(flag: str) -> None:
    reason, instead = refused.FLAGS[flag]
    for argv in (["exec", "x", flag], ["exec", "x", f"{flag}=1"]):
        error = refuse(*argv)
        assert error.message == f"{flag} is not accepted: {reason}"
        assert error.hint == instead


@pytest.mark.parametrize("command", refused.COMMANDS)
def test_stackql_commands_that_are_refused_say_why(command: str) -> None:
    assert refused.COMMANDS[command][0] in refuse(command).message


#: All of StackQL's flags (its --help, July 2026), of which every one is either taken or refused with a reason.
STACKQL = """
    auth registry approot approotfilemode configfile output delimiter hideheaders infile outfile iqldata var dryrun
    verbose provider offline loglevel apirequesttimeout http.log.enabled http.proxy.host http.proxy.port
    http.proxy.scheme http.proxy.user http.proxy.password http.response.maxResults http.response.pageLimit
    execution.concurrency.limit dataflow.dependency.max dataflow.components.max indirect.depth.max querycachesize
    cachekeycount metadatattl sqlBackend dbInternal namespaces store.txn gc acid session export.alias
    usenonpreferredapis tls.CABundle tls.allowInsecure cpuprofile colorscheme toggle pgsrv.address pgsrv.port
    pgsrv.tls pgsrv.loglevel pgsrv.debug.enable pgsrv.sundry mcp.server.type mcp.config errorPresentation
    testwithoutapicalls viperconfigfilename env.file preview
"""


def test_every_flag_of_stackql_is_known() -> None:
    ours = {option.flag for option in OPTIONS}
    for flag in STACKQL.split():
        assert (f"--{flag}" in ours) != (f"--{flag}" in refused.FLAGS), flag
    for short in ("-o", "-d", "-H", "-i", "-f", "-q"):
        assert any(option.short == short for option in OPTIONS)


def test_help() -> None:
    assert parse(["--help"]) == Invocation("help")
    assert (
        parse(["help", "exec"]) == parse(["exec", "--help"]) == parse(["exec", "-h"]) == Invocation("help", ("exec",))
    )
    assert parse(["exec", "--version"]) == Invocation("version")
    for command in COMMANDS:
        assert command.name in help_text()
        text = help_text(command.name)
        for option in OPTIONS:
            assert (f" {option.flag} " in text) == takes(command.name, option)
        assert max(map(len, text.splitlines())) <= 110
    for command in COMMANDS:
        for part in command.parts:
            text = help_text(command.name, part.name)
            assert text.startswith(f"usage: quaestor {command.name} {part.usage}\n\n{part.help}\n")
            taken = {option.name for option in OPTIONS if f" {option.flag} " in text}
            assert part.flags is None or taken == {*part.flags, *COMMON}
    assert parse(["provider", "lint", "-h"]) == parse(["help", "provider", "lint"])


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        (["provider"], "provider needs a command", "there are build, lint, test, diff, export, enrich, docs"),
        (["provider", "bild", "x"], "provider has no command 'bild'", "build NAME --spec FILE… --out DIR"),
        (["provider", "diff", "a"], "provider diff has too few arguments", "write quaestor provider diff OLD NEW"),
        (["registry", "update", "a"], "registry update has too many arguments", "write quaestor registry update"),
        (["provider", "lint", "--out", "x"], "--out is not a flag of provider lint", "provider lint [NAME|PATH…]"),
        (["provider", "enrich"], "has too few arguments", "or quaestor provider enrich NAME --remove"),
    ],
)
def test_commands_of_a_command(argv: list[str], message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(argv)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_demo_takes_no_arguments() -> None:
    with pytest.raises(UsageError, match="demo takes no arguments"):
        demo.run(Invocation("demo", ("SELECT 1",)), Console.of_process())
