"""Settings: where they come from, which one wins, and what is said about those that can't be used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from quaestor.config import (
    CredentialReference,
    OAuthSettings,
    Settings,
    check_endpoint,
    check_proxy,
    config_path,
    document_roots,
    load_settings,
    read_env_file,
)
from quaestor.errors import UsageError
from quaestor.secrets import Secret


def write(path: Path, text: str, mode: int = 0o600) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


def test_flags_before_environment_before_file(tmp_path: Path) -> None:
    file = write(tmp_path / "q.toml", 'output = "csv"\nmax_requests = 7\nconcurrency = 3\n')
    env = {"QUAESTOR_OUTPUT": "jsonl", "QUAESTOR_MAX_REQUESTS": "8"}
    settings = load_settings({"output": "json"}, env, file)
    assert (settings.output, settings.max_requests, settings.concurrency) == ("json", 8, 3)


def test_nothing_given_is_the_defaults(tmp_path: Path) -> None:
    assert load_settings({}, {"XDG_CONFIG_HOME": str(tmp_path)}) == Settings()


def test_where_the_file_is(tmp_path: Path) -> None:
    assert config_path("a.toml", {"QUAESTOR_CONFIG": "b.toml"}) == ("a.toml", True)
    assert config_path("", {"QUAESTOR_CONFIG": "~/b.toml", "HOME": "/h"}) == ("/h/b.toml", True)
    assert config_path("", {"XDG_CONFIG_HOME": "/x", "HOME": "/h"}) == ("/x/quaestor/config.toml", False)
    assert config_path("", {"HOME": "/h"}) == ("/h/.config/quaestor/config.toml", False)
    assert config_path("", {"XDG_CONFIG_HOME": "relative", "HOME": "/h"}) == (
        "/h/.config/quaestor/config.toml",
        False,
    )


def test_the_working_directory_has_no_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("quaestor.toml", "config.toml", ".quaestor.toml"):
        write(tmp_path / name, 'output = "csv"\n')
    assert load_settings({}, {"HOME": str(tmp_path / "home")}).output == "table"


def test_the_default_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "quaestor").mkdir()
    write(tmp_path / "quaestor" / "config.toml", "stats = true\n")
    assert load_settings({}, {"XDG_CONFIG_HOME": str(tmp_path)}).stats is True


def test_connections(tmp_path: Path) -> None:
    file = write(
        tmp_path / "q.toml",
        """
[connections.okta]
variables = { subdomain = "acme" }
credentials.OKTA_API_TOKEN = { value = "00secret" }

[connections.preview]
provider = "okta"
domain = "Login.Acme.com"
[connections.preview.credentials]
OKTA_API_TOKEN = { env = "PREVIEW_TOKEN" }

