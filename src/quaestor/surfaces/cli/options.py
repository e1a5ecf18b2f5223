"""Commands and flags: one table that parsing, `--help`, the documentation and its test go by.

Before: the process's arguments. After: an `Invocation` that `main` dispatches.

The rules are those of StackQL's command line (the pflag library): flags before or after the command and its
arguments, `--flag value` or `--flag=value`, `-o json`, `-o=json` or `-ojson`, `--switch` or `--switch=false`, the
last one wins. `argparse` knows neither switches with a value nor flags on both sides, and importing it takes a third
of the time that a cold `SHOW` may take (`docs/decisions/0004-own-options.md`).
"""

from __future__ import annotations

from quaestor.config import OUTPUTS
from quaestor.errors import UsageError, did_you_mean, nearest
from quaestor.record import Record
from quaestor.surfaces.cli import refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Option(Record):
    """A flag.

    Attributes:
        flag: with its dashes; `short` the same in one letter.
        name: under which its value is found in an `Invocation`; that of the setting, if it sets one.
        kind: `text`; `switch`; `off`, a switch that sets its name to False; `number`, a whole one;
            `pairs`, repeatable `key=value`; `list`, repeatable.
        value: what stands for the value in help texts.
        help: one line.
        commands: the commands that take it.
    """

    flag: str
    name: str
    kind: str
    value: str
    help: str
    short: str = ""
    commands: tuple[str, ...] = ("exec",)


class Part(Record):
    """A command of a command, such as `build` of `provider`.

    Attributes:
        usage: how it is written, behind the command; its first word is its name.
        help: one line.
        least, most: how many arguments it takes.
        flags: those it takes besides `COMMON`, by `Option.name`; None: all of the command's.
    """

    usage: str
    help: str
    least: int = 0
    most: int = 0
    flags: tuple[str, ...] | None = None

    @property
    def name(self) -> str:
        """What calls it."""
        return self.usage.partition(" ")[0]


class Command(Record):
    """A command: its arguments as usage shows them, one line on what it does, its own commands where it has some."""

    name: str
    usage: str
    help: str
    parts: tuple[Part, ...] = ()


#: Flags of each part of a command.
COMMON = ("error_format", "debug")
_ANY = 99
_READING = ("sandbox", "output", "delimiter", "header", "outfile", "config", "env_file")
_JOURNAL = (
    Part("list", "the statements that wrote, the newest first", flags=_READING),
    Part("show ID", "what became of each row of one", 1, 1, _READING),
    Part("resume ID", "go on where it stopped", 1, 1),
)
_REGISTRY = (
    Part("list [PROVIDER]", "what the registry has, and what of it is here", 0, 1),
    Part("pull PROVIDER [VERSION]", "get a provider's documents, the newest unless a version is given", 1, 2),
    Part("remove PROVIDER [VERSION]", "take them away, all versions unless one is given", 1, 2),
    Part("update", "get the newest version of all that is here"),
    Part("verify [PROVIDER]", "compare the files with what was pulled", 0, 1),
)
_PROVIDER = (
    Part(
        "build NAME --spec FILE… --out DIR",
        "make a provider of OpenAPI or Swagger documents",
        1,
        1,
        ("spec", "out", "names", "overlay"),
    ),
    Part("lint [NAME|PATH…]", "say what is wrong in a provider", 0, _ANY, ("registry", "format")),
    Part(
        "test [NAME|PATH…]",
        "build a request of each method, and read an answer",
        0,
        _ANY,
        ("registry", "spec", "format"),
    ),
    Part("diff OLD NEW", "say what a newer version changes for statements", 2, 2, ("format",)),
    Part("export NAME|PATH [VERSION] --out DIR", "write StackQL's documents, and a registry of them", 1, 2, ("out",)),
    Part(
        "enrich NAME --spec FILE… | enrich NAME --remove",
        "keep the vendor's titles and descriptions",
        1,
        1,
        ("spec", "remove", "registry"),
    ),
    Part(
        "docs NAME --out DIR",
        "write a page for each resource",
        1,
        1,
        ("spec", "registry", "format", "compat", "headers", "out"),
    ),
)

