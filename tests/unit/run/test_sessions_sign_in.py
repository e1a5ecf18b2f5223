"""Sign-in of a whole session: configuration file, connection, statement, organisation on a socket."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.unit.fetch.okta_org import CLIENT, OTHER, RSA, Org, Served, pem

import quaestor
from quaestor.config import load_settings
from quaestor.errors import AuthError, UsageError

SELECT = "SELECT id FROM okta.users.users WHERE filter = 'status eq \"ACTIVE\"'"


def config(tmp_path: Path, url: str, key: str, more: str = "") -> str:
    (tmp_path / "okta.pem").write_text(key)
    file = tmp_path / "q.toml"
    file.write_text(
        f'[connections.okta]\nendpoint = "{url}"\n'
        f'[connections.okta.oauth]\nclient_id = "{CLIENT}"\n'
        f'private_key = {{ file = "{tmp_path / "okta.pem"}" }}\n{more}'
    )
    return str(file)


def test_a_select_with_a_service_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    org = Org(time.time, dpop=True, api_nonce=True)
    with Served(org) as served:
        settings = load_settings({}, {}, config(tmp_path, served.url, pem(RSA)))
        with quaestor.connect(settings, env={}) as db:
            assert list(db.sql(SELECT)) == [("1",)]
            assert list(db.sql(SELECT)) == [("1",)]
    assert org.asked == ["okta.users.read"]
    assert not os.path.exists(tmp_path / "cache" / "quaestor" / "limits")


def test_a_wrong_key_names_what_to_do(tmp_path: Path) -> None:
    with Served(Org(time.time)) as served:
        settings = load_settings({}, {}, config(tmp_path, served.url, pem(OTHER)))
        with quaestor.connect(settings, env={}) as db, pytest.raises(AuthError, match="invalid_client") as caught:
            list(db.sql(SELECT))
    assert f"the key from {tmp_path}/okta.pem" in caught.value.hint


def test_a_key_that_is_none_ends_it_before_any_request(tmp_path: Path) -> None:
    org = Org(time.time)
    with Served(org) as served:
        settings = load_settings({}, {}, config(tmp_path, served.url, "00token"))
        with quaestor.connect(settings, env={}) as db, pytest.raises(UsageError, match="neither PEM nor a JWK"):
            list(db.sql(SELECT))
    assert (org.token_requests, org.api_requests) == (0, 0)


def test_stackqls_client_credentials() -> None:
    org = Org(time.time, secret="s3cret")
    with Served(org) as served:
        entry = {
            "type": "oauth2",
            "grant_type": "client_credentials",
            "token_url": f"{served.url}/oauth2/v1/token",
            "client_id": CLIENT,
            "client_secret_env_var": "SECRET",
        }
        with quaestor.connect(endpoints={"okta": served.url}, auth={"okta": entry}, env={"SECRET": "s3cret"}) as db:
            assert list(db.sql(SELECT)) == [("1",)]


def test_who_signs_in_by_token_loads_nothing_of_it() -> None:
    code = (
        "import sys; from quaestor.surfaces.cli.main import main\n"
        "main(['exec', '--sandbox', '-o', 'csv', 'SELECT id FROM okta.users.users LIMIT 1'])\n"
        "print(sorted({'jwt', 'cryptography', 'keyring', 'subprocess', 'quaestor.fetch.oauth', "
        "'quaestor.fetch.signing', 'fcntl'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
