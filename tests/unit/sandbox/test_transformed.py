"""Operations whose answers a published document transforms have a stand-in that answers as before the transform."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.compiled import compiled_cache

from quaestor.catalog.documents import Layered, open_layered
from quaestor.catalog.model import Server
from quaestor.config import Settings
from quaestor.errors import ProviderError
from quaestor.fetch.http import HttpRequest, HttpResponse
from quaestor.fetch.request import build_request
from quaestor.fetch.transforms import transform
from quaestor.sandbox.answer.paging import at_path
from quaestor.sandbox.answer.routes import Route, is_untold
from quaestor.sandbox.core import Sandbox
from quaestor.sandbox.hanging import filled
from quaestor.surfaces.cli.sandboxed import connect

REGISTRY = Path(__file__).resolve().parents[4] / "shared" / "data" / "registry"
pytestmark = pytest.mark.skipif(not REGISTRY.is_dir(), reason="the shared data is not beside the checkout")
#: Operations that aren't answered, and why.
REFUSED = {
    "/?Action=ListOrganizationsFeatures&Version=2010-05-08",  # its template makes one row of two elements by hand
    "/?Action=GetSSHPublicKey&Version=2010-05-08",  # 400: `Encoding` has a list of values, which isn't known here
}
#: Transformed operations that are answered, at least; the large documents are compiled with QUAESTOR_TEST_ALL only.
PROVIDERS = {"aws": 100, "confluent": 12}
if os.environ.get("QUAESTOR_TEST_ALL"):
    PROVIDERS |= {"azure": 72, "github": 9}


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layered]:
    with open_layered([str(REGISTRY)], cache_dir=compiled_cache(tmp_path_factory.mktemp("cache"))) as found:
        yield found


def ask(box: Sandbox, route: Route, base: Server) -> HttpResponse:
    """What an operation answers, asked for what is there."""
    site = box.site(route.provider)
    method, values = route.method, site.example(route)
    if method.response.transform == "graphql":
        given = {each.name: 1 if each.type == "integer" else "x" for each in method.parameters}
        request = build_request(method, base, given, endpoint="http://h", body=None, content_type="")
        return box.handle(request)
    key = site.collection(route.home, values).key(0) if route.home != route.template and route.kind == "list" else "x"
    wanted = [each for each in method.parameters if each.required and each.location == "query"]
    asked = [*route.asks, *((each.wire, "1" if each.type == "integer" else key) for each in wanted)]
    query = "&".join(f"{quote(name)}={quote(value)}" for name, value in asked)
    path = filled(route.template.partition("/?")[0], values) or "/"
    return box.handle(HttpRequest(method.http, f"http://h{path}?{query}", ()))


@pytest.mark.parametrize(("provider", "least"), PROVIDERS.items())
def test_transforms_make_rows_of_what_the_sandbox_answers(catalog: Layered, provider: str, least: int) -> None:
    box = Sandbox(catalog, [provider])
    known = catalog.provider(provider)
    assert known is not None
    read = 0
    for route in box.site(provider).routes:
        response = route.method.response
        if not response.transform or is_untold(route) or route.template in REFUSED:
            continue
        answer = ask(box, route, known.server)
        assert answer.status < 300, (route.template, answer.body)
        made = json.loads(transform(response.transform, response.template, answer.body))
        assert route.kind == "write" or at_path(made, response.row_path), route.template
        read += 1
    assert read >= least


def test_actions_of_a_resource_go_by_one_collection(catalog: Layered) -> None:
    with connect(Settings(), catalog) as connection:
        names = [name for (name,) in connection.sql("SELECT user_name FROM aws.iam.users")]
        assert len(set(names)) == len(names) > 2
        told = "SELECT user_name, user_id FROM aws.iam.users WHERE user_name = '{}'"
        (one,) = connection.sql(told.format(names[1]))
        assert one in list(connection.sql("SELECT user_name, user_id FROM aws.iam.users"))
        with pytest.raises(ProviderError, match="404"):
            list(connection.sql(told.format("ada")))


def test_what_an_action_makes_is_there_until_one_deletes_it(catalog: Layered) -> None:
    box = Sandbox(catalog, ["aws"])

    def act(action: str, **said: str) -> HttpResponse:
        form = "&".join(
            f"{name}={value}" for name, value in {"Action": action, "Version": "2010-05-08", **said}.items()
        )
        kind = (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)
        return box.handle(HttpRequest("POST", "http://h/", kind, form.encode()))

    assert act("GetUser", UserName="ada").status == 404
    assert act("CreateUser", UserName="ada").status == 200
    assert act("CreateUser", UserName="ada").status == 409
    assert b"<UserName>ada</UserName>" in act("GetUser", UserName="ada").body
    assert b"<UserName>ada</UserName>" in act("ListUsers").body
    assert act("DeleteUser", UserName="ada").status == 200
    assert act("GetUser", UserName="ada").status == 404
    assert act("DeleteUser", UserName="ada").status == 404
    pages = act("ListUsers", MaxItems="3").body
    assert b"<IsTruncated>" in pages