COMMANDS = (
    Command("exec", '"SQL" | -i FILE | -', "run one or several statements"),
    Command("journal", "COMMAND", "what was written, row by row; go on with a write that isn't done", _JOURNAL),
    Command("demo", "", "answer a few questions on an embedded sandbox, no account needed"),
    Command("sandbox", "PROVIDER…", "serve a stand-in for the APIs of providers on this machine"),
    Command("record", "PROVIDER --out FILE", "note down what a client asks of the real service, without secrets"),
    Command("registry", "COMMAND", "get providers' documents from a registry", _REGISTRY),
    Command("provider", "COMMAND", "make a provider of OpenAPI documents, check it, document it", _PROVIDER),
)

_SANDBOXES = ("exec", "sandbox", "demo")
_REHEARSALS = ("exec", "sandbox")

OPTIONS = (
    # what to run
    Option("--infile", "infile", "text", "FILE", "read the statements from FILE; - is standard input", "-i"),
    Option("--var", "var", "pairs", "NAME=VALUE", "the value of {{ NAME }} in the statements; repeatable"),
    Option("--iqldata", "iqldata", "text", "FILE", "the values of placeholders from a JSON file", "-q"),
    Option("--dryrun", "dryrun", "switch", "", "only show the statements with their placeholders' values"),
    Option("--keep-going", "keep_going", "switch", "", "go on after a failed statement; the exit code still tells"),
    # where
    Option("--sandbox", "sandbox", "switch", "", "run on an embedded sandbox: no account, no network"),
    Option("--seed", "seed", "number", "N", "which generated data the sandbox holds", commands=_SANDBOXES),
    Option(
        "--scale", "scale", "pairs", "KIND=N,…", "how much of it there is: users=500,apps=50", commands=_SANDBOXES
    ),
    Option(
        "--faults", "faults", "text", "SPEC", "what goes wrong in the sandbox, or a YAML file", commands=_REHEARSALS
    ),
    Option("--limits", "limits", "text", "real|off|FILE", "the sandbox's rate limits", commands=_REHEARSALS),
    Option(
        "--latency",
        "latency",
        "text",
        "TIME",
        "before each of the sandbox's answers: 50ms, 50ms..2s",
        commands=_REHEARSALS,
    ),
    Option("--cassette", "cassette", "text", "FILE", "a recording that the sandbox plays", commands=_REHEARSALS),
    Option(
        "--endpoint",
        "endpoints",
        "pairs",
        "NAME=URL",
        "send a provider's requests to another origin; repeatable",
        commands=("exec", "record"),
    ),
    Option("--auth", "auth", "text", "JSON", "StackQL's map of credentials, which name environment variables"),
    Option(
        "--env.file",
        "env_file",
        "text",
        "FILE",
        "read environment variables from FILE; set ones stay as they are",
        commands=("exec", "record"),
    ),
    Option("--config", "config", "text", "FILE", "the configuration file", commands=("exec", "record", "registry")),
    Option("--workspace", "workspace", "text", "FILE", "the file of views and tables; :memory: for none kept"),
    Option(
        "--registry",
        "registry",
        "text",
        "URL|PATH|JSON",
        "a folder or URL of provider documents",
        commands=("exec", "sandbox", "registry", "provider"),
    ),
    # what comes out
    Option("--output", "output", "text", "FORMAT", ", ".join(OUTPUTS), "-o"),
    Option("--delimiter", "delimiter", "text", "CHAR", "between the fields of csv, text and pptext", "-d"),
    Option("--hideheaders", "header", "off", "", "no line of column names", "-H"),
    Option("--outfile", "outfile", "text", "FILE", "write the results to FILE, once all of them are complete", "-f"),
    Option("--stream", "stream", "switch", "", "write rows as they come, though the result may yet fail"),
    Option("--stats", "stats", "switch", "", "say on stderr what each statement took"),
    Option(
        "--error-format",
        "error_format",
        "text",
        "text|json",
        "how errors and stats are written to stderr",
        commands=("exec", "demo", "sandbox", "record", "registry", "provider"),
    ),
    # bounds
    Option("--timeout", "deadline_s", "text", "SECONDS", "the longest that a statement may take; 0: no bound"),
    Option("--apirequesttimeout", "request_timeout_s", "text", "SECONDS", "the longest that a request may take"),
    Option("--max-wait", "max_wait_s", "text", "SECONDS", "the longest wait for a rate limit to be lifted"),
    Option("--max-requests", "max_requests", "text", "N", "the most requests that a statement may make"),
    Option("--http.response.pageLimit", "max_pages", "text", "N", "fail beyond N pages of a listing; 0: no bound"),
    Option("--execution.concurrency.limit", "concurrency", "text", "N", "the most requests at once to a host"),
    Option("--api-reserve", "api_reserve", "text", "PART", "the part of each rate limit that is left to others"),
    Option("--no-pushdown", "pushdown", "off", "", "test all conditions here, none at the APIs"),
    Option("--no-parents", "fill_parents", "off", "", "don't fill unbound path parameters from their parents"),
    Option("--partial", "partial", "switch", "", "if requests fail, give what there is, marked incomplete"),
    # writing
    Option("--read-only", "read_only", "switch", "", "let nothing but reads leave this machine"),
    Option("--dry-run-writes", "dry_run_writes", "switch", "", "show the requests of writes, and send none"),
    Option("--all", "all_rows", "switch", "", "a write that names no row means all of them"),
    Option("--max-writes", "max_writes", "text", "N", "the most writes that a statement may make"),
    Option("--on-error", "on_error", "text", "stop|continue", "whether rows behind a failed one are written"),
    Option("--write-concurrency", "write_concurrency", "text", "N", "the most writes at the same time, else 1"),
    Option(
        "--retry-unknown",
        "retry_unknown",
        "switch",
        "",
        "send rows again of which nobody can tell whether they are done",
        commands=("journal",),
    ),
    Option(
        "--skip-unknown",
        "skip_unknown",
        "switch",
        "",
        "take rows for done of which nobody can tell",
        commands=("journal",),
    ),
    Option("--allow-local-exec", "allow_local_exec", "switch", "", "let documents' methods run programs here"),
    # the wire
    Option(
        "--tls.CABundle",
        "ca_bundle",
        "text",
        "FILE",
        "trust the certificates in this PEM file too",
        commands=("exec", "registry"),
    ),
    Option("--http.proxy.host", "proxy_host", "text", "HOST", "send requests through this proxy"),
    Option("--http.proxy.port", "proxy_port", "text", "PORT", "the proxy's port"),
    Option("--http.proxy.scheme", "proxy_scheme", "text", "SCHEME", "http or https; http unless given"),
    Option("--http.proxy.user", "proxy_user", "text", "NAME", "the user that the proxy asks for"),
    Option(
        "--http.proxy.password", "proxy_password", "text", "WORD", "and the password; better in the configuration"
    ),
    # other commands
    Option("--port", "port", "number", "N", "the port to listen on; 0: any free one", commands=("sandbox", "record")),
    Option("--state", "state", "text", "FILE", "keep in FILE what clients change", commands=("sandbox",)),
    Option(
        "--strict-auth", "strict_auth", "switch", "", "check credentials, scopes, permissions", commands=("sandbox",)
    ),
    Option("--access", "access", "text", "FILE", "which credentials there are, and what for", commands=("sandbox",)),
    Option("--key-out", "key_out", "text", "FILE", "write the Okta service app's key there", commands=("sandbox",)),
    Option("--tls", "tls", "switch", "", "serve https, with an authority made for this run", commands=("sandbox",)),
    Option("--spec", "spec", "list", "FILE", "an OpenAPI or Swagger document; repeatable", commands=("provider",)),
    Option("--remove", "remove", "switch", "", "take the kept texts away", commands=("provider",)),
    Option("--names", "names", "text", "FILE", "a YAML file that names operations", commands=("provider",)),
    Option(
        "--overlay",
        "overlay",
        "text",
        "FILE",
        "a YAML file of what the documents don't say, or say wrong",
        commands=("provider",),
    ),
    Option(
        "--format", "format", "text", "FORMAT", "text or json; of docs: markdown or stackql", commands=("provider",)
    ),
    Option(
        "--compat",
        "compat",
        "text",
        "VERSION",
        "pages as StackQL's generator 0.4.6 made them",
        commands=("provider",),
    ),
    Option(
        "--headers",
        "headers",
        "text",
        "DIR",
        "a folder with texts for the provider's own page",
        commands=("provider",),
    ),
    Option("--out", "out", "text", "PATH", "the folder or file that is written", commands=("provider", "record")),
    Option(
        "--debug",
        "debug",
        "switch",
        "",
        "show a traceback for an internal error",
        commands=("exec", "demo", "sandbox", "record", "registry", "provider"),
    ),
)

