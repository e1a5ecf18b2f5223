"""The provider pages worked through as a person would: `python -m tests.writes.seed_pages` prints all of it.

Every statement that the four Okta pages print is taken out of the page when this runs, its placeholders get values,
the path parameters that the page forgot are added, and `quaestor exec` runs it against a served sandbox, through a
proxy that knows nothing of any catalog. The Datadog page prints no SQL, but JSON: five statements, one for each of
its operations, with values of the page's examples; and its error bodies are answered as they stand there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.compiled import compiled_cache
from tests.writes.proxy import Proxy, Seen, recording, saying

import quaestor

SEEDS = Path(__file__).parents[3] / "shared" / "data" / "seeds"
#: By their first digits; 002 is 001 as a browser shows it.
OKTA_PAGES = ("000", "001", "003")
DATADOG_PAGE = "004"
#: What the pages forgot, by the beginning of a statement without its blanks; none where it runs as printed.
FORGOTTEN = {
    ("001", "SELECT"): ("appId",),
    ("001", "UPDATE okta.apps.connections"): ("appId",),
    ("001", "EXEC okta.apps.connections.activate_"): ("appId",),
    ("001", "EXEC okta.apps.connections.deactivate_"): ("appId",),
    ("001", "EXEC okta.apps.connections.verify_"): ("appName", "appId"),
    ("000", "DELETE"): ("apiServiceId",),
    ("003", "SELECT"): ("identitySourceId",),
    ("003", "INSERT"): ("identitySourceId",),
    ("003", "DELETE"): ("identitySourceId", "sessionId"),
}
#: The second SELECT of a page is its "get": with the item's key it is.
ITEM_KEYS = {"000": "apiServiceId", "003": "sessionId"}
ERRORS = (("Bad Request", 400), ("Forbidden", 403), ("Not Found", 404), ("Too many requests", 429))
SCALE = {"users": 20, "groups": 8}


@dataclass
class Step:
    """A statement that was run."""

    page: str
    title: str
    text: str
    code: int = 0
    out: str = ""
    err: str = ""
    requests: list[Seen] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """What is printed of it."""
        sent = [f"  proxy  {line}" for seen in self.requests for line in str(seen).split("\n")]
        said = [f"  stdout {line}" for line in self.out.splitlines()]
        said += [f"  stderr {line}" for line in self.err.splitlines()]
        return [
            f"=== page {self.page}, {self.title}",
            *(f"  {line}" for line in self.text.splitlines()),
            *(sent or ["  proxy  no request"]),
            *said,
            f"  exit   {self.code}",
        ]


def page(number: str) -> str:
    """The text of a seed page. Raises FileNotFoundError where the shared data isn't there."""
    found = sorted(SEEDS.glob(f"{number}_*.txt"))
    if not found:
        raise FileNotFoundError(f"no seed page {number} in {SEEDS}")
    return found[0].read_text(encoding="utf-8")


def printed(text: str) -> list[str]:
    """The SQL that a page prints, each statement as it stands there."""
    return [found.strip() for found in re.findall(r"```sql\n(.*?)```", text, re.DOTALL)]


def with_parameters(text: str, names: tuple[str, ...]) -> str:
    """A statement with further parameters, written as the page writes `subdomain`."""
    for name in names:
        if text.startswith("EXEC"):
            text = re.sub(r"\n@", f"\n@{name}='{{{{ {name} }}}}',\n@", text, count=1)
        elif text.startswith("INSERT"):
            text = re.sub(r"subdomain\n\)", f"{name},\nsubdomain\n)", text)
            text = text.replace("'{{ subdomain }}'\n", f"'{{{{ {name} }}}}',\n'{{{{ subdomain }}}}'\n")
        else:
            text = re.sub(
                r"(WHERE\s+subdomain = '\{\{ subdomain \}\}' --\s?required)",
                rf"\1\nAND {name} = '{{{{ {name} }}}}'",
                text,
            )
    return text


