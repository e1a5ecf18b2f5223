"""Statements over StackQL documents: what is sent for them, and what is read of the answers.

The documents are the published ones; nothing leaves the process.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.compiled import compiled_cache

import quaestor
from quaestor.catalog.documents import Layered, open_layered
from quaestor.errors import BindError, LimitError, ProviderError
from quaestor.fetch.http import CancelToken, HttpRequest, HttpResponse

REGISTRY = Path(__file__).resolve().parents[4] / "shared" / "data" / "registry"
pytestmark = pytest.mark.skipif(not REGISTRY.is_dir(), reason="the shared data is not beside the checkout")

Answer = Callable[[int], "dict[str, Any] | bytes"]


class Recorder:
    """Answers the n-th request with what `answer` gives for n, and keeps the requests."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.seen: list[HttpRequest] = []

    def send(self, request: HttpRequest, cancel: CancelToken) -> HttpResponse:
        self.seen.append(request)
        body = self._answer(len(self.seen))
        return HttpResponse(200, (), body if isinstance(body, bytes) else json.dumps(body).encode(), request.url)

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layered]:
    with open_layered([str(REGISTRY)], cache_dir=compiled_cache(tmp_path_factory.mktemp("cache"))) as found:
        yield found


def run(catalog: Layered, sql: str, answer: Answer) -> tuple[list[tuple[Any, ...]], list[HttpRequest]]:
    carrier = Recorder(answer)
    signed = {provider.name: {"type": "null_auth"} for provider in catalog.providers()}
    with quaestor.connect(catalog=catalog, transport=carrier, auth=signed) as connection:
        return list(connection.sql(sql)), carrier.seen


def users(name: str, marker: str) -> bytes:
    more = (
        f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>" if marker else "<IsTruncated>false</IsTruncated>"
    )
    member = f"<member><UserId>1</UserId><UserName>{name}</UserName><Path>/</Path><Arn>a</Arn></member>"
    result = f"<ListUsersResult><Users>{member}</Users>{more}</ListUsersResult>"
    return f"<ListUsersResponse>{result}</ListUsersResponse>".encode()


def test_a_list_of_aws_is_read_to_its_end_though_its_document_says_nothing_of_pages(catalog: Layered) -> None:
    rows, seen = run(catalog, "SELECT user_name FROM aws.iam.users", lambda n: users(f"u{n}", "a b" if n < 2 else ""))
    assert rows == [("u1",), ("u2",)]
    assert [request.body for request in seen] == [
        b"Action=ListUsers&Version=2010-05-08",
        b"Action=ListUsers&Version=2010-05-08&Marker=a%20b",
    ]


def test_a_list_that_goes_on_and_does_not_say_how_is_an_error(catalog: Layered) -> None:
    with pytest.raises(LimitError, match="more follows"):
        run(catalog, "SELECT user_name FROM aws.iam.users", lambda n: users("u", " "))


@pytest.mark.parametrize(
    ("where", "bodies"),
    [
        ("user_name = 'ada'", ["DeleteUser&Version=2010-05-08&UserName=ada"]),
        (
            "user_name IN ('ada', 'bob')",
            ["DeleteUser&Version=2010-05-08&UserName=ada", "DeleteUser&Version=2010-05-08&UserName=bob"],
        ),
        ("path = '/'", ["ListUsers&Version=2010-05-08", "DeleteUser&Version=2010-05-08&UserName=u1"]),
    ],
)
def test_a_key_that_is_no_part_of_the_path_names_the_row(catalog: Layered, where: str, bodies: list[str]) -> None:
    rows, seen = run(catalog, f"DELETE FROM aws.iam.users WHERE {where}", lambda n: users(f"u{n}", ""))
    assert rows == []
    assert [(request.body or b"").decode() for request in seen] == [f"Action={body}" for body in bodies]


def test_s3_names_no_token_where_the_last_key_is_one(catalog: Layered) -> None:
    def answer(n: int) -> bytes:
        key = f"<Contents><Key>k{n}</Key><Size>1</Size><ETag>e</ETag></Contents>"
        more = "true" if n < 2 else "false"
        return (
            f"<ListBucketResult><IsTruncated>{more}</IsTruncated><Marker></Marker>{key}</ListBucketResult>".encode()
        )

    rows, seen = run(catalog, "SELECT key FROM aws.s3.objects WHERE bucket = 'b'", answer)
    assert rows == [("k1",), ("k2",)]
    assert seen[1].url.endswith("marker=k1")


