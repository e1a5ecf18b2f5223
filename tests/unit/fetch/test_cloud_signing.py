"""The clouds' ways to sign in: AWS's signatures as botocore itself checks them, Google's and Azure's tokens."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.compiled import compiled_cache

import quaestor
from quaestor.catalog.documents import Layered, open_layered
from quaestor.errors import AuthError, BindError, ForbiddenError, UnsupportedError, UsageError
from quaestor.fetch.aws import scope_of
from quaestor.fetch.cloud import audience_of
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse

botocore_auth = pytest.importorskip("botocore.auth", reason="quaestor[aws] is not installed")
pytest.importorskip("google.auth", reason="quaestor[google] is not installed")
pytest.importorskip("azure.identity", reason="quaestor[azure] is not installed")

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG"}
SIGNED = {"type": "aws_signing_v4", "credentialsenvvar": "AWS_SECRET_ACCESS_KEY", "keyIDenvvar": "AWS_ACCESS_KEY_ID"}


class Carrier:
    def __init__(self, answer: Callable[[HttpRequest], tuple[int, bytes]]) -> None:
        self._answer = answer
        self.seen: list[HttpRequest] = []

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        self.seen.append(request)
        status, body = self._answer(request)
        return HttpResponse(status, (), body, request.url)

    def close(self) -> None:
        pass


def write(root: Path, name: str, url: str, auth: Mapping[str, Any], path: str = "/things", **more: Any) -> Layered:
    """A provider with one list, and the catalog that has it."""
    base = root / "src" / name / "v1.0.0"
    (base / "services").mkdir(parents=True)
    schema = {"type": "object", "properties": {"id": {"type": "string"}}}
    content = {"application/json": {"schema": {"type": "array", "items": schema}}}
    variables = {"region": {"default": "us-east-1"}} if "{region}" in url else {}
    pointer = "#/paths/" + path.replace("/", "~1") + "/get"
    document = {
        "openapi": "3.0.0",
        "info": {"title": "t", "version": "1", **more},
        "servers": [{"url": url, "variables": variables}],
        "paths": {path: {"get": {"responses": {"200": {"description": "", "content": content}}}}},
        "components": {
            "schemas": {},
            "x-stackQL-resources": {
                "things": {
                    "methods": {"list": {"operation": {"$ref": pointer}}},
                    "sqlVerbs": {"select": [{"$ref": "#/components/x-stackQL-resources/things/methods/list"}]},
                }
            },
        },
    }
    services = {"s": {"service": {"$ref": f"{name}/v1.0.0/services/s.yaml"}}}
    head = {"name": name, "providerServices": services, "config": {"auth": dict(auth)}}
    (base / "provider.yaml").write_text(json.dumps(head))
    (base / "services" / "s.yaml").write_text(json.dumps(document))
    return open_layered([str(root)], cache_dir=compiled_cache(root / "cache"))


def ask(catalog: Layered, sql: str, carrier: Carrier, env: Mapping[str, str]) -> list[tuple[Any, ...]]:
    with catalog, quaestor.connect(catalog=catalog, transport=carrier, env=env) as connection:
        return list(connection.sql(sql))


def is_signed(request: HttpRequest, secret: str, service: str, region: str) -> bool:
    """Whether botocore comes to the same signature for what arrives."""
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    headers = dict(request.headers)
    scheme, _, rest = headers.pop("authorization").partition(" ")
    said = dict(part.strip().split("=", 1) for part in rest.split(","))
    names = said["SignedHeaders"].split(";")
    arrived = {name: value for name, value in headers.items() if name in names}
    again = AWSRequest(method=request.method, url=request.url, data=request.body or b"", headers=arrived)
    again.context["timestamp"] = headers["x-amz-date"]
    again.context["payload_signing_enabled"] = True
    kind = botocore_auth.S3SigV4Auth if service == "s3" else botocore_auth.SigV4Auth
    signer = kind(Credentials(said["Credential"].split("/")[0], secret), service, region)
    expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    day = headers["x-amz-date"][:8]
    scope = said["Credential"].split("/", 1)[1] == f"{day}/{region}/{service}/aws4_request"
    return scheme == "AWS4-HMAC-SHA256" and scope and bool(said["Signature"] == expected)


def test_a_request_to_aws_has_the_signature_that_botocore_expects(tmp_path: Path) -> None:
    carrier = Carrier(lambda request: (200, b'[{"id": "a"}]'))
    catalog = write(tmp_path, "amz", "https://iam.amazonaws.com", SIGNED)
    assert ask(catalog, "SELECT id FROM amz.s.things", carrier, KEYS) == [("a",)]
    (request,) = carrier.seen
    assert is_signed(request, KEYS["AWS_SECRET_ACCESS_KEY"], "iam", "us-east-1")
    assert not is_signed(request, "another", "iam", "us-east-1")
    assert KEYS["AWS_SECRET_ACCESS_KEY"] not in repr(request.headers)


def test_temporary_keys_send_their_token(tmp_path: Path) -> None:
    carrier = Carrier(lambda request: (200, b"[]"))
    catalog = write(tmp_path, "amz", "https://s3.{region}.amazonaws.com", SIGNED, "/a b")
    ask(catalog, "SELECT id FROM amz.s.things", carrier, {**KEYS, "AWS_SESSION_TOKEN": "tok"})
    assert ("x-amz-security-token", "tok") in carrier.seen[0].headers
    assert is_signed(carrier.seen[0], KEYS["AWS_SECRET_ACCESS_KEY"], "s3", "us-east-1")


def test_a_statement_may_ask_several_regions_and_each_is_signed_for_itself(tmp_path: Path) -> None:
    carrier = Carrier(lambda request: (200, b"[]"))
    catalog = write(tmp_path, "amz", "https://organizations.{region}.amazonaws.com", SIGNED)
    ask(catalog, "SELECT id FROM amz.s.things WHERE region IN ('us-east-1', 'eu-central-1')", carrier, KEYS)
    found = sorted(carrier.seen, key=lambda request: request.url)
    assert [request.url.split("/")[2] for request in found] == [
        "organizations.eu-central-1.amazonaws.com",
        "organizations.us-east-1.amazonaws.com",
    ]
    regions = ("eu-central-1", "us-east-1")
    for request, region in zip(found, regions, strict=True):
        assert is_signed(request, KEYS["AWS_SECRET_ACCESS_KEY"], "organizations", region)


@pytest.mark.parametrize("region", ["evil.com/#", "evil", "us-east-1.evil.com", "", "evil.com#us-east-1"])
def test_a_value_makes_up_no_host(tmp_path: Path, region: str) -> None:
    carrier = Carrier(lambda request: (200, b"[]"))
    catalog = write(tmp_path, "amz", "https://ec2.{region}.amazonaws.com", SIGNED)
    with pytest.raises((BindError, ForbiddenError)):
        ask(catalog, f"SELECT id FROM amz.s.things WHERE region = '{region}'", carrier, KEYS)
    assert not carrier.seen


def test_a_role_is_assumed_once_and_signs(tmp_path: Path) -> None:
    keys = "<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>role</SecretAccessKey>"
    keys += "<SessionToken>st</SessionToken></Credentials>"
    role = {
        **SIGNED,
        "type": "aws_assume_role",
        "aws_role_arn": "arn:aws:iam::1:role/r",
        "aws_sts_region": "eu-west-1",
    }

    def answer(request: HttpRequest) -> tuple[int, bytes]:
        if "sts." in request.url:
            return 200, f"<R><AssumeRoleResult>{keys}</AssumeRoleResult></R>".encode()
        return 200, b"[]"

    carrier = Carrier(answer)
    catalog = write(tmp_path, "amz", "https://iam.amazonaws.com", role)
    both = "SELECT a.id FROM amz.s.things a JOIN amz.s.things b ON a.id = b.id"
    ask(catalog, both, carrier, KEYS)
    assert [request.url for request in carrier.seen if "sts." in request.url] == [
        "https://sts.eu-west-1.amazonaws.com/"
    ]
    assert is_signed(carrier.seen[0], KEYS["AWS_SECRET_ACCESS_KEY"], "sts", "eu-west-1")
    assert b"RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr" in (carrier.seen[0].body or b"")
    assert is_signed(carrier.seen[-1], "role", "iam", "us-east-1")
    assert ("x-amz-security-token", "st") in carrier.seen[-1].headers


def test_a_key_that_is_not_set_is_named(tmp_path: Path) -> None:
    catalog = write(tmp_path, "amz", "https://iam.amazonaws.com", SIGNED)
    with pytest.raises(AuthError, match="AWS_ACCESS_KEY_ID"):
        ask(catalog, "SELECT id FROM amz.s.things", Carrier(lambda request: (200, b"[]")), {})


@pytest.mark.parametrize(
    ("auth", "package", "extra"),
    [
        (SIGNED, "botocore.auth", "aws"),
        ({"type": "azure_default"}, "azure.identity", "azure"),
        ({"type": "service_account", "credentialsenvvar": "KEY"}, "google.oauth2.service_account", "google"),
    ],
)
def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: dict[str, str], package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    key = json.dumps({"client_email": "e", "token_uri": "https://oauth2.example.com/token", "private_key": "k"})
    catalog = write(tmp_path, "cloud", "https://api.example.com", auth)
    with pytest.raises(UsageError) as caught:
        ask(catalog, "SELECT id FROM cloud.s.things", Carrier(lambda request: (200, b"[]")), {**KEYS, "KEY": key})
    assert f"quaestor[{extra}]" in caught.value.hint


def test_a_service_account_s_key_becomes_a_token(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    info = {
        "type": "service_account",
        "client_email": "me@p.iam.example.com",
        "token_uri": "https://oauth2.example.com/token",
        "private_key": pem,
        "private_key_id": "1",
    }

    def answer(request: HttpRequest) -> tuple[int, bytes]:
        if request.url == info["token_uri"]:
            return 200, b'{"access_token": "T0", "expires_in": 3600, "token_type": "Bearer"}'
        return 200, b'[{"id": "a"}]'

    carrier = Carrier(answer)
    auth = {"type": "service_account", "credentialsenvvar": "KEY"}
    catalog = write(tmp_path, "goog", "https://storage.example.com", auth)
    assert ask(catalog, "SELECT id FROM goog.s.things", carrier, {"KEY": json.dumps(info)}) == [("a",)]
    assert [request.url for request in carrier.seen] == [
        "https://oauth2.example.com/token",
        "https://storage.example.com/things",
    ]
    assert ("authorization", "Bearer T0") in carrier.seen[1].headers


def test_azure_s_package_gives_the_token_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Found:
        def get_token(self, *scopes: str) -> SimpleNamespace:
            asked.extend(scopes)
            return SimpleNamespace(token="AZ", expires_on=9e9)

    monkeypatch.setattr("azure.identity.DefaultAzureCredential", Found)
    carrier = Carrier(lambda request: (200, b"[]"))
    catalog = write(tmp_path, "az", "https://management.azure.com", {"type": "azure_default"})
    ask(catalog, "SELECT id FROM az.s.things", carrier, {})
    assert asked == ["https://management.azure.com/.default"]
    assert ("authorization", "Bearer AZ") in carrier.seen[0].headers


def test_azure_s_warnings_do_not_stand_beside_the_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        def get_token(self, *scopes: str) -> SimpleNamespace:
            assert logging.getLogger("azure").handlers, "without one, Python writes warnings to stderr"
            raise CredentialUnavailableError(message="no way in")

    from azure.identity import CredentialUnavailableError

    monkeypatch.setattr("azure.identity.DefaultAzureCredential", Silent)
    catalog = write(tmp_path, "az", "https://management.azure.com", {"type": "azure_default"})
    with pytest.raises(AuthError, match="none of the ways in"):
        ask(catalog, "SELECT id FROM az.s.things", Carrier(lambda request: (200, b"[]")), {})


def test_a_token_s_address_takes_a_variable_of_the_environment(tmp_path: Path) -> None:
    auth = {
        "type": "oauth2",
        "grant_type": "client_credentials",
        "client_id_env_var": "ID",
        "client_secret_env_var": "SECRET",
        "token_url": "https://login.example.com/{{ .__env__TENANT }}/token",
    }

    def answer(request: HttpRequest) -> tuple[int, bytes]:
        return 200, b'{"access_token": "T1", "token_type": "Bearer"}' if "login." in request.url else b"[]"

    carrier = Carrier(answer)
    env = {"ID": "i", "SECRET": "s", "TENANT": "t-1"}
    ask(
        write(tmp_path / "1", "entra", "https://graph.example.com", auth),
        "SELECT id FROM entra.s.things",
        carrier,
        env,
    )
    assert carrier.seen[0].url == "https://login.example.com/t-1/token"
    wrong = {**env, "TENANT": "../evil"}
    with pytest.raises(UsageError, match="TENANT"):
        ask(
            write(tmp_path / "2", "entra", "https://graph.example.com", auth),
            "SELECT id FROM entra.s.things",
            carrier,
            wrong,
        )


def test_a_browser_is_not_opened(tmp_path: Path) -> None:
    catalog = write(tmp_path, "goog", "https://storage.example.com", {"type": "interactive"})
    with pytest.raises(UnsupportedError, match="interactive"):
        ask(catalog, "SELECT id FROM goog.s.things", Carrier(lambda request: (200, b"[]")), {})


def test_what_a_host_s_name_says() -> None:
    assert scope_of("iam.amazonaws.com") == ("iam", "us-east-1")
    assert scope_of("api.ecr.eu-west-1.amazonaws.com") == ("ecr", "eu-west-1")
    assert scope_of("email.us-gov-west-1.amazonaws.com") == ("ses", "us-gov-west-1")
    assert audience_of("mine.vault.azure.net") == "vault.azure.net"
    assert audience_of("graph.microsoft.com") == "graph.microsoft.com"
