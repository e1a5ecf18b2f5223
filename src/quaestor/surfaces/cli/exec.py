"""`quaestor exec`: statements in, results out.

Before: `main` has parsed the command line. Here the text, its variables and the settings are put together, given to
a `Connection`, and each `Result` is rendered to where it belongs. All that is known of SQL, of providers and of the
wire is in the engine; this is a user of `quaestor.connect` like any other.
"""

from __future__ import annotations

import quaestor
from quaestor.catalog import document
from quaestor.catalog.store import open_providers
from quaestor.config import check_proxy, document_roots, journal_path, load_settings, read_env_file, workspace_path
from quaestor.errors import Cancelled, CatalogError, IncompleteError, PartialWriteError, QuaestorError, UsageError
from quaestor.fetch import lean
from quaestor.record import replace
from quaestor.run.output.export import parquet
from quaestor.surfaces.cli import load
from quaestor.surfaces.cli.console import Interrupts, Progress
from quaestor.surfaces.cli.output import Direct, File, Spool
from quaestor.surfaces.render import Layout, render
from quaestor.values import ResultColumn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from quaestor.catalog.catalog import Catalog
    from quaestor.config import Settings
    from quaestor.run.engine import Connection
    from quaestor.run.result import Result
    from quaestor.surfaces.cli.console import Console
    from quaestor.surfaces.cli.options import Invocation
    from quaestor.surfaces.cli.output import Output

#: Keys of StackQL's auth contexts whose values are secrets themselves, not names of where one is.
INLINE_SECRETS = ("api_key", "api_secret", "password", "client_secret")


def run(invocation: Invocation, console: Console) -> int:
    """Run the statements; the exit code is 0 if every one succeeded, else that of the first error."""
    text = statement_text(invocation, console)
    variables = template_variables(invocation.values)
    shown = load("dryrun").rendered(text, variables) if invocation.values.get("dryrun") else None

    def results(connection: Connection) -> Iterator[Result]:
        return connection.script(text, variables=variables)

    return carry_out(invocation.values, console, results, shown)


def carry_out(
    values: Mapping[str, Any],
    console: Console,
    results_of: Callable[[Connection], Iterator[Result]],
    shown: str | None = None,
) -> int:
    """Open a connection as the flags say and write the results that it gives; the exit code.

    Args:
        shown: written instead of any result, without a connection.
    """
    env = environment(values, console)
    settings = load_settings(setting_flags(values), env, values.get("config", ""))
    settings = replace(settings, output=output_format(values, settings), workspace=_workspace(values, settings, env))
    settings = replace(settings, journal=journal_file(values, env))
    console.error_format = settings.error_format
    settings = replace(settings, auth=read_auth(values.get("auth", ""), console))
    output = open_output(values, console)
    shape = layout(settings, console, isinstance(output, File))
    keep_going = bool(values.get("keep_going"))
    code, success = 0, False
    try:
        if shown is not None:
            _show(shown, shape, output)
        else:
            catalog = open_providers(document_roots(settings.registry, env), note=console.note)
            try:
                with open_connection(values, settings, env, catalog, console) as connection:
                    results, interrupt = results_of(connection), connection.interrupt
                    code = _statements(results, interrupt, keep_going, shape, settings, console, output)
            finally:
                catalog.close()
        success = True
    finally:
        output.close(success)
    return code


def _show(query: str, shape: Layout, output: Output) -> None:
    """What `--dryrun` prints: one row."""
    for piece in render((ResultColumn("query", "string"),), [[(query,)]], shape):
        output.write(piece)
    output.commit()


def _workspace(values: Mapping[str, Any], settings: Settings, env: Mapping[str, str]) -> str:
    """The file of views and tables."""
    return settings.workspace or workspace_path(env, sandbox=bool(values.get("sandbox")))


def journal_file(values: Mapping[str, Any], env: Mapping[str, str]) -> str:
    """The file of the journal of writes."""
    return journal_path(env, sandbox=bool(values.get("sandbox")))


def output_format(values: Mapping[str, Any], settings: Settings) -> str:
    """The format of results: as it is said, else by the ending of the file."""
    path = values.get("outfile", "")
    if "output" not in values and "." in path:
        ending = path.rpartition(".")[2].casefold()
        if ending in ("parquet", "csv", "json", "jsonl", "ndjson"):
            return str(ending)
    if settings.output == "parquet" and path in ("", "-", "stdout"):
        raise UsageError("Parquet is for files", hint="write -f FILE.parquet")
    return settings.output


# --- what to run --------------------------------------------------------------------------------------------------


