"""Programs of this machine that a document's methods run (`inline`): off unless `--allow-local-exec` is given.

A command is a list of arguments, each made of its own template: a value stays inside its argument, no shell reads it,
and it can't begin with a dash. The program itself is the document's alone: no value of a statement names it. It gets
no input, none of the environment but what finds programs and speaks a language, and an end: of time and of output.

Before: `fetch.request` asks for the command. After: `fetch.client` has the output as the body of an answer.
Source: StackQL's protocol `local_templated`, https://github.com/stackql/any-sdk.
"""

from __future__ import annotations

import json
import os

from quaestor.errors import (
    BindError,
    Cancelled,
    CatalogError,
    ForbiddenError,
    LimitError,
    ProviderError,
    UsageError,
)
from quaestor.fetch.auth import Authenticator
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.fetch.transforms import gotemplate
from quaestor.fetch.url import Origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from quaestor.catalog.model import Method
    from quaestor.fetch.http import CancelToken

#: The most that a program may write, in bytes.
MAX_OUTPUT = 16 * 1024 * 1024
#: What a program sees of the environment: no credential.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SYSTEMROOT")


def request(method: Method, values: Mapping[str, Any]) -> HttpRequest:
    """The request that stands for running a method's command: its arguments as JSON.

    Raises BindError for a value that can't be an argument, CatalogError for a template that isn't understood.
    """
    given = {p.wire: _text(p.name, values[p.name]) for p in method.parameters if values.get(p.name) is not None}
    missing = next((p.name for p in method.required if p.wire not in given), "")
    if missing:
        raise BindError(f"{method.name} needs {missing}")
    program = gotemplate.execute(gotemplate.parse(method.command[0]), {"parameters": {}}).strip()
    rest = [_argument(template, given) for template in method.command[1:]]
    if not program or "\0" in program:
        raise CatalogError(f"{method.name} names no program")
    body = json.dumps([program, *rest]).encode()
    return HttpRequest("RUN", f"program:{program}", body=body, verb=method.verb, bucket=f"RUN {program}")


def _text(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    if "\0" in text:
        raise BindError(f"{name} has a character that no argument of a program can have")
    if isinstance(value, str) and text.startswith("-"):
        raise BindError(f"{name} can't begin with a dash: the program would take it for an option", hint="'./-name'")
    return text


def _argument(template: str, given: Mapping[str, str]) -> str:
    return gotemplate.execute(gotemplate.parse(template.strip()), {"parameters": dict(given)})


class Unsigned(Authenticator):
    """Programs need no credential, and get none."""

    def __init__(self) -> None:
        super().__init__(Origin("https", "localhost", 443))

    def sign(self, request: HttpRequest, method: Method | None = None) -> HttpRequest:
        """The request as it is."""
        return request


class Programs:
    """Carries requests of `request` by running them; a `Transport`. `is_allowed` is the user's word.

    Args:
        timeout_s: what one program may take.
    """

    def __init__(self, *, is_allowed: bool, timeout_s: float) -> None:
        if not is_allowed:
            raise ForbiddenError(
                "this method runs a program of this machine, which documents of other people are not let do",
                hint="if you trust the document, read its `inline`, and give --allow-local-exec",
            )
        self._timeout_s = timeout_s

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        """What the program writes, as the body of a success. Raises ProviderError where it isn't there or ends with
        another code than 0, LimitError for too much output or time, Cancelled."""
        arguments = json.loads(request.body or b"[]")
        code, output, said = self._run(arguments, cancel)
        if code:
            text = said.decode("utf-8", "replace").strip()[:500]
            raise ProviderError(f"{arguments[0]} ended with code {code}: {text or 'it says nothing'}")
        return HttpResponse(200, (), output, request.url)

    def _run(self, arguments: list[str], cancel: CancelToken) -> tuple[int, bytes, bytes]:
        import subprocess
        import tempfile

        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as said:
            try:
                process = subprocess.Popen(
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=said,
                    env=environment,
                    start_new_session=True,
                )
            except OSError as error:
                raise UsageError(f"can't run {arguments[0]}: {error.strerror or error}") from error
            try:
                self._wait(process, (output.fileno(), said.fileno()), cancel)
            finally:
                if process.poll() is None:
                    _end(process.pid)
                    process.wait()
            if _size(output.fileno()) > MAX_OUTPUT:
                raise _too_much(arguments[0])
            output.seek(0)
            said.seek(0)
            return process.returncode, output.read(), said.read(4096)

    def _wait(self, process: Any, files: tuple[int, int], cancel: CancelToken) -> None:
        """Until the program ends, looked at some times a second. Raises for one that writes or takes too much."""
        import subprocess
        import time

        end = min(time.monotonic() + self._timeout_s, cancel.deadline)
        while True:
            try:
                process.wait(0.02)
                return
            except subprocess.TimeoutExpired:
                if cancel.cancelled:
                    raise Cancelled("the statement was cancelled") from None
                if any(_size(file) > MAX_OUTPUT for file in files):
                    raise _too_much(process.args[0]) from None
                if time.monotonic() > end:
                    raise LimitError(
                        f"{process.args[0]} takes longer than it may", hint="--apirequesttimeout"
                    ) from None

    def close(self) -> None:
        """Nothing stays open."""


def _too_much(program: str) -> LimitError:
    return LimitError(f"{program} writes more than {MAX_OUTPUT:,} bytes")


def _size(file: int) -> int:
    return os.fstat(file).st_size


def _end(pid: int) -> None:
    """Kill a program and what it has started: it leads a session of its own."""
    import signal
    from contextlib import suppress

    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
