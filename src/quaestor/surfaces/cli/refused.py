"""StackQL's flags and commands that are not accepted here, each with the reason.

Nothing is accepted and ignored: a script that sets one of these learns what happens instead. `options` looks here
when a flag is not one of ours; `docs/compatibility.md` lists the same, held together by `tests/docs`.
"""

from __future__ import annotations

_SERVER = "the PostgreSQL server is not there yet"
_MCP = "the MCP server is not there yet"
_BACKEND = "SQLite inside this process is the only engine, and it needs no setting"
_NO_BOUND = "joins and nesting have no such bound here"
_CACHE = "provider documents are compiled once, and there is nothing to tune"

#: Flag → (why it is not accepted, what to do instead; the latter may be empty).
FLAGS: dict[str, tuple[str, str]] = {
    "--approot": ("there is no such folder: settings and cache follow the XDG base directories", "use --config FILE"),
    "--approotfilemode": ("there is no such folder: settings and cache follow the XDG base directories", ""),
    "--configfile": ("settings are TOML here, not Java properties", "use --config FILE"),
    "--verbose": ("it has no effect in StackQL either", "use --stats for what a statement took"),
    "-v": ("it has no effect in StackQL either", "use --stats for what a statement took"),
    "--provider": ("there is no prompt that it could be a hint for", ""),
    "--offline": ("the built-in providers are always read from this machine", "leave it out"),
    "--loglevel": ("there is no log: messages go to stderr, and every one matters", "use --stats, or --debug"),
    "--http.log.enabled": (
        "a log of requests is not there yet",
        "EXPLAIN lists the requests of a statement, --stats counts those that were made",
    ),
    "--http.response.maxResults": (
        "the page size is the largest that the method allows",
        'bind the method\'s own parameter in WHERE, such as "limit" = 50',
    ),
    "--dataflow.dependency.max": (_NO_BOUND, "--max-requests bounds what a statement may do"),
    "--dataflow.components.max": (_NO_BOUND, "--max-requests bounds what a statement may do"),
    "--indirect.depth.max": (_NO_BOUND, ""),
    "--querycachesize": (_CACHE, ""),
    "--cachekeycount": (_CACHE, ""),
    "--metadatattl": (_CACHE, ""),
    "--sqlBackend": (_BACKEND, ""),
    "--dbInternal": (_BACKEND, ""),
    "--namespaces": ("caching of results is not there yet", ""),
    "--store.txn": ("nothing of a transaction is stored: it ends with the session", ""),
    "--gc": (_BACKEND, ""),
    "--acid": ("BEGIN, COMMIT and ROLLBACK need no setting", ""),
    "--session": ("BEGIN, COMMIT and ROLLBACK need no setting; nothing is undone by itself", ""),
    "--export.alias": (_BACKEND, ""),
    "--usenonpreferredapis": ("every service of a provider is listed", "leave it out"),
    "--tls.allowInsecure": (
        "certificates are always verified, since the request carries your credential",
        "trust the server's authority with --tls.CABundle FILE",
    ),
    "--cpuprofile": ("profiling is done from outside", "run python -m cProfile -m quaestor exec …"),
    "--colorscheme": ("StackQL itself has given it up", "set NO_COLOR for no styles"),
    "--toggle": ("it has no meaning in StackQL either", ""),
    "-t": ("it has no meaning in StackQL either", ""),
    "--pgsrv.address": (_SERVER, ""),
    "--pgsrv.port": (_SERVER, ""),
    "--pgsrv.tls": (_SERVER, ""),
    "--pgsrv.loglevel": (_SERVER, ""),
    "--pgsrv.debug.enable": (_SERVER, ""),
    "--pgsrv.sundry": (_SERVER, ""),
    "--mcp.server.type": (_MCP, ""),
    "--mcp.config": (_MCP, ""),
    "--preview": ("StackQL's preview features are its own", ""),
    "--errorPresentation": ("errors go to stderr, and the exit code tells", "use --error-format json for programs"),
    "--testwithoutapicalls": (
        "it is a switch for StackQL's own tests",
        "use --sandbox for answers without an account",
    ),
    "--viperconfigfilename": ("settings are TOML here", "use --config FILE"),
}

#: Command → (why it is not accepted, what to do instead).
COMMANDS: dict[str, tuple[str, str]] = {
    "shell": ("the interactive shell is not there yet", "use quaestor exec"),
    "srv": (_SERVER, "use quaestor exec, or quaestor.connect() in Python"),
    "mcp": (_MCP, "use quaestor exec"),
}