class Desk:
    """A terminal at which statements are typed, with a proxy that looks on."""

    def __init__(self, home: str, proxy: Proxy, endpoint: str) -> None:
        self._home = home
        self.proxy = proxy
        self._endpoint = endpoint
        self.values: dict[str, str] = {}
        self.apps: dict[str, str] = {}  # the key of one application of each kind
        compiled_cache(Path(home) / "cache" / "quaestor")

    def run(self, number: str, title: str, text: str, *options: str) -> Step:
        """The statement as `quaestor exec` runs it."""
        step = Step(number, title, text)
        self.proxy.taken()
        wanted = re.findall(r"\{\{\s*(\w+)\s*\}\}", text)
        given = [f"{name}={self.values[name]}" for name in dict.fromkeys(wanted)]
        command = [sys.executable, "-m", "quaestor", "exec", text, "-o", "jsonl", *options]
        command += ["--endpoint", f"{self._endpoint}={self.proxy.url}"]
        for value in given:
            command += ["--var", value]
        env = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL", "PYTHONPATH")}
        env |= {"HOME": self._home, "XDG_CACHE_HOME": f"{self._home}/cache", "XDG_DATA_HOME": f"{self._home}/data"}
        env |= {"OKTA_API_TOKEN": "00token", "DD_API_KEY": "api-key", "DD_APP_KEY": "app-key"}
        done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)
        step.code, step.out, step.err = done.returncode, done.stdout, done.stderr
        step.requests = self.proxy.taken()
        return step


def okta() -> Iterator[Step]:
    """Every statement of the Okta pages; those that lack a key as printed too."""
    with (
        tempfile.TemporaryDirectory() as home,
        quaestor.sandbox("okta", scale=SCALE) as sandbox,
        recording(sandbox.endpoints["okta"]) as proxy,
        sandbox.connect() as con,
    ):
        desk = Desk(home, proxy, "okta")
        apps = desk.apps = dict(con.sql("SELECT name, id FROM okta.apps.applications").fetchall())
        desk.values = {
            "subdomain": "my-org",
            "after": "2",  # a cursor that the sandbox takes: the listing from its third row on
            "grantedScopes": '["okta.users.read"]',
            "properties": "{}",
            "type": "my_app_cie",
            "activate": "true",
            "code": "a1",
            "state": "b2",
            "appName": "slack",
            "identitySourceId": apps["custom_identity_source"],
        }
        for number in OKTA_PAGES:
            yield from _okta_page(desk, number)


def _okta_page(desk: Desk, number: str) -> Iterator[Step]:
    statements = printed(page(number))
    writes = [text for text in statements if not text.startswith(("SELECT", "DELETE"))]
    deletes = [text for text in statements if text.startswith("DELETE")]
    reads = [text for text in statements if text.startswith("SELECT")]
    for at, text in enumerate((*writes, *reads, *deletes)):  # what is read is made first, and deleted last
        verb = text.split()[0]
        title = verb if statements.count(text) > 1 else f"{verb} {statements.index(text) + 1}"
        names = next((n for (on, start), n in FORGOTTEN.items() if on == number and text.startswith(start)), ())
        if verb == "SELECT" and at == len(writes) + 1:  # the page's "get": the item's key makes it one
            names = (*names, ITEM_KEYS[number])
        if verb in ("DELETE", "UPDATE", "EXEC") and names:
            yield desk.run(number, f"{title} as printed", text)
        desk.values["appId"] = desk.apps["slack" if "verify_" in text else "salesforce"]
        title = f"{title} with {' and '.join(names)}" if names else f"{title} as printed"
        step = desk.run(number, title, with_parameters(text, names))
        if verb == "INSERT" and step.code == 0:
            desk.values[ITEM_KEYS[number]] = json.loads(step.out.splitlines()[0])["id"]
        yield step