def statement_text(invocation: Invocation, console: Console) -> str:
    """The statements from the argument, a file or standard input; exactly one of them."""
    given = list(invocation.arguments)
    file = invocation.values.get("infile", "")
    if len(given) + bool(file) > 1:
        what = "a statement and --infile" if file else f"{len(given)} arguments"
        raise UsageError(f"exec takes one text, and {what} were given", hint='quote it: quaestor exec "SELECT …"')
    if not given and not file:
        raise UsageError(
            "exec needs a statement", hint='write quaestor exec "SELECT …", -i FILE, or - for standard input'
        )
    if file:
        return _read_standard_input(console) if file in ("-", "stdin") else _read(file, "--infile")
    if given[0] == "-":
        return _read_standard_input(console)
    if not _is_unicode(given[0]):
        raise UsageError("the statement is not valid UTF-8")
    return given[0]


def _read_standard_input(console: Console) -> str:
    return _decoded(console.stdin.read(), "standard input")


def _read(path: str, flag: str) -> str:
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise UsageError(f"can't read {flag} {path}: {error.strerror or error}") from error
    return _decoded(data, f"{flag} {path}")


def _decoded(data: bytes, what: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} is not UTF-8: byte {error.start} is {data[error.start]:#04x}") from error


def _is_unicode(text: str) -> bool:
    """Whether an argument was valid in the locale's encoding (PEP 383 makes lone surrogates of what wasn't)."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def template_variables(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values for `{{ name }}`: of `--iqldata`, and over them those of `--var`."""
    variables: dict[str, Any] = {}
    path = values.get("iqldata", "")
    if path:
        variables.update(_read_json_object(path))
    variables.update({name: _typed(text) for name, text in values.get("var", {}).items()})
    return variables


def _typed(text: str) -> str | int | float | bool:
    """The number or boolean that a value of `--var` is written as, so that a bare `{{ n }}` is one; else the text.

    Only if it would be written just so again: inside quotes, `'{{ n }}'` then stays what was typed.
    """
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if repr(value) == text and value - value == 0:
            return value
    return text


def _read_json_object(path: str) -> dict[str, Any]:
    import json

    if path.endswith(".jsonnet"):
        raise UsageError(
            "--iqldata: jsonnet is not there yet",
            hint="evaluate it first: jsonnet FILE > data.json, then -q data.json",
        )
    try:
        document = json.loads(_read(path, "--iqldata"))
    except ValueError as error:
        raise UsageError(f"--iqldata {path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UsageError(f"--iqldata {path} holds no object", hint='write {"name": "value"}')
    return document


# --- with what ----------------------------------------------------------------------------------------------------


def environment(values: Mapping[str, Any], console: Console) -> Mapping[str, str]:
    """The environment, completed by `--env.file`; what is set already stays."""
    path = values.get("env_file", "")
    return {**read_env_file(path), **console.env} if path else console.env


#: Flags whose values `load_settings` takes as they are.
_SETTINGS = (
    "output", "delimiter", "header", "stats", "error_format", "deadline_s", "request_timeout_s", "max_wait_s",
    "max_requests", "concurrency", "api_reserve", "fill_parents", "pushdown", "partial", "ca_bundle", "endpoints",
    "workspace", "registry",
    "read_only", "dry_run_writes", "all_rows", "max_writes", "on_error", "write_concurrency",
    "allow_local_exec",
)  # fmt: skip


def setting_flags(values: Mapping[str, Any]) -> dict[str, Any]:
    """The flags that set a setting, under its name."""
    flags = {name: values[name] for name in _SETTINGS if name in values}
    pages = values.get("max_pages")
    if pages is not None:  # StackQL's -1 is no bound either
        flags["max_pages"] = "0" if pages.startswith("-") and pages[1:].isdigit() else pages
    if any(name.startswith("proxy_") for name in values):
        flags["proxy"] = _proxy(values)
    return flags


def _proxy(values: Mapping[str, Any]) -> Any:
    from quaestor.secrets import Secret

    missing = next((part for part in ("host", "port") if not values.get(f"proxy_{part}")), "")
    if missing:
        raise UsageError(f"a proxy needs --http.proxy.{missing} too")
    url = f"{values.get('proxy_scheme', 'http')}://{values['proxy_host']}:{values['proxy_port']}"
    proxy = check_proxy(url, "--http.proxy.host")
    password = values.get("proxy_password", "")
    return replace(proxy, user=values.get("proxy_user", ""), password=Secret(password) if password else None)


def read_auth(text: str, console: Console) -> dict[str, Any]:
    """StackQL's `--auth` map in JSON or YAML. Warns of secrets in it, which every user of the machine can see."""
    if not text:
        return {}
    try:
        auth = document.parse(text, "--auth")
    except CatalogError as error:
        raise UsageError(
            error.message, hint='write {"okta": {"type": "api_key", "credentialsenvvar": "OKTA_API_TOKEN"}}'
        ) from error
    if not all(isinstance(context, dict) for context in auth.values()):
        raise UsageError("--auth is a map of provider names to objects")
    if any(map(_holds_secret, auth.values())):
        console.note(
            "warning: a secret on the command line can be seen by every user of this machine (ps): name an "
            "environment variable with credentialsenvvar instead"
        )
    return auth


def _holds_secret(context: dict[str, Any]) -> bool:
    """Whether a context, or one that follows it (`successor`), holds a secret itself."""
    following = (value for value in context.values() if isinstance(value, dict))
    return any(context.get(key) for key in INLINE_SECRETS) or any(map(_holds_secret, following))


#: Flags that say what the sandbox is like.
REHEARSED = ("seed", "scale", "faults", "limits", "latency", "cassette")


def open_connection(
    values: Mapping[str, Any], settings: Settings, env: Mapping[str, str], catalog: Catalog, console: Console
) -> Connection:
    """A connection to the providers, or to the embedded sandbox."""
    lean.this_process_is_ours()
    if not values.get("sandbox"):
        alone = next((f"--{name}" for name in REHEARSED if name in values), "")
        if alone:
            raise UsageError(f"{alone} is about the sandbox", hint="add --sandbox")
        return quaestor.connect(settings, env=env, catalog=catalog, notify=console.note)
    if settings.endpoints:
        raise UsageError("--sandbox and --endpoint both say where requests go", hint="leave one of them out")
    options = {name: values[name] for name in REHEARSED if name in values}
    connection: Connection = load("sandboxed").connect(settings, catalog, notify=console.note, **options)
    return connection


# --- what comes out -----------------------------------------------------------------------------------------------


def open_output(values: Mapping[str, Any], console: Console) -> Output:
    """Where results go."""
    path = values.get("outfile", "")
    if path and path not in ("-", "stdout"):
        if values.get("stream"):
            raise UsageError("--stream is for standard output", hint="--outfile is written when all is complete")
        return File(path)
    if console.out_is_terminal or values.get("stream"):
        return Direct(console.stdout, console.out_is_terminal)
    return Spool(console.stdout)


def layout(settings: Settings, console: Console, to_file: bool) -> Layout:
    """How results look there."""
    terminal = console.out_is_terminal and not to_file
    return Layout(
        output=settings.output,
        delimiter=settings.delimiter,
        header=settings.header,
        width=console.width() if terminal else 0,
        terminal=terminal,
        unicode=not terminal or console.draws_boxes(),
        styled=console.styles(terminal),
    )


def _statements(
    results: Iterator[Result],
    interrupt: Callable[[], bool],
    keep_going: bool,
    shape: Layout,
    settings: Settings,
    console: Console,
    output: Output,
) -> int:
    """Run one statement after the other; the exit code. `interrupt` stops a write between two rows."""
    code, count = 0, 0
    while True:
        try:
            result = _started(results, interrupt)
            if result is None:
                break
            with result:
                code = write(result, shape, settings, console, output) or code
        except QuaestorError as error:
            if isinstance(error, PartialWriteError) and error.returned is not None:
                with error.returned as returned:  # what it gives of the rows done may be had once only: secrets
                    write(returned, shape, settings, console, output)
            if error.exit_code == Cancelled.exit_code or not keep_going:
                raise
            console.error(error)
            code = code or error.exit_code
        count += 1
    if not count:
        raise UsageError("there is no statement in the text", hint='write quaestor exec "SELECT …"')
    return code


def _started(results: Iterator[Result], interrupt: Callable[[], bool]) -> Result | None:
    """The next statement's result; a write is done when it is there, and the first Ctrl-C ends it in order."""

    def stop() -> None:
        if not interrupt():  # nothing is being written
            raise KeyboardInterrupt

    interrupts = Interrupts(stop)
    try:
        return next(results, None)
    finally:
        interrupts.restore()


def _pieces(result: Result, shape: Layout, output: Output) -> Iterator[str] | Iterator[bytes]:
    """The result in the format that is asked for."""
    if shape.output != "parquet":
        return render(result.columns, result.batches(), shape)
    if isinstance(output, File) and output.holds_results:
        raise UsageError("a Parquet file holds one result", hint="COPY (SELECT …) TO 'file' gives each its own")
    return parquet(result.columns, result.batches())


def write(result: Result, shape: Layout, settings: Settings, console: Console, output: Output) -> int:
    """Write one result. The exit code is 0 if it is complete."""
    progress = Progress(console, result.stats)
    interrupts = Interrupts(result.cancel)
    try:
        if result.columns:
            for piece in _pieces(result, shape, output):
                if shape.terminal:  # the rows tell how far it is
                    progress.stop()
                output.write(piece)
            progress.stop()
            if result.failures and (shape.output == "table" or shape.terminal):
                output.write(f"INCOMPLETE: {len(result.failures):,} failed, see quaestor.failures\n")
            output.commit()
    except BaseException:
        progress.stop()
        output.abandon()
        raise
    finally:
        interrupts.restore()
    if result.message:
        console.note(result.message)
    if settings.stats:
        console.took(result.stats)
    if not result.failures:
        return 0
    error = IncompleteError(len(result.failures), result.failures[0].message)
    console.error(error)
    return error.exit_code
