"""S3's XML is written and read as AWS's own library does it, over every shape of AWS's model of S3."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest

from quaestor.catalog.model import Body
from quaestor.catalog.stackql.s3 import ELEMENTS, NAMESPACE
from quaestor.fetch.body import encode_by
from quaestor.fetch.transforms import markup

botocore_model = pytest.importorskip("botocore.model")

#: Lists of rows: a document's schema describes their items, and `rows` finds them by that.
ROWS = {
    "AnalyticsConfigurationList", "Annotations", "Buckets", "CommonPrefixes", "Contents", "DeleteMarkers", "Deleted",
    "Errors", "IntelligentTieringConfigurationList", "InventoryConfigurationList", "MetricsConfigurationList",
    "Uploads", "Versions", "ChecksumAlgorithm",
}  # fmt: skip

#: Replaced by other operations: what is a list now was a single one then.
OLD = ("GetBucketLifecycle", "GetBucketNotification")


@pytest.fixture(scope="module")
def s3() -> Any:
    from botocore.loaders import Loader

    return botocore_model.ServiceModel(Loader().load_service_model("s3", "service-2"), "s3")


def sample(shape: Any, above: tuple[str, ...] = ()) -> Any:
    """A value of a shape, lists with one item: what is one of several must not read as something else."""
    if shape.type_name == "structure":
        return {
            name: sample(each, (*above, shape.name))
            for name, each in shape.members.items()
            if each.name not in above
            and "location" not in each.serialization
            and each.serialization.get("timestampFormat") != "rfc822"
            and name not in ROWS
        }
    if shape.type_name == "list":
        return [sample(shape.member, above)]
    return {"boolean": True, "integer": 3, "long": 4, "timestamp": "2025-01-02T03:04:05Z"}.get(shape.type_name, "a")


def texts(value: Any) -> Any:
    """A value with every number and boolean as XML has them; without members, an object is an empty element."""
    if isinstance(value, dict):
        return {name: texts(each) for name, each in value.items()} or ""
    if isinstance(value, list):
        return [texts(each) for each in value]
    return {True: "true"}.get(value, str(value)) if not isinstance(value, str) else value


def structures(s3: Any) -> list[tuple[str, str, Any]]:
    """The structures that are whole bodies of requests."""
    found = []
    for name in s3.operation_names:
        shape = s3.operation_model(name).input_shape
        payload = shape.serialization.get("payload") if shape is not None else None
        if (
            payload
            and shape.members[payload].type_name == "structure"
            and not getattr(shape.members[payload], "is_eventstream", False)
        ):
            found.append((name, payload, shape))
    return found


def test_bodies_are_those_that_botocore_sends(s3: Any) -> None:
    from botocore.serialize import create_serializer

    made = 0
    for name, payload, shape in structures(s3):
        if payload in ("SelectRequest",) or name == "SelectObjectContent":
            continue
        value = sample(shape.members[payload])
        given = {member: "b" for member in shape.required_members if member != payload}
        theirs = create_serializer("rest-xml", include_validation=False).serialize_to_request(
            {**given, payload: value}, s3.operation_model(name)
        )["body"]
        body = Body(media_type="application/xml", elements=ELEMENTS, annotation=NAMESPACE)
        ours, _ = encode_by(body, {payload: value})
        assert ElementTree.canonicalize(ours.decode()) == ElementTree.canonicalize(theirs.decode()), name
        made += 1
    assert made > 25


def test_answers_read_as_botocore_reads_them(s3: Any) -> None:
    from botocore.parsers import create_parser
    from botocore.serialize import create_serializer

    read = 0
    for name in s3.operation_names:
        shape = s3.operation_model(name).output_shape
        if shape is None or name in ("SelectObjectContent", *OLD):
            continue
        payload = shape.serialization.get("payload")
        holder = shape.members[payload] if payload else shape
        if holder.type_name != "structure" or not sample(holder):
            continue
        root = ElementTree.Element("Answer")
        create_serializer("rest-xml", include_validation=False)._serialize(
            holder, sample(holder), root, payload or "Root"
        )
        xml = ElementTree.tostring(root[0])
        parsed = create_parser("rest-xml").parse({"body": xml, "headers": {}, "status_code": 200}, shape)
        parsed.pop("ResponseMetadata")
        theirs = parsed[payload] if payload else parsed
        ours = markup.plain(markup.named(markup.parse(xml), ELEMENTS))
        assert ours == texts(json.loads(json.dumps(theirs, default=lambda _: "2025-01-02T03:04:05Z"))), name
        read += 1
    assert read > 25