def examples(text: str) -> dict[str, Any]:
    """The JSON that the Datadog page shows, by operation: what is asked, what is answered, and its error bodies."""
    found: dict[str, Any] = {}
    for part in re.split(r"\n(?=(?:GET|POST|PATCH|DELETE)\shttps://)", text)[1:]:
        method = part.split(maxsplit=1)[0]
        key = "LIST" if method == "GET" and "{account_id}" not in part.split("\n", 1)[0] else method
        asked = part.split("\nResponse\n", 1)[0]
        body = re.search(r"^\{$.*?^\}$", asked, re.DOTALL | re.MULTILINE)
        errors = {}
        for title, status in ERRORS:
            literal = re.search(rf"\n{title}\n.*?^(\{{$.*?^\}})$", part, re.DOTALL | re.MULTILINE)
            errors[status] = literal[1] if literal else ""
        found[key] = {"body": json.loads(body[0]) if body else None, "errors": errors}
    return found


TABLE = "datadog.integrations.okta_accounts"


def datadog() -> Iterator[Step]:
    """The five operations of the Datadog page."""
    shown = examples(page(DATADOG_PAGE))
    made, changed = (shown[verb]["body"]["data"]["attributes"] for verb in ("POST", "PATCH"))
    with (
        tempfile.TemporaryDirectory() as home,
        quaestor.sandbox("datadog") as sandbox,
        recording(sandbox.endpoints["datadog"]) as proxy,
    ):
        desk = Desk(home, proxy, "datadog")
        desk.values = {**made, "new_client": changed["client_id"] + "2"}
        values = ", ".join(f"'{{{{ {name} }}}}'" for name in made)
        insert = (
            f"INSERT INTO {TABLE} ({', '.join(made)})\nVALUES ({values})\nRETURNING id, name, type, client_secret;"
        )
        yield desk.run("004", "create, shown only", insert, "--dry-run-writes")
        create = desk.run("004", "create", insert)
        yield create
        desk.values["account_id"] = json.loads(create.out)["id"] if create.code == 0 else "none"
        yield desk.run("004", "list", f"SELECT id, name, domain, type, client_secret FROM {TABLE};")
        get = f"SELECT id, name, client_id, client_secret FROM {TABLE} WHERE account_id = '{{{{ account_id }}}}';"
        yield desk.run("004", "get", get)
        update = desk.run(
            "004",
            "update (auth_method and domain, which PATCH requires, come from the row)",
            f"UPDATE {TABLE} SET client_id = '{{{{ new_client }}}}'\nWHERE account_id = '{{{{ account_id }}}}'\n"
            "RETURNING id, name, auth_method, domain, client_id, type;",
        )
        yield update
        if update.code == 0:  # PATCH answers with another id
            desk.values["account_id"] = json.loads(update.out)["id"]
        yield desk.run("004", "delete", f"DELETE FROM {TABLE} WHERE account_id = '{{{{ account_id }}}}';")
        yield desk.run("004", "delete without its key", f"DELETE FROM {TABLE};")


def datadog_errors() -> Iterator[Step]:
    """What the page's error bodies look like at a terminal, for a read and for a write."""
    shown = examples(page(DATADOG_PAGE))
    statements = {
        "LIST": f"SELECT id, name FROM {TABLE};",
        "DELETE": f"DELETE FROM {TABLE} WHERE account_id = 'f749daaf';",
    }
    with tempfile.TemporaryDirectory() as home:
        yield from _errors(home, shown, statements)


def _errors(home: str, shown: dict[str, Any], statements: dict[str, str]) -> Iterator[Step]:
    for key, text in statements.items():
        for title, status in ERRORS:
            literal = shown[key]["errors"][status]
            headers = {"Content-Type": "application/json"}
            if status == 429:
                headers |= {"X-RateLimit-Limit": "10", "X-RateLimit-Period": "3600", "X-RateLimit-Remaining": "0"}
                headers |= {"X-RateLimit-Reset": "3600"}
            with saying(status, headers, literal.encode()) as proxy:
                step = Desk(home, proxy, "datadog").run("004", f"{status} {title}: {_joined(literal)}", text)
            yield step


def _joined(literal: str) -> str:
    return "".join(line.strip() for line in literal.splitlines())


def main() -> int:
    """Print everything."""
    for steps in (okta(), datadog(), datadog_errors()):
        for step in steps:
            print("\n".join(step.lines), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
