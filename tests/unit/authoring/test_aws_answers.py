"""What AWS answers by its own model of its services, read by the published documents: lists of one item and two."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from quaestor.authoring import sources
from quaestor.catalog.model import Method
from quaestor.catalog.stackql import folder, provider, service
from quaestor.fetch.decode import Decoder

botocore_model = pytest.importorskip("botocore.model")
AWS = Path(__file__).resolve().parents[4] / "shared" / "data" / "registry" / "src" / "aws"
pytestmark = pytest.mark.skipif(not AWS.is_dir(), reason="the shared data is not beside the checkout")


def sample(shape: Any, count: int, above: tuple[str, ...] = ()) -> Any:
    """A value of a shape, every member there, lists with `count` items."""
    if shape.type_name == "structure":
        return {
            name: sample(each, count, (*above, shape.name)) if name != "IsTruncated" else False
            for name, each in shape.members.items()
            if each.name not in above and "location" not in each.serialization
        }
    if shape.type_name == "list":
        return [sample(shape.member, count, above)] * count
    if shape.type_name == "map":
        return {"k": sample(shape.value, count, above)}
    return {"boolean": True, "integer": 3, "long": 4, "timestamp": "2025-01-02T03:04:05Z"}.get(shape.type_name, "a")


def answer(model: Any, method: Method, count: int) -> bytes | None:
    """The XML that AWS's model has for a method, None for one without a structure."""
    from botocore.serialize import create_serializer

    action = re.search(r"Action=(\w+)", method.path)
    plain = method.name.replace("_", "")
    named = action[1] if action else next((each for each in model.operation_names if each.lower() == plain), "")
    shape = model.operation_model(named).output_shape if named else None
    if shape is None:
        return None
    payload = shape.serialization.get("payload")
    holder = shape.members[payload] if payload else shape
    if holder.type_name != "structure":
        return None
    root = ElementTree.Element("X")
    serializer = create_serializer("rest-xml", include_validation=False)
    serializer._serialize(holder, sample(holder, count), root, payload or "Root")
    if not action:
        return ElementTree.tostring(root[0])
    root[0].tag = f"{named}Result"
    return f"<{named}Response>{ElementTree.tostring(root[0]).decode()}</{named}Response>".encode()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["iam", "s3", "sts"])
def test_every_column_has_its_value(name: str) -> None:
    from botocore.loaders import Loader

    model = botocore_model.ServiceModel(Loader().load_service_model(name, "service-2"), name)
    head = provider.read(folder.folders(str(AWS))[0])
    (entry,) = (each for each in head.services if each.name == name)
    found = service.read(head, entry)
    read = 0
    for resource in found.resources:
        columns = sources.columns_by_method(found, resource)
        for method in (each.method for each in resource.methods):
            if "schema_driven_xml" not in method.response.transform or method.verb != "select":
                continue
            for count in (1, 2):
                body = answer(model, method, count)
                if body is None:
                    continue
                own = columns[method.name]
                rows = Decoder(method.response, method.pagination, own).page(body).rows
                empty = [column.name for column, *values in zip(own, *rows, strict=True) if set(values) == {None}]
                assert len(rows) == count if method.name.startswith("list_") else rows, method.name
                assert not [each for each in empty if not each.startswith("row__")], method.name
                read += 1
    assert read > {"iam": 100, "s3": 50, "sts": 5}[name]