[connections.local]
provider = "datadog"
endpoint = "http://127.0.0.1:8080/"
""",
    )
    settings = load_settings({"endpoints": {"datadog": "https://proxy.example"}}, {}, file)
    okta, preview, local = (settings.connections[name] for name in ("okta", "preview", "local"))
    assert (okta.provider, okta.variables) == ("okta", {"subdomain": "acme"})
    assert okta.credentials["OKTA_API_TOKEN"].read({}).reveal() == "00secret"
    assert "00secret" not in repr(settings)
    assert (preview.provider, preview.domain) == ("okta", "login.acme.com")
    assert preview.credentials["OKTA_API_TOKEN"].read({"PREVIEW_TOKEN": "t"}).reveal() == "t"
    assert local.endpoint == "http://127.0.0.1:8080"
    # the flag names the provider, so it goes for each of its connections, and before the file
    assert settings.endpoint("local", "datadog") == "https://proxy.example"
    assert settings.endpoint("okta", "okta") == ""
    assert settings.connection("okta") is okta
    assert settings.connection("other") is None


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('output = "csv"\noutput = ', 2, "not TOML"),
        ('outptu = "csv"', 1, "there is no setting 'outptu'"),
        ('\noutput = "xml"', 2, "there is no 'xml'"),
        ("output = 3", 1, "output is text"),
        ("max_requests = 0", 1, "max_requests is at least 1"),
        ("max_requests = 1.5", 1, "a whole number"),
        ("max_requests = true", 1, "a whole number"),
        ('stats = "perhaps"', 1, "true or false"),
        ("deadline_s = -1", 1, "at least 0"),
        ("deadline_s = nan", 1, "a number of seconds"),
        ('delimiter = ",,"', 1, "one character"),
        ('ca_bundle = "absent.pem"', 1, "there is no file absent.pem"),
        ('proxy = "proxy:3128"', 1, "not a proxy's URL"),
        ("connections = 3", 1, "connections are tables"),
        ("[connections]\nokta = 3", 2, "a connection is a table"),
        ('[connections."my-org"]\nprovider = "okta"', 1, "letters, digits and _"),
        ('[connections.okta]\nsubdomain = "acme"', 1, "no setting 'subdomain'"),
        ("[connections.okta]\nprovider = 3", 1, "provider of connection okta is text"),
        ("[connections.okta]\nvariables = 3", 1, "variables of connection okta is a table"),
        ("[connections.okta]\nvariables = { port = 3 }", 1, "put it in quotes"),
        ('[connections.okta]\ndomain = "https://acme.com"', 1, "not a host name"),
        ('[connections.okta]\nendpoint = "http://acme.com"', 1, "plain http is allowed to this machine only"),
        ('[connections.okta]\ncredentials.T = "x"', 1, "needs one source"),
        ('[connections.okta]\ncredentials.T = { env = "A", file = "b" }', 1, "needs one source"),
        ('[connections.okta]\ncredentials.T = { vault = "A" }', 1, "needs one source"),
    ],
)
def test_a_wrong_file_is_named_with_its_line(tmp_path: Path, text: str, line: int, says: str) -> None:
    file = write(tmp_path / "q.toml", text)
    with pytest.raises(UsageError) as caught:
        load_settings({}, {}, file)
    assert says in caught.value.message
    assert file in caught.value.message
    assert f"line {line}" in caught.value.message
    assert caught.value.exit_code == 2


def test_hints_say_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_settings({}, {}, write(tmp_path / "a.toml", "max_request = 3\n"))
    assert "max_requests" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        load_settings({}, {}, write(tmp_path / "b.toml", '[connections.okta]\nsubdomain = "acme"\n'))
    assert 'variables = { subdomain = "…" }' in caught.value.hint


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_settings({}, {}, str(tmp_path / "absent.toml"))
    with pytest.raises(UsageError, match="directory"):
        load_settings({}, {"QUAESTOR_CONFIG": str(tmp_path)})
    (tmp_path / "latin.toml").write_bytes(b'output = "\xe9"')
    with pytest.raises(UsageError, match="not UTF-8 at byte 10"):
        load_settings({}, {}, str(tmp_path / "latin.toml"))


def test_a_secret_in_a_file_that_others_read_is_refused(tmp_path: Path) -> None:
    text = '[connections.okta]\ncredentials.OKTA_API_TOKEN = { value = "00canary" }\n'
    with pytest.raises(UsageError) as caught:
        load_settings({}, {}, write(tmp_path / "q.toml", text, 0o644))
    assert "others can read it" in caught.value.message
    assert "chmod 600" in caught.value.hint
    assert "00canary" not in str(caught.value.to_dict())


def test_the_environment_is_checked_too() -> None:
    with pytest.raises(UsageError, match="QUAESTOR_MAX_REQUESTS is a whole number, not 'many'"):
        load_settings({}, {"QUAESTOR_MAX_REQUESTS": "many", "HOME": "/nonexistent"})
    with pytest.raises(UsageError, match=r"--timeout is a number of seconds, not 'soon'"):
        load_settings({"deadline_s": "soon"}, {"HOME": "/nonexistent"})


def test_credentials_are_read_where_they_are(tmp_path: Path) -> None:
    file = write(tmp_path / "token", "00abc\n")
    assert CredentialReference(file=file).read({}).reveal() == "00abc"
    assert CredentialReference(file="~/token").read({"HOME": str(tmp_path)}).reveal() == "00abc"
    assert CredentialReference(value=Secret("x")).read({}).reveal() == "x"
    with pytest.raises(UsageError, match="MY_TOKEN is not set"):
        CredentialReference(env="MY_TOKEN").read({})
    with pytest.raises(UsageError, match="No such file"):
        CredentialReference(file=str(tmp_path / "absent")).read({})
    with pytest.raises(UsageError, match="is empty"):
        CredentialReference(file=write(tmp_path / "empty", " \n")).read({})


@pytest.mark.parametrize(
    ("given", "endpoint"),
    [
        ("https://api.example.com", "https://api.example.com"),
        ("https://api.example.com:8443/", "https://api.example.com:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.9.0.1", "http://127.9.0.1"),
        ("http://127.0.0.1:8080/okta/", "http://127.0.0.1:8080/okta"),
        ("http://localhost:1", "http://localhost:1"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
    ],
)
def test_endpoints(given: str, endpoint: str) -> None:
    assert check_endpoint(given, "--endpoint okta") == endpoint


@pytest.mark.parametrize(
    "given",
    [
        "",
        "okta",
        "127.0.0.1:8080",
        "ftp://host",
        "https://",
        "https://host/a b",
        "https://host/../x",
        "https://host/%2e",
        "https://host?x=1",
        "https://host#x",
        "https://user@host",
        "https://user:canary@host",
        "https://host:",
        "https://host:0",
        "https://host:70000",
        "https://host:8a",
        "https://ho st",
        "https://-host",
        "https://höst",
        "https://host\\@evil.com",
        "http://127.0.0.1.evil.com",
        "http://127.0.0.999",
        "http://localhost.evil.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
    ],
)
def test_what_is_no_endpoint(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_endpoint(given, "--endpoint okta")
    assert "canary" not in caught.value.message


def test_proxies() -> None:
    proxy = check_proxy("http://jo%40x:pa%3Ass@proxy.acme.com:3128", "proxy")
    assert (proxy.url, proxy.user) == ("http://proxy.acme.com:3128", "jo@x")
    assert proxy.password is not None
    assert proxy.password.reveal() == "pa:ss"
    assert "pa:ss" not in repr(proxy)
    assert check_proxy("https://10.0.0.1:80", "proxy").password is None
    for wrong in ("http://proxy", "socks5://proxy:1", "http://u:canary@", "http://proxy:port"):
        with pytest.raises(UsageError) as caught:
            check_proxy(wrong, "proxy")
        assert "canary" not in caught.value.message


def test_a_dotenv_file(tmp_path: Path) -> None:
    file = write(
        tmp_path / ".env",
        """# tokens
