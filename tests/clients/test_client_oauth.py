"""Okta's own SDKs sign in as service apps: private key JWT, with and without DPoP, under strict sign-in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.clients.desk import started

import quaestor

APP = "0oaQuaestorTests0000"


@pytest.mark.parametrize("bound", [False, True], ids=["bearer", "dpop"])
@pytest.mark.parametrize("client", ["okta_python", "okta_node"])
def test_a_service_app(client: str, bound: bool, clients: None, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    app = {"client_id": APP, "public_key": public, "scopes": ["okta.users.read"], "dpop": bound}
    with quaestor.sandbox("okta", tls=True, strict_auth=True, access={"okta": {"apps": [app]}}) as box:
        settings: dict[str, Any] = {
            "orgUrl": box.url,
            "authorizationMode": "PrivateKey",
            "clientId": APP,
            "scopes": ["okta.users.read"] if client == "okta_python" else "okta.users.read",
            "privateKey": private,
        }
        if client == "okta_python":
            settings["dpopEnabled"] = bound
        with started(client, json.dumps(settings), box.ca_bundle, str(tmp_path)) as process:
            asking, saying = process.stdin, process.stdout
            assert asking is not None
            assert saying is not None

            def ask(path: str) -> dict[str, Any]:
                print(json.dumps({"method": "GET", "path": path, "body": None}), file=asking, flush=True)
                said: dict[str, Any] = json.loads(saying.readline())
                return said

            assert ask("/api/v1/users?limit=3").get("size") == 3, box.log
            refused = ask("/api/v1/groups?limit=3")
            assert refused.get("status") == 403, refused
        asked = [request.url.partition("?")[0].rpartition("/")[2] for request in box.log]
    # Node's SDK always sends a proof, and the first is refused with a nonce
    assert asked.count("token") == (2 if bound or client == "okta_node" else 1), box.log