#: `journal resume` runs a statement as `exec` does: it takes the flags of exec but for these.
_NOT_OF_JOURNAL = (
    "infile", "dryrun", "keep_going", "stream", "partial", "dry_run_writes",
    "seed", "scale", "faults", "limits", "latency", "cassette",
)  # fmt: skip

_BY_FLAG = {option.flag: option for option in OPTIONS} | {option.short: option for option in OPTIONS if option.short}


class Invocation(Record):
    """What the command line asks for.

    Attributes:
        command: one of `COMMANDS`, or `help` or `version`.
        arguments: what stands behind it.
        values: of the flags that were given, by `Option.name`.
    """

    command: str
    arguments: tuple[str, ...] = ()
    values: dict[str, Any] = {}


def parse(argv: Sequence[str]) -> Invocation:
    """The invocation that these arguments mean. Raises UsageError, with the nearest flag or command as the hint."""
    words: list[str] = []
    given: list[tuple[Option, str]] = []
    wanted = ""
    position = 0
    while position < len(argv):
        word = argv[position]
        position += 1
        if word == "--":
            words.extend(argv[position:])
            break
        if not _is_flag(word):
            words.append(word)
        elif word in ("--help", "-h", "--version"):
            wanted = wanted or word
        else:
            option, value = _split(word)
            if value is None and option.kind not in ("switch", "off"):
                if position == len(argv):
                    raise UsageError(f"{option.flag} needs a value", hint=f"write {option.flag} {option.value}")
                value = argv[position]
                position += 1
            given.append((option, "true" if value is None else value))
    command, arguments = (words[0], tuple(words[1:])) if words else ("", ())
    if wanted == "--version":
        return Invocation("version")
    if wanted or command == "help":
        topic = words[1:] if command == "help" else words
        return Invocation("help", (known_command(topic[0]).name, *topic[1:2]) if topic else ())
    if not command:
        raise UsageError("nothing to do", hint='quaestor exec "SQL", quaestor demo, or quaestor --help')
    known = known_command(command)
    values = _values(command, given)
    if known.parts:
        _check_part(known, arguments, values)
    return Invocation(command, arguments, values)