OKTA_SUBDOMAIN=acme
export OKTA_API_TOKEN = 00abc # the token
QUOTED="a \\"b\\"\\n#c" # remark
SINGLE='a\\n $HOME # b'
EMPTY=
URL=https://x/#frag

""",
    )
    assert read_env_file(file) == {
        "OKTA_SUBDOMAIN": "acme",
        "OKTA_API_TOKEN": "00abc",
        "QUOTED": 'a "b"\n#c',
        "SINGLE": "a\\n $HOME # b",
        "EMPTY": "",
        "URL": "https://x/#frag",
    }


@pytest.mark.parametrize("line", ["canary", "my-name=canary", "=canary", "A='canary", 'A="canary" x', "A B=canary"])
def test_a_wrong_line_of_a_dotenv_file_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    file = write(tmp_path / ".env", f"A=1\n{line}\n")
    with pytest.raises(UsageError, match="line 2: not of the form NAME=value") as caught:
        read_env_file(file)
    assert "canary" not in str(caught.value.to_dict())


def test_a_dotenv_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"can't read --env\.file .*absent: No such file"):
        read_env_file(os.path.join(tmp_path, "absent"))


def test_the_part_that_is_left_to_others(tmp_path: Path) -> None:
    file = write(tmp_path / "q.toml", "api_reserve = 0.25\n")
    assert load_settings({}, {}, str(file)).api_reserve == 0.25
    assert load_settings({"api_reserve": "0"}, {"QUAESTOR_API_RESERVE": "0.5"}, str(file)).api_reserve == 0
    for wrong in ("1", "-0.1", "nan", "ten", "10%"):
        with pytest.raises(UsageError, match=r"--api-reserve is a part of one, from 0 to 0\.95"):
            load_settings({"api_reserve": wrong}, {}, str(file))


OAUTH = """
[connections.okta.oauth]
client_id = "0oa1"
private_key = { file = "~/.secrets/okta.pem" }
"""


def test_a_connection_that_signs_in_by_oauth(tmp_path: Path) -> None:
    oauth = load_settings({}, {}, str(write(tmp_path / "q.toml", OAUTH))).connections["okta"].oauth
    assert oauth == OAuthSettings("0oa1", CredentialReference(file="~/.secrets/okta.pem"))
    more = 'key_id = "k"\nscopes = ["okta.users.read", "okta.users.read"]\ndpop = false\n'
    oauth = load_settings({}, {}, str(write(tmp_path / "q.toml", OAUTH + more))).connections["okta"].oauth
    assert oauth is not None
    assert (oauth.key_id, oauth.scopes, oauth.dpop) == ("k", ("okta.users.read",), False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (OAUTH.replace("client_id", "client"), "there is no setting 'client'"),
        (OAUTH.replace('client_id = "0oa1"', ""), "client_id is missing"),
        (OAUTH.replace("private_key", "key_id"), "key_id is text"),
        (OAUTH.replace("{ file", "{ path"), "the credential private_key needs one source"),
        (OAUTH.replace('{ file = "~/.secrets/okta.pem" }', '"~/.secrets/okta.pem"'), "private_key is a table"),
        (OAUTH + 'scopes = "okta.users.read"', "scopes is a list of texts"),
        (OAUTH + 'scopes = ["okta.users.read okta.groups.read"]', "scopes is a list of texts"),
        (OAUTH + 'dpop = "yes"', "dpop is true or false"),
        ('[connections.okta]\noauth = "x"', "oauth of connection okta is a table"),
        (OAUTH + '[connections.okta.credentials]\nOKTA_API_TOKEN = { env = "A" }', "by oauth or by credentials"),
    ],
)
def test_what_is_no_oauth(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        load_settings({}, {}, str(write(tmp_path / "q.toml", text)))
    assert "q.toml, line " in caught.value.message


def test_credentials_of_commands_and_keyrings(tmp_path: Path) -> None:
    text = """