@pytest.mark.parametrize(
    ("table", "item", "marker"),
    [("object_versions", "Version", "version-id-marker"), ("multipart_uploads", "Upload", "upload-id-marker")],
)
def test_s3_names_a_page_by_two_markers(catalog: Layered, table: str, item: str, marker: str) -> None:
    def answer(n: int) -> bytes:
        name = "".join(part.capitalize() for part in marker.split("-"))
        more = f"<IsTruncated>true</IsTruncated><NextKeyMarker>a&amp;b</NextKeyMarker><Next{name}>v 1</Next{name}>"
        end = more if n < 2 else "<IsTruncated>false</IsTruncated>"
        return f"<R><{item}><Key>k{n}</Key><StorageClass>S</StorageClass></{item}>{end}</R>".encode()

    rows, seen = run(catalog, f"SELECT key FROM aws.s3.{table} WHERE bucket = 'b'", answer)
    assert rows == [("k1",), ("k2",)]
    assert dict(parse_qsl(urlsplit(seen[1].url).query)) == {"key-marker": "a&b", marker: "v 1"}


S3_ANSWERS = [
    (
        "SELECT json_extract(rules, '$[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm') "
        "FROM aws.s3.bucket_encryptions WHERE bucket = 'b'",
        b"<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms"
        b"</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>",
        [("aws:kms",)],
    ),
    (  # of these, the document says nothing but that they hold themselves
        "SELECT json_extract(contents, '$.CORSRules[0].AllowedMethods[0]') FROM aws.s3.bucket_cors WHERE bucket='b'",
        b"<CORSConfiguration><CORSRule><AllowedMethod>PUT</AllowedMethod></CORSRule></CORSConfiguration>",
        [("PUT",)],
    ),
    (
        "SELECT json_extract(contents, '$.Grants[0].Grantee.Type') FROM aws.s3.bucket_acls WHERE bucket = 'b'",
        b'<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        b' xsi:type="CanonicalUser"><ID>1</ID></Grantee></Grant></AccessControlList></AccessControlPolicy>',
        [("CanonicalUser",)],
    ),
    ("SELECT contents FROM aws.s3.bucket_locations WHERE bucket = 'b'",
     b"<LocationConstraint>eu-west-1</LocationConstraint>", [("eu-west-1",)]),
    ("SELECT contents ->> 'Version' FROM aws.s3.bucket_policies WHERE bucket = 'b'",
     b'{"Version": "2012"}', [("2012",)]),
    ("SELECT contents FROM aws.s3.bucket_versionings WHERE bucket = 'b'", b"<VersioningConfiguration/>", [("",)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "answer", "rows"), S3_ANSWERS, ids=[sql.split("FROM ")[1][:25] for sql, *_ in S3_ANSWERS]
)
def test_what_s3_answers_is_there_whatever_its_document_leaves_out(
    catalog: Layered, sql: str, answer: bytes, rows: list[tuple[Any, ...]]
) -> None:
    assert run(catalog, sql, lambda n: answer)[0] == rows


def test_a_list_is_asked_for_by_json(catalog: Layered) -> None:
    def answer(n: int) -> dict[str, Any]:
        return {"Children": [{"Id": str(n)}], **({"NextToken": "t"} if n < 2 else {})}

    sql = "SELECT id FROM aws.organizations.childrens WHERE parent_id = 'r-1' AND child_type = 'ACCOUNT'"
    rows, seen = run(catalog, sql, answer)
    assert rows == [("1",), ("2",)]
    asked = {"ParentId": "r-1", "ChildType": "ACCOUNT"}
    assert [json.loads(request.body or b"") for request in seen] == [asked, {**asked, "NextToken": "t"}]
    assert ("x-amz-target", "AWSOrganizationsV20161128.ListChildren") in seen[0].headers
    assert ("content-type", "application/x-amz-json-1.1") in seen[0].headers


DISCUSSIONS = "SELECT id FROM github.discussions.discussions WHERE repo = 'r' AND owner = "


def test_graphql_pages_by_its_cursor_and_keeps_a_value_in_its_quotes(catalog: Layered) -> None:
    def answer(n: int) -> dict[str, Any]:
        page = {"pageInfo": {"endCursor": 'c"1', "hasNextPage": n < 2}, "nodes": [{"id": f"d{n}"}]}
        return {"data": {"repository": {"discussions": page}}}

    rows, seen = run(catalog, DISCUSSIONS + "'a\"){x}'", answer)
    assert rows == [("d1",), ("d2",)]
    first, second = (json.loads(request.body or b"")["query"] for request in seen)
    assert r'repository(owner: "a\"){x}", name: "r")' in first
    assert "after:" not in first
    assert r', after: "c\"1"' in second
    assert seen[0].url == "https://api.github.com/graphql"


def test_graphql_says_no_with_200(catalog: Layered) -> None:
    refused = {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": "no such repository"}]}
    with pytest.raises(ProviderError, match="no such repository") as caught:
        run(catalog, DISCUSSIONS + "'o'", lambda n: refused)
    assert caught.value.vendor_code == "NOT_FOUND"


def test_a_view_of_a_document_takes_conditions_as_parameters(catalog: Layered) -> None:
    sql = "SELECT id, display_name FROM confluent.managed_kafka_clusters.vw_clusters WHERE environment = 'env-1'"
    rows, seen = run(catalog, sql, lambda n: {"data": [{"id": "c1", "spec": {"display_name": "x"}}]})
    assert rows == [("c1", "x")]
    assert seen[0].url == "https://api.confluent.cloud/cmk/v2/clusters?environment=env-1"


def test_a_view_of_a_document_has_columns(catalog: Layered) -> None:
    rows, seen = run(catalog, "DESCRIBE homebrew.formula.vw_info", lambda n: {})
    assert ("license", "string") in rows
    assert not seen


WRITES = [
    (
        "INSERT INTO aws.s3.objects(bucket, key, contents) VALUES ('b', 'a/b c', 'hello')",
        ("PUT", "https://s3.us-east-1.amazonaws.com/b/a/b%20c?x-id=PutObject", b"hello"),
    ),
    (
        "INSERT INTO aws.iam.users(user_name, path) VALUES ('bob', '/x/')",
        ("POST", "https://iam.amazonaws.com/", b"Action=CreateUser&Version=2010-05-08&Path=%2Fx%2F&UserName=bob"),
    ),
    (
        "INSERT INTO aws.organizations.organizational_units(parent_id, data__name) VALUES ('r-1', 'dev')",
        (
            "POST",
            "https://organizations.us-east-1.amazonaws.com/CreateOrganizationalUnit",
            b'{"ParentId":"r-1","Name":"dev"}',
        ),
    ),
    (
        "REPLACE aws.s3.bucket_versionings "
        """SET versioning_configuration = '{"Status": "Enabled"}' WHERE bucket = 'b'""",
        (
            "PUT",
            "https://s3.us-east-1.amazonaws.com/b?versioning",
            b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>',
        ),
    ),
    (
        "REPLACE aws.s3.bucket_taggings "
        """SET tagging = '{"TagSet": [{"Key": "a", "Value": "<"}]}' WHERE bucket = 'b'""",
        (
            "PUT",
            "https://s3.us-east-1.amazonaws.com/b?tagging",
            b'<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet><Tag><Key>a</Key><Value>&lt;</Value>'
            b"</Tag></TagSet></Tagging>",
        ),
    ),
    (
        "REPLACE aws.s3.bucket_taggings SET tagging = '<Tagging><TagSet/></Tagging>' WHERE bucket = 'b'",
        ("PUT", "https://s3.us-east-1.amazonaws.com/b?tagging", b"<Tagging><TagSet/></Tagging>"),
    ),
    (
        "INSERT INTO google.storage.objects_content(bucket, name, contents) VALUES ('b', 'n', 'a{b')",
        ("POST", "https://storage.googleapis.com/upload/storage/v1/b/b/o?uploadType=media&name=n", b"a{b"),
    ),
    (
        "DELETE FROM github.git.refs WHERE owner = 'o' AND repo = 'r' AND ref = 'heads/a b'",
        ("DELETE", "https://api.github.com/repos/o/r/git/refs/heads/a%20b", None),
    ),
]


@pytest.mark.parametrize(("sql", "expected"), WRITES, ids=[sql.split("(")[0][:40] for sql, _ in WRITES])
def test_writing_sends_what_the_document_says(
    catalog: Layered, sql: str, expected: tuple[str, str, bytes | None]
) -> None:
    _, seen = run(catalog, sql, lambda n: b"")
    assert (seen[-1].method, seen[-1].url, seen[-1].body) == expected
    assert all(name != "x-amz-request-payer" for name, _ in seen[-1].headers)


def test_segments_cannot_lead_out_of_a_path(catalog: Layered) -> None:
    sql = "DELETE FROM github.git.refs WHERE owner = 'o' AND repo = 'r' AND ref = '../../x'"
    with pytest.raises(BindError, match="another resource"):
        run(catalog, sql, lambda n: b"")


ODATA = [
    (
        "SELECT id FROM entra_id.domains.domains WHERE is_default = true AND authentication_type = 'O''Neil'",
        {
            "$filter": "isDefault eq true and authenticationType eq 'O''Neil'",
            "$select": "id,isDefault,authenticationType",
        },
    ),
    ("SELECT id FROM entra_id.domains.domains WHERE id > 'a'", {"$select": "id"}),
    (
        "SELECT id FROM entra_id.domains.domains WHERE authentication_type = 'o''neil ' OR id = 'b'",
        {"$select": "id,authenticationType"},
    ),
    ("SELECT _raw FROM entra_id.domains.domains", {}),
]


@pytest.mark.parametrize(("sql", "query"), ODATA, ids=[str(number) for number in range(len(ODATA))])
def test_odata_is_asked_for_columns_and_for_what_it_tests_alike(
    catalog: Layered, sql: str, query: dict[str, str]
) -> None:
    rows, seen = run(
        catalog, sql, lambda n: {"value": [{"id": "b", "isDefault": True, "authenticationType": "o'neil"}]}
    )
    assert dict(parse_qsl(urlsplit(seen[0].url).query)) == query
    assert len(rows) == (0 if "$filter" in query else 1)  # tested again, and here case counts