def takes(command: str, option: Option) -> bool:
    """Whether it is a flag of the command."""
    if command == "journal" and "exec" in option.commands:
        return option.name not in _NOT_OF_JOURNAL
    return command in option.commands


def _is_flag(word: str) -> bool:
    """`-` is standard input, and a statement may begin with a comment: no flag has a blank before its `=`."""
    name = word.partition("=")[0]
    return len(word) > 1 and word[0] == "-" and not any(char.isspace() for char in name)


def _split(word: str) -> tuple[Option, str | None]:
    """The option that a word names, and the value that is part of the word."""
    name, equals, value = word.partition("=")
    if name in _BY_FLAG:
        return _BY_FLAG[name], value if equals else None
    short = _BY_FLAG.get(word[:2])
    if word[1] != "-" and short is not None and short.kind == "text":
        return short, word[2:].removeprefix("=")
    if name in refused.FLAGS:
        reason, instead = refused.FLAGS[name]
        raise UsageError(f"{name} is not accepted: {reason}", hint=instead)
    near = nearest(name, [option.flag for option in OPTIONS], 1)
    raise UsageError(f"there is no flag {name}", hint=f"did you mean {near[0]}?" if near else "see quaestor --help")


def known_command(command: str) -> Command:
    """The command of this name. Raises UsageError if there is none."""
    for known in COMMANDS:
        if known.name == command:
            return known
    if command in refused.COMMANDS:
        reason, instead = refused.COMMANDS[command]
        raise UsageError(f"{command}: {reason}", hint=instead)
    if any(char.isspace() for char in command):
        raise UsageError("a statement needs the command exec", hint='write quaestor exec "SELECT …"')
    names = [known.name for known in COMMANDS]
    raise UsageError(
        f"there is no command {command!r}", hint=did_you_mean(command, names) or f"there are {', '.join(names)}"
    )