[connections.okta]
credentials.OKTA_API_TOKEN = { command = ["pass", "show", "okta"] }
[connections.datadog]
credentials.DD_API_KEY = { keyring = ["datadog", "ada"] }
"""
    known = load_settings({}, {}, str(write(tmp_path / "q.toml", text))).connections
    token = known["okta"].credentials["OKTA_API_TOKEN"]
    key = known["datadog"].credentials["DD_API_KEY"]
    assert (token.command, token.source) == (("pass", "show", "okta"), "the command 'pass'")
    assert (key.keyring, key.source) == (("datadog", "ada"), "the keyring's 'datadog'")
    for wrong in ('command = "pass show okta"', "command = []", 'command = ["pass", 1]', 'keyring = ["datadog"]'):
        body = f"[connections.okta]\ncredentials.OKTA_API_TOKEN = {{ {wrong} }}\n"
        with pytest.raises(UsageError, match="of OKTA_API_TOKEN is a list of texts"):
            load_settings({}, {}, str(write(tmp_path / "q.toml", body)))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ('groups = "x"', "groups are a table"),
        ("[groups]\nall = []", "one at least"),
        ('[groups]\nall = ["okta_e"]', "names okta_e, which is no connection"),
        ('[groups]\nokta_eu = ["okta_eu"]', "is a connection and a group"),
        ('[groups]\na-b = ["okta_eu"]', "letters, digits and _ only"),
    ],
)
def test_groups_that_cannot_be(tmp_path: Path, groups: str, message: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f'{groups}\n[connections.okta_eu]\nprovider = "okta"\n')
    with pytest.raises(UsageError, match=message) as caught:
        load_settings({}, {}, str(path))
    assert f"{path}, line " in caught.value.message


def test_groups(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[groups]\nall = ["okta_eu", "okta_us"]\n[connections.okta_eu]\n[connections.okta_us]\n')
    assert load_settings({}, {}, str(path)).groups == {"all": ("okta_eu", "okta_us")}


def test_where_provider_documents_are(tmp_path: Path) -> None:
    env = {"XDG_DATA_HOME": str(tmp_path)}
    assert document_roots("", env) == ()
    root = tmp_path / "documents"
    root.mkdir()
    assert document_roots(str(root), env) == (str(root),)
    assert document_roots(f"file://{root}", env) == (str(root),)
    assert document_roots(f'{{"url": "file://{root}", "localDocRoot": "{root}"}}', env) == (str(root),)
    pulled = tmp_path / "quaestor" / "registry"
    (pulled / "src").mkdir(parents=True)
    assert document_roots(str(root), env) == (str(pulled), str(root))
    assert document_roots("https://registry.example.com/providers", env) == (str(pulled),)
    with pytest.raises(UsageError, match="no folder"):
        document_roots(str(tmp_path / "nowhere"), env)
    with pytest.raises(UsageError, match="no JSON"):
        document_roots("{", env)