def part_of(command: Command, name: str) -> Part:
    """The command of a command that has this name. Raises UsageError if there is none."""
    names = [part.name for part in command.parts]
    if name in names:
        return command.parts[names.index(name)]
    near = nearest(name, names, 1)
    hint = _written(command, part_of(command, near[0])) if near else f"there are {', '.join(names)}"
    raise UsageError(f"{command.name} has no command {name!r}", hint=hint)


def _check_part(command: Command, arguments: tuple[str, ...], values: dict[str, Any]) -> None:
    """Raises UsageError where a command's own command is missing or unknown, has too few or too many arguments, or
    flags that aren't its own."""
    if not arguments:
        names = ", ".join(part.name for part in command.parts)
        raise UsageError(f"{command.name} needs a command", hint=f"there are {names}")
    part = part_of(command, arguments[0])
    count = len(arguments) - 1
    if not part.least <= count <= part.most:
        few = "few" if count < part.least else "many"
        raise UsageError(f"{command.name} {part.name} has too {few} arguments", hint=_written(command, part))
    for option in OPTIONS:
        if option.name in values and not belongs(part, option):
            raise UsageError(
                f"{option.flag} is not a flag of {command.name} {part.name}", hint=_written(command, part)
            )


def belongs(part: Part, option: Option) -> bool:
    """Whether a flag of the command is one of its part."""
    return part.flags is None or option.name in (*part.flags, *COMMON)


def _written(command: Command, part: Part) -> str:
    """How a part is written, as a hint."""
    return "write " + " or ".join(f"quaestor {command.name} {usage}" for usage in part.usage.split(" | "))


def _values(command: str, given: list[tuple[Option, str]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for option, text in given:
        if not takes(command, option):
            raise UsageError(f"{option.flag} is not a flag of {command}", hint=f"of {' and '.join(option.commands)}")
        if option.kind in ("switch", "off"):
            values[option.name] = _switched(option, text) is (option.kind == "switch")
        elif option.kind == "number":
            values[option.name] = _whole(option.flag, text)
        elif option.kind == "list":
            values.setdefault(option.name, []).append(text)
        elif option.kind == "pairs":
            values.setdefault(option.name, {}).update(_pairs(option, text))
        else:
            values[option.name] = text
    return values


def _switched(option: Option, text: str) -> bool:
    if text.lower() not in ("true", "false", "t", "f", "1", "0"):  # what Go's ParseBool takes
        raise UsageError(f"{option.flag} is on or off, and {text!r} is neither", hint=f"write {option.flag}")
    return text.lower() in ("true", "t", "1")


def _whole(what: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise UsageError(f"{what} is a whole number, not {text!r}")
    return int(text)


def _pairs(option: Option, text: str) -> dict[str, Any]:
    """`a=1`; for --scale also `a=1,b=2`, its values being numbers. A value of --var may hold anything, commas too."""
    parts = text.split(",") if option.name == "scale" else [text]
    pairs: dict[str, Any] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            # without the text: what stands there can be a secret
            raise UsageError(f"{option.flag} is given as {option.value}, and there is no = in it")
        pairs[key.strip()] = _whole(f"{option.flag} {key.strip()}", value) if option.name == "scale" else value
    return pairs
